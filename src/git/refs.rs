//! Refs, and the commits that can be reached from them.

use super::command::output;
use super::repo::bytes_arg;
use super::{GitError, ObjectId, Repo};

/// The two ends of `A..B` or `A...B`, as written, either may be empty; and whether it starts where they have parted.
/// None where there are no dots.
pub fn range_ends(range: &str) -> Option<(&str, &str, bool)> {
    let parted = range.split_once("...").map(|(start, end)| (start, end, true));
    parted.or_else(|| range.split_once("..").map(|(start, end)| (start, end, false)))
}

impl Repo {
    /// The commit that `revision` names, in any of git's spellings (gitrevisions(7)). One that this clone may lack is
    /// [`GitError::Missing`].
    pub fn commit(&self, revision: &str) -> Result<ObjectId, GitError> {
        let mut call = self.call();
        call.args(["rev-parse", "--verify", "--quiet", "--end-of-options"]);
        call.arg(format!("{revision}^{{commit}}"));
        let done = output(call, &[])?;
        match ObjectId::parse(done.stdout.trim_ascii()) {
            Some(id) if done.status.success() => Ok(id),
            _ if self.is_shallow() || ObjectId::parse(revision.as_bytes()).is_some() => {
                Err(self.missing(format_args!("{revision:?}")))
            }
            _ => Err(GitError::UnknownRevision { revision: revision.to_owned() }),
        }
    }

    /// The commit at one end of a range: HEAD where it is left out (gitrevisions(7)).
    pub fn range_end(&self, revision: &str) -> Result<ObjectId, GitError> {
        self.commit(if revision.is_empty() { "HEAD" } else { revision })
    }

    /// The commits reachable from `tips` and from none of `not`, older ones first, as their dates have it. Tags count
    /// for what they point to; a tip that is no commit has none.
    ///
    /// Every one is read and compared with what git walks by: where history is cut off below one of them, that is
    /// [`GitError::Missing`].
    pub fn commits(&self, tips: &[ObjectId], not: &[ObjectId]) -> Result<Vec<ObjectId>, GitError> {
        let input: String =
            tips.iter().map(|id| format!("{id}\n")).chain(not.iter().map(|id| format!("^{id}\n"))).collect();
        if tips.is_empty() {
            return Ok(Vec::new());
        }
        let mut call = self.call();
        call.args(["rev-list", "--reverse", "--parents", "--stdin"]);
        let said = self.ask("walk the history of", call, input.as_bytes())?;
        let mut commits = Vec::new();
        let mut walked = Vec::new();
        for line in said.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let mut ids = line.split(|byte| *byte == b' ').filter_map(ObjectId::parse);
            let id = ids.next().ok_or_else(|| self.missing("what git's walk says"))?;
            commits.push(id);
            walked.push(ids.collect::<Vec<_>>());
        }
        for ((id, real), walked) in commits.iter().zip(self.all_parents(&commits)?).zip(walked) {
            if real != walked {
                return Err(self.cut_off(*id));
            }
        }
        Ok(commits)
    }

    /// What every ref points to, HEAD included and notes left out; tags as they are.
    pub fn tips(&self) -> Result<Vec<ObjectId>, GitError> {
        let mut tips = self.tips_of(&|name| !name.starts_with(b"refs/notes/"))?;
        tips.extend(self.head()?);
        tips.sort_unstable();
        tips.dedup();
        Ok(tips)
    }

    /// What the branches of a remote pointed to when they were last fetched or pushed.
    pub fn tips_of_remote(&self, remote: &str) -> Result<Vec<ObjectId>, GitError> {
        let prefix = format!("refs/remotes/{remote}/");
        self.tips_of(&|name| name.starts_with(prefix.as_bytes()))
    }

    /// What the refs point to whose full names `want` holds for. A ref that cannot be read is an error.
    pub fn tips_of(&self, want: &dyn Fn(&[u8]) -> bool) -> Result<Vec<ObjectId>, GitError> {
        let mut call = self.call();
        call.args(["for-each-ref", "--format=%(objectname) %(refname)"]);
        let done = output(call, &[])?;
        // It warns of a broken one, and passes over it.
        if !done.status.success() || !done.stderr.is_empty() {
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
            None if self.is_shallow() => Err(self.missing("where the two sides have parted")),
            None if done.status.code() == Some(1) => Ok(None),
            None => Err(self.failed("walk the history of", &done)),
        }
    }

    /// A setting of git's configuration.
    pub fn setting(&self, name: &str) -> Option<String> {
        let mut call = self.call();
        call.args(["config", "--null", "--get"]).arg(bytes_arg(name.as_bytes()));
        let said = output(call, &[]).ok().filter(|done| done.status.success())?.stdout;
        Some(String::from_utf8_lossy(said.strip_suffix(b"\0").unwrap_or(&said)).into_owned())
    }
}
