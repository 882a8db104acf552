//! Commits, files and their contents, of a repository with a worktree or without one.

use std::cell::OnceCell;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::path::{Path, PathBuf};

use git2::{ErrorCode, ObjectType, Oid, Repository, RepositoryOpenFlags};

use super::GitError;
use super::paths::{from_git, real_entry, real_folder, to_git};
use super::tree::{self, RawEntry};

/// The name of an object: printed as 40 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub(super) Oid);

/// An id is a hash already. Whoever makes ids with the same first eight bytes gains a slow look-up.
pub(super) type ById = BuildHasherDefault<FirstBytes>;

/// Takes the first eight bytes for a hash.
#[derive(Default)]
pub(super) struct FirstBytes(u64);

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

/// An id's bytes. They compare in place, where an [`Oid`] asks libgit2.
pub(super) fn raw(id: &Oid) -> &[u8; 20] {
    id.as_bytes().first_chunk().expect("an id of twenty bytes")
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What stands at a path in a commit or in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A regular file, executable or not.
    File,
    /// A symlink; its blob is the path it leads to.
    Link,
    /// Another repository's commit: its files are not in this one.
    Submodule,
}

/// One file of a commit or of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileRef {
    /// Its blob; of a submodule, the commit.
    pub id: ObjectId,
    /// Which sort it is.
    pub kind: FileKind,
}

/// What a revision leads to once tags are followed (gitglossary(7), peel).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peeled {
    /// A commit.
    Commit(ObjectId),
    /// A folder: [`Objects::files`] and [`Objects::file`] take its id in the place of a commit's.
    Tree(ObjectId),
    /// A single file.
    Blob(ObjectId),
}

/// A path at which two commits, or a commit and the index, differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The path, relative to the root.
    pub path: PathBuf,
    /// What stood there before.
    pub before: Option<FileRef>,
    /// What stands there after.
    pub after: Option<FileRef>,
}

/// What git hands to its hooks in their environment (githooks(5)).
#[derive(Clone, Debug, Default)]
pub struct HookVars {
    /// `GIT_DIR`: the repository that git is at work in.
    pub git_dir: Option<PathBuf>,
    /// `GIT_WORK_TREE`: the worktree, where it is not the one the repository names.
    pub work_tree: Option<PathBuf>,
    /// `GIT_INDEX_FILE`: the index to be committed, which `commit -a` and `commit FILE` make for themselves.
    pub index_file: Option<PathBuf>,
    /// `GIT_OBJECT_DIRECTORY` and `GIT_ALTERNATE_OBJECT_DIRECTORIES`: the quarantine of a push that is not accepted
    /// yet (git-receive-pack(1)).
    pub object_dirs: Vec<PathBuf>,
}

/// An open repository, looked at through its objects; it may be bare.
pub struct Objects {
    pub(super) inner: Repository,
    vars: HookVars,
    pub(super) index: OnceCell<super::index_file::IndexFile>,
}

impl Objects {
    /// Opens the repository that the folder `start` lies in, or the one that git has named to its hook.
    /// [`GitError::NotARepository`] outside git.
    pub fn open(start: &Path, vars: HookVars) -> Result<Self, GitError> {
        match vars.git_dir.clone() {
            Some(dir) => {
                Self::open_with(&dir, RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::NO_DOTGIT, vars)
            }
            None => Self::open_with(start, RepositoryOpenFlags::CROSS_FS, vars),
        }
    }

    /// The same repository opened once more, for another thread.
    pub fn reopen(&self) -> Result<Self, GitError> {
        let flags = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::NO_DOTGIT;
        Self::open_with(self.inner.path(), flags, self.vars.clone())
    }

    fn open_with(path: &Path, flags: RepositoryOpenFlags, vars: HookVars) -> Result<Self, GitError> {
        // Git itself does not hash what it reads from its own store either; `git fsck` does.
        git2::opts::strict_hash_verification(false);
        let open = Repository::open_ext(path, flags, std::iter::empty::<&Path>());
        let inner = open.map_err(|e| match e.code() {
            ErrorCode::NotFound => GitError::NotARepository { path: path.to_path_buf() },
            _ => GitError::git(path, "open", e),
        })?;
        let odb = inner.odb().map_err(|e| GitError::git(path, "open", e))?;
        for dir in &vars.object_dirs {
            let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
            let Some(text) = dir.to_str() else { return Err(GitError::UnnameablePath { path: dir }) };
            odb.add_disk_alternate(text).map_err(|e| GitError::git(path, "open", e))?;
        }
        drop(odb);
        Ok(Self { inner, vars, index: OnceCell::new() })
    }

    /// The worktree's root, if there is one.
    pub fn root(&self) -> Option<&Path> {
        self.vars.work_tree.as_deref().or_else(|| self.inner.workdir())
    }

    /// The git folder of this worktree; the repository itself where it is bare.
    pub fn git_dir(&self) -> &Path {
        self.inner.path()
    }

    /// Whether a merge is to be concluded by the next commit (gitrevisions(7), `MERGE_HEAD`).
    pub fn is_merging(&self) -> bool {
        self.git_dir().join("MERGE_HEAD").exists()
    }

    /// The index that is to be committed.
    pub(super) fn index_file(&self) -> PathBuf {
        self.vars.index_file.clone().unwrap_or_else(|| self.git_dir().join("index"))
    }

    /// The commit that HEAD stands on; none before the first one.
    pub fn head(&self) -> Result<Option<ObjectId>, GitError> {
        match self.inner.head().and_then(|head| head.peel_to_commit()) {
            Ok(commit) => Ok(Some(ObjectId(commit.id()))),
            Err(e) if matches!(e.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => Ok(None),
            Err(e) => Err(self.error("read the HEAD of", e)),
        }
    }

    /// The commit that `revision` names, in any of git's spellings (gitrevisions(7)).
    pub fn commit(&self, revision: &str) -> Result<ObjectId, GitError> {
        let found = self.inner.revparse_single(revision).and_then(|object| object.peel_to_commit());
        match found {
            Ok(commit) => Ok(ObjectId(commit.id())),
            Err(e) if matches!(e.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec | ErrorCode::Peel) => {
                Err(GitError::UnknownRevision { revision: revision.to_owned() })
            }
            Err(e) => Err(self.error("look for that revision in", e)),
        }
    }

    /// Returns what `revision` leads to. [`GitError::UnknownRevision`] where there is no such object.
    pub fn peel(&self, revision: &str) -> Result<Peeled, GitError> {
        let object = self.inner.revparse_single(revision).and_then(|object| match object.kind() {
            Some(ObjectType::Tag) => object.peel(ObjectType::Any),
            _ => Ok(object),
        });
        match object {
            Ok(object) => Ok(match object.kind() {
                Some(ObjectType::Tree) => Peeled::Tree(ObjectId(object.id())),
                Some(ObjectType::Blob) => Peeled::Blob(ObjectId(object.id())),
                _ => Peeled::Commit(ObjectId(object.id())),
            }),
            Err(e) if matches!(e.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec | ErrorCode::Peel) => {
                Err(GitError::UnknownRevision { revision: revision.to_owned() })
            }
            Err(e) => Err(self.error("look for that revision in", e)),
        }
    }

    /// The commits that a commit comes after; none for a root, and where a shallow clone ends.
    pub fn parents(&self, commit: ObjectId) -> Result<Vec<ObjectId>, GitError> {
        let commit = self.inner.find_commit(commit.0).map_err(|e| self.error("read a commit of", e))?;
        Ok(commit.parent_ids().map(ObjectId).collect())
    }

    /// Every path at which the files of two commits differ, submodules included; `None` stands for no files at all.
    /// In the order of git's trees.
    pub fn changes(
        &self,
        before: Option<ObjectId>,
        after: Option<ObjectId>,
    ) -> Result<Vec<Changed>, GitError> {
        let mut found = Vec::new();
        let trees = [before, after].map(|commit| commit.map(|commit| self.tree(commit)).transpose());
        let [before, after] = trees;
        self.tree_changes(before?, after?, &mut |path, before, after| {
            if let Some(path) = from_git(path) {
                found.push(Changed { path: path.to_owned(), before, after });
            }
        })?;
        Ok(found)
    }

    /// Every file of a commit, submodules included; none stands for no commit.
    pub fn files(&self, commit: Option<ObjectId>) -> Result<Vec<(PathBuf, FileRef)>, GitError> {
        let files = self.changes(None, commit)?;
        Ok(files.into_iter().filter_map(|file| Some((file.path, file.after?))).collect())
    }

    /// What stands at `path` (relative to the root) in a commit.
    pub fn file(&self, commit: ObjectId, path: &Path) -> Result<Option<FileRef>, GitError> {
        self.file_in(self.tree(commit)?, &to_git(path)?)
    }

    /// What stands at `path`, in git's spelling, in a tree.
    pub(super) fn file_in(&self, mut id: Oid, path: &[u8]) -> Result<Option<FileRef>, GitError> {
        let mut parts = path.split(|b| *b == b'/').peekable();
        while let Some(part) = parts.next() {
            let odb = self.odb()?;
            let object = odb.read(id).map_err(|e| self.error("read a folder of", e))?;
            let Some(entry) = tree::entries(object.data()).find(|entry| entry.name == part) else {
                return Ok(None);
            };
            match (parts.peek(), file_ref(&entry)) {
                (None, file) => return Ok(file),
                (Some(_), None) => id = entry.id(),
                (Some(_), Some(_)) => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The bytes of a file.
    pub fn blob(&self, id: ObjectId) -> Result<Vec<u8>, GitError> {
        let odb = self.odb()?;
        let object = odb.read(id.0).map_err(|e| self.error("read a file of", e))?;
        Ok(object.data().to_vec())
    }

    /// The bytes of a file, or none where this clone has left it out (a partial clone).
    pub fn blob_if_there(&self, id: ObjectId) -> Result<Option<Vec<u8>>, GitError> {
        let odb = self.odb()?;
        match odb.read(id.0) {
            Ok(object) => Ok(Some(object.data().to_vec())),
            Err(e) if e.code() == ErrorCode::NotFound => Ok(None),
            Err(e) => Err(self.error("read a file of", e)),
        }
    }

    /// Whether this is a partial clone: files that a remote has may be missing (`remote.NAME.promisor`, git-config(1)).
    pub fn is_partial(&self) -> Result<bool, GitError> {
        let ask = || {
            let config = self.inner.config()?;
            let mut entries = config.entries(Some(r"^remote\..*\.promisor$"))?;
            entries.next().transpose().map(|entry| entry.is_some())
        };
        ask().map_err(|e| self.error("read the configuration of", e))
    }

    /// The name that a file of these bytes has in git.
    pub fn id_of(bytes: &[u8]) -> ObjectId {
        ObjectId(Oid::hash_object(ObjectType::Blob, bytes).expect("hashing bytes in memory"))
    }

    /// The id of forty zeros, which git prints for what is not committed yet.
    pub fn no_id() -> ObjectId {
        ObjectId(Oid::from_bytes(&[0; 20]).expect("twenty bytes"))
    }

    /// `path` relative to the root, as a commit has it: its folder is resolved, its last name is not. In a bare
    /// repository it is taken to be so already.
    pub fn relative(&self, path: &Path) -> Result<PathBuf, GitError> {
        let Some(root) = self.root() else { return Ok(path.to_owned()) };
        let real = real_entry(path)?;
        let relative = real.strip_prefix(real_folder(root)?).map(Path::to_path_buf);
        relative.map_err(|_| GitError::OutsideWorktree { path: path.to_path_buf(), root: root.to_path_buf() })
    }

    /// A setting of git's configuration.
    pub fn setting(&self, name: &str) -> Option<String> {
        self.inner.config().and_then(|config| config.get_string(name)).ok()
    }

    /// Returns every value of a setting that may be given several times (git-config(1), multivalued).
    pub fn settings(&self, name: &str) -> Result<Vec<String>, GitError> {
        let ask = || {
            let config = self.inner.config()?;
            let mut values = Vec::new();
            match config.multivar(name, None) {
                Ok(entries) => {
                    entries.for_each(|entry| values.push(entry.value().unwrap_or("").to_owned()))?;
                }
                Err(e) if e.code() == ErrorCode::NotFound => {}
                Err(e) => return Err(e),
            }
            Ok(values)
        };
        ask().map_err(|e| self.error("read the configuration of", e))
    }

    /// The tree of a commit; a tree's own id is taken too.
    pub(super) fn tree(&self, commit: ObjectId) -> Result<Oid, GitError> {
        let object = self.inner.find_object(commit.0, None);
        let tree = object.and_then(|object| object.peel(ObjectType::Tree));
        Ok(tree.map_err(|e| self.error("read a commit of", e))?.id())
    }

    /// Walks two trees side by side, below folders that differ only; `visit` is told path, before and after.
    pub(super) fn tree_changes(
        &self,
        before: Option<Oid>,
        after: Option<Oid>,
        visit: &mut tree::Visit<'_>,
    ) -> Result<(), GitError> {
        let odb = self.odb()?;
        tree::changes(&odb, before, after, &mut Vec::new(), visit)
            .map_err(|e| self.error("read a folder of", e))
    }

    pub(super) fn odb(&self) -> Result<git2::Odb<'_>, GitError> {
        self.inner.odb().map_err(|e| self.error("open", e))
    }

    pub(super) fn error(&self, doing: &'static str, source: git2::Error) -> GitError {
        GitError::git(self.root().unwrap_or_else(|| self.git_dir()), doing, source)
    }
}

/// The file that a tree's entry stands for; none for a folder.
pub(super) fn file_ref(entry: &RawEntry<'_>) -> Option<FileRef> {
    kind_of_mode(entry.mode).map(|kind| FileRef { id: ObjectId(entry.id()), kind })
}

/// The sort of file that a mode in a tree or in the index stands for; none for a folder.
pub(super) fn kind_of_mode(mode: u32) -> Option<FileKind> {
    match mode & 0o170_000 {
        tree::FOLDER => None,
        0o120_000 => Some(FileKind::Link),
        0o160_000 => Some(FileKind::Submodule),
        _ => Some(FileKind::File),
    }
}

#[cfg(test)]
mod tests;
