//! People join, get access, and leave.

#[cfg(unix)]
mod add;
mod evade;
mod exposures;
mod identity;
mod join;
mod remove;

use crate::support::{Person, Start, TestEnv};

/// Creates Alice, a member who has production and staging, and Bob, who has only a clone.
pub(crate) fn alice_and_bob(env: &TestEnv) -> [Person<'_>; 2] {
    static START: Start = Start::new();
    env.start_as(&START, |env| {
        let bare = env.outside().join("shared.git");
        env.git(&["init", "-q", "--bare", "-b", "main", bare.to_str().unwrap()]);
        let alice = Person::clone_of(env, &bare, "Alice");
        for (name, environment) in [("URL", "production"), ("TOKEN", "production"), ("URL", "staging")] {
            let secret = env.secret(&format!("{}-{environment}", name.to_lowercase()));
            alice.says(&["set", "-q", name, &secret, "-e", environment]);
        }
        alice.says(&["team", "request", "-q"]);
        alice.pushes("start");
        Person::clone_of(env, &bare, "Bob");
    });
    ["Alice", "Bob"].map(|name| Person::of(env, name))
}

/// Creates Alice and Bob, members who can both decrypt production.
pub(crate) fn two_members(env: &TestEnv) -> [Person<'_>; 2] {
    static START: Start = Start::new();
    env.start_as(&START, |env| {
        let [alice, bob] = alice_and_bob(env);
        let_in(&alice, &bob, "production");
    });
    ["Alice", "Bob"].map(|name| Person::of(env, name))
}

/// Creates Alice, and Bob, who could decrypt production until she removed him. He has not pulled that.
pub(crate) fn bob_has_left(env: &TestEnv) -> [Person<'_>; 2] {
    static START: Start = Start::new();
    env.start_as(&START, |env| {
        let [alice, _] = two_members(env);
        alice.says(&["team", "remove", "bob", "--yes", "-q"]);
        alice.pushes("bob is out");
    });
    ["Alice", "Bob"].map(|name| Person::of(env, name))
}

/// Removes Alice's own grants. Before envseal made them, she had none.
pub(crate) fn without_own_grants(alice: &Person<'_>) {
    alice.write("envseal.toml", without_lines(&alice.read("envseal.toml"), &["alice = { key"]));
}

/// Returns a text without the lines that start with one of `starts`.
pub(crate) fn without_lines(text: &str, starts: &[&str]) -> String {
    let lines = text.lines().filter(|line| !starts.iter().any(|start| line.starts_with(start)));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Makes `person` request access, and `by` grant it.
#[track_caller]
pub(crate) fn let_in(by: &Person<'_>, person: &Person<'_>, environment: &str) {
    person.says(&["team", "request", "-q"]);
    if !person.git(&["status", "--short"]).stdout.is_empty() {
        person.pushes("let me in");
    }
    by.pulls();
    approve(by, person, environment);
    by.pushes("let them in");
    person.pulls();
}

/// Makes `by` grant an environment to `person`, who is a member. Commits nothing.
#[track_caller]
pub(crate) fn approve(by: &Person<'_>, person: &Person<'_>, environment: &str) {
    let name = person.name.to_lowercase();
    by.says(&["team", "approve", &name, "-e", environment, "--fingerprint", &person.fingerprint()]);
}

/// Asserts that `check` finds no error.
#[track_caller]
fn is_in_order(person: &Person<'_>) {
    let found = person.envseal(&["check"]);
    assert_eq!(found.status, 0, "{}{}", String::from_utf8_lossy(&found.stdout), found.stderr);
}

/// Asserts that `check` finds an error with these words. Returns all that it finds.
#[track_caller]
fn is_reported(person: &Person<'_>, arguments: &[&str], words: &str) -> String {
    let output = person.envseal(&[&["check"], arguments].concat());
    let found = String::from_utf8(output.stdout).unwrap();
    assert!(output.status == 1 && found.contains(words), "no {words:?} in: {found}{}", output.stderr);
    found
}

/// Returns the exposed values that are not replaced, as `MEMBER ENVIRONMENT NAME`.
#[track_caller]
fn exposed(person: &Person<'_>) -> Vec<String> {
    let list = person.json(&["team", "exposures", "--json"]);
    let one = |exposed: &serde_json::Value| {
        ["member", "environment", "name"].map(|field| exposed[field].as_str().unwrap()).join(" ")
    };
    list.as_array().unwrap().iter().map(one).collect()
}

#[track_caller]
fn public_key(person: &Person<'_>, environment: &str) -> String {
    person.says(&["key", "show", "-e", environment])
}

/// Returns the value that a program run by `person` sees.
#[track_caller]
pub(crate) fn reads(person: &Person<'_>, environment: &str, name: &str) -> String {
    person.says(&["run", "-e", environment, "--", "printenv", name]).trim_end().to_owned()
}
