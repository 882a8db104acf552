//! All access to git: which repository a folder belongs to, and what git tracks, ignores and has committed.
//!
//! Facts come from the `git` program (`command`). Its files are not parsed here, except for the bytes of the index and
//! the links between worktrees, so that `run` and `get` need not start a process (`index_bytes`). Objects come through
//! one `git cat-file --batch-command` and are hashed here (`objects`). `git2` only compares texts.
//!
//! Paths in arguments may be relative to the current folder and lead through symlinks; returned paths are below
//! [`Repo::root`].

mod command;
mod config;
mod error;
mod history;
mod index_bytes;
mod objects;
mod paths;
mod repo;
pub(crate) mod testing;
mod tree;
mod worktree;

pub(crate) use config::{HooksDir, Setting, runs_filter, users_setting};
pub(crate) use error::GitError;
pub(crate) use history::{HistoryWalk, Linked, RangeEnds};
pub(crate) use index_bytes::{common_dir_of, git_dir_of, in_main_worktree, is_tracked_fast};
pub(crate) use objects::{ChangedFile, Commit, FileKind, FileRef, ObjectId, Peeled};
pub(crate) use paths::{
    display_path, find_root, from_git, other_repository, path_from, path_to_add, read_team_or_schema,
    relative_path, same_folder, settings_link_fault,
};
pub use repo::Repo;
pub(crate) use repo::{OLDEST, RepoName, Repositories, once};
#[cfg(feature = "cli")]
pub(crate) use worktree::added_lines;
pub(crate) use worktree::plain_list_files;
