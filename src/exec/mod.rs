//! Starts programs: one in an environment, with its output masked, and the editor, the pager and sops.

#![allow(missing_docs, reason = "exported for the tests only")]

mod editor;
mod key_command;
mod piped;
mod redact;
#[cfg(unix)]
mod signals;
mod sops;
#[cfg(unix)]
mod terminal;
mod watch;

use crate::error::{Error, ErrorKind};
use crate::fs::read_wiped;
use std::ffi::{OsStr, OsString};
#[cfg(unix)]
use std::io::IsTerminal;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use zeroize::Zeroizing;

pub(crate) use editor::{Editor, Pager};
pub(crate) use key_command::run_key_command;
pub use redact::{Forms, Masker};
#[cfg(unix)]
pub(crate) use signals::is_ignored;
pub use sops::Sops;
pub(crate) use watch::Watch;

/// Returns the error for a program that was not started, with a shell's status: 127 if there is none, otherwise 126.
fn not_started(command: &Command, source: io::Error) -> Error {
    let program = Path::new(command.get_program());
    let name = program.display();
    let error = |message, status| Error::new(ErrorKind::Io, message).with_status(status);
    match source.kind() {
        io::ErrorKind::NotFound => error(format!("{name}: command not found"), 127),
        io::ErrorKind::ArgumentListTooLong => {
            let variables = command.get_envs().map(|(variable, value)| {
                let length = value.map_or(0, OsStr::len);
                (length, variable.to_string_lossy().into_owned(), Some(variable))
            });
            let arguments = command.get_args().zip(1..);
            let arguments = arguments.map(|(argument, at)| (argument.len(), format!("argument {at}"), None));
            let largest = variables.chain(arguments).max_by_key(|(length, ..)| *length);
            let (_, largest, variable) = largest.unwrap_or_default();
            let message = format!(
                "{name}: arguments and environment are too large for the system; the largest is {largest}"
            );
            let hint = variable.map(|_| {
                hint!("if it is not needed: envseal run -x {name} -- {program} …", name = largest, program)
            });
            error(message, 126).with_hint_if(hint)
        }
        _ => error(format!("{name}: cannot be executed: {source}"), 126).with_source(source),
    }
}

fn output_failed(error: io::Error) -> Error {
    Error::io("pass on what the program writes")(error)
}

fn no_thread(error: io::Error) -> Error {
    let message = format!("the program was not started: the system allows no more threads ({error})");
    Error::new(ErrorKind::Io, message)
        .with_hint("see how many processes and threads there may be: ulimit -u")
        .with_source(error)
}

pub(crate) fn no_terminal(error: io::Error) -> Error {
    Error::io("get a terminal for the program")(error)
        .with_hint("on a pipe none is needed: envseal run --redact -- CMD 2>&1 | cat")
}

/// Makes a write past the limit of a file's size (`ulimit -f`) fail, as on a full disk, instead of ending the process. The
/// signal is caught, not ignored: a program that this one becomes or starts inherits no change.
pub(crate) fn catch_file_size_limit() {
    #[cfg(unix)]
    if rustix::process::getrlimit(rustix::process::Resource::Fsize).current.is_some()
        && !is_ignored(signal_hook::consts::SIGXFSZ)
    {
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
    }
}

/// Hides the memory of this process, its environment included, from other processes of the same user and keeps it out of
/// core files (`PR_SET_DUMPABLE` of prctl(2)). Programs that it starts are not affected. Does nothing on systems without
/// such a call.
pub(crate) fn hide_memory() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// A program to start, in an initially empty environment.
pub(crate) struct Program(Command);

impl Program {
    /// Sets the program, which is looked up in `PATH` if it is a bare name, and its arguments.
    pub(crate) fn new(program: &OsStr, arguments: &[OsString]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).env_clear();
        Self(command)
    }

    /// Sets a variable, or replaces its value.
    pub(crate) fn set(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) {
        self.0.env(name, value);
    }

    /// Starts it.
    ///
    /// On Unix the program replaces this process, and this function returns only on errors; the standard library
    /// restores SIGPIPE first. Elsewhere the program is a child, and its exit status is returned.
    pub(crate) fn run(mut self) -> Result<u8, Error> {
        replace(&mut self.0).map_err(|source| not_started(&self.0, source))
    }

    /// Starts it as a child, masks `forms` in its output, and returns its exit status; 128 + N if signal N ended it. If that
    /// was SIGINT, this process dies of it too, so that a shell's loop ends.
    ///
    /// If stdin, stdout and stderr are a terminal, the child gets its own terminal, in a session led by another process
    /// of `own`, this program, called with `session` before the program and its arguments: [`Self::session`]. Otherwise
    /// stdout and stderr are one pipe each.
    pub(crate) fn run_masked(self, forms: Forms, own: &Path, session: &[&str]) -> Result<u8, Error> {
        #[cfg(unix)]
        if io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal() {
            return terminal::run_masked(self.0, forms, own, session);
        }
        let _ = (own, session);
        piped::run_masked(self.0, forms)
    }

    /// Leads a session on stdin's terminal, and runs a program in it with this process's environment. Returns its status.
    pub(crate) fn session(program: &OsStr, arguments: &[OsString]) -> Result<u8, Error> {
        let mut command = Command::new(program);
        command.args(arguments);
        #[cfg(unix)]
        return terminal::run_session(command);
        #[cfg(not(unix))]
        replace(&mut command).map_err(|source| not_started(&command, source))
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

/// Splits a command that a user set into its program and its arguments, like a shell, but never runs a shell.
fn split_command(command: &OsStr) -> Option<(String, Vec<String>)> {
    let mut words = shell_words::split(command.to_str()?).ok()?.into_iter();
    let program = words.next().filter(|word| !word.is_empty())?;
    Some((program, words.collect()))
}

/// Finds a program by its absolute path, or by a bare name in the absolute paths among `folders`: never in the working
/// directory, where others may have put a program of that name. The error is the reason alone.
fn find_program(name: &str, folders: &[PathBuf]) -> Result<PathBuf, String> {
    if Path::new(name).is_absolute() {
        return Ok(name.into());
    }
    if has_folder(name) {
        return Err(format!("{name} is a relative path"));
    }
    let here = Path::new(".").canonicalize().ok();
    let elsewhere = |folder: &&PathBuf| folder.is_absolute() && folder.canonicalize().ok() != here;
    let found = folders.iter().filter(elsewhere).find_map(|folder| executable(&folder.join(name)));
    found.ok_or_else(|| format!("{name} was not found in an absolute folder of PATH"))
}

/// Returns true if the name of a program is a path.
fn has_folder(name: &str) -> bool {
    Path::new(name).components().count() > 1 || name.contains(std::path::is_separator)
}

#[cfg(unix)]
fn executable(path: &Path) -> Option<PathBuf> {
    let may = rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    (may && path.is_file()).then(|| path.to_owned())
}

#[cfg(not(unix))]
fn executable(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let ends = ["", ".exe", ".cmd", ".bat", ".com"];
    ends.iter().map(|end| path.with_file_name(format!("{name}{end}"))).find(|path| path.is_file())
}

/// Reads all of `source`, or returns None for more than `largest` bytes. An outgrown buffer is wiped.
fn read_output(source: &mut impl Read, largest: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let text = read_wiped(&mut source.take(largest as u64 + 1), 4095)?;
    Ok(Some(text).filter(|text| text.len() <= largest))
}
