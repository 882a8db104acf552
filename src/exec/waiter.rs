//! Waiting for a child, and passing signals on to it meanwhile.

#[cfg(unix)]
pub(super) use unix::Waiter;
#[cfg(not(unix))]
pub(super) use windows::Waiter;

#[cfg(unix)]
mod unix {
    use std::io;
    use std::process::Child;
    use std::sync::{Arc, Mutex, PoisonError};
    use std::thread;
    use std::time::Duration;

    use rustix::process::{Pid, WaitId, WaitIdOptions, WaitOptions, waitid, waitpid};
    use signal_hook::iterator::exfiltrator::WithOrigin;
    use signal_hook::iterator::{Handle, SignalsInfo};
    use signal_hook::low_level::emulate_default_handler;

    use crate::exec::signals::{FORWARDED, exit_status, is_from_terminal, pid_of, send};

    /// For what a child that has gone wrote last to be passed on, before a signal ends us.
    const GRACE: Duration = Duration::from_secs(1);

    /// A child that gets the signals that this process gets.
    pub(in crate::exec) struct Waiter {
        pid: Pid,
        /// From then on its id may be another's.
        reaped: Arc<Mutex<bool>>,
        handle: Option<Handle>,
    }

    impl Waiter {
        #[allow(clippy::needless_pass_by_value, reason = "elsewhere it is kept; it is reaped here alone")]
        pub(in crate::exec) fn new(child: Child) -> Self {
            let (pid, reaped) = (pid_of(&child), Arc::new(Mutex::new(false)));
            // Where signals cannot be caught they end us, and the child then finds its pipes closed.
            let signals = SignalsInfo::<WithOrigin>::new(FORWARDED).ok();
            let handle = signals.as_ref().map(SignalsInfo::handle);
            if let Some(signals) = signals {
                let reaped = Arc::clone(&reaped);
                thread::spawn(move || forward(signals, pid, &reaped));
            }
            Self { pid, reaped, handle }
        }

        /// Waits for its end; returns its exit status.
        pub(in crate::exec) fn wait(self) -> io::Result<u8> {
            let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while matches!(waitid(WaitId::Pid(self.pid), ended), Err(rustix::io::Errno::INTR)) {}
            let mut reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
            let status = waitpid(Some(self.pid), WaitOptions::empty())?;
            *reaped = true;
            self.handle.as_ref().map(Handle::close);
            Ok(status.map_or(1, |(_, status)| exit_status(status)))
        }
    }

    fn forward(mut signals: SignalsInfo<WithOrigin>, pid: Pid, reaped: &Mutex<bool>) {
        for origin in &mut signals {
            let reaped = reaped.lock().unwrap_or_else(PoisonError::into_inner);
            if *reaped {
                return;
            }
            let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
            if matches!(waitid(WaitId::Pid(pid), ended), Ok(Some(_))) {
                // What it left behind keeps us; nothing but this signal would end us.
                drop(reaped);
                thread::sleep(GRACE);
                let _ = emulate_default_handler(origin.signal);
            } else if !is_from_terminal(&origin) {
                send(pid, origin.signal);
            }
        }
    }
}

#[cfg(not(unix))]
mod windows {
    use std::io;
    use std::process::Child;

    /// A child.
    pub(in crate::exec) struct Waiter(Child);

    impl Waiter {
        pub(in crate::exec) fn new(child: Child) -> Self {
            Self(child)
        }

        /// Waits for its end; returns its exit status.
        pub(in crate::exec) fn wait(mut self) -> io::Result<u8> {
            let code = self.0.wait()?.code().unwrap_or(1);
            Ok(u8::try_from(code).unwrap_or(1))
        }
    }
}
