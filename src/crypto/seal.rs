//! Sealing values to a public key.

use std::{collections::HashSet, fmt, mem};

use rand_core::{CryptoRng, OsRng, RngCore};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{
    KeyId, Kind, PublicKey, Refs, SealedValue, plaintext,
    suite::{self, SenderContext, ValueKeys},
    token::HEADER_LEN,
};

/// Why a value was not sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// The public key has low order: what is sealed to it, anyone can open (RFC 9180, section 7.1.4).
    #[error("the public key has low order")]
    LowOrder,
    /// Only [`Kind::Source`] may refer to other names.
    #[error("a literal value cannot have a list of names")]
    RefsWithValue,
    /// ChaCha20-Poly1305 takes at most 256 GiB (RFC 8439, section 2.8).
    #[error("the value is too long to be sealed")]
    TooLong,
}

/// Seals one write batch. One encapsulation serves it all, so that it opens with one X25519.
///
/// Never store one beyond its batch, and never clone one: the nonce is fixed, so a name may be sealed only once
/// under a context. That is why there is no `Clone`.
pub struct Sealer {
    public: PublicKey,
    key_id: KeyId,
    enc: [u8; 32],
    context: SenderContext,
    /// The names sealed under `context` so far.
    sealed: HashSet<String>,
    scratch: Vec<u8>,
}

impl Sealer {
    /// Encapsulates to `public` (RFC 9180, section 5.1.1) with the operating system's randomness.
    ///
    /// Errors: [`SealError::LowOrder`].
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give.
    pub fn new(public: &PublicKey) -> Result<Self, SealError> {
        Self::with_rng(public, &mut OsRng)
    }

    /// Seals `plaintext`, any bytes, for the variable `name`, which the caller has validated. `refs` are the names
    /// it may refer to once opened. Encapsulates afresh when `name` was sealed before.
    ///
    /// Errors: [`SealError::RefsWithValue`] when `refs` is not empty with [`Kind::Value`]; [`SealError::TooLong`].
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give.
    pub fn seal(
        &mut self,
        name: &str,
        refs: &Refs,
        kind: Kind,
        plaintext: &[u8],
    ) -> Result<SealedValue, SealError> {
        self.seal_with_rng(name, refs, kind, plaintext, &mut OsRng)
    }

    pub(super) fn with_rng(
        public: &PublicKey,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Self, SealError> {
        let (enc, context) =
            suite::setup_sender(public, suite::INFO, rng).map_err(|_| SealError::LowOrder)?;
        Ok(Self {
            public: *public,
            key_id: public.id(),
            enc,
            context,
            sealed: HashSet::new(),
            scratch: Vec::new(),
        })
    }

    pub(super) fn seal_with_rng(
        &mut self,
        name: &str,
        refs: &Refs,
        kind: Kind,
        plaintext: &[u8],
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<SealedValue, SealError> {
        if kind == Kind::Value && !refs.is_empty() {
            return Err(SealError::RefsWithValue);
        }
        if !self.sealed.insert(name.to_owned()) {
            *self = Self::with_rng(&self.public, rng)?;
            self.sealed.insert(name.to_owned());
        }
        let keys = ValueKeys::export(name, refs, &mut self.scratch, |context, out| {
            self.context.export(context, out)
        });

        // The plaintext is encrypted where it lies; should that be refused, the buffer is wiped.
        let padded_len = plaintext::padded_len(plaintext.len());
        let mut blob = Zeroizing::new(Vec::with_capacity(HEADER_LEN + padded_len + 16));
        blob.extend_from_slice(&self.key_id.0);
        blob.extend_from_slice(&self.enc);
        blob.extend_from_slice(keys.commitment());
        plaintext::append(&mut blob, kind, plaintext);
        let tag = keys.encrypt(&mut blob[HEADER_LEN..]).map_err(|_| SealError::TooLong)?;
        blob.extend_from_slice(&tag);
        Ok(SealedValue::from_blob(mem::take(&mut *blob), refs.clone()))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({})", self.public)
    }
}

#[cfg(test)]
mod tests {
    use super::super::PrivateKey;
    use super::*;

    #[test]
    fn one_encapsulation_serves_a_batch_of_distinct_names() {
        let mut sealer = Sealer::new(&PrivateKey::generate().public()).unwrap();
        let mut seal = |name| sealer.seal(name, &Refs::none(), Kind::Value, b"x").unwrap();
        let (a, b, a_again, b_again) = (seal("A"), seal("B"), seal("A"), seal("B"));
        assert_eq!(a.enc(), b.enc());
        assert_ne!(a.enc(), a_again.enc());
        assert_eq!(a_again.enc(), b_again.enc());
    }

    #[test]
    fn a_name_repeats_whatever_its_refs() {
        let mut sealer = Sealer::new(&PrivateKey::generate().public()).unwrap();
        let refs = Refs::new(["B".to_owned()]).unwrap();
        let first = sealer.seal("A", &refs, Kind::Source, b"${B}").unwrap();
        let second = sealer.seal("A", &Refs::none(), Kind::Source, b"${B}").unwrap();
        assert_ne!(first.enc(), second.enc());
    }

    #[test]
    fn refusals() {
        let low_order = PublicKey::unchecked([0; 32]);
        assert_eq!(Sealer::new(&low_order).err(), Some(SealError::LowOrder));
        let mut sealer = Sealer::new(&PrivateKey::generate().public()).unwrap();
        let refs = Refs::new(["B".to_owned()]).unwrap();
        assert_eq!(sealer.seal("A", &refs, Kind::Value, b"x"), Err(SealError::RefsWithValue));
    }
}
