//! Reading whole files.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Read};
use std::path::Path;

#[cfg(unix)]
use rustix::fs::OFlags;
use zeroize::Zeroizing;

use super::FsError;

/// Reads the regular file at `path`, or the one that a symlink leads to.
///
/// Anything else (a folder, FIFO, device) is [`FsError::NotRegular`], and never blocks.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, FsError> {
    let (mut file, meta) = open_regular(path, true)?;
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0));
    file.read_to_end(&mut bytes).map_err(|e| FsError::io(path, "read", e))?;
    Ok(bytes)
}

/// Reads like [`read`]. Returns None if there is no file.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, FsError> {
    match read(path) {
        Err(FsError::NotFound { .. }) => Ok(None),
        text => text.map(Some),
    }
}

/// Lets `reader` read the regular file at `path` in pieces, under the rules of [`read`].
pub(crate) fn read_by(
    path: &Path,
    reader: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>,
) -> Result<(), FsError> {
    let (mut file, _) = open_regular(path, true)?;
    reader(&mut file).map_err(|e| FsError::io(path, "read", e))
}

/// Reads like [`read`], into memory that is wiped when dropped; no copy of the bytes stays behind elsewhere.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, FsError> {
    read_secret_by(path, true)
}

/// Reads like [`read_secret`]; rejects a symlink unless `follow`.
pub(super) fn read_secret_by(path: &Path, follow: bool) -> Result<Zeroizing<Vec<u8>>, FsError> {
    let (mut file, meta) = open_regular(path, follow)?;
    let expected = usize::try_from(meta.len()).unwrap_or(0);
    read_wiped(&mut file, expected).map_err(|e| FsError::io(path, "read", e))
}

/// Returns true if the regular file at `path` contains exactly `bytes`. Copies one chunk of it at a time, and wipes it.
pub(crate) fn holds(path: &Path, bytes: &[u8]) -> Result<bool, FsError> {
    let (mut file, meta) = open_regular(path, true)?;
    if meta.len() != bytes.len() as u64 {
        return Ok(false);
    }
    let mut chunk = Zeroizing::new(vec![0; 64 << 10]);
    let mut rest = bytes;
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(rest.is_empty()),
            Ok(count) => match rest.strip_prefix(&chunk[..count]) {
                Some(left) => rest = left,
                None => return Ok(false),
            },
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(FsError::io(path, "read", e)),
        }
    }
}

/// Returns true if `path` is a pipe, or a symlink to one.
pub(crate) fn is_pipe(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| is_pipe_by(&meta))
}

#[cfg(unix)]
fn is_pipe_by(meta: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&meta.file_type())
}

#[cfg(not(unix))]
fn is_pipe_by(_: &Metadata) -> bool {
    false
}

/// Reads a pipe to its end, and waits for its writer. Opens it only once: to the writer, every open is another reader.
pub(crate) fn read_pipe(path: &Path) -> Result<Zeroizing<Vec<u8>>, FsError> {
    let fail = |e| FsError::io(path, "read", e);
    let mut pipe = File::open(path).map_err(fail)?;
    if !is_pipe_by(&pipe.metadata().map_err(fail)?) {
        return Err(FsError::NotRegular { path: path.to_path_buf(), doing: "read" });
    }
    read_wiped(&mut pipe, 0).map_err(fail)
}

/// Returns true for `-`, which stands for stdin, and for its other names.
pub(crate) fn is_stdin(path: &Path) -> bool {
    ["-", "/dev/stdin", "/dev/fd/0"].iter().any(|name| path.as_os_str() == *name)
}

/// Returns true for stdin and a pipe, which can be read once and not be written.
pub(crate) fn is_read_once(path: &Path) -> bool {
    is_stdin(path) || is_pipe(path)
}

/// Reads stdin or a pipe to its end, like [`read_pipe`]; returns None for another file.
pub(crate) fn read_once(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, FsError> {
    if !is_stdin(path) {
        return if is_pipe(path) { read_pipe(path).map(Some) } else { Ok(None) };
    }
    let mut stdin = io::stdin().lock();
    let text = if stdin.is_terminal() {
        Err(io::Error::new(ErrorKind::InvalidInput, "it is a terminal"))
    } else {
        read_wiped(&mut stdin, 0)
    };
    text.map(Some).map_err(|e| FsError::io(Path::new("stdin"), "read", e))
}

/// Opens the terminal of this process, whatever its streams are.
#[cfg(unix)]
pub(crate) fn open_terminal() -> io::Result<File> {
    File::options().read(true).write(true).open("/dev/tty")
}

/// Reads to the end. A `Vec` that grows leaves its old buffer unwiped, so it is grown by hand; with a right `expected`
/// length it never grows.
pub(crate) fn read_wiped(from: &mut impl Read, expected: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    // One more than expected, to see the end without growing.
    let mut buffer = Zeroizing::new(vec![0; expected.saturating_add(1)]);
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            let mut larger = Zeroizing::new(vec![0; buffer.len() * 2]);
            larger[..filled].copy_from_slice(&buffer);
            buffer = larger;
        }
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    buffer.truncate(filled);
    Ok(buffer)
}

/// Checks before opening, because opening a FIFO blocks and opening a device can act; and checks the opened file again,
/// because the name may lead elsewhere by then.
fn open_regular(path: &Path, follow: bool) -> Result<(File, Metadata), FsError> {
    let fail = |e| FsError::io(path, "read", e);
    let regular = |meta: Metadata| {
        let is_file = meta.is_file();
        is_file.then_some(meta).ok_or_else(|| FsError::NotRegular { path: path.to_path_buf(), doing: "read" })
    };
    regular(if follow { fs::metadata(path) } else { fs::symlink_metadata(path) }.map_err(fail)?)?;
    let mut options = OpenOptions::new();
    let options = if follow { non_blocking(&mut options) } else { no_follow(&mut options) };
    let file = options.read(true).open(path).map_err(fail)?;
    let meta = regular(file.metadata().map_err(fail)?)?;
    Ok((file, meta))
}

/// Makes opening a FIFO return at once; regular files are not affected.
pub(super) fn non_blocking(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, OFlags::NONBLOCK.bits().cast_signed());
    options
}

/// Like [`non_blocking`], and makes opening a symlink fail.
pub(super) fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.bits().cast_signed());
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_outgrows_its_expected_length_is_still_whole() {
        let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        for expected in [0, 1, 100, 9_999, 10_000, 20_000] {
            assert_eq!(*read_wiped(&mut bytes.as_slice(), expected).unwrap(), bytes);
        }
        let exact = read_wiped(&mut bytes.as_slice(), bytes.len()).unwrap();
        assert_eq!(exact.capacity(), bytes.len() + 1, "the right length never grows");
    }
}
