//! The keys file: `.env.keys`.

use std::ops::Range;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::locked::parse_keys;
use super::{KeyLookupError, StoredKey, malformed, missing_file, not_a_private_key, project_root};
use crate::config::{EnvName, KEYS_FILE, is_keys_file, is_private_key_name};
use crate::crypto::{PrivateKey, PublicKey};
use crate::dotenv::{Document, Edit};
use crate::error::Error;
use crate::fs::FsError;
use crate::{fs, git};

const HEADER: &str = "# envseal private keys. With this file anyone can decrypt every value encrypted with them.\n\
                      # Never commit it, never send it.\n";

/// Returns the keys file in a folder, even if only some file systems take it for one: everyone must find the same keys.
fn keys_file_in(folder: &Path) -> Option<PathBuf> {
    if fs::has_entry(folder, KEYS_FILE) {
        return Some(folder.join(KEYS_FILE));
    }
    let names = folder.read_dir().ok()?.flatten().map(|entry| entry.file_name());
    names.filter(|name| is_keys_file(Path::new(name))).min().map(|name| folder.join(name))
}

#[derive(Clone)]
pub struct KeysFile {
    path: PathBuf,
    document: Document,
    /// Those of its entries, then those of its bare lines.
    lists: Vec<KeyList>,
}

/// The keys in one line of a keys file, parsed once; or why these aren't keys.
#[derive(Clone)]
struct KeyList {
    /// None for a bare key.
    name: Option<String>,
    /// The index of the entry, or of the stray line.
    at: usize,
    line: usize,
    keys: Result<Vec<StoredKey>, String>,
}

impl KeysFile {
    /// Returns the keys file that belongs to the env files in `dir`: beside them, else in the nearest folder upward, up
    /// to the git root. Outside git, only beside them.
    pub fn nearest(dir: &Path) -> Option<PathBuf> {
        let root = git::find_root(dir).unwrap_or_else(|| dir.into());
        dir.ancestors().take_while(|folder| folder.starts_with(&root)).find_map(keys_file_in)
    }

    /// Returns the path of the keys file for env files in `dir` in this worktree: the nearest, else one to be created
    /// at the project's root, where all of the project's env files find it.
    pub fn place(dir: &Path) -> PathBuf {
        Self::nearest(dir).unwrap_or_else(|| project_root(dir).join(KEYS_FILE))
    }

    /// Returns the path of the keys file for new keys of env files in `dir`: in the main worktree if there is one,
    /// because `git worktree remove` deletes ignored files.
    pub(super) fn lasting_place(dir: &Path) -> PathBuf {
        Self::place(git::in_main_worktree(dir).as_deref().unwrap_or(dir))
    }

    /// Returns the keys files that are searched for env files in `dir`: the nearest, then that of the main worktree.
    pub fn places(dir: &Path) -> impl Iterator<Item = PathBuf> {
        let main = std::iter::once_with(|| git::in_main_worktree(dir));
        Self::nearest(dir).into_iter().chain(main.flatten().filter_map(|dir| Self::nearest(&dir)))
    }

    /// Loads a keys file, also one that the user named: it must belong to this user or root, and not be tracked by git.
    pub fn load(path: &Path) -> Result<Self, KeyLookupError> {
        // Fails for a symlink to a file that does not exist yet.
        if !fs::owned_by_this_user_or_root(path).map_err(missing_or_unreadable)? {
            return Err(KeyLookupError::not_owned(path));
        }
        refuse_tracked(path)?;
        if path.is_symlink() {
            // Git tracks a symlink and its target separately.
            refuse_tracked(&path.canonicalize().unwrap_or_else(|_| path.into()))?;
        }
        Self::load_refused(path)
    }

    /// Loads a keys file that [`Self::load`] refuses, to list what is in it.
    pub fn load_refused(path: &Path) -> Result<Self, KeyLookupError> {
        let text = fs::read_secret(path).map_err(missing_or_unreadable)?;
        Ok(Self::parse(path, text)?)
    }

    pub fn of_text(path: &Path, text: &[u8]) -> Result<Self, Error> {
        Self::parse(path, Zeroizing::new(text.to_vec()))
    }

    fn parse(path: &Path, mut text: Zeroizing<Vec<u8>>) -> Result<Self, Error> {
        let document = Document::parse(std::mem::take(&mut *text)).map_err(|error| at_path(path, &error))?;
        Ok(Self::of(path, document))
    }

    fn of(path: &Path, document: Document) -> Self {
        let entries = document.entries().iter().enumerate().map(|(at, entry)| {
            let keys = parse_keys(std::str::from_utf8(&document.value(entry).1).ok());
            KeyList { name: Some(document.name(entry).into()), at, line: entry.line, keys }
        });
        let strays = document.strays().iter().enumerate().filter_map(|(at, stray)| {
            let text = std::str::from_utf8(document.stray_text(stray)).unwrap_or_default().trim();
            let keys = StoredKey::looks_like_one(text).then(|| parse_keys(Some(text)))?;
            Some(KeyList { name: None, at, line: stray.line, keys })
        });
        let lists = entries.chain(strays).collect();
        Self { path: path.into(), document, lists }
    }

    /// Returns a keys file that does not exist yet.
    pub fn new(path: &Path) -> Self {
        Self::of(path, Document::parse(HEADER.into()).expect("a constant"))
    }

    pub fn text(&self) -> &[u8] {
        self.document.as_bytes()
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the keys of `env`, newest first; none if the file has no line for it. A bare key, printed by
    /// `key show --private`, may be of any environment.
    pub fn keys(&self, env: &EnvName) -> Result<Vec<&StoredKey>, Error> {
        let mut keys = self.keys_named(env)?;
        for list in self.lists.iter().filter(|list| list.name.is_none()) {
            keys.extend(self.keys_in(list, None)?);
        }
        Ok(keys)
    }

    /// Returns the public keys of all keys in this text of a keys file.
    pub fn public_keys_in(path: &Path, text: &[u8]) -> Result<Vec<PublicKey>, Error> {
        Ok(Self::of_text(path, text)?.all()?.into_iter().map(StoredKey::public).collect())
    }

    pub fn all(&self) -> Result<Vec<&StoredKey>, Error> {
        let mut all = Vec::new();
        for (_, keys) in self.lists() {
            all.extend(keys?);
        }
        Ok(all)
    }

    /// Returns the keys under the name of `env`, newest first.
    pub fn keys_named(&self, env: &EnvName) -> Result<Vec<&StoredKey>, Error> {
        let (name, mut keys) = (env.private_key_name(), Vec::new());
        for list in self.lists.iter().filter(|list| list.name.as_ref() == Some(&name)) {
            keys.extend(self.keys_in(list, Some(env))?);
        }
        Ok(keys)
    }

    /// Returns each list of keys in the file, and its name; None for bare keys.
    pub(super) fn lists(&self) -> impl Iterator<Item = (Option<&str>, Result<&[StoredKey], Error>)> {
        self.key_lists().map(|list| (list.name.as_deref(), self.keys_in(list, None)))
    }

    /// Returns all keys, including those under other names; skips what is not a key.
    pub(super) fn every(&self) -> impl Iterator<Item = &StoredKey> {
        self.lists.iter().filter_map(|list| list.keys.as_ref().ok()).flatten()
    }

    /// Returns the name under which the file has the private key of `public`.
    pub(super) fn name_of(&self, public: &PublicKey) -> Option<&str> {
        let has_key = |list: &&KeyList| list.keys.iter().flatten().any(|key| key.public() == *public);
        self.lists.iter().find(has_key)?.name.as_deref()
    }

    /// Returns the lists that can only be meant as keys.
    fn key_lists(&self) -> impl Iterator<Item = &KeyList> {
        self.lists.iter().filter(|list| list.name.as_deref().is_none_or(is_private_key_name))
    }

    fn keys_in<'s>(&self, list: &'s KeyList, env: Option<&EnvName>) -> Result<&'s [StoredKey], Error> {
        list.keys.as_deref().map_err(|reason| {
            let place = format!("{}:{}", self.path.display(), list.line);
            match &list.name {
                Some(name) => not_a_private_key(name, env, &place, reason),
                None => malformed(format!("{place} is not a private key: {reason}")),
            }
        })
    }

    /// Returns the text with each key under a name that `wants` selects, or a bare one (None), replaced by what `change`
    /// returns for it; every other byte stays. Returns None if nothing changes.
    pub(super) fn with_changed(
        &self,
        wants: &dyn Fn(Option<&str>) -> bool,
        change: &mut dyn FnMut(&StoredKey) -> Result<Option<StoredKey>, KeyLookupError>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, KeyLookupError> {
        let mut changed = |source: &[u8], list: &KeyList| -> Result<_, KeyLookupError> {
            let mut source = Zeroizing::new(source.to_vec());
            let mut keys = self.keys_in(list, None)?.to_vec();
            for key in &mut keys {
                let Some(other) = change(key)? else { continue };
                let text = replaced(&source, key.to_text().expose(), other.to_text().expose());
                *key = other;
                source = text.unwrap_or_default();
            }
            // A key that was written with escapes does not need them.
            Ok(if source.is_empty() { joined(&keys) } else { source })
        };
        let wanted = self.key_lists().filter(|list| wants(list.name.as_deref()));
        let (named, bare): (Vec<_>, Vec<_>) = wanted.partition(|list| list.name.is_some());
        let mut sources = Vec::new();
        for list in named {
            let source = self.document.source(&self.document.entries()[list.at]);
            sources.push((list.at, changed(source, list)?));
        }
        sources.retain(|(at, source)| **source != *self.document.source(&self.document.entries()[*at]));
        let edits: Vec<_> =
            sources.iter().map(|(entry, source)| Edit::Source { entry: *entry, source }).collect();
        let edited = self.edited(&edits)?;
        let mut text = bytes(&edited);
        for list in bare.into_iter().rev() {
            let source = changed(self.document.stray_text(&self.document.strays()[list.at]), list)?;
            text = spliced(&text, edited.strays()[list.at].range.clone(), &source);
        }
        Ok((*text != self.text()).then_some(text))
    }

    /// Adds those of `keys` that the file lacks for `env`, in their order: each in front of the first key in the file
    /// that comes later in `keys`, or else at the end. Returns how many were missing.
    pub fn add(&mut self, env: &EnvName, keys: &[PrivateKey]) -> Result<usize, Error> {
        let variable = env.private_key_name();
        let mut there: Vec<_> = self.keys_named(env)?.into_iter().cloned().collect();
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
            self.set_source(&variable, &joined(&there))?;
        }
        Ok(there.len() - before)
    }

    /// Adds the newest key of `env`.
    pub fn add_newest(&mut self, env: &EnvName, key: &PrivateKey) -> Result<(), Error> {
        let variable = env.private_key_name();
        let mut source = Zeroizing::new(key.to_text().expose().as_bytes().to_vec());
        if let Some(entry) = self.document.last(&variable) {
            let (_, older) = self.document.value(&self.document.entries()[entry]);
            source = Zeroizing::new([&source[..], b",", &older].concat());
        }
        self.set_source(&variable, &source)
    }

    fn set_source(&mut self, variable: &str, source: &[u8]) -> Result<(), Error> {
        let edit = match self.document.last(variable) {
            Some(entry) => Edit::Source { entry, source },
            None => Edit::Append { name: variable, source, plain: false },
        };
        *self = Self::of(&self.path, self.edited(&[edit])?);
        Ok(())
    }

    fn edited(&self, edits: &[Edit<'_>]) -> Result<Document, Error> {
        self.document.edited(edits).map_err(|error| at_path(&self.path, &error))
    }

    /// Returns the text with the new key of each of `rotated` (environment, old key, new key) in front of the
    /// environment's other keys, and with the old one among these.
    pub fn with_rotated(
        &self,
        rotated: &[(&EnvName, &PrivateKey, &PrivateKey)],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut file = self.clone();
        for (env, old, new) in rotated {
            if !file.keys(env)?.iter().any(|key| key.public() == old.public()) {
                file.add_newest(env, old)?;
            }
            file.add_newest(env, new)?;
        }
        Ok(bytes(&file.document))
    }
}

fn refuse_tracked(path: &Path) -> Result<(), KeyLookupError> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.into());
    match absolute.parent().and_then(git::find_root) {
        Some(root) if git::is_tracked_fast(&root, path)? => Err(KeyLookupError::tracked(path)),
        _ => Ok(()),
    }
}

fn bytes(document: &Document) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(document.as_bytes().to_vec())
}

fn at_path(path: &Path, error: &dyn std::fmt::Display) -> Error {
    malformed(format!("{}: {error}", path.display()))
}

/// Replaces the first `old`. Returns None if there is none.
fn replaced(text: &[u8], old: &str, new: &str) -> Option<Zeroizing<Vec<u8>>> {
    let at = memchr::memmem::find(text, old.as_bytes())?;
    Some(spliced(text, at..at + old.len(), new.as_bytes()))
}

fn spliced(text: &[u8], range: Range<usize>, new: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut whole = Zeroizing::new(Vec::with_capacity(text.len() + new.len()));
    whole.extend_from_slice(&text[..range.start]);
    whole.extend_from_slice(new);
    whole.extend_from_slice(&text[range.end..]);
    whole
}

fn joined(keys: &[StoredKey]) -> Zeroizing<Vec<u8>> {
    let mut source = Zeroizing::new(Vec::with_capacity(keys.len() * 256));
    for (at, key) in keys.iter().enumerate() {
        source.extend_from_slice(if at > 0 { b"," } else { b"" });
        source.extend_from_slice(key.to_text().expose().as_bytes());
    }
    source
}

fn missing_or_unreadable(error: FsError) -> KeyLookupError {
    match error {
        FsError::NotFound { .. } => KeyLookupError::NoKeysFile(missing_file(&error)),
        error => error.into(),
    }
}
