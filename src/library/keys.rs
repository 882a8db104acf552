//! An environment's keys, and encrypting and decrypting without a file.

use std::fmt;
use std::str::FromStr;

use super::Value;
use crate::crypto::{self, Opener, PlaintextKind, Refs, SealedValue};
use crate::dotenv::{VarName, is_reserved, why_reserved};
use crate::error::{Error, ErrorKind};
use crate::project::value_alone;

/// The public key of an environment. It is in the env file, and isn't secret.
///
/// Its text form is `envseal-pk1-…`, with a checksum. A key of low order is rejected: nothing can be encrypted to it safely.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(pub(super) crypto::PublicKey);

impl PublicKey {
    /// Returns the fingerprint that people compare: `SHA256:` and 43 characters of base64, like SSH's fingerprints.
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint()
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

/// The private key of an environment, which decrypts all its values. Its text form, in a keys file or a CI secret, is
/// `envseal-sk1-…`. It is wiped when dropped; `Debug` shows none of it.
///
/// [`Options::private_key`] accepts a key that the program has as text, for example from a key management service:
///
/// ```no_run
/// # fn fetch_from_kms() -> String { unimplemented!() }
/// let key: envseal::PrivateKey = fetch_from_kms().parse()?;
/// let vars = envseal::Vault::options().private_key(key).open(".env.production")?.vars()?;
/// # Ok::<(), envseal::Error>(())
/// ```
///
/// [`Options::private_key`]: super::Options::private_key
pub struct PrivateKey(pub(super) crypto::PrivateKey);

impl PrivateKey {
    /// Returns its public key.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.public())
    }

    /// Decrypts the token of the variable `name` without a file: one from a [`Sealer`], or from a line of an env file.
    ///
    /// Errors: [`ErrorKind::CannotOpen`] if it is encrypted with another key, belongs to another name or was altered;
    /// [`ErrorKind::Refused`] if the value refers to other variables, which only the file has.
    pub fn open(&self, name: &str, token: &Token) -> Result<Value, Error> {
        let token = &token.0;
        if !token.refs().is_empty() {
            let message = format!("the value refers to {}: open the file that holds it", token.refs());
            return Err(Error::new(ErrorKind::Refused, message));
        }
        match Opener::new(self.0.clone()).open(name, token) {
            Ok(opened) => Ok(Value::new(value_alone(opened), true)),
            Err(error) => Err(Error::of(ErrorKind::CannotOpen, &error)),
        }
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

/// Encrypts values for a public key without an env file: in a web form, or in the program that issues credentials.
///
/// ```
/// use envseal::{PrivateKey, PublicKey, Sealer, Token};
///
/// let public_key: PublicKey = "envseal-pk1-bSCVqwDkaHfJian49re2YHiMsp4l3kKiJEi56t24hQODVXsP".parse()?;
/// let token: Token = Sealer::new(&public_key)?.seal("DB_PASSWORD", "correct horse")?;
/// println!("DB_PASSWORD={token}"); // a line for the env file of that key, and for that name only
///
/// // The key of examples/quickstart, which is public.
/// let private_key: PrivateKey = "envseal-sk1-LpJGi2DmXVPVhbQnB9Os_3j-cKQpIrtOPlnEu8UmzUTfgXlg".parse()?;
/// assert_eq!(private_key.open("DB_PASSWORD", &token)?.expose(), b"correct horse");
/// assert!(private_key.open("DB_USER", &token).is_err());
/// # Ok::<(), envseal::Error>(())
/// ```
///
/// Anyone can see that the values of one `Sealer` belong to one batch. They are decrypted faster together.
#[derive(Debug)]
pub struct Sealer(crypto::Sealer);

impl Sealer {
    /// Starts a batch of values with a fresh secret.
    ///
    /// # Panics
    ///
    /// If the operating system's random number generator fails.
    pub fn new(public_key: &PublicKey) -> Result<Self, Error> {
        Ok(Self(crypto::Sealer::new(&public_key.0)?))
    }

    /// Encrypts `value`, any bytes, for the variable `name`; it can't be decrypted under another. The value is literal:
    /// nothing in it is expanded. It is padded to a multiple of 32 bytes.
    ///
    /// Errors: [`ErrorKind::Malformed`] for an invalid name (`[A-Za-z_][A-Za-z0-9_]*`); [`ErrorKind::Refused`] for a
    /// reserved name, such as `LD_PRELOAD`, that makes programs run code.
    ///
    /// # Panics
    ///
    /// If the operating system's random number generator fails.
    pub fn seal(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Token, Error> {
        let name = VarName::new(name)?;
        if is_reserved(name.as_str()) {
            let message = format!("{name} is never encrypted: {}", why_reserved(name.as_str()));
            return Err(Error::new(ErrorKind::Refused, message));
        }
        Ok(Token(self.0.seal(name.as_str(), &Refs::none(), PlaintextKind::Value, value.as_ref())?))
    }
}

/// A sealed value, as written right of the `=` in an env file: `envseal:1:…`. Without the private key it isn't secret. It
/// needs no quotes.
///
/// A parsed token is well-formed; only decrypting shows whether it is genuine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(SealedValue);

impl FromStr for Token {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        SealedValue::parse(text.as_bytes()).map(Self).map_err(|error| Error::of(ErrorKind::Malformed, &error))
    }
}

/// The text for an env file.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
