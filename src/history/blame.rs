//! Which commit last changed each variable of a file.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::change::{Author, Kind};
use super::error::HistoryError;
use super::log::{Past, of_all};
use super::reader::Reader;
use super::rename::{Pair, pairs};
use crate::git::{Changed, FileKind, FileRef, ObjectId};

/// A variable of a file as it is today.
#[derive(Clone, Debug)]
pub(crate) struct Blamed {
    /// Its name.
    pub name: String,
    /// Whether it is sealed.
    pub sealed: bool,
    /// Who changed it last.
    pub author: Author,
    /// What they did.
    pub kind: Kind,
}

/// Names that are still to be traced, by the path of their file in one commit.
type Open = BTreeMap<PathBuf, BTreeSet<String>>;

/// Traces the variables of the file at `path`, relative to the root, in the order of the file. `today` is its text
/// in the worktree; without a worktree it is what `head` holds. No such file is none.
///
/// A change that only sealed a value anew counts for nothing, where the keys to tell are at hand.
pub(crate) fn blame(
    reader: &mut Reader<'_>,
    head: Option<ObjectId>,
    path: &Path,
    today: Option<Vec<u8>>,
) -> Result<Option<Vec<Blamed>>, HistoryError> {
    let committed = head.map(|head| Past::files(reader, head)).transpose()?.unwrap_or_default();
    let there = |path: &Path| committed.iter().find(|(there, _)| there == path).map(|(_, id)| *id);
    let Some(today) = today.map(|text| reader.take_in(text)).or_else(|| there(path)) else {
        return Ok(None);
    };
    let pair = pair_today(reader, &committed, path, today)?;
    let mut found: HashMap<String, (Author, Kind)> = HashMap::new();
    let state = reader.state(path, Some(today))?;
    let mut open = BTreeSet::new();
    for name in state.names() {
        match differs(reader, &pair, name)? {
            Some(kind) if kind != Kind::ReSealed => {
                found.insert(name.into(), (Author::not_yet(), kind));
            }
            _ => {
                open.insert(name.to_owned());
            }
        }
    }
    if let (Some(head), Some((path, _))) = (head, pair.before)
        && !open.is_empty()
    {
        trace(reader, head, Open::from([(path, open)]), &mut found)?;
    }
    let blamed = state.names().filter_map(|name| {
        let (author, kind) = found.remove(name)?;
        let sealed = state.get(name)?.token().is_some();
        Some(Blamed { name: name.to_owned(), sealed, author, kind })
    });
    Ok(Some(blamed.collect()))
}

/// The file of today and what HEAD has of it, perhaps under another name.
fn pair_today(
    reader: &mut Reader<'_>,
    committed: &[(PathBuf, ObjectId)],
    path: &Path,
    today: ObjectId,
) -> Result<Pair, HistoryError> {
    let after = Some((path.to_owned(), today));
    if let Some((_, id)) = committed.iter().find(|(there, _)| there == path) {
        return Ok(Pair { before: Some((path.to_owned(), *id)), after });
    }
    let file = |id| Some(FileRef { id, kind: FileKind::File });
    let objects = reader.objects();
    let root = (!objects.is_bare()).then(|| objects.root().to_path_buf());
    // Only what is no longer there can have become this file.
    let gone = committed.iter().filter(|(there, _)| {
        root.as_deref().is_some_and(|root| root.join(there).symlink_metadata().is_err())
    });
    let mut changed: Vec<_> =
        gone.map(|(path, id)| Changed { path: path.clone(), before: file(*id), after: None }).collect();
    changed.push(Changed { path: path.to_owned(), before: None, after: file(today) });
    let pairs = pairs(reader, changed)?;
    Ok(pairs.into_iter().find(|pair| pair.path() == path).unwrap_or(Pair { before: None, after }))
}

/// Hands each name down to the first parent that has the same value, until there is none. Names that reach the end of a
/// shallow clone are an error: who changed them is not known.
fn trace(
    reader: &mut Reader<'_>,
    head: ObjectId,
    open: Open,
    found: &mut HashMap<String, (Author, Kind)>,
) -> Result<(), HistoryError> {
    let objects = reader.objects();
    let mut past = Past::new(reader, head, open.keys().cloned().collect())?;
    let mut waiting: HashMap<ObjectId, Open> = HashMap::from([(head, open)]);
    while !waiting.is_empty()
        && let Some(step) = past.step()?
    {
        // What a commit's children hand down is all there: each of them came before it.
        let Some(open) = waiting.remove(&step.id) else { continue };
        if step.cut {
            return Err(objects.cut_off(step.id).into());
        }
        for (path, names) in open {
            let mut changed = Vec::new();
            for name in names {
                match innocent(past.reader, &step.pairs, &path, &name)? {
                    Ok((parent, path)) if !step.parents.is_empty() => {
                        let there = waiting.entry(step.parents[parent]).or_default();
                        there.entry(path).or_default().insert(name);
                    }
                    Ok(_) => changed.push((name, Kind::Added)),
                    Err(kind) => changed.push((name, kind)),
                }
            }
            if !changed.is_empty() {
                let pairs = step.pairs.iter().flatten().filter(|pair| pair.path() == path);
                let before = pairs.filter_map(|pair| pair.from().map(Path::to_path_buf));
                let author = past.reader.author(step.id, &before.chain([path.clone()]).collect())?;
                found.extend(changed.into_iter().map(|(name, kind)| (name, (author.clone(), kind))));
            }
        }
    }
    Ok(())
}

/// The first parent in which the variable is the same, and the file's path there; or what the commit did to it.
fn innocent(
    reader: &mut Reader<'_>,
    compared: &[Vec<Pair>],
    path: &Path,
    name: &str,
) -> Result<Result<(usize, PathBuf), Kind>, HistoryError> {
    let mut kinds = Vec::new();
    for (parent, pairs) in compared.iter().enumerate() {
        let Some(pair) = pairs.iter().find(|pair| pair.path() == path) else {
            return Ok(Ok((parent, path.to_owned())));
        };
        match differs(reader, pair, name)? {
            None | Some(Kind::ReSealed) => {
                return Ok(Ok((parent, pair.from().unwrap_or(path).to_owned())));
            }
            Some(kind) => kinds.push(kind),
        }
    }
    Ok(Err(of_all(&kinds).unwrap_or(Kind::Added)))
}

fn differs(reader: &mut Reader<'_>, pair: &Pair, name: &str) -> Result<Option<Kind>, HistoryError> {
    let path = pair.path();
    let (old, id) = pair.before.as_ref().map_or((path, None), |(path, id)| (path, Some(*id)));
    let before = reader.state(old, id)?;
    let after = reader.state(path, pair.after.as_ref().map(|(_, id)| *id))?;
    Ok(reader.kind(path, name, &before, &after))
}
