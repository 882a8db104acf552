//! `docs/pre-receive`, as a user copies it, in a bare repository that is really pushed to.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::{Output, TestEnv};

/// No canary: pushing it puts it among git's objects.
const PLAINTEXT: &str = "sk_live_51HG8vnotforgit";

/// A project with one sealed file, pushed to a bare repository with the recipe in its hooks.
fn server() -> (TestEnv, PathBuf) {
    let env = TestEnv::new();
    env.envseal(&["set", "HELLO"]).stdin("a value of no matter").ok();
    env.git(&["add", "-A"]);
    env.git(&["commit", "-q", "-m", "start"]);
    let bare = env.outside().join("server.git");
    env.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
    let hook = bare.join("hooks/pre-receive");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pre-receive"), &hook).unwrap();
    assert_ne!(hook.metadata().unwrap().permissions().mode() & 0o111, 0, "the recipe is executable");
    env.git(&["remote", "add", "origin", bare.to_str().unwrap()]);
    push(&env, &["main"]).unwrap();
    (env, bare)
}

/// Pushes; the output of a push that was refused.
fn push(env: &TestEnv, refs: &[&str]) -> Result<(), Output> {
    let arguments = [&["push", "-q", "origin"], refs].concat();
    let output = env.git_with_envseal(&arguments).output();
    if output.status == 0 { Ok(()) } else { Err(output) }
}

fn refs(env: &TestEnv, bare: &PathBuf) -> String {
    env.program("git", &["for-each-ref"]).dir(bare).ok()
}

fn commit(env: &TestEnv, file: &str, text: impl AsRef<[u8]>) {
    env.write(file, text);
    env.git(&["add", "-f", "--", file]);
    env.git(&["commit", "-q", "-m", file]);
}

/// That this push is refused with these words, moves no ref, and leaves no object behind.
#[track_caller]
fn refused(env: &TestEnv, bare: &PathBuf, names: &[&str], said: &[&str]) {
    let objects = |env: &TestEnv| env.program("git", &["count-objects", "-v"]).dir(bare).ok();
    let before = (refs(env, bare), objects(env));
    let output = push(env, names).expect_err("it was accepted");
    for words in said {
        assert!(output.stderr.contains(words), "{words:?} was not said: {}", output.stderr);
    }
    assert!(!output.stderr.contains(&PLAINTEXT[..8]));
    assert_eq!((refs(env, bare), objects(env)), before);
}

#[test]
fn a_push_with_plaintext_is_refused_and_forgotten() {
    let (env, bare) = server();
    let good = env.read(".env");
    commit(&env, ".env", format!("{good}SECRET={PLAINTEXT}\n"));
    let said =
        ["error: SECRET is plain text", "[plaintext]", "pre-receive: refs/heads/main was not accepted"];
    refused(&env, &bare, &["main"], &said);
    // Mended on top, the commit that holds it is still brought along.
    commit(&env, ".env", &good);
    refused(&env, &bare, &["main"], &["error: SECRET is plain text"]);
    // A new branch, a tag, and two at once of which one is good.
    refused(&env, &bare, &["main:refs/heads/new"], &["refs/heads/new was not accepted"]);
    env.git(&["tag", "-a", "-m", "x", "v1"]);
    refused(&env, &bare, &["v1"], &["refs/tags/v1 was not accepted"]);
    refused(&env, &bare, &["main:refs/heads/new", "origin/main:refs/heads/other"], &["refs/heads/new"]);
    // Without that commit it passes.
    env.git(&["reset", "-q", "--hard", "origin/main"]);
    env.envseal(&["set", "SECRET"]).stdin(PLAINTEXT).ok();
    env.git(&["commit", "-q", "-a", "-m", "sealed"]);
    push(&env, &["main"]).unwrap();
    push(&env, &["main:refs/heads/new"]).unwrap();
    push(&env, &[":refs/heads/new"]).unwrap();
    assert!(!refs(&env, &bare).contains("refs/heads/new"));
}

#[test]
fn the_policy_is_the_one_that_stood_there_before() {
    let (env, bare) = server();
    let good = env.read(".env");
    env.write("envseal.toml", "[policy]\nplain = [\"SECRET\"]\n");
    env.git(&["add", "envseal.toml"]);
    commit(&env, ".env", format!("{good}SECRET={PLAINTEXT}\n"));
    refused(&env, &bare, &["main"], &["[plaintext]", "[policy-widened]"]);
    refused(&env, &bare, &["main:refs/heads/new"], &["[policy-widened]"]);
    // Once it was reviewed, whoever keeps the server lets it in; and nothing else with it.
    env.program("git", &["config", "envseal.acceptPolicy", "true"]).dir(&bare).ok();
    push(&env, &["main"]).unwrap();
    commit(&env, ".env.other", format!("OTHER={PLAINTEXT}\n"));
    refused(&env, &bare, &["main"], &["OTHER is plain text"]);
}

#[test]
fn the_first_push_into_an_empty_repository_is_checked_whole() {
    let (env, _) = server();
    commit(&env, ".env.production", format!("SECRET={PLAINTEXT}\n"));
    commit(&env, "file", "later\n");
    let bare = env.outside().join("empty.git");
    env.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
    std::fs::copy(env.outside().join("server.git/hooks/pre-receive"), bare.join("hooks/pre-receive"))
        .unwrap();
    env.git(&["remote", "set-url", "origin", bare.to_str().unwrap()]);
    refused(&env, &bare, &["main"], &[".env.production:1: error: SECRET"]);
    push(&env, &["main~2:refs/heads/main"]).unwrap();
}

#[test]
fn a_forced_push_and_a_keys_file_are_met_too() {
    let (env, bare) = server();
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    env.git(&["commit", "-q", "--amend", "-m", "other"]);
    commit(&env, "notes.txt", format!("{key}\n"));
    refused(&env, &bare, &["+main"], &["notes.txt", "[private-key]"]);
    env.git(&["reset", "-q", "--hard", "HEAD~"]);
    push(&env, &["+main"]).unwrap();
}

#[test]
fn a_server_without_envseal_accepts_nothing() {
    let (env, bare) = server();
    env.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    let before = refs(&env, &bare);
    let output = env.program("git", &["push", "-q", "origin", "main"]).output();
    assert_ne!(output.status, 0);
    assert!(output.stderr.contains("envseal is not on the PATH of this server"), "{}", output.stderr);
    assert_eq!(refs(&env, &bare), before);
}
