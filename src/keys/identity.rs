//! This user's identity: an Ed25519 key in OpenSSH's form.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey as SshKey};
use zeroize::Zeroizing;

use super::{KeyStore, KeystoreError};
use crate::crypto::Identity;
use crate::fs::{self, FsError, NewMode};

/// The file's name in the folder of the user's data.
const FILE: &str = "identity";
/// How OpenSSH's form of a private key begins, where the text itself is handed over.
const BEGIN: &str = "-----BEGIN ";

/// Who this user is.
pub struct Me {
    /// The key.
    pub identity: Identity,
    /// Where it is from.
    pub place: IdentityPlace,
}

/// Where an identity is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityPlace {
    /// This file.
    File(PathBuf),
    /// The text in `ENVSEAL_IDENTITY`.
    Variable,
}

impl fmt::Display for IdentityPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable => f.write_str("ENVSEAL_IDENTITY"),
        }
    }
}

/// Why an identity cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityFileError {
    /// It is no private key in OpenSSH's form.
    #[error("{0} is no ssh-ed25519 private key as OpenSSH keeps it")]
    Form(IdentityPlace),
    /// It is the public half.
    #[error(
        "{0} is a public key: an agent signs with the private one but cannot open anything with it, so its file is needed"
    )]
    Public(IdentityPlace),
    /// It is of another kind than Ed25519.
    #[error("{place} is an SSH key of the kind {kind}, and only ssh-ed25519 can open anything")]
    Kind {
        /// Where it is from.
        place: IdentityPlace,
        /// As OpenSSH calls it.
        kind: String,
    },
    /// It stands for a key in a security key.
    #[error("{0} stands for a key in a security key, which signs but can open nothing")]
    Fido(IdentityPlace),
    /// It is locked, and there is nobody to ask.
    #[error("{0} has a passphrase, and there is no terminal to ask for it at")]
    Locked(IdentityPlace),
    /// The passphrase is another.
    #[error("that is not the passphrase of {0}")]
    Passphrase(IdentityPlace),
    /// Others than its owner can read it.
    #[error("{} can be read by others than its owner", .0.display())]
    Open(PathBuf),
    /// What the variable holds is neither a key nor the path of a file. It may be a key that arrived mangled.
    #[error("ENVSEAL_IDENTITY names no file that can be read, nor is it a private key as OpenSSH keeps it")]
    Variable,
    /// There is no folder to keep one in.
    #[error("this user has no home folder to keep an identity in")]
    NoHome,
    /// There is one already.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The question failed.
    #[error("the passphrase of {place} could not be asked for: {source}")]
    Ask {
        /// Of what.
        place: IdentityPlace,
        /// Why.
        source: std::io::Error,
    },
}

impl KeyStore<'_> {
    /// This user's identity: the one named, else `ENVSEAL_IDENTITY`, else the one in the folder of the user's data. None
    /// where nothing is named and that folder has none.
    pub fn me(&self) -> Result<Option<&Me>, KeystoreError> {
        if self.me.get().is_none() {
            let me = self.load_identity()?;
            return Ok(self.me.get_or_init(|| me).as_ref());
        }
        Ok(self.me.get().and_then(Option::as_ref))
    }

    /// As [`Self::me`], but nobody is asked for a passphrase: [`IdentityFileError::Locked`] where that would be needed.
    pub(super) fn me_unasked(&self) -> Result<Option<&Me>, KeystoreError> {
        if self.me.get().is_none() {
            let me = self.unasking().load_identity()?;
            return Ok(self.me.get_or_init(|| me).as_ref());
        }
        self.me()
    }

    /// Makes an identity in the folder of the user's data, where there is none.
    pub fn make_identity(&self) -> Result<Me, KeystoreError> {
        let path = self.identity_path().ok_or(IdentityFileError::NoHome)?;
        if path.symlink_metadata().is_ok() {
            return Err(IdentityFileError::Exists(path).into());
        }
        let identity = Identity::generate();
        fs::make_private_folder(path.parent().expect("in a folder"))?;
        fs::write_atomic(&path, openssh(&identity).as_bytes(), NewMode::Private)?;
        Ok(Me { identity, place: IdentityPlace::File(path) })
    }

    fn identity_path(&self) -> Option<PathBuf> {
        Some(self.process.data_dir()?.join(FILE))
    }

    fn load_identity(&self) -> Result<Option<Me>, KeystoreError> {
        let variable = self.process.identity().filter(|_| self.identity_file.is_none());
        if let Some(text) = variable.and_then(OsStr::to_str).filter(|text| text.starts_with(BEGIN)) {
            return self.read_identity(text.as_bytes(), IdentityPlace::Variable).map(Some);
        }
        let named = self.identity_file.clone().or_else(|| variable.map(PathBuf::from));
        let (path, is_named) = match named {
            Some(path) => (path, true),
            None => match self.identity_path() {
                Some(path) => (path, false),
                None => return Ok(None),
            },
        };
        let text = match fs::read_secret(&path) {
            Err(FsError::NotFound { .. }) if !is_named => return Ok(None),
            Err(_) if variable.is_some() => return Err(IdentityFileError::Variable.into()),
            text => text?,
        };
        refuse_open(&path, &text)?;
        self.read_identity(&text, IdentityPlace::File(path)).map(Some)
    }

    fn read_identity(&self, text: &[u8], place: IdentityPlace) -> Result<Me, KeystoreError> {
        if ["ssh-", "sk-", "ecdsa-"].iter().any(|kind| text.starts_with(kind.as_bytes())) {
            return Err(IdentityFileError::Public(place).into());
        }
        // Some CIs end a variable without the last line end that the form asks for.
        let mut whole = Zeroizing::new(Vec::with_capacity(text.len() + 1));
        whole.extend_from_slice(text.trim_ascii_end());
        whole.push(b'\n');
        let key = SshKey::from_openssh(&*whole).map_err(|_| IdentityFileError::Form(place.clone()))?;
        let algorithm = key.algorithm();
        if matches!(algorithm, ssh_key::Algorithm::SkEd25519 | ssh_key::Algorithm::SkEcdsaSha2NistP256) {
            return Err(IdentityFileError::Fido(place).into());
        }
        if algorithm != ssh_key::Algorithm::Ed25519 {
            return Err(IdentityFileError::Kind { place, kind: algorithm.to_string() }.into());
        }
        let key = if key.is_encrypted() { self.unlocked(&key, &place)? } else { key };
        match key.key_data() {
            KeypairData::Ed25519(pair) => {
                Ok(Me { identity: Identity::from_seed(&pair.private.to_bytes()), place })
            }
            _ => Err(IdentityFileError::Form(place).into()),
        }
    }

    fn unlocked(&self, key: &SshKey, place: &IdentityPlace) -> Result<SshKey, KeystoreError> {
        let asked = match (&self.passphrase, self.process.passphrase(), self.ask) {
            (Some(passphrase), ..) => Some(Zeroizing::new(passphrase.expose().as_bytes().to_vec())),
            (None, Some(passphrase), _) => Some(Zeroizing::new(passphrase.as_encoded_bytes().to_vec())),
            (None, None, Some(ask)) => ask(&format!("Passphrase of {place}: "))
                .map_err(|source| IdentityFileError::Ask { place: place.clone(), source })?
                .map(|text| Zeroizing::new(text.expose().as_bytes().to_vec())),
            (None, None, None) => None,
        };
        let passphrase = asked.ok_or_else(|| IdentityFileError::Locked(place.clone()))?;
        Ok(key.decrypt(&*passphrase).map_err(|_| IdentityFileError::Passphrase(place.clone()))?)
    }
}

/// As `ssh` does: a private key that others can read is not used, unless a passphrase guards it.
fn refuse_open(path: &Path, text: &[u8]) -> Result<(), IdentityFileError> {
    let open = fs::mode_bits(path).is_some_and(|mode| mode & 0o077 != 0);
    let guarded = SshKey::from_openssh(text).is_ok_and(|key| key.is_encrypted());
    let public = text.starts_with(b"ssh-") || text.starts_with(b"sk-") || text.starts_with(b"ecdsa-");
    if open && !guarded && !public { Err(IdentityFileError::Open(path.into())) } else { Ok(()) }
}

fn openssh(identity: &Identity) -> Zeroizing<String> {
    let pair = Ed25519Keypair::from_seed(identity.expose());
    let key = SshKey::new(KeypairData::Ed25519(pair), "envseal").expect("a key of ours");
    key.to_openssh(LineEnding::LF).expect("a key of ours")
}
