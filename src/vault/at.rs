//! Env files as a commit holds them.

use std::path::Path;

use super::error::VaultError;
use super::file::EnvFile;
use crate::config::EnvName;
use crate::crypto::{PrivateKey, PublicKey};
use crate::keystore::{KeyStore, KeystoreError};

impl EnvFile {
    /// The env file that a commit holds at `path`; `text` is its bytes. Refused is what [`Self::load`] refuses, but
    /// for a file beside it: that is today's.
    ///
    /// Its values open with any private key at hand whose public half stands in it: an older one, or one that is kept
    /// under another name since the file was renamed.
    pub fn of_the_past(path: &Path, text: Vec<u8>) -> Result<Self, VaultError> {
        let mut file = Self::of_text(path, EnvName::of_file(path)?, text)?;
        file.past = true;
        Ok(file)
    }

    /// The private half of `public_key`, which stands in this file.
    pub(super) fn find_key(
        &self,
        store: &KeyStore<'_>,
        public_key: &PublicKey,
    ) -> Result<PrivateKey, KeystoreError> {
        match store.find(self.env(), public_key, &self.dir()) {
            Err(error @ KeystoreError::NotFound { .. }) if self.past => {
                store.find_anywhere(public_key, &self.dir())?.ok_or(error)
            }
            found => found,
        }
    }
}
