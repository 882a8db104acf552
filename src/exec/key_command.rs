//! Runs the user's key command, which prints private keys from a password manager, a keychain or an agent.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::{find_program, read_output, split_command};
use crate::error::{Error, ErrorKind};

/// The time for a person to unlock a password manager.
const LIMIT: Duration = Duration::from_secs(60);
/// The largest output in bytes: more than any keys file.
const LARGEST: usize = 1 << 20;

/// Calls [`run_within`] with a limit of one minute.
pub(crate) fn run_key_command(
    command: &str,
    setting: &str,
    folders: &[PathBuf],
    vars: &[(OsString, OsString)],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    run_within(LIMIT, command, setting, folders, vars)
}

/// Runs `command`, which `setting` names, and returns what it prints. Any failure is an error with status 3, as for a key that
/// can't be had.
///
/// Its environment is `vars` and nothing else. It has no stdin; it may use stderr and the terminal for prompts. A bare
/// name is looked up in the absolute paths among `folders`.
fn run_within(
    limit: Duration,
    command: &str,
    setting: &str,
    folders: &[PathBuf],
    vars: &[(OsString, OsString)],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let failed = |why: String| {
        let message = format!("the key command of {setting} {why}");
        Error::new(ErrorKind::NoKey, message).with_status(3)
    };
    let unusable = |why: String| {
        failed(format!("can't be run: {why}"))
            .with_hint("use a program's whole path, or its name on PATH, without a shell's syntax")
    };
    let (name, words) =
        split_command(OsStr::new(command)).ok_or_else(|| unusable("it cannot be parsed".into()))?;
    let mut command = Command::new(find_program(&name, folders).map_err(unusable)?);
    command
        .args(words)
        .env_clear()
        .envs(vars.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed(format!("can't be run: {name}: {error}")))?;
    let mut stdout = child.stdout.take().expect("it is a pipe");
    // Read in a thread, because programs that it started may keep the pipe open.
    let (send, receive) = mpsc::channel();
    let read = move || {
        let _ = send.send(read_output(&mut stdout, LARGEST));
    };
    let start = Instant::now();
    let output = match std::thread::Builder::new().spawn(read) {
        Ok(_) => receive.recv_timeout(limit).ok(),
        Err(error) => Some(Err(error)),
    };
    let ended = match &output {
        Some(Ok(Some(_))) => wait_until(&mut child, start + limit),
        _ => None,
    };
    if ended.is_none() {
        // Fails if it has already exited, which is fine.
        let _ = child.kill();
        let _ = child.wait();
    }
    match (output, ended) {
        (Some(Ok(Some(text))), Some(status)) if status.success() => Ok(text),
        (_, Some(status)) => Err(failed(format!("failed: {name}: {status}"))),
        (Some(Err(error)), _) => Err(failed(format!("can't be read: {name}: {error}"))),
        (Some(Ok(None)), _) => Err(failed(format!("printed more than 1 MiB: {name}"))),
        _ => Err(failed(format!("took longer than {} seconds: {name}", limit.as_secs()))),
    }
}

/// Waits until `end`. Returns None if the program is still running then.
fn wait_until(child: &mut Child, end: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(2)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            _ => return None,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_success_in_time_gives_output() {
        let run = |command: &str| {
            let vars = [("PATH".into(), "/usr/bin:/bin".into()), ("FOR".into(), "prod".into())];
            let folders = ["".into(), ".".into(), "/usr/bin".into(), "/bin".into()];
            let limit = Duration::from_millis(if command.contains("sleep") { 300 } else { 60_000 });
            run_within(limit, command, "K", &folders, &vars)
                .map(|text| String::from_utf8(text.to_vec()).unwrap())
        };
        assert_eq!(
            run(r#"sh -c 'cat; echo "$FOR $HOME"'"#).unwrap(),
            "prod \n",
            "no stdin, no other variable"
        );
        for (command, expected) in [
            ("sh -c 'echo x; exit 3'", "failed: sh: exit status: 3"),
            ("sh -c 'echo x; kill -9 $$'", "failed: sh: signal: 9"),
            ("sleep 30", "took longer than"),
            ("sh -c 'sleep 30 & exit 0'", "took longer than"),
            ("sh -c 'exec >&-; sleep 30'", "took longer than"),
            ("cat /dev/zero", "printed more than 1 MiB: cat"),
            ("./sh", "./sh is a relative path"),
            ("~/sh", "~/sh is a relative path"),
            ("sh/", "sh/ is a relative path"),
            ("no-such-program", "no-such-program was not found"),
            ("..", ".. was not found"),
            ("sh -c 'x", "it cannot be parsed"),
            ("  ", "it cannot be parsed"),
            ("\"\"", "it cannot be parsed"),
        ] {
            let error = run(command).unwrap_err();
            assert!(error.to_string().contains(expected) && error.status() == 3, "{command}: {error}");
        }
    }
}
