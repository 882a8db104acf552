//! Versions of env files: read, cached, and compared by name, with the keys that are available.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::change::{ChangeKind, FileChanges, VariableChange, merged_kind};
use super::rename::VersionPair;
use crate::config::{is_own_name, is_public_key_name};
use crate::crypto::{
    IdentityKey, OpenedValue, Opener, PlaintextKind, PrivateKey, PublicKey, SealedValue, SecretBytes,
};
use crate::dotenv::{Document, Entry, read};
use crate::error::Error;
use crate::git::{ObjectId, Repo};
use crate::keys::{KeyStore, team_file};
use crate::project;

/// How many parsed versions are kept: going back in history, the older side of one comparison is the newer of the next.
const KEPT: usize = 256;

/// A version of an env file.
pub(super) struct EnvVersion {
    document: Document,
    /// The last entry of each name, which is the one that counts.
    last: HashMap<String, usize>,
    /// None unless there is exactly one and it is well formed.
    public_key: Option<PublicKey>,
    problem: Option<VersionProblem>,
}

/// Why a version may have variables that are not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum VersionProblem {
    /// It can't be parsed, so none of its variables are seen.
    Unreadable,
    Conflict,
}

impl EnvVersion {
    /// Returns a version without variables: of a missing or an unreadable file.
    fn empty(problem: Option<VersionProblem>) -> Self {
        Self { document: Document::empty(), last: HashMap::new(), public_key: None, problem }
    }

    /// Reads a version's bytes. Never fails: a version that can't be parsed has no variables.
    fn parse(text: Vec<u8>) -> Self {
        let Ok(document) = Document::parse(text) else {
            return Self::empty(Some(VersionProblem::Unreadable));
        };
        let entries = document.entries().iter().enumerate();
        let last = entries.map(|(at, entry)| (document.name(entry).to_owned(), at)).collect();
        let problem = document.conflict_marker().map(|_| VersionProblem::Conflict);
        let public_key = only_public_key(&document);
        Self { document, last, public_key, problem }
    }

    /// Returns the names, in the file's order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let entries = self.document.entries().iter().enumerate();
        let names = entries.map(|(at, entry)| (at, self.document.name(entry)));
        names.filter(|(at, name)| self.last.get(*name) == Some(at)).map(|(_, name)| name)
    }

    fn get(&self, name: &str) -> Option<&Entry> {
        self.last.get(name).map(|at| &self.document.entries()[*at])
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.last.contains_key(name)
    }

    pub(super) fn is_sealed(&self, name: &str) -> bool {
        self.token(name).is_some()
    }

    /// Returns the text after `NAME=`.
    pub(super) fn source(&self, name: &str) -> Option<&[u8]> {
        self.get(name).map(|entry| self.document.source(entry))
    }

    /// Returns the token of a sealed variable; a malformed one counts as plain text.
    fn token(&self, name: &str) -> Option<SealedValue> {
        project::token(&self.document, self.get(name)?)?.ok()
    }

    /// Returns true if two plain values read the same. Other quotes don't matter unless there is something to expand.
    fn reads_as(&self, other: &Self, name: &str) -> bool {
        let read = |it: &Self| it.get(name).map(|entry| it.document.value(entry));
        read(self).zip(read(other)).is_some_and(|((one_quote, one), (other_quote, other))| {
            (one_quote.expands() == other_quote.expands() || !one.contains(&b'$')) && *one == *other
        })
    }
}

fn only_public_key(document: &Document) -> Option<PublicKey> {
    let mut entries = document.entries().iter().filter(|entry| is_public_key_name(document.name(entry)));
    let (entry, None) = (entries.next()?, entries.next()) else { return None };
    let (_, text) = document.value(entry);
    PublicKey::parse(std::str::from_utf8(&text).ok()?).ok()
}

/// A value, to be shown to a person who asked for it.
pub(crate) enum ShownValue {
    /// Unquoted, nothing expanded.
    Value(SecretBytes),
    /// No available key decrypts it.
    Sealed,
}

/// The history of env files in one repository.
pub(crate) struct EnvHistory<'a> {
    pub(super) repo: &'a Repo,
    store: &'a KeyStore<'a>,
    versions: HashMap<ObjectId, Rc<EnvVersion>>,
    /// Versions that are in the worktree, and perhaps not in git.
    worktree: HashMap<ObjectId, Rc<EnvVersion>>,
    openers: Vec<Opener>,
    /// Folders whose keys were looked for.
    searched: HashSet<PathBuf>,
    /// Folders and team files whose grants were looked for, now and in history.
    granted: HashSet<PathBuf>,
    problems: BTreeMap<PathBuf, VersionProblem>,
    key_problem: Option<String>,
    /// The keys of the members in a team file, by its blob: they verify the signatures of commits.
    pub(super) members: HashMap<ObjectId, Rc<[IdentityKey]>>,
}

impl<'a> EnvHistory<'a> {
    /// Reads from `repo`; decrypts with the keys of `store`, older ones included.
    pub(crate) fn new(repo: &'a Repo, store: &'a KeyStore<'a>) -> Self {
        Self {
            repo,
            store,
            versions: HashMap::new(),
            worktree: HashMap::new(),
            openers: Vec::new(),
            searched: HashSet::new(),
            granted: HashSet::new(),
            problems: BTreeMap::new(),
            key_problem: None,
            members: HashMap::new(),
        }
    }

    /// Returns notes to print at the end: files of which a version could not be read, and missing keys.
    pub(crate) fn notes(&self) -> Vec<String> {
        let files = self.problems.iter().map(|(path, problem)| {
            let path = path.display();
            match problem {
                VersionProblem::Unreadable => {
                    format!("{path}: one version is UTF-16, so its variables are not shown")
                }
                VersionProblem::Conflict => format!("{path}: one version has merge-conflict markers"),
            }
        });
        files.chain(self.key_problem.clone()).collect()
    }

    /// Returns the version of the file at `path` that is the blob `id`.
    pub(super) fn version(&mut self, path: &Path, id: ObjectId) -> Result<Rc<EnvVersion>, Error> {
        let version = match self.worktree.get(&id).or_else(|| self.versions.get(&id)) {
            Some(version) => Rc::clone(version),
            None => {
                if self.versions.len() >= KEPT {
                    self.versions.clear();
                }
                let version = Rc::new(EnvVersion::parse(self.repo.blob(id)?));
                self.versions.insert(id, Rc::clone(&version));
                version
            }
        };
        if let Some(problem) = version.problem {
            self.problems.entry(path.to_owned()).or_insert(problem);
        }
        Ok(version)
    }

    /// Returns both versions of a pair, the older one first.
    pub(super) fn both(&mut self, pair: &VersionPair) -> Result<[Rc<EnvVersion>; 2], Error> {
        let mut version = |side: &Option<(PathBuf, ObjectId)>| match side {
            Some((path, id)) => self.version(path, *id),
            None => Ok(Rc::new(EnvVersion::empty(None))),
        };
        Ok([version(&pair.before)?, version(&pair.after)?])
    }

    /// Fetches these versions in one go, if this partial clone lacks them.
    pub(super) fn obtain(&self, ids: &[ObjectId]) -> Result<(), Error> {
        let ids: Vec<_> = ids.iter().copied().filter(|id| !self.worktree.contains_key(id)).collect();
        self.repo.obtain(&ids)?;
        Ok(())
    }

    /// Adds a version that need not be in git. Returns the id that it has there.
    pub(super) fn add(&mut self, text: Vec<u8>) -> ObjectId {
        let id = self.repo.id_of(&text);
        self.worktree.insert(id, Rc::new(EnvVersion::parse(text)));
        id
    }

    /// Compares a file's newer version with the older one of this pair and of each other pair.
    pub(super) fn changes(
        &mut self,
        pair: &VersionPair,
        others: &[&VersionPair],
        only: Option<&str>,
    ) -> Result<FileChanges, Error> {
        let (path, [first, after]) = (pair.path(), self.both(pair)?);
        let mut older = vec![Rc::clone(&first)];
        for other in others {
            let [before, _] = self.both(other)?;
            older.push(before);
        }
        let gone = first.names().filter(|name| !after.has(name));
        let names = after.names().chain(gone).filter(|name| only.is_none_or(|only| only == *name));
        let mut changes = Vec::new();
        for name in names {
            let kinds = older.iter().map(|before| self.compare(path, name, before, &after));
            if let Some(kind) = kinds.collect::<Option<Vec<_>>>().and_then(|kinds| merged_kind(&kinds)) {
                changes.push(VariableChange { name: name.to_owned(), kind });
            }
        }
        Ok(FileChanges { path: path.to_owned(), from: pair.from().map(Path::to_path_buf), changes })
    }

    /// Compares a variable in two versions of a file that is, or was, at `path`. Returns None if it is the same.
    pub(super) fn compare(
        &mut self,
        path: &Path,
        name: &str,
        before: &EnvVersion,
        after: &EnvVersion,
    ) -> Option<ChangeKind> {
        match (before.source(name), after.source(name)) {
            (one, other) if one == other => return None,
            (None, _) => return Some(ChangeKind::Added),
            (_, None) => return Some(ChangeKind::Removed),
            _ => {}
        }
        match (before.token(name), after.token(name)) {
            (Some(one), Some(other)) if one == other => None,
            (Some(_), Some(_)) => {
                let mut decrypt = |version: &EnvVersion| {
                    let key = version.public_key?;
                    self.decrypt(path, name, version, |other| *other == key)
                };
                let both = decrypt(before).zip(decrypt(after));
                let is_same = both.is_some_and(|(one, other)| is_same_value(&one, &other));
                Some(if is_same { ChangeKind::ReSealed } else { ChangeKind::Changed })
            }
            (Some(_), None) => Some(ChangeKind::Plain),
            (None, Some(_)) => Some(ChangeKind::Changed),
            (None, None) => (!before.reads_as(after, name)).then_some(ChangeKind::Changed),
        }
    }

    pub(super) fn show(&mut self, path: &Path, name: &str, version: &EnvVersion) -> Option<ShownValue> {
        let entry = version.get(name)?;
        let Some(token) = version.token(name) else {
            let (_, mut text) = version.document.value(entry);
            return Some(ShownValue::Value(SecretBytes::new(std::mem::take(&mut *text))));
        };
        // After a merge, a value may be encrypted with another key than the file's.
        let opened = self.decrypt(path, name, version, |key| key.id() == token.key_id());
        Some(opened.map_or(ShownValue::Sealed, |(opened, _)| ShownValue::Value(unquoted(opened))))
    }

    /// Decrypts a sealed value with the private key of the public key that `is_key` accepts. The second part is the list
    /// of names that it may refer to. What envseal itself sealed is in no env file, and is not shown.
    fn decrypt(
        &mut self,
        path: &Path,
        name: &str,
        version: &EnvVersion,
        is_key: impl Fn(&PublicKey) -> bool,
    ) -> Option<(OpenedValue, String)> {
        let token = version.token(name).filter(|_| !is_own_name(name))?;
        let opener = self.opener(path, is_key)?;
        opener.open(name, &token).ok().map(|opened| (opened, token.refs().to_string()))
    }

    fn opener(&mut self, path: &Path, is_key: impl Fn(&PublicKey) -> bool) -> Option<&mut Opener> {
        let root = self.repo.root();
        let folder = root.join(path).parent().map_or_else(|| root.to_owned(), Path::to_path_buf);
        if self.searched.insert(folder.clone()) {
            self.add_keys(self.store.every(&folder));
        }
        if !self.openers.iter().any(|opener| is_key(&opener.public_key()))
            && self.granted.insert(folder.clone())
            && let Some(team_file) = team_file(&folder)
            && self.granted.insert(team_file)
        {
            self.add_keys(self.store.ever_granted(&folder));
        }
        self.openers.iter_mut().find(|opener| is_key(&opener.public_key()))
    }

    fn add_keys(&mut self, keys: Result<Vec<PrivateKey>, impl Display>) {
        match keys {
            Ok(keys) => {
                for key in keys {
                    if !self.openers.iter().any(|opener| opener.public_key() == key.public()) {
                        self.openers.push(Opener::new(key));
                    }
                }
            }
            // History can be shown without keys, only less exactly.
            Err(error) => {
                self.key_problem.get_or_insert(format!("no key was used to compare values: {error}"));
            }
        }
    }
}

/// Returns true if two decrypted values are the same. A literal value can equal a source text with nothing to expand.
fn is_same_value(
    (one, one_refs): &(OpenedValue, String),
    (other, other_refs): &(OpenedValue, String),
) -> bool {
    if one.kind == other.kind && one.bytes == other.bytes {
        return one_refs == other_refs;
    }
    let literal = |opened: &OpenedValue| {
        let text = unquoted(opened.clone());
        (opened.kind == PlaintextKind::Value || !text.expose().contains(&b'$')).then_some(text)
    };
    literal(one).zip(literal(other)).is_some_and(|(one, other)| one == other)
}

/// Returns the bytes of a value without its quotes, nothing expanded.
fn unquoted(OpenedValue { kind, bytes }: OpenedValue) -> SecretBytes {
    match kind {
        PlaintextKind::Value => bytes,
        PlaintextKind::Source => SecretBytes::new(std::mem::take(&mut *read(bytes.expose()).1)),
    }
}
