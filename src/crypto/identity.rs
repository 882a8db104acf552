//! Identities: the Ed25519 keys (RFC 8032) of people and machines. They sign grants. As in age, they also work as
//! X25519 keys, so that grants can be wrapped to them.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use rand_core::{OsRng, RngCore};
use ssh_key::{HashAlg, SshSig, public::KeyData};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{PrivateKey, PublicKey};

/// The types of SSH keys that are stored on a security key (OpenSSH's PROTOCOL.u2f).
const FIDO: [&str; 2] = ["sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"];

/// Why a public key cannot be an identity's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct IdentityError(String);

/// An identity's private key, wiped when dropped.
#[derive(Clone)]
pub struct Identity(SigningKey);

impl Identity {
    /// Draws a seed from the operating system's randomness.
    pub fn generate() -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(&mut *seed);
        Self::from_seed(&seed)
    }

    /// Creates an identity from a seed (RFC 8032, section 5.1.5), which is what OpenSSH stores.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Returns the seed; the caller must keep it secret.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    pub fn public(&self) -> IdentityKey {
        IdentityKey(self.0.verifying_key())
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    /// Returns the same key for X25519: its clamped scalar (RFC 8032, section 5.1.5; RFC 7748, section 5).
    pub(super) fn x25519(&self) -> PrivateKey {
        PrivateKey::from_bytes(&Zeroizing::new(self.0.to_scalar_bytes()))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.public().fingerprint())
    }
}

/// An identity's public key: a canonical Ed25519 point that is not of low order.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdentityKey(VerifyingKey);

impl IdentityKey {
    /// Reads a compressed point, 32 bytes (RFC 8032, section 5.1.2).
    ///
    /// Fails if the point is not on the curve, not in canonical form, or of low order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, IdentityError> {
        let key = VerifyingKey::from_bytes(bytes).ok();
        let key = key.filter(|key| key.to_edwards().compress().to_bytes() == *bytes && !key.is_weak());
        key.map(Self).ok_or_else(|| IdentityError("not a valid Ed25519 key".into()))
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Reads OpenSSH's form, `ssh-ed25519 AAAA…`, and ignores a comment after it.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let fail = |what: &str| IdentityError(what.to_owned());
        if FIDO.iter().any(|kind| text.starts_with(kind)) {
            return Err(fail("an SSH key on a security key, which can sign but not decrypt"));
        }
        let key = ssh_key::PublicKey::from_openssh(text);
        match key.map_err(|_| fail("not a public key in OpenSSH's format"))?.key_data() {
            KeyData::Ed25519(key) => Self::from_bytes(&key.0),
            other => {
                let kind = other.algorithm();
                Err(fail(&format!("an SSH key of type {kind}; only ssh-ed25519 keys can be granted access")))
            }
        }
    }

    /// Returns what `ssh-keygen -l` shows: `SHA256:…`, 43 characters of base64.
    pub fn fingerprint(&self) -> String {
        self.openssh().fingerprint(HashAlg::Sha256).to_string()
    }

    /// Verifies strictly: no malleable signature, no key of low order (`ed25519_dalek::VerifyingKey::verify_strict`).
    pub(super) fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }

    /// Returns true if `armored`, an SSH signature (OpenSSH's PROTOCOL.sshsig), is this key's over `message` in
    /// `namespace`.
    pub fn signed(&self, namespace: &str, message: &[u8], armored: &[u8]) -> bool {
        SshSig::from_pem(armored).is_ok_and(|signature| {
            *signature.public_key() == self.openssh().into()
                && self.openssh().verify(namespace, message, &signature).is_ok()
        })
    }

    /// Returns the same key for X25519 (RFC 7748, section 4.1: the birational map).
    pub(super) fn x25519(&self) -> PublicKey {
        // It is not of low order, because the Edwards point isn't.
        PublicKey::from_bytes(self.0.to_montgomery().to_bytes()).expect("a point of high order")
    }

    fn openssh(&self) -> ssh_key::PublicKey {
        KeyData::Ed25519(ssh_key::public::Ed25519PublicKey(*self.as_bytes())).into()
    }
}

impl PartialOrd for IdentityKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for IdentityKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl fmt::Display for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.openssh().to_openssh().expect("a key without a comment"))
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityKey({})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::super::properties::hex;
    use super::*;

    /// RFC 8032, section 7.1, test 1; the fingerprint is what `ssh-keygen -lf` shows of that key.
    #[test]
    fn a_known_key() {
        let seed = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let seed = seed.try_into().unwrap();
        let identity = Identity::from_seed(&seed);
        let key = identity.public();
        assert_eq!(identity.expose(), &seed);
        let public = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        assert_eq!(key.as_bytes()[..], public[..]);
        let text = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
        assert_eq!(key.to_string(), text);
        assert_eq!(IdentityKey::parse(&key.to_string()), Ok(key));
        assert_eq!(IdentityKey::parse(&format!("{key} alice@example.com")), Ok(key));
        assert_eq!(key.fingerprint(), "SHA256:bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8");
        assert_eq!(format!("{identity:?}"), format!("Identity({})", key.fingerprint()));
    }

    #[test]
    fn other_kinds_are_refused_by_name() {
        let refused = |text: &str| IdentityKey::parse(text).unwrap_err().to_string();
        let (form, kind) =
            ("not a public key in OpenSSH's format", "an SSH key of type ssh-rsa; only ssh-ed25519");
        let rsa = refused("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQC7");
        assert!(rsa == form || rsa.starts_with(kind), "{rsa}");
        let fido = "an SSH key on a security key, which can sign but not decrypt";
        assert_eq!(refused("sk-ssh-ed25519@openssh.com AAAA"), fido);
        assert_eq!(refused("alice"), form);
        // The neutral element, and a point of order two in a form that is not canonical.
        let mut one = [0; 32];
        one[0] = 1;
        let point = || Err(IdentityError("not a valid Ed25519 key".into()));
        assert_eq!(IdentityKey::from_bytes(&one), point());
        let mut high = [0xff; 32];
        high[31] = 0x7f;
        assert_eq!(IdentityKey::from_bytes(&high), point());
    }
}
