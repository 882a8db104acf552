//! An open repository.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{Repository, RepositoryOpenFlags};

use super::paths::{real_entry, real_folder};
use super::{GitError, find_root};

/// A git repository with a worktree: a plain one, a linked worktree, or a submodule.
pub struct Repo {
    pub(super) inner: Repository,
    root: PathBuf,
    real_root: PathBuf,
}

impl Repo {
    /// The repository that `path`, a folder, lies in; `None` outside git or in a bare repository.
    ///
    /// A repository of another user is [`GitError::Owner`], unless git's `safe.directory` allows it.
    pub fn discover(path: &Path) -> Result<Option<Self>, GitError> {
        let Some(root) = find_root(path) else { return Ok(None) };
        match Self::open(&root) {
            Err(GitError::NotARepository { .. }) => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// The repository whose worktree has its `.git` in the folder `root`; [`GitError::NotARepository`] if there is
    /// none, or it is bare. As for the rest, see [`Repo::discover`].
    pub fn open(root: &Path) -> Result<Self, GitError> {
        let none = || GitError::NotARepository { path: root.to_path_buf() };
        let flags = RepositoryOpenFlags::NO_SEARCH;
        let inner =
            Repository::open_ext(root, flags, std::iter::empty::<&Path>()).map_err(|e| match e.code() {
                git2::ErrorCode::NotFound => none(),
                _ => GitError::git(root, "open", e),
            })?;
        let workdir = inner.workdir().ok_or_else(none)?;
        let real_root = real_folder(workdir)?;
        // The caller's spelling, unless core.worktree points elsewhere.
        let root = match fs::canonicalize(root) {
            Ok(real) if real == real_root => std::path::absolute(root).unwrap_or(real),
            _ => real_root.clone(),
        };
        Ok(Self { inner, root, real_root })
    }

    /// The worktree's root, absolute; spelled as it was found or given where that is the same folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The git folder of this worktree; for a linked worktree `.git/worktrees/NAME` of the main one.
    pub fn git_dir(&self) -> &Path {
        self.inner.path()
    }

    /// The git folder that all worktrees share, with the hooks, `info/exclude` and the configuration.
    pub fn common_dir(&self) -> &Path {
        self.inner.commondir()
    }

    /// `path` relative to the worktree; its folder is resolved, its last name is not.
    pub(super) fn relative(&self, path: &Path) -> Result<PathBuf, GitError> {
        self.below_root(&real_entry(path)?, path)
    }

    /// The folder `dir` relative to the worktree, fully resolved; empty for the root.
    pub(super) fn relative_folder(&self, dir: &Path) -> Result<PathBuf, GitError> {
        let absolute = std::path::absolute(dir).map_err(|e| crate::fsio::FsError::io(dir, "resolve", e))?;
        self.below_root(&real_folder(&absolute)?, dir)
    }

    fn below_root(&self, real: &Path, path: &Path) -> Result<PathBuf, GitError> {
        real.strip_prefix(&self.real_root)
            .map(Path::to_path_buf)
            .map_err(|_| GitError::OutsideWorktree { path: path.to_path_buf(), root: self.root.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;

    #[test]
    fn discovers_from_below_and_with_an_unborn_head() {
        let g = Fixture::new();
        let deep = g.root().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        let repo = Repo::discover(&deep).unwrap().unwrap();
        assert_eq!(repo.root(), g.root());
        assert_eq!(repo.relative(&deep.join(".env")).unwrap(), Path::new("a/b/.env"));
        assert_eq!(repo.relative_folder(g.root()).unwrap(), Path::new(""));
        assert!(matches!(repo.relative(&g.outside("x")), Err(GitError::OutsideWorktree { .. })));
        assert!(Repo::discover(&g.outside("")).unwrap().is_none());
        assert!(matches!(Repo::open(&deep), Err(GitError::NotARepository { .. })));
    }

    #[test]
    fn bare_repositories_have_no_worktree() {
        let g = Fixture::new();
        let bare = g.outside("bare.git");
        g.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
        assert!(Repo::discover(&bare).unwrap().is_none());
        assert!(matches!(Repo::open(&bare), Err(GitError::NotARepository { .. })));
        g.git(&["config", "core.bare", "true"]);
        assert!(Repo::discover(g.root()).unwrap().is_none());
    }

    #[test]
    fn linked_worktrees_and_submodules_have_folders_of_their_own() {
        let g = Fixture::new();
        g.commit("f", "");
        let linked = g.outside("linked");
        g.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
        let repo = Repo::discover(&linked).unwrap().unwrap();
        assert_eq!(repo.root(), linked);
        let real = |path: &Path| fs::canonicalize(path).unwrap();
        assert_eq!(real(repo.common_dir()), real(&g.root().join(".git")));
        assert_eq!(real(repo.git_dir()), real(&g.root().join(".git/worktrees/linked")));

        let sub = g.with_submodule("sub");
        let repo = Repo::discover(&sub).unwrap().unwrap();
        assert_eq!(repo.root(), sub);
        assert_eq!(real(repo.git_dir()), real(&g.root().join(".git/modules/sub")));
    }

    #[test]
    fn core_worktree_is_the_root() {
        let g = Fixture::new();
        let elsewhere = g.outside("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        g.git(&["config", "core.worktree", elsewhere.to_str().unwrap()]);
        let repo = Repo::open(g.root()).unwrap();
        assert_eq!(repo.root(), fs::canonicalize(&elsewhere).unwrap());
        assert_eq!(repo.relative(&elsewhere.join(".env")).unwrap(), Path::new(".env"));
    }

    #[cfg(unix)]
    #[test]
    fn a_repository_of_another_user_is_refused() {
        let g = Fixture::new();
        if std::os::unix::fs::chown(g.root(), Some(12345), None).is_err() {
            println!("skipped: giving a folder away needs root");
            return;
        }
        assert!(matches!(Repo::discover(g.root()), Err(GitError::Owner { path }) if path == g.root()));
    }
}
