//! `envseal set` at a real terminal.

use std::io::{Read, Write};
use std::sync::mpsc;
use std::time::Duration;

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::support::TestEnv;

/// Runs envseal on a terminal, types `answer` once it has asked, and returns its status and all that was shown.
fn on_terminal(env: &TestEnv, arguments: &[&str], answer: Option<&[u8]>) -> Option<(u32, String)> {
    let pty = match native_pty_system().openpty(PtySize { cols: 200, ..PtySize::default() }) {
        Ok(pty) => pty,
        Err(error) => {
            println!("skipped: no terminal to be had: {error}");
            return None;
        }
    };
    let plain = env.envseal(arguments).into_command();
    let mut command = CommandBuilder::new(plain.get_program());
    command.args(plain.get_args());
    command.cwd(plain.get_current_dir().unwrap());
    command.env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap());
    }
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let mut reader = pty.master.try_clone_reader().unwrap();
    let (send, shown) = mpsc::channel();
    std::thread::spawn(move || {
        let mut chunk = [0; 1024];
        // On Linux a terminal whose other end is closed is an error, elsewhere an end.
        while let Ok(count @ 1..) = reader.read(&mut chunk) {
            let _ = send.send(chunk[..count].to_vec());
        }
    });
    let mut text = Vec::new();
    if let Some(answer) = answer {
        while !text.ends_with(b": ") {
            text.extend(shown.recv_timeout(Duration::from_secs(30)).expect("it asks"));
        }
        let mut writer = pty.master.take_writer().unwrap();
        // What is typed before the echo is off shows, as at any prompt.
        while has_echo(&*pty.master) {
            std::thread::sleep(Duration::from_millis(1));
        }
        writer.write_all(answer).unwrap();
    }
    let status = child.wait().unwrap().exit_code();
    assert!(has_echo(&*pty.master), "the terminal is left as it was");
    drop(pty.master);
    while let Ok(chunk) = shown.recv_timeout(Duration::from_secs(5)) {
        text.extend(chunk);
    }
    let text = String::from_utf8_lossy(&text).replace("\r\n", "\n");
    env.heard(&text);
    Some((status, text))
}

fn has_echo(terminal: &dyn MasterPty) -> bool {
    let flags = format!("{:?}", terminal.get_termios().unwrap().local_flags);
    flags.split(|c: char| !c.is_alphanumeric()).any(|flag| flag == "ECHO")
}

#[test]
fn the_value_is_asked_for_and_not_shown() {
    let env = TestEnv::new();
    let secret = env.secret("typed");
    let Some((status, shown)) = on_terminal(&env, &["set", "KEY"], Some(format!("{secret}\n").as_bytes()))
    else {
        return;
    };
    assert_eq!(status, 0, "{shown}");
    assert!(
        shown.starts_with("Value of KEY (not shown): ") && shown.contains("sealed KEY in .env"),
        "{shown}"
    );
    assert!(!shown.contains("history"), "{shown}");
    assert_eq!(env.ok(&["get", "KEY"]), format!("{secret}\n"));
}

#[test]
fn nothing_typed_is_no_value() {
    let env = TestEnv::new();
    let Some((status, shown)) = on_terminal(&env, &["set", "KEY"], Some(b"\n")) else { return };
    assert_eq!(status, 2);
    assert!(
        shown.contains("error: nothing was typed for KEY\nhint: an empty value is: envseal set KEY ''\n"),
        "{shown}"
    );
    assert_eq!(env.snapshot(), []);
}

#[test]
fn what_is_typed_in_another_encoding_is_refused_not_bent() {
    let env = TestEnv::new();
    let Some((status, shown)) = on_terminal(&env, &["set", "KEY"], Some(b"caf\xe9!\n")) else { return };
    assert_eq!(status, 2);
    let expected = "error: what was typed for KEY is not UTF-8\nhint: pipe it in: envseal set KEY < FILE\n";
    assert!(shown.contains(expected), "{shown}");
    assert_eq!(env.snapshot(), []);
}

#[test]
fn an_interrupted_prompt_changes_nothing() {
    let env = TestEnv::new();
    let Some((status, shown)) = on_terminal(&env, &["set", "KEY"], Some(b"abc\x03")) else { return };
    assert_eq!((status, shown.trim_end()), (130, "Value of KEY (not shown):"));
    assert_eq!(env.snapshot(), []);
}

#[test]
fn a_value_on_the_command_line_gets_a_note_about_the_shells_history() {
    let env = TestEnv::new();
    let note = "note: the value is in your shell's history now; left out, envseal asks for it\n";
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
