//! What stands where a hook goes, and which file that is.

use std::path::{Path, PathBuf};

use super::script::{calls, has_block, is_current};
use super::{Hook, InstallError, Manager, Unfit};
use crate::fsio::{self, FsError};
use crate::git::{HooksDir, Repo};

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
    /// Something else, which does not.
    Unfit(Unfit),
    /// Another program's work, now or before long; whether that calls envseal, and where a person says so.
    Managed { manager: Manager, file: PathBuf, told: bool, written: bool },
}

impl Place {
    /// The folder that git calls hooks from.
    pub(super) fn new(repo: &Repo) -> Result<Self, InstallError> {
        let dir = repo.hooks_dir()?;
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

    /// Whether git will call what stands there: a file that nobody may execute it passes over.
    pub(super) fn is_called(&self, hook: Hook) -> bool {
        let entry = self.dir.path.join(hook.name());
        fsio::mode_bits(&entry).map_or_else(|| entry.is_file(), |mode| mode & 0o111 != 0)
    }

    /// Looks at one hook.
    pub(super) fn stands(&self, hook: Hook) -> Result<Stands, FsError> {
        let path = self.file(hook);
        let link = path.is_symlink();
        let text = match fsio::read(&path) {
            Ok(text) => text,
            Err(FsError::NotFound { .. }) if link => return Ok(Stands::Unfit(Unfit::Symlink)),
            Err(FsError::NotFound { .. }) => {
                return Ok(self.to_come(hook).unwrap_or(Stands::Nothing));
            }
            Err(FsError::NotRegular { .. }) => return Ok(Stands::Unfit(Unfit::NotAFile)),
            Err(error) => return Err(error),
        };
        let fit = super::script::with_block(Some(&text), hook);
        Ok(match (fit, Manager::of_hook(&text)) {
            (Ok(_), _) if !link && has_block(&text) => Stands::Text(text),
            (_, Some(manager)) => self.managed(manager, hook, true),
            _ if link && calls(&text, hook) => Stands::Calls,
            _ if link => Stands::Unfit(Unfit::Symlink),
            (Err(Unfit::Damaged), _) => Stands::Unfit(Unfit::Damaged),
            _ if calls(&text, hook) => Stands::Calls,
            (Err(why), _) => Stands::Unfit(why),
            (Ok(_), None) => self.to_come(hook).unwrap_or(Stands::Text(text)),
        })
    }

    /// The hook of a program that is going to write it, and to put away what stands there.
    fn to_come(&self, hook: Hook) -> Option<Stands> {
        let manager = Manager::of_worktree(&self.root).filter(|_| !self.husky)?;
        Some(self.managed(manager, hook, false))
    }

    fn managed(&self, manager: Manager, hook: Hook, written: bool) -> Stands {
        let files = manager.files().iter().map(|name| self.root.join(name));
        let file = files.clone().find(|file| file.is_file());
        let text = file.as_ref().and_then(|file| fsio::read(file).ok()).unwrap_or_default();
        let file = file.or_else(|| files.clone().next()).unwrap_or_default();
        let told = manager.is_told(&text, hook) || (manager == Manager::PreCommit && self.is_kept(hook));
        Stands::Managed { manager, file, told, written }
    }

    /// Where the pre-commit framework puts a hook that it finds, to call it before its own.
    pub(super) fn kept(&self, hook: Hook) -> PathBuf {
        self.folder().join(format!("{hook}.legacy"))
    }

    fn is_kept(&self, hook: Hook) -> bool {
        let path = self.kept(hook);
        let executable = fsio::mode_bits(&path).is_none_or(|mode| mode & 0o111 != 0);
        executable && fsio::read(&path).is_ok_and(|text| is_current(&text, hook))
    }
}

/// Whether the block in the text is the one that would be written today; none where there is no block.
pub(super) fn block_state(text: &[u8], hook: Hook) -> Option<bool> {
    has_block(text).then(|| is_current(text, hook))
}
