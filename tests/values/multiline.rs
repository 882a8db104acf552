//! Values of several lines without quotes: what follows the first line is not part of the value.

use super::Case;
use crate::support::TestEnv;

/// Each with the line of the value, and the correct way to write it.
const CUT_OFF: [(&str, usize, &str); 7] = [
    (
        "A=1\nK=-----BEGIN PRIVATE KEY-----\nMIIEvQ/+Hunter2\nHunter2\n-----END PRIVATE KEY-----\n",
        2,
        "A=1\nK='-----BEGIN PRIVATE KEY-----\nMIIEvQ/+Hunter2\nHunter2\n-----END PRIVATE KEY-----'\n",
    ),
    // Every line of it is a statement or a comment.
    (
        "K=-----BEGIN PRIVATE KEY-----\nQUJDHunter==\n# -----END PRIVATE KEY-----\n",
        1,
        "K=\"-----BEGIN PRIVATE KEY-----\nQUJDHunter==\n# -----END PRIVATE KEY-----\"\n",
    ),
    ("K=\n-----BEGIN AGE KEY-----\nHunter2\n", 1, "K='\n-----BEGIN AGE KEY-----\nHunter2'\n"),
    ("K={\n  \"key\": \"Hunter2\",\n  b: 2\n}\n", 1, "K='{\n  \"key\": \"Hunter2\",\n  b: 2\n}'\n"),
    ("K=[\n  \"Hunter2\"\n]\n", 1, "K=`[\n  \"Hunter2\"\n]`\n"),
    ("K={ \"a\": 1,\n  \"key\": \"Hunter2\" }\n", 1, "K='{ \"a\": 1,\n  \"key\": \"Hunter2\" }'\n"),
    ("K=\"one\nHunter2\nB='two'\n", 1, "K=\"one\nHunter2\"\nB='two'\n"),
];

#[test]
fn it_is_an_error_about_the_value() {
    for (row, (text, line, quoted)) in CUT_OFF.into_iter().enumerate() {
        let says = format!(": put the value of line {line} in quotes\n");
        let files = [(".env", text)];
        let refused = |run: &[&str]| {
            Case { files: &files, run, status: 4, says: &says, hides: "Hunter2" }.holds();
        };
        refused(&["encrypt"]);
        if row == 0 {
            refused(&["encrypt", "-k", "K"]);
            refused(&["check", "--fix"]);
            refused(&["set", "K", "new"]);
            refused(&["unset", "K"]);
            refused(&["import", "dotenv", ".env", "--yes", "-q"]);
        }
        let found = format!("quote the value on line {line}");
        // If its first line is empty, there is nothing for `--fix` to encrypt.
        let check: &[&str] = if text.starts_with("K=\n") { &["check", "--fix"] } else { &["check"] };
        let env = Case { files: &files, run: check, status: 1, says: &found, hides: "Hunter2" }.holds();
        let found = String::from_utf8(env.envseal(&["check"]).output().stdout).unwrap();
        assert!(found.contains("stray-line") && !found.contains("make it a comment"), "{found}");
        // After the fix in the hint, no part of it stays behind.
        env.write(".env", quoted);
        env.ok(&["encrypt"]);
        assert!(!env.read(".env").contains("Hunter2"), "{text}");
        env.ok(&["check"]);
    }
}

#[test]
fn lines_in_comments_do_not_hide_it() {
    let text = "K=-----BEGIN PRIVATE KEY-----\n# MIIEvQ/+Hunter2\n# -----END PRIVATE KEY-----\n";
    let env =
        Case { files: &[(".env", text)], run: &["check"], status: 1, says: "stray-line", hides: "Hunter2" }
            .holds();
    env.fails(4, &["encrypt"]);
}

#[test]
fn a_stray_line_alone_is_not_to_become_a_comment() {
    let env = TestEnv::new();
    env.write(".env", "A=1\nsome words\n");
    assert!(!env.fails(4, &["encrypt"]).contains("comment (#)"));
    let found = env.envseal(&["check"]).output();
    assert!(!String::from_utf8(found.stdout).unwrap().contains("comment (#)"));
}

#[cfg(unix)]
#[test]
fn edit_refuses_it() {
    let env = TestEnv::new();
    env.write_sealed(".env", "Z=1\n");
    let before = env.read(".env");
    env.write("typed", CUT_OFF[0].0);
    let told = env.envseal(&["edit"]).var("VISUAL", "sh -c 'cat typed >>\"$0\"'").fails(4);
    assert!(told.contains("continues on the lines below"), "{told}");
    assert_eq!(env.read(".env"), before);
}
