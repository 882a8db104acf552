//! The rules of `check`, over bytes handed in: no file, no git, no key is looked for here.
//!
//! `env_file` judges one env file by itself, `names` the env files of one folder side by side, `scope` those of
//! one scope, [`values_held`] its values by a schema, [`team_file`] a team file, [`key_changed`], [`widened`] and [`team_changed`] what a change did to keys,
//! policy and team, and [`Leaks`] looks for secrets in any file at all. `docs/check.md` lists the rules.

mod alike;
mod allow;
mod compare;
mod elsewhere;
mod encodings;
mod env_file;
mod finding;
mod foreign;
mod frameworks;
mod leaks;
mod lineage;
mod names;
mod rule;
mod schema;
mod scope;
mod team;
mod team_change;

pub(crate) use allow::{allows, line_of};
pub(crate) use compare::{key_changed, widened};
pub(crate) use encodings::MIN_MASKED;
pub use encodings::spellings;
pub(crate) use env_file::{
    EnvReport, dangling, malformed_reference, newly_hidden, plain_values, sealed_by_mistake,
};
pub use env_file::{EnvText, env_file};
pub use finding::{Finding, Severity};
pub(crate) use foreign::foreign;
pub(crate) use frameworks::{
    COMPOSE_FILES, Framework, MODES, NEXT_PROCESSED, NodeProject, OfProject, PACKAGE_JSON,
    env_files_of_compose, handed_over, is_mode, may_be_read_elsewhere, sealed_elsewhere, told,
};
pub use leaks::Leaks;
pub(crate) use leaks::{Leak, Secret};
pub(crate) use lineage::{Lineage, lineage};
pub(crate) use names::{Listed, is_example, names};
pub use rule::Rule;
pub(crate) use schema::{Ruled, said_once, schema_file, schema_widened, value_held, values_held};
pub(crate) use scope::{Keyed, misspelled_file, scope};
pub(crate) use team::{Environment, TeamText, team_file};
pub(crate) use team_change::{strange_granters, team_changed, team_followed, team_gone, team_left};
