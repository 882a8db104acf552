//! A sealed value that is not the whole value is never plain text: no program gets it, and it is not encrypted again.

use super::Case;
use crate::support::TestEnv;

/// Returns wrong ways to write a sealed value.
fn misplaced(token: &str) -> Vec<String> {
    vec![
        format!("\"{token}"),
        format!("'{token}"),
        format!("`{token}"),
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
    ]
}

#[test]
fn it_is_malformed_everywhere() {
    let env = TestEnv::new();
    env.write_sealed(".env", "S=Hunter2\n");
    let whole = env.read(".env");
    let (head, token) = whole.trim_end().rsplit_once("S=").unwrap();
    for value in misplaced(token) {
        env.write(".env", format!("{head}S={value}\n"));
        for (run, status, says) in [
            (&["run", "--", "true"][..], 3, ".env:4 S:"),
            (&["get", "S"], 3, ".env:4 S:"),
            (&["encrypt"], 3, ".env:4 S:"),
            (&["decrypt"], 3, ".env:4 S:"),
            (&["edit"], 3, ".env:4 S:"),
            (&["import", "dotenv", ".env", "--yes", "-q"], 3, ".env:4 S:"),
            (&["check"], 1, "[malformed-token]"),
            (&["check", "--fix"], 1, "[malformed-token]"),
        ] {
            Case { files: &[], run, status, says, hides: "Hunter2" }.holds_in(&env);
        }
    }
    // In matching quotes it is valid.
    for quote in ["'", "\""] {
        env.write(".env", format!("{head}S={quote}{token}{quote}\n"));
        assert_eq!(env.ok(&["get", "S"]), "Hunter2\n");
        env.ok(&["check"]);
    }
}

#[test]
fn it_is_not_set_nor_imported() {
    let env = TestEnv::new();
    env.write_sealed(".env", "S=1\n");
    let text = env.read(".env");
    let (_, token) = text.trim_end().rsplit_once("S=").unwrap();
    let before = env.snapshot();
    for value in misplaced(token).iter().map(String::as_str).chain([token]) {
        for arguments in [&["set", "NEW"][..], &["set", "S"], &["set", "NEW", "--plain"]] {
            let told = env.envseal(arguments).stdin(value).fails(2);
            assert!(told.contains("sealed value"), "{told}");
        }
        let json = format!("{{\"NEW\": {:?}}}", value.replace(['\t', '\u{200b}'], " "));
        env.envseal(&["import", "json", "-e", "default", "--yes"]).stdin(json).fails(4);
        env.envseal(&["import", "dotenv", "-f", ".env.b", "--yes"]).stdin(format!("NEW={value}\n")).fails(4);
        assert_eq!(env.snapshot(), before, "{value}");
    }
    // Text about sealed values is accepted.
    env.envseal(&["set", "NEW"]).stdin("envseal:1:x and Envseal:1:").ok();
}

#[cfg(unix)]
#[test]
fn it_is_not_typed() {
    let env = TestEnv::new();
    env.write_sealed(".env", "S=1\n");
    let text = env.read(".env");
    let (_, token) = text.trim_end().rsplit_once("S=").unwrap();
    for value in misplaced(token) {
        let script = env.outside().join("editor.sh");
        std::fs::write(&script, format!("cat >>\"$1\" <<'END'\nNEW={value}\nEND\n")).unwrap();
        env.envseal(&["edit"]).var("VISUAL", format!("sh '{}'", script.display())).fails(4);
        assert_eq!(env.read(".env"), text, "{value}");
    }
}
