//! The team file, `envseal.toml`: members, grants, rotations, exposures and policy. Pure text: read, proven and edited;
//! comments and order stay.

mod entries;
mod exposure;
mod file;
mod member;
mod merge;
mod policy;
mod read;
mod settle;
mod weave;

pub use entries::line_of_entry;
pub use exposure::{Exposure, ExposureState};
pub use file::{TeamError, TeamFile};
pub use member::{GrantFault, GrantLine, MemberName, MemberNameError, Removed, Rotation};
pub use merge::{MergedTeam, TeamConflicts, merge_team};
pub use policy::{Policy, PolicyError, policy_globs, propose_plain, with_external, with_plain};
