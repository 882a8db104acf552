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

pub(crate) use approve::{approve, candidate, refuse_approval};
pub(crate) use error::AccessError;
pub(crate) use exposures::{Exposed, Verdict, confirm, exposures};
pub(crate) use leaving::{Leaving, leaving};
pub(crate) use list::{GrantState, Listed, list};
pub(crate) use remove::remove;

pub(crate) use request::{Joined, join};
