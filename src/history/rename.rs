//! Finds renames as git does: identical files first, then the most similar, of those added and removed in one commit.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::version::{EnvHistory, EnvVersion};
use crate::config::is_own_name;
use crate::error::Error;
use crate::git::ObjectId;

/// An env file in two commits, perhaps under two names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VersionPair {
    pub(super) before: Option<(PathBuf, ObjectId)>,
    pub(super) after: Option<(PathBuf, ObjectId)>,
}

impl VersionPair {
    /// Returns its path, or its last path if it is gone.
    pub(super) fn path(&self) -> &Path {
        let side = self.after.as_ref().or(self.before.as_ref());
        side.map_or(Path::new(""), |(path, _)| path)
    }

    /// Returns its previous path, if it was renamed.
    pub(super) fn from(&self) -> Option<&Path> {
        let (before, after) = (self.before.as_ref()?, self.after.as_ref()?);
        (before.0 != after.0).then_some(&*before.0)
    }
}

/// The most pairs of files to compare; beyond it only identical files are renames (git's `diff.renameLimit`, squared).
const LIMIT: usize = 400 * 400;

/// The blobs of a path on the two sides of a comparison.
pub(super) type ChangedBlobs = (PathBuf, [Option<ObjectId>; 2]);

/// Pairs up the files in which two commits differ.
pub(super) fn pair_versions(
    history: &mut EnvHistory<'_>,
    changed: impl IntoIterator<Item = ChangedBlobs>,
) -> Result<Vec<VersionPair>, Error> {
    let (mut gone, mut come, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
    for (path, ids) in changed {
        match ids {
            [Some(before), None] => gone.push((path, before)),
            [None, Some(after)] => come.push((path, after)),
            [Some(before), Some(after)] => {
                pairs.push(VersionPair { before: Some((path.clone(), before)), after: Some((path, after)) });
            }
            [None, None] => {}
        }
    }
    let renames = find_renames(history, &gone, &come)?;
    let renamed: HashSet<_> = renames.values().copied().collect();
    let new = come.iter().enumerate().filter(|(at, _)| !renamed.contains(at)).map(|(_, file)| file.clone());
    pairs.extend(new.map(|file| VersionPair { before: None, after: Some(file) }));
    pairs.extend(gone.into_iter().enumerate().map(|(at, file)| {
        let after = renames.get(&at).map(|at| come[*at].clone());
        VersionPair { before: Some(file), after }
    }));
    pairs.sort_by(|one, other| one.path().cmp(other.path()));
    Ok(pairs)
}

/// Returns the indices into `come` of files that were renamed, by their indices into `gone`.
fn find_renames(
    history: &mut EnvHistory<'_>,
    gone: &[(PathBuf, ObjectId)],
    come: &[(PathBuf, ObjectId)],
) -> Result<HashMap<usize, usize>, Error> {
    let mut scored = Vec::new();
    let by_likeness = gone.len() * come.len() <= LIMIT;
    for (one, (old_path, old)) in gone.iter().enumerate() {
        for (other, (new_path, new)) in come.iter().enumerate() {
            if old != new && !by_likeness {
                continue;
            }
            let before = history.version(old_path, *old)?;
            let after = history.version(new_path, *new)?;
            // Files without a variable are all the same, so they show no rename.
            let score = if old == new {
                before.names().next().map(|_| usize::MAX)
            } else {
                likeness(&before, &after)
            };
            if let Some(score) = score {
                // Among equal scores, prefers a file that kept its name or its folder.
                let kept = usize::from(old_path.file_name() == new_path.file_name())
                    + usize::from(old_path.parent() == new_path.parent());
                scored.push((score, kept, one, other));
            }
        }
    }
    scored.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then((a.2, a.3).cmp(&(b.2, b.3))));
    let (mut renames, mut used) = (HashMap::new(), HashSet::new());
    for (.., one, other) in scored {
        if !renames.contains_key(&one) && used.insert(other) {
            renames.insert(one, other);
        }
    }
    Ok(renames)
}

/// Returns how similar two versions are, in thousandths, if at least half: each shared name counts once, and once more
/// if its value is the same text. So a file that is renamed and re-encrypted in one commit stays the same file.
fn likeness(before: &EnvVersion, after: &EnvVersion) -> Option<usize> {
    let own = |version: &EnvVersion| version.names().filter(|name| !is_own_name(name)).count();
    let most = own(before).max(own(after));
    let shared = before.names().filter(|name| !is_own_name(name) && after.has(name));
    let points: usize = shared.map(|name| 1 + usize::from(before.source(name) == after.source(name))).sum();
    (most > 0 && points >= most).then(|| points * 1000 / (2 * most))
}
