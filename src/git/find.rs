//! Single files in many trees: only the folders that lead to them are read.

use std::collections::HashMap;

use git2::{Odb, Oid};

use super::objects::{ById, FileKind, FileRef, Objects, file_ref, raw};
use super::{GitError, tree};

/// Finds files by path, each folder read once for each path that is looked for in it.
pub struct Finder<'a> {
    objects: &'a Objects,
    odb: Odb<'a>,
    /// By what is left of the path, and by folder.
    known: HashMap<Vec<u8>, HashMap<[u8; 20], Option<FileRef>, ById>>,
}

impl<'a> Finder<'a> {
    /// Knows nothing yet.
    pub fn new(objects: &'a Objects) -> Result<Self, GitError> {
        Ok(Self { objects, odb: objects.odb()?, known: HashMap::new() })
    }

    /// The regular file at `path` in the tree `id`, as git has it.
    pub(super) fn file(&mut self, id: Oid, path: &[u8]) -> Result<Option<FileRef>, GitError> {
        if let Some(known) = self.known.get(path).and_then(|known| known.get(raw(&id))) {
            return Ok(*known);
        }
        let (name, below) = match memchr::memchr(b'/', path) {
            Some(slash) => (&path[..slash], Some(&path[slash + 1..])),
            None => (path, None),
        };
        let object = self.odb.read(id).map_err(|e| self.objects.error("read a folder of", e))?;
        let (mut file, mut folder) = (None, None);
        let whole = tree::for_each(object.data(), &mut |_, entry| {
            if entry.name == name {
                match file_ref(entry) {
                    Some(found) => file = Some(found).filter(|found| found.kind == FileKind::File),
                    None => folder = Some(entry.id()),
                }
            }
        });
        drop(object);
        if !whole {
            let damaged = git2::Error::from_str("one of its folders is damaged");
            return Err(self.objects.error("read a folder of", damaged));
        }
        let found = match (below, folder) {
            (None, _) => file,
            (Some(below), Some(folder)) => self.file(folder, below)?,
            (Some(_), None) => None,
        };
        if let Some(known) = self.known.get_mut(path) {
            known.insert(*raw(&id), found);
        } else {
            self.known.entry(path.to_vec()).or_default().insert(*raw(&id), found);
        }
        Ok(found)
    }
}
