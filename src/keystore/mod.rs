//! Where private keys are found: the process's environment, then the keys file, then a grant to this user in the team
//! file. Each is optional, and each look-up is traced, so that an error can say where it looked.

mod backup;
mod file;
mod granted;
mod identity;
mod locked;
mod pins;

use std::cell::OnceCell;
use std::fmt;
use std::path::{Path, PathBuf};

pub use backup::{AtHand, Backed, BackupError, BackupLine, backup_text, parse_backup};
pub use file::KeysFile;
pub use granted::team_file;
pub use identity::{IdentityFileError, IdentityPlace, Me};
pub use locked::{PassphraseError, Rewritten, StoredKey, StoredKeyError};
pub use pins::{Pin, Pins};

use crate::config::{EnvName, KEYS_FILE, ProcessEnv};
use crate::crypto::{KeyId, LockError, PrivateKey, PublicKey, SecretText, Unlocker};
use crate::dotenv::{EditError, ParseError};
use crate::fsio::FsError;
use crate::git::GitError;
use crate::team::{GrantFault, MemberName, TeamError};

/// Asks for a passphrase; the question ends in a colon and a space. None where there is nobody to ask.
pub type Ask<'a> = &'a dyn Fn(&str) -> std::io::Result<Option<SecretText>>;

/// The places a private key may come from.
pub struct KeyStore<'a> {
    process: &'a ProcessEnv,
    keys_file: Option<PathBuf>,
    identity_file: Option<PathBuf>,
    ask: Option<Ask<'a>>,
    /// Looked for once, when it is first needed.
    me: OnceCell<Option<Me>>,
    /// What opens locked keys, once a passphrase is known.
    unlocker: OnceCell<Unlocker>,
}

/// Whether somebody may be asked for the passphrase of an identity.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Somebody,
    Nobody,
}

/// One place that was looked at, and what was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The place.
    pub place: Place,
    /// The variable asked for; of a grant, the environment.
    pub wanted: String,
    /// What was there, none of it the key that is wanted.
    pub found: Missed,
}

/// A place where a private key may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The process's environment.
    Process,
    /// This keys file.
    KeysFile(PathBuf),
    /// A grant to this user, in this team file.
    Grant(PathBuf),
}

/// How a place came not to have the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missed {
    /// It has nothing of the name.
    Nothing,
    /// It has other keys.
    Others(Vec<KeyId>),
    /// This user has no identity that anything could be granted to.
    NoIdentity,
    /// No member has this identity.
    NoMember {
        /// The identity's fingerprint.
        fingerprint: String,
    },
    /// The member has no grant of the environment.
    NotGranted {
        /// The member's name.
        member: String,
        /// Members who can open it, by what the team file says.
        holders: Vec<String>,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process => f.write_str("the process's environment"),
            Self::KeysFile(path) | Self::Grant(path) => write!(f, "{}", path.display()),
        }
    }
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, wanted, found } = self;
        match place {
            Place::Grant(_) => write!(f, "a grant of {wanted} in {place}: ")?,
            _ => write!(f, "{wanted} in {place}: ")?,
        }
        match found {
            Missed::Nothing => f.write_str("not there"),
            Missed::Others(ids) => {
                let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                write!(f, "holds key {}", ids.join(", "))
            }
            Missed::NoIdentity => f.write_str("you have no identity"),
            Missed::NoMember { fingerprint } => write!(f, "you ({fingerprint}) are no member"),
            Missed::NotGranted { member, .. } => write!(f, "none for you ({member})"),
        }
    }
}

/// Why no private key could be had.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// Nothing is wrong, but no place holds the key.
    #[error("no private key for key {wanted} of environment {env}")]
    NotFound {
        /// The environment.
        env: EnvName,
        /// The id of the public key whose private half is wanted.
        wanted: KeyId,
        /// Where it was looked for.
        tried: Vec<Tried>,
    },
    /// A place holds something under the key's name that is no key.
    #[error("{variable} in {place} is no private key: {source}")]
    Malformed {
        /// The variable.
        variable: String,
        /// The file, or the process's environment.
        place: String,
        /// What is wrong with it.
        source: StoredKeyError,
    },
    /// A key is locked, and there is nobody to ask.
    #[error("key {key} in {place} is locked, and there is no terminal to ask for its passphrase at")]
    Locked {
        /// The key.
        key: KeyId,
        /// Where it is.
        place: Place,
    },
    /// A key is locked, and stays so.
    #[error("key {key} in {place} stays locked: {source}")]
    Unlock {
        /// The key.
        key: KeyId,
        /// Where it is.
        place: Place,
        /// Why.
        source: LockError,
    },
    /// The question for a passphrase failed.
    #[error("the passphrase could not be asked for: {source}")]
    Ask {
        /// Why.
        source: std::io::Error,
    },
    /// There is nothing to lock keys with.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// `ENVSEAL_PASSPHRASE` holds what is no text.
    #[error("ENVSEAL_PASSPHRASE is not UTF-8")]
    PassphraseText,
    /// The backup file cannot be used.
    #[error("{}: {source}", path.display())]
    Backup {
        /// The file.
        path: PathBuf,
        /// Why.
        source: BackupError,
    },
    /// The injected variable is set, but to nothing: a secret that the CI did not hand over.
    #[error("{variable} is set in the process's environment, but empty")]
    Empty {
        /// The variable.
        variable: String,
    },
    /// The keys file belongs to someone else.
    #[error("{} belongs to another user", .0.display())]
    NotOwned(PathBuf),
    /// The keys file is tracked by git: everyone with a clone has its keys.
    #[error("{} is tracked by git, so its keys are in the repository's history", .0.display())]
    Tracked(PathBuf),
    /// The keys file is not text that can be parsed.
    #[error("{}: {source}", path.display())]
    Parse {
        /// The keys file.
        path: PathBuf,
        /// Why.
        source: ParseError,
    },
    /// A key could not be added to the keys file.
    #[error("{}: {source}", path.display())]
    Edit {
        /// The keys file.
        path: PathBuf,
        /// Why.
        source: EditError,
    },
    /// The identity cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityFileError),
    /// The team file cannot be used.
    #[error("{}: {source}", path.display())]
    Team {
        /// The team file.
        path: PathBuf,
        /// Why.
        source: TeamError,
    },
    /// A grant to this user is not as it should be.
    #[error("{}:{line}: the grant of {env} to {member} is refused: {source}", path.display())]
    Grant {
        /// The team file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The environment.
        env: EnvName,
        /// The member this user is.
        member: MemberName,
        /// Why.
        source: GrantFault,
    },
    /// The list of the keys that this user has accepted is damaged.
    #[error("{}:{line} is no line of envseal's list of the keys that you have accepted", path.display())]
    Pins {
        /// The list.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A file could not be read.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// Git could not say whether the keys file is tracked.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl<'a> KeyStore<'a> {
    /// Looks in the process's environment, then in `keys_file`, or without one in the keys file that belongs
    /// to an env file's folder.
    pub fn new(process: &'a ProcessEnv, keys_file: Option<PathBuf>) -> Self {
        Self {
            process,
            keys_file,
            identity_file: None,
            ask: None,
            me: OnceCell::new(),
            unlocker: OnceCell::new(),
        }
    }

    /// Uses the identity in this file, where one is named; and asks for passphrases in this way.
    #[must_use]
    pub fn with_identity(self, identity_file: Option<PathBuf>, ask: Ask<'a>) -> Self {
        Self { identity_file, ask: Some(ask), ..self }
    }

    /// The same places, with nobody to ask for a passphrase.
    #[must_use]
    pub fn unasking(&self) -> Self {
        let (keys_file, identity_file) = (self.keys_file.clone(), self.identity_file.clone());
        Self { identity_file, ..Self::new(self.process, keys_file) }
    }

    /// The process's environment that injected keys are taken from.
    pub fn process(&self) -> &'a ProcessEnv {
        self.process
    }

    /// The private half of `wanted`, the public key of `env`, for an env file in the folder `near`.
    ///
    /// Nothing found is [`KeystoreError::NotFound`]; every other error means that a place is not as it should
    /// be, and the search stops there.
    pub fn find(&self, env: &EnvName, wanted: &PublicKey, near: &Path) -> Result<PrivateKey, KeystoreError> {
        self.locate(env, wanted, near).map(|(key, _)| key)
    }

    /// As [`Self::find`], with the place that has the key.
    pub fn locate(
        &self,
        env: &EnvName,
        wanted: &PublicKey,
        near: &Path,
    ) -> Result<(PrivateKey, Place), KeystoreError> {
        let (key, place) = self.look_up(env, wanted, near, Asks::Somebody)?;
        Ok((self.unlock(key, &place)?, place))
    }

    /// As [`Self::find`], but nobody is asked for a passphrase: what is locked then is as good as not there, as in a
    /// hook, or where the key is of use but not needed.
    pub fn find_unasked(
        &self,
        env: &EnvName,
        wanted: &PublicKey,
        near: &Path,
    ) -> Result<Option<PrivateKey>, KeystoreError> {
        match self.locate_stored(env, wanted, near) {
            Ok((key, place)) => self.unlock_unasked(key, &place),
            Err(KeystoreError::NotFound { .. } | KeystoreError::Identity(IdentityFileError::Locked(_))) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// As [`Self::locate`], but a locked key stays locked, and so does a locked identity.
    pub fn locate_stored(
        &self,
        env: &EnvName,
        wanted: &PublicKey,
        near: &Path,
    ) -> Result<(StoredKey, Place), KeystoreError> {
        self.look_up(env, wanted, near, Asks::Nobody)
    }

    fn look_up(
        &self,
        env: &EnvName,
        wanted: &PublicKey,
        near: &Path,
        asks: Asks,
    ) -> Result<(StoredKey, Place), KeystoreError> {
        let variable = env.private_key_name();
        let mut tried = Vec::new();
        let mut search = |keys: Vec<StoredKey>, place: Place| {
            let Some(at) = keys.iter().position(|key| key.public() == *wanted) else {
                let others: Vec<_> = keys.iter().map(|key| key.public().id()).collect();
                let found = if others.is_empty() { Missed::Nothing } else { Missed::Others(others) };
                tried.push(Tried { place, wanted: variable.clone(), found });
                return None;
            };
            keys.into_iter().nth(at).map(|key| (key, place))
        };
        if let Some(found) = search(self.injected(env)?, Place::Process) {
            return Ok(found);
        }
        let found = match self.keys_file(near)? {
            Some(file) => search(file.keys(env)?, Place::KeysFile(file.path().into())),
            None => search(Vec::new(), Place::KeysFile(near.join(KEYS_FILE))),
        };
        if let Some(found) = found {
            return Ok(found);
        }
        if let Some(path) = granted::team_file(near) {
            match self.granted(env, wanted, &path, asks)? {
                Ok(key) => return Ok((StoredKey::Open(key), Place::Grant(path))),
                Err(found) => {
                    tried.push(Tried { place: Place::Grant(path), wanted: env.to_string(), found });
                }
            }
        }
        Err(KeystoreError::NotFound { env: env.clone(), wanted: wanted.id(), tried })
    }

    /// Every private key at hand for `env`, older ones too. Locked ones are among them where nobody need be asked.
    pub fn all(&self, env: &EnvName, near: &Path) -> Result<Vec<PrivateKey>, KeystoreError> {
        let opened = self.all_stored(env, near)?;
        opened.into_iter().filter_map(|(key, place)| self.unlock_unasked(key, &place).transpose()).collect()
    }

    /// As [`Self::all`], with the locked ones.
    pub fn all_unlocked(&self, env: &EnvName, near: &Path) -> Result<Vec<PrivateKey>, KeystoreError> {
        self.all_stored(env, near)?.into_iter().map(|(key, place)| self.unlock(key, &place)).collect()
    }

    /// Every key at hand for `env`, older ones too, as it is kept.
    pub fn all_stored(&self, env: &EnvName, near: &Path) -> Result<Vec<(StoredKey, Place)>, KeystoreError> {
        let mut keys: Vec<_> = self.injected(env)?.into_iter().map(|key| (key, Place::Process)).collect();
        if let Some(file) = self.keys_file(near)? {
            let place = Place::KeysFile(file.path().into());
            keys.extend(file.keys(env)?.into_iter().map(|key| (key, place.clone())));
        }
        Ok(keys)
    }

    /// Every private key at hand, of whatever environment, older ones too: for history, in which a file may have had
    /// another name. What is no key is passed over, and so is what stays locked unless somebody is asked;
    /// [`Self::find`] is who complains.
    pub fn every(&self, near: &Path) -> Result<Vec<PrivateKey>, KeystoreError> {
        let opened = self.every_stored(near)?.into_iter();
        Ok(opened.filter_map(|(key, place)| self.unlock_unasked(key, &place).ok()?).collect())
    }

    /// The private half of `wanted`, whatever environment it is kept for.
    pub fn find_anywhere(
        &self,
        wanted: &PublicKey,
        near: &Path,
    ) -> Result<Option<PrivateKey>, KeystoreError> {
        let found = self.every_stored(near)?.into_iter().find(|(key, _)| key.public() == *wanted);
        found.map(|(key, place)| self.unlock(key, &place)).transpose()
    }

    fn every_stored(&self, near: &Path) -> Result<Vec<(StoredKey, Place)>, KeystoreError> {
        let injected = self.process.private_key_names().filter_map(|name| self.process.get(name)?.to_str());
        let injected = injected.flat_map(|text| locked::parse_keys(Some(text)).unwrap_or_default());
        let mut keys: Vec<_> = injected.map(|key| (key, Place::Process)).collect();
        if let Some(file) = self.keys_file(near)? {
            let place = Place::KeysFile(file.path().into());
            keys.extend(file.every().into_iter().map(|key| (key, place.clone())));
        }
        Ok(keys)
    }

    /// The keys file for an env file in the folder `near`, if there is one: the one named, else the nearest.
    pub fn keys_file(&self, near: &Path) -> Result<Option<KeysFile>, KeystoreError> {
        match &self.keys_file {
            Some(named) => KeysFile::load_as_given(named).map(Some),
            None => KeysFile::nearest(near).map(|path| KeysFile::load(&path)).transpose(),
        }
    }

    /// Where a new key for an env file in the folder `near` is to be kept.
    pub fn keys_file_path(&self, near: &Path) -> PathBuf {
        self.keys_file.clone().unwrap_or_else(|| KeysFile::place(near))
    }

    fn injected(&self, env: &EnvName) -> Result<Vec<StoredKey>, KeystoreError> {
        self.injected_as(&env.private_key_name())
    }

    fn injected_as(&self, variable: &str) -> Result<Vec<StoredKey>, KeystoreError> {
        let Some(text) = self.process.get(variable) else { return Ok(Vec::new()) };
        if text.is_empty() {
            return Err(KeystoreError::Empty { variable: variable.into() });
        }
        locked::parse_keys(text.to_str()).map_err(|source| KeystoreError::Malformed {
            variable: variable.into(),
            place: Place::Process.to_string(),
            source,
        })
    }
}
