//! Sealing without a file.

use std::fmt;
use std::str::FromStr;

use super::PublicKey;
use crate::crypto::{self, Kind, Refs, SealedValue};
use crate::dotenv::{VarName, is_reserved, why_reserved};
use crate::error::{Error, ErrorKind};

/// Seals values to a public key, where no env file is at hand: in a web form, or in the program that issues
/// credentials.
///
/// ```
/// use envseal::{PrivateKey, PublicKey, Sealer, Token};
///
/// let public_key: PublicKey = "envseal-pk1-bSCVqwDkaHfJian49re2YHiMsp4l3kKiJEi56t24hQODVXsP".parse()?;
/// let token: Token = Sealer::new(&public_key)?.seal("DB_PASSWORD", "correct horse")?;
/// println!("DB_PASSWORD={token}"); // a line that fits into the env file of that key, and under that name only
///
/// // The key of examples/quickstart, which is public.
/// let private_key: PrivateKey = "envseal-sk1-LpJGi2DmXVPVhbQnB9Os_3j-cKQpIrtOPlnEu8UmzUTfgXlg".parse()?;
/// assert_eq!(private_key.open("DB_PASSWORD", &token)?.expose(), b"correct horse");
/// assert!(private_key.open("DB_USER", &token).is_err());
/// # Ok::<(), envseal::Error>(())
/// ```
///
/// Values sealed by one `Sealer` show that they belong to one batch, and open faster together.
#[derive(Debug)]
pub struct Sealer(crypto::Sealer);

impl Sealer {
    /// Draws a fresh secret for one batch of values.
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give.
    pub fn new(public_key: &PublicKey) -> Result<Self, Error> {
        Ok(Self(crypto::Sealer::new(public_key.inner())?))
    }

    /// Seals `value`, any bytes, for the variable `name`: it opens under no other. What is sealed is literal: nothing
    /// in it is ever expanded. Its length shows in steps of 32 bytes.
    ///
    /// Errors: [`ErrorKind::Malformed`] for what is no name (`[A-Za-z_][A-Za-z0-9_]*`); [`ErrorKind::Refused`] for one
    /// by whose value programs run code, such as `LD_PRELOAD`, which is never sealed.
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give.
    pub fn seal(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Token, Error> {
        let name = VarName::new(name)?;
        if is_reserved(name.as_str()) {
            let message = format!("{name} is never sealed: {}", why_reserved(name.as_str()));
            return Err(Error::new(ErrorKind::Refused, message));
        }
        Ok(Token(self.0.seal(name.as_str(), &Refs::none(), Kind::Value, value.as_ref())?))
    }
}

/// A sealed value, as it stands right of the `=` in an env file: `envseal:1:…`. It holds no secret that opens without
/// the private key, and needs no quotes.
///
/// One that was parsed has the right form, and no more: whether it opens shows when it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(SealedValue);

impl Token {
    pub(super) fn inner(&self) -> &SealedValue {
        &self.0
    }
}

impl FromStr for Token {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(Self(SealedValue::parse(text.as_bytes())?))
    }
}

/// The text that stands in a file.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
