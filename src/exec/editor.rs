//! A person's editor.

use crate::error::{Error, ErrorKind};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use super::Watch;
use super::find::look_up;

/// Editors with a window of their own, and what makes them wait until the file is closed (each one's own help says so).
const WINDOWED: &[(&str, &str)] = &[
    ("code", "--wait"),
    ("code-insiders", "--wait"),
    ("codium", "--wait"),
    ("cursor", "--wait"),
    ("windsurf", "--wait"),
    ("subl", "--wait"),
    ("zed", "--wait"),
    ("mate", "--wait"),
    ("bbedit", "--wait"),
    ("gedit", "--wait"),
    ("kate", "--block"),
    ("gvim", "--nofork"),
    ("mvim", "--nofork"),
];

/// Why an editor could not be started, or what it ended in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EditorError {
    /// The command holds a quote without its end, or is not UTF-8.
    #[error("the editor's command {} cannot be read", .0.display())]
    Words(OsString),
    /// A path that leads elsewhere in every folder.
    #[error("the editor {0} is a relative path")]
    Relative(String),
    /// No such program in any absolute folder of `PATH`.
    #[error("the editor {0} is in no absolute folder of PATH")]
    NotFound(String),
    /// It could not be started.
    #[error("the editor {program} could not be started: {source}")]
    NotStarted {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// It ended in an error.
    #[error("there was a problem with the editor {program}: {status}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
}

/// An editor that is there.
pub(crate) struct Editor {
    program: PathBuf,
    /// As it was called.
    name: String,
    arguments: Vec<String>,
}

impl Editor {
    /// Finds the program of `command`, which is split into words as a shell does it, and never given to one.
    ///
    /// A bare name is looked up in the absolute ones of `folders`, but not in the working directory, which may hold what
    /// others have put there.
    pub(crate) fn find(command: &OsStr, folders: &[PathBuf]) -> Result<Self, EditorError> {
        let unread = || EditorError::Words(command.to_owned());
        let text = command.to_str().ok_or_else(unread)?;
        let mut words = shell_words::split(text).map_err(|_| unread())?.into_iter();
        let name = words.next().filter(|word| !word.is_empty()).ok_or_else(unread)?;
        let path = Path::new(&name);
        let program = if path.is_absolute() {
            path.to_owned()
        } else if path.components().count() > 1 || name.contains(std::path::is_separator) {
            return Err(EditorError::Relative(name));
        } else {
            look_up(&name, folders).ok_or_else(|| EditorError::NotFound(name.clone()))?
        };
        Ok(Self { program, name, arguments: words.collect() })
    }

    /// Lets a person edit `file`, and waits. Its environment is `vars` and nothing else.
    pub(crate) fn edit<'a>(
        &self,
        file: &Path,
        vars: impl Iterator<Item = (&'a OsStr, &'a OsStr)>,
        watch: &Watch,
    ) -> Result<(), EditorError> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(file).env_clear().envs(vars);
        let not_started = |source| EditorError::NotStarted { program: self.name.clone(), source };
        let status = waited(&mut command, watch).map_err(not_started)?;
        if status.success() {
            return Ok(());
        }
        Err(EditorError::Failed { program: self.name.clone(), status })
    }

    /// For an editor with a window of its own that has not been told to wait: the command that tells it.
    pub(crate) fn waiting(&self) -> Option<String> {
        let name = Path::new(&self.name).file_stem()?.to_str()?;
        let (_, option) = WINDOWED.iter().find(|(windowed, _)| *windowed == name)?;
        let known = [option, "--wait", "-w", "-f", "-nofork", "--nofork", "-b"];
        let waits = self.arguments.iter().any(|argument| known.contains(&argument.as_str()));
        (!waits).then(|| format!("{} {option}", self.name))
    }
}

#[cfg(unix)]
fn waited(command: &mut Command, watch: &Watch) -> io::Result<ExitStatus> {
    watch.guard(|| command.spawn())?.wait()
}

#[cfg(not(unix))]
fn waited(command: &mut Command, _: &Watch) -> io::Result<ExitStatus> {
    command.status()
}

impl From<EditorError> for Error {
    fn from(error: EditorError) -> Self {
        let this = Error::of(ErrorKind::Io, &error).with_hint(editor_hint(&error));
        match error {
            EditorError::Words(_) | EditorError::Relative(_) | EditorError::NotFound(_) => {
                this.with_status(2)
            }
            _ => this,
        }
    }
}

fn editor_hint(error: &EditorError) -> &'static str {
    match error {
        EditorError::Words(_) => "name a program and its options, as in: VISUAL='code --wait' envseal edit",
        EditorError::Relative(_) => "name it by its whole path, as in: VISUAL=/usr/bin/vi envseal edit",
        EditorError::NotFound(_) | EditorError::NotStarted { .. } => {
            "name another one, as in: VISUAL=nano envseal edit"
        }
        EditorError::Failed { .. } => "nothing was written; start again: envseal edit",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(command: &str) -> Result<Editor, EditorError> {
        Editor::find(OsStr::new(command), &["".into(), ".".into(), "/usr/bin".into(), "/bin".into()])
    }

    #[test]
    fn a_command_is_words_and_no_shell() {
        let editor = find(r#"sh -c 'a "b" $C' "d e""#).unwrap();
        assert!(editor.program.is_absolute());
        assert_eq!(
            (&*editor.name, editor.arguments),
            ("sh", vec!["-c".into(), "a \"b\" $C".into(), "d e".into()])
        );
        for bad in ["", "  ", "'sh", "\"\""] {
            assert!(matches!(find(bad), Err(EditorError::Words(_))), "{bad:?}");
        }
        for relative in ["./vi", "bin/vi", "../vi", "~/vi", "vi/"] {
            assert!(matches!(find(relative), Err(EditorError::Relative(_))), "{relative:?}");
        }
        assert!(matches!(find("no-such-editor"), Err(EditorError::NotFound(_))));
        assert!(matches!(find(".."), Err(EditorError::NotFound(_))));
    }

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
