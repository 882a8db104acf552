//! A short-lived file, private to its owner, that is wiped afterwards.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::read::{no_follow, read_secret_by};
use super::write::create_private;
use super::{FsError, mode_bits, owned_by_this_user};

const DOING: &str = "write";
/// The block that is written at a time when a file is overwritten.
const ZEROS: [u8; 8 * 1024] = [0; 8 * 1024];

/// The limit for emptying a folder in which another process keeps creating files.
const TRIES: usize = 1000;

/// A file of mode 0600 in its own folder of mode 0700. Dropping it wipes it.
#[derive(Debug)]
pub(crate) struct PrivateFile {
    folder: PathBuf,
    path: PathBuf,
    /// All files that were written, still open: a program that saves by renaming leaves them without a name.
    written: Vec<File>,
    in_memory: bool,
}

impl PrivateFile {
    /// Creates the folder for a file called `name`: in `runtime_dir`, if that is an absolute folder private to this
    /// user; else in `/dev/shm`; else in the folder for temporary files, which is not in memory.
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

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns true if it is in memory, as far as known: never on a disk, unless the system swaps.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.in_memory
    }

    /// Wipes the folder, and writes the file.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), FsError> {
        self.wipe_content();
        let fail = |e| FsError::io(&self.path, DOING, e);
        let mut file = create_private(&self.path).map_err(fail)?;
        let put = file.write_all(bytes).map_err(fail);
        self.written.push(file);
        put
    }

    /// Reads the file. A symlink in its place is not followed.
    pub(crate) fn read(&self) -> Result<Zeroizing<Vec<u8>>, FsError> {
        read_secret_by(&self.path, false)
    }

    /// Overwrites every file in the folder with zeros, even those of other programs, and removes it and the folder.
    pub(crate) fn wipe(&mut self) {
        for _ in 0..TRIES {
            self.wipe_content();
            // Nothing can be created in a folder that is gone. Until then, children of a killed editor may be at work.
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

/// Returns true if only this user can access the folder.
fn is_private_folder(dir: &Path) -> bool {
    dir.is_absolute()
        && dir.is_dir()
        && owned_by_this_user(dir).unwrap_or(false)
        && mode_bits(dir).is_some_and(|mode| mode | 0o7700 == 0o7700)
}

/// Creates a folder in `dir`, or in the folder for temporary files.
fn make(dir: Option<&Path>) -> io::Result<PathBuf> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("envseal-").rand_bytes(12);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    dir.map_or_else(|| builder.tempdir(), |dir| builder.tempdir_in(dir)).map(tempfile::TempDir::keep)
}

/// Wipes the content of a folder; symlinks are removed, never followed. Files that cannot be removed are left.
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

/// Returns true if a file has no second name, which might be elsewhere. If both names are in the folder, the first one
/// is removed, and then only the other is left.
fn is_only_here(meta: &Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::nlink(meta) == 1;
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
    // The zeros must reach the disk before the space is freed.
    file.sync_data()?;
    file.set_len(0)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// A runtime folder, and a file in it.
    fn made() -> (tempfile::TempDir, PrivateFile) {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let file = PrivateFile::new(Some(dir.path()), ".env").unwrap();
        assert!(file.path().starts_with(dir.path()) && file.is_in_memory());
        (dir, file)
    }

    fn is_empty(dir: &Path) -> bool {
        fs::read_dir(dir).unwrap().next().is_none()
    }

    #[test]
    fn a_folder_that_others_can_look_into_is_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        for mode in [0o755, 0o710, 0o701] {
            fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert!(!is_private_folder(dir.path()), "{mode:o}");
        }
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(is_private_folder(dir.path()));
        assert!(!is_private_folder(Path::new("relative")) && !is_private_folder(&dir.path().join("none")));
        let file = PrivateFile::new(Some(Path::new(".")), ".env").unwrap();
        assert!(
            file.path().is_absolute() && !file.path().starts_with(Path::new(".").canonicalize().unwrap())
        );
    }

    #[test]
    fn whatever_an_editor_leaves_is_wiped_and_links_are_not_followed() {
        let (dir, mut file) = made();
        file.put(b"secret").unwrap();
        let (folder, outside) = (file.path().parent().unwrap().to_owned(), tempfile::tempdir().unwrap());
        let victim = outside.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        let deep = folder.join("backup/old");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("copy"), "secret").unwrap();
        fs::write(folder.join(".env.swp"), "secret").unwrap();
        fs::set_permissions(folder.join(".env.swp"), fs::Permissions::from_mode(0o400)).unwrap();
        symlink(&victim, folder.join("link")).unwrap();
        symlink(outside.path(), folder.join("folder")).unwrap();
        fs::hard_link(&victim, folder.join("hard")).unwrap();
        // A process that still has it open finds it empty.
        let mut swap = File::open(folder.join(".env.swp")).unwrap();
        drop(file);
        assert!(is_empty(dir.path()));
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert_eq!(io::Read::read(&mut swap, &mut [0; 8]).unwrap(), 0);
    }

    #[test]
    fn a_file_that_was_renamed_over_is_wiped_too() {
        let (_dir, mut file) = made();
        file.put(b"first").unwrap();
        let mut first = File::open(file.path()).unwrap();
        let saved = file.path().with_file_name("saved");
        fs::write(&saved, "second").unwrap();
        fs::rename(&saved, file.path()).unwrap();
        assert_eq!(*file.read().unwrap(), b"second");
        file.put(b"third").unwrap();
        assert_eq!(io::Read::read(&mut first, &mut [0; 8]).unwrap(), 0);
        assert_eq!(*file.read().unwrap(), b"third");
    }

    #[test]
    fn what_stands_in_its_place_is_not_followed() {
        let (_dir, mut file) = made();
        file.put(b"x").unwrap();
        fs::remove_file(file.path()).unwrap();
        assert!(matches!(file.read(), Err(FsError::NotFound { .. })));
        symlink("/etc/hostname", file.path()).unwrap();
        assert!(matches!(file.read(), Err(FsError::NotRegular { .. })));
        file.put(b"y").unwrap();
        assert_eq!(*file.read().unwrap(), b"y");
    }

    #[test]
    fn what_is_made_while_it_is_wiped_is_wiped_too() {
        for _ in 0..10 {
            let (dir, mut file) = made();
            file.put(b"x").unwrap();
            let folder = file.path().parent().unwrap().to_owned();
            let (begin, begun) = std::sync::mpsc::channel();
            let writer = std::thread::spawn(move || {
                begin.send(()).unwrap();
                (0..50).take_while(|at| fs::write(folder.join(at.to_string()), "secret").is_ok()).count()
            });
            begun.recv().unwrap();
            drop(file);
            writer.join().unwrap();
            assert!(is_empty(dir.path()));
        }
    }
}
