//! `envseal set` at a real terminal.

use crate::support::{TestEnv, on_terminal};

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
    // The first Enter is taken for a part of the broken character.
    let Some((status, shown)) = on_terminal(&env, &["set", "KEY"], Some(b"caf\xe9!\n\n")) else { return };
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
