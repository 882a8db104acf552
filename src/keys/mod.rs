//! Where private keys are found: the process's environment, then the keys file, then a grant to this user in the team
//! file. Each is optional, and each look-up is traced, so that an error can say where it looked.

mod backup;
mod error;
mod file;
mod granted;
mod hints;
mod identity;
mod locked;
mod pins;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

pub(crate) use backup::{AtHand, Backed, BackupError, BackupLine, backup_text, parse_backup};
pub(crate) use error::{KeystoreError, Missed, Place, Tried};
pub(crate) use file::KeysFile;
pub(crate) use granted::team_file;
pub(crate) use hints::{keystore_hint, missing_key_hint};
pub(crate) use identity::{IdentityFileError, IdentityPlace, Me};
pub(crate) use locked::{PassphraseError, Rewritten, StoredKey, StoredKeyError};
pub(crate) use pins::{NewPin, Pin, Pins};

use crate::config::{EnvName, KEYS_FILE, ProcessEnv};
use crate::crypto::{PrivateKey, PublicKey, SecretText, Unlocker};
use crate::git::Repositories;

/// Asks for a passphrase; the question ends in a colon and a space. None where there is nobody to ask.
pub(crate) type Ask<'a> = &'a dyn Fn(&str) -> std::io::Result<Option<SecretText>>;

/// The places a private key may come from.
pub struct KeyStore<'a> {
    process: &'a ProcessEnv,
    /// Handed over by the program that embeds this; looked through first.
    given: Vec<PrivateKey>,
    keys_file: Option<PathBuf>,
    identity_file: Option<PathBuf>,
    /// Handed over likewise, instead of the one in the process's environment.
    passphrase: Option<SecretText>,
    ask: Option<Ask<'a>>,
    /// Looked for once, when it is first needed.
    me: OnceCell<Option<Me>>,
    /// What opens locked keys, once a passphrase is known.
    unlocker: OnceCell<Unlocker>,
    repositories: Rc<Repositories>,
}

/// Whether somebody may be asked for the passphrase of an identity.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Somebody,
    Nobody,
}

impl<'a> KeyStore<'a> {
    /// Looks in the process's environment, then in `keys_file`, or without one in the keys file that belongs
    /// to an env file's folder.
    pub fn new(process: &'a ProcessEnv, keys_file: Option<PathBuf>) -> Self {
        Self {
            process,
            given: Vec::new(),
            keys_file,
            identity_file: None,
            passphrase: None,
            ask: None,
            me: OnceCell::new(),
            unlocker: OnceCell::new(),
            repositories: Rc::default(),
        }
    }

    /// Uses the identity in this file, where one is named; and asks for passphrases in this way.
    #[must_use]
    pub fn with_identity(self, identity_file: Option<PathBuf>, ask: Ask<'a>) -> Self {
        Self { identity_file, ask: Some(ask), ..self }
    }

    /// Looks through these keys first, whatever environment they are of, and opens what is locked with this passphrase
    /// before it asks anybody: what a program that embeds this hands over itself.
    #[must_use]
    pub fn with_given(self, keys: Vec<PrivateKey>, passphrase: Option<SecretText>) -> Self {
        Self { given: keys, passphrase, ..self }
    }

    /// The same places, with nobody to ask for a passphrase.
    #[must_use]
    pub fn unasking(&self) -> Self {
        let (keys_file, identity_file) = (self.keys_file.clone(), self.identity_file.clone());
        let (given, passphrase) = (self.given.clone(), self.passphrase.clone());
        let repositories = Rc::clone(&self.repositories);
        Self { given, identity_file, passphrase, repositories, ..Self::new(self.process, keys_file) }
    }

    /// As [`Self::unasking`], with nothing known of any repository yet.
    #[must_use]
    pub fn afresh(&self) -> Self {
        Self { repositories: Rc::default(), ..self.unasking() }
    }

    /// The repositories of this command.
    pub fn repositories(&self) -> &Rc<Repositories> {
        &self.repositories
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
        if !self.given.is_empty()
            && let Some(found) = search(self.given(), Place::Given)
        {
            return Ok(found);
        }
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
        let given = self.given().into_iter().map(|key| (key, Place::Given));
        let injected = self.injected(env)?.into_iter().map(|key| (key, Place::Process));
        let mut keys: Vec<_> = given.chain(injected).collect();
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
        let given = self.given().into_iter().map(|key| (key, Place::Given));
        let mut keys: Vec<_> = given.chain(injected.map(|key| (key, Place::Process))).collect();
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

    fn given(&self) -> Vec<StoredKey> {
        self.given.iter().cloned().map(StoredKey::Open).collect()
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
