//! The files of certain names, in every tree of a history.
//!
//! A tree is boiled down to the wanted files in it and below, and what is boiled down to the same is one number. So
//! two commits that differ in other files only are found to be the same at once, and each tree is read once, however
//! many commits share it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::path::PathBuf;

use git2::{Odb, Oid};

use super::objects::{Changed, FileKind, FileRef, Objects, file_ref, kind_of_mode};
use super::paths::from_git;
use super::{GitError, tree};

/// The wanted files of a tree: equal for two trees if and only if they hold the same ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Picked(usize);

/// Finds the wanted files of trees.
pub struct Picker<'a> {
    objects: &'a Objects,
    odb: Odb<'a>,
    wanted: fn(&[u8]) -> bool,
    by_tree: HashMap<[u8; 20], Picked, ById>,
    folders: Vec<Folder>,
    numbers: HashMap<Folder, Picked>,
}

/// An id is a hash already. Whoever makes ids with the same first eight bytes gains a slow look-up.
type ById = BuildHasherDefault<FirstBytes>;

#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 ^= u64::from_ne_bytes(*first);
        }
    }

    /// The length of an array, which is the same for all.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The wanted files of a folder, and its folders that hold some; both in git's order.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Folder {
    files: Vec<(Vec<u8>, FileRef)>,
    folders: Vec<(Vec<u8>, Picked)>,
}

impl Picked {
    /// No file at all.
    pub const NONE: Self = Self(0);
}

impl<'a> Picker<'a> {
    /// Picks the regular files whose name, without their folder, `wanted` takes.
    pub fn new(objects: &'a Objects, wanted: fn(&[u8]) -> bool) -> Result<Self, GitError> {
        Ok(Self {
            objects,
            odb: objects.odb()?,
            wanted,
            by_tree: HashMap::default(),
            folders: vec![Folder::default()],
            numbers: HashMap::from([(Folder::default(), Picked::NONE)]),
        })
    }

    /// The wanted files of the tree `id`.
    pub(super) fn tree(&mut self, id: Oid) -> Result<Picked, GitError> {
        self.read(id, 0)
    }

    /// Every file picked, by path.
    pub fn files(&self, picked: Picked) -> Vec<(PathBuf, FileRef)> {
        let changed = self.changes(Picked::NONE, picked);
        changed.into_iter().filter_map(|changed| Some((changed.path, changed.after?))).collect()
    }

    /// Every path at which two picks differ.
    pub fn changes(&self, before: Picked, after: Picked) -> Vec<Changed> {
        let mut found = Vec::new();
        self.walk([before, after], &mut Vec::new(), &mut found);
        found
    }

    fn read(&mut self, id: Oid, depth: usize) -> Result<Picked, GitError> {
        let key: [u8; 20] = id.as_bytes().try_into().expect("an id of twenty bytes");
        if let Some(known) = self.by_tree.get(&key) {
            return Ok(*known);
        }
        let damaged = |words| self.objects.error("read a folder of", git2::Error::from_str(words));
        if depth > tree::MAX_DEPTH {
            return Err(damaged("its folders are nested too deep"));
        }
        let object = self.odb.read(id).map_err(|e| self.objects.error("read a folder of", e))?;
        let mut folder = Folder::default();
        let mut unread = Vec::new();
        let whole = tree::for_each(object.data(), &mut |entry| match kind_of_mode(entry.mode) {
            Some(FileKind::File) if (self.wanted)(entry.name) => {
                folder.files.extend(file_ref(entry).map(|file| (entry.name.to_vec(), file)));
            }
            Some(_) => {}
            None => match self.by_tree.get(entry.raw) {
                Some(&Picked::NONE) => {}
                Some(known) => folder.folders.push((entry.name.to_vec(), *known)),
                None => unread.push((entry.name.to_vec(), entry.id())),
            },
        });
        drop(object);
        if !whole {
            return Err(damaged("one of its folders is damaged"));
        }
        for (name, id) in unread {
            let below = self.read(id, depth + 1)?;
            if below != Picked::NONE {
                folder.folders.push((name, below));
            }
        }
        folder.folders.sort();
        let picked = self.number(folder);
        self.by_tree.insert(key, picked);
        Ok(picked)
    }

    fn number(&mut self, folder: Folder) -> Picked {
        if let Some(known) = self.numbers.get(&folder) {
            return *known;
        }
        let next = Picked(self.folders.len());
        self.folders.push(folder.clone());
        self.numbers.insert(folder, next);
        next
    }

    fn walk(&self, sides: [Picked; 2], path: &mut Vec<u8>, found: &mut Vec<Changed>) {
        if sides[0] == sides[1] {
            return;
        }
        let [before, after] = sides.map(|side| &self.folders[side.0]);
        let length = path.len();
        let at = |path: &mut Vec<u8>, name: &[u8]| {
            path.truncate(length);
            if length > 0 {
                path.push(b'/');
            }
            path.extend_from_slice(name);
        };
        for (name, before, after) in side_by_side(&before.files, &after.files) {
            at(path, name);
            if let Some(path) = from_git(path) {
                found.push(Changed { path: path.to_owned(), before, after });
            }
        }
        for (name, before, after) in side_by_side(&before.folders, &after.folders) {
            at(path, name);
            self.walk([before, after].map(|side| side.unwrap_or(Picked::NONE)), path, found);
        }
        path.truncate(length);
    }
}

/// The names at which two sorted lists differ.
fn side_by_side<'a, T: Copy + PartialEq>(
    before: &'a [(Vec<u8>, T)],
    after: &'a [(Vec<u8>, T)],
) -> impl Iterator<Item = (&'a [u8], Option<T>, Option<T>)> {
    let mut names: Vec<&[u8]> = before.iter().chain(after).map(|(name, _)| &name[..]).collect();
    names.sort_unstable();
    names.dedup();
    let get = |list: &'a [(Vec<u8>, T)], name: &[u8]| {
        list.binary_search_by(|(there, _)| there[..].cmp(name)).ok().map(|at| list[at].1)
    };
    names
        .into_iter()
        .map(move |name| (name, get(before, name), get(after, name)))
        .filter(|(_, one, other)| one != other)
}
