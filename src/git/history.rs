//! History, newest first, as far as it touches certain files: `git rev-list`, then `git diff-tree --stdin`.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};

use super::command::{input_file, not_started};
use super::objects::{Changed, FileKind, FileRef};
use super::paths::{from_git, to_git};
use super::repo::bytes_arg;
use super::tree::kind_of_mode;
use super::{GitError, ObjectId, Repo};

const WALK: &str = "walk the history of";

/// A commit, and what it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The commit.
    pub id: ObjectId,
    /// The commits it comes after; none at a root, and where a shallow clone ends.
    pub parents: Vec<ObjectId>,
    /// Whether a shallow clone ends here, so that what came before is not known, and no change of it either.
    pub cut: bool,
    /// The files in which it differs from each parent; from nothing, if it has none.
    pub changes: Vec<Vec<Changed>>,
}

/// A walk from some commits to all they come after, the youngest first by the committers' clocks, and none before what
/// comes after it.
pub struct Walk<'a> {
    repo: &'a Repo,
    /// Those to come, each with the commits it comes after.
    commits: VecDeque<(ObjectId, Vec<ObjectId>)>,
    wanted: fn(&Path) -> bool,
    diff: Diff,
    /// The commits that were walked ahead, so that a partial clone gets all it lacks in one go.
    walked: VecDeque<Step>,
}

/// A running `git diff-tree --stdin`.
struct Diff {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// The field that was read to see that the last commit has ended.
    ahead: Option<Vec<u8>>,
}

/// A version that a file had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its bytes.
    pub blob: ObjectId,
    /// The oldest commit that has them, by the committers' clocks.
    pub commit: ObjectId,
}

/// What a file was, and whether that is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// Each once, the newest first.
    pub versions: Vec<Version>,
    /// The commit at which a shallow clone ends, and behind which history goes on.
    pub cut: Option<ObjectId>,
}

impl Repo {
    /// Walks from `tips`, and tells of the files that `wanted` takes. (Git compares whole folders sooner than it matches
    /// every name in them with globs.)
    pub fn walk(&self, tips: &[ObjectId], wanted: fn(&Path) -> bool) -> Result<Walk<'_>, GitError> {
        self.walk_by(tips, &BTreeSet::new(), wanted)
    }

    /// Walks from `tips`, and tells of these files alone, paths relative to the root.
    pub fn walk_files(&self, tips: &[ObjectId], paths: &BTreeSet<PathBuf>) -> Result<Walk<'_>, GitError> {
        self.walk_by(tips, paths, |_| true)
    }

    fn walk_by(
        &self,
        tips: &[ObjectId],
        paths: &BTreeSet<PathBuf>,
        wanted: fn(&Path) -> bool,
    ) -> Result<Walk<'_>, GitError> {
        let mut call = self.call();
        call.args(["rev-list", "--date-order", "--parents", "--stdin"]);
        let input: String = tips.iter().map(|id| format!("{id}\n")).collect();
        let said = if tips.is_empty() { Vec::new() } else { self.ask(WALK, call, input.as_bytes())? };
        let mut commits = VecDeque::new();
        for line in said.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let ids: Option<Vec<_>> = line.split(|byte| *byte == b' ').map(ObjectId::parse).collect();
            let Some((id, parents)) = ids.as_ref().and_then(|ids| ids.split_first()) else {
                return Err(garbled(self));
            };
            commits.push_back((*id, parents.to_vec()));
        }
        let diff = Diff::start(self, &commits, paths)?;
        Ok(Walk { repo: self, commits, wanted, diff, walked: VecDeque::new() })
    }

    /// Every version of the regular file at `path`, relative to the root, in HEAD and the commits it comes after.
    pub fn versions(&self, path: &Path) -> Result<Versions, GitError> {
        let mut found = Versions::default();
        let Some(head) = self.head()? else { return Ok(found) };
        let mut walk = self.walk_files(&[head], &BTreeSet::from([path.to_owned()]))?;
        let mut places: HashMap<ObjectId, usize> = HashMap::new();
        while let Some(step) = walk.step()? {
            found.cut = found.cut.or(step.cut.then_some(step.id));
            let at_path = step.changes.iter().flatten().filter(|changed| changed.path == path);
            for file in at_path.filter_map(|changed| changed.after.filter(|file| file.kind == FileKind::File))
            {
                let at = *places.entry(file.id).or_insert(found.versions.len());
                match found.versions.get_mut(at) {
                    Some(version) => version.commit = step.id,
                    None => found.versions.push(Version { blob: file.id, commit: step.id }),
                }
            }
        }
        Ok(found)
    }
}

impl Walk<'_> {
    /// Gets all contents that it will tell of in one go, where this is a partial clone that may: for who reads them all;
    /// and those of the other files that `read` takes.
    pub fn with_contents(mut self, read: fn(&Path) -> bool) -> Result<Self, GitError> {
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

    /// The next commit.
    pub fn step(&mut self) -> Result<Option<Step>, GitError> {
        let Some((id, parents)) = self.commits.pop_front() else { return Ok(self.walked.pop_front()) };
        let mut changes = Vec::with_capacity(1);
        for _ in 0..parents.len().max(1) {
            let header = self.diff.field()?;
            if header.as_deref().and_then(ObjectId::parse) != Some(id) {
                // It has stopped in the middle: at something that it could not read.
                return Err(self.repo.unreadable(id, "tree"));
            }
            changes.push(self.diff.changed(self.wanted)?.ok_or_else(|| garbled(self.repo))?);
        }
        let cut = parents.is_empty() && self.repo.is_shallow() && !self.repo.parents(id)?.is_empty();
        if cut {
            // What it brought is not known, for nobody has what was there before.
            changes.clear();
        }
        Ok(Some(Step { id, parents, cut, changes }))
    }

    /// Tells of these files too in the commits to come.
    pub fn add_files(&mut self, paths: &BTreeSet<PathBuf>) -> Result<(), GitError> {
        self.diff = Diff::start(self.repo, &self.commits, paths)?;
        Ok(())
    }
}

impl Diff {
    /// Starts it on these commits and files.
    fn start(
        repo: &Repo,
        commits: &VecDeque<(ObjectId, Vec<ObjectId>)>,
        paths: &BTreeSet<PathBuf>,
    ) -> Result<Self, GitError> {
        let mut pairs = String::new();
        for (id, parents) in commits {
            // A merge is compared with each of its parents by itself: together, it is not said which one is meant.
            match &parents[..] {
                [] | [_] => pairs.extend([id.to_string().as_str(), "\n"]),
                parents => pairs.extend(parents.iter().map(|parent| format!("{id} {parent}\n"))),
            }
        }
        let mut call = repo.call();
        call.args(["diff-tree", "--stdin", "--root", "-r", "--raw", "-z", "--always", "--no-abbrev"]).args([
            "--no-renames",
            "--no-ext-diff",
            "--ignore-submodules=none",
            "--",
        ]);
        for path in paths {
            call.arg(bytes_arg(&[b":(top,literal)", &to_git(path)?[..]].concat()));
        }
        call.stdin(input_file(pairs.as_bytes())?).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = call.spawn().map_err(|e| not_started(&e))?;
        let stdout = BufReader::with_capacity(1 << 16, child.stdout.take().expect("piped"));
        Ok(Self { child, stdout, ahead: None })
    }

    /// The files that follow a commit's header; None where what git says cannot be understood.
    fn changed(&mut self, wanted: fn(&Path) -> bool) -> Result<Option<Vec<Changed>>, GitError> {
        let mut changed = Vec::new();
        while let Some(field) = self.field()? {
            if field.first() != Some(&b':') {
                self.ahead = Some(field);
                break;
            }
            let Some((path, (before, after))) = self.field()?.zip(sides(&field)) else { return Ok(None) };
            if let Some(path) = from_git(&path).filter(|path| wanted(path)) {
                changed.push(Changed { path: path.to_owned(), before, after });
            }
        }
        Ok(Some(changed))
    }

    fn field(&mut self) -> Result<Option<Vec<u8>>, GitError> {
        if let Some(field) = self.ahead.take() {
            return Ok(Some(field));
        }
        let mut field = Vec::new();
        self.stdout.read_until(0, &mut field).map_err(|e| not_started(&e))?;
        Ok(field.pop().map(|_| field))
    }
}

impl Drop for Diff {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn garbled(repo: &Repo) -> GitError {
    let message = "git's answer cannot be understood".to_owned();
    GitError::Failed { path: repo.root().to_owned(), doing: WALK, message }
}

/// Both sides of `:MODE MODE ID ID STATUS` (git-diff-tree(1), raw output format).
pub(super) fn sides(field: &[u8]) -> Option<(Option<FileRef>, Option<FileRef>)> {
    let text = std::str::from_utf8(field.strip_prefix(b":")?).ok()?;
    let words: Vec<_> = text.split(' ').collect();
    let [before, after, old, new, _] = words[..] else { return None };
    let side = |mode: &str, id: &str| Some(kind_of_mode(mode).zip(ObjectId::parse(id.as_bytes())));
    let file = |side: Option<_>| side.map(|(kind, id)| FileRef { id, kind });
    Some((file(side(before, old)?), file(side(after, new)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;

    #[test]
    fn each_version_once_with_the_commit_that_brought_it() {
        let g = Fixture::new();
        let open = || Repo::open(g.root()).unwrap();
        assert_eq!(open().versions(Path::new("sub/f")).unwrap(), Versions::default());
        for (text, file) in [("1", "sub/f"), ("x", "other"), ("2", "sub/f"), ("y", "other"), ("1", "sub/f")] {
            g.commit(file, text);
        }
        let repo = open();
        let found = repo.versions(Path::new("sub/f")).unwrap();
        let texts: Vec<_> = found.versions.iter().map(|version| repo.blob(version.blob).unwrap()).collect();
        assert_eq!(texts, [b"1", b"2"]);
        let commits = [repo.commit("HEAD~4").unwrap(), repo.commit("HEAD~2").unwrap()];
        assert_eq!(found.versions.iter().map(|version| version.commit).collect::<Vec<_>>(), commits);
    }

    #[test]
    fn a_merge_is_told_of_once_for_each_parent() {
        let g = Fixture::new();
        g.commit("a.env", "1");
        g.git(&["checkout", "-q", "-b", "side"]);
        g.commit("b.env", "1");
        g.git(&["checkout", "-q", "main"]);
        g.commit("c.env", "1");
        g.git(&["merge", "-q", "-m", "merge", "side"]);
        g.commit("other", "1");
        let repo = Repo::open(g.root()).unwrap();
        let mut walk = repo.walk(&[repo.head().unwrap().unwrap()], |_| true).unwrap();
        let mut told = Vec::new();
        while let Some(step) = walk.step().unwrap() {
            assert!(!step.cut);
            let names =
                |changed: &Vec<Changed>| changed.iter().map(|it| it.path.display().to_string()).collect();
            told.push(step.changes.iter().map(names).collect::<Vec<Vec<String>>>());
        }
        assert_eq!(told.len(), 5);
        assert_eq!(told[0], [["other"]]);
        assert_eq!(told[1], [["b.env"], ["c.env"]]);
        assert_eq!(told[4], [["a.env"]]);
    }

    #[test]
    fn where_a_shallow_clone_ends_nothing_is_told() {
        let g = Fixture::new();
        g.commit("a.env", "1");
        g.commit("a.env", "2");
        let shallow = g.outside("shallow");
        let source = format!("file://{}", g.root().display());
        g.git(&["clone", "-q", "--depth", "1", &source, shallow.to_str().unwrap()]);
        let repo = Repo::open(&shallow).unwrap();
        let head = repo.head().unwrap().unwrap();
        let step = repo.walk(&[head], |_| true).unwrap().step().unwrap().unwrap();
        assert!(step.cut && step.changes.is_empty());
        assert!(repo.versions(Path::new("a.env")).unwrap().cut.is_some());
        assert!(matches!(repo.commits(&[head], &[]), Err(GitError::Missing { shallow: true, .. })));
        assert!(matches!(repo.commit("HEAD~1"), Err(GitError::Missing { shallow: true, .. })));
    }
}
