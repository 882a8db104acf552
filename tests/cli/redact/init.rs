//! envseal as PID 1, like the entry point of a container.

use std::process::Stdio;

use super::signals::{came_once, for_each_signal, kill, tree, with_counter};
use super::with_token;
use crate::support::{Run, Session, TestEnv};

/// Runs a program under envseal, which has PID 1 in its own namespace. Returns None if unshare(1) is not permitted.
fn contained<'a>(env: &'a TestEnv, command: &[&str]) -> Option<Run<'a>> {
    let envseal = [env!("CARGO_BIN_EXE_envseal"), "run", "--redact", "--"];
    for user in [&[][..], &["--user", "--map-root-user"]] {
        let unshare = [user, &["--pid", "--fork", "--kill-child", "--mount-proc"]].concat();
        if env.program("unshare", &[&unshare, &["true"][..]].concat()).output().status == 0 {
            return Some(env.program("unshare", &[&unshare, &envseal[..], command].concat()));
        }
    }
    println!("skipped: unshare is not permitted here");
    None
}

fn contained_script<'a>(env: &'a TestEnv, script: &str) -> Option<Run<'a>> {
    contained(env, &["sh", "-c", script])
}

/// Creates orphans, and waits until the system has removed all of them, which it can't while they are zombies.
const ORPHANS: &str = r#"[ $PPID = 1 ] || exit 98
for i in 1 2 3 4 5; do (sh -c 'echo $$ >>orphans' &); done
until [ "$(cat orphans 2>/dev/null | wc -l)" -eq 5 ]; do sleep 0.05; done
tries=0
for pid in $(cat orphans); do
    while kill -0 $pid 2>/dev/null; do
        tries=$((tries+1)); [ $tries -lt 100 ] || { grep State /proc/$pid/status; exit 99; }
        sleep 0.05
    done
done
rm orphans; echo "<$TOKEN>"; exit 7"#;

#[test]
fn orphans_are_reaped_while_the_program_runs() {
    let env = with_token();
    let Some(run) = contained_script(&env, ORPHANS) else { return };
    let output = run.output();
    assert_eq!(
        (output.status, String::from_utf8(output.stdout).unwrap().as_str()),
        (7, "<[TOKEN]>\n"),
        "{}",
        output.stderr
    );
}

#[test]
fn orphans_are_reaped_at_a_terminal() {
    let env = with_token();
    env.write("script", ORPHANS.replace("$PPID", "$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$PPID/status)"));
    let Some(session) = contained(&env, &["sh", "script"]).and_then(Session::start) else { return };
    let (status, _, text) = session.end();
    assert_eq!((status, text.trim_end()), (7, "<[TOKEN]>"), "{text:?}");
}

#[test]
fn the_status_is_the_programs() {
    let env = with_token();
    for (script, status) in
        [("exit 0", 0), ("kill -INT $$", 130), ("kill -TERM $$", 143), ("kill -KILL $$", 137)]
    {
        let Some(run) = contained_script(&env, script) else { return };
        assert_eq!(run.soon().status, status, "{script}");
        let Some(session) = contained_script(&env, script).and_then(Session::start) else { return };
        assert_eq!(session.end().0, u32::try_from(status).unwrap(), "{script}");
    }
}

/// The same happens without envseal, if the program is PID 1 itself.
#[test]
fn processes_left_behind_end_with_the_program() {
    let env = with_token();
    let script = "(sleep 0.1; echo late; exec sleep 1000) & echo first; exit 3";
    let Some(run) = contained_script(&env, script) else { return };
    let output = run.soon();
    assert_eq!(output.status, 3, "{}", output.stderr);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "first\nlate\n");
}

#[test]
fn a_signal_reaches_the_program_once() {
    for_each_signal(&["INT", "TERM", "HUP", "USR1"], |signal| {
        let env = with_counter();
        let Some(run) = contained(&env, &["sh", "count", signal]) else { return };
        let mut child = run.into_command().stdout(Stdio::piped()).spawn().unwrap();
        let mut ready = [0; 6];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
        let init = tree(child.id()).into_iter().find(|(_, name)| name == "envseal").unwrap().0;
        kill(signal, &[init]);
        came_once(&env, signal);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
    });
}
