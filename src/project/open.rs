//! Reading env files: every value decrypted and expanded, in the order that precedence asks for.

use std::cell::Cell;
use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use zeroize::Zeroizing;

use super::encrypt::foreign_of;
use super::file::EnvFile;
use super::line_errors::{FailureReason as Reason, ValueFailure, cannot_decrypt, no_variable};
use super::references::literal;
use crate::config::{ProcessEnv, is_own_name};
use crate::crypto::{KeyId, OpenError, OpenedValue, Opener, PlaintextKind, Refs, SealedValue, SecretBytes};
use crate::dotenv::{Entry, ReferenceValue, expand, is_reserved, read, references, why_reserved};
use crate::error::Error;
use crate::keys::{KeyLookupError, KeyStore, SearchedPlace};

/// Limits the bytes that references bring in, over all values: otherwise a few lines, each doubling the last, could use
/// up all memory.
const MAX_BROUGHT_IN: usize = 64 << 20;

/// The winner among several values of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precedence {
    /// The process's own environment, then the earlier file: what `run` does.
    Process,
    /// The earlier file, then the process: what `get` shows.
    EarlierFile,
    /// The later file, then the process: `--overload`.
    LaterFile,
}

pub struct Variable<'a> {
    pub name: &'a str,
    /// Its value, decrypted and expanded.
    pub value: SecretBytes,
    /// True if it was sealed, or depends on a value that was.
    pub sealed: bool,
    pub path: Rc<PathBuf>,
    pub line: usize,
}

/// The variables of some env files, and the failures.
pub struct Reading<'a> {
    variables: Vec<Variable<'a>>,
    failures: Vec<ValueFailure>,
}

impl<'a> Reading<'a> {
    /// Returns the variables that `wanted` accepts, in the order of the files, and the names that could not be
    /// decrypted but may be missing. Fails if any other wanted value could not be decrypted, or if a reserved name is
    /// sealed: a partial environment is never returned.
    pub fn variables(
        mut self,
        wanted: impl Fn(&str) -> bool,
        may_be_missing: &[String],
    ) -> Result<(Vec<Variable<'a>>, Vec<String>), Error> {
        self.failures.retain(|failure| failure.reason.is_reserved() || wanted(&failure.name));
        let allowed =
            |failure: &ValueFailure| !failure.reason.is_reserved() && may_be_missing.contains(&failure.name);
        if !self.failures.iter().all(allowed) {
            self.failures.retain(|failure| !allowed(failure));
            return Err(cannot_decrypt(&self.failures));
        }
        self.variables.retain(|variable| wanted(variable.name));
        Ok((self.variables, self.failures.into_iter().map(|failure| failure.name).collect()))
    }

    /// Returns every decrypted value that was sealed or depends on a sealed one, with its name, in file order.
    pub fn sealed(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let sealed = self.variables.iter().filter(|variable| variable.sealed);
        sealed.map(|variable| (variable.name, variable.value.expose()))
    }

    /// Returns the error for a name that is in none of the files; it names the file at `path`.
    pub fn no_variable(&self, name: &str, path: &Path) -> Error {
        no_variable(path, name, self.names())
    }

    pub fn failures(&self) -> &[ValueFailure] {
        &self.failures
    }

    /// Returns the names in the files, whether or not their values could be decrypted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let opened = self.variables.iter().map(|variable| variable.name);
        opened.chain(self.failures.iter().map(|failure| failure.name.as_str()))
    }
}

/// Decrypts and expands the values of `files`, except those that `precedence` takes from the process.
///
/// A value that cannot be decrypted is kept as a failure, because it may not be needed. An error here means that no key
/// lookup can be trusted.
pub fn read_files<'a>(
    files: &'a [EnvFile],
    store: &KeyStore<'_>,
    process: &ProcessEnv,
    precedence: Precedence,
) -> Result<Reading<'a>, Error> {
    let mut winners = VariableTable::default();
    let mut failures = Vec::new();
    let brought_in = Cell::new(0);
    for file in files {
        let mut reader = FileReader {
            file,
            path: Rc::new(file.path().to_owned()),
            store,
            process,
            precedence,
            key_id: None,
            opener: None,
            is_prepared: false,
            earlier: &winners,
            here: VariableTable::with_room(file.document().entries().len()),
            refused: &mut failures,
            brought_in: &brought_in,
        };
        for (_, entry) in file.variables() {
            reader.read(entry)?;
        }
        let here = reader.here;
        if winners.slots.is_empty() {
            winners = here;
            continue;
        }
        for slot in here.slots {
            winners.put(slot, precedence == Precedence::LaterFile);
        }
    }
    drop(winners.index);
    let opened =
        winners.slots.into_iter().filter_map(|VariableSlot { name, value, path, line }| match value {
            Ok(ReadValue { bytes, sealed }) => Some(Variable { name, value: bytes, sealed, path, line }),
            Err(reason) => {
                failures.push(ValueFailure {
                    name: name.into(),
                    path: path.to_path_buf(),
                    line,
                    reason: *reason,
                });
                None
            }
        });
    // A slot is as large as a variable, so `collect` reuses the memory of the slots.
    let variables = opened.collect();
    Ok(Reading { variables, failures })
}

/// Returns the value of a token that comes without its file. Such a token must list no references, because there are no
/// other variables to refer to.
pub(crate) fn value_alone(opened: OpenedValue) -> SecretBytes {
    match opened.kind {
        PlaintextKind::Value => opened.bytes,
        PlaintextKind::Source => literal(opened.bytes.expose()),
    }
}

struct ReadValue {
    bytes: SecretBytes,
    sealed: bool,
}

struct VariableSlot<'a> {
    name: &'a str,
    /// Boxed, because a reason is rare and large, and there are many slots.
    value: Result<ReadValue, Box<Reason>>,
    path: Rc<PathBuf>,
    line: usize,
}

impl VariableSlot<'_> {
    /// Returns why a value that refers to this one has no value either, given the `reason` why this one has none.
    fn depended_on(&self, reason: &Reason) -> Reason {
        let root = match reason {
            Reason::DependsOn { root, .. } => Rc::clone(root),
            reason => {
                let (name, path) = (self.name.into(), self.path.to_path_buf());
                Rc::new(ValueFailure { name, path, line: self.line, reason: reason.clone() })
            }
        };
        Reason::DependsOn { on: self.name.into(), root }
    }
}

/// Variables by name, in the order in which they were first met.
#[derive(Default)]
struct VariableTable<'a> {
    slots: Vec<VariableSlot<'a>>,
    index: HashMap<&'a str, usize>,
}

impl<'a> VariableTable<'a> {
    fn with_room(room: usize) -> Self {
        Self { slots: Vec::with_capacity(room), index: HashMap::with_capacity(room) }
    }

    fn get(&self, name: &str) -> Option<&VariableSlot<'a>> {
        self.index.get(name).map(|at| &self.slots[*at])
    }

    fn put(&mut self, slot: VariableSlot<'a>, replace: bool) {
        match self.index.entry(slot.name) {
            MapEntry::Occupied(at) if replace => self.slots[*at.get()] = slot,
            MapEntry::Occupied(_) => {}
            MapEntry::Vacant(free) => {
                free.insert(self.slots.len());
                self.slots.push(slot);
            }
        }
    }
}

/// Reads one file's entries from top to bottom. `'f` is the lifetime of the files, which the names borrow from.
struct FileReader<'f, 'a> {
    file: &'f EnvFile,
    path: Rc<PathBuf>,
    store: &'a KeyStore<'a>,
    process: &'a ProcessEnv,
    precedence: Precedence,
    /// The id of the file's public key.
    key_id: Option<KeyId>,
    opener: Option<Result<Opener, Reason>>,
    /// True if the file's values come from several batches, and the opener is prepared for all of them.
    is_prepared: bool,
    earlier: &'a VariableTable<'f>,
    here: VariableTable<'f>,
    refused: &'a mut Vec<ValueFailure>,
    brought_in: &'a Cell<usize>,
}

impl FileReader<'_, '_> {
    fn read(&mut self, entry: &Entry) -> Result<(), Error> {
        let file = self.file;
        let name = file.document().name(entry);
        let overridden = self.is_overridden(name);
        // A reserved name is checked even if its value would not be used.
        let reserved = is_reserved(name);
        if overridden && !reserved {
            return Ok(());
        }
        let value = self.value(name, entry, reserved)?.map_err(Box::new);
        let slot = VariableSlot { name, value, path: Rc::clone(&self.path), line: entry.line };
        match slot.value {
            Err(reason) if reason.is_reserved() => self.refused.push(ValueFailure::new(file, entry, *reason)),
            _ if overridden => {}
            _ => self.here.put(slot, true),
        }
        Ok(())
    }

    fn is_overridden(&self, name: &str) -> bool {
        match self.precedence {
            Precedence::Process => self.process.get(name).is_some() || self.earlier.get(name).is_some(),
            Precedence::EarlierFile => self.earlier.get(name).is_some(),
            Precedence::LaterFile => false,
        }
    }

    fn value(
        &mut self,
        name: &str,
        entry: &Entry,
        reserved: bool,
    ) -> Result<Result<ReadValue, Reason>, Error> {
        match self.file.token(entry) {
            Some(_) if reserved => Ok(Err(Reason::ReservedSealed(why_reserved(name)))),
            Some(Err(error)) => Ok(Err(error.into())),
            Some(Ok(token)) => match self.open(name, &token)? {
                Err(reason) => Ok(Err(reason)),
                Ok(OpenedValue { kind: PlaintextKind::Value, bytes }) => {
                    Ok(Ok(ReadValue { bytes, sealed: true }))
                }
                Ok(OpenedValue { kind: PlaintextKind::Source, bytes }) => {
                    let (quote, text) = read(bytes.expose());
                    let expanded = self.expanded(text, quote.expands(), Some(token.refs()));
                    Ok(expanded.map(|(bytes, _)| ReadValue { bytes, sealed: true }))
                }
            },
            None => {
                let (quote, text) = self.file.document().value(entry);
                if let Some(foreign) = foreign_of(self.file, entry) {
                    return Ok(Err(Reason::Foreign(foreign)));
                }
                match self.expanded(text, quote.expands(), None) {
                    Ok((_, Some(sealed))) if reserved => Ok(Err(Reason::ReservedDepends(sealed))),
                    Ok((bytes, sealed)) => Ok(Ok(ReadValue { bytes, sealed: sealed.is_some() })),
                    Err(reason) => Ok(Err(reason)),
                }
            }
        }
    }

    /// Expands a value. Also returns the name of a sealed value that it depends on, if there is one. `listed` holds the
    /// names that a sealed value may refer to; a plain value may refer to any name.
    fn expanded(
        &self,
        mut text: Zeroizing<Vec<u8>>,
        expands: bool,
        listed: Option<&Refs>,
    ) -> Result<(SecretBytes, Option<String>), Reason> {
        if !expands || memchr::memchr(b'$', &text).is_none() {
            return Ok((SecretBytes::new(std::mem::take(&mut *text)), None));
        }
        let may_refer = |name: &str| listed.is_none_or(|refs| refs.contains(name));
        // References in every branch count: with other values, another branch would be taken.
        let is_sealed = |name: &String| match self.look_up(name) {
            LookedUp::File(slot) => slot.value.as_ref().map_or(true, |value| value.sealed),
            LookedUp::Unset | LookedUp::Process(_) => false,
        };
        let depends = references(&text)?.into_iter().find(|name| may_refer(name) && is_sealed(name));
        let mut failed = None;
        let fits = |value: &[u8]| {
            self.brought_in.set(self.brought_in.get().saturating_add(value.len()));
            self.brought_in.get() <= MAX_BROUGHT_IN
        };
        let expanded = expand(&text, &mut |name| {
            if !may_refer(name) {
                return ReferenceValue::Text;
            }
            let value = match self.look_up(name) {
                LookedUp::Unset => return ReferenceValue::Unset,
                LookedUp::Process(value) => Ok(value),
                LookedUp::File(slot) => match &slot.value {
                    Ok(value) => Ok(value.bytes.expose()),
                    Err(reason) => Err(slot.depended_on(reason)),
                },
            };
            match value.and_then(|value| if fits(value) { Ok(value) } else { Err(Reason::TooLarge) }) {
                Ok(value) => ReferenceValue::Value(value),
                Err(reason) => {
                    failed.get_or_insert(reason);
                    ReferenceValue::Unset
                }
            }
        });
        match failed {
            Some(reason) => Err(reason),
            None => Ok((SecretBytes::new(std::mem::take(&mut *expanded?)), depends)),
        }
    }

    fn look_up(&self, name: &str) -> LookedUp<'_> {
        // Otherwise a plain `X=${ENVSEAL_PRIVATE_KEY}` would hand the key to the child process.
        if is_own_name(name) {
            return LookedUp::Unset;
        }
        let process = || self.process.get(name).map(|value| LookedUp::Process(value.as_encoded_bytes()));
        let here = || self.here.get(name).map(LookedUp::File);
        let earlier = || self.earlier.get(name).map(LookedUp::File);
        let found = match self.precedence {
            Precedence::Process => process().or_else(earlier).or_else(here),
            Precedence::EarlierFile => earlier().or_else(here).or_else(process),
            Precedence::LaterFile => here().or_else(earlier).or_else(process),
        };
        found.unwrap_or(LookedUp::Unset)
    }

    /// Prepares the opener for all of the file's values as soon as there is a second batch.
    fn prepare(&mut self, token: &SealedValue) {
        let Some(Ok(opener)) = &self.opener else { return };
        if self.is_prepared || !opener.is_of_another_batch(token) {
            return;
        }
        self.is_prepared = true;
        let document = self.file.document();
        let used = document.entries().iter().filter(|entry| !self.is_overridden(document.name(entry)));
        let tokens = used.filter_map(|entry| self.file.token(entry)?.ok());
        let tokens: Vec<_> = tokens.filter(|other| other.key_id() == token.key_id()).collect();
        if let Some(Ok(opener)) = &mut self.opener {
            opener.prepare(&tokens);
        }
    }

    fn open(&mut self, name: &str, token: &SealedValue) -> Result<Result<OpenedValue, Reason>, Error> {
        let Some(public_key) = self.file.public_key() else {
            return Ok(Err(Reason::NoPublicKey(self.file.env().public_key_name())));
        };
        if token.key_id() != *self.key_id.get_or_insert_with(|| public_key.id()) {
            return Ok(Err(OpenError::OtherKey { sealed_to: token.key_id() }.into()));
        }
        if self.opener.is_none() {
            let found = self.file.find_key(self.store, public_key);
            self.opener = Some(match found {
                Ok(key) => Ok(Opener::new(key)),
                Err(KeyLookupError::NotFound { env, wanted, tried }) => {
                    Err(Reason::NoKey { env, wanted, tried: Rc::<[SearchedPlace]>::from(tried) })
                }
                Err(error) => return Err(error.into()),
            });
        }
        self.prepare(token);
        Ok(match self.opener.as_mut().expect("just set") {
            Ok(opener) => opener.open(name, token).map_err(Reason::from),
            Err(reason) => Err(reason.clone()),
        })
    }
}

enum LookedUp<'a> {
    Unset,
    Process(&'a [u8]),
    File(&'a VariableSlot<'a>),
}
