//! Where git takes a repository's hooks from.

use std::fs;
use std::path::{Component, Path, PathBuf};

use git2::{Config, ConfigLevel, ErrorCode};

use super::{GitError, Repo};

const KEY: &str = "core.hooksPath";

/// The folder that git takes the hooks of one repository from. It need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HooksDir {
    /// The folder, absolute.
    pub path: PathBuf,
    /// Whether it belongs to this repository alone: it lies in its git folder or worktree, and no configuration that
    /// holds for other repositories too names it.
    pub own: bool,
}

impl Repo {
    /// Where git takes this worktree's hooks from: `core.hooksPath` (git-config(1)), relative to the worktree's root,
    /// else `hooks` in the git folder that all worktrees share. `global` is `GIT_CONFIG_GLOBAL`, where that is set.
    pub fn hooks_dir(&self, global: Option<&Path>) -> Result<HooksDir, GitError> {
        let fail = |e| GitError::git(self.root(), "read the configuration of", e);
        let mut config = self.inner.config().map_err(fail)?;
        if let Some(global) = global {
            replace_global(&mut config, global).map_err(fail)?;
        }
        let (level, text) = match config.get_entry(KEY) {
            Ok(entry) => (entry.level(), entry.value_bytes().to_vec()),
            Err(e) if e.code() == ErrorCode::NotFound => {
                let path = self.default_hooks_dir();
                return Ok(HooksDir { own: self.holds(&path), path });
            }
            Err(e) => return Err(fail(e)),
        };
        // Git puts `/NAME` behind what is written, so that nothing is the root of all files. The magic prefixes of its
        // paths are not libgit2's to expand.
        if text.is_empty() || text.starts_with(b"%(") || text.starts_with(b":(") {
            return Ok(HooksDir { path: PathBuf::from("/"), own: false });
        }
        let named = config.get_path(KEY).map_err(fail)?;
        let path = self.root().join(&named);
        let shared = named.is_absolute() && !matches!(level, ConfigLevel::Local | ConfigLevel::Worktree);
        Ok(HooksDir { own: !shared && self.holds(&path), path })
    }

    /// The folder that hooks are in where no configuration names another.
    pub fn default_hooks_dir(&self) -> PathBuf {
        self.common_dir().join("hooks")
    }

    /// Whether the folder `dir`, its symlinks followed, lies in this worktree, in the main one, or in the git folder.
    fn holds(&self, dir: &Path) -> bool {
        let Some(real) = real_path(dir) else { return false };
        let common = self.common_dir();
        let main = common.parent().filter(|_| common.file_name().is_some_and(|name| name == ".git"));
        [Some(self.root()), Some(common), main]
            .into_iter()
            .flatten()
            .filter_map(|place| fs::canonicalize(place).ok())
            .any(|place| real.starts_with(place))
    }
}

/// `GIT_CONFIG_GLOBAL` stands in the place of both of a user's own files.
fn replace_global(config: &mut Config, path: &Path) -> Result<(), git2::Error> {
    config.add_file(path, ConfigLevel::Global, true)?;
    config.add_file(Path::new("/dev/null"), ConfigLevel::XDG, true)
}

/// The path with the symlinks of its existing part followed; none where that cannot be told.
fn real_path(path: &Path) -> Option<PathBuf> {
    let (above, real) =
        path.ancestors().find_map(|above| fs::canonicalize(above).ok().map(|real| (above, real)))?;
    let rest = path.strip_prefix(above).ok()?;
    let plain = rest.components().all(|part| matches!(part, Component::Normal(_)));
    // What cannot be followed, such as a symlink that leads nowhere, could lead anywhere.
    let missing = !rest.as_os_str().is_empty() && above.join(rest.components().next()?).is_symlink();
    (plain && !missing).then(|| real.join(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;

    fn own(repo: &Repo) -> (PathBuf, bool) {
        let dir = repo.hooks_dir(Some(Path::new("/dev/null"))).unwrap();
        (fs::canonicalize(&dir.path).unwrap_or(dir.path), dir.own)
    }

    #[test]
    fn without_configuration_all_worktrees_share_one_folder() {
        let g = Fixture::new();
        g.commit("f", "");
        let linked = g.outside("linked");
        g.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
        let hooks = g.root().join(".git/hooks");
        for root in [g.root(), &linked] {
            assert_eq!(own(&Repo::open(root).unwrap()), (hooks.clone(), true));
        }
        let sub = g.with_submodule("sub");
        assert_eq!(own(&Repo::open(&sub).unwrap()), (g.root().join(".git/modules/sub/hooks"), true));
    }

    #[test]
    fn a_relative_path_is_relative_to_each_worktree_and_may_lead_outside() {
        let g = Fixture::new();
        g.commit("f", "");
        let linked = g.outside("linked");
        g.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
        g.git(&["config", "core.hooksPath", "ci/git hooks"]);
        for root in [g.root(), &linked] {
            assert_eq!(own(&Repo::open(root).unwrap()), (root.join("ci/git hooks"), true));
        }
        for (text, inside) in
            [(".", true), ("../hooks", false), ("no/../../x", false), ("a/./b", true), ("", false)]
        {
            g.git(&["config", "core.hooksPath", text]);
            assert_eq!(own(&Repo::open(g.root()).unwrap()).1, inside, "{text:?}");
        }
    }

    #[test]
    fn an_absolute_path_is_own_only_inside_and_when_this_repository_names_it() {
        let g = Fixture::new();
        let inside = g.root().join(".hooks");
        let open = || Repo::open(g.root()).unwrap();
        g.git(&["config", "core.hooksPath", inside.to_str().unwrap()]);
        assert_eq!(own(&open()), (inside.clone(), true));
        for outside in [g.outside("hooks").to_str().unwrap(), "/dev/null", "~/hooks", "%(prefix)/hooks"] {
            g.git(&["config", "core.hooksPath", outside]);
            assert!(!own(&open()).1, "{outside}");
        }
        g.git(&["config", "--unset", "core.hooksPath"]);
        // The same folder, named for all repositories of this user.
        let global = g.outside("gitconfig");
        fs::write(&global, format!("[core]\nhooksPath = {}\n", inside.display())).unwrap();
        assert_eq!(open().hooks_dir(Some(&global)).unwrap(), HooksDir { path: inside, own: false });
        fs::write(&global, "[core]\nhooksPath = .githooks\n").unwrap();
        let relative = HooksDir { path: g.root().join(".githooks"), own: true };
        assert_eq!(open().hooks_dir(Some(&global)).unwrap(), relative);
    }

    #[cfg(unix)]
    #[test]
    fn symlinks_are_followed_before_it_is_judged() {
        use std::os::unix::fs::symlink;
        let g = Fixture::new();
        fs::create_dir(g.outside("shared")).unwrap();
        symlink(g.outside("shared"), g.root().join("link")).unwrap();
        symlink(g.outside("none"), g.root().join("dangling")).unwrap();
        for path in ["link", "link/below", "dangling", "dangling/below"] {
            g.git(&["config", "core.hooksPath", path]);
            assert!(!own(&Repo::open(g.root()).unwrap()).1, "{path}");
        }
        g.git(&["config", "--unset", "core.hooksPath"]);
        fs::remove_dir_all(g.root().join(".git/hooks")).unwrap();
        symlink(g.outside("shared"), g.root().join(".git/hooks")).unwrap();
        assert!(!own(&Repo::open(g.root()).unwrap()).1);
    }
}
