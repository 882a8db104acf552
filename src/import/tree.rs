//! Repo within objects, which JSON and YAML come to, as names and values.
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
    /// What was behind a sealed one.
    Opened(SecretBytes),
    /// `null`.
    Null,
    /// Nothing after a name, on this line. What seems a name may be the rest of a value that wants quotes:
    /// `{A: b, c}`.
    Nothing(usize),
    /// What no variable can hold, as a person would say it: a list. What is in it is not kept.
    Unholdable(&'static str),
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

    /// Adds an object, or its members to the object of that name. Returns whether no name was taken; where one was, not all
    /// of it is there.
    pub(super) fn add_members(&mut self, name: String, members: Self) -> bool {
        match self.entries.iter_mut().find(|(known, _)| *known == name) {
            None => self.add(name, Node::Object(members)),
            Some((_, Node::Object(known))) => {
                members.entries.into_iter().all(|(name, node)| known.add(name, node))
            }
            Some(_) => false,
        }
    }

    /// The value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.entries.iter().find(|(known, _)| known == name).map(|(_, node)| node)
    }

    /// Its names and values, in the order of the source.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.entries.iter().map(|(name, node)| (name.as_str(), node))
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

    /// The name of the variable that it comes to, or what is closest to one.
    pub(super) fn name(&self) -> &str {
        &self.name
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
        let unholdable = |found| {
            let (origin, name) = (path.origin().to_owned(), Some(path.name.clone()));
            Err(ImportError::Unholdable { origin, name, found })
        };
        match node {
            Node::Object(object) => self.object(path, object),
            _ if !(self.wants)(&path.name) => Ok(()),
            Node::Text(value) => self.at_path(path.origin(), &path.name, value, false),
            Node::Opened(value) => self.at_path(path.origin(), &path.name, value, true),
            Node::Null => unholdable("null"),
            Node::Nothing(line) => Err(ImportError::NoValue { line }),
            Node::Unholdable(found) => unholdable(found),
        }
    }

    /// One value, where `name` is made of the place that it stands at.
    pub(super) fn at_path(
        &mut self,
        origin: &str,
        name: &str,
        value: SecretBytes,
        was_sealed: bool,
    ) -> Result<(), ImportError> {
        let Ok(variable) = VarName::new(name) else {
            return Err(ImportError::PathName { origin: origin.to_owned(), name: name.to_owned() });
        };
        self.hold(Item { origin: origin.to_owned(), name: variable, value, was_sealed })
    }

    fn hold(&mut self, item: Item) -> Result<(), ImportError> {
        if let Some(&first) = self.origins.get(item.name.as_str()) {
            let first = self.found[first].origin.clone();
            return Err(ImportError::Twice { first, second: item.origin, name: item.name.to_string() });
        }
        self.origins.insert(item.name.to_string(), self.found.len());
        self.found.push(item);
        Ok(())
    }

    /// What was added.
    pub(super) fn into_items(self) -> Vec<Item> {
        self.found
    }
}
