//! A sealed value that is not the whole value is never plain text: no program gets it, and it is not encrypted again.

use super::Case;
use crate::support::TestEnv;

/// Returns wrong ways to write a sealed value. Quotes that are not closed come last, so that nothing closes them.
fn misplaced(token: &str) -> Vec<String> {
    vec![
        format!("`{token}`"),
        format!("\" {token}\""),
        format!("'\t{token}'"),
        format!("\u{201c}{token}\u{201d}"),
        format!("\u{ab}{token}"),
        format!("\u{200b}{token}"),
        format!("={token}"),
        format!("S={token}"),
        format!("Bearer {token}"),
        format!("{token}\""),
        format!("{token} {token}"),
        token.replacen("envseal", "Envseal", 1),
        token.replacen("envseal", "ENVSEAL", 1),
        format!("\"{token}"),
        format!("'{token}"),
        format!("`{token}"),
    ]
}

#[test]
fn it_is_malformed_everywhere() {
    let env = TestEnv::new();
    env.write_sealed(".env", "S=Hunter2\n");
    let whole = env.read(".env");
    let (head, token) = whole.trim_end().rsplit_once("S=").unwrap();
    let values = misplaced(token);
    let lines = values.iter().enumerate().map(|(at, value)| format!("S{at}={value}\n"));
    env.write(".env", format!("{head}{}", lines.collect::<String>()));
    for run in [&["run", "--", "true"][..], &["get"], &["decrypt"]] {
        let says = format!("error: {} values could not be decrypted\n", values.len());
        Case { files: &[], run, status: 3, says: &says, hides: "Hunter2" }.holds_in(&env);
        let told = env.fails(3, run);
        let unnamed: Vec<_> =
            (0..values.len()).filter(|at| !told.contains(&format!(".env:{} S{at}: ", 4 + at))).collect();
        assert!(unnamed.is_empty(), "{run:?}: {unnamed:?} in {told}");
    }
    for run in [&["check"][..], &["check", "--fix"]] {
        Case { files: &[], run, status: 1, says: "16 errors, 0 suggestions", hides: "Hunter2" }
            .holds_in(&env);
    }
    assert!(env.check(&[]).iter().all(|found| found.contains(" !malformed-token S")));
    for at in 0..values.len() {
        let (name, says) = (format!("S{at}"), format!(".env:{} S{at}: ", 4 + at));
        Case { files: &[], run: &["encrypt", "-k", &name], status: 3, says: &says, hides: "Hunter2" }
            .holds_in(&env);
    }
    for run in [&["edit"][..], &["import", "dotenv", ".env", "--yes", "-q"]] {
        Case { files: &[], run, status: 3, says: ".env:4 S0: ", hides: "Hunter2" }.holds_in(&env);
    }
    // In matching quotes it is valid.
    env.write(".env", format!("{head}S='{token}'\nS=\"{token}\"\n"));
    assert_eq!(env.ok(&["get", "S"]), "Hunter2\n");
}

#[test]
fn it_is_not_set_nor_imported() {
    let env = TestEnv::new();
    env.write_sealed(".env", "S=1\n");
    let text = env.read(".env");
    let (_, token) = text.trim_end().rsplit_once("S=").unwrap();
    let before = env.snapshot();
    let refuses = |arguments: &[&str], stdin: &str, status: i32, says: &str| {
        let told = env.envseal(arguments).stdin(stdin).fails(status);
        assert!(told.contains(says), "{stdin}: {told}");
        assert_eq!(env.snapshot(), before, "{stdin}");
    };
    let values = misplaced(token);
    for value in values.iter().map(String::as_str).chain([token]) {
        refuses(&["set", "NEW"], value, 2, "sealed value");
    }
    for value in [&values[0], token] {
        refuses(&["set", "S"], value, 2, "sealed value");
        refuses(&["set", "NEW", "--plain"], value, 2, "sealed value");
        let (json, line) = (format!("{{\"NEW\": {value:?}}}"), format!("NEW={value}\n"));
        refuses(&["import", "json", "-e", "default", "--yes"], &json, 4, "already encrypted by envseal");
        refuses(&["import", "dotenv", "-f", ".env.b", "--yes"], &line, 4, "");
    }
    // Text about sealed values is accepted.
    env.envseal(&["set", "NEW"]).stdin("envseal:1:x and Envseal:1:").ok();
}
