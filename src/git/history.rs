//! History: revisions, refs, the commits reachable from them (`git rev-list`), and their changes (`git diff-tree --stdin`).

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};

use super::command::{bytes_arg, has_complaint, input_file, not_started, output, split};
use super::objects::{ChangedFile, FileKind, FileRef};
use super::paths::{from_git, to_git};
use super::tree::parse_file_mode;
use super::{GitError, ObjectId, Peeled, Repo};

const WALK: &str = "walk the history of";

/// A commit and its parents, as far as this clone has them.
pub(crate) type Linked = (ObjectId, Vec<ObjectId>);

/// The ends of `A..B`, or of `A...B`, which has `is_merge`. An end left out is HEAD.
pub(crate) struct RangeEnds<'a> {
    pub start: &'a str,
    pub end: &'a str,
    pub is_merge: bool,
}

impl<'a> RangeEnds<'a> {
    /// Returns None for text without dots.
    pub(crate) fn parse(range: &'a str) -> Option<Self> {
        let (start, end) = range.split_once("..")?;
        let (end, is_merge) = end.strip_prefix('.').map_or((end, false), |end| (end, true));
        let or_head = |end: &'a str| if end.is_empty() { "HEAD" } else { end };
        Some(Self { start: or_head(start), end: or_head(end), is_merge })
    }
}

/// Revisions, refs, and the commits reachable from them.
impl Repo {
    /// Returns the commit that `revision` names, in any of git's spellings (gitrevisions(7)).
    pub(crate) fn commit(&self, revision: &str) -> Result<ObjectId, GitError> {
        match self.peel(revision)? {
            Peeled::Commit(id) => Ok(id),
            Peeled::Tree(_) | Peeled::Blob(_) => Err(GitError::unknown_revision(revision)),
        }
    }

    /// Returns the object that `revision` leads to, with tags resolved.
    pub(crate) fn peel(&self, revision: &str) -> Result<Peeled, GitError> {
        let call = self.call(&["rev-parse", "--verify", "--quiet", "--end-of-options", revision]);
        let done = output(call, &[])?;
        // If HEAD cannot be read, that error says more than one about the revision.
        let check_head = || if revision.starts_with("HEAD") { self.head().map(drop) } else { Ok(()) };
        match ObjectId::parse(done.stdout.trim_ascii()) {
            Some(named) if done.status.success() => {
                let peeled = self.peeled(&[named]);
                if peeled.is_err() {
                    check_head()?;
                }
                Ok(peeled?.pop().expect("one for each id"))
            }
            // Git prints nothing if it does not know the name.
            _ if has_complaint(&done.stderr) => Err(self.failed(WALK, &done)),
            _ if self.is_shallow() => Err(self.missing(format_args!("{revision:?}"))),
            _ => {
                check_head()?;
                Err(GitError::unknown_revision(revision))
            }
        }
    }

    /// Returns what every ref points to, including HEAD but not notes; tags are not followed.
    pub(crate) fn tips(&self) -> Result<Vec<ObjectId>, GitError> {
        let mut tips = self.tips_of(&|name| !name.starts_with(b"refs/notes/"))?;
        tips.extend(self.head()?);
        tips.sort_unstable();
        tips.dedup();
        Ok(tips)
    }

    /// Returns what the refs point to whose full names satisfy `want`. A ref that cannot be read is an error.
    pub(crate) fn tips_of(&self, want: &dyn Fn(&[u8]) -> bool) -> Result<Vec<ObjectId>, GitError> {
        let done = output(self.call(&["for-each-ref", "--format=%(objectname) %(refname)"]), &[])?;
        // Git warns about a broken ref and skips it.
        if !done.status.success() || has_complaint(&done.stderr) {
            return Err(self.failed("list the refs of", &done));
        }
        let mut tips = Vec::new();
        for line in split(&done.stdout, b'\n') {
            let (id, name) = line.split_at(memchr::memchr(b' ', line).unwrap_or(line.len()));
            if want(name.get(1..).unwrap_or_default()) {
                tips.extend(ObjectId::parse(id));
            }
        }
        tips.sort_unstable();
        tips.dedup();
        Ok(tips)
    }

    pub(crate) fn has_commit(&self, id: ObjectId) -> bool {
        self.object(id, "commit").is_ok()
    }

    pub(crate) fn merge_base(&self, one: ObjectId, other: ObjectId) -> Result<Option<ObjectId>, GitError> {
        Ok(self.merge_bases(one, other)?.first().copied())
    }

    /// Returns the best common ancestors of two commits: several if each side has merged an older state of the other.
    pub(crate) fn merge_bases(&self, one: ObjectId, other: ObjectId) -> Result<Vec<ObjectId>, GitError> {
        let done = output(self.call(&["merge-base", "--all", &one.to_string(), &other.to_string()]), &[])?;
        let found: Vec<_> = done.stdout.split(|byte| *byte == b'\n').filter_map(ObjectId::parse).collect();
        match &found[..] {
            [] if self.is_shallow() => Err(self.missing("the merge base of the two sides")),
            [] if done.status.code() == Some(1) => Ok(found),
            [] => Err(self.failed(WALK, &done)),
            _ => self.require_ancestors(found.iter().copied().collect(), &[one]).map(|()| found),
        }
    }

    /// Returns the commits reachable from `tips` but not from `not`, parents before their children regardless of their
    /// dates. Tags are resolved; a tip that is not a commit contributes none.
    ///
    /// Each commit is read, hashed and compared with what git walks by, as are those that lead from `not` to where they
    /// start. If history is cut off at one of them, that is [`GitError::Missing`].
    pub(crate) fn commits(&self, tips: &[ObjectId], not: &[ObjectId]) -> Result<Vec<ObjectId>, GitError> {
        let (commits, cut) = self.reachable(tips, not)?;
        match cut {
            Some(cut) => Err(self.cut_off(cut)),
            None => Ok(commits.into_iter().map(|(id, _)| id).collect()),
        }
    }

    /// Rejects a repository that has commits although no ref leads to one, but not those of a push (git-receive-pack(1)).
    pub(crate) fn refuse_lost_refs(&self) -> Result<(), GitError> {
        let mut call =
            self.call(&["cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objecttype)"]);
        if self.location.is_quarantine() {
            call.env_remove("GIT_OBJECT_DIRECTORY").env_remove("GIT_ALTERNATE_OBJECT_DIRECTORIES");
        }
        let done = output(call, &[])?;
        if !done.status.success() || has_complaint(&done.stderr) {
            return Err(self.failed("list the objects of", &done));
        }
        if split(&done.stdout, b'\n').any(|kind| kind == b"commit") {
            return Err(GitError::lost_refs(self.root()));
        }
        Ok(())
    }

    /// Returns the commits of [`Self::commits`] with their parents, and one at which a shallow clone ends.
    pub(crate) fn reachable(
        &self,
        tips: &[ObjectId],
        not: &[ObjectId],
    ) -> Result<(Vec<Linked>, Option<ObjectId>), GitError> {
        let commits_of = |ids: &[ObjectId]| -> Result<Vec<ObjectId>, GitError> {
            let commit = |peeled| if let Peeled::Commit(id) = peeled { Some(id) } else { None };
            Ok(self.peeled(ids)?.into_iter().filter_map(commit).collect())
        };
        let (tips, not) = (commits_of(tips)?, commits_of(not)?);
        let mut commits = self.rev_list(&tips, &not)?;
        commits.reverse();
        let ids: Vec<_> = commits.iter().map(|(id, _)| *id).collect();
        let real = self.all_parents(&ids)?;
        let listed: HashSet<_> = ids.iter().copied().collect();
        let parents = commits.iter().flat_map(|(_, parents)| parents).copied();
        let left_out = tips.iter().copied().chain(parents).filter(|id| !listed.contains(id));
        self.require_ancestors(left_out.collect(), &not)?;
        let cut = commits.iter().zip(real).find(|((_, walked), real)| walked != real).map(|((id, _), _)| *id);
        Ok((commits, cut))
    }

    /// Lists the commits reachable from `tips` but not from `not`, children before their parents.
    fn rev_list(&self, tips: &[ObjectId], not: &[ObjectId]) -> Result<Vec<Linked>, GitError> {
        if tips.is_empty() {
            return Ok(Vec::new());
        }
        let input = tips.iter().map(|id| format!("{id}\n")).chain(not.iter().map(|id| format!("^{id}\n")));
        let input: String = input.collect();
        let call = self.call(&["rev-list", "--date-order", "--parents", "--stdin"]);
        let said = self.ask(WALK, call, input.as_bytes())?;
        let commit = |line: &[u8]| {
            let ids: Option<Vec<_>> = line.split(|byte| *byte == b' ').map(ObjectId::parse).collect();
            let (id, parents) = ids.as_ref()?.split_first()?;
            Some((*id, parents.to_vec()))
        };
        let commits: Option<Vec<_>> = split(&said, b'\n').map(commit).collect();
        commits.ok_or_else(|| GitError::garbled(self.root(), WALK))
    }

    /// Requires that each of `wanted` is one of `tips` or an ancestor of one, and hashes the commits in between.
    fn require_ancestors(&self, mut wanted: HashSet<ObjectId>, tips: &[ObjectId]) -> Result<(), GitError> {
        let mut seen: HashSet<_> = tips.iter().copied().collect();
        let mut level = tips.to_vec();
        loop {
            wanted.retain(|id| !seen.contains(id));
            let Some(id) = wanted.iter().next() else { return Ok(()) };
            if level.is_empty() {
                let reason = "git takes it to be known already, and no known commit leads to it";
                return Err(GitError::damaged(*id, reason));
            }
            let parents = match self.all_parents(&level) {
                // Git has the parents of a commit at which the clone ends.
                Err(GitError::Missing(_)) if self.is_shallow() => {
                    level.iter().filter_map(|id| self.parents(*id).ok()).collect()
                }
                parents => parents?,
            };
            level = parents.into_iter().flatten().filter(|id| seen.insert(*id)).collect();
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WalkedCommit {
    pub id: ObjectId,
    /// Empty for a root, and where a shallow clone ends.
    pub parents: Vec<ObjectId>,
    /// True if a shallow clone ends here: what came before is not known, so neither are the changes.
    pub cut: bool,
    /// The files that differ from each parent, or all files if it has none.
    pub changes: Vec<Vec<ChangedFile>>,
}

/// A walk over the history of some commits, the newest first by commit date, and children before their parents.
pub(crate) struct HistoryWalk<'a> {
    repo: &'a Repo,
    /// The commits to come, each with its parents.
    commits: VecDeque<Linked>,
    wanted: fn(&Path) -> bool,
    diff: DiffTree,
    /// The commits that were walked ahead, so that a partial clone can fetch all it lacks at once.
    walked: VecDeque<WalkedCommit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileVersion {
    pub blob: ObjectId,
    /// The oldest commit that has it, by commit date.
    pub commit: ObjectId,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileVersions {
    /// Without repetitions, the newest first.
    pub versions: Vec<FileVersion>,
    /// The commit at which a shallow clone ends although history continues.
    pub cut: Option<ObjectId>,
}

impl Repo {
    /// Walks from `tips`; changes contain only the files that `wanted` accepts. (Git compares whole folders faster than
    /// it matches every name in them with globs.)
    pub(crate) fn walk(
        &self,
        tips: &[ObjectId],
        wanted: fn(&Path) -> bool,
    ) -> Result<HistoryWalk<'_>, GitError> {
        Ok(HistoryWalk { wanted, ..self.walk_files(tips, &BTreeSet::new())? })
    }

    /// Walks from `tips`; changes contain only these files, paths relative to the root, or all if there are none.
    pub(crate) fn walk_files(
        &self,
        tips: &[ObjectId],
        paths: &BTreeSet<PathBuf>,
    ) -> Result<HistoryWalk<'_>, GitError> {
        let commits = self.rev_list(tips, &[])?.into();
        let diff = DiffTree::start(self, &commits, paths)?;
        Ok(HistoryWalk { repo: self, commits, wanted: |_| true, diff, walked: VecDeque::new() })
    }

    /// Returns every version of the regular file at `path`, relative to the root, in the history of HEAD.
    pub(crate) fn versions(&self, path: &Path) -> Result<FileVersions, GitError> {
        if let Some(known) = self.versions.borrow().get(path) {
            return Ok(known.clone());
        }
        let mut found = FileVersions::default();
        let Some(head) = self.head()? else { return Ok(found) };
        let mut walk = self.walk_files(&[head], &BTreeSet::from([path.to_owned()]))?;
        let mut places: HashMap<ObjectId, usize> = HashMap::new();
        while let Some(commit) = walk.step()? {
            found.cut = found.cut.or(commit.cut.then_some(commit.id));
            let after =
                commit.changes.iter().flatten().filter(|it| it.path == path).filter_map(|it| it.after);
            for file in after.filter(|file| file.kind == FileKind::File) {
                let at = *places.entry(file.id).or_insert(found.versions.len());
                match found.versions.get_mut(at) {
                    Some(version) => version.commit = commit.id,
                    None => found.versions.push(FileVersion { blob: file.id, commit: commit.id }),
                }
            }
        }
        self.versions.borrow_mut().insert(path.to_owned(), found.clone());
        Ok(found)
    }
}

impl HistoryWalk<'_> {
    /// Fetches the contents of all changed files that the walk's filter or `read` accepts at once, if this is a partial
    /// clone that may fetch: for a caller that reads them all.
    pub(crate) fn with_contents(mut self, read: fn(&Path) -> bool) -> Result<Self, GitError> {
        if self.repo.may_obtain()? {
            let wanted = std::mem::replace(&mut self.wanted, read);
            while !self.commits.is_empty() {
                let step = self.step()?;
                self.walked.extend(step);
            }
            let files = self.walked.iter().flat_map(|step| step.changes.iter().flatten());
            let files = files.flat_map(|it| [it.before, it.after]).flatten();
            let blobs = files.filter(|file| file.kind != FileKind::Submodule).map(|file| file.id);
            self.repo.obtain(&blobs.collect::<Vec<_>>())?;
            for changes in self.walked.iter_mut().flat_map(|step| &mut step.changes) {
                changes.retain(|it| wanted(&it.path));
            }
            self.wanted = wanted;
        }
        Ok(self)
    }

    pub(crate) fn step(&mut self) -> Result<Option<WalkedCommit>, GitError> {
        let Some((id, parents)) = self.commits.pop_front() else { return Ok(self.walked.pop_front()) };
        let mut changes = Vec::with_capacity(1);
        for _ in 0..parents.len().max(1) {
            let header = self.diff.field()?;
            if ObjectId::parse(&header) != Some(id) {
                // Git has stopped at something that it could not read.
                return Err(self.repo.unreadable(id, "tree"));
            }
            let changed = self.diff.changed(self.wanted)?;
            changes.push(changed.ok_or_else(|| GitError::garbled(self.repo.root(), WALK))?);
        }
        let cut = parents.is_empty() && self.repo.is_shallow() && !self.repo.parents(id)?.is_empty();
        if cut {
            // What was there before is not known.
            changes.clear();
        }
        Ok(Some(WalkedCommit { id, parents, cut, changes }))
    }

    /// Adds these files to those reported for the commits to come.
    pub(crate) fn add_files(&mut self, paths: &BTreeSet<PathBuf>) -> Result<(), GitError> {
        self.diff = DiffTree::start(self.repo, &self.commits, paths)?;
        Ok(())
    }
}

/// A running `git diff-tree --stdin`.
struct DiffTree {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl DiffTree {
    fn start(repo: &Repo, commits: &VecDeque<Linked>, paths: &BTreeSet<PathBuf>) -> Result<Self, GitError> {
        let mut pairs = String::new();
        for (id, parents) in commits {
            // A merge is compared with each parent separately: otherwise git does not say which one a change is for.
            match &parents[..] {
                [] | [_] => pairs.extend([format!("{id}\n")]),
                parents => pairs.extend(parents.iter().map(|parent| format!("{id} {parent}\n"))),
            }
        }
        let mut call = repo.call(&["diff-tree", "--stdin", "--root", "-r", "--raw", "-z", "--always"]);
        call.args(["--no-abbrev", "--no-renames", "--no-ext-diff", "--ignore-submodules=none", "--"]);
        for path in paths {
            call.arg(bytes_arg(&[b":(top,literal)", &to_git(path)?[..]].concat()));
        }
        call.stdin(input_file(pairs.as_bytes())?).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = call.spawn().map_err(|e| not_started(&e))?;
        let stdout = BufReader::with_capacity(1 << 16, child.stdout.take().expect("piped"));
        Ok(Self { child, stdout })
    }

    /// Reads the files that follow a commit's header. Returns None if they cannot be parsed.
    fn changed(&mut self, wanted: fn(&Path) -> bool) -> Result<Option<Vec<ChangedFile>>, GitError> {
        let mut changed = Vec::new();
        while self.stdout.fill_buf().map_err(|e| not_started(&e))?.first() == Some(&b':') {
            let (sides, path) = (self.field()?, self.field()?);
            let sides = parse_sides(&sides).filter(|_| !path.is_empty());
            let Some((before, after)) = sides else { return Ok(None) };
            if let Some(path) = from_git(&path).filter(|path| wanted(path)) {
                changed.push(ChangedFile { path: path.to_owned(), before, after });
            }
        }
        Ok(Some(changed))
    }

    /// Reads up to the next NUL. Returns nothing at the end.
    fn field(&mut self) -> Result<Vec<u8>, GitError> {
        let mut field = Vec::new();
        self.stdout.read_until(0, &mut field).map_err(|e| not_started(&e))?;
        field.pop();
        Ok(field)
    }
}

impl Drop for DiffTree {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads both sides of `:MODE MODE ID ID STATUS` (git-diff-tree(1), raw output format).
pub(super) fn parse_sides(field: &[u8]) -> Option<(Option<FileRef>, Option<FileRef>)> {
    let text = std::str::from_utf8(field.strip_prefix(b":")?).ok()?;
    let [before, after, old, new, _] = text.split(' ').collect::<Vec<_>>()[..] else { return None };
    let side = |mode: &str, id: &str| {
        Some(parse_file_mode(mode).zip(ObjectId::parse(id.as_bytes())).map(|(kind, id)| FileRef { id, kind }))
    };
    Some((side(before, old)?, side(after, new)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;

    #[test]
    fn each_version_once_with_the_commit_that_brought_it() {
        let g = Fixture::new();
        assert_eq!(g.repo().versions(Path::new("sub/f")).unwrap(), FileVersions::default());
        for (text, file) in [("1", "sub/f"), ("x", "other"), ("2", "sub/f"), ("y", "other"), ("1", "sub/f")] {
            g.commit(file, text);
        }
        let repo = g.repo();
        let version = |text: &[u8], commit| FileVersion {
            blob: repo.id_of(text),
            commit: repo.commit(commit).unwrap(),
        };
        let versions = vec![version(b"1", "HEAD~4"), version(b"2", "HEAD~2")];
        assert_eq!(repo.versions(Path::new("sub/f")).unwrap(), FileVersions { versions, cut: None });
    }
}
