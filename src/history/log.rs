//! Every change to every env file, newest first.

use std::path::{Path, PathBuf};

use super::change::{Author, FileChanges};
use super::rename::VersionPair;
use super::version::EnvHistory;
use super::walk::EnvWalk;
use crate::error::Error;
use crate::git::ObjectId;

#[derive(Clone, Debug, Default)]
pub(crate) struct LogQuery {
    /// Only changes of these files, relative to the root and under today's names or earlier ones; all if empty.
    pub paths: Vec<PathBuf>,
    /// Only changes of this variable.
    pub name: Option<String>,
    /// The number of commits at most.
    pub max_count: Option<usize>,
}

/// A commit that changed something.
#[derive(Clone, Debug)]
pub(crate) struct LogEntry {
    pub author: Author,
    pub parents: Vec<ObjectId>,
    pub files: Vec<FileChanges>,
}

/// Passes to `emit` each commit in the history of `head` that changed what `query` asks for, newest first.
///
/// A merge counts only for changes that differ from all of its parents. The end of a shallow clone is an error, after all
/// that is known was emitted: what its last commit changed, and what came before, is not in this clone.
pub(crate) fn log(
    history: &mut EnvHistory<'_>,
    head: ObjectId,
    query: &LogQuery,
    emit: &mut dyn FnMut(LogEntry) -> Result<(), Error>,
) -> Result<(), Error> {
    let repo = history.repo;
    let mut left = query.max_count.unwrap_or(usize::MAX);
    let mut cut = None;
    let mut walk = EnvWalk::new(history, head, query.paths.iter().cloned().collect())?;
    while left > 0
        && let Some(commit) = walk.step()?
    {
        if commit.cut {
            cut.get_or_insert(commit.id);
            continue;
        }
        let is_wanted = |pair: &VersionPair| {
            query.paths.is_empty()
                || commit.names.contains(pair.path())
                || pair.from().is_some_and(|from| commit.names.contains(from))
        };
        let files = changes_of(walk.history, &commit.pairs, &is_wanted, query.name.as_deref())?;
        if !files.is_empty() {
            let paths = files.iter().flat_map(FileChanges::paths).map(Path::to_path_buf).collect();
            let author = walk.history.author(commit.id, &paths)?;
            emit(LogEntry { author, parents: commit.parents, files })?;
            left -= 1;
        }
    }
    match cut.filter(|_| left > 0) {
        Some(cut) => Err(repo.cut_off(cut).into()),
        None => Ok(()),
    }
}

/// Returns the variables that differ from all parents, by file.
fn changes_of(
    history: &mut EnvHistory<'_>,
    pairs: &[Vec<VersionPair>],
    is_wanted: &dyn Fn(&VersionPair) -> bool,
    name: Option<&str>,
) -> Result<Vec<FileChanges>, Error> {
    let Some((first, others)) = pairs.split_first() else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for pair in first {
        let same = |other: &&VersionPair| other.after == pair.after && other.path() == pair.path();
        let found: Option<Vec<_>> = others.iter().map(|pairs| pairs.iter().find(same)).collect();
        let Some(others) = found else { continue };
        if is_wanted(pair) || others.iter().any(|pair| is_wanted(pair)) {
            let file = history.changes(pair, &others, name)?;
            files.extend((!file.changes.is_empty()).then_some(file));
        }
    }
    Ok(files)
}
