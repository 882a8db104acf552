//! Where a program is.

use std::path::{Path, PathBuf};

/// The program `name` in the absolute ones of `folders`, but not in the working directory, which may hold what others
/// have put there.
pub(super) fn look_up(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let here = Path::new(".").canonicalize().ok();
    let elsewhere = |folder: &&PathBuf| folder.is_absolute() && folder.canonicalize().ok() != here;
    folders.iter().filter(elsewhere).find_map(|folder| executable(&folder.join(name)))
}

#[cfg(unix)]
fn executable(path: &Path) -> Option<PathBuf> {
    let may = rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    (may && path.is_file()).then(|| path.to_owned())
}

#[cfg(not(unix))]
fn executable(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let ends = ["", ".exe", ".cmd", ".bat", ".com"];
    ends.iter().map(|end| path.with_file_name(format!("{name}{end}"))).find(|path| path.is_file())
}
