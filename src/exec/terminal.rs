//! Runs a child on its own terminal, and masks its output on the way to ours.
//!
//! A program that leads its session cannot be stopped by Ctrl-Z, because its process group is orphaned. So another
//! process of ours leads the session ([`run_session`]), and the program has its own group in the foreground, as if a
//! shell had started it.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpid, getppid, ioctl_tiocsctty, kill_current_process_group,
    kill_process, kill_process_group, setsid, waitpid,
};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, OutputModes, Termios, tcgetattr, tcgetpgrp, tcgetwinsize,
    tcsetattr, tcsetpgrp, tcsetwinsize,
};
use signal_hook::consts::{SIGCHLD, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH};
use zeroize::{Zeroize, Zeroizing};

use super::redact::{Forms, Masker};
use super::signals::{ChildSignals, Probe, catch_and, exit_status, reap, send};
use super::{no_terminal, not_started};
use crate::error::Error;

const CHUNK: usize = 16 * 1024;
/// After this silence the held part of the echo is shown.
const SILENCE: Duration = Duration::from_millis(100);
/// The time for the child's last output to arrive if processes that it left behind keep the terminal open.
const LAST_WORDS: Duration = Duration::from_millis(100);
const LAST_SCREEN: Duration = Duration::from_millis(20);
/// More than the buffer of a terminal on any system.
const MOST_HELD: usize = 256 * 1024;
/// After this time the child counts as started.
const START: Duration = Duration::from_secs(2);
/// The interval for checking whether we are in the foreground, because no notification exists for that.
const LOOK: Duration = Duration::from_millis(200);

/// Runs `command` on its own terminal; `own` with `session` leads its session. Returns its exit status.
pub(super) fn run_masked(command: Command, forms: Forms, own: &Path, session: &[&str]) -> Result<u8, Error> {
    let (outer, inner) = pair().map_err(no_terminal)?;
    let mut leader = Command::new(own);
    leader.args(session).arg(command.get_program()).args(command.get_args()).env_clear();
    leader.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let end = || inner.try_clone().map(Stdio::from);
    let give = |leader: &mut Command| -> io::Result<()> {
        leader.stdin(end()?).stdout(end()?).stderr(end()?);
        rustix::fs::fcntl_setfl(&outer, OFlags::RDWR | OFlags::NONBLOCK)?;
        Ok(())
    };
    give(&mut leader).map_err(no_terminal)?;
    let start = || {
        leader.spawn().map_err(|source| match source.kind() {
            io::ErrorKind::ArgumentListTooLong => not_started(&command, source),
            _ => no_terminal(source),
        })
    };
    let (signals, child) = catch_and(&[SIGCONT, BEGUN.as_raw()], start)?;
    // Closes our copies of the child's end of the terminal, so that our end shows when all others are closed.
    drop((leader, inner, command));
    let pid = Pid::from_child(&child);
    let mut terminal = MaskedTerminal {
        pid,
        outer: Some(outer),
        signals,
        masker: Masker::new(Arc::new(forms), CHUNK),
        chunk: Zeroizing::new(vec![0; CHUNK]),
        typed: Zeroizing::new(Vec::with_capacity(CHUNK)),
        reads: true,
        raw: None,
        shown: Instant::now(),
        start: Instant::now(),
        begun: false,
    };
    let status = terminal.serve();
    // Restores the terminal and wipes everything before a signal ends us.
    drop(terminal);
    status.map(exit_status).map_err(no_terminal)
}

struct MaskedTerminal {
    /// The leader of the session.
    pid: Pid,
    /// Our end of the child's terminal. None once its output has ended, or ours can't be written any more.
    outer: Option<OwnedFd>,
    signals: ChildSignals,
    masker: Masker,
    chunk: Zeroizing<Vec<u8>>,
    /// Typed bytes that the child's terminal has not taken yet.
    typed: Zeroizing<Vec<u8>>,
    /// True if our own terminal can still be read.
    reads: bool,
    /// Set while we are in the foreground.
    raw: Option<RawTerminal>,
    shown: Instant,
    start: Instant,
    /// True once the child has the foreground of its terminal.
    begun: bool,
}

impl MaskedTerminal {
    /// Runs until the child has ended and all its output is shown.
    fn serve(&mut self) -> io::Result<WaitStatus> {
        let status = loop {
            // Comes first, because the child may have ended by now, and its output must be shown in raw mode.
            self.come_to_foreground()?;
            if let Some(status) = self.look_after()? {
                break status;
            }
            let quiet = self.shown.elapsed();
            if self.masker.holds() && quiet >= SILENCE {
                self.write(Masker::release);
            }
            let wait = match () {
                () if !self.typed.is_empty() && !self.has_begun() => Some(LOOK),
                () if self.masker.holds() => Some(SILENCE.saturating_sub(quiet)),
                () if self.raw.is_none() => Some(LOOK),
                () => None,
            };
            self.pass_on_streams(wait)?;
            self.pass_on_signals()?;
        };
        self.drain(LAST_WORDS)?;
        self.write(Masker::finish);
        Ok(status)
    }

    /// Returns the status of a child that has ended. If it has stopped, stops us, too, until both are continued.
    fn look_after(&mut self) -> io::Result<Option<WaitStatus>> {
        while let Some(status) = reap(self.pid, WaitOptions::UNTRACED)? {
            if !status.stopped() {
                return Ok(Some(status));
            }
            // A full-screen program has just left the screen.
            self.drain(LAST_SCREEN)?;
            self.write(Masker::release);
            self.raw = None;
            // Like Ctrl-Z, this has no effect on an orphaned group, which no shell would continue.
            kill_current_process_group(Signal::TSTP)?;
            self.come_to_foreground()?;
            kill_process(self.pid, Signal::CONT)?;
        }
        Ok(None)
    }

    /// Returns true if the child has its terminal's foreground. Before that, a key's signal would reach the session's leader.
    fn has_begun(&self) -> bool {
        self.begun || self.start.elapsed() > START
    }

    fn come_to_foreground(&mut self) -> io::Result<()> {
        if self.raw.is_none() && self.reads && in_foreground() {
            self.raw = Some(RawTerminal::new()?);
            self.outer.as_ref().map(resize);
        }
        Ok(())
    }

    fn pass_on_signals(&mut self) -> io::Result<()> {
        for origin in self.signals.pending() {
            match origin.signal {
                SIGCHLD => {}
                SIGURG => self.begun = true,
                SIGCONT if !in_foreground() => self.raw = None,
                SIGCONT => self.raw.as_ref().map_or(Ok(()), RawTerminal::again)?,
                SIGWINCH if self.outer.as_ref().is_some_and(resize) => {}
                signal => send(self.pid, signal),
            }
        }
        Ok(())
    }

    /// Passes on output and keys that have come. Waits for them, or for a signal, at most this long.
    fn pass_on_streams(&mut self, wait: Option<Duration>) -> io::Result<()> {
        let stdin = io::stdin();
        let hands_over = !self.typed.is_empty() && self.has_begun();
        let mut fds = vec![PollFd::new(self.signals.get_read(), PollFlags::IN)];
        let keys = self.reads.then(|| {
            // Without IN, poll still reports that the terminal is gone.
            let reads = self.raw.is_some() && self.typed.is_empty();
            fds.push(PollFd::new(&stdin, if reads { PollFlags::IN } else { PollFlags::empty() }));
            fds.len() - 1
        });
        let outer = self.outer.as_ref().map(|outer| {
            let input = if hands_over { PollFlags::OUT } else { PollFlags::empty() };
            fds.push(PollFd::new(outer, PollFlags::IN | input));
            fds.len() - 1
        });
        let wait = wait.map(|wait| Timespec { tv_sec: 0, tv_nsec: wait.subsec_nanos().into() });
        match poll(&mut fds, wait.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let is =
            |at: Option<usize>, flags: PollFlags| at.is_some_and(|at| fds[at].revents().intersects(flags));
        let (keys_came, is_gone) = (is(keys, PollFlags::IN), is(keys, PollFlags::HUP));
        let takes_keys = is(outer, PollFlags::OUT);
        if is(outer, PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
            self.show();
        }
        if keys_came {
            self.read_keys();
        } else if is_gone {
            // Our terminal is gone, so the child's is closed.
            (self.reads, self.outer) = (false, None);
        }
        if takes_keys {
            self.hand_over();
        }
        Ok(())
    }

    /// Shows the output that has come. Returns its length.
    fn show(&mut self) -> usize {
        let Some(outer) = &self.outer else { return 0 };
        match rustix::io::read(outer, &mut *self.chunk) {
            Err(Errno::INTR | Errno::AGAIN) => 0,
            // Reading from a terminal whose other end is closed is an error on Linux, and returns no bytes elsewhere.
            Ok(0) | Err(_) => {
                self.outer = None;
                0
            }
            Ok(count) => {
                let chunk = std::mem::take(&mut self.chunk);
                self.write(|masker, out| masker.push(&chunk[..count], out));
                self.chunk = chunk;
                self.shown = Instant::now();
                count
            }
        }
    }

    /// Shows output until there is none for `silence`, but no more than a terminal's buffer.
    fn drain(&mut self, silence: Duration) -> io::Result<()> {
        let mut left = MOST_HELD;
        while self.outer.is_some() && left > 0 {
            let Some(outer) = &self.outer else { break };
            let mut fds = [PollFd::new(outer, PollFlags::IN)];
            let wait = Timespec { tv_sec: 0, tv_nsec: silence.subsec_nanos().into() };
            match poll(&mut fds, Some(&wait)) {
                Ok(0) => break,
                Ok(_) => left = left.saturating_sub(self.show()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn write(&mut self, masked: impl FnOnce(&mut Masker, &mut Vec<u8>)) {
        let mut out = Vec::with_capacity(CHUNK);
        masked(&mut self.masker, &mut out);
        let stdout = io::stdout();
        let mut rest = &out[..];
        while !rest.is_empty() {
            match write(stdout.as_fd(), rest) {
                Ok(count) => rest = &rest[count..],
                // Our terminal is gone, so the child's is closed.
                Err(_) => {
                    self.outer = None;
                    return;
                }
            }
        }
    }

    fn read_keys(&mut self) {
        match rustix::io::read(io::stdin(), &mut *self.chunk) {
            Err(Errno::INTR | Errno::AGAIN) => {}
            Ok(0) | Err(_) => self.reads = false,
            Ok(count) => self.typed.extend_from_slice(&self.chunk[..count]),
        }
    }

    /// Passes the typed bytes to the child's terminal, or as many as it takes.
    fn hand_over(&mut self) {
        let Some(outer) = &self.outer else { return };
        match rustix::io::write(outer, &self.typed) {
            Ok(count) if count < self.typed.len() => drop(self.typed.drain(..count)),
            Err(Errno::INTR | Errno::AGAIN) => {}
            _ => self.typed.zeroize(),
        }
    }
}

/// Sent by the session's leader when the program has the terminal. Other processes ignore it.
const BEGUN: Signal = Signal::URG;

/// Starts a new session on the terminal at stdin, and runs `command` in it. Returns its exit status.
pub(super) fn run_session(mut command: Command) -> Result<u8, Error> {
    let own_terminal = || {
        setsid()?;
        ioctl_tiocsctty(io::stdin())
    };
    own_terminal().map_err(|error| no_terminal(error.into()))?;
    let size = tcgetwinsize(io::stdin());
    let start = || command.process_group(0).spawn().map_err(|source| not_started(&command, source));
    let (mut signals, child) = catch_and(&[SIGTSTP], start)?;
    let pid = Pid::from_child(&child);
    // This process is in the foreground, so it may give the foreground to the child.
    let _ = tcsetpgrp(io::stdin(), pid);
    // The child may have read from the terminal too early, and been stopped. This comes before any key: a continued
    // process forgets a pending stop.
    let _ = kill_process_group(pid, Signal::CONT);
    if let Some(parent) = getppid() {
        let _ = kill_process(parent, BEGUN);
    }
    // Changes of the size until now were signalled to us, because we were in the foreground.
    if let (Ok(before), Ok(now)) = (size, tcgetwinsize(io::stdin()))
        && (before.ws_row, before.ws_col) != (now.ws_row, now.ws_col)
    {
        let _ = kill_process_group(pid, Signal::WINCH);
    }
    let status = wait_in_session(pid, &mut signals).map_err(no_terminal)?;
    drop(signals);
    Ok(exit_status(status))
}

fn wait_in_session(pid: Pid, signals: &mut ChildSignals) -> io::Result<WaitStatus> {
    let mut probe = Probe::start();
    loop {
        while let Some((_, status)) = waitpid(Some(pid), WaitOptions::NOHANG | WaitOptions::UNTRACED)? {
            let Some(signal) = status.stopping_signal() else { return Ok(status) };
            // The child used the terminal before it was in the foreground.
            let too_early = [SIGTTIN, SIGTTOU].contains(&signal) && tcgetpgrp(io::stdin()) == Ok(pid);
            if !too_early {
                // Our parent notices this, and will continue us.
                kill_process(getpid(), Signal::STOP)?;
            }
            let _ = kill_process_group(pid, Signal::CONT);
        }
        let _ = poll(&mut [PollFd::from_borrowed_fd(signals.get_read().as_fd(), PollFlags::IN)], None);
        for origin in signals.pending() {
            if origin.signal != SIGCHLD && probe.is_for_child(origin.signal) {
                send(pid, origin.signal);
            }
        }
    }
}

/// Writes, and waits even if another process has made the descriptor non-blocking.
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

/// Opens a new terminal with the settings and the size of the one at stdin, without those of a shell that edits its line
/// there now. Returns its two ends, which children don't inherit by default.
fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let outer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    fcntl_setfd(&outer, FdFlags::CLOEXEC)?;
    grantpt(&outer)?;
    unlockpt(&outer)?;
    let name: CString = ptsname(&outer, Vec::new())?;
    let inner = rustix::fs::open(&*name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    let mut settings = tcgetattr(io::stdin())?;
    if !in_foreground() {
        settings.local_modes |= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN;
        settings.input_modes |= InputModes::ICRNL;
        settings.output_modes |= OutputModes::OPOST;
    }
    tcsetattr(&inner, OptionalActions::Now, &settings)?;
    // On some systems the size must be set at the inner end.
    tcsetwinsize(&inner, tcgetwinsize(io::stdin())?)?;
    Ok((outer, inner))
}

/// Gives the terminal at the other end of `to` the size of the one at stdin. Returns true if that was a change.
fn resize(to: impl AsFd) -> bool {
    let (Ok(size), Ok(old)) = (tcgetwinsize(io::stdin()), tcgetwinsize(&to)) else { return false };
    let same = (size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel)
        == (old.ws_row, old.ws_col, old.ws_xpixel, old.ws_ypixel);
    !same && tcsetwinsize(to, size).is_ok()
}

/// Returns true if this process may read from the terminal at stdin, or if that is unknown.
fn in_foreground() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
        || tcgetpgrp(io::stdin()) == Err(Errno::NOTTY)
}

/// The terminal at stdin in raw mode until dropped: the child's own terminal interprets the keys.
struct RawTerminal {
    before: Termios,
}

impl RawTerminal {
    fn new() -> io::Result<Self> {
        let raw = Self { before: tcgetattr(io::stdin())? };
        raw.again()?;
        Ok(raw)
    }

    /// Sets raw mode again, if another program has changed it.
    fn again(&self) -> io::Result<()> {
        let mut raw = self.before.clone();
        raw.make_raw();
        Ok(tcsetattr(io::stdin(), OptionalActions::Drain, &raw)?)
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // From the background this would stop us, and a shell that took over the terminal has already restored it.
        if in_foreground() {
            let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.before);
        }
    }
}
