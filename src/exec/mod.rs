//! Starting a program in an environment.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Command;

/// Why a program was not started.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// No such program.
    #[error("{}: not found", .0.display())]
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
    #[error("{}: the environment is too large for the system", program.display())]
    TooLarge {
        /// The program.
        program: OsString,
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

    fn new(program: &OsStr, source: io::Error) -> Self {
        let program = program.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound(program),
            io::ErrorKind::ArgumentListTooLong => Self::TooLarge { program },
            _ => Self::NotExecutable { program, source },
        }
    }
}

/// Runs `program` in exactly this environment.
///
/// On Unix it takes this process's place and this function returns only when that failed; SIGPIPE is restored on
/// the way (the standard library does so). Elsewhere it is a child, and its exit status is returned.
pub fn run<'a>(
    program: &OsStr,
    arguments: &[OsString],
    environment: impl Iterator<Item = (&'a OsStr, &'a OsStr)>,
) -> Result<u8, ExecError> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(environment);
    replace(&mut command).map_err(|source| ExecError::new(program, source))
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
