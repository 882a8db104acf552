//! Walking commits.

use git2::Sort;

use super::GitError;
use super::objects::{ObjectId, Objects};

/// The two ends of `A..B` or `A...B`, as written, either may be empty; and whether it starts where they have parted.
/// None where there are no dots.
pub fn range_ends(range: &str) -> Option<(&str, &str, bool)> {
    let parted = range.split_once("...").map(|(start, end)| (start, end, true));
    parted.or_else(|| range.split_once("..").map(|(start, end)| (start, end, false)))
}

impl Objects {
    /// The commit at one end of a range: HEAD where it is left out (gitrevisions(7)).
    pub fn range_end(&self, revision: &str) -> Result<ObjectId, GitError> {
        self.commit(if revision.is_empty() { "HEAD" } else { revision })
    }

    /// The commits reachable from `tips` and from none of `not`, parents before their children, whatever their dates say.
    pub fn commits(&self, tips: &[ObjectId], not: &[ObjectId]) -> Result<Vec<ObjectId>, GitError> {
        let walk = || {
            let mut walk = self.inner.revwalk()?;
            walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME | Sort::REVERSE)?;
            for tip in tips {
                walk.push(tip.0)?;
            }
            for tip in not {
                walk.hide(tip.0)?;
            }
            walk.map(|id| id.map(ObjectId)).collect::<Result<Vec<_>, _>>()
        };
        walk().map_err(|e| self.error("walk the history of", e))
    }

    /// The commits that refs stand on (branches, tags, remote branches, notes left out), and HEAD's.
    pub fn tips(&self) -> Result<Vec<ObjectId>, GitError> {
        self.tips_of(&|name| !name.starts_with(b"refs/notes/"))
    }

    /// Whether this repository has the commit.
    pub fn has_commit(&self, hex: &str) -> Option<ObjectId> {
        let id = git2::Oid::from_str(hex).ok()?;
        self.inner.find_commit(id).ok().map(|commit| ObjectId(commit.id()))
    }

    /// The best common ancestor of two commits.
    pub fn merge_base(&self, one: ObjectId, other: ObjectId) -> Option<ObjectId> {
        self.inner.merge_base(one.0, other.0).ok().map(ObjectId)
    }

    /// Returns the commits that those refs stand on whose full names `want` takes (`HEAD` is asked for too), each once.
    pub fn tips_of(&self, want: &dyn Fn(&[u8]) -> bool) -> Result<Vec<ObjectId>, GitError> {
        let list = || {
            let mut tips = Vec::new();
            for reference in self.inner.references()? {
                let reference = reference?;
                // A ref to something that is no commit has no files.
                if want(reference.name_bytes())
                    && let Ok(commit) = reference.peel_to_commit()
                {
                    tips.push(ObjectId(commit.id()));
                }
            }
            Ok(tips)
        };
        let mut tips = list().map_err(|e| self.error("list the refs of", e))?;
        if want(b"HEAD") {
            tips.extend(self.head()?);
        }
        tips.sort();
        tips.dedup();
        Ok(tips)
    }
}
