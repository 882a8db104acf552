//! Putting envseal's part into the hooks, taking it out, and telling whether it is there.

use std::path::{Path, PathBuf};

use super::plan::{Place, Stands, block_state};
use super::script::{Rest, with_block, without_block};
use super::write::{Change, write_all};
use super::{Hook, InstallError, Manager};
use crate::fsio::{self, FsError, Lock};
use crate::git::Repo;

/// Whether git calls envseal for a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It does: by our lines, by a call in a hook of another kind, or through a program that writes the hooks.
    Installed,
    /// By lines that an older version wrote: `envseal hook install` renews them.
    Outdated,
    /// It does not: `envseal hook install`.
    Missing,
    /// It does not, and the hook is one that cannot be added to: `envseal hook install` says what to do by hand.
    Foreign,
    /// It does not, and the file is for another program or for a person to write: `envseal hook install` says what.
    NotOurs,
    /// Our lines are there, but nobody may execute the file, so that git passes over it: `chmod +x`.
    NotExecutable,
}

/// One hook of this repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub hook: Hook,
    /// The file that holds it, or would.
    pub path: PathBuf,
    /// Whether it does its work.
    pub state: State,
}

/// What [`install`] came to.
#[derive(Debug)]
pub struct Installed {
    /// The folder that the hooks stand in.
    pub folder: PathBuf,
    /// Those that were written; none if everything was in place.
    pub written: Vec<Hook>,
    /// Files that hold our lines and others', and that git passes over because nobody may execute them.
    pub not_executable: Vec<PathBuf>,
    /// The program that calls envseal for some of the hooks, which were left to it.
    pub manager: Option<Manager>,
}

/// Puts envseal's part into the three hooks, or changes nothing at all. `on_wait` is called once if another envseal is at work there.
pub fn install(repo: &Repo, on_wait: impl FnOnce()) -> Result<Installed, InstallError> {
    let place = Place::new(repo)?;
    if !place.dir.own {
        // Whoever calls envseal from there has all that can be had.
        let found = Hook::ALL.map(|hook| found(&place, hook).map(|found| found.state));
        if found.into_iter().all(|state| state.is_ok_and(|state| state == State::Installed)) {
            return Ok(Installed::nothing(&place));
        }
        return Err(InstallError::Shared { path: place.dir.path });
    }
    // Once before the folder is made, so that a refusal leaves no trace; and once more when nobody else writes there.
    changes(&place)?;
    let made = fsio::make_folder(place.folder())?;
    let result = Lock::acquire(place.folder(), on_wait).map_err(InstallError::from).and_then(|_lock| {
        fsio::sweep(place.folder());
        let (changes, mut installed) = changes(&place)?;
        write_all(changes)?;
        installed.not_executable = Hook::ALL
            .into_iter()
            .filter(|hook| found(&place, *hook).is_ok_and(|found| found.state == State::NotExecutable))
            .map(|hook| place.file(hook))
            .collect();
        Ok(installed)
    });
    if made && result.is_err() {
        fsio::remove_empty_folder(place.folder());
    }
    result
}

/// Takes envseal's part out of the hooks: what others wrote is byte for byte as it was, and files that envseal made are
/// gone. Returns the files that had it; all are changed or none.
pub fn uninstall(repo: &Repo, on_wait: impl FnOnce()) -> Result<Vec<PathBuf>, InstallError> {
    let mut places = vec![Place::default(repo)];
    let configured = Place::new(repo)?;
    if configured.dir.own && configured.folder() != places[0].folder() {
        places.push(configured);
    }
    places.retain(|place| place.folder().is_dir());
    let mut on_wait = Some(on_wait);
    let mut locks = Vec::new();
    for place in &places {
        locks.push(Lock::acquire(place.folder(), || {
            if let Some(on_wait) = on_wait.take() {
                on_wait();
            }
        })?);
    }
    let mut changes = Vec::new();
    for (place, hook) in places.iter().flat_map(|place| Hook::ALL.map(|hook| (place, hook))) {
        changes.extend(removal(&place.file(hook), hook)?);
        changes.extend(removal(&place.kept(hook), hook)?);
    }
    let paths = changes.iter().map(|change| change.path.clone()).collect();
    write_all(changes)?;
    Ok(paths)
}

/// What git calls in this repository.
pub fn state(repo: &Repo) -> Result<Vec<Found>, InstallError> {
    let place = Place::new(repo)?;
    Hook::ALL.into_iter().map(|hook| Ok(found(&place, hook)?)).collect()
}

impl Installed {
    fn nothing(place: &Place) -> Self {
        let folder = place.folder().to_path_buf();
        Self { folder, written: Vec::new(), not_executable: Vec::new(), manager: None }
    }
}

fn found(place: &Place, hook: Hook) -> Result<Found, FsError> {
    let called = place.is_called(hook);
    let state = match place.stands(hook)? {
        Stands::Text(text) => match block_state(&text, hook) {
            None if !place.dir.own => State::NotOurs,
            None => State::Missing,
            // Where husky is not installed, git finds none of its hooks, and calls ours through none.
            Some(_) if !called && place.dir.path.join(hook.name()).exists() => State::NotExecutable,
            Some(_) if !called => State::Missing,
            Some(true) => State::Installed,
            Some(false) => State::Outdated,
        },
        Stands::Calls | Stands::Managed { told: true, written: true, .. } if called => State::Installed,
        Stands::Calls => State::NotExecutable,
        Stands::Unfit(_) | Stands::Managed { written: true, .. } => State::Foreign,
        Stands::Managed { .. } => State::NotOurs,
        Stands::Nothing if !place.dir.own => State::NotOurs,
        Stands::Nothing => State::Missing,
    };
    Ok(Found { hook, path: place.file(hook), state })
}

/// What has to be written for the three to be there; an error if one of them cannot be.
fn changes(place: &Place) -> Result<(Vec<Change>, Installed), InstallError> {
    let mut changes = Vec::new();
    let mut installed = Installed::nothing(place);
    for hook in Hook::ALL {
        let path = place.file(hook);
        let before = match place.stands(hook)? {
            Stands::Nothing => None,
            Stands::Text(text) => Some(text),
            Stands::Calls => continue,
            Stands::Unfit(why) => return Err(InstallError::foreign(&path, hook, why)),
            Stands::Managed { manager, told: true, written: true, .. } => {
                installed.manager = Some(manager);
                continue;
            }
            Stands::Managed { manager, file, told, .. } => {
                return Err(InstallError::Managed { path, hook, manager, file, told });
            }
        };
        let after =
            with_block(before.as_deref(), hook).map_err(|why| InstallError::foreign(&path, hook, why))?;
        // Others' lines in a file that git passes over were meant to be, or not: that is not ours to decide.
        let all_ours = without_block(&after) == Ok(Rest::Nothing);
        if before.as_ref() != Some(&after) || (all_ours && !place.husky && !place.is_called(hook)) {
            changes.push(Change { path, before, after: Some(after), executable: all_ours });
            installed.written.push(hook);
        }
    }
    Ok((changes, installed))
}

/// What has to be written for envseal's part to be out of this file; none if it is not in it.
fn removal(path: &Path, hook: Hook) -> Result<Option<Change>, InstallError> {
    if path.is_symlink() {
        return Ok(None);
    }
    let before = match fsio::read(path) {
        Ok(text) => text,
        Err(FsError::NotFound { .. } | FsError::NotRegular { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let after = match without_block(&before).map_err(|why| InstallError::foreign(path, hook, why))? {
        Rest::Same => return Ok(None),
        Rest::Nothing => None,
        Rest::Bytes(bytes) => Some(bytes),
    };
    Ok(Some(Change { path: path.to_path_buf(), before: Some(before), after, executable: false }))
}
