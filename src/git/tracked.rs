//! Whether git tracks a file, asked of libgit2.

use std::path::{Path, PathBuf};

use git2::Index;

use super::paths::to_git;
use super::{GitError, Repo, paths::from_git};

impl Repo {
    /// Whether the index holds exactly this path, in any stage of a merge; whether the file exists does not matter.
    ///
    /// Symlinked folders on the way are resolved; of a symlink, it is the link that is looked for. Where git ignores
    /// letter case (`core.ignorecase`), so does this. A path outside the worktree is [`GitError::OutsideWorktree`].
    pub fn is_tracked(&self, path: &Path) -> Result<bool, GitError> {
        let relative = self.relative(path)?;
        // Checks what `get_path` below would panic on.
        to_git(&relative)?;
        if relative.as_os_str().is_empty() {
            return Ok(false);
        }
        let index = self.index()?;
        Ok((0..=3).any(|stage| index.get_path(&relative, stage).is_some()))
    }

    /// The index as it is on disk now.
    pub(super) fn index(&self) -> Result<Index, GitError> {
        let read = || {
            let mut index = self.inner.index()?;
            // libgit2 hands out one it read before.
            index.read(false)?;
            Ok(index)
        };
        read().map_err(|e: git2::Error| GitError::UnreadableIndex {
            path: self.git_dir().join("index"),
            reason: e.message().to_owned(),
        })
    }

    /// All tracked paths that `want` holds for, relative to the root.
    pub(super) fn tracked_paths(&self, want: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>, GitError> {
        let index = self.index()?;
        let mut paths: Vec<PathBuf> = Vec::new();
        for entry in index.iter() {
            if let Some(path) = from_git(&entry.path)
                && want(path)
                && paths.last().is_none_or(|last| last != path)
            {
                paths.push(path.to_path_buf());
            }
        }
        Ok(paths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;
    use std::fs;

    #[test]
    fn only_the_exact_path_counts() {
        let g = Fixture::new();
        g.add("sub/.env.keys", "");
        g.git(&["config", "core.ignorecase", "false"]);
        let repo = Repo::open(g.root()).unwrap();
        assert!(repo.is_tracked(&g.root().join("sub/.env.keys")).unwrap());
        for other in
            [".env.keys", "sub", "sub/.env", "other/.env.keys", "sub/.env.keys/x", "Sub/.env.keys", ""]
        {
            assert!(!repo.is_tracked(&g.root().join(other)).unwrap(), "{other}");
        }
        assert!(matches!(repo.is_tracked(&g.outside(".env")), Err(GitError::OutsideWorktree { .. })));
        assert!(matches!(repo.is_tracked(&g.root().join("a\0b")), Err(GitError::UnnameablePath { .. })));
    }

    #[test]
    fn sees_changes_to_the_index_and_needs_no_file() {
        let g = Fixture::new();
        let repo = Repo::open(g.root()).unwrap();
        let keys = g.write(".env.keys", "");
        assert!(!repo.is_tracked(&keys).unwrap());
        g.git(&["add", "-N", ".env.keys"]);
        assert!(repo.is_tracked(&keys).unwrap());
        fs::remove_file(&keys).unwrap();
        assert!(repo.is_tracked(&keys).unwrap());
        g.git(&["rm", "-q", "--cached", "-f", ".env.keys"]);
        assert!(!repo.is_tracked(&keys).unwrap());
    }

    #[test]
    fn a_conflict_counts() {
        let g = Fixture::new();
        g.commit("f", "");
        g.git(&["checkout", "-q", "-b", "side"]);
        g.commit(".env", "A=1\n");
        g.git(&["checkout", "-q", "main"]);
        let env = g.commit(".env", "A=2\n");
        assert!(!Fixture::try_git(g.root(), &["merge", "-q", "side"]).status.success());
        let repo = Repo::open(g.root()).unwrap();
        assert!(repo.index().unwrap().get_path(Path::new(".env"), 0).is_none());
        assert!(repo.is_tracked(&env).unwrap());
        assert_eq!(repo.tracked_paths(|p| p.ends_with(".env")).unwrap(), [Path::new(".env")]);
    }

    #[test]
    fn letter_case_is_ignored_where_git_ignores_it() {
        let g = Fixture::new();
        g.add("Sub/.Env.Keys", "");
        g.git(&["config", "core.ignorecase", "true"]);
        let repo = Repo::open(g.root()).unwrap();
        assert!(repo.is_tracked(&g.root().join("sub/.env.keys")).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn folders_are_resolved_and_links_are_not() {
        use std::os::unix::fs::symlink;
        let g = Fixture::new();
        g.add("sub/.env", "");
        symlink("sub", g.root().join("alias")).unwrap();
        symlink("sub/.env", g.root().join("link")).unwrap();
        let repo = Repo::open(g.root()).unwrap();
        assert!(repo.is_tracked(&g.root().join("alias/.env")).unwrap());
        assert!(!repo.is_tracked(&g.root().join("link")).unwrap());
        symlink("..", g.root().join("out")).unwrap();
        assert!(matches!(repo.is_tracked(&g.root().join("out/x")), Err(GitError::OutsideWorktree { .. })));
    }

    #[test]
    fn a_split_index_is_an_error_with_a_reason() {
        let g = Fixture::new();
        g.commit(".env", "");
        g.git(&["update-index", "--split-index"]);
        let failed = Repo::open(g.root()).unwrap().is_tracked(&g.root().join(".env"));
        assert!(
            matches!(&failed, Err(GitError::UnreadableIndex { reason, .. }) if reason.contains("link")),
            "{failed:?}"
        );
    }
}
