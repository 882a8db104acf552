//! Who owns a file, and what its mode is.

use std::fs;
use std::path::Path;

use super::FsError;

/// Whether the file or folder at `path`, symlinks followed, belongs to the user this process runs as (its effective
/// user id). Always true where files have no such owner (Windows).
pub(crate) fn owned_by_this_user(path: &Path) -> Result<bool, FsError> {
    let meta = fs::metadata(path).map_err(|e| FsError::io(path, "read", e))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Ok(meta.uid() == rustix::process::geteuid().as_raw())
    }
    #[cfg(not(unix))]
    {
        let _ = meta;
        Ok(true)
    }
}

/// The permission bits of `path` (`0o600`), symlinks followed; `None` if it cannot be looked at, or where files have
/// no such bits (Windows).
pub(crate) fn mode_bits(path: &Path) -> Option<u32> {
    let meta = fs::metadata(path).ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some(meta.mode() & 0o7777)
    }
    #[cfg(not(unix))]
    {
        let _ = meta;
        None
    }
}

/// Whether this process may execute the file at `path`, symlinks followed, as access(2) has it.
pub(crate) fn is_executable(path: &Path) -> bool {
    #[cfg(unix)]
    return rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    #[cfg(not(unix))]
    path.is_file()
}

/// Takes every permission of others than its owner from the file at `path`, symlinks followed. Does nothing where
/// files have no such bits (Windows).
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    #[test]
    fn both_follow_symlinks() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("f"), dir.path().join("l"));
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

    #[test]
    fn a_missing_file_has_neither() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("none");
        assert_eq!(mode_bits(&missing), None);
        assert!(matches!(owned_by_this_user(&missing), Err(FsError::NotFound { .. })));
    }
}
