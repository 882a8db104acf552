//! Locks keys as `docs/format.md` says, at the lowest cost that is accepted. The program takes four times the memory
//! and three times the passes each time it locks or unlocks a key.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{AeadInPlace, KeyInit, XChaCha20Poly1305};
use envseal::testing::crypto::{LockedKey, PrivateKey};

/// Memory in KiB, passes, lanes.
const COST: [u32; 3] = [64 << 10, 1, 1];
const PREFIX: &str = "envseal-lk1-";

/// What is derived from a passphrase and one salt.
struct Locker {
    salt: [u8; 16],
    /// The key and the commitment to it.
    derived: [u8; 64],
}

impl Locker {
    fn new(passphrase: &str) -> Self {
        let [memory, passes, lanes] = COST;
        let (salt, mut stretched, mut derived) = (*b"a salt for tests", [0; 32], [0; 64]);
        let params = Params::new(memory, passes, lanes, Some(32)).unwrap();
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon.hash_password_into(passphrase.as_bytes(), &salt, &mut stretched).unwrap();
        let extracted = hkdf::Hkdf::<sha2::Sha256>::from_prk(&stretched).unwrap();
        extracted.expand(b"envseal/1/locked", &mut derived).unwrap();
        Self { salt, derived }
    }

    fn lock(&self, key: &PrivateKey) -> String {
        let public = key.public();
        // Each key has a nonce of its own, because the same passphrase and salt are used for all.
        let nonce: [u8; 24] = public.as_bytes()[..24].try_into().unwrap();
        let cost = COST.map(u32::to_le_bytes).concat();
        let header = [&cost[..], &self.salt, &nonce, public.as_bytes(), &self.derived[32..]].concat();
        let text = key.to_text();
        let bytes = URL_SAFE_NO_PAD.decode(&text.expose()["envseal-sk1-".len()..]).unwrap();
        let mut wrapped: [u8; 32] = bytes[..32].try_into().unwrap();
        let cipher = XChaCha20Poly1305::new(self.derived[..32].into());
        let authenticated = [PREFIX.as_bytes(), &header].concat();
        let tag = cipher.encrypt_in_place_detached(&nonce.into(), &authenticated, &mut wrapped).unwrap();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([&header[..], &wrapped, &tag].concat()))
    }
}

/// Replaces each key in the text with what `replace` returns for it.
fn map_keys(text: &str, prefix: &str, mut replace: impl FnMut(&str) -> String) -> String {
    let mut parts = text.split(prefix);
    let mut mapped = parts.next().unwrap().to_owned();
    for part in parts {
        let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).unwrap_or(part.len());
        mapped += &replace(&format!("{prefix}{}", &part[..end]));
        mapped += &part[end..];
    }
    mapped
}

/// Returns the text with each private key in it locked.
pub(crate) fn lock_keys(text: &str, passphrase: &str) -> String {
    let locker = Locker::new(passphrase);
    map_keys(text, "envseal-sk1-", |key| locker.lock(&PrivateKey::parse(key).unwrap()))
}

/// Returns the text with each locked key locked again at the lowest cost. The private keys are among `keys`.
pub(crate) fn relock_keys(text: &str, passphrase: &str, keys: &str) -> String {
    let mut known = Vec::new();
    map_keys(keys, "envseal-sk1-", |key| {
        known.push(PrivateKey::parse(key).unwrap());
        String::new()
    });
    let locker = Locker::new(passphrase);
    map_keys(text, PREFIX, |locked| {
        let public = locked.parse::<LockedKey>().unwrap().public();
        locker.lock(known.iter().find(|key| key.public() == public).unwrap())
    })
}
