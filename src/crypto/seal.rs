//! Encrypting values with a public key, and the plaintext inside: kind, bytes, padding.

use std::{collections::HashSet, fmt, mem, ops::Range};

use rand_core::{CryptoRng, OsRng, RngCore};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{
    KeyId, PublicKey, Refs, SealedValue,
    open::OpenError,
    suite::{self, SenderContext, ValueKeys},
    token::{HEADER_LEN, PADDING_STEP},
};

/// Why a value cannot be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct SealError(&'static str);

/// Encrypts one write batch. One encapsulation serves the whole batch, so decrypting it takes one X25519 operation.
///
/// Never keep one beyond its batch, and never clone one: the nonce is fixed, so a name may be encrypted only once per
/// context. That is why there is no `Clone`.
pub struct Sealer {
    public: PublicKey,
    key_id: KeyId,
    enc: [u8; 32],
    context: SenderContext,
    /// The names encrypted under `context` so far.
    sealed: HashSet<String>,
}

impl Sealer {
    /// Encapsulates to `public` (RFC 9180, section 5.1.1) with the operating system's randomness.
    ///
    /// Fails if `public` is of low order: anyone can decrypt what is encrypted to it (RFC 9180, section 7.1.4).
    pub fn new(public: &PublicKey) -> Result<Self, SealError> {
        Self::with_rng(public, &mut OsRng)
    }

    pub(super) fn with_rng(
        public: &PublicKey,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Self, SealError> {
        let (enc, context) = suite::setup_sender(public, suite::INFO, rng)
            .map_err(|_| SealError("the public key has low order"))?;
        Ok(Self { public: *public, key_id: public.id(), enc, context, sealed: HashSet::new() })
    }

    /// Encrypts `plaintext`, any bytes, for the variable `name`, which the caller has validated. `refs` are the names
    /// it may refer to once decrypted. Encapsulates again if `name` was encrypted before.
    ///
    /// Fails if `refs` is not empty with [`PlaintextKind::Value`], and for a plaintext above 256 GiB, the most that
    /// ChaCha20-Poly1305 takes (RFC 8439, section 2.8).
    pub fn seal(
        &mut self,
        name: &str,
        refs: &Refs,
        kind: PlaintextKind,
        plaintext: &[u8],
    ) -> Result<SealedValue, SealError> {
        if kind == PlaintextKind::Value && !refs.is_empty() {
            return Err(SealError("a literal value cannot have a list of names"));
        }
        if !self.sealed.insert(name.to_owned()) {
            *self = Self::new(&self.public)?;
            self.sealed.insert(name.to_owned());
        }
        let keys = ValueKeys::of(&refs.bound_to(name), |context, out| self.context.export(context, out));

        // Encrypts the plaintext in place; if that fails, the buffer is wiped.
        let padded_len = padded_len(plaintext.len());
        let mut blob = Zeroizing::new(Vec::with_capacity(HEADER_LEN + padded_len + 16));
        blob.extend_from_slice(&self.key_id.0);
        blob.extend_from_slice(&self.enc);
        blob.extend_from_slice(keys.commitment());
        append_padded(&mut blob, kind, plaintext);
        let tag = keys
            .encrypt(&mut blob[HEADER_LEN..])
            .map_err(|_| SealError("the value is too long to encrypt"))?;
        blob.extend_from_slice(&tag);
        Ok(SealedValue::from_blob(mem::take(&mut *blob), refs.clone()))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({})", self.public)
    }
}

/// How to interpret the decrypted bytes, as their first byte says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlaintextKind {
    /// The exact bytes of the value.
    Value = 0,
    /// The exact source text to the right of `=`, quotes included; parsed by the dialect's rules.
    Source = 1,
}

/// Returns the length of `kind ‖ bytes ‖ 0x80 ‖ 0x00*` for `len` bytes: the least multiple of 32 that holds it.
fn padded_len(len: usize) -> usize {
    (len + 2).next_multiple_of(PADDING_STEP)
}

/// Appends `kind ‖ bytes ‖ 0x80 ‖ 0x00*` to `buffer`, whose spare capacity must suffice.
fn append_padded(buffer: &mut Vec<u8>, kind: PlaintextKind, bytes: &[u8]) {
    let end = buffer.len() + padded_len(bytes.len());
    debug_assert!(buffer.capacity() >= end, "growing would leave a copy of the secret behind");
    buffer.push(kind as u8);
    buffer.extend_from_slice(bytes);
    buffer.push(0x80);
    buffer.resize(end, 0);
}

/// Returns the kind, and the range of the value's bytes in `padded`.
// Needs no constant time: the tag has been verified by now, so the result tells only the author of the value anything.
pub(super) fn unpad(padded: &[u8]) -> Result<(PlaintextKind, Range<usize>), OpenError> {
    let end = padded.iter().rposition(|byte| *byte != 0).ok_or(OpenError::Padding)?;
    if padded[end] != 0x80 || padded.len() - end > PADDING_STEP {
        return Err(OpenError::Padding);
    }
    let kind = match padded[..end].first() {
        Some(0) => PlaintextKind::Value,
        Some(1) => PlaintextKind::Source,
        _ => return Err(OpenError::Kind),
    };
    Ok((kind, 1..end))
}

#[cfg(test)]
mod tests {
    use super::super::PrivateKey;
    use super::*;

    #[test]
    fn one_encapsulation_serves_a_batch_of_distinct_names() {
        let mut sealer = Sealer::new(&PrivateKey::generate().public()).unwrap();
        let mut seal = |name| sealer.seal(name, &Refs::none(), PlaintextKind::Value, b"x").unwrap();
        let (a, b, a_again, b_again) = (seal("A"), seal("B"), seal("A"), seal("B"));
        assert_eq!(a.enc(), b.enc());
        assert_ne!(a.enc(), a_again.enc());
        assert_eq!(a_again.enc(), b_again.enc());
    }

    #[test]
    fn refusals() {
        let low_order = PublicKey::unchecked([0; 32]);
        assert_eq!(Sealer::new(&low_order).err(), Some(SealError("the public key has low order")));
        let mut sealer = Sealer::new(&PrivateKey::generate().public()).unwrap();
        let refs = Refs::new(["B".to_owned()]).unwrap();
        let refused = SealError("a literal value cannot have a list of names");
        assert_eq!(sealer.seal("A", &refs, PlaintextKind::Value, b"x"), Err(refused));
    }
}
