//! Waiting for a child, and passing signals on to it meanwhile.

#[cfg(unix)]
pub(super) use unix::Waiter;
#[cfg(not(unix))]
pub(super) use windows::Waiter;

#[cfg(unix)]
mod unix {
    use std::io;
    use std::process::Child;
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
    use std::thread;
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::process::{
        Pid, Signal, WaitId, WaitIdOptions, WaitOptions, WaitStatus, getpid, kill_process_group, waitid,
        waitpid,
    };
    use signal_hook::consts::SIGCHLD;
    use signal_hook::iterator::Handle;
    use signal_hook::low_level::emulate_default_handler;

    use crate::exec::ExecError;
    use crate::exec::signals::{
        Probe, Signals, catch_and, exit_status, is_from_terminal, pid_of, reap, send, wait_for_end,
    };

    /// For what was written last to be passed on, before what the child left behind is ended.
    const GRACE: Duration = Duration::from_secs(1);

    /// How the child ended, once it has been reaped: from then on its id may be another process's.
    type End = Mutex<Option<WaitStatus>>;

    /// A child that gets the signals that this process gets. As PID 1, this process also reaps every orphan.
    pub(in crate::exec) struct Waiter {
        pid: Pid,
        end: Arc<End>,
        handle: Handle,
    }

    impl Waiter {
        /// Starts the child, if there is a thread to be had that passes signals on.
        pub(in crate::exec) fn start(
            start: impl FnOnce() -> Result<Child, ExecError>,
        ) -> Result<Self, ExecError> {
            let end = Arc::<End>::default();
            let (hand_over, taken) = mpsc::channel::<(Signals, Pid)>();
            let of_thread = Arc::clone(&end);
            let pass_on =
                move || taken.recv().map(|(mut signals, pid)| forward(&mut signals, pid, &of_thread));
            thread::Builder::new().spawn(pass_on).map_err(ExecError::Thread)?;
            let (signals, child) = catch_and(&[], start)?;
            let (pid, handle) = (pid_of(&child), signals.handle());
            let _ = hand_over.send((signals, pid));
            Ok(Self { pid, end, handle })
        }

        /// Waits for its end; returns its exit status.
        pub(in crate::exec) fn wait(self) -> io::Result<u8> {
            wait_for_end(self.pid);
            let mut end = lock(&self.end);
            if end.is_none() {
                *end = waitpid(Some(self.pid), WaitOptions::empty())?.map(|(_, status)| status);
            }
            self.handle.close();
            Ok(end.map_or(1, exit_status))
        }
    }

    fn lock(end: &End) -> MutexGuard<'_, Option<WaitStatus>> {
        end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forward(signals: &mut Signals, pid: Pid, end: &End) {
        let is_init = getpid().is_init();
        // A signal to PID 1 comes from outside its namespace, to it alone; and a probe would be reaped with the orphans.
        let mut probe = (!is_init).then(Probe::start);
        while !signals.handle().is_closed() {
            if is_init && reap_all(pid, end) {
                thread::sleep(GRACE);
                // The system does the same when PID 1 ends; but so the output ends, and its last part is passed on.
                let _ = kill_process_group(Pid::INIT, Signal::KILL);
            }
            let _ = poll(&mut [PollFd::new(signals.get_read(), PollFlags::IN)], None);
            for origin in signals.pending().filter(|origin| origin.signal != SIGCHLD) {
                let is_for_child = probe.as_mut().is_none_or(|probe| probe.is_for_child(origin.signal))
                    && !is_from_terminal(&origin);
                pass_on(origin.signal, is_for_child, pid, end);
            }
        }
    }

    /// Reaps whatever has ended; returns true if `pid` has, now or before.
    fn reap_all(pid: Pid, end: &End) -> bool {
        let mut end = lock(end);
        while let Ok(Some(status)) = reap(pid, WaitOptions::empty()) {
            end.get_or_insert(status);
        }
        end.is_some()
    }

    fn pass_on(signal: i32, is_for_child: bool, pid: Pid, end: &End) {
        let end = lock(end);
        if end.is_some() {
            return;
        }
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        if !getpid().is_init() && matches!(waitid(WaitId::Pid(pid), ended), Ok(Some(_))) {
            // What it left behind keeps us; nothing but this signal would end us.
            drop(end);
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
