//! `envseal edit`, with editors that are shell scripts.

mod editors;
mod ends;
mod meanwhile;

use std::path::PathBuf;

use envseal::testing::crypto::PrivateKey;

use crate::support::{Run, Start, TestEnv, set_mode};

/// Returns the folder for `$XDG_RUNTIME_DIR`, and creates it on first use.
fn runtime(env: &TestEnv) -> PathBuf {
    let folder = env.outside().join("run");
    if std::fs::create_dir(&folder).is_ok() {
        set_mode(&folder, 0o700);
    }
    folder
}

/// Writes an editor: a shell script that has the file in `$1`. Returns the command that starts it.
fn editor(env: &TestEnv, script: &str) -> String {
    let path = env.outside().join("editor.sh");
    env.plaintext_in(&path);
    std::fs::write(&path, script).unwrap();
    format!("sh '{}'", path.display())
}

/// Returns `envseal edit` with this script as the editor.
pub(crate) fn edit<'a>(env: &'a TestEnv, script: &str, arguments: &[&str]) -> Run<'a> {
    let run = env.envseal(&[&["edit"], arguments].concat());
    run.var("XDG_RUNTIME_DIR", runtime(env)).var("VISUAL", editor(env, script))
}

/// Asserts that nothing is left where the plain text was.
#[track_caller]
fn assert_wiped(env: &TestEnv) {
    let left: Vec<_> = std::fs::read_dir(runtime(env)).unwrap().flatten().map(|item| item.path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Creates a repository whose `.env` has the sealed value 1 of A.
fn sealed() -> TestEnv {
    static START: Start = Start::new();
    TestEnv::copy_of(&START, |env| env.write_sealed(".env", "A=1\n"))
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[test]
fn one_changed_value_is_one_changed_line() {
    let env = TestEnv::new();
    let (old, kept, new) = (env.secret("old"), env.secret("kept"), env.secret("new"));
    env.write_sealed(".env", format!("A={old}\n# c\nB='{kept}' # d\nP=3 # envseal: plain\n"));
    let before = lines(&env.read(".env"));
    let output =
        edit(&env, &format!("sed -i 's/{old}/{new}/' \"$1\"; echo \"N={new}\" >>\"$1\""), &[]).output();
    assert_eq!((output.status, &*output.stderr), (0, "Encrypted A in .env\nEncrypted N in .env\n"));
    let after = lines(&env.read(".env"));
    assert_eq!((&after[..3], &after[4..7]), (&before[..3], &before[4..7]));
    assert!(after[3].starts_with("A=envseal:1:") && after[3] != before[3]);
    assert_eq!(env.ok(&["get", "--format", "dotenv"]).matches(&new).count(), 2);
    assert_eq!(env.ok(&["get", "B"]), format!("{kept}\n"));
    env.ok(&["check"]);
    assert_wiped(&env);
}

#[test]
fn what_is_shown_is_the_file_as_decrypt_prints_it() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n\n  export B = \"x\ny\" # c\r\nC='q'\nD=${A}");
    let shown = env.outside().join("shown");
    edit(&env, &format!("cp \"$1\" '{0}'; basename \"$1\" >>'{0}'", shown.display()), &[]).ok();
    let expected = format!("{}.env\n", env.ok(&["decrypt", "--stdout"]));
    assert_eq!(std::fs::read_to_string(shown).unwrap(), expected);
}

#[test]
fn nothing_changed_changes_no_byte() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\nB='x\ny'\nC=3");
    let before = env.snapshot();
    for script in [":", "cp \"$1\" \"$1.new\"; mv \"$1.new\" \"$1\"", "touch \"$1\""] {
        let output = edit(&env, script, &[]).output();
        assert_eq!((output.status, &*output.stderr), (0, "No changes\n"), "{script}");
        assert_eq!(env.snapshot(), before);
    }
    assert_wiped(&env);
}

#[test]
fn a_comment_alone_and_a_value_taken_out() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\nB=2\n");
    let before = env.read(".env");
    assert_eq!(edit(&env, "echo '# c' >>\"$1\"", &[]).output().stderr, "Wrote .env\n");
    assert_eq!(env.read(".env"), format!("{before}# c\n"));
    assert_eq!(edit(&env, "sed -i /^A=/d \"$1\"", &[]).output().stderr, "Removed A from .env\n");
    assert_eq!(env.ok(&["get", "--format", "dotenv"]), "B=2\n");
    let marked = edit(&env, "sed -i 's/^B=2/B=2 # envseal: plain/' \"$1\"", &[]).output();
    assert_eq!(marked.stderr, "Wrote B to .env as plain text\n");
    assert!(env.read(".env").ends_with("\nB=2 # envseal: plain\n# c\n"));
}

#[test]
fn a_file_that_is_not_there_is_made_as_set_makes_it() {
    let env = TestEnv::new();
    assert_eq!(edit(&env, ":", &["-e", "dev"]).output().stderr, "No changes\n");
    assert_eq!(env.snapshot(), []);
    let made = edit(&env, "echo A=1 >\"$1\"", &["-e", "dev"]).output();
    assert_eq!(made.status, 0, "{}", made.stderr);
    assert!(
        made.stderr.starts_with("Created .env.dev, a new environment\n")
            && made.stderr.ends_with("Encrypted A in .env.dev\n")
    );
    assert!(env.read(".env.dev").starts_with("# Values below are encrypted with this public key"));
    assert_eq!(env.ok(&["get", "-e", "dev", "A"]), "1\n");
    edit(&env, "echo A=2 # envseal: plain >\"$1\"", &["-C", "sub"]).fails(4);
    edit(&env, ":", &["-e", "a", "-e", "b"]).fails(2);
    std::fs::create_dir(env.path("sub")).unwrap();
    edit(&env, "echo 'A=2 # envseal: plain' >\"$1\"", &["-C", "sub"]).ok();
    assert_eq!(env.read("sub/.env"), "A=2 # envseal: plain\n");
}

#[test]
fn what_cannot_be_opened_is_told_before_the_editor_starts() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\nB=2\n");
    let text = env.read(".env");
    let started = "touch started";
    env.write(".env", text.replace("\nB=", "\nC="));
    let stderr = edit(&env, started, &[]).fails(3);
    assert!(stderr.contains(".env:5 C: encrypted for another name, or altered"), "{stderr}");
    env.write(".env", text);
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let stderr = edit(&env, started, &[]).fails(3);
    assert!(stderr.contains("not found in ENVSEAL_PRIVATE_KEY or "), "{stderr}");
    assert!(!env.path("started").exists());
}

#[test]
fn what_no_editor_keeps_stays_sealed() {
    let env = sealed();
    env.envseal(&["set", "BYTES"]).stdin(b"\xff\x00\xfe").ok();
    let bytes = env.read(".env").lines().last().unwrap().to_owned();
    let output = edit(&env, "sed -i 's/^A=1/A=2/' \"$1\"", &[]).output();
    let note = "note: BYTES stays encrypted in the editor: the value cannot be written in a .env file\n";
    assert_eq!((output.status, output.stderr), (0, format!("{note}Encrypted A in .env\n")));
    assert_eq!(env.read(".env").lines().last().unwrap(), bytes);
}

#[test]
fn what_is_refused_changes_nothing_and_says_why() {
    let env = sealed();
    let secret = env.secret("typed");
    let refused = |script: &str| {
        let stderr = edit(&env, &script.replace("SECRET", &secret), &[]).refuses(4);
        assert_wiped(&env);
        stderr
    };
    let said = "error: .env:5 is neither a variable nor a comment, so it cannot be encrypted\n  \
                Nothing was written; the edit is discarded\n\
                hint: if it belongs to the value above it, put that value in quotes; otherwise make it NAME=value, or remove it\n";
    assert_eq!(refused("echo SECRET >>\"$1\""), said);
    for (script, words) in [
        ("echo B=\\'SECRET >>\"$1\"", ".env:5 B: the quote is not closed"),
        ("sed -i '/PUBLIC/d' \"$1\"", ".env:2 ENVSEAL_PUBLIC_KEY belongs to envseal"),
        ("printf '\\377\\376A' >\"$1\"", "the file is UTF-16"),
        ("rm \"$1\"", "it does not exist"),
        ("ln -sf /etc/hostname \"$1\"", "it is not a regular file"),
    ] {
        let stderr = refused(script);
        assert!(stderr.contains(words), "{script}: {stderr}");
    }
    set_mode(env.path(".env"), 0o444);
    let stderr = refused("echo B=SECRET >>\"$1\"");
    assert!(stderr.contains("it is read-only") && stderr.contains("the edit is discarded"), "{stderr}");
}

#[test]
fn a_replaced_public_key_stops_an_edit_before_the_editor_starts() {
    let (env, key) = crate::pins::pinned();
    let other = PrivateKey::generate().public();
    crate::pins::replace_key(&env, ".env.production", &key.public(), &other);
    let stderr = edit(&env, "touch started", &["-e", "production"]).fails(3);
    assert!(stderr.contains("envseal key trust -e production"), "{stderr}");
    assert!(!env.path("started").exists());
}
