//! Signals that are meant for the child, and what a child's end means for us.

use std::io;
use std::os::unix::net::UnixStream;
use std::process::Child;

use rustix::process::{Pid, Signal, WaitStatus};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::emulate_default_handler;
use signal_hook::low_level::siginfo::Origin;

/// What is passed on to the child.
pub(super) const FORWARDED: [i32; 7] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH];

/// Signals as they come, and a descriptor that tells that some have.
pub(super) type Signals = SignalDelivery<UnixStream, WithOrigin>;

/// Catches signals from now on. Children that were started before have those ignored that this process ignored.
pub(super) fn catch(more: &[i32]) -> io::Result<Signals> {
    let (read, write) = UnixStream::pair()?;
    Signals::with_pipe(read, write, WithOrigin::default(), FORWARDED.iter().chain(more))
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
