//! The rules of `check`. They get bytes, and know nothing of files, git or where keys are. `docs/check.md` lists them.

#![allow(missing_docs, reason = "public for the tests alone")]

mod encodings;
mod env_file;
mod frameworks;
mod keys;
mod leaks;
mod names;
mod readers;
mod rule;
mod schema;
mod similar;
mod team;

pub(crate) use encodings::MIN_MASKED;
pub use encodings::spellings;
pub(crate) use env_file::{
    EnvReport, ReportedFile, check_hidden_value, foreign, malformed_reference, old_value, plain_values,
    sealed_by_mistake,
};
pub use env_file::{EnvText, check_env_file};
pub(crate) use frameworks::{
    COMPOSE_FILES, Framework, MODES, NEXT_PROCESSED, NodeProject, PACKAGE_JSON, env_files_of_compose,
    handed_over, is_mode, list_names, may_be_read_elsewhere, sealed_elsewhere,
};
pub(crate) use keys::{RotationProof, check_key_change, compare_keys, find_rotation, misspelled_file};
pub use leaks::Leaks;
pub(crate) use leaks::{Leak, SecretValue};
pub(crate) use names::{compare_names, is_example};
pub use rule::{Finding, Rule, Severity};
pub(crate) use schema::{
    SchemaFile, check_schema, check_value, check_values, compare_plain_names, drop_repeated,
};
pub(crate) use team::{
    EnvironmentNames, TeamText, check_granters, check_left_team, check_removed_team, check_self_granted,
    check_team_file, compare_policy, compare_teams, compare_with_origin,
};
