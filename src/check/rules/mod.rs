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

pub use allow::{allows, line_of};
pub use compare::{key_changed, widened};
pub use encodings::{MIN_MASKED, spellings};
pub use env_file::{
    Dangling, EnvReport, EnvText, dangling, env_file, malformed_reference, newly_hidden, plain_values,
    sealed_by_mistake,
};
pub use finding::{Finding, Severity};
pub use foreign::foreign;
pub use frameworks::{
    COMPOSE_FILES, Framework, MODES, NEXT_PROCESSED, NodeProject, OfProject, PACKAGE_JSON,
    env_files_of_compose, handed_over, is_mode, may_be_read_elsewhere, sealed_elsewhere, told,
};
pub use leaks::{Found, Leak, Leaks, MIN_VALUE, Secret};
pub use lineage::{Lineage, lineage};
pub use names::{Listed, is_example, names};
pub use rule::Rule;
pub use schema::{Ruled, said_once, schema_file, schema_widened, value_held, values_held};
pub use scope::{Keyed, misspelled_file, scope};
pub use team::{Environment, TeamText, team_file};
pub use team_change::{strange_granters, team_changed, team_followed, team_gone, team_left};
