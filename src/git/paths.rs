//! Paths in the file system's and in git's form, and the root of the worktree that a path is in. The root is found
//! without starting git, so that `run` need not wait for it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::GitError;
use crate::config::{self, FileRole, is_team_file};
use crate::error::Error;
use crate::fs::{FsError, final_target, folder_of, follow, has_entry, read, read_link};
use crate::hint::Hint;

/// Returns the real, absolute path of the entry `path`: the symlinks of its folder are resolved, but not its own name,
/// because git tracks a symlink, not its target. Folders that do not exist are kept as spelled.
pub(super) fn real_entry(path: &Path) -> Result<PathBuf, GitError> {
    let absolute = absolute(path)?;
    match (absolute.parent(), absolute.file_name()) {
        (Some(dir), Some(name)) => Ok(real_folder(dir)?.join(name)),
        _ => real_folder(&absolute),
    }
}

pub(super) fn absolute(path: &Path) -> Result<PathBuf, GitError> {
    std::path::absolute(path).map_err(|e| FsError::io(path, "resolve", e).into())
}

/// Resolves the symlinks of an absolute path, as far as it exists.
pub(super) fn real_folder(dir: &Path) -> Result<PathBuf, GitError> {
    let mut rest = Vec::new();
    for existing in dir.ancestors() {
        match fs::canonicalize(existing) {
            Ok(mut real) => {
                for part in rest.into_iter().rev() {
                    match part {
                        Component::ParentDir => drop(real.pop()),
                        part => real.push(part),
                    }
                }
                return Ok(real);
            }
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                rest.extend(existing.components().next_back());
            }
            Err(e) => return Err(FsError::io(existing, "resolve", e).into()),
        }
    }
    Ok(dir.to_path_buf())
}

pub(crate) fn same_folder(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

/// Converts a relative path to git's form: raw bytes on Unix, UTF-8 with `/` on Windows.
pub(super) fn to_git(relative: &Path) -> Result<Vec<u8>, GitError> {
    let unnameable = || GitError::unnameable_path(relative);
    let mut bytes = Vec::new();
    for part in relative.components() {
        if !bytes.is_empty() {
            bytes.push(b'/');
        }
        let name = part.as_os_str();
        let name = if cfg!(unix) { Some(name.as_encoded_bytes()) } else { name.to_str().map(str::as_bytes) };
        bytes.extend_from_slice(name.ok_or_else(unnameable)?);
    }
    if memchr::memchr(0, &bytes).is_some() { Err(unnameable()) } else { Ok(bytes) }
}

/// Converts a path from git's form to this system's. Returns None if the system cannot represent it.
#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)] // not so elsewhere
pub(crate) fn from_git(bytes: &[u8]) -> Option<&Path> {
    use std::os::unix::ffi::OsStrExt;
    Some(Path::new(std::ffi::OsStr::from_bytes(bytes)))
}

/// Converts a path from git's form to this system's. Returns None if the system cannot represent it.
#[cfg(not(unix))]
pub(crate) fn from_git(bytes: &[u8]) -> Option<&Path> {
    std::str::from_utf8(bytes).ok().map(Path::new)
}

/// Returns the path as seen from the working directory, so that it can be pasted there.
pub(crate) fn display_path(path: &Path) -> String {
    relative_path(path).display().to_string()
}

/// Returns the path as seen from the working directory.
pub(crate) fn relative_path(path: &Path) -> PathBuf {
    path_from(&Path::new(".").canonicalize().unwrap_or_default(), path)
}

/// Returns the file for `git add` after a change at `path`: of a symlink, the file behind it if in the same repository.
pub(crate) fn path_to_add(path: &Path) -> PathBuf {
    let real = fs::canonicalize(path).ok();
    let real = real.filter(|real| root_of(real).is_some_and(|root| Some(root) == root_of(path)));
    real.unwrap_or_else(|| path.to_owned())
}

/// Returns the root of a file's repository, without symlinks.
fn root_of(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(find_root(folder_of(path))?).ok()
}

/// Returns the root of a file's repository if that is not the repository of the working directory.
pub(crate) fn other_repository(path: &Path) -> Option<PathBuf> {
    root_of(path).filter(|root| root_of(Path::new("file")).as_ref() != Some(root))
}

/// Returns the path as seen from the folder `here`: with `..` inside `here`'s repository, otherwise unchanged.
pub(crate) fn path_from(here: &Path, path: &Path) -> PathBuf {
    if let Ok(below) = path.strip_prefix(here) {
        return below.to_owned();
    }
    let root = find_root(here);
    let Some(root) = root.filter(|root| path.starts_with(root)) else { return path.to_owned() };
    let shared =
        here.ancestors().take_while(|folder| folder.starts_with(&root)).find(|it| path.starts_with(it));
    let shared = shared.unwrap_or(&root);
    let up = here.strip_prefix(shared).unwrap_or(here).components().map(|_| "..");
    let down = path.strip_prefix(shared).unwrap_or(path);
    up.map(Path::new).chain(down.iter().map(Path::new)).collect()
}

/// Returns the root of the worktree that `start`, a folder, is in: the nearest folder upward with a `.git`, either a
/// git folder or the file of a linked worktree or a submodule. Returns None outside git and in a bare repository.
///
/// The result is an ancestor of `start` as spelled, made absolute. Only if a symlink or `..` lies between the two, it
/// is the real path.
///
/// A worktree that git's environment names (`GIT_DIR`, `GIT_WORK_TREE`) comes first, for every folder in it.
pub(crate) fn find_root(start: &Path) -> Option<PathBuf> {
    let spelled = std::path::absolute(start).ok()?;
    // A folder that does not exist yet is in git if its parent is.
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
        && !spelled.ancestors().take_while(|dir| *dir != root).any(Path::is_symlink)
    {
        return Some(root.to_path_buf());
    }
    walk_up(&real()?).map(Path::to_path_buf)
}

/// Reads the team file or schema `name` in the folder `dir`. Returns None if there is no such file; a folder is no schema.
/// Rejects a symlink that a clone would not read alike.
pub(crate) fn read_team_or_schema(dir: &Path, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let link = dir.join(name);
    // On some file systems a path leads to files with other spellings, too.
    if !has_entry(dir, name) {
        return Ok(None);
    }
    if link.is_symlink() {
        let dir = real_folder(&absolute(folder_of(&link))?)?;
        let target = match find_root(&dir) {
            Some(root) => {
                let path = dir.strip_prefix(&root).unwrap_or(&dir).join(name);
                let target = follow(&path, |at| read_link(&root.join(at)))?.map(|target| root.join(target));
                target.filter(|target| find_root(folder_of(target)).as_ref() == Some(&root))
            }
            None => Some(final_target(&link)?),
        };
        let (seen, target) = (relative_path(&link), target.map(|target| relative_path(&target)));
        if let Some((fault, fix)) = settings_link_fault(&seen, target.as_deref(), link.is_file()) {
            let message = format!("{} is a symlink {fault}", display_path(&link));
            return Err(Error::refused(message).with_hint(fix));
        }
    }
    match read(&link) {
        Err(FsError::NotFound { .. }) => Ok(None),
        Err(FsError::NotRegular { .. }) if !is_team_file(&link) => Ok(None),
        text => Ok(Some(text?)),
    }
}

/// Returns what is wrong with a symlink from the schema or team file `link` to `target`, by their names, and how to repair
/// it. `target` is None outside of the repository. Whatever a clone or `check` would not read alike must not be read, and a
/// removal looks for grants in the history of the team file alone.
pub(crate) fn settings_link_fault(
    link: &Path,
    target: Option<&Path>,
    is_file: bool,
) -> Option<(String, Hint)> {
    let remove = hint!("remove the link: rm {link}", link);
    let Some(target) = target else { return Some(("out of the repository".into(), remove)) };
    if is_file && target == link {
        return None;
    }
    let (fault, fix) = match FileRole::of(target) {
        _ if !is_file && target == link => ("which is not a file", remove),
        _ if !is_file => ("which is not a file", hint!("restore the file {target}, or ", target).and(remove)),
        _ if is_team_file(link) => (
            "where its history can't be followed",
            hint!("replace the link with the file: rm {link} && cp {target} {link}", link, target),
        ),
        FileRole::Template => return None,
        _ => ("which is neither an example nor a schema", remove),
    };
    Some((format!("to {}, {fault}", target.display()), fix))
}

/// Returns the worktree that git's environment names, and its git folder. Without `GIT_WORK_TREE`, the worktree is the
/// current folder, unless that is the git folder itself, as when git receives a push (git(1)).
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

fn is_root(dir: &Path) -> bool {
    let dot_git = dir.join(".git");
    match fs::metadata(&dot_git) {
        // Git ignores an empty `.git` folder as well. HEAD may be a symlink to a branch that is not born yet. A folder
        // that lacks only one of these is a damaged repository.
        Ok(meta) if meta.is_dir() => {
            let there = |name: &&str| fs::symlink_metadata(dot_git.join(name)).is_ok();
            ["HEAD", "objects", "refs"].iter().filter(|name| there(name)).count() > 1
        }
        Ok(meta) => meta.is_file(),
        Err(_) => false,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_folder_is_resolved_and_the_entry_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let real = fs::canonicalize(dir.path()).unwrap();
        fs::create_dir(real.join("sub")).unwrap();
        symlink("sub", real.join("link")).unwrap();
        symlink("sub", real.join("sub/.env")).unwrap();
        for (path, entry) in
            [("link/.env", "sub/.env"), ("link/../x", "x"), ("link/no/way/../.env", "sub/no/.env")]
        {
            assert_eq!(real_entry(&real.join(path)).unwrap(), real.join(entry));
        }
        assert_eq!(real_folder(&real.join("link")).unwrap(), real.join("sub"));
        symlink("loop", real.join("loop")).unwrap();
        assert!(real_entry(&real.join("loop/.env")).is_err());
    }

    #[test]
    fn git_spelling_is_bytes() {
        let odd = Path::new(OsStr::from_bytes(b"a/\xff.env"));
        assert_eq!(to_git(odd).unwrap(), b"a/\xff.env");
        assert_eq!(from_git(b"a/\xff.env"), Some(odd));
        assert!(to_git(Path::new("a\0b")).is_err());
    }

    #[test]
    fn the_root_is_the_nearest_folder_with_a_git_folder_or_file() {
        let (g, other) = (Fixture::new(), Fixture::new());
        g.commit("a/b/.env", "A=1\n");
        g.git(&["worktree", "add", "-q", "../linked"]);
        g.git(&["init", "-q", "--bare", "../bare.git"]);
        fs::create_dir_all(g.root().join("sub/.git")).unwrap();
        fs::create_dir(other.root().join("sub")).unwrap();
        symlink(other.root().join("sub"), g.root().join("link")).unwrap();
        symlink(g.root(), g.outside("alias")).unwrap();
        for (start, root) in [
            ("repo", Some("repo")),
            ("repo/a/b", Some("repo")),
            ("repo/a/b/not/yet", Some("repo")),
            ("repo/a/b/../..", Some("repo")),
            ("repo/sub", Some("repo")),
            ("linked", Some("linked")),
            // A symlink above the root stays as spelled.
            ("alias/a", Some("alias")),
            ("bare.git/refs", None),
            ("", None),
        ] {
            assert_eq!(find_root(&g.outside(start)), root.map(|root| g.outside(root)), "{start}");
        }
        assert_eq!(find_root(&g.root().join("link")).as_deref(), Some(other.root()));
    }
}
