//! Nested objects from JSON, YAML or INI, and the variables made from them.
//!
//! The names of a path are joined with `_`, and every character that a variable's name can't have becomes `_`:
//! `{"database": {"pass-word": …}}` is `database_pass_word`. Letter case is kept.

use std::collections::{HashMap, HashSet};

use super::{ImportError, ImportErrorKind};
use crate::crypto::SecretBytes;
use crate::dotenv::VarName;
use crate::project::{ImportItem, ItemValue};

/// The deepest nesting, so that recursion doesn't overflow the stack.
pub(super) const DEPTH: usize = 64;

#[derive(Clone)]
pub(super) enum Node {
    /// A scalar, as written or unquoted.
    Text(SecretBytes),
    /// A scalar that was encrypted in the source.
    Decrypted(SecretBytes),
    /// A name without a value, on this line. It may be the rest of a value that needs quotes: `{A: b, c}`.
    Missing(usize),
    /// Not a value of a variable; the text is the predicate of an error: `is null`.
    Unsupported(&'static str),
    Object(Object),
}

pub(super) const LIST: Node = Node::Unsupported("is a list, not a single value");
pub(super) const NULL: Node = Node::Unsupported("is null, not a value");

/// Names and values in the order of the source; no name twice.
#[derive(Clone, Default)]
pub(super) struct Object {
    entries: Vec<(String, Node)>,
    names: HashSet<String>,
}

impl Object {
    /// Returns false, and changes nothing, if the name is taken.
    pub(super) fn add(&mut self, name: String, node: Node) -> bool {
        let is_free = self.names.insert(name.clone());
        if is_free {
            self.entries.push((name, node));
        }
        is_free
    }

    /// Adds an object, or its members to the object of that name. Returns false if a name is taken; then only some
    /// members were added.
    pub(super) fn merge(&mut self, name: String, members: Self) -> bool {
        match self.entries.iter_mut().find(|(known, _)| *known == name) {
            None => self.add(name, Node::Object(members)),
            Some((_, Node::Object(known))) => {
                members.entries.into_iter().all(|(name, node)| known.add(name, node))
            }
            Some(_) => false,
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.entries.iter().find(|(known, _)| known == name).map(|(_, node)| node)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Node> {
        self.names.remove(name);
        let at = self.entries.iter().position(|(known, _)| known == name)?;
        Some(self.entries.remove(at).1)
    }

    pub(super) fn entries(&self) -> &[(String, Node)] {
        &self.entries
    }

    pub(super) fn into_entries(self) -> Vec<(String, Node)> {
        self.entries
    }

    /// Returns the variables below this object, without those whose names aren't wanted: their values may be anything.
    pub(super) fn into_items(self, wants: &dyn Fn(&str) -> bool) -> Result<Vec<ImportItem>, ImportError> {
        let mut items = ItemList::new(wants);
        items.add_object(&Path::default(), self)?;
        Ok(items.items)
    }
}

/// The names that lead to a value.
#[derive(Clone, Default)]
pub(super) struct Path {
    /// The path as messages show it: `database.pass-word`.
    pub(super) origin: String,
    /// The variable's name, or the closest text to one.
    pub(super) name: String,
    is_inside: bool,
}

impl Path {
    pub(super) fn join(&self, member: &str) -> Self {
        let mut path = self.clone();
        if path.is_inside {
            path.origin.push('.');
            path.name.push('_');
        }
        path.origin.push_str(member);
        path.name.extend(member.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }));
        path.is_inside = true;
        path
    }
}

/// Collects the variables of a source. Rejects two of one name, and values that no variable can have.
pub(super) struct ItemList<'a> {
    pub(super) items: Vec<ImportItem>,
    positions: HashMap<String, usize>,
    wants: &'a dyn Fn(&str) -> bool,
}

impl<'a> ItemList<'a> {
    pub(super) fn new(wants: &'a dyn Fn(&str) -> bool) -> Self {
        Self { items: Vec::new(), positions: HashMap::new(), wants }
    }

    pub(super) fn add_object(&mut self, path: &Path, object: Object) -> Result<(), ImportError> {
        object.into_entries().into_iter().try_for_each(|(name, node)| self.add(&path.join(&name), node))
    }

    pub(super) fn add(&mut self, path: &Path, node: Node) -> Result<(), ImportError> {
        let (origin, name) = (&path.origin, &path.name);
        let unsupported = |why| {
            Err(ImportError::of_variable(ImportErrorKind::Unsupported, name, format!("{origin} {why}")))
        };
        let (value, was_encrypted) = match node {
            Node::Object(object) => return self.add_object(path, object),
            _ if !(self.wants)(name) => return Ok(()),
            Node::Text(value) => (value, false),
            Node::Decrypted(value) => (value, true),
            Node::Missing(line) => {
                let message = format!("line {line}: a name without a value, or the rest of the value above");
                return Err(ImportError::new(ImportErrorKind::NoValue, message));
            }
            Node::Unsupported(why) => return unsupported(why),
        };
        let Ok(variable) = VarName::new(name) else { return unsupported("can't be a variable name") };
        if let Some(&first) = self.positions.get(name) {
            let message = format!("{} and {origin} would both become {name}", self.items[first].origin);
            return Err(ImportError::of_variable(ImportErrorKind::Ambiguous, name, message));
        }
        self.positions.insert(name.clone(), self.items.len());
        let value = ItemValue::Literal(value);
        let origin = origin.clone();
        self.items.push(ImportItem { origin, line: 0, name: variable, value, was_encrypted });
        Ok(())
    }
}
