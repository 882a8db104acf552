//! The walk that `log`, `blame` and `get --at` share: commits, newest first, and the env files in which each differs from
//! its parents, followed through renames.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::rename::{ChangedBlobs, VersionPair, pair_versions};
use super::version::EnvHistory;
use crate::config::{EnvName, TEAM_FILE, is_env_file};
use crate::error::{Error, ErrorKind};
use crate::git::{ChangedFile, FileKind, FileRef, GitError, HistoryWalk, ObjectId, Repo, relative_path};

/// A commit, and the env files in which it differs from each of its parents.
pub(super) struct EnvCommit {
    pub(super) id: ObjectId,
    pub(super) parents: Vec<ObjectId>,
    /// True if a shallow clone ends here; then nothing is known of what it changed.
    pub(super) cut: bool,
    /// A list for each parent. A root commit is compared with nothing.
    pub(super) pairs: Vec<Vec<VersionPair>>,
    /// The names that the followed files have in it.
    pub(super) names: BTreeSet<PathBuf>,
}

pub(super) struct EnvWalk<'r, 'a> {
    pub(super) history: &'r mut EnvHistory<'a>,
    walk: HistoryWalk<'a>,
    /// The files that are followed, under every name they had so far; all if empty.
    followed: BTreeSet<PathBuf>,
    /// The names that they have in commits that are still to come.
    names: HashMap<ObjectId, BTreeSet<PathBuf>>,
}

impl<'r, 'a> EnvWalk<'r, 'a> {
    /// Walks the history of `head`, for these files under today's and earlier names, or for all if none is given.
    pub(super) fn new(
        history: &'r mut EnvHistory<'a>,
        head: ObjectId,
        followed: BTreeSet<PathBuf>,
    ) -> Result<Self, Error> {
        let repo = history.repo;
        let walk = if followed.is_empty() {
            repo.walk(&[head], is_env_file)?
        } else {
            let mut files = followed.clone();
            if repo.may_obtain()? {
                // Older team files have the grants of older keys.
                let folders = followed.iter().flat_map(|path| path.ancestors().skip(1));
                files.extend(folders.map(|folder| folder.join(TEAM_FILE)));
            }
            repo.walk_files(&[head], &files)?
        };
        let walk = walk.with_contents(|path| is_env_file(path) || path.ends_with(TEAM_FILE))?;
        let names = HashMap::from([(head, followed.clone())]);
        Ok(Self { history, walk, followed, names })
    }

    /// Returns the next commit: newest first, and never before one of its children.
    pub(super) fn step(&mut self) -> Result<Option<EnvCommit>, Error> {
        let Some(step) = self.walk.step()? else { return Ok(None) };
        let mut pairs = Vec::with_capacity(step.changes.len());
        for (at, mut changed) in step.changes.into_iter().enumerate() {
            changed.retain(|it| is_env_file(&it.path));
            // A file that was added or removed may have been renamed: then the commit's other files matter.
            let is_whole = |it: &ChangedFile| it.before.is_some() && it.after.is_some();
            if !self.followed.is_empty() && !changed.iter().all(is_whole) {
                changed = self.history.repo.changes(step.parents.get(at).copied(), Some(step.id))?;
            }
            pairs.push(pair_versions(self.history, changed.into_iter().filter_map(env_file_blobs))?);
        }
        let names = self.names.remove(&step.id).unwrap_or_default();
        if !self.followed.is_empty() {
            for (parent, pairs) in step.parents.iter().zip(&pairs) {
                self.names.entry(*parent).or_default().extend(names_before(&names, pairs));
            }
        }
        let renamed = pairs.iter().flatten().filter(|pair| self.followed.contains(pair.path()));
        let renamed: Vec<_> = renamed.filter_map(|pair| pair.from().map(Path::to_path_buf)).collect();
        let before = self.followed.len();
        self.followed.extend(renamed);
        if self.followed.len() > before {
            self.walk.add_files(&self.followed)?;
        }
        Ok(Some(EnvCommit { id: step.id, parents: step.parents, cut: step.cut, pairs, names }))
    }
}

/// Returns the blobs of an env file, if it is a regular file: of a symlink, git stores only the target's path.
fn env_file_blobs(changed: ChangedFile) -> Option<ChangedBlobs> {
    let blob = |side: Option<FileRef>| side.filter(|file| file.kind == FileKind::File).map(|file| file.id);
    is_env_file(&changed.path).then(|| (changed.path, [changed.before, changed.after].map(blob)))
}

/// Returns the env files of a commit, by path.
pub(super) fn env_files_of(
    history: &EnvHistory<'_>,
    commit: ObjectId,
) -> Result<Vec<(PathBuf, ObjectId)>, Error> {
    let files = history.repo.files(Some(commit))?.into_iter();
    let is_file = |(path, file): &(PathBuf, FileRef)| file.kind == FileKind::File && is_env_file(path);
    Ok(files.filter(is_file).map(|(path, file)| (path, file.id)).collect())
}

/// Returns the names that files had in a parent.
fn names_before(names: &BTreeSet<PathBuf>, pairs: &[VersionPair]) -> impl Iterator<Item = PathBuf> {
    names.iter().map(|path| {
        let renamed = pairs.iter().find(|pair| pair.path() == path).and_then(VersionPair::from);
        renamed.unwrap_or(path).to_owned()
    })
}

/// Returns the error for an env file that a commit doesn't have under any of its names. `other` is one that it has.
pub(crate) fn not_in_commit(path: &Path, revision: &str, other: Option<&Path>) -> Error {
    let hint = match other {
        Some(other) => hint!("it has another one: -f {other}", other),
        None => hint!("see the files that are there: git ls-tree -r --name-only {revision}", revision),
    };
    Error::new(ErrorKind::NotFound, format!("{} is not in {revision}", path.display())).with_hint(hint)
}

/// An env file in a commit.
pub(crate) struct CommittedEnvFile {
    /// Relative to the root.
    pub path: PathBuf,
    pub text: Vec<u8>,
    /// The team file of its project in that commit.
    pub team_file: Option<Vec<u8>>,
}

/// Returns the env file at `path`, relative to the root, in the commit that `revision` names. If it is not there, looks
/// for the name that `today`, the file that is there now, had then, followed back from HEAD through renames; then for
/// the other file name of the same environment.
pub(crate) fn file_at(
    history: &mut EnvHistory<'_>,
    revision: &str,
    path: &Path,
    today: &Path,
) -> Result<CommittedEnvFile, Error> {
    let repo = history.repo;
    let commit = repo.commit(revision)?;
    let files = env_files_of(history, commit)?;
    let there = |path: &Path| files.iter().find(|(there, _)| there == path);
    let mut found = there(path).or_else(|| there(today)).cloned();
    if found.is_none() {
        found = path_in(history, today, commit)?.and_then(|path| there(&path).cloned());
    }
    let twins = || EnvName::of_file(path).map(|env| env.file_names()).unwrap_or_default();
    let found = found.or_else(|| twins().iter().find_map(|twin| there(&path.with_file_name(twin)).cloned()));
    let Some((path, id)) = found else {
        // The hint is pasted in the working directory.
        let root = repo.root().canonicalize().unwrap_or_else(|_| repo.root().into());
        let (folder, env) = (path.parent(), EnvName::of_file(path).ok());
        let is_near = |(other, _): &&(PathBuf, ObjectId)| {
            let above = folder.zip(other.parent()).is_some_and(|(folder, other)| folder.starts_with(other));
            other.parent() == folder || above && EnvName::of_file(other).ok() == env
        };
        let other = files.iter().find(is_near).map(|(path, _)| relative_path(&root.join(path)));
        return Err(not_in_commit(path, revision, other.as_deref()));
    };
    let team = nearest_team_file(repo, commit, path.parent().unwrap_or(Path::new("")))?;
    repo.obtain(&team.into_iter().chain([id]).collect::<Vec<_>>())?;
    let team_file = team.map(|id| repo.blob(id)).transpose()?;
    Ok(CommittedEnvFile { text: repo.blob(id)?, team_file, path })
}

/// Returns the blob of the team file that applies to a folder of a commit: the nearest upward.
pub(super) fn nearest_team_file(
    repo: &Repo,
    commit: ObjectId,
    folder: &Path,
) -> Result<Option<ObjectId>, GitError> {
    for folder in folder.ancestors() {
        if let Some(file) = repo.file(commit, &folder.join(TEAM_FILE))? {
            return Ok(Some(file.id));
        }
    }
    Ok(None)
}

/// Returns the path that today's file had in `target`, if `target` is in HEAD's history and the file was renamed since.
fn path_in(history: &mut EnvHistory<'_>, path: &Path, target: ObjectId) -> Result<Option<PathBuf>, Error> {
    let repo = history.repo;
    let Some(head) = repo.head()? else { return Ok(None) };
    let mut walk = EnvWalk::new(history, head, BTreeSet::from([path.to_owned()]))?;
    while let Some(commit) = walk.step()? {
        if commit.id == target {
            return Ok(commit.names.into_iter().find(|name| name != path));
        }
        if commit.cut {
            return Err(repo.cut_off(commit.id).into());
        }
    }
    Ok(None)
}
