//! Which file was another one before: git's way, the same bytes first, then the most alike, among the files that came
//! and went in one commit.

use std::path::{Path, PathBuf};

use super::error::HistoryError;
use super::reader::Reader;
use super::state::State;
use crate::config::is_own_name;
use crate::git::{Changed, ObjectId};

/// An env file in two versions of the tree, perhaps under two names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) before: Option<(PathBuf, ObjectId)>,
    pub(super) after: Option<(PathBuf, ObjectId)>,
}

impl Pair {
    /// Where it is; where it was, if it is gone.
    pub(super) fn path(&self) -> &Path {
        let side = self.after.as_ref().or(self.before.as_ref());
        side.map_or(Path::new(""), |(path, _)| path)
    }

    /// Where it was, if it is now at another place.
    pub(super) fn from(&self) -> Option<&Path> {
        let (before, after) = (self.before.as_ref()?, self.after.as_ref()?);
        (before.0 != after.0).then_some(&*before.0)
    }
}

/// So many pairs are looked at; beyond, only the same bytes make a rename (git's `diff.renameLimit`, squared).
const LIMIT: usize = 400 * 400;

/// Pairs up what differs between two trees.
pub(super) fn pairs(reader: &mut Reader<'_>, changed: Vec<Changed>) -> Result<Vec<Pair>, HistoryError> {
    let (mut gone, mut come, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
    for Changed { path, before, after } in changed {
        match (before, after) {
            (Some(before), None) => gone.push((path, before.id)),
            (None, Some(after)) => come.push((path, after.id)),
            (Some(before), Some(after)) => {
                pairs.push(Pair { before: Some((path.clone(), before.id)), after: Some((path, after.id)) });
            }
            (None, None) => {}
        }
    }
    for (one, other) in matches(reader, &gone, &come)? {
        pairs.push(Pair { before: Some(gone[one].clone()), after: Some(come[other].clone()) });
    }
    let renamed = |path: &Path, pairs: &[Pair]| {
        pairs.iter().any(|pair| pair.from() == Some(path) || pair.from().is_some() && pair.path() == path)
    };
    let left: Vec<_> = gone.into_iter().filter(|(path, _)| !renamed(path, &pairs)).collect();
    let new: Vec<_> = come.into_iter().filter(|(path, _)| !renamed(path, &pairs)).collect();
    pairs.extend(left.into_iter().map(|before| Pair { before: Some(before), after: None }));
    pairs.extend(new.into_iter().map(|after| Pair { before: None, after: Some(after) }));
    pairs.sort_by(|one, other| one.path().cmp(other.path()));
    Ok(pairs)
}

/// Which of `gone` became which of `come`: pairs of indices, each at most once.
fn matches(
    reader: &mut Reader<'_>,
    gone: &[(PathBuf, ObjectId)],
    come: &[(PathBuf, ObjectId)],
) -> Result<Vec<(usize, usize)>, HistoryError> {
    let mut scored = Vec::new();
    let alike = gone.len() * come.len() <= LIMIT;
    for (one, (old_path, old)) in gone.iter().enumerate() {
        for (other, (new_path, new)) in come.iter().enumerate() {
            if old != new && !alike {
                continue;
            }
            let before = reader.state(old_path, Some(*old))?;
            let after = reader.state(new_path, Some(*new))?;
            if let Some(score) = if old == new { same(&before) } else { likeness(&before, &after) } {
                // Among equals, a file that kept its name or its folder.
                let kept = usize::from(old_path.file_name() == new_path.file_name())
                    + usize::from(old_path.parent() == new_path.parent());
                scored.push((score, kept, one, other));
            }
        }
    }
    scored.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then((a.2, a.3).cmp(&(b.2, b.3))));
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for (.., one, other) in scored {
        if !taken.iter().any(|(a, b)| *a == one || *b == other) {
            taken.push((one, other));
        }
    }
    Ok(taken)
}

/// Files without a variable are all the same, and so tell nothing.
fn same(state: &State) -> Option<usize> {
    state.names().next().map(|_| usize::MAX)
}

/// How alike two versions are, in thousandths, if at least by half: each name they share counts once, and once more
/// if its value is the same text. So a file that was renamed and sealed anew in one commit still is the same file.
fn likeness(before: &State, after: &State) -> Option<usize> {
    let own = |state: &State| state.names().filter(|name| !is_own_name(name)).count();
    let most = own(before).max(own(after));
    let mut points = 0;
    for name in before.names().filter(|name| !is_own_name(name)) {
        if let (Some(one), Some(other)) = (before.get(name), after.get(name)) {
            points += 1 + usize::from(one.source() == other.source());
        }
    }
    (most > 0 && points >= most).then(|| points * 1000 / (2 * most))
}
