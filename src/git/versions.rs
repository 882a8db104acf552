//! The versions of one file.

use std::collections::HashMap;
use std::path::Path;

use super::find::Finder;
use super::log::Walk;
use super::{GitError, ObjectId, Objects};

/// A version that a file had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its bytes.
    pub blob: ObjectId,
    /// The oldest commit that has them, by the committers' clocks.
    pub commit: ObjectId,
}

/// What a file was, and whether that is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// Each once, the newest first.
    pub versions: Vec<Version>,
    /// Whether history goes on behind the end of a shallow clone.
    pub cut: bool,
}

impl Objects {
    /// Every version of the regular file at `path`, relative to the root, in the commits that HEAD comes after.
    pub fn versions(&self, path: &Path) -> Result<Versions, GitError> {
        let mut found = Versions::default();
        let Some(head) = self.head()? else { return Ok(found) };
        let (mut walk, mut finder) = (Walk::new(self)?, Finder::new(self)?);
        let mut places: HashMap<ObjectId, usize> = HashMap::new();
        walk.push(head)?;
        while let Some(step) = walk.pop() {
            if let Some(blob) = walk.file(&mut finder, step.id, path)? {
                let at = *places.entry(blob).or_insert(found.versions.len());
                match found.versions.get_mut(at) {
                    Some(version) => version.commit = step.id,
                    None => found.versions.push(Version { blob, commit: step.id }),
                }
            }
            found.cut |= step.cut;
            walk.push_new(&step.parents)?;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::HookVars;
    use crate::git::testing::Fixture;

    #[test]
    fn each_version_once_with_the_commit_that_brought_it() {
        let g = Fixture::new();
        let open = || Objects::open(g.root(), HookVars::default()).unwrap();
        assert_eq!(open().versions(Path::new("sub/f")).unwrap(), Versions::default());
        std::fs::create_dir(g.root().join("sub")).unwrap();
        for (text, file) in [("1", "sub/f"), ("x", "other"), ("2", "sub/f"), ("y", "other"), ("1", "sub/f")] {
            g.commit(file, text);
        }
        let objects = open();
        let found = objects.versions(Path::new("sub/f")).unwrap();
        let texts: Vec<_> = found.versions.iter().map(|v| objects.blob(v.blob).unwrap()).collect();
        assert_eq!(texts, [b"1", b"2"]);
        let first = objects.commit("HEAD~4").unwrap();
        assert_eq!(
            found.versions.iter().map(|v| v.commit).collect::<Vec<_>>(),
            [first, objects.commit("HEAD~2").unwrap()]
        );
        assert!(!found.cut);
    }
}
