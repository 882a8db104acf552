//! The place where a person edits a file's values as plain text.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use crate::config::ProcessEnv;
use crate::error::Error;
use crate::fs::PrivateFile;

/// The place for a file of this user's alone, in memory where there is such a place. Dropped, it is wiped.
#[derive(Default)]
pub(crate) struct Desk {
    file: Slot,
    path: PathBuf,
    in_memory: bool,
}

/// Wipes a desk, for when the process has to end.
pub(crate) struct Broom(Slot);

type Slot = Arc<Mutex<Option<PrivateFile>>>;

impl Desk {
    /// Makes the place for a text called as the file at `path` is, so that an editor knows what it is.
    ///
    /// Whatever may have to wipe it is to have its [`Self::broom`] before.
    pub(crate) fn set_up(&mut self, process: &ProcessEnv, path: &Path) -> Result<(), Error> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut slot = lock(&self.file);
        let file = slot.insert(PrivateFile::new(process.path("XDG_RUNTIME_DIR").as_deref(), &name)?);
        (self.path, self.in_memory) = (file.path().to_owned(), file.is_in_memory());
        Ok(())
    }

    /// Where the text is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is in memory: never on a disk, unless the system swaps.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.in_memory
    }

    /// Puts a text there; whatever lay there before is wiped.
    pub(crate) fn put(&self, text: &[u8]) -> Result<(), Error> {
        Ok(lock(&self.file).as_mut().expect("it is set up").put(text)?)
    }

    /// The text that is there.
    pub(crate) fn read(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        Ok(lock(&self.file).as_mut().expect("it is set up").read()?)
    }

    /// What wipes it from another thread.
    pub(crate) fn broom(&self) -> Broom {
        Broom(Arc::clone(&self.file))
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        drop(lock(&self.file).take());
    }
}

impl Broom {
    /// Wipes the desk for good: whoever wants to put anything there from now on waits for ever.
    pub(crate) fn wipe(self) {
        let mut slot = lock(&self.0);
        drop(slot.take());
        std::mem::forget(slot);
    }
}

fn lock(slot: &Mutex<Option<PrivateFile>>) -> MutexGuard<'_, Option<PrivateFile>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
