//! Breaking locked keys.
#![cfg(test)]

use super::super::properties::hex;
use super::*;

/// The least that Argon2 takes at all: what is under test is everything but its cost.
const SMALL: Cost = Cost { memory: 8, passes: 1, lanes: 1 };

fn text(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

fn small(passphrase: &str) -> Locker {
    Locker::with(SMALL, &text(passphrase)).unwrap()
}

fn changed(locked: &LockedKey, change: impl FnOnce(&mut Vec<u8>)) -> Result<LockedKey, LockError> {
    let mut blob = [&locked.header[..], &locked.wrapped].concat();
    change(&mut blob);
    LockedKey::parsed(&format!("{LOCKED_PREFIX}{}", URL_SAFE_NO_PAD.encode(blob)), SMALL)
}

#[test]
fn a_batch_opens_with_its_passphrase_alone() {
    let locker = small("a b c");
    let keys = [PrivateKey::generate(), PrivateKey::generate()];
    let unlocker = Unlocker::new(text("a b c"));
    for key in &keys {
        let locked = locker.lock(key);
        assert_eq!(LockedKey::parsed(&locked.to_string(), SMALL), Ok(locked.clone()));
        assert_eq!(locked.public(), key.public());
        assert_eq!(unlocker.open(&locked).unwrap().to_text(), key.to_text());
        assert_eq!(locked.to_string().len(), LOCKED_PREFIX.len() + 219);
        for wrong in ["", "a b", "a b c ", "A b c"] {
            let wrong = Unlocker::new(text(wrong));
            assert_eq!(wrong.open(&locked).unwrap_err(), LockError::Passphrase);
        }
    }
    assert_eq!(unlocker.derived.borrow().len(), 1, "Argon2id was run once");
    assert_ne!(locker.lock(&keys[0]), locker.lock(&keys[0]), "a nonce is used once");
    assert_ne!(small("a b c").salt, locker.salt);
}

/// Whatever is altered, some step refuses it: nothing of the header is free.
#[test]
fn every_changed_bit_is_refused() {
    let key = PrivateKey::generate();
    let locked = small("p").lock(&key);
    let unlocker = Unlocker::new(text("p"));
    for at in 0..LEN {
        for bit in [1, 0x80] {
            let refused = match changed(&locked, |blob| blob[at] ^= bit) {
                // Larger parameters than a test should run.
                Ok(other) if Cost::of(&other.header).memory > 1 << 14 => continue,
                Ok(other) => unlocker.open(&other).unwrap_err(),
                Err(error) => error,
            };
            match at {
                0..12 => {
                    assert!(matches!(refused, LockError::Parameters { .. } | LockError::Passphrase));
                }
                12..28 | 84..116 => assert_eq!(refused, LockError::Passphrase, "byte {at}"),
                52..84 => assert!(matches!(refused, LockError::Damaged | LockError::Public(_))),
                _ => assert_eq!(refused, LockError::Damaged, "byte {at}"),
            }
        }
    }
}

#[test]
fn what_was_locked_together_cannot_change_places() {
    let locker = small("p");
    let (one, other) = (locker.lock(&PrivateKey::generate()), locker.lock(&PrivateKey::generate()));
    let unlocker = Unlocker::new(text("p"));
    for range in [52..84, HEADER..LEN, 28..52] {
        let theirs = [&other.header[..], &other.wrapped].concat();
        let mixed = changed(&one, |blob| blob[range.clone()].copy_from_slice(&theirs[range])).unwrap();
        assert_eq!(unlocker.open(&mixed).unwrap_err(), LockError::Damaged);
    }
    // Whoever has the passphrase can lock another key than is said; that is told, too.
    let mut lying = one.clone();
    lying.header[52..84].copy_from_slice(other.public.as_bytes());
    let mut buffer = *PrivateKey::generate().expose();
    let nonce: [u8; 24] = lying.header[28..52].try_into().unwrap();
    let tag = locker.keys.cipher().encrypt_in_place_detached(
        &nonce.into(),
        &authenticated(&lying.header),
        &mut buffer,
    );
    lying.wrapped = [&buffer[..], &tag.unwrap()].concat().try_into().unwrap();
    lying.public = other.public;
    assert_eq!(unlocker.open(&lying).unwrap_err(), LockError::Key);
}

#[test]
fn parameters_out_of_bounds_are_refused_by_reading_alone() {
    let locked = small("p").lock(&PrivateKey::generate());
    let parse = |memory: u32, passes: u32, lanes: u32| {
        let cost = Cost { memory, passes, lanes }.bytes();
        let blob = [&cost, &locked.header[12..], &locked.wrapped].concat();
        format!("{LOCKED_PREFIX}{}", URL_SAFE_NO_PAD.encode(blob)).parse::<LockedKey>()
    };
    for (memory, passes, lanes) in [
        (u32::MAX, 3, 1),
        ((1 << 20) + 1, 3, 1),
        ((64 << 10) - 1, 3, 1),
        (0, 3, 1),
        (256 << 10, 0, 1),
        (256 << 10, 11, 1),
        (256 << 10, u32::MAX, 1),
        (256 << 10, 3, 0),
        (256 << 10, 3, 2),
        (256 << 10, 3, 255),
        (256 << 10, 3, u32::MAX),
    ] {
        assert_eq!(parse(memory, passes, lanes), Err(LockError::Parameters { memory, passes, lanes }),);
    }
    for (memory, passes) in [(64 << 10, 1), (256 << 10, 3), (1 << 20, 10)] {
        assert!(parse(memory, passes, 1).is_ok());
    }
}

#[test]
fn other_spellings_are_refused() {
    let locked = small("p").lock(&PrivateKey::generate()).to_string();
    let parse = |text: &str| LockedKey::parsed(text, SMALL).unwrap_err();
    assert_eq!(parse(&locked[1..]), LockError::Prefix);
    assert_eq!(parse(&locked.to_uppercase()), LockError::Prefix);
    assert_eq!(parse(&format!("{locked}=")), LockError::Encoding);
    assert_eq!(parse(&format!("{locked}\n")), LockError::Encoding);
    assert_eq!(parse(&format!("{locked}A")), LockError::Length { found: LEN + 1 });
    assert_eq!(parse(&locked[..locked.len() - 3]), LockError::Length { found: LEN - 2 });
    assert_eq!(parse(LOCKED_PREFIX), LockError::Length { found: 0 });
    // The last character holds two bits that must be zero.
    let last = URL_SAFE_NO_PAD.encode([0xff; LEN]);
    assert_eq!(parse(&format!("{LOCKED_PREFIX}{}9", &last[..218])), LockError::Encoding);
}

/// RFC 9106 has no vector without secret and associated data; this one is the reference implementation's
/// (`phc-winner-argon2`, `test.c`, Argon2id version 0x13: t = 2, m = 256 KiB, p = 1, "password", "somesalt").
#[test]
fn it_is_argon2id() {
    let mut out = [0; 32];
    let params = Params::new(256, 2, 1, Some(32)).unwrap();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(b"password", b"somesalt", &mut out)
        .unwrap();
    let expected = hex("9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe");
    assert_eq!(out[..], expected[..]);
}

#[test]
fn nothing_secret_is_shown() {
    let (locker, unlocker) = (small("hunter2"), Unlocker::new(text("hunter2")));
    let key = PrivateKey::generate();
    let shown = format!("{locker:?} {unlocker:?} {:?}", locker.lock(&key));
    assert_eq!(shown, format!("Locker(…) Unlocker(…) LockedKey({})", key.public().id()));
}
