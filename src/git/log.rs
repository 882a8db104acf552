//! Walking history: every commit that can be reached from one, newest first, with what it and its parents hold.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::path::Path;

use git2::{Odb, Oid};

use super::commit::{Links, links};
use super::find::Finder;
use super::graph::Graph;
use super::objects::{ById, raw};
use super::paths::to_git;
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

impl Step {
    pub(super) fn tree(&self) -> Oid {
        self.tree
    }

    #[cfg(test)]
    pub(super) fn committed(&self) -> i64 {
        self.committed
    }
}

/// So many commits are read before a commit-graph is looked for: it is a large file where history is long.
const BEFORE_GRAPH: usize = 256;

/// Walks from one commit to all it comes after.
pub struct Walk<'a> {
    objects: &'a Objects,
    odb: Odb<'a>,
    shallow: HashSet<ObjectId>,
    graph: Option<Graph>,
    met: HashMap<[u8; 20], Step, ById>,
    queue: BinaryHeap<(i64, Reverse<usize>, ObjectId)>,
    pushed: HashSet<[u8; 20], ById>,
    number: usize,
}

impl<'a> Walk<'a> {
    /// Starts nowhere yet: see [`Self::push`].
    pub fn new(objects: &'a Objects) -> Result<Self, GitError> {
        // Nothing is read twice here.
        git2::opts::enable_caching(false);
        let shallow = objects.shallow()?;
        Ok(Self {
            objects,
            odb: objects.odb()?,
            shallow,
            graph: None,
            met: HashMap::default(),
            queue: BinaryHeap::new(),
            pushed: HashSet::default(),
            number: 0,
        })
    }

    /// Puts a commit into the queue. Whoever pushes one twice meets it twice.
    pub fn push(&mut self, id: ObjectId) -> Result<(), GitError> {
        let committed = self.step(id)?.committed;
        self.number += 1;
        self.pushed.insert(*raw(&id.0));
        self.queue.push((committed, Reverse(self.number), id));
        Ok(())
    }

    /// Puts the parents into the queue that were never in it.
    pub fn push_new(&mut self, parents: &[ObjectId]) -> Result<(), GitError> {
        for parent in parents {
            if !self.pushed.contains(raw(&parent.0)) {
                self.push(*parent)?;
            }
        }
        Ok(())
    }

    /// The newest commit of the queue, by its committer's clock, as `git log` has it. Its parents are not pushed.
    pub fn pop(&mut self) -> Option<Step> {
        let (.., id) = self.queue.pop()?;
        self.met.get(raw(&id.0)).cloned()
    }

    /// The wanted files of a commit.
    pub fn picked(&mut self, picker: &mut Picker<'_>, id: ObjectId) -> Result<Picked, GitError> {
        let tree = self.step(id)?.tree;
        picker.tree(tree)
    }

    /// The regular file at `path` in a commit.
    pub fn file(
        &mut self,
        finder: &mut Finder<'_>,
        id: ObjectId,
        path: &Path,
    ) -> Result<Option<ObjectId>, GitError> {
        let tree = self.step(id)?.tree;
        Ok(finder.file(tree, &to_git(path)?)?.map(|file| file.id))
    }

    fn step(&mut self, id: ObjectId) -> Result<&Step, GitError> {
        if !self.met.contains_key(raw(&id.0)) {
            // Git uses none in a shallow clone either.
            if self.met.len() == BEFORE_GRAPH && self.shallow.is_empty() {
                self.graph = self.objects.graph();
            }
            let links = match self.graph.as_ref().and_then(|graph| graph.links(id)) {
                Some(links) => links,
                None => self.read(id)?,
            };
            let cut = self.shallow.contains(&id);
            let parents = if cut { Vec::new() } else { links.parents };
            self.met
                .insert(*raw(&id.0), Step { id, parents, cut, tree: links.tree, committed: links.committed });
        }
        Ok(&self.met[raw(&id.0)])
    }

    fn read(&self, id: ObjectId) -> Result<Links, GitError> {
        let object = self.odb.read(id.0).map_err(|e| self.objects.error("read a commit of", e))?;
        links(object.data()).ok_or_else(|| {
            let damaged = git2::Error::from_str("one of its commits is damaged");
            self.objects.error("read a commit of", damaged)
        })
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
