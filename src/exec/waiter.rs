//! Waiting for a child, and passing signals on to it meanwhile.

#[cfg(unix)]
pub(super) use unix::Waiter;
#[cfg(not(unix))]
pub(super) use windows::Waiter;

#[cfg(unix)]
mod unix {
    use std::io;
    use std::process::Child;
    use std::sync::{Arc, Mutex, PoisonError, mpsc};
    use std::thread;
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::process::{Pid, WaitId, WaitIdOptions, WaitOptions, waitid, waitpid};
    use signal_hook::consts::SIGCHLD;
    use signal_hook::iterator::Handle;
    use signal_hook::low_level::emulate_default_handler;

    use crate::exec::ExecError;
    use crate::exec::signals::{
        Probe, Signals, catch_and, exit_status, is_from_terminal, pid_of, send, wait_for_end,
    };

    /// For what a child that has gone wrote last to be passed on, before a signal ends us.
    const GRACE: Duration = Duration::from_secs(1);

    /// A child that gets the signals that this process gets.
    pub(in crate::exec) struct Waiter {
        pid: Pid,
        /// From then on its id may be another's.
        reaped: Arc<Mutex<bool>>,
        handle: Handle,
    }

    impl Waiter {
        /// Starts the child, if there is a thread to be had that passes signals on.
        pub(in crate::exec) fn start(
            start: impl FnOnce() -> Result<Child, ExecError>,
        ) -> Result<Self, ExecError> {
            let reaped = Arc::new(Mutex::new(false));
            let (hand_over, taken) = mpsc::channel::<(Signals, Pid)>();
            let of_thread = Arc::clone(&reaped);
            let pass_on =
                move || taken.recv().map(|(mut signals, pid)| forward(&mut signals, pid, &of_thread));
            thread::Builder::new().spawn(pass_on).map_err(ExecError::Thread)?;
            let (signals, child) = catch_and(&[], start)?;
            let (pid, handle) = (pid_of(&child), signals.handle());
            let _ = hand_over.send((signals, pid));
            Ok(Self { pid, reaped, handle })
        }

        /// Waits for its end; returns its exit status.
        pub(in crate::exec) fn wait(self) -> io::Result<u8> {
            wait_for_end(self.pid);
            let mut reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
            let status = waitpid(Some(self.pid), WaitOptions::empty())?;
            *reaped = true;
            self.handle.close();
            Ok(status.map_or(1, |(_, status)| exit_status(status)))
        }
    }

    fn forward(signals: &mut Signals, pid: Pid, reaped: &Mutex<bool>) {
        let mut probe = Probe::start();
        while !signals.handle().is_closed() {
            let _ = poll(&mut [PollFd::new(signals.get_read(), PollFlags::IN)], None);
            for origin in signals.pending().filter(|origin| origin.signal != SIGCHLD) {
                let is_for_child = probe.is_for_child(origin.signal) && !is_from_terminal(&origin);
                pass_on(origin.signal, is_for_child, pid, reaped);
            }
        }
    }

    fn pass_on(signal: i32, is_for_child: bool, pid: Pid, reaped: &Mutex<bool>) {
        let reaped = reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if *reaped {
            return;
        }
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        if matches!(waitid(WaitId::Pid(pid), ended), Ok(Some(_))) {
            // What it left behind keeps us; nothing but this signal would end us.
            drop(reaped);
            thread::sleep(GRACE);
            let _ = emulate_default_handler(signal);
        } else if is_for_child {
            send(pid, signal);
        }
    }
}

#[cfg(not(unix))]
mod windows {
    use std::io;
    use std::process::Child;

    use crate::exec::ExecError;

    /// A child.
    pub(in crate::exec) struct Waiter(Child);

    impl Waiter {
        /// Starts the child.
        pub(in crate::exec) fn start(
            start: impl FnOnce() -> Result<Child, ExecError>,
        ) -> Result<Self, ExecError> {
            start().map(Self)
        }

        /// Waits for its end; returns its exit status.
        pub(in crate::exec) fn wait(mut self) -> io::Result<u8> {
            let code = self.0.wait()?.code().unwrap_or(1);
            Ok(u8::try_from(code).unwrap_or(1))
        }
    }
}
