//! Every key at hand, and the text of a backup of them (`docs/format.md`, "Backup file").

use std::fmt::Write;
use std::path::Path;

use super::{KeyStore, KeysFile, KeystoreError, Place, StoredKey, granted};
use crate::config::{EnvName, NameError};
use crate::crypto::{KeyError, LockError, LockedKey, Locker, PrivateKey, PublicKey};

/// A key that is at hand.
#[derive(Clone, Debug)]
pub struct AtHand {
    /// The environment it is of.
    pub env: EnvName,
    /// The key, as it is kept.
    pub key: StoredKey,
    /// Where.
    pub place: Place,
}

/// A key as a backup has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BackupLine {
    /// The environment it is of.
    pub env: EnvName,
    /// The key.
    pub key: LockedKey,
}

/// A key that is to be backed up.
#[derive(Clone, Debug)]
pub(crate) struct Backed {
    /// The environment it is of.
    pub env: EnvName,
    /// The key.
    pub key: PrivateKey,
}

/// Why a backup cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// It is no text.
    #[error("it is not UTF-8")]
    Text,
    /// It has no line with a key.
    #[error("it holds no key")]
    Empty,
    /// A line is neither a comment nor a key.
    #[error("line {line}: neither a comment nor ENVIRONMENT, public key and locked key")]
    Form {
        /// The line, from 1.
        line: usize,
    },
    /// A line names no environment.
    #[error("line {line}: {source}")]
    Env {
        /// The line, from 1.
        line: usize,
        /// Why.
        source: NameError,
    },
    /// A line's public key is refused.
    #[error("line {line}: {source}")]
    Public {
        /// The line, from 1.
        line: usize,
        /// Why.
        source: KeyError,
    },
    /// A line's locked key is refused.
    #[error("line {line}: {source}")]
    Locked {
        /// The line, from 1.
        line: usize,
        /// Why.
        source: LockError,
    },
    /// A line's locked key is of another public key than the one beside it.
    #[error("line {line}: the locked key is of another public key than the one beside it")]
    Other {
        /// The line, from 1.
        line: usize,
    },
    /// The name of an environment would be read as a comment.
    #[error("the environment {0} cannot be backed up: its name begins as a comment does")]
    Comment(EnvName),
}

impl KeyStore<'_> {
    /// Every key at hand for env files in the folder `near`: those of `file`, those injected, and those granted, now or
    /// ever; of each environment each once, older ones behind newer as far as that is known. `envs` are the
    /// environments there are: from a variable's name alone not all of a name can be told.
    pub fn at_hand(
        &self,
        near: &Path,
        file: Option<&KeysFile>,
        envs: &[EnvName],
    ) -> Result<Vec<AtHand>, KeystoreError> {
        let mut found: Vec<AtHand> = Vec::new();
        let mut take = |env: EnvName, key: StoredKey, place: &Place| {
            if !found.iter().any(|there| there.env == env && there.key.public() == key.public()) {
                found.push(AtHand { env, key, place: place.clone() });
            }
        };
        let of = |name: &str| -> Vec<EnvName> {
            let known: Vec<_> = envs.iter().filter(|env| env.private_key_name() == name).cloned().collect();
            if known.is_empty() { EnvName::of_private_key_name(name).into_iter().collect() } else { known }
        };
        let mut lists = Vec::new();
        if let Some(file) = file {
            for name in file.names() {
                lists.push((file.keys_named(&name)?, name, Place::KeysFile(file.path().into())));
            }
        }
        for name in self.process.private_key_names() {
            lists.push((self.injected_as(name)?, name.into(), Place::Process));
        }
        for (keys, name, place) in lists {
            for env in of(&name) {
                for key in &keys {
                    take(env.clone(), key.clone(), &place);
                }
            }
        }
        if let Some(path) = granted::team_file(near) {
            for (env, key) in self.ever_granted_of(near)? {
                take(env, StoredKey::Open(key), &Place::Grant(path.clone()));
            }
        }
        Ok(found)
    }
}

/// The text of a backup; `made` says when it was made.
///
/// Errors: [`BackupError::Comment`].
pub(crate) fn backup_text(keys: &[Backed], locker: &Locker, made: &str) -> Result<String, BackupError> {
    let mut text = format!(
        "# envseal backup: private keys, locked with a passphrase. Made {made}.\n\
         # Without the passphrase nobody opens them, you included. Keep the two apart, and both out of the repository.\n\
         # A line is ENVIRONMENT, its public key, the private key locked; of an environment the newest first.\n\
         # To have the keys again: envseal key recover FILE\n"
    );
    for Backed { env, key } in keys {
        if env.as_str().starts_with('#') {
            return Err(BackupError::Comment(env.clone()));
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{env} {} {}", key.public(), locker.lock(key));
    }
    Ok(text)
}

/// Reads a backup. Nothing is opened.
///
/// Errors: all but [`BackupError::Comment`].
pub(crate) fn parse_backup(text: &[u8]) -> Result<Vec<BackupLine>, BackupError> {
    let text = std::str::from_utf8(text).map_err(|_| BackupError::Text)?;
    let mut lines = Vec::new();
    for (at, text) in text.lines().enumerate() {
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let line = at + 1;
        // An environment's name may hold spaces.
        let mut parts = text.rsplitn(3, ' ');
        let (Some(locked), Some(public), Some(env)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(BackupError::Form { line });
        };
        let env = EnvName::new(env).map_err(|source| BackupError::Env { line, source })?;
        let public = PublicKey::parse(public).map_err(|source| BackupError::Public { line, source })?;
        let key: LockedKey = locked.parse().map_err(|source| BackupError::Locked { line, source })?;
        if key.public() != public {
            return Err(BackupError::Other { line });
        }
        lines.push(BackupLine { env, key });
    }
    if lines.is_empty() { Err(BackupError::Empty) } else { Ok(lines) }
}
