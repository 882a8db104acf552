//! X25519 keys (RFC 7748) and their text form.

use std::fmt;
use std::sync::{Arc, OnceLock};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use rand_core::OsRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;
use x25519_dalek::{SharedSecret, StaticSecret};
use zeroize::Zeroizing;

use super::SecretText;
use super::locked::LOCKED_PREFIX;
use super::token::{described_version, newer_version};

pub(crate) const PUBLIC_PREFIX: &str = "envseal-pk1-";

pub(crate) const PRIVATE_PREFIX: &str = "envseal-sk1-";

const CHECKSUM_LEN: usize = 4;
const PAYLOAD_LEN: usize = 32 + CHECKSUM_LEN;
/// base64url without padding of [`PAYLOAD_LEN`] bytes; no bits are left over.
const BODY_LEN: usize = PAYLOAD_LEN / 3 * 4;

/// Why a key was refused. Contains no byte of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    #[error("not an envseal key")]
    Prefix,
    #[error("it is of {}", described_version(*.0))]
    NewerVersion(u8),
    #[error("this is the private key; the public key is needed")]
    PrivateGiven,
    #[error("this is the public key; the private key is needed")]
    PublicGiven,
    #[error("the key has {found} characters after its prefix, not {BODY_LEN}")]
    Length { found: usize },
    #[error("the key contains a character that is not base64url")]
    Encoding,
    #[error("the key's checksum does not match: a character is wrong")]
    Checksum,
    /// The u-coordinate is 2^255 - 19 or more, or its top bit is set: no private key has this public key.
    #[error("the public key is not in canonical form")]
    NonCanonical,
    /// Anyone can decrypt what is encrypted to a point of low order (RFC 7748, section 6.1).
    #[error("the public key has low order")]
    LowOrder,
}

/// An X25519 public key: a canonical u-coordinate (RFC 7748, section 5) that is not of low order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads a u-coordinate, 32 bytes little-endian.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        if !is_canonical(&bytes) {
            return Err(KeyError::NonCanonical);
        }
        if LOW_ORDER.contains(&bytes) { Err(KeyError::LowOrder) } else { Ok(Self(bytes)) }
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the text form, [`PUBLIC_PREFIX`] and 48 characters, without trimming blanks.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.starts_with(PRIVATE_PREFIX) {
            return Err(KeyError::PrivateGiven);
        }
        Self::from_bytes(*decode(PUBLIC_PREFIX, text)?)
    }

    /// Returns the first four bytes of SHA-256 of the key.
    pub fn id(&self) -> KeyId {
        KeyId(*Sha256::digest(self.0).first_chunk().expect("32 bytes hold 4"))
    }

    /// Returns the fingerprint that people compare, in SSH's form: `SHA256:` and 43 characters of base64 (RFC 4648,
    /// section 4, without padding) of SHA-256 of the key's 32 bytes. Unlike the id it cannot be forged.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(self.0)))
    }

    /// Skips the checks, so that tests can reach later ones.
    #[cfg(test)]
    pub(super) fn unchecked(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// The text form: `envseal-pk1-…`.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(encode(PUBLIC_PREFIX, &self.0).expose())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// Identifies a public key in four bytes, to tell "another key" from "damaged". Too short to trust: it can be forged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 4]);

/// Eight lower-case hexadecimal digits.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// An X25519 private key, wiped when dropped.
#[derive(Clone)]
pub struct PrivateKey {
    secret: StaticSecret,
    /// Derived on first use and kept, also for copies, because that takes a scalar multiplication.
    public: Arc<OnceLock<PublicKey>>,
}

impl PrivateKey {
    /// Draws a key from the operating system's randomness.
    pub fn generate() -> Self {
        Self { secret: StaticSecret::random_from_rng(OsRng), public: Arc::default() }
    }

    /// Reads the text form, [`PRIVATE_PREFIX`] and 48 characters, without trimming blanks.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.starts_with(PUBLIC_PREFIX) {
            return Err(KeyError::PublicGiven);
        }
        Ok(Self::from_bytes(&*decode(PRIVATE_PREFIX, text)?))
    }

    pub fn to_text(&self) -> SecretText {
        encode(PRIVATE_PREFIX, self.expose())
    }

    /// Derives the public key (RFC 7748, section 6.1).
    pub fn public(&self) -> PublicKey {
        *self.public.get_or_init(|| PublicKey(x25519_dalek::PublicKey::from(&self.secret).to_bytes()))
    }

    /// Computes X25519 (RFC 7748, section 6.1); the result tells whether the other key was of low order.
    pub(super) fn diffie_hellman(&self, public: [u8; 32]) -> SharedSecret {
        self.secret.diffie_hellman(&public.into())
    }

    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self { secret: StaticSecret::from(*bytes), public: Arc::default() }
    }

    pub(super) fn expose(&self) -> &[u8; 32] {
        self.secret.as_bytes()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

/// The canonical u-coordinates of low order: 0, 1, the two of order 8, and p - 1. With these X25519 is zero for every
/// private key (RFC 7748, section 6.1).
const LOW_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    *b"\xe0\xeb\x7a\x7c\x3b\x41\xb8\xae\x16\x56\xe3\xfa\xf1\x9f\xc4\x6a\
       \xda\x09\x8d\xeb\x9c\x32\xb1\xfd\x86\x62\x05\x16\x5f\x49\xb8\x00",
    *b"\x5f\x9c\x95\xbc\xa3\x50\x8c\x24\xb1\xd0\xb1\x55\x9c\x83\xef\x5b\
       \x04\x44\x5c\xc4\x58\x1c\x8e\x86\xd8\x22\x4e\xdd\xd0\x9f\x11\x57",
    *b"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
       \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
];

/// Returns true below p = 2^255 - 19, whose little-endian bytes are ed ff … ff 7f.
fn is_canonical(u: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = u;
    *high < 0x7f || (*high == 0x7f && (*low < 0xed || middle.iter().any(|byte| *byte != 0xff)))
}

fn encode(prefix: &str, key: &[u8; 32]) -> SecretText {
    let mut payload = Zeroizing::new([0; PAYLOAD_LEN]);
    payload[..32].copy_from_slice(key);
    payload[32..].copy_from_slice(&checksum(prefix, key));
    let mut body = Zeroizing::new([0; BODY_LEN]);
    URL_SAFE_NO_PAD.encode_slice(payload.as_slice(), &mut *body).expect("36 bytes fill 48 characters");
    let mut text = String::with_capacity(prefix.len() + BODY_LEN);
    text.push_str(prefix);
    text.extend(body.iter().copied().map(char::from));
    SecretText::new(text)
}

fn decode(prefix: &str, text: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let body = text.strip_prefix(prefix).ok_or_else(|| {
        let kinds =
            [PUBLIC_PREFIX, PRIVATE_PREFIX, LOCKED_PREFIX].map(|prefix| prefix.trim_end_matches("1-"));
        let version = kinds.iter().find_map(|kind| newer_version(text.strip_prefix(kind)?.as_bytes(), b'-'));
        version.map_or(KeyError::Prefix, KeyError::NewerVersion)
    })?;
    if body.len() != BODY_LEN {
        return Err(KeyError::Length { found: body.len() });
    }
    let mut payload = Zeroizing::new([0; PAYLOAD_LEN]);
    if URL_SAFE_NO_PAD.decode_slice(body, &mut *payload) != Ok(PAYLOAD_LEN) {
        return Err(KeyError::Encoding);
    }
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(&payload[..32]);
    if bool::from(checksum(prefix, &key).ct_eq(&payload[32..])) { Ok(key) } else { Err(KeyError::Checksum) }
}

/// The prefix is hashed too, so that a public key cannot pass for a private one.
fn checksum(prefix: &str, key: &[u8; 32]) -> [u8; CHECKSUM_LEN] {
    let digest = Sha256::new().chain_update(prefix).chain_update(key).finalize();
    *digest.first_chunk().expect("32 bytes hold 4")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn u(low: u8, high: u8, middle: u8) -> [u8; 32] {
        let mut bytes = [middle; 32];
        bytes[0] = low;
        bytes[31] = high;
        bytes
    }

    #[test]
    fn a_key_is_read_as_it_was_written_and_every_one_character_change_is_refused() {
        let private = PrivateKey::generate();
        let again = PrivateKey::parse(private.to_text().expose()).unwrap();
        assert_eq!((again.to_text(), again.public()), (private.to_text(), private.public()));
        assert_eq!(PublicKey::parse(&private.public().to_string()), Ok(private.public()));
        assert_eq!(format!("{private:?}"), "PrivateKey(…)");
        for text in [private.to_text().expose().to_owned(), private.public().to_string()] {
            for at in 0..text.len() {
                let replaced = (' '..='~').chain(['\n']).map(|replacement| {
                    let mut changed = text.clone();
                    changed.replace_range(at..=at, &replacement.to_string());
                    changed
                });
                let missing = [&text[..at], &text[at + 1..]].concat();
                for changed in replaced.filter(|changed| *changed != text).chain([missing]) {
                    assert!(PublicKey::parse(&changed).is_err(), "{changed}");
                    assert!(PrivateKey::parse(&changed).is_err(), "{changed}");
                }
            }
        }
    }

    #[test]
    fn low_order_points_are_refused() {
        // Clamping makes every scalar a multiple of the cofactor, so any scalar reveals points of low order.
        let is_low_order =
            |bytes: [u8; 32]| !StaticSecret::from([0; 32]).diffie_hellman(&bytes.into()).was_contributory();
        for bytes in LOW_ORDER {
            assert!(is_low_order(bytes) && is_canonical(&bytes), "{bytes:?}");
            assert_eq!(PublicKey::from_bytes(bytes), Err(KeyError::LowOrder));
            // A neighbour is refused only if it is of low order, too.
            for low in [bytes[0].wrapping_add(1), bytes[0].wrapping_sub(1)] {
                let mut near = bytes;
                near[0] = low;
                let taken = PublicKey::from_bytes(near);
                assert!(!is_canonical(&near) || taken.is_err() == is_low_order(near), "{near:?}");
            }
        }
        assert_eq!(LOW_ORDER[1], u(1, 0, 0));
        assert_eq!(LOW_ORDER[4], u(0xec, 0x7f, 0xff));
    }

    /// The expected value is from Python's hashlib and base64.
    #[test]
    fn a_fingerprint_is_the_whole_hash() {
        let key = PublicKey::from_bytes(u(9, 0, 0)).unwrap();
        assert_eq!(key.fingerprint(), "SHA256:NOyB29r5FIVn3EJU+ThS00+W543dS9BMHIoWQaCIOys");
        assert_eq!(key.id().to_string(), "34ec81db");
        assert_eq!(KeyId([0, 0x1a, 0xff, 3]).to_string(), "001aff03");
    }
}
