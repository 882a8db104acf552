//! Why a check could not be made.

use crate::error::Error;
use crate::fs::FsError;
use crate::git::GitError;
use crate::project::VaultError;

/// A check could not be made: that is never the same as having found nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GuardError {
    /// The repository could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file could not be read or written.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// A fix failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<GuardError> for Error {
    fn from(error: GuardError) -> Self {
        match error {
            GuardError::Git(error) => error.into(),
            GuardError::Fs(error) => VaultError::from(error).into(),
            GuardError::Vault(error) => error.into(),
        }
    }
}
