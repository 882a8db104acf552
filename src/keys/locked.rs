//! Keys as they are stored, locked or not; locking and unlocking them.

use zeroize::Zeroizing;

use super::{KeyLookupError, KeyPlace, KeyStore, KeysFile, malformed};
use crate::config::EnvName;
use crate::crypto::{
    LOCKED_PREFIX, LockError, LockedKey, Locker, PRIVATE_PREFIX, PrivateKey, PublicKey, SecretText, Unlocker,
};
use crate::error::{Error, ErrorKind};

/// A private key as it is stored in a keys file or a variable.
#[derive(Clone, Debug)]
pub enum StoredKey {
    Open(PrivateKey),
    Locked(LockedKey),
}

impl StoredKey {
    /// Reads either text form; nothing around it is trimmed. The error is the reason alone.
    fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with(LOCKED_PREFIX) {
            text.parse().map(Self::Locked).map_err(|error: LockError| error.to_string())
        } else {
            PrivateKey::parse(text).map(Self::Open).map_err(|error| error.to_string())
        }
    }

    /// Returns true if the text can only be meant as a private key.
    pub(super) fn looks_like_one(text: &str) -> bool {
        [PRIVATE_PREFIX, LOCKED_PREFIX].iter().any(|prefix| text.starts_with(prefix))
    }

    pub fn to_text(&self) -> SecretText {
        match self {
            Self::Open(key) => key.to_text(),
            Self::Locked(key) => SecretText::new(key.to_string()),
        }
    }

    /// Returns the public key; for a locked key, the one that it claims.
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Open(key) => key.public(),
            Self::Locked(key) => key.public(),
        }
    }

    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Locked(_))
    }
}

/// The text of a keys file after its keys were locked or unlocked.
#[derive(Debug, Default)]
pub struct RewrittenKeys {
    /// None if nothing changes.
    pub text: Option<Zeroizing<Vec<u8>>>,
    /// The number of keys that were locked or unlocked.
    pub changed: usize,
}

/// Reads a comma-joined list of private keys, newest first. The error is the reason alone.
pub(super) fn parse_keys(text: Option<&str>) -> Result<Vec<StoredKey>, String> {
    text.unwrap_or("\u{fffd}").split(',').map(|key| StoredKey::parse(key.trim())).collect()
}

/// Returns how many private keys the text seems to hold.
pub(super) fn count_keys(text: &str) -> usize {
    [PRIVATE_PREFIX, LOCKED_PREFIX].iter().map(|prefix| text.matches(prefix).count()).sum()
}

/// Derives the locker for keys from this passphrase.
pub(crate) fn locker(passphrase: &SecretText) -> Result<Locker, Error> {
    Locker::new(passphrase).map_err(|error| unusable_passphrase(error.to_string()))
}

fn unusable_passphrase(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::NoKey, message).with_status(2)
}

impl KeyStore<'_> {
    /// Returns the private key, unlocked with the known passphrase, that in `ENVSEAL_PASSPHRASE`, or one asked for once.
    pub fn unlock(&self, key: StoredKey, place: &KeyPlace) -> Result<PrivateKey, KeyLookupError> {
        let locked = match key {
            StoredKey::Open(key) => return Ok(key),
            StoredKey::Locked(locked) => locked,
        };
        let unlocker = match self.known_unlocker()? {
            Some(unlocker) => unlocker,
            None => {
                let asked = self.ask_for(&format!("Passphrase of the keys in {place}: "), "")?;
                let id = locked.public().id();
                let passphrase = asked.ok_or_else(|| {
                    let message = format!(
                        "key {id} in {place} is locked, and there is no terminal to ask for its passphrase"
                    );
                    let error = Error::new(ErrorKind::NoKey, message);
                    KeyLookupError::Locked(error.with_hint("put the passphrase in ENVSEAL_PASSPHRASE"))
                })?;
                self.unlocker.get_or_init(|| Unlocker::new(passphrase))
            }
        };
        Ok(unlock_with(unlocker, &locked, place)?)
    }

    /// Returns None instead of asking for a passphrase, or if the known one is another key's.
    pub(super) fn unlock_unasked(
        &self,
        key: StoredKey,
        place: &KeyPlace,
    ) -> Result<Option<PrivateKey>, KeyLookupError> {
        match key {
            StoredKey::Open(key) => Ok(Some(key)),
            StoredKey::Locked(locked) => {
                let Some(unlocker) = self.known_unlocker()? else { return Ok(None) };
                match unlocker.open(&locked) {
                    Err(LockError::Passphrase) => Ok(None),
                    opened => Ok(Some(opened.map_err(cannot_unlock(&locked, place))?)),
                }
            }
        }
    }

    /// Returns a passphrase to lock `what` with: `ENVSEAL_PASSPHRASE`, or one that is asked for twice.
    pub fn new_passphrase(&self, what: &str) -> Result<SecretText, Error> {
        const AGAIN: &str = "try again, or put it in ENVSEAL_PASSPHRASE";
        if let Some(given) = self.given_passphrase()? {
            return Ok(given);
        }
        let first = self.ask_for(&format!("New passphrase of {what}: "), "")?;
        let first = first.ok_or_else(|| {
            unusable_passphrase("there is no terminal to ask for a passphrase")
                .with_hint("put the passphrase in ENVSEAL_PASSPHRASE")
        })?;
        if first.is_empty() {
            return Err(unusable_passphrase("an empty passphrase protects nothing").with_hint(AGAIN));
        }
        if self.ask_for("Repeat the passphrase: ", "")?.as_ref() == Some(&first) {
            Ok(first)
        } else {
            Err(unusable_passphrase("the two passphrases differ").with_hint(AGAIN))
        }
    }

    /// Locks the keys of `file` that `wants` selects by name. Rejects one that is locked with another passphrase.
    pub fn lock_in(
        &self,
        file: &KeysFile,
        wants: &dyn Fn(Option<&str>) -> bool,
        passphrase: &SecretText,
    ) -> Result<RewrittenKeys, KeyLookupError> {
        let place = KeyPlace::KeysFile(file.path().into());
        let (mut locker, mut changed) = (None, 0);
        let unlocker = Unlocker::new(passphrase.clone());
        let text = file.with_changed(wants, &mut |key| match key {
            StoredKey::Locked(key) => Ok(unlock_with(&unlocker, key, &place).map(|_| None)?),
            StoredKey::Open(key) => {
                let locker = match &mut locker {
                    Some(locker) => locker,
                    none => none.insert(self::locker(passphrase)?),
                };
                changed += 1;
                Ok(Some(StoredKey::Locked(locker.lock(key))))
            }
        })?;
        Ok(RewrittenKeys { text, changed })
    }

    /// Returns `text`, that of a keys file to which keys of `envs` were added, with the keys of each of them locked if they
    /// were locked in `before`, with the same passphrase.
    pub fn lock_as_before<'e>(
        &self,
        before: &KeysFile,
        text: Zeroizing<Vec<u8>>,
        envs: impl IntoIterator<Item = &'e EnvName>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyLookupError> {
        let mut names = Vec::new();
        for env in envs {
            if before.keys(env)?.iter().any(|key| key.is_locked()) {
                names.push(env.private_key_name());
            }
        }
        let Some(unlocker) = self.known_unlocker()?.filter(|_| !names.is_empty()) else { return Ok(text) };
        let after = KeysFile::of_text(before.path(), &text)?;
        let wants = |name: Option<&str>| names.iter().any(|locked| Some(&**locked) == name);
        Ok(self.lock_in(&after, &wants, unlocker.passphrase())?.text.unwrap_or(text))
    }

    /// Unlocks the keys of `file` that `wants` selects by name.
    pub fn unlock_in(
        &self,
        file: &KeysFile,
        wants: &dyn Fn(Option<&str>) -> bool,
    ) -> Result<RewrittenKeys, KeyLookupError> {
        let place = KeyPlace::KeysFile(file.path().into());
        let mut changed = 0;
        let text = file.with_changed(wants, &mut |key| {
            if !key.is_locked() {
                return Ok(None);
            }
            changed += 1;
            self.unlock(key.clone(), &place).map(|key| Some(StoredKey::Open(key)))
        })?;
        Ok(RewrittenKeys { text, changed })
    }

    /// Returns None if the passphrase would have to be asked for.
    fn known_unlocker(&self) -> Result<Option<&Unlocker>, Error> {
        if let Some(known) = self.unlocker.get() {
            return Ok(Some(known));
        }
        let given = self.given_passphrase()?;
        Ok(given.map(|passphrase| self.unlocker.get_or_init(|| Unlocker::new(passphrase))))
    }

    fn given_passphrase(&self) -> Result<Option<SecretText>, Error> {
        if let Some(given) = &self.passphrase {
            return Ok(Some(given.clone()));
        }
        let Some(given) = self.process.passphrase() else { return Ok(None) };
        let text = given.to_str().ok_or_else(|| malformed("ENVSEAL_PASSPHRASE is not UTF-8"))?;
        Ok(Some(SecretText::new(text.to_owned())))
    }

    /// Returns None if no one can be asked. `of` is for the error: ` of FILE`, or nothing.
    pub(super) fn ask_for(&self, question: &str, of: &str) -> Result<Option<SecretText>, Error> {
        let Some(ask) = self.ask else { return Ok(None) };
        ask(question).map_err(|source| {
            let message = format!("cannot ask for the passphrase{of}: {source}");
            Error::new(ErrorKind::NoKey, message).with_source(source)
        })
    }
}

fn unlock_with(unlocker: &Unlocker, locked: &LockedKey, place: &KeyPlace) -> Result<PrivateKey, Error> {
    unlocker.open(locked).map_err(cannot_unlock(locked, place))
}

fn cannot_unlock(locked: &LockedKey, place: &KeyPlace) -> impl FnOnce(LockError) -> Error {
    move |error| {
        let message = format!("cannot unlock key {} in {place}: {error}", locked.public().id());
        Error::new(ErrorKind::NoKey, message).with_hint(if error == LockError::Passphrase {
            "try again with the passphrase it was locked with; if ENVSEAL_PASSPHRASE is set, it is used"
        } else {
            "restore it from a backup: envseal key recover FILE"
        })
    }
}
