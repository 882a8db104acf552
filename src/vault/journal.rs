//! The journal of a change to several files: with it, an interruption at any point leaves what the next command
//! finishes or undoes.
//!
//! All new contents lie beside their files, on the disk, before the journal is written, and the journal before the first
//! keys file is replaced. From then on what is to be done is to be read off the files: while every keys file is as it
//! was, nothing has happened yet, and the new contents are thrown away; once one of them is the new one, with the new
//! keys in front of the old, all that is left is put in its place. Until then every file opens with the keys files as
//! they stand.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::error::VaultError;
use super::file::place_of;
use crate::fsio::{self, FsError, Lock, Staged, TEMP_PREFIX};
use crate::git::{self, GitError};

/// Its name in the worktree's own git folder, and the one it is written under.
const NAME: &str = "envseal-journal";
const NEW: &str = "envseal-journal.new";
const VERSION: u64 = 1;

/// Why an interrupted change can neither be finished nor undone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stuck {
    /// The journal is not one.
    #[error("its journal cannot be read: {0}")]
    Journal(&'static str),
    /// The journal belongs to someone else.
    #[error("its journal belongs to another user")]
    Owner,
    /// The journal names what no change of ours can be about.
    #[error("its journal names this path, which no change of envseal's can be about")]
    Path,
    /// The file is neither what it was nor what it was to become.
    #[error("this file was changed since")]
    Changed,
    /// The new content that lay beside the file is not there, or another.
    #[error("the new content that lay beside this file is gone or was changed")]
    NewGone,
}

/// What lies beside a file to take its place; what is there now, and what that is.
pub(super) type Ready<'a> = (Staged, Option<&'a [u8]>, &'a [u8]);

/// What is about to be done.
pub(super) struct Journal {
    keys: Vec<Entry>,
    files: Vec<Entry>,
}

/// A file, and what lies beside it to take its place.
struct Entry {
    /// Relative to the worktree; of a single keys file that lies elsewhere, absolute.
    path: PathBuf,
    /// The name of what lies beside it.
    temp: String,
    /// What was there; none where there was nothing.
    before: Option<String>,
    after: String,
}

/// What became of a change that was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// All of it is there now.
    Finished,
    /// None of it is.
    Undone,
}

/// What a file is found to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Before,
    After,
    Other,
}

/// Locks the worktree (outside git, the folder) `dir`, and finishes or undoes what was interrupted in it.
pub(super) fn lock(dir: &Path, on_wait: impl FnOnce()) -> Result<Lock, VaultError> {
    let lock = Lock::acquire(dir, on_wait)?;
    if dir.join(".git").symlink_metadata().is_ok() {
        recover(dir)?;
    }
    Ok(lock)
}

/// Finishes or undoes what was interrupted in the worktree that the folder `dir` lies in: for commands that only read.
/// Where another envseal is at work, that one does it; where it cannot be done, reading may go on all the same, for
/// every file opens with the keys file as it stands. None where there was nothing to be done.
pub fn settle(dir: &Path) -> Result<Option<Settled>, VaultError> {
    let Some(root) = git::find_root(dir) else { return Ok(None) };
    if !is_pending(&root) {
        return Ok(None);
    }
    match Lock::try_acquire(&root)? {
        Some(_lock) => recover(&root),
        None => Ok(None),
    }
}

/// Whether something was interrupted in the worktree `root`, or is under way.
pub(super) fn is_pending(root: &Path) -> bool {
    git::git_dir_of(root).is_ok_and(|dir| dir.join(NAME).symlink_metadata().is_ok())
}

/// As [`settle`], with the lock held.
fn recover(root: &Path) -> Result<Option<Settled>, VaultError> {
    let Ok(git_dir) = git::git_dir_of(root) else { return Ok(None) };
    let (path, new) = (git_dir.join(NAME), git_dir.join(NEW));
    if new.symlink_metadata().is_ok() {
        // One that was never whole: then nothing has begun.
        let _ = fsio::remove_if_there(&new);
    }
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    let stuck = |why| VaultError::Interrupted { journal: path.clone(), path: path.clone(), why };
    if !fsio::is_regular(&path) {
        return Err(stuck(Stuck::Journal("it is no regular file")));
    }
    if !fsio::owned_by_this_user(&path)? {
        return Err(stuck(Stuck::Owner));
    }
    let journal = Journal::parse(&fsio::read(&path)?).map_err(|why| stuck(Stuck::Journal(why)))?;
    let finished = journal.carry_out(root, &path)?;
    Ok(Some(if finished { Settled::Finished } else { Settled::Undone }))
}

impl Journal {
    /// The journal of a change in the worktree `root`: the keys files and the others, each with what is there now.
    ///
    /// Refused are a file outside of the worktree, but for a single keys file, and a path that is no text.
    pub(super) fn new(root: &Path, keys: &[Ready<'_>], files: &[Ready<'_>]) -> Result<Self, VaultError> {
        let root = real(root)?;
        let entry = |(staged, before, after): &Ready<'_>, alone: bool| {
            let target = place_of(staged.target());
            let path = match target.strip_prefix(&root) {
                Ok(relative) => relative.to_owned(),
                Err(_) if alone => target.clone(),
                Err(_) => return Err(GitError::OutsideWorktree { path: target, root: root.clone() }),
            };
            let temp = staged.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.to_str().is_none() {
                return Err(GitError::UnnameablePath { path });
            }
            Ok(Entry { path, temp, before: before.map(digest), after: digest(after) })
        };
        Ok(Self {
            keys: keys.iter().map(|it| entry(it, keys.len() == 1)).collect::<Result<_, _>>()?,
            files: files.iter().map(|it| entry(it, false)).collect::<Result<_, _>>()?,
        })
    }

    /// Writes it, and carries out the change. The contents have been left beside their files.
    ///
    /// On an error before the first keys file is replaced all is as it was; after that, the journal stays where it is
    /// as long as something is left to be done.
    pub(super) fn begin(&self, root: &Path) -> Result<(), VaultError> {
        let git_dir = git::git_dir_of(root)?;
        let path = git_dir.join(NAME);
        let done = self
            .flush(root)
            .and_then(|()| Ok(fsio::write_by(&path, &git_dir.join(NEW), self.to_text().as_bytes())?));
        let begun = done.and_then(|()| self.replace_first(root, &path));
        match (begun, self.carry_out(root, &path)) {
            (Ok(()), carried_out) => carried_out.map(drop),
            // Replaced, but not flushed: it went on.
            (Err(_), Ok(true)) => Ok(()),
            (Err(error), _) => Err(error),
        }
    }

    /// Replaces the first keys file, provided that nobody has changed any of the files meanwhile.
    fn replace_first(&self, root: &Path, journal: &Path) -> Result<(), VaultError> {
        let root = &real(root)?;
        for entry in self.keys.iter().chain(&self.files) {
            if entry.found(root, journal)? != Found::Before {
                return Err(VaultError::ChangedMeanwhile(entry.place(root, journal)?));
            }
        }
        let Some(first) = self.keys.first() else { return Ok(()) };
        let place = first.place(root, journal)?;
        Ok(fsio::put(&place.with_file_name(&first.temp), &place)?)
    }

    /// Finishes the change, or undoes it; returns whether it was finished. Nothing is done before all of it is known to
    /// be possible.
    fn carry_out(&self, root: &Path, journal: &Path) -> Result<bool, VaultError> {
        let root = &real(root)?;
        let stuck = |path: PathBuf, why| VaultError::Interrupted { journal: journal.into(), path, why };
        let (mut begun, mut to_put) = (false, Vec::new());
        for entry in &self.keys {
            match entry.found(root, journal)? {
                Found::Before => {}
                Found::After => begun = true,
                Found::Other => return Err(stuck(entry.place(root, journal)?, Stuck::Changed)),
            }
        }
        for entry in self.keys.iter().chain(&self.files) {
            let (place, found) = (entry.place(root, journal)?, entry.found(root, journal)?);
            let temp = place.with_file_name(&entry.temp);
            let whole = fsio::is_regular(&temp) && digest(&fsio::read_secret(&temp)?) == entry.after;
            match found {
                // The new keys may be nowhere else any more.
                Found::After if !begun => return Err(stuck(place, Stuck::Changed)),
                Found::After => {}
                // What a person wrote stays, and what lies beside it is the old content, sealed anew.
                Found::Before | Found::Other if !begun => to_put.extend(whole.then_some((temp, None))),
                Found::Other => return Err(stuck(place, Stuck::Changed)),
                Found::Before if whole => to_put.push((temp, Some(place))),
                Found::Before => return Err(stuck(place, Stuck::NewGone)),
            }
        }
        for (temp, place) in to_put {
            match place {
                Some(place) => fsio::put(&temp, &place)?,
                None => drop(fsio::remove_if_there(&temp)?),
            }
        }
        fsio::remove_if_there(journal)?;
        Ok(begun)
    }

    /// Makes what lies beside the files be there after a power cut as well.
    fn flush(&self, root: &Path) -> Result<(), VaultError> {
        let root = real(root)?;
        let folders = self.keys.iter().chain(&self.files);
        let folders: BTreeSet<_> =
            folders.filter_map(|entry| Some(root.join(entry.path.parent()?))).collect();
        Ok(folders.iter().try_for_each(|folder| fsio::flush_folder(folder))?)
    }

    fn to_text(&self) -> String {
        let list = |entries: &[Entry]| entries.iter().map(Entry::to_json).collect::<Vec<_>>();
        let journal = json!({ "version": VERSION, "keys": list(&self.keys), "files": list(&self.files) });
        format!("{}\n", serde_json::to_string_pretty(&journal).expect("text"))
    }

    fn parse(text: &[u8]) -> Result<Self, &'static str> {
        let journal: Value = serde_json::from_slice(text).map_err(|_| "it is no JSON")?;
        if journal["version"] != VERSION {
            return Err("it is of another version of envseal");
        }
        let list = |name: &str| {
            let list = journal[name].as_array().ok_or("it lacks a list")?;
            list.iter().map(Entry::from_json).collect::<Result<Vec<_>, _>>()
        };
        let journal = Self { keys: list("keys")?, files: list("files")? };
        let all = || journal.keys.iter().chain(&journal.files);
        let temps: BTreeSet<_> = all().map(|entry| (entry.path.parent(), &entry.temp)).collect();
        let paths: BTreeSet<_> = all().map(|entry| &entry.path).collect();
        if temps.len() != all().count() || paths.len() != temps.len() {
            return Err("it names a file twice");
        }
        let elsewhere = |entry: &Entry| entry.path.is_absolute();
        if journal.keys.is_empty()
            || journal.files.iter().any(elsewhere)
            || (journal.keys.len() > 1 && journal.keys.iter().any(elsewhere))
        {
            return Err("it is not of the form that envseal writes");
        }
        Ok(journal)
    }
}

impl Entry {
    fn to_json(&self) -> Value {
        let path = self.path.to_str().expect("checked when it was made");
        json!({ "path": path, "temp": self.temp, "before": self.before, "after": self.after })
    }

    fn from_json(entry: &Value) -> Result<Self, &'static str> {
        let text = |name: &str| entry[name].as_str().map(str::to_owned).ok_or("an entry lacks a text");
        let before = if entry["before"].is_null() { None } else { Some(text("before")?) };
        let entry = Self { path: text("path")?.into(), temp: text("temp")?, before, after: text("after")? };
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

    /// Where the file is: in a folder that is reached through no symlink.
    fn place(&self, real_root: &Path, journal: &Path) -> Result<PathBuf, VaultError> {
        let place = real_root.join(&self.path);
        let folder = place.parent().unwrap_or(real_root);
        if folder.canonicalize().is_ok_and(|real| real == folder) {
            return Ok(place);
        }
        Err(VaultError::Interrupted { journal: journal.into(), path: place, why: Stuck::Path })
    }

    fn found(&self, real_root: &Path, journal: &Path) -> Result<Found, VaultError> {
        let place = self.place(real_root, journal)?;
        let now = match fsio::read_secret(&place) {
            _ if place.is_symlink() => return Ok(Found::Other),
            Err(FsError::NotFound { .. }) => None,
            Err(FsError::NotRegular { .. }) => return Ok(Found::Other),
            text => Some(digest(&text?)),
        };
        Ok(match now {
            Some(now) if now == self.after => Found::After,
            now if now == self.before => Found::Before,
            _ => Found::Other,
        })
    }
}

fn real(root: &Path) -> Result<PathBuf, FsError> {
    root.canonicalize().map_err(|e| FsError::io(root, "resolve", e))
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
