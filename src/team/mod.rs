//! The team file, `envseal.toml`: members, grants, rotations, exposures and policy. Text only: parsed, verified, edited
//! and merged, with comments and order preserved.

#![allow(missing_docs, reason = "exported for the tests only")]

mod entries;
mod file;
mod merge;
mod policy;
mod records;

pub(crate) use entries::line_of_entry;
pub(crate) use file::TeamError;
pub use file::TeamFile;
pub(crate) use merge::merge_team;
pub use policy::Policy;
pub(crate) use policy::{conflict_marker, policy_globs, propose_plain, with_globs};
pub use records::{Exposure, ExposureState, GrantLine, MemberName, Rotation};
pub(crate) use records::{GrantFault, RemovedMember};
