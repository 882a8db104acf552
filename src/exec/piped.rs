//! A child on pipes, what it writes masked on the way.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;

use zeroize::Zeroizing;

use super::ExecError;
use super::redact::{Forms, Masker};
use super::waiter::Waiter;

/// How much is read at once: what a pipe holds on Linux.
const CHUNK: usize = 64 * 1024;

/// Runs `command` and returns its exit status, once both its outputs have ended: what it has left behind may write on,
/// as it may in `CMD | cat`. It is not started where the system allows no thread for its second output.
pub(super) fn run(mut command: Command, forms: Forms) -> Result<u8, ExecError> {
    let forms = Arc::new(forms);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut outputs = None;
    let (hand_over, taken) = mpsc::channel();
    let of_stderr = Arc::clone(&forms);
    let copy_stderr = move || taken.recv().map_or(Ok(()), |stderr| copy(stderr, Output::Stderr, of_stderr));
    let other = thread::Builder::new().spawn(copy_stderr).map_err(ExecError::Thread)?;
    let waiter = Waiter::start(|| {
        let mut child = command.spawn().map_err(|source| ExecError::new(&command, source))?;
        outputs = child.stdout.take().zip(child.stderr.take());
        Ok(child)
    })?;
    drop(command);
    let (stdout, stderr) = outputs.expect("they are piped");
    let _ = hand_over.send(stderr);
    let to_stdout = copy(stdout, Output::Stdout, forms);
    let to_stderr = other.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
    let status = waiter.wait().map_err(ExecError::Output)?;
    // Where the program has failed too, that is what counts.
    if status == 0 {
        to_stdout.and(to_stderr).map_err(ExecError::Output)?;
    }
    Ok(status)
}

/// Copies to the end. A reader that has gone is no error: the pipe is closed, and the writer is told as it would be bare.
fn copy(mut from: impl Read, mut to: impl Write, forms: Arc<Forms>) -> io::Result<()> {
    let mut chunk = Zeroizing::new(vec![0; CHUNK]);
    let mut masker = Masker::new(forms, CHUNK);
    let mut out = Vec::with_capacity(CHUNK);
    loop {
        let count = match from.read(&mut chunk) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        out.clear();
        if count == 0 {
            masker.finish(&mut out);
        } else {
            masker.push(&chunk[..count], &mut out);
        }
        match to.write_all(&out).and_then(|()| to.flush()) {
            Ok(()) if count == 0 => return Ok(()),
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Our own outputs. The standard library's stdout would keep an unfinished line.
#[derive(Clone, Copy)]
enum Output {
    Stdout,
    Stderr,
}

#[cfg(unix)]
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        use std::os::fd::AsFd;
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let to = match self {
            Self::Stdout => stdout.as_fd(),
            Self::Stderr => stderr.as_fd(),
        };
        super::tty::write(to, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(not(unix))]
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout => io::stdout().write(bytes),
            Self::Stderr => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().flush(),
            Self::Stderr => io::stderr().flush(),
        }
    }
}
