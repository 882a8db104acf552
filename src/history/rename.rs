//! Renames, found as git does: the same bytes first, then the most alike, among the files that came and went in one commit.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::version::{EnvHistory, EnvVersion};
use crate::config::is_own_name;
use crate::error::Error;
use crate::git::{ChangedFile, ObjectId};

/// An env file in two commits, perhaps under two names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VersionPair {
    pub(super) before: Option<(PathBuf, ObjectId)>,
    pub(super) after: Option<(PathBuf, ObjectId)>,
}

impl VersionPair {
    /// Returns where it is; where it was, if it is gone.
    pub(super) fn path(&self) -> &Path {
        let side = self.after.as_ref().or(self.before.as_ref());
        side.map_or(Path::new(""), |(path, _)| path)
    }

    /// Returns where it was, if it was renamed.
    pub(super) fn from(&self) -> Option<&Path> {
        let (before, after) = (self.before.as_ref()?, self.after.as_ref()?);
        (before.0 != after.0).then_some(&*before.0)
    }
}

/// Pairs of files that are compared at most; beyond, only the same bytes make a rename (git's `diff.renameLimit`, squared).
const LIMIT: usize = 400 * 400;

/// Pairs up the files in which two commits differ.
pub(super) fn pair_versions(
    history: &mut EnvHistory<'_>,
    changed: Vec<ChangedFile>,
) -> Result<Vec<VersionPair>, Error> {
    let (mut gone, mut come, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
    for ChangedFile { path, before, after } in changed {
        match (before, after) {
            (Some(before), None) => gone.push((path, before.id)),
            (None, Some(after)) => come.push((path, after.id)),
            (Some(before), Some(after)) => pairs
                .push(VersionPair { before: Some((path.clone(), before.id)), after: Some((path, after.id)) }),
            (None, None) => {}
        }
    }
    let renames = find_renames(history, &gone, &come)?;
    let (old, new): (HashSet<usize>, HashSet<usize>) = renames.iter().copied().unzip();
    let left = gone.iter().enumerate().filter(|(at, _)| !old.contains(at)).map(|(_, file)| file.clone());
    pairs.extend(left.map(|file| VersionPair { before: Some(file), after: None }));
    let left = come.iter().enumerate().filter(|(at, _)| !new.contains(at)).map(|(_, file)| file.clone());
    pairs.extend(left.map(|file| VersionPair { before: None, after: Some(file) }));
    for (one, other) in renames {
        pairs.push(VersionPair { before: Some(gone[one].clone()), after: Some(come[other].clone()) });
    }
    pairs.sort_by(|one, other| one.path().cmp(other.path()));
    Ok(pairs)
}

/// Returns pairs of indices into `gone` and `come`, each at most once.
fn find_renames(
    history: &mut EnvHistory<'_>,
    gone: &[(PathBuf, ObjectId)],
    come: &[(PathBuf, ObjectId)],
) -> Result<Vec<(usize, usize)>, Error> {
    let mut scored = Vec::new();
    let by_likeness = gone.len() * come.len() <= LIMIT;
    for (one, (old_path, old)) in gone.iter().enumerate() {
        for (other, (new_path, new)) in come.iter().enumerate() {
            if old != new && !by_likeness {
                continue;
            }
            let before = history.version(old_path, Some(*old))?;
            let after = history.version(new_path, Some(*new))?;
            // Files without a variable are all the same, so they tell nothing.
            let score = if old == new {
                before.names().next().map(|_| usize::MAX)
            } else {
                likeness(&before, &after)
            };
            if let Some(score) = score {
                // Among equals, a file that kept its name or its folder.
                let kept = usize::from(old_path.file_name() == new_path.file_name())
                    + usize::from(old_path.parent() == new_path.parent());
                scored.push((score, kept, one, other));
            }
        }
    }
    scored.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then((a.2, a.3).cmp(&(b.2, b.3))));
    let (mut used_gone, mut used_come) = (HashSet::new(), HashSet::new());
    let mut renames = Vec::new();
    for (.., one, other) in scored {
        if !used_gone.contains(&one) && !used_come.contains(&other) {
            used_gone.insert(one);
            used_come.insert(other);
            renames.push((one, other));
        }
    }
    Ok(renames)
}

/// Returns how alike two versions are, in thousandths, if at least by half: each name they share counts once, and once more
/// if its value is the same text. So a file that was renamed and re-encrypted in one commit still is the same file.
fn likeness(before: &EnvVersion, after: &EnvVersion) -> Option<usize> {
    let own = |version: &EnvVersion| version.names().filter(|name| !is_own_name(name)).count();
    let most = own(before).max(own(after));
    let shared = before.names().filter(|name| !is_own_name(name) && after.has(name));
    let points: usize = shared.map(|name| 1 + usize::from(before.has_same_source(after, name))).sum();
    (most > 0 && points >= most).then(|| points * 1000 / (2 * most))
}
