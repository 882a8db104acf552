//! The user's editor, and the pager, started the way git does it (`pager.c`, `run-command.c`).

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::{Watch, find_program, has_folder, split_command};
use crate::error::{Error, ErrorKind};

const ANOTHER_EDITOR: &str = "use another one, as in: GIT_EDITOR=vi envseal edit";

/// Editors that open a window, and the option that makes them wait until the file is closed (from their help texts).
const WINDOWED: [(&str, &[&str]); 3] = [
    (
        "--wait",
        &["code", "code-insiders", "codium", "cursor", "windsurf", "subl", "zed", "mate", "bbedit", "gedit"],
    ),
    ("--block", &["kate"]),
    ("--nofork", &["gvim", "mvim"]),
];

pub(crate) struct Editor {
    program: PathBuf,
    /// As the user named it.
    name: String,
    arguments: Vec<String>,
}

impl Editor {
    /// Finds the program of `command` as [`find_program`] does.
    pub(crate) fn find(command: &OsStr, folders: &[PathBuf]) -> Result<Self, Error> {
        let error = |message, hint| Error::new(ErrorKind::Io, message).with_status(2).with_hint(hint);
        let (name, arguments) = split_command(command).ok_or_else(|| {
            error(
                format!("cannot parse the editor command {}", command.display()),
                "name a program and its options, as in: GIT_EDITOR='code --wait' envseal edit",
            )
        })?;
        let program = find_program(&name, folders).map_err(|why| {
            let whole_path = "use its whole path, as in: GIT_EDITOR=/usr/bin/vi envseal edit";
            error(format!("the editor {why}"), if has_folder(&name) { whole_path } else { ANOTHER_EDITOR })
        })?;
        Ok(Self { program, name, arguments })
    }

    /// Opens `file` in the editor, and waits. Its environment is `vars` and nothing else.
    pub(crate) fn edit<'a>(
        &self,
        file: &Path,
        vars: impl Iterator<Item = (&'a OsStr, &'a OsStr)>,
        watch: &Watch,
    ) -> Result<(), Error> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(file).env_clear().envs(vars);
        let name = &self.name;
        let status = watch.run(&mut command).map_err(|source| {
            let message = format!("the editor {name} could not be started: {source}");
            Error::new(ErrorKind::Io, message).with_hint(ANOTHER_EDITOR).with_source(source)
        })?;
        if status.success() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Io, format!("the editor {name} failed: {status}")))
    }

    /// Returns the command with the option to wait, if this editor opens a window and does not wait.
    pub(crate) fn waiting(&self) -> Option<String> {
        let name = Path::new(&self.name).file_stem()?.to_str()?;
        let (option, _) = WINDOWED.iter().find(|(_, names)| names.contains(&name))?;
        let known = [option, "--wait", "-w", "-f", "-nofork", "--nofork", "-b"];
        let waits = self.arguments.iter().any(|argument| known.contains(&argument.as_str()));
        (!waits).then(|| format!("{} {option}", self.name))
    }
}

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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_told_to_wait() {
        let waiting = |command: &str| Editor::find(OsStr::new(command), &[]).unwrap().waiting();
        assert_eq!(waiting("/usr/bin/code").as_deref(), Some("/usr/bin/code --wait"));
        assert_eq!(waiting("/opt/subl -n").as_deref(), Some("/opt/subl --wait"));
        for fine in
            ["/usr/bin/code --wait", "/usr/bin/code -w", "/usr/bin/gvim -f", "/usr/bin/vim", "/bin/codex"]
        {
            assert_eq!(waiting(fine), None, "{fine}");
        }
    }
}
