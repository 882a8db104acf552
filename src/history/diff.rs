//! Compares two commits, or a commit and the worktree.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::change::{Author, FileChanges};
use super::rename::{VersionPair, pair_versions};
use super::version::{EnvHistory, ShownValue};
use super::walk::env_files_of;
use crate::config::{ENV_FILE_GLOBS, is_env_file};
use crate::error::Error;
use crate::fs::{self, FsError};
use crate::git::ObjectId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiffSide {
    /// No file at all: before the first commit.
    Nothing,
    Commit(ObjectId),
    /// The files of the worktree that git tracks or does not ignore.
    Worktree,
}

/// A file that differs.
pub(crate) struct FileDiff {
    pub file: FileChanges,
    pair: VersionPair,
}

/// Returns the env files in which two sides differ, and the author of the younger side. If there are `paths`, relative
/// to the root, only files with one of these names on either side count.
pub(crate) fn diff(
    history: &mut EnvHistory<'_>,
    sides: [DiffSide; 2],
    paths: &[PathBuf],
) -> Result<(Author, Vec<FileDiff>), Error> {
    let mut files: BTreeMap<PathBuf, [Option<ObjectId>; 2]> = BTreeMap::new();
    for (at, side) in sides.into_iter().enumerate() {
        let there = match side {
            DiffSide::Nothing => Vec::new(),
            DiffSide::Commit(id) => env_files_of(history, id)?,
            DiffSide::Worktree => read_worktree(history, paths)?,
        };
        for (path, id) in there {
            files.entry(path).or_default()[at] = Some(id);
        }
    }
    files.retain(|_, [before, after]| before != after);
    history.obtain(&files.values().flatten().flatten().copied().collect::<Vec<_>>())?;
    let mut found = Vec::new();
    for pair in pair_versions(history, files)? {
        let is_named = |path: &Path| paths.iter().any(|named| named == path);
        if !paths.is_empty() && !is_named(pair.path()) && !pair.from().is_some_and(is_named) {
            continue;
        }
        let file = history.changes(&pair, &[], None)?;
        if !file.changes.is_empty() || file.from.is_some() {
            found.push(FileDiff { file, pair });
        }
    }
    let author = match sides[1] {
        DiffSide::Commit(id) => {
            let paths = found.iter().flat_map(|diff| diff.file.paths()).map(Path::to_path_buf);
            history.author(id, &paths.collect())?
        }
        DiffSide::Nothing | DiffSide::Worktree => Author::not_yet(),
    };
    Ok((author, found))
}

impl FileDiff {
    /// Returns the values of a variable at both sides, for a person who asked to see them.
    pub(crate) fn values(
        &self,
        history: &mut EnvHistory<'_>,
        name: &str,
    ) -> Result<[Option<ShownValue>; 2], Error> {
        let [before, after] = history.both(&self.pair)?;
        let path = self.pair.path();
        let from = self.pair.from().unwrap_or(path);
        Ok([history.show(from, name, &before), history.show(path, name, &after)])
    }
}

fn read_worktree(history: &mut EnvHistory<'_>, named: &[PathBuf]) -> Result<Vec<(PathBuf, ObjectId)>, Error> {
    let repo = history.repo;
    if repo.is_bare() {
        let git_dir = repo.git_dir().display();
        let message = format!("{git_dir} is a bare repository: it has no worktree to compare with");
        return Err(Error::refused(message).with_hint("name two revisions: envseal diff HEAD~ HEAD"));
    }
    let listed = repo.list_files(repo.root(), &ENV_FILE_GLOBS, &is_env_file)?;
    let mut paths: Vec<_> =
        listed.into_iter().filter_map(|path| Some(path.strip_prefix(repo.root()).ok()?.to_owned())).collect();
    // A file that git ignores counts if it is named.
    paths.extend(named.iter().cloned());
    paths.sort();
    paths.dedup();
    let left_out = repo.left_out(&is_env_file)?;
    let mut files: Vec<_> = left_out.into_iter().map(|(path, file)| (path, file.id)).collect();
    for path in paths {
        let place = repo.root().join(&path);
        // Git stores only the target's path of a symlink; the target counts by itself.
        if place.is_symlink() || place.is_dir() {
            continue;
        }
        match fs::read_secret(&place) {
            Ok(mut text) => files.push((path, history.add(std::mem::take(&mut *text)))),
            Err(FsError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(files)
}
