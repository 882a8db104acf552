//! Put an older public key back into an env file, so that others grant it, rotate from it or encrypt with it.

use envseal::testing::crypto::{Identity, PrivateKey, PublicKey};
use envseal::testing::team::TeamFile;

use crate::pins::{commit, lists, pinned};
use crate::rotate::member;
use crate::support::TestEnv;

const FILE: &str = ".env.production";

/// Creates a repository in which a member who has both keys rotated production. Returns the key before, and the
/// fingerprint of bob, who asks for access.
fn rotated() -> (TestEnv, PrivateKey, String) {
    let (env, old) = pinned();
    env.ok(&["team", "request", "--name", "alice"]);
    let bob = Identity::generate().public();
    let mut team = TeamFile::parse(&env.bytes("envseal.toml")).unwrap();
    team.put_member(&member("bob"), &bob);
    env.write("envseal.toml", team.text());
    commit(&env, "members");
    env.ok(&["key", "rotate", "-e", "production"]);
    commit(&env, "rotated");
    let shown = env.ok(&["key", "show", "-e", "production"]);
    assert_ne!(PublicKey::parse(shown.trim()).unwrap(), old.public());
    (env, old, bob.fingerprint())
}

/// Asserts that nothing is granted, rotated or, unless `seals`, encrypted, and that no file changes.
#[track_caller]
fn refuses(env: &TestEnv, bob: &str, seals: bool) {
    let before = env.snapshot();
    let approve = ["team", "approve", "bob", "-e", "production", "--fingerprint", bob];
    let mut all = vec![&approve[..], &["key", "rotate", "-e", "production"]];
    if !seals {
        all.extend([
            &["set", "A", "1", "-e", "production"][..],
            &["encrypt", "--reseal", "-e", "production"],
        ]);
    }
    for arguments in all {
        let said = env.fails(3, arguments);
        let why = ["differs from the one this machine trusts", "has an older public key of production"];
        assert!(why.iter().any(|why| said.contains(why)), "{arguments:?}: {said}");
    }
    assert_eq!(env.snapshot(), before);
}

#[test]
fn with_the_record_of_its_rotation_and_without() {
    let (env, _, bob) = rotated();
    env.git(&["checkout", "-q", "HEAD~", "--", FILE]);
    commit(&env, "back");
    refuses(&env, &bob, false);
    env.git(&["checkout", "-q", "HEAD~2", "--", "envseal.toml"]);
    assert!(!env.read("envseal.toml").contains("[rotations"));
    commit(&env, "its record too");
    refuses(&env, &bob, false);
    // By contrast, the newest key is accepted.
    env.git(&["checkout", "-q", "HEAD~2", "--", FILE, "envseal.toml"]);
    env.ok(&["team", "approve", "bob", "-e", "production", "--fingerprint", &bob]);
    env.ok(&["set", "A", "1", "-e", "production"]);
    env.ok(&["key", "rotate", "-e", "production"]);
}

#[test]
fn where_this_machine_has_never_seen_the_newer_one() {
    let (env, old, bob) = rotated();
    for list in lists(&env) {
        std::fs::remove_file(list).unwrap();
    }
    // Nor does it have the newer private key.
    env.write(".env.keys", format!("ENVSEAL_PRIVATE_KEY_PRODUCTION={}\n", old.to_text().expose()));
    env.git(&["checkout", "-q", "HEAD~", "--", FILE]);
    commit(&env, "back");
    refuses(&env, &bob, false);
    env.git(&["checkout", "-q", "HEAD~2", "--", "envseal.toml"]);
    commit(&env, "its record too");
    refuses(&env, &bob, true);
    // Without any private key, the rotation record is believed.
    env.git(&["checkout", "-q", "HEAD~2", "--", "envseal.toml"]);
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let said = env.fails(3, &["set", "A", "1", "-e", "production"]);
    assert!(said.contains("has an older public key of production"), "{said}");
}

#[test]
fn under_another_environments_name() {
    let (env, _, bob) = rotated();
    let key = env.ok(&["key", "show", "-e", "production"]);
    for (file, environment) in [
        (".env.staging", "staging"),
        ("web/.env.staging", "staging"),
        // A project of its own, with the same key.
        ("app/.env.production", "production"),
    ] {
        let variable = format!("ENVSEAL_PUBLIC_KEY_{}", environment.to_uppercase());
        env.write(file, format!("{variable}={key}"));
        if file.starts_with("app/") {
            env.write("app/envseal.toml", env.read("envseal.toml"));
        }
        let private = env.private_key("ENVSEAL_PRIVATE_KEY_PRODUCTION");
        let dir = if file.starts_with("app/") { "app" } else { "." };
        let before = env.snapshot();
        let said = env
            .envseal(&["-C", dir, "team", "approve", "bob", "-e", environment, "--fingerprint", &bob])
            .var("ENVSEAL_PRIVATE_KEY_STAGING", &private)
            .fails(4);
        assert!(said.contains("has the same public key as") && said.contains("access to both"), "{said}");
        assert_eq!(env.snapshot(), before);
        std::fs::remove_file(env.path(file)).unwrap();
    }
    // A name that maps to the same key name as another environment's.
    env.write(".env.pro-duction", "");
    env.write("web/.env.pro.duction", "");
    let said = env.fails(4, &["set", "A", "1", "-f", ".env.pro-duction"]);
    assert!(said.contains("shares the key name ENVSEAL_PUBLIC_KEY_PRO_DUCTION"), "{said}");
}
