//! Reads versions of env files and compares them by name, with whatever keys are at hand.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::change::{Author, Kind};
use super::error::HistoryError;
use super::signers::Signers;
use super::state::{State, Trouble, Variable};
use crate::crypto::{Kind as Sealed, Opened, Opener, PrivateKey, PublicKey, SecretBytes};
use crate::dotenv::read;
use crate::git::{ObjectId, Repo};
use crate::keys::{KeyLookupError, KeyStore, team_file};

/// How many versions are kept parsed. Newest first, a version is the younger side of one comparison and soon the
/// older side of the next.
const KEPT: usize = 256;

/// A value, to be shown to a person who asked for it.
pub(crate) enum Shown {
    /// The value as its file has it: unquoted, nothing expanded.
    Value(SecretBytes),
    /// It is sealed, and no key at hand opens it.
    Sealed,
}

/// Reads and compares versions of env files.
pub(crate) struct Reader<'a> {
    objects: &'a Repo,
    store: &'a KeyStore<'a>,
    states: HashMap<ObjectId, Rc<State>>,
    /// Versions that are in the worktree, and perhaps not in git.
    taken_in: HashMap<ObjectId, Rc<State>>,
    openers: Vec<Opener>,
    searched: HashSet<PathBuf>,
    /// The folders, and the team files, whose grants were looked for, now and in history.
    granted: HashSet<PathBuf>,
    notes: BTreeMap<PathBuf, Trouble>,
    key_trouble: Option<String>,
    signers: Signers<'a>,
}

impl<'a> Reader<'a> {
    /// Reads from `objects`; opens with the keys of `store`, older ones included.
    pub(crate) fn new(objects: &'a Repo, store: &'a KeyStore<'a>) -> Self {
        Self {
            objects,
            store,
            states: HashMap::new(),
            taken_in: HashMap::new(),
            openers: Vec::new(),
            searched: HashSet::new(),
            granted: HashSet::new(),
            notes: BTreeMap::new(),
            key_trouble: None,
            signers: Signers::new(objects),
        }
    }

    /// What is to be said at the end: files of which a version could not be read as it should be, and keys.
    pub(crate) fn notes(&self) -> Vec<String> {
        let files = self.notes.iter().map(|(path, trouble)| {
            let path = path.display();
            match trouble {
                Trouble::Unreadable => {
                    format!("{path}: a version of it is UTF-16, so no variable of that one is seen")
                }
                Trouble::Conflict => format!("{path}: a version of it holds merge-conflict markers"),
            }
        });
        files.chain(self.key_trouble.clone()).collect()
    }

    pub(super) fn objects(&self) -> &'a Repo {
        self.objects
    }

    /// Who made a commit, and whether they signed it, as a member of the projects of the files at `paths`.
    pub(super) fn author(&mut self, id: ObjectId, paths: &BTreeSet<PathBuf>) -> Result<Author, HistoryError> {
        let commit = self.objects.read_commit(id)?;
        let signature = self.signers.verify(&commit, paths)?;
        Ok(Author::of(&commit, signature))
    }

    /// The version of a file that is the blob `id`; none stands for no file.
    pub(super) fn state(&mut self, path: &Path, id: Option<ObjectId>) -> Result<Rc<State>, HistoryError> {
        let Some(id) = id else { return Ok(Rc::new(State::empty(None))) };
        let taken_in = self.taken_in.get(&id).cloned();
        if taken_in.is_none() && !self.states.contains_key(&id) {
            if self.states.len() >= KEPT {
                self.states.clear();
            }
            let state = State::parse(self.objects.blob(id)?);
            self.states.insert(id, Rc::new(state));
        }
        let state = taken_in.unwrap_or_else(|| Rc::clone(&self.states[&id]));
        if let Some(trouble) = state.trouble {
            self.notes.entry(path.to_owned()).or_insert(trouble);
        }
        Ok(state)
    }

    /// Gets these versions in one go, where this partial clone lacks them.
    pub(super) fn obtain(&self, ids: &[ObjectId]) -> Result<(), HistoryError> {
        let ids: Vec<_> = ids.iter().copied().filter(|id| !self.taken_in.contains_key(id)).collect();
        self.objects.obtain(&ids)?;
        Ok(())
    }

    /// Takes in bytes that need not be in git; returns the id that they have there.
    pub(super) fn take_in(&mut self, text: Vec<u8>) -> ObjectId {
        let id = self.objects.id_of(&text);
        self.taken_in.insert(id, Rc::new(State::parse(text)));
        id
    }

    /// What became of `name` between two versions of a file that is, or was, at `path`.
    pub(super) fn kind(&mut self, path: &Path, name: &str, before: &State, after: &State) -> Option<Kind> {
        let (before, after) = match (before.get(name), after.get(name)) {
            (None, None) => return None,
            (None, Some(_)) => return Some(Kind::Added),
            (Some(_), None) => return Some(Kind::Removed),
            (Some(before), Some(after)) => (before, after),
        };
        if before.source() == after.source() {
            return None;
        }
        match (before.token(), after.token()) {
            (Some(one), Some(other)) if one == other => None,
            (Some(_), Some(_)) => {
                let same = self.opened(path, name, before).zip(self.opened(path, name, after));
                Some(if same.is_some_and(|(one, other)| same_value(&one, &other)) {
                    Kind::ReSealed
                } else {
                    Kind::Changed
                })
            }
            (Some(_), None) => Some(Kind::Plain),
            (None, Some(_)) => Some(Kind::Changed),
            (None, None) => (!before.reads_as(&after)).then_some(Kind::Changed),
        }
    }

    /// A variable's value, to be shown.
    pub(super) fn show(&mut self, path: &Path, name: &str, state: &State) -> Option<Shown> {
        let variable = state.get(name)?;
        if variable.token().is_none() {
            return Some(Shown::Value(SecretBytes::new(std::mem::take(&mut *variable.text()))));
        }
        Some(match self.opened(path, name, variable) {
            None => Shown::Sealed,
            Some((Opened { kind: Sealed::Value, bytes }, _)) => Shown::Value(bytes),
            Some((Opened { kind: Sealed::Source, bytes }, _)) => {
                Shown::Value(SecretBytes::new(std::mem::take(&mut *read(bytes.expose()).1)))
            }
        })
    }

    /// Opens a sealed value with the key whose public half stands in the same version of the file. The second part
    /// is the list of names that it may refer to.
    fn opened(&mut self, path: &Path, name: &str, variable: Variable<'_>) -> Option<(Opened, String)> {
        let token = variable.token()?;
        let public_key = *variable.state.public_key()?;
        let opener = self.opener(path, &public_key)?;
        opener.open(name, &token).ok().map(|opened| (opened, token.refs().to_string()))
    }

    fn opener(&mut self, path: &Path, public_key: &PublicKey) -> Option<&mut Opener> {
        let root = self.objects.root();
        let folder = root.join(path).parent().map_or_else(|| root.to_owned(), Path::to_path_buf);
        if self.searched.insert(folder.clone()) {
            self.take_keys(self.store.every(&folder));
        }
        let has = |openers: &[Opener]| openers.iter().any(|opener| opener.public_key() == *public_key);
        if !has(&self.openers)
            && self.granted.insert(folder.clone())
            && let Some(team_file) = team_file(&folder)
            && self.granted.insert(team_file)
        {
            self.take_keys(self.store.ever_granted(&folder));
        }
        self.openers.iter_mut().find(|opener| opener.public_key() == *public_key)
    }

    fn take_keys(&mut self, keys: Result<Vec<PrivateKey>, KeyLookupError>) {
        match keys {
            Ok(keys) => {
                for key in keys {
                    if !self.openers.iter().any(|opener| opener.public_key() == key.public()) {
                        self.openers.push(Opener::new(key));
                    }
                }
            }
            // History can be told without keys, only less exactly.
            Err(error) => {
                self.key_trouble.get_or_insert(format!("no key was used to look into values: {error}"));
            }
        }
    }
}

/// Whether two opened values are the same. A literal one and a source text are, if nothing in it can be expanded.
fn same_value((one, one_refs): &(Opened, String), (other, other_refs): &(Opened, String)) -> bool {
    if one.kind == other.kind && one.bytes == other.bytes {
        return one_refs == other_refs;
    }
    let literal = |opened: &Opened| match opened.kind {
        Sealed::Value => Some(opened.bytes.clone()),
        Sealed::Source => {
            let mut text = read(opened.bytes.expose()).1;
            (!text.contains(&b'$')).then(|| SecretBytes::new(std::mem::take(&mut *text)))
        }
    };
    literal(one).zip(literal(other)).is_some_and(|(one, other)| one == other)
}
