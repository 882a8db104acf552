//! Who may sign a commit: the members, as the commit before it has them.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use super::change::SignatureState;
use super::error::HistoryError;
use crate::config::TEAM_FILE;
use crate::crypto::IdentityKey;
use crate::git::{Commit, FileKind, ObjectId, Repo};
use crate::team::TeamFile;

/// How OpenSSH's signatures begin (its PROTOCOL.sshsig).
const SSH: &[u8] = b"-----BEGIN SSH SIGNATURE-----";
/// What git signs commits for (gitformat-signature(5)).
const NAMESPACE: &str = "git";

/// Judges signatures. Nothing is read before the first commit that has one.
pub(super) struct Signers<'a> {
    objects: &'a Repo,
    by_commit: HashMap<ObjectId, Rc<[IdentityKey]>>,
    by_blob: HashMap<ObjectId, Vec<IdentityKey>>,
}

impl<'a> Signers<'a> {
    /// Of the commits in `objects`.
    pub(super) fn new(objects: &'a Repo) -> Self {
        Self { objects, by_commit: HashMap::new(), by_blob: HashMap::new() }
    }

    /// Judges a commit's signature by the members of its first parent, in any of the team files there: what a commit
    /// brings itself, or merges in, does not speak for it. The very first commit is judged by its own.
    pub(super) fn judge(&mut self, commit: &Commit) -> Result<SignatureState, HistoryError> {
        let Some(signed) = &commit.signed else { return Ok(SignatureState::None) };
        if !signed.signature.starts_with(SSH) {
            return Ok(SignatureState::Unknown);
        }
        let keys = match commit.parents.first() {
            // A shallow clone ends here: who was a member before is not known.
            Some(parent)
                if self.objects.is_shallow() && self.objects.has_commit(&parent.to_string()).is_none() =>
            {
                return Ok(SignatureState::Unknown);
            }
            Some(parent) => self.members(*parent)?,
            None => self.members(commit.id)?,
        };
        if keys.is_empty() {
            return Ok(SignatureState::Unknown);
        }
        let is_by = |key: &IdentityKey| key.signed(NAMESPACE, &signed.payload, &signed.signature);
        Ok(if keys.iter().any(is_by) { SignatureState::Good } else { SignatureState::Bad })
    }

    /// The keys of all members in a commit.
    fn members(&mut self, commit: ObjectId) -> Result<Rc<[IdentityKey]>, HistoryError> {
        if let Some(keys) = self.by_commit.get(&commit) {
            return Ok(Rc::clone(keys));
        }
        let mut keys = Vec::new();
        for (path, file) in self.objects.files(Some(commit))? {
            if file.kind != FileKind::File || !is_team_file(&path) {
                continue;
            }
            if !self.by_blob.contains_key(&file.id) {
                let team = TeamFile::parse(&self.objects.blob(file.id)?).ok();
                let members = team.map(|team| team.members().values().copied().collect());
                self.by_blob.insert(file.id, members.unwrap_or_default());
            }
            keys.extend(&self.by_blob[&file.id]);
        }
        let keys: Rc<[IdentityKey]> = keys.into();
        self.by_commit.insert(commit, Rc::clone(&keys));
        Ok(keys)
    }
}

fn is_team_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == TEAM_FILE)
}
