//! The session that a program has on a terminal of its own.
//!
//! A program that leads its session cannot be stopped by Ctrl-Z: its process group is orphaned. So this process leads
//! it, and the program has a group of its own, in the foreground, as a shell would have started it.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpid, getppid, ioctl_tiocsctty, kill_process, kill_process_group,
    setsid, waitpid,
};
use rustix::termios::{tcgetpgrp, tcgetwinsize, tcsetpgrp};
use signal_hook::consts::{SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU};

use super::ExecError;
use super::signals::{Probe, Signals, catch_and, exit_status, pid_of, send};

/// What tells the process that has started us that the program has the terminal. It does nothing to others.
pub(super) const BEGUN: Signal = Signal::URG;

/// Takes the terminal that is stdin for a new session and runs `command` in it. Returns its exit status.
pub(super) fn run(mut command: Command) -> Result<u8, ExecError> {
    let own_terminal = || {
        setsid()?;
        ioctl_tiocsctty(io::stdin())
    };
    own_terminal().map_err(|error| ExecError::Terminal(error.into()))?;
    let size = tcgetwinsize(io::stdin());
    let start = || command.process_group(0).spawn().map_err(|source| ExecError::new(&command, source));
    let (mut signals, child) = catch_and(&[SIGTSTP], start)?;
    let pid = pid_of(&child);
    // We are in the foreground ourselves here, and may hand it on.
    let _ = tcsetpgrp(io::stdin(), pid);
    // It may have read from the terminal before that was its own, and been stopped. This comes before any key does: a
    // process that is continued forgets that it was to stop.
    let _ = kill_process_group(pid, Signal::CONT);
    if let Some(parent) = getppid() {
        let _ = kill_process(parent, BEGUN);
    }
    // A change until now was told to us, who had the foreground.
    if let (Ok(before), Ok(now)) = (size, tcgetwinsize(io::stdin()))
        && (before.ws_row, before.ws_col) != (now.ws_row, now.ws_col)
    {
        let _ = kill_process_group(pid, Signal::WINCH);
    }
    let status = wait(pid, &mut signals).map_err(ExecError::Terminal)?;
    drop(signals);
    Ok(exit_status(status))
}

fn wait(pid: Pid, signals: &mut Signals) -> io::Result<WaitStatus> {
    let mut probe = Probe::start();
    loop {
        while let Some((_, status)) = waitpid(Some(pid), WaitOptions::NOHANG | WaitOptions::UNTRACED)? {
            let Some(signal) = status.stopping_signal() else { return Ok(status) };
            // It has used the terminal before it was given to it.
            let too_early = [SIGTTIN, SIGTTOU].contains(&signal) && tcgetpgrp(io::stdin()) == Ok(pid);
            if !too_early {
                // To be seen by the process that has started us, and continued by it.
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
