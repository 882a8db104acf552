//! Proofs that only holders of an environment's private key can make and check: HMAC-SHA256 (RFC 2104) under keys that
//! HKDF-SHA256 (RFC 5869) derives from it, one for each use.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use rand_core::{OsRng, RngCore};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{PrivateKey, PublicKey, SecretBytes};

const ROTATION: &[u8] = b"envseal/1/rotation";
const EXPOSURE: &[u8] = b"envseal/1/exposure";
const TAGS: &[u8] = b"envseal/1/exposure-tags";

/// Returns HMAC-SHA256 over the concatenated `parts`, under HKDF-SHA256 of `key` with `info` and no salt.
pub(super) fn mac(key: &PrivateKey, info: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut derived = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(None, key.expose()).expand(info, &mut *derived).expect("32 bytes are few");
    hmac(&derived, parts)
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length will do");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// 32 bytes that only a holder of a key can make; in text base64url without padding, 43 characters.
#[derive(Clone, Copy, Debug, Eq, PartialOrd, Ord)]
pub struct Proof([u8; 32]);

impl Proof {
    /// Proves that a holder of `old`, the key of `env`, replaced it with `new` (`docs/format.md`).
    pub fn of_rotation(env: &str, old: &PrivateKey, new: &PublicKey) -> Self {
        Self(mac(old, ROTATION, &[env.as_bytes(), &[0], old.public().as_bytes(), new.as_bytes()]))
    }

    /// Proves that a holder of `key`, the key of `env`, wrote this record of an exposure. Each part is preceded by its
    /// length, 8 bytes little-endian.
    pub fn of_exposure(env: &str, key: &PrivateKey, record: &[&[u8]]) -> Self {
        let lengths: Vec<_> = record.iter().map(|part| (part.len() as u64).to_le_bytes()).collect();
        let framed = lengths.iter().zip(record).flat_map(|(len, part)| [&len[..], *part]);
        let parts: Vec<&[u8]> = [env.as_bytes(), &[0]].into_iter().chain(framed).collect();
        Self(mac(key, EXPOSURE, &parts))
    }
}

/// Compares in constant time.
impl PartialEq for Proof {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 43 characters of base64url")]
pub struct NotAProof;

impl FromStr for Proof {
    type Err = NotAProof;

    fn from_str(text: &str) -> Result<Self, NotAProof> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAProof)?;
        Ok(Self(bytes.try_into().map_err(|_| NotAProof)?))
    }
}

/// T, the key for the tags that identify exposed values without revealing them.
#[derive(Clone)]
pub struct TagKey(Zeroizing<[u8; 32]>);

impl TagKey {
    /// Draws a key from the operating system's randomness.
    pub fn generate() -> Self {
        let mut key = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(&mut *key);
        Self(key)
    }

    /// Returns T and the proof that its maker had `key`, the key of `env`: 64 bytes, to be encrypted. The proof is
    /// there because anyone can encrypt, and under another T every exposed value would look changed.
    pub fn proven(&self, env: &str, key: &PrivateKey) -> SecretBytes {
        let proof = mac(key, TAGS, &[env.as_bytes(), &[0], &*self.0]);
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(&*self.0);
        bytes.extend_from_slice(&proof);
        SecretBytes::new(bytes)
    }

    /// Returns T from what [`Self::proven`] returned for the same environment and key.
    pub fn from_proven(bytes: &SecretBytes, env: &str, key: &PrivateKey) -> Option<Self> {
        let tags = Self(Zeroizing::new(*bytes.expose().first_chunk()?));
        (tags.proven(env, key) == *bytes).then_some(tags)
    }

    /// Returns HMAC(T, env ‖ 0x00 ‖ name ‖ 0x00 ‖ plaintext).
    pub fn tag(&self, env: &str, name: &str, plaintext: &[u8]) -> Proof {
        Proof(hmac(&self.0, &[env.as_bytes(), &[0], name.as_bytes(), &[0], plaintext]))
    }
}

impl fmt::Debug for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TagKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_is_proven_by_the_old_key_alone() {
        let (old, new, other) = (PrivateKey::generate(), PrivateKey::generate(), PrivateKey::generate());
        let proof = Proof::of_rotation("production", &old, &new.public());
        assert_eq!(proof, Proof::of_rotation("production", &old, &new.public()));
        assert_ne!(proof, Proof::of_rotation("staging", &old, &new.public()));
        assert_ne!(proof, Proof::of_rotation("production", &other, &new.public()));
        assert_ne!(proof, Proof::of_rotation("production", &old, &other.public()));
        assert_ne!(proof, Proof::of_rotation("production", &new, &old.public()));
        assert_eq!(proof.to_string().parse(), Ok(proof));
        assert!(proof.to_string()[1..].parse::<Proof>().is_err());
    }

    #[test]
    fn parts_of_a_record_do_not_run_into_each_other() {
        let key = PrivateKey::generate();
        let proof = |record: &[&[u8]]| Proof::of_exposure("e", &key, record);
        assert_ne!(proof(&[b"ab", b"c"]), proof(&[b"a", b"bc"]));
        assert_ne!(proof(&[b"ab"]), proof(&[b"ab", b""]));
        assert_eq!(proof(&[b"ab", b"c"]), proof(&[b"ab", b"c"]));
    }

    #[test]
    fn a_tag_tells_value_name_and_environment_apart() {
        let key = TagKey::generate();
        let tag = key.tag("e", "N", b"v");
        assert_eq!(key.tag("e", "N", b"v"), tag);
        for other in [key.tag("f", "N", b"v"), key.tag("e", "M", b"v"), key.tag("e", "N", b"w")] {
            assert_ne!(tag, other);
        }
    }

    #[test]
    fn only_a_holder_says_what_values_are_told_by() {
        let (key, other, tags) = (PrivateKey::generate(), PrivateKey::generate(), TagKey::generate());
        let bytes = tags.proven("e", &key);
        assert_eq!(TagKey::from_proven(&bytes, "e", &key).unwrap().0, tags.0);
        assert!(TagKey::from_proven(&bytes, "f", &key).is_none());
        assert!(TagKey::from_proven(&bytes, "e", &other).is_none());
        for length in [0, 31, 32, 63] {
            let cut = SecretBytes::new(bytes.expose()[..length].to_vec());
            assert!(TagKey::from_proven(&cut, "e", &key).is_none());
        }
    }
}
