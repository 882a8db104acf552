//! Lead envseal to another keys file, or make it write keys where they do not belong.

use std::os::unix::fs::{PermissionsExt, chown, symlink};

use super::sealed_project;
use crate::support::{TestEnv, set_mode};

/// Runs a first `set`, which must fail and change nothing, and returns its stderr.
fn first_set_fails(env: &TestEnv) -> String {
    let before = env.snapshot();
    let secret = env.secret("lost");
    let output = env.envseal(&["set", "A"]).stdin(secret).output();
    assert!(matches!(output.status, 3 | 4), "{}: {}", output.status, output.stderr);
    assert!(!env.path(".env").exists());
    let mut after = env.snapshot();
    // envseal adds the keys file to .gitignore before anything else, which does no harm.
    after
        .retain(|(path, _)| path != &env.path(".gitignore") || before.iter().any(|(there, _)| there == path));
    assert_eq!(after, before);
    output.stderr
}

#[test]
fn tracked() {
    let (env, _) = sealed_project();
    env.git(&["add", "-f", ".env.keys"]);
    for arguments in [&["run", "--", "touch", "started"][..], &["get", "HELLO"]] {
        let said = env.fails(3, arguments);
        assert!(said.contains(".env.keys is tracked by git"), "{said}");
        assert!(said.contains("hint: git rm --cached "), "{said}");
    }
    env.fails(3, &["set", "HELLO", "x"]);
    env.fails(3, &["set", "A", "x", "-e", "new"]);
    super::nothing_ran(&env);
}

#[test]
fn tracked_in_another_worktree() {
    let (env, _) = sealed_project();
    env.git(&["add", "-A"]);
    env.git(&["commit", "-q", "-m", "x"]);
    let linked = env.outside().join("linked");
    env.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    env.git(&["add", "-f", ".env.keys"]);
    let get = || env.envseal(&["get", "HELLO"]).dir(&linked);
    let said = get().fails(3);
    let hint = said.split_once("hint: ").unwrap().1.split_once("; if it was").unwrap().0;
    env.program("sh", &["-c", hint]).dir(&linked).ok();
    assert!(get().ok().starts_with("canary"));
}

#[test]
fn a_tracked_symlink() {
    let (env, _) = sealed_project();
    std::fs::rename(env.path(".env.keys"), env.outside().join("home/keys")).unwrap();
    symlink(env.outside().join("home/keys"), env.path(".env.keys")).unwrap();
    assert!(env.ok(&["get", "HELLO"]).starts_with("canary"), "the user's own link is fine");
    env.git(&["add", "-f", ".env.keys"]);
    assert!(env.fails(3, &["get", "HELLO"]).contains("tracked by git"));
}

#[test]
fn a_symlink_to_a_tracked_file() {
    let (env, _) = sealed_project();
    std::fs::rename(env.path(".env.keys"), env.path("shared.txt")).unwrap();
    symlink("shared.txt", env.path(".env.keys")).unwrap();
    env.git(&["add", "shared.txt"]);
    let said = env.fails(3, &["get", "HELLO"]);
    assert!(said.contains("shared.txt is tracked by git"), "{said}");
}

#[test]
fn a_symlink_to_a_file_that_git_would_take() {
    let env = TestEnv::new();
    env.write("keys.txt", "");
    symlink("keys.txt", env.path(".env.keys")).unwrap();
    let said = first_set_fails(&env);
    assert!(said.contains("keys.txt"), "{said}");
    assert_eq!(env.read("keys.txt"), "");
}

#[test]
fn something_else_in_its_place() {
    let fifo = |env: &TestEnv| drop(env.program("mkfifo", &[".env.keys"]).ok());
    let folder = |env: &TestEnv| std::fs::create_dir(env.path(".env.keys")).unwrap();
    let device = |env: &TestEnv| symlink("/dev/zero", env.path(".env.keys")).unwrap();
    let gone = |env: &TestEnv| symlink("no/such/folder/keys", env.path(".env.keys")).unwrap();
    let cycle = |env: &TestEnv| symlink(".env.keys", env.path(".env.keys")).unwrap();
    for make in [&fifo as &dyn Fn(&TestEnv), &folder, &device, &gone, &cycle] {
        let env = TestEnv::new();
        make(&env);
        let said = first_set_fails(&env);
        assert!(said.contains(".env.keys") || said.contains("no/such/folder"), "{said}");
        // Commands that need a key refuse it, too.
        let (sealed, _) = sealed_project();
        std::fs::remove_file(sealed.path(".env.keys")).unwrap();
        make(&sealed);
        let said = sealed.envseal(&["run", "--", "touch", "started"]).output();
        assert!(matches!(said.status, 3 | 4), "{}", said.stderr);
        assert!(said.stderr.contains(".env.keys"), "{}", said.stderr);
        super::nothing_ran(&sealed);
    }
}

#[test]
fn of_another_user() {
    let (env, _) = sealed_project();
    if chown(env.path(".env.keys"), Some(12345), None).is_err() {
        println!("skipped: a file of another user needs root");
        return;
    }
    let said = env.fails(3, &["run", "--", "touch", "started"]);
    assert!(said.contains(".env.keys belongs to another user"), "{said}");
    // It is refused with -K, too. A key from stdin has no owner to check.
    let said = env.fails(3, &["get", "HELLO", "-K", ".env.keys"]);
    assert!(said.contains(".env.keys belongs to another user"), "{said}");
    let keys = env.bytes(".env.keys");
    assert!(env.envseal(&["get", "HELLO", "-K", "-"]).stdin(keys).ok().starts_with("canary"));
    super::nothing_ran(&env);
}

/// A key may be pasted where a name or a path belongs, for example in the settings of a CI.
#[test]
fn a_key_in_the_wrong_place_is_not_shown() {
    let (env, _) = sealed_project();
    env.commit("1");
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    let body = key.strip_prefix("envseal-sk1-").unwrap();
    let range = format!("{key}..");
    let key = key.as_str();
    for arguments in [
        &["get", "-K", key][..],
        &["get", "-e", key],
        &["get", "-f", key],
        &["get", "-C", key],
        &["get", "-i", key],
        &["get", "--at", key],
        &["get", key],
        &["set", key, "x"],
        &["unset", key],
        &["rename", key, "A"],
        &["resolve", key, "--ours"],
        &["run", "--", key],
        &["run", key],
        &["log", key],
        &["blame", key],
        &["diff", key],
        &["check", "--range", &range],
        &["check", key],
        &["check", "--max-age", key],
        &["ls", key],
        &["import", key],
        &["import", "dotenv", key],
        &["key", "show", "-e", key],
        &["key", "trust", key],
        &["key", "recover", key],
        &["key", key],
        &["team", "approve", key],
        &["team", "add", key],
        &["team", "add", "bob", "--key", key],
        &["team", "request", "--name", key],
        &["completions", key],
        &["hook", "run", key],
        &[key],
    ] {
        let output = env.envseal(arguments).output();
        let shown = String::from_utf8_lossy(&output.stdout) + &*output.stderr;
        assert!(!shown.contains(body), "{}: {shown}", arguments[0]);
    }
    for variable in ["ENVSEAL_KEYS_FILE", "ENVSEAL_ENV", "ENVSEAL_IDENTITY", "ENVSEAL_KEY_COMMAND"] {
        for arguments in
            [&["get"][..], &["run", "--", "true"], &["doctor"], &["team", "whoami"], &["key", "list"]]
        {
            let output = env.envseal(arguments).var(variable, key).output();
            let shown = String::from_utf8_lossy(&output.stdout) + &*output.stderr;
            assert!(!shown.contains(body), "{variable} {arguments:?}: {shown}");
        }
    }
}

#[test]
fn its_mode_is_never_widened() {
    let (env, _) = sealed_project();
    let mode = |file| std::fs::metadata(env.path(file)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(".env.keys"), 0o600);
    set_mode(env.path(".env.keys"), 0o600);
    env.program("sh", &["-c", "umask 0; exec \"$0\" set A x -e other", env!("CARGO_BIN_EXE_envseal")]).ok();
    assert_eq!(mode(".env.keys"), 0o600);
}

#[test]
fn an_env_file_that_leads_to_it() {
    let (env, _) = sealed_project();
    symlink(".env.keys", env.path(".env.production")).unwrap();
    let before = env.bytes(".env.keys");
    for arguments in [&["set", "A", "x", "-e", "production"][..], &["key", "generate", "-e", "production"]] {
        let said = env.fails(4, arguments);
        assert!(said.contains("a symlink to .env.keys, the keys file; envseal does not write"), "{said}");
    }
    assert!(!env.ok(&["get", "-e", "production"]).contains("envseal-sk1-"));
    assert_eq!(env.bytes(".env.keys"), before);
}

#[test]
fn ignore_rules_that_let_it_through() {
    for rules in [".env.keys\n!.env.keys\n", "*.keys\n.env.keys\n!.env*\n"] {
        let env = TestEnv::new();
        env.write(".gitignore", rules);
        let said = first_set_fails(&env);
        assert!(said.contains("hint: remove the rule that starts with `!` from .gitignore"), "{said}");
        assert!(!env.path(".env.keys").exists());
    }
    // Git does not read a `.gitignore` that is a symlink, so it ignores nothing.
    let env = TestEnv::new();
    env.write("rules", ".env.keys\n");
    symlink("rules", env.path(".gitignore")).unwrap();
    let said = first_set_fails(&env);
    assert!(said.contains(".gitignore is a symlink"), "{said}");
    assert!(!env.path(".env.keys").exists());
}
