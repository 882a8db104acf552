//! What git would run for a hook, what stands where envseal would write, and which file that is.

use std::path::{Path, PathBuf};

use super::script::{answer, calls, has_block, is_current, names};
use super::shell::{self, Answer};
use super::{Hook, InstallError, Manager, Unfit};
use crate::fs::{self, FsError};
use crate::git::{HooksDir, Repo, Setting};

/// Whether git, at one of its hooks, has envseal called and stops where that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It has.
    Yes,
    /// It has not.
    No,
    /// What this file says may be a call, and may not.
    CannotTell(PathBuf),
}

/// Where this repository's hooks are written.
pub(super) struct Place {
    /// Where git looks.
    pub(super) dir: HooksDir,
    /// husky keeps what git calls in `.husky/_`, makes it anew each time, and has it call the files in `.husky`.
    pub(super) husky: bool,
    root: PathBuf,
}

/// What stands where one hook goes.
#[derive(Debug)]
pub(super) enum Stands {
    /// Nothing.
    Nothing,
    /// Text that a block may go into, or is in.
    Text(Vec<u8>),
    /// Something else, which calls envseal.
    Calls,
    /// Something else, of which nobody can tell that.
    Unclear,
    /// Something else, which does not.
    Unfit(Unfit),
    /// Another program's work, now or before long; whether that calls envseal, and where a person says so.
    Managed { manager: Manager, file: PathBuf, told: Answer, written: bool },
}

impl Place {
    /// The folder that git calls hooks from, by these settings.
    pub(super) fn new(repo: &Repo, settings: &[Setting]) -> Result<Self, InstallError> {
        let dir = repo.hooks_dir_by(settings)?;
        let husky = dir.own && dir.path.ends_with(".husky/_");
        Ok(Self { dir, husky, root: repo.root().to_path_buf() })
    }

    /// The folder that git calls hooks from where nobody has named another; it may hold what was installed earlier.
    pub(super) fn default(repo: &Repo) -> Self {
        let dir = HooksDir { path: repo.default_hooks_dir(), own: true };
        Self { dir, husky: false, root: repo.root().to_path_buf() }
    }

    /// The folder to write in.
    pub(super) fn folder(&self) -> &Path {
        match self.dir.path.parent() {
            Some(parent) if self.husky => parent,
            _ => &self.dir.path,
        }
    }

    /// The file to write to.
    pub(super) fn file(&self, hook: Hook) -> PathBuf {
        self.folder().join(hook.name())
    }

    /// The file that git runs.
    pub(super) fn entry(&self, hook: Hook) -> PathBuf {
        self.dir.path.join(hook.name())
    }

    /// Whether git will run what stands there: a file that nobody may execute it passes over (its hook.c, `find_hook`).
    pub(super) fn is_called(&self, hook: Hook) -> bool {
        fs::is_executable(&self.entry(hook))
    }

    /// What git would do at this hook. The only place that tells.
    pub(super) fn verdict(&self, hook: Hook) -> Verdict {
        if self.is_called(hook) { self.would(hook) } else { Verdict::No }
    }

    /// What git would do if it may execute the file.
    pub(super) fn would(&self, hook: Hook) -> Verdict {
        let entry = self.entry(hook);
        let text = match fs::read(&entry) {
            Ok(text) => text,
            Err(FsError::PermissionDenied { .. }) => return Verdict::CannotTell(entry),
            // Whatever else is there is not envseal's.
            Err(_) => return Verdict::No,
        };
        let said = answer(&text, hook);
        if said == Answer::Yes {
            return Verdict::Yes;
        }
        let (file, said) = if let Some(manager) = Manager::of_hook(&text) {
            let (file, told) = manager.told(&self.root, &text, hook);
            let kept = manager == Manager::PreCommit && self.is_kept(hook);
            (file, if kept { Answer::Yes } else { told })
        } else if self.husky && names(&text, "/h\"") {
            self.by_husky(hook)
        } else if names(&text, "overcommit") {
            // One program for all hooks, which finds what to call in its configuration.
            let file = self.root.join(".overcommit.yml");
            let named = fs::read(&file).is_ok_and(|text| names(&text, "envseal"));
            (file, if named { Answer::Unclear } else { said })
        } else {
            (entry, said)
        };
        match said {
            Answer::Yes => Verdict::Yes,
            Answer::No => Verdict::No,
            Answer::Unclear => Verdict::CannotTell(file),
        }
    }

    /// What husky's `h`, which each of its wrappers reads, does for this hook: it has `sh -e` run the file in `.husky`.
    fn by_husky(&self, hook: Hook) -> (PathBuf, Answer) {
        let helper = self.dir.path.join("h");
        match fs::read(&helper) {
            Ok(text) if names(&text, "sh -e") => {}
            Ok(_) => return (helper, Answer::Unclear),
            // Then every commit fails.
            Err(_) => return (helper, Answer::No),
        }
        let file = self.file(hook);
        let said = fs::read(&file).map_or(Answer::No, |text| shell::answer(&text, hook, true));
        (file, said)
    }

    /// Whether the text, where it is to be written, calls envseal.
    pub(super) fn answer(&self, text: &[u8], hook: Hook) -> Answer {
        if self.husky { shell::answer(text, hook, true) } else { answer(text, hook) }
    }

    /// Whether envseal's lines there are of another version.
    pub(super) fn is_outdated(&self, hook: Hook) -> bool {
        fs::read(&self.file(hook)).is_ok_and(|text| has_block(&text) && !is_current(&text, hook))
    }

    /// Looks at one hook.
    pub(super) fn stands(&self, hook: Hook) -> Result<Stands, FsError> {
        let path = self.file(hook);
        if !self.folder().is_dir() {
            return Ok(self.to_come(hook).unwrap_or(Stands::Nothing));
        }
        let link = path.is_symlink();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(FsError::NotFound { .. }) if link => return Ok(Stands::Unfit(Unfit::Symlink)),
            Err(FsError::NotFound { .. }) => {
                return Ok(self.to_come(hook).unwrap_or(Stands::Nothing));
            }
            Err(FsError::NotRegular { .. }) => return Ok(Stands::Unfit(Unfit::NotAFile)),
            Err(error) => return Err(error),
        };
        let fit = super::script::with_block(Some(&text), hook);
        Ok(match (fit, Manager::of_hook(&text), self.answer(&text, hook)) {
            (Ok(_), ..) if !link && has_block(&text) => Stands::Text(text),
            (_, Some(manager), _) => self.managed(manager, &text, hook, true),
            (_, _, Answer::Yes) if link => Stands::Calls,
            (_, _, Answer::Unclear) if link => Stands::Unclear,
            _ if link => Stands::Unfit(Unfit::Symlink),
            (Err(Unfit::Damaged), ..) => Stands::Unfit(Unfit::Damaged),
            (_, _, Answer::Yes) => Stands::Calls,
            (Err(_), _, Answer::Unclear) => Stands::Unclear,
            // Under conditions of a person's own.
            (Ok(_), _, Answer::Unclear) if calls(&text, hook) => Stands::Unclear,
            (Err(why), ..) => Stands::Unfit(why),
            (Ok(_), ..) => self.to_come(hook).unwrap_or(Stands::Text(text)),
        })
    }

    /// The hook of a program that is going to write it, and to put away what stands there.
    fn to_come(&self, hook: Hook) -> Option<Stands> {
        let manager = Manager::of_worktree(&self.root).filter(|_| !self.husky)?;
        Some(self.managed(manager, b"", hook, false))
    }

    fn managed(&self, manager: Manager, generated: &[u8], hook: Hook, written: bool) -> Stands {
        let (file, told) = manager.told(&self.root, generated, hook);
        let kept = manager == Manager::PreCommit && self.is_kept(hook);
        Stands::Managed { manager, file, told: if kept { Answer::Yes } else { told }, written }
    }

    /// Where the pre-commit framework puts a hook that it finds, to call it before its own.
    pub(super) fn kept(&self, hook: Hook) -> PathBuf {
        self.folder().join(format!("{hook}.legacy"))
    }

    fn is_kept(&self, hook: Hook) -> bool {
        let path = self.kept(hook);
        fs::is_executable(&path) && fs::read(&path).is_ok_and(|text| answer(&text, hook) == Answer::Yes)
    }
}
