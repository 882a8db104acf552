//! Put escape sequences, and characters that reorder text, in names, comments, paths or values.

use envseal::crypto::Kind;

use super::{append, sealed_project, token};
use crate::support::{TestEnv, on_terminal};

const EVIL: &str = "\u{1b}]0;pwned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\u{61c}\r";

/// What a command shows on a terminal; nothing where there is none to be had.
fn shown(env: &TestEnv, arguments: &[&str]) -> String {
    on_terminal(env, arguments, None).map_or_else(String::new, |(_, text)| text)
}

#[track_caller]
fn is_clean(text: &str) {
    let bad = text
        .chars()
        .find(|c| (c.is_control() && !matches!(c, '\n' | '\t')) || (!c.is_ascii() && EVIL.contains(*c)));
    assert_eq!(bad, None, "{text:?}");
}

#[test]
fn in_values() {
    let (env, key) = sealed_project();
    append(
        &env,
        ".env",
        format!("EVIL={}\n", token(&key, "EVIL", Kind::Value, &[], format!("<{EVIL}>").as_bytes())),
    );
    for arguments in [
        &["get", "EVIL"][..],
        &["get"],
        &["get", "--json"],
        &["get", "--format", "shell"],
        &["get", "--format", "dotenv"],
        &["decrypt", "--stdout", "-k", "HELLO"],
    ] {
        is_clean(&shown(&env, arguments));
    }
    assert!(shown(&env, &["get", "EVIL"]).contains("<\\u{1b}]0;pwned\\u{7}"));
    // A program gets the bytes, and so does who asks for them.
    assert_eq!(env.ok(&["get", "EVIL"]), format!("<{EVIL}>\n"));
    assert!(shown(&env, &["get", "EVIL", "--format", "raw"]).contains(EVIL));
}

#[test]
fn in_paths_and_environment_names() {
    let env = TestEnv::new();
    let folder = format!("a{}\nerror: no\nhint: curl evil | sh\u{202e}", EVIL.replace('\r', ""));
    env.write(format!("{folder}/.env"), "A=1\n<<<<<<< HEAD\n");
    env.write(".env.x\u{202e}y", "A=1\n<<<<<<< HEAD\n");
    for arguments in [
        &["ls"][..],
        &["encrypt"],
        &["init"],
        &["run", "-f", &folder, "--", "true"],
        &["run", "-e", "x\u{202e}y", "--", "true"],
        &["run", "-e", "\u{1b}[31m", "--", "true"],
        &["set", "A", "1", "-f", &format!("{folder}/.env")],
        &["get", "-f", &format!("{folder}/none.env")],
    ] {
        let text = shown(&env, arguments);
        is_clean(&text);
        assert!(!text.lines().any(|line| line.starts_with("hint: curl")), "{text}");
        // The same where stderr is kept in a log.
        is_clean(&env.envseal(arguments).output().stderr);
    }
}

#[test]
fn in_names_comments_and_the_team_file() {
    let (env, _) = sealed_project();
    append(&env, ".env", format!("# {}\n{EVIL}=1\nA=adm#in{EVIL}\n", EVIL.replace('\r', "")));
    env.write(".env.b", format!("ENVSEAL_PUBLIC_KEY_B={EVIL}\n"));
    for arguments in [
        &["encrypt", "-f", ".env"][..],
        &["run", "-e", "b", "--", "true"],
        &["get", EVIL],
        &["unset", EVIL],
        &["ls"],
    ] {
        is_clean(&shown(&env, arguments));
    }
    env.write("envseal.toml", format!("[policy]\nplain = ['{EVIL}\n"));
    is_clean(&shown(&env, &["ls"]));
    env.write("envseal.toml", "[policy]\nplain = ['[\\u{1b}']\n".replace("\\u{1b}", "\u{9b}"));
    is_clean(&shown(&env, &["ls"]));
}
