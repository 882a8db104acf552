//! Which env files are read together.

use std::path::{Path, PathBuf};

use crate::config::EnvName;
use crate::error::Error;
use crate::project::{EnvFile, VaultError};

/// An env file among several, for [`Options::vars`]. Every path is one, of a file that must be
/// there; [`EnvPath::optional`] is one of a file that may be missing.
///
/// ```no_run
/// use envseal::{EnvPath, Vault};
///
/// let vars = Vault::options().vars([EnvPath::optional(".env.local"), ".env".into()])?;
/// # Ok::<(), envseal::Error>(())
/// ```
///
/// [`Options::vars`]: super::Options::vars
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvPath {
    path: PathBuf,
    may_be_missing: bool,
}

impl EnvPath {
    /// A file that is passed over where it is not there, as `-f '?FILE'` does it. Of a file that is there all is asked
    /// that is asked of others, and so is of its name.
    pub fn optional(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().into(), may_be_missing: true }
    }

    fn load(&self) -> Result<Option<EnvFile>, VaultError> {
        // By its name alone, for a link that leads nowhere is not a file that somebody left out.
        let is_missing = || {
            let found = self.path.symlink_metadata();
            found.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
        };
        if self.may_be_missing && is_missing() {
            // A name that no env file has would be missing for ever.
            EnvName::of_file(&self.path)?;
            return Ok(None);
        }
        EnvFile::load(&self.path).map(Some)
    }
}

/// A file that must be there.
impl<P: AsRef<Path>> From<P> for EnvPath {
    fn from(path: P) -> Self {
        Self { path: path.as_ref().into(), may_be_missing: false }
    }
}

/// The files that are there, in the order given; an error where one is not that must be.
pub(super) fn load_files(paths: impl IntoIterator<Item = impl Into<EnvPath>>) -> Result<Vec<EnvFile>, Error> {
    let loaded = paths.into_iter().filter_map(|path| path.into().load().transpose());
    Ok(loaded.collect::<Result<_, _>>()?)
}
