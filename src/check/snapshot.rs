//! The files of the working tree, of the index or of a commit, read in one way.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use crate::config::{FileRole, is_team_file, misspelled};
use crate::error::Error;
use crate::fs::{self, FsError};
use crate::git::{ChangedFile, FileKind, FileRef, GitError, ObjectId, Repo, from_git};

/// The number of symlinks that Linux follows for one path (`ELOOP`, `path_resolution(7)`).
const MAX_LINKS: usize = 40;

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
    /// Blobs read so far, by all snapshots that share them.
    blobs: Rc<RefCell<HashMap<ObjectId, Vec<u8>>>>,
}

pub(super) enum LinkTarget {
    /// A path, and the regular file there if it is in the index or commit.
    Path(PathBuf, Option<FileRef>),
    Outside,
    Loop,
}

impl<'a> Snapshot<'a> {
    fn new(source: SnapshotSource<'a>, files: BTreeMap<PathBuf, Option<FileRef>>) -> Self {
        Self { source, files, blobs: Rc::default() }
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
    pub(super) fn listed(repo: &'a Repo, id: ObjectId, files: Vec<(PathBuf, FileRef)>) -> Self {
        Self::new(SnapshotSource::Git(repo, Some(id)), relevant(files.into_iter()))
    }

    /// Creates a snapshot of a commit without listing its files. Single files can be read.
    pub(super) fn unlisted(repo: &'a Repo, commit: ObjectId) -> Self {
        Self::new(SnapshotSource::Git(repo, Some(commit)), BTreeMap::new())
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

    pub(super) fn paths(&self) -> HashSet<&Path> {
        self.files().collect()
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
                return stored
                    .get(path)
                    .map_or_else(|| read_inside(root, path), |text| Ok(Some(text.clone())));
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
        if let Some(Some(file)) = self.files.get(path)
            && file.kind == FileKind::File
        {
            return Ok(Some((path.to_owned(), *file)));
        }
        Ok(match self.follow(path)? {
            LinkTarget::Path(path, Some(file)) => Some((path, file)),
            _ => None,
        })
    }

    /// Returns where the symlink at `path` finally leads. Returns None if there is none.
    pub(super) fn link_target(&self, path: &Path) -> Result<Option<LinkTarget>, Error> {
        let SnapshotSource::Disk(root, _) = &self.source else {
            return if self.is_link(path)? { self.follow(path).map(Some) } else { Ok(None) };
        };
        let full = root.join(path);
        if !full.is_symlink() {
            return Ok(None);
        }
        let Ok(target) = fs::final_target(&full) else { return Ok(Some(LinkTarget::Loop)) };
        let parent = target.parent().and_then(|folder| folder.canonicalize().ok());
        let place = parent.zip(target.file_name()).map(|(folder, name)| folder.join(name));
        let root = root.canonicalize().unwrap_or_else(|_| root.clone());
        let inside = place.as_ref().and_then(|place| place.strip_prefix(root).ok());
        let inside = inside.filter(|path| !path.starts_with(".git"));
        Ok(Some(inside.map_or(LinkTarget::Outside, |path| LinkTarget::Path(path.to_owned(), None))))
    }

    /// Follows symlinks in the index or a commit.
    fn follow(&self, path: &Path) -> Result<LinkTarget, Error> {
        let SnapshotSource::Git(repo, _) = &self.source else {
            return Ok(LinkTarget::Path(path.to_owned(), None));
        };
        let mut rest: Vec<PathBuf> = reversed_parts(path);
        let mut at = PathBuf::new();
        let mut links = 0;
        while let Some(part) = rest.pop() {
            if part == Path::new("..") {
                if !at.pop() {
                    return Ok(LinkTarget::Outside);
                }
                continue;
            }
            at.push(part);
            match self.lookup(&at)? {
                Some(FileRef { id, kind: FileKind::Link }) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Ok(LinkTarget::Loop);
                    }
                    let target = repo.blob(id)?;
                    let Some(target) = from_git(&target).filter(|target| !target.is_absolute()) else {
                        return Ok(LinkTarget::Outside);
                    };
                    at.pop();
                    rest.extend(reversed_parts(target));
                }
                Some(file) if rest.is_empty() && file.kind == FileKind::File => {
                    return Ok(LinkTarget::Path(at, Some(file)));
                }
                // A folder, for which there is no entry, or a submodule.
                _ => {}
            }
        }
        Ok(LinkTarget::Path(at, None))
    }

    /// Returns true if a regular file, or a link to one, is at this path.
    pub(super) fn has(&self, path: &Path) -> Result<bool, Error> {
        match &self.source {
            SnapshotSource::Empty => Ok(false),
            SnapshotSource::Disk(root, stored) => Ok(stored.contains_key(path) || root.join(path).is_file()),
            SnapshotSource::Git(..) => Ok(self.resolve(path)?.is_some()),
        }
    }

    pub(super) fn is_link(&self, path: &Path) -> Result<bool, Error> {
        let file = match self.files.get(path) {
            Some(Some(file)) => Some(*file),
            _ => self.lookup(path)?,
        };
        Ok(file.is_some_and(|file| file.kind == FileKind::Link))
    }

    fn lookup(&self, path: &Path) -> Result<Option<FileRef>, GitError> {
        match &self.source {
            SnapshotSource::Empty | SnapshotSource::Disk(..) => Ok(None),
            SnapshotSource::Git(repo, None) => repo.index_file_at(path),
            SnapshotSource::Git(repo, Some(commit)) => repo.file(*commit, path),
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
        let then = Snapshot::unlisted(repo, root);
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

fn reversed_parts(path: &Path) -> Vec<PathBuf> {
    let part = |part: Component<'_>| (part != Component::CurDir).then(|| PathBuf::from(part.as_os_str()));
    let mut parts: Vec<_> = path.components().filter_map(part).collect();
    parts.reverse();
    parts
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
