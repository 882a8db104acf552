//! The file changes while it is edited.

use super::{assert_wiped, edit, sealed};
use crate::support::{TestEnv, run_on_terminal};

/// The path of envseal, for scripts.
const ENVSEAL: &str = env!("CARGO_BIN_EXE_envseal");

#[test]
fn changes_of_different_values_come_together() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\nB=2\nC=3\n");
    let script = format!(
        "{ENVSEAL} -q set B 20; {ENVSEAL} -q set D 40; sed -i 's/^A=1/A=10/' \"$1\"; echo E=50 >>\"$1\""
    );
    let output = edit(&env, &script, &[]).output();
    assert_eq!((output.status, &*output.stderr), (0, "Encrypted A in .env\nEncrypted E in .env\n"));
    let opened = env.ok(&["get", "--format", "dotenv"]);
    let mut lines: Vec<_> = opened.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["A=10", "B=20", "C=3", "D=40", "E=50"]);
}

#[test]
fn the_same_value_changed_twice_is_a_conflict_that_loses_neither() {
    let env = TestEnv::new();
    let (ours, theirs) = (env.secret("ours"), env.secret("theirs"));
    env.write_sealed(".env", "A=1\nB=2\n");
    let set = format!("{ENVSEAL} -q set A {theirs}");
    let script = format!("{set}; sed -i 's/^A=1/A={ours}/' \"$1\"");
    let stderr = edit(&env, &script, &[]).fails(4);
    let expected = "error: .env was changed meanwhile; both versions of A are between the conflict markers\n  \
                    Nothing was written; the edit is discarded\n\
                    hint: see what was changed: git diff -- .env, then again: envseal edit -f .env\n";
    assert_eq!(stderr, expected);
    assert_eq!(env.ok(&["get", "A"]), format!("{theirs}\n"));
    assert_wiped(&env);

    env.ok(&["set", "A", "1"]);
    env.plaintext_in("both");
    let script = format!(
        "if [ -e both ]; then cp \"$1\" both; sed -i '/^[<=>|]/d;/{theirs}/d' \"$1\"
         else touch both; {set}; sed -i 's/^A=.*/A={ours}/' \"$1\"; fi"
    );
    let Some((status, shown)) = run_on_terminal(edit(&env, &script, &[]), Some(b"y\n")) else { return };
    assert_eq!(status, 0, "{shown}");
    let both = env.read("both");
    assert!(both.contains("<<<<<<< ") && both.contains(&ours) && both.contains(&theirs), "{both}");
    assert_eq!(env.ok(&["get", "A"]), format!("{ours}\n"));
}

#[test]
fn a_rotated_key_is_sealed_to() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\nB=2\n");
    let old = env.ok(&["key", "show"]);
    let output = edit(&env, &format!("{ENVSEAL} -q key rotate >&2; echo C=3 >>\"$1\""), &[]).output();
    assert!(output.status == 0 && output.stderr.ends_with("Encrypted C in .env\n"), "{}", output.stderr);
    assert_ne!(env.ok(&["key", "show"]), old);
    assert_eq!(env.ok(&["get", "--format", "dotenv"]), "A=1\nB=2\nC=3\n");
    env.ok(&["check"]);
}

#[test]
fn a_value_that_somebody_made_plain_meanwhile_is_not_followed() {
    let env = sealed();
    let secret = env.secret("new");
    let widen = "printf '[policy]\\nplain = [\"A\"]\\n' >envseal.toml";
    let decrypt = format!("{ENVSEAL} -q decrypt");
    let output = edit(&env, &format!("{decrypt}; {widen}; sed -i 's/^A=1/A={secret}/' \"$1\""), &[]).output();
    assert_eq!((output.status, &*output.stderr), (0, "Encrypted A in .env\n"));
    assert!(env.read(".env").contains("\nA=envseal:1:"));

    env.write_sealed(".env.b", "B=1\n");
    let mark = "sed -i '/^B=/s/$/ # envseal: plain/' .env.b";
    let stderr = edit(&env, &format!("{mark}; sed -i 's/^B=1/B={secret}/' \"$1\""), &["-e", "b"]).fails(4);
    assert!(stderr.contains("B is encrypted, but marked as plain"), "{stderr}");
}

#[test]
fn two_edits_at_once_lose_nothing() {
    let env = sealed();
    let inner = env.outside().join("inner.sh");
    std::fs::write(&inner, "echo C=3 >>\"$1\"").unwrap();
    let script = format!("VISUAL='sh {}' {ENVSEAL} edit; echo B=2 >>\"$1\"", inner.display());
    let output = edit(&env, &script, &[]).output();
    assert_eq!((output.status, &*output.stderr), (0, "Encrypted C in .env\nEncrypted B in .env\n"));
    let opened = env.ok(&["get", "--format", "dotenv"]);
    assert!(["A=1\n", "B=2\n", "C=3\n"].iter().all(|line| opened.contains(line)), "{opened}");
    assert_wiped(&env);
}

#[test]
fn a_file_that_is_gone_or_broken_is_not_written_over() {
    let env = sealed();
    let stderr = edit(&env, "echo '<<<<<<< x' >>.env; echo B=2 >>\"$1\"", &[]).fails(4);
    assert!(stderr.contains(".env:5 contains a merge-conflict marker"), "{stderr}");
    assert!(env.read(".env").ends_with("<<<<<<< x\n"));
}
