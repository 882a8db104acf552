//! Reads trees strictly: rejects a tree that git would refuse to make. Two entries of one name, or a name with a slash
//! in it, are seen by some readers and not by others (git-fsck(1)).

use std::cmp::Ordering;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::objects::{ChangedFile, FileKind, FileRef, ObjectFormat, ObjectId};
use super::paths::{from_git, to_git};
use super::{GitError, Repo};

/// The deepest nesting of folders; git's own limit is 2048 (git-config(1), `core.maxTreeDepth`).
const MAX_DEPTH: usize = 512;

/// The most bytes of trees to cache. Beyond that, the cache is emptied and trees are read again.
const KEPT: usize = 32 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TreeEntry<'a> {
    name: &'a [u8],
    id: ObjectId,
    /// None for a folder.
    kind: Option<FileKind>,
    mode: u32,
}

/// The bytes of trees that were read and checked.
#[derive(Default)]
pub(super) struct TreeCache {
    by_id: HashMap<ObjectId, Rc<[u8]>>,
    bytes: usize,
}

/// Receives a path, relative to the root in git's form, and the file at it on either side.
type Visit<'a> = dyn FnMut(&[u8], Option<FileRef>, Option<FileRef>) + 'a;

impl TreeEntry<'_> {
    fn file(&self) -> Option<FileRef> {
        self.kind.map(|kind| FileRef { id: self.id, kind })
    }

    fn folder(&self) -> Option<ObjectId> {
        self.kind.is_none().then_some(self.id)
    }

    /// Compares two entries as git does: as if a folder's name ended in a slash.
    fn compare(&self, other: &TreeEntry<'_>) -> Ordering {
        let end = |entry: &TreeEntry<'_>| entry.kind.is_none().then_some(&b'/');
        self.name.iter().chain(end(self)).cmp(other.name.iter().chain(end(other)))
    }
}

impl Repo {
    /// Returns every path at which the files of two commits differ, including submodules. None: an empty tree.
    pub(crate) fn changes(
        &self,
        before: Option<ObjectId>,
        after: Option<ObjectId>,
    ) -> Result<Vec<ChangedFile>, GitError> {
        let tree = |commit: Option<ObjectId>| commit.map(|commit| self.tree_of(commit)).transpose();
        let mut found = Vec::new();
        self.compare_trees([tree(before)?, tree(after)?], &mut Vec::new(), 0, &mut |path, before, after| {
            found.extend(from_git(path).map(|path| ChangedFile { path: path.to_owned(), before, after }));
        })?;
        Ok(found)
    }

    /// Returns every file of a commit, including submodules. None stands for no commit.
    pub(crate) fn files(&self, commit: Option<ObjectId>) -> Result<Vec<(PathBuf, FileRef)>, GitError> {
        let files = self.changes(None, commit)?;
        Ok(files.into_iter().filter_map(|file| Some((file.path, file.after?))).collect())
    }

    /// Returns the file at `path`, relative to the root, in a commit.
    pub(crate) fn file(&self, commit: ObjectId, path: &Path) -> Result<Option<FileRef>, GitError> {
        let path = to_git(path)?;
        let mut folder = Some(self.tree_of(commit)?);
        let mut parts = path.split(|byte| *byte == b'/').peekable();
        while let Some(part) = parts.next() {
            let Some(id) = folder else { return Ok(None) };
            let tree = self.tree(id)?;
            let Some(entry) = entries(&tree, self.facts.format).find(|entry| entry.name == part) else {
                return Ok(None);
            };
            if parts.peek().is_none() {
                return Ok(entry.file());
            }
            folder = entry.folder();
        }
        Ok(None)
    }

    /// Walks two trees side by side. Enters only folders that differ.
    fn compare_trees(
        &self,
        sides: [Option<ObjectId>; 2],
        path: &mut Vec<u8>,
        depth: usize,
        visit: &mut Visit<'_>,
    ) -> Result<(), GitError> {
        if sides[0] == sides[1] {
            return Ok(());
        }
        if depth > MAX_DEPTH {
            let id = sides[1].or(sides[0]).expect("one of them is there");
            return Err(GitError::damaged(id, "its folders are nested too deep"));
        }
        let none: Rc<[u8]> = Rc::from([]);
        let read = |id: Option<ObjectId>| id.map_or(Ok(Rc::clone(&none)), |id| self.tree(id));
        let (before, after) = (read(sides[0])?, read(sides[1])?);
        let pairs = side_by_side(entries(&before, self.facts.format), entries(&after, self.facts.format));
        let folders: Vec<_> = pairs.iter().flatten().filter_map(|entry| entry.as_ref()?.folder()).collect();
        self.read_trees(&folders)?;
        for [before, after] in pairs {
            let Some(entry) = before.or(after) else { continue };
            let length = path.len();
            if length > 0 {
                path.push(b'/');
            }
            path.extend_from_slice(entry.name);
            let [old, new] = [before, after].map(|entry| entry.and_then(|entry| entry.file()));
            if old.is_some() || new.is_some() {
                visit(path, old, new);
            } else {
                let folders = [before, after].map(|entry| entry.and_then(|entry| entry.folder()));
                self.compare_trees(folders, path, depth + 1, visit)?;
            }
            path.truncate(length);
        }
        Ok(())
    }

    fn tree(&self, id: ObjectId) -> Result<Rc<[u8]>, GitError> {
        self.read_trees(&[id])?;
        if let Some(tree) = self.trees.borrow().by_id.get(&id) {
            return Ok(Rc::clone(tree));
        }
        let bytes = self.object(id, "tree")?;
        refuse_bad(&bytes, id, self.facts.format)?;
        Ok(bytes.into())
    }

    /// Reads all folders of these commits that were not read yet, each level at once.
    pub(crate) fn read_folders(&self, commits: &[ObjectId]) -> Result<(), GitError> {
        let mut level = commits.iter().map(|commit| self.tree_of(*commit)).collect::<Result<Vec<_>, _>>()?;
        while !level.is_empty() {
            level.retain(|id| !self.trees.borrow().by_id.contains_key(id));
            level.sort_unstable();
            level.dedup();
            self.read_trees(&level)?;
            let trees = self.trees.borrow();
            let read = level.iter().filter_map(|id| trees.by_id.get(id));
            level =
                read.flat_map(|tree| entries(tree, self.facts.format).filter_map(|it| it.folder())).collect();
        }
        Ok(())
    }

    /// Reads those of these trees that were not read yet, at once.
    fn read_trees(&self, ids: &[ObjectId]) -> Result<(), GitError> {
        let unread: Vec<_> = {
            let trees = self.trees.borrow();
            ids.iter().copied().filter(|id| !trees.by_id.contains_key(id)).collect()
        };
        self.obtain(&unread)?;
        for some in unread.chunks(1024) {
            for (id, bytes) in some.iter().zip(self.objects(some, "tree")?) {
                refuse_bad(&bytes, *id, self.facts.format)?;
                self.trees.borrow_mut().keep(*id, bytes);
            }
        }
        Ok(())
    }
}

impl TreeCache {
    fn keep(&mut self, id: ObjectId, tree: Vec<u8>) {
        self.bytes += tree.len();
        if self.bytes > KEPT {
            self.by_id.clear();
            self.bytes = tree.len();
        }
        self.by_id.insert(id, tree.into());
    }
}

/// Returns the entries in which two trees differ, in pairs if they have the same name and both or neither are folders.
fn side_by_side<'a>(
    before: impl Iterator<Item = TreeEntry<'a>>,
    after: impl Iterator<Item = TreeEntry<'a>>,
) -> Vec<[Option<TreeEntry<'a>>; 2]> {
    let (mut before, mut after) = (before.peekable(), after.peekable());
    let mut pairs = Vec::new();
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => return pairs,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.compare(other),
        };
        let one = if order.is_gt() { None } else { before.next() };
        let other = if order.is_lt() { None } else { after.next() };
        if one != other {
            pairs.push([one, other]);
        }
    }
}

/// Rejects a tree that git would refuse to make.
fn refuse_bad(bytes: &[u8], id: ObjectId, format: ObjectFormat) -> Result<(), GitError> {
    let refuse = |reason| GitError::damaged(id, reason);
    let (mut rest, mut last, mut folders) = (bytes, None::<TreeEntry<'_>>, Vec::new());
    while !rest.is_empty() {
        let (entry, behind) =
            entry(rest, format).ok_or_else(|| refuse("it is not a tree that git could read"))?;
        rest = behind;
        if !is_allowed_name(entry.name) {
            return Err(refuse("it has an entry whose name git refuses"));
        }
        if let Some(last) = last.filter(|last| last.compare(&entry) != Ordering::Less) {
            let twice = last.name == entry.name;
            return Err(refuse(if twice { "it has two entries of one name" } else { "it is not sorted" }));
        }
        folders.extend(entry.kind.is_none().then_some(entry.name));
        last = Some(entry);
    }
    // A file and a folder of the same name may be apart.
    folders.sort_unstable();
    let is_folder = |name: &[u8]| folders.binary_search(&name).is_ok();
    if !folders.is_empty() && entries(bytes, format).any(|it| it.kind.is_some() && is_folder(it.name)) {
        return Err(refuse("it has two entries of one name"));
    }
    Ok(())
}

/// Parses a tree's bytes: `MODE NAME NUL ID`, repeated.
fn entries(mut bytes: &[u8], format: ObjectFormat) -> impl Iterator<Item = TreeEntry<'_>> {
    std::iter::from_fn(move || {
        let (entry, rest) = entry(bytes, format)?;
        bytes = rest;
        Some(entry)
    })
}

fn entry(bytes: &[u8], format: ObjectFormat) -> Option<(TreeEntry<'_>, &[u8])> {
    let space = memchr::memchr(b' ', bytes)?;
    let mode = std::str::from_utf8(&bytes[..space]).ok()?;
    let mode =
        u32::from_str_radix(mode, 8).ok().filter(|_| mode.bytes().all(|byte| byte.is_ascii_digit()))?;
    let rest = &bytes[space + 1..];
    let end = memchr::memchr(0, rest)?;
    let (name, rest) = (&rest[..end], &rest[end + 1..]);
    let id = ObjectId::from_raw(rest.get(..format.len())?, format);
    let kind = if mode & 0o170_000 == 0o040_000 { None } else { Some(file_kind(mode)?) };
    Some((TreeEntry { name, id, kind, mode }, &rest[format.len()..]))
}

/// Reads an octal mode. Returns None for a folder and for a mode that git does not know.
pub(super) fn parse_file_mode(mode: &str) -> Option<FileKind> {
    file_kind(u32::from_str_radix(mode, 8).ok()?)
}

fn file_kind(mode: u32) -> Option<FileKind> {
    match mode & 0o170_000 {
        0o100_000 => Some(FileKind::File),
        0o120_000 => Some(FileKind::Link),
        0o160_000 => Some(FileKind::Submodule),
        _ => None,
    }
}

/// Returns true if git accepts an entry of this name in a tree (git-fsck(1): `hasDot`, `hasDotdot`, `hasDotgit`,
/// `fullPathname`, `emptyName`). Names that Windows or macOS treat as `.git` count as `.git`.
fn is_allowed_name(name: &[u8]) -> bool {
    if name.is_empty() || name.contains(&b'/') || name == b"." || name == b".." {
        return false;
    }
    let starts_like = matches!(name[0], b'.' | b'g' | b'G') || !name.is_ascii();
    if !starts_like {
        return true;
    }
    // HFS+ ignores these when it compares names.
    let ignored = |c: &char| matches!(*c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let plain: String =
        String::from_utf8_lossy(name).chars().filter(|c| !ignored(c)).flat_map(char::to_lowercase).collect();
    // NTFS drops blanks and dots at the end, and the text after a colon names a stream.
    let plain = plain.split(':').next().unwrap_or_default().trim_end_matches([' ', '.']);
    plain != ".git" && plain != "git~1"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;

    fn read(entries: &[(&str, &str)]) -> Result<usize, String> {
        let id = ObjectFormat::Sha1.id_of("blob", b"");
        let mut bytes = Vec::new();
        for (mode, name) in entries {
            bytes.extend([mode.as_bytes(), b" ", name.as_bytes(), b"\0", &[7; 20]].concat());
        }
        match refuse_bad(&bytes, id, ObjectFormat::Sha1) {
            Ok(()) => Ok(super::entries(&bytes, ObjectFormat::Sha1).count()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn what_git_refuses_to_make_is_refused() {
        assert_eq!(read(&[("100644", "a"), ("40000", "a-"), ("100755", "b"), ("160000", "c")]), Ok(4));
        // The folder `b` counts as `b/`, after `b.c`.
        assert_eq!(read(&[("100644", "b.c"), ("40000", "b"), ("120000", "b0")]), Ok(3));
        assert_eq!(read(&[("40000", ".github"), ("100644", ".gitignore"), ("100644", "git")]), Ok(3));
        // What other file systems take for `.git`.
        for name in ["git~1", ".git ", ".git.", ".git::$INDEX", ".g\u{200c}it"] {
            assert!(read(&[("100644", name)]).is_err(), "{name}");
        }
        assert!(read(&[("100644", "b"), ("100644", "a")]).unwrap_err().contains("sorted"));
        assert!(read(&[("100644", "a"), ("100644", "a")]).unwrap_err().contains("two entries"));
        assert!(read(&[("+100644", "a")]).is_err());
    }

    #[test]
    fn two_commits_differ_as_git_says() {
        let g = Fixture::new();
        for name in ["a", "a-b/x", "sub/x", "sub/y/z", "Zoë und Öl/.env"] {
            g.commit(name, name);
        }
        let before = g.git(&["rev-parse", "HEAD"]);
        g.git(&["rm", "-rq", "sub"]);
        g.add("sub", "a file now");
        g.add("a", "changed");
        g.commit("a-b/new", "new");
        let repo = g.repo();
        let (old, new) = (ObjectId::parse(before.as_bytes()), repo.head().unwrap());
        let mut ours: Vec<_> =
            repo.changes(old, new).unwrap().iter().map(|it| it.path.display().to_string()).collect();
        ours.sort();
        let git = g.git(&["-c", "core.quotePath=false", "diff-tree", "-r", "--name-only", &before, "HEAD"]);
        let mut git: Vec<_> = git.lines().map(str::to_owned).collect();
        git.sort();
        assert_eq!(ours, git);
        assert_eq!(repo.files(new).unwrap().len(), 5);
        let file = |path: &str| repo.file(new.unwrap(), Path::new(path)).unwrap();
        assert!(file("a-b/new").is_some() && file("sub").is_some() && file("Zoë und Öl/.env").is_some());
        assert!(file("a-b").is_none() && file("sub/x").is_none() && file("none").is_none());
    }
}
