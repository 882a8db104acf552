//! `check`: every rule, run over the worktree, the index, a range of commits or all of history.
//!
//! The rules are `scan`'s. Here their input is gathered: which files there are (`View`), whose policy holds
//! (`policies`), who is in the team (`teams`), which values are known (`secrets`); and what is allowed is taken out
//! (`allowed`).

mod allowed;
mod elsewhere;
mod error;
mod files;
mod fix;
mod history;
mod keys_file;
mod origins;
mod policies;
mod proposed;
mod pushed;
mod range;
mod report;
pub(crate) mod rules;
mod schemas;
mod search;
mod secrets;
mod staged;
mod state;
mod teams;
mod view;
mod worktree;

pub(crate) use elsewhere::{Start, read_elsewhere_by};
pub(crate) use fix::fix;
pub(crate) use history::history;
pub(crate) use pushed::{Pushed, Range, known_of_remote};
pub(crate) use report::{Options, Report};
pub(crate) use staged::{Searched, staged};
pub(crate) use worktree::worktree;
