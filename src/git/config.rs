//! The repository's configuration and attributes, and the folder of its hooks.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Output;

use super::command::{complaint, git, not_started, output, split};
use super::paths::{from_git, real_folder};
use super::{GitError, Repo};
use crate::config;

const READ_CONFIG: &str = "read the configuration of";
/// Lists the variables whose names match the pattern that follows, each with its scope.
const GET: &[&str] = &["config", "--null", "--show-scope", "--get-regexp"];

/// The folder from which git runs the hooks of a repository. It need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HooksDir {
    /// Absolute.
    pub path: PathBuf,
    /// True if only this repository uses it: it is in the git folder or a worktree, and no wider configuration names it.
    pub own: bool,
    /// True if only this clone uses it: it is in the git folder, and no configuration from outside names it.
    pub private: bool,
}

/// A value of git's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// From `--show-scope` (git-config(1)): `system`, `global`, `local`, `worktree` or `command`.
    pub scope: String,
    /// The variable as git prints it: lower case, except between the first and the last dot.
    pub name: String,
    /// Bytes that are not UTF-8 are replaced.
    pub value: String,
}

/// Returns the value of a variable, in lower case, as the user has configured it: on this machine, for this account or
/// for this call (git-config(1), `--show-scope`). Ignores the repository's own, which could name any program.
pub(crate) fn users_setting(name: &str) -> Result<Option<String>, GitError> {
    let here = Path::new(".");
    let mut call = git(here, &config::git_location());
    let done = match call.args(GET).arg(name).output() {
        // Without git, nothing is configured.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        done => done.map_err(|error| not_started(&error))?,
    };
    let settings = parse_settings(here, &done)?;
    let is_users = |setting: &Setting| matches!(&*setting.scope, "system" | "global" | "command");
    Ok(settings.into_iter().rfind(|setting| setting.name == name && is_users(setting)).map(|one| one.value))
}

/// Returns true if git runs something for the filter of this name before it stores a file.
pub(crate) fn runs_filter(settings: &[Setting], filter: &str) -> bool {
    ["clean", "process"].iter().any(|command| {
        let name = format!("filter.{filter}.{command}");
        let last = settings.iter().rfind(|setting| setting.name == name);
        // dotenvx sets `cat` to turn its own filter off.
        last.is_some_and(|setting| !matches!(&*setting.value, "" | "cat"))
    })
}

/// Parses the output of [`GET`] in the folder `dir`.
fn parse_settings(dir: &Path, done: &Output) -> Result<Vec<Setting>, GitError> {
    // 1: no match.
    if !matches!(done.status.code(), Some(0 | 1)) {
        return Err(GitError::failed(dir, READ_CONFIG, &complaint(&done.stderr)));
    }
    let text = String::from_utf8_lossy(&done.stdout);
    let fields: Vec<_> = text.split_terminator('\0').collect();
    let setting = |pair: &[&str]| {
        let (name, value) = pair[1].split_once('\n').unwrap_or((pair[1], ""));
        Setting { scope: pair[0].to_owned(), name: name.to_owned(), value: value.to_owned() }
    };
    Ok(fields.chunks_exact(2).map(setting).collect())
}

impl Repo {
    /// Returns the values of the variables whose names match `pattern` (git-config(1), `--get-regexp`), in the order in
    /// which git reads them: the last of one name counts.
    pub(crate) fn settings_like(&self, pattern: &str) -> Result<Vec<Setting>, GitError> {
        let mut call = self.call(GET);
        call.arg(pattern);
        parse_settings(self.root(), &output(call, &[])?)
    }

    /// Returns a setting's value: if there are several, the last one.
    pub(crate) fn setting(&self, name: &str) -> Option<String> {
        self.settings(name).ok()?.pop()
    }

    /// Returns every value of a setting that may be given several times (git-config(1)).
    pub(crate) fn settings(&self, name: &str) -> Result<Vec<String>, GitError> {
        let done = output(self.call(&["config", "--null", "--get-all", name]), &[])?;
        // 1: not set.
        if !matches!(done.status.code(), Some(0 | 1)) {
            return Err(self.failed(READ_CONFIG, &done));
        }
        let text = String::from_utf8_lossy(&done.stdout);
        Ok(text.split_terminator('\0').map(str::to_owned).collect())
    }

    /// Sets a variable of the local configuration, or removes it if there is no value.
    pub(crate) fn set_local(&self, name: &str, value: Option<&str>) -> Result<(), GitError> {
        let arguments = value.map_or(["--unset", name], |value| [name, value]);
        let mut call = self.call(&["config", "--local"]);
        call.args(arguments);
        let done = output(call, &[])?;
        match done.status.code() {
            Some(0) => Ok(()),
            // 5: not set.
            Some(5) if value.is_none() => Ok(()),
            _ if complaint(&done.stderr).starts_with("could not lock config file") => {
                Err(GitError::config_locked(&self.common_dir().join("config.lock")))
            }
            _ => Err(self.failed("change the configuration of", &done)),
        }
    }

    /// Returns the values of these attributes for each of these paths below the root (git-check-attr(1)), path by path.
    pub(crate) fn attributes(&self, names: &[&str], paths: &[&str]) -> Result<Vec<String>, GitError> {
        let mut call = self.call(&["check-attr", "-z"]);
        call.args(names).arg("--").args(paths);
        let said = self.ask("read the attributes of", call, &[])?;
        let fields: Vec<_> = split(&said, 0).map(String::from_utf8_lossy).collect();
        Ok(fields.chunks_exact(3).map(|triple| triple[2].to_string()).collect())
    }

    /// Returns those of these files, relative to the root, that git stores through a filter (gitattributes(5)).
    pub(crate) fn filtered<'p>(
        &self,
        paths: impl Iterator<Item = &'p PathBuf>,
    ) -> Result<HashSet<PathBuf>, GitError> {
        let paths: Vec<_> = paths.filter_map(|path| path.to_str()).collect();
        if paths.is_empty() {
            return Ok(HashSet::new());
        }
        let filters = self.attributes(&["filter"], &paths)?;
        let settings = self.settings_like(r"^filter\..*\.(clean|process)$")?;
        let found = paths.iter().zip(filters).filter(|(_, filter)| runs_filter(&settings, filter));
        Ok(found.map(|(path, _)| path.into()).collect())
    }

    /// Returns the folder of this worktree's hooks, given all settings of that name (git-config(1), `core.hooksPath`).
    pub(crate) fn hooks_dir_by(&self, settings: &[Setting]) -> Result<HooksDir, GitError> {
        let named = settings.iter().rfind(|setting| setting.name == "core.hookspath");
        let Some(Setting { scope, value, .. }) = named else {
            let path = self.default_hooks_dir();
            let (own, private) = self.holds(&path);
            return Ok(HooksDir { path, own, private });
        };
        if value.is_empty() {
            // Git appends `/NAME` to the value, so an empty one means the root directory.
            return Ok(HooksDir { path: PathBuf::from("/"), own: false, private: false });
        }
        let is_absolute = Path::new(value).is_absolute() || value.starts_with('~');
        let named_here = matches!(&**scope, "local" | "worktree");
        let said = self.ask(READ_CONFIG, self.call(&["rev-parse", "--git-path", "hooks"]), &[])?;
        let path = from_git(said.strip_suffix(b"\n").unwrap_or(&said)).map(|path| self.root().join(path));
        let path = path.unwrap_or_else(|| self.default_hooks_dir());
        let (own, private) = self.holds(&path);
        Ok(HooksDir { own: own && (named_here || !is_absolute), private: private && named_here, path })
    }

    /// Returns the folder of hooks that is used without configuration.
    pub(crate) fn default_hooks_dir(&self) -> PathBuf {
        let common = self.common_dir();
        let below = fs::canonicalize(self.root())
            .ok()
            .and_then(|root| Some(self.root().join(common.strip_prefix(root).ok()?)));
        below.unwrap_or_else(|| common.to_owned()).join("hooks")
    }

    /// Returns whether `dir`, with symlinks resolved, is in this worktree, the main one or the git folder; and whether
    /// it is in the git folder. A dangling symlink counts as outside, because it could lead anywhere.
    fn holds(&self, dir: &Path) -> (bool, bool) {
        let dangles = dir.ancestors().any(|part| part.is_symlink() && !part.exists());
        let Some(real) = real_folder(dir).ok().filter(|_| !dangles) else { return (false, false) };
        let common = self.common_dir();
        let main = common.parent().filter(|_| common.file_name().is_some_and(|name| name == ".git"));
        let is_in = |place: &Path| fs::canonicalize(place).is_ok_and(|place| real.starts_with(place));
        let private = is_in(common);
        (private || is_in(self.root()) || main.is_some_and(is_in), private)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::git::testing::Fixture;

    #[test]
    fn a_folder_is_own_only_inside() {
        let g = Fixture::new();
        let has_own_hooks = || {
            let repo = g.repo();
            repo.hooks_dir_by(&repo.settings_like(r"^core\.hookspath$").unwrap()).unwrap().own
        };
        fs::create_dir(g.outside("shared")).unwrap();
        symlink(g.outside("shared"), g.root().join("link")).unwrap();
        symlink(g.outside("none"), g.root().join("dangling")).unwrap();
        let inside = g.root().join(".hooks");
        let outside = g.outside("hooks");
        let [inside, outside] = [&inside, &outside].map(|path| path.to_str().unwrap());
        let shared =
            "../hooks no/../../x /dev/null ~/hooks %(prefix)/hooks link link/below dangling dangling/below";
        let own = [".", "a/./b", inside].map(|path| (path, true));
        let shared = ["", outside].into_iter().chain(shared.split(' ')).map(|path| (path, false));
        for (path, is_own) in own.into_iter().chain(shared) {
            g.git(&["config", "core.hooksPath", path]);
            assert_eq!(has_own_hooks(), is_own, "{path:?}");
        }
        g.git(&["config", "--unset", "core.hooksPath"]);
        fs::remove_dir_all(g.root().join(".git/hooks")).unwrap();
        symlink(g.outside("shared"), g.root().join(".git/hooks")).unwrap();
        assert!(!has_own_hooks());
    }
}
