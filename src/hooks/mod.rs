//! Hook scripts, and the configuration of git's drivers in this clone.

mod calls;
pub(crate) mod drivers;
mod install;
mod manager;
mod script;

use std::path::Path;

use crate::fs;
pub(crate) use install::{
    CloneHooks, HookReport, HookState, InstallReport, bare_repository, inspect, install, left_alone,
    read_settings, uninstall,
};

/// The file that records what the user was told about this clone's hooks, so that they are told once, and `run` can
/// check it without starting git. It is in the git folder that all worktrees share.
const MARK: &str = "envseal-hooks";
const MENTIONED: &[u8] = b"mentioned\n";
const SETTLED: &[u8] = b"settled\n";

/// Returns true if the user has been told that the clone is not set up, or if that is settled.
pub(crate) fn is_marked(common_dir: &Path) -> bool {
    common_dir.join(MARK).symlink_metadata().is_ok()
}

/// Records that the user was told that the clone is not set up. Returns false if it is already marked, or can't be.
pub(crate) fn mark_mentioned(common_dir: &Path) -> bool {
    !is_marked(common_dir) && fs::create_new(&common_dir.join(MARK), MENTIONED)
}

/// Returns true if the hooks have been installed, or the user has declined to install them.
pub(crate) fn is_settled(common_dir: &Path) -> bool {
    fs::read(&common_dir.join(MARK)).is_ok_and(|text| text != MENTIONED)
}

/// Records that the user need not be told about the clone's hooks again.
pub(crate) fn settle(common_dir: &Path) {
    forget(common_dir);
    fs::create_new(&common_dir.join(MARK), SETTLED);
}

/// Removes the mark, after hooks were removed.
pub(crate) fn forget(common_dir: &Path) {
    // If this fails, people are told once too often or not at all, which does no harm.
    let _ = fs::remove_if_there(&common_dir.join(MARK));
}
