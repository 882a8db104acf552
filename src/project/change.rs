//! Changing single variables: set, unset, rename.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::file::{EnvFile, entries_of, token};
use super::line_errors::{
    ValueFailure, ambiguous_hash, at_line, cannot_decrypt, cannot_seal, cut_off, narrow_declaration,
    refused_in, reserved, sealed_but_declared, unwritable,
};
use super::open::value_alone;
use super::projects::Project;
use super::references::{literal, names_in};
use super::schema::schema_of;
use super::similar::env_file_names;
use super::update::Target;
use crate::config::is_own_name;
use crate::crypto::{
    OpenedValue, Opener, PlaintextKind, PublicKey, Refs, Sealer, SecretBytes, claims_to_be_sealed,
    holds_sealed,
};
use crate::dotenv::{Document, Edit, EditError, VarName, is_reserved, quote};
use crate::error::{Error, ErrorKind};
use crate::git::display_path;

/// A variable and its new value.
pub struct Assignment {
    /// The variable.
    pub name: VarName,
    /// The exact bytes of its value.
    pub value: SecretBytes,
}

/// How `set` writes values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Encrypt, unless the present value is plain and marked as plain.
    AsMarked,
    /// Encrypt, and remove the mark.
    Seal,
    /// Write as plain text, with the mark.
    Plain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Sealed,
    Plain,
    /// The previous value was plain and marked as plain, so the new one is plain too.
    StayedPlain,
    /// The value is the same, so no byte was changed.
    Unchanged,
}

/// Sets variables, encrypting them to `public_key` in one batch. Returns the document, and the outcome for each, in the
/// order given.
///
/// With an `opener`, a value that is already the same changes no byte. If a name occurs more than once, its last entry
/// is changed, which is the one that is read. A sealed value is replaced by a sealed one unless plain text is asked
/// for, whatever a mark or the policy says.
pub fn set(
    file: &EnvFile,
    document: &Document,
    project: &Project,
    public_key: Option<&PublicKey>,
    assignments: &[Assignment],
    how: How,
    mut opener: Option<&mut Opener>,
) -> Result<(Document, Vec<(String, Outcome)>), Error> {
    let seal_error = cannot_seal(file.path());
    let mut sealer = public_key.map(Sealer::new).transpose().map_err(seal_error)?;
    let mut planned = Vec::with_capacity(assignments.len());
    let standing = standing(document, assignments);
    for Assignment { name, value } in assignments {
        if holds_sealed(value.expose()) {
            return Err(sealed_twice(file, name.as_str()));
        }
        let there = standing.get(name.as_str());
        let entry = there.map(|there| there.last);
        let target = target(file, document, project, name.as_str(), there, how)?;
        refuse_half(file, document, project, entry)?;
        let same = entry.is_some_and(|entry| {
            reads_as(document, entry, value.expose(), target == Outcome::Sealed, opener.as_deref_mut())
        });
        let source = match target {
            _ if same => None,
            Outcome::Sealed => {
                let sealer = sealer.as_mut().ok_or_else(|| file.no_public_key())?;
                let sealed = sealer
                    .seal(name.as_str(), &Refs::none(), PlaintextKind::Value, value.expose())
                    .map_err(seal_error)?;
                Some(sealed.to_text())
            }
            _ => {
                let source = plain_source(value.expose());
                Some(source.ok_or_else(|| unwritable(file.path(), name.as_str()))?)
            }
        };
        planned.push((name.as_str(), entry, target, source));
    }
    let mut edits = Vec::new();
    let mut outcomes = Vec::new();
    for (name, entry, target, source) in &planned {
        let mark = entry.and_then(|entry| {
            let is_marked = document.is_marked_plain(&document.entries()[entry]);
            match how {
                How::Plain if !is_marked => Some(Edit::MarkPlain { entry }),
                How::Seal if is_marked => Some(Edit::UnmarkPlain { entry }),
                How::AsMarked if *target == Outcome::Sealed => outdated_mark(document, entry),
                How::Plain | How::Seal | How::AsMarked => None,
            }
        });
        let is_changed = source.is_some() || mark.is_some();
        outcomes.push((String::from(*name), if is_changed { *target } else { Outcome::Unchanged }));
        edits.extend(source.as_ref().map(|source| match *entry {
            Some(entry) => Edit::Source { entry, source },
            None => Edit::Append { name, source, plain: how == How::Plain },
        }));
        edits.extend(mark);
    }
    Ok((edited(file, document, &edits)?, outcomes))
}

/// Keeps the last value of each name, as in a file, at the position of the first.
pub(crate) fn last_of_each(assignments: Vec<Assignment>) -> Vec<Assignment> {
    let mut kept: Vec<Assignment> = Vec::with_capacity(assignments.len());
    let mut places = HashMap::new();
    for assignment in assignments {
        let at = *places.entry(assignment.name.clone()).or_insert(kept.len());
        match kept.get_mut(at) {
            Some(there) => *there = assignment,
            None => kept.push(assignment),
        }
    }
    kept
}

/// Returns true if any of the variables would be encrypted, so that a public key is needed.
pub(crate) fn needs_key(
    file: &EnvFile,
    document: &Document,
    project: &Project,
    assignments: &[Assignment],
    how: How,
) -> Result<bool, Error> {
    let standing = standing(document, assignments);
    let mut sealed = false;
    for Assignment { name, .. } in assignments {
        let there = standing.get(name.as_str());
        sealed |= target(file, document, project, name.as_str(), there, how)? == Outcome::Sealed;
    }
    Ok(sealed)
}

/// Removes every statement of these names, comments included.
pub(crate) fn unset(file: &EnvFile, names: &[String]) -> Result<Document, Error> {
    let document = file.document();
    let mut edits = Vec::new();
    for name in names {
        refuse_own(name)?;
        if let Some((_, entry)) = entries_of(document, name).find(|(_, entry)| document.is_cut_off(entry)) {
            return Err(cut_off(file.path(), entry.line, name));
        }
        let before = edits.len();
        edits.extend(entries_of(document, name).map(|(entry, _)| Edit::Remove { entry }));
        if edits.len() == before {
            return Err(no_variable(file, name));
        }
    }
    edited(file, document, &edits)
}

/// Renames a variable. A sealed value is bound to its name, so it is decrypted and encrypted again, which takes the
/// file's public key and its private key.
///
/// Returns the document, and the names of the variables that still refer to the old name.
pub(crate) fn rename(
    target: &mut Target<'_>,
    old: &str,
    new: &VarName,
    force: bool,
) -> Result<(Document, Vec<String>), Error> {
    let is_sealed = target.file().has_sealed(&|name| name == old);
    let mut keys = if is_sealed { Some((target.opener_or_fail()?, target.key_in_file()?)) } else { None };
    let file = target.file();
    let document = file.document();
    refuse_own(old)?;
    refuse_own(new.as_str())?;
    if document.last(old).is_none() {
        return Err(no_variable(file, old));
    }
    if old == new.as_str() {
        return Err(Error::refused(format!("{old} already has that name")).with_status(2));
    }
    let mut edits = Vec::new();
    if let Some(there) = document.last(new.as_str()) {
        if !force {
            let (path, name) = (file.path(), new.as_str());
            let what = format!("{name} already exists");
            return Err(at_line(ErrorKind::Refused, path, document.entries()[there].line, what)
                .with_hint(hint!("replace {name} with --force", name))
                .with_library_hint(hint!(
                    "choose another name; or remove that one first: envseal unset {name} -f {path}",
                    name,
                    path
                )));
        }
        edits.extend(entries_of(document, new.as_str()).map(|(entry, _)| Edit::Remove { entry }));
    }
    let mut resealed = Vec::new();
    for (at, entry) in entries_of(document, old) {
        let Some(token) = file.token(entry) else { continue };
        if is_reserved(new.as_str()) {
            return Err(reserved(file.path(), new.as_str()));
        }
        if let Some(by) = target.project().declaring_plain(new.as_str()) {
            return Err(sealed_but_declared(file.path(), entry.line, old, new.as_str(), &by));
        }
        let fail = |reason| cannot_decrypt(&[ValueFailure::new(file, entry, reason)]);
        let token = token.map_err(|error| fail(error.into()))?;
        let (opener, key) = keys.as_mut().expect("a value of this name is sealed");
        let OpenedValue { kind, bytes } = opener.open(old, &token).map_err(|error| fail(error.into()))?;
        let seal_error = cannot_seal(file.path());
        let mut sealer = Sealer::new(key).map_err(seal_error)?;
        let sealed = sealer.seal(new.as_str(), token.refs(), kind, bytes.expose()).map_err(seal_error)?;
        resealed.push((at, sealed.to_text()));
    }
    edits.extend(entries_of(document, old).map(|(entry, _)| Edit::Name { entry, name: new.as_str() }));
    edits.extend(resealed.iter().map(|(entry, source)| Edit::Source { entry: *entry, source }));
    let referring = referring(file, old);
    Ok((edited(file, document, &edits)?, referring))
}

/// Applies `edits` to `document`, which may have a header that the file lacks. Errors give the line in the file.
pub(super) fn edited(file: &EnvFile, document: &Document, edits: &[Edit<'_>]) -> Result<Document, Error> {
    let lines = |document: &Document| document.entries().last().map_or(0, |entry| entry.line);
    let own = |line: usize| line.saturating_sub(lines(document) - lines(file.document())).max(1);
    document.edited(edits).map_err(|mut error| {
        if let EditError::ReadsOtherwise { line } | EditError::Overlap { line } = &mut error {
            *line = own(*line);
        }
        refused_in(file.path(), error)
    })
}

/// Like [`edited`], with these source texts in place of the entries' own.
pub(super) fn with_sources<S: AsRef<[u8]>>(
    file: &EnvFile,
    document: &Document,
    sources: &[(usize, S)],
) -> Result<Document, Error> {
    let edits = sources.iter().map(|(entry, source)| Edit::Source { entry: *entry, source: source.as_ref() });
    edited(file, document, &edits.collect::<Vec<_>>())
}

/// Returns the edit that removes the plain mark of an entry that becomes sealed. On one that was sealed before, the mark
/// is for a reviewer to see.
pub(super) fn outdated_mark(document: &Document, entry: usize) -> Option<Edit<'static>> {
    let line = &document.entries()[entry];
    (document.is_marked_plain(line) && token(document, line).is_none()).then_some(Edit::UnmarkPlain { entry })
}

struct CurrentVariable {
    /// The last of its entries, which is the one that is read.
    last: usize,
    /// True if any of them is sealed: a plain line below a sealed one must not cause the next value to be plain.
    sealed: bool,
}

/// Returns the present entries of each name, found in one pass.
fn standing<'a>(document: &Document, assignments: &'a [Assignment]) -> HashMap<&'a str, CurrentVariable> {
    let names: HashSet<&str> = assignments.iter().map(|assignment| assignment.name.as_str()).collect();
    let mut found = HashMap::new();
    for (at, entry) in document.entries().iter().enumerate() {
        let Some(name) = names.get(document.name(entry)) else { continue };
        let there = found.entry(*name).or_insert(CurrentVariable { last: at, sealed: false });
        there.last = at;
        there.sealed |= token(document, entry).is_some();
    }
    found
}

/// Returns how a variable will be stored, whether or not its value changes.
fn target(
    file: &EnvFile,
    document: &Document,
    project: &Project,
    name: &str,
    standing: Option<&CurrentVariable>,
    how: How,
) -> Result<Outcome, Error> {
    refuse_own(name)?;
    if how == How::Plain {
        return Ok(Outcome::Plain);
    }
    let sealed = standing.is_some_and(|there| there.sealed);
    let entry = standing.map(|there| &document.entries()[there.last]);
    let must_be_plain = is_reserved(name);
    let declaring = project.declaring_plain(name);
    let marked =
        entry.is_some_and(|entry| document.is_marked_plain(entry)) || declaring.is_some() || must_be_plain;
    match (entry, declaring) {
        (Some(_), _) if !sealed && marked && how == How::AsMarked => Ok(Outcome::StayedPlain),
        _ if must_be_plain => Err(reserved(file.path(), name)),
        (_, Some(by)) if !sealed => Err(declared_plain(file.path(), name, &by, how)),
        _ => Ok(Outcome::Sealed),
    }
}

/// Rejects a line whose `#` touches a value that may be secret, or whose value continues below: the new value would
/// leave part of the old one behind.
pub(super) fn refuse_half(
    file: &EnvFile,
    document: &Document,
    project: &Project,
    entry: Option<usize>,
) -> Result<(), Error> {
    let Some(entry) = entry.map(|entry| &document.entries()[entry]) else { return Ok(()) };
    let name = document.name(entry);
    let secret = token(document, entry).is_none() && !project.policy().leaves_plain(document, entry);
    if !secret || !(document.comment_is_ambiguous(entry) || document.is_cut_off(entry)) {
        return Ok(());
    }
    // The line in the file, which has no header yet.
    let line = file.document().last(name).map_or(entry.line, |at| file.document().entries()[at].line);
    Err(if document.is_cut_off(entry) {
        cut_off(file.path(), line, name)
    } else {
        ambiguous_hash(file.path(), line, name)
    })
}

/// Returns source text that reads as exactly `value`, and not as a sealed value; None if there is none.
pub(super) fn plain_source(value: &[u8]) -> Option<Vec<u8>> {
    quote(value).filter(|_| !claims_to_be_sealed(value) && !holds_sealed(value)).map(|source| source.to_vec())
}

/// Returns true if the entry holds this value already, in the form wanted.
pub(super) fn reads_as(
    document: &Document,
    entry: usize,
    value: &[u8],
    sealed: bool,
    opener: Option<&mut Opener>,
) -> bool {
    let entry = &document.entries()[entry];
    match (token(document, entry), opener) {
        (Some(Ok(token)), Some(opener)) if sealed && token.refs().is_empty() => {
            let opened = opener.open(document.name(entry), &token);
            opened.is_ok_and(|opened| value_alone(opened).expose() == value)
        }
        (None, _) if !sealed => {
            let source = document.source(entry);
            names_in(source).is_some_and(|names| names.is_empty()) && literal(source).expose() == value
        }
        _ => false,
    }
}

/// Returns the variables whose values refer to `name`, as far as can be seen without a key.
fn referring(file: &EnvFile, name: &str) -> Vec<String> {
    let document = file.document();
    let refers = |entry| match file.token(entry) {
        Some(token) => token.is_ok_and(|token| token.refs().contains(name)),
        None => names_in(document.source(entry)).is_some_and(|names| names.contains(name)),
    };
    file.variables().filter(|(_, e)| refers(e)).map(|(_, e)| document.name(e).to_owned()).collect()
}

/// Returns what refers to the variable `name` of `file` from outside it: variables of the env files in its folder that
/// don't set `name` themselves, and the schema file if it declares `name` but not `new`.
pub(crate) fn referring_beside(
    file: &EnvFile,
    name: &str,
    new: &VarName,
) -> Result<Vec<(PathBuf, Option<String>)>, Error> {
    let dir = file.dir();
    let mut found = Vec::new();
    let mut beside: Vec<_> = env_file_names(&dir).collect();
    beside.sort();
    for path in beside.iter().map(|path| dir.join(path)) {
        // A file that cannot be read is skipped.
        let Ok(other) = EnvFile::load(&path) else { continue };
        if other.document().last(name).is_none() {
            found.extend(referring(&other, name).into_iter().map(|by| (path.clone(), Some(by))));
        }
    }
    if let Some((path, schema)) = schema_of(&dir)? {
        let declares = |name: &str| schema.items().iter().any(|item| item.name == name);
        found.extend((declares(name) && !declares(new.as_str())).then_some((path, None)));
    }
    Ok(found)
}

pub(super) fn refuse_own(name: &str) -> Result<(), Error> {
    if is_own_name(name) { Err(own_name(name)) } else { Ok(()) }
}

pub(super) fn own_name(name: &str) -> Error {
    Error::refused(format!("{name} belongs to envseal and can't be set by hand")).with_status(2)
}

fn sealed_twice(file: &EnvFile, name: &str) -> Error {
    refused_in(file.path(), format!("the new value of {name} is, or contains, a sealed value"))
        .with_status(2)
        .with_hint(hint!(
            "to copy the value of another variable: envseal get OTHER -f FILE | envseal set {name} -f {path}",
            name,
            path = file.path()
        ))
}

/// Returns the error for encrypting a name that the file `by` declares plain.
fn declared_plain(path: &Path, name: &str, by: &Path, how: How) -> Error {
    refused_in(path, format!("{name} can't be encrypted, because {} declares {name} plain", display_path(by)))
        .with_status(2)
        .with_hint(match how {
            How::Seal => narrow_declaration(name, by),
            _ => hint!("if it is not secret: envseal set {name} --plain -f {path}", name, path),
        })
}

fn no_variable(file: &EnvFile, name: &str) -> Error {
    let names = file.variables().map(|(_, entry)| file.document().name(entry));
    super::line_errors::no_variable(file.path(), name, names)
}
