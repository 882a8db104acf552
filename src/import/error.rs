//! Why a source could not be read.

/// Why a source could not be read. Holds no value's bytes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The text is not of its format.
    #[error("line {line}: {why}")]
    Syntax {
        /// From 1.
        line: usize,
        /// What is wrong there; holds no value.
        why: String,
    },
    /// A value that no variable can hold: a list, nothing at all.
    #[error("{origin} is {found}, which no variable can hold")]
    Unholdable {
        /// Where it stands.
        origin: String,
        /// What it is: `a list`, `null`.
        found: &'static str,
    },
    /// One name twice in one object.
    #[error("{origin} stands there twice")]
    Repeated {
        /// Where it stands.
        origin: String,
    },
    /// A name without a value: docker would take the value from its own environment, YAML reads `null`. Says no name, for
    /// what stands there may be the rest of a value.
    #[error("line {line}: a name without a value, or the rest of the value before it")]
    NoValue {
        /// From 1.
        line: usize,
    },
    /// A line that may be a variable, or the rest of the value before it; or an empty value, or two quotes.
    #[error("line {line} can be read in more than one way")]
    Ambiguous {
        /// From 1.
        line: usize,
    },
    /// The source holds no such environment.
    #[error("there is no environment {environment} in it")]
    Environment {
        /// The environment asked for.
        environment: String,
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
    #[error("{origin} is {found}")]
    Sealed {
        /// Where it stands.
        origin: String,
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
    },
    /// A name that no variable can have.
    #[error("{origin} is no name for a variable")]
    Name {
        /// Where it stands.
        origin: String,
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
            Self::KeyMissing { .. } | Self::KeyForm { .. } | Self::KeyOther { .. } | Self::Sealed { .. }
        )
    }
}
