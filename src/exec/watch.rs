//! Ending as signals ask, but not before what has to be done is done.

#[cfg(not(unix))]
use std::io;

#[cfg(unix)]
pub(crate) use unix::Watch;

/// Elsewhere nothing is watched.
#[cfg(not(unix))]
pub struct Watch;

#[cfg(not(unix))]
impl Watch {
    /// Watches nothing.
    pub fn start(_: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        Ok(Self)
    }
}

#[cfg(unix)]
mod unix {
    use std::io::{self, Read, Write};
    use std::os::unix::net::UnixStream;
    use std::process::{Child, ExitStatus};
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

    use crate::exec::signals::{pid_of, wait_for_end};

    /// So long a child may take to end when it is asked to.
    const PATIENCE: Duration = Duration::from_secs(3);

    /// The signals that end a process, but for those that are the child's own or leave what is in memory in a file.
    const ENDING: [i32; 9] =
        [SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGABRT];

    /// While it lives, a signal that ends the process ends the child first that runs (SIGHUP goes to it as it is, for others
    /// SIGTERM); once that has ended, a last thing is done, and the process ends as the signal would have ended it. SIGINT is the child's own, which shares the terminal; without a
    /// child it ends the process in that way too. SIGQUIT, which would leave all that is in memory in a file, does
    /// nothing.
    pub(crate) struct Watch {
        shared: Arc<Shared>,
        /// Whether a SIGINT came that is still to be judged.
        interrupted: Arc<AtomicBool>,
        handlers: Vec<SigId>,
        wake: UnixStream,
        closed: Arc<AtomicBool>,
        thread: Option<JoinHandle<()>>,
    }

    #[derive(Default)]
    struct Shared {
        state: Mutex<State>,
        changed: Condvar,
    }

    #[derive(Default)]
    struct State {
        child: Option<Pid>,
        ending: bool,
    }

    /// A child that a [`Watch`] knows of.
    pub(in crate::exec) struct Guarded<'a> {
        watch: &'a Watch,
        child: Child,
    }

    impl Watch {
        /// Watches; `last` is what is to be done at the end.
        pub(crate) fn start(last: impl FnOnce() + Send + 'static) -> io::Result<Self> {
            let (mut read, wake) = UnixStream::pair()?;
            let (shared, closed) = (Arc::<Shared>::default(), Arc::<AtomicBool>::default());
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

        /// Starts a child that signals go to.
        pub(in crate::exec) fn guard(
            &self,
            start: impl FnOnce() -> io::Result<Child>,
        ) -> io::Result<Guarded<'_>> {
            let mut state = self.shared.lock();
            if state.ending {
                drop(state);
                wait_for_the_end();
            }
            let child = start()?;
            state.child = Some(pid_of(&child));
            Ok(Guarded { watch: self, child })
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

    impl Guarded<'_> {
        /// Waits for it. Does not return where the process is to end.
        pub(in crate::exec) fn wait(mut self) -> io::Result<ExitStatus> {
            // Its id is taken back before it can be another process's.
            wait_for_end(pid_of(&self.child));
            let mut state = self.watch.shared.lock();
            // What came while it ran was its own, though nobody has looked yet.
            self.watch.interrupted.store(false, Ordering::SeqCst);
            state.child = None;
            let status = self.child.wait();
            self.watch.shared.changed.notify_all();
            if state.ending {
                drop(state);
                wait_for_the_end();
            }
            status
        }
    }

    impl Shared {
        fn lock(&self) -> MutexGuard<'_, State> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Judges a signal, if its flag says that it came: ends the child, and returns whether the process is to end as
        /// well.
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
                let runs = |state: &mut State| state.child.is_some();
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
