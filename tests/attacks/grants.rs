//! Forged, replayed, re-pointed and cross-environment grants; swapped members; undone removals. The checks run without
//! a private key, unless a test says otherwise.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use envseal::testing::config::EnvName;
use envseal::testing::crypto::{Grant, GrantTerms, Identity, PrivateKey, PublicKey};
use envseal::testing::team::{GrantLine, Rotation};

use crate::check::team::{Team, name, production};

/// Returns a team in which Alice and Bob both have access. The checks run without the private key.
fn team() -> Team {
    let team = Team::new(&["alice", "bob"]);
    team.forget_the_key();
    team
}

/// Returns a team whose holders are Alice and Bob, and that Mallory asks for access.
fn asked() -> Team {
    let mut team = Team::new(&["alice", "bob"]);
    team.join("mallory");
    team.commit("a harmless request");
    team
}

/// Saves the team file. Asserts that exactly these rules find something in the worktree, staged and in a range, and that
/// the hook stops it.
#[track_caller]
fn caught(team: &Team, rules: &[&str]) {
    team.save();
    team.env.ok(&["hook", "install", "-q"]);
    team.env.git(&["add", "-A"]);
    let stopped = team.env.git_with_envseal(&["commit", "-q", "-m", "attack"]).output();
    assert_eq!(stopped.status, 1, "{}", stopped.stderr);
    let mut found: Vec<_> = team.found().iter().map(|f| f.split(' ').nth(1).unwrap().to_owned()).collect();
    found.dedup();
    assert_eq!(found, rules.iter().map(|rule| format!("!{rule}")).collect::<Vec<_>>());
}

#[test]
fn a_forged_grant() {
    // Made by Mallory, who has no access, in Alice's name.
    let mut team = asked();
    team.forget_the_key();
    let key = team.key.clone();
    let theirs = team.line("production", &key, "mallory", "mallory");
    team.file.put_grant(GrantLine { by: name("alice"), ..theirs });
    caught(&team, &["grant-invalid"]);
}

#[test]
fn a_grant_by_one_who_could_read_nothing() {
    // A member signs a grant to themselves of a key they do not have. A check that has the key can tell.
    let mut team = asked();
    let made_up = PrivateKey::generate();
    let theirs = team.line("production", &made_up, "mallory", "mallory");
    // Relabelled as a grant of the real key, it has an invalid signature.
    let key = team.key.public();
    team.file.put_grant(GrantLine { key, ..theirs.clone() });
    caught(&team, &["grant-invalid"]);
    // Unchanged, it grants another key than the environment's.
    team.file.put_grant(theirs);
    caught(&team, &["grant-invalid"]);
}

#[test]
fn a_grant_whose_proof_is_made_up() {
    let mut team = asked();
    let mallory = team.identity("mallory").clone();
    // A forger can sign anything: here a grant whose wrapped bytes and proof are noise.
    let key = team.key.public();
    let grant = forged(&key, &mallory);
    let terms =
        GrantTerms { env: "production", key: &key, recipient: &mallory.public(), granter: &mallory.public() };
    assert_eq!(grant.verify(&terms), Ok(()), "the signature holds");
    let (member, by) = (name("mallory"), name("mallory"));
    team.file.put_grant(GrantLine { env: production(), member, by, key, grant, line: 0 });
    team.save();
    let message = team.message();
    assert!(message.contains("is forged: mallory, who made it, couldn't read production"), "{message}");
    caught(&team, &["grant-invalid"]);
}

/// Returns a grant signed by Mallory, who has only the public key. The layout is from docs/format.md.
fn forged(key: &PublicKey, mallory: &Identity) -> Grant {
    let noise = [7_u8; 32 + 32 + 48 + 32];
    let public = mallory.public();
    let start = &b"envseal/1/grantproduction\0"[..];
    let signed = [start, key.as_bytes(), public.as_bytes(), public.as_bytes(), &noise].concat();
    let signature = SigningKey::from_bytes(mallory.expose()).sign(&signed).to_bytes();
    let blob = [&noise[..], &signature].concat();
    format!("envseal-gr1-{}", URL_SAFE_NO_PAD.encode(blob)).parse().unwrap()
}

#[test]
fn a_grant_replayed_under_another_environment() {
    let mut team = team();
    // Another environment's file has the same key, so the key doesn't give the replay away.
    let text = team.env.read(".env.production").replace("_PRODUCTION=", "_STAGING=");
    let header: String =
        text.lines().take_while(|line| !line.starts_with("A=")).map(|l| format!("{l}\n")).collect();
    team.env.write(".env.staging", header);
    team.env.commit("staging");
    let line = team.file.grant(&production(), &name("bob")).unwrap().clone();
    team.file.put_grant(GrantLine { env: EnvName::new("staging").unwrap(), ..line });
    team.save();
    let json = team.env.check_text(&["--json"]);
    assert!(json.contains("the grant of staging to bob: its signature is not valid"), "{json}");
    caught(&team, &["key-shared", "grant-invalid"]);
}

#[test]
fn a_grant_pointed_at_another_member() {
    let mut team = asked();
    team.forget_the_key();
    let line = team.file.grant(&production(), &name("bob")).unwrap().clone();
    team.file.put_grant(GrantLine { member: name("mallory"), ..line });
    caught(&team, &["grant-invalid"]);
}

#[test]
fn a_member_swapped_under_the_same_name() {
    let mut team = team();
    team.file.put_member(&name("bob"), &Identity::generate().public());
    caught(&team, &["member-changed", "grant-invalid"]);
    // Without the grant, it looks like a request for access.
    let mut team = Team::new(&["alice", "bob"]);
    team.file.put_member(&name("bob"), &Identity::generate().public());
    team.file.take_grant(&production(), &name("bob"));
    caught(&team, &["member-changed"]);
}

#[test]
fn an_old_grant_put_back_after_the_removal() {
    let mut team = team();
    let old = team.file.grant(&production(), &name("bob")).unwrap().clone();
    let bob = team.identity("bob").public();
    let with_bob = team.file.clone();
    team.expel("bob");
    team.commit("bob is gone");
    let clean = team.file.clone();
    team.file.put_grant(old.clone());
    caught(&team, &["removal-pending"]);
    // Put back together with the member.
    team.file = clean.clone();
    team.commit("back");
    team.file.put_member(&name("bob"), &bob);
    team.file.put_grant(old);
    caught(&team, &["team-file", "member-changed", "removal-pending"]);
    // And without the record of the removal.
    team.file = with_bob;
    caught(&team, &["member-changed"]);
}

#[test]
fn a_public_key_replaced_together_with_grants_of_it() {
    // The attacker is a member, grants the new key to everyone, and even writes a rotation.
    let mut team = Team::new(&["alice", "bob"]);
    let old = team.rekey();
    for member in ["alice", "bob"] {
        team.grant(member, "bob");
    }
    let new = team.key.clone();
    let forged = Rotation { old: old.public(), ..Rotation::make(&production(), &new, &new.public()) };
    team.file.put_rotation(forged);
    team.forget_the_key();
    caught(&team, &["public-key-changed"]);
    // For the victim, who was granted the old key, the rotation is forged, not just unproven.
    let alice = team.identity("alice").clone();
    let file = team.env.outside().join("home/alice");
    crate::support::write_identity(&file, &alice);
    let output = team.env.envseal(&["check", "--range", "HEAD~1..", "-i", file.to_str().unwrap()]).output();
    assert_eq!(output.status, 1);
    assert!(String::from_utf8(output.stdout).unwrap().contains("is forged"));
}

#[test]
fn a_stranger_who_lets_others_in_with_the_change_that_brings_them() {
    let mut team = team();
    team.join("mallory");
    team.join("puppet");
    team.grant("puppet", "mallory");
    team.commit("both at once");
    let line = team.at("puppet = { key");
    let range = ["--range", "HEAD~1.."];
    assert_eq!(team.env.check(&range), [format!("envseal.toml:{line} !grant-invalid -")]);
    assert!(team.env.check(&["--range", "HEAD~1..", "--accept-policy"]).is_empty(), "as for a push");
    // A new team file in a subfolder doesn't get round it either.
    team.env.write("sub/envseal.toml", team.file.text());
    std::fs::rename(team.env.path(".env.production"), team.env.path("sub/.env.production")).unwrap();
    team.env.git(&["reset", "-q", "--soft", "HEAD~1"]);
    team.env.commit("further in");
    let found = team.env.check(&range);
    assert!(found.contains(&format!("sub/envseal.toml:{line} !grant-invalid -")), "{found:?}");
    // A member may grant access in the change that adds the new member.
    let mut team = super::grants::team();
    team.join("carol");
    team.grant("carol", "alice");
    team.commit("carol");
    assert!(team.env.check(&range).is_empty());
}

/// A reviewer can accept a member's key replaced as `team request --replace` does it, but not one replaced nearly so.
#[test]
fn a_members_key_replaced_by_somebody_else() {
    let rules = |team: &Team, more: &[&str]| {
        team.env
            .check(&[&["--range", "HEAD~1.."], more].concat())
            .into_iter()
            .map(|found| found.split(' ').nth(1).unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let replaced = |change: &dyn Fn(&mut Team)| {
        let mut team = Team::new(&["alice", "bob"]);
        team.join("carol");
        team.commit("carol");
        let new = team.identity("mallory").public();
        team.file.take_grant(&production(), &name("bob"));
        let since = envseal::testing::time::Moment { seconds: 1_767_323_045, offset: 0 };
        team.file.replace_member(&name("bob"), &new, &name("bob-old"), since);
        change(&mut team);
        team.save();
        team.env.git(&["add", "-A"]);
        team
    };
    let team = replaced(&|_| {});
    assert_eq!(team.env.check(&["--staged"]).len(), 1, "a suggestion to its author");
    team.env.ok(&["check", "--staged"]);
    let marked = team.file.text().replace("\"\nbob", "\"# envseal: allow member-replaced\nbob");
    team.env.write("envseal.toml", marked);
    team.env.commit("replaced");
    assert_eq!(rules(&team, &[]), ["!member-replaced"]);
    assert_eq!(rules(&team, &["--accept-policy"]), ["member-replaced"]);
    // With access at once; with another member's key; and without a record of the old key.
    let with_grant = |team: &mut Team| {
        let key = team.key.clone();
        let line = team.line("production", &key, "mallory", "alice");
        team.file.put_grant(GrantLine { member: name("bob"), ..line });
    };
    let by_carol = |team: &mut Team| {
        let carol = team.identity("carol").public();
        team.file.put_member(&name("bob"), &carol);
    };
    let without_record = |team: &mut Team| {
        let (text, mut lines) = (team.file.text(), Vec::new());
        lines.extend(text.lines().filter(|line| !line.starts_with("bob-old")));
        team.file = envseal::testing::team::TeamFile::parse((lines.join("\n") + "\n").as_bytes()).unwrap();
    };
    for change in [&with_grant as &dyn Fn(&mut Team), &by_carol, &without_record] {
        let team = replaced(change);
        team.env.commit("nearly so");
        for more in [&[][..], &["--accept-policy"]] {
            let found = rules(&team, more);
            assert!(found.contains(&"!member-changed".to_owned()), "{found:?}");
            assert!(!found.iter().any(|rule| rule.contains("member-replaced")), "{found:?}");
        }
    }
}
