//! The git history of env files, by name: who changed which variable, when.
//!
//! A commit is compared with each of its parents, file by file and name by name. A variable that is the same in one of them
//! was not changed by the commit. A file keeps its history through renames.

mod blame;
mod change;
mod diff;
mod log;
mod rename;
mod version;
mod walk;

pub(crate) use blame::{BlamedVariable, blame};
pub(crate) use change::{Author, ChangeKind, FileChanges, SignatureState, VariableChange};
pub(crate) use diff::{DiffSide, FileDiff, diff};
pub(crate) use log::{LogEntry, LogQuery, log};
pub(crate) use version::{EnvHistory, ShownValue};
pub(crate) use walk::{file_at, not_in_commit};
