//! Putting envseal's part into the hooks, taking it out, and telling whether it is there.

use std::path::{Path, PathBuf};

use super::plan::{Place, Stands, Verdict};
use super::script::{Rest, with_block, without_block};
use super::shell::Answer;
use super::write::{Change, write_all};
use super::{Hook, InstallError, Manager};
use crate::fs::{self, FsError, Lock};
use crate::git::{GitError, Repo, Setting};

/// Whether git calls envseal for a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
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
    /// A call is there, but nobody may execute the file, so that git passes over it: `chmod +x`.
    NotExecutable,
    /// A call is there, but git runs what husky has yet to make in this worktree.
    NoHusky,
    /// Nobody can tell from the file.
    Unknown,
}

/// One hook of this repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Which.
    pub hook: Hook,
    /// The file that holds it, or would; or the one that leaves open whether it does its work.
    pub path: PathBuf,
    /// Whether it does its work.
    pub state: State,
}

/// What git does at the hooks of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hooks {
    /// The folder that git takes them from. It need not exist.
    pub folder: PathBuf,
    /// One by one.
    pub found: Vec<Found>,
}

/// What [`install`] came to.
#[derive(Debug)]
pub(crate) struct Installed {
    /// The folder that the hooks stand in.
    pub folder: PathBuf,
    /// Those that were written; none if everything was in place.
    pub written: Vec<Hook>,
    /// Those that git does not call envseal in all the same, and those of which nobody can tell.
    pub left: Vec<Found>,
    /// The program that calls envseal for some of the hooks, which were left to it.
    pub manager: Option<Manager>,
}

/// Puts envseal's part into the three hooks, or changes nothing at all. `on_wait` is called once if another envseal is at work there.
pub(crate) fn install(repo: &Repo, on_wait: impl FnOnce()) -> Result<Installed, InstallError> {
    let place = Place::new(repo, &settings(repo)?)?;
    if !place.dir.own {
        // Whoever calls envseal from there has all that can be had.
        if Hook::ALL.into_iter().all(|hook| place.verdict(hook) == Verdict::Yes) {
            return Ok(Installed::nothing(&place));
        }
        return Err(InstallError::Shared { path: place.dir.path });
    }
    // Once before the folder is made, so that a refusal leaves no trace; and once more when nobody else writes there.
    changes(&place)?;
    let made = fs::make_folder(place.folder())?;
    let result = Lock::acquire(place.folder(), on_wait).map_err(InstallError::from).and_then(|_lock| {
        fs::sweep(place.folder(), |_| true);
        let (changes, mut installed) = changes(&place)?;
        write_all(changes)?;
        installed.left = all_found(&place)?;
        installed.left.retain(|found| found.state != State::Installed);
        Ok(installed)
    });
    if made && result.is_err() {
        fs::remove_empty_folder(place.folder());
    }
    result
}

/// Takes envseal's part out of the hooks: what others wrote is byte for byte as it was, and files that envseal made are
/// gone. Returns the files that had it; all are changed or none.
pub(crate) fn uninstall(repo: &Repo, on_wait: impl FnOnce()) -> Result<Vec<PathBuf>, InstallError> {
    let mut places = vec![Place::default(repo)];
    let configured = Place::new(repo, &settings(repo)?)?;
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

/// What git's configuration says of hooks and of drivers called envseal.
pub(crate) fn settings(repo: &Repo) -> Result<Vec<Setting>, GitError> {
    repo.settings_like(r"^(core\.hookspath|(merge|diff)\.envseal\..*)$")
}

/// What git calls in this repository, by these [`settings`].
pub(crate) fn state(repo: &Repo, settings: &[Setting]) -> Result<Hooks, InstallError> {
    let place = Place::new(repo, settings)?;
    Ok(Hooks { found: all_found(&place)?, folder: place.dir.path })
}

impl Installed {
    fn nothing(place: &Place) -> Self {
        let folder = place.folder().to_path_buf();
        Self { folder, written: Vec::new(), left: Vec::new(), manager: None }
    }
}

fn all_found(place: &Place) -> Result<Vec<Found>, FsError> {
    Hook::ALL.into_iter().map(|hook| found(place, hook)).collect()
}

fn found(place: &Place, hook: Hook) -> Result<Found, FsError> {
    let (path, state) = match place.verdict(hook) {
        Verdict::Yes if place.is_outdated(hook) => (place.file(hook), State::Outdated),
        Verdict::Yes => (place.file(hook), State::Installed),
        Verdict::CannotTell(file) => (file, State::Unknown),
        Verdict::No => return not_called(place, hook),
    };
    Ok(Found { hook, path, state })
}

/// Why git does not call envseal at this hook.
fn not_called(place: &Place, hook: Hook) -> Result<Found, FsError> {
    let entry = place.entry(hook);
    let path = place.file(hook);
    if !place.is_called(hook) && place.would(hook) == Verdict::Yes {
        return Ok(Found { hook, path: entry, state: State::NotExecutable });
    }
    let state = match place.stands(hook)? {
        Stands::Text(text) if place.husky && place.answer(&text, hook) == Answer::Yes => State::NoHusky,
        Stands::Calls if place.husky => State::NoHusky,
        Stands::Nothing | Stands::Text(_) if place.dir.own => State::Missing,
        Stands::Nothing | Stands::Text(_) | Stands::Managed { written: false, .. } => State::NotOurs,
        Stands::Calls | Stands::Unclear | Stands::Unfit(_) | Stands::Managed { .. } => State::Foreign,
    };
    Ok(Found { hook, path, state })
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
            Stands::Calls
            | Stands::Unclear
            | Stands::Managed { told: Answer::Unclear, written: true, .. } => continue,
            Stands::Unfit(why) => return Err(InstallError::foreign(&path, hook, why)),
            Stands::Managed { manager, told: Answer::Yes, written: true, .. } => {
                installed.manager = Some(manager);
                continue;
            }
            Stands::Managed { manager, file, told, .. } => {
                let told = told != Answer::No;
                return Err(InstallError::Managed { path, hook, manager, file, told });
            }
        };
        let fit = |text: Option<&[u8]>| {
            with_block(text, hook).map_err(|why| InstallError::foreign(&path, hook, why))
        };
        let mut after = fit(before.as_deref())?;
        // Lines that are not reached go to the front.
        if place.answer(&after, hook) != Answer::Yes
            && let Ok(Rest::Bytes(others)) = without_block(&after)
        {
            after = fit(Some(&others))?;
        }
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
    let before = match fs::read(path) {
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
