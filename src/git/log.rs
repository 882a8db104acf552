//! Walking history: every commit that can be reached from one, newest first, with what it and its parents hold.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use git2::{Odb, Oid};

use super::commit::links;
use super::pick::{Picked, Picker};
use super::{GitError, ObjectId, Objects};

/// A commit that was met, as far as walking needs it.
#[derive(Clone, Debug)]
pub struct Step {
    /// The commit.
    pub id: ObjectId,
    /// The commits it comes after; none at a root, and where a shallow clone ends.
    pub parents: Vec<ObjectId>,
    /// Whether a shallow clone ends here, so that what came before is not known.
    pub cut: bool,
    tree: Oid,
    committed: i64,
}

/// Walks from one commit to all it comes after.
pub struct Walk<'a> {
    objects: &'a Objects,
    odb: Odb<'a>,
    shallow: HashSet<ObjectId>,
    met: HashMap<ObjectId, Step>,
    queue: BinaryHeap<(i64, Reverse<usize>, ObjectId)>,
    pushed: HashSet<ObjectId>,
    number: usize,
}

impl<'a> Walk<'a> {
    /// Starts nowhere yet: see [`Self::push`].
    pub fn new(objects: &'a Objects) -> Result<Self, GitError> {
        // As git walks: what it packed it takes as it is (`git fsck` is who looks), and nothing is read twice here.
        git2::opts::strict_hash_verification(false);
        git2::opts::enable_caching(false);
        let shallow = objects.shallow()?;
        Ok(Self {
            objects,
            odb: objects.odb()?,
            shallow,
            met: HashMap::new(),
            queue: BinaryHeap::new(),
            pushed: HashSet::new(),
            number: 0,
        })
    }

    /// Puts a commit into the queue. Whoever pushes one twice meets it twice.
    pub fn push(&mut self, id: ObjectId) -> Result<(), GitError> {
        let committed = self.step(id)?.committed;
        self.number += 1;
        self.pushed.insert(id);
        self.queue.push((committed, Reverse(self.number), id));
        Ok(())
    }

    /// Puts the parents into the queue that were never in it.
    pub fn push_new(&mut self, parents: &[ObjectId]) -> Result<(), GitError> {
        for parent in parents {
            if !self.pushed.contains(parent) {
                self.push(*parent)?;
            }
        }
        Ok(())
    }

    /// The newest commit of the queue, by its committer's clock, as `git log` has it. Its parents are not pushed.
    pub fn pop(&mut self) -> Option<Step> {
        let (.., id) = self.queue.pop()?;
        self.met.get(&id).cloned()
    }

    /// The wanted files of a commit.
    pub fn picked(&mut self, picker: &mut Picker<'_>, id: ObjectId) -> Result<Picked, GitError> {
        let tree = self.step(id)?.tree;
        picker.tree(tree)
    }

    fn step(&mut self, id: ObjectId) -> Result<&Step, GitError> {
        if !self.met.contains_key(&id) {
            let object = self.odb.read(id.0).map_err(|e| self.objects.error("read a commit of", e))?;
            let Some(links) = links(object.data()) else {
                let damaged = git2::Error::from_str("one of its commits is damaged");
                return Err(self.objects.error("read a commit of", damaged));
            };
            let cut = self.shallow.contains(&id);
            let parents = if cut { Vec::new() } else { links.parents };
            self.met.insert(id, Step { id, parents, cut, tree: links.tree, committed: links.committed });
        }
        Ok(&self.met[&id])
    }
}

impl Objects {
    /// The commits at which a shallow clone ends.
    fn shallow(&self) -> Result<HashSet<ObjectId>, GitError> {
        let path = self.inner.commondir().join("shallow");
        match crate::fsio::read(&path) {
            Ok(text) => {
                let ids = text.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
                Ok(ids.filter_map(|id| Oid::from_str(id.trim()).ok().map(ObjectId)).collect())
            }
            Err(crate::fsio::FsError::NotFound { .. }) => Ok(HashSet::new()),
            Err(error) => Err(error.into()),
        }
    }
}
