//! Put another public key into an env file, and read what is set next.

use envseal::testing::crypto::{Identity, PrivateKey, Proof};
use envseal::testing::team::{GrantLine, MemberName, Rotation, TeamFile};

use crate::pins::{commit, pinned, production, refuses, replace_key, write_rotations};
use crate::support::{TestEnv, write_identity};

const FILE: &str = ".env.production";

/// The identity that `envseal team request` would have made, as the victim has it.
fn identity(env: &TestEnv) -> Identity {
    let me = Identity::generate();
    write_identity(&env.outside().join("home/.local/share/envseal/identity"), &me);
    me
}

#[test]
fn everywhere_it_stands() {
    let (env, old) = pinned();
    std::fs::create_dir(env.path("web")).unwrap();
    env.ok(&["set", "A", "1", "-f", "web/.env.production"]);
    commit(&env, "web");
    let new = PrivateKey::generate();
    for file in [FILE, "web/.env.production"] {
        replace_key(&env, file, &old.public(), &new.public());
    }
    commit(&env, "replaced");
    for file in [FILE, "web/.env.production"] {
        refuses(&env, file);
    }
    // It is refused for a user without any private key, too.
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    refuses(&env, FILE);
}

#[test]
fn with_a_grant_of_its_private_half_to_the_victim() {
    let (env, old) = pinned();
    let (victim, attacker, new) = (identity(&env), Identity::generate(), PrivateKey::generate());
    let name = |name: &str| MemberName::new(name).unwrap();
    let mut team = TeamFile::parse(b"").unwrap();
    team.put_member(&name("victim"), &victim.public());
    team.put_member(&name("mallory"), &attacker.public());
    let to = (&name("victim"), &victim.public());
    team.put_grant(GrantLine::make(&production(), &new, to, (&name("mallory"), &attacker)));
    env.write("envseal.toml", team.text());
    replace_key(&env, FILE, &old.public(), &new.public());
    // With a rotation too, proven by the new key.
    let mut rotation = Rotation::make(&production(), &new, &old.public());
    (rotation.old, rotation.new) = (old.public(), new.public());
    write_rotations(&env, &[rotation]);
    commit(&env, "granted");
    // The grant is valid, and decrypts what the attacker encrypted. That is no reason to encrypt with this key.
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let shown = env.ok(&["key", "show", "--private", "-e", "production"]);
    assert_eq!(shown.trim(), new.to_text().expose());
    refuses(&env, FILE);
}

#[test]
fn with_a_keys_file_that_holds_it() {
    let (env, old) = pinned();
    let new = PrivateKey::generate();
    replace_key(&env, FILE, &old.public(), &new.public());
    env.write(".env.keys", format!("ENVSEAL_PRIVATE_KEY_PRODUCTION={}\n", new.to_text().expose()));
    let mut rotation = Rotation::make(&production(), &new, &old.public());
    (rotation.old, rotation.new) = (old.public(), new.public());
    write_rotations(&env, &[rotation]);
    env.git(&["add", "-f", ".env.keys"]);
    commit(&env, "replaced");
    refuses(&env, FILE);
    // An untracked keys file is refused too, although planting one takes more than a push.
    env.git(&["rm", "-q", "--cached", ".env.keys"]);
    refuses(&env, FILE);
}

#[test]
fn with_a_forged_rotation() {
    let (env, old) = pinned();
    let (middle, new) = (PrivateKey::generate(), PrivateKey::generate());
    replace_key(&env, FILE, &old.public(), &new.public());
    let good = Rotation::make(&production(), &old, &new.public());
    let staging = envseal::testing::config::EnvName::new("staging").unwrap();
    let forged = |change: &dyn Fn(&mut Rotation)| {
        let mut rotation = good.clone();
        change(&mut rotation);
        vec![rotation]
    };
    let chains = [
        // Of another environment, unchanged and relabelled as this one's.
        vec![Rotation::make(&staging, &old, &new.public())],
        forged(&|it| it.proof = Proof::of_rotation("staging", &old, &new.public())),
        // Proven by the new key, proven by any key, to another key, in the wrong direction.
        forged(&|it| it.proof = Proof::of_rotation("production", &new, &new.public())),
        forged(&|it| it.proof = Proof::of_rotation("production", &middle, &new.public())),
        forged(&|it| it.proof = Proof::of_rotation("production", &old, &middle.public())),
        vec![Rotation::make(&production(), &new, &old.public())],
        // With a gap; and with a step that the wrong key proves.
        vec![Rotation::make(&production(), &middle, &new.public())],
        vec![Rotation::make(&production(), &old, &middle.public())],
        vec![
            Rotation::make(&production(), &middle, &new.public()),
            Rotation {
                new: middle.public(),
                proof: Proof::of_rotation("production", &new, &middle.public()),
                ..good.clone()
            },
        ],
    ];
    for (at, chain) in chains.iter().enumerate() {
        let _ = std::fs::remove_file(env.path("envseal.toml"));
        write_rotations(&env, chain);
        println!("chain {at}");
        refuses(&env, FILE);
    }
    // A cycle of a hundred rotations, which must not loop forever.
    let keys: Vec<_> = (0..100).map(|_| PrivateKey::generate()).collect();
    let around = keys
        .iter()
        .zip(keys.iter().cycle().skip(1))
        .map(|(a, b)| Rotation::make(&production(), a, &b.public()));
    write_rotations(&env, &around.collect::<Vec<_>>());
    refuses(&env, FILE);
    // By contrast, the real rotation is accepted.
    write_rotations(&env, &[good]);
    env.ok(&["set", "A", "1", "-e", "production"]);
}

#[test]
fn on_a_branch_with_another_root() {
    let (env, old) = pinned();
    let new = PrivateKey::generate();
    // An orphan branch, merged so that the first parents lead to its root.
    env.git(&["checkout", "-q", "--orphan", "mallory"]);
    replace_key(&env, FILE, &old.public(), &new.public());
    commit(&env, "orphan");
    env.git(&["merge", "-q", "--allow-unrelated-histories", "-X", "ours", "-m", "merge", "main"]);
    refuses(&env, FILE);
}

#[test]
fn in_a_scope_made_for_it() {
    let (env, old) = pinned();
    std::fs::create_dir(env.path("web")).unwrap();
    env.ok(&["set", "A", "1", "-f", "web/.env.production"]);
    commit(&env, "web");
    env.write("web/envseal.toml", "");
    replace_key(&env, "web/.env.production", &old.public(), &PrivateKey::generate().public());
    commit(&env, "a team of its own");
    refuses(&env, "web/.env.production");
    // The file that stays in its project still works.
    env.ok(&["set", "A", "1", "-f", FILE]);
}
