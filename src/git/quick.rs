//! Whether git tracks a file, without starting git wherever the index's bytes alone say no: for `run` and `get`.

use std::path::{Path, PathBuf};

use memchr::memmem;

use super::paths::{real_entry, to_git};
use super::repo::same_folder;
use super::root::named_worktree;
use super::worktree::tracks;
use super::{GitError, find_root};
use crate::config;
use crate::fs::{self, FsError};

/// The index's header, and the hash that ends it (20 bytes with SHA-1, 32 with SHA-256).
const HEADER: usize = 12;
const HASH: usize = 20;

/// As `Repo::is_tracked` on the repository at `worktree_root`, but quick where the answer is no.
///
/// A path that really lies elsewhere, by way of a symlinked folder, is looked for in the repository it lies in.
/// Whatever cannot be read or understood is an error, never a no.
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
    let index = git_dir.join("index");
    match fs::read(&index) {
        Ok(bytes) => refuse_cut_short(&bytes, bytes.len() as u64, root).and_then(|()| {
            Ok(!proves_absence(bytes, &relative) && tracks(root, &config::git_location(), &relative)?)
        }),
        // Nothing was ever added, provided that this is a git folder at all.
        Err(FsError::NotFound { .. }) if git_dir.join("HEAD").symlink_metadata().is_ok() => Ok(false),
        Err(FsError::NotFound { .. }) => Err(GitError::NotARepository { path: root.to_path_buf() }),
        Err(e) => Err(e.into()),
    }
}

/// The git folder of the worktree at `root`: its `.git`, or where the file `.git` says (`gitdir: PATH`).
///
/// Where git's environment names this worktree's git folder, it is that.
pub(crate) fn git_dir_of(root: &Path) -> Result<PathBuf, GitError> {
    if let Some((_, git_dir)) = named_worktree().filter(|(named, _)| same_folder(named, root)) {
        return Ok(git_dir);
    }
    let dot_git = root.join(".git");
    let none = || GitError::NotARepository { path: root.to_path_buf() };
    if std::fs::metadata(&dot_git).map_err(|e| FsError::io(&dot_git, "read", e))?.is_dir() {
        return Ok(dot_git);
    }
    let text = fs::read(&dot_git)?;
    let named = text.strip_prefix(b"gitdir:").ok_or_else(none)?.trim_ascii();
    super::paths::from_git(named).map(|to| root.join(to)).ok_or_else(none)
}

/// Whether the index surely does not hold `relative`: in versions 2 and 3 a path stands whole, followed by NUL.
///
/// Version 4 shortens paths, a split index (`link`) leaves entries to a shared file, and a sparse one (`sdir`) may hold
/// only a folder above the path.
fn proves_absence(mut bytes: Vec<u8>, relative: &[u8]) -> bool {
    if !has_whole_paths(&bytes) || [*b"link", *b"sdir"].iter().any(|name| may_have_extension(&bytes, *name)) {
        return false;
    }
    // Where git ignores letter case is not known here, so it is ignored everywhere; git has the last word.
    bytes.make_ascii_lowercase();
    let lower = relative.to_ascii_lowercase();
    let name_at = memchr::memrchr(b'/', &lower).map_or(0, |slash| slash + 1);
    memmem::find(&bytes, &[&lower[name_at..], b"\0"].concat()).is_none()
}

/// Whether this is an index of version 2 or 3.
fn has_whole_paths(bytes: &[u8]) -> bool {
    bytes.starts_with(b"DIRC") && matches!(number(bytes, 4), Some(2 | 3))
}

/// Rejects an index of version 2 or 3 of `root`, of this length, that is too short for the entries which its header says it
/// has: git would see fewer.
pub(super) fn refuse_cut_short(header: &[u8], length: u64, root: &Path) -> Result<(), GitError> {
    let smallest_entry = 64;
    let is_whole = !has_whole_paths(header)
        || number(header, 8).is_some_and(|entries| {
            length >= u64::from(entries).saturating_mul(smallest_entry).saturating_add((HEADER + HASH) as u64)
        });
    if is_whole {
        return Ok(());
    }
    let message = "its index is cut short".to_owned();
    Err(GitError::Failed { path: root.to_path_buf(), doing: "read the index of", message })
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes)
}

/// Whether the extension `signature` may be there. Entries are not parsed, so a path may look like one; then git is asked
/// needlessly, but none is missed.
fn may_have_extension(bytes: &[u8], signature: [u8; 4]) -> bool {
    memmem::find_iter(bytes, &signature).any(|at| {
        let body = bytes.get(at + 8..bytes.len().saturating_sub(HASH)).unwrap_or_default();
        number(bytes, at + 4).is_some_and(|size| body.len() >= size as usize)
    })
}

#[cfg(test)]
mod tests;
