//! Starting a program in an environment.

mod editor;
mod find;
mod pager;
mod piped;
mod redact;
#[cfg(unix)]
mod session;
#[cfg(unix)]
mod signals;
mod sops;
#[cfg(unix)]
mod terminal;
#[cfg(unix)]
mod tty;
mod waiter;
mod watch;

use crate::error::{Error, ErrorKind};
use std::ffi::{OsStr, OsString};
use std::io;
#[cfg(unix)]
use std::io::IsTerminal;
use std::path::Path;
use std::process::Command;

pub(crate) use editor::Editor;
pub(crate) use pager::Pager;
pub use redact::{Forms, Masker};
pub use sops::Sops;
pub(crate) use watch::Watch;

/// Why a program was not started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExecError {
    /// No such program.
    #[error("{}: command not found", .0.display())]
    NotFound(OsString),
    /// There is such a file, but it cannot be executed.
    #[error("{}: cannot be executed: {source}", program.display())]
    NotExecutable {
        /// The program.
        program: OsString,
        /// Why.
        source: io::Error,
    },
    /// Arguments and environment together are more than the system takes.
    #[error(
        "{}: arguments and environment are too large for the system; the largest is {largest}",
        program.display()
    )]
    TooLarge {
        /// The program.
        program: OsString,
        /// What is longest.
        largest: Largest,
    },
    /// What the program wrote could not be passed on.
    #[error("what the program wrote could not be passed on: {0}")]
    Output(io::Error),
    /// There is no thread to be had that would mask what the program writes.
    #[error("the program was not started: the system allows no more threads ({0})")]
    Thread(io::Error),
    /// There is no terminal to be had for the program.
    #[error("cannot get a terminal for the program: {0}")]
    Terminal(io::Error),
}

impl ExecError {
    /// The exit status that a shell gives: 127 for a program that was not found, 126 for one that was not started; 4
    /// where input or output failed.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::NotFound(_) => 127,
            Self::NotExecutable { .. } | Self::TooLarge { .. } => 126,
            Self::Output(_) | Self::Thread(_) | Self::Terminal(_) => 4,
        }
    }

    fn new(command: &Command, source: io::Error) -> Self {
        let program = command.get_program().to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound(program),
            io::ErrorKind::ArgumentListTooLong => {
                let variables = command.get_envs().map(|(name, value)| {
                    (value.map_or(0, OsStr::len), Largest::Variable(name.to_string_lossy().into_owned()))
                });
                let arguments = command.get_args().zip(1..);
                let arguments = arguments.map(|(argument, at)| (argument.len(), Largest::Argument(at)));
                let largest = variables.chain(arguments).max_by_key(|(length, _)| *length);
                let (_, largest) = largest.unwrap_or((0, Largest::Argument(0)));
                Self::TooLarge { program, largest }
            }
            _ => Self::NotExecutable { program, source },
        }
    }
}

/// What takes most of the room that the system has for arguments and environment.
#[derive(Debug)]
pub(crate) enum Largest {
    /// A variable.
    Variable(String),
    /// An argument of the program, the first of them being 1.
    Argument(usize),
}

impl std::fmt::Display for Largest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::Argument(at) => write!(f, "argument {at}"),
        }
    }
}

/// Has a write past the limit of a file's size (`ulimit -f`) fail, as on a full disk, instead of ending the process. The signal
/// is caught, not ignored: a program that this one becomes or starts has it as it was.
pub(crate) fn catch_file_size_limit() {
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
}

/// Keeps what this process has in memory, its environment included, from other processes of the same user and out of core
/// files (`PR_SET_DUMPABLE` of prctl(2)). A program that it starts is as any other. Does nothing on systems that have no
/// such call.
pub(crate) fn hide_memory() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// A program that is about to be started, in an environment that is empty at first.
pub(crate) struct Program(Command);

impl Program {
    /// The program, looked up in `PATH` where it is a bare name, with its arguments.
    pub(crate) fn new(program: &OsStr, arguments: &[OsString]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).env_clear();
        Self(command)
    }

    /// Sets a variable; one that is set twice has the later value.
    pub(crate) fn set(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) {
        self.0.env(name, value);
    }

    /// Starts it.
    ///
    /// On Unix it takes this process's place and this function returns only when that failed; SIGPIPE is restored on
    /// the way (the standard library does so). Elsewhere it is a child, and its exit status is returned.
    pub(crate) fn run(mut self) -> Result<u8, ExecError> {
        replace(&mut self.0).map_err(|source| ExecError::new(&self.0, source))
    }

    /// Starts it as a child, with `forms` masked in what it writes, and returns its exit status; 128 + N where signal N
    /// has ended it, and of SIGINT this process dies as the child did, so that a shell's loop ends.
    ///
    /// Where stdin, stdout and stderr are a terminal it is given one of its own, in a session that `own`, the program
    /// that this process is, holds when called with `session` before the program and its arguments: [`Self::session`].
    /// Else stdout and stderr are a pipe each.
    pub(crate) fn run_masked(self, forms: Forms, own: &Path, session: &[&str]) -> Result<u8, ExecError> {
        #[cfg(unix)]
        if io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal() {
            return terminal::run(self.0, forms, own, session);
        }
        let _ = (own, session);
        piped::run(self.0, forms)
    }

    /// Holds a session on the terminal that is stdin, for a program that is started with what is in the environment.
    /// Returns its exit status, as [`Self::run_masked`] does.
    pub(crate) fn session(program: &OsStr, arguments: &[OsString]) -> Result<u8, ExecError> {
        let mut command = Command::new(program);
        command.args(arguments);
        #[cfg(unix)]
        return session::run(command);
        #[cfg(not(unix))]
        replace(&mut command).map_err(|source| ExecError::new(&command, source))
    }
}

#[cfg(unix)]
fn replace(command: &mut Command) -> io::Result<u8> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

#[cfg(not(unix))]
fn replace(command: &mut Command) -> io::Result<u8> {
    let code = command.status()?.code().unwrap_or(1);
    Ok(u8::try_from(code).unwrap_or(1))
}

impl From<ExecError> for Error {
    fn from(error: ExecError) -> Self {
        let hint = match &error {
            ExecError::TooLarge { program, largest: Largest::Variable(name) } => Some(hint!(
                "if it is not needed: envseal run -x {name} -- {program} …",
                name,
                program = Path::new(program)
            )),
            ExecError::Terminal(_) => {
                Some("on a pipe none is needed: envseal run --redact -- CMD 2>&1 | cat".into())
            }
            ExecError::Thread(_) => Some("see how many processes and threads there may be: ulimit -u".into()),
            _ => None,
        };
        Error::of(ErrorKind::Io, &error).with_status(error.status()).with_hint_if(hint)
    }
}
