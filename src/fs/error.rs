//! What can go wrong with a file.

use crate::config::{is_env_file, is_keys_file};
use crate::error::{Error, ErrorKind};
use crate::hint::Hint;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A file could not be read, written or locked.
///
/// `doing` is the verb that fits behind "cannot": `read`, `write`, `lock`, …
#[derive(Debug, Error)]
pub enum FsError {
    /// The file, or the folder it should stand in, does not exist.
    #[error("cannot {doing} {}: it does not exist", .path.display())]
    NotFound {
        /// What is missing.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// The operating system refused access.
    #[error("cannot {doing} {}: permission denied", .path.display())]
    PermissionDenied {
        /// What access was refused to.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// The file has no write permission for anyone, or its file system is mounted read-only.
    #[error("cannot {doing} {}: it is read-only", .path.display())]
    ReadOnly {
        /// What is read-only.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// The disk is full, or a quota is used up.
    #[error("cannot {doing} {}: no space left", .path.display())]
    NoSpace {
        /// What did not fit.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// The file is in place, but a power cut may undo that.
    #[error("the new content of {} is in place, but its folder could not be flushed to the disk: {source}", .path.display())]
    NotFlushed {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// A folder, FIFO, socket or device stands where a regular file is needed.
    #[error("cannot {doing} {}: it is not a regular file", .path.display())]
    NotRegular {
        /// What is not a regular file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// The file belongs to another user or group, and a rewritten one would not.
    #[error("cannot write {}: it belongs to another user or group, and that could not be kept", .path.display())]
    OwnerCannotBeKept {
        /// The file that was to be rewritten; it is untouched.
        path: PathBuf,
    },
    /// Somebody else went on holding the lock on a folder.
    #[error("cannot lock {}: {holder} has not released .envseal-tmp-lock for {seconds} seconds", .path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
        /// Who holds it: a process and its user, as far as they can be told.
        holder: String,
        /// How long we waited.
        seconds: u64,
    },
    /// Any other failure.
    #[error("cannot {doing} {}", .path.display())]
    Other {
        /// The file or folder concerned.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// The operating system's error.
        source: io::Error,
    },
}

impl FsError {
    /// The error for `source`, which occurred while `doing` something to `path`.
    pub(crate) fn io(path: &Path, doing: &'static str, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path, doing },
            io::ErrorKind::PermissionDenied => Self::PermissionDenied { path, doing },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path, doing },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace { path, doing },
            io::ErrorKind::IsADirectory => Self::NotRegular { path, doing },
            _ => Self::Other { path, doing, source },
        }
    }

    /// The file or folder the error is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::NotFound { path, .. }
            | Self::PermissionDenied { path, .. }
            | Self::ReadOnly { path, .. }
            | Self::NoSpace { path, .. }
            | Self::NotFlushed { path, .. }
            | Self::NotRegular { path, .. }
            | Self::OwnerCannotBeKept { path }
            | Self::Locked { path, .. }
            | Self::Other { path, .. } => path,
        }
    }
}

pub(crate) fn fs_hint(error: &FsError) -> Option<Hint> {
    let path = error.path();
    match error {
        FsError::NotFound { path: missing, .. } if is_env_file(missing) => {
            Some(hint!("see which files there are: envseal ls; or make it: envseal set NAME -f {path}", path))
        }
        FsError::NotFound { path: missing, .. } if is_keys_file(missing) => {
            Some("see where your keys are: envseal key list".into())
        }
        FsError::ReadOnly { .. } => Some(hint!("if you mean to change it: chmod u+w {path}", path)),
        FsError::NoSpace { .. } => Some("make room on the disk and try again".into()),
        _ => None,
    }
}

impl From<FsError> for Error {
    fn from(error: FsError) -> Self {
        let kind =
            if matches!(error, FsError::NotFound { .. }) { ErrorKind::NotFound } else { ErrorKind::Io };
        Self::of(kind, &error).with_hint_if(fs_hint(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_become_variants_that_name_the_path() {
        let of = |kind: io::ErrorKind| FsError::io(Path::new("a/.env"), "write", kind.into());
        assert!(matches!(of(io::ErrorKind::NotFound), FsError::NotFound { .. }));
        assert!(matches!(of(io::ErrorKind::PermissionDenied), FsError::PermissionDenied { .. }));
        assert!(matches!(of(io::ErrorKind::ReadOnlyFilesystem), FsError::ReadOnly { .. }));
        assert!(matches!(of(io::ErrorKind::StorageFull), FsError::NoSpace { .. }));
        assert!(matches!(of(io::ErrorKind::QuotaExceeded), FsError::NoSpace { .. }));
        let other = of(io::ErrorKind::TimedOut);
        assert_eq!(other.to_string(), "cannot write a/.env");
        assert!(std::error::Error::source(&other).is_some());
        assert_eq!(other.path(), Path::new("a/.env"));
    }
}
