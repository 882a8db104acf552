use crate::error::{Error, ErrorKind};
use thiserror::Error;

use super::Format;

/// Why there is no output. Holds names, never a byte of a value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExportError {
    /// The format has no way to write this name.
    #[error("{name:?} is not a name that the {format} format can hold")]
    Name {
        /// The variable.
        name: String,
        /// The format asked for.
        format: Format,
    },
    /// The reader keeps this name for itself: it would refuse the assignment, or answer with a value of its own.
    #[error("{name} belongs to the reader of the {format} format itself")]
    Reserved {
        /// The variable.
        name: String,
        /// The format asked for.
        format: Format,
    },
    /// The name was given twice (for `PowerShell`, in any letter case).
    #[error("{name} is there more than once, which the {format} format cannot hold")]
    Repeated {
        /// The variable, as spelled the second time.
        name: String,
        /// The format asked for.
        format: Format,
    },
    /// The value would not come back as it is.
    #[error("the value of {name} {why}, which the {format} format cannot hold")]
    Value {
        /// The variable.
        name: String,
        /// The format asked for.
        format: Format,
        /// What about the value it is.
        why: Why,
    },
    /// `metadata.name` of a Kubernetes `Secret` must be a DNS subdomain (RFC 1123).
    #[error(
        "{name:?} cannot name a Kubernetes Secret: lower-case letters, digits, '-' and '.', at most 253 of them"
    )]
    SecretName {
        /// The name asked for.
        name: String,
    },
}

/// What a format cannot hold about a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Why {
    /// The format is text in UTF-8.
    #[error("is not UTF-8")]
    NotUtf8,
    /// No environment variable can hold byte 0.
    #[error("has a NUL byte")]
    Nul,
    /// The format is one variable a line.
    #[error("has a line break")]
    LineBreak,
    /// The reader takes a carriage return before a line's end for part of that end.
    #[error("ends in a carriage return")]
    CarriageReturnAtEnd,
    /// The reader has a limit, in bytes, that this value passes, alone or with its name and the values before it.
    #[error("goes past {0} bytes")]
    TooLong(
        /// The reader's limit.
        usize,
    ),
    /// fish rewrites an empty entry of `PATH` and `CDPATH` to `.`.
    #[error("has an empty entry")]
    EmptyEntry,
}

impl From<ExportError> for Error {
    fn from(error: ExportError) -> Self {
        let hint = export_name(&error).map(|name| hint!("leave it out: -x {name}", name));
        Error::of(ErrorKind::Refused, &error).with_status(3).with_hint_if(hint)
    }
}

fn export_name(error: &ExportError) -> Option<&str> {
    match error {
        ExportError::Name { name, .. }
        | ExportError::Reserved { name, .. }
        | ExportError::Repeated { name, .. }
        | ExportError::Value { name, .. } => Some(name),
        ExportError::SecretName { .. } => None,
    }
}
