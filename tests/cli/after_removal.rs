//! What is said after a member was removed, and before one is granted access.

use crate::support::{TestEnv, contains_all};
use crate::team::{alice_and_bob, bob_has_left, two_members};

#[test]
fn a_removal_says_where_the_new_key_is_and_where_else_it_is_needed() {
    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    let told = alice.envseal(&["team", "remove", "bob", "--yes"]).stderr;
    let words = [
        "Added the new private key to .env.keys, before the old. Back it up",
        "Where ENVSEAL_PRIVATE_KEY_PRODUCTION is injected, set it to NEW,OLD until every branch has the new key",
    ];
    contains_all(&told, &words);
    // Without a rotation there is no new key.
    alice.pushes("bob is out");
    let key = envseal::testing::crypto::Identity::generate().public();
    let add = env.envseal(&["team", "add", "-q", "ci", "--key", "-", "--fingerprint", &key.fingerprint()]);
    alice.run(add).stdin(key.to_string()).ok();
    let told = alice.envseal(&["team", "remove", "ci", "--yes"]).stderr;
    assert!(told.contains("Removed ci") && !told.contains("private key"), "{told}");
}

#[test]
fn key_list_counts_the_exposed_values_that_team_exposures_lists() {
    let env = TestEnv::without_git();
    let [alice, _] = bob_has_left(&env);
    let count = |person: &crate::support::Person<'_>| {
        person.json(&["key", "list", "-e", "production", "--json"])[0]["exposures"].clone()
    };
    assert_eq!(count(&alice), 2);
    alice.says(&["unset", "-q", "URL", "-e", "production"]);
    assert_eq!(count(&alice), 1);
    alice.says(&["unset", "-q", "TOKEN", "-e", "production"]);
    assert_eq!(count(&alice), 0);
    assert!(alice.envseal(&["team", "exposures"]).stderr.contains("No exposed values left"));
}

#[test]
fn an_ignored_environment_can_be_granted_to_nobody() {
    let env = TestEnv::without_git();
    let [alice, bob] = alice_and_bob(&env);
    bob.says(&["team", "request", "-q"]);
    bob.pushes("let me in");
    alice.pulls();
    alice.add_line(".gitignore", ".env.local");
    alice.says(&["set", "-q", "A", "value", "-e", "local"]);
    let before = alice.read("envseal.toml");
    let stderr =
        alice.fails(4, &["team", "approve", "bob", "-e", "local", "--fingerprint", &bob.fingerprint()]);
    assert!(stderr.contains("git ignores .env.local, so") && !stderr.contains("envseal ls"), "{stderr}");
    let stderr =
        alice.fails(4, &["team", "approve", "bob", "-e", "other", "--fingerprint", &bob.fingerprint()]);
    assert!(stderr.contains("has a key for other") && stderr.contains("envseal ls"), "{stderr}");
    assert_eq!(alice.read("envseal.toml"), before);
}
