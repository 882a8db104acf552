//! Keys as they are kept: in the open, or locked; and unlocking them.

use zeroize::Zeroizing;

use super::{KeyStore, KeysFile, KeystoreError, Place};
use crate::crypto::{
    KeyError, LOCKED_PREFIX, LockError, LockedKey, Locker, PrivateKey, PublicKey, SecretText, Unlocker,
};

/// A private key as a keys file, or a variable, has it.
#[derive(Clone, Debug)]
pub enum StoredKey {
    /// In the open.
    Open(PrivateKey),
    /// Behind a passphrase.
    Locked(LockedKey),
}

/// Why text is no private key, locked or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoredKeyError {
    /// As one in the open.
    #[error(transparent)]
    Open(#[from] KeyError),
    /// As a locked one.
    #[error(transparent)]
    Locked(#[from] LockError),
}

impl StoredKey {
    /// Reads the text form of either; nothing around it is trimmed.
    pub fn parse(text: &str) -> Result<Self, StoredKeyError> {
        if text.starts_with(LOCKED_PREFIX) {
            Ok(Self::Locked(text.parse()?))
        } else {
            Ok(Self::Open(PrivateKey::parse(text)?))
        }
    }

    /// The text form.
    pub fn to_text(&self) -> SecretText {
        match self {
            Self::Open(key) => key.to_text(),
            Self::Locked(key) => SecretText::new(key.to_string()),
        }
    }

    /// The public half; of a locked key, what it says is it.
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Open(key) => key.public(),
            Self::Locked(key) => key.public(),
        }
    }

    /// Whether a passphrase is needed.
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Locked(_))
    }
}

/// A keys file's text as it is to be.
#[derive(Debug, Default)]
pub struct Rewritten {
    /// The text; none where it is as it was.
    pub text: Option<Zeroizing<Vec<u8>>>,
    /// How many keys it has otherwise.
    pub changed: usize,
}

/// Why there is nothing to lock keys with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// There is nobody to ask.
    #[error("there is no terminal to ask for a passphrase at")]
    NoTerminal,
    /// An empty one would keep nobody out.
    #[error("an empty passphrase locks nothing")]
    Empty,
    /// Two were typed that differ.
    #[error("the two passphrases differ")]
    Differ,
    /// It could not be made into a lock.
    #[error(transparent)]
    Lock(LockError),
}

/// A comma-joined list of private keys, newest first.
pub(super) fn parse_keys(text: Option<&str>) -> Result<Vec<StoredKey>, StoredKeyError> {
    text.unwrap_or("\u{fffd}").split(',').map(|key| StoredKey::parse(key.trim())).collect()
}

impl KeyStore<'_> {
    /// The key itself. Where it is locked, with the passphrase that is known by now, that `ENVSEAL_PASSPHRASE` holds,
    /// or that is asked for: once.
    pub fn unlock(&self, key: StoredKey, place: &Place) -> Result<PrivateKey, KeystoreError> {
        let locked = match key {
            StoredKey::Open(key) => return Ok(key),
            StoredKey::Locked(locked) => locked,
        };
        let unlocker = match self.known_unlocker()? {
            Some(unlocker) => unlocker,
            None => {
                let asked = self.ask_for(&format!("Passphrase of the keys in {place}: "))?;
                let id = locked.public().id();
                let passphrase =
                    asked.ok_or_else(|| KeystoreError::Locked { key: id, place: place.clone() })?;
                self.unlocker.get_or_init(|| Unlocker::new(passphrase))
            }
        };
        opened(unlocker, &locked, place)
    }

    /// As [`Self::unlock`], but nobody is asked: none where that would be needed.
    pub(super) fn unlock_unasked(
        &self,
        key: StoredKey,
        place: &Place,
    ) -> Result<Option<PrivateKey>, KeystoreError> {
        match key {
            StoredKey::Open(key) => Ok(Some(key)),
            StoredKey::Locked(locked) => {
                self.known_unlocker()?.map(|unlocker| opened(unlocker, &locked, place)).transpose()
            }
        }
    }

    /// A passphrase to lock `what` with: `ENVSEAL_PASSPHRASE`, or one that is asked for twice.
    pub fn new_passphrase(&self, what: &str) -> Result<SecretText, KeystoreError> {
        if let Some(given) = self.given_passphrase()? {
            return Ok(given);
        }
        let first = self.ask_for(&format!("New passphrase of {what}: "))?;
        let first = first.ok_or(PassphraseError::NoTerminal)?;
        if first.is_empty() {
            return Err(PassphraseError::Empty.into());
        }
        if self.ask_for("The same again: ")?.as_ref() == Some(&first) {
            Ok(first)
        } else {
            Err(PassphraseError::Differ.into())
        }
    }

    /// Locks the keys of `file` under names that `wants` asks for with `passphrase`. Those that are locked already must
    /// open with it.
    pub fn lock_in(
        &self,
        file: &KeysFile,
        wants: &dyn Fn(&str) -> bool,
        passphrase: &SecretText,
    ) -> Result<Rewritten, KeystoreError> {
        let place = Place::KeysFile(file.path().into());
        let (mut locker, mut changed) = (None, 0);
        let unlocker = Unlocker::new(passphrase.clone());
        let text = file.with_changed(wants, &mut |key| match key {
            StoredKey::Locked(key) => opened(&unlocker, key, &place).map(|_| None),
            StoredKey::Open(key) => {
                let locker = match &mut locker {
                    Some(locker) => locker,
                    none => none.insert(Locker::new(passphrase).map_err(PassphraseError::Lock)?),
                };
                changed += 1;
                Ok(Some(StoredKey::Locked(locker.lock(key))))
            }
        })?;
        Ok(Rewritten { text, changed })
    }

    /// The text of a keys file to which keys were added, those of an environment locked as what it had `before` was: with
    /// the passphrase that opened that.
    pub fn lock_as_before(
        &self,
        before: &KeysFile,
        text: Zeroizing<Vec<u8>>,
    ) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
        let names = before.locked_names()?;
        let Some(unlocker) = self.known_unlocker()?.filter(|_| !names.is_empty()) else { return Ok(text) };
        let after = KeysFile::of_text(before.path(), &text)?;
        let wants = |name: &str| names.iter().any(|locked| locked == name);
        Ok(self.lock_in(&after, &wants, unlocker.passphrase())?.text.unwrap_or(text))
    }

    /// Puts the keys of `file` under names that `wants` asks for in the open.
    pub fn unlock_in(
        &self,
        file: &KeysFile,
        wants: &dyn Fn(&str) -> bool,
    ) -> Result<Rewritten, KeystoreError> {
        let place = Place::KeysFile(file.path().into());
        let mut changed = 0;
        let text = file.with_changed(wants, &mut |key| {
            if !key.is_locked() {
                return Ok(None);
            }
            changed += 1;
            self.unlock(key.clone(), &place).map(|key| Some(StoredKey::Open(key)))
        })?;
        Ok(Rewritten { text, changed })
    }

    /// What opens locked keys, where a passphrase is known without asking.
    fn known_unlocker(&self) -> Result<Option<&Unlocker>, KeystoreError> {
        if let Some(known) = self.unlocker.get() {
            return Ok(Some(known));
        }
        let given = self.given_passphrase()?;
        Ok(given.map(|passphrase| self.unlocker.get_or_init(|| Unlocker::new(passphrase))))
    }

    fn given_passphrase(&self) -> Result<Option<SecretText>, KeystoreError> {
        if let Some(given) = &self.passphrase {
            return Ok(Some(given.clone()));
        }
        let Some(given) = self.process.passphrase() else { return Ok(None) };
        let text = given.to_str().ok_or(KeystoreError::PassphraseText)?;
        Ok(Some(SecretText::new(text.to_owned())))
    }

    fn ask_for(&self, question: &str) -> Result<Option<SecretText>, KeystoreError> {
        let Some(ask) = self.ask else { return Ok(None) };
        ask(question).map_err(|source| KeystoreError::Ask { source })
    }
}

fn opened(unlocker: &Unlocker, locked: &LockedKey, place: &Place) -> Result<PrivateKey, KeystoreError> {
    let key = locked.public().id();
    unlocker.open(locked).map_err(|source| KeystoreError::Unlock { key, place: place.clone(), source })
}
