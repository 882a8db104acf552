//! Folders that a file is to stand in.

use std::fs;
use std::path::Path;

use super::FsError;

/// Makes the folder `dir`, and those above it that are missing. Returns whether it was missing.
pub(crate) fn make_folder(dir: &Path) -> Result<bool, FsError> {
    if dir.is_dir() {
        return Ok(false);
    }
    fs::create_dir_all(dir).map_err(|e| FsError::io(dir, "make", e)).map(|()| true)
}

/// Makes the folder `dir`, open to its owner alone (0700), and those above it that are missing.
pub(crate) fn make_private_folder(dir: &Path) -> Result<(), FsError> {
    if dir.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| FsError::io(dir, "make", e))
}

/// Returns true if the folder `dir` has an entry of exactly this name. Where letter case is ignored, a path alone leads
/// to entries of other names too.
pub(crate) fn has_entry(dir: &Path, name: &str) -> bool {
    let leads_to_one = |name: &str| dir.join(name).symlink_metadata().is_ok();
    let is_listed = || dir.read_dir().is_ok_and(|list| list.flatten().any(|entry| entry.file_name() == name));
    leads_to_one(name) && (!leads_to_one(&name.to_uppercase()) || is_listed())
}

/// Reads the file `name` in the folder `dir`, as `fs::read` does. Under any other spelling of its name it is not there.
pub(crate) fn read_entry(dir: &Path, name: &str) -> Result<Vec<u8>, FsError> {
    let path = dir.join(name);
    if path.symlink_metadata().is_ok() && !has_entry(dir, name) {
        return Err(FsError::NotFound { path, doing: "read" });
    }
    super::read(&path)
}

/// Removes the folder `dir` if nothing is in it; else it stays.
pub(crate) fn remove_empty_folder(dir: &Path) {
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

    #[test]
    fn an_entry_goes_by_its_own_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| fs::write(dir.path().join(name), name).unwrap();
        file("A.TOML");
        // Also on a file system that would lead from one to the other.
        assert!(!has_entry(dir.path(), "a.toml"));
        assert!(matches!(read_entry(dir.path(), "a.toml"), Err(FsError::NotFound { .. })));
        if dir.path().join("a.toml").exists() {
            return;
        }
        file("a.toml");
        assert!(has_entry(dir.path(), "a.toml"), "both are there");
        assert_eq!(read_entry(dir.path(), "a.toml").unwrap(), b"a.toml");
    }
}
