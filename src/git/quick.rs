//! Whether git tracks a file, without libgit2 wherever the index's bytes alone say no.

use std::fs;
use std::path::{Path, PathBuf};

use memchr::memmem;

use super::paths::{real_entry, to_git};
use super::{GitError, Repo, find_root};
use crate::fsio::{self, FsError};

/// The index's header, and the hash that ends it (20 bytes with SHA-1, 32 with SHA-256).
const HEADER: usize = 12;
const HASH: usize = 20;

/// As [`Repo::is_tracked`] on the repository at `worktree_root`, but quick where the answer is no.
///
/// A path that really lies elsewhere, by way of a symlinked folder, is looked for in the repository it lies in.
/// Whatever cannot be read or understood is an error, never a no.
pub fn is_tracked_fast(worktree_root: &Path, path: &Path) -> Result<bool, GitError> {
    let entry = real_entry(path)?;
    let root = fs::canonicalize(worktree_root).map_err(|e| FsError::io(worktree_root, "resolve", e))?;
    if let Ok(relative) = entry.strip_prefix(&root) {
        return tracked_in(worktree_root, relative, path);
    }
    match entry.parent().and_then(find_root) {
        Some(other) => tracked_in(&other, entry.strip_prefix(&other).unwrap_or(&entry), &entry),
        None => Ok(false),
    }
}

fn tracked_in(root: &Path, relative: &Path, path: &Path) -> Result<bool, GitError> {
    let git_dir = git_dir_of(root)?;
    let relative = to_git(relative)?;
    let index = git_dir.join("index");
    match fsio::read(&index) {
        Ok(bytes) => Ok(!proves_absence(bytes, &relative, &git_dir)? && Repo::open(root)?.is_tracked(path)?),
        // Nothing was ever added, provided that this is a git folder at all.
        Err(FsError::NotFound { .. }) if git_dir.join("HEAD").symlink_metadata().is_ok() => Ok(false),
        Err(FsError::NotFound { .. }) => Err(GitError::NotARepository { path: root.to_path_buf() }),
        Err(e) => Err(e.into()),
    }
}

/// The git folder of the worktree at `root`: its `.git`, or where the file `.git` says (`gitdir: PATH`).
pub fn git_dir_of(root: &Path) -> Result<PathBuf, GitError> {
    let dot_git = root.join(".git");
    let none = || GitError::NotARepository { path: root.to_path_buf() };
    if fs::metadata(&dot_git).map_err(|e| FsError::io(&dot_git, "read", e))?.is_dir() {
        return Ok(dot_git);
    }
    let text = fsio::read(&dot_git)?;
    let named = text.strip_prefix(b"gitdir:").ok_or_else(none)?.trim_ascii();
    super::paths::from_git(named).map(|to| root.join(to)).ok_or_else(none)
}

/// Whether the index surely does not hold `relative`: in versions 2 and 3 a path stands whole, followed by NUL.
///
/// Version 4 shortens paths. A split index leaves entries to a shared file, which is then searched as well. A sparse
/// one may hold only a folder above the path.
fn proves_absence(mut bytes: Vec<u8>, relative: &[u8], git_dir: &Path) -> Result<bool, GitError> {
    if !has_whole_paths(&bytes) {
        return Ok(false);
    }
    let links: Vec<Vec<u8>> = extension(&bytes, *b"link").map(<[u8]>::to_vec).collect();
    let sparse = extension(&bytes, *b"sdir").next().is_some();
    // Where git ignores letter case is not known here, so it is ignored everywhere; libgit2 has the last word.
    bytes.make_ascii_lowercase();
    let lower = relative.to_ascii_lowercase();
    let name_at = memchr::memrchr(b'/', &lower).map_or(0, |slash| slash + 1);
    if holds(&bytes, &lower[name_at..]) || sparse && folders(&lower).any(|folder| holds(&bytes, folder)) {
        return Ok(false);
    }
    if links.is_empty() {
        return Ok(true);
    }
    shared_prove_absence(git_dir, &links, &lower[name_at..])
}

/// Whether all shared index files are there and none of them holds `name`.
fn shared_prove_absence(git_dir: &Path, links: &[Vec<u8>], name: &[u8]) -> Result<bool, GitError> {
    let fail = |e| FsError::io(git_dir, "list", e);
    let mut names = Vec::new();
    for entry in fs::read_dir(git_dir).map_err(fail)? {
        let file = entry.map_err(fail)?;
        if file.file_name().as_encoded_bytes().starts_with(b"sharedindex.") {
            let mut bytes = fsio::read(&file.path())?;
            let readable = has_whole_paths(&bytes);
            bytes.make_ascii_lowercase();
            if !readable || holds(&bytes, name) {
                return Ok(false);
            }
            names.push(file.file_name());
        }
    }
    // A null hash stands for no shared file.
    Ok(links.iter().filter(|hash| hash.iter().any(|&b| b != 0)).all(|hash| {
        let wanted: String =
            hash.iter().fold("sharedindex.".to_owned(), |name, b| name + &format!("{b:02x}"));
        names.iter().any(|name| name.as_encoded_bytes().starts_with(wanted.as_bytes()))
    }))
}

/// Whether this is an index of version 2 or 3, and long enough for the entries it says it has.
fn has_whole_paths(bytes: &[u8]) -> bool {
    let number = |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
    let smallest_entry = 64;
    bytes.starts_with(b"DIRC")
        && matches!(number(4), Some(2 | 3))
        && number(8).is_some_and(|entries| {
            let least = (entries as usize).saturating_mul(smallest_entry).saturating_add(HEADER + HASH);
            bytes.len() >= least
        })
}

fn holds(lower: &[u8], path: &[u8]) -> bool {
    memmem::find(lower, &[path, b"\0"].concat()).is_some()
}

/// The folders above `path`, as a sparse index spells them: with a slash at the end.
fn folders(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    memchr::memchr_iter(b'/', path).map(|slash| &path[..=slash])
}

/// The first bytes (a hash's length, or fewer) of whatever could be the extension `signature`. Entries are not
/// parsed, so a path may look like one; then libgit2 is asked needlessly, but none is missed.
fn extension(bytes: &[u8], signature: [u8; 4]) -> impl Iterator<Item = &[u8]> {
    memmem::find_iter(bytes, &signature).collect::<Vec<_>>().into_iter().filter_map(move |at| {
        let size = bytes.get(at + 4..at + 8)?.try_into().ok().map(u32::from_be_bytes)? as usize;
        let body = bytes.get(at + 8..bytes.len().checked_sub(HASH)?)?.get(..size)?;
        Some(&body[..size.min(HASH)])
    })
}

#[cfg(test)]
mod tests;
