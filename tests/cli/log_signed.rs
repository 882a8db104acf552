//! Who signed a commit: SSH signatures, made by the real git and checked against the members in the parent commit.

use std::path::PathBuf;

use envseal::testing::crypto::IdentityKey;
use serde_json::Value;

use crate::support::TestEnv;

/// Makes a key with `ssh-keygen` and returns its file, or None if there is no `ssh-keygen`.
fn key(env: &TestEnv, name: &str, kind: &str) -> Option<PathBuf> {
    let file = env.outside().join("home").join(name);
    if !env.has(&["ssh-keygen"]) {
        return None;
    }
    env.program("ssh-keygen", &["-q", "-t", kind, "-N", "", "-f", file.to_str().unwrap()]).ok();
    Some(file)
}

fn public(file: &std::path::Path) -> String {
    let text = std::fs::read_to_string(file.with_extension("pub")).unwrap();
    IdentityKey::parse(text.trim()).unwrap().to_string()
}

/// Commits everything, signed with the key in this file.
fn signed(env: &TestEnv, key: &std::path::Path, subject: &str) {
    env.git(&["add", "-A"]);
    let sign = format!("user.signingKey={}", key.display());
    let arguments =
        ["-c", "gpg.format=ssh", "-c", &sign, "commit", "-q", "--allow-empty", "-S", "-m", subject];
    env.git(&arguments);
}

/// Writes a commit with this text, and makes it the last one.
fn reset_to(env: &TestEnv, text: &str) {
    let id = env.program("git", &["hash-object", "-t", "commit", "-w", "--stdin"]).stdin(text).ok();
    env.git(&["reset", "-q", "--soft", id.trim()]);
}

/// Returns the keys of alice and mallory, or None if there is no `ssh-keygen`.
fn alice_and_mallory(env: &TestEnv) -> Option<(PathBuf, PathBuf)> {
    key(env, "alice", "ed25519").zip(key(env, "mallory", "ed25519"))
}

/// Writes a team file with one member.
fn team_of(env: &TestEnv, path: &str, name: &str, key: &std::path::Path) {
    env.write(path, format!("[members]\n{name} = \"{}\"\n", public(key)));
}

/// Changes `A` in `.env`, signed with the key in this file.
fn sign_change(env: &TestEnv, value: u8, key: &std::path::Path, subject: &str) {
    env.write(".env", format!("A={value}\n"));
    signed(env, key, subject);
}

/// Returns the state of the signature of each change, newest first.
fn states(env: &TestEnv) -> Vec<String> {
    let list: Vec<Value> = serde_json::from_str(&env.ok(&["log", "--json"])).unwrap();
    list.iter().map(|change| change["signature"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_member_of_the_commit_before_signs_well() {
    let env = TestEnv::new();
    let Some((alice, mallory)) = alice_and_mallory(&env) else { return };
    team_of(&env, "envseal.toml", "alice", &alice);
    sign_change(&env, 1, &alice, "the first, by its own members");
    sign_change(&env, 2, &alice, "a member's");
    sign_change(&env, 3, &mallory, "a stranger's");
    let Some(other_kind) = key(&env, "ecdsa", "ecdsa") else { return };
    sign_change(&env, 33, &other_kind, "a key that no member can have");
    // Someone who adds themselves is not a member in the parent commit.
    env.write("envseal.toml", env.read("envseal.toml") + &format!("mallory = \"{}\"\n", public(&mallory)));
    sign_change(&env, 4, &mallory, "adds themselves");
    sign_change(&env, 5, &mallory, "a member now");
    env.write(".env", "A=6\n");
    env.git(&["commit", "-q", "-am", "unsigned"]);
    assert_eq!(states(&env), ["none", "good", "bad", "bad", "bad", "good", "good"]);
    let blamed: Vec<Value> = serde_json::from_str(&env.ok(&["blame", "-f", ".env", "--json"])).unwrap();
    assert_eq!(blamed[0]["signature"], "none");
    assert!(env.ok(&["log", "-n", "2"]).contains("\nSignature: good\n"));
}

#[test]
fn a_signature_of_another_commit_is_bad() {
    let env = TestEnv::new();
    let Some(alice) = key(&env, "alice", "ed25519") else { return };
    team_of(&env, "envseal.toml", "alice", &alice);
    sign_change(&env, 1, &alice, "start");
    sign_change(&env, 2, &alice, "mine");
    assert_eq!(states(&env), ["good", "good"]);
    let raw = env.git(&["cat-file", "commit", "HEAD"]);
    for (from, to) in [("mine", "yours"), ("author Alice", "author Bob")] {
        let forged = raw.replacen(from, to, 1);
        assert_ne!(forged, raw);
        reset_to(&env, &forged);
        assert_eq!(states(&env), ["bad", "good"]);
    }
    // A signature of the same commit, in another namespace.
    let (head, rest) = raw.split_once("gpgsig ").unwrap();
    let tail = rest.split_once("-----END SSH SIGNATURE-----\n").unwrap().1;
    let payload = format!("{head}{}", tail.trim_start_matches(" \n"));
    for (namespace, state) in [("git", "good"), ("file", "bad")] {
        env.write("../payload", &payload);
        let file = alice.to_str().unwrap();
        env.program("ssh-keygen", &["-q", "-Y", "sign", "-n", namespace, "-f", file, "../payload"]).ok();
        let signature = std::fs::read_to_string(env.path("../payload.sig")).unwrap();
        std::fs::remove_file(env.path("../payload.sig")).unwrap();
        let signature = signature.trim_end().replace('\n', "\n ");
        let commit = payload.replacen("\n\n", &format!("\ngpgsig {signature}\n\n"), 1);
        reset_to(&env, &commit);
        assert_eq!(states(&env), [state, "good"], "{namespace}");
    }
}

#[test]
fn what_cannot_be_told_is_unknown() {
    let env = TestEnv::new();
    let Some(alice) = key(&env, "alice", "ed25519") else { return };
    sign_change(&env, 1, &alice, "no team file yet");
    env.write("envseal.toml", "[policy]\n");
    sign_change(&env, 2, &alice, "none in the commit before");
    team_of(&env, "envseal.toml", "alice", &alice);
    sign_change(&env, 3, &alice, "no members in the commit before");
    sign_change(&env, 4, &alice, "members");
    assert_eq!(states(&env), ["good", "unknown", "unknown", "unknown"]);
    assert!(env.ok(&["log"]).contains("\nSignature: unknown\n"));
    let raw = env.git(&["cat-file", "commit", "HEAD"]).replace("SSH SIGNATURE", "PGP SIGNATURE");
    reset_to(&env, &raw);
    assert_eq!(states(&env)[0], "unknown");
}

#[test]
fn only_members_of_the_files_own_project_sign_well() {
    let env = TestEnv::new();
    let Some((alice, mallory)) = alice_and_mallory(&env) else { return };
    team_of(&env, "envseal.toml", "alice", &alice);
    team_of(&env, "pkg/envseal.toml", "mallory", &mallory);
    env.write("lib/envseal.toml", "[policy]\n");
    env.write("pkg/deep/.env", "A=1\n");
    env.write(".env", "A=1\n");
    env.git(&["add", "-A"]);
    env.git(&["commit", "-q", "-m", "start"]);
    let blamed = |file: &str| {
        let list: Vec<Value> = serde_json::from_str(&env.ok(&["blame", "-f", file, "--json"])).unwrap();
        list[0]["signature"].as_str().unwrap().to_owned()
    };
    let newest = || states(&env).remove(0);
    // Each signs a change to the other project's file.
    sign_change(&env, 2, &mallory, "the root's file, by a member of pkg");
    assert_eq!((newest(), blamed(".env")), ("bad".into(), "bad".into()));
    env.write("pkg/deep/.env", "A=2\n");
    signed(&env, &alice, "a file of pkg, by a member of the root");
    assert_eq!(newest(), "bad");
    env.write("pkg/deep/.env", "A=3\n");
    signed(&env, &mallory, "a file of pkg, by a member of pkg");
    assert_eq!((newest(), blamed("pkg/deep/.env")), ("good".into(), "good".into()));
    // In a project without members nobody can vouch, not even a member of the project above.
    env.write("lib/.env", "A=1\n");
    signed(&env, &alice, "a file of lib");
    assert_eq!(newest(), "unknown");
    // Two projects in one commit: a member of one of them vouches for that one alone.
    env.write(".env", "A=4\n");
    env.write("pkg/deep/.env", "A=4\n");
    signed(&env, &mallory, "files of both");
    assert_eq!(states(&env)[..2], ["bad", "bad"]);
    assert_eq!((blamed(".env"), blamed("pkg/deep/.env")), ("bad".into(), "good".into()));
    let diff: Vec<Value> = serde_json::from_str(&env.ok(&["diff", "HEAD~", "HEAD", "--json"])).unwrap();
    assert!(diff.iter().all(|change| change["signature"] == "bad"), "{diff:?}");
    let log = env.ok(&["log", "--json", "-n", "1", "-f", "pkg/deep/.env"]);
    assert!(log.contains("\"signature\": \"good\""), "{log}");
    // A file that leaves a project is a change of that project.
    env.git(&["mv", ".env", "pkg/.env"]);
    env.write("pkg/.env", "A=4\nB=1\n");
    signed(&env, &mallory, "taken over");
    assert_eq!((newest(), blamed("pkg/.env")), ("bad".into(), "bad".into()));
    let list: Vec<Value> = serde_json::from_str(&env.ok(&["blame", "-f", "pkg/.env", "--json"])).unwrap();
    assert_eq!(list[1]["signature"], "bad", "{list:?}");
}

#[test]
fn a_merge_is_not_vouched_for_by_what_it_brings() {
    let env = TestEnv::new();
    let Some((alice, mallory)) = alice_and_mallory(&env) else { return };
    team_of(&env, "envseal.toml", "alice", &alice);
    sign_change(&env, 1, &alice, "start");
    env.git(&["checkout", "-q", "-b", "feature"]);
    team_of(&env, "envseal.toml", "mallory", &mallory);
    env.git(&["commit", "-q", "-am", "a team of my own"]);
    env.git(&["checkout", "-q", "main"]);
    env.git(&["merge", "-q", "--no-ff", "--no-commit", "feature"]);
    sign_change(&env, 2, &mallory, "merged");
    assert_eq!(states(&env), ["bad", "good"]);
}
