//! Hand over a locked key that exhausts the machine, that unlocks another key, or that was altered.

use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use envseal::testing::crypto::{PrivateKey, PublicKey};

use super::sealed_project;
use crate::support::TestEnv;

const PREFIX: &str = "envseal-lk1-";
const VARIABLE: &str = "ENVSEAL_PRIVATE_KEY";

fn locked_project() -> (TestEnv, PublicKey) {
    let (env, key) = sealed_project();
    env.envseal(&["set", "OTHER", "-e", "p"]).stdin("1").ok();
    env.lock_keys("p");
    (env, key)
}

/// The locked key with its bytes changed.
fn changed(locked: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut blob = URL_SAFE_NO_PAD.decode(locked.strip_prefix(PREFIX).unwrap()).unwrap();
    change(&mut blob);
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(blob))
}

/// Puts the key into the keys file, expects every command to fail, and returns their errors.
#[track_caller]
fn refused(env: &TestEnv, key: &str) -> String {
    env.write(".env.keys", format!("{VARIABLE}={key}\n"));
    let before = env.snapshot();
    let mut all = String::new();
    for arguments in [&["run", "--", "touch", "started"][..], &["get", "HELLO"], &["key", "unlock"]] {
        all += &env.envseal(arguments).var("ENVSEAL_PASSPHRASE", "p").fails(3);
    }
    assert_eq!(env.snapshot(), before);
    super::nothing_ran(env);
    all
}

#[test]
fn extreme_parameters() {
    let (env, _) = locked_project();
    let key = env.private_key(VARIABLE);
    let backup = env.outside().join("home/backup");
    for (memory, passes, lanes) in [
        (u32::MAX, 3, 1),
        (1 << 30, 3, 1),
        ((1 << 20) + 1, 3, 1),
        ((64 << 10) - 1, 3, 1),
        (8, 1, 1),
        (0, 0, 0),
        (256 << 10, 0, 1),
        (256 << 10, u32::MAX, 1),
        (256 << 10, 11, 1),
        (256 << 10, 3, 255),
        (256 << 10, 3, 0),
    ] {
        let start = Instant::now();
        let key = changed(&key, |blob| {
            blob[..12].copy_from_slice(&[memory, passes, lanes].map(u32::to_le_bytes).concat());
        });
        let said = refused(&env, &key);
        assert!(said.contains(&format!("needs {memory} KiB, {passes} passes and {lanes} lanes")), "{said}");
        let public = env.ok(&["key", "show"]);
        std::fs::write(&backup, format!("default {} {key}\n", public.trim())).unwrap();
        let recover = ["key", "recover", backup.to_str().unwrap()];
        env.envseal(&recover).var("ENVSEAL_PASSPHRASE", "p").fails(4);
        let get = env.envseal(&["get", "HELLO"]).var("ENVSEAL_PASSPHRASE", "p");
        get.var(VARIABLE, &key).fails(3);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}

/// A key of one environment in place of another's: its public key shows it, and a wrong public key prevents unlocking.
#[test]
fn another_environments_key() {
    let (env, _) = locked_project();
    let (one, other) = (env.private_key(VARIABLE), env.private_key("ENVSEAL_PRIVATE_KEY_P"));
    env.write(".env.keys", format!("{VARIABLE}={other}\n"));
    let said = env.envseal(&["get", "HELLO"]).var("ENVSEAL_PASSPHRASE", "p").fails(3);
    assert!(said.contains("no private key for "), "{said}");

    let bytes = |key: &str| URL_SAFE_NO_PAD.decode(key.strip_prefix(PREFIX).unwrap()).unwrap();
    for part in [116..164, 28..52] {
        let theirs = bytes(&other)[part.clone()].to_vec();
        let said = refused(&env, &changed(&one, |blob| blob[part].copy_from_slice(&theirs)));
        assert!(said.contains(": the locked key was altered"), "{said}");
    }
    // The expected public key with the other private key.
    let public = bytes(&one)[52..84].to_vec();
    let said = refused(&env, &changed(&other, |blob| blob[52..84].copy_from_slice(&public)));
    assert!(said.contains("the locked key was altered"), "{said}");
}

#[test]
fn altered_truncated_or_in_another_spelling() {
    let (env, _) = locked_project();
    let key = env.private_key(VARIABLE);
    for at in [12, 84, 115] {
        let said = refused(&env, &changed(&key, |blob| blob[at] ^= 1));
        assert!(said.contains("wrong passphrase"), "{at}: {said}");
    }
    for at in [28, 51, 116, 163] {
        let said = refused(&env, &changed(&key, |blob| blob[at] ^= 0x80));
        assert!(said.contains("altered"), "{at}: {said}");
    }
    // Two bits are left over at the end, so the same bytes have 4 spellings. One of them is valid.
    let (head, last) = key.split_at(key.len() - 1);
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = alphabet.iter().position(|b| *b == last.as_bytes()[0]).unwrap();
    for spelled in 1..4 {
        let said = refused(&env, &format!("{head}{}", char::from(alphabet[value ^ spelled])));
        assert!(said.contains("not canonical base64url"), "{said}");
    }
    for (text, expected) in [
        (changed(&key, |blob| blob.truncate(163)), "has 163 bytes, not 164"),
        (changed(&key, |blob| blob.push(0)), "has 165 bytes, not 164"),
        (PREFIX.to_owned(), "has 0 bytes, not 164"),
        (format!("{key}="), "not canonical base64url"),
        (key.replace("lk1", "LK1"), "not an envseal key"),
        (key.replace("lk1", "lk2"), "of version 2, which a newer envseal wrote"),
        (changed(&key, |blob| blob[52..84].fill(0)), "low order"),
        (changed(&key, |blob| blob[52..84].fill(0xff)), "not in canonical form"),
    ] {
        let said = refused(&env, &text);
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

/// A locked key of the attacker's, under a passphrase that the victim knows: it is not the file's key.
#[test]
fn the_attackers_key_under_the_right_name() {
    let (env, key) = locked_project();
    let theirs = PrivateKey::generate();
    assert_ne!(theirs.public(), key);
    env.write(".env.keys", format!("{VARIABLE}={}\n", theirs.to_text().expose()));
    env.lock_keys("told");
    let own = env.private_key(VARIABLE);
    let lying = changed(&own, |blob| blob[52..84].copy_from_slice(key.as_bytes()));
    env.write(".env.keys", format!("{VARIABLE}={lying}\n"));
    let said = env.envseal(&["get", "HELLO"]).var("ENVSEAL_PASSPHRASE", "told").fails(3);
    assert!(said.contains("altered"), "{said}");
}
