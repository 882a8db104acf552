//! `--redact` at a terminal.

use std::process::Command;

use super::with_token;
use crate::support::{Session, TestEnv};

fn redacted(env: &TestEnv, script: &str) -> Option<Session> {
    Session::start(env.envseal(&["run", "--redact", "--", "sh", "-c", script]))
}

/// Starts a shell with job control at the terminal; `$E` is envseal.
pub(super) fn shell(env: &TestEnv) -> Option<Session> {
    let run = env.program("bash", &["--norc", "--noprofile", "-i"]);
    let mut shell = Session::start(run.var("E", env!("CARGO_BIN_EXE_envseal")).var("PS1", "> "))?;
    shell.until("> ");
    Some(shell)
}

#[test]
fn the_program_has_a_terminal_of_that_size_and_values_are_masked() {
    let env = with_token();
    let script = "tty; test -t 0 -a -t 1 -a -t 2 && echo all; stty size; echo \"<$TOKEN>\"; exit 7";
    let Some(session) = redacted(&env, script) else { return };
    let (status, _, text) = session.end();
    assert_eq!(status, 7);
    assert!(text.contains("/dev/"), "{text}");
    assert!(text.ends_with("all\r\n24 80\r\n<[TOKEN]>\r\n"), "{text:?}");
}

#[test]
fn the_last_output_is_shown() {
    let env = with_token();
    let Some(session) = redacted(&env, "seq 20000; printf 'secon'") else { return };
    let (status, _, text) = session.end();
    assert_eq!(status, 0);
    assert!(text.ends_with("19999\r\n20000\r\nsecon"), "{:?}", &text[text.len().saturating_sub(60)..]);
    assert_eq!(text.lines().count(), 20001);
}

#[test]
fn typed_text_is_echoed_and_masked_once_it_is_a_value() {
    let env = with_token();
    let Some(mut session) = redacted(&env, "echo ready; cat") else { return };
    session.until("ready\r\n");
    // The beginning of a value is shown at once.
    session.keys("sec");
    session.until("sec");
    session.keys("ret\n");
    session.until("ret\r\nsecret\r\n");
    session.keys("second-value\n");
    session.until("[OTHER]\r\n");
    session.until("[OTHER]\r\n");
    session.keys("\x04");
    assert_eq!(session.end().0, 0);
}

#[test]
fn a_change_of_size_reaches_the_program() {
    let env = with_token();
    let script = "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done";
    let Some(mut session) = redacted(&env, script) else { return };
    session.until("ready");
    session.resize(33, 111);
    session.until("33 111");
    assert_eq!(session.end().0, 0);
}

#[test]
fn ctrl_c_ends_it_like_a_program_without_envseal() {
    let env = with_token();
    let Some(mut session) = redacted(&env, "echo ready; exec sleep 60") else { return };
    session.until("ready");
    session.keys("\x03");
    assert!(session.end().1, "by the signal");
    let Some(mut shell) = shell(&env) else { return };
    shell.keys("$E run --redact -- sh -c 'echo go; exec sleep 60'\n");
    shell.until("\ngo");
    shell.keys("\x03");
    shell.until("> ");
    shell.keys("echo status=$?\n");
    shell.until("\nstatus=130");
    // Ctrl-C also ends the shell's loop.
    shell.keys(
        "for i in 1 2; do $E run --redact -- sh -c \"echo go; exec sleep $((i*60))\"; echo next; done\n",
    );
    shell.until("\ngo");
    shell.keys("\x03");
    shell.until("> ");
    shell.keys("echo $((40+2)); exit\n");
    shell.until("\n42");
    let (_, _, text) = shell.end();
    assert!(!text.contains("\nnext"), "{text}");
}

#[test]
fn ctrl_z_stops_it_and_fg_goes_on() {
    let env = with_token();
    let Some(mut shell) = shell(&env) else { return };
    shell.keys("stty -a > before; $E run --redact -- sh -c 'echo go; read x; echo \"$x $OTHER\"'\n");
    shell.until("\ngo");
    shell.keys("\x1a");
    shell.until("Stopped");
    shell.until("> ");
    shell.keys("stty -a | cmp - before && echo sa''ne\n");
    shell.until("\nsane");
    shell.keys("fg\n");
    shell.until("$E run");
    shell.keys("typed\n");
    shell.until("\ntyped [OTHER]");
    shell.until("> ");
    shell.keys("stty -a | cmp - before && echo still''sane; exit\n");
    shell.until("\nstillsane");
    shell.end();
}

/// A program that reads before it has the terminal is stopped. envseal used to continue it even after Ctrl-Z.
#[test]
fn an_early_ctrl_z_is_not_lost() {
    let env = with_token();
    let Some(mut shell) = shell(&env) else { return };
    for _ in 0..20 {
        shell.keys("$E run --redact -- sh -c 'echo go; read x'\n");
        shell.until("\ngo");
        shell.keys("\x1a");
        shell.until("Stopped");
        shell.until("> ");
        shell.keys("fg\n");
        shell.until("$E run");
        shell.keys("\n");
        shell.until("> ");
    }
    shell.keys("exit\n");
    shell.end();
}

#[test]
fn a_shell_under_it_has_jobs_of_its_own() {
    let env = with_token();
    let Some(mut session) = Session::start(
        env.envseal(&["run", "--redact", "--", "bash", "--norc", "--noprofile", "-i"]).var("PS1", "$ "),
    ) else {
        return;
    };
    session.until("$ ");
    session.keys("sh -c 'echo go; exec cat'\n");
    session.until("\ngo");
    session.keys("one\n");
    session.until("one\r\none");
    session.keys("\x1a");
    session.until("Stopped");
    // Kill it here: a shell with a stopped job would have to be told twice to exit.
    Command::new("kill").args(["-9", &session.pid().to_string()]).status().unwrap();
}

/// A Ctrl-Z before the program ran once blocked its start forever.
#[test]
fn early_keys_reach_the_program() {
    let env = with_token();
    for _ in 0..5 {
        // No shell: one that is stopped between its vfork(2) and exec hangs, with or without envseal.
        let run = env.envseal(&["run", "--redact", "--", "sleep", "60"]);
        let Some(mut session) = Session::start(run) else { return };
        session.keys("\x1a\x1a\x03");
        session.end();
    }
}

#[test]
fn it_ends_with_its_terminal_also_in_the_background() {
    let env = with_token();
    let bash = ["run", "--redact", "--", "bash", "--norc", "--noprofile", "-i"];
    let run = env.envseal(&bash).var("E", env!("CARGO_BIN_EXE_envseal"));
    let Some(mut shell) = Session::start(run) else { return };
    shell.keys("trap '' HUP; $E run --redact -- sh -c 'echo a\"\"t:$PPID\">\"; read x' &\n");
    shell.until("at:");
    let holder = shell.word();
    // The shell's terminal ends with the process that opened it.
    Command::new("kill").args(["-9", &shell.pid().to_string()]).status().unwrap();
    for _ in 0..3000 {
        if !Command::new("kill")
            .args(["-0", &holder])
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap()
            .success()
        {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("it goes on with no terminal");
}

#[test]
fn in_the_background_it_leaves_the_terminal_alone_until_fg() {
    let env = with_token();
    let Some(mut shell) = shell(&env) else { return };
    shell.keys("$E run --redact -- sh -c 'echo \"by $OTHER\"; read x; echo \"got $x $(stty -a)\"' &\n");
    shell.until("by [OTHER]");
    // The shell is in the foreground.
    shell.keys("echo $((40+2))\n");
    shell.until("\n42");
    shell.keys("fg\n");
    shell.until("$E run");
    shell.keys("it\n");
    shell.until("got it");
    // The settings are not those of the shell's own prompt.
    shell.until(" icanon ");
    shell.until(" echo ");
    // Keys typed before the prompt would go to the program.
    shell.until("> ");
    shell.keys("exit\n");
    shell.end();
}

#[test]
fn a_program_that_cannot_be_started_is_an_error() {
    let env = with_token();
    for (program, code) in [("no-such-program", 127), (".", 126)] {
        let Some(session) = Session::start(env.envseal(&["run", "--redact", "--", program])) else { return };
        let (status, _, text) = session.end();
        assert_eq!(status, code, "{text}");
        assert!(text.starts_with(&format!("error: {program}: ")), "{text}");
    }
}
