//! When colours, links and help are shown, and how wide.

use crate::help::commands;
use crate::support::{Run, TestEnv, run_on_columns, run_on_terminal};

const ESC: char = '\u{1b}';

/// A file with a finding of each severity.
fn found(env: &TestEnv) -> Run<'_> {
    env.write_plain(".env", "A=plain-text\nA=plain-text\n");
    env.git(&["init", "-q"]);
    env.envseal(&["check"])
}

#[test]
fn colours_are_for_terminals() {
    let env = TestEnv::new();
    let Some((status, shown)) = run_on_terminal(found(&env).var("TERM", "xterm"), None) else { return };
    assert_eq!(status, 1);
    assert!(
        shown.contains("\u{1b}[1m\u{1b}[31merror\u{1b}[0m: ") && shown.contains("fix:\u{1b}[0m "),
        "{shown:?}"
    );
    assert!(!shown.contains("\u{1b}]8"), "an unknown terminal gets no links: {shown:?}");
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb"), ("CLICOLOR", "0")] {
        let run = found(&env).var("TERM", "xterm").var(name, value);
        let (_, shown) = run_on_terminal(run, None).unwrap();
        assert!(!shown.contains(ESC), "{name}={value}: {shown:?}");
    }
    let output = found(&env).var("TERM", "xterm").output();
    assert!(!output.stdout.contains(&27) && !output.stderr.contains(ESC));
    let output = found(&env).var("TERM", "xterm").var("CLICOLOR_FORCE", "1").output();
    assert!(output.stdout.contains(&27));
    let output = found(&env).var("CLICOLOR_FORCE", "1").var("NO_COLOR", "1").output();
    assert!(!output.stdout.contains(&27), "NO_COLOR takes precedence");
}

#[test]
fn errors_are_coloured_and_what_they_name_obeys_no_sequence() {
    let env = TestEnv::new();
    let run = || env.envseal(&["get", "-f", "a\u{1b}[31m.env"]).var("TERM", "xterm");
    let Some((status, shown)) = run_on_terminal(run(), None) else { return };
    assert_eq!(status, 4);
    assert!(shown.starts_with("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m "), "{shown:?}");
    assert!(shown.contains("\\u{1b}[31m"), "{shown:?}");
    let (_, shown) = run_on_terminal(run().var("NO_COLOR", "1"), None).unwrap();
    assert!(!shown.contains(ESC), "{shown:?}");
}

#[test]
fn files_are_links_where_the_terminal_makes_links() {
    let env = TestEnv::new();
    let run = || found(&env).var("TERM", "xterm-kitty");
    let Some((_, shown)) = run_on_terminal(run(), None) else { return };
    let path = env.repo().canonicalize().unwrap();
    let end = format!("{}/.env\u{1b}\\.env:1\u{1b}]8;;\u{1b}\\: ", path.display());
    assert!(shown.contains("\u{1b}]8;;file://") && shown.contains(&end), "{shown:?}");
    let (_, shown) = run_on_terminal(run().var("NO_COLOR", "1"), None).unwrap();
    assert!(!shown.contains(ESC), "{shown:?}");
    let forced = run().var("CLICOLOR_FORCE", "1").output();
    assert!(!String::from_utf8(forced.stdout).unwrap().contains("\u{1b}]8"), "no links without a terminal");
}

#[test]
fn json_has_no_looks() {
    let env = TestEnv::new();
    let run = || {
        found(&env);
        env.envseal(&["check", "--json"]).var("TERM", "xterm-kitty")
    };
    let Some((_, shown)) = run_on_terminal(run(), None) else { return };
    assert!(shown.starts_with("[\n") && !shown.split("error").next().unwrap().contains(ESC), "{shown:?}");
    // JSON keeps file names as they are, even if a character in them reorders what is displayed.
    env.write_plain("\u{202e}.env", "A=plain-text\n");
    let forced = run().var("CLICOLOR_FORCE", "1").output();
    let findings: serde_json::Value = serde_json::from_slice(&forced.stdout).unwrap();
    let file = |finding: &serde_json::Value| finding["file"].as_str().unwrap().to_owned();
    let files: Vec<_> = findings.as_array().unwrap().iter().map(file).collect();
    assert!(files.contains(&"\u{202e}.env".to_owned()), "{files:?}");
}

#[test]
fn tables_fit_the_terminal() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1", "-e", "a-very-long-name-of-an-environment"]);
    let whole = env.ok(&["ls"]);
    assert!(whole.lines().any(|line| line.len() > 100), "{whole}");
    for cols in [40, 60, 80] {
        let Some((status, shown)) = run_on_columns(env.envseal(&["ls"]), cols, None) else { return };
        assert_eq!(status, 0);
        let table: Vec<_> = shown.lines().filter(|line| !line.starts_with("note:")).collect();
        assert!(table.iter().all(|line| line.len() <= usize::from(cols)), "{cols}:\n{shown}");
        let letters = |text: &str| {
            let mut letters: Vec<_> = text.chars().filter(|c| !c.is_whitespace()).collect();
            letters.sort_unstable();
            letters
        };
        assert_eq!(letters(&table.concat()), letters(&whole), "{cols}:\n{shown}");
    }
}

#[test]
fn examples_are_of_the_command_and_only_in_long_help() {
    let definition = envseal::testing::commands::definition();
    // Commands that only git calls have no examples.
    for command in commands().iter().filter(|command| !command.starts_with(&["hook".into(), "run".into()])) {
        let words = [&["envseal".to_owned()], &command[..]].concat();
        let help = |how: &str| {
            let words = words.iter().map(String::as_str).chain([how]);
            definition.clone().try_get_matches_from(words).unwrap_err().to_string()
        };
        let (short, long) = (help("-h"), help("--help"));
        assert!(!short.contains("Examples:"), "{command:?}:\n{short}");
        let examples = long.split("Examples:\n").nth(1).unwrap_or_default();
        assert!(examples.contains(&words.join(" ")), "{command:?}:\n{long}");
    }
}

#[test]
fn a_mistyped_command_is_told_what_it_may_have_been() {
    let env = TestEnv::new();
    let said = env.fails(2, &["renam"]);
    assert!(said.contains("similar") && said.contains("'rename'"), "{said}");
    let said = env.fails(2, &["team", "aprove", "x"]);
    assert!(said.contains("similar") && said.contains("'approve'"), "{said}");
}
