//! Two sides compared: two commits, or a commit and the worktree.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::change::{Author, FileChanges};
use super::error::HistoryError;
use super::log::{Past, changes_in};
use super::reader::{Reader, Shown};
use super::rename::{Pair, pairs};
use crate::config::{ENV_FILE_GLOBS, is_env_file};
use crate::fs::{self, FsError};
use crate::git::{Changed, FileKind, FileRef, ObjectId};

/// One side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// No file at all: before the first commit.
    Nothing,
    /// A commit's files.
    Commit(ObjectId),
    /// The files of the worktree: those that git tracks, and those that it neither tracks nor ignores.
    Worktree,
}

/// What is compared.
#[derive(Clone, Debug)]
pub(crate) struct Sides {
    /// The older side.
    pub before: Side,
    /// The younger side.
    pub after: Side,
    /// Only these files, relative to the root, under the name they have at either side; all if empty.
    pub paths: Vec<PathBuf>,
}

/// A file that differs.
pub(crate) struct Differing {
    /// Its changed variables.
    pub file: FileChanges,
    pair: Pair,
}

/// The env files in which two sides differ, and whose commit the younger side is.
pub(crate) fn diff(reader: &mut Reader<'_>, sides: &Sides) -> Result<(Author, Vec<Differing>), HistoryError> {
    let mut files: BTreeMap<PathBuf, [Option<FileRef>; 2]> = BTreeMap::new();
    for (at, side) in [sides.before, sides.after].into_iter().enumerate() {
        for (path, id) in listed(reader, side, &sides.paths)? {
            files.entry(path).or_default()[at] = Some(FileRef { id, kind: FileKind::File });
        }
    }
    let differing = files.into_iter().filter(|(_, [before, after])| before != after);
    let changed: Vec<_> = differing.map(|(path, [before, after])| Changed { path, before, after }).collect();
    let blobs = changed.iter().flat_map(|it| [it.before, it.after]).flatten().map(|file| file.id);
    reader.obtain(&blobs.collect::<Vec<_>>())?;
    let mut found = Vec::new();
    for pair in pairs(reader, changed)? {
        let is = |path: &Path| sides.paths.iter().any(|wanted| wanted == path);
        if !sides.paths.is_empty() && !is(pair.path()) && !pair.from().is_some_and(is) {
            continue;
        }
        let changes = changes_in(reader, &[&pair], None)?;
        let (path, from) = (pair.path().to_owned(), pair.from().map(Path::to_path_buf));
        if !changes.is_empty() || from.is_some() {
            found.push(Differing { file: FileChanges { path, from, changes }, pair });
        }
    }
    let author = match sides.after {
        Side::Commit(id) => {
            let paths = found.iter().flat_map(|differing| differing.file.paths()).map(Path::to_path_buf);
            reader.author(id, &paths.collect())?
        }
        Side::Nothing | Side::Worktree => Author::not_yet(),
    };
    Ok((author, found))
}

impl Differing {
    /// The values of a variable at both sides, for a person who asked to see them.
    pub(crate) fn values(
        &self,
        reader: &mut Reader<'_>,
        name: &str,
    ) -> Result<[Option<Shown>; 2], HistoryError> {
        let mut value = |side: Option<&(PathBuf, ObjectId)>| {
            let Some((path, id)) = side else { return Ok(None) };
            let state = reader.state(path, Some(*id))?;
            Ok::<_, HistoryError>(reader.show(path, name, &state))
        };
        Ok([value(self.pair.before.as_ref())?, value(self.pair.after.as_ref())?])
    }
}

fn listed(
    reader: &mut Reader<'_>,
    side: Side,
    named: &[PathBuf],
) -> Result<Vec<(PathBuf, ObjectId)>, HistoryError> {
    match side {
        Side::Nothing => Ok(Vec::new()),
        Side::Commit(id) => Past::files(reader, id),
        Side::Worktree => in_worktree(reader, named),
    }
}

fn in_worktree(reader: &mut Reader<'_>, named: &[PathBuf]) -> Result<Vec<(PathBuf, ObjectId)>, HistoryError> {
    let objects = reader.objects();
    if objects.is_bare() {
        return Err(HistoryError::Bare(objects.git_dir().to_owned()));
    }
    let repo = objects;
    let listed = repo.list_files(repo.root(), &ENV_FILE_GLOBS, &is_env_file)?;
    let mut paths: Vec<_> =
        listed.into_iter().filter_map(|path| Some(path.strip_prefix(repo.root()).ok()?.to_owned())).collect();
    // One that git ignores is there if it is asked for.
    paths.extend(named.iter().cloned());
    paths.sort();
    paths.dedup();
    let mut files = Vec::new();
    for path in paths {
        let place = repo.root().join(&path);
        // Git keeps of a symlink only where it leads; what it leads to is a file of its own.
        if place.is_symlink() || place.is_dir() {
            continue;
        }
        match fs::read_secret(&place) {
            Ok(mut text) => files.push((path, reader.take_in(std::mem::take(&mut *text)))),
            Err(FsError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(files)
}
