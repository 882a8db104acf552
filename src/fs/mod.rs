//! Files: whole reads, atomic writes, the lock on a folder, owners and modes.
//!
//! Nothing here knows what the bytes mean. Every error names the path and the failed action.

mod folder;
mod lock;
mod private;
mod read;
mod testing;
mod write;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::config::{is_env_file, is_keys_file};
use crate::error::{Error, ErrorKind};
use crate::hint::Hint;

pub(crate) use folder::{
    has_entry, is_executable, make_folder, make_private, make_private_folder, mode_bits, owned_by_this_user,
    owned_by_this_user_or_root, remove_empty_folder,
};
pub use lock::FolderLock;
pub(crate) use lock::on_wait;
pub(crate) use private::PrivateFile;
#[cfg(unix)]
pub(crate) use read::open_terminal;
pub(crate) use read::{
    holds, is_pipe, is_read_once, is_stdin, read, read_by, read_if_there, read_once, read_pipe, read_secret,
    read_wiped,
};
pub(crate) use write::{
    NewMode, StagedFile, TEMP_PREFIX, append_line, create_new, final_target, flush_folder, follow,
    has_temporaries, is_regular, put, read_link, remove, remove_if_there, stage, sweep, with_lines,
    write_atomic, write_by,
};

static CHANGES: AtomicUsize = AtomicUsize::new(0);

/// Counts what may have changed a worktree: each file that this process put in place or removed, and each lock and each
/// person that it waited for. What it learnt before holds as long as the count stays the same.
pub(crate) fn changes() -> usize {
    CHANGES.load(Ordering::Relaxed)
}

/// Adds one to [`changes`]; call it after the change.
pub(crate) fn note_change() {
    CHANGES.fetch_add(1, Ordering::Relaxed);
}

/// A file could not be read, written or locked. `doing` is the verb behind "cannot": `read`, `write`, `lock`, …
#[derive(Debug, thiserror::Error)]
pub enum FsError {
    /// The file, or the folder for it, is missing.
    #[error("cannot {doing} {}: it does not exist", .path.display())]
    NotFound { path: PathBuf, doing: &'static str },
    #[error("cannot {doing} {}: permission denied", .path.display())]
    PermissionDenied { path: PathBuf, doing: &'static str },
    /// No one has write permission, or the file system is mounted read-only.
    #[error("cannot {doing} {}: it is read-only", .path.display())]
    ReadOnly { path: PathBuf, doing: &'static str },
    /// The disk is full, or a quota is used up.
    #[error("cannot {doing} {}: no space left", .path.display())]
    NoSpace { path: PathBuf, doing: &'static str },
    /// The new content is in place, but a power cut may undo that.
    #[error("the new content of {} is in place, but its folder could not be flushed to the disk: {source}", .path.display())]
    NotFlushed { path: PathBuf, source: io::Error },
    /// A folder, FIFO, socket or device.
    #[error("cannot {doing} {}: it is not a regular file", .path.display())]
    NotRegular { path: PathBuf, doing: &'static str },
    /// The file belongs to another user or group, and a rewritten one would not. It is untouched.
    #[error("cannot write {}: it belongs to another user or group, and that could not be kept", .path.display())]
    OwnerCannotBeKept { path: PathBuf },
    /// `holder` is a process and its user, as far as known.
    #[error("cannot lock {}: {holder} has not released .envseal-tmp-lock for {seconds} seconds", .path.display())]
    Locked { path: PathBuf, holder: String, seconds: u64 },
    #[error("cannot {doing} {}", .path.display())]
    Other { path: PathBuf, doing: &'static str, source: io::Error },
}

impl FsError {
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

    /// Returns true if a file could not be read because it is missing or out of reach.
    pub(crate) fn is_absence(&self) -> bool {
        match self {
            Self::NotFound { .. } => true,
            Self::PermissionDenied { path, .. } | Self::Other { path, .. } => is_out_of_reach(path),
            _ => false,
        }
    }
}

/// Returns true if nothing is at `path`, or this user can't get there: in a container, HOME may be a device or another's.
pub(crate) fn is_out_of_reach(path: &Path) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    let is_absence = |error: io::Error| matches!(error.kind(), NotFound | NotADirectory | PermissionDenied);
    path.symlink_metadata().is_err_and(is_absence)
}

fn fs_hint(error: &FsError) -> Option<Hint> {
    match error {
        FsError::NotFound { path, .. } if is_env_file(path) => Some("list the env files: envseal ls".into()),
        FsError::NotFound { path, .. } if is_keys_file(path) => {
            Some(Hint::from("see where your keys are: envseal key list").without(&["-K", "-i"]))
        }
        FsError::ReadOnly { path, .. } => Some(hint!("if you mean to change it: chmod u+w {path}", path)),
        FsError::NotRegular { path, .. } if is_env_file(path) && is_pipe(path) => {
            Some("only run and get read a pipe; name another file with -e or -f".into())
        }
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

/// Returns the folder of `path`, `.` for a bare file name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
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
    }
}
