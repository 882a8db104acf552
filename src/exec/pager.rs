//! A pager, started the way git does it (`pager.c`, `run-command.c`).

use std::ffi::OsStr;
use std::io::{self, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A pager that shows the text written to it. Dropping it waits until the user has quit it.
pub(crate) struct Pager {
    child: Child,
    stdin: Option<ChildStdin>,
    _deaf: InterruptIgnored,
}

impl Pager {
    /// Starts `command` in the environment `vars`; returns None if there is no such program.
    pub(crate) fn start<'a>(
        command: &str,
        vars: impl Iterator<Item = (&'a OsStr, &'a OsStr)>,
    ) -> Option<Self> {
        // A shell is used only if necessary, because it would hide that a pager is not installed.
        let special = |c: char| c.is_whitespace() || "|&;<>()$`\\\"'*?[#~=%".contains(c);
        let mut program = if command.contains(special) {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(command);
            shell
        } else {
            Command::new(command)
        };
        let deaf = InterruptIgnored::new();
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
        // The pager reports its own errors.
        let _ = self.child.wait();
    }
}

/// While it exists, only the pager reacts to Ctrl-C: if we ended, the shell would read from the terminal beside it.
#[cfg(unix)]
struct InterruptIgnored(Option<signal_hook::SigId>);

#[cfg(unix)]
impl InterruptIgnored {
    fn new() -> Self {
        Self(signal_hook::flag::register(signal_hook::consts::SIGINT, std::sync::Arc::default()).ok())
    }
}

#[cfg(unix)]
impl Drop for InterruptIgnored {
    fn drop(&mut self) {
        self.0.take().map(signal_hook::low_level::unregister);
    }
}

#[cfg(not(unix))]
struct InterruptIgnored;

#[cfg(not(unix))]
impl InterruptIgnored {
    fn new() -> Self {
        Self
    }
}
