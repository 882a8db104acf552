//! Env files as a commit holds them.

use std::path::Path;

use super::file::EnvFile;
use crate::config::EnvName;
use crate::crypto::{PrivateKey, PublicKey};
use crate::error::Error;
use crate::keys::{KeyLookupError, KeyStore};

/// What goes with a file that a commit holds.
pub(super) struct Past {
    team_file: Option<Vec<u8>>,
}

impl EnvFile {
    /// The env file that a commit holds at `path`; `text` is its bytes. Refused is what [`Self::load`] refuses, but
    /// for a file beside it: that is today's.
    ///
    /// Its values open with any private key at hand whose public half stands in it: an older one, or one that is kept
    /// under another name since the file was renamed; else with one that was granted to this user, then (`team_file` is
    /// the text of the team file in that commit) or ever.
    pub fn of_the_past(path: &Path, text: Vec<u8>, team_file: Option<Vec<u8>>) -> Result<Self, Error> {
        let mut file = Self::of_text(path, EnvName::of_file(path)?, text)?;
        file.past = Some(Past { team_file });
        Ok(file)
    }

    /// The private half of `public_key`, which stands in this file.
    pub(super) fn find_key(
        &self,
        store: &KeyStore<'_>,
        public_key: &PublicKey,
    ) -> Result<PrivateKey, KeyLookupError> {
        match store.find(self.env(), public_key, &self.dir()) {
            Err(error @ KeyLookupError::NotFound { .. }) => {
                let Some(past) = &self.past else { return Err(error) };
                let it = |keys: Vec<PrivateKey>| keys.into_iter().find(|key| key.public() == *public_key);
                if let Some(key) = store.find_anywhere(public_key, &self.dir())? {
                    return Ok(key);
                }
                let then = past.team_file.as_deref().map(|text| store.granted_in(text)).transpose()?;
                match then.and_then(it) {
                    Some(key) => Ok(key),
                    None => it(store.ever_granted(&self.dir())?).ok_or(error),
                }
            }
            found => found,
        }
    }
}
