//! Calls of the `git` program.
//!
//! They run in the caller's environment, so that its settings (`GIT_DIR`, `GIT_CONFIG_COUNT`, …) apply, except those
//! that would make git run other programs, fetch, prompt, read pathspecs differently, or see our variables.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{ErrorKind, Seek, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::GitError;
use super::paths::from_git;
use crate::config::{self, GitLocation};
use crate::fs::FsError;

/// Options before every subcommand (git(1)). `safe.bareRepository` ignores a bare repository that somebody committed as
/// plain files. `core.fsmonitor` and the pager name programs. A damaged commit graph would hide commits. Git streams
/// blobs above `core.bigFileThreshold` and never holds them whole in memory.
const ALWAYS: &str = "--no-pager --no-replace-objects --no-optional-locks -c safe.bareRepository=explicit \
                      -c core.fsmonitor=false -c core.quotePath=false -c core.commitGraph=false \
                      -c core.bigFileThreshold=16m";

/// `core.bigFileThreshold` above, in bytes.
pub(super) const IN_PIECES: u64 = 16 << 20;

/// Variables removed from git's environment: those that change how pathspecs are read, or that run programs.
const REMOVED: &str = "GIT_LITERAL_PATHSPECS GIT_GLOB_PATHSPECS GIT_NOGLOB_PATHSPECS GIT_ICASE_PATHSPECS \
                       GIT_EXTERNAL_DIFF GIT_DIFF_OPTS GIT_PREFIX GIT_CONFIG";

/// Options for calls that may fetch: no prompt for a password.
const FETCHING: &[&str] =
    &["-c", "protocol.ext.allow=never", "-c", "core.askPass=true", "-c", "credential.interactive=false"];

/// Returns a call of git in the folder `dir`, up to the subcommand. Of the variables that locate the repository, it
/// gets only those of `location`. It fetches nothing, not even implicitly, as git does for partial clones.
pub(super) fn git(dir: &Path, location: &GitLocation) -> Command {
    let mut command = call(dir, location);
    // Older versions of git know only the second variable.
    command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "none");
    command
}

/// Like [`git`], but it may fetch: by any transport but `ext::`, which is a command, and without a prompt.
pub(super) fn fetching_git(dir: &Path, location: &GitLocation) -> Command {
    let mut command = call(dir, location);
    command
        .args(FETCHING)
        .env("GIT_ASKPASS", "true")
        .env("SSH_ASKPASS", "false")
        .env("SSH_ASKPASS_REQUIRE", "force");
    command
}

fn call(dir: &Path, location: &GitLocation) -> Command {
    let mut command = Command::new("git");
    command.current_dir(dir).args(ALWAYS.split(' ')).stdin(Stdio::null());
    for name in REMOVED.split(' ').map(OsString::from).chain(config::own_variable_names()) {
        command.env_remove(name);
    }
    for (name, value) in location.variables() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
    // No file has this name, so commits keep their own parents, as with `--no-replace-objects`.
    command.env("GIT_GRAFT_FILE", "");
    command
}

/// Runs a call and waits for its end.
pub(super) fn output(mut command: Command, input: &[u8]) -> Result<Output, GitError> {
    if !input.is_empty() {
        command.stdin(input_file(input)?);
    }
    command.output().map_err(|e| not_started(&e))
}

/// Returns git's input as a file. With a pipe, git could answer before it has read everything, and wait for a reader.
pub(super) fn input_file(input: &[u8]) -> Result<File, GitError> {
    let fill = || {
        let mut file = tempfile::tempfile()?;
        file.write_all(input)?;
        file.rewind()?;
        Ok::<_, std::io::Error>(file)
    };
    fill().map_err(|e| FsError::io(&tempfile::env::temp_dir(), "write in", e).into())
}

pub(super) fn not_started(error: &std::io::Error) -> GitError {
    if error.kind() == ErrorKind::NotFound {
        return GitError::git_not_found();
    }
    GitError::failed(Path::new("."), "start git for", &error.to_string())
}

/// Returns the parts between separators, without empty ones.
pub(super) fn split(output: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    output.split(move |byte| *byte == separator).filter(|part| !part.is_empty())
}

/// Returns git's bytes as an argument.
pub(super) fn bytes_arg(bytes: &[u8]) -> &OsStr {
    from_git(bytes).map_or(OsStr::new(""), Path::as_os_str)
}

/// Returns true if git printed a warning or an error. Other output on stderr was requested, as with `GIT_TRACE`.
pub(super) fn has_complaint(stderr: &[u8]) -> bool {
    let leads = [&b"warning: "[..], b"error: ", b"fatal: "];
    split(stderr, b'\n').any(|line| leads.iter().any(|lead| line.starts_with(lead)))
}

/// Returns git's message for a failure: its first `error:` or `fatal:` line, without that word.
pub(super) fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let said = |lead: &str| text.lines().find_map(|line| line.strip_prefix(lead));
    let line = said("error: ").or_else(|| said("fatal: ")).or_else(|| text.lines().next());
    line.unwrap_or("git gave no reason").to_owned()
}
