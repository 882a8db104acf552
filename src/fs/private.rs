//! A file for a moment, open to its owner alone, that is wiped when it is done with.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::read::read_wiped;
use super::{FsError, mode_bits, owned_by_this_user};

const DOING: &str = "write";
/// As much as is overwritten at a time.
const ZEROS: [u8; 8 * 1024] = [0; 8 * 1024];

/// So often a folder is emptied in which somebody goes on making files.
const TRIES: usize = 1000;

/// A file of mode 0600 in a folder of its own, of mode 0700. Dropped, it is wiped.
#[derive(Debug)]
pub(crate) struct PrivateFile {
    folder: PathBuf,
    path: PathBuf,
    /// Every file that was written to: a program that saves by renaming leaves them without a name.
    written: Vec<File>,
    in_memory: bool,
}

impl PrivateFile {
    /// Makes the folder for a file called `name`: in `runtime_dir`, if that is an absolute folder of this user's that is
    /// closed to all others; else in `/dev/shm`; else, which is no memory, in the folder for temporary files.
    pub(crate) fn new(runtime_dir: Option<&Path>, name: &str) -> Result<Self, FsError> {
        let runtime_dir = runtime_dir.filter(|dir| is_private_folder(dir));
        let shared = Some(Path::new("/dev/shm")).filter(|dir| cfg!(unix) && dir.is_dir());
        let made = [runtime_dir, shared].into_iter().flatten().find_map(|dir| make(Some(dir)).ok());
        let in_memory = made.is_some();
        let folder = match made {
            Some(folder) => folder,
            None => make(None).map_err(|e| FsError::io(Path::new("a temporary folder"), "make", e))?,
        };
        Ok(Self { path: folder.join(name), folder, written: Vec::new(), in_memory })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is in memory, as far as that can be told: never on a disk, unless the system swaps.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.in_memory
    }

    /// Writes the file anew, once all that was in the folder is wiped.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), FsError> {
        self.wipe_content();
        let fail = |e| FsError::io(&self.path, DOING, e);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path).map_err(fail)?;
        let put = file.write_all(bytes).map_err(fail);
        self.written.push(file);
        put
    }

    /// What stands in the file now. A symlink in its place is not followed.
    pub(crate) fn read(&self) -> Result<Zeroizing<Vec<u8>>, FsError> {
        let fail = |e| FsError::io(&self.path, "read", e);
        let not_regular = || FsError::NotRegular { path: self.path.clone(), doing: "read" };
        if !fs::symlink_metadata(&self.path).map_err(fail)?.is_file() {
            return Err(not_regular());
        }
        let mut file = no_follow(OpenOptions::new().read(true)).open(&self.path).map_err(fail)?;
        let meta = file.metadata().map_err(fail)?;
        if !meta.is_file() {
            return Err(not_regular());
        }
        read_wiped(&mut file, usize::try_from(meta.len()).unwrap_or(0)).map_err(fail)
    }

    /// Overwrites every file in the folder with zeros, whoever made it, and removes it and the folder.
    pub(crate) fn wipe(&mut self) {
        for _ in 0..TRIES {
            self.wipe_content();
            // Nothing is ever made in a folder that is gone. Before that, what a killed editor has started may be at it.
            match fs::remove_dir(&self.folder) {
                Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty => std::thread::yield_now(),
                _ => break,
            }
        }
    }

    fn wipe_content(&mut self) {
        for mut file in self.written.drain(..) {
            let _ = zero(&mut file);
        }
        empty(&self.folder);
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// Whether it is a folder that nobody but this user can look into.
fn is_private_folder(dir: &Path) -> bool {
    dir.is_absolute()
        && dir.is_dir()
        && owned_by_this_user(dir).unwrap_or(false)
        && mode_bits(dir).is_some_and(|mode| mode | 0o7700 == 0o7700)
}

/// Makes a folder in `dir`, or where temporary files go.
fn make(dir: Option<&Path>) -> io::Result<PathBuf> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("envseal-").rand_bytes(12);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    let made = if let Some(dir) = dir { builder.tempdir_in(dir) } else { builder.tempdir() };
    made.map(tempfile::TempDir::keep)
}

/// Wipes all that is in a folder; symlinks are removed, never followed. What cannot be removed is left.
fn empty(folder: &Path) {
    let Ok(listing) = fs::read_dir(folder) else { return };
    for item in listing.flatten() {
        let path = item.path();
        match item.file_type() {
            Ok(kind) if kind.is_dir() => {
                empty(&path);
                let _ = fs::remove_dir(&path);
            }
            Ok(kind) => {
                if kind.is_file() {
                    zero_at(&path);
                }
                let _ = fs::remove_file(&path);
            }
            Err(_) => {}
        }
    }
}

fn zero_at(path: &Path) {
    if let Ok(meta) = fs::symlink_metadata(path)
        && is_only_here(&meta)
    {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // An editor may have made its copy read-only.
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
        }
        if let Ok(mut file) = no_follow(OpenOptions::new().write(true)).open(path) {
            let _ = zero(&mut file);
        }
    }
}

/// Whether a file has no second name: that might be a file of somebody's elsewhere. Of two names in the folder the
/// first is removed, and then it has only the other.
fn is_only_here(meta: &Metadata) -> bool {
    #[cfg(unix)]
    {
        std::os::unix::fs::MetadataExt::nlink(meta) == 1
    }
    #[cfg(not(unix))]
    {
        let _ = meta;
        true
    }
}

fn zero(file: &mut File) -> io::Result<()> {
    let mut left = file.metadata()?.len();
    file.seek(SeekFrom::Start(0))?;
    while left > 0 {
        let count = ZEROS.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        file.write_all(&ZEROS[..count])?;
        left -= count as u64;
    }
    // So that the zeros reach what the bytes were on before the space is given back.
    file.sync_data()?;
    file.set_len(0)
}

fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
        options
    }
    #[cfg(not(unix))]
    options
}

#[cfg(all(test, unix))]
mod tests;
