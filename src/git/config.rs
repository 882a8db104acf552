//! The repository's configuration, asked of git and changed by it, and the folder that it calls hooks from.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::command::{complaint, output};
use super::paths::from_git;
use super::{GitError, Repo};

const HOOKS_PATH: &str = "core.hookspath";

/// The folder that git takes the hooks of one repository from. It need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HooksDir {
    /// The folder, absolute.
    pub path: PathBuf,
    /// Whether it belongs to this repository alone: it lies in its git folder or worktree, and no configuration that
    /// holds for other repositories too names it.
    pub own: bool,
}

/// One value of git's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Where it is set (git-config(1), `--show-scope`): `system`, `global`, `local`, `worktree` or `command`.
    pub scope: String,
    /// The variable, as git spells it: lower case, but for what stands between the dots.
    pub name: String,
    /// The value; what is not UTF-8 in it shows as replacement characters.
    pub value: String,
}

impl Repo {
    /// The values of the variables whose names match `pattern` (git-config(1), `--get-regexp`), in the order in which git
    /// reads them: of one name the last counts.
    pub fn settings_like(&self, pattern: &str) -> Result<Vec<Setting>, GitError> {
        let mut call = self.call();
        call.args(["config", "--null", "--show-scope", "--get-regexp", pattern]);
        let done = output(call, &[])?;
        // 1: there are none.
        if !matches!(done.status.code(), Some(0 | 1)) {
            return Err(self.failed("read the configuration of", &done));
        }
        let text = String::from_utf8_lossy(&done.stdout);
        let fields: Vec<_> = text.split_terminator('\0').collect();
        let setting = |scope: &str, entry: &str| {
            let (name, value) = entry.split_once('\n').unwrap_or((entry, ""));
            Setting { scope: scope.to_owned(), name: name.to_owned(), value: value.to_owned() }
        };
        Ok(fields.chunks_exact(2).map(|pair| setting(pair[0], pair[1])).collect())
    }

    /// The values that these attributes have for each of these paths below the root (git-check-attr(1)): path by path.
    pub fn attributes(&self, names: &[&str], paths: &[&str]) -> Result<Vec<String>, GitError> {
        let mut call = self.call();
        call.args(["check-attr", "-z"]).args(names).arg("--").args(paths);
        let said = self.ask("read the attributes of", call, &[])?;
        let text = String::from_utf8_lossy(&said);
        let fields: Vec<_> = text.split_terminator('\0').collect();
        Ok(fields.chunks_exact(3).map(|triple| triple[2].to_owned()).collect())
    }

    /// Where git takes this worktree's hooks from (git-config(1), `core.hooksPath`), whichever configuration says so.
    pub fn hooks_dir(&self) -> Result<HooksDir, GitError> {
        self.hooks_dir_by(&self.settings_like(r"^core\.hookspath$")?)
    }

    /// As [`Self::hooks_dir`], where these are the settings that there are.
    pub fn hooks_dir_by(&self, settings: &[Setting]) -> Result<HooksDir, GitError> {
        let named = settings.iter().rfind(|setting| setting.name == HOOKS_PATH);
        let Some(Setting { scope, value, .. }) = named else {
            let path = self.default_hooks_dir();
            return Ok(HooksDir { own: self.holds(&path), path });
        };
        if value.is_empty() {
            // Git puts `/NAME` behind what is written, so that nothing is the root of all files.
            return Ok(HooksDir { path: PathBuf::from("/"), own: false });
        }
        let is_absolute = Path::new(value).is_absolute() || value.starts_with('~');
        let own = !is_absolute || matches!(&**scope, "local" | "worktree");
        let mut call = self.call();
        call.args(["rev-parse", "--git-path", "hooks"]);
        let said = self.ask("read the configuration of", call, &[])?;
        let path = from_git(said.strip_suffix(b"\n").unwrap_or(&said)).map(|path| self.root().join(path));
        let path = path.unwrap_or_else(|| self.default_hooks_dir());
        Ok(HooksDir { own: own && self.holds(&path), path })
    }

    /// The folder that hooks are in where no configuration names another.
    pub fn default_hooks_dir(&self) -> PathBuf {
        let common = self.common_dir();
        let below = fs::canonicalize(self.root())
            .ok()
            .and_then(|root| Some(self.root().join(common.strip_prefix(root).ok()?)));
        below.unwrap_or_else(|| common.to_owned()).join("hooks")
    }

    /// Sets a variable of the local configuration, or removes it where there is no value.
    pub fn set_local(&self, name: &str, value: Option<&str>) -> Result<(), GitError> {
        let mut call = self.call();
        call.args(["config", "--local"]);
        match value {
            Some(value) => call.args([name, value]),
            None => call.args(["--unset", name]),
        };
        let done = output(call, &[])?;
        // 5: there is none to be removed.
        match done.status.code() {
            Some(0) => Ok(()),
            Some(5) if value.is_none() => Ok(()),
            _ if complaint(&done.stderr).starts_with("could not lock config file") => {
                Err(GitError::ConfigLocked { path: self.common_dir().join("config.lock") })
            }
            _ => Err(self.failed("change the configuration of", &done)),
        }
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
        let dir = repo.hooks_dir().unwrap();
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
