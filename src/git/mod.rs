//! The way into git: where the worktree is, what git tracks, and what it ignores.
//!
//! Only this module names `git2`. It knows nothing of what the files hold. Paths that come in may be relative to the
//! current folder and lead through symlinks; paths that go out stand below [`Repo::root`].

mod ahead;
mod commit;
mod config;
mod error;
mod find;
mod graph;
mod hooks_path;
mod ignored;
mod index;
mod index_file;
mod lines;
mod list;
mod log;
mod objects;
mod paths;
mod pick;
mod quick;
mod range;
mod repo;
mod root;
mod root_commit;
mod seen;
mod testing;
mod tracked;
mod tree;
mod versions;

pub use ahead::Ahead;
pub use commit::{Commit, Signed};
pub use config::ConfigLock;
pub use error::GitError;
pub use find::Finder;
pub use hooks_path::HooksDir;
pub use lines::added_lines;
pub use list::plain_list_files;
pub use log::{Step, Walk};
pub use objects::{Changed, FileKind, FileRef, HookVars, ObjectId, Objects, Peeled};
pub use pick::{Picked, Picker};
pub use quick::{git_dir_of, is_tracked_fast};
pub use range::range_ends;
pub use repo::Repo;
pub use root::find_root;
pub use root_commit::RepoName;
pub use versions::{Version, Versions};
