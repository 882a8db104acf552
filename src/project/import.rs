//! Taking over what another tool kept: planned first, for a person to see, then sealed, opened again and compared.

mod kept;
mod steps;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

pub(crate) use kept::{drop_backup, keep_backup, other_keys_file, same_file, source_text};
use steps::{
    refuse_another_files_key, secret_in_the_clear, steps_of_text, steps_of_variables, without_dangling,
};

use super::change::{edited, plain_source};
use super::encrypt::refs_of_source;
use super::error::VaultError;
use super::file::{EnvFile, refuse_links, token};
use super::references::{DollarSigns, known};
use super::scope::Scope;
use super::setup::with_header;
use super::update::Target;
use crate::crypto::{Kind, Opened, Opener, PublicKey, Refs, Sealer, SecretBytes};
use crate::dotenv::{Document, Edit, VarName};
use crate::keys::KeyStore;

/// A value that comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// Its exact bytes.
    Value(SecretBytes),
    /// Source text, quotes included, to be read by the dialect's rules.
    Source(SecretBytes),
}

/// A variable that comes in.
pub(crate) struct Arrival {
    /// Where it stands in its source.
    pub origin: String,
    /// Its name.
    pub name: VarName,
    /// Its value.
    pub value: Incoming,
    /// Whether its source kept it sealed: then it is never written in the clear.
    pub was_sealed: bool,
}

/// dotenv text that comes in.
#[derive(Clone)]
pub(crate) struct Text {
    /// What errors call it: its path, or that it was piped in.
    pub label: PathBuf,
    /// The text.
    pub document: Document,
    /// The values of these entries were sealed in it, and are these.
    pub opened: HashMap<usize, Incoming>,
    /// These are the other tool's: what it has sealed, its public key. None of them is a secret in the clear.
    pub of_the_other_tool: HashSet<usize>,
}

/// What comes in.
pub(crate) enum Arriving {
    /// dotenv text that becomes the env file, comments and order and all.
    Text(Text),
    /// Variables for a file that is there, or for one to be made of nothing else. No name twice.
    Variables(Vec<Arrival>),
    /// Variables that are all that the file is to hold, whatever it holds now. No name twice.
    Anew(Vec<Arrival>),
}

/// What is to become of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is sealed.
    Seal,
    /// It is sealed in place of another value.
    Replace,
    /// That value is there already, sealed.
    Same,
    /// It is plain text, by its mark, the policy or its name.
    Plain,
    /// It is plain text, for it holds nothing.
    Empty,
}

/// Where a variable goes.
#[derive(Clone, Copy)]
enum Place {
    Entry(usize),
    End,
}

struct Step {
    origin: String,
    name: String,
    value: Incoming,
    place: Place,
    fate: Fate,
}

/// What an import is about to do with one env file.
pub(crate) struct Import {
    path: PathBuf,
    /// The file as it was when this was planned; none where there was none.
    found: Option<Zeroizing<Vec<u8>>>,
    /// What the changes are made to.
    base: EnvFile,
    steps: Vec<Step>,
    in_the_clear: Option<String>,
}

impl Import {
    /// Plans it. `wants` picks variables; in a text the others stay as they are.
    ///
    /// Errors: a value that was sealed and would be plain text here, each named; a name or a line that sealing would
    /// refuse too, by its place in what comes in.
    pub(crate) fn plan(
        path: &Path,
        arriving: Arriving,
        wants: &dyn Fn(&str) -> bool,
        dollars: &DollarSigns,
        store: &KeyStore<'_>,
    ) -> Result<Self, VaultError> {
        refuse_links(path, store.repositories())?;
        let file = EnvFile::load_or_new(path)?;
        let scope = Scope::of(&file.dir(), store.repositories())?;
        let found = file.exists().then(|| Zeroizing::new(file.document().as_bytes().to_vec()));
        let (base, steps, in_the_clear) = match arriving {
            Arriving::Text(text) => {
                refuse_another_files_key(&file, &text.document)?;
                let base =
                    EnvFile::of_text(&text.label, file.env().clone(), text.document.as_bytes().to_vec())?;
                let was_sealed = |at| text.opened.contains_key(&at) || text.of_the_other_tool.contains(&at);
                let in_the_clear = secret_in_the_clear(&base, &scope, was_sealed);
                let steps = steps_of_text(&base, path, &scope, text.opened, wants)?;
                (base, steps, in_the_clear)
            }
            Arriving::Anew(arrivals) => {
                let base = EnvFile::of_text(path, file.env().clone(), Vec::new())?;
                let clear: HashSet<String> = arrivals
                    .iter()
                    .filter(|arrival| !arrival.was_sealed)
                    .map(|arrival| arrival.name.to_string())
                    .collect();
                let wanted = arrivals.into_iter().filter(|arrival| wants(arrival.name.as_str()));
                let steps = steps_of_variables(&base, &scope, wanted, store)?;
                let mut sealed = steps.iter().filter(|step| step.fate.seals());
                let in_the_clear =
                    sealed.find(|step| clear.contains(&step.name)).map(|step| step.name.clone());
                (base, steps, in_the_clear)
            }
            Arriving::Variables(arrivals) => {
                let wanted = arrivals.into_iter().filter(|arrival| wants(arrival.name.as_str()));
                let steps = steps_of_variables(&file, &scope, wanted, store)?;
                let in_the_clear = secret_in_the_clear(&file, &scope, |_| false);
                (file, steps, in_the_clear)
            }
        };
        let steps = without_dangling(&base, steps, dollars, &known(&scope, path, dollars))?;
        Ok(Self { path: path.into(), found, base, steps, in_the_clear })
    }

    /// The env file that is written.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is there already.
    pub(crate) fn exists(&self) -> bool {
        self.found.is_some()
    }

    /// Whether a byte would change.
    pub(crate) fn changes(&self) -> bool {
        let base = self.base.document();
        let alters = |step: &Step| match (step.fate, step.place) {
            (Fate::Same, _) => false,
            (Fate::Plain | Fate::Empty, Place::Entry(at)) => {
                self.in_the_clear(step).map_or(true, |source| source != base.source(&base.entries()[at]))
            }
            _ => true,
        };
        match &self.found {
            None => !self.steps.is_empty(),
            Some(found) => base.as_bytes() != found.as_slice() || self.steps.iter().any(alters),
        }
    }

    /// A variable that stands in the clear in the file that is replaced, though it is not called plain.
    pub(crate) fn replaces_in_the_clear(&self) -> Option<&str> {
        self.in_the_clear.as_deref().filter(|_| self.exists())
    }

    /// Each variable: where it is from, its name, and what becomes of it.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (&str, &str, Fate)> {
        self.steps.iter().map(|step| (step.origin.as_str(), step.name.as_str(), step.fate))
    }

    /// Makes the env file's new document, and opens all that was sealed for it to see that it is what came in.
    pub(crate) fn carry_out(&self, target: &mut Target<'_>) -> Result<Document, VaultError> {
        let now = target.file().exists().then(|| target.file().document().as_bytes());
        if now != self.found.as_ref().map(|found| found.as_slice()) {
            return Err(VaultError::Meanwhile(self.path.clone()));
        }
        let sealing = self.steps.iter().any(|step| step.fate.seals());
        let key = if sealing { Some(target.seal_to()?) } else { None };
        let document = self.document(key.as_ref())?;
        if sealing {
            self.verify(&document, target.opener_of_its_key()?)?;
        }
        Ok(document)
    }

    fn document(&self, key: Option<&PublicKey>) -> Result<Document, VaultError> {
        let seal_error = |source| VaultError::Seal { path: self.path.clone(), source };
        let mut sealer = key.map(Sealer::new).transpose().map_err(seal_error)?;
        let mut sources = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let source = match (step.fate, step.place) {
                (Fate::Same, _) => None,
                (Fate::Plain | Fate::Empty, place) => {
                    let source = self.in_the_clear(step)?;
                    let stands = |at: usize| self.base.document().source(&self.base.document().entries()[at]);
                    match place {
                        Place::Entry(at) if stands(at) == source => None,
                        _ => Some(source),
                    }
                }
                (Fate::Seal | Fate::Replace, _) => {
                    let (kind, refs, bytes) = self.plaintext(step)?;
                    let sealer = sealer.as_mut().ok_or_else(|| self.base.no_public_key())?;
                    let token = sealer.seal(&step.name, &refs, kind, bytes).map_err(seal_error)?;
                    Some(token.to_text())
                }
            };
            sources.push((step, source));
        }
        let edits: Vec<_> = sources
            .iter()
            .filter_map(|(step, source)| {
                let source = source.as_deref()?;
                Some(match step.place {
                    Place::Entry(entry) => Edit::Source { entry, source },
                    Place::End => Edit::Append { name: &step.name, source, plain: false },
                })
            })
            .collect();
        let document = edited(&self.base, self.base.document(), &edits)?;
        match key {
            Some(key) if self.base.public_key().is_none() => with_header(&self.base, &document, key),
            _ => Ok(document),
        }
    }

    /// What is sealed for a variable.
    fn plaintext<'a>(&self, step: &'a Step) -> Result<(Kind, Refs, &'a [u8]), VaultError> {
        Ok(match &step.value {
            Incoming::Value(value) => (Kind::Value, Refs::none(), value.expose()),
            Incoming::Source(source) => {
                let refs = refs_of_source(source.expose()).ok_or_else(|| self.malformed(step))?;
                (Kind::Source, refs, source.expose())
            }
        })
    }

    fn in_the_clear(&self, step: &Step) -> Result<Vec<u8>, VaultError> {
        match &step.value {
            Incoming::Source(source) => Ok(source.expose().to_vec()),
            Incoming::Value(value) => plain_source(value.expose())
                .ok_or_else(|| VaultError::Unwritable { path: self.path.clone(), name: step.name.clone() }),
        }
    }

    fn malformed(&self, step: &Step) -> VaultError {
        let line = match step.place {
            Place::Entry(entry) => self.base.document().entries()[entry].line,
            Place::End => self.base.document().entries().last().map_or(1, |entry| entry.line + 1),
        };
        VaultError::MalformedReference { path: self.base.path().into(), line, name: step.name.clone() }
    }

    /// Reads the document anew, and opens every value that was sealed.
    fn verify(&self, document: &Document, mut opener: Opener) -> Result<(), VaultError> {
        let fail = |step: &Step| VaultError::NotVerified { path: self.path.clone(), name: step.name.clone() };
        let document = Document::parse(document.as_bytes().to_vec())
            .map_err(|source| VaultError::Parse { path: self.path.clone(), source })?;
        let appended =
            self.steps.iter().filter(|step| matches!(step.place, Place::End) && step.fate != Fate::Same);
        let before = self.base.document().entries().len() + appended.count();
        // The header's own entry stands above the rest.
        let header = document.entries().len().checked_sub(before);
        for step in self.steps.iter().filter(|step| step.fate.seals()) {
            let at = match step.place {
                Place::Entry(entry) => header.map(|header| entry + header),
                Place::End => document.last(&step.name),
            };
            let entry = at.and_then(|at| document.entries().get(at)).ok_or_else(|| fail(step))?;
            let (kind, refs, bytes) = self.plaintext(step)?;
            let sealed = token(&document, entry).and_then(Result::ok).ok_or_else(|| fail(step))?;
            let Opened { kind: found, bytes: opened } =
                opener.open(document.name(entry), &sealed).map_err(|_| fail(step))?;
            let same = document.name(entry) == step.name
                && found == kind
                && *sealed.refs() == refs
                && opened.expose() == bytes;
            if !same {
                return Err(fail(step));
            }
        }
        Ok(())
    }
}

impl Fate {
    /// Whether a value is sealed for it.
    fn seals(self) -> bool {
        matches!(self, Self::Seal | Self::Replace)
    }
}

#[cfg(test)]
mod tests;
