//! Every change to every env file, newest first.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::change::{Author, Change, FileChanges, Kind};
use super::error::HistoryError;
use super::reader::Reader;
use super::rename::{Pair, pairs};
use crate::config::is_env_file;
use crate::git::{Ahead, Finder, ObjectId, Picked, Picker, Step, Walk};

/// Which changes are wanted.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Only those of these files, relative to the root and under today's names or earlier ones; all if empty.
    pub paths: Vec<PathBuf>,
    /// Only those of this variable.
    pub name: Option<String>,
    /// So many commits at most.
    pub max_count: Option<usize>,
}

/// A commit that changed something.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Who, when, and in which commit.
    pub author: Author,
    /// The commits before it.
    pub parents: Vec<ObjectId>,
    /// What it changed.
    pub files: Vec<FileChanges>,
}

/// What a walk came upon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// The commit at which a shallow clone ends.
    pub cut: Option<ObjectId>,
}

/// Tells `emit` each commit that changed what `query` asks for, `head` and all it comes after, newest first.
///
/// A merge is told only of what differs from all of its parents. Where a shallow clone ends nothing is told, for
/// what its last commit changed is not known.
pub fn log<E: From<HistoryError>>(
    reader: &mut Reader<'_>,
    head: ObjectId,
    query: &Query,
    emit: &mut dyn FnMut(Entry) -> Result<(), E>,
) -> Result<Walked, E> {
    let mut left = query.max_count.unwrap_or(usize::MAX);
    let mut walked = Walked::default();
    let mut past = Past::new(reader)?;
    past.all_files = query.paths.is_empty();
    // Under which names the files asked for stand in a commit that is still to come.
    let mut follow = HashMap::from([(head, query.paths.iter().cloned().collect::<BTreeSet<_>>())]);
    past.push(head)?;
    while left > 0
        && let Some(step) = past.next()?
    {
        if step.cut {
            walked.cut.get_or_insert(step.id);
            continue;
        }
        let wanted = follow.remove(&step.id).unwrap_or_default();
        let compared = if query.paths.is_empty() {
            past.compare(&step)?
        } else {
            past.compare_only(&step, &wanted.iter())?
        };
        if !query.paths.is_empty() {
            for (parent, compared) in step.parents.iter().zip(&compared) {
                follow.entry(*parent).or_default().extend(names_before(&wanted, compared));
            }
        }
        let is_wanted = |pair: &Pair| {
            query.paths.is_empty()
                || wanted.contains(pair.path())
                || pair.from().is_some_and(|from| wanted.contains(from))
        };
        let mut files = past.changes(&compared, &is_wanted, query.name.as_deref())?;
        files.retain(|file| !file.changes.is_empty());
        if !files.is_empty() {
            let paths = files.iter().flat_map(FileChanges::paths).map(Path::to_path_buf).collect();
            emit(Entry { author: past.reader.author(step.id, &paths)?, parents: step.parents, files })?;
            left -= 1;
        }
    }
    Ok(walked)
}

/// The names that files had in a parent.
pub(super) fn names_before(wanted: &BTreeSet<PathBuf>, compared: &[Pair]) -> Vec<PathBuf> {
    let before = |path: &PathBuf| {
        let renamed = compared.iter().find(|pair| pair.path() == path).and_then(Pair::from);
        renamed.map_or_else(|| path.clone(), Path::to_path_buf)
    };
    wanted.iter().map(before).collect()
}

/// Whether a file of this name is an env file; asked for every file of every folder in history.
fn is_wanted(name: &[u8]) -> bool {
    let could_be = name.first() == Some(&b'.') || name.last().is_some_and(|last| matches!(last, b'v' | b'V'));
    could_be && std::str::from_utf8(name).is_ok_and(|name| is_env_file(Path::new(name)))
}

/// Commits and the env files in them.
pub(super) struct Past<'r, 'a> {
    pub(super) reader: &'r mut Reader<'a>,
    pub(super) walk: Walk<'a>,
    picker: Picker<'a>,
    finder: Finder<'a>,
    ahead: Ahead,
    /// Whether most commits are compared in all of their env files, so that reading ahead pays.
    all_files: bool,
}

impl<'r, 'a> Past<'r, 'a> {
    pub(super) fn new(reader: &'r mut Reader<'a>) -> Result<Self, HistoryError> {
        let objects = reader.objects();
        Ok(Self {
            walk: Walk::new(objects)?,
            picker: Picker::new(objects, is_wanted)?,
            finder: Finder::new(objects)?,
            ahead: Ahead::new(),
            all_files: false,
            reader,
        })
    }

    pub(super) fn push(&mut self, id: ObjectId) -> Result<(), HistoryError> {
        Ok(self.walk.push(id)?)
    }

    /// The next commit, after which come all that it comes after. Whoever asks for it pushes only the first.
    pub(super) fn next(&mut self) -> Result<Option<Step>, HistoryError> {
        if self.all_files {
            return Ok(self.ahead.next(&mut self.walk, &mut self.picker)?);
        }
        let step = self.walk.pop();
        if let Some(step) = &step {
            self.walk.push_new(&step.parents)?;
        }
        Ok(step)
    }

    /// As [`Self::compare`], as far as it says anything of the files at these paths. Much less is read for that, as
    /// long as they are neither new nor gone: then they may have been renamed.
    pub(super) fn compare_only<'p>(
        &mut self,
        step: &Step,
        paths: &(impl Iterator<Item = &'p PathBuf> + Clone),
    ) -> Result<Vec<Vec<Pair>>, HistoryError> {
        let is_env =
            |path: &&PathBuf| path.file_name().is_some_and(|name| is_wanted(name.as_encoded_bytes()));
        let mut compared = Vec::with_capacity(1);
        for parent in &step.parents {
            let mut pairs = Vec::new();
            for path in paths.clone().filter(is_env) {
                let [before, after] = [*parent, step.id].map(|id| self.walk.file(&mut self.finder, id, path));
                match (before?, after?) {
                    (None, None) => {}
                    (Some(before), Some(after)) if before == after => {}
                    (Some(before), Some(after)) => pairs.push(Pair {
                        before: Some((path.clone(), before)),
                        after: Some((path.clone(), after)),
                    }),
                    (None, Some(_)) | (Some(_), None) => return self.compare(step),
                }
            }
            compared.push(pairs);
        }
        if compared.is_empty() { self.compare(step) } else { Ok(compared) }
    }

    /// The env files of a commit, by path.
    pub(super) fn files(&mut self, id: ObjectId) -> Result<Vec<(PathBuf, ObjectId)>, HistoryError> {
        let picked = self.walk.picked(&mut self.picker, id)?;
        Ok(self.picker.files(picked).into_iter().map(|(path, file)| (path, file.id)).collect())
    }

    /// The env files in which a commit differs from each parent; from nothing, if it has none.
    pub(super) fn compare(&mut self, step: &Step) -> Result<Vec<Vec<Pair>>, HistoryError> {
        let after = self.walk.picked(&mut self.picker, step.id)?;
        let mut parents = Vec::with_capacity(1);
        for parent in &step.parents {
            parents.push(self.walk.picked(&mut self.picker, *parent)?);
        }
        if step.parents.is_empty() {
            parents.push(Picked::NONE);
        }
        let mut compared = Vec::with_capacity(parents.len());
        for before in parents {
            compared.push(if before == after {
                Vec::new()
            } else {
                pairs(self.reader, self.picker.changes(before, after))?
            });
        }
        Ok(compared)
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
    fn every_env_file_is_wanted_and_nothing_else() {
        let names =
            ".env|.ENV|.env.x|x.env|X.ENV|.env.keys|env|.envrc|a.v|.env.example|.Env.Default|.gitignore|x.en";
        for name in names.split('|') {
            assert_eq!(is_wanted(name.as_bytes()), is_env_file(Path::new(name)), "{name}");
        }
        assert!(!is_wanted(b".env.\xff"));
    }

    #[test]
    fn one_word_for_a_merge() {
        assert_eq!(of_all(&[]), None);
        assert_eq!(of_all(&[Kind::Added, Kind::Added]), Some(Kind::Added));
        assert_eq!(of_all(&[Kind::Added, Kind::Changed]), Some(Kind::Changed));
        assert_eq!(of_all(&[Kind::Changed, Kind::ReSealed]), Some(Kind::ReSealed));
        assert_eq!(of_all(&[Kind::ReSealed, Kind::Plain]), Some(Kind::Plain));
    }
}
