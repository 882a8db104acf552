//! What one version of an env file holds, by name.

use std::collections::HashMap;

use zeroize::Zeroizing;

use crate::config::is_public_key_name;
use crate::crypto::{PublicKey, SealedValue};
use crate::dotenv::{Document, Entry};
use crate::project;

/// A version of an env file.
pub(super) struct State {
    document: Document,
    /// Each name's entry: the last one, which is the one that is read.
    last: HashMap<String, usize>,
    public_key: Option<PublicKey>,
    /// What is wrong with it, if it could not be read as it should be.
    pub(super) trouble: Option<Trouble>,
}

/// Why a version of a file may not show all that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is no text that can be parsed; no variable of it is seen.
    Unreadable,
    /// It holds merge-conflict markers; what readers make of it is seen.
    Conflict,
}

/// A variable in one version of a file.
#[derive(Clone, Copy)]
pub(super) struct Variable<'a> {
    pub(super) state: &'a State,
    entry: &'a Entry,
}

impl State {
    /// No file, or one without a variable.
    pub(super) fn empty(trouble: Option<Trouble>) -> Self {
        Self { document: Document::empty(), last: HashMap::new(), public_key: None, trouble }
    }

    /// Reads a version's bytes. Nothing in history is refused: what cannot be read has no variables.
    pub(super) fn parse(text: Vec<u8>) -> Self {
        let Ok(document) = Document::parse(text) else { return Self::empty(Some(Trouble::Unreadable)) };
        let entries = document.entries().iter().enumerate();
        let last: HashMap<_, _> = entries.map(|(at, entry)| (document.name(entry).to_owned(), at)).collect();
        let trouble = document.conflict_marker().map(|_| Trouble::Conflict);
        let public_key = public_key(&document);
        Self { document, last, public_key, trouble }
    }

    /// The names, in the file's order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let entries = self.document.entries().iter().enumerate();
        let names = entries.map(|(at, entry)| (at, self.document.name(entry)));
        names.filter(|(at, name)| self.last.get(*name) == Some(at)).map(|(_, name)| name)
    }

    pub(super) fn get(&self, name: &str) -> Option<Variable<'_>> {
        self.last.get(name).map(|at| Variable { state: self, entry: &self.document.entries()[*at] })
    }

    /// The public key that stands in it, if it is the only one and well formed.
    pub(super) fn public_key(&self) -> Option<&PublicKey> {
        self.public_key.as_ref()
    }
}

fn public_key(document: &Document) -> Option<PublicKey> {
    let mut entries = document.entries().iter().filter(|entry| is_public_key_name(document.name(entry)));
    let (entry, None) = (entries.next()?, entries.next()) else { return None };
    let (_, text) = document.value(entry);
    PublicKey::parse(std::str::from_utf8(&text).ok()?).ok()
}

impl Variable<'_> {
    /// The text right of `=`.
    pub(super) fn source(&self) -> &[u8] {
        self.state.document.source(self.entry)
    }

    /// Its token, if it is sealed. What only looks so stands there for all to read.
    pub(super) fn token(&self) -> Option<SealedValue> {
        project::token(&self.state.document, self.entry)?.ok()
    }

    /// Whether two values in plain text read the same: a change of quotes alone is none, unless there is something
    /// to expand.
    pub(super) fn reads_as(&self, other: &Self) -> bool {
        let read = |it: &Self| it.state.document.value(it.entry);
        let ((one_quote, one), (other_quote, other)) = (read(self), read(other));
        let same_way = one_quote.expands() == other_quote.expands() || !one.contains(&b'$');
        same_way && *one == *other
    }

    /// Its value in plain text, nothing expanded.
    pub(super) fn text(&self) -> Zeroizing<Vec<u8>> {
        self.state.document.value(self.entry).1
    }
}
