//! The lock that lets one writer at a time into a folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use super::FsError;
use super::read::no_follow;

/// Has the prefix of temporary files, so that git ignores it too.
pub(super) const LOCK_FILE: &str = ".envseal-tmp-lock";

const RETRY: Duration = Duration::from_millis(20);

/// The limits of waiting for a lock.
#[derive(Clone, Copy)]
struct Patience {
    /// After this, the user is told.
    tell: Duration,
    /// After this, waiting fails.
    give_up: Duration,
}

const PATIENCE: Patience = Patience { tell: Duration::from_secs(1), give_up: Duration::from_secs(60) };

/// Called by a thread that has waited for a lock for a second.
static ON_WAIT: OnceLock<Box<dyn Fn() + Send + Sync>> = OnceLock::new();

/// Sets what the program says while it waits for a lock. Without it, as in the library, nothing is said.
pub(crate) fn on_wait(tell: impl Fn() + Send + Sync + 'static) {
    // The first one stays: a process runs one command.
    let _ = ON_WAIT.set(Box::new(tell));
}

/// An exclusive, advisory lock on a folder, held until dropped or until the process ends.
///
/// It is `flock` on the file `.envseal-tmp-lock` in the folder, of mode 0600 and removed with the lock: any user who
/// can read a file or a folder can lock it, and make everyone else wait. If the folder is not writable, the folder
/// itself is locked. On Windows the file stays.
#[derive(Debug)]
pub struct FolderLock {
    _held: File,
    /// The lock file, to be removed.
    #[cfg(unix)]
    file: Option<std::path::PathBuf>,
}

impl FolderLock {
    /// Locks `dir`. Waits for another process or thread that holds it, does what [`on_wait`] says after a second, and
    /// fails with [`FsError::Locked`] after a minute.
    pub fn acquire(dir: &Path) -> Result<Self, FsError> {
        Self::acquire_within(dir, PATIENCE, || {
            if let Some(tell) = ON_WAIT.get() {
                tell();
            }
        })
    }

    fn acquire_within(dir: &Path, patience: Patience, on_wait: impl FnOnce()) -> Result<Self, FsError> {
        let start = Instant::now();
        let mut on_wait = Some(on_wait);
        loop {
            if let Some(lock) = Self::try_acquire(dir)? {
                return Ok(lock);
            }
            let waited = start.elapsed();
            if waited >= patience.give_up {
                let (path, holder) = (dir.to_owned(), holder(dir));
                return Err(FsError::Locked { path, holder, seconds: patience.give_up.as_secs() });
            }
            if waited >= patience.tell
                && let Some(tell) = on_wait.take()
            {
                tell();
            }
            thread::sleep(RETRY);
        }
    }

    /// Locks `dir`, or returns `None` at once if another process or thread holds it.
    pub fn try_acquire(dir: &Path) -> Result<Option<Self>, FsError> {
        let lock = Self::attempt(dir).map_err(|e| FsError::io(dir, "lock", e));
        super::note_change();
        lock
    }

    fn attempt(dir: &Path) -> io::Result<Option<Self>> {
        let path = dir.join(LOCK_FILE);
        loop {
            let file = match open_lock_file(&path) {
                // The lock file belongs to another user.
                Err(e) if e.kind() == ErrorKind::PermissionDenied && path.symlink_metadata().is_ok() => {
                    return Ok(None);
                }
                #[cfg(unix)]
                Err(e) if matches!(e.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
                    return Self::attempt_folder(dir);
                }
                opened => opened?,
            };
            if !try_lock(&file)? {
                return Ok(None);
            }
            #[cfg(unix)]
            if is_at(&file, &path) {
                return Ok(Some(Self { _held: file, file: Some(path) }));
            }
            #[cfg(not(unix))]
            return Ok(Some(Self { _held: file }));
            // Its holder has removed it in the meantime: the next process would lock another file.
        }
    }

    #[cfg(unix)]
    fn attempt_folder(dir: &Path) -> io::Result<Option<Self>> {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::DIRECTORY.bits().cast_signed();
        let folder = OpenOptions::new().read(true).custom_flags(flags).open(dir)?;
        Ok(try_lock(&folder)?.then_some(Self { _held: folder, file: None }))
    }
}

#[cfg(unix)]
impl Drop for FolderLock {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            // Still locked, so it is no one else's.
            let _ = std::fs::remove_file(file);
        }
    }
}

fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(e)) => Err(e),
    }
}

fn open_lock_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    no_follow(&mut options).open(path)
}

/// Returns true if the open file is the one at `path`.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Returns the holder of the lock on `dir`, as far as known: `process 1234 of alice`.
#[cfg(unix)]
fn holder(dir: &Path) -> String {
    use std::os::unix::fs::MetadataExt;
    let lock_file = dir.join(LOCK_FILE).symlink_metadata();
    let owner = lock_file.as_ref().ok().map(MetadataExt::uid);
    let locked = lock_file.or_else(|_| dir.symlink_metadata());
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let process = locked.ok().and_then(|meta| holding(&locks, meta.ino()));
    let user = process.and_then(user_of).or(owner);
    let process = process.map_or("another process".into(), |pid| format!("process {pid}"));
    match user {
        Some(user) => format!("{process} of {}", user_name(user)),
        None => process,
    }
}

#[cfg(not(unix))]
fn holder(_: &Path) -> String {
    "another process".into()
}

/// Returns the process that holds a `flock` on this inode, by the text of `/proc/locks` (proc(5)); None if two do, on
/// different file systems.
#[cfg(unix)]
fn holding(locks: &str, inode: u64) -> Option<u32> {
    let mut holders = locks.lines().filter_map(|line| {
        // Waiting processes have `->` in the second field.
        let [_, "FLOCK", _, _, pid, place, ..] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            return None;
        };
        let is_here = place.rsplit(':').next()?.parse() == Ok(inode);
        // Zero or less stands for a process that is invisible from here.
        pid.parse().ok().filter(|pid| is_here && *pid > 0)
    });
    let first = holders.next()?;
    holders.all(|other| other == first).then_some(first)
}

/// Returns a process's user by the text of `/proc/PID/status` (proc(5)): the file is root's if the process hides memory.
#[cfg(unix)]
fn user_of(pid: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let users = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    users.split_whitespace().next()?.parse().ok()
}

#[cfg(unix)]
fn user_name(id: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    // passwd(5)
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, user) = (fields.next()?, fields.next()?, fields.next()?);
        (user.parse() == Ok(id)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("user {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::testing;
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::{fs, thread, time::Duration};

    const SHORT: Patience = Patience { tell: Duration::ZERO, give_up: Duration::from_millis(100) };

    #[test]
    fn one_at_a_time_among_threads() {
        let dir = tempfile::tempdir().unwrap();
        let (inside, waits) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let count = || {
                            waits.fetch_add(1, Ordering::SeqCst);
                        };
                        let at_once = Patience { tell: Duration::ZERO, ..PATIENCE };
                        let _lock = FolderLock::acquire_within(dir.path(), at_once, count).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        thread::sleep(Duration::from_micros(200));
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(waits.load(Ordering::SeqCst) > 0);
        let left = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, usize::from(cfg!(windows)), "nothing left behind");
    }

    #[test]
    fn another_process_holds_it_until_it_dies() {
        if let Some(dir) = testing::given_folder() {
            let _lock = FolderLock::try_acquire(&dir).unwrap().unwrap();
            println!("\nheld");
            thread::sleep(Duration::from_secs(60));
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let mut child =
            testing::this_test("fs::lock::tests::another_process_holds_it_until_it_dies", dir.path());
        let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line == "held"));
        assert!(FolderLock::try_acquire(dir.path()).unwrap().is_none());
        let mut told = false;
        let lock = FolderLock::acquire_within(dir.path(), PATIENCE, || {
            told = true;
            child.kill().unwrap();
        });
        assert!(lock.is_ok() && told);
        child.wait().unwrap();
    }

    #[test]
    fn waiting_for_a_private_lock_ends_with_an_error_that_names_the_holder() {
        let dir = tempfile::tempdir().unwrap();
        let _lock = FolderLock::try_acquire(dir.path()).unwrap().unwrap();
        assert!(FolderLock::try_acquire(dir.path()).unwrap().is_none());
        #[cfg(unix)]
        assert_eq!(crate::fs::mode_bits(&dir.path().join(LOCK_FILE)), Some(0o600));
        let mut told = 0;
        let error = FolderLock::acquire_within(dir.path(), SHORT, || told += 1).unwrap_err();
        assert_eq!(told, 1);
        let FsError::Locked { path, holder, .. } = &error else { panic!("{error}") };
        assert_eq!(path, dir.path());
        #[cfg(target_os = "linux")]
        {
            let user = user_name(rustix::process::geteuid().as_raw());
            assert_eq!(*holder, format!("process {} of {user}", std::process::id()));
        }
        let why = format!("{holder} has not released .envseal-tmp-lock for 0 seconds");
        assert_eq!(error.to_string(), format!("cannot lock {}: {why}", dir.path().display()));
    }

    #[cfg(unix)]
    #[test]
    fn the_holder_is_read_off_the_list_of_locks() {
        let list = "1: POSIX  ADVISORY  WRITE 11 00:1f:77 0 EOF\n2: FLOCK  ADVISORY  WRITE 12 00:1f:77 0 EOF\n\
            2: -> FLOCK  ADVISORY  WRITE 13 00:1f:77 0 EOF\n3: FLOCK  ADVISORY  WRITE 14 00:1f:770 0 EOF\n\
            4: FLOCK  ADVISORY  WRITE -1 00:1f:78 0 EOF\n5: FLOCK  ADVISORY  WRITE 15 00:1f:79 0 EOF\n\
            6: FLOCK  ADVISORY  WRITE 16 00:20:79 0 EOF\nwhat is this\n";
        for (inode, pid) in [(77, Some(12)), (770, Some(14)), (78, None), (79, None), (1, None)] {
            assert_eq!(holding(list, inode), pid, "{inode}");
        }
        assert_eq!(user_name(0), "root");
        assert_eq!(user_name(4_000_000_000), "user 4000000000");
    }

    #[cfg(unix)]
    #[test]
    fn what_another_user_may_do_in_the_folder_ends_the_wait() {
        use std::os::unix::fs::PermissionsExt;
        const NAME: &str = "fs::lock::tests::what_another_user_may_do_in_the_folder_ends_the_wait";
        if let Some(dir) = testing::given_folder() {
            // Another user's, so it cannot be opened.
            assert!(matches!(FolderLock::try_acquire(&dir.join("shared")), Ok(None)));
            let error = FolderLock::acquire_within(&dir.join("shared"), SHORT, || ()).unwrap_err();
            assert!(error.to_string().contains("another process of root"), "{error}");
            // Only readable for us: then the folder itself is locked.
            let lock = FolderLock::try_acquire(&dir.join("closed")).unwrap();
            assert!(lock.is_some() && FolderLock::try_acquire(&dir.join("closed")).unwrap().is_none());
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for (name, mode) in [("shared", 0o777), ("closed", 0o755)] {
            fs::create_dir(dir.path().join(name)).unwrap();
            fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        drop(open_lock_file(&dir.path().join("shared").join(LOCK_FILE)).unwrap());
        testing::as_nobody(NAME, dir.path());
    }

    #[test]
    fn only_folders_are_locked_and_no_link_in_the_place_of_the_lock_file_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (file, none) = (dir.path().join("f"), dir.path().join("none"));
        fs::write(&file, "").unwrap();
        assert!(FolderLock::try_acquire(&file).is_err());
        assert!(matches!(FolderLock::try_acquire(&none), Err(FsError::NotFound { .. })));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(dir.path().join("victim"), dir.path().join(LOCK_FILE)).unwrap();
            assert!(FolderLock::try_acquire(dir.path()).is_err());
            assert!(!dir.path().join("victim").exists());
        }
    }
}
