//! Who has access: members join, are granted environments, and leave with every value they could read accounted for.

mod approve;
mod error;
mod exposures;
mod leaving;
mod list;
mod past;
mod record;
mod remove;

mod request;

pub use approve::{Approval, Candidate, approve, candidate, refuse_approval};
pub use error::AccessError;
pub use exposures::{Exposed, Verdict, confirm, exposures};
pub use leaving::{Leaving, leaving};
pub use list::{GrantState, Listed, list, myself};
pub use remove::{Removal, remove};

pub use request::{Joined, join};
