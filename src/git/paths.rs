//! Paths as the file system has them, and as git has them.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::{GitError, find_root};
use crate::fs::FsError;

/// The real, absolute path of the entry `path`: its folder with all symlinks resolved, and its own name as it stands,
/// for git tracks a symlink, not what it leads to. Folders that do not exist are taken as spelled.
pub(super) fn real_entry(path: &Path) -> Result<PathBuf, GitError> {
    let absolute = std::path::absolute(path).map_err(|e| FsError::io(path, "resolve", e))?;
    match (absolute.parent(), absolute.file_name()) {
        (Some(dir), Some(name)) => Ok(real_folder(dir)?.join(name)),
        _ => real_folder(&absolute),
    }
}

/// The real, absolute path of the folder `dir`, symlinks resolved as far as it exists.
pub(super) fn real_folder(dir: &Path) -> Result<PathBuf, GitError> {
    let mut rest = Vec::new();
    for existing in dir.ancestors() {
        match fs::canonicalize(existing) {
            Ok(mut real) => {
                for part in rest.into_iter().rev() {
                    match part {
                        Component::ParentDir => drop(real.pop()),
                        part => real.push(part),
                    }
                }
                return Ok(real);
            }
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                rest.extend(existing.components().next_back());
            }
            Err(e) => return Err(FsError::io(existing, "resolve", e).into()),
        }
    }
    Ok(dir.to_path_buf())
}

/// A relative path in git's spelling: raw bytes on Unix, UTF-8 with `/` on Windows.
pub(super) fn to_git(relative: &Path) -> Result<Vec<u8>, GitError> {
    let unnameable = || GitError::UnnameablePath { path: relative.to_path_buf() };
    let mut bytes = Vec::new();
    for part in relative.components() {
        if !bytes.is_empty() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name_to_git(part.as_os_str()).ok_or_else(unnameable)?);
    }
    if memchr::memchr(0, &bytes).is_some() { Err(unnameable()) } else { Ok(bytes) }
}

/// A path in git's spelling as this system's; None for what the system cannot name.
#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)] // not so elsewhere
pub(crate) fn from_git(bytes: &[u8]) -> Option<&Path> {
    use std::os::unix::ffi::OsStrExt;
    Some(Path::new(OsStr::from_bytes(bytes)))
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)] // not so elsewhere
fn name_to_git(name: &OsStr) -> Option<&[u8]> {
    use std::os::unix::ffi::OsStrExt;
    Some(name.as_bytes())
}

/// A path in git's spelling as this system's; None for what the system cannot name.
#[cfg(not(unix))]
pub fn from_git(bytes: &[u8]) -> Option<&Path> {
    std::str::from_utf8(bytes).ok().map(Path::new)
}

#[cfg(not(unix))]
fn name_to_git(name: &OsStr) -> Option<&[u8]> {
    name.to_str().map(str::as_bytes)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_folder_is_resolved_and_the_entry_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let real = fs::canonicalize(dir.path()).unwrap();
        fs::create_dir(real.join("sub")).unwrap();
        symlink("sub", real.join("link")).unwrap();
        symlink("sub", real.join("sub/.env")).unwrap();
        assert_eq!(real_entry(&real.join("link/.env")).unwrap(), real.join("sub/.env"));
        assert_eq!(real_entry(&real.join("link/../x")).unwrap(), real.join("x"));
        assert_eq!(real_entry(&real.join("link/no/way/../.env")).unwrap(), real.join("sub/no/.env"));
        assert_eq!(real_folder(&real.join("link")).unwrap(), real.join("sub"));
        symlink("loop", real.join("loop")).unwrap();
        assert!(real_entry(&real.join("loop/.env")).is_err());
    }

    #[test]
    fn git_spelling_is_bytes() {
        let odd = Path::new(OsStr::from_bytes(b"a/\xff.env"));
        assert_eq!(to_git(odd).unwrap(), b"a/\xff.env");
        assert_eq!(from_git(b"a/\xff.env"), Some(odd));
        assert!(to_git(Path::new("a\0b")).is_err());
    }
}

/// Returns the path as seen from the working directory, so that it can be pasted there.
pub(crate) fn display_path(path: &Path) -> String {
    relative_path(path).display().to_string()
}

/// Returns the path as seen from the working directory.
pub(crate) fn relative_path(path: &Path) -> PathBuf {
    path_from(&Path::new(".").canonicalize().unwrap_or_default(), path)
}

/// Returns the path as seen from the folder `here`: through `..` within the repository that `here` lies in, else as it is.
pub(crate) fn path_from(here: &Path, path: &Path) -> PathBuf {
    if let Ok(below) = path.strip_prefix(here) {
        return below.to_owned();
    }
    let root = find_root(here);
    let Some(root) = root.filter(|root| path.starts_with(root)) else { return path.to_owned() };
    let shared =
        here.ancestors().take_while(|folder| folder.starts_with(&root)).find(|it| path.starts_with(it));
    let shared = shared.unwrap_or(&root);
    let up = here.strip_prefix(shared).unwrap_or(here).components().map(|_| "..");
    let down = path.strip_prefix(shared).unwrap_or(path);
    up.map(Path::new).chain([down]).collect()
}
