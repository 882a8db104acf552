//! Who changed which variable, when: the git history of env files, by name.
//!
//! A commit is compared with each of its parents, file by file and name by name. What it has in common with any of
//! them it did not change. A file keeps its history through renames.

mod at;
mod blame;
mod change;
mod diff;
mod error;
mod log;
mod reader;
mod rename;
mod signers;
mod state;

pub(crate) use at::file_at;
pub(crate) use blame::{Blamed, blame};
pub(crate) use change::{Author, Change, FileChanges, Kind, SignatureState};
pub(crate) use diff::{Differing, Side, Sides, diff};
pub(crate) use error::HistoryError;
pub(crate) use log::{Entry, Query, log};
pub(crate) use reader::{Reader, Shown};
