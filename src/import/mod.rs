//! Readers of other tools' files, one file per format. They take bytes and return items; they write, print and encrypt nothing.

#![allow(missing_docs, reason = "exported for the tests only")]

pub(crate) mod dotenvx;
pub mod ejson;
pub mod json;
pub(crate) mod sops;
mod tree;
pub mod yaml;

use zeroize::Zeroizing;

use crate::dotenv::Document;

/// Why a source can't be read. Contains no byte of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ImportError {
    /// Decides the exit status and the hint.
    pub kind: ImportErrorKind,
    /// What is wrong, without the source's name.
    pub message: String,
    /// The name to leave out with `-x`, if the error concerns one variable.
    pub variable: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportErrorKind {
    /// The text isn't valid in its format.
    Syntax,
    NotUtf8,
    /// The YAML text has several documents.
    Documents,
    /// The ejson file has no public key.
    NoPublicKey,
    NoValue,
    /// A name appears twice in one object.
    Repeated,
    /// Two places in the source make one variable.
    Ambiguous,
    /// A value that no variable can hold, or a name that no variable can have.
    Unsupported,
    NoKey,
    /// The private key has a wrong form or belongs to another public key.
    BadKey,
    /// A value is damaged or encrypted with another key.
    Undecryptable,
    /// An encrypted value has a wrong form.
    Malformed,
}

impl ImportError {
    fn new(kind: ImportErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), variable: None }
    }

    /// Makes an error about a value that envseal encrypted for another place.
    pub fn sealed_elsewhere(origin: &str) -> Self {
        let message =
            format!("{origin} is already encrypted by envseal, and can only be decrypted where it is");
        Self::new(ImportErrorKind::Unsupported, message)
    }

    /// Makes an error about another tool's encrypted value in a source that is not that tool's.
    pub fn foreign(origin: &str, variable: &str, tool: &str) -> Self {
        let message = format!("{origin} is a value of {tool}, which envseal cannot decrypt");
        Self::of_variable(ImportErrorKind::Undecryptable, variable, message)
    }

    /// Makes an error about a name that no variable can have.
    pub fn bad_name(origin: &str) -> Self {
        Self::new(ImportErrorKind::Unsupported, format!("{origin} can't be a variable name"))
    }

    fn of_variable(kind: ImportErrorKind, variable: &str, message: String) -> Self {
        Self { kind, message, variable: Some(variable.to_owned()) }
    }

    /// `line` counts from 1; `why` contains no value.
    fn syntax(line: usize, why: impl std::fmt::Display) -> Self {
        Self::new(ImportErrorKind::Syntax, format!("line {line}: {why}"))
    }

    fn repeated(origin: &str) -> Self {
        Self::new(ImportErrorKind::Repeated, format!("{origin} appears twice"))
    }

    fn undecryptable(origin: &str, variable: &str) -> Self {
        let message = format!("{origin} is damaged or encrypted with another key");
        Self::of_variable(ImportErrorKind::Undecryptable, variable, message)
    }

    /// Returns true if a private key is missing, wrong, or doesn't decrypt a value.
    pub fn is_about_keys(&self) -> bool {
        use ImportErrorKind::{BadKey, Malformed, NoKey, Undecryptable};
        matches!(self.kind, NoKey | BadKey | Undecryptable | Malformed)
    }
}

/// Returns true if both documents have the same variables, written alike.
fn has_same_variables(ours: &Document, theirs: &Document) -> bool {
    ours.entries().len() == theirs.entries().len()
        && ours.entries().iter().zip(theirs.entries()).all(|(our, their)| {
            ours.name(our) == theirs.name(their) && ours.source(our) == theirs.source(their)
        })
}

/// Reads a key of 64 hexadecimal digits.
fn decode_key(text: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    let decoded = base16ct::mixed::decode(text, &mut *key).ok()?;
    (decoded.len() == 32).then_some(key)
}

/// Returns `text` without its byte order mark.
fn utf8(text: &[u8]) -> Result<&str, ImportError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    std::str::from_utf8(text).map_err(|error| {
        let line = 1 + memchr::memchr_iter(b'\n', &text[..error.valid_up_to()]).count();
        ImportError::new(ImportErrorKind::NotUtf8, format!("line {line}: not UTF-8"))
    })
}

#[cfg(test)]
mod testing {
    use super::ImportError;
    use crate::project::ImportItem;

    /// Returns the items as `NAME="value"`, escaped as in Rust, or the error's message.
    pub(super) fn shown(result: Result<Vec<ImportItem>, ImportError>) -> String {
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
        let item = |item: &ImportItem| format!("{}={:?}", item.name, text(item.value.expose()));
        match result {
            Ok(items) => items.iter().map(item).collect::<Vec<_>>().join(" "),
            Err(error) => error.message,
        }
    }
}
