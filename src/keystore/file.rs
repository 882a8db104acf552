//! The keys file: `.env.keys`.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{KeystoreError, parse_keys};
use crate::config::{EnvName, KEYS_FILE};
use crate::crypto::PrivateKey;
use crate::dotenv::{Document, Edit};
use crate::{fsio, git};

fn refuse_tracked(path: &Path) -> Result<(), KeystoreError> {
    match path.parent().and_then(git::find_root) {
        Some(root) if git::is_tracked_fast(&root, path)? => Err(KeystoreError::Tracked(path.into())),
        _ => Ok(()),
    }
}

const HEADER: &str = "# envseal private keys. Whoever has this file can read every secret sealed to them.\n\
                      # Never commit it, never send it.\n";

/// A keys file, loaded.
pub struct KeysFile {
    path: PathBuf,
    document: Document,
}

impl KeysFile {
    /// The keys file that belongs to the env files in `dir`: beside them, else in the nearest folder upward,
    /// the git root being the last. Outside git, only beside them.
    pub fn nearest(dir: &Path) -> Option<PathBuf> {
        let root = git::find_root(dir).unwrap_or_else(|| dir.into());
        dir.ancestors()
            .take_while(|folder| folder.starts_with(&root))
            .map(|folder| folder.join(KEYS_FILE))
            .find(|path| path.symlink_metadata().is_ok())
    }

    /// Where the keys file for env files in `dir` is, or would be.
    pub fn place(dir: &Path) -> PathBuf {
        Self::nearest(dir).unwrap_or_else(|| dir.join(KEYS_FILE))
    }

    /// Loads a keys file that was found by its place: it must belong to this user and not be tracked by git.
    pub fn load(path: &Path) -> Result<Self, KeystoreError> {
        if !fsio::owned_by_this_user(path)? {
            return Err(KeystoreError::NotOwned(path.into()));
        }
        refuse_tracked(path)?;
        if path.is_symlink() {
            // Git tracks a link and what it leads to each on its own.
            refuse_tracked(&path.canonicalize().unwrap_or_else(|_| path.into()))?;
        }
        Self::load_as_given(path)
    }

    /// Loads a keys file that the user named: taken as it is.
    pub fn load_as_given(path: &Path) -> Result<Self, KeystoreError> {
        let mut text = fsio::read_secret(path)?;
        let document = Document::parse(std::mem::take(&mut *text))
            .map_err(|source| KeystoreError::Parse { path: path.into(), source })?;
        Ok(Self { path: path.into(), document })
    }

    /// A keys file that does not exist yet.
    pub fn new(path: &Path) -> Self {
        let document = Document::parse(HEADER.into()).expect("a constant");
        Self { path: path.into(), document }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its text, which is all secret.
    pub fn text(&self) -> &[u8] {
        self.document.as_bytes()
    }

    /// The private keys of `env`, newest first; none if it has no line for it.
    pub fn keys(&self, env: &EnvName) -> Result<Vec<PrivateKey>, KeystoreError> {
        let variable = env.private_key_name();
        let mut keys = Vec::new();
        for entry in self.document.entries().iter().filter(|e| self.document.name(e) == variable) {
            let (_, text) = self.document.value(entry);
            keys.extend(parse_keys(std::str::from_utf8(&text).ok()).map_err(|source| {
                let place = format!("{}:{}", self.path.display(), entry.line);
                KeystoreError::Malformed { variable: variable.clone(), place, source }
            })?);
        }
        Ok(keys)
    }

    /// Every private key in it, of whatever environment.
    pub(super) fn every(&self) -> Vec<PrivateKey> {
        let values = self.document.entries().iter().map(|entry| self.document.value(entry).1);
        values.flat_map(|text| parse_keys(std::str::from_utf8(&text).ok()).unwrap_or_default()).collect()
    }

    /// The file's text with `key` as the newest key of `env`.
    pub fn with_key(&self, env: &EnvName, key: &PrivateKey) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
        let variable = env.private_key_name();
        let text = key.to_text();
        let source;
        let edit = if let Some(entry) = self.document.last(&variable) {
            let (_, older) = self.document.value(&self.document.entries()[entry]);
            source = Zeroizing::new([text.expose().as_bytes(), b",", &older].concat());
            Edit::Source { entry, source: &source }
        } else {
            Edit::Append { name: &variable, source: text.expose().as_bytes(), plain: false }
        };
        let edited = self
            .document
            .edited(&[edit])
            .map_err(|source| KeystoreError::Edit { path: self.path.clone(), source })?;
        Ok(Zeroizing::new(edited.as_bytes().to_vec()))
    }

    /// The file's text with the new key of each of `rotated` (environment, old key, new key) in front of what the
    /// environment has; the old one is among that then.
    pub fn with_rotated(
        &self,
        rotated: &[(&EnvName, &PrivateKey, &PrivateKey)],
    ) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
        let mut text = Zeroizing::new(self.document.as_bytes().to_vec());
        for (env, old, new) in rotated {
            let reread = Document::parse(std::mem::take(&mut *text));
            let document =
                reread.map_err(|source| KeystoreError::Parse { path: self.path.clone(), source })?;
            let file = Self { path: self.path.clone(), document };
            let has_old = file.keys(env)?.iter().any(|key| key.public() == old.public());
            text = if has_old { file.with_key(env, new)? } else { file.with_key(env, old)? };
            if !has_old {
                let document = Document::parse(std::mem::take(&mut *text))
                    .map_err(|source| KeystoreError::Parse { path: self.path.clone(), source })?;
                text = Self { path: self.path.clone(), document }.with_key(env, new)?;
            }
        }
        Ok(text)
    }
}
