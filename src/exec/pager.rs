//! A pager, started as git starts one (`pager.c`, `run-command.c`).

use std::ffi::OsStr;
use std::io::{self, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A pager that shows what is written to it. Dropping it waits until the person has left it.
pub(crate) struct Pager {
    child: Child,
    stdin: Option<ChildStdin>,
    _deaf: Deaf,
}

impl Pager {
    /// Starts `command` in the environment `vars`. None if there is no such program: then there is no paging.
    pub(crate) fn start<'a>(
        command: &str,
        vars: impl Iterator<Item = (&'a OsStr, &'a OsStr)>,
    ) -> Option<Self> {
        // Only what a shell would take apart is given to one, so that a pager that is not installed is noticed.
        let special = |c: char| c.is_whitespace() || "|&;<>()$`\\\"'*?[#~=%".contains(c);
        let mut program = if command.contains(special) {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(command);
            shell
        } else {
            Command::new(command)
        };
        let deaf = Deaf::new();
        let mut child = program.env_clear().envs(vars).stdin(Stdio::piped()).spawn().ok()?;
        let stdin = child.stdin.take();
        Some(Self { child, stdin, _deaf: deaf })
    }
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stdin.as_mut().map_or(Err(io::ErrorKind::BrokenPipe.into()), |stdin| stdin.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdin.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Pager {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // How it ended is between it and the person.
        let _ = self.child.wait();
    }
}

/// While it lives Ctrl-C is the pager's, which shares the terminal: were we to end, the shell would read beside it.
#[cfg(unix)]
struct Deaf(Option<signal_hook::SigId>);

#[cfg(unix)]
impl Deaf {
    fn new() -> Self {
        Self(signal_hook::flag::register(signal_hook::consts::SIGINT, std::sync::Arc::default()).ok())
    }
}

#[cfg(unix)]
impl Drop for Deaf {
    fn drop(&mut self) {
        self.0.take().map(signal_hook::low_level::unregister);
    }
}

#[cfg(not(unix))]
struct Deaf;

#[cfg(not(unix))]
impl Deaf {
    fn new() -> Self {
        Self
    }
}
