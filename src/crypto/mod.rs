//! Keys, sealed values, grants and locked keys as bytes. No files, no environment, no clock, no printing. What needs
//! randomness takes the operating system's, and panics if that fails.
//!
//! The format is specified in `docs/format.md`; the key encapsulation and key schedule are HPKE's (RFC 9180).

#![allow(missing_docs, reason = "exported for the tests only")]

mod grant;
mod identity;
mod keys;
mod locked;
mod open;
mod proof;
mod seal;
mod secret;
mod suite;
mod token;

#[cfg(test)]
mod properties;

pub use grant::{Grant, GrantError, GrantTerms};
pub use identity::{Identity, IdentityKey};
pub use keys::{KeyError, PrivateKey, PublicKey};
pub(crate) use keys::{KeyId, PRIVATE_PREFIX};
pub(crate) use locked::LOCKED_PREFIX;
pub use locked::{LockError, LockedKey, Locker, Unlocker};
pub(crate) use open::OpenedValue;
pub use open::{OpenError, Opener};
pub use proof::{Proof, TagKey};
pub(crate) use seal::SealError;
pub use seal::{PlaintextKind, Sealer};
pub use secret::{SecretBytes, SecretText};
pub use token::{Refs, SealedValue, TokenError, claims_to_be_sealed};
pub(crate) use token::{TOKEN_PREFIX, holds_sealed};
