//! Who has access: members join, are granted environments, and leave with every value they could read accounted for.

mod approve;
mod error;
mod exposures;
mod list;
mod past;

mod request;

pub use approve::{Approval, Candidate, approve, candidate};
pub use error::AccessError;
pub use exposures::{Exposed, Verdict, confirm, exposures};
pub use list::{GrantState, Listed, list, myself};
pub use past::Past;

pub use request::{Joined, join};
