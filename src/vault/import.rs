//! Taking over what another tool kept: planned first, for a person to see, then sealed, opened again and compared.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::change::{edited, plain_source, refuse_half, refuse_own};
use super::encrypt::{is_secret, refs_of_source, refuse_reserved_dependents};
use super::error::VaultError;
use super::file::{EnvFile, place_of, token};
use super::scope::Scope;
use super::setup::with_header;
use super::update::Target;
use crate::config::is_own_name;
use crate::crypto::{Kind, Opened, Opener, PublicKey, Refs, Sealer, SecretBytes, claims_to_be_sealed};
use crate::dotenv::{Document, Edit, Mark, VarName, is_reserved};
use crate::fsio::{self, NewMode};
use crate::keystore::{KeyStore, KeysFile};

/// A value that comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// Its exact bytes.
    Value(SecretBytes),
    /// Source text, quotes included, to be read by the dialect's rules.
    Source(SecretBytes),
}

/// A variable that comes in.
pub struct Arrival {
    /// Where it stands in its source.
    pub origin: String,
    /// Its name.
    pub name: VarName,
    /// Its value.
    pub value: Incoming,
    /// Whether its source kept it sealed: then it is never written in the clear.
    pub was_sealed: bool,
}

/// What comes in.
pub enum Arriving {
    /// dotenv text that becomes the env file, comments and order and all. The values of these entries were sealed, and
    /// are these.
    Text(Document, HashMap<usize, Incoming>),
    /// Variables for a file that is there, or for one to be made of nothing else. No name twice.
    Variables(Vec<Arrival>),
    /// Variables that are all that the file is to hold, whatever it holds now. No name twice.
    Anew(Vec<Arrival>),
}

/// What is to become of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
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
pub struct Import {
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
    /// refuse too.
    pub fn plan(
        path: &Path,
        arriving: Arriving,
        wants: &dyn Fn(&str) -> bool,
        store: &KeyStore<'_>,
    ) -> Result<Self, VaultError> {
        let file = EnvFile::load_or_new(path)?;
        let scope = Scope::of(&file.dir())?;
        let found = file.exists().then(|| Zeroizing::new(file.document().as_bytes().to_vec()));
        let in_the_clear;
        let (base, steps) = match arriving {
            Arriving::Text(text, opened) => {
                refuse_another_files_key(&file, &text)?;
                let base = EnvFile::of_text(path, file.env().clone(), text.as_bytes().to_vec())?;
                let sealed: HashSet<usize> = opened.keys().copied().collect();
                let steps = steps_of_text(&base, &scope, opened, wants)?;
                let clear = |step: &&Step| {
                    step.fate.seals() && !matches!(step.place, Place::Entry(at) if sealed.contains(&at))
                };
                in_the_clear = steps.iter().find(clear).map(|step| step.name.clone());
                (base, steps)
            }
            Arriving::Anew(arrivals) => {
                let base = EnvFile::of_text(path, file.env().clone(), Vec::new())?;
                let wanted = arrivals.into_iter().filter(|arrival| wants(arrival.name.as_str()));
                let steps = steps_of_variables(&base, &scope, wanted, store)?;
                in_the_clear = None;
                (base, steps)
            }
            Arriving::Variables(arrivals) => {
                let wanted = arrivals.into_iter().filter(|arrival| wants(arrival.name.as_str()));
                let steps = steps_of_variables(&file, &scope, wanted, store)?;
                in_the_clear = secret_in_the_clear(&file, &scope);
                (file, steps)
            }
        };
        Ok(Self { path: path.into(), found, base, steps, in_the_clear })
    }

    /// The env file that is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is there already.
    pub fn exists(&self) -> bool {
        self.found.is_some()
    }

    /// A variable that stands in the clear in the file that is replaced, though it is not called plain.
    pub fn replaces_in_the_clear(&self) -> Option<&str> {
        self.in_the_clear.as_deref().filter(|_| self.exists())
    }

    /// Each variable: where it is from, its name, and what becomes of it.
    pub fn steps(&self) -> impl Iterator<Item = (&str, &str, Fate)> {
        self.steps.iter().map(|step| (step.origin.as_str(), step.name.as_str(), step.fate))
    }

    /// Makes the env file's new document, and opens all that was sealed for it to see that it is what came in.
    pub fn carry_out(&self, target: &mut Target<'_>) -> Result<Document, VaultError> {
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
                    Some(token.to_string().into_bytes())
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
                let refs = refs_of_source(source.expose()).ok_or_else(|| self.computed(step))?;
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

    fn computed(&self, step: &Step) -> VaultError {
        let line = match step.place {
            Place::Entry(entry) => self.base.document().entries()[entry].line,
            Place::End => self.base.document().entries().last().map_or(1, |entry| entry.line + 1),
        };
        VaultError::ComputedReference { path: self.path.clone(), line, name: step.name.clone() }
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

/// The first variable that stands in the clear, though it is not called plain.
fn secret_in_the_clear(file: &EnvFile, scope: &Scope) -> Option<String> {
    let mut clear = file.variables().filter(|(_, entry)| file.token(entry).is_none());
    let secret = clear.find(|(_, entry)| is_secret(file, scope, entry));
    secret.map(|(_, entry)| file.document().name(entry).to_owned())
}

/// Refuses a text that was sealed to another file's key in part: what is sealed now would stand beside it under a key that
/// the file does not name.
fn refuse_another_files_key(file: &EnvFile, text: &Document) -> Result<(), VaultError> {
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

fn steps_of_text(
    base: &EnvFile,
    scope: &Scope,
    mut opened: HashMap<usize, Incoming>,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Vec<Step>, VaultError> {
    let document = base.document();
    if let Some(stray) = document.strays().first() {
        return Err(VaultError::Stray { path: base.path().into(), line: stray.line });
    }
    let (mut steps, mut would_show) = (Vec::new(), Vec::new());
    for (at, entry) in base.variables() {
        let name = document.name(entry);
        // One that is envseal's already stays: a file may be taken over in parts.
        if !wants(name) || token(document, entry).is_some() {
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
        let in_file = || Incoming::Source(SecretBytes::new(document.source(entry).to_vec()));
        let fate = match was_sealed {
            false if marked => Fate::Plain,
            false if document.value(entry).1.is_empty() => Fate::Empty,
            _ => Fate::Seal,
        };
        let value = opened.remove(&at).unwrap_or_else(in_file);
        let (origin, name) = (name.to_owned(), name.to_owned());
        steps.push(Step { origin, name, value, place: Place::Entry(at), fate });
    }
    refuse_to_show(base, would_show)?;
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

fn steps_of_variables(
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
            .any(|entry| document.name(entry) == name && claims_to_be_sealed(&document.value(entry).1));
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
    refuse_to_show(file, would_show)?;
    Ok(steps)
}

/// Whether a value of this name is plain text: by the mark on its line, by policy, or for its name.
fn is_marked(file: &EnvFile, scope: &Scope, at: Option<usize>, name: &str) -> bool {
    let comment = at.and_then(|at| file.document().comment(&file.document().entries()[at]));
    is_reserved(name) || scope.policy().is_plain(name) || Mark::is_plain(comment)
}

fn refuse_to_show(file: &EnvFile, names: Vec<String>) -> Result<(), VaultError> {
    if names.is_empty() { Ok(()) } else { Err(VaultError::WouldShow { path: file.path().into(), names }) }
}

/// Whether an entry holds this value already, sealed.
fn is_same(document: &Document, at: usize, value: &Incoming, opener: Option<&mut Opener>) -> bool {
    let entry = &document.entries()[at];
    let (Some(Ok(sealed)), Some(opener)) = (token(document, entry), opener) else { return false };
    let Ok(Opened { kind, bytes }) = opener.open(document.name(entry), &sealed) else { return false };
    match value {
        Incoming::Value(value) => kind == Kind::Value && *value == bytes,
        Incoming::Source(source) => kind == Kind::Source && *source == bytes,
    }
}

/// A source's text. It may hold values in the clear.
pub fn source_text(path: &Path) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    Ok(fsio::read_secret(path)?)
}

/// Text that is wiped.
type Secret = Zeroizing<Vec<u8>>;

/// The `.env.keys` for files in `folder`, where there is one, and its text: other tools keep their keys in a file of that
/// name too.
pub fn other_keys_file(folder: &Path) -> Result<Option<(PathBuf, Secret)>, VaultError> {
    let folder = place_of(&folder.join("x"));
    let Some(path) = KeysFile::nearest(folder.parent().unwrap_or(&folder)) else { return Ok(None) };
    let text = fsio::read_secret(&path)?;
    Ok(Some((path, text)))
}

/// Copies the file at `path` to one beside it that is no env file, private to this user, and returns its path.
///
/// It is for the caller to see that nothing in it is in the clear: [`Import::replaces_in_the_clear`].
pub fn keep_backup(path: &Path) -> Result<PathBuf, VaultError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // So that it neither begins nor ends as an env file's name does.
    let backup = path.with_file_name(format!("backup-{}~", name.trim_start_matches('.')));
    let text = fsio::read_secret(path)?;
    fsio::stage(&backup, &text, NewMode::Private)?.commit_new()?;
    Ok(backup)
}

/// Takes a backup away again that nothing was done after.
pub fn drop_backup(path: &Path) -> Result<(), VaultError> {
    Ok(fsio::remove(path)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProcessEnv;
    use crate::crypto::PrivateKey;

    fn arrival(name: &str, value: Incoming) -> Arrival {
        let name = VarName::new(name).unwrap();
        Arrival { origin: name.to_string(), name, value, was_sealed: true }
    }

    fn bytes(text: &str) -> SecretBytes {
        SecretBytes::new(text.as_bytes().to_vec())
    }

    fn planned(folder: &Path, arriving: Arriving) -> Result<Import, VaultError> {
        let process = ProcessEnv::from_vars(Vec::new());
        Import::plan(&folder.join(".env"), arriving, &|_| true, &KeyStore::new(&process, None))
    }

    #[test]
    fn what_was_sealed_is_opened_again_and_compared() {
        let folder = tempfile::tempdir().unwrap();
        let arrivals = vec![
            arrival("A", Incoming::Value(bytes("one"))),
            arrival("B", Incoming::Source(bytes("\"${A}/x\""))),
            arrival("C", Incoming::Value(bytes(""))),
        ];
        let import = planned(folder.path(), Arriving::Variables(arrivals)).unwrap();
        let key = PrivateKey::generate();
        let document = import.document(Some(&key.public())).unwrap();
        let verified = |document: &Document, key: &PrivateKey| {
            import.verify(document, Opener::new(key.clone())).map_err(|error| error.to_string())
        };
        assert_eq!(verified(&document, &key), Ok(()));
        // Whatever else stands there in the end, it is told by name.
        let source = |name: &str| {
            let at = document.last(name).unwrap();
            (at, document.source(&document.entries()[at]).to_vec())
        };
        let ((a, of_a), (b, of_b), (c, of_c)) = (source("A"), source("B"), source("C"));
        let mut sealer = Sealer::new(&key.public()).unwrap();
        let mut other = |name: &str, kind, text: &str| {
            sealer.seal(name, &Refs::none(), kind, text.as_bytes()).unwrap().to_string().into_bytes()
        };
        let (value, kind, refs) = (
            other("A", Kind::Value, "two"),
            other("A", Kind::Source, "one"),
            other("B", Kind::Source, "\"${A}/x\""),
        );
        for (entry, source, name) in [
            (a, &of_b, "A"),
            (b, &of_a, "B"),
            (c, &of_a, "C"),
            (a, &value, "A"),
            (a, &kind, "A"),
            (b, &refs, "B"),
            (a, &b"one".to_vec(), "A"),
        ] {
            let altered = document.edited(&[Edit::Source { entry, source }]).unwrap();
            let told = verified(&altered, &key).unwrap_err();
            assert!(told.contains(&format!("what was sealed for {name} does not open")), "{told}");
        }
        let gone = document.edited(&[Edit::Remove { entry: c }]).unwrap();
        assert!(verified(&gone, &key).is_err() && of_c.starts_with(b"envseal:1:"));
        assert!(verified(&document, &PrivateKey::generate()).is_err());
    }

    #[test]
    fn a_text_keeps_every_byte_that_is_no_value() {
        let folder = tempfile::tempdir().unwrap();
        let text = b"\xef\xbb\xbf# head\r\nexport A = 'x' # why\r\n\r\nE=\r\nPATH=/bin\r\nA=later".to_vec();
        let document = Document::parse(text).unwrap();
        let opened = HashMap::from([(3, Incoming::Value(bytes("z")))]);
        let import = planned(folder.path(), Arriving::Text(document, opened)).unwrap();
        let fates: Vec<_> = import.steps().map(|(_, name, fate)| (name.to_owned(), fate)).collect();
        let expected = [("A", Fate::Seal), ("E", Fate::Empty), ("PATH", Fate::Plain), ("A", Fate::Seal)];
        assert_eq!(fates, expected.map(|(name, fate)| (name.to_owned(), fate)));
        let key = PrivateKey::generate();
        let sealed = import.document(Some(&key.public())).unwrap();
        assert!(import.verify(&sealed, Opener::new(key)).is_ok());
        let rest: String = String::from_utf8(sealed.as_bytes().to_vec())
            .unwrap()
            .lines()
            .skip(3)
            .map(|line| match line.split_once("envseal:1:") {
                Some((before, token)) => {
                    format!("{before}…{}\n", token.split_once(' ').map_or("", |(_, comment)| comment))
                }
                None => format!("{line}\n"),
            })
            .collect();
        assert_eq!(rest, "# head\nexport A = …# why\n\nE=\nPATH=/bin\nA=…\n");
    }
}
