//! What is staged: the index, and how it differs from a commit.
//!
//! Folders that git knows to be unchanged, by the ids it keeps in the index, are passed over as a whole; the ids of
//! others are made anew (a tree's id is the hash of its bytes). So no tree of the commit is read but those that differ.

use std::path::{Path, PathBuf};

use git2::{ObjectType, Oid};

use super::GitError;
use super::index_file::{Entry, IndexFile, parse};
use super::objects::{Changed, FileRef, ObjectId, Objects, file_ref, kind_of_mode};
use super::paths::{from_git, to_git};
use super::tree::{Cursor, FOLDER, RawEntry, compare};
use crate::fsio::{self, FsError};

/// A file or a folder of the index, as a tree would name it.
struct Node<'a> {
    name: &'a [u8],
    mode: u32,
    raw: [u8; 20],
    /// What is in a folder; nothing where a sparse index has the folder alone.
    inside: &'a [Entry],
    /// Where the names of those inside begin in their paths.
    start: usize,
}

impl Objects {
    /// Every path of the index that would be committed and whose bare file name `want` holds for, in git's order; what a
    /// sparse index leaves out comes last.
    pub fn index_files(&self, want: &dyn Fn(&Path) -> bool) -> Result<Vec<(PathBuf, FileRef)>, GitError> {
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for entry in &self.staged_index()?.entries {
            if entry.is_folder() {
                folders.push(entry);
            } else if is_wanted(&entry.path, want)
                && let (Some(path), Some(file)) = (from_git(&entry.path), file_of(entry))
            {
                files.push((path.to_owned(), file));
            }
        }
        for folder in folders {
            self.tree_changes(None, Some(id_of(folder.raw)), &mut |path, _, file| {
                let path = [&folder.path, path].concat();
                if is_wanted(&path, want)
                    && let (Some(path), Some(file)) = (from_git(&path), file)
                {
                    files.push((path.to_owned(), file));
                }
            })?;
        }
        Ok(files)
    }

    /// What the index holds at exactly this path, relative to the root.
    pub fn index_file_at(&self, path: &Path) -> Result<Option<FileRef>, GitError> {
        let (path, index) = (to_git(path)?, self.staged_index()?);
        match index.entries.binary_search_by(|entry| entry.path.as_slice().cmp(&path)) {
            Ok(at) => Ok(file_of(&index.entries[at])),
            // The folder it is in would stand before it, for a folder's path is the beginning of it.
            Err(at) => match at.checked_sub(1).map(|at| &index.entries[at]) {
                Some(folder) if folder.is_folder() && path.starts_with(&folder.path) => {
                    self.file_in(id_of(folder.raw), &path[folder.path.len()..])
                }
                _ => Ok(None),
            },
        }
    }

    /// Every path at which the index differs from a commit (`None`: from nothing), in git's order. Paths in an
    /// unfinished merge are left out: git commits none of them.
    pub fn staged(&self, base: Option<ObjectId>) -> Result<Vec<Changed>, GitError> {
        let index = self.staged_index()?;
        let tree = base.map(|commit| self.tree(commit)).transpose()?;
        let mut found = Vec::new();
        self.compare(tree, &index.children(&index.entries, 0), &mut Vec::new(), &mut found)?;
        Ok(found)
    }

    /// The index as it was when it was first asked for, without what is not to be committed: a check sees one state.
    fn staged_index(&self) -> Result<&IndexFile, GitError> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let path = self.index_file();
        let mut index = match fsio::read(&path) {
            Ok(bytes) => {
                parse(&bytes).map_err(|reason| GitError::UnreadableIndex { path, reason: reason.into() })?
            }
            // Nothing was ever added.
            Err(FsError::NotFound { .. }) => IndexFile::default(),
            Err(error) => return Err(error.into()),
        };
        index.entries.retain(|entry| entry.stage == 0 && !entry.intent_to_add);
        Ok(self.index.get_or_init(|| index))
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
                (Some(entry), Some(node)) => compare(entry, &node.as_entry()),
            };
            let before = if order.is_gt() { None } else { left.take() };
            let after = if order.is_lt() { None } else { right.next() };
            let entry = after.map(Node::as_entry);
            if before.is_some_and(|b| entry.is_some_and(|a| (a.raw, a.mode) == (b.raw, b.mode))) {
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
            match [before, entry].map(|entry| entry.and_then(|entry| file_ref(&entry))) {
                [None, None] => self.compare_folder(before.map(|entry| entry.id()), after, path, found)?,
                [before, after] => found.extend(changed(path, before, after)),
            }
            path.truncate(length);
        }
    }

    fn compare_folder(
        &self,
        before: Option<Oid>,
        after: Option<&Node<'_>>,
        path: &mut Vec<u8>,
        found: &mut Vec<Changed>,
    ) -> Result<(), GitError> {
        match after {
            Some(node) if !node.inside.is_empty() => {
                let nodes = self.staged_index()?.children(node.inside, node.start);
                self.compare(before, &nodes, path, found)
            }
            // Gone; or a sparse index has it as a tree.
            _ => {
                self.tree_changes(before, after.map(|node| id_of(node.raw)), &mut |inside, before, after| {
                    found.extend(changed(&[path, b"/".as_slice(), inside].concat(), before, after));
                })
            }
        }
    }
}

impl IndexFile {
    /// The files and folders of a folder: `entries` are all that are in it, `start` is where their names begin.
    fn children<'a>(&'a self, entries: &'a [Entry], start: usize) -> Vec<Node<'a>> {
        let mut nodes = Vec::new();
        let mut at = 0;
        while let Some(entry) = entries.get(at) {
            let rest = &entry.path[start..];
            let Some(slash) = memchr::memchr(b'/', rest) else {
                nodes.push(Node { name: rest, mode: entry.mode, raw: entry.raw, inside: &[], start });
                at += 1;
                continue;
            };
            let folder = &entry.path[..=start + slash];
            let count = entries[at..].iter().take_while(|entry| entry.path.starts_with(folder)).count();
            let inside = &entries[at..at + count];
            at += count;
            let (name, start) = (&rest[..slash], folder.len());
            let mut node = Node { name, mode: FOLDER, raw: entry.raw, inside, start };
            if entry.is_folder() && entry.path == folder {
                node.inside = &[];
            } else {
                node.raw = self.tree_id(&folder[..folder.len() - 1], &node);
            }
            nodes.push(node);
        }
        nodes
    }

    /// The id that a folder's tree would have.
    fn tree_id(&self, path: &[u8], node: &Node<'_>) -> [u8; 20] {
        if let Some((_, raw)) = self.folders.get(path).filter(|(count, _)| *count == node.inside.len()) {
            return *raw;
        }
        let mut bytes = Vec::new();
        for entry in self.children(node.inside, node.start).iter().map(Node::as_entry) {
            bytes.extend_from_slice(format!("{:o} ", entry.mode).as_bytes());
            bytes.extend_from_slice(entry.name);
            bytes.push(0);
            bytes.extend_from_slice(entry.raw);
        }
        let id = Oid::hash_object(ObjectType::Tree, &bytes).expect("hashing bytes in memory");
        id.as_bytes().try_into().expect("an id has twenty bytes")
    }
}

impl Node<'_> {
    fn as_entry(&self) -> RawEntry<'_> {
        RawEntry { mode: self.mode, name: self.name, raw: &self.raw }
    }
}

/// Whether `want` holds for the last part of a path in git's spelling.
fn is_wanted(path: &[u8], want: &dyn Fn(&Path) -> bool) -> bool {
    let name = memchr::memrchr(b'/', path).map_or(path, |slash| &path[slash + 1..]);
    from_git(name).is_some_and(want)
}

fn changed(path: &[u8], before: Option<FileRef>, after: Option<FileRef>) -> Option<Changed> {
    from_git(path).map(|path| Changed { path: path.to_owned(), before, after })
}

fn file_of(entry: &Entry) -> Option<FileRef> {
    kind_of_mode(entry.mode).map(|kind| FileRef { id: ObjectId(id_of(entry.raw)), kind })
}

fn id_of(raw: [u8; 20]) -> Oid {
    Oid::from_bytes(&raw).expect("twenty bytes")
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
    fn every_form_of_the_index_is_read() {
        let g = Fixture::new();
        for at in 0..300 {
            g.write(&format!("d{}/e{}/f{at}", at % 7, at % 3), &at.to_string());
        }
        g.git(&["add", "-A"]);
        g.git(&["commit", "-qm", "many"]);
        g.add("d1/e1/new", "");
        for form in ["2", "3", "4"] {
            g.git(&["update-index", "--index-version", form]);
            g.add("d2/e2/more", form);
            g.git(&["update-index", "--skip-worktree", "d1/e1/new"]);
            agrees_with_git(&g, 2);
        }
        g.git(&["-c", "index.skipHash=true", "update-index", "--index-version", "2", "--force-write-index"]);
        agrees_with_git(&g, 2);
        g.git(&["commit", "-qm", "all"]);
        agrees_with_git(&g, 0);
        // Folders stand as trees in a sparse index.
        g.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "d1"]);
        let index = std::fs::read(g.root().join(".git/index")).unwrap();
        assert!(memchr::memmem::find(&index, b"sdir").is_some(), "this git writes sparse indexes");
        agrees_with_git(&g, 0);
        g.add("d1/e1/f1", "changed");
        agrees_with_git(&g, 1);
        g.git(&["reset", "-q", "--soft", "HEAD~1"]);
        agrees_with_git(&g, 3);
        let objects = Objects::open(g.root(), HookVars::default()).unwrap();
        let all = objects.index_files(&|_| true).unwrap();
        let git = Fixture::try_git(g.root(), &["ls-files", "-s"]).stdout;
        let git = String::from_utf8(git).unwrap();
        assert_eq!(all.len(), git.lines().count());
        for (path, file) in &all {
            assert!(git.contains(&format!("{} 0\t{}", file.id, path.display())), "{}", path.display());
            assert_eq!(objects.index_file_at(path).unwrap(), Some(*file), "{}", path.display());
        }
        for none in ["d2", "d2/e2", "d2/e2/none", "d1/none", "none", "d2/e2/more/x"] {
            assert_eq!(objects.index_file_at(Path::new(none)).unwrap(), None, "{none}");
        }
    }

    #[test]
    fn a_damaged_index_is_an_error_and_never_a_panic() {
        let g = Fixture::new();
        g.add("some/file", "");
        let whole = std::fs::read(g.root().join(".git/index")).unwrap();
        let read = |bytes: &[u8]| super::super::index_file::parse(bytes).map(|index| index.entries.len());
        assert_eq!(read(&whole), Ok(1));
        for end in 0..whole.len() - 20 {
            assert!(read(&whole[..end]).is_err(), "{end}");
        }
        for at in 0..whole.len() {
            for byte in [0, 1, 0x7f, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                let _ = read(&bytes);
            }
        }
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
