//! The keys file: `.env.keys`.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::locked::parse_keys;
use super::{KeystoreError, StoredKey};
use crate::config::{EnvName, KEYS_FILE, is_keys_file, is_private_key_name};
use crate::crypto::PrivateKey;
use crate::dotenv::{Document, Edit, Entry};
use crate::{fs, git};

fn refuse_tracked(path: &Path) -> Result<(), KeystoreError> {
    match path.parent().and_then(git::find_root) {
        Some(root) if git::is_tracked_fast(&root, path)? => Err(KeystoreError::Tracked(path.into())),
        _ => Ok(()),
    }
}

const HEADER: &str = "# envseal private keys. Whoever has this file can read every secret sealed to them.\n\
                      # Never commit it, never send it.\n";

/// The keys file directly in a folder, by its own name: also one that only some file systems take for a keys file, so that
/// everybody finds the same keys.
fn keys_file_in(folder: &Path) -> Option<PathBuf> {
    if fs::has_entry(folder, KEYS_FILE) {
        return Some(folder.join(KEYS_FILE));
    }
    let names = folder.read_dir().ok()?.flatten().map(|entry| entry.file_name());
    names.filter(|name| is_keys_file(Path::new(name))).min().map(|name| folder.join(name))
}

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
        dir.ancestors().take_while(|folder| folder.starts_with(&root)).find_map(keys_file_in)
    }

    /// Where the keys file for env files in `dir` is, or would be.
    pub fn place(dir: &Path) -> PathBuf {
        Self::nearest(dir).unwrap_or_else(|| dir.join(KEYS_FILE))
    }

    /// Loads a keys file that was found by its place: it must belong to this user and not be tracked by git.
    pub fn load(path: &Path) -> Result<Self, KeystoreError> {
        if !fs::owned_by_this_user(path)? {
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
        Self::taking(path, fs::read_secret(path)?)
    }

    /// What a keys file at `path` would be with this text.
    pub fn of_text(path: &Path, text: &[u8]) -> Result<Self, KeystoreError> {
        Self::taking(path, Zeroizing::new(text.to_vec()))
    }

    fn taking(path: &Path, mut text: Zeroizing<Vec<u8>>) -> Result<Self, KeystoreError> {
        let document = Document::parse(std::mem::take(&mut *text))
            .map_err(|source| KeystoreError::Parse { path: path.into(), source })?;
        Ok(Self { path: path.into(), document })
    }

    /// A keys file that does not exist yet.
    pub fn new(path: &Path) -> Self {
        let document = Document::parse(HEADER.into()).expect("a constant");
        Self { path: path.into(), document }
    }

    /// Its text.
    pub fn text(&self) -> &[u8] {
        self.document.as_bytes()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The keys of `env`, newest first, as they are kept; none if it has no line for it.
    pub fn keys(&self, env: &EnvName) -> Result<Vec<StoredKey>, KeystoreError> {
        let variable = env.private_key_name();
        let mut keys = Vec::new();
        for entry in self.document.entries().iter().filter(|e| self.document.name(e) == variable) {
            keys.extend(self.keys_in(entry)?);
        }
        Ok(keys)
    }

    /// The names that keys stand under, in the file's order, each once.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (_, entry) in self.lines() {
            let name = self.document.name(entry);
            if !names.iter().any(|there| there == name) {
                names.push(name.into());
            }
        }
        names
    }

    /// Every key in it, whatever environment it is of.
    pub fn all(&self) -> Result<Vec<StoredKey>, KeystoreError> {
        let keys = self.lines().map(|(_, entry)| self.keys_in(entry)).collect::<Result<Vec<_>, _>>()?;
        Ok(keys.into_iter().flatten().collect())
    }

    /// The keys under one name, as [`Self::keys`].
    pub(super) fn keys_named(&self, name: &str) -> Result<Vec<StoredKey>, KeystoreError> {
        let mut keys = Vec::new();
        for (_, entry) in self.lines().filter(|(_, entry)| self.document.name(entry) == name) {
            keys.extend(self.keys_in(entry)?);
        }
        Ok(keys)
    }

    /// As [`Self::all`], also under names that are no environment's; what is no key is passed over.
    pub(super) fn every(&self) -> Vec<StoredKey> {
        let values = self.document.entries().iter().map(|entry| self.document.value(entry).1);
        values.flat_map(|text| parse_keys(std::str::from_utf8(&text).ok()).unwrap_or_default()).collect()
    }

    fn keys_in(&self, entry: &Entry) -> Result<Vec<StoredKey>, KeystoreError> {
        let (_, text) = self.document.value(entry);
        parse_keys(std::str::from_utf8(&text).ok()).map_err(|source| KeystoreError::Malformed {
            variable: self.document.name(entry).into(),
            place: format!("{}:{}", self.path.display(), entry.line),
            source,
        })
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &Entry)> {
        let entries = self.document.entries().iter().enumerate();
        entries.filter(|(_, entry)| is_private_key_name(self.document.name(entry)))
    }

    /// The names under which a key is locked.
    pub(super) fn locked_names(&self) -> Result<Vec<String>, KeystoreError> {
        let mut names = Vec::new();
        for (_, entry) in self.lines() {
            if self.keys_in(entry)?.iter().any(StoredKey::is_locked) {
                names.push(self.document.name(entry).to_owned());
            }
        }
        Ok(names)
    }

    /// The file's text with each key under a name that `wants` asks for as `change` has it, where that gives another.
    /// Every other byte stays. None where nothing changes.
    pub fn with_changed(
        &self,
        wants: &dyn Fn(&str) -> bool,
        change: &mut dyn FnMut(&StoredKey) -> Result<Option<StoredKey>, KeystoreError>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, KeystoreError> {
        let mut sources = Vec::new();
        for (at, entry) in self.lines().filter(|(_, entry)| wants(self.document.name(entry))) {
            let mut source = Zeroizing::new(self.document.source(entry).to_vec());
            let mut keys = self.keys_in(entry)?;
            for key in &mut keys {
                let Some(other) = change(key)? else { continue };
                let text = replaced(&source, key.to_text().expose(), other.to_text().expose());
                *key = other;
                source = text.unwrap_or_default();
            }
            if source.is_empty() {
                // It was written with escapes, which a key has no need of.
                source = joined(&keys);
            }
            if *source != self.document.source(entry) {
                sources.push((at, source));
            }
        }
        let edits: Vec<_> =
            sources.iter().map(|(entry, source)| Edit::Source { entry: *entry, source }).collect();
        if edits.is_empty() { Ok(None) } else { self.edited(&edits).map(Some) }
    }

    /// Adds keys of `env`, in their order and each once: before the newest of those that are there and that `keys` has
    /// further behind, else behind all. Returns how many were missing.
    pub fn add(&mut self, env: &EnvName, keys: &[PrivateKey]) -> Result<usize, KeystoreError> {
        let variable = env.private_key_name();
        let mut there = self.keys_named(&variable)?;
        let before = there.len();
        for (at, key) in keys.iter().enumerate() {
            if there.iter().any(|stored| stored.public() == key.public()) {
                continue;
            }
            let is_older =
                |stored: &StoredKey| keys[at + 1..].iter().any(|key| key.public() == stored.public());
            let place = there.iter().position(is_older).unwrap_or(there.len());
            there.insert(place, StoredKey::Open(key.clone()));
        }
        if there.len() > before {
            let mut text = self.with_keys(&variable, &there)?;
            self.document = Document::parse(std::mem::take(&mut *text))
                .map_err(|source| KeystoreError::Parse { path: self.path.clone(), source })?;
        }
        Ok(there.len() - before)
    }

    /// The file's text with `keys` as all keys under that name, newest first.
    fn with_keys(&self, variable: &str, keys: &[StoredKey]) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
        let source = joined(keys);
        self.edited(&[match self.document.last(variable) {
            Some(entry) => Edit::Source { entry, source: &source },
            None => Edit::Append { name: variable, source: &source, plain: false },
        }])
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
        self.edited(&[edit])
    }

    fn edited(&self, edits: &[Edit<'_>]) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
        let edited = self
            .document
            .edited(edits)
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
            let file = Self::taking(&self.path, std::mem::take(&mut text))?;
            let has_old = file.keys(env)?.iter().any(|key| key.public() == old.public());
            text = if has_old {
                file.with_key(env, new)?
            } else {
                Self::taking(&self.path, file.with_key(env, old)?)?.with_key(env, new)?
            };
        }
        Ok(text)
    }
}

/// `text` with `new` in the first place where `old` stands, if there is one.
fn replaced(text: &[u8], old: &str, new: &str) -> Option<Zeroizing<Vec<u8>>> {
    let at = memchr::memmem::find(text, old.as_bytes())?;
    let mut whole = Zeroizing::new(Vec::with_capacity(text.len() + new.len()));
    whole.extend_from_slice(&text[..at]);
    whole.extend_from_slice(new.as_bytes());
    whole.extend_from_slice(&text[at + old.len()..]);
    Some(whole)
}

fn joined(keys: &[StoredKey]) -> Zeroizing<Vec<u8>> {
    let mut source = Zeroizing::new(Vec::with_capacity(keys.len() * 256));
    for (at, key) in keys.iter().enumerate() {
        source.extend_from_slice(if at > 0 { b"," } else { b"" });
        source.extend_from_slice(key.to_text().expose().as_bytes());
    }
    source
}
