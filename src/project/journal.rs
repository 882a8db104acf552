//! The journal of a change to several files. If the change is interrupted at any point, the next command finishes or
//! undoes it.
//!
//! All new contents are on the disk, beside their files, before the journal is written, and the journal is written
//! before the first file is replaced. From then on the state of the files shows what remains to be done.
//!
//! With keys files (a rotation): as long as every keys file is unchanged, nothing has happened yet, and the new
//! contents are discarded. Once one of them has the new keys, in front of the old, the remaining files are replaced.
//! All this time every file can be decrypted with the keys files as they are. A keys file is recognised by the keys in
//! it, because another repository may have added its own.
//!
//! Without keys files: once the first file is replaced, the others follow. If someone has changed one of them, the rest
//! stay as they are, because every file is valid by itself. A file that records the changes to others comes last.

use std::collections::BTreeSet;
use std::path::{Component, MAIN_SEPARATOR, Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::file::place_of;
use super::line_errors::changed_meanwhile;
use super::transaction::ReadyFile;
use crate::crypto::PublicKey;
use crate::error::Error;
use crate::fs::{self, FolderLock, FsError, TEMP_PREFIX};
use crate::git::{self, GitError};
use crate::keys::KeysFile;

/// The journal's name in the worktree's own git folder, and its name while it is written.
const NAME: &str = "envseal-journal";
const NEW: &str = "envseal-journal.new";
const VERSION: u64 = 2;

const IMPOSSIBLE_PATH: &str = "its journal names this path, which no change of envseal's can be about";
const CHANGED_SINCE: &str = "this file was changed since";
const NEW_CONTENT_GONE: &str = "the new content that lay beside this file is gone or was changed";

pub(super) struct Journal {
    files: Vec<JournalEntry>,
}

/// A file, and the temporary file beside it that will replace it.
struct JournalEntry {
    /// Relative to the worktree; absolute for a single keys file outside it.
    path: PathBuf,
    temp: String,
    /// A digest of the old content; None if there was no file.
    before: Option<String>,
    after: String,
    /// The keys that it adds to a keys file; none for another file.
    keys: Vec<PublicKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecoveredChange {
    Finished,
    Undone,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FileState {
    Before,
    After,
    Other,
}

/// Finishes or undoes an interrupted change in the worktree that contains the folder `dir`, for commands that only
/// read. Returns None if there is nothing to do, or if another envseal is at work: that one does it. If this fails,
/// reading may go on, because every file can be decrypted with the keys file as it is.
pub(crate) fn recover_interrupted(dir: &Path) -> Result<Option<RecoveredChange>, Error> {
    let Some(root) = git::find_root(dir) else { return Ok(None) };
    if !is_pending(&root) {
        return Ok(None);
    }
    match FolderLock::try_acquire(&root)? {
        Some(_lock) => recover(&root),
        None => Ok(None),
    }
}

/// Returns true if a change in the worktree `root` was interrupted, or is under way.
pub(super) fn is_pending(root: &Path) -> bool {
    git::git_dir_of(root).is_ok_and(|dir| dir.join(NAME).symlink_metadata().is_ok())
}

/// Like [`recover_interrupted`], in the worktree `root`, whose lock is held.
pub(super) fn recover(root: &Path) -> Result<Option<RecoveredChange>, Error> {
    let Ok(git_dir) = git::git_dir_of(root) else { return Ok(None) };
    let (path, new) = (git_dir.join(NAME), git_dir.join(NEW));
    if new.symlink_metadata().is_ok() {
        // It was never complete, so the change had not begun.
        let _ = fs::remove_if_there(&new);
    }
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    let stuck = |why: String| stuck(&path, &path, &why);
    let unreadable = |why| stuck(format!("its journal cannot be read: {why}"));
    if !fs::is_regular(&path) {
        return Err(unreadable("it is not a regular file"));
    }
    if !fs::owned_by_this_user(&path)? {
        return Err(stuck("its journal belongs to another user".into()));
    }
    let journal = Journal::parse(&fs::read(&path)?).map_err(unreadable)?;
    let finished = journal.carry_out(&real(root)?, &path)?;
    Ok(Some(if finished { RecoveredChange::Finished } else { RecoveredChange::Undone }))
}

impl Journal {
    /// Replaces the files of the worktree `root` in this order, keys files first.
    ///
    /// Rejects a file outside the worktree (except a single keys file), a path that is not UTF-8, and a file that
    /// someone has changed in the meantime. If it fails before the first file is replaced, nothing has changed. After
    /// that the error is "could not be finished", and the journal stays until everything is done.
    pub(super) fn replace(root: &Path, files: Vec<ReadyFile<'_>>) -> Result<(), Error> {
        let root = &real(root)?;
        let journal = Self::new(root, &files)?;
        files.into_iter().try_for_each(|ready| ready.staged.leave())?;
        journal.begin(root)
    }

    fn new(root: &Path, files: &[ReadyFile<'_>]) -> Result<Self, Error> {
        let keys_files = files.iter().filter(|ready| !ready.keys.is_empty()).count();
        let entry = |ready: &ReadyFile<'_>| {
            let target = place_of(ready.staged.target());
            let path = match target.strip_prefix(root) {
                Ok(relative) => relative.to_owned(),
                Err(_) if !ready.keys.is_empty() && keys_files == 1 => target.clone(),
                Err(_) => return Err(GitError::outside_worktree(&target, root)),
            };
            let temp = ready.staged.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.to_str().is_none() {
                return Err(GitError::unnameable_path(&path));
            }
            let (before, after) = (ready.before.map(digest), digest(ready.after));
            Ok(JournalEntry { path, temp, before, after, keys: ready.keys.clone() })
        };
        Ok(Self { files: files.iter().map(entry).collect::<Result<_, _>>()? })
    }

    fn begin(&self, root: &Path) -> Result<(), Error> {
        let git_dir = git::git_dir_of(root)?;
        let path = git_dir.join(NAME);
        let done = self
            .flush(root)
            .and_then(|()| Ok(fs::write_by(&path, &git_dir.join(NEW), self.to_text().as_bytes())?));
        let begun = done.and_then(|()| self.replace_first(root, &path));
        match (begun, self.carry_out(root, &path)) {
            // Finished, even if the first file was replaced but perhaps not flushed.
            (_, Ok(true)) => Ok(()),
            (Err(error), Ok(false)) => Err(error),
            // Someone else put back the first file.
            (Ok(()), Ok(false)) => Err(changed_meanwhile(&self.files[0].place(root, &path)?)),
            (_, Err(error)) => Err(unfinished(&error)),
        }
    }

    /// Replaces the first file, unless someone has changed any of the files in the meantime.
    fn replace_first(&self, root: &Path, journal: &Path) -> Result<(), Error> {
        for entry in &self.files {
            let place = entry.place(root, journal)?;
            if entry.state(&place)? != FileState::Before {
                return Err(changed_meanwhile(&place));
            }
        }
        let first = &self.files[0];
        let place = first.place(root, journal)?;
        Ok(fs::put(&place.with_file_name(&first.temp), &place)?)
    }

    /// Finishes the change or undoes it. Returns true if it was finished. Nothing is done until all of it is known to
    /// be possible.
    fn carry_out(&self, root: &Path, journal: &Path) -> Result<bool, Error> {
        let mut states = Vec::with_capacity(self.files.len());
        for entry in &self.files {
            let place = entry.place(root, journal)?;
            let found = entry.state(&place)?;
            let temp = place.with_file_name(&entry.temp);
            let is_whole = fs::is_regular(&temp) && digest(&fs::read_secret(&temp)?) == entry.after;
            states.push((entry, place, temp, found, is_whole));
        }
        let is_rotation = self.files.iter().any(|entry| !entry.keys.is_empty());
        let begun = if is_rotation {
            let mut keys_files = states.iter().filter(|(entry, ..)| !entry.keys.is_empty());
            if let Some((_, place, ..)) = keys_files.clone().find(|(.., found, _)| *found == FileState::Other)
            {
                return Err(stuck(journal, place, CHANGED_SINCE));
            }
            keys_files.any(|(.., found, _)| *found == FileState::After)
        } else {
            let can_go_on =
                |found, is_whole| found == FileState::After || found == FileState::Before && is_whole;
            states[0].3 == FileState::After
                && states.iter().all(|(.., found, is_whole)| can_go_on(*found, *is_whole))
        };
        let mut to_put = Vec::new();
        for (_, place, temp, found, is_whole) in states {
            match found {
                // Don't discard: the new keys may be nowhere else any more.
                FileState::After if !begun && is_rotation => {
                    return Err(stuck(journal, &place, CHANGED_SINCE));
                }
                FileState::After => {}
                // What a person wrote stays. The temporary file is only the old content, encrypted again.
                FileState::Before | FileState::Other if !begun => {
                    to_put.extend(is_whole.then_some((temp, None)));
                }
                FileState::Other => return Err(stuck(journal, &place, CHANGED_SINCE)),
                FileState::Before if is_whole => to_put.push((temp, Some(place))),
                FileState::Before => return Err(stuck(journal, &place, NEW_CONTENT_GONE)),
            }
        }
        for (temp, place) in to_put {
            match place {
                Some(place) => fs::put(&temp, &place)?,
                None => drop(fs::remove_if_there(&temp)?),
            }
        }
        fs::remove_if_there(journal)?;
        Ok(begun)
    }

    /// Flushes the folders, so that the temporary files survive a power cut.
    fn flush(&self, root: &Path) -> Result<(), Error> {
        let folders: BTreeSet<_> =
            self.files.iter().filter_map(|entry| Some(root.join(entry.path.parent()?))).collect();
        Ok(folders.iter().try_for_each(|folder| fs::flush_folder(folder))?)
    }

    fn to_text(&self) -> String {
        let files: Vec<_> = self.files.iter().map(JournalEntry::to_json).collect();
        let journal = json!({ "version": VERSION, "files": files });
        format!("{}\n", serde_json::to_string_pretty(&journal).expect("text"))
    }

    fn parse(text: &[u8]) -> Result<Self, &'static str> {
        let journal: Value = serde_json::from_slice(text).map_err(|_| "it is no JSON")?;
        if journal["version"] != VERSION {
            return Err("it is of another version of envseal");
        }
        let files = journal["files"].as_array().ok_or("it lacks a list")?;
        let files = files.iter().map(JournalEntry::from_json).collect::<Result<Vec<_>, _>>()?;
        let temps: BTreeSet<_> = files.iter().map(|entry| (entry.path.parent(), &entry.temp)).collect();
        let paths: BTreeSet<_> = files.iter().map(|entry| &entry.path).collect();
        if temps.len() != files.len() || paths.len() != files.len() {
            return Err("it names a file twice");
        }
        let keys_files = files.iter().filter(|entry| !entry.keys.is_empty()).count();
        let is_elsewhere =
            |entry: &JournalEntry| entry.path.is_absolute() && (entry.keys.is_empty() || keys_files > 1);
        if files.is_empty() || files.iter().any(is_elsewhere) {
            return Err("it is not of the form that envseal writes");
        }
        Ok(Self { files })
    }
}

impl JournalEntry {
    fn to_json(&self) -> Value {
        let path = self.path.to_str().expect("checked when it was made");
        // With `/` as in git, because Linux may share the worktree. A keys file elsewhere can't be reached from there.
        let path = path.replace(if self.path.is_relative() { MAIN_SEPARATOR } else { '/' }, "/");
        let keys: Vec<_> = self.keys.iter().map(ToString::to_string).collect();
        json!({ "path": path, "temp": self.temp, "before": self.before, "after": self.after, "keys": keys })
    }

    fn from_json(entry: &Value) -> Result<Self, &'static str> {
        let text = |name: &str| entry[name].as_str().map(str::to_owned).ok_or("an entry lacks a text");
        let before = if entry["before"].is_null() { None } else { Some(text("before")?) };
        let keys = entry["keys"].as_array().ok_or("an entry lacks its keys")?;
        let key = |key: &Value| key.as_str().and_then(|key| PublicKey::parse(key).ok());
        let keys = keys.iter().map(key).collect::<Option<_>>().ok_or("it names a key that is none")?;
        let entry =
            Self { path: text("path")?.into(), temp: text("temp")?, before, after: text("after")?, keys };
        let name_alone = Path::new(&entry.temp).components().eq([Component::Normal(entry.temp.as_ref())]);
        if !(name_alone && entry.temp.starts_with(TEMP_PREFIX) && entry.temp.len() > TEMP_PREFIX.len()) {
            return Err("what it is to put in place has a name that envseal gives to nothing");
        }
        let fits = entry.path.file_name().is_some()
            && entry.path.components().all(|part| match part {
                Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
                Component::RootDir | Component::Prefix(_) => entry.path.is_absolute(),
                Component::CurDir | Component::ParentDir => false,
            });
        if fits { Ok(entry) } else { Err("it names a path that leads out of the worktree, or into .git") }
    }

    /// Returns the file's path; rejects a folder that is reached through a symlink.
    fn place(&self, real_root: &Path, journal: &Path) -> Result<PathBuf, Error> {
        let place = real_root.join(&self.path);
        let folder = place.parent().unwrap_or(real_root);
        if folder.canonicalize().is_ok_and(|real| real == folder) {
            return Ok(place);
        }
        Err(stuck(journal, &place, IMPOSSIBLE_PATH))
    }

    fn state(&self, place: &Path) -> Result<FileState, Error> {
        let text = match fs::read_secret(place) {
            _ if place.is_symlink() => return Ok(FileState::Other),
            Err(FsError::NotFound { .. }) => None,
            Err(FsError::NotRegular { .. }) => return Ok(FileState::Other),
            text => Some(text?),
        };
        let now = text.as_ref().map(|text| digest(text));
        Ok(match (&now, text) {
            (Some(now), _) if *now == self.after => FileState::After,
            (now, _) if *now == self.before => FileState::Before,
            (_, Some(text)) if !self.keys.is_empty() => self.state_by_keys(place, &text),
            _ => FileState::Other,
        })
    }

    /// Returns the state of a keys file that another repository has changed as well.
    fn state_by_keys(&self, place: &Path, text: &[u8]) -> FileState {
        let Ok(there) = KeysFile::public_keys_in(place, text) else { return FileState::Other };
        match self.keys.iter().filter(|key| there.contains(key)).count() {
            0 => FileState::Before,
            all if all == self.keys.len() => FileState::After,
            _ => FileState::Other,
        }
    }
}

/// Returns the error for an interrupted change that can neither be finished nor undone because of the file at `path`.
fn stuck(journal: &Path, path: &Path, why: &str) -> Error {
    Error::refused(format!("{}: a change was interrupted, and {why}", path.display())).with_hint(hint!(
        "to keep the files as they are now and give the change up: rm {journal}, then see: envseal check",
        journal
    ))
}

fn unfinished(error: &Error) -> Error {
    Error::refused(format!("the change was begun and could not be finished: {error}"))
        .with_hint("the next command finishes it: envseal check")
}

fn real(root: &Path) -> Result<PathBuf, FsError> {
    root.canonicalize().map_err(|e| FsError::io(root, "resolve", e))
}

fn digest(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests;
