//! Repositories for tests, made with the real git.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::Repo;

/// A temporary folder with a fresh repository in `repo`.
pub(crate) struct Fixture {
    dir: PathBuf,
    root: PathBuf,
    _owned: tempfile::TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let owned = tempfile::tempdir().unwrap();
        let dir = fs::canonicalize(owned.path()).unwrap();
        let root = dir.join("repo");
        fs::create_dir(&root).unwrap();
        let fixture = Self { dir, root, _owned: owned };
        fixture.git(&["init", "-q", "-b", "main"]);
        fixture
    }

    /// Makes a repository of this object format (git-init(1)). Returns None if this git does not support it.
    pub(crate) fn of_format(format: &str) -> Option<Self> {
        let fixture = Self::new();
        fs::remove_dir_all(fixture.root.join(".git")).unwrap();
        let done = Self::try_git(&fixture.root, &["init", "-q", "-b", "main", "--object-format", format]);
        if !done.status.success() {
            println!("skipped: this git has no {format}");
            return None;
        }
        Some(fixture)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.join(name)
    }

    /// Returns a path beside the repository.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(crate) fn repo(&self) -> Repo {
        Repo::open(&self.root).unwrap()
    }

    /// Returns git's output, without the line break at the end.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        Self::git_in(&self.root, args)
    }

    pub(crate) fn git_in(dir: &Path, args: &[&str]) -> String {
        let done = Self::try_git(dir, args);
        assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim_end_matches('\n').to_owned()
    }

    pub(crate) fn try_git(dir: &Path, args: &[&str]) -> Output {
        let mut git = Command::new("git");
        git.current_dir(dir).args(["-c", "protocol.file.allow=always"]).args(args);
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["GIT_AUTHOR", "GIT_COMMITTER"] {
            git.env(format!("{who}_NAME"), "Alice").env(format!("{who}_EMAIL"), "alice@example.com");
            git.env(format!("{who}_DATE"), "2024-01-01T00:00:00Z");
        }
        for place in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
            git.env_remove(place);
        }
        git.output().unwrap()
    }

    /// Writes a file in the worktree, and creates its folders.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes a file and adds it to the index, ignored or not.
    pub(crate) fn add(&self, name: &str, text: &str) -> PathBuf {
        let path = self.write(name, text);
        self.git(&["add", "-f", "--", name]);
        path
    }

    pub(crate) fn commit(&self, name: &str, text: &str) -> PathBuf {
        let path = self.add(name, text);
        self.git(&["commit", "-q", "-m", name]);
        path
    }

    /// Adds a submodule and returns its folder; it tracks `.env`.
    pub(crate) fn with_submodule(&self, name: &str) -> PathBuf {
        let source = Self::new();
        source.commit(".env", "A=1\n");
        self.git(&["submodule", "add", "-q", source.root().to_str().unwrap(), name]);
        self.path(name)
    }
}
