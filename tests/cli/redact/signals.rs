//! A signal reaches the program exactly once, whether sent to the program, to envseal or to both.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::terminal::shell;
use super::with_token;
use crate::support::{Session, TestEnv};

/// Counts the signals `$1`, for a while after the first, and writes the number to the file `times`.
const COUNT: &str = "n=0; trap 'n=$((n+1))' $1; echo ready
while [ $n = 0 ]; do sleep 1 & wait $!; done
for i in 1 2 3 4 5 6 7 8; do sleep 0.1 & wait $!; done
echo $n > times.new; mv times.new times\n";

pub(super) fn with_counter() -> TestEnv {
    let env = with_token();
    env.write("count", COUNT);
    env
}

#[track_caller]
pub(super) fn came_once(env: &TestEnv, case: &str) {
    let start = Instant::now();
    while !env.path("times").exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "{case}: it never came");
        sleep(Duration::from_millis(10));
    }
    assert_eq!(env.read("times"), "1\n", "{case}");
    std::fs::remove_file(env.path("times")).unwrap();
}

pub(super) fn kill(signal: &str, targets: &[String]) {
    let sent = Command::new("kill").args(["-s", signal, "--"]).args(targets).status().unwrap();
    assert!(sent.success());
}

/// Returns `parent` and all its descendants with their names, from procfs (proc(5)).
#[cfg(target_os = "linux")]
pub(super) fn tree(parent: u32) -> Vec<(String, String)> {
    let stat = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(path.join("stat")).ok()?;
        let (pid, rest) = text.split_once(" (")?;
        let (name, rest) = rest.rsplit_once(") ")?;
        Some((pid.parse().ok()?, rest.split(' ').nth(1)?.parse().ok()?, name.to_owned()))
    };
    let all: Vec<(u32, u32, String)> =
        std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| stat(entry.path())).collect();
    let mut of_tree = vec![parent];
    for at in 0.. {
        let Some(parent) = of_tree.get(at).copied() else { break };
        of_tree.extend(all.iter().filter(|(_, of, _)| *of == parent).map(|(pid, ..)| *pid));
    }
    let name = |pid: &u32| all.iter().find(|(there, ..)| there == pid).unwrap().2.clone();
    of_tree.iter().map(|pid| (pid.to_string(), name(pid))).collect()
}

/// Starts the counter under envseal, in its own process group, and waits until everything is ready.
fn counter(env: &TestEnv, signal: &str) -> Child {
    let mut run = env.envseal(&["run", "--redact", "--", "sh", "count", signal]).into_command();
    let mut child = run.process_group(0).stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
    sleep(Duration::from_millis(300));
    child
}

/// Tries each signal, all at the same time because each takes seconds.
pub(super) fn for_each_signal(signals: &[&str], test: impl Fn(&str) + Sync) {
    std::thread::scope(|scope| {
        for signal in signals {
            scope.spawn(|| test(signal));
        }
    });
}

#[test]
fn sent_to_envseal_or_to_its_group() {
    for_each_signal(&["INT", "TERM", "HUP", "QUIT", "USR1", "USR2"], |signal| {
        let env = with_counter();
        for group in ["", "-"] {
            let mut child = counter(&env, signal);
            kill(signal, &[format!("{group}{}", child.id())]);
            came_once(&env, &format!("{signal} {group}"));
            assert_eq!(child.wait().unwrap().code(), Some(0));
        }
    });
}

#[test]
fn sent_to_the_group_again_and_again() {
    let env = with_token();
    let script = "trap 'echo got' INT; echo ready; while :; do sleep 1 & wait $!; done";
    let mut run = env.envseal(&["run", "--redact", "--", "sh", "-c", script]).into_command();
    let mut child = run.process_group(0).stdout(Stdio::piped()).spawn().unwrap();
    sleep(Duration::from_millis(500));
    for _ in 0..5 {
        kill("INT", &[format!("-{}", child.id())]);
        sleep(Duration::from_millis(400));
    }
    kill("KILL", &[format!("-{}", child.id())]);
    let mut shown = String::new();
    std::io::Read::read_to_string(child.stdout.as_mut().unwrap(), &mut shown).unwrap();
    child.wait().unwrap();
    assert_eq!(shown, format!("ready\n{}", "got\n".repeat(5)));
}

/// systemd does so by default (`KillMode=control-group` of systemd.kill(5)).
#[test]
#[cfg(target_os = "linux")]
fn sent_to_each_process() {
    let env = with_counter();
    let mut child = counter(&env, "TERM");
    let each: Vec<_> = tree(child.id()).into_iter().map(|(pid, _)| pid).collect();
    assert!(each.len() > 2, "{each:?}");
    for process in each {
        kill("TERM", &[process]);
    }
    came_once(&env, "on pipes");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let Some(session) = counting_session(&env, "TERM") else { return };
    let each: Vec<_> = tree(session.pid()).into_iter().map(|(pid, _)| pid).collect();
    assert!(each.len() > 3, "{each:?}");
    for process in each {
        kill("TERM", &[process]);
    }
    came_once(&env, "on a terminal");
    assert_eq!(session.end().0, 0);
}

/// timeout(1) is part of coreutils, which not every system has.
#[test]
#[cfg(target_os = "linux")]
fn sent_by_timeout() {
    let env = with_counter();
    let bin = env!("CARGO_BIN_EXE_envseal");
    let run = env.program("timeout", &["-s", "INT", "3", bin, "run", "--redact", "--", "sh", "count", "INT"]);
    assert_eq!(run.output().status, 124);
    came_once(&env, "timeout");
}

#[test]
fn typed_at_a_terminal_for_input_only() {
    let env = with_counter();
    let Some(mut shell) = shell(&env) else { return };
    shell.keys("$E run --redact -- sh count INT | cat\n");
    shell.until("\nready");
    sleep(Duration::from_millis(300));
    shell.keys("\x03");
    came_once(&env, "Ctrl-C");
    shell.keys("exit\n");
    shell.end();
}

fn counting_session(env: &TestEnv, signal: &str) -> Option<Session> {
    let mut session = Session::start(env.envseal(&["run", "--redact", "--", "sh", "count", signal]))?;
    session.until("ready");
    sleep(Duration::from_millis(300));
    Some(session)
}

#[test]
fn with_a_terminal_of_its_own() {
    let env = with_counter();
    let Some(mut session) = counting_session(&env, "INT") else { return };
    session.keys("\x03");
    came_once(&env, "Ctrl-C");
    assert_eq!(session.end().0, 0);
    for_each_signal(&["TERM", "HUP", "USR1"], |signal| {
        let env = with_counter();
        for group in ["", "-"] {
            let Some(session) = counting_session(&env, signal) else { return };
            kill(signal, &[format!("{group}{}", session.pid())]);
            came_once(&env, &format!("{signal} {group}"));
            assert_eq!(session.end().0, 0, "{signal} {group}");
        }
    });
}

#[test]
fn sent_because_the_terminal_has_gone() {
    let env = with_counter();
    for inner in [&["sh"][..], &[env!("CARGO_BIN_EXE_envseal"), "run", "--redact", "--", "sh"]] {
        let run = env.envseal(&[&["run", "--redact", "--"], inner, &["count", "HUP"]].concat());
        let Some(mut session) = Session::start(run) else { return };
        session.until("ready");
        sleep(Duration::from_millis(300));
        // The terminal ends with this process.
        kill("KILL", &[session.pid().to_string()]);
        came_once(&env, &format!("{inner:?}"));
    }
}

/// killall(1) does so.
#[test]
#[cfg(target_os = "linux")]
fn sent_to_all_processes_called_envseal() {
    let env = with_counter();
    let Some(session) = counting_session(&env, "TERM") else { return };
    let named: Vec<_> =
        tree(session.pid()).into_iter().filter(|(_, name)| name == "envseal").map(|(pid, _)| pid).collect();
    assert_eq!(named.len(), 2);
    kill("TERM", &named);
    came_once(&env, "all of a name");
    assert_eq!(session.end().0, 0);
}
