//! The repository's local configuration, and the attributes of this clone alone.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use git2::{Config, ErrorCode};

use super::{GitError, Repo};
use crate::fsio::{self, FsError, TEMP_PREFIX};

/// Holds off git, and whoever else changes the configuration as git does: by `config.lock` beside it.
#[derive(Debug)]
pub struct ConfigLock(PathBuf);

impl Drop for ConfigLock {
    fn drop(&mut self) {
        // Left behind it would stop git, which then says where it is.
        let _ = fs::remove_file(&self.0);
    }
}

impl Repo {
    /// The local configuration, which all worktrees of this clone share.
    pub fn config_path(&self) -> PathBuf {
        self.common_dir().join("config")
    }

    /// The attributes that hold for this clone alone, in all its worktrees (gitattributes(5)). The file need not exist.
    pub fn attributes_path(&self) -> PathBuf {
        self.common_dir().join("info").join("attributes")
    }

    /// Makes the folder that [`Self::attributes_path`] is in.
    pub fn make_info_folder(&self) -> Result<(), GitError> {
        let info = self.common_dir().join("info");
        Ok(fs::create_dir_all(&info).map_err(|e| FsError::io(&info, "make", e))?)
    }

    /// Takes the lock that git takes to change the local configuration; [`GitError::ConfigLocked`] if someone has it.
    pub fn lock_config(&self) -> Result<ConfigLock, GitError> {
        // Git follows a symlinked configuration, and locks what it leads to.
        let mut lock = fsio::final_target(&self.config_path())?.into_os_string();
        lock.push(".lock");
        let lock = PathBuf::from(lock);
        match OpenOptions::new().write(true).create_new(true).open(&lock) {
            Ok(_) => Ok(ConfigLock(lock)),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(GitError::ConfigLocked { path: lock })
            }
            Err(e) => Err(FsError::io(&lock, "make", e).into()),
        }
    }

    /// The values that the local configuration has under `name`, in its order; a value that is not UTF-8 is shown with
    /// replacement characters.
    pub fn local_values(&self, name: &str) -> Result<Vec<String>, GitError> {
        let read = || -> Result<Vec<String>, git2::Error> {
            let config = Config::open(&self.config_path())?;
            let mut values = Vec::new();
            config.multivar(name, None)?.for_each(|entry| {
                values.push(String::from_utf8_lossy(entry.value_bytes()).into_owned());
            })?;
            Ok(values)
        };
        match read() {
            Err(e) if e.code() == ErrorCode::NotFound => Ok(Vec::new()),
            read => read.map_err(|e| self.config_error(e)),
        }
    }

    /// The text of the local configuration with these variables set, or taken out where there is no value. Sections that
    /// become empty go too; all else stays as it is. Nothing is written.
    ///
    /// Each variable must have one value at most.
    pub fn edited_config(&self, changes: &[(&str, Option<&str>)]) -> Result<Vec<u8>, GitError> {
        // libgit2 knows how to edit the file, but makes it readable for all and cannot be told to wait: it edits a copy.
        let text = fsio::read(&self.config_path())?;
        let folder = tempfile::Builder::new()
            .prefix(TEMP_PREFIX)
            .tempdir_in(self.common_dir())
            .map_err(|e| FsError::io(self.common_dir(), "write in", e))?;
        let copy = folder.path().join("config");
        fs::write(&copy, text).map_err(|e| FsError::io(&copy, "write", e))?;
        self.edit(&copy, changes).map_err(|e| self.config_error(e))?;
        let mut text = fsio::read(&copy)?;
        for (name, _) in changes.iter().filter(|(_, value)| value.is_none()) {
            text = without_empty_section(&text, name);
        }
        Ok(text)
    }

    #[allow(clippy::unused_self)] // of a repository, as its siblings
    fn edit(&self, copy: &Path, changes: &[(&str, Option<&str>)]) -> Result<(), git2::Error> {
        let mut config = Config::open(copy)?;
        for (name, value) in changes {
            match value {
                Some(value) => config.set_str(name, value)?,
                None => match config.remove(name) {
                    Err(e) if e.code() == ErrorCode::NotFound => {}
                    removed => removed?,
                },
            }
        }
        Ok(())
    }

    fn config_error(&self, source: git2::Error) -> GitError {
        GitError::git(self.root(), "use the configuration of", source)
    }
}

/// The text without the header of the section that `name` (`section.subsection.variable`) is in, if nothing follows it.
fn without_empty_section(text: &[u8], name: &str) -> Vec<u8> {
    let mut parts = name.splitn(3, '.');
    let header = match (parts.next(), parts.next()) {
        (Some(section), Some(subsection)) => format!("[{section} \"{subsection}\"]"),
        _ => return text.to_vec(),
    };
    let lines: Vec<_> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let is_empty = |at: usize| {
        let next = lines.get(at + 1).map(|line| line.trim_ascii_start());
        lines[at].trim_ascii() == header.as_bytes() && next.is_none_or(|next| next.starts_with(b"["))
    };
    (0..lines.len()).filter(|at| !is_empty(*at)).flat_map(|at| lines[at]).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;

    const NAMES: [&str; 3] = ["merge.x.name", "merge.x.driver", "diff.x.textconv"];

    fn config(g: &Fixture) -> Vec<u8> {
        fs::read(g.root().join(".git/config")).unwrap()
    }

    fn git_reads(g: &Fixture, name: &str) -> String {
        let output = Fixture::try_git(g.root(), &["config", "--local", "--get-all", name]);
        String::from_utf8(output.stdout).unwrap().trim_end_matches('\n').to_owned()
    }

    #[test]
    fn what_is_set_git_reads_and_what_is_taken_out_leaves_no_trace() {
        let g = Fixture::new();
        let odd = "f() { x \"$1\" || cat \"$1\"; }; f # \\ %A";
        let before = config(&g);
        let repo = Repo::open(g.root()).unwrap();
        let changes: Vec<_> = NAMES.iter().map(|name| (*name, Some(odd))).collect();
        let edited = repo.edited_config(&changes).unwrap();
        assert_eq!(config(&g), before, "nothing is written");
        fs::write(g.root().join(".git/config"), &edited).unwrap();
        for name in NAMES {
            assert_eq!(git_reads(&g, name), odd);
            assert_eq!(repo.local_values(name).unwrap(), [odd]);
        }
        let out: Vec<_> = NAMES.iter().map(|name| (*name, None)).collect();
        assert_eq!(repo.edited_config(&out).unwrap(), before);
        // One that stays keeps the section.
        let kept = String::from_utf8(repo.edited_config(&out[1..]).unwrap()).unwrap();
        assert!(kept.contains("[merge \"x\"]") && !kept.contains("[diff \"x\"]"), "{kept}");
        assert!(repo.local_values("merge.none.driver").unwrap().is_empty());
        let left: Vec<_> = fs::read_dir(g.root().join(".git")).unwrap().flatten().collect();
        assert!(left.iter().all(|item| !item.file_name().to_string_lossy().starts_with(TEMP_PREFIX)));
    }

    #[test]
    fn worktrees_and_submodules_have_their_place() {
        let g = Fixture::new();
        g.commit("f", "");
        let linked = g.outside("linked");
        g.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
        let sub = g.with_submodule("sub dir");
        let path = |root: &Path| Repo::open(root).unwrap().config_path().canonicalize().unwrap();
        assert_eq!(path(&linked), path(g.root()));
        assert_eq!(path(&sub), g.root().join(".git/modules/sub dir/config"));
    }

    #[test]
    fn one_at_a_time_with_git() {
        let g = Fixture::new();
        let repo = Repo::open(g.root()).unwrap();
        let lock = repo.lock_config().unwrap();
        assert!(!Fixture::try_git(g.root(), &["config", "a.b", "c"]).status.success());
        assert!(matches!(repo.lock_config(), Err(GitError::ConfigLocked { .. })));
        drop(lock);
        g.git(&["config", "a.b", "c"]);
        assert!(repo.lock_config().is_ok());
    }

    #[test]
    fn several_values_are_all_seen() {
        let g = Fixture::new();
        g.git(&["config", "--add", "merge.x.driver", "one"]);
        g.git(&["config", "--add", "merge.x.driver", "two"]);
        let repo = Repo::open(g.root()).unwrap();
        assert_eq!(repo.local_values("merge.x.driver").unwrap(), ["one", "two"]);
    }
}
