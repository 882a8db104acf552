//! Locked keys: an environment's private key, encrypted with a passphrase (`docs/format.md`, "Locked keys").

use std::cell::RefCell;
use std::collections::{HashMap, hash_map::Entry};
use std::{fmt, str::FromStr};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{AeadInPlace, KeyInit, Tag, XChaCha20Poly1305};
use hkdf::Hkdf;
use rand_core::{OsRng, RngCore};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

use super::{KeyError, PrivateKey, PublicKey, SecretText};

pub(crate) const LOCKED_PREFIX: &str = "envseal-lk1-";

const INFO: &[u8] = b"envseal/1/locked";
/// Parameters, salt, nonce, public key, commitment.
const HEADER: usize = 12 + 16 + 24 + 32 + 32;
const LEN: usize = HEADER + 32 + 16;

/// Argon2id's parameters (RFC 9106); memory in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Argon2Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

const COST: Argon2Cost = Argon2Cost { memory: 256 << 10, passes: 3, lanes: 1 };
/// The bounds when unlocking: below them a passphrase is easy to guess; above them unlocking can exhaust this machine.
const FLOOR: Argon2Cost = Argon2Cost { memory: 64 << 10, passes: 1, lanes: 1 };
const CEILING: Argon2Cost = Argon2Cost { memory: 1 << 20, passes: 10, lanes: 1 };

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LockError {
    #[error("not a locked key")]
    Prefix,
    #[error("the locked key is not canonical base64url")]
    Encoding,
    #[error("the locked key has {found} bytes, not {LEN}")]
    Length { found: usize },
    /// Refused before any memory is allocated.
    #[error(
        "the locked key needs {memory} KiB, {passes} passes and {lanes} lanes of Argon2id, which is out of bounds"
    )]
    Parameters { memory: u32, passes: u32, lanes: u32 },
    #[error("the locked key's public key is not valid: {0}")]
    Public(KeyError),
    #[error("not enough memory: Argon2id needs {0} KiB")]
    Memory(u32),
    #[error("wrong passphrase")]
    Passphrase,
    /// The passphrase is right, but the header or the ciphertext was altered.
    #[error("the locked key was altered")]
    Damaged,
    #[error("it contains a different private key than it says")]
    Key,
}

/// A private key, encrypted with a passphrase. Its public key is readable, so that the key can be recognised.
#[derive(Clone, PartialEq, Eq)]
pub struct LockedKey {
    header: [u8; HEADER],
    wrapped: [u8; 48],
    public: PublicKey,
}

impl LockedKey {
    /// Returns the public key that the header claims. It is verified only when the key is unlocked.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    fn parsed(text: &str, floor: Argon2Cost) -> Result<Self, LockError> {
        let body = text.strip_prefix(LOCKED_PREFIX).ok_or(LockError::Prefix)?;
        let blob = URL_SAFE_NO_PAD.decode(body).map_err(|_| LockError::Encoding)?;
        let blob: &[u8; LEN] =
            blob.as_slice().try_into().map_err(|_| LockError::Length { found: blob.len() })?;
        let public: [u8; 32] = blob[52..84].try_into().expect("32 bytes");
        let cost = Argon2Cost::of(blob);
        if !cost.is_within(floor) {
            let Argon2Cost { memory, passes, lanes } = cost;
            return Err(LockError::Parameters { memory, passes, lanes });
        }
        Ok(Self {
            header: blob[..HEADER].try_into().expect("the header"),
            wrapped: blob[HEADER..].try_into().expect("48 bytes"),
            public: PublicKey::from_bytes(public).map_err(LockError::Public)?,
        })
    }
}

/// The text form: `envseal-lk1-…`, base64url without padding of the header, the wrapped key and its tag.
impl fmt::Display for LockedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blob = [&self.header[..], &self.wrapped].concat();
        write!(f, "{LOCKED_PREFIX}{}", URL_SAFE_NO_PAD.encode(blob))
    }
}

impl FromStr for LockedKey {
    type Err = LockError;

    fn from_str(text: &str) -> Result<Self, LockError> {
        Self::parsed(text, FLOOR)
    }
}

impl fmt::Debug for LockedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LockedKey({})", self.public.id())
    }
}

/// Locks a batch of keys with one passphrase: Argon2id is run once.
pub struct Locker {
    cost: Argon2Cost,
    salt: [u8; 16],
    keys: LockKeys,
}

impl Locker {
    /// Runs Argon2id over `passphrase`, as UTF-8, with a salt from the operating system's randomness.
    pub fn new(passphrase: &SecretText) -> Result<Self, LockError> {
        Self::with(COST, passphrase)
    }

    fn with(cost: Argon2Cost, passphrase: &SecretText) -> Result<Self, LockError> {
        let mut salt = [0; 16];
        OsRng.fill_bytes(&mut salt);
        Ok(Self { cost, salt, keys: LockKeys::derive(cost, &salt, passphrase)? })
    }

    /// Locks one key, with its own nonce.
    pub fn lock(&self, key: &PrivateKey) -> LockedKey {
        let mut nonce = [0; 24];
        OsRng.fill_bytes(&mut nonce);
        let public = key.public();
        let parts: [&[u8]; 5] =
            [&self.cost.bytes(), &self.salt, &nonce, public.as_bytes(), self.keys.commitment()];
        let header: [u8; HEADER] = parts.concat().try_into().expect("of these lengths");
        let mut wrapped = Zeroizing::new([0; 48]);
        wrapped[..32].copy_from_slice(key.expose());
        let tag = self
            .keys
            .cipher()
            .encrypt_in_place_detached(&nonce.into(), &authenticated(&header), &mut wrapped[..32])
            .expect("32 bytes are few");
        wrapped[32..].copy_from_slice(&tag);
        LockedKey { header, wrapped: *wrapped, public }
    }
}

impl fmt::Debug for Locker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Locker(…)")
    }
}

/// Unlocks keys with one passphrase: Argon2id is run once for each batch.
pub struct Unlocker {
    passphrase: SecretText,
    /// By cost and salt.
    derived: RefCell<HashMap<(Argon2Cost, [u8; 16]), LockKeys>>,
}

impl Unlocker {
    pub fn new(passphrase: SecretText) -> Self {
        Self { passphrase, derived: RefCell::default() }
    }

    pub fn open(&self, locked: &LockedKey) -> Result<PrivateKey, LockError> {
        let cost = Argon2Cost::of(&locked.header);
        let salt: [u8; 16] = locked.header[12..28].try_into().expect("16 bytes");
        let nonce: [u8; 24] = locked.header[28..52].try_into().expect("24 bytes");
        let commitment: &[u8; 32] = locked.header.last_chunk().expect("32 bytes");
        let mut derived = self.derived.borrow_mut();
        let keys = match derived.entry((cost, salt)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(LockKeys::derive(cost, &salt, &self.passphrase)?),
        };
        if !bool::from(keys.commitment().ct_eq(commitment)) {
            return Err(LockError::Passphrase);
        }
        let mut opened = Zeroizing::new([0; 32]);
        opened.copy_from_slice(&locked.wrapped[..32]);
        let tag = Tag::from_slice(&locked.wrapped[32..]);
        keys.cipher()
            .decrypt_in_place_detached(&nonce.into(), &authenticated(&locked.header), &mut *opened, tag)
            .map_err(|_| LockError::Damaged)?;
        let key = PrivateKey::from_bytes(&opened);
        if key.public() == locked.public { Ok(key) } else { Err(LockError::Key) }
    }

    pub fn passphrase(&self) -> &SecretText {
        &self.passphrase
    }
}

impl fmt::Debug for Unlocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unlocker(…)")
    }
}

/// Returns the additional data: all that precedes the ciphertext, the prefix included.
fn authenticated(header: &[u8; HEADER]) -> Vec<u8> {
    [LOCKED_PREFIX.as_bytes(), header].concat()
}

impl Argon2Cost {
    /// Reads the start of a header: three integers of 32 bits, little-endian.
    fn of(header: &[u8]) -> Self {
        let at = |from: usize| u32::from_le_bytes(header[from..from + 4].try_into().expect("4 bytes"));
        Self { memory: at(0), passes: at(4), lanes: at(8) }
    }

    fn bytes(self) -> [u8; 12] {
        let parts = [self.memory, self.passes, self.lanes].map(u32::to_le_bytes);
        parts.concat().try_into().expect("12 bytes")
    }

    fn is_within(self, floor: Self) -> bool {
        (floor.memory..=CEILING.memory).contains(&self.memory)
            && (floor.passes..=CEILING.passes).contains(&self.passes)
            && (floor.lanes..=CEILING.lanes).contains(&self.lanes)
    }
}

/// K, 32 bytes, and the commitment, 32 bytes.
struct LockKeys(Zeroizing<[u8; 64]>);

impl LockKeys {
    /// Returns HKDF-Expand (RFC 5869) of the passphrase's Argon2id hash (version 0x13, RFC 9106).
    fn derive(cost: Argon2Cost, salt: &[u8; 16], passphrase: &SecretText) -> Result<Self, LockError> {
        let Argon2Cost { memory, passes, lanes } = cost;
        let params = Params::new(memory, passes, lanes, Some(32)).expect("within bounds");
        // Wiped as well: the last blocks are as good as the passphrase.
        let mut blocks = Zeroizing::new(Vec::new());
        let count = params.block_count();
        blocks.try_reserve_exact(count).map_err(|_| LockError::Memory(memory))?;
        blocks.resize(count, Block::default());
        let mut stretched = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(
                passphrase.expose().as_bytes(),
                salt,
                &mut *stretched,
                &mut blocks[..],
            )
            .expect("lengths within bounds");
        let mut keys = Self(Zeroizing::new([0; 64]));
        Hkdf::<Sha256>::from_prk(&*stretched)
            .expect("32 bytes are enough")
            .expand(INFO, &mut *keys.0)
            .expect("64 bytes are few");
        Ok(keys)
    }

    fn commitment(&self) -> &[u8; 32] {
        self.0.last_chunk().expect("64 bytes hold 32")
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.0[..32].into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The least that Argon2 accepts: the tests are about everything but its cost.
    const SMALL: Argon2Cost = Argon2Cost { memory: 8, passes: 1, lanes: 1 };

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

    #[test]
    fn every_changed_bit_is_refused() {
        let key = PrivateKey::generate();
        let locked = small("p").lock(&key);
        let unlocker = Unlocker::new(text("p"));
        for at in 0..LEN {
            for bit in [1, 0x80] {
                let refused = match changed(&locked, |blob| blob[at] ^= bit) {
                    // These parameters are too expensive for a test.
                    Ok(other) if Argon2Cost::of(&other.header).memory > 1 << 14 => continue,
                    Ok(other) => unlocker.open(&other).unwrap_err(),
                    Err(error) => error,
                };
                match at {
                    0..12 => assert!(matches!(refused, LockError::Parameters { .. } | LockError::Passphrase)),
                    12..28 | 84..116 => assert_eq!(refused, LockError::Passphrase, "byte {at}"),
                    52..84 => assert!(matches!(refused, LockError::Damaged | LockError::Public(_))),
                    _ => assert_eq!(refused, LockError::Damaged, "byte {at}"),
                }
            }
        }
    }

    #[test]
    fn parts_of_one_batch_cannot_be_exchanged() {
        let locker = small("p");
        let (one, other) = (locker.lock(&PrivateKey::generate()), locker.lock(&PrivateKey::generate()));
        let unlocker = Unlocker::new(text("p"));
        let theirs = [&other.header[..], &other.wrapped].concat();
        for range in [52..84, HEADER..LEN, 28..52] {
            let mixed = changed(&one, |blob| blob[range.clone()].copy_from_slice(&theirs[range])).unwrap();
            assert_eq!(unlocker.open(&mixed).unwrap_err(), LockError::Damaged);
        }
        // Someone with the passphrase can lock a different key than the header says. That is refused, too.
        let mut lying = one.clone();
        lying.header[52..84].copy_from_slice(other.public.as_bytes());
        let mut buffer = *PrivateKey::generate().expose();
        let nonce: [u8; 24] = lying.header[28..52].try_into().unwrap();
        let also = authenticated(&lying.header);
        let tag = locker.keys.cipher().encrypt_in_place_detached(&nonce.into(), &also, &mut buffer);
        lying.wrapped = [&buffer[..], &tag.unwrap()].concat().try_into().unwrap();
        lying.public = other.public;
        assert_eq!(unlocker.open(&lying).unwrap_err(), LockError::Key);
    }

    #[test]
    fn parameters_out_of_bounds_are_refused_by_reading_alone() {
        let locked = small("p").lock(&PrivateKey::generate());
        let parse = |memory: u32, passes: u32, lanes: u32| {
            let cost = Argon2Cost { memory, passes, lanes }.bytes();
            let blob = [&cost, &locked.header[12..], &locked.wrapped].concat();
            format!("{LOCKED_PREFIX}{}", URL_SAFE_NO_PAD.encode(blob)).parse::<LockedKey>()
        };
        for (memory, passes, lanes) in [(256 << 10, u32::MAX, 1), (256 << 10, 3, u32::MAX)] {
            assert_eq!(parse(memory, passes, lanes), Err(LockError::Parameters { memory, passes, lanes }));
        }
        for (memory, passes) in [(64 << 10, 1), (256 << 10, 3), (1 << 20, 10)] {
            assert!(parse(memory, passes, 1).is_ok());
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let (locker, unlocker) = (small("hunter2"), Unlocker::new(text("hunter2")));
        let key = PrivateKey::generate();
        let shown = format!("{locker:?} {unlocker:?} {:?}", locker.lock(&key));
        assert_eq!(shown, format!("Locker(…) Unlocker(…) LockedKey({})", key.public().id()));
    }
}
