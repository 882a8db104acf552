//! Changes of variables, and who made them: the author of a commit, and whether a member signed it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::version::EnvHistory;
use super::walk::nearest_team_file;
use crate::crypto::IdentityKey;
use crate::error::Error;
use crate::git::{Commit, ObjectId};
use crate::team::TeamFile;
use crate::time::Moment;

/// How OpenSSH's signatures begin (its PROTOCOL.sshsig).
const SSH: &[u8] = b"-----BEGIN SSH SIGNATURE-----";
/// The namespace in which git signs commits (gitformat-signature(5)).
const NAMESPACE: &str = "git";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ChangeKind {
    Added,
    Removed,
    /// Another value, or perhaps so: without the keys, tokens can't be compared. Also if plain text was encrypted,
    /// because the value may have been changed too.
    Changed,
    /// Sealed before, and now plain text.
    Plain,
    /// Another token for the same value.
    ReSealed,
}

impl ChangeKind {
    /// Returns the kind as it is printed.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Plain => "plain",
            Self::ReSealed => "re-sealed",
        }
    }
}

/// Returns one kind for a merge, given the kind of change from each parent. If they differ, it is the mildest that is
/// true, except that plain text outweighs all.
pub(super) fn merged_kind(kinds: &[ChangeKind]) -> Option<ChangeKind> {
    let (first, rest) = kinds.split_first()?;
    if rest.iter().all(|kind| kind == first) {
        return Some(*first);
    }
    let special = [ChangeKind::Plain, ChangeKind::ReSealed];
    special.into_iter().find(|kind| kinds.contains(kind)).or(Some(ChangeKind::Changed))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SignatureState {
    /// By someone who, in the parent commit, is a member of the project of every changed file.
    Good,
    /// Not a signature of this commit, or its SSH key is not that of a member of each such project.
    Bad,
    /// There is nothing to verify it with: it is not by an SSH key, or a project had no members yet.
    Unknown,
    None,
}

impl SignatureState {
    /// Returns the state as it is printed.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
            Self::None => "none",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VariableChange {
    pub name: String,
    pub kind: ChangeKind,
}

/// The changed variables of one env file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileChanges {
    /// The file, relative to the root; if it is gone, where it was.
    pub path: PathBuf,
    /// The path before a rename.
    pub from: Option<PathBuf>,
    /// In the file's order; those that are gone last.
    pub changes: Vec<VariableChange>,
}

impl FileChanges {
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(&*self.path).chain(self.from.as_deref())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Author {
    pub name: String,
    pub email: String,
    pub time: Moment,
    /// Forty zeros for what is not committed yet.
    pub commit: ObjectId,
    pub subject: String,
    pub signature: SignatureState,
}

impl Author {
    /// Returns the author that git shows for what is only in the worktree.
    pub(crate) fn not_yet() -> Self {
        Self {
            name: "not committed yet".into(),
            email: String::new(),
            time: Moment::now(),
            commit: ObjectId::none(),
            subject: String::new(),
            signature: SignatureState::None,
        }
    }
}

impl EnvHistory<'_> {
    /// Returns the author of a commit; the signature is verified for the projects of the files at `paths`.
    pub(super) fn author(&mut self, id: ObjectId, paths: &BTreeSet<PathBuf>) -> Result<Author, Error> {
        let commit = self.repo.read_commit(id)?;
        let signature = self.verify(&commit, paths)?;
        let Commit { author, email, time, offset, subject, .. } = commit;
        let time = Moment { seconds: time, offset };
        Ok(Author { name: author, email, time, commit: id, subject, signature })
    }

    /// Verifies a commit's signature for the files at `paths`: it must be by a member of each file's project, as the
    /// first parent has it. Members that a commit itself adds or merges in do not vouch for it. The very first commit
    /// is verified with its own members.
    fn verify(&mut self, commit: &Commit, paths: &BTreeSet<PathBuf>) -> Result<SignatureState, Error> {
        let Some(signed) = &commit.signed else { return Ok(SignatureState::None) };
        if !signed.signature.starts_with(SSH) {
            return Ok(SignatureState::Unknown);
        }
        let members_at = match commit.parents.first() {
            // A shallow clone ends here: the members before are not known.
            Some(parent) if self.repo.is_shallow() && !self.repo.has_commit(*parent) => {
                return Ok(SignatureState::Unknown);
            }
            Some(parent) => *parent,
            None => commit.id,
        };
        let mut state = SignatureState::Good;
        for folder in paths.iter().filter_map(|path| path.parent()).collect::<BTreeSet<_>>() {
            let keys = self.members_in(members_at, folder)?;
            if keys.is_empty() {
                state = SignatureState::Unknown;
            } else if !keys.iter().any(|key| key.signed(NAMESPACE, &signed.payload, &signed.signature)) {
                return Ok(SignatureState::Bad);
            }
        }
        Ok(if paths.is_empty() { SignatureState::Unknown } else { state })
    }

    /// Returns the keys of the members of the project that `folder` belongs to in a commit: those of the nearest team
    /// file upward, even if it can't be read.
    fn members_in(&mut self, commit: ObjectId, folder: &Path) -> Result<Rc<[IdentityKey]>, Error> {
        let Some(id) = nearest_team_file(self.repo, commit, folder)? else { return Ok(Rc::default()) };
        if !self.members.contains_key(&id) {
            let team = TeamFile::parse(&self.repo.blob(id)?).ok();
            let members = team.map(|team| team.members().values().copied().collect());
            self.members.insert(id, members.unwrap_or_default());
        }
        Ok(Rc::clone(&self.members[&id]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_kind_for_a_merge() {
        use ChangeKind::{Added, Changed, Plain, ReSealed};
        for (kinds, kind) in [
            (&[][..], None),
            (&[Added, Added], Some(Added)),
            (&[Added, Changed], Some(Changed)),
            (&[Changed, ReSealed], Some(ReSealed)),
            (&[ReSealed, Plain], Some(Plain)),
        ] {
            assert_eq!(merged_kind(kinds), kind);
        }
    }
}
