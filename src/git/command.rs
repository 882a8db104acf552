//! How the `git` program is called.
//!
//! In the caller's environment, so that what git knows from there (`GIT_DIR`, `GIT_CONFIG_COUNT`, …) holds here too, but
//! for what would make it run other programs, fetch, ask somebody, read pathspecs in another way, or see ours.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Seek, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::GitError;
use crate::config::{self, GitLocation};
use crate::fs::FsError;

/// Said before every command (git(1)). `safe.bareRepository`: a bare repository that somebody committed as plain files is
/// none of ours. `core.fsmonitor`, `core.hooksPath` and the pager name programs; no command here runs a hook, but
/// `index.version` and friends stay the user's.
const ALWAYS: &[&str] = &[
    "--no-pager",
    "--no-replace-objects",
    "--no-optional-locks",
    "-c",
    "safe.bareRepository=explicit",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.quotePath=false",
    // A damaged one would hide commits.
    "-c",
    "core.commitGraph=false",
    // Larger blobs come in pieces, and are never held whole by git.
    "-c",
    "core.bigFileThreshold=16m",
];

/// The same in bytes.
pub(super) const IN_PIECES: u64 = 16 << 20;

/// Taken out of git's environment: what changes how pathspecs are read, and what runs programs.
const REMOVED: &[&str] = &[
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    "GIT_PREFIX",
    "GIT_CONFIG",
];

/// Whether git may get from a remote what this clone lacks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    /// By no transport: neither itself nor in passing, as it does for partial clones.
    Forbidden,
    /// But by no `ext::` transport, which is a command, and without asking anybody for a password.
    Allowed,
}

/// Returns a call of git in the folder `dir`, up to the subcommand; of the repository's place its environment says what
/// `location` does, and nothing else.
pub(super) fn git(dir: &Path, location: &GitLocation, network: Network) -> Command {
    let mut command = Command::new("git");
    command.current_dir(dir).args(ALWAYS).stdin(Stdio::null());
    for name in REMOVED.iter().map(OsStr::new).map(OsStr::to_owned).chain(config::own_variable_names()) {
        command.env_remove(name);
    }
    for (name, value) in location.variables() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
    // No file is called so: parents are those that the commits have, as with `--no-replace-objects`.
    command.env("GIT_GRAFT_FILE", "");
    match network {
        // Older gits know the second variable only.
        Network::Forbidden => command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "none"),
        Network::Allowed => command
            .args([
                "-c",
                "protocol.ext.allow=never",
                "-c",
                "core.askPass=true",
                "-c",
                "credential.interactive=false",
            ])
            .env("GIT_ASKPASS", "true")
            .env("SSH_ASKPASS", "false")
            .env("SSH_ASKPASS_REQUIRE", "force"),
    };
    command
}

/// Runs a call to its end; a git that is not there is [`GitError::NoGit`].
pub(super) fn output(mut command: Command, input: &[u8]) -> Result<Output, GitError> {
    if input.is_empty() {
        return command.output().map_err(|e| not_started(&e));
    }
    command.stdin(input_file(input)?);
    command.output().map_err(|e| not_started(&e))
}

/// What git is to read, in a file without a name: git may answer before it has read all, and would wait for a reader.
pub(super) fn input_file(input: &[u8]) -> Result<File, GitError> {
    let fill = || {
        let mut file = tempfile::tempfile()?;
        file.write_all(input)?;
        file.rewind()?;
        Ok::<_, std::io::Error>(file)
    };
    fill().map_err(|e| FsError::io(Path::new("/tmp"), "write in", e).into())
}

/// The error for a git that could not be started.
pub(super) fn not_started(error: &std::io::Error) -> GitError {
    if error.kind() == ErrorKind::NotFound {
        return GitError::NoGit;
    }
    GitError::Failed { path: ".".into(), doing: "start git for", message: error.to_string() }
}

/// Whether git complains of something. What else it prints there is asked for, as by `GIT_TRACE`.
pub(super) fn has_complaint(stderr: &[u8]) -> bool {
    let leads = [&b"warning: "[..], b"error: ", b"fatal: "];
    stderr.split(|byte| *byte == b'\n').any(|line| leads.iter().any(|lead| line.starts_with(lead)))
}

/// Git's own words for a failure: its first `error:` or `fatal:` line, without that word.
pub(super) fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let said = |lead: &str| text.lines().find_map(|line| line.strip_prefix(lead));
    let line = said("error: ").or_else(|| said("fatal: ")).or_else(|| text.lines().next());
    line.unwrap_or("git gave no reason").to_owned()
}
