//! References to names that nothing sets: more often than not text with a `$` in it, part of which git would show.

use std::collections::HashMap;
use std::path::Path;

use super::error::VaultError;
use super::file::EnvFile;
use super::scope::Scope;
use crate::dotenv::{is_set_everywhere, read, required, unescape};

/// What a person has said about the `$` in values.
#[derive(Clone, Debug, Default)]
pub struct DollarSigns {
    /// Names that only the target machine sets.
    pub external: Vec<String>,
    /// Variables whose values are text, whatever they look like.
    pub literal: Vec<String>,
}

impl DollarSigns {
    /// Whether the variable's value is to be taken as text.
    pub(super) fn is_literal(&self, name: &str) -> bool {
        self.literal.iter().any(|literal| literal == name)
    }
}

/// The names that the values of an env file may refer to.
pub(super) struct Referable<'a> {
    file: &'a EnvFile,
    /// Where each name of the file is set first.
    first: HashMap<&'a str, usize>,
    knows: &'a dyn Fn(&str) -> Result<bool, VaultError>,
}

impl<'a> Referable<'a> {
    /// `knows` is asked for names that the file does not set.
    pub(super) fn new(file: &'a EnvFile, knows: &'a dyn Fn(&str) -> Result<bool, VaultError>) -> Self {
        let mut first = HashMap::new();
        for (at, entry) in file.variables() {
            first.entry(file.document().name(entry)).or_insert(at);
        }
        Self { file, first, knows }
    }

    /// Refuses a value of `name` with a reference of no known form, or, without a default, to a name that is set neither
    /// above the entry `at` nor anywhere else. `at` may be one past the last.
    pub(super) fn refuse_dangling(&self, name: &str, at: usize, source: &[u8]) -> Result<(), VaultError> {
        let (quote, text) = read(source);
        if !quote.expands() {
            return Ok(());
        }
        let entries = self.file.document().entries();
        let line = entries.get(at).or(entries.last()).map_or(1, |entry| entry.line);
        let (path, name) = (self.file.path().to_owned(), name.to_owned());
        let Ok(names) = required(&text) else {
            return Err(VaultError::MalformedReference { path, line, name });
        };
        for on in names {
            let above = self.first.get(on.as_str()).is_some_and(|first| *first < at);
            if !(above || is_set_everywhere(&on) || (self.knows)(&on)?) {
                return Err(VaultError::Dangling { path, line, name });
            }
        }
        Ok(())
    }
}

/// Tells which names are known for the env file at `path`, beside its own.
pub(super) fn known<'a>(
    scope: &'a Scope,
    path: &'a Path,
    dollars: &'a DollarSigns,
) -> impl Fn(&str) -> Result<bool, VaultError> + 'a {
    move |name| Ok(dollars.external.iter().any(|external| external == name) || scope.knows(name, path)?)
}

/// The value of source text, with every `$` in it as it stands.
pub(super) fn literal(source: &[u8]) -> Vec<u8> {
    let (quote, text) = read(source);
    let mut value = if quote.expands() { unescape(&text) } else { text };
    std::mem::take(&mut *value)
}
