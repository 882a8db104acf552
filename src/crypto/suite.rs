//! The one HPKE suite (RFC 9180), base mode, and the one AEAD of format version 1.

use chacha20poly1305::{AeadInPlace, ChaCha20Poly1305, KeyInit, Nonce, Tag};
use hpke::{
    Deserializable, HpkeError, OpModeR, OpModeS, Serializable,
    aead::{AeadCtxR, AeadCtxS, ExportOnlyAead},
    kdf::{HkdfSha256, extract_and_expand},
    kem::{Kem, SharedSecret, X25519HkdfSha256},
};
use rand_core::{CryptoRng, RngCore};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{PrivateKey, PublicKey};

/// Binds every context to this use of the key (RFC 9180, section 5.1, `info`).
pub(super) const INFO: &[u8] = b"envseal/1/value";

/// DHKEM(X25519, HKDF-SHA256), 0x0020 (RFC 9180, section 4.1): hpke's, except that the private key keeps its public
/// key. hpke derives that again for each decapsulation, which is a sixth of the time.
#[derive(Clone, Copy)]
pub(super) struct Dhkem;

/// `concat("KEM", I2OSP(kem_id, 2))` (RFC 9180, section 4.1).
const KEM_SUITE_ID: &[u8] = b"KEM\x00\x20";

/// The sender's context (RFC 9180, section 5.1.1).
pub(super) type SenderContext = AeadCtxS<ExportOnlyAead, HkdfSha256, Dhkem>;

/// The receiver's context (RFC 9180, section 5.1.1).
pub(super) type ReceiverContext = AeadCtxR<ExportOnlyAead, HkdfSha256, Dhkem>;

/// `SetupBaseS(pk, info)` (RFC 9180, section 5.1.1): `enc` and the context. Fails, as does the receiver's, if the
/// Diffie-Hellman result is all zeros: the other side's key is of low order (section 7.1.4).
pub(super) fn setup_sender(
    public: &PublicKey,
    info: &[u8],
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<([u8; 32], SenderContext), HpkeError> {
    let public = <Dhkem as Kem>::PublicKey::from_bytes(public.as_bytes()).expect("32 bytes");
    let (enc, context) = hpke::setup_sender::<_, _, Dhkem, _>(&OpModeS::Base, &public, info, rng)?;
    Ok((enc.to_bytes().into(), context))
}

/// `SetupBaseR(enc, sk, info)` (RFC 9180, section 5.1.1).
pub(super) fn setup_receiver(
    enc: &[u8; 32],
    private: &PrivateKey,
    info: &[u8],
) -> Result<ReceiverContext, HpkeError> {
    let enc = <Dhkem as Kem>::EncappedKey::from_bytes(enc).expect("32 bytes");
    hpke::setup_receiver(&OpModeR::Base, private, &enc, info)
}

impl Kem for Dhkem {
    type PublicKey = <X25519HkdfSha256 as Kem>::PublicKey;
    type PrivateKey = PrivateKey;
    type EncappedKey = <X25519HkdfSha256 as Kem>::EncappedKey;
    type NSecret = <X25519HkdfSha256 as Kem>::NSecret;
    const KEM_ID: u16 = X25519HkdfSha256::KEM_ID;

    fn sk_to_pk(private: &PrivateKey) -> Self::PublicKey {
        Self::PublicKey::from_bytes(private.public().as_bytes()).expect("32 bytes")
    }

    fn derive_keypair(ikm: &[u8]) -> (PrivateKey, Self::PublicKey) {
        let (private, public) = X25519HkdfSha256::derive_keypair(ikm);
        (PrivateKey::from_bytes(&private.to_bytes().into()), public)
    }

    /// Decap (RFC 9180, section 4.1). Only base mode is used, where no sender is authenticated.
    fn decap(
        private: &PrivateKey,
        sender: Option<&Self::PublicKey>,
        enc: &Self::EncappedKey,
    ) -> Result<SharedSecret<Self>, HpkeError> {
        let enc: [u8; 32] = enc.to_bytes().into();
        let dh = private.diffie_hellman(enc);
        if sender.is_some() || !dh.was_contributory() {
            return Err(HpkeError::DecapError);
        }
        let mut context = [0; 64];
        context[..32].copy_from_slice(&enc);
        context[32..].copy_from_slice(private.public().as_bytes());
        let mut shared = SharedSecret::default();
        extract_and_expand::<HkdfSha256>(dh.as_bytes(), KEM_SUITE_ID, &context, &mut shared.0)
            .map_err(|_| HpkeError::DecapError)?;
        Ok(shared)
    }

    fn encap<R: CryptoRng + RngCore>(
        public: &Self::PublicKey,
        sender: Option<(&PrivateKey, &Self::PublicKey)>,
        rng: &mut R,
    ) -> Result<(SharedSecret<Self>, Self::EncappedKey), HpkeError> {
        if sender.is_some() {
            return Err(HpkeError::EncapError);
        }
        let (secret, enc) = X25519HkdfSha256::encap(public, None, rng)?;
        let mut shared = SharedSecret::default();
        shared.0.copy_from_slice(&secret.0);
        Ok((shared, enc))
    }
}

/// Required by [`Kem`]; nothing else converts a private key to bytes or back.
impl Serializable for PrivateKey {
    type OutputSize = <<X25519HkdfSha256 as Kem>::PrivateKey as Serializable>::OutputSize;

    fn write_exact(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(self.expose());
    }
}

impl Deserializable for PrivateKey {
    fn from_bytes(encoded: &[u8]) -> Result<Self, HpkeError> {
        let key = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(encoded)?;
        Ok(Self::from_bytes(&key.to_bytes().into()))
    }
}

impl PartialEq for PrivateKey {
    fn eq(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }
}

impl Eq for PrivateKey {}

/// The result of `Context.Export` (RFC 9180, section 5.3) for one value: K, 32 bytes, and the commitment, 32 bytes.
pub(super) struct ValueKeys(Zeroizing<[u8; 64]>);

impl ValueKeys {
    /// Exports for an exporter context; `export` is the method of the sender's or the receiver's context.
    pub(super) fn of(context: &[u8], export: impl FnOnce(&[u8], &mut [u8]) -> Result<(), HpkeError>) -> Self {
        let mut keys = Self(Zeroizing::new([0; 64]));
        export(context, &mut *keys.0).expect("64 bytes are fewer than HKDF's 255 blocks");
        keys
    }

    /// Returns the commitment to key, context, name and refs.
    pub(super) fn commitment(&self) -> &[u8; 32] {
        self.0.last_chunk().expect("64 bytes hold 32")
    }

    /// Compares in constant time.
    pub(super) fn commits_to(&self, commitment: &[u8; 32]) -> bool {
        self.commitment().ct_eq(commitment).into()
    }

    /// Encrypts in place under K, once: the nonce is fixed. Returns the tag. Fails above 256 GiB.
    pub(super) fn encrypt(self, buffer: &mut [u8]) -> Result<[u8; 16], chacha20poly1305::Error> {
        Ok(self.cipher().encrypt_in_place_detached(&Nonce::default(), b"", buffer)?.into())
    }

    /// Decrypts in place under K; on failure `buffer` is still the ciphertext.
    pub(super) fn decrypt(self, buffer: &mut [u8], tag: &[u8; 16]) -> Result<(), chacha20poly1305::Error> {
        self.cipher().decrypt_in_place_detached(&Nonce::default(), b"", buffer, Tag::from_slice(tag))
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(self.0[..32].into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::properties::{Replay, hex};
    use super::*;

    /// RFC 9180, appendix A.7.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, Export-Only AEAD, base mode.
    #[test]
    fn rfc_9180_a_7_1() {
        let info = hex("4f6465206f6e2061204772656369616e2055726e");
        let ikm_e = hex("55bc245ee4efda25d38f2d54d5bb6665291b99f8108a8c4b686c2b14893ea5d9");
        let ikm_r = hex("683ae0da1d22181e74ed2e503ebf82840deb1d5e872cade20f4b458d99783e31");
        let sk_r = hex("33d196c830a12f9ac65d6e565a590d80f04ee9b19c83c87f2c170d972a812848");
        let pk_r = hex("194141ca6c3c3beb4792cd97ba0ea1faff09d98435012345766ee33aae2d7664");
        let enc = hex("e5e8f9bfff6c2f29791fc351d2c25ce1299aa5eaca78a757c0b4fb4bcd830918");
        let exports = [
            ("", "7a36221bd56d50fb51ee65edfd98d06a23c4dc87085aa5866cb7087244bd2a36"),
            ("00", "d5535b87099c6c3ce80dc112a2671c6ec8e811a2f284f948cec6dd1708ee33f0"),
            ("54657374436f6e74657874", "ffaabc85a776136ca0c378e5d084c9140ab552b78f039d2e8775f26efff4c70e"),
        ];

        let (derived, public) = Dhkem::derive_keypair(&ikm_r);
        assert_eq!((&derived.to_bytes()[..], &public.to_bytes()[..]), (&sk_r[..], &pk_r[..]));
        assert_eq!(Dhkem::sk_to_pk(&derived), public);
        let private = PrivateKey::from_bytes(&sk_r.try_into().unwrap());
        assert_eq!(private.public().as_bytes()[..], pk_r);

        let (found, sender) = setup_sender(&private.public(), &info, &mut Replay(ikm_e)).unwrap();
        assert_eq!(found[..], enc);
        let receiver = setup_receiver(&found, &private, &info).unwrap();
        for (exporter_context, exported) in exports {
            let (exporter_context, exported) = (hex(exporter_context), hex(exported));
            let mut out = [0; 32];
            sender.export(&exporter_context, &mut out).unwrap();
            assert_eq!(out[..], exported);
            receiver.export(&exporter_context, &mut out).unwrap();
            assert_eq!(out[..], exported);
        }
    }
}
