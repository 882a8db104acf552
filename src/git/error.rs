//! What can go wrong with a repository.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::fsio::FsError;

/// A repository could not be opened, or not be asked.
#[derive(Debug, Error)]
pub enum GitError {
    /// The repository belongs to another user, whose configuration git does not trust. The way out is
    /// `git config --global --add safe.directory PATH`.
    #[error("the git repository in {} belongs to another user", .path.display())]
    Owner {
        /// The worktree's root.
        path: PathBuf,
    },
    /// There is no git repository with a worktree at this path.
    #[error("{} is in no git worktree", .path.display())]
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
    /// The list of tracked files is damaged, or in a format that libgit2 does not know: split or sparse. The way out
    /// of those is `git update-index --no-split-index` and `git sparse-checkout reapply --no-sparse-index`.
    #[error("the git index {} cannot be read: {reason}", .path.display())]
    UnreadableIndex {
        /// The index file.
        path: PathBuf,
        /// Why, in libgit2's words or ours.
        reason: String,
    },
    /// The path holds a NUL, or cannot be written as git writes paths (on Windows: it is not Unicode).
    #[error("git cannot name the path {}", .path.display())]
    UnnameablePath {
        /// The path.
        path: PathBuf,
    },
    /// No commit is called so.
    #[error("{revision:?} names no commit here")]
    UnknownRevision {
        /// The name as it was given.
        revision: String,
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
    /// Any other failure of libgit2.
    #[error("cannot {doing} the git repository in {}", .path.display())]
    Git {
        /// The repository's worktree or git folder.
        path: PathBuf,
        /// The verb that fits behind "cannot".
        doing: &'static str,
        /// libgit2's error.
        source: git2::Error,
    },
}

impl GitError {
    pub(super) fn git(path: &Path, doing: &'static str, source: git2::Error) -> Self {
        let path = path.to_path_buf();
        match source.code() {
            git2::ErrorCode::Owner => Self::Owner { path },
            _ => Self::Git { path, doing, source },
        }
    }
}
