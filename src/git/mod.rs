//! The one door to git: which repository a folder belongs to, what git tracks, ignores and has committed.
//!
//! Facts are asked of the `git` program (`command`); nothing here parses its files, but for the index, whose bytes
//! `run` and `get` look at so that they need start no process (`quick`). Objects that are judged come through one
//! `git cat-file --batch-command` and are hashed here (`objects`). `git2` compares and merges texts, and opens no repository.
//!
//! Paths that come in may be relative to the current folder and lead through symlinks; paths that go out stand below
//! [`Repo::root`]. Oldest git that works: [`OLDEST`].

mod cat_file;
mod command;
mod commit;
mod config;
mod error;
mod history;
mod index;
mod lines;
mod objects;
mod paths;
mod quick;
mod refs;
mod repo;
mod root;
mod roots;
mod testing;
mod tree;
mod worktree;

pub(crate) use commit::Commit;
pub(crate) use config::{HooksDir, Setting};
pub(crate) use error::GitError;
pub(crate) use error::git_hint;
pub(crate) use history::Walk;
pub(crate) use lines::added_lines;
pub(crate) use objects::{Changed, FileKind, FileRef, ObjectId, Peeled};
pub(crate) use paths::{display_path, from_git, path_from, relative_path};
pub(crate) use quick::{git_dir_of, is_tracked_fast};
pub(crate) use refs::{Linked, range_ends};
pub use repo::Repo;
pub(crate) use repo::{OLDEST, Repositories};
pub(crate) use root::find_root;
pub(crate) use roots::RepoName;
pub(crate) use worktree::plain_list_files;
