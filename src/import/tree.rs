//! Objects within objects, which JSON and YAML come to, as names and values.
//!
//! The names of a path are joined with `_`, and every character that a variable's name cannot have becomes `_`:
//! `{"database": {"pass-word": …}}` is `database_pass_word`. Letter case is kept. Two places that come to one name are
//! refused.

use std::collections::{HashMap, HashSet};

use crate::crypto::SecretBytes;
use crate::dotenv::VarName;

use super::{ImportError, Item};

/// How deep objects may stand in each other. Keeps what goes down into them off the end of the stack.
pub(super) const DEPTH: usize = 64;

/// One value of a source.
#[derive(Clone)]
pub(super) enum Node {
    /// A scalar, as it is written or as its quotes are read.
    Text(SecretBytes),
    /// `null`.
    Null,
    /// Nothing after a name, on this line. What seems a name may be the rest of a value that wants quotes:
    /// `{A: b, c}`.
    Nothing(usize),
    /// A list. No variable can hold one, so what is in it is not kept.
    List,
    /// Names and values, in the order of the source.
    Object(Object),
}

/// Names and values; no name twice.
#[derive(Clone, Default)]
pub(super) struct Object {
    entries: Vec<(String, Node)>,
    names: HashSet<String>,
}

impl Object {
    /// Adds a value. Returns whether the name was free; where it was not, nothing changes.
    pub(super) fn add(&mut self, name: String, node: Node) -> bool {
        let free = self.names.insert(name.clone());
        if free {
            self.entries.push((name, node));
        }
        free
    }

    /// The value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.entries.iter().find(|(known, _)| known == name).map(|(_, node)| node)
    }

    /// Its values, in the order of the source.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.entries.iter().map(|(_, node)| node)
    }

    /// Takes out the value of a name.
    pub(super) fn take(&mut self, name: &str) -> Option<Node> {
        self.names.remove(name);
        let at = self.entries.iter().position(|(known, _)| known == name)?;
        Some(self.entries.remove(at).1)
    }

    /// Its names and values, in the order of the source.
    pub(super) fn into_entries(self) -> Vec<(String, Node)> {
        self.entries
    }
}

/// Where a value stands: the names that lead to it.
#[derive(Clone, Default)]
pub(super) struct Path {
    origin: String,
    name: String,
    inside: bool,
}

impl Path {
    /// The path of a member.
    pub(super) fn to(&self, member: &str) -> Self {
        let mut path = self.clone();
        if path.inside {
            path.origin.push('.');
            path.name.push('_');
        }
        path.origin.push_str(member);
        path.name.extend(member.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }));
        path.inside = true;
        path
    }

    /// As a person would say it.
    pub(super) fn origin(&self) -> &str {
        if self.inside { &self.origin } else { "the top level" }
    }
}

/// What a source comes to; refuses what no variable can hold.
pub(super) struct Items<'a> {
    found: Vec<Item>,
    origins: HashMap<String, usize>,
    wants: &'a dyn Fn(&str) -> bool,
}

impl<'a> Items<'a> {
    /// All values below `object`, each by its path; those whose name is not wanted may be anything.
    pub(super) fn of(object: Object, wants: &'a dyn Fn(&str) -> bool) -> Result<Vec<Item>, ImportError> {
        let mut items = Self::wanting(wants);
        items.object(&Path::default(), object)?;
        Ok(items.into_items())
    }

    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self::wanting(&|_| true)
    }

    /// Nothing yet, and of what is not wanted nothing ever.
    pub(super) fn wanting(wants: &'a dyn Fn(&str) -> bool) -> Self {
        Self { found: Vec::new(), origins: HashMap::new(), wants }
    }

    /// All values below `object`, which stands at `path`.
    pub(super) fn object(&mut self, path: &Path, object: Object) -> Result<(), ImportError> {
        object.into_entries().into_iter().try_for_each(|(name, node)| self.node(&path.to(&name), node))
    }

    /// What stands at `path`.
    pub(super) fn node(&mut self, path: &Path, node: Node) -> Result<(), ImportError> {
        let unholdable = |found| Err(ImportError::Unholdable { origin: path.origin().to_owned(), found });
        match node {
            Node::Object(object) => self.object(path, object),
            _ if !(self.wants)(&path.name) => Ok(()),
            Node::Text(value) => self.add(path.origin(), &path.name, value),
            Node::Null => unholdable("null"),
            Node::Nothing(line) => Err(ImportError::NoValue { line }),
            Node::List => unholdable("a list"),
        }
    }

    /// One value under one name.
    pub(super) fn add(&mut self, origin: &str, name: &str, value: SecretBytes) -> Result<(), ImportError> {
        let Ok(name) = VarName::new(name) else {
            return Err(ImportError::Name { origin: origin.to_owned() });
        };
        if let Some(&first) = self.origins.get(name.as_str()) {
            let first = self.found[first].origin.clone();
            return Err(ImportError::Twice { first, second: origin.to_owned(), name: name.to_string() });
        }
        self.origins.insert(name.to_string(), self.found.len());
        self.found.push(Item { origin: origin.to_owned(), name, value });
        Ok(())
    }

    /// What was added.
    pub(super) fn into_items(self) -> Vec<Item> {
        self.found
    }
}
