//! Grant access to a sock puppet before being removed, or add a member or a forged grant and wait for the next
//! rotation.

use envseal::testing::config::EnvName;
use envseal::testing::crypto::{Identity, IdentityKey, PrivateKey};
use envseal::testing::team::{GrantLine, MemberName, TeamFile};

use crate::support::{Person, TestEnv};
use crate::team::{alice_and_bob, let_in, reads, two_members};

/// Returns a clone of someone known only to an attacker.
fn stranger<'a>(env: &'a TestEnv, name: &'static str) -> Person<'a> {
    Person::clone_of(env, &env.outside().join("shared.git"), name)
}

#[test]
fn a_sock_puppet_goes_with_who_let_it_in_also_after_a_rotation() {
    let env = TestEnv::without_git();
    let [alice, mallory] = alice_and_bob(&env);
    let_in(&alice, &mallory, "production");
    let sock = stranger(&env, "Sock");
    let_in(&mallory, &sock, "production");
    // A rotation re-issues the grant in Alice's name, and records who made it first.
    alice.pulls();
    alice.says(&["key", "rotate", "-e", "production"]);
    alice.pushes("rotated");
    sock.pulls();
    assert_eq!(reads(&sock, "production", "URL"), reads(&alice, "production", "URL"));
    let asked = alice.fails(2, &["team", "remove", "bob", "--yes"]);
    assert!(asked.contains("--keep sock=SHA256:"), "{asked}");
    alice.says(&["team", "remove", "bob", "--yes", "--leave-out", "sock"]);
    alice.pushes("bob is out");
    sock.pulls();
    sock.fails(3, &["run", "-e", "production", "--", "true"]);
    let exposed = alice.says(&["team", "exposures"]);
    assert!(exposed.contains("sock") && exposed.contains("bob"), "{exposed}");
}

/// Mallory is a member without access to production, and writes herself a grant of it: signed, but without a proof.
#[test]
fn a_forged_grant_is_not_made_anew_by_a_rotation() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    let (mallory, sock) = (Identity::generate(), Identity::generate());
    let name = |name: &str| MemberName::new(name).unwrap();
    let env_name = EnvName::new("production").unwrap();
    let mut team = TeamFile::parse(alice.read("envseal.toml").as_bytes()).unwrap();
    team.put_member(&name("mallory"), &mallory.public());
    team.put_member(&name("sock"), &sock.public());
    let real = team.grant(&env_name, &name("bob")).unwrap().clone();
    // She wraps a key of her own, and labels it as production's.
    let own = PrivateKey::generate();
    let to = |who: &str, key: &IdentityKey| (name(who), *key);
    for (who, key) in [to("mallory", &mallory.public()), to("sock", &sock.public())] {
        let line = GrantLine::make(&env_name, &own, (&who, &key), (&name("mallory"), &mallory));
        team.put_grant(GrantLine { key: real.key, ..line });
    }
    // Bob's own grant is put under Alice's name, too.
    team.put_grant(GrantLine { member: name("alice"), ..real });
    alice.write("envseal.toml", team.text());
    let told = alice.envseal(&["key", "rotate", "-e", "production"]);
    assert_eq!(told.status, 0, "{}", told.stderr);
    for dropped in ["mallory", "sock", "alice"] {
        assert!(told.stderr.contains(&format!("{dropped} no longer has access")), "{}", told.stderr);
    }
    let team = TeamFile::parse(alice.read("envseal.toml").as_bytes()).unwrap();
    let left = team.grants().iter().filter(|line| line.env == env_name);
    assert_eq!(left.map(|line| line.member.as_str()).collect::<Vec<_>>(), ["bob"]);
    alice.pushes("rotated");
    bob.pulls();
    assert_eq!(reads(&bob, "production", "URL"), reads(&alice, "production", "URL"));
}
