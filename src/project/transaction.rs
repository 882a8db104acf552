//! Changing files. Every command that writes goes through here: it takes the locks, finishes or undoes an interrupted
//! change, removes leftovers, and then replaces all of its files or none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::file::folder_of;
use super::journal::{self, Journal};
use super::line_errors::changed_meanwhile;
use super::projects::ProjectPlace;
use super::setup::exclude_temporaries;
use crate::crypto::PublicKey;
use crate::error::Error;
use crate::fs::{self, FolderLock, FsError, NewMode, StagedFile};
use crate::git::{self, GitError, Repositories};
use crate::keys::KeyStore;

/// The locks on every worktree (outside git, folder) that the files of one command lie in. A file is read, changed and
/// replaced while they are held.
pub(super) struct WriteLock {
    _locks: BTreeMap<PathBuf, FolderLock>,
}

impl WriteLock {
    /// Locks the folders of the files at `paths`, as typed and as their symlinks lead, in byte order, which is the same
    /// for every envseal. `keys_files` are locked too as far as this user may: what can't be locked can't be written
    /// either.
    pub(super) fn acquire(
        paths: &[PathBuf],
        keys_files: &[PathBuf],
        repositories: &Rc<Repositories>,
    ) -> Result<Self, Error> {
        let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
        for path in paths {
            folders.extend(folders_of(path)?);
        }
        let dirs: BTreeSet<_> = folders.iter().map(|folder| lock_dir(folder)).collect();
        for path in keys_files {
            folders.extend(folders_of(path)?);
        }
        let all: BTreeSet<_> = folders.iter().map(|folder| lock_dir(folder)).collect();
        let mut locks = BTreeMap::new();
        for dir in all {
            match FolderLock::acquire(&dir) {
                Err(error) if !dirs.contains(&dir) && !matches!(error, FsError::Locked { .. }) => {}
                lock => {
                    let lock = lock?;
                    if dir.join(".git").symlink_metadata().is_ok() {
                        journal::recover(&dir)?;
                    }
                    locks.insert(dir, lock);
                }
            }
        }
        for dir in locks.keys() {
            if let Ok(Some(repo)) = repositories.discover(dir) {
                repo.sweep_temporaries()?;
            }
        }
        for folder in &folders {
            let dir = lock_dir(folder);
            if locks.contains_key(&dir) {
                // A keys file may have been written in any folder up to the locked one.
                let above = folder.ancestors().take_while(|above| above.starts_with(&dir));
                above.for_each(|folder| sweep_locked(folder, repositories));
            }
        }
        Ok(Self { _locks: locks })
    }

    /// Like [`Self::acquire`], with the keys files of the folders that these files lie in.
    pub(super) fn with_keys_files(paths: &[PathBuf], store: &KeyStore<'_>) -> Result<Self, Error> {
        let mut keys_files = Vec::new();
        for path in paths.iter().filter(|_| !store.is_piped()) {
            keys_files.extend(folders_of(path)?.iter().map(|folder| store.keys_file_path(folder)));
        }
        Self::acquire(paths, &keys_files, store.repositories())
    }
}

/// Removes temporary files that a killed command left in a folder whose lock is held, but none that git tracks.
fn sweep_locked(folder: &Path, repositories: &Repositories) {
    if !fs::has_temporaries(folder) {
        return;
    }
    let repo = repositories.discover(folder);
    fs::sweep(folder, |path| match &repo {
        Ok(None) => true,
        Ok(Some(repo)) => repo.is_tracked(path).is_ok_and(|tracked| !tracked),
        Err(_) => false,
    });
}

/// Removes what killed commands left in the folder `dir`, unless another envseal is at work there: for commands that
/// only read.
pub(crate) fn sweep(dir: &Path, repositories: &Repositories) {
    let dir = folder_of(&dir.join("x"));
    let place = lock_dir(&dir);
    if fs::has_temporaries(&dir)
        && journal::recover_interrupted(&dir).is_ok()
        && let Ok(Some(_lock)) = FolderLock::try_acquire(&place)
        && !journal::is_pending(&place)
    {
        sweep_locked(&dir, repositories);
    }
}

/// A file that is about to be replaced.
pub(super) struct ReadyFile<'a> {
    /// Its new content, beside it.
    pub(super) staged: StagedFile,
    /// Its content as it was read under the lock; None if there was no file.
    pub(super) before: Option<&'a [u8]>,
    pub(super) after: &'a [u8],
    /// The keys that this adds to a keys file.
    pub(super) keys: Vec<PublicKey>,
}

impl<'a> ReadyFile<'a> {
    /// Writes the new content beside the file: almost everything that can fail fails here. Dropping it removes it.
    pub(super) fn stage(
        _lock: &WriteLock,
        path: &Path,
        before: Option<&'a [u8]>,
        after: &'a [u8],
    ) -> Result<Self, Error> {
        Ok(Self { staged: fs::stage(path, after, NewMode::Default)?, before, after, keys: Vec::new() })
    }

    /// Like [`Self::stage`], for a keys file, which only this user may read, and the `keys` that are added to it.
    pub(super) fn stage_keys(
        _lock: &WriteLock,
        path: &Path,
        before: Option<&'a [u8]>,
        after: &'a [u8],
        keys: Vec<PublicKey>,
    ) -> Result<Self, Error> {
        Ok(Self { staged: fs::stage(path, after, NewMode::Private)?, before, after, keys })
    }
}

/// Replaces all of the files or none, in this order; within one worktree, even if it is interrupted. Keys files come
/// first, so that no value is ever encrypted to a key that was not saved. A file that records the change comes last.
///
/// Rejects a file that someone else has changed since it was read.
pub(super) fn commit(ready: Vec<ReadyFile<'_>>) -> Result<(), Error> {
    for ReadyFile { staged, before, .. } in &ready {
        refuse_changed(staged.target(), *before)?;
    }
    let (keys, files): (Vec<_>, Vec<_>) = ready.into_iter().partition(|ready| !ready.keys.is_empty());
    let mut by_root: BTreeMap<Option<PathBuf>, Vec<ReadyFile<'_>>> = BTreeMap::new();
    for file in files {
        by_root.entry(git::find_root(&folder_of(file.staged.target()))).or_default().push(file);
    }
    if !keys.is_empty() {
        let mut roots = by_root.iter_mut().rev();
        match (roots.next(), roots.next()) {
            // Files encrypted to the new keys must not be left without those keys.
            (Some((Some(root), _)), Some((_, others))) => {
                let (path, root) = (others[0].staged.target().to_owned(), root.clone());
                return Err(GitError::outside_worktree(&path, &root).into());
            }
            (Some((_, files)), _) => drop(files.splice(..0, keys)),
            (None, _) => keys.into_iter().try_for_each(|ready| ready.staged.commit())?,
        }
    }
    for (root, files) in by_root {
        match root {
            Some(root) if files.len() > 1 => Journal::replace(&root, files)?,
            _ => files.into_iter().try_for_each(|ready| ready.staged.commit())?,
        }
    }
    Ok(())
}

fn refuse_changed(path: &Path, before: Option<&[u8]>) -> Result<(), Error> {
    let is_same = match fs::holds(path, before.unwrap_or_default()) {
        Err(FsError::NotFound { .. }) => before.is_none(),
        same => same? && before.is_some(),
    };
    if is_same { Ok(()) } else { Err(changed_meanwhile(path)) }
}

/// Keeps git from seeing the temporary files that are written beside these files.
pub(super) fn exclude_beside<'a>(
    paths: impl Iterator<Item = &'a Path>,
    repositories: &Repositories,
) -> Result<(), Error> {
    let mut roots = BTreeSet::new();
    for path in paths {
        roots.extend(folders_of(path)?.iter().filter_map(|folder| git::find_root(folder)));
    }
    for root in roots {
        exclude_temporaries(&*repositories.open(&root)?)?;
    }
    Ok(())
}

/// Returns the folder of a file and, if it is a symlink, the folder of its target.
fn folders_of(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut folders = vec![folder_of(path), folder_of(&fs::final_target(path)?)];
    folders.dedup();
    Ok(folders)
}

fn lock_dir(folder: &Path) -> PathBuf {
    let place = ProjectPlace::of(folder);
    let dir = place.lock_dir();
    dir.canonicalize().unwrap_or_else(|_| dir.into())
}
