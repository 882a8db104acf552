//! The available keys, and the text of a backup of them (`docs/format.md`, "Backup file").

use std::fmt::Write;
use std::path::Path;
use std::rc::Rc;

use super::{KeyLookupError, KeyPlace, KeyStore, KeysFile, StoredKey, granted};
use crate::config::EnvName;
use crate::crypto::{LockedKey, Locker, PrivateKey, PublicKey};
use crate::error::{Error, ErrorKind};

/// An available key, and where it is.
#[derive(Clone, Debug)]
pub struct FoundKey {
    pub env: EnvName,
    pub key: StoredKey,
    pub place: KeyPlace,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BackupLine {
    pub env: EnvName,
    pub key: LockedKey,
}

impl KeyStore<'_> {
    /// Returns every key for env files in the folder `near`: those of `files`, those in the environment, and those
    /// granted, now or ever. Each is listed once for its environment, newer ones first as far as that is known. `envs`
    /// are the existing environments and their public keys, because a variable's name does not always determine its
    /// environment, and a bare key has none.
    pub fn at_hand(
        &self,
        near: &Path,
        files: &[Rc<KeysFile>],
        envs: &[(EnvName, Option<PublicKey>)],
    ) -> Result<Vec<FoundKey>, KeyLookupError> {
        let envs_of = |variable: Option<&str>, keys: &[StoredKey]| -> Vec<EnvName> {
            let is_known = |(env, public): &&(EnvName, Option<PublicKey>)| match variable {
                Some(variable) => env.private_key_name() == variable,
                None => keys.iter().any(|key| Some(key.public()) == *public),
            };
            let known: Vec<_> = envs.iter().filter(is_known).map(|(env, _)| env.clone()).collect();
            match variable {
                _ if !known.is_empty() => known,
                Some(variable) => EnvName::of_private_key_name(variable).into_iter().collect(),
                None => vec![EnvName::of_dotenv()],
            }
        };
        let mut lists = Vec::new();
        for file in files {
            for (name, keys) in file.lists() {
                let keys = keys?;
                lists.push((envs_of(name, keys), keys.to_vec(), KeyPlace::KeysFile(file.path().into())));
            }
        }
        for name in self.process.private_key_names() {
            let keys = self.injected(name, None)?;
            lists.push((envs_of(Some(name), &keys), keys, KeyPlace::Process));
        }
        if let Some(path) = granted::team_file(near) {
            for (env, key) in self.ever_granted_of(near)? {
                lists.push((vec![env], vec![StoredKey::Open(key)], KeyPlace::Grant(path.clone())));
            }
        }
        let mut found: Vec<FoundKey> = Vec::new();
        for (envs, keys, place) in lists {
            for (env, key) in envs.iter().flat_map(|env| keys.iter().map(move |key| (env, key))) {
                if !found.iter().any(|there| there.env == *env && there.key.public() == key.public()) {
                    found.push(FoundKey { env: env.clone(), key: key.clone(), place: place.clone() });
                }
            }
        }
        Ok(found)
    }
}

/// Returns the text of the backup at `path`; `made` is the time it was made.
pub(crate) fn backup_text(
    path: &Path,
    keys: &[(EnvName, PrivateKey)],
    locker: &Locker,
    made: &str,
) -> Result<String, Error> {
    let mut text = format!(
        "# envseal backup: private keys, locked with a passphrase. Made {made}.\n\
         # Nobody can unlock them without the passphrase, you included. Keep the two apart, and both out of the repository.\n\
         # A line is ENVIRONMENT, its public key, the locked private key; for each environment the newest first.\n\
         # To restore the keys: envseal key recover FILE\n"
    );
    for (env, key) in keys {
        if env.as_str().starts_with('#') {
            let reason =
                format!("the environment {env} cannot be backed up: its name begins as a comment does");
            return Err(unusable(path, reason));
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{env} {} {}", key.public(), locker.lock(key));
    }
    Ok(text)
}

/// Reads the backup at `path`. No key is unlocked.
pub(crate) fn parse_backup(path: &Path, text: &[u8]) -> Result<Vec<BackupLine>, Error> {
    let text = std::str::from_utf8(text).map_err(|_| unusable(path, "it is not UTF-8"))?;
    let mut lines = Vec::new();
    for (at, text) in text.lines().enumerate() {
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let line = parse_line(text).map_err(|reason| unusable(path, format!("line {}: {reason}", at + 1)))?;
        lines.push(line);
    }
    if lines.is_empty() { Err(unusable(path, "it holds no key")) } else { Ok(lines) }
}

fn parse_line(text: &str) -> Result<BackupLine, String> {
    // An environment's name may hold spaces.
    let mut parts = text.rsplitn(3, ' ');
    let (Some(locked), Some(public), Some(env)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("neither a comment nor ENVIRONMENT, public key and locked key".into());
    };
    let env = EnvName::new(env).map_err(|error| error.to_string())?;
    let public = PublicKey::parse(public).map_err(|error| error.to_string())?;
    let key: LockedKey = locked.parse().map_err(|error: crate::crypto::LockError| error.to_string())?;
    if key.public() == public {
        Ok(BackupLine { env, key })
    } else {
        Err("the locked key is for another public key than the one beside it".into())
    }
}

fn unusable(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Malformed, format!("{}: {reason}", path.display()))
}
