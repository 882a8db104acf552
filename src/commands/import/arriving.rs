//! What comes in with a source that was read, and what of it stays where it was.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::sources::{Content, Source, failed};
use super::{Args, Kind, itself};
use crate::crypto::{SecretBytes, claims_to_be_sealed, holds_sealed};
use crate::dotenv::{Document, Mark, VarName};
use crate::error::Error;
use crate::import::{ImportError, Item, dotenvx};
use crate::project::{Arrival, Arriving, Incoming, Text, VaultError, same_file};

impl Source {
    /// What comes in with it, for its target.
    ///
    /// Errors: a value that envseal has sealed elsewhere; a line that is no variable, or can be read in two ways.
    pub(super) fn arriving(&self, args: &Args, wants: &dyn Fn(&str) -> bool) -> Result<Arriving, Error> {
        let in_place = self.path.as_deref().is_some_and(|path| same_file(path, &self.target));
        self.refuse_tokens(in_place, wants)?;
        // Picked from, a text is a file no more, but where it is the file.
        let whole = args.names.is_all() && self.target.symlink_metadata().is_err();
        match &self.content {
            Content::Text(document, opened) if in_place || whole => {
                let of_the_other_tool = match args.kind {
                    Kind::Dotenvx => dotenvx::own_entries(document).collect(),
                    _ => HashSet::new(),
                };
                let (label, document, opened) = (self.place(), document.clone(), opened.clone());
                Ok(Arriving::Text(Text { label, document, opened, of_the_other_tool }))
            }
            Content::Text(document, opened) => {
                Ok(Arriving::Variables(self.variables(document, opened, wants)?))
            }
            Content::Items(items, _) => {
                let arrival = |item: &Item| Arrival {
                    origin: item.origin.clone(),
                    name: item.name.clone(),
                    value: Incoming::Value(item.value.clone()),
                    was_sealed: item.was_sealed,
                };
                if in_place && !args.names.is_all() {
                    // What is left out would be in no file any more.
                    return Err(Error::usage(
                        format!("{} cannot be converted in part", self.label),
                        "pick into another file: -e NAME or -f FILE",
                    ));
                }
                let arrivals = items.iter().map(arrival).collect();
                Ok(if in_place { Arriving::Anew(arrivals) } else { Arriving::Variables(arrivals) })
            }
        }
    }

    /// Its path, where it is another file than the target and holds what is secret for all to read.
    pub(super) fn left_in_the_clear(&self) -> Option<&Path> {
        let clear = match &self.content {
            Content::Text(_, opened) => opened.is_empty(),
            Content::Items(_, was_sealed) => !was_sealed,
        };
        self.path.as_deref().filter(|path| clear && !same_file(path, &self.target))
    }

    /// What errors call it.
    fn place(&self) -> PathBuf {
        self.path.clone().unwrap_or_else(|| PathBuf::from(&self.label))
    }

    /// Refuses what envseal has sealed for another place: sealed once more, it would open as a token.
    fn refuse_tokens(&self, in_place: bool, wants: &dyn Fn(&str) -> bool) -> Result<(), Error> {
        let is_token = |bytes: &SecretBytes| holds_sealed(bytes.expose());
        let tokens: Vec<String> = match &self.content {
            Content::Text(document, opened) => {
                let entries = document.entries().iter().enumerate();
                let wanted = entries.filter(|(_, entry)| wants(document.name(entry)));
                let is_token = |at: usize, entry| match opened.get(&at) {
                    Some(Incoming::Value(bytes) | Incoming::Source(bytes)) => is_token(bytes),
                    // Those in the file itself stay what they are.
                    None if in_place => false,
                    None => {
                        let value = document.value(entry).1;
                        claims_to_be_sealed(&value) || holds_sealed(&value)
                    }
                };
                let tokens = wanted.filter(|(at, entry)| is_token(*at, entry));
                tokens.map(|(_, entry)| document.name(entry).to_owned()).collect()
            }
            Content::Items(items, _) => {
                let tokens = items.iter().filter(|item| wants(item.name.as_str()) && is_token(&item.value));
                tokens.map(|item| item.origin.clone()).collect()
            }
        };
        if tokens.is_empty() {
            return Ok(());
        }
        let env_file = self.path.as_ref().filter(|path| itself(path).is_some());
        let hint = env_file.map(|path| {
            hint!(
                "take over what it opens to: envseal get --format dotenv -f {path} | envseal import dotenv -e NAME --yes",
                path
            )
        });
        let errors = tokens.into_iter().map(|origin| ImportError::Token { origin }).collect();
        Err(failed(&self.label, errors, hint))
    }

    /// The variables of a text, the last of each name, as it is read.
    fn variables(
        &self,
        document: &Document,
        opened: &HashMap<usize, Incoming>,
        wants: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Arrival>, Error> {
        let path = self.place();
        if let Some(line) = document.conflict_marker() {
            return Err(VaultError::Conflict { path, line }.into());
        }
        if let Some(stray) = document.strays().first() {
            return Err(VaultError::stray(&path, document, stray).into());
        }
        let mut arrivals = Vec::new();
        for (at, entry) in document.entries().iter().enumerate() {
            let name = document.name(entry);
            if document.last(name) != Some(at) || !wants(name) {
                continue;
            }
            let value = opened.get(&at);
            let is_unclear = document.comment_is_ambiguous(entry) && !Mark::is_plain(document.comment(entry));
            if value.is_none() && is_unclear {
                let (line, name) = (entry.line, name.to_owned());
                return Err(VaultError::AmbiguousHash { path, line, name }.into());
            }
            let wrong = |_| failed(&self.label, vec![ImportError::Name { origin: name.into() }], None);
            let in_file = || Incoming::Source(SecretBytes::new(document.source(entry).to_vec()));
            arrivals.push(Arrival {
                origin: name.to_owned(),
                name: VarName::new(name).map_err(wrong)?,
                was_sealed: value.is_some(),
                value: value.cloned().unwrap_or_else(in_file),
            });
        }
        Ok(arrivals)
    }
}
