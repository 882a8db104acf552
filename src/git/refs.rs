//! Refs, and the commits that can be reached from them.

use super::command::{has_complaint, output};
use super::{GitError, ObjectId, Peeled, Repo};

/// A commit, and those it comes after as far as this clone has them.
pub type Linked = (ObjectId, Vec<ObjectId>);

/// The two ends of `A..B` or `A...B`, as written, either may be empty; and whether it starts where they have parted.
/// None where there are no dots.
pub fn range_ends(range: &str) -> Option<(&str, &str, bool)> {
    let parted = range.split_once("...").map(|(start, end)| (start, end, true));
    parted.or_else(|| range.split_once("..").map(|(start, end)| (start, end, false)))
}

/// What git says of a tree or a file where a commit is asked for.
const NO_COMMIT: &[u8] = b": expected commit type";

impl Repo {
    /// The commit that `revision` names, in any of git's spellings (gitrevisions(7)). One that this clone may lack is
    /// [`GitError::Missing`].
    pub fn commit(&self, revision: &str) -> Result<ObjectId, GitError> {
        self.resolve(revision, "commit")
    }

    /// What `revision` leads to, tags followed to their end.
    pub fn peel(&self, revision: &str) -> Result<Peeled, GitError> {
        let id = self.resolve(revision, "")?;
        let mut call = self.call();
        call.args(["cat-file", "-t", &id.to_string()]);
        let done = output(call, &[])?;
        match done.stdout.trim_ascii() {
            b"tree" => Ok(Peeled::Tree(id)),
            b"blob" => Ok(Peeled::Blob(id)),
            b"commit" => Ok(Peeled::Commit(id)),
            _ => Err(self.unreadable(id, "commit")),
        }
    }

    /// The object of this kind (any, where it is empty) that `revision` leads to.
    fn resolve(&self, revision: &str, kind: &str) -> Result<ObjectId, GitError> {
        let mut call = self.call();
        call.args(["rev-parse", "--verify", "--quiet", "--end-of-options"]);
        call.arg(format!("{revision}^{{{kind}}}"));
        let done = output(call, &[])?;
        match ObjectId::parse(done.stdout.trim_ascii()) {
            Some(id) if done.status.success() => Ok(id),
            // That it has no such name is said without a word; a name of something else is no damage.
            _ if has_complaint(&done.stderr) && memchr::memmem::find(&done.stderr, NO_COMMIT).is_none() => {
                Err(self.failed("walk the history of", &done))
            }
            _ if self.is_shallow() || ObjectId::parse(revision.as_bytes()).is_some() => {
                Err(self.missing(format_args!("{revision:?}")))
            }
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
    /// Every one is read and compared with what git walks by: where history is cut off below one of them, that is
    /// [`GitError::Missing`].
    pub fn commits(&self, tips: &[ObjectId], not: &[ObjectId]) -> Result<Vec<ObjectId>, GitError> {
        let (commits, cut) = self.walked(tips, not)?;
        match cut {
            Some(cut) => Err(self.cut_off(cut)),
            None => Ok(commits.into_iter().map(|(id, _)| id).collect()),
        }
    }

    /// Every commit that any ref leads to, parents before their children, each with its parents; and one at which a
    /// shallow clone ends.
    pub fn all_commits(&self) -> Result<(Vec<Linked>, Option<ObjectId>), GitError> {
        self.walked(&self.tips()?, &[])
    }

    fn walked(
        &self,
        tips: &[ObjectId],
        not: &[ObjectId],
    ) -> Result<(Vec<Linked>, Option<ObjectId>), GitError> {
        let input: String =
            tips.iter().map(|id| format!("{id}\n")).chain(not.iter().map(|id| format!("^{id}\n"))).collect();
        if tips.is_empty() {
            return Ok((Vec::new(), None));
        }
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
        let cut = commits.iter().zip(real).find(|((_, walked), real)| walked != real).map(|((id, _), _)| *id);
        Ok((commits, cut))
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
            Some(id) => Ok(Some(id)),
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
