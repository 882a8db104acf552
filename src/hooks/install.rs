//! Installs and uninstalls envseal's part of the hooks, and inspects them: what git would run for a hook, and what
//! exists where envseal would write.

use std::path::{Path, PathBuf};

use super::calls::{CallsEnvseal, check_hook, check_script, mentions, names_call};
use super::manager::HookManager;
use super::script::{
    Hook, HookRest, UnfitHook, contains, front, has_block, is_current, with_block, without_block,
};
use crate::error::Error;
use crate::fs::{self, FolderLock, FsError, NewMode, StagedFile};
use crate::git::{GitError, HooksDir, Repo, Setting};

/// Why a hook works or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HookState {
    /// Git calls envseal: by our lines, by a call in a hook of another kind, or through a hook manager.
    Installed,
    /// Git calls envseal by lines that an older version wrote: `envseal hook install` updates them.
    Outdated,
    /// `envseal hook install` is needed.
    Missing,
    /// The hook cannot be added to: `envseal hook install` says what to do by hand.
    Foreign,
    /// Another program or a person must write the file: `envseal hook install` says what.
    NotOurs,
    /// The file calls envseal, but is not executable, so git ignores it: `chmod +x`.
    NotExecutable,
    /// The file calls envseal, but git runs files that husky has not created in this worktree yet.
    NoHusky,
    /// A shell script that may skip its call, or ignore its failure: `envseal hook install` says what to add.
    Unclear,
    /// A file of another kind, which does not show whether it calls envseal.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HookReport {
    pub hook: Hook,
    /// The file that contains it, or would; or the one that does not show whether it works.
    pub path: PathBuf,
    pub state: HookState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CloneHooks {
    /// The folder from which git runs them. It need not exist.
    pub dir: HooksDir,
    pub reports: Vec<HookReport>,
}

/// The result of [`install`].
#[derive(Debug, Default)]
pub(crate) struct InstallReport {
    /// The folder that contains the hooks.
    pub folder: PathBuf,
    /// Empty if nothing had to be written.
    pub written: Vec<Hook>,
    /// The hooks that still don't call envseal, and those that don't show whether they do.
    pub left: Vec<HookReport>,
    /// The hook manager that calls envseal for some of the hooks, which were not changed.
    pub manager: Option<HookManager>,
}

pub(crate) fn bare_repository(path: &Path) -> Error {
    let hook = path.join("hooks/pre-receive");
    Error::refused(format!("{} is a bare repository, in which nobody commits", path.display()))
        .with_hint(hint!("on a server the check belongs in pre-receive: cp docs/pre-receive {hook}", hook))
}

/// Adds envseal's part to all three hooks, or changes nothing.
///
/// Fails with [`crate::error::ErrorKind::Refused`] if a hook can't be added to. The error's details are then the lines
/// to paste.
pub(crate) fn install(repo: &Repo) -> Result<InstallReport, Error> {
    let place = HooksFolder::new(repo, &read_settings(repo)?)?;
    let nothing = || InstallReport { folder: place.folder().to_path_buf(), ..InstallReport::default() };
    if !place.dir.own {
        // Nothing is missing if they all call envseal.
        if Hook::ALL.into_iter().all(|hook| place.check(hook).0 == CallsEnvseal::Yes) {
            return Ok(nothing());
        }
        return Err(left_alone(&place.dir, &place.file(Hook::PreCommit)));
    }
    // Done once before the folder is created, so that a refusal leaves no trace, and again under the lock.
    place.plan(&mut nothing())?;
    let made = fs::make_folder(place.folder())?;
    let result = FolderLock::acquire(place.folder()).map_err(Error::from).and_then(|_lock| {
        fs::sweep(place.folder(), |_| true);
        let mut report = nothing();
        rewrite_all(place.plan(&mut report)?)?;
        report.left = place.inspect_all()?;
        report.left.retain(|report| report.state != HookState::Installed);
        Ok(report)
    });
    if made && result.is_err() {
        fs::remove_empty_folder(place.folder());
    }
    result
}

/// Removes envseal's part from the hooks. The lines of others stay byte for byte as they were, and files that envseal
/// created are removed. Returns the files that had it. All are changed or none.
pub(crate) fn uninstall(repo: &Repo) -> Result<Vec<PathBuf>, Error> {
    let mut places = vec![HooksFolder::default(repo)];
    let configured = HooksFolder::new(repo, &read_settings(repo)?)?;
    if configured.dir.own && configured.folder() != places[0].folder() {
        places.push(configured);
    }
    places.retain(|place| place.folder().is_dir());
    let _locks =
        places.iter().map(|place| FolderLock::acquire(place.folder())).collect::<Result<Vec<_>, _>>()?;
    let mut rewrites = Vec::new();
    for (place, hook) in places.iter().flat_map(|place| Hook::ALL.map(|hook| (place, hook))) {
        rewrites.extend(plan_removal(&place.file(hook), hook)?);
        rewrites.extend(plan_removal(&place.kept(hook), hook)?);
    }
    let paths = rewrites.iter().map(|rewrite| rewrite.path.clone()).collect();
    rewrite_all(rewrites)?;
    Ok(paths)
}

/// Reads git's configuration of hooks, of drivers named envseal, and of filters.
pub(crate) fn read_settings(repo: &Repo) -> Result<Vec<Setting>, GitError> {
    repo.settings_like(r"^(core\.hookspath|(merge|diff)\.envseal\..*|filter\..*\.(clean|process))$")
}

/// Inspects the hooks that git calls in this repository, given [`read_settings`].
pub(crate) fn inspect(repo: &Repo, settings: &[Setting]) -> Result<CloneHooks, Error> {
    let place = HooksFolder::new(repo, settings)?;
    Ok(CloneHooks { reports: place.inspect_all()?, dir: place.dir })
}

/// Returns the error for hooks that other clones share, with the line to add to `file`, which lacks it.
pub(crate) fn left_alone(dir: &HooksDir, file: &Path) -> Error {
    let whose =
        if dir.own { "which is not this clone's alone" } else { "which is not this repository's own" };
    let path = dir.path.display();
    // It may not be a folder, for example /dev/null.
    let hint = if dir.own || dir.path.is_dir() {
        hint!(
            "add this to {file}, and likewise to the others: envseal hook run pre-commit \"$@\" || exit $?",
            file
        )
    } else {
        "give this repository a folder of its own: git config core.hooksPath .githooks".into()
    };
    Error::refused(format!("git takes the hooks from {path}, {whose} (core.hooksPath)")).with_hint(hint)
}

fn unfit(path: &Path, hook: Hook, UnfitHook { why, is_incomplete }: &UnfitHook) -> Error {
    let hint = if *is_incomplete {
        hint!("remove those lines from {path} and try again: envseal hook install", path)
    } else {
        hint!(
            "have that hook call this, with its arguments and stdin, and stop if it fails: envseal hook run {hook}",
            hook = hook.name()
        )
    };
    Error::refused(format!("cannot add to the hook {}: {why}", path.display())).with_hint(hint)
}

/// Returns the error for a hook that a manager writes from its `file`; `told` if that already names envseal.
fn managed(path: &Path, hook: Hook, manager: HookManager, file: &Path, told: bool) -> Error {
    let lines = if told { &[][..] } else { manager.lines(hook) };
    let command = manager.command(hook);
    let hint = match lines {
        [] => crate::hint::Hint::from("have it write them: ").and(command),
        _ => hint!("add those lines to {file}, then: ", file).and(command),
    };
    Error::refused(format!("{manager} writes the hook {}", path.display()))
        .with_details(lines.iter().map(|line| (*line).to_owned()))
        .with_hint(hint)
}

/// The folder from which git runs a repository's hooks.
struct HooksFolder {
    dir: HooksDir,
    /// True for husky, which generates the hooks in `.husky/_` and has them call the files in `.husky`.
    husky: bool,
    root: PathBuf,
}

/// The existing content of the file for a hook.
#[derive(Debug)]
enum ExistingHook {
    Nothing,
    /// Text that has a block, or can get one.
    Text(Vec<u8>),
    /// Something else, which calls envseal or may do so.
    Other(CallsEnvseal),
    Unfit(UnfitHook),
    /// A hook that a manager writes or will write, with its configuration and whether that calls envseal.
    Managed {
        manager: HookManager,
        file: PathBuf,
        told: CallsEnvseal,
        written: bool,
    },
}

impl HooksFolder {
    fn new(repo: &Repo, settings: &[Setting]) -> Result<Self, Error> {
        let dir = repo.hooks_dir_by(settings)?;
        let husky = dir.own && dir.path.ends_with(".husky/_");
        Ok(Self { dir, husky, root: repo.root().to_path_buf() })
    }

    /// Returns the folder that git uses if no other is configured. It may contain hooks that were installed earlier.
    fn default(repo: &Repo) -> Self {
        let dir = HooksDir { path: repo.default_hooks_dir(), own: true, private: true };
        Self { dir, husky: false, root: repo.root().to_path_buf() }
    }

    /// Returns the folder to write in.
    fn folder(&self) -> &Path {
        match self.dir.path.parent() {
            Some(parent) if self.husky => parent,
            _ => &self.dir.path,
        }
    }

    /// Returns the file to write to.
    fn file(&self, hook: Hook) -> PathBuf {
        self.folder().join(hook.name())
    }

    /// Returns the file that git runs.
    fn entry(&self, hook: Hook) -> PathBuf {
        self.dir.path.join(hook.name())
    }

    /// Returns true if git runs the file: it ignores one that is not executable (its hook.c, `find_hook`).
    fn is_called(&self, hook: Hook) -> bool {
        fs::is_executable(&self.entry(hook))
    }

    /// Returns whether git calls envseal at this hook and stops if that fails, and the file that decides it.
    fn check(&self, hook: Hook) -> (CallsEnvseal, PathBuf) {
        if self.is_called(hook) { self.check_text(hook) } else { (CallsEnvseal::No, self.entry(hook)) }
    }

    /// Like [`Self::check`], for a file that git may execute.
    fn check_text(&self, hook: Hook) -> (CallsEnvseal, PathBuf) {
        let entry = self.entry(hook);
        let text = match fs::read(&entry) {
            Ok(text) => text,
            Err(FsError::PermissionDenied { .. }) => return (CallsEnvseal::Unclear, entry),
            Err(_) => return (CallsEnvseal::No, entry),
        };
        let said = check_hook(&text, hook);
        if said == CallsEnvseal::Yes {
            return (said, entry);
        }
        if let Some(manager) = HookManager::of_hook(&text) {
            return self.check_manager(manager, &text, hook);
        }
        if self.husky && contains(&text, b"/h\"") {
            return self.check_husky(hook);
        }
        if contains(&text, b"overcommit") {
            // One program for all hooks, which calls what its configuration says.
            let file = self.root.join(".overcommit.yml");
            let is_named = fs::read(&file).is_ok_and(|text| mentions(&text, b"envseal"));
            return (if is_named { CallsEnvseal::Unclear } else { said }, file);
        }
        (said, entry)
    }

    /// Checks husky's hook: its `h`, which each of its wrappers reads, runs the file in `.husky` with `sh -e`.
    fn check_husky(&self, hook: Hook) -> (CallsEnvseal, PathBuf) {
        let helper = self.dir.path.join("h");
        match fs::read(&helper) {
            Ok(text) if contains(&text, b"sh -e") => {}
            Ok(_) => return (CallsEnvseal::Unclear, helper),
            // Without it, every commit fails.
            Err(_) => return (CallsEnvseal::No, helper),
        }
        let file = self.file(hook);
        let said = fs::read(&file).map_or(CallsEnvseal::No, |text| self.answer(&text, hook));
        (said, file)
    }

    fn check_manager(&self, manager: HookManager, text: &[u8], hook: Hook) -> (CallsEnvseal, PathBuf) {
        let (said, file) = manager.check(&self.root, text, hook);
        let kept = self.kept(hook);
        let is_kept = manager == HookManager::PreCommit
            && fs::is_executable(&kept)
            && fs::read(&kept).is_ok_and(|text| check_hook(&text, hook) == CallsEnvseal::Yes);
        (if is_kept { CallsEnvseal::Yes } else { said }, file)
    }

    /// Returns whether the text, if written to [`Self::file`], calls envseal.
    fn answer(&self, text: &[u8], hook: Hook) -> CallsEnvseal {
        if self.husky { check_script(text, hook, true) } else { check_hook(text, hook) }
    }

    /// Returns the file to which the pre-commit framework moves an existing hook, which it calls before its own.
    fn kept(&self, hook: Hook) -> PathBuf {
        self.folder().join(format!("{hook}.legacy"))
    }

    fn existing(&self, hook: Hook) -> Result<ExistingHook, FsError> {
        let path = self.file(hook);
        // A manager may be about to write the hook, and to move away what exists there.
        let to_come = |other: ExistingHook| {
            let manager = HookManager::of_worktree(&self.root).filter(|_| !self.husky);
            manager.map_or(other, |manager| self.managed(manager, b"", hook, false))
        };
        if !self.folder().is_dir() {
            return Ok(to_come(ExistingHook::Nothing));
        }
        let is_link = path.is_symlink();
        let unusable = |why| ExistingHook::Unfit(UnfitHook::new(why));
        // Others may use its target, too.
        let symlink = || unusable("it is a symlink");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(FsError::NotFound { .. }) if is_link => return Ok(symlink()),
            Err(FsError::NotFound { .. }) => return Ok(to_come(ExistingHook::Nothing)),
            Err(FsError::NotRegular { .. }) => return Ok(unusable("it is not a regular file")),
            Err(error) => return Err(error),
        };
        let said = self.answer(&text, hook);
        Ok(match (with_block(Some(&text), hook), HookManager::of_hook(&text), said) {
            (Ok(_), ..) if !is_link && has_block(&text) => ExistingHook::Text(text),
            (_, Some(manager), _) => self.managed(manager, &text, hook, true),
            (_, _, CallsEnvseal::Yes | CallsEnvseal::Unclear) if is_link => ExistingHook::Other(said),
            _ if is_link => symlink(),
            (Err(why), ..) if why.is_incomplete => ExistingHook::Unfit(why),
            (_, _, CallsEnvseal::Yes) | (Err(_), _, CallsEnvseal::Unclear) => ExistingHook::Other(said),
            // The existing call may depend on conditions.
            (Ok(_), _, CallsEnvseal::Unclear) if names_call(&text, hook) => ExistingHook::Other(said),
            (Err(why), ..) => ExistingHook::Unfit(why),
            (Ok(_), ..) => to_come(ExistingHook::Text(text)),
        })
    }

    fn managed(&self, manager: HookManager, generated: &[u8], hook: Hook, written: bool) -> ExistingHook {
        let (told, file) = self.check_manager(manager, generated, hook);
        ExistingHook::Managed { manager, file, told, written }
    }

    fn inspect_all(&self) -> Result<Vec<HookReport>, FsError> {
        Hook::ALL.into_iter().map(|hook| self.inspect(hook)).collect()
    }

    fn inspect(&self, hook: Hook) -> Result<HookReport, FsError> {
        let file = self.file(hook);
        let (path, state) = match self.check(hook) {
            (CallsEnvseal::Yes, _) => {
                let is_outdated =
                    fs::read(&file).is_ok_and(|text| has_block(&text) && !is_current(&text, hook));
                (file, if is_outdated { HookState::Outdated } else { HookState::Installed })
            }
            (CallsEnvseal::Unclear, path) => {
                let is_script =
                    path.ends_with(hook.name()) && fs::read(&path).is_ok_and(|text| front(&text).is_ok());
                (path, if is_script { HookState::Unclear } else { HookState::Unknown })
            }
            (CallsEnvseal::No, _)
                if !self.is_called(hook) && self.check_text(hook).0 == CallsEnvseal::Yes =>
            {
                (self.entry(hook), HookState::NotExecutable)
            }
            (CallsEnvseal::No, _) => (file, self.why_not_called(hook)?),
        };
        Ok(HookReport { hook, path, state })
    }

    fn why_not_called(&self, hook: Hook) -> Result<HookState, FsError> {
        use ExistingHook as Existing;
        Ok(match self.existing(hook)? {
            Existing::Text(text) if self.husky && self.answer(&text, hook) == CallsEnvseal::Yes => {
                HookState::NoHusky
            }
            Existing::Other(CallsEnvseal::Yes) if self.husky => HookState::NoHusky,
            Existing::Nothing | Existing::Text(_) if self.dir.own => HookState::Missing,
            Existing::Nothing | Existing::Text(_) | Existing::Managed { written: false, .. } => {
                HookState::NotOurs
            }
            Existing::Other(_) | Existing::Unfit(_) | Existing::Managed { .. } => HookState::Foreign,
        })
    }

    /// Plans what to write so that all three hooks are there. Fails if one of them can't be written.
    fn plan(&self, report: &mut InstallReport) -> Result<Vec<FileRewrite>, Error> {
        let mut rewrites = Vec::new();
        for hook in Hook::ALL {
            let path = self.file(hook);
            let before = match self.existing(hook)? {
                ExistingHook::Nothing => None,
                ExistingHook::Text(text) => Some(text),
                ExistingHook::Other(_)
                | ExistingHook::Managed { told: CallsEnvseal::Unclear, written: true, .. } => continue,
                ExistingHook::Unfit(why) => return Err(unfit(&path, hook, &why)),
                ExistingHook::Managed { manager, told: CallsEnvseal::Yes, written: true, .. } => {
                    report.manager = Some(manager);
                    continue;
                }
                ExistingHook::Managed { manager, file, told, .. } => {
                    return Err(managed(&path, hook, manager, &file, told != CallsEnvseal::No));
                }
            };
            let add = |text: Option<&[u8]>| with_block(text, hook).map_err(|why| unfit(&path, hook, &why));
            let mut after = add(before.as_deref())?;
            // If the lines are not reached, they are moved to the front.
            if self.answer(&after, hook) != CallsEnvseal::Yes
                && let Ok(HookRest::Bytes(others)) = without_block(&after)
            {
                after = add(Some(&others))?;
            }
            // Only our own file is made executable: whether the lines of others run is not ours to decide.
            let all_ours = without_block(&after) == Ok(HookRest::Nothing);
            if before.as_ref() != Some(&after) || (all_ours && !self.husky && !self.is_called(hook)) {
                rewrites.push(FileRewrite { path, before, after: Some(after), executable: all_ours });
                report.written.push(hook);
            }
        }
        Ok(rewrites)
    }
}

/// Plans the removal of envseal's part. Returns None if it is not in this file.
fn plan_removal(path: &Path, hook: Hook) -> Result<Option<FileRewrite>, Error> {
    if path.is_symlink() {
        return Ok(None);
    }
    let before = match fs::read(path) {
        Ok(text) => text,
        Err(FsError::NotFound { .. } | FsError::NotRegular { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let after = match without_block(&before).map_err(|why| unfit(path, hook, &why))? {
        HookRest::Same => return Ok(None),
        HookRest::Nothing => None,
        HookRest::Bytes(bytes) => Some(bytes),
    };
    Ok(Some(FileRewrite { path: path.to_path_buf(), before: Some(before), after, executable: false }))
}

/// A file's content before and after the change; None if there is no file.
#[derive(Debug)]
struct FileRewrite {
    path: PathBuf,
    before: Option<Vec<u8>>,
    after: Option<Vec<u8>>,
    /// True if the file is to be made executable, whatever its mode was.
    executable: bool,
}

/// A rewrite whose old and new contents are already on the disk.
struct StagedRewrite {
    path: PathBuf,
    backup: Option<StagedFile>,
    new: Option<StagedFile>,
}

/// Makes all changes or none.
fn rewrite_all(rewrites: Vec<FileRewrite>) -> Result<(), FsError> {
    commit_all(rewrites.into_iter().map(stage).collect::<Result<_, _>>()?)
}

fn stage(rewrite: FileRewrite) -> Result<StagedRewrite, FsError> {
    let FileRewrite { path, before, after, executable } = rewrite;
    let staged = |bytes: &Option<Vec<u8>>| {
        bytes.as_ref().map(|bytes| fs::stage(&path, bytes, NewMode::Default)).transpose()
    };
    let (backup, new) = (staged(&before)?, staged(&after)?);
    let new = if executable { new.map(StagedFile::executable).transpose()? } else { new };
    Ok(StagedRewrite { path, backup, new })
}

fn commit_all(rewrites: Vec<StagedRewrite>) -> Result<(), FsError> {
    let put = |path: &Path, staged: Option<StagedFile>| match staged {
        Some(staged) => staged.commit(),
        None => fs::remove(path),
    };
    let mut done = Vec::new();
    for StagedRewrite { path, backup, new } in rewrites {
        let result = put(&path, new);
        done.push((path, backup));
        if let Err(error) = result {
            for (path, backup) in done.into_iter().rev() {
                // A failure here has the reason that is returned.
                let _ = put(&path, backup);
            }
            return Err(error);
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_failure_at_the_last_undoes_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for (name, mode) in [("changed", 0o640), ("removed", 0o755)] {
            fs::write(path(name), name).unwrap();
            fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let rewrites = [
            ("changed", Some("changed"), Some("new")),
            ("removed", Some("removed"), None),
            ("made", None, Some("made")),
            ("last", None, Some("last")),
        ]
        .map(|(name, before, after)| FileRewrite {
            path: path(name),
            before: before.map(Into::into),
            after: after.map(Into::into),
            executable: true,
        });
        let staged = rewrites.into_iter().map(stage).collect::<Result<_, _>>().unwrap();
        // After everything was staged, a folder is created at the last one's path.
        fs::create_dir(path("last")).unwrap();
        assert!(commit_all(staged).is_err());
        for (name, bits) in [("changed", 0o640), ("removed", 0o755)] {
            assert_eq!(fs::read_to_string(path(name)).unwrap(), name);
            assert_eq!(mode(&path(name)), bits);
        }
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["changed", "last", "removed"]);
    }

    #[test]
    fn executable_is_for_those_who_may_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        for (bits, wanted) in [(0o600, 0o700), (0o640, 0o750), (0o644, 0o755), (0o755, 0o755)] {
            fs::write(&path, "a").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(bits)).unwrap();
            let (before, after) = (Some(b"a".to_vec()), Some(b"b".to_vec()));
            rewrite_all(vec![FileRewrite { path: path.clone(), before, after, executable: true }]).unwrap();
            assert_eq!(mode(&path), wanted);
            assert_eq!(fs::read(&path).unwrap(), b"b");
        }
    }
}
