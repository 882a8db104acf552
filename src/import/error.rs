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
