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

pub use at::{FileThen, file_at};
pub use blame::{Blamed, blame};
pub use change::{Author, Change, FileChanges, Kind, SignatureState};
pub use diff::{Differing, Side, Sides, diff};
pub use error::HistoryError;
pub use log::{Entry, Query, log};
pub use reader::{Reader, Shown};
