//! The two halves of an environment's key.

use std::fmt;
use std::str::FromStr;

use super::{Token, Value};
use crate::crypto::{self, Opener};
use crate::error::{Error, ErrorKind};
use crate::project::value_alone;

/// The public half of an environment's key: what values are sealed to. It stands in the env file, and is no secret.
///
/// Its text form is `envseal-pk1-…`, with a checksum; a key of low order, to which nothing can be sealed safely, is
/// none.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(crypto::PublicKey);

impl PublicKey {
    /// What a person compares: `SHA256:` and 43 characters of base64, as SSH shows its own keys.
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint()
    }

    pub(super) fn of(key: crypto::PublicKey) -> Self {
        Self(key)
    }

    pub(super) fn inner(&self) -> &crypto::PublicKey {
        &self.0
    }
}

impl FromStr for PublicKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(Self(crypto::PublicKey::parse(text)?))
    }
}

/// The text form: `envseal-pk1-…`.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The private half of an environment's key, as a keys file or a CI's secret holds it in the open: `envseal-sk1-…`. It
/// opens every value of the environment. It is wiped when it is dropped; `Debug` shows none of it.
///
/// Where a program has it as text (from a key management service, say), [`Options::private_key`] takes it:
///
/// ```no_run
/// # fn fetch_from_kms() -> String { unimplemented!() }
/// let key: envseal::PrivateKey = fetch_from_kms().parse()?;
/// let vars = envseal::Vault::options().private_key(key).open(".env.production")?.vars()?;
/// # Ok::<(), envseal::Error>(())
/// ```
///
/// [`Options::private_key`]: super::Options::private_key
pub struct PrivateKey(crypto::PrivateKey);

impl PrivateKey {
    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.public())
    }

    /// Opens a token that stands under the variable `name`, without a file: what a [`Sealer`] made, or a line of an env
    /// file. Errors: [`ErrorKind::CannotOpen`] where it is sealed to another key, belongs under another name or was
    /// altered; [`ErrorKind::Refused`] where the value refers to other variables, which only the file can tell.
    ///
    /// [`Sealer`]: super::Sealer
    pub fn open(&self, name: &str, token: &Token) -> Result<Value, Error> {
        let token = token.inner();
        if !token.refs().is_empty() {
            let message = format!("it refers to {}: open the file that it stands in", token.refs());
            return Err(Error::new(ErrorKind::Refused, message));
        }
        let opened = Opener::new(self.0.clone()).open(name, token)?;
        Ok(Value::new(value_alone(opened), true))
    }

    pub(super) fn into_inner(self) -> crypto::PrivateKey {
        self.0
    }
}

impl FromStr for PrivateKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(Self(crypto::PrivateKey::parse(text)?))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
