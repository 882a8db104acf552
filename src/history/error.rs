//! What can go wrong when history is read.

use std::path::PathBuf;

use crate::fs::FsError;
use crate::git::GitError;

/// Why history could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HistoryError {
    /// The repository.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file of the worktree.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// There is no worktree to compare with.
    #[error("{} is a bare repository: it has no worktree to compare with", .0.display())]
    Bare(PathBuf),
    /// A commit does not have the file, under none of the names that it has had since.
    #[error("{} is not in {revision}", path.display())]
    NoFile {
        /// The file.
        path: PathBuf,
        /// The revision as it was given.
        revision: String,
        /// An env file that is there.
        other: Option<PathBuf>,
    },
}
