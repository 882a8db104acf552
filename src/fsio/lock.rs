//! One writer per folder at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use super::FsError;

/// The lock file's name, where a folder itself cannot be locked. Begins as temporary files do, so that what hides
/// those from git hides it too.
pub(super) const LOCK_FILE: &str = ".envseal-tmp-lock";

/// An exclusive, advisory lock on a folder, held until dropped or until the process ends.
///
/// On Unix it is `flock` on the folder's own descriptor, which leaves nothing behind. Windows cannot lock a folder,
/// nor can NFS; there it is a lock on the empty file `.envseal-tmp-lock` in it, which stays.
#[derive(Debug)]
pub struct Lock {
    _held: File,
}

impl Lock {
    /// Locks `dir`; if another process or thread holds it, calls `on_wait` once and then waits, however long.
    pub fn acquire(dir: &Path, on_wait: impl FnOnce()) -> Result<Self, FsError> {
        if let Some(lock) = Self::try_acquire(dir)? {
            return Ok(lock);
        }
        on_wait();
        let file = if_unlockable(open_folder(dir).and_then(lock), || open_lock_file(dir).and_then(lock));
        file.map(|held| Self { _held: held }).map_err(|e| FsError::io(dir, "lock", e))
    }

    /// Locks `dir`, or returns `None` at once if another process or thread holds it.
    pub fn try_acquire(dir: &Path) -> Result<Option<Self>, FsError> {
        let held =
            if_unlockable(open_folder(dir).and_then(try_lock), || open_lock_file(dir).and_then(try_lock))
                .map_err(|e| FsError::io(dir, "lock", e))?;
        Ok(held.map(|held| Self { _held: held }))
    }
}

fn lock(file: File) -> io::Result<File> {
    loop {
        match file.lock() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            done => return done.map(|()| file),
        }
    }
}

fn try_lock(file: File) -> io::Result<Option<File>> {
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(e)) => Err(e),
    }
}

/// `on_folder`, or `on_file()` if it failed because folders cannot be locked here.
fn if_unlockable<T>(on_folder: io::Result<T>, on_file: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    match on_folder {
        Err(e) if is_unlockable(&e) => on_file(),
        other => other,
    }
}

#[cfg(unix)]
fn is_unlockable(e: &io::Error) -> bool {
    // NFS maps flock to record locks, which want a descriptor open for writing (EBADF); a folder has none.
    e.kind() == io::ErrorKind::Unsupported || e.raw_os_error() == Some(rustix::io::Errno::BADF.raw_os_error())
}

#[cfg(not(unix))]
fn is_unlockable(e: &io::Error) -> bool {
    e.kind() == io::ErrorKind::Unsupported
}

#[cfg(unix)]
fn open_folder(dir: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::DIRECTORY.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(dir)
}

#[cfg(not(unix))]
fn open_folder(_: &Path) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

fn open_lock_file(dir: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(dir.join(LOCK_FILE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fsio::testing;
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::{fs, thread, time::Duration};

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
                        let _lock = Lock::acquire(dir.path(), count).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        thread::sleep(Duration::from_micros(200));
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(waits.load(Ordering::SeqCst) > 0);
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            usize::from(cfg!(windows)),
            "nothing left behind"
        );
    }

    #[test]
    fn held_is_none_and_dropped_is_free() {
        let dir = tempfile::tempdir().unwrap();
        let lock = Lock::try_acquire(dir.path()).unwrap().unwrap();
        assert!(Lock::try_acquire(dir.path()).unwrap().is_none());
        drop(lock);
        // A child that another test is about to start has our descriptors until it becomes its program.
        let free = (0..500).any(|_| {
            thread::sleep(Duration::from_millis(10));
            Lock::try_acquire(dir.path()).unwrap().is_some()
        });
        assert!(free);
    }

    #[test]
    fn another_process_holds_it_until_it_dies() {
        if let Some(dir) = testing::given_folder() {
            let _lock = Lock::try_acquire(&dir).unwrap().unwrap();
            println!("\nheld");
            thread::sleep(Duration::from_secs(60));
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let mut child =
            testing::this_test("fsio::lock::tests::another_process_holds_it_until_it_dies", dir.path())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line == "held"));
        assert!(Lock::try_acquire(dir.path()).unwrap().is_none());
        let mut told = false;
        let lock = Lock::acquire(dir.path(), || {
            told = true;
            child.kill().unwrap();
        });
        assert!(lock.is_ok() && told);
        child.wait().unwrap();
    }

    #[test]
    fn only_folders_can_be_locked() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f");
        fs::write(&file, "").unwrap();
        assert!(Lock::try_acquire(&file).is_err());
        assert!(matches!(Lock::try_acquire(&dir.path().join("none")), Err(FsError::NotFound { .. })));
    }

    #[test]
    fn the_lock_file_serves_where_folders_cannot_be_locked() {
        let dir = tempfile::tempdir().unwrap();
        let first = open_lock_file(dir.path()).and_then(try_lock).unwrap();
        assert!(first.is_some());
        assert!(open_lock_file(dir.path()).and_then(try_lock).unwrap().is_none());
        drop(first);
        assert!(open_lock_file(dir.path()).and_then(try_lock).unwrap().is_some());
        #[cfg(unix)]
        assert!(is_unlockable(&rustix::io::Errno::BADF.into()));
    }
}
