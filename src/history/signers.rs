//! Who may sign a commit: the members of the projects whose files it changes, as the commit before it has them.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::change::SignatureState;
use super::error::HistoryError;
use crate::config::TEAM_FILE;
use crate::crypto::IdentityKey;
use crate::git::{Commit, ObjectId, Repo};
use crate::team::TeamFile;

/// How OpenSSH's signatures begin (its PROTOCOL.sshsig).
const SSH: &[u8] = b"-----BEGIN SSH SIGNATURE-----";
/// What git signs commits for (gitformat-signature(5)).
const NAMESPACE: &str = "git";

/// Verifies signatures. Nothing is read before the first commit that has one.
pub(super) struct Signers<'a> {
    objects: &'a Repo,
    by_blob: HashMap<ObjectId, Rc<[IdentityKey]>>,
}

impl<'a> Signers<'a> {
    /// Of the commits in `objects`.
    pub(super) fn new(objects: &'a Repo) -> Self {
        Self { objects, by_blob: HashMap::new() }
    }

    /// Verifies a commit's signature for the files at `paths`: it must be by a member of each file's project, as the
    /// first parent has it. What a commit brings itself, or merges in, does not vouch for it. The very first commit is
    /// held to its own members.
    pub(super) fn verify(
        &mut self,
        commit: &Commit,
        paths: &BTreeSet<PathBuf>,
    ) -> Result<SignatureState, HistoryError> {
        let Some(signed) = &commit.signed else { return Ok(SignatureState::None) };
        if !signed.signature.starts_with(SSH) {
            return Ok(SignatureState::Unknown);
        }
        let members_at = match commit.parents.first() {
            // A shallow clone ends here: who was a member before is not known.
            Some(parent)
                if self.objects.is_shallow() && self.objects.has_commit(&parent.to_string()).is_none() =>
            {
                return Ok(SignatureState::Unknown);
            }
            Some(parent) => *parent,
            None => commit.id,
        };
        let mut state = SignatureState::Good;
        for folder in paths.iter().filter_map(|path| path.parent()).collect::<BTreeSet<_>>() {
            let keys = self.members(members_at, folder)?;
            if keys.is_empty() {
                state = SignatureState::Unknown;
            } else if !keys.iter().any(|key| key.signed(NAMESPACE, &signed.payload, &signed.signature)) {
                return Ok(SignatureState::Bad);
            }
        }
        Ok(if paths.is_empty() { SignatureState::Unknown } else { state })
    }

    /// The keys of the members of the project that `folder` belongs to in a commit: those of the nearest team file
    /// upward, also where that one cannot be read.
    fn members(&mut self, commit: ObjectId, folder: &Path) -> Result<Rc<[IdentityKey]>, HistoryError> {
        for folder in folder.ancestors() {
            let Some(file) = self.objects.file(commit, &folder.join(TEAM_FILE))? else { continue };
            if !self.by_blob.contains_key(&file.id) {
                let team = TeamFile::parse(&self.objects.blob(file.id)?).ok();
                let members = team.map(|team| team.members().values().copied().collect());
                self.by_blob.insert(file.id, members.unwrap_or_default());
            }
            return Ok(Rc::clone(&self.by_blob[&file.id]));
        }
        Ok(Rc::default())
    }
}
