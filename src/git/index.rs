//! The index, and how it differs from a commit.
//!
//! Git keeps the ids of unchanged folders in the index itself, which libgit2 does not hand out. They are made anew
//! here (a tree's id is the hash of its bytes), so that no tree of the commit is read but those that differ.

use std::path::{Path, PathBuf};

use git2::{Index, ObjectType, Oid};

use super::GitError;
use super::objects::{Changed, FileRef, ObjectId, Objects, kind_of_mode};
use super::paths::{from_git, to_git};
use super::tree::Cursor;

/// `GIT_IDX_ENTRY_INTENT_TO_ADD` of libgit2: the path is known, nothing of it is to be committed yet.
const INTENT_TO_ADD: u16 = 1 << 13;

/// One path of the index.
pub(super) struct Entry {
    path: Vec<u8>,
    mode: u32,
    id: Oid,
}

impl Entry {
    fn file(&self) -> Option<FileRef> {
        kind_of_mode(self.mode).map(|kind| FileRef { id: ObjectId(self.id), kind })
    }
}

/// What a folder of the index holds, as its tree would.
enum Node<'a> {
    File { name: &'a [u8], mode: u32, id: Oid },
    Folder { name: &'a [u8], id: Oid, nodes: Vec<Node<'a>> },
}

impl Objects {
    /// Every path of the index that `want` holds for and that would be committed, in git's order.
    pub fn index_files(&self, want: &dyn Fn(&Path) -> bool) -> Result<Vec<(PathBuf, FileRef)>, GitError> {
        let files = self.index_entries()?.iter().filter_map(|entry| {
            let path = from_git(&entry.path).filter(|path| want(path))?;
            Some((path.to_owned(), entry.file()?))
        });
        Ok(files.collect())
    }

    /// What the index holds at exactly this path, relative to the root.
    pub fn index_file_at(&self, path: &Path) -> Result<Option<FileRef>, GitError> {
        let (path, entries) = (to_git(path)?, self.index_entries()?);
        let at = entries.binary_search_by(|entry| entry.path.as_slice().cmp(&path));
        Ok(at.ok().and_then(|at| entries[at].file()))
    }

    /// Every path at which the index differs from a commit (`None`: from nothing), in git's order. Paths in an
    /// unfinished merge are left out: git commits none of them.
    pub fn staged(&self, base: Option<ObjectId>) -> Result<Vec<Changed>, GitError> {
        let nodes = build(self.index_entries()?, 0).map_err(|e| self.error("read the index of", e))?;
        let tree = base.map(|commit| self.tree(commit)).transpose()?;
        let mut found = Vec::new();
        self.compare(tree, &nodes, &mut Vec::new(), &mut found)?;
        Ok(found)
    }

    /// The index as it was when it was first asked for: a check sees one state of it.
    fn index_entries(&self) -> Result<&[Entry], GitError> {
        if let Some(entries) = self.index.get() {
            return Ok(entries);
        }
        let path = self.index_file();
        let unreadable =
            |e: git2::Error| GitError::UnreadableIndex { path: path.clone(), reason: e.message().to_owned() };
        // As when git has no index yet.
        let entries = if std::fs::symlink_metadata(&path).is_err() {
            Vec::new()
        } else {
            let index = Index::open(&path).map_err(unreadable)?;
            let staged = |entry: &git2::IndexEntry| {
                let stage = entry.flags >> 12 & 3;
                stage == 0 && entry.flags_extended & INTENT_TO_ADD == 0
            };
            let entries = index.iter().filter(staged);
            entries.map(|entry| Entry { path: entry.path, mode: entry.mode, id: entry.id }).collect()
        };
        Ok(self.index.get_or_init(|| entries))
    }

    /// Compares the tree `id` with a folder of the index.
    fn compare(
        &self,
        id: Option<Oid>,
        nodes: &[Node<'_>],
        path: &mut Vec<u8>,
        found: &mut Vec<Changed>,
    ) -> Result<(), GitError> {
        let odb = self.odb()?;
        let object = id.map(|id| odb.read(id)).transpose().map_err(|e| self.error("read a folder of", e))?;
        let mut left = Cursor::new(object.as_ref().map_or(&[], |object| object.data()));
        let mut right = nodes.iter().peekable();
        loop {
            if !left.is_whole() {
                return Err(self.error("read a folder of", git2::Error::from_str("it is damaged")));
            }
            let order = match (&left.next, right.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(entry), Some(node)) => super::tree::compare(entry, &node.as_entry()),
            };
            let before = if order.is_gt() { None } else { left.take() };
            let after = if order.is_lt() { None } else { right.next() };
            let entry = after.map(Node::as_entry);
            if before.is_some_and(|b| entry.is_some_and(|a| (a.id, a.mode) == (b.id, b.mode))) {
                continue;
            }
            let Some(name) = before.map(|entry| entry.name).or(entry.map(|entry| entry.name)) else {
                continue;
            };
            let length = path.len();
            if length > 0 {
                path.push(b'/');
            }
            path.extend_from_slice(name);
            let files = [before, entry].map(|entry| entry.and_then(|entry| super::objects::file_ref(&entry)));
            match files {
                [None, None] => {
                    let nodes = match after {
                        Some(Node::Folder { nodes, .. }) => nodes.as_slice(),
                        _ => &[],
                    };
                    self.compare(before.map(|entry| entry.id), nodes, path, found)?;
                }
                [before, after] => {
                    if let Some(path) = from_git(path) {
                        found.push(Changed { path: path.to_owned(), before, after });
                    }
                }
            }
            path.truncate(length);
        }
    }
}

impl<'a> Node<'a> {
    fn as_entry(&self) -> super::tree::RawEntry<'a> {
        match self {
            Self::File { name, mode, id } => super::tree::RawEntry { mode: *mode, name, id: *id },
            Self::Folder { name, id, .. } => super::tree::RawEntry { mode: 0o040_000, name, id: *id },
        }
    }
}

/// The nodes of a folder: `entries` are its files and those of its folders, `start` is where their names begin.
fn build(entries: &[Entry], start: usize) -> Result<Vec<Node<'_>>, git2::Error> {
    let mut nodes = Vec::new();
    let mut at = 0;
    while let Some(entry) = entries.get(at) {
        let rest = &entry.path[start..];
        let Some(slash) = memchr::memchr(b'/', rest) else {
            nodes.push(Node::File { name: rest, mode: entry.mode, id: entry.id });
            at += 1;
            continue;
        };
        let folder = &entry.path[..=start + slash];
        let length = entries[at..].iter().take_while(|entry| entry.path.starts_with(folder)).count();
        let inside = build(&entries[at..at + length], folder.len())?;
        nodes.push(Node::Folder { name: &rest[..slash], id: tree_id(&inside)?, nodes: inside });
        at += length;
    }
    Ok(nodes)
}

fn tree_id(nodes: &[Node<'_>]) -> Result<Oid, git2::Error> {
    let mut bytes = Vec::new();
    for entry in nodes.iter().map(Node::as_entry) {
        bytes.extend_from_slice(format!("{:o} ", entry.mode).as_bytes());
        bytes.extend_from_slice(entry.name);
        bytes.push(0);
        bytes.extend_from_slice(entry.id.as_bytes());
    }
    Oid::hash_object(ObjectType::Tree, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::HookVars;
    use crate::git::testing::Fixture;

    fn staged(g: &Fixture) -> Vec<String> {
        let objects = Objects::open(g.root(), HookVars::default()).unwrap();
        let found = objects.staged(objects.head().unwrap()).unwrap();
        found
            .iter()
            .map(|c| {
                let status = match (c.before, c.after) {
                    (None, _) => 'A',
                    (_, None) => 'D',
                    (Some(before), Some(after)) if before.kind != after.kind => 'T',
                    _ => 'M',
                };
                format!("{status}\t{}", c.path.display())
            })
            .collect()
    }

    #[track_caller]
    fn agrees_with_git(g: &Fixture, count: usize) {
        let git = Fixture::try_git(
            g.root(),
            &["-c", "core.quotePath=false", "diff", "--cached", "--name-status", "--no-renames"],
        );
        let git: Vec<_> = String::from_utf8(git.stdout).unwrap().lines().map(str::to_owned).collect();
        let mut ours = staged(g);
        ours.sort_by(|a, b| a[2..].cmp(&b[2..]));
        assert_eq!(ours, git);
        assert_eq!(ours.len(), count);
    }

    #[test]
    fn sees_what_git_diff_cached_sees() {
        let g = Fixture::new();
        agrees_with_git(&g, 0);
        g.add("a", "1");
        agrees_with_git(&g, 1);
        for name in
            ["a/.env".replace('/', "-").as_str(), "sub/x", "sub/y/z", "sub.txt", "sub-1/q", "Zoë und Öl/.env"]
        {
            g.commit(name, name);
        }
        agrees_with_git(&g, 0);
        g.add("sub/y/z", "other");
        g.add("sub/new", "");
        g.git(&["rm", "-q", "sub-1/q"]);
        g.git(&["mv", "a", "b"]);
        g.write("unstaged", "");
        g.git(&["add", "-N", "unstaged"]);
        agrees_with_git(&g, 5);
        // A file that takes a folder's place, and the other way round.
        g.git(&["rm", "-rq", "-f", "sub"]);
        g.add("sub", "file now");
        g.git(&["rm", "-q", "--cached", "sub.txt"]);
        std::fs::remove_file(g.root().join("sub.txt")).unwrap();
        g.add("sub.txt/inside", "");
        let git = Fixture::try_git(g.root(), &["diff", "--cached", "--name-status", "--no-renames"]);
        assert_eq!(staged(&g).len(), String::from_utf8(git.stdout).unwrap().lines().count());
    }

    #[test]
    fn the_index_that_git_names_is_the_one() {
        let g = Fixture::new();
        g.commit("a", "1");
        std::fs::copy(g.root().join(".git/index"), g.root().join(".git/other")).unwrap();
        g.add("b", "2");
        let vars = HookVars { index_file: Some(g.root().join(".git/other")), ..HookVars::default() };
        let objects = Objects::open(g.root(), vars).unwrap();
        assert!(objects.staged(objects.head().unwrap()).unwrap().is_empty());
        assert_eq!(objects.index_files(&|_| true).unwrap().len(), 1);
    }

    #[test]
    fn submodules_and_links_are_told_apart() {
        let g = Fixture::new();
        g.commit("f", "");
        g.with_submodule("sub");
        agrees_with_git(&g, 2);
        let objects = Objects::open(g.root(), HookVars::default()).unwrap();
        let files = objects.index_files(&|path| path == Path::new("sub")).unwrap();
        assert_eq!(files[0].1.kind, super::super::FileKind::Submodule);
    }
}
