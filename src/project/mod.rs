//! The meeting point of documents, crypto, keys and policy: open a file's values, seal into it, set it up.

mod at;
mod change;
mod committed;
mod desk;
mod edit;
mod encrypt;
mod error;
mod example;
mod exposure;
mod failure;
mod file;
#[cfg(feature = "cli")]
mod import;
mod journal;
mod keys;
mod merge;
mod open;
mod pin;
mod project;
mod references;
mod roster;
mod rotate;
mod schema;
mod scope;
mod setup;
mod similar;
mod textconv;
mod transaction;
mod unseen;
mod update;

pub use change::{
    Assignment, Change, How, Outcome, last_of_each, needs_key, referring_beside, rename, set, unset,
};
pub use desk::{Broom, Desk};
pub use edit::{EditFault, Edited, Editing, LeftAsToken};
pub use encrypt::{Counts, Pick, counts, decrypt, encrypt, first_foreign, reseal};
pub use error::VaultError;
pub use example::{Example, example, write_example};
pub use exposure::{Standing, standing, value_tag};
pub use failure::{Failure, Reason};
pub use file::{EnvFile, refuse_links, token};
#[cfg(feature = "cli")]
pub use import::{
    Arrival, Arriving, Fate, Import, Incoming, Text, drop_backup, keep_backup, other_keys_file, same_file,
    source_text,
};
pub use journal::{Settled, Stuck, settle};
pub use keys::{
    KeysChanged, KeysFileState, Recovered, Wanted, back_up, keys_file_state, lock_keys, read_backup, recover,
    unlock_keys,
};
pub use merge::{merge, read_version, write_version};
pub use open::{Precedence, Reading, Variable, read_files, value_alone};
pub use pin::{OtherRotation, PinChange, Pinning, accept, key_commit, pin_trouble, pins_of, refuse_old_key};
pub use project::{Project, Projects};
pub use references::DollarSigns;
pub use roster::{change_team, put_tag_key, tag_key};
pub use rotate::{DroppedGrant, LeftSealed, Rotated, RotatedEnv, Rotation, TeamChange, rotate};
pub use schema::{Breach, Origin, hold_to_schemas, schema_of};
pub use scope::Scope;
pub use setup::{Notice, declare_external, declare_plain, guard_keys_file, has_dockerfile, propose_plain};
pub use similar::similar_env_file;
pub use textconv::textconv;
pub use transaction::sweep;
pub use unseen::{take_back_in, unseen_among, unseen_by_git, unseen_of};
pub use update::{Target, Updated, Write, update};
