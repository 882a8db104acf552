//! What other tools keep in files, and what is kept of those that are replaced.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::fs::{self, NewMode};
use crate::keys::KeysFile;
use crate::project::error::VaultError;
use crate::project::file::place_of;

/// Text that is wiped.
type Secret = Zeroizing<Vec<u8>>;

/// A source's text. It may hold values in the clear.
pub(crate) fn source_text(path: &Path) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    Ok(fs::read_secret(path)?)
}

/// Whether two paths lead to one file, however they are written.
pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    // Where there is no file yet, by its place in a folder that there is.
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| place_of(path));
    one == other || real(one) == real(other)
}

/// The `.env.keys` for files in `folder`, where there is one, and its text: other tools keep their keys in a file of that
/// name too.
pub(crate) fn other_keys_file(folder: &Path) -> Result<Option<(PathBuf, Secret)>, VaultError> {
    let folder = place_of(&folder.join("x"));
    let Some(path) = KeysFile::nearest(folder.parent().unwrap_or(&folder)) else { return Ok(None) };
    let text = fs::read_secret(&path)?;
    Ok(Some((path, text)))
}

/// Copies the file at `path` to one beside it that is no env file, private to this user, and returns its path.
///
/// It is for the caller to see that nothing in it is in the clear: [`super::Import::replaces_in_the_clear`].
pub(crate) fn keep_backup(path: &Path) -> Result<PathBuf, VaultError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // So that it neither begins nor ends as an env file's name does.
    let backup = path.with_file_name(format!("backup-{}~", name.trim_start_matches('.')));
    let text = fs::read_secret(path)?;
    if backup.symlink_metadata().is_ok() {
        return Err(VaultError::BackupExists(backup));
    }
    fs::stage(&backup, &text, NewMode::Private)?.commit_new()?;
    Ok(backup)
}

/// Takes a backup away again that nothing was done after.
pub(crate) fn drop_backup(path: &Path) -> Result<(), VaultError> {
    Ok(fs::remove(path)?)
}
