//! The single steps of a change that spans several files, each of which reaches the disk before the next begins.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::write::FolderFlush;
use super::{FsError, folder_of};

/// Writes a file of the owner's own (0600) at `path`, whole or not at all, by way of the file `by` beside it: a name
/// that is always the same, so that a killed process leaves one of it at most.
pub(crate) fn write_by(path: &Path, by: &Path, bytes: &[u8]) -> Result<(), FsError> {
    let fail = |e| FsError::io(path, "write", e);
    remove_if_there(by)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(by).map_err(fail)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(e) = written {
        drop(file);
        // So that a full disk has its space back.
        let _ = fs::remove_file(by);
        return Err(fail(e));
    }
    put(by, path)
}

/// Renames the file `from` to `to`, over what is there.
pub(crate) fn put(from: &Path, to: &Path) -> Result<(), FsError> {
    let flush = FolderFlush::open(folder_of(to));
    fs::rename(from, to).map_err(|e| FsError::io(to, "write", e))?;
    flush.flush().map_err(|source| FsError::NotFlushed { path: to.to_path_buf(), source })
}

/// Removes the file at `path`, so that it is gone for good. That there is none is no error. Returns whether there was.
pub(crate) fn remove_if_there(path: &Path) -> Result<bool, FsError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        Err(e) => Err(FsError::io(path, "remove", e)),
        Ok(()) => flush_folder(folder_of(path)).map(|()| true),
    }
}

/// Makes what was made, renamed or removed in `dir` reach the disk.
pub(crate) fn flush_folder(dir: &Path) -> Result<(), FsError> {
    FolderFlush::open(dir).flush().map_err(|e| FsError::io(dir, "flush", e))
}

/// Whether `path` is a regular file itself, and no symlink to one.
pub(crate) fn is_regular(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_writer_left_is_no_hindrance() {
        let dir = tempfile::tempdir().unwrap();
        let (path, by) = (dir.path().join("journal"), dir.path().join("journal.new"));
        fs::write(&by, "half of something that is longer than what is written next").unwrap();
        write_by(&path, &by, b"whole").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert!(!by.exists() && is_regular(&path));
        #[cfg(unix)]
        assert_eq!(super::super::mode_bits(&path), Some(0o600));
        assert!(remove_if_there(&path).unwrap() && !remove_if_there(&path).unwrap());
        assert!(write_by(&path, &dir.path().join("none/x"), b"").is_err() && !path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_was_laid_there_is_not_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let (path, by, victim) = (dir.path().join("j"), dir.path().join("j.new"), dir.path().join("victim"));
        fs::write(&victim, "precious").unwrap();
        for link in [&by, &path] {
            std::os::unix::fs::symlink(&victim, link).unwrap();
        }
        assert!(!is_regular(&path));
        write_by(&path, &by, b"new").unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert!(is_regular(&path));
    }
}
