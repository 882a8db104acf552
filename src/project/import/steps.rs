//! What is to become of each variable that comes in.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::{Arrival, Fate, Incoming, Place, Step};
use crate::config::is_own_name;
use crate::crypto::{Kind, Opened, Opener, SecretBytes};
use crate::dotenv::{Document, Mark, is_reserved};
use crate::keys::KeyStore;
use crate::project::change::{reads_as, refuse_half, refuse_own};
use crate::project::encrypt::{failure, foreign_of, is_secret, refuse_reserved_dependents};
use crate::project::error::VaultError;
use crate::project::failure::Reason;
use crate::project::file::{EnvFile, token};
use crate::project::references::{DollarSigns, Referable, literal};
use crate::project::scope::Scope;

/// The first variable that stands in the clear, though it is not called plain. `was_sealed` tells what was sealed there
/// otherwise.
pub(super) fn secret_in_the_clear(
    file: &EnvFile,
    scope: &Scope,
    was_sealed: impl Fn(usize) -> bool,
) -> Option<String> {
    let mut clear = file.variables().filter(|(at, entry)| !was_sealed(*at) && file.token(entry).is_none());
    let secret = clear.find(|(_, entry)| is_secret(file, scope, entry));
    secret.map(|(_, entry)| file.document().name(entry).to_owned())
}

/// Refuses a text that was sealed to another file's key in part: what is sealed now would stand beside it under a key that
/// the file does not name.
pub(super) fn refuse_another_files_key(file: &EnvFile, text: &Document) -> Result<(), VaultError> {
    let own = |document: &Document| {
        let entries = document.entries().iter().filter(|entry| is_own_name(document.name(entry)));
        entries.map(|entry| document.statement(entry).to_vec()).collect::<Vec<_>>()
    };
    if own(text) == own(file.document()) {
        return Ok(());
    }
    let name = text.entries().iter().map(|entry| text.name(entry)).find(|name| is_own_name(name));
    Err(VaultError::OwnName(name.unwrap_or("ENVSEAL_PUBLIC_KEY").into()))
}

/// What becomes of each variable of a text that is to be the file at `path`.
pub(super) fn steps_of_text(
    base: &EnvFile,
    path: &Path,
    scope: &Scope,
    mut opened: HashMap<usize, Incoming>,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Vec<Step>, VaultError> {
    let document = base.document();
    if let Some(stray) = document.strays().first() {
        return Err(VaultError::stray(base.path(), document, stray));
    }
    let (mut steps, mut would_show) = (Vec::new(), Vec::new());
    for (at, entry) in base.variables() {
        let name = document.name(entry);
        if !wants(name) {
            continue;
        }
        let in_file = || Incoming::Source(SecretBytes::new(document.source(entry).to_vec()));
        let (origin, place) = (name.to_owned(), Place::Entry(at));
        if let Some(token) = token(document, entry) {
            if let Err(error) = token {
                return Err(VaultError::Unopened(vec![failure(base, entry, error.into())]));
            }
            // One that is envseal's already stays: a file may be taken over in parts.
            let (name, value) = (origin.clone(), in_file());
            steps.push(Step { origin, name, value, place, fate: Fate::Same });
            continue;
        }
        let was_sealed = opened.contains_key(&at);
        let marked = is_marked(base, scope, Some(at), name);
        if was_sealed && marked {
            would_show.push(name.to_owned());
            continue;
        }
        if !marked && document.comment_is_ambiguous(entry) {
            let (path, line, name) = (base.path().into(), entry.line, name.into());
            return Err(VaultError::AmbiguousHash { path, line, name });
        }
        if !was_sealed && let Some(foreign) = foreign_of(base, entry) {
            return Err(VaultError::Unopened(vec![failure(base, entry, Reason::Foreign(foreign))]));
        }
        if !marked && document.is_cut_off(entry) {
            return Err(VaultError::unquoted(base.path(), document, entry));
        }
        let fate = match was_sealed {
            false if marked => Fate::Plain,
            false if document.value(entry).1.is_empty() => Fate::Empty,
            _ => Fate::Seal,
        };
        let value = opened.remove(&at).unwrap_or_else(in_file);
        let name = origin.clone();
        steps.push(Step { origin, name, value, place, fate });
    }
    refuse_to_show(path, would_show)?;
    let sealed: HashSet<usize> = steps
        .iter()
        .filter(|step| step.fate.seals())
        .filter_map(|step| match step.place {
            Place::Entry(at) => Some(at),
            Place::End => None,
        })
        .collect();
    refuse_reserved_dependents(base, |at| sealed.contains(&at))?;
    Ok(steps)
}

/// What becomes of variables that go into a file by the rules of `set`.
pub(super) fn steps_of_variables(
    file: &EnvFile,
    scope: &Scope,
    arrivals: impl Iterator<Item = Arrival>,
    store: &KeyStore<'_>,
) -> Result<Vec<Step>, VaultError> {
    let document = file.document();
    let mut opener = match file.public_key() {
        Some(key) => store.find_unasked(file.env(), key, &file.dir())?.map(Opener::new),
        None => None,
    };
    let (mut steps, mut would_show) = (Vec::new(), Vec::new());
    for Arrival { origin, name, value, was_sealed } in arrivals {
        let name = name.as_str();
        refuse_own(name)?;
        let at = document.last(name);
        let any_sealed = document
            .entries()
            .iter()
            .any(|entry| document.name(entry) == name && token(document, entry).is_some());
        refuse_half(file, document, scope, at)?;
        let marked = is_marked(file, scope, at, name);
        let fate = if any_sealed {
            // A sealed value is replaced by a sealed one, whatever mark or policy says.
            let same = at.is_some_and(|at| is_same(document, at, &value, opener.as_mut()));
            if same { Fate::Same } else { Fate::Replace }
        } else if marked && was_sealed {
            would_show.push(name.to_owned());
            continue;
        } else if marked {
            Fate::Plain
        } else if at.is_some() {
            Fate::Replace
        } else {
            Fate::Seal
        };
        let place = at.map_or(Place::End, Place::Entry);
        steps.push(Step { origin, name: name.to_owned(), value, place, fate });
    }
    refuse_to_show(file.path(), would_show)?;
    Ok(steps)
}

/// Whether a value of this name is plain text: by the mark on its line, by policy, or for its name.
fn is_marked(file: &EnvFile, scope: &Scope, at: Option<usize>, name: &str) -> bool {
    let comment = at.and_then(|at| file.document().comment(&file.document().entries()[at]));
    is_reserved(name) || scope.policy().is_plain(name) || Mark::is_plain(comment)
}

fn refuse_to_show(path: &Path, names: Vec<String>) -> Result<(), VaultError> {
    if names.is_empty() { Ok(()) } else { Err(VaultError::WouldShow { path: path.into(), names }) }
}

/// Whether an entry holds this value already, sealed: as it would be sealed now, or as a text that reads as it.
fn is_same(document: &Document, at: usize, value: &Incoming, opener: Option<&mut Opener>) -> bool {
    let entry = &document.entries()[at];
    match value {
        Incoming::Value(value) => reads_as(document, at, value.expose(), true, opener),
        Incoming::Source(source) => {
            let (Some(Ok(sealed)), Some(opener)) = (token(document, entry), opener) else { return false };
            let opened = opener.open(document.name(entry), &sealed);
            opened.is_ok_and(|Opened { kind, bytes }| kind == Kind::Source && *source == bytes)
        }
    }
}

/// The steps with the values that are to be text taken as that. Refuses a value that refers to a name which nothing sets.
pub(super) fn without_dangling(
    base: &EnvFile,
    mut steps: Vec<Step>,
    dollars: &DollarSigns,
    known: &dyn Fn(&str) -> Result<bool, VaultError>,
) -> Result<Vec<Step>, VaultError> {
    let arriving: HashSet<String> = steps.iter().map(|step| step.name.clone()).collect();
    let appended = |name: &str| Ok(arriving.contains(name) || known(name)?);
    for step in steps.iter_mut().filter(|step| step.fate.seals()) {
        let Incoming::Source(source) = &step.value else { continue };
        if dollars.is_literal(&step.name) {
            step.value = Incoming::Value(SecretBytes::new(literal(source.expose())));
            continue;
        }
        let (at, known): (_, &dyn Fn(&str) -> _) = match step.place {
            Place::Entry(at) => (at, known),
            Place::End => (base.document().entries().len(), &appended),
        };
        Referable::new(base, known).refuse_dangling(&step.name, at, source.expose())?;
    }
    Ok(steps)
}
