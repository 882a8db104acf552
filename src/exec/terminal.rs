//! A child on a terminal of its own, what it shows masked on the way to ours.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_current_process_group, kill_process};
use signal_hook::consts::{SIGCHLD, SIGCONT, SIGURG, SIGWINCH};
use zeroize::{Zeroize, Zeroizing};

use super::ExecError;
use super::redact::{Forms, Masker};
use super::session::BEGUN;
use super::signals::{Signals, catch_and, exit_status, pid_of, reap, send};
use super::tty::{Raw, in_foreground, pair, resize, write};

const CHUNK: usize = 16 * 1024;
/// After so long a silence what is held of the echo is shown.
const SILENCE: Duration = Duration::from_millis(100);
/// For what the child wrote last to arrive, where something it left behind keeps the terminal open.
const LAST_WORDS: Duration = Duration::from_millis(100);
const LAST_SCREEN: Duration = Duration::from_millis(20);
/// More than a terminal holds on any system.
const MOST_HELD: usize = 256 * 1024;
/// After this time the child has begun, whether we were told or not.
const START: Duration = Duration::from_secs(2);
/// How often it is looked at what nothing tells: whether we have come to the foreground.
const LOOK: Duration = Duration::from_millis(200);

/// Runs `command` on a terminal of its own; `own` with `session` holds its session. Returns its exit status.
pub(super) fn run(command: Command, forms: Forms, own: &Path, session: &[&str]) -> Result<u8, ExecError> {
    let (outer, inner) = pair().map_err(ExecError::Terminal)?;
    let mut holder = Command::new(own);
    holder.args(session).arg(command.get_program()).args(command.get_args()).env_clear();
    holder.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let end = || inner.try_clone().map(Stdio::from);
    let give = |holder: &mut Command| -> io::Result<()> {
        holder.stdin(end()?).stdout(end()?).stderr(end()?);
        rustix::fs::fcntl_setfl(&outer, OFlags::RDWR | OFlags::NONBLOCK)?;
        Ok(())
    };
    give(&mut holder).map_err(ExecError::Terminal)?;
    let start = || {
        holder.spawn().map_err(|source| match ExecError::new(&holder, source) {
            ExecError::TooLarge { .. } => ExecError::new(&command, io::ErrorKind::ArgumentListTooLong.into()),
            ExecError::NotExecutable { source, .. } => ExecError::Terminal(source),
            _ => ExecError::Terminal(io::ErrorKind::NotFound.into()),
        })
    };
    let (signals, child) = catch_and(&[SIGCONT, BEGUN.as_raw()], start)?;
    // Its ends of the terminal, so that ours tells when the others have closed theirs.
    drop((holder, inner, command));
    let pid = pid_of(&child);
    let mut terminal = Terminal {
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
    // Before a signal ends us: the terminal is set right, and all is wiped.
    drop(terminal);
    status.map(exit_status).map_err(ExecError::Terminal)
}

struct Terminal {
    /// The holder of the session.
    pid: Pid,
    /// Our end of the child's terminal; none once nothing comes from it or goes to ours any more.
    outer: Option<OwnedFd>,
    signals: Signals,
    masker: Masker,
    chunk: Zeroizing<Vec<u8>>,
    /// What was typed and not yet taken.
    typed: Zeroizing<Vec<u8>>,
    /// Whether there is still something to read at our own terminal.
    reads: bool,
    /// While we are in the foreground.
    raw: Option<Raw>,
    /// When something was shown last.
    shown: Instant,
    start: Instant,
    /// Whether we were told that the child has the foreground of its terminal.
    begun: bool,
}

/// What became ready.
#[allow(clippy::struct_excessive_bools, reason = "one for each thing that is looked at")]
#[derive(Default)]
struct Ready {
    keys: bool,
    output: bool,
    input: bool,
    gone: bool,
}

impl Terminal {
    /// Until the child has ended and all it wrote is out.
    fn serve(&mut self) -> io::Result<WaitStatus> {
        let status = loop {
            // First of all: the child may have ended by now, and what it wrote is shown as it is.
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
            let ready = self.poll(wait)?;
            if ready.output {
                self.show();
            }
            if ready.keys {
                self.read_keys();
            } else if ready.gone {
                // And with our terminal the child's.
                (self.reads, self.outer) = (false, None);
            }
            if ready.input {
                self.hand_over();
            }
            self.pass_on_signals()?;
        };
        self.drain(LAST_WORDS)?;
        self.write(Masker::finish);
        Ok(status)
    }

    /// Whether the child has ended. Where it has stopped, so do we, until both are continued.
    fn look_after(&mut self) -> io::Result<Option<WaitStatus>> {
        while let Some(status) = reap(self.pid, WaitOptions::UNTRACED)? {
            if !status.stopped() {
                return Ok(Some(status));
            }
            // A full-screen program has just left the screen.
            self.drain(LAST_SCREEN)?;
            self.write(Masker::release);
            self.raw = None;
            // As Ctrl-Z does it to a program that runs bare: not where nobody would continue us.
            kill_current_process_group(Signal::TSTP)?;
            self.come_to_foreground()?;
            kill_process(self.pid, Signal::CONT)?;
        }
        Ok(None)
    }

    /// Whether the child has the foreground of its terminal. A key that sends a signal would come to the holder of the
    /// session before, and to a child that is not there yet.
    fn has_begun(&self) -> bool {
        self.begun || self.start.elapsed() > START
    }

    fn come_to_foreground(&mut self) -> io::Result<()> {
        if self.raw.is_none() && self.reads && in_foreground() {
            self.raw = Some(Raw::new()?);
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
                SIGCONT => self.raw.as_ref().map_or(Ok(()), Raw::again)?,
                SIGWINCH if self.outer.as_ref().is_some_and(resize) => {}
                signal => send(self.pid, signal),
            }
        }
        Ok(())
    }

    fn poll(&mut self, wait: Option<Duration>) -> io::Result<Ready> {
        let stdin = io::stdin();
        let hands_over = !self.typed.is_empty() && self.has_begun();
        let mut fds = vec![PollFd::new(self.signals.get_read(), PollFlags::IN)];
        let keys = self.reads.then(|| {
            // That the terminal has gone is told also where nothing is to be read.
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
            Err(Errno::INTR) => return Ok(Ready::default()),
            Err(error) => return Err(error.into()),
        }
        let is =
            |at: Option<usize>, flags: PollFlags| at.is_some_and(|at| fds[at].revents().intersects(flags));
        let come = PollFlags::IN | PollFlags::HUP | PollFlags::ERR;
        let gone = is(keys, PollFlags::HUP);
        Ok(Ready {
            keys: is(keys, PollFlags::IN),
            output: is(outer, come),
            input: is(outer, PollFlags::OUT),
            gone,
        })
    }

    /// Shows what has come. Returns how much it was.
    fn show(&mut self) -> usize {
        let Some(outer) = &self.outer else { return 0 };
        match rustix::io::read(outer, &mut *self.chunk) {
            Err(Errno::INTR | Errno::AGAIN) => 0,
            // On Linux a terminal whose other end is closed is an error, elsewhere an end.
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

    /// Shows what comes until nothing has for a while; no more than a terminal can have held.
    fn drain(&mut self, silence: Duration) -> io::Result<()> {
        let mut left = MOST_HELD;
        while self.outer.is_some() && left > 0 {
            // Of what else may be ready nothing is looked at here.
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
                // Our terminal has gone, and with this the child's.
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

    /// Hands over what was typed, or as much of it as the child's terminal takes.
    fn hand_over(&mut self) {
        let Some(outer) = &self.outer else { return };
        match rustix::io::write(outer, &self.typed) {
            Ok(count) if count < self.typed.len() => drop(self.typed.drain(..count)),
            Err(Errno::INTR | Errno::AGAIN) => {}
            _ => self.typed.zeroize(),
        }
    }
}
