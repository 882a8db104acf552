//! Locked keys: an environment's private key behind a passphrase (`docs/format.md`, "Locked keys").

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::{fmt, str::FromStr};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{AeadInPlace, KeyInit, Tag, XChaCha20Poly1305};
use hkdf::Hkdf;
use rand_core::{OsRng, RngCore};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;
use x25519_dalek::StaticSecret;
use zeroize::Zeroizing;

use super::{KeyError, PrivateKey, PublicKey, SecretText};

/// What the text form of every locked key begins with.
pub(crate) const LOCKED_PREFIX: &str = "envseal-lk1-";

const INFO: &[u8] = b"envseal/1/locked";
/// Parameters, salt, nonce, public half, commitment.
const HEADER: usize = 12 + 16 + 24 + 32 + 32;
const LEN: usize = HEADER + 32 + 16;

/// What Argon2id (RFC 9106) is run with: memory in KiB, passes, lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

/// What new locks are made with.
const COST: Cost = Cost { memory: 256 << 10, passes: 3, lanes: 1 };
/// The least and the most that is opened: below, a lock is soon broken; above, opening it is an attack on this machine.
const FLOOR: Cost = Cost { memory: 64 << 10, passes: 1, lanes: 1 };
const CEILING: Cost = Cost { memory: 1 << 20, passes: 10, lanes: 1 };

/// Why a locked key is refused. Carries no byte of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LockError {
    /// The text does not begin as a locked key does.
    #[error("not a locked key")]
    Prefix,
    /// What follows the prefix is not canonical base64url.
    #[error("the locked key is not canonical base64url")]
    Encoding,
    /// It encodes another number of bytes.
    #[error("the locked key has {found} bytes, not {LEN}")]
    Length {
        /// The number of bytes found.
        found: usize,
    },
    /// Argon2id would be run with less or more than is allowed. Told before any memory is taken.
    #[error(
        "the locked key asks for {memory} KiB, {passes} passes and {lanes} lanes of Argon2id, which is out of bounds"
    )]
    Parameters {
        /// Memory in KiB.
        memory: u32,
        /// Passes over it.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// What it says is its public half is no public key.
    #[error("the locked key's public half is refused: {0}")]
    Public(KeyError),
    /// There is no memory for Argon2id.
    #[error("there is not enough memory for it: {0} KiB")]
    Memory(u32),
    /// The commitment is not what the passphrase yields.
    #[error("wrong passphrase")]
    Passphrase,
    /// The passphrase is right, but the header or the ciphertext was altered.
    #[error("the locked key was altered")]
    Damaged,
    /// What it holds is not the private half of its public key.
    #[error("it holds another private key than it says")]
    Key,
}

/// A private key, locked. Its public half is in the open, for recognition.
#[derive(Clone, PartialEq, Eq)]
pub struct LockedKey {
    header: [u8; HEADER],
    wrapped: [u8; 48],
    public: PublicKey,
}

impl LockedKey {
    /// What it says is its public half; true for sure once it was opened.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    fn parsed(text: &str, floor: Cost) -> Result<Self, LockError> {
        let body = text.strip_prefix(LOCKED_PREFIX).ok_or(LockError::Prefix)?;
        let blob = URL_SAFE_NO_PAD.decode(body).map_err(|_| LockError::Encoding)?;
        let blob: &[u8; LEN] =
            blob.as_slice().try_into().map_err(|_| LockError::Length { found: blob.len() })?;
        let public: [u8; 32] = blob[52..84].try_into().expect("32 bytes");
        let cost = Cost::of(blob);
        if !cost.is_within(floor, CEILING) {
            let Cost { memory, passes, lanes } = cost;
            return Err(LockError::Parameters { memory, passes, lanes });
        }
        Ok(Self {
            header: blob[..HEADER].try_into().expect("the header"),
            wrapped: blob[HEADER..].try_into().expect("48 bytes"),
            public: PublicKey::from_bytes(public).map_err(LockError::Public)?,
        })
    }

    fn salt(&self) -> &[u8; 16] {
        self.header[12..28].try_into().expect("16 bytes")
    }

    fn commitment(&self) -> &[u8; 32] {
        self.header.last_chunk().expect("32 bytes")
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

    /// Errors: those up to [`LockError::Public`], each before the next.
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
    cost: Cost,
    salt: [u8; 16],
    keys: Keys,
}

impl Locker {
    /// Runs Argon2id over `passphrase`, as UTF-8, with a salt of the operating system's randomness.
    ///
    /// Errors: [`LockError::Memory`].
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give.
    pub fn new(passphrase: &SecretText) -> Result<Self, LockError> {
        Self::with(COST, passphrase)
    }

    fn with(cost: Cost, passphrase: &SecretText) -> Result<Self, LockError> {
        let mut salt = [0; 16];
        OsRng.fill_bytes(&mut salt);
        Ok(Self { cost, salt, keys: Keys::derive(cost, &salt, passphrase)? })
    }

    /// Locks one key, under a nonce of its own.
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give.
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

/// Opens keys with one passphrase: Argon2id is run once for each batch.
pub struct Unlocker {
    passphrase: SecretText,
    derived: RefCell<Vec<(Cost, [u8; 16], Keys)>>,
}

impl Unlocker {
    /// With this passphrase. Nothing is run yet.
    pub fn new(passphrase: SecretText) -> Self {
        Self { passphrase, derived: RefCell::default() }
    }

    /// The private key.
    ///
    /// Errors: [`LockError::Memory`], [`LockError::Passphrase`], [`LockError::Damaged`], [`LockError::Key`].
    pub fn open(&self, locked: &LockedKey) -> Result<PrivateKey, LockError> {
        let (cost, salt) = (Cost::of(&locked.header), *locked.salt());
        let mut derived = self.derived.borrow_mut();
        let at = match derived.iter().position(|(c, s, _)| (*c, *s) == (cost, salt)) {
            Some(at) => at,
            None => {
                derived.push((cost, salt, Keys::derive(cost, &salt, &self.passphrase)?));
                derived.len() - 1
            }
        };
        let keys = &derived[at].2;
        if !bool::from(keys.commitment().ct_eq(locked.commitment())) {
            return Err(LockError::Passphrase);
        }
        let nonce: [u8; 24] = locked.header[28..52].try_into().expect("24 bytes");
        let mut opened = Zeroizing::new([0; 32]);
        opened.copy_from_slice(&locked.wrapped[..32]);
        let tag = Tag::from_slice(&locked.wrapped[32..]);
        keys.cipher()
            .decrypt_in_place_detached(&nonce.into(), &authenticated(&locked.header), &mut *opened, tag)
            .map_err(|_| LockError::Damaged)?;
        let key = PrivateKey::from(StaticSecret::from(*opened));
        if key.public() == locked.public { Ok(key) } else { Err(LockError::Key) }
    }

    /// The passphrase, to lock more keys with.
    pub fn passphrase(&self) -> &SecretText {
        &self.passphrase
    }
}

impl fmt::Debug for Unlocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unlocker(…)")
    }
}

/// The aad: all that stands before the ciphertext, the prefix included.
fn authenticated(header: &[u8; HEADER]) -> Vec<u8> {
    [LOCKED_PREFIX.as_bytes(), header].concat()
}

impl Cost {
    /// Those at the start of a header: three integers of 32 bits, little-endian.
    fn of(header: &[u8]) -> Self {
        let at = |from: usize| u32::from_le_bytes(header[from..from + 4].try_into().expect("4 bytes"));
        Self { memory: at(0), passes: at(4), lanes: at(8) }
    }

    fn bytes(self) -> [u8; 12] {
        let parts = [self.memory, self.passes, self.lanes].map(u32::to_le_bytes);
        parts.concat().try_into().expect("12 bytes")
    }

    fn is_within(self, floor: Self, ceiling: Self) -> bool {
        (floor.memory..=ceiling.memory).contains(&self.memory)
            && (floor.passes..=ceiling.passes).contains(&self.passes)
            && (floor.lanes..=ceiling.lanes).contains(&self.lanes)
    }
}

/// K, 32 bytes, and the commitment, 32 bytes.
struct Keys(Zeroizing<[u8; 64]>);

impl Keys {
    /// HKDF-Expand (RFC 5869) of what Argon2id version 0x13 (RFC 9106) makes of the passphrase.
    fn derive(cost: Cost, salt: &[u8; 16], passphrase: &SecretText) -> Result<Self, LockError> {
        let Cost { memory, passes, lanes } = cost;
        let params = Params::new(memory, passes, lanes, Some(32)).expect("within bounds");
        // Wiped as well: whoever reads the last blocks needs no passphrase.
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
