//! Every change to every env file, newest first.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::change::{Author, Change, FileChanges, Kind};
use super::error::HistoryError;
use super::reader::Reader;
use super::rename::{Pair, pairs};
use crate::config::{TEAM_FILE, is_env_file};
use crate::git::{Changed, FileKind, FileRef, HistoryWalk, ObjectId};

/// Which changes are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    /// Only those of these files, relative to the root and under today's names or earlier ones; all if empty.
    pub paths: Vec<PathBuf>,
    /// Only those of this variable.
    pub name: Option<String>,
    /// So many commits at most.
    pub max_count: Option<usize>,
}

/// A commit that changed something.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Who, when, and in which commit.
    pub author: Author,
    /// The commits before it.
    pub parents: Vec<ObjectId>,
    /// What it changed.
    pub files: Vec<FileChanges>,
}

/// Tells `emit` each commit that changed what `query` asks for, `head` and all it comes after, newest first.
///
/// A merge is told only of what differs from all of its parents. Where a shallow clone ends is an error, once all that
/// is known has been told: what its last commit changed, and what came before, is not in this clone.
pub(crate) fn log<E: From<HistoryError>>(
    reader: &mut Reader<'_>,
    head: ObjectId,
    query: &Query,
    emit: &mut dyn FnMut(Entry) -> Result<(), E>,
) -> Result<(), E> {
    let mut left = query.max_count.unwrap_or(usize::MAX);
    let mut cut = None;
    let objects = reader.objects();
    let mut past = Past::new(reader, head, query.paths.iter().cloned().collect())?;
    // Under which names the files asked for stand in a commit that is still to come.
    let mut follow = HashMap::from([(head, query.paths.iter().cloned().collect::<BTreeSet<_>>())]);
    while left > 0
        && let Some(step) = past.step()?
    {
        if step.cut {
            cut.get_or_insert(step.id);
            continue;
        }
        let wanted = follow.remove(&step.id).unwrap_or_default();
        if !query.paths.is_empty() {
            for (parent, pairs) in step.parents.iter().zip(&step.pairs) {
                follow.entry(*parent).or_default().extend(names_before(&wanted, pairs));
            }
        }
        let is_wanted = |pair: &Pair| {
            query.paths.is_empty()
                || wanted.contains(pair.path())
                || pair.from().is_some_and(|from| wanted.contains(from))
        };
        let mut files = past.changes(&step.pairs, &is_wanted, query.name.as_deref())?;
        files.retain(|file| !file.changes.is_empty());
        if !files.is_empty() {
            let paths = files.iter().flat_map(FileChanges::paths).map(Path::to_path_buf).collect();
            emit(Entry { author: past.reader.author(step.id, &paths)?, parents: step.parents, files })?;
            left -= 1;
        }
    }
    match cut.filter(|_| left > 0) {
        Some(cut) => Err(HistoryError::from(objects.cut_off(cut)).into()),
        None => Ok(()),
    }
}

/// The names that files had in a parent.
pub(super) fn names_before(wanted: &BTreeSet<PathBuf>, compared: &[Pair]) -> Vec<PathBuf> {
    let before = |path: &PathBuf| {
        let renamed = compared.iter().find(|pair| pair.path() == path).and_then(Pair::from);
        renamed.map_or_else(|| path.clone(), Path::to_path_buf)
    };
    wanted.iter().map(before).collect()
}

/// A commit, and the env files in which it differs from each of its parents.
pub(super) struct Compared {
    pub(super) id: ObjectId,
    pub(super) parents: Vec<ObjectId>,
    /// Whether a shallow clone ends here; then nothing is known of what it changed.
    pub(super) cut: bool,
    /// For each parent; for a root against nothing.
    pub(super) pairs: Vec<Vec<Pair>>,
}

/// Commits and the env files in them.
pub(super) struct Past<'r, 'a> {
    pub(super) reader: &'r mut Reader<'a>,
    walk: HistoryWalk<'a>,
    /// The files that are followed, under every name they had so far; all if empty.
    followed: BTreeSet<PathBuf>,
}

impl<'r, 'a> Past<'r, 'a> {
    /// From `head` to all it comes after; of these files and what they were called before, or of all if there is none.
    pub(super) fn new(
        reader: &'r mut Reader<'a>,
        head: ObjectId,
        followed: BTreeSet<PathBuf>,
    ) -> Result<Self, HistoryError> {
        let objects = reader.objects();
        let walk = match followed.is_empty() {
            true => objects.walk(&[head], is_env_file)?,
            false if objects.may_obtain()? => {
                let folders = followed.iter().flat_map(|path| path.ancestors().skip(1));
                let team_files = folders.map(|folder| folder.join(TEAM_FILE));
                objects.walk_files(&[head], &followed.iter().cloned().chain(team_files).collect())?
            }
            false => objects.walk_files(&[head], &followed)?,
        };
        // Older team files have the grants of older keys.
        let walk = walk.with_contents(|path| is_env_file(path) || path.ends_with(TEAM_FILE))?;
        Ok(Self { reader, walk, followed })
    }

    /// The next commit, the newest first and none before what comes after it.
    pub(super) fn step(&mut self) -> Result<Option<Compared>, HistoryError> {
        let Some(step) = self.walk.step()? else { return Ok(None) };
        let mut compared = Vec::with_capacity(step.changes.len());
        for (at, mut changed) in step.changes.into_iter().enumerate() {
            // One that came or went may have been renamed: then the commit's other files are to be looked at.
            changed.retain(|it| is_env_file(&it.path));
            let is_whole = |it: &Changed| it.before.is_some() && it.after.is_some();
            if !self.followed.is_empty() && !changed.iter().all(is_whole) {
                changed = self.reader.objects().changes(step.parents.get(at).copied(), Some(step.id))?;
            }
            compared.push(pairs(self.reader, env_files(changed))?);
        }
        let renamed = compared.iter().flatten().filter(|pair| self.followed.contains(pair.path()));
        let names: Vec<_> = renamed.filter_map(|pair| pair.from().map(Path::to_path_buf)).collect();
        let before = self.followed.len();
        self.followed.extend(names);
        if self.followed.len() > before {
            self.walk.add_files(&self.followed)?;
        }
        Ok(Some(Compared { id: step.id, parents: step.parents, cut: step.cut, pairs: compared }))
    }

    /// The env files of a commit, by path.
    pub(super) fn files(reader: &Reader<'_>, id: ObjectId) -> Result<Vec<(PathBuf, ObjectId)>, HistoryError> {
        let files = reader.objects().files(Some(id))?.into_iter();
        let is_file = |(path, file): &(PathBuf, FileRef)| file.kind == FileKind::File && is_env_file(path);
        Ok(files.filter(is_file).map(|(path, file)| (path, file.id)).collect())
    }

    /// What differs from all parents.
    fn changes(
        &mut self,
        compared: &[Vec<Pair>],
        wanted: &dyn Fn(&Pair) -> bool,
        name: Option<&str>,
    ) -> Result<Vec<FileChanges>, HistoryError> {
        let Some((first, others)) = compared.split_first() else { return Ok(Vec::new()) };
        let mut files = Vec::new();
        for pair in first {
            let same = |other: &&Pair| other.after == pair.after && other.path() == pair.path();
            let found: Option<Vec<_>> = others.iter().map(|pairs| pairs.iter().find(same)).collect();
            let Some(others) = found else { continue };
            let all: Vec<_> = std::iter::once(pair).chain(others).collect();
            if all.iter().any(|pair| wanted(pair)) {
                files.push(FileChanges {
                    path: pair.path().to_owned(),
                    from: pair.from().map(Path::to_path_buf),
                    changes: changes_in(self.reader, &all, name)?,
                });
            }
        }
        Ok(files)
    }
}

/// What of a change is about env files: git keeps of a symlink only where it leads.
fn env_files(changed: Vec<Changed>) -> Vec<Changed> {
    let file = |side: Option<FileRef>| side.filter(|file| file.kind == FileKind::File);
    let env_files = changed.into_iter().filter(|changed| is_env_file(&changed.path));
    env_files.map(|it| Changed { path: it.path, before: file(it.before), after: file(it.after) }).collect()
}

/// The variables in which the younger version of a file differs from each of the older ones.
pub(super) fn changes_in(
    reader: &mut Reader<'_>,
    pairs: &[&Pair],
    only: Option<&str>,
) -> Result<Vec<Change>, HistoryError> {
    let Some(first) = pairs.first() else { return Ok(Vec::new()) };
    let path = first.path();
    let after = reader.state(path, first.after.as_ref().map(|(_, id)| *id))?;
    let mut before = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let (path, id) = pair.before.as_ref().map_or((path, None), |(path, id)| (path, Some(*id)));
        before.push(reader.state(path, id)?);
    }
    let gone = before[0].names().filter(|name| after.get(name).is_none());
    let names: Vec<_> =
        after.names().chain(gone).filter(|name| only.is_none_or(|only| only == *name)).collect();
    let mut changes = Vec::new();
    for name in names {
        let kinds: Option<Vec<_>> =
            before.iter().map(|before| reader.kind(path, name, before, &after)).collect();
        if let Some(kind) = kinds.and_then(|kinds| of_all(&kinds)) {
            changes.push(Change { name: name.to_owned(), kind });
        }
    }
    Ok(changes)
}

/// One word for what a merge did, told from what it did to each parent's variable: the mildest that is true of it
/// first, but for plain text, which outweighs all.
pub(super) fn of_all(kinds: &[Kind]) -> Option<Kind> {
    let (first, rest) = kinds.split_first()?;
    if rest.iter().all(|kind| kind == first) {
        return Some(*first);
    }
    [Kind::Plain, Kind::ReSealed].into_iter().find(|kind| kinds.contains(kind)).or(Some(Kind::Changed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_for_a_merge() {
        assert_eq!(of_all(&[]), None);
        assert_eq!(of_all(&[Kind::Added, Kind::Added]), Some(Kind::Added));
        assert_eq!(of_all(&[Kind::Added, Kind::Changed]), Some(Kind::Changed));
        assert_eq!(of_all(&[Kind::Changed, Kind::ReSealed]), Some(Kind::ReSealed));
        assert_eq!(of_all(&[Kind::ReSealed, Kind::Plain]), Some(Kind::Plain));
    }
}
