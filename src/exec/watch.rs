//! Runs a last task before a signal ends the process.

#[cfg(not(unix))]
use std::{
    io,
    process::{Command, ExitStatus},
};

#[cfg(unix)]
pub(crate) use unix::Watch;

/// Does nothing on other systems.
#[cfg(not(unix))]
pub(crate) struct Watch;

#[cfg(not(unix))]
impl Watch {
    pub(crate) fn start(_: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) fn run(&self, command: &mut Command) -> io::Result<ExitStatus> {
        command.status()
    }
}

#[cfg(unix)]
mod unix {
    use std::io::{self, Read, Write};
    use std::os::unix::net::UnixStream;
    use std::process::{Command, ExitStatus};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
    use std::thread::{self, JoinHandle};
    use std::time::Duration;

    use rustix::process::{Pid, Signal, kill_process};
    use signal_hook::consts::{
        SIGABRT, SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU,
    };
    use signal_hook::low_level::{emulate_default_handler, pipe, unregister};
    use signal_hook::{SigId, flag};

    use crate::exec::signals::wait_for_end;

    /// The time that a child has to end after SIGHUP or SIGTERM.
    const PATIENCE: Duration = Duration::from_secs(3);

    /// The signals that end a process, except SIGINT, which is meant for the child, and SIGQUIT.
    const ENDING: [i32; 9] =
        [SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGABRT];

    /// While it exists, a signal that ends the process first ends a running child (with SIGHUP if that came, otherwise
    /// with SIGTERM). Then a last task runs, and the process ends as by the signal. SIGINT is left to the child, which
    /// shares the terminal; without a child it ends the process in the same way. SIGQUIT, which would write a core
    /// file, does nothing.
    pub(crate) struct Watch {
        shared: Arc<WatchShared>,
        /// True if a SIGINT has come and is not handled yet.
        interrupted: Arc<AtomicBool>,
        handlers: Vec<SigId>,
        wake: UnixStream,
        closed: Arc<AtomicBool>,
        thread: Option<JoinHandle<()>>,
    }

    #[derive(Default)]
    struct WatchShared {
        state: Mutex<WatchState>,
        changed: Condvar,
    }

    #[derive(Default)]
    struct WatchState {
        child: Option<Pid>,
        ending: bool,
    }

    impl Watch {
        /// Starts watching; `last` is the last task.
        pub(crate) fn start(last: impl FnOnce() + Send + 'static) -> io::Result<Self> {
            let (mut read, wake) = UnixStream::pair()?;
            let (shared, closed) = (Arc::<WatchShared>::default(), Arc::<AtomicBool>::default());
            let mut handlers = vec![flag::register(SIGQUIT, Arc::default())?];
            let interrupted = Arc::<AtomicBool>::default();
            let mut seen = Vec::new();
            let ending = ENDING.map(|signal| (signal, Arc::default())).into_iter();
            for (signal, flag) in ending.chain([(SIGINT, Arc::clone(&interrupted))]) {
                handlers.push(flag::register(signal, Arc::clone(&flag))?);
                handlers.push(pipe::register(signal, wake.try_clone()?)?);
                seen.push((signal, flag));
            }
            let (of_thread, is_closed) = (Arc::clone(&shared), Arc::clone(&closed));
            let thread = thread::Builder::new().spawn(move || {
                let mut last = Some(last);
                while read.read(&mut [0; 16]).is_ok_and(|count| count > 0)
                    && !is_closed.load(Ordering::SeqCst)
                {
                    for (signal, flag) in &seen {
                        if of_thread.ends(*signal, flag) {
                            if let Some(last) = last.take() {
                                last();
                            }
                            let _ = emulate_default_handler(*signal);
                        }
                    }
                }
            })?;
            Ok(Self { shared, interrupted, handlers, wake, closed, thread: Some(thread) })
        }

        /// Runs a child, which is ended when a signal comes. Does not return if the process is about to end.
        pub(in crate::exec) fn run(&self, command: &mut Command) -> io::Result<ExitStatus> {
            let mut state = self.shared.lock();
            if state.ending {
                drop(state);
                wait_for_the_end();
            }
            let mut child = command.spawn()?;
            let pid = Pid::from_child(&child);
            state.child = Some(pid);
            drop(state);
            // The id is forgotten before another process can get it.
            wait_for_end(pid);
            let mut state = self.shared.lock();
            // A SIGINT while the child ran was meant for the child only, even if it is not handled yet.
            self.interrupted.store(false, Ordering::SeqCst);
            state.child = None;
            let status = child.wait();
            self.shared.changed.notify_all();
            if state.ending {
                drop(state);
                wait_for_the_end();
            }
            status
        }
    }

    impl Drop for Watch {
        fn drop(&mut self) {
            for handler in self.handlers.drain(..) {
                unregister(handler);
            }
            self.closed.store(true, Ordering::SeqCst);
            let _ = self.wake.write_all(b"x");
            self.thread.take().map(JoinHandle::join);
        }
    }

    impl WatchShared {
        fn lock(&self) -> MutexGuard<'_, WatchState> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Handles a signal if its flag is set: ends the child, and returns true if the process must end too.
        fn ends(&self, signal: i32, came: &AtomicBool) -> bool {
            let mut state = self.lock();
            if !came.swap(false, Ordering::SeqCst) {
                return false;
            }
            if signal == SIGINT && state.child.is_some() {
                return false;
            }
            state.ending = true;
            let polite = if signal == SIGHUP { Signal::HUP } else { Signal::TERM };
            for (signal, patience) in [(polite, PATIENCE), (Signal::KILL, Duration::MAX)] {
                let Some(child) = state.child else { break };
                let _ = kill_process(child, signal);
                let runs = |state: &mut WatchState| state.child.is_some();
                let waited = self.changed.wait_timeout_while(state, patience, runs);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            true
        }
    }

    fn wait_for_the_end() -> ! {
        loop {
            thread::park();
        }
    }
}
