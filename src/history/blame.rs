//! The commit that last changed each variable of a file.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::change::{Author, ChangeKind, merged_kind};
use super::rename::{VersionPair, pair_versions};
use super::version::EnvHistory;
use super::walk::{EnvWalk, env_files_of};
use crate::error::Error;
use crate::git::ObjectId;

/// A variable of a file as it is today, and its last change.
#[derive(Clone, Debug)]
pub(crate) struct BlamedVariable {
    pub name: String,
    pub sealed: bool,
    pub author: Author,
    pub kind: ChangeKind,
}

/// Names that are still to be traced, by the path of their file in one commit.
type OpenNames = BTreeMap<PathBuf, BTreeSet<String>>;

type LastChanges = HashMap<String, (Author, ChangeKind)>;

/// Returns the last change of each variable of the file at `path`, relative to the root, in the order of the file.
/// `today` is its text in the worktree; if None, the file in `head` is used. Returns None if there is no such file.
///
/// Re-encrypting a value is not a change, if the keys to find that out are available.
pub(crate) fn blame(
    history: &mut EnvHistory<'_>,
    head: Option<ObjectId>,
    path: &Path,
    today: Option<Vec<u8>>,
) -> Result<Option<Vec<BlamedVariable>>, Error> {
    let committed = head.map(|head| env_files_of(history, head)).transpose()?.unwrap_or_default();
    let there = |path: &Path| committed.iter().find(|(there, _)| there == path).map(|(_, id)| *id);
    let Some(today) = today.map(|text| history.add(text)).or_else(|| there(path)) else {
        return Ok(None);
    };
    let pair = pair_today(history, &committed, path, today)?;
    let version = history.version(path, today)?;
    let mut found = LastChanges::new();
    let mut open = BTreeSet::new();
    for name in version.names() {
        match difference(history, &pair, name)? {
            Some(kind) => drop(found.insert(name.into(), (Author::not_yet(), kind))),
            None => drop(open.insert(name.to_owned())),
        }
    }
    if let (Some(head), Some((path, _))) = (head, pair.before)
        && !open.is_empty()
    {
        trace(history, head, OpenNames::from([(path, open)]), &mut found)?;
    }
    let blamed = version.names().filter_map(|name| {
        let (author, kind) = found.remove(name)?;
        Some(BlamedVariable { name: name.to_owned(), sealed: version.is_sealed(name), author, kind })
    });
    Ok(Some(blamed.collect()))
}

/// Pairs today's file with its version in HEAD, perhaps under another name.
fn pair_today(
    history: &mut EnvHistory<'_>,
    committed: &[(PathBuf, ObjectId)],
    path: &Path,
    today: ObjectId,
) -> Result<VersionPair, Error> {
    let after = Some((path.to_owned(), today));
    if let Some(before) = committed.iter().find(|(there, _)| there == path) {
        return Ok(VersionPair { before: Some(before.clone()), after });
    }
    let repo = history.repo;
    // Only a file that is no longer there, or is now a symlink, can have become this one.
    let is_there = |path: &Path| repo.root().join(path).symlink_metadata().is_ok_and(|it| it.is_file());
    let is_gone = |path: &Path| !repo.is_bare() && !is_there(path);
    let gone = committed.iter().filter(|(there, _)| is_gone(there));
    let gone = gone.map(|(path, id)| (path.clone(), [Some(*id), None]));
    let pairs = pair_versions(history, gone.chain([(path.to_owned(), [None, Some(today)])]))?;
    let found = pairs.into_iter().find(|pair| pair.path() == path);
    Ok(found.unwrap_or(VersionPair { before: None, after }))
}

/// Follows each name to the first parent with the same value, until no parent has it. A name that reaches the end of a
/// shallow clone is an error, because its author is not known.
fn trace(
    history: &mut EnvHistory<'_>,
    head: ObjectId,
    open: OpenNames,
    found: &mut LastChanges,
) -> Result<(), Error> {
    let repo = history.repo;
    let mut walk = EnvWalk::new(history, head, open.keys().cloned().collect())?;
    let mut waiting: HashMap<ObjectId, OpenNames> = HashMap::from([(head, open)]);
    while !waiting.is_empty()
        && let Some(commit) = walk.step()?
    {
        // Complete, because all children of a commit come before it.
        let Some(open) = waiting.remove(&commit.id) else { continue };
        if commit.cut {
            return Err(repo.cut_off(commit.id).into());
        }
        for (path, names) in open {
            let mut changed = Vec::new();
            for name in names {
                match unchanged_in(walk.history, &commit.pairs, &path, &name)? {
                    Ok((parent, path)) if !commit.parents.is_empty() => {
                        let there = waiting.entry(commit.parents[parent]).or_default();
                        there.entry(path).or_default().insert(name);
                    }
                    Ok(_) => changed.push((name, ChangeKind::Added)),
                    Err(kind) => changed.push((name, kind)),
                }
            }
            if !changed.is_empty() {
                let pairs = commit.pairs.iter().flatten().filter(|pair| pair.path() == path);
                let before = pairs.filter_map(|pair| pair.from().map(Path::to_path_buf));
                let author = walk.history.author(commit.id, &before.chain([path.clone()]).collect())?;
                found.extend(changed.into_iter().map(|(name, kind)| (name, (author.clone(), kind))));
            }
        }
    }
    Ok(())
}

/// Returns the first parent in which the variable is the same, and the file's path there; or how the commit changed it.
fn unchanged_in(
    history: &mut EnvHistory<'_>,
    pairs: &[Vec<VersionPair>],
    path: &Path,
    name: &str,
) -> Result<Result<(usize, PathBuf), ChangeKind>, Error> {
    let mut kinds = Vec::new();
    for (parent, pairs) in pairs.iter().enumerate() {
        let Some(pair) = pairs.iter().find(|pair| pair.path() == path) else {
            return Ok(Ok((parent, path.to_owned())));
        };
        match difference(history, pair, name)? {
            None => return Ok(Ok((parent, pair.from().unwrap_or(path).to_owned()))),
            Some(kind) => kinds.push(kind),
        }
    }
    Ok(Err(merged_kind(&kinds).unwrap_or(ChangeKind::Added)))
}

/// Compares a variable in both versions of a pair. Returns None if its value is the same.
fn difference(
    history: &mut EnvHistory<'_>,
    pair: &VersionPair,
    name: &str,
) -> Result<Option<ChangeKind>, Error> {
    let [before, after] = history.both(pair)?;
    let kind = history.compare(pair.path(), name, &before, &after);
    Ok(kind.filter(|kind| *kind != ChangeKind::ReSealed))
}
