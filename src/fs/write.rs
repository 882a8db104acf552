//! Replacing a file's content as one step.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::read::non_blocking;
use super::{FsError, TEMP_PREFIX, folder_of};

const DOING: &str = "write";

/// As many as Linux follows.
const MAX_LINKS: usize = 40;

/// Who may read a file that did not exist before. An existing file keeps its mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NewMode {
    /// As any program makes files: 0666 less the umask.
    Default,
    /// The owner alone (0600), from the first moment on.
    Private,
}

/// Writes `bytes` to the file at `path`, whole or not at all: a reader sees the old content or the new.
///
/// Symlinks are followed, also one to a file that does not exist yet. The bytes go to a temporary file beside the
/// target, which takes over the target's mode, owner and group, reaches the disk, and is then renamed over it. A
/// new file gets its mode from `new`. A target that this user cannot write to, or that nobody may (0444), is refused
/// though a rename would succeed: whoever made it read-only meant it. On failure the target is as it was, and no
/// temporary file stays; only an error in flushing the folder itself comes when the new content stands already.
///
/// Hard links part from the target, and extended attributes and ACLs are not carried over.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8], new: NewMode) -> Result<(), FsError> {
    stage(path, bytes, new)?.commit()
}

/// A file's new content, on the disk beside it, not yet in its place. Dropped, it is gone.
#[derive(Debug)]
pub(crate) struct Staged {
    temp: NamedTempFile,
    target: PathBuf,
    flush: FolderFlush,
}

impl Staged {
    /// Lets whoever may read it run it as well, as `chmod +x` does; nothing where files have no such bits (Windows).
    pub(crate) fn executable(self) -> Result<Self, FsError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let fail = |e| FsError::io(&self.target, DOING, e);
            let mode = self.temp.as_file().metadata().map_err(fail)?.permissions().mode() & 0o7777;
            let wanted = mode | (mode & 0o444) >> 2;
            if wanted != mode {
                self.temp.as_file().set_permissions(fs::Permissions::from_mode(wanted)).map_err(fail)?;
            }
        }
        Ok(self)
    }

    /// Where it is now.
    pub(crate) fn path(&self) -> &Path {
        self.temp.path()
    }

    /// The file whose place it is to take, symlinks followed.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Leaves it where it is, also when this is dropped: whoever has its path puts it in its place, or removes it.
    pub(crate) fn leave(self) -> Result<(), FsError> {
        let Self { temp, target, .. } = self;
        temp.keep().map(drop).map_err(|e| FsError::io(&target, DOING, e.error))
    }

    /// Puts it in its place. Next to nothing can fail any more.
    pub(crate) fn commit(self) -> Result<(), FsError> {
        let Self { temp, target, flush } = self;
        temp.persist(&target).map_err(|e| FsError::io(&target, DOING, e.error))?;
        flush.flush().map_err(|source| FsError::NotFlushed { path: target, source })
    }

    /// As [`Self::commit`], but an error where a file has come to stand there.
    pub(crate) fn commit_new(self) -> Result<(), FsError> {
        let Self { temp, target, flush } = self;
        temp.persist_noclobber(&target).map_err(|e| FsError::io(&target, DOING, e.error))?;
        flush.flush().map_err(|source| FsError::NotFlushed { path: target, source })
    }
}

/// The first half of [`write_atomic`]: all but the renaming, so that several files can be written all or none.
pub(crate) fn stage(path: &Path, bytes: &[u8], new: NewMode) -> Result<Staged, FsError> {
    let target = final_target(path)?;
    let existing = writable_target(&target)?;
    let dir = folder_of(&target);
    let fail = |e| FsError::io(&target, DOING, e);

    let flush = FolderFlush::open(dir);
    let mut temp = create_temp(dir, existing.is_none() && new == NewMode::Default)?;
    if let Some(old) = &existing {
        keep_owner(temp.as_file(), old, &target)?;
    }
    if let Err(e) = temp.write_all(bytes) {
        // Removing it gives a full disk its space back only once no process holds it, and a child that another thread
        // is just starting does.
        let _ = temp.as_file().set_len(0);
        return Err(fail(e));
    }
    if let Some(old) = &existing {
        // After the owner, for changing that clears bits; and never before it, for the bits were meant for that group.
        keep_mode(temp.as_file(), old).map_err(fail)?;
    }
    temp.as_file().sync_all().map_err(fail)?;
    Ok(Staged { temp, target, flush })
}

/// Removes the file at `path`.
pub(crate) fn remove(path: &Path) -> Result<(), FsError> {
    fs::remove_file(path).map_err(|e| FsError::io(path, "remove", e))
}

/// Where `path` leads once every symlink at its end is followed; what it names need not exist.
pub(crate) fn final_target(path: &Path) -> Result<PathBuf, FsError> {
    let fail = |e| FsError::io(path, DOING, e);
    let mut target = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        match fs::symlink_metadata(&target) {
            Ok(meta) if meta.is_symlink() => {
                let to = fs::read_link(&target).map_err(fail)?;
                target = folder_of(&target).join(to);
            }
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(fail(e)),
            _ => return Ok(target),
        }
    }
    Err(fail(io::Error::other("too many symbolic links")))
}

/// What is known of the file at `target`, or `None` if there is none; an error if it must not be replaced.
fn writable_target(target: &Path) -> Result<Option<Metadata>, FsError> {
    let path = || target.to_path_buf();
    let meta = match fs::metadata(target) {
        Ok(meta) => meta,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(FsError::io(target, DOING, e)),
    };
    if !meta.is_file() {
        return Err(FsError::NotRegular { path: path(), doing: DOING });
    }
    // Root may open anything, so the bits are asked first.
    if meta.permissions().readonly() {
        return Err(FsError::ReadOnly { path: path(), doing: DOING });
    }
    non_blocking(OpenOptions::new().write(true)).open(target).map_err(|e| FsError::io(target, DOING, e))?;
    Ok(Some(meta))
}

/// An empty temporary file in `dir`, open to its owner alone unless `shared`, when the umask decides. (Creating a file
/// is the one way to learn what the umask allows without changing it for every thread.)
fn create_temp(dir: &Path, shared: bool) -> Result<NamedTempFile, FsError> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMP_PREFIX).rand_bytes(12);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(if shared { 0o666 } else { 0o600 }));
    }
    #[cfg(not(unix))]
    let _ = shared;
    builder.tempfile_in(dir).map_err(|e| FsError::io(dir, "write in", e))
}

#[cfg(unix)]
fn keep_owner(temp: &File, old: &Metadata, target: &Path) -> Result<(), FsError> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let now = temp.metadata().map_err(|e| FsError::io(target, DOING, e))?;
    let user = (now.uid() != old.uid()).then(|| old.uid());
    let group = (now.gid() != old.gid()).then(|| old.gid());
    if user.is_none() && group.is_none() {
        return Ok(());
    }
    fchown(temp, user, group).map_err(|_| FsError::OwnerCannotBeKept { path: target.to_path_buf() })
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata, _: &Path) -> Result<(), FsError> {
    Ok(())
}

#[cfg(unix)]
fn keep_mode(temp: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let mode = old.mode() & 0o7777;
    // Where modes are fixed (FAT), they are equal already, and changing them would be an error.
    if temp.metadata()?.mode() & 0o7777 == mode {
        return Ok(());
    }
    temp.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn keep_mode(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Makes a rename in a folder reach the disk. Opened beforehand, so that a folder which cannot be opened for reading
/// (it may still be written to) is known before anything changed; such a one is not flushed.
#[derive(Debug)]
pub(super) struct FolderFlush(Option<File>);

impl FolderFlush {
    pub(super) fn open(dir: &Path) -> Self {
        Self(if cfg!(unix) { File::open(dir).ok() } else { None })
    }

    pub(super) fn flush(self) -> io::Result<()> {
        let Some(dir) = self.0 else { return Ok(()) };
        match dir.sync_all() {
            Err(e) if !matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Err(e),
            _ => Ok(()),
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
