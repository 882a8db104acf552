//! Folders and their entries, owners and modes.

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

/// Makes the folder `dir`, accessible to its owner alone (0700), and those above it that are missing.
pub(crate) fn make_private_folder(dir: &Path) -> Result<(), FsError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| FsError::io(dir, "make", e))
}

/// Returns true if `dir` has an entry of exactly this name: a path alone may lead to one in other letter case.
pub(crate) fn has_entry(dir: &Path, name: &str) -> bool {
    let leads_to_one = |name: &str| dir.join(name).symlink_metadata().is_ok();
    let is_listed = || dir.read_dir().is_ok_and(|list| list.flatten().any(|entry| entry.file_name() == name));
    leads_to_one(name) && (!leads_to_one(&name.to_uppercase()) || is_listed())
}

pub(crate) fn remove_empty_folder(dir: &Path) {
    // Fails for a folder that is not empty, as intended.
    let _ = fs::remove_dir(dir);
}

/// Returns true if the file or folder at `path`, symlinks followed, belongs to the effective user of this process.
/// Always true on Windows.
pub(crate) fn owned_by_this_user(path: &Path) -> Result<bool, FsError> {
    let (owner, this_user) = users(path)?;
    Ok(owner == this_user)
}

/// Like [`owned_by_this_user`], but also true for root's files: root can read and replace everything anyway.
pub(crate) fn owned_by_this_user_or_root(path: &Path) -> Result<bool, FsError> {
    let (owner, this_user) = users(path)?;
    Ok(owner == this_user || owner == 0)
}

/// Returns the ids of the owner, symlinks followed, and of this process's effective user; equal ones on Windows.
fn users(path: &Path) -> Result<(u32, u32), FsError> {
    let meta = fs::metadata(path).map_err(|e| FsError::io(path, "read", e))?;
    #[cfg(unix)]
    return Ok((std::os::unix::fs::MetadataExt::uid(&meta), rustix::process::geteuid().as_raw()));
    #[cfg(not(unix))]
    {
        let _ = meta;
        Ok((0, 0))
    }
}

/// Returns the permission bits of `path` (`0o600`), symlinks followed; None if it cannot be examined, and on Windows.
pub(crate) fn mode_bits(path: &Path) -> Option<u32> {
    let meta = fs::metadata(path).ok()?;
    #[cfg(unix)]
    return Some(std::os::unix::fs::MetadataExt::mode(&meta) & 0o7777);
    #[cfg(not(unix))]
    {
        let _ = meta;
        None
    }
}

/// Returns true if this process may execute the file at `path`, symlinks followed, by access(2).
pub(crate) fn is_executable(path: &Path) -> bool {
    #[cfg(unix)]
    return rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    #[cfg(not(unix))]
    path.is_file()
}

/// Removes the permissions of all but the owner from the file at `path`, symlinks followed. Does nothing on Windows.
pub(crate) fn make_private(path: &Path) -> Result<(), FsError> {
    #[cfg(unix)]
    if let Some(mode) = mode_bits(path) {
        use std::os::unix::fs::PermissionsExt;
        let private = fs::Permissions::from_mode(mode & 0o700);
        fs::set_permissions(path, private).map_err(|e| FsError::io(path, "change the mode of", e))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
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
        // Even on a file system that ignores letter case.
        assert!(!has_entry(dir.path(), "a.toml"));
        if dir.path().join("a.toml").exists() {
            return;
        }
        file("a.toml");
        assert!(has_entry(dir.path(), "a.toml"), "both are there");
    }

    #[cfg(unix)]
    #[test]
    fn owner_and_mode_follow_symlinks() {
        use std::os::unix::fs::{PermissionsExt, chown, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("f"), dir.path().join("l"));
        assert_eq!(mode_bits(&file), None);
        assert!(matches!(owned_by_this_user(&file), Err(FsError::NotFound { .. })));
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        assert_eq!(mode_bits(&link), Some(0o640));
        assert!(owned_by_this_user(&link).unwrap());
        if chown(&file, Some(12345), None).is_ok() {
            assert!(!owned_by_this_user(&link).unwrap());
        } else {
            println!("skipped: a file of another user needs root");
        }
    }
}
