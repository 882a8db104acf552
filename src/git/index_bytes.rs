//! Files of git that `run` and `get` read without starting git: the index, whose bytes can prove that a file is not
//! tracked, and the links between a linked worktree and the main one.

use std::path::{Path, PathBuf};

use memchr::memmem;

use super::paths::{absolute, from_git, named_worktree, real_entry, real_folder, same_folder, to_git};
use super::worktree::{READ_INDEX, is_tracked_in};
use super::{GitError, find_root};
use crate::config::{self, GitLocation};
use crate::fs::{self, FsError};

/// Bytes of the index's header, of its smallest entry, and of the hash that ends it (SHA-1's; SHA-256's is longer).
const HEADER: usize = 12;
const SMALLEST_ENTRY: u64 = 64;
const HASH: usize = 20;

/// Like `Repo::is_tracked` on the repository at `worktree_root`, but quick if the answer is no.
///
/// A path in another repository, reached through a symlinked folder, is looked up in that repository. Returns an error,
/// never false, if something cannot be read or parsed.
pub(crate) fn is_tracked_fast(worktree_root: &Path, path: &Path) -> Result<bool, GitError> {
    let entry = real_entry(path)?;
    let root = std::fs::canonicalize(worktree_root).map_err(|e| FsError::io(worktree_root, "resolve", e))?;
    if let Ok(relative) = entry.strip_prefix(&root) {
        return tracked_in(worktree_root, relative);
    }
    match entry.parent().and_then(find_root) {
        Some(other) => tracked_in(&other, entry.strip_prefix(&other).unwrap_or(&entry)),
        None => Ok(false),
    }
}

fn tracked_in(root: &Path, relative: &Path) -> Result<bool, GitError> {
    let git_dir = git_dir_of(root)?;
    let relative = to_git(relative)?;
    match fs::read(&git_dir.join("index")) {
        Ok(bytes) => {
            refuse_cut_short(&bytes, root)?;
            // In a hook, git's environment names the index of the current worktree.
            let location =
                if named_git_dir(root).is_some() { config::git_location() } else { GitLocation::default() };
            Ok(!proves_absence(bytes, &relative) && is_tracked_in(root, &location, &relative)?)
        }
        // Nothing was ever added, if this is a git folder.
        Err(FsError::NotFound { .. }) if git_dir.join("HEAD").symlink_metadata().is_ok() => Ok(false),
        Err(FsError::NotFound { .. }) => Err(GitError::not_a_repository(root)),
        Err(e) => Err(e.into()),
    }
}

/// Returns the git folder of the worktree at `root`: its `.git`, or the folder that the file `.git` names (`gitdir:
/// PATH`). A git folder that git's environment names for this worktree comes first.
pub(crate) fn git_dir_of(root: &Path) -> Result<PathBuf, GitError> {
    if let Some(git_dir) = named_git_dir(root) {
        return Ok(git_dir);
    }
    let dot_git = root.join(".git");
    if std::fs::metadata(&dot_git).map_err(|e| FsError::io(&dot_git, "read", e))?.is_dir() {
        return Ok(dot_git);
    }
    let text = fs::read(&dot_git)?;
    let named = text.strip_prefix(b"gitdir:").and_then(|named| from_git(named.trim_ascii()));
    named.map(|to| root.join(to)).ok_or_else(|| GitError::not_a_repository(root))
}

fn named_git_dir(root: &Path) -> Option<PathBuf> {
    named_worktree().filter(|(named, _)| same_folder(named, root)).map(|(_, git_dir)| git_dir)
}

/// Returns the git folder that the worktree at `root` shares with the others of its clone (gitrepository-layout(5),
/// `commondir`). Returns None if it does not name the linked worktree in turn (`worktrees/ID/gitdir`): anyone can write
/// a `.git` file that leads to another repository.
pub(crate) fn common_dir_of(root: &Path) -> Option<PathBuf> {
    let git_dir = git_dir_of(root).ok()?.canonicalize().ok()?;
    let dot_git = root.join(".git").canonicalize().ok();
    let Some(dot_git) = dot_git.filter(|path| path.is_file()) else { return Some(git_dir) };
    let leads_to = |name: &str| {
        let text = fs::read(&git_dir.join(name)).ok()?;
        git_dir.join(from_git(text.trim_ascii())?).canonicalize().ok()
    };
    let common = leads_to("commondir")?;
    let is_named = git_dir.parent() == Some(&common.join("worktrees")) && leads_to("gitdir")? == dot_git;
    is_named.then_some(common)
}

/// Returns the folder of the main worktree that corresponds to `dir`, or its nearest existing parent. Returns None if
/// `dir` is not in a linked worktree, or the main one is not the parent of a folder called `.git`.
pub(crate) fn in_main_worktree(dir: &Path) -> Option<PathBuf> {
    let linked = find_root(dir).filter(|root| root.join(".git").is_file())?;
    let common =
        common_dir_of(&linked).filter(|common| common.file_name().is_some_and(|name| name == ".git"))?;
    let main = common.parent()?;
    let below = absolute(dir).and_then(|dir| real_folder(&dir)).ok()?;
    let below = main.join(below.strip_prefix(linked.canonicalize().ok()?).ok()?);
    let is_of_main = |folder: &&Path| folder.is_dir() && find_root(folder).is_some_and(|root| root == main);
    below.ancestors().find(is_of_main).map(Path::to_path_buf)
}

/// Returns true if the index certainly lacks `relative`: versions 2 and 3 contain whole paths, each followed by NUL.
///
/// Version 4 shortens paths, a split index (`link`) keeps entries in a shared file, and a sparse one (`sdir`) may
/// contain only a folder above the path.
fn proves_absence(mut bytes: Vec<u8>, relative: &[u8]) -> bool {
    if !has_whole_paths(&bytes) || [*b"link", *b"sdir"].iter().any(|name| may_have_extension(&bytes, *name)) {
        return false;
    }
    // Letter case is ignored, because git may ignore it. If the name is found, git decides.
    bytes.make_ascii_lowercase();
    let lower = relative.to_ascii_lowercase();
    let name_at = memchr::memrchr(b'/', &lower).map_or(0, |slash| slash + 1);
    memmem::find(&bytes, &[&lower[name_at..], b"\0"].concat()).is_none()
}

/// Returns true for an index of version 2 or 3.
fn has_whole_paths(bytes: &[u8]) -> bool {
    bytes.starts_with(b"DIRC") && matches!(number(bytes, 4), Some(2 | 3))
}

/// Rejects an index of version 2 or 3 that is too short for the number of entries in its header: git would see fewer.
pub(super) fn refuse_cut_short(index: &[u8], root: &Path) -> Result<(), GitError> {
    let holds = |entries| {
        let most = u64::from(entries).saturating_mul(SMALLEST_ENTRY);
        index.len() as u64 >= most.saturating_add((HEADER + HASH) as u64)
    };
    if !has_whole_paths(index) || number(index, 8).is_some_and(holds) {
        return Ok(());
    }
    Err(GitError::failed(root, READ_INDEX, "its index is cut short"))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes)
}

/// Returns true if the index may have the extension `signature`. Entries are not parsed, so a path may look like one.
/// Then git is run needlessly, but no extension is missed.
fn may_have_extension(bytes: &[u8], signature: [u8; 4]) -> bool {
    memmem::find_iter(bytes, &signature).any(|at| {
        let body = bytes.get(at + 8..bytes.len().saturating_sub(HASH)).unwrap_or_default();
        number(bytes, at + 4).is_some_and(|size| body.len() >= size as usize)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::git::testing::Fixture;

    fn is_tracked(g: &Fixture, name: &str) -> Result<bool, GitError> {
        is_tracked_fast(g.root(), &g.path(name))
    }

    /// Checks each path of `tracked` and `absent`; after `!`, the bytes alone must prove its absence.
    #[track_caller]
    fn expect(g: &Fixture, tracked: &str, absent: &str) {
        let index = fs::read(git_dir_of(g.root()).unwrap().join("index")).unwrap();
        for name in tracked.split_whitespace() {
            assert!(is_tracked(g, name).unwrap(), "{name}");
        }
        for name in absent.split_whitespace() {
            let (name, by_bytes) = name.strip_prefix('!').map_or((name, false), |name| (name, true));
            assert!(!is_tracked(g, name).unwrap(), "{name}");
            assert_eq!(proves_absence(index.clone(), name.as_bytes()), by_bytes, "{name}");
        }
    }

    #[test]
    fn versions_of_the_index() {
        let g = Fixture::new();
        let version = || fs::read(g.path(".git/index")).unwrap()[7];
        assert!(!is_tracked(&g, ".env.keys").unwrap(), "no index yet");
        g.add("f", "");
        expect(&g, "f", "!.env.keys");
        g.add("sub/.env.keys", "");
        assert_eq!(version(), 2);
        expect(&g, "sub/.env.keys", ".env.keys !.env");
        g.git(&["rm", "-q", "-f", "--cached", "sub/.env.keys"]);
        expect(&g, "f", "!sub/.env.keys");
        // 3: intent to add.
        g.write(".env.keys", "");
        g.git(&["add", "-N", ".env.keys"]);
        assert_eq!(version(), 3);
        expect(&g, ".env.keys", "!.env");
        // 4 shortens paths.
        g.add(".env.local", "");
        g.git(&["update-index", "--index-version", "4"]);
        assert_eq!(version(), 4);
        assert!(memmem::find(&fs::read(g.path(".git/index")).unwrap(), b".env.local").is_none());
        expect(&g, ".env.keys .env.local", "none");
    }

    #[test]
    fn git_is_asked_about_a_split_and_a_sparse_index() {
        let g = Fixture::new();
        g.commit("f", "");
        g.commit(".env", "");
        g.git(&["update-index", "--split-index"]);
        g.add("later", "");
        expect(&g, ".env later", ".env.keys");
        for item in fs::read_dir(g.path(".git")).unwrap().flatten() {
            if item.file_name().to_str().unwrap().contains("sharedindex") {
                fs::remove_file(item.path()).unwrap();
            }
        }
        assert!(is_tracked(&g, ".env.keys").is_err(), "the shared part is lost");

        let g = Fixture::new();
        g.commit("in/f", "");
        g.commit("out/deep/.env.keys", "");
        g.git(&["sparse-checkout", "init", "--cone", "--sparse-index"]);
        g.git(&["sparse-checkout", "set", "in"]);
        expect(&g, "out/deep/.env.keys", ".env.keys in/.env.keys");
    }

    #[test]
    fn letter_case_is_left_to_git() {
        let g = Fixture::new();
        g.add("Sub/.Env.Keys", "");
        for (setting, tracked) in [("false", false), ("true", true)] {
            g.git(&["config", "core.ignorecase", setting]);
            assert_eq!(is_tracked(&g, "sub/.env.keys").unwrap(), tracked);
        }
    }

    #[test]
    fn other_repositories() {
        if let Some(g) = Fixture::of_format("sha256") {
            g.add("sub/.env.keys", "");
            expect(&g, "sub/.env.keys", "!.env.local");
        }
        let g = Fixture::new();
        g.commit("f", "");
        g.git(&["worktree", "add", "-q", "../linked"]);
        let linked = g.outside("linked");
        fs::write(linked.join(".env"), "").unwrap();
        Fixture::git_in(&linked, &["add", ".env"]);
        assert!(!is_tracked(&g, ".env").unwrap());
        for root in [linked, g.with_submodule("sub")] {
            assert!(is_tracked_fast(&root, &root.join(".env")).unwrap(), "{}", root.display());
            assert!(!is_tracked_fast(&root, &root.join(".env.keys")).unwrap(), "{}", root.display());
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_a_no() {
        let g = Fixture::new();
        g.add("f", "");
        let index = g.path(".git/index");
        let whole = fs::read(&index).unwrap();
        for broken in [&b""[..], b"DIRC", &whole[..40], b"not an index at all, but long enough to be one"] {
            fs::write(&index, broken).unwrap();
            assert!(is_tracked(&g, ".env.keys").is_err());
        }
        fs::remove_file(&index).unwrap();
        fs::create_dir(&index).unwrap();
        assert!(is_tracked(&g, ".env.keys").is_err());
        let lost = g.outside("lost");
        fs::create_dir(&lost).unwrap();
        assert!(is_tracked_fast(&lost, &lost.join("x")).is_err());
        for text in ["gitdir: ../nowhere\n", "nonsense"] {
            fs::write(lost.join(".git"), text).unwrap();
            let error = is_tracked_fast(&lost, &lost.join("x")).unwrap_err();
            assert!(error.to_string().contains("is not in a git worktree"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn symlinked_folders_are_resolved_even_into_another_repository() {
        use std::os::unix::fs::symlink;
        let (g, other) = (Fixture::new(), Fixture::new());
        g.add("sub/.env.keys", "");
        other.add("sub/.env.keys", "");
        symlink("sub", g.path("alias")).unwrap();
        symlink("sub/.env.keys", g.path("link")).unwrap();
        symlink(other.root().join("sub"), g.path("theirs")).unwrap();
        symlink(g.outside(""), g.path("out")).unwrap();
        for (name, tracked) in [
            ("alias/.env.keys", true),
            ("link", false),
            ("theirs/.env.keys", true),
            ("theirs/.env", false),
            ("out/.env.keys", false),
        ] {
            assert_eq!(is_tracked(&g, name).unwrap(), tracked, "{name}");
        }
    }
}
