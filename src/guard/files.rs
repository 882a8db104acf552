//! Which files matter by their name.

use std::path::Path;

use crate::config::{TEAM_FILE, is_env_file, is_misnamed_env_file, misspelled};
use crate::scan::is_example;

/// Whether a file is one that rules over several files look at: an env file, an example, a team file; or one that some
/// file systems take for such a file.
pub(super) fn is_of_interest(path: &Path) -> bool {
    is_judged(path) || is_example(path) || is_team_file(path) || misspelled(path).is_some()
}

/// Whether a file is judged as an env file, also where its name is one that no env file may have.
pub(super) fn is_judged(path: &Path) -> bool {
    is_env_file(path) || is_misnamed_env_file(path)
}

/// Whether the file is a team file.
pub(super) fn is_team_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == TEAM_FILE)
}
