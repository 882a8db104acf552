//! Tests that need a process with its own environment, working directory and output. Each child is this test binary
//! again, which runs one ignored test in an environment with only the given variables.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use envseal::{ErrorKind, Vault};

use crate::{CANARY, Folder, quickstart, refused};

/// Runs the ignored test `process::name` in `folder`. It must succeed, and print nothing of its own.
#[track_caller]
fn child(name: &str, folder: &Path, variables: &[(&str, &str)]) -> Output {
    let output = command(name, folder, variables).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "no test is called {name}: {said}");
    let own =
        |line: &&str| !(line.is_empty() || line.starts_with("running 1 test") || line.starts_with("test "));
    assert_eq!(said.lines().filter(own).collect::<Vec<_>>(), [""; 0], "a library prints nothing");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    output
}

fn command(name: &str, folder: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([&format!("process::{name}"), "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PATH", std::env::var_os("PATH").unwrap());
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    command
}

fn var(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[test]
fn the_schema_holds_without_the_process() {
    let folder = Folder::sealed();
    folder.write(".env.example", "# @required\nREQ=\n# @type=port\nSECRET_PORT=\n");
    child("child_is_held_to_the_schema", folder.0.path(), &[("REQ", "1")]);
}

#[test]
#[ignore = "run as a child"]
fn child_is_held_to_the_schema() {
    // The process has the variable, but the file that was asked for doesn't.
    let error = refused(Vault::open(".env").unwrap().vars(), ErrorKind::Refused);
    assert!(error.to_string().contains("REQ") && error.details().len() == 1, "{error:?}");
    refused(Vault::options().vars([".env"]), ErrorKind::Refused);
}

#[test]
fn keys_come_from_the_process() {
    let folder = Folder::sealed();
    let key = folder.private_key();
    std::fs::remove_file(folder.path(".env.keys")).unwrap();
    child("child_opens", folder.0.path(), &[("ENVSEAL_PRIVATE_KEY", &key)]);
    child("child_has_no_key", folder.0.path(), &[("ENVSEAL_PRIVATE_KEY_PRODUCTION", &key)]);
    child("child_has_no_key", folder.0.path(), &[]);
}

#[test]
#[ignore = "run as a child"]
fn child_opens() {
    assert_eq!(
        Vault::open(".env").unwrap().vars().unwrap().get("SECRET").unwrap().expose(),
        CANARY.as_bytes()
    );
}

#[test]
#[ignore = "run as a child"]
fn child_has_no_key() {
    refused(Vault::open(".env").unwrap().vars(), ErrorKind::NoKey);
}

#[test]
fn nothing_is_printed_asked_or_moved() {
    let folder = Folder::sealed();
    let elsewhere = Folder::new();
    child("child_does_everything", folder.0.path(), &[("ELSEWHERE", elsewhere.0.path().to_str().unwrap())]);
    assert!(folder.read(".env").contains("NEW=envseal:1:"), "the file is written where it was opened");
    assert_eq!(elsewhere.snapshot(), []);
}

#[test]
#[ignore = "run as a child"]
fn child_does_everything() {
    let here = std::env::current_dir().unwrap();
    let before: Vec<_> = std::env::vars_os().collect();
    let mut vault = Vault::open(".env").unwrap();
    assert_eq!(vault.path(), here.join(".env"));
    // The program may change its working directory and continue.
    std::env::set_current_dir(var("ELSEWHERE").unwrap()).unwrap();
    let there = std::env::current_dir().unwrap();
    vault.set_all([("NEW", "x"), ("OTHER", "y")]).map(drop).unwrap();
    vault.rename("NEW", "NEWER").map(drop).unwrap();
    vault.rename("NEWER", "NEW").map(drop).unwrap();
    vault.unset("OTHER").map(drop).unwrap();
    vault.set_plain("PORT", "1").map(drop).unwrap();
    assert_eq!(vault.vars().unwrap().len(), 3);
    refused(Vault::open("none.env"), ErrorKind::NotFound);
    assert_eq!(std::env::current_dir().unwrap(), there);
    assert_eq!(std::env::vars_os().collect::<Vec<_>>(), before);
}

#[test]
fn processes_lose_nothing_of_each_other() {
    let folder = Folder::sealed();
    let mut children: Vec<_> = ["ONE", "TWO", "THREE"]
        .map(|name| {
            command("child_sets", folder.0.path(), &[("NAME", name)]).stdout(Stdio::null()).spawn().unwrap()
        })
        .into();
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    assert_eq!(folder.open().vars().unwrap().len(), 13);
}

#[test]
#[ignore = "run as a child"]
fn child_sets() {
    let mut vault = Vault::open(".env").unwrap();
    for at in 0..4 {
        vault.set(&format!("{}_{at}", var("NAME").unwrap()), CANARY).map(drop).unwrap();
    }
}

#[test]
fn a_replaced_public_key_is_refused() {
    let folder = Folder::sealed();
    let git = |arguments: &[&str]| {
        let identity =
            ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
        let status = Command::new("git")
            .args(identity)
            .args(arguments)
            .current_dir(folder.0.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdout(Stdio::null())
            .status();
        assert!(status.unwrap().success(), "git {arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["add", ".env"]);
    git(&["commit", "-qm", "first"]);
    child("child_seals", folder.0.path(), &[("NAME", "BEFORE")]);
    let replaced = Folder::sealed().source("ENVSEAL_PUBLIC_KEY");
    folder.write(".env", format!("ENVSEAL_PUBLIC_KEY={replaced}\n"));
    let before = folder.read(".env");
    child("child_seals", folder.0.path(), &[("NAME", "AFTER"), ("REFUSED", "yes")]);
    assert_eq!(folder.read(".env"), before);
}

#[test]
#[ignore = "run as a child"]
fn child_seals() {
    let done = Vault::open(".env").unwrap().set(&var("NAME").unwrap(), CANARY);
    if var("REFUSED").is_none() {
        assert_eq!(done.unwrap().names(), [var("NAME").unwrap()]);
    } else {
        let error = refused(done, ErrorKind::Refused);
        assert!(error.details().iter().any(|line| line.starts_with("trusted: SHA256:")), "{error:?}");
    }
}

#[test]
fn in_the_dotenvy_example_the_process_wins_except_for_the_password() {
    let variables = [("PORT", "1234"), ("READER", "me"), ("DATABASE_PASSWORD", "of-the-process")];
    child("child_configures", quickstart(), &variables);
}

#[test]
#[ignore = "run as a child"]
fn child_configures() {
    let options = crate::examples::options();
    let config = crate::examples::beside_dotenvy::Config::read(Path::new("."), options).unwrap();
    assert_eq!((config.port, &*config.reader), (1234, "me"));
    assert!(config.password.is_sealed() && config.password.expose() != b"of-the-process");
}
