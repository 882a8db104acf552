//! A value that could not be opened, and why.

use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;

use crate::config::EnvName;
use crate::crypto::{KeyId, OpenError, TokenError};
use crate::dotenv::{ExpandError, Foreign};
use crate::keys::SearchedPlace;

/// One value that could not be opened, and where it stands.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The variable.
    pub name: String,
    /// The env file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// Why.
    pub reason: Reason,
}

impl Failure {
    /// The failure that has to be mended: itself, or that of the variable it goes back to.
    pub fn root(&self) -> &Self {
        match &self.reason {
            Reason::DependsOn { root, .. } => root,
            _ => self,
        }
    }
}

/// Where, which and why, in one line.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}: {}", self.path.display(), self.line, self.name, self.reason)
    }
}

/// Why a value could not be opened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Reason {
    /// It starts like a token but is none.
    #[error("{0}")]
    Token(#[from] TokenError),
    /// The token does not open with the file's key.
    #[error("{0}")]
    Open(#[from] OpenError),
    /// Another tool's value.
    #[error("this is a value of {}, which envseal cannot decrypt", .0.tool)]
    Foreign(&'static Foreign),
    /// The file has sealed values but no public key.
    #[error("the file has no {0}, so nothing says which key it is sealed to")]
    NoPublicKey(String),
    /// No private key at hand.
    #[error("no private key for key {wanted} of environment {env}")]
    NoKey {
        /// The environment.
        env: EnvName,
        /// The public key's id.
        wanted: KeyId,
        /// Where it was looked for.
        tried: Rc<[SearchedPlace]>,
    },
    /// A reserved name must not be sealed.
    #[error("a reserved name must not be sealed, for a reviewer could not read it: {0}")]
    ReservedSealed(&'static str),
    /// A reserved name's value depends on a sealed one.
    #[error("a reserved name must not depend on the sealed value of {0}")]
    ReservedDepends(String),
    /// It refers to a variable that could not be opened.
    #[error("it refers to {on}, which could not be opened")]
    DependsOn {
        /// The variable that it refers to.
        on: String,
        /// The one at the end of the references, which failed for a reason of its own.
        root: Rc<Failure>,
    },
    /// A reference has no known form, or requires a variable that is not there.
    #[error("{0}")]
    Expand(#[from] ExpandError),
    /// References bring in more than any environment could hold.
    #[error("the references in these files bring in more than 64 MiB")]
    TooLarge,
    /// Its line says that it is plain.
    #[error("it is sealed, but marked as plain")]
    Marked,
    /// After opening it refers to more than its token lists, so as plain text it would read otherwise.
    #[error("as plain text it would refer to names that its token does not list")]
    UnlistedReference,
    /// No way to write it in the file.
    #[error("the value cannot be written in a .env file")]
    Unwritable,
}

impl Reason {
    /// Whether the value is refused for its name alone, whoever asks.
    pub fn is_reserved(&self) -> bool {
        matches!(self, Self::ReservedSealed(_) | Self::ReservedDepends(_))
    }
}
