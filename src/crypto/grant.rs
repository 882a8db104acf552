//! Grants: an environment's private key, wrapped by one identity to another (`docs/format.md`, "Grants").

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand_core::OsRng;
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

use super::{
    Identity, IdentityKey, PrivateKey, PublicKey,
    proof::mac,
    suite::{self, ValueKeys},
};

/// Binds every context to this use of an identity (RFC 9180, section 5.1, `info`), and starts the signed bytes.
const INFO: &[u8] = b"envseal/1/grant";
const PROOF: &[u8] = b"envseal/1/grant-proof";
const PREFIX: &str = "envseal-gr1-";
const LEN: usize = 32 + 32 + WRAPPED + 32 + 64;
const WRAPPED: usize = 32 + 16;

/// The facts that a grant is bound to.
#[derive(Clone, Copy, Debug)]
pub struct GrantTerms<'a> {
    /// The environment's name, without a zero byte.
    pub env: &'a str,
    /// The public key of the private key that is granted.
    pub key: &'a PublicKey,
    pub recipient: &'a IdentityKey,
    pub granter: &'a IdentityKey,
}

/// An environment's private key, wrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    enc: [u8; 32],
    commitment: [u8; 32],
    wrapped: [u8; WRAPPED],
    proof: [u8; 32],
    signature: [u8; 64],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum GrantError {
    #[error("not a grant")]
    Form,
    #[error("its signature is not valid: made by another member, for another one, or altered")]
    Signature,
    #[error("it is not encrypted to this identity")]
    Recipient,
    #[error("it contains a different private key than it says")]
    Key,
    #[error("its proof is not valid: its maker did not have the environment's private key")]
    Proof,
}

impl Grant {
    /// Grants `key`, the private key of the environment `env`, to `recipient`.
    pub fn make(env: &str, key: &PrivateKey, recipient: &IdentityKey, granter: &Identity) -> Self {
        let terms = GrantTerms { env, key: &key.public(), recipient, granter: &granter.public() };
        let (enc, context) =
            suite::setup_sender(&recipient.x25519(), INFO, &mut OsRng).expect("not of low order");
        let keys = ValueKeys::of(&terms.exported(), |terms, out| context.export(terms, out));
        let commitment = *keys.commitment();
        let mut wrapped = Zeroizing::new([0; WRAPPED]);
        wrapped[..32].copy_from_slice(key.expose());
        let tag = keys.encrypt(&mut wrapped[..32]).expect("32 bytes are few");
        wrapped[32..].copy_from_slice(&tag);
        let mut grant = Self { enc, commitment, wrapped: *wrapped, proof: [0; 32], signature: [0; 64] };
        grant.proof = grant.proof_by(&terms, key);
        grant.signature = granter.sign(&grant.signed(&terms));
        grant
    }

    /// Checks the granter's signature. Needs no private key.
    pub fn verify(&self, terms: &GrantTerms<'_>) -> Result<(), GrantError> {
        let signed = terms.granter.verify(&self.signed(terms), &self.signature);
        if signed { Ok(()) } else { Err(GrantError::Signature) }
    }

    /// Checks that the grant's maker had `key`, the private key of the public key in the terms.
    pub fn verify_proof(&self, terms: &GrantTerms<'_>, key: &PrivateKey) -> Result<(), GrantError> {
        if key.public() != *terms.key {
            return Err(GrantError::Key);
        }
        let holds = self.proof_by(terms, key).ct_eq(&self.proof);
        if bool::from(holds) { Ok(()) } else { Err(GrantError::Proof) }
    }

    /// Decrypts the private key for the recipient, and verifies everything: the signature, the commitment, the tag, the
    /// public key and the proof.
    pub fn open(&self, terms: &GrantTerms<'_>, recipient: &Identity) -> Result<PrivateKey, GrantError> {
        self.verify(terms)?;
        if recipient.public() != *terms.recipient {
            return Err(GrantError::Recipient);
        }
        let context = suite::setup_receiver(&self.enc, &recipient.x25519(), INFO);
        let context = context.map_err(|_| GrantError::Recipient)?;
        let keys = ValueKeys::of(&terms.exported(), |terms, out| context.export(terms, out));
        if !keys.commits_to(&self.commitment) {
            return Err(GrantError::Recipient);
        }
        let mut opened = Zeroizing::new([0; 32]);
        let (wrapped, tag) = self.wrapped.split_at(32);
        opened.copy_from_slice(wrapped);
        let tag = tag.try_into().expect("16 bytes");
        keys.decrypt(&mut *opened, tag).map_err(|_| GrantError::Recipient)?;
        let key = PrivateKey::from_bytes(&opened);
        self.verify_proof(terms, &key)?;
        Ok(key)
    }

    fn proof_by(&self, terms: &GrantTerms<'_>, key: &PrivateKey) -> [u8; 32] {
        let (recipient, granter) = (terms.recipient.as_bytes(), terms.granter.as_bytes());
        let parts =
            [terms.env.as_bytes(), &[0], recipient, granter, &self.enc, &self.commitment, &self.wrapped];
        mac(key, PROOF, &parts)
    }

    /// `"envseal/1/grant" ‖ env name ‖ 0x00 ‖ pk_env ‖ recipient ‖ granter ‖ grant ‖ proof`.
    fn signed(&self, terms: &GrantTerms<'_>) -> Vec<u8> {
        let (recipient, granter) = (terms.recipient.as_bytes(), terms.granter.as_bytes());
        let (env, key) = (terms.env.as_bytes(), terms.key.as_bytes());
        let bound: [&[u8]; 6] = [INFO, env, &[0], key, recipient, granter];
        [&bound[..], &self.parts()[..4]].concat().concat()
    }

    fn parts(&self) -> [&[u8]; 5] {
        [&self.enc, &self.commitment, &self.wrapped, &self.proof, &self.signature]
    }
}

impl GrantTerms<'_> {
    /// Returns the exporter context: `env name ‖ 0x00 ‖ pk_env ‖ granter`.
    fn exported(&self) -> Vec<u8> {
        [self.env.as_bytes(), &[0], self.key.as_bytes(), self.granter.as_bytes()].concat()
    }
}

/// The text form: `envseal-gr1-…`, base64url without padding of enc, commitment, wrapped key, proof and signature.
impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.parts().concat()))
    }
}

impl FromStr for Grant {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let body = text.strip_prefix(PREFIX).ok_or(GrantError::Form)?;
        let blob = URL_SAFE_NO_PAD.decode(body).map_err(|_| GrantError::Form)?;
        let blob: &[u8; LEN] = blob.as_slice().try_into().map_err(|_| GrantError::Form)?;
        let part = |from: usize| blob[from..from + 32].try_into().expect("32 bytes");
        Ok(Self {
            enc: part(0),
            commitment: part(32),
            wrapped: blob[64..112].try_into().expect("48 bytes"),
            proof: part(112),
            signature: blob[144..].try_into().expect("64 bytes"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Case {
        key: PrivateKey,
        public: PublicKey,
        bob: Identity,
        alice: Identity,
        parties: [IdentityKey; 2],
        grant: Grant,
    }

    impl Case {
        fn new() -> Self {
            let (key, bob, alice) = (PrivateKey::generate(), Identity::generate(), Identity::generate());
            let grant = Grant::make("production", &key, &bob.public(), &alice);
            let (public, parties) = (key.public(), [bob.public(), alice.public()]);
            Self { key, public, bob, alice, parties, grant }
        }

        fn terms(&self) -> GrantTerms<'_> {
            let [recipient, granter] = &self.parties;
            GrantTerms { env: "production", key: &self.public, recipient, granter }
        }
    }

    #[test]
    fn only_the_recipient_decrypts_it() {
        let case = Case::new();
        let (terms, text) = (case.terms(), case.grant.to_string());
        assert_eq!(text.len(), PREFIX.len() + 278);
        let again: Grant = text.parse().unwrap();
        assert_eq!(again.open(&terms, &case.bob).unwrap().public(), case.public);
        assert_eq!(again.verify_proof(&terms, &case.key), Ok(()));
        assert_eq!(again.verify(&terms), Ok(()));
        assert_eq!(again.open(&terms, &case.alice).unwrap_err(), GrantError::Recipient);
        assert_eq!(again.verify_proof(&terms, &PrivateKey::generate()), Err(GrantError::Key));
    }

    #[test]
    fn every_changed_byte_is_refused() {
        let case = Case::new();
        let (grant, blob) = (&case.grant, case.grant.parts().concat());
        for at in 0..LEN {
            let mut changed = blob.clone();
            changed[at] ^= 1;
            let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&changed));
            let changed: Grant = text.parse().unwrap();
            let refused = changed.open(&case.terms(), &case.bob).unwrap_err();
            assert_eq!(refused, GrantError::Signature, "byte {at}");
        }
        for text in [&grant.to_string()[1..], &grant.to_string()[..289], &format!("{grant}=")] {
            assert_eq!(text.parse::<Grant>(), Err(GrantError::Form));
        }
    }

    /// Someone who signs without having the environment's key can neither make the proof nor wrap the right key.
    #[test]
    fn a_sock_puppet_proves_nothing() {
        let case = Case::new();
        let terms = case.terms();
        // Mallory wraps a key of her own, and signs that it is production's.
        let mut forged = Grant::make("production", &PrivateKey::generate(), terms.recipient, &case.alice);
        forged.signature = case.alice.sign(&forged.signed(&terms));
        assert_eq!(forged.verify(&terms), Ok(()));
        assert_eq!(forged.verify_proof(&terms, &case.key), Err(GrantError::Proof));
        assert_eq!(forged.open(&terms, &case.bob).unwrap_err(), GrantError::Recipient);
    }
}
