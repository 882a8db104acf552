//! `envseal set` at a real terminal.

use crate::support::{Session, TestEnv, on_terminal};

/// Returns a private key in PEM, with 28 lines and a secret in each that must not be shown.
fn pem(env: &TestEnv) -> String {
    let lines: String = (0..26).map(|at| format!("{:A<64}\n", env.secret(&format!("line{at}")))).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{lines}-----END PRIVATE KEY-----\n")
}

/// Starts a shell that sets KEY and then reads a line from the same terminal.
fn shell(env: &TestEnv, term: &str) -> Option<Session> {
    let envseal = env!("CARGO_BIN_EXE_envseal");
    let line = format!("{envseal} set KEY; echo next; read -r line; echo \"got <$line>\"");
    let mut session = Session::start(env.program("sh", &["-c", &line]).var("TERM", term))?;
    session.until("(not shown): ");
    Some(session)
}

/// Asserts that the shell gets no part of the pasted text, and that none of it is shown. Returns the output.
#[track_caller]
fn ends_unspoilt(env: &TestEnv, mut session: Session, said: &str) -> String {
    session.until("next");
    session.keys("mine\n");
    session.until("got <");
    let line = session.word();
    let (status, _, text) = session.end();
    assert_eq!((status, &*line), (0, "mine"), "{text}");
    assert!(text.contains(said) && text.contains("Encrypted KEY in .env"), "{text}");
    env.heard(&text);
    text
}

#[test]
fn a_paste_of_several_lines_is_one_value_and_nothing_of_it_reaches_the_shell() {
    let env = TestEnv::new();
    let pem = pem(&env);
    let said = format!("Read 28 lines, 1,{:03} bytes", pem.len() - 1000);
    // Newlines as terminals send them, and as a program that types for a person does.
    for text in [pem.replace('\n', "\r"), pem.replace('\n', "\r\n"), pem.clone()] {
        let Some(mut session) = shell(&env, "xterm") else { return };
        session.keys(&format!("\x1b[200~{text}\x1b[201~"));
        let shown = ends_unspoilt(&env, session, &said);
        let (on, off) = (shown.find("\x1b[?2004h").unwrap(), shown.find("\x1b[?2004l").unwrap());
        assert!(on < off && off < shown.find("Read").unwrap(), "{shown:?}");
        assert_eq!(env.ok(&["get", "KEY"]), pem);
        env.ok(&["unset", "KEY"]);
        // A terminal that does not mark what is pasted.
        let Some(mut session) = shell(&env, "dumb") else { return };
        session.keys(&text);
        assert!(!ends_unspoilt(&env, session, &said).contains("\x1b[?2004"));
        assert_eq!(env.ok(&["get", "KEY"]), pem);
        env.ok(&["unset", "KEY"]);
    }
}

#[test]
fn a_paste_ends_with_enter_where_it_does_not_end_with_a_line() {
    let env = TestEnv::new();
    let secret = env.secret("pasted");
    for (typed, value, said) in [
        (format!("\x1b[200~{secret}\x1b[201~"), secret.clone(), "next"),
        (format!("\x1b[200~a\r{secret}\x1b[201~"), format!("a\n{secret}"), "Read 2 lines"),
        (format!("b\r{secret}"), format!("b\n{secret}"), "Read 2 lines"),
        (format!("\x1b[200~{secret}\r\r\x1b[201~"), format!("{secret}\n"), "Read 2 lines"),
        (format!("wrong\x15\x1b[200~a\tb\x03{secret}\x1b[201~cdef"), format!("a\tb\x03{secret}cdef"), "next"),
    ] {
        let Some(mut session) = shell(&env, "xterm") else { return };
        // In two parts, with a pause between them.
        let (first, second) = typed.split_at(typed.len() - 4);
        session.keys(first);
        std::thread::sleep(std::time::Duration::from_millis(300));
        session.keys(second);
        session.keys("\r");
        ends_unspoilt(&env, session, said);
        assert_eq!(env.ok(&["get", "KEY", "--format", "raw"]), value, "{typed:?}");
    }
}

#[test]
fn a_signal_restores_the_terminal_before_it_ends_envseal() {
    let env = TestEnv::new();
    for signal in ["TERM", "HUP", "INT", "QUIT"] {
        let run = env.envseal(&["set", "KEY"]).var("TERM", "xterm");
        let Some(mut session) = Session::start(run) else { return };
        session.until("(not shown): ");
        session.keys("\x1b[200~abc\r");
        let kill = ["-s", signal, &session.pid().to_string()];
        assert!(std::process::Command::new("kill").args(kill).status().unwrap().success());
        // This asserts that the echo is on again.
        let (_, is_by_signal, text) = session.end();
        assert!(is_by_signal && text.ends_with("\x1b[?2004l\r\n"), "{signal}: {text:?}");
        assert_eq!(env.snapshot(), []);
    }
    let run = env.envseal(&["set", "KEY"]).var("TERM", "xterm");
    let Some(mut session) = Session::start(run) else { return };
    session.until("(not shown): ");
    session.keys("abc\x03");
    let (status, _, text) = session.end();
    assert!(status == 130 && text.ends_with("\x1b[?2004l\r\n"), "{text:?}");
    assert_eq!(env.snapshot(), []);
}

/// Asserts that the command fails before it asks for the value, and changes nothing.
#[track_caller]
fn refuses_unasked(env: &TestEnv, status: u32, arguments: &[&str], says: &str) {
    let before = env.snapshot();
    let Some(session) = Session::start(env.envseal(arguments)) else { return };
    let (found, _, text) = session.end();
    assert_eq!(found, status, "{arguments:?}: {text}");
    assert!(text.contains(says) && !text.contains("not shown"), "{arguments:?}: {text}");
    assert_eq!(env.snapshot(), before, "{arguments:?}");
}

#[test]
fn whatever_would_be_refused_is_refused_before_the_secret_is_asked_for() {
    let env = TestEnv::new();
    env.write(".env", "H=a#b\nU=\"x\nA-B=1\n");
    env.write(".env.conflict", "<<<<<<< ours\n");
    env.write("envseal.toml", "[policy]\nplain = [\"PUBLIC_*\"]\n");
    for (status, arguments, says) in [
        (2, &["set", "PATH"][..], "PATH"),
        (2, &["set", "ENVSEAL_PUBLIC_KEY"], "ENVSEAL_PUBLIC_KEY"),
        (2, &["set", "PUBLIC_URL"], "PUBLIC_URL"),
        (2, &["set", "A-B"], "envseal rename A-B A_B"),
        (2, &["set", "export"], "`export`"),
        (4, &["set", "H"], ".env:1 H: `#` touches the value"),
        (4, &["set", "A", "-e", "conflict"], "merge-conflict marker"),
        (4, &["set", "A", "-f", "notes.txt"], "not an env file"),
        (4, &["set", "A", "-e", "p", "-e", "conflict"], "merge-conflict marker"),
    ] {
        refuses_unasked(&env, status, arguments, says);
    }
}

#[test]
fn trouble_with_keys_is_told_before_the_secret_is_asked_for() {
    // A keys file that git tracks.
    let env = TestEnv::new();
    env.write(".env.keys", "");
    env.git(&["add", "-f", ".env.keys"]);
    refuses_unasked(&env, 3, &["set", "A"], ".env.keys is tracked by git");
    // Ignore rules that git would not read.
    let env = TestEnv::new();
    env.write("rules", "");
    std::os::unix::fs::symlink("rules", env.path(".gitignore")).unwrap();
    refuses_unasked(&env, 4, &["set", "A"], ".gitignore");
    // A rule that makes git see the keys file again.
    let env = TestEnv::new();
    env.write(".gitignore", "/target\n");
    env.write("sub/.gitignore", "!.env.keys\n");
    refuses_unasked(&env, 4, &["set", "A", "-f", "sub/.env", "-K", "sub/.env.keys"], "sub/.env.keys");
    // Files of one environment with different keys, and a missing key line.
    let env = TestEnv::new();
    env.ok(&["set", "A", "1"]);
    env.write("sub/.env", TestEnv::new_env_file());
    refuses_unasked(&env, 4, &["set", "A"], "sub/.env");
    std::fs::remove_dir_all(env.path("sub")).unwrap();
    let sealed = env.read(".env");
    env.write(".env", sealed.lines().filter(|line| line.starts_with("A=")).collect::<String>());
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    refuses_unasked(&env, 3, &["set", "A"], "ENVSEAL_PUBLIC_KEY");
    // Another key than the one that this machine trusts.
    let (env, key) = crate::pins::pinned();
    let other = envseal::testing::crypto::PrivateKey::generate().public();
    crate::pins::replace_key(&env, ".env.production", &key.public(), &other);
    refuses_unasked(&env, 3, &["set", "HELLO", "-e", "production"], "key trust");
}

#[test]
fn what_changes_while_somebody_types_is_looked_at_again() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1"]);
    let secret = env.secret("late");
    let Some(mut session) = Session::start(env.envseal(&["set", "A"])) else { return };
    session.until("(not shown): ");
    env.write(".env", "<<<<<<< ours\n");
    let before = env.snapshot();
    session.keys(&format!("{secret}\n"));
    let (status, _, text) = session.end();
    assert!(status == 4 && text.contains("merge-conflict marker"), "{text}");
    assert_eq!(env.snapshot(), before);
    // The index is read again too, although git was asked about it before the prompt.
    let env = TestEnv::new();
    let Some(mut session) = Session::start(env.envseal(&["set", "A"])) else { return };
    session.until("(not shown): ");
    env.write(".env.keys", "");
    env.git(&["add", "-f", ".env.keys"]);
    let before = env.snapshot();
    session.keys("late\n");
    let (status, _, text) = session.end();
    assert!(status == 3 && text.contains(".env.keys is tracked by git"), "{text}");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn the_value_is_asked_for_not_shown_and_taken_byte_for_byte() {
    let env = TestEnv::new();
    for typed in [env.secret("typed").into_bytes(), b"caf\xe9!".to_vec()] {
        let keys = [&typed[..], b"\n"].concat();
        let Some((status, shown)) = on_terminal(&env, &["set", "KEY"], Some(&keys)) else { return };
        assert_eq!(status, 0, "{shown}");
        assert!(shown.starts_with("Value of KEY (not shown): ") && !shown.contains("history"), "{shown}");
        assert_eq!(env.envseal(&["get", "KEY", "--format", "raw"]).output().stdout, typed);
    }
}

#[test]
fn nothing_typed_is_no_value() {
    let env = TestEnv::new();
    // Enter, and Ctrl-D.
    for typed in [b"\n", b"\x04"] {
        let Some((status, shown)) = on_terminal(&env, &["set", "KEY"], Some(typed)) else { return };
        assert_eq!(status, 2);
        assert!(
            shown.contains(
                "error: no value for KEY: nothing was typed\nhint: for an empty value: envseal set KEY ''\n"
            ),
            "{shown}"
        );
        assert_eq!(env.snapshot(), []);
    }
}

#[test]
fn a_value_on_the_command_line_gets_a_note_about_the_shells_history() {
    let env = TestEnv::new();
    let note = "note: that value is now in your shell history; omit it next time to be prompted\n";
    for (arguments, noted) in [
        (&["set", "A", "1"][..], true),
        (&["set", "A=2", "B=3"], true),
        (&["set", "A", "4", "-q"], false),
        (&["set", "C", "5", "--plain"], false),
    ] {
        let Some((status, shown)) = on_terminal(&env, arguments, None) else { return };
        assert_eq!((status, shown.matches(note).count()), (0, usize::from(noted)), "{shown}");
        assert!(!arguments.contains(&"-q") || shown.is_empty(), "{shown}");
    }
    assert!(!env.envseal(&["set", "A", "6"]).output().stderr.contains("note"));
}
