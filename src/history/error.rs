//! What can go wrong when history is read.

use crate::error::{Error, ErrorKind};
use crate::fs::fs_hint;
use crate::git::git_hint;
use crate::hint::Hint;
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

fn history_hint(error: &HistoryError) -> Option<Hint> {
    Some(match error {
        HistoryError::Git(error) => return git_hint(error),
        HistoryError::Fs(error) => return fs_hint(error),
        HistoryError::Bare(_) => "name two revisions: envseal diff HEAD~ HEAD".into(),
        HistoryError::NoFile { other: Some(other), .. } => {
            hint!("it has another one: -f {other}", other)
        }
        HistoryError::NoFile { revision, .. } => {
            hint!("see the files that are there: git ls-tree -r --name-only {revision}", revision)
        }
    })
}

impl From<HistoryError> for Error {
    fn from(error: HistoryError) -> Self {
        Error::of(ErrorKind::Io, &error).with_hint_if(history_hint(&error))
    }
}
