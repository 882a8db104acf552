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
        let why = ["from before its rotation: commit ", "has an older public key of production"];
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
fn whoever_put_it_back_is_named() {
    let (env, ..) = rotated();
    env.git(&["branch", "stale", "HEAD~"]);
    let rotation = env.git(&["rev-parse", "--short=12", "HEAD"]).trim().to_owned();
    let named = || {
        let said = env.fails(3, &["set", "A", "1", "-e", "production"]);
        assert!(said.contains(&format!("commit {rotation} ")), "{said}");
        assert!(said.contains("it was put back since\n") && !said.contains("key trust"), "{said}");
        let head = env.git(&["rev-parse", "HEAD"]).trim().to_owned();
        let said = env.fails(2, &["key", "trust", "-e", "production"]);
        assert!(said.contains(&format!("by Mallory <m@x> in {head}: ")), "{said}");
    };
    let mallory = ["-c", "user.name=Mallory", "-c", "user.email=m@x"];
    let by_mallory = |arguments: &[&str]| {
        let unset = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"].map(|name| format!("--unset={name}"));
        let all = [&[unset[0].as_str(), &unset[1], "git"][..], &mallory, arguments].concat();
        env.program("env", &all).ok();
    };
    by_mallory(&["revert", "--no-edit", "HEAD"]);
    named();
    // Until it is committed, nobody has.
    env.git(&["reset", "-q", "--hard", "HEAD~"]);
    env.git(&["checkout", "-q", "HEAD~", "--", FILE, "envseal.toml"]);
    assert!(env.fails(2, &["key", "trust", "-e", "production"]).contains("not committed yet"));
    env.git(&["reset", "-q", "--hard"]);
    // By a merge that keeps the side from before the rotation.
    env.git(&["checkout", "-q", "stale"]);
    env.write("notes", "stale");
    commit(&env, "notes");
    by_mallory(&["merge", "-q", "--no-edit", "-s", "ours", "main"]);
    named();
}

#[test]
fn a_merge_that_brings_a_rotation_did_not_put_it_back() {
    let (env, old, _) = rotated();
    let rotation = env.git(&["rev-parse", "HEAD"]).trim().to_owned();
    env.git(&["checkout", "-q", "-b", "topic", "HEAD~"]);
    env.write("notes", "topic");
    commit(&env, "notes");
    env.git(&["merge", "-q", "--no-edit", "main"]);
    // This machine trusts the older key, and does not have it.
    let list = &lists(&env)[0];
    let new = PublicKey::parse(env.ok(&["key", "show", "-e", "production"]).trim()).unwrap();
    let text = std::fs::read_to_string(list).unwrap();
    std::fs::write(list, text.replace(&new.to_string(), &old.public().to_string())).unwrap();
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let said = env.fails(2, &["key", "trust", "-e", "production"]);
    assert!(said.contains(&rotation), "{said}");
}

/// Trusting the key would not help: the team file still records its rotation.
#[test]
fn a_discarded_rotation_leads_to_its_record() {
    let (env, old) = pinned();
    let key = |env: &TestEnv| env.ok(&["key", "show", "-e", "production"]);
    env.ok(&["key", "rotate", "-q", "-e", "production"]);
    env.git(&["checkout", "-q", "."]);
    let line = env.read("envseal.toml").lines().position(|line| line.contains("proof")).unwrap() + 1;
    for arguments in [&["set", "A", "1"][..], &["key", "trust"], &["key", "rotate"]] {
        let said = env.fails(3, &[arguments, &["-e", "production"]].concat());
        assert!(said.contains(&format!("(envseal.toml:{line})")), "{said}");
        assert!(said.contains("remove its line: ${EDITOR:-vi} envseal.toml\n"), "{said}");
    }
    let text = env.read("envseal.toml");
    let kept: Vec<_> = text.lines().enumerate().filter(|(at, _)| at + 1 != line).map(|(_, it)| it).collect();
    env.write("envseal.toml", kept.join("\n"));
    assert!(env.fails(3, &["set", "A", "1", "-e", "production"]).contains("envseal key trust"));
    env.ok(&["key", "trust", "-e", "production", "--fingerprint", &old.public().fingerprint()]);
    env.ok(&["set", "A", "1", "-e", "production"]);
    env.ok(&["key", "rotate", "-e", "production"]);
    assert_ne!(key(&env).trim(), old.public().to_string());
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
