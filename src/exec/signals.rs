//! Signals that are meant for the child, and what a child's end means for us.

use std::os::unix::net::UnixStream;
use std::process::Child;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitStatus, waitid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::emulate_default_handler;
use signal_hook::low_level::siginfo::Origin;

use super::ExecError;

/// What is passed on to the child.
pub(super) const FORWARDED: [i32; 7] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH];

/// Signals as they come, and a descriptor that tells that some have.
pub(super) type Signals = SignalDelivery<UnixStream, WithOrigin>;

/// Catches [`FORWARDED`] signals, and `more`, and starts a child: none that comes meanwhile ends this process alone.
///
/// What this process ignores, as nohup(1) has it, the child is to ignore too, so that is not caught; where no system
/// tells what it is, all are caught once the child has been started.
pub(super) fn catch_and<T>(
    more: &[i32],
    start: impl FnOnce() -> Result<T, ExecError>,
) -> Result<(Signals, T), ExecError> {
    let catch = |signals: Vec<i32>| {
        let (read, write) = UnixStream::pair()?;
        Signals::with_pipe(read, write, WithOrigin::default(), signals)
    };
    let all = || FORWARDED.iter().chain(more).copied();
    if let Some(ignored) = ignored() {
        let wanted = all().filter(|signal| ignored >> (signal - 1) & 1 == 0).collect();
        let signals = catch(wanted).map_err(ExecError::Terminal)?;
        return Ok((signals, start()?));
    }
    let started = start()?;
    Ok((catch(all().collect()).map_err(ExecError::Terminal)?, started))
}

/// The signals that this process ignores, a bit for each, the lowest for signal 1 (proc(5), `SigIgn`). None where that
/// is not told.
fn ignored() -> Option<u64> {
    let status =
        rustix::fs::open("/proc/self/status", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    // What is asked for stands in the first 2 KB or so.
    let mut text = [0; 8 * 1024];
    let count = rustix::io::read(&status, &mut text).ok()?;
    let text = String::from_utf8_lossy(&text[..count]);
    let line = text.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

/// Whether it is the system that has sent it: then the terminal's whole foreground group has had it.
pub(super) fn is_from_terminal(origin: &Origin) -> bool {
    origin.process.is_none()
}

/// Sends a signal. That a process has gone is no error.
pub(super) fn send(pid: Pid, signal: i32) {
    if let Some(signal) = Signal::from_named_raw(signal) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// A child's process id.
pub(super) fn pid_of(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Waits until a child has ended. It is left to be reaped: its id is no other process's until then.
pub(super) fn wait_for_end(pid: Pid) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
}

/// The exit status that says how the child has ended. Does not return where that was SIGINT: a shell that runs us in a
/// loop ends the loop only if that has ended us too.
pub(super) fn exit_status(status: WaitStatus) -> u8 {
    let signal = status.terminating_signal();
    if signal == Some(SIGINT) {
        let _ = emulate_default_handler(SIGINT);
    }
    let code = signal.map_or_else(|| status.exit_status().unwrap_or(1), |signal| 128 + signal);
    u8::try_from(code).unwrap_or(1)
}
