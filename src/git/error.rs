//! Errors of git: two that the program branches on, and all others.

use std::path::Path;

use super::{OLDEST, ObjectId};
use crate::error::{Error, ErrorKind};
use crate::fs::FsError;
use crate::hint::Hint;

/// Why git could not be run, or why its output cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// An object or a part of history is not in this clone.
    #[error(transparent)]
    Missing(Error),
    /// An object is not what git would have written.
    #[error(transparent)]
    Damaged(Error),
    #[error(transparent)]
    Other(#[from] Error),
}

impl GitError {
    pub(crate) fn not_a_repository(path: &Path) -> Self {
        let has_no_worktree = path.join("HEAD").exists() || path.join(".git").exists();
        let hint: Hint = if has_no_worktree {
            "go to one of its worktrees: git worktree list".into()
        } else {
            "go to a clone, or make this one: git init".into()
        };
        io(format!("{} is not in a git worktree", path.display())).with_hint(hint).into()
    }

    pub(crate) fn outside_worktree(path: &Path, root: &Path) -> Self {
        io(format!("{} is outside the git worktree {}", path.display(), root.display())).into()
    }

    /// The path contains a NUL or, on Windows, is not Unicode.
    pub(crate) fn unnameable_path(path: &Path) -> Self {
        io(format!("git cannot name the path {}", path.display())).into()
    }

    pub(super) fn git_not_found() -> Self {
        io("git not found").with_hint("install git and put its folder on PATH").into()
    }

    pub(super) fn too_old(found: &str) -> Self {
        io(format!("git {found} is too old; envseal needs git {OLDEST} or newer")).into()
    }

    /// Git does not trust the configuration of another user's repository (git-config(1), `safe.directory`).
    pub(super) fn other_owner(root: &Path) -> Self {
        io(format!("the git repository in {} belongs to another user", root.display()))
            .with_hint(hint!("if you trust it: git config --global --add safe.directory {root}", root))
            .into()
    }

    pub(super) fn unknown_revision(revision: &str) -> Self {
        let file = Path::new(revision);
        let hint = if crate::config::is_env_file(file) && file.exists() {
            hint!("if you mean the file: -f {file}", file)
        } else {
            "see what there is: git log --oneline --all".into()
        };
        io(format!("unknown revision {revision:?}")).with_hint(hint).into()
    }

    /// `what` is missing from the clone at `root`, which is shallow, partial or damaged. `cut_off` is true if it may be
    /// behind the end of a shallow one.
    pub(super) fn missing(what: impl std::fmt::Display, root: &Path, cut_off: bool) -> Self {
        let complete = if cut_off { "fetch --unshallow" } else { "fetch --refetch --no-filter" };
        Self::Missing(
            io(format!("this clone does not have all of its history: {what} is missing"))
                .with_hint(git_in(root).and(complete)),
        )
    }

    pub(super) fn damaged(id: ObjectId, reason: &str) -> Self {
        let message = format!("the git object {id} is damaged: {reason}");
        Self::Damaged(io(message).with_hint("see what is damaged: git fsck"))
    }

    /// The repository at `root` has commits, but no ref leads to one.
    pub(super) fn lost_refs(root: &Path) -> Self {
        let message = format!(
            "the git repository in {} has commits, but no branch or tag leads to any; it may be damaged",
            root.display()
        );
        let hint = Hint::from("see which commits are lost: ").and(git_in(root)).and("fsck --no-reflogs");
        io(message).with_hint(hint).into()
    }

    pub(super) fn config_locked(lock: &Path) -> Self {
        io(format!("another program is changing the git configuration: {} exists", lock.display()))
            .with_hint(hint!("if no git is running here: rm {lock}", lock))
            .into()
    }

    /// `doing` is a verb that fits between "cannot" and "the git repository"; `message` is git's own.
    pub(super) fn failed(path: &Path, doing: &str, message: &str) -> Self {
        io(format!("cannot {doing} the git repository in {}: {message}", path.display())).into()
    }

    pub(super) fn garbled(path: &Path, doing: &str) -> Self {
        Self::failed(path, doing, "git's answer cannot be understood")
    }
}

fn io(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Io, message)
}

/// Returns `git `, with `-C PATH ` unless git itself would use that repository here.
fn git_in(path: &Path) -> Hint {
    match Path::new(".").canonicalize().ok().zip(path.canonicalize().ok()) {
        Some((here, path)) if here.starts_with(&path) => "git ".into(),
        _ => hint!("git -C {path} ", path),
    }
}

impl From<FsError> for GitError {
    fn from(error: FsError) -> Self {
        Self::Other(error.into())
    }
}

impl From<GitError> for Error {
    fn from(error: GitError) -> Self {
        let (GitError::Missing(error) | GitError::Damaged(error) | GitError::Other(error)) = error;
        error
    }
}
