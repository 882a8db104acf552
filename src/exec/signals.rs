//! Passes signals on to the child, and ends as the child ended.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, WaitStatus, getpid, wait, waitid, waitpid,
};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::emulate_default_handler;

use super::no_terminal;
use crate::error::Error;

const FORWARDED: [i32; 7] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH];

/// Received signals, and a descriptor that becomes readable when a signal arrives.
pub(super) type ChildSignals = SignalDelivery<UnixStream, WithOrigin>;

/// Catches [`FORWARDED`] signals, SIGCHLD, and `more`, then starts a child, so that no signal ends only us.
///
/// The child must inherit ignored signals, as nohup(1) sets them, so those are not caught; on systems that do not list
/// them, all are caught after the child has been started.
pub(super) fn catch_and<T>(
    more: &[i32],
    start: impl FnOnce() -> Result<T, Error>,
) -> Result<(ChildSignals, T), Error> {
    let catch = |signals: Vec<i32>| {
        let (read, write) = UnixStream::pair()?;
        ChildSignals::with_pipe(read, write, WithOrigin::default(), signals)
    };
    // If SIGCHLD were ignored, the system would discard the child's status.
    let all = || FORWARDED.iter().chain(more).chain([&SIGCHLD]).copied();
    if let Some(ignored) = ignored() {
        let wanted = all().filter(|signal| *signal == SIGCHLD || ignored >> (signal - 1) & 1 == 0);
        let signals = catch(wanted.collect()).map_err(no_terminal)?;
        return Ok((signals, start()?));
    }
    let started = start()?;
    Ok((catch(all().collect()).map_err(no_terminal)?, started))
}

/// Returns true if this process ignores the signal (nohup(1)), so a program it becomes must, too; false if unknown.
pub(crate) fn is_ignored(signal: i32) -> bool {
    ignored().is_some_and(|ignored| ignored >> (signal - 1) & 1 == 1)
}

/// Returns the ignored signals, one bit each, the lowest for signal 1 (proc(5), `SigIgn`); None if they are not listed.
fn ignored() -> Option<u64> {
    let status =
        rustix::fs::open("/proc/self/status", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    // The line is in the first 2 KB or so.
    let mut text = [0; 8 * 1024];
    let count = rustix::io::read(&status, &mut text).ok()?;
    let text = String::from_utf8_lossy(&text[..count]);
    let line = text.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

/// Detects signals that the child has received already: those sent to the whole process group, or to each process of a
/// service. The signal does not say so, but it also ends another process in our group, which this one is for.
pub(super) struct Probe {
    /// The process, and our end of its stdin, so that it ends when we do.
    process: Option<(Child, UnixStream)>,
    /// The last signal that the child received.
    last: Option<(i32, Instant)>,
}

/// The time that a signal may take to end a probe on a busy machine.
const PROBE_WAIT: Duration = Duration::from_millis(100);
/// Equal signals within this time count as one: timeout(1) sends it to its child, and then to the group.
const SAME_SIGNAL: Duration = Duration::from_millis(200);

impl Probe {
    /// Starts a probe. Start it after the child, so that a signal in between is sent twice rather than not at all.
    pub(super) fn start() -> Self {
        Self { process: start_probe().ok(), last: None }
    }

    /// Returns true if the child has not received this signal already. Waits until that is known.
    pub(super) fn is_for_child(&mut self, signal: i32) -> bool {
        // These do not end a process.
        if [SIGWINCH, SIGTSTP].contains(&signal) {
            return true;
        }
        if let Some((child, stream)) = &mut self.process
            && has_ended(stream)
        {
            let ended = child.wait().ok().and_then(|status| status.signal());
            self.last = ended.map(|signal| (signal, Instant::now())).or(self.last);
            self.process = start_probe().ok();
        }
        let is_same = |(last, when): (i32, Instant)| last == signal && when.elapsed() < SAME_SIGNAL;
        if self.last.is_some_and(is_same) {
            return false;
        }
        self.last = Some((signal, Instant::now()));
        true
    }
}

/// Waits until the other end is closed, at most [`PROBE_WAIT`]. Returns true if it is.
fn has_ended(stream: &mut UnixStream) -> bool {
    loop {
        match stream.read(&mut [0]).map_err(|error| error.kind()) {
            Err(io::ErrorKind::Interrupted) => {}
            result => return result != Err(io::ErrorKind::WouldBlock),
        }
    }
}

fn start_probe() -> io::Result<(Child, UnixStream)> {
    let (ours, its) = UnixStream::pair()?;
    ours.set_read_timeout(Some(PROBE_WAIT))?;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "read line"]).env_clear().current_dir("/");
    shell.stdin(OwnedFd::from(its)).stdout(Stdio::null()).stderr(Stdio::null());
    Ok((shell.spawn()?, ours))
}

/// Sends a signal. Does nothing if the process has ended.
pub(super) fn send(pid: Pid, signal: i32) {
    if let Some(signal) = Signal::from_named_raw(signal) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Waits until a child has ended. Does not reap it, so that no other process gets its id.
pub(super) fn wait_for_end(pid: Pid) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
}

/// Returns a child's change of state, if there is one; does not wait. As PID 1 it also reaps inherited orphans.
pub(super) fn reap(pid: Pid, options: WaitOptions) -> io::Result<Option<WaitStatus>> {
    let options = options | WaitOptions::NOHANG;
    if !getpid().is_init() {
        return Ok(waitpid(Some(pid), options)?.map(|(_, status)| status));
    }
    while let Some((child, status)) = wait(options)? {
        if child == pid {
            return Ok(Some(status));
        }
    }
    Ok(None)
}

/// Returns the exit status for the child's status. Does not return if SIGINT ended the child: a shell that runs us in a
/// loop ends the loop only if the signal ended us, too. PID 1 returns, because its own signals do not end it.
pub(super) fn exit_status(status: WaitStatus) -> u8 {
    let signal = status.terminating_signal();
    if signal == Some(SIGINT) && !getpid().is_init() {
        let _ = emulate_default_handler(SIGINT);
    }
    let code = signal.map_or_else(|| status.exit_status().unwrap_or(1), |signal| 128 + signal);
    u8::try_from(code).unwrap_or(1)
}
