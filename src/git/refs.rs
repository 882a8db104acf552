//! Refs, and the commits that can be reached from them.

use std::collections::HashSet;

use super::command::{has_complaint, output};
use super::{GitError, ObjectId, Peeled, Repo};

/// A commit, and those it comes after as far as this clone has them.
pub(crate) type Linked = (ObjectId, Vec<ObjectId>);

/// The two ends of `A..B` or `A...B`, as written, either may be empty; and whether it starts where they have parted.
/// None where there are no dots.
pub(crate) fn range_ends(range: &str) -> Option<(&str, &str, bool)> {
    let parted = range.split_once("...").map(|(start, end)| (start, end, true));
    parted.or_else(|| range.split_once("..").map(|(start, end)| (start, end, false)))
}

impl Repo {
    /// The commit that `revision` names, in any of git's spellings (gitrevisions(7)). One that this clone may lack is
    /// [`GitError::Missing`].
    pub fn commit(&self, revision: &str) -> Result<ObjectId, GitError> {
        match self.peel(revision)? {
            Peeled::Commit(id) => Ok(id),
            Peeled::Tree(_) | Peeled::Blob(_) => {
                Err(GitError::UnknownRevision { revision: revision.to_owned() })
            }
        }
    }

    /// What `revision` leads to, tags followed to their end.
    pub fn peel(&self, revision: &str) -> Result<Peeled, GitError> {
        let mut call = self.call();
        call.args(["rev-parse", "--verify", "--quiet", "--end-of-options", revision]);
        let done = output(call, &[])?;
        match ObjectId::parse(done.stdout.trim_ascii()) {
            Some(named) if done.status.success() => {
                let peeled = self.peeled(&[named]);
                if peeled.is_err() && revision.starts_with("HEAD") {
                    self.head()?;
                }
                Ok(match peeled?.pop().expect("one for each id") {
                    (id, kind) if kind == "tree" => Peeled::Tree(id),
                    (id, kind) if kind == "blob" => Peeled::Blob(id),
                    (id, _) => Peeled::Commit(id),
                })
            }
            // That it has no such name is said without a word.
            _ if has_complaint(&done.stderr) => Err(self.failed("walk the history of", &done)),
            _ if self.is_shallow() => Err(self.missing(format_args!("{revision:?}"))),
            _ => {
                // A HEAD that cannot be read says more.
                if revision.starts_with("HEAD") {
                    self.head()?;
                }
                Err(GitError::UnknownRevision { revision: revision.to_owned() })
            }
        }
    }

    /// The commit at one end of a range: HEAD where it is left out (gitrevisions(7)).
    pub fn range_end(&self, revision: &str) -> Result<ObjectId, GitError> {
        self.commit(if revision.is_empty() { "HEAD" } else { revision })
    }

    /// The commits reachable from `tips` and from none of `not`, parents before their children, whatever their dates say.
    /// Tags count for what they point to; a tip that is no commit has none.
    ///
    /// Every one is read, hashed and compared with what git walks by, and so are those that lead from `not` to where they
    /// start: where history is cut off below one of them, that is [`GitError::Missing`].
    pub fn commits(&self, tips: &[ObjectId], not: &[ObjectId]) -> Result<Vec<ObjectId>, GitError> {
        let (commits, cut) = self.walked(tips, not)?;
        match cut {
            Some(cut) => Err(self.cut_off(cut)),
            None => Ok(commits.into_iter().map(|(id, _)| id).collect()),
        }
    }

    /// Every commit that any ref leads to, parents before their children, each with its parents; and one at which a
    /// shallow clone ends. That there are commits, but none that a ref leads to, is an error.
    pub fn all_commits(&self) -> Result<(Vec<Linked>, Option<ObjectId>), GitError> {
        let found = self.walked(&self.tips()?, &[])?;
        if found.0.is_empty() {
            self.refuse_lost_refs()?;
        }
        Ok(found)
    }

    /// Every commit that can be reached from `tips`, as [`Self::all_commits`] has it.
    pub fn commits_of(&self, tips: &[ObjectId]) -> Result<(Vec<Linked>, Option<ObjectId>), GitError> {
        self.walked(tips, &[])
    }

    /// Rejects a repository that has commits: for who found no ref that leads to one. What a push brings does not count
    /// (git-receive-pack(1), quarantine).
    pub fn refuse_lost_refs(&self) -> Result<(), GitError> {
        let mut call = self.call();
        call.args(["cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objecttype)"]);
        if self.location.is_quarantine() {
            call.env_remove("GIT_OBJECT_DIRECTORY").env_remove("GIT_ALTERNATE_OBJECT_DIRECTORIES");
        }
        let done = output(call, &[])?;
        if !done.status.success() || has_complaint(&done.stderr) {
            return Err(self.failed("list the objects of", &done));
        }
        if done.stdout.split(|byte| *byte == b'\n').any(|kind| kind == b"commit") {
            return Err(GitError::LostRefs { path: self.root().to_owned() });
        }
        Ok(())
    }

    fn walked(
        &self,
        tips: &[ObjectId],
        not: &[ObjectId],
    ) -> Result<(Vec<Linked>, Option<ObjectId>), GitError> {
        let commits_of = |ids: &[ObjectId]| -> Result<Vec<ObjectId>, GitError> {
            let peeled = self.peeled(ids)?.into_iter();
            Ok(peeled.filter(|(_, kind)| kind == "commit").map(|(id, _)| id).collect())
        };
        let (tips, not) = (commits_of(tips)?, commits_of(not)?);
        if tips.is_empty() {
            return Ok((Vec::new(), None));
        }
        let input: String =
            tips.iter().map(|id| format!("{id}\n")).chain(not.iter().map(|id| format!("^{id}\n"))).collect();
        let mut call = self.call();
        call.args(["rev-list", "--date-order", "--reverse", "--parents", "--stdin"]);
        let said = self.ask("walk the history of", call, input.as_bytes())?;
        let mut commits: Vec<Linked> = Vec::new();
        for line in said.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let mut ids = line.split(|byte| *byte == b' ').filter_map(ObjectId::parse);
            let id = ids.next().ok_or_else(|| self.missing("what git's walk says"))?;
            commits.push((id, ids.collect()));
        }
        let ids: Vec<_> = commits.iter().map(|(id, _)| *id).collect();
        let real = self.all_parents(&ids)?;
        let listed: HashSet<_> = ids.iter().copied().collect();
        let parents = commits.iter().flat_map(|(_, parents)| parents).copied();
        let left_out = tips.iter().copied().chain(parents).filter(|id| !listed.contains(id));
        self.require_ancestors(left_out.collect(), &not)?;
        let cut = commits.iter().zip(real).find(|((_, walked), real)| walked != real).map(|((id, _), _)| *id);
        Ok((commits, cut))
    }

    /// Requires that each of `wanted` is one of `tips` or comes before one, by commits that are hashed.
    fn require_ancestors(&self, mut wanted: HashSet<ObjectId>, tips: &[ObjectId]) -> Result<(), GitError> {
        let mut seen: HashSet<_> = tips.iter().copied().collect();
        let mut level = tips.to_vec();
        loop {
            wanted.retain(|id| !seen.contains(id));
            let Some(id) = wanted.iter().next() else { return Ok(()) };
            if level.is_empty() {
                let reason = "git takes it to be known already, and no known commit leads to it".to_owned();
                return Err(GitError::Damaged { id: *id, reason });
            }
            let parents = match self.all_parents(&level) {
                // Where it ends, git has them as they are.
                Err(GitError::Missing { .. }) if self.is_shallow() => {
                    level.iter().filter_map(|id| self.parents(*id).ok()).collect()
                }
                parents => parents?,
            };
            level = parents.into_iter().flatten().filter(|id| seen.insert(*id)).collect();
        }
    }

    /// What every ref points to, HEAD included and notes left out; tags as they are.
    pub fn tips(&self) -> Result<Vec<ObjectId>, GitError> {
        let mut tips = self.tips_of(&|name| !name.starts_with(b"refs/notes/"))?;
        tips.extend(self.head()?);
        tips.sort_unstable();
        tips.dedup();
        Ok(tips)
    }

    /// What the refs point to whose full names `want` holds for. A ref that cannot be read is an error.
    pub fn tips_of(&self, want: &dyn Fn(&[u8]) -> bool) -> Result<Vec<ObjectId>, GitError> {
        let mut call = self.call();
        call.args(["for-each-ref", "--format=%(objectname) %(refname)"]);
        let done = output(call, &[])?;
        // It warns of a broken one, and passes over it.
        if !done.status.success() || has_complaint(&done.stderr) {
            return Err(self.failed("list the refs of", &done));
        }
        let lines = done.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let mut tips = Vec::new();
        for line in lines {
            let (id, name) = line.split_at(memchr::memchr(b' ', line).unwrap_or(line.len()));
            if want(name.get(1..).unwrap_or_default()) {
                tips.extend(ObjectId::parse(id));
            }
        }
        tips.sort_unstable();
        tips.dedup();
        Ok(tips)
    }

    /// The commit of this id, where this repository has it.
    pub fn has_commit(&self, hex: &str) -> Option<ObjectId> {
        let id = ObjectId::parse(hex.as_bytes())?;
        self.object(id, "commit").is_ok().then_some(id)
    }

    /// The best common ancestor of two commits; None where they have none.
    pub fn merge_base(&self, one: ObjectId, other: ObjectId) -> Result<Option<ObjectId>, GitError> {
        let mut call = self.call();
        call.args(["merge-base", &one.to_string(), &other.to_string()]);
        let done = output(call, &[])?;
        match ObjectId::parse(done.stdout.trim_ascii()) {
            Some(id) => self.require_ancestors(HashSet::from([id]), &[one]).map(|()| Some(id)),
            None if self.is_shallow() => Err(self.missing("the merge base of the two sides")),
            None if done.status.code() == Some(1) => Ok(None),
            None => Err(self.failed("walk the history of", &done)),
        }
    }

    /// A setting of git's configuration: of several values, the one that counts.
    pub fn setting(&self, name: &str) -> Option<String> {
        self.settings(name).ok()?.pop()
    }

    /// Every value of a setting that may be given several times (git-config(1)).
    pub fn settings(&self, name: &str) -> Result<Vec<String>, GitError> {
        let mut call = self.call();
        call.args(["config", "--null", "--get-all", name]);
        let done = output(call, &[])?;
        // 1: there is none.
        if !matches!(done.status.code(), Some(0 | 1)) {
            return Err(self.failed("read the configuration of", &done));
        }
        let values = done.stdout.strip_suffix(b"\0").map(|said| said.split(|byte| *byte == 0));
        Ok(values.into_iter().flatten().map(|value| String::from_utf8_lossy(value).into_owned()).collect())
    }
}
