//! What can keep hooks from being installed or taken out.

use crate::error::{Error, ErrorKind};
use crate::fs::fs_hint;
use crate::git::git_hint;
use crate::hint::Hint;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Hook, Manager};
use crate::fs::FsError;
use crate::git::GitError;

/// Why a file that stands where a hook goes is left alone.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Unfit {
    /// Its `#!` line names another language.
    #[error("it is no shell script: it is run by {0:?}")]
    Interpreter(String),
    /// It is a program, or other bytes that are no text.
    #[error("it is no shell script")]
    Binary,
    /// It leads to another file, which may serve others too.
    #[error("it is a symlink")]
    Symlink,
    /// It is a folder or another thing that is no file.
    #[error("it is no regular file")]
    NotAFile,
    /// envseal's markers do not pair up.
    #[error("the lines that envseal wrote there are torn")]
    Damaged,
}

/// Hooks could not be installed or taken out; every file is as it was.
#[derive(Debug, Error)]
pub(crate) enum InstallError {
    /// It has no worktree, so that nobody commits there.
    #[error("{} is a bare repository, in which nobody commits", .path.display())]
    Bare {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// `core.hooksPath` leads to a folder that serves other repositories too.
    #[error("git takes the hooks from {}, which is not this repository's own (core.hooksPath)", .path.display())]
    Shared {
        /// The folder.
        path: PathBuf,
    },
    /// There is a hook that cannot be added to.
    #[error("the hook {} is left alone: {why}", .path.display())]
    Foreign {
        /// Its file.
        path: PathBuf,
        /// Which hook it is.
        hook: Hook,
        /// Why.
        why: Unfit,
    },
    /// Another program writes the hooks, and would undo what is written to them.
    #[error("the hook {} is {manager}'s to write", .path.display())]
    Managed {
        /// The hook's file.
        path: PathBuf,
        /// Which hook it is.
        hook: Hook,
        /// Whose it is.
        manager: Manager,
        /// The file to add the lines to.
        file: PathBuf,
        /// Whether they stand there, and it only has not acted on them yet.
        told: bool,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// The repository.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl InstallError {
    pub(super) fn foreign(path: &Path, hook: Hook, why: Unfit) -> Self {
        Self::Foreign { path: path.to_path_buf(), hook, why }
    }

    /// Whether it is a person's own arrangement that stands in the way, and not a failure.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Shared { .. } | Self::Foreign { .. } | Self::Managed { .. })
    }

    /// Lines to paste, if that is the way out.
    pub(crate) fn lines(&self) -> &'static [&'static str] {
        match self {
            Self::Managed { manager, hook, told: false, .. } => manager.lines(*hook),
            _ => &[],
        }
    }
}

fn hooks_hint(error: &InstallError) -> Option<Hint> {
    Some(match error {
        InstallError::Bare { path } => hint!(
            "on a server the check belongs into pre-receive: cp docs/pre-receive {hook}",
            hook = path.join("hooks/pre-receive")
        ),
        // As /dev/null.
        InstallError::Shared { path } if !path.is_dir() => {
            "give this repository a folder of its own: git config core.hooksPath .githooks".into()
        }
        InstallError::Shared { .. } => {
            "call `envseal hook run pre-commit` from the hook there, and the others alike; or \
                                        give this repository its own: git config core.hooksPath .githooks"
                .into()
        }
        InstallError::Foreign { path, why: Unfit::Damaged, .. } => {
            hint!("take those lines out of {path} and try again: envseal hook install", path)
        }
        InstallError::Foreign { hook, .. } => hint!(
            "have that hook call this, with its arguments and stdin, and stop where it fails: envseal hook run {hook}",
            hook = hook.name()
        ),
        InstallError::Managed { manager, hook, file, .. } => match error.lines() {
            [] => Hint::from("have it write them: ").and(manager.command(*hook)),
            _ => hint!("add those lines to {file}, then: ", file).and(manager.command(*hook)),
        },
        InstallError::Fs(error) => return fs_hint(error),
        InstallError::Git(error) => return git_hint(error),
    })
}

impl From<InstallError> for Error {
    fn from(error: InstallError) -> Self {
        let lines = error.lines().iter().map(|line| (*line).to_owned());
        Error::of(ErrorKind::Refused, &error).with_details(lines).with_hint_if(hooks_hint(&error))
    }
}
