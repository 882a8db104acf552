//! Who may sign a commit: the members, as the commit before it has them.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use super::change::SignatureState;
use super::error::HistoryError;
use crate::config::TEAM_FILE;
use crate::crypto::IdentityKey;
use crate::git::{Commit, ObjectId, Objects, Picked, Picker, Signed, Walk};
use crate::team::TeamFile;

/// How OpenSSH's signatures begin (its PROTOCOL.sshsig).
const SSH: &[u8] = b"-----BEGIN SSH SIGNATURE-----";
/// What git signs commits for (gitformat-signature(5)).
const NAMESPACE: &str = "git";

/// Judges signatures. Nothing is read before the first commit that has one.
pub(super) struct Signers<'a> {
    objects: &'a Objects,
    trees: Option<(Walk<'a>, Picker<'a>)>,
    by_state: HashMap<Picked, Rc<[IdentityKey]>>,
    by_blob: HashMap<ObjectId, Vec<IdentityKey>>,
}

impl<'a> Signers<'a> {
    /// Of the commits in `objects`.
    pub(super) fn new(objects: &'a Objects) -> Self {
        Self { objects, trees: None, by_state: HashMap::new(), by_blob: HashMap::new() }
    }

    /// Judges a commit's signature by the members of its first parent, in any of the team files there: what a commit
    /// brings itself, or merges in, does not speak for it. The very first commit is judged by its own.
    pub(super) fn judge(&mut self, commit: &Commit) -> Result<SignatureState, HistoryError> {
        let Some(signed) = &commit.signed else { return Ok(SignatureState::None) };
        if !signed.signature.starts_with(SSH) {
            return Ok(SignatureState::Unknown);
        }
        let keys = match commit.parents.first() {
            Some(parent) => self.members(*parent)?,
            // A shallow clone ends here: who was a member before is not known.
            None if has_parent(signed) => return Ok(SignatureState::Unknown),
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
        if self.trees.is_none() {
            self.trees = Some((Walk::new(self.objects)?, Picker::new(self.objects, is_team_file)?));
        }
        let (walk, picker) = self.trees.as_mut().expect("made above");
        let picked = walk.picked(picker, commit)?;
        if let Some(keys) = self.by_state.get(&picked) {
            return Ok(Rc::clone(keys));
        }
        let mut keys = Vec::new();
        for (_, file) in picker.files(picked) {
            if !self.by_blob.contains_key(&file.id) {
                let text = self.objects.blob_if_there(file.id)?;
                let team = text.and_then(|text| TeamFile::parse(&text).ok());
                let members = team.map(|team| team.members().values().copied().collect());
                self.by_blob.insert(file.id, members.unwrap_or_default());
            }
            keys.extend(&self.by_blob[&file.id]);
        }
        let keys: Rc<[IdentityKey]> = keys.into();
        self.by_state.insert(picked, Rc::clone(&keys));
        Ok(keys)
    }
}

fn is_team_file(name: &[u8]) -> bool {
    name == Path::new(TEAM_FILE).as_os_str().as_encoded_bytes()
}

/// Whether the commit itself names a parent, though this clone may not have it.
fn has_parent(signed: &Signed) -> bool {
    let header = signed.payload.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    header.into_iter().any(|line| line.starts_with(b"parent "))
}
