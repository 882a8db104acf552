//! Brings documents, crypto, keys and policy together: decrypts a file's values, encrypts into it, sets it up.

mod change;
mod committed;
mod edit;
mod encrypt;
mod exposure;
mod file;
mod git_drivers;
#[cfg(feature = "cli")]
mod import;
mod journal;
mod keys;
mod line_errors;
mod open;
mod pin;
mod projects;
mod references;
mod resolve;
mod rotate;
mod schema;
mod setup;
mod similar;
mod team_file;
mod transaction;
mod unseen;
mod update;

pub use change::{Assignment, How, set};
pub(crate) use change::{Outcome, last_of_each, needs_key, referring_beside, rename, unset};
pub(crate) use committed::{document_in_head, path_in_commits};
pub(crate) use edit::{Edited, Editing, PrivateEditFile};
pub use encrypt::{Pick, decrypt, encrypt, refuse_reserved_dependents, reseal};
pub(crate) use encrypt::{ValueState, counts, first_foreign, value_state};
pub(crate) use exposure::{Standing, exposure_files, exposure_names, put_exposed, standing, value_tag};
pub use file::EnvFile;
pub(crate) use file::{refuse_links, replace_copy, token};
pub(crate) use git_drivers::merge;
pub use git_drivers::textconv;
#[cfg(feature = "cli")]
pub(crate) use import::{ImportAction, ImportPlan, ImportText, keep_backup, other_keys_file, same_file};
#[cfg(feature = "cli")]
pub use import::{ImportItem, ItemValue};
pub(crate) use journal::{RecoveredChange, recover_interrupted};
pub(crate) use keys::{KeysChanged, Wanted, back_up, is_keys_file_tracked, lock_keys, recover, unlock_keys};
pub(crate) use line_errors::{
    FailureReason, ValueFailure, ambiguous_hash, cannot_decrypt, changed_meanwhile, merge_conflict,
    no_variable, not_text, stray_line, unwritable,
};
pub use open::{Precedence, read_files};
pub(crate) use open::{Reading, Variable, value_alone};
pub(crate) use pin::{KeyTrust, Pinning, accept, key_commit};
pub use projects::Project;
pub(crate) use projects::{Projects, to_check_out};
pub use references::DollarSigns;
pub(crate) use resolve::{Resolution, Resolved, resolve, resolve_hint};
pub(crate) use rotate::{
    DroppedGrant, EnvironmentRotation, RotatedEnv, Rotation, TeamChange, refuse_not_rotated, rotate,
};
pub(crate) use schema::{example, hold_to_schemas, in_file, write_example};
pub(crate) use setup::{
    Notice, add_to_policy, guard_keys_file, has_dockerfile, new_environments, propose_plain,
};
pub(crate) use similar::{env_file_above, env_file_names, nearest_name, similar_env_file};
pub(crate) use team_file::change_team;
pub use team_file::{put_tag_key, tag_key};
pub(crate) use transaction::sweep;
pub(crate) use unseen::{take_back_in, unseen_among, unseen_of};
pub(crate) use update::{Target, Updated, UpdatedFile, Write, update};
