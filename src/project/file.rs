//! An env file: its environment, its document and its public key.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::committed::Past;
use super::journal;
use super::line_errors::{at_line, leads_outside, merge_conflict, not_text, open_by_its_path};
use super::projects::{Project, ProjectPlace};
use super::similar::no_env_file;
use crate::config::{EnvName, FileRole, NAME_TARGET, NOT_NAMED, is_own_name, is_public_key_name, link_fault};
use crate::crypto::{PublicKey, SealedValue, TokenError, claims_to_be_sealed, holds_sealed};
use crate::dotenv::{ConflictedText, Document, Entry, MergeSide, Quote};
use crate::error::{Error, ErrorKind};
use crate::fs::{self, FsError};
use crate::git::{self, Repositories};
use crate::hint::Hint;

/// A loaded env file, or one that is about to be made.
pub struct EnvFile {
    path: PathBuf,
    env: EnvName,
    dir: PathBuf,
    document: Document,
    public_key: Option<PublicKey>,
    exists: bool,
    /// Its text as it is on disk, if a conflict about the public key is resolved in the document.
    pub(super) before: Option<Zeroizing<Vec<u8>>>,
    /// Set if this is a version from a commit.
    pub(super) past: Option<Past>,
}

impl EnvFile {
    /// Loads the env file at `path`. Rejects a merge-conflict marker, a malformed or repeated public key, a public key
    /// under another environment's name, and a file beside one whose name folds to the same key name. A symlink to an
    /// env file is read as that file: with its environment, and the keys of its folder.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::load_among(path, &mut Listings::default())
    }

    /// Reads the pipe at `path`. If its name is not an env file's (`/dev/fd/63`), its environment is that of the public
    /// key in it, and its keys are those of the working directory.
    pub fn of_pipe(path: &Path) -> Result<Self, Error> {
        let named = if FileRole::of(path) == FileRole::Other { None } else { Some(EnvName::of_file(path)?) };
        if let Some(env) = &named {
            Listings::default().refuse_twin(path, env)?;
        }
        let text = std::mem::take(&mut *fs::read_pipe(path)?);
        if let Some(env) = named {
            return Self::of_text(path, env, text);
        }
        let document = Document::parse(text.clone());
        let mut names =
            document.iter().flat_map(|document| document.entries().iter().map(|entry| document.name(entry)));
        let env = names.find_map(EnvName::of_public_key_name).unwrap_or_else(EnvName::of_dotenv);
        let dir = folder_of(Path::new(".env"));
        Ok(Self { dir, ..Self::of_text(path, env, text)? })
    }

    /// Like [`Self::load`], for one of many files: each folder is listed once.
    pub(super) fn load_among(path: &Path, listings: &mut Listings) -> Result<Self, Error> {
        Self::load_if_there(path, listings, false)?.ok_or_else(|| no_env_file(path))
    }

    fn load_if_there(path: &Path, listings: &mut Listings, in_merge: bool) -> Result<Option<Self>, Error> {
        let (env, dir) = read_as(path)?;
        // If that fails, every file can still be decrypted as it is.
        let _ = journal::recover_interrupted(&dir);
        let mut text = match fs::read_secret(path) {
            Err(FsError::NotFound { .. }) => return Ok(None),
            text => text?,
        };
        listings.refuse_twin(path, &EnvName::of_file(path)?)?;
        let of_text = if in_merge { Self::of_merge } else { Self::of_text };
        Ok(Some(Self { dir, ..of_text(path, env, std::mem::take(&mut *text))? }))
    }

    pub(super) fn of_text(path: &Path, env: EnvName, text: Vec<u8>) -> Result<Self, Error> {
        let file = Self::of_merge(path, env, text)?;
        match file.document.conflict_marker() {
            Some(line) => Err(merge_conflict(path, line, file.document.as_bytes())),
            None => Ok(file),
        }
    }

    /// Like [`Self::of_text`], but allows complete conflicts. If the two sides have different public keys, or one of them
    /// is malformed, there is no key.
    pub(super) fn of_merge(path: &Path, env: EnvName, text: Vec<u8>) -> Result<Self, Error> {
        let document = Document::parse(text).map_err(not_text(path))?;
        let public_key = match document.conflict_marker() {
            None => public_key(path, &env, &document)?,
            Some(line) => {
                let conflicts = ConflictedText::read(document.as_bytes());
                let conflicts = conflicts.ok_or_else(|| merge_conflict(path, line, b""))?;
                let key_of = |side| {
                    let document = Document::parse(conflicts.side(side).to_vec()).ok()?;
                    public_key(path, &env, &document).ok()?
                };
                key_of(MergeSide::Ours).filter(|key| key_of(MergeSide::Theirs).as_ref() == Some(key))
            }
        };
        let (dir, path) = (folder_of(path), path.to_owned());
        Ok(Self { path, env, dir, document, public_key, exists: true, before: None, past: None })
    }

    /// Returns the same file with another text, which may have conflict markers.
    pub(super) fn with_text(&self, text: &[u8]) -> Result<Self, Error> {
        Ok(Self { dir: self.dir(), ..Self::of_merge(&self.path, self.env.clone(), text.to_vec())? })
    }

    /// Loads the env file at `path`, or returns an empty one to be created there.
    pub fn load_or_new(path: &Path) -> Result<Self, Error> {
        Self::load_or_new_among(path, &mut Listings::default(), false)
    }

    /// Like [`Self::load_or_new`], for one of many files: each folder is listed once.
    pub(super) fn load_or_new_among(
        path: &Path,
        listings: &mut Listings,
        in_merge: bool,
    ) -> Result<Self, Error> {
        if let Some(file) = Self::load_if_there(path, listings, in_merge)? {
            return Ok(file);
        }
        let env = EnvName::of_file(path)?;
        listings.refuse_twin(path, &env)?;
        Ok(Self { exists: false, ..Self::of_text(path, env, Vec::new())? })
    }

    /// Returns the path as the user gave it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the absolute path of its folder; for a symlink to an env file, that file's.
    pub fn dir(&self) -> PathBuf {
        self.dir.clone()
    }

    /// Returns its environment; for a symlink to an env file, that file's.
    pub fn env(&self) -> &EnvName {
        &self.env
    }

    /// Returns its text, parsed.
    pub fn document(&self) -> &Document {
        &self.document
    }

    pub(super) fn on_disk(&self) -> &[u8] {
        self.before.as_ref().map_or(self.document.as_bytes(), |text| text)
    }

    /// Returns the public key in it.
    pub fn public_key(&self) -> Option<&PublicKey> {
        self.public_key.as_ref()
    }

    /// Rejects a file that has lost its public key's line: it has values encrypted to another key than `key`, which it
    /// is about to get. Under `key` those values would be lost as well.
    pub(super) fn refuse_lost_key(&self, key: Option<&PublicKey>, project: &Project) -> Result<(), Error> {
        let tokens = self.variables().filter_map(|(_, entry)| self.token(entry)?.ok());
        let lost = tokens.map(|token| token.key_id()).find(|id| key.is_none_or(|key| key.id() != *id));
        let Some(lost) = lost else { return Ok(()) };
        let (path, variable) = (&self.path, self.env.public_key_name());
        let file = path.display();
        let mut others = project.environments().unwrap_or_default().into_iter();
        if let Some((of, (from, _))) = others.find(|(env, (_, key))| *env != self.env && key.id() == lost) {
            let message = format!("{file} has values encrypted with key {lost}, which is the key of {of}");
            let from = git::relative_path(&from);
            let hint = Hint::from("if it was copied: ").and(replace_with(hint!("-f {from}", from), path));
            return Err(Error::new(ErrorKind::NoKey, message).with_hint(hint));
        }
        let message =
            format!("{file} has values encrypted with key {lost}, but its line {variable} is missing");
        Err(Error::new(ErrorKind::NoKey, message).with_hint(hint!(
            "find the line and restore it: git log -p -S{variable} -- {path}",
            variable,
            path
        )))
    }

    /// Returns the error for a file that needs a public key and has none.
    pub fn no_public_key(&self) -> Error {
        let (path, variable) = (&self.path, self.env.public_key_name());
        Error::new(ErrorKind::NoKey, format!("{} has no public key ({variable})", path.display()))
            .with_hint(hint!("create a key for it: envseal key generate -f {path}", path))
    }

    /// Returns true if the file exists.
    pub fn exists(&self) -> bool {
        self.exists
    }

    /// Returns the variables' entries, without those of envseal's own names.
    pub fn variables(&self) -> impl Iterator<Item = (usize, &Entry)> {
        variables(&self.document)
    }

    /// Returns true if any value of a name that `wants` asks for is sealed.
    pub fn has_sealed(&self, wants: &dyn Fn(&str) -> bool) -> bool {
        self.variables()
            .any(|(_, entry)| wants(self.document.name(entry)) && self.token_text(entry).is_some())
    }

    /// Returns the text of an entry's token, if its value claims to be sealed.
    pub fn token_text(&self, entry: &Entry) -> Option<Vec<u8>> {
        token_text(&self.document, entry)
    }

    /// Returns an entry's token, if its value claims to be sealed.
    pub fn token(&self, entry: &Entry) -> Option<Result<SealedValue, TokenError>> {
        token(&self.document, entry)
    }
}

/// Returns the variables' entries with their indexes, without those of envseal's own names.
pub(super) fn variables(document: &Document) -> impl Iterator<Item = (usize, &Entry)> {
    document.entries().iter().enumerate().filter(|(_, entry)| !is_own_name(document.name(entry)))
}

/// Returns the entries of that name with their indexes.
pub(super) fn entries_of<'a>(
    document: &'a Document,
    name: &'a str,
) -> impl Iterator<Item = (usize, &'a Entry)> {
    document.entries().iter().enumerate().filter(move |(_, entry)| document.name(entry) == name)
}

/// Returns the token of an entry of `document`, if its value claims to be sealed; an error if it only contains one.
pub(crate) fn token(document: &Document, entry: &Entry) -> Option<Result<SealedValue, TokenError>> {
    // Unquoted, it is read as it is: no copy is needed.
    let source = document.source(entry);
    if claims_to_be_sealed(source) {
        return Some(SealedValue::parse(source));
    }
    let text = token_text(document, entry)?;
    Some(if claims_to_be_sealed(&text) { SealedValue::parse(&text) } else { Err(TokenError::Misplaced) })
}

fn token_text(document: &Document, entry: &Entry) -> Option<Vec<u8>> {
    let (quote, mut text) = document.value(entry);
    // In backticks it is not a token: parsing fails on the quote.
    (claims_to_be_sealed(&text) || holds_sealed(&text)).then(|| {
        if quote == Quote::Backtick {
            document.source(entry).to_vec()
        } else {
            // A token is not secret, so it is moved out instead of copied and wiped.
            std::mem::take(&mut *text)
        }
    })
}

/// Returns the environment of the env file at `path`, and the folder from which its keys and its project are looked up.
/// If it is a symlink to an env file, they are those of that file.
fn read_as(path: &Path) -> Result<(EnvName, PathBuf), Error> {
    let env = EnvName::of_file(path)?;
    // Reading the file reports a symlink loop.
    let target = target_of_link(path).and_then(Result::ok);
    Ok(match target.map(|target| (FileRole::of(&target), target)) {
        Some((FileRole::EnvFile(env), target)) => (env, folder_of(&target)),
        _ => (env, folder_of(path)),
    })
}

/// Returns the final target of the symlink at `path`; None if it is not a symlink.
fn target_of_link(path: &Path) -> Option<Result<PathBuf, FsError>> {
    path.is_symlink().then(|| fs::final_target(path).map(|target| place_of(&target)))
}

/// Returns where a file really is: the same for all paths and symlinks of one file.
pub(super) fn real_place(path: &Path) -> PathBuf {
    target_of_link(path).and_then(Result::ok).unwrap_or_else(|| place_of(path))
}

/// Rejects a symlink at `path` as `refuse_link_elsewhere` does, and a symlinked folder above it that git tracks and
/// that leads out of the worktree: anyone who can write to the repository may have chosen the target.
pub(crate) fn refuse_links(path: &Path, repositories: &Repositories) -> Result<(), Error> {
    refuse_link_elsewhere(path)?;
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.into());
    for folder in absolute.ancestors().skip(1).filter(|folder| folder.is_symlink()) {
        let (Ok(target), Some(root)) = (folder.canonicalize(), git::find_root(&folder_of(folder))) else {
            continue;
        };
        if !target.starts_with(&root) && repositories.open(&root)?.is_tracked(folder)? {
            return Err(leads_outside(folder, &target));
        }
    }
    Ok(())
}

/// Refuses to write through a symlink that does not lead to a file of its own environment and project. Otherwise a
/// production secret would be encrypted with the development key (`.env.production -> .env`).
pub(super) fn refuse_link_elsewhere(path: &Path) -> Result<(), Error> {
    let Some(target) = target_of_link(path).transpose()? else { return Ok(()) };
    let (target_folder, project) = (folder_of(&target), ProjectPlace::of(&folder_of(path)));
    let is_inside = project == ProjectPlace::of(&target_folder)
        && target_folder
            .strip_prefix(&project.root)
            .is_ok_and(|folder| !folder.iter().any(|part| part == ".git"));
    let fault = match link_fault(path, &target) {
        _ if !is_inside => "outside the project".to_owned(),
        Some(fault) if target.exists() || FileRole::of(&target) != FileRole::Other => fault,
        _ if !target.exists() => "which does not exist".into(),
        _ => return Ok(()),
    };
    Err(link_elsewhere(path, &git::relative_path(&target), &fault))
}

fn link_elsewhere(path: &Path, target: &Path, fault: &str) -> Error {
    let error = Error::refused(format!(
        "{} is a symlink to {}, {fault}; envseal does not write through it",
        path.display(),
        target.display()
    ));
    match FileRole::of(target) {
        // Most env files start as a copy of a template.
        FileRole::Template => {
            error.with_hint(hint!("to start from it: rm {path} && cp {target} {path}", path, target))
        }
        FileRole::EnvFile(_) if target.exists() => error
            .with_hint(hint!("if you mean that file, name it: -f {target}", target))
            .with_library_hint(open_by_its_path(target)),
        _ if !target.exists() => {
            error.with_hint(hint!("create that file, or remove the link: rm {path}", path))
        }
        FileRole::Other if fault == NOT_NAMED => error.with_hint(NAME_TARGET),
        _ => error.with_hint(hint!("remove the link: rm {path}", path)),
    }
}

/// Returns a path with the symlinks of its folder resolved, and its own name as it is.
pub(super) fn place_of(path: &Path) -> PathBuf {
    folder_of(path).join(path.file_name().unwrap_or_default())
}

/// Returns the folder of a path, absolute and with its symlinks resolved; the file itself may be a symlink.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.into());
    let folder = absolute.parent().unwrap_or(&absolute);
    folder.canonicalize().unwrap_or_else(|_| folder.into())
}

fn public_key(path: &Path, env: &EnvName, document: &Document) -> Result<Option<PublicKey>, Error> {
    let wanted = env.public_key_name();
    let mut key = None;
    for entry in document.entries().iter().filter(|entry| is_public_key_name(document.name(entry))) {
        let (line, found) = (entry.line, document.name(entry));
        if found != wanted {
            return Err(anothers_public_key(path, line, found, env));
        }
        if key.is_some() {
            return Err(at_line(ErrorKind::Malformed, path, line, format!("has {wanted} a second time"))
                .with_hint(hint!(
                    "keep one of the two lines; see which is older: git log -p -- {path}",
                    path
                )));
        }
        let (_, text) = document.value(entry);
        let text = std::str::from_utf8(&text).unwrap_or("\u{fffd}");
        let parsed = PublicKey::parse(text);
        key = Some(parsed.map_err(|source| {
            at_line(ErrorKind::Malformed, path, line, format!("{wanted} is not a public key: {source}"))
                .with_hint(hint!("restore the line: git log -p -- {path}", path))
        })?);
    }
    Ok(key)
}

fn anothers_public_key(path: &Path, line: usize, found: &str, env: &EnvName) -> Error {
    let wanted = env.public_key_name();
    let hint = hint!(
        "if it was renamed: rename that line to {wanted}, and {old} in .env.keys to {new}; if it was copied: ",
        wanted,
        old = found.replace("PUBLIC", "PRIVATE"),
        new = env.private_key_name()
    );
    at_line(ErrorKind::Malformed, path, line, format!("has {found}, but this file's public key is {wanted}"))
        .with_hint(hint.and(replace_copy(found, path)))
}

/// Returns the hint for a copy of the file of the environment with this public key's name. Its values are encrypted
/// with that key.
pub(crate) fn replace_copy(variable: &str, path: &Path) -> Hint {
    match EnvName::only_of_key_name(variable) {
        Some(env) => replace_with(hint!("-e {env}", env), path),
        None => "delete the file, and set its values again".into(),
    }
}

/// Returns the hint to set the values of the file at `path` again from the file that the option `from` selects.
fn replace_with(from: Hint, path: &Path) -> Hint {
    Hint::from("delete the file, then: envseal get --format dotenv ")
        .and(from)
        .and(hint!(" | envseal import dotenv --yes -f {path}", path))
}

/// The names of env files in folders, by their key names; each folder is listed once.
#[derive(Default)]
pub(super) struct Listings(HashMap<PathBuf, HashMap<String, Vec<OsString>>>);

impl Listings {
    /// Rejects a file beside one whose name folds to the same key name: `.env.x` and `x.env`, `.env.a.b` and
    /// `.env.a_b`. A folder that cannot be listed is not checked.
    fn refuse_twin(&mut self, path: &Path, env: &EnvName) -> Result<(), Error> {
        let folder = fs::folder_of(path);
        let names = self.0.entry(folder.to_owned()).or_insert_with_key(|folder| {
            let mut names: HashMap<_, Vec<_>> = HashMap::new();
            let listing = folder.read_dir().into_iter().flatten().flatten();
            for name in listing.map(|item| item.file_name()) {
                if let Ok(env) = EnvName::of_file(Path::new(&name)) {
                    names.entry(env.public_key_name()).or_default().push(name);
                }
            }
            names
        });
        let variable = env.public_key_name();
        let mut beside = names.get(&variable).into_iter().flatten();
        let twin = beside.find(|name| Some(name.as_os_str()) != path.file_name());
        let Some(second) = twin.map(|name| folder.join(name)) else { return Ok(()) };
        let (one, other) = (path.display(), second.display());
        let message = format!("{one} and {other} are side by side, but share the key name {variable}");
        Err(Error::refused(message).with_hint(hint!(
            "keep one of the two: git mv {second} …, or merge {path} into it",
            second,
            path
        )))
    }
}
