//! Descriptors that are, or may be, a terminal.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    OptionalActions, Termios, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr, tcsetwinsize,
};

/// Writes, and waits where somebody has made the descriptor one that does not wait.
pub(super) fn write(to: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match rustix::io::write(to, bytes) {
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let _ = poll(&mut [PollFd::from_borrowed_fd(to, PollFlags::OUT)], None);
            }
            result => return Ok(result?),
        }
    }
}

/// The two ends of a new terminal, like the one at stdin in its settings and its size. None of the two reaches a child
/// that it is not given to.
pub(super) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let outer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    fcntl_setfd(&outer, FdFlags::CLOEXEC)?;
    grantpt(&outer)?;
    unlockpt(&outer)?;
    let name: CString = ptsname(&outer, Vec::new())?;
    let inner = rustix::fs::open(&*name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    tcsetattr(&inner, OptionalActions::Now, &tcgetattr(io::stdin())?)?;
    // Some systems want the size set at the inner end.
    tcsetwinsize(&inner, tcgetwinsize(io::stdin())?)?;
    Ok((outer, inner))
}

/// Gives the terminal at the other end of `to` the size of the one at stdin. Returns whether it had another.
pub(super) fn resize(to: impl AsFd) -> bool {
    let (Ok(size), Ok(old)) = (tcgetwinsize(io::stdin()), tcgetwinsize(&to)) else { return false };
    let same = (size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel)
        == (old.ws_row, old.ws_col, old.ws_xpixel, old.ws_ypixel);
    !same && tcsetwinsize(to, size).is_ok()
}

/// Whether the terminal at stdin is ours to read from; it is where nobody can tell.
pub(super) fn in_foreground() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
        || tcgetpgrp(io::stdin()) == Err(Errno::NOTTY)
}

/// The terminal at stdin, raw for as long as this lives: whatever is typed is for the child's own terminal to judge.
pub(super) struct Raw {
    before: Termios,
}

impl Raw {
    pub(super) fn new() -> io::Result<Self> {
        let raw = Self { before: tcgetattr(io::stdin())? };
        raw.again()?;
        Ok(raw)
    }

    /// Sets it raw where somebody has set it otherwise meanwhile.
    pub(super) fn again(&self) -> io::Result<()> {
        let mut raw = self.before.clone();
        raw.make_raw();
        Ok(tcsetattr(io::stdin(), OptionalActions::Drain, &raw)?)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // From the background it would stop us, and a shell that took the terminal has set it right.
        if in_foreground() {
            let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.before);
        }
    }
}
