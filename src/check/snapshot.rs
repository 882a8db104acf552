//! The files of the working tree, of the index or of a commit, read in one way.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::config::{FileRole, is_team_file, misspelled};
use crate::error::Error;
use crate::fs::{self, FsError};
use crate::git::{ChangedFile, FileKind, FileRef, GitError, ObjectId, Repo, from_git};

/// Returns true if a snapshot includes a file: an env file, a template, a copy, another tool's file with such a name, a
/// team file, or a name that some file systems take for one of these.
pub(super) fn is_relevant(path: &Path) -> bool {
    !matches!(FileRole::of(path), FileRole::Other | FileRole::KeysFile)
        || is_team_file(path)
        || misspelled(path).is_some()
}

/// Returns true if plain text in a file is an error: in env files, even with a name that is not allowed, and in copies.
pub(super) fn is_guarded(path: &Path) -> bool {
    FileRole::of(path).is_guarded()
}

pub(super) fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

enum SnapshotSource<'a> {
    Empty,
    /// The working tree below this folder, and the files for which git stores other bytes, or that it leaves out.
    Disk(PathBuf, HashMap<PathBuf, Vec<u8>>),
    /// A commit, or the index.
    Git(&'a Repo, Option<ObjectId>),
}

/// The files at one moment. Paths are relative to the root.
pub(super) struct Snapshot<'a> {
    source: SnapshotSource<'a>,
    /// The relevant files. None on disk, where their blobs are not known.
    files: BTreeMap<PathBuf, Option<FileRef>>,
    /// What a merge would change in the commit's files.
    pub(super) merged: HashMap<PathBuf, Option<FileRef>>,
    /// Blobs read so far, by all snapshots that share them.
    blobs: Rc<RefCell<HashMap<ObjectId, Vec<u8>>>>,
}

impl<'a> Snapshot<'a> {
    fn new(source: SnapshotSource<'a>, files: BTreeMap<PathBuf, Option<FileRef>>) -> Self {
        Self { source, files, merged: HashMap::new(), blobs: Rc::default() }
    }

    pub(super) fn empty() -> Self {
        Self::new(SnapshotSource::Empty, BTreeMap::new())
    }

    /// Creates a snapshot of these files below `root`. Those in `stored` have the bytes that git stores.
    pub(super) fn disk(root: &Path, files: Vec<PathBuf>, stored: HashMap<PathBuf, Vec<u8>>) -> Self {
        Self::new(
            SnapshotSource::Disk(root.to_owned(), stored),
            files.into_iter().map(|path| (path, None)).collect(),
        )
    }

    pub(super) fn index(repo: &'a Repo) -> Result<Self, Error> {
        let files = relevant(repo.index_files()?.iter().cloned());
        Ok(Self::new(SnapshotSource::Git(repo, None), files))
    }

    pub(super) fn is_index(&self) -> bool {
        matches!(self.source, SnapshotSource::Git(_, None))
    }

    pub(super) fn commit(repo: &'a Repo, commit: Option<ObjectId>) -> Result<Self, Error> {
        let Some(commit) = commit else { return Ok(Self::empty()) };
        Ok(Self::listed(repo, commit, repo.files(Some(commit))?))
    }

    /// Creates a snapshot of a commit or a tree whose files are known.
    pub(super) fn listed(
        repo: &'a Repo,
        id: ObjectId,
        files: impl IntoIterator<Item = (PathBuf, FileRef)>,
    ) -> Self {
        Self::new(SnapshotSource::Git(repo, Some(id)), relevant(files.into_iter()))
    }

    /// Derives the snapshot of `commit` from `after` and the changes to it, so that not all folders need be read.
    pub(super) fn before(
        repo: &'a Repo,
        commit: Option<ObjectId>,
        after: &Snapshot<'_>,
        changed: &[ChangedFile],
    ) -> Self {
        let Some(commit) = commit else { return Self::empty() };
        let mut files = after.files.clone();
        for file in changed {
            files.remove(&file.path);
        }
        let old = changed.iter().filter_map(|file| Some((file.path.clone(), file.before?)));
        files.append(&mut relevant(old));
        Self { blobs: Rc::clone(&after.blobs), ..Self::new(SnapshotSource::Git(repo, Some(commit)), files) }
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = ObjectId> {
        self.files.values().flatten().map(|file| file.id)
    }

    /// Returns the relevant files, in byte order.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    pub(super) fn guarded_files(&self) -> impl Iterator<Item = &Path> {
        self.files().filter(|path| is_guarded(path))
    }

    pub(super) fn lists(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    /// Returns true if both have the same regular file at a path, as far as can be told without reading it.
    pub(super) fn has_same(&self, other: &Snapshot<'_>, path: &Path) -> bool {
        let here = self.files.get(path).copied().flatten().filter(|file| file.kind == FileKind::File);
        here.is_some() && here == other.files.get(path).copied().flatten()
    }

    /// Returns a file's bytes. Symlinks are followed within the snapshot. Returns None if nothing is there, or if a link
    /// leads outside or nowhere.
    pub(super) fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, Error> {
        let repo = match &self.source {
            SnapshotSource::Empty => return Ok(None),
            SnapshotSource::Disk(root, stored) => {
                let text =
                    stored.get(path).cloned().map_or_else(|| read_inside(root, path), |text| Ok(Some(text)));
                // A symlink may lead to a file that a sparse checkout leaves out.
                return match text? {
                    None => Ok(self.target(path)?.and_then(|target| stored.get(&target).cloned())),
                    text => Ok(text),
                };
            }
            SnapshotSource::Git(repo, _) => repo,
        };
        let Some((_, FileRef { id, .. })) = self.resolve(path)? else { return Ok(None) };
        if let Some(text) = self.blobs.borrow().get(&id) {
            return Ok(Some(text.clone()));
        }
        let text = repo.blob(id)?;
        self.blobs.borrow_mut().insert(id, text.clone());
        Ok(Some(text))
    }

    /// Like [`Self::read`], but also returns None if this partial clone lacks the bytes.
    pub(super) fn read_if_available(&self, path: &Path) -> Result<Option<Vec<u8>>, Error> {
        let SnapshotSource::Git(repo, _) = &self.source else { return self.read(path) };
        match self.resolve(path)? {
            Some((_, file)) => Ok(repo.blob_if_there(file.id)?),
            None => Ok(None),
        }
    }

    /// Returns the path of the regular file that `path` leads to, and its blob.
    pub(super) fn resolve(&self, path: &Path) -> Result<Option<(PathBuf, FileRef)>, Error> {
        let Some(target) = self.target(path)? else { return Ok(None) };
        let file = self.lookup(&target)?.filter(|file| file.kind == FileKind::File);
        Ok(file.map(|file| (target, file)))
    }

    /// Returns where `path` finally leads: for a symlink its target, None if that is outside.
    pub(super) fn target(&self, path: &Path) -> Result<Option<PathBuf>, Error> {
        // Git has no file below a symlink.
        let known = self.files.get(path).copied().flatten();
        if known.is_some_and(|file| file.kind == FileKind::File) {
            return Ok(Some(path.to_owned()));
        }
        fs::follow(path, |at| self.read_link(at))
    }

    /// Returns true if a regular file, or a link to one, is at this path.
    pub(super) fn has(&self, path: &Path) -> Result<bool, Error> {
        match &self.source {
            SnapshotSource::Empty => Ok(false),
            SnapshotSource::Disk(root, stored) => Ok(stored.contains_key(path)
                || root.join(path).is_file()
                || self.target(path)?.is_some_and(|target| stored.contains_key(&target))),
            SnapshotSource::Git(..) => Ok(self.resolve(path)?.is_some()),
        }
    }

    /// Returns the text of the symlink at `path`; None if there is none.
    pub(super) fn read_link(&self, path: &Path) -> Result<Option<PathBuf>, Error> {
        let repo = match &self.source {
            SnapshotSource::Empty => return Ok(None),
            SnapshotSource::Disk(root, _) => return Ok(fs::read_link(&root.join(path))?),
            SnapshotSource::Git(repo, _) => repo,
        };
        let link = self.lookup(path)?.filter(|file| file.kind == FileKind::Link);
        let text = link.map(|file| repo.blob(file.id)).transpose()?;
        // A target that this system can't represent is nowhere in the repository.
        Ok(text.map(|text| from_git(&text).unwrap_or(Path::new("/")).to_owned()))
    }

    fn lookup(&self, path: &Path) -> Result<Option<FileRef>, GitError> {
        if let Some(known) = self.files.get(path).copied().flatten() {
            return Ok(Some(known));
        }
        match &self.source {
            SnapshotSource::Empty | SnapshotSource::Disk(..) => Ok(None),
            SnapshotSource::Git(repo, None) => repo.index_file_at(path),
            SnapshotSource::Git(repo, Some(commit)) => {
                self.merged.get(path).map_or_else(|| repo.file(*commit, path), |file| Ok(*file))
            }
        }
    }
}

fn relevant(files: impl Iterator<Item = (PathBuf, FileRef)>) -> BTreeMap<PathBuf, Option<FileRef>> {
    let wanted = files.filter(|(path, file)| file.kind != FileKind::Submodule && is_relevant(path));
    wanted.map(|(path, file)| (path, Some(file))).collect()
}

/// Returns the files that these env file symlinks led to in any of these commits or trees, but not those `seen` before.
/// Each is returned once, with the first commit that led there.
pub(super) fn behind_links<'l>(
    repo: &Repo,
    links: &BTreeSet<&'l Path>,
    roots: impl IntoIterator<Item = ObjectId>,
    mut seen: HashSet<(&'l Path, FileRef)>,
) -> Result<Vec<(&'l Path, FileRef, ObjectId)>, Error> {
    let mut found = Vec::new();
    for root in roots {
        // Single files can be read without a list.
        let then = Snapshot::listed(repo, root, []);
        for link in links {
            // If it leads to another env file, that one is reported.
            let target = then.resolve(link)?.filter(|(target, _)| !is_guarded(target));
            found.extend(
                target.filter(|(_, now)| seen.insert((link, *now))).map(|(_, now)| (*link, now, root)),
            );
        }
    }
    Ok(found)
}

/// Reads a file of the working tree. Returns None if it is missing, not regular, or behind a link out of `root`.
fn read_inside(root: &Path, path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let full = root.join(path);
    if full.is_symlink() {
        let real = [&full, root].map(|path| path.canonicalize().ok());
        if !matches!(&real, [Some(file), Some(root)] if file.starts_with(root)) {
            return Ok(None);
        }
    }
    match fs::read(&full) {
        Ok(text) => Ok(Some(text)),
        Err(FsError::NotFound { .. } | FsError::NotRegular { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
