//! Folders that a file is to stand in.

use std::fs;
use std::path::Path;

use super::FsError;

/// Makes the folder `dir`, and those above it that are missing. Returns whether it was missing.
pub fn make_folder(dir: &Path) -> Result<bool, FsError> {
    if dir.is_dir() {
        return Ok(false);
    }
    fs::create_dir_all(dir).map_err(|e| FsError::io(dir, "make", e)).map(|()| true)
}

/// Makes the folder `dir`, open to its owner alone (0700), and those above it that are missing.
pub fn make_private_folder(dir: &Path) -> Result<(), FsError> {
    if dir.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| FsError::io(dir, "make", e))
}

/// Removes the folder `dir` if nothing is in it; else it stays.
pub fn remove_empty_folder(dir: &Path) {
    // Removing a folder that holds something fails, and is meant to.
    let _ = fs::remove_dir(dir);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_and_removed_only_when_empty() {
        let dir = tempfile::tempdir().unwrap();
        let (deep, file) = (dir.path().join("a/b"), dir.path().join("file"));
        assert!(make_folder(&deep).unwrap());
        assert!(!make_folder(&deep).unwrap());
        fs::write(&file, "").unwrap();
        assert!(make_folder(&file).is_err() && make_folder(&file.join("x")).is_err());
        remove_empty_folder(&dir.path().join("a"));
        assert!(deep.is_dir());
        remove_empty_folder(&deep);
        assert!(!deep.exists());
    }
}
