//! The files of a worktree, of the index or of a commit, looked at in one way.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use super::error::GuardError;
use super::files::is_of_interest;
use crate::fs::{self, FsError};
use crate::git::{Changed, FileKind, FileRef, GitError, ObjectId, Repo, from_git};

/// Links that lead to links; as many as Linux follows (`ELOOP`, `path_resolution(7)`).
const MAX_LINKS: usize = 40;

/// Where a view's files come from.
enum Source<'a> {
    Nothing,
    /// The worktree below this folder, but for files of which git stores something else.
    Disk(PathBuf, HashMap<PathBuf, Vec<u8>>),
    /// Blobs of the index.
    Index(&'a Repo),
    /// Blobs of a commit.
    Commit(&'a Repo, ObjectId),
}

/// A state of the files. Paths are relative to its root.
pub(super) struct View<'a> {
    source: Source<'a>,
    /// The files that [`is_of_interest`] holds for, with what stands there; on disk nobody has looked yet.
    files: BTreeMap<PathBuf, Option<FileRef>>,
    /// The blobs that were read, by the views that share them.
    blobs: Rc<RefCell<HashMap<ObjectId, Vec<u8>>>>,
}

/// Where symlinks lead.
pub(super) enum Led {
    /// To this path; and the regular file there, if there is one, of an index or a commit.
    To(PathBuf, Option<FileRef>),
    /// Out of the view.
    Outside,
    InCircles,
}

impl<'a> View<'a> {
    fn new(source: Source<'a>, files: BTreeMap<PathBuf, Option<FileRef>>) -> Self {
        Self { source, files, blobs: Rc::default() }
    }

    /// No files at all: what stood there before the first commit.
    pub(super) fn nothing() -> Self {
        Self::new(Source::Nothing, BTreeMap::new())
    }

    /// These files below a folder; of those in `stored`, what git stores.
    pub(super) fn disk(root: &Path, files: Vec<PathBuf>, stored: HashMap<PathBuf, Vec<u8>>) -> Self {
        Self::new(Source::Disk(root.to_owned(), stored), files.into_iter().map(|path| (path, None)).collect())
    }

    /// The index.
    pub(super) fn index(objects: &'a Repo) -> Result<Self, GuardError> {
        let all = objects.index_files()?.iter().filter(|(path, _)| is_of_interest(path)).cloned();
        Ok(Self::new(Source::Index(objects), of_interest(all)))
    }

    /// A commit; none stands for nothing.
    pub(super) fn commit(objects: &'a Repo, commit: Option<ObjectId>) -> Result<Self, GuardError> {
        let Some(commit) = commit else { return Ok(Self::nothing()) };
        Ok(Self::commit_of(objects, commit, objects.files(Some(commit))?.into_iter()))
    }

    /// A commit, all of whose files are known already.
    pub(super) fn commit_of(
        objects: &'a Repo,
        commit: ObjectId,
        files: impl Iterator<Item = (PathBuf, FileRef)>,
    ) -> Self {
        Self::new(Source::Commit(objects, commit), of_interest(files))
    }

    /// The commit that `after` was made from by these changes: so not every folder of it need be read.
    pub(super) fn before(
        objects: &'a Repo,
        commit: Option<ObjectId>,
        after: &View<'_>,
        changed: &[Changed],
    ) -> Self {
        let Some(commit) = commit else { return Self::nothing() };
        let mut files = after.files.clone();
        for file in changed {
            files.remove(&file.path);
        }
        let old = changed.iter().filter_map(|file| Some((file.path.clone(), file.before?)));
        files.append(&mut of_interest(old));
        Self { blobs: Rc::clone(&after.blobs), ..Self::new(Source::Commit(objects, commit), files) }
    }

    /// A commit, of which single files are asked for: not looked through for those of interest.
    pub(super) fn unlisted(objects: &'a Repo, commit: ObjectId) -> Self {
        Self::new(Source::Commit(objects, commit), BTreeMap::new())
    }

    /// The blobs of the files of interest.
    pub(super) fn ids(&self) -> impl Iterator<Item = ObjectId> {
        self.files.values().flatten().map(|file| file.id)
    }

    /// The files of interest, in byte order.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    /// The paths of the files of interest, to be asked for.
    pub(super) fn paths(&self) -> HashSet<&Path> {
        self.files().collect()
    }

    /// Whether the same regular file stands at a path in both views, without a look into it.
    pub(super) fn has_same(&self, other: &View<'_>, path: &Path) -> bool {
        let here = self.files.get(path).copied().flatten().filter(|file| file.kind == FileKind::File);
        here.is_some() && here == other.files.get(path).copied().flatten()
    }

    /// A file's bytes. Symlinks are followed inside the view; one that leads out of it, or nowhere, is `None`, as is
    /// a file that is not there.
    pub(super) fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, GuardError> {
        match &self.source {
            Source::Nothing => Ok(None),
            Source::Disk(root, stored) => match stored.get(path) {
                Some(text) => Ok(Some(text.clone())),
                None => read_inside(root, path),
            },
            Source::Index(objects) | Source::Commit(objects, _) => match self.resolved(path)? {
                Some((_, file)) => self.blob(objects, file.id).map(Some),
                None => Ok(None),
            },
        }
    }

    fn blob(&self, objects: &Repo, id: ObjectId) -> Result<Vec<u8>, GuardError> {
        if let Some(text) = self.blobs.borrow().get(&id) {
            return Ok(text.clone());
        }
        let text = objects.blob(id)?;
        self.blobs.borrow_mut().insert(id, text.clone());
        Ok(text)
    }

    /// The path of the regular file that `path` leads to, and its blob.
    pub(super) fn resolved(&self, path: &Path) -> Result<Option<(PathBuf, FileRef)>, GuardError> {
        if let Some(Some(file)) =
            self.files.get(path).filter(|file| file.is_some_and(|f| f.kind == FileKind::File))
        {
            return Ok(Some((path.to_owned(), *file)));
        }
        Ok(match self.walked(path)? {
            Led::To(path, Some(file)) => Some((path, file)),
            Led::To(..) | Led::Outside | Led::InCircles => None,
        })
    }

    /// Where the symlink at `path` leads in the end; None if there is none.
    pub(super) fn led(&self, path: &Path) -> Result<Option<Led>, GuardError> {
        let Source::Disk(root, _) = &self.source else {
            return if self.is_link(path)? { self.walked(path).map(Some) } else { Ok(None) };
        };
        let full = root.join(path);
        if !full.is_symlink() {
            return Ok(None);
        }
        let Ok(target) = fs::final_target(&full) else { return Ok(Some(Led::InCircles)) };
        let folder = target.parent().and_then(|folder| folder.canonicalize().ok());
        let place = folder.zip(target.file_name()).map(|(folder, name)| folder.join(name));
        let root = root.canonicalize().unwrap_or_else(|_| root.clone());
        let inside = place
            .as_ref()
            .and_then(|place| place.strip_prefix(root).ok())
            .filter(|path| !path.starts_with(".git"));
        Ok(Some(inside.map_or(Led::Outside, |path| Led::To(path.to_owned(), None))))
    }

    /// Follows symlinks from `path` on, in the index or in a commit.
    fn walked(&self, path: &Path) -> Result<Led, GuardError> {
        let objects = match &self.source {
            Source::Index(objects) | Source::Commit(objects, _) => objects,
            Source::Nothing | Source::Disk(..) => return Ok(Led::To(path.to_owned(), None)),
        };
        let mut rest: Vec<PathBuf> = parts(path);
        let mut at = PathBuf::new();
        let mut links = 0;
        while let Some(part) = rest.pop() {
            if part == Path::new("..") {
                if !at.pop() {
                    return Ok(Led::Outside);
                }
                continue;
            }
            at.push(part);
            match self.lookup(&at)? {
                Some(FileRef { id, kind: FileKind::Link }) => {
                    links += 1;
                    let target = objects.blob(id)?;
                    if links > MAX_LINKS {
                        return Ok(Led::InCircles);
                    }
                    let Some(target) = link_target(&target) else { return Ok(Led::Outside) };
                    at.pop();
                    rest.extend(parts(&target));
                }
                Some(file) if rest.is_empty() && file.kind == FileKind::File => {
                    return Ok(Led::To(at, Some(file)));
                }
                // A folder, which neither index nor `Repo::file` has an entry for, or a submodule.
                _ => {}
            }
        }
        Ok(Led::To(at, None))
    }

    /// A file's bytes; None also where this partial clone has left it out, for what only leads to advice.
    pub(super) fn read_if_there(&self, path: &Path) -> Result<Option<Vec<u8>>, GuardError> {
        match &self.source {
            Source::Nothing | Source::Disk(..) => self.read(path),
            Source::Index(objects) | Source::Commit(objects, _) => match self.resolved(path)? {
                Some((_, file)) => Ok(objects.blob_if_there(file.id)?),
                None => Ok(None),
            },
        }
    }

    /// Whether a regular file stands at this path, or a link to one.
    pub(super) fn has(&self, path: &Path) -> Result<bool, GuardError> {
        match &self.source {
            Source::Nothing => Ok(false),
            Source::Disk(root, _) => Ok(root.join(path).is_file()),
            Source::Index(_) | Source::Commit(..) => Ok(self.resolved(path)?.is_some()),
        }
    }

    /// Whether a symlink stands at this path.
    pub(super) fn is_link(&self, path: &Path) -> Result<bool, GuardError> {
        if let Some(Some(file)) = self.files.get(path) {
            return Ok(file.kind == FileKind::Link);
        }
        Ok(self.lookup(path)?.is_some_and(|file| file.kind == FileKind::Link))
    }

    fn lookup(&self, path: &Path) -> Result<Option<FileRef>, GitError> {
        match &self.source {
            Source::Nothing | Source::Disk(..) => Ok(None),
            Source::Index(objects) => objects.index_file_at(path),
            Source::Commit(objects, commit) => objects.file(*commit, path),
        }
    }
}

fn of_interest(files: impl Iterator<Item = (PathBuf, FileRef)>) -> BTreeMap<PathBuf, Option<FileRef>> {
    let wanted = files.filter(|(path, file)| file.kind != FileKind::Submodule && is_of_interest(path));
    wanted.map(|(path, file)| (path, Some(file))).collect()
}

/// A path's parts, the first one last.
fn parts(path: &Path) -> Vec<PathBuf> {
    let part = |part: Component<'_>| (part != Component::CurDir).then(|| PathBuf::from(part.as_os_str()));
    let mut parts: Vec<_> = path.components().filter_map(part).collect();
    parts.reverse();
    parts
}

/// The path in a link's blob; absolute ones lead out of the repository.
fn link_target(bytes: &[u8]) -> Option<PathBuf> {
    from_git(bytes).filter(|target| !target.is_absolute()).map(Path::to_path_buf)
}

/// A file of the worktree; `None` where it is not there, is no regular file, or a link leads out of `root`.
fn read_inside(root: &Path, path: &Path) -> Result<Option<Vec<u8>>, GuardError> {
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
