//! Starting a program in an environment.

mod pager;

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Command;

pub use pager::Pager;

/// Why a program was not started.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
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
        "{}: arguments and environment are too large for the system; the largest variable is {}",
        program.display(), largest.display()
    )]
    TooLarge {
        /// The program.
        program: OsString,
        /// The name of the variable with the longest value.
        largest: OsString,
    },
}

impl ExecError {
    /// The exit status that a shell gives: 127 for a program that was not found, else 126.
    pub fn status(&self) -> u8 {
        match self {
            Self::NotFound(_) => 127,
            Self::NotExecutable { .. } | Self::TooLarge { .. } => 126,
        }
    }

    fn new(command: &Command, source: io::Error) -> Self {
        let program = command.get_program().to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound(program),
            io::ErrorKind::ArgumentListTooLong => {
                let largest = command.get_envs().max_by_key(|(_, value)| value.map_or(0, OsStr::len));
                Self::TooLarge { program, largest: largest.map_or(OsString::new(), |(name, _)| name.into()) }
            }
            _ => Self::NotExecutable { program, source },
        }
    }
}

/// A program that is about to be started, in an environment that is empty at first.
pub struct Program(Command);

impl Program {
    /// The program, looked up in `PATH` where it is a bare name, with its arguments.
    pub fn new(program: &OsStr, arguments: &[OsString]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).env_clear();
        Self(command)
    }

    /// Sets a variable; one that is set twice has the later value.
    pub fn set(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) {
        self.0.env(name, value);
    }

    /// Starts it.
    ///
    /// On Unix it takes this process's place and this function returns only when that failed; SIGPIPE is restored on
    /// the way (the standard library does so). Elsewhere it is a child, and its exit status is returned.
    pub fn run(mut self) -> Result<u8, ExecError> {
        replace(&mut self.0).map_err(|source| ExecError::new(&self.0, source))
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
