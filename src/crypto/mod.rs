//! Pure bytes: keys, tokens, sealing. No files, no environment, no clock, no printing.
//!
//! The format is specified in `docs/format.md`; the key encapsulation and key schedule are HPKE's (RFC 9180).

mod grant;
mod identity;
mod keys;
mod locked;
mod open;
mod plaintext;
mod proof;
mod seal;
mod secret;
mod suite;
mod token;

#[cfg(test)]
mod properties;

pub use grant::{Grant, GrantError, Terms};
pub use identity::{Identity, IdentityError, IdentityKey};
pub use keys::{KeyError, KeyId, PRIVATE_PREFIX, PUBLIC_PREFIX, PrivateKey, PublicKey};
pub use locked::{LOCKED_PREFIX, LockError, LockedKey, Locker, Unlocker};
pub use open::{OpenError, Opened, Opener};
pub use plaintext::Kind;
pub use proof::{NotAProof, Proof, TagKey};
pub use seal::{SealError, Sealer};
pub use secret::{SecretBytes, SecretText};
pub use token::{Refs, SealedValue, TOKEN_PREFIX, TokenError, claims_to_be_sealed, holds_sealed};
