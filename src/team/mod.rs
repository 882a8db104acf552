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

pub(crate) use entries::line_of_entry;
pub use exposure::{Exposure, ExposureState};
pub(crate) use file::TeamError;
pub use file::TeamFile;
pub(crate) use member::{GrantFault, Removed};
pub use member::{GrantLine, MemberName, Rotation};
pub(crate) use merge::{TeamConflicts, merge_team};
pub use policy::Policy;
pub(crate) use policy::{PolicyError, policy_globs, propose_plain, with_external, with_plain};
