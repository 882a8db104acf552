//! What git ignores, and adding to that for this clone alone.

use std::fs;
use std::path::{Path, PathBuf};

use super::paths::to_git;
use super::{GitError, Repo};
use crate::fsio::{self, FsError, NewMode, append_line};

impl Repo {
    /// Whether git's ignore rules hold for `path`: `.gitignore` files, `info/exclude` and `core.excludesFile`. That a
    /// file is tracked all the same is not considered. A path that does not exist is judged as a file.
    pub fn is_ignored(&self, path: &Path) -> Result<bool, GitError> {
        let relative = self.relative(path)?;
        let is_dir = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir());
        // From the top: nothing below an ignored folder can be taken back in, which libgit2 would allow.
        let mut folders: Vec<_> = relative.ancestors().skip(1).collect();
        folders.pop();
        for folder in folders.into_iter().rev() {
            if self.rules_ignore(folder, true)? {
                return Ok(true);
            }
        }
        self.rules_ignore(&relative, is_dir)
    }

    /// Adds the ignore rule `pattern` to `info/exclude`, which holds for all worktrees of this clone and is not
    /// committed, unless it stands there. Returns whether it was added.
    pub fn ensure_excluded(&self, pattern: &str) -> Result<bool, GitError> {
        let info = self.common_dir().join("info");
        fs::create_dir_all(&info).map_err(|e| FsError::io(&info, "make", e))?;
        Ok(append_line(&info.join("exclude"), pattern, NewMode::Default)?)
    }

    /// Whether a rule ignores this path, relative to the root, or a folder above it.
    pub(super) fn rules_ignore(&self, relative: &Path, is_dir: bool) -> Result<bool, GitError> {
        if relative.as_os_str().is_empty() {
            return Ok(false);
        }
        let mut spelled = relative.to_path_buf();
        to_git(relative)?;
        if is_dir {
            // With a slash at its end libgit2 knows it for a folder without looking.
            spelled = PathBuf::from(format_dir(spelled));
        }
        let ignored = self
            .inner
            .is_path_ignored(&spelled)
            .map_err(|e| GitError::git(self.root(), "read the ignore rules of", e))?;
        Ok(ignored && !self.is_taken_back_in(relative, is_dir)?)
    }

    /// Whether the last rule of the nearest `.gitignore` that speaks of the path is a `!` one.
    ///
    /// libgit2 throws a `!` rule away when no rule before it in the same file covers its pattern, so that it never
    /// takes back in what a file further up has ignored; git does.
    fn is_taken_back_in(&self, relative: &Path, is_dir: bool) -> Result<bool, GitError> {
        for folder in relative.ancestors().skip(1) {
            let text = match fsio::read(&self.root().join(folder).join(".gitignore")) {
                Ok(text) => text,
                Err(FsError::NotFound { .. } | FsError::NotRegular { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            if !text.contains(&b'!') {
                continue;
            }
            let below = relative.strip_prefix(folder).unwrap_or(relative);
            let text = String::from_utf8_lossy(&text);
            let speaks = text.lines().rev().find(|line| rule_matches(line, below, is_dir));
            if let Some(rule) = speaks {
                return Ok(rule.starts_with('!'));
            }
        }
        Ok(false)
    }
}

/// Whether a line of a `.gitignore` speaks of `path`, which is relative to that file's folder (gitignore(5)).
fn rule_matches(line: &str, path: &Path, is_dir: bool) -> bool {
    let rule = line.trim_end_matches([' ', '\t', '\r']);
    let rule = rule.strip_prefix('!').unwrap_or(rule);
    let folders_only = rule.ends_with('/');
    let rule = rule.trim_end_matches('/');
    if rule.is_empty() || rule.starts_with('#') || (folders_only && !is_dir) {
        return false;
    }
    let anchored = rule.contains('/');
    let glob =
        globset::GlobBuilder::new(rule.strip_prefix('/').unwrap_or(rule)).literal_separator(true).build();
    let Ok(glob) = glob else { return false };
    match path.file_name() {
        Some(name) if !anchored => glob.compile_matcher().is_match(name),
        _ => glob.compile_matcher().is_match(path),
    }
}

fn format_dir(path: PathBuf) -> std::ffi::OsString {
    let mut name = path.into_os_string();
    name.push("/");
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;

    #[test]
    fn rules_from_everywhere() {
        let g = Fixture::new();
        g.write(".gitignore", "*.keys\nbuild/\n/only-root\n!sub/not.keys\n");
        g.write("sub/.gitignore", "local\n");
        g.write(".git/info/exclude", "private\n");
        g.write("build/.env", "");
        g.write("file/build", "");
        let repo = Repo::open(g.root()).unwrap();
        let ignored = |name: &str| repo.is_ignored(&g.root().join(name)).unwrap();
        for name in
            [".env.keys", "a/b.keys", "build", "build/.env", "only-root", "sub/local", "private", "x/private"]
        {
            assert!(ignored(name), "{name}");
        }
        for name in [".env", "file/build", "sub/only-root", "local", "sub/not.keys", "sub", ""] {
            assert!(!ignored(name), "{name}");
        }
    }

    #[test]
    fn nothing_below_an_ignored_folder_comes_back() {
        let g = Fixture::new();
        g.write(".gitignore", "out/\n.env\n!.env\n!out/.env\n");
        g.write("out/.env", "");
        let repo = Repo::open(g.root()).unwrap();
        for (name, ignored) in [("out/.env", true), (".env", false), ("a/.env", false)] {
            assert_eq!(repo.is_ignored(&g.root().join(name)).unwrap(), ignored, "{name}");
            assert_eq!(
                Fixture::try_git(g.root(), &["check-ignore", "-q", name]).status.success(),
                ignored,
                "{name}"
            );
        }
    }

    #[test]
    fn a_deeper_file_takes_back_in_what_one_above_ignores() {
        let g = Fixture::new();
        g.write(".gitignore", ".env*\n!.env.example\nout/\n");
        g.write("a/.gitignore", "!.env\n");
        g.write("b/.gitignore", "!/.env.x\n!c/.env\n!*.y\n.env.z.y\n");
        g.write("b/d/.gitignore", ".env.x\n");
        g.write("out/.gitignore", "!.env\n");
        let repo = Repo::open(g.root()).unwrap();
        for (name, ignored) in [
            (".env", true),
            (".env.example", false),
            ("a/.env", false),
            ("a/sub/.env", false),
            ("a/.env.x", true),
            ("b/.env.x", false),
            ("b/c/.env.x", true),
            ("b/d/.env.x", true),
            ("b/c/.env", false),
            ("b/.env.y", false),
            ("b/.env.z.y", true),
            ("out/.env", true),
        ] {
            assert_eq!(repo.is_ignored(&g.root().join(name)).unwrap(), ignored, "{name}");
            let git = Fixture::try_git(g.root(), &["check-ignore", "-q", name]);
            assert_eq!(git.status.success(), ignored, "git on {name}");
        }
    }

    #[test]
    fn exclude_is_shared_among_worktrees_and_written_once() {
        let g = Fixture::new();
        g.commit("f", "");
        let linked = g.outside("linked");
        g.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
        fs::remove_dir_all(g.root().join(".git/info")).unwrap();
        let repo = Repo::open(&linked).unwrap();
        assert!(!repo.is_ignored(&linked.join(".envseal-tmp-1")).unwrap());
        assert!(repo.ensure_excluded(".envseal-tmp-*").unwrap());
        assert!(!repo.ensure_excluded(".envseal-tmp-*").unwrap());
        assert_eq!(fs::read(g.root().join(".git/info/exclude")).unwrap(), b".envseal-tmp-*\n");
        assert!(Repo::open(&linked).unwrap().is_ignored(&linked.join(".envseal-tmp-1")).unwrap());
        assert!(Repo::open(g.root()).unwrap().is_ignored(&g.root().join("a/.envseal-tmp-1")).unwrap());
    }
}
