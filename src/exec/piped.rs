//! A child on pipes, with its output masked, and signals passed on to it.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;

use zeroize::Zeroizing;

use super::redact::{Forms, Masker};
use super::{no_thread, not_started, output_failed};
use crate::error::Error;
#[cfg(unix)]
use unix::Waiter;
#[cfg(not(unix))]
use windows::Waiter;

/// Bytes read at once: the capacity of a pipe on Linux.
const CHUNK: usize = 64 * 1024;

/// Runs `command` and returns its exit status once both its outputs have ended: as in `CMD | cat`, processes that it
/// left behind may still write. Does not start it if no thread can be created for its second output.
pub(super) fn run_masked(mut command: Command, forms: Forms) -> Result<u8, Error> {
    let forms = Arc::new(forms);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut outputs = None;
    let (hand_over, taken) = mpsc::channel();
    let of_stderr = Arc::clone(&forms);
    let copy_stderr =
        move || taken.recv().map_or(Ok(()), |stderr| copy(stderr, OwnOutput::Stderr, of_stderr));
    let other = thread::Builder::new().spawn(copy_stderr).map_err(no_thread)?;
    let waiter = Waiter::start(|| {
        let mut child = command.spawn().map_err(|source| not_started(&command, source))?;
        outputs = child.stdout.take().zip(child.stderr.take());
        Ok(child)
    })?;
    drop(command);
    let (stdout, stderr) = outputs.expect("they are piped");
    let _ = hand_over.send(stderr);
    let to_stdout = copy(stdout, OwnOutput::Stdout, forms);
    let to_stderr = other.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
    let status = waiter.wait().map_err(output_failed)?;
    // A failure of the program takes precedence.
    if status == 0 {
        to_stdout.and(to_stderr).map_err(output_failed)?;
    }
    Ok(status)
}

/// Copies until the end. A closed output is not an error: the pipe is closed, and the writer notices as usual.
fn copy(mut from: impl Read, mut to: impl Write, forms: Arc<Forms>) -> io::Result<()> {
    let mut chunk = Zeroizing::new(vec![0; CHUNK]);
    let mut masker = Masker::new(forms, CHUNK);
    let mut out = Vec::with_capacity(CHUNK);
    loop {
        let count = match from.read(&mut chunk) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        out.clear();
        if count == 0 {
            masker.finish(&mut out);
        } else {
            masker.push(&chunk[..count], &mut out);
        }
        match to.write_all(&out).and_then(|()| to.flush()) {
            Ok(()) if count == 0 => return Ok(()),
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// The outputs of this process. The standard library's stdout would hold back an unfinished line.
#[derive(Clone, Copy)]
enum OwnOutput {
    Stdout,
    Stderr,
}

impl Write for OwnOutput {
    #[cfg(unix)]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        use std::os::fd::AsFd;
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let to = match self {
            Self::Stdout => stdout.as_fd(),
            Self::Stderr => stderr.as_fd(),
        };
        super::terminal::write(to, bytes)
    }

    #[cfg(not(unix))]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout => io::stdout().write(bytes),
            Self::Stderr => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            _ if cfg!(unix) => Ok(()),
            Self::Stdout => io::stdout().flush(),
            Self::Stderr => io::stderr().flush(),
        }
    }
}

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

    use crate::error::Error;
    use crate::exec::no_thread;
    use crate::exec::signals::{ChildSignals, Probe, catch_and, exit_status, reap, send, wait_for_end};

    /// The time to pass on the last output before killing the processes that the child left behind.
    const GRACE: Duration = Duration::from_secs(1);

    /// The child's status, once it has been reaped: from then on another process may get its id.
    type End = Mutex<Option<WaitStatus>>;

    /// A child that receives the signals of this process, which as PID 1 also reaps every orphan.
    pub(super) struct Waiter {
        pid: Pid,
        end: Arc<End>,
        handle: Handle,
    }

    impl Waiter {
        /// Starts the child, if a thread can be created that passes signals on.
        pub(super) fn start(start: impl FnOnce() -> Result<Child, Error>) -> Result<Self, Error> {
            let end = Arc::<End>::default();
            let (hand_over, taken) = mpsc::channel::<(ChildSignals, Pid)>();
            let of_thread = Arc::clone(&end);
            let pass_on =
                move || taken.recv().map(|(mut signals, pid)| forward(&mut signals, pid, &of_thread));
            thread::Builder::new().spawn(pass_on).map_err(no_thread)?;
            let (signals, child) = catch_and(&[], start)?;
            let (pid, handle) = (Pid::from_child(&child), signals.handle());
            let _ = hand_over.send((signals, pid));
            Ok(Self { pid, end, handle })
        }

        /// Waits until the child has ended. Returns its exit status.
        pub(super) fn wait(self) -> io::Result<u8> {
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

    fn forward(signals: &mut ChildSignals, pid: Pid, end: &End) {
        let is_init = getpid().is_init();
        // A signal to PID 1 comes from outside its namespace, to it alone. A probe would be reaped with the orphans.
        let mut probe = (!is_init).then(Probe::start);
        while !signals.handle().is_closed() {
            if is_init && reap_all(pid, end) {
                thread::sleep(GRACE);
                // The system does the same when PID 1 ends; but this way the output ends first, and all of it is passed on.
                let _ = kill_process_group(Pid::INIT, Signal::KILL);
            }
            let _ = poll(&mut [PollFd::new(signals.get_read(), PollFlags::IN)], None);
            for origin in signals.pending().filter(|origin| origin.signal != SIGCHLD) {
                // Signals from the system itself have reached the terminal's whole foreground group.
                let is_for_child = probe.as_mut().is_none_or(|probe| probe.is_for_child(origin.signal))
                    && origin.process.is_some();
                pass_on(origin.signal, is_for_child, pid, end);
            }
        }
    }

    /// Reaps all ended processes. Returns true if `pid` has ended, now or before.
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
            // Processes that it left behind keep us waiting; only this signal can end us.
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

    use crate::error::Error;

    pub(super) struct Waiter(Child);

    impl Waiter {
        pub(super) fn start(start: impl FnOnce() -> Result<Child, Error>) -> Result<Self, Error> {
            start().map(Self)
        }

        /// Waits until the child has ended. Returns its exit status.
        pub(super) fn wait(mut self) -> io::Result<u8> {
            let code = self.0.wait()?.code().unwrap_or(1);
            Ok(u8::try_from(code).unwrap_or(1))
        }
    }
}
