//! What can go wrong with a repository.

use crate::error::{Error, ErrorKind};
use crate::fs::fs_hint;
use crate::hint::Hint;
use std::path::Path;
use std::path::PathBuf;

use thiserror::Error;

use super::ObjectId;
use crate::fs::FsError;

/// A repository could not be opened, or not be asked.
#[derive(Debug, Error)]
pub enum GitError {
    /// There is no `git` program on `PATH`.
    #[error("git was not found; envseal asks it about the repository")]
    NoGit,
    /// The `git` program is older than [`super::OLDEST`].
    #[error("git {found} is too old; envseal needs git {} or newer", super::OLDEST)]
    TooOld {
        /// Its version.
        found: String,
    },
    /// The repository belongs to another user, whose configuration git does not trust (git-config(1),
    /// `safe.directory`).
    #[error("the git repository in {} belongs to another user", .path.display())]
    Owner {
        /// The worktree's root.
        path: PathBuf,
    },
    /// There is no git repository with a worktree at this path.
    #[error("{} is not in a git worktree", .path.display())]
    NotARepository {
        /// Where one was expected.
        path: PathBuf,
    },
    /// The path does not lie in the repository's worktree.
    #[error("{} is outside the git worktree {}", .path.display(), .root.display())]
    OutsideWorktree {
        /// The path asked about.
        path: PathBuf,
        /// The worktree's root.
        root: PathBuf,
    },
    /// The path holds a NUL, or cannot be written as git writes paths (on Windows: it is not Unicode).
    #[error("git cannot name the path {}", .path.display())]
    UnnameablePath {
        /// The path.
        path: PathBuf,
    },
    /// No commit is called so.
    #[error("unknown revision {revision:?}")]
    UnknownRevision {
        /// The name as it was given.
        revision: String,
    },
    /// Something that history names is not in this clone.
    #[error("this clone does not have all of its history: {what} is missing")]
    Missing {
        /// What is missing, in words.
        what: String,
        /// The repository's root, where the command that completes the clone is to be run.
        path: PathBuf,
        /// Whether the clone is shallow; else it is partial, or damaged.
        shallow: bool,
    },
    /// An object is not what git would have written.
    #[error("the git object {id} is damaged: {reason}")]
    Damaged {
        /// The object.
        id: ObjectId,
        /// What is wrong with it.
        reason: String,
    },
    /// There are commits, and no ref leads to one.
    #[error("the git repository in {} has commits, but no branch or tag leads to any; it may be damaged", .path.display())]
    LostRefs {
        /// Its root.
        path: PathBuf,
    },
    /// Someone else is changing the configuration, or stopped while doing so.
    #[error("the git configuration is being changed by another program: {} is there", .path.display())]
    ConfigLocked {
        /// The lock file.
        path: PathBuf,
    },
    /// A file or folder could not be read or written.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// Git said no.
    #[error("cannot {doing} the git repository in {}: {message}", .path.display())]
    Failed {
        /// The repository's worktree or git folder.
        path: PathBuf,
        /// The verb that fits behind "cannot".
        doing: &'static str,
        /// Git's own words.
        message: String,
    },
}

/// Returns `git `, with `-C PATH ` unless git itself would use that repository here.
fn git_in(path: &Path) -> Hint {
    let here = Path::new(".").canonicalize().ok().zip(path.canonicalize().ok());
    match here {
        Some((here, path)) if here.starts_with(&path) => "git ".into(),
        _ => hint!("git -C {path} ", path),
    }
}

pub(crate) fn git_hint(error: &GitError) -> Option<Hint> {
    Some(match error {
        GitError::Owner { path } => {
            hint!("if you trust it: git config --global --add safe.directory {path}", path)
        }
        GitError::ConfigLocked { path } => {
            hint!("if no git is at work here: rm {path}", path)
        }
        GitError::NoGit => "install git, and have its folder on PATH".into(),
        GitError::Missing { path, shallow, .. } => {
            let how = if *shallow { "fetch --unshallow" } else { "fetch --refetch --no-filter" };
            git_in(path).and(how)
        }
        GitError::Damaged { .. } => "see what is damaged: git fsck".into(),
        GitError::LostRefs { path } => {
            Hint::from("see which commits are lost: ").and(git_in(path)).and("fsck --no-reflogs")
        }
        GitError::UnknownRevision { revision }
            if crate::config::is_env_file(revision.as_ref()) && Path::new(revision).exists() =>
        {
            hint!("if you mean the file: -f {revision}", revision = Path::new(revision))
        }
        GitError::UnknownRevision { .. } => "see what there is: git log --oneline --all".into(),
        GitError::NotARepository { path } if path.join("HEAD").exists() || path.join(".git").exists() => {
            "go to one of its worktrees: git worktree list".into()
        }
        GitError::NotARepository { .. } => "go to a clone, or make this one: git init".into(),
        GitError::Fs(error) => return fs_hint(error),
        _ => return None,
    })
}

impl From<GitError> for Error {
    fn from(error: GitError) -> Self {
        Error::of(ErrorKind::Io, &error).with_hint_if(git_hint(&error))
    }
}
