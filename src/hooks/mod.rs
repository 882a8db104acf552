//! The hook scripts and the configuration of git's drivers in this clone.

pub(crate) mod drivers;
mod install;
mod manager;
mod script;
mod shell;

use std::path::Path;

use crate::fs;
pub(crate) use install::{
    CloneHooks, HookReport, HookState, InstallReport, bare_repository, inspect, install, left_alone,
    read_settings, uninstall,
};

/// The file in the git folder that all worktrees share which says what a person knows of this clone's hooks, so that
/// nobody is told twice, and `run` finds out without starting git.
const MARK: &str = "envseal-hooks";
const MENTIONED: &[u8] = b"mentioned\n";
const SETTLED: &[u8] = b"settled\n";

/// Returns true if a person has been told that the clone is not set up, or it is settled.
pub(crate) fn is_marked(common_dir: &Path) -> bool {
    common_dir.join(MARK).symlink_metadata().is_ok()
}

/// Records that a person is told that the clone is not set up. Returns false if it is marked already, or cannot be.
pub(crate) fn mark_mentioned(common_dir: &Path) -> bool {
    !is_marked(common_dir) && fs::create_new(&common_dir.join(MARK), MENTIONED)
}

/// Returns true if the hooks have been installed, or a person has answered that they shall not be.
pub(crate) fn is_settled(common_dir: &Path) -> bool {
    fs::read(&common_dir.join(MARK)).is_ok_and(|text| text != MENTIONED)
}

/// Records that there is nothing more to say about the clone's hooks.
pub(crate) fn settle(common_dir: &Path) {
    forget(common_dir);
    fs::create_new(&common_dir.join(MARK), SETTLED);
}

/// Removes the mark, for hooks that were removed.
pub(crate) fn forget(common_dir: &Path) {
    // Otherwise people are told once less, or once more.
    let _ = fs::remove_if_there(&common_dir.join(MARK));
}
