//! The user's identity: an Ed25519 key in OpenSSH's format.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey as SshKey};
use zeroize::Zeroizing;

use super::{KeyLookupError, KeyStore, malformed};
use crate::crypto::Identity;
use crate::error::{Error, ErrorKind};
use crate::fs::{self, NewMode};
use crate::hint::Hint;

/// The file's name in the user's data folder.
const FILE: &str = "identity";
/// How OpenSSH's private key format begins, for a variable that holds the text itself.
const BEGIN: &str = "-----BEGIN ";

pub struct OwnIdentity {
    pub identity: Identity,
    pub place: IdentityPlace,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityPlace {
    File(PathBuf),
    /// The text of `ENVSEAL_IDENTITY`.
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

fn unusable_key(message: String) -> Error {
    let hint = Hint::from("use another key: envseal team request makes one, as does ssh-keygen -t ed25519");
    malformed(message).with_hint(hint.without(&["-i"]))
}

fn not_openssh(place: &IdentityPlace) -> Error {
    unusable_key(format!("{place} is not an ssh-ed25519 private key in OpenSSH's format"))
}

fn is_public_key(place: &IdentityPlace) -> Error {
    let message = format!(
        "{place} is a public key; the file of the private key is needed: an agent can sign, but not decrypt"
    );
    let hint = Hint::from(
        "name the file of the private key: --identity ~/.ssh/id_ed25519; or leave it out, and envseal team request makes a \
         key of its own",
    );
    malformed(message).with_hint(hint.without(&["-i"])).with_library_hint("name the file of the private key")
}

fn no_home() -> Error {
    Error::new(ErrorKind::NoKey, "there is no home folder to keep an identity in")
        .with_hint("set HOME, or name a key: --identity FILE")
        .with_library_hint("set HOME, or have the program name an identity")
}

impl KeyStore<'_> {
    /// Returns this user's identity: the one named, else `ENVSEAL_IDENTITY`, else any in the user's data folder.
    pub fn me(&self) -> Result<Option<&OwnIdentity>, KeyLookupError> {
        self.me_by(|| self.load_identity())
    }

    /// Returns [`KeyLookupError::Locked`] instead of asking for a passphrase.
    pub(super) fn me_unasked(&self) -> Result<Option<&OwnIdentity>, KeyLookupError> {
        self.me_by(|| self.unasking().load_identity())
    }

    fn me_by(
        &self,
        load: impl FnOnce() -> Result<Option<OwnIdentity>, KeyLookupError>,
    ) -> Result<Option<&OwnIdentity>, KeyLookupError> {
        if let Some(known) = self.me.get() {
            return Ok(known.as_ref());
        }
        let me = load()?;
        Ok(self.me.get_or_init(|| me).as_ref())
    }

    /// Creates an identity in the user's data folder; fails if there is one.
    pub fn make_identity(&self) -> Result<OwnIdentity, KeyLookupError> {
        let path = self.identity_path().ok_or_else(no_home)?;
        if path.symlink_metadata().is_ok() {
            let error = malformed(format!("{} already exists", path.display()));
            return Err(error.with_hint("see whose it is: envseal team whoami").into());
        }
        let identity = Identity::generate();
        fs::make_private_folder(path.parent().expect("in a folder"))?;
        fs::write_atomic(&path, openssh(&identity).as_bytes(), NewMode::Private)?;
        Ok(OwnIdentity { identity, place: IdentityPlace::File(path) })
    }

    fn identity_path(&self) -> Option<PathBuf> {
        Some(self.process.data_dir()?.join(FILE))
    }

    fn load_identity(&self) -> Result<Option<OwnIdentity>, KeyLookupError> {
        let variable = self.process.identity().filter(|_| self.identity_file.is_none());
        if let Some(text) = variable.and_then(OsStr::to_str).filter(|text| text.starts_with(BEGIN)) {
            return self.read_identity(text.as_bytes(), IdentityPlace::Variable).map(Some);
        }
        let named = self.identity_file.clone().or_else(|| variable.map(PathBuf::from));
        let is_named = named.is_some();
        let Some(path) = named.or_else(|| self.identity_path()) else { return Ok(None) };
        let text = match fs::read_secret(&path) {
            Err(error) if !is_named && error.is_absence() => return Ok(None),
            Err(_) if variable.is_some() => {
                // The variable may hold a key that arrived mangled, so its text is not shown.
                let message = "ENVSEAL_IDENTITY is neither the path of a readable file nor a private key in OpenSSH's format";
                return Err(malformed(message)
                    .with_hint(
                        "give it a path, or the whole text of the key with its first and last line; or leave it unset: \
                         env -u ENVSEAL_IDENTITY …",
                    )
                    .into());
            }
            text => text?,
        };
        refuse_readable_by_others(&path, &text)?;
        self.read_identity(&text, IdentityPlace::File(path)).map(Some)
    }

    fn read_identity(&self, text: &[u8], place: IdentityPlace) -> Result<OwnIdentity, KeyLookupError> {
        if is_public(text) {
            return Err(is_public_key(&place).into());
        }
        // Some CIs cut off the last line end, which the format requires.
        let mut whole = Zeroizing::new(Vec::with_capacity(text.len() + 1));
        whole.extend_from_slice(text.trim_ascii_end());
        whole.push(b'\n');
        let key = SshKey::from_openssh(&*whole).map_err(|_| not_openssh(&place))?;
        let algorithm = key.algorithm();
        if matches!(algorithm, ssh_key::Algorithm::SkEd25519 | ssh_key::Algorithm::SkEcdsaSha2NistP256) {
            let message =
                format!("{place} belongs to a key on a security key, which can sign but not decrypt");
            return Err(unusable_key(message).into());
        }
        if algorithm != ssh_key::Algorithm::Ed25519 {
            let message = format!("{place} is an SSH key of type {algorithm}; only ssh-ed25519 can decrypt");
            return Err(unusable_key(message).into());
        }
        let key = if key.is_encrypted() { self.unlocked(&key, &place)? } else { key };
        match key.key_data() {
            KeypairData::Ed25519(pair) => {
                Ok(OwnIdentity { identity: Identity::from_seed(&pair.private.to_bytes()), place })
            }
            _ => Err(not_openssh(&place).into()),
        }
    }

    fn unlocked(&self, key: &SshKey, place: &IdentityPlace) -> Result<SshKey, KeyLookupError> {
        let given = self.passphrase.as_ref().map(|text| text.expose().as_bytes());
        let given = given.or_else(|| self.process.passphrase().map(OsStr::as_encoded_bytes));
        let asked = match given {
            Some(_) => None,
            None => self.ask_for(&format!("Passphrase of {place}: "), &format!(" of {place}"))?,
        };
        let passphrase = given.or(asked.as_ref().map(|text| text.expose().as_bytes())).ok_or_else(|| {
            let message = format!("{place} has a passphrase, and there is no terminal to ask for it");
            let error = Error::new(ErrorKind::NoKey, message);
            KeyLookupError::Locked(error.with_hint("put it in ENVSEAL_PASSPHRASE"))
        })?;
        Ok(key.decrypt(passphrase).map_err(|_| {
            Error::new(ErrorKind::NoKey, format!("wrong passphrase for {place}"))
                .with_hint("try again; if ENVSEAL_PASSPHRASE is set, it is used")
        })?)
    }
}

fn is_public(text: &[u8]) -> bool {
    ["ssh-", "sk-", "ecdsa-"].iter().any(|kind| text.starts_with(kind.as_bytes()))
}

/// Rejects, as `ssh` does, a private key that others can read, unless a passphrase guards it.
fn refuse_readable_by_others(path: &Path, text: &[u8]) -> Result<(), Error> {
    let is_readable = fs::mode_bits(path).is_some_and(|mode| mode & 0o077 != 0);
    let is_guarded = || SshKey::from_openssh(text).is_ok_and(|key| key.is_encrypted());
    if !is_readable || is_public(text) || is_guarded() {
        return Ok(());
    }
    Err(Error::refused(format!("{} can be read by other users", path.display()))
        .with_status(3)
        .with_hint(hint!("chmod 600 {path}", path)))
}

fn openssh(identity: &Identity) -> Zeroizing<String> {
    let pair = Ed25519Keypair::from_seed(identity.expose());
    let key = SshKey::new(KeypairData::Ed25519(pair), "envseal").expect("a key of ours");
    key.to_openssh(LineEnding::LF).expect("a key of ours")
}
