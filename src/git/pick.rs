//! The files of certain names, in every tree of a history.
//!
//! A tree is boiled down to the wanted files in it and below, and what is boiled down to the same is one number. So
//! two commits that differ in other files only are found to be the same at once, and each tree is read once, however
//! many commits share it. What is known is shared by all threads that pick.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use git2::{Odb, Oid};

use super::objects::{ById, Changed, FileKind, FileRef, Objects, file_ref, kind_of_mode, raw};
use super::paths::from_git;
use super::seen::{Found, Kept, SeenFolders};
use super::{GitError, tree};

/// The wanted files of a tree: equal for two trees if and only if they hold the same ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Picked(usize);

/// Says whether a file name, without its folder, is wanted.
pub(super) type Wanted = fn(&[u8]) -> bool;

/// Finds the wanted files of trees.
pub struct Picker<'a> {
    objects: &'a Objects,
    odb: Odb<'a>,
    wanted: Wanted,
    known: Arc<Mutex<Known>>,
    seen: SeenFolders,
}

/// What was found in trees so far.
pub(super) struct Known {
    by_tree: HashMap<[u8; 20], Picked, ById>,
    folders: Vec<Folder>,
    numbers: HashMap<Folder, Picked>,
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
        Self::sharing(objects, wanted, Arc::default())
    }

    /// As [`Self::new`], with what others know who pick the same.
    pub(super) fn sharing(
        objects: &'a Objects,
        wanted: Wanted,
        known: Arc<Mutex<Known>>,
    ) -> Result<Self, GitError> {
        Ok(Self { objects, odb: objects.odb()?, wanted, known, seen: SeenFolders::default() })
    }

    /// What another thread needs to pick the same: the repository opened once more, and what is known.
    pub(super) fn share(&self) -> Result<(Objects, Wanted, Arc<Mutex<Known>>), GitError> {
        Ok((self.objects.reopen()?, self.wanted, Arc::clone(&self.known)))
    }

    /// The wanted files of the tree `id`.
    pub(super) fn tree(&mut self, id: Oid) -> Result<Picked, GitError> {
        self.read(id, &mut Vec::new(), 0)
    }

    /// Every file picked, by path.
    pub fn files(&self, picked: Picked) -> Vec<(PathBuf, FileRef)> {
        let changed = self.changes(Picked::NONE, picked);
        changed.into_iter().filter_map(|changed| Some((changed.path, changed.after?))).collect()
    }

    /// Every path at which two picks differ.
    pub fn changes(&self, before: Picked, after: Picked) -> Vec<Changed> {
        let mut found = Vec::new();
        self.known().walk([before, after], &mut Vec::new(), &mut found);
        found
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&mut self, id: Oid, path: &mut Vec<u8>, depth: usize) -> Result<Picked, GitError> {
        if let Some(known) = self.known().by_tree.get(raw(&id)) {
            return Ok(*known);
        }
        let damaged = |words| self.objects.error("read a folder of", git2::Error::from_str(words));
        if depth > tree::MAX_DEPTH {
            return Err(damaged("its folders are nested too deep"));
        }
        let object = self.odb.read(id).map_err(|e| self.objects.error("read a folder of", e))?;
        let mut seen = self.seen.take(path);
        let (mut kept, mut unread) = (Vec::new(), Vec::new());
        let new = seen.update(object.data(), &mut |start, entry| match kind_of_mode(entry.mode) {
            Some(FileKind::File) if (self.wanted)(entry.name) => {
                let file = file_ref(entry).map(Found::File);
                kept.extend(file.map(|found| Kept { start, name: entry.name.to_vec(), found }));
            }
            Some(_) => {}
            None => unread.push((start, entry.name.to_vec(), entry.id())),
        });
        drop(object);
        let Some(new) = new else { return Err(damaged("one of its folders is damaged")) };
        let length = path.len();
        for (start, name, id) in unread {
            path.extend_from_slice(&name);
            path.push(b'/');
            let below = self.read(id, path, depth + 1)?;
            path.truncate(length);
            if below != Picked::NONE {
                kept.push(Kept { start, name, found: Found::Folder(below) });
            }
        }
        kept.sort_by_key(|kept| kept.start);
        if seen.keep(&new, kept) {
            seen.picked = self.known().number(Folder::of(&seen.kept));
        }
        let picked = seen.picked;
        self.known().by_tree.insert(*raw(&id), picked);
        self.seen.put(path, seen);
        Ok(picked)
    }
}

impl Default for Known {
    fn default() -> Self {
        Self {
            by_tree: HashMap::default(),
            folders: vec![Folder::default()],
            numbers: HashMap::from([(Folder::default(), Picked::NONE)]),
        }
    }
}

impl Folder {
    fn of(kept: &[Kept]) -> Self {
        let mut folder = Self::default();
        for Kept { name, found, .. } in kept {
            match found {
                Found::File(file) => folder.files.push((name.clone(), *file)),
                Found::Folder(picked) => folder.folders.push((name.clone(), *picked)),
            }
        }
        // Git has them as `NAME/`.
        folder.folders.sort_by(|(one, _), (other, _)| one.cmp(other));
        folder
    }
}

impl Known {
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
