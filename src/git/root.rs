//! Finding a worktree without starting git, which `run` should not have to wait for.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::config;

/// The root of the worktree that `start`, a folder, lies in: the nearest folder upward that holds a `.git`, be it a
/// git folder or the file that a linked worktree or a submodule has. `None` outside git, and in a bare repository.
///
/// The result is spelled as `start` is, made absolute, so that it is one of its ancestors; only where a symlink or
/// `..` lies between the two is it the real path.
///
/// Where git's environment names a worktree (`GIT_DIR`, `GIT_WORK_TREE`), it is that for every folder in it.
pub(crate) fn find_root(start: &Path) -> Option<PathBuf> {
    let spelled = std::path::absolute(start).ok()?;
    // A folder that is still to be made is in git if the one above it is.
    let real = || spelled.ancestors().find_map(|dir| fs::canonicalize(dir).ok());
    if let Some((root, _)) = named_worktree() {
        if spelled.starts_with(&root) {
            return Some(root);
        }
        let real = real()?;
        if let Some(root) = fs::canonicalize(&root).ok().filter(|root| real.starts_with(root)) {
            return Some(root);
        }
    }
    if !spelled.components().any(|part| part == Component::ParentDir)
        && let Some(root) = walk_up(&spelled)
        && !crosses_symlink(root, &spelled)
    {
        return Some(root.to_path_buf());
    }
    walk_up(&real()?).map(Path::to_path_buf)
}

/// The worktree that git's environment names, and its git folder: without `GIT_WORK_TREE` the current folder, but where
/// that is the git folder itself, as when git receives a push (git(1)).
pub(super) fn named_worktree() -> Option<(PathBuf, PathBuf)> {
    let location = config::git_location();
    let (named, git_dir) = (location.work_tree().map(Path::to_path_buf), location.git_dir?);
    let here = || std::path::absolute(".").ok().filter(|here| *here != git_dir);
    Some((named.or_else(here)?, git_dir))
}

fn walk_up(from: &Path) -> Option<&Path> {
    let ceilings = config::git_ceilings();
    let is_below = |dir: &&Path| *dir == from || !ceilings.iter().any(|ceiling| ceiling == dir);
    from.ancestors().take_while(is_below).find(|dir| is_root(dir))
}

/// Whether `dir` holds a `.git` that makes it the root of a worktree.
pub(super) fn is_root(dir: &Path) -> bool {
    let dot_git = dir.join(".git");
    match fs::metadata(&dot_git) {
        // Git passes over an empty `.git` folder as well. HEAD may be a symlink to a branch that is not born yet. What
        // lacks one of these only is a repository that was damaged.
        Ok(meta) if meta.is_dir() => {
            let there = |name: &&str| fs::symlink_metadata(dot_git.join(name)).is_ok();
            ["HEAD", "objects", "refs"].iter().filter(|name| there(name)).count() > 1
        }
        Ok(meta) => meta.is_file(),
        Err(_) => false,
    }
}

fn crosses_symlink(root: &Path, below: &Path) -> bool {
    below.ancestors().take_while(|dir| *dir != root).any(Path::is_symlink)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;

    #[test]
    fn walks_up_to_a_git_folder_or_file() {
        let g = Fixture::new();
        let deep = g.root().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        assert_eq!(find_root(&deep).as_deref(), Some(g.root()));
        assert_eq!(find_root(g.root()).as_deref(), Some(g.root()));
        assert_eq!(find_root(&deep.join("not/yet")).as_deref(), Some(g.root()));
        assert_eq!(find_root(&deep.join("../..")).as_deref(), Some(g.root()));
        g.commit(".env", "A=1\n");
        let linked = g.outside("linked");
        g.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
        assert_eq!(find_root(&linked), Some(linked));
        assert_eq!(find_root(&g.outside("")), None);
    }

    #[test]
    fn a_bare_repository_and_an_empty_git_folder_are_none() {
        let g = Fixture::new();
        let bare = g.outside("bare.git");
        g.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
        assert_eq!(find_root(&bare.join("refs")), None);
        fs::create_dir_all(g.root().join("sub/.git")).unwrap();
        assert_eq!(find_root(&g.root().join("sub")).as_deref(), Some(g.root()));
    }

    #[cfg(unix)]
    #[test]
    fn a_symlink_leads_to_the_repository_it_points_into() {
        use std::os::unix::fs::symlink;
        let (g, other) = (Fixture::new(), Fixture::new());
        fs::create_dir(other.root().join("sub")).unwrap();
        symlink(other.root().join("sub"), g.root().join("link")).unwrap();
        assert_eq!(find_root(&g.root().join("link")), Some(fs::canonicalize(other.root()).unwrap()));
        // A symlink above the root keeps its spelling.
        let alias = g.outside("alias");
        symlink(g.root(), &alias).unwrap();
        fs::create_dir(g.root().join("real")).unwrap();
        assert_eq!(find_root(&alias.join("real")), Some(alias));
    }
}
