//! Which files matter by their name.

use std::path::Path;

use crate::config::{FileRole, TEAM_FILE, misspelled};

/// Whether a file is one that rules over several files look at: one that is called as an env file is, or as a template, a
/// copy or another tool's file beside one; a team file; or one that some file systems take for such a file.
pub(super) fn is_of_interest(path: &Path) -> bool {
    !matches!(FileRole::of(path), FileRole::Other | FileRole::KeysFile)
        || is_team_file(path)
        || misspelled(path).is_some()
}

/// Whether plain text in a file is an error: in an env file, also where its name is one that no env file may have, and in
/// a copy of one.
pub(super) fn is_judged(path: &Path) -> bool {
    FileRole::of(path).is_guarded()
}

/// Whether the file is a team file.
pub(super) fn is_team_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == TEAM_FILE)
}
