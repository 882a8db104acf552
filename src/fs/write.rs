//! Writing: a file replaced as one step, lines added, and the single steps of a change to several files.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use tempfile::NamedTempFile;

use super::lock::LOCK_FILE;
use super::read::non_blocking;
use super::{FsError, folder_of, note_change, owned_by_this_user, read_if_there};

const DOING: &str = "write";

/// The prefix of all temporary files, also for `info/exclude` and for hooks.
pub(crate) const TEMP_PREFIX: &str = ".envseal-tmp-";

/// The limit of Linux.
const MAX_LINKS: usize = 40;

/// The mode of a file that did not exist. An existing file keeps its mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NewMode {
    /// 0666 less the umask, as for any program.
    Default,
    /// The owner alone (0600), from the first moment on.
    Private,
}

/// Writes `bytes` to the file at `path`, whole or not at all: a reader sees the old content or the new.
///
/// Symlinks are followed, also one to a file that does not exist yet. The bytes go to a temporary file beside the
/// target, which takes over the target's mode, owner and group, reaches the disk, and is then renamed over it. A
/// new file gets its mode from `new`. A target that this user cannot write to, or that no one may (0444), is refused
/// although a rename would succeed: read-only is intended. On failure the target is as it was, and no temporary file
/// stays; only an error in flushing the folder itself comes after the new content is in place.
///
/// Hard links are broken, and extended attributes and ACLs are not kept.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8], new: NewMode) -> Result<(), FsError> {
    stage(path, bytes, new)?.commit()
}

/// The new content of a file, on the disk beside it, not yet in its place. Removed when dropped.
#[derive(Debug)]
pub(crate) struct StagedFile {
    temp: NamedTempFile,
    target: PathBuf,
    flush: FolderFlush,
}

impl StagedFile {
    /// Adds execute permission for everyone with read permission, as `chmod +x` does. Does nothing on Windows.
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

    pub(crate) fn path(&self) -> &Path {
        self.temp.path()
    }

    /// Returns the file to replace, symlinks followed.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Keeps the temporary file: the caller, who has its path, puts it in its place or removes it.
    pub(crate) fn leave(self) -> Result<(), FsError> {
        let Self { temp, target, .. } = self;
        temp.keep().map(drop).map_err(|e| FsError::io(&target, DOING, e.error))
    }

    /// Puts it in its place, which hardly ever fails.
    pub(crate) fn commit(self) -> Result<(), FsError> {
        let Self { temp, target, flush } = self;
        temp.persist(&target).map_err(|e| FsError::io(&target, DOING, e.error))?;
        note_change();
        flush.flush().map_err(|source| FsError::NotFlushed { path: target, source })
    }

    /// Puts it in its place; fails if a file exists there by now.
    pub(crate) fn commit_new(self) -> Result<(), FsError> {
        let Self { temp, target, flush } = self;
        temp.persist_noclobber(&target).map_err(|e| FsError::io(&target, DOING, e.error))?;
        note_change();
        flush.flush().map_err(|source| FsError::NotFlushed { path: target, source })
    }
}

/// Does all of [`write_atomic`] but the renaming, so that several files can be written all or none.
pub(crate) fn stage(path: &Path, bytes: &[u8], new: NewMode) -> Result<StagedFile, FsError> {
    let target = final_target(path)?;
    let existing = writable_target(&target)?;
    let dir = folder_of(&target);
    let fail = |e| FsError::io(&target, DOING, e);

    let flush = FolderFlush::open(dir);
    let mut temp = create_temp(dir, existing.is_none() && new == NewMode::Default)?;
    #[cfg(unix)]
    if let Some(old) = &existing {
        keep_owner(temp.as_file(), old, &target)?;
    }
    if let Err(e) = temp.write_all(bytes) {
        // Removing the file frees a full disk only once no process has it open, and a child that another thread is just
        // starting does have it open.
        let _ = temp.as_file().set_len(0);
        return Err(fail(e));
    }
    #[cfg(unix)]
    if let Some(old) = &existing {
        // After the owner, because changing that clears bits, and because the bits were meant for that group only.
        keep_mode(temp.as_file(), old).map_err(fail)?;
    }
    temp.as_file().sync_all().map_err(fail)?;
    Ok(StagedFile { temp, target, flush })
}

pub(crate) fn remove(path: &Path) -> Result<(), FsError> {
    let removed = fs::remove_file(path).map_err(|e| FsError::io(path, "remove", e));
    note_change();
    removed
}

/// Follows every symlink at the end of `path`; the target need not exist.
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

/// Follows the symlinks in `path`, which is relative to the root of a repository, as git stores them. `read_link` returns
/// the text of the symlink at a path. Returns None if they lead out of the repository, as an absolute one does wherever
/// the repository is; `path` itself if they lead in a circle.
pub(crate) fn follow<E>(
    path: &Path,
    read_link: impl Fn(&Path) -> Result<Option<PathBuf>, E>,
) -> Result<Option<PathBuf>, E> {
    let parts = |path: &Path| path.components().rev().map(|part| PathBuf::from(part.as_os_str())).collect();
    let (mut rest, mut at, mut links): (Vec<_>, _, _) = (parts(path), PathBuf::new(), 0);
    while let Some(part) = rest.pop() {
        match part.components().next() {
            Some(Component::CurDir) => {}
            Some(Component::ParentDir) if at.pop() => {}
            Some(Component::Normal(name)) if at != Path::new("") || name != ".git" => {
                at.push(name);
                if let Some(target) = read_link(&at)? {
                    at.pop();
                    rest.append(&mut parts(&target));
                    links += 1;
                }
            }
            _ => return Ok(None),
        }
        if links > MAX_LINKS {
            return Ok(Some(path.to_owned()));
        }
    }
    Ok(Some(at))
}

/// Returns the text of the symlink at `path`; None if there is none.
pub(crate) fn read_link(path: &Path) -> Result<Option<PathBuf>, FsError> {
    path.is_symlink().then(|| fs::read_link(path).map_err(|e| FsError::io(path, "read", e))).transpose()
}

/// Returns the metadata of the file at `target`, None if there is none, an error if it must not be replaced.
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
    // Root may open anything, so the bits are checked first.
    if meta.permissions().readonly() {
        return Err(FsError::ReadOnly { path: path(), doing: DOING });
    }
    non_blocking(OpenOptions::new().write(true)).open(target).map_err(|e| FsError::io(target, DOING, e))?;
    Ok(Some(meta))
}

/// Creates an empty temporary file in `dir`, private to its owner unless `shared`: then the umask decides, which can
/// only be learnt by creating a file, or by changing it for every thread.
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

#[cfg(unix)]
fn keep_mode(temp: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let mode = old.mode() & 0o7777;
    // File systems with fixed modes (FAT) fail on a change; there they are equal already.
    if temp.metadata()?.mode() & 0o7777 == mode {
        return Ok(());
    }
    temp.set_permissions(fs::Permissions::from_mode(mode))
}

/// Makes a rename in a folder reach the disk. The folder is opened beforehand, to know before any change whether it can
/// be opened for reading (it may only be writable); if not, it is not flushed.
#[derive(Debug)]
struct FolderFlush(Option<File>);

impl FolderFlush {
    fn open(dir: &Path) -> Self {
        Self(if cfg!(unix) { File::open(dir).ok() } else { None })
    }

    fn flush(self) -> io::Result<()> {
        let Some(dir) = self.0 else { return Ok(()) };
        match dir.sync_all() {
            Err(e) if !matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Err(e),
            _ => Ok(()),
        }
    }
}

/// Adds `line` (without its line end) to the end of the text file at `path`, unless the file has that line, trailing
/// whitespace aside. A missing file is created with mode `new`.
///
/// The file's own line ends are kept, and a last line without one gets it first. Returns whether the file changed.
pub(crate) fn append_line(path: &Path, line: &str, new: NewMode) -> Result<bool, FsError> {
    let Some(staged) = with_lines(path, &[line], new)? else { return Ok(false) };
    staged.commit().map(|()| true)
}

/// Stages [`append_line`] for several lines, without replacing the file; returns None if it has them all.
pub(crate) fn with_lines(path: &Path, lines: &[&str], new: NewMode) -> Result<Option<StagedFile>, FsError> {
    let mut text = read_if_there(path)?.unwrap_or_default();
    let before = text.len();
    let end: &[u8] = if memchr::memmem::find(&text, b"\r\n").is_some() { b"\r\n" } else { b"\n" };
    for line in lines {
        let body = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let wanted = line.as_bytes().trim_ascii_end();
        if body.split(|&b| b == b'\n').any(|l| l.trim_ascii_end() == wanted) {
            continue;
        }
        if !body.is_empty() && !text.ends_with(b"\n") {
            text.extend_from_slice(end);
        }
        text.extend_from_slice(line.as_bytes());
        text.extend_from_slice(end);
    }
    if text.len() == before { Ok(None) } else { stage(path, &text, new).map(Some) }
}

/// Writes a private file (0600) at `path`, whole or not at all, through the file `by` beside it: always the same name,
/// so that killed processes leave at most one.
pub(crate) fn write_by(path: &Path, by: &Path, bytes: &[u8]) -> Result<(), FsError> {
    let fail = |e| FsError::io(path, "write", e);
    remove_if_there(by)?;
    let mut file = create_private(by).map_err(fail)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(e) = written {
        drop(file);
        // Frees a full disk.
        let _ = fs::remove_file(by);
        return Err(fail(e));
    }
    put(by, path)
}

/// Creates a file of mode 0600; fails if it exists.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Renames the file `from` to `to`, which is replaced.
pub(crate) fn put(from: &Path, to: &Path) -> Result<(), FsError> {
    let flush = FolderFlush::open(folder_of(to));
    fs::rename(from, to).map_err(|e| FsError::io(to, "write", e))?;
    note_change();
    flush.flush().map_err(|source| FsError::NotFlushed { path: to.to_path_buf(), source })
}

/// Removes the file at `path`, and flushes its folder. Returns false if there is none.
pub(crate) fn remove_if_there(path: &Path) -> Result<bool, FsError> {
    let removed = fs::remove_file(path);
    note_change();
    match removed {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        Err(e) => Err(FsError::io(path, "remove", e)),
        Ok(()) => flush_folder(folder_of(path)).map(|()| true),
    }
}

/// Creates a file that may be lost: it is not flushed. Returns false if it exists, or if it can't be created.
pub(crate) fn create_new(path: &Path, bytes: &[u8]) -> bool {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    note_change();
    file.and_then(|mut file| file.write_all(bytes)).is_ok()
}

/// Makes what was created, renamed or removed in `dir` reach the disk.
pub(crate) fn flush_folder(dir: &Path) -> Result<(), FsError> {
    FolderFlush::open(dir).flush().map_err(|e| FsError::io(dir, "flush", e))
}

/// Returns true if `path` itself is a regular file, not a symlink to one.
pub(crate) fn is_regular(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file())
}

/// Returns true if `dir` contains temporary files, or a lock file, and is worth locking.
pub(crate) fn has_temporaries(dir: &Path) -> bool {
    temporaries(dir).next().is_some()
}

fn temporaries(dir: &Path) -> impl Iterator<Item = fs::DirEntry> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(TEMP_PREFIX.as_bytes()))
}

/// Removes the temporary files in `dir` that `may_go` accepts, and returns their number.
///
/// Call it with the folder's lock held: then no one writes, and all of them are leftovers. Only regular files of this
/// user are touched. Those that cannot be listed or removed are left for the next time.
pub(crate) fn sweep(dir: &Path, may_go: impl Fn(&Path) -> bool) -> usize {
    temporaries(dir)
        .filter(|entry| {
            // Its holder removes the lock file.
            entry.file_name() != LOCK_FILE
                && entry.file_type().is_ok_and(|kind| kind.is_file())
                && owned_by_this_user(&entry.path()).unwrap_or(false)
                && may_go(&entry.path())
                && fs::remove_file(entry.path()).is_ok()
        })
        .count()
}

#[cfg(all(test, unix))]
mod tests;
