//! Why a source could not be read.

/// Why a source could not be read. Holds no value's bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The text is not of its format.
    #[error("line {line}: {why}")]
    Syntax {
        /// From 1.
        line: usize,
        /// What is wrong there; holds no value.
        why: String,
    },
    /// Bytes that are no text.
    #[error("line {line}: is not UTF-8")]
    NotUtf8 {
        /// From 1.
        line: usize,
    },
    /// Several documents, where only one can be taken for the variables of an environment.
    #[error("line {line}: a second document starts; take one at a time")]
    Documents {
        /// From 1.
        line: usize,
    },
    /// No `_public_key`, without which it is no file of ejson's.
    #[error("there is no _public_key, of 64 hexadecimal digits")]
    NoPublicKey,
    /// A value that no variable can hold: a list, nothing at all.
    #[error("{origin} is {found}, which no variable can hold")]
    Unholdable {
        /// Where it stands.
        origin: String,
        /// The variable that it would be, unless it is more than one value.
        name: Option<String>,
        /// What it is: `a list`, `null`.
        found: &'static str,
    },
    /// One name twice in one object.
    #[error("{origin} stands there twice")]
    Repeated {
        /// Where it stands.
        origin: String,
    },
    /// A name without a value, which YAML reads as `null`. Says no name, for what stands there may be the rest of a value.
    #[error("line {line}: a name without a value, or the rest of the value before it")]
    NoValue {
        /// From 1.
        line: usize,
    },
    /// There is no private key for what is sealed.
    #[error("there is no private key for {id}")]
    KeyMissing {
        /// The public key, or the environment.
        id: String,
    },
    /// What is given as the private key is none.
    #[error("the private key for {id} is not of the form that its tool writes")]
    KeyForm {
        /// The public key, or the environment.
        id: String,
    },
    /// The private key is another one's.
    #[error("the private key does not belong to {id}")]
    KeyOther {
        /// The public key.
        id: String,
    },
    /// A sealed value that does not open.
    #[error("{origin} is damaged, or sealed to another key")]
    Sealed {
        /// Where it stands.
        origin: String,
        /// The variable, unless it is all of an environment.
        name: Option<String>,
    },
    /// A sealed value that no key could open.
    #[error("{origin} is {found}")]
    Malformed {
        /// Where it stands.
        origin: String,
        /// The variable, unless it is all of an environment.
        name: Option<String>,
        /// What is wrong with it.
        found: &'static str,
    },
    /// A value that envseal has sealed, for another place.
    #[error("{origin} is sealed by envseal already, and opens only where it stands")]
    Token {
        /// Where it stands.
        origin: String,
    },
    /// A value with references that no dotenv text can hold.
    #[error("{origin} refers to other variables in a text that no .env file can hold")]
    Unwritable {
        /// Where it stands.
        origin: String,
        /// The variable.
        name: String,
    },
    /// A name that no variable can have.
    #[error("{origin} is no name for a variable")]
    Name {
        /// Where it stands.
        origin: String,
    },
    /// A place from which no variable's name can be made.
    #[error("{origin} is no name for a variable")]
    PathName {
        /// Where it stands.
        origin: String,
        /// What comes closest: by this it is picked or left out.
        name: String,
    },
    /// Two places that become one variable.
    #[error("{first} and {second} would both be {name}")]
    Twice {
        /// The one place.
        first: String,
        /// The other.
        second: String,
        /// The variable.
        name: String,
    },
}

impl ImportError {
    /// Whether it is a matter of keys: none at hand, a wrong one, or what does not open.
    pub fn is_of_keys(&self) -> bool {
        matches!(
            self,
            Self::KeyMissing { .. }
                | Self::KeyForm { .. }
                | Self::KeyOther { .. }
                | Self::Sealed { .. }
                | Self::Malformed { .. }
        )
    }

    /// The name by which what is wrong can be left out, where it is one variable's.
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::Unholdable { name, .. } | Self::Sealed { name, .. } | Self::Malformed { name, .. } => {
                name.as_deref()
            }
            Self::Unwritable { name, .. } | Self::PathName { name, .. } | Self::Twice { name, .. } => {
                Some(name)
            }
            _ => None,
        }
    }
}
