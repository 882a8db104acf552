//! `check`: every rule, run over the working tree, the index, a range of commits or all of history.
//!
//! A [`change::CheckedChange`] is the files before and after, each a [`snapshot::Snapshot`] with its
//! [`settings::Settings`] (policies, schemas, team files). Its `inspect` runs the rules over env files, keys, policies
//! and teams; a [`search::SecretSearch`] looks for known values in every file; findings that a reviewed mark allows are
//! then removed. The rules themselves are in `rules`, and know nothing of files or git.

mod allow;
mod change;
mod compare;
mod env_files;
mod fix;
mod frameworks;
mod history;
mod keys_files;
mod origins;
mod pushed;
mod range;
pub(crate) mod rules;
mod search;
mod secrets;
mod settings;
mod snapshot;
mod teams;
mod touched;

pub(crate) use change::{staged, worktree};
pub(crate) use fix::fix;
pub(crate) use frameworks::{ProgramStart, find_other_readers};
pub(crate) use history::history;
pub(crate) use pushed::{CommitRange, Pushed, known_of_remote};

use crate::error::Error;
use crate::keys::KeyStore;
use rules::Finding;

#[derive(Clone, Copy)]
pub(crate) struct CheckOptions<'a> {
    /// Finds private keys without prompting, to decrypt the values that must not leak.
    pub store: &'a KeyStore<'a>,
    /// True if a reviewer vouches for what only they can judge: a wider policy and new marks apply to the range that
    /// adds them, and a rotation proof that no available key can verify becomes a suggestion.
    pub accept_policy: bool,
    /// True if suggestions that are not about a changed line are counted, not listed.
    pub only_changed_lines: bool,
    /// In seconds. A sealed value in the working tree that has not changed for longer is an error.
    pub max_age: Option<i64>,
    /// Called now and then with the number of files done and the total.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

#[derive(Debug, Default)]
pub(crate) struct CheckReport {
    pub findings: Vec<Finding>,
    /// How many suggestions are not listed.
    pub on_other_lines: usize,
    /// How many env files were checked.
    pub env_files: usize,
    /// How many files were searched for secrets.
    pub searched: usize,
    /// Why the check is incomplete: part of the history is not in this clone.
    pub incomplete: Option<Error>,
    /// Environments none of whose sealed values could be decrypted, so other files were not searched for them.
    pub without_key: Vec<String>,
    /// Why a keys file was not used.
    pub key_error: Option<Error>,
}

impl CheckReport {
    /// Adds what another check found.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.findings.extend(other.findings);
        self.on_other_lines += other.on_other_lines;
        self.env_files += other.env_files;
        self.searched += other.searched;
        self.incomplete = self.incomplete.or(other.incomplete);
        self.without_key.extend(other.without_key);
        self.without_key.sort();
        self.without_key.dedup();
        self.key_error = self.key_error.or(other.key_error);
        self.sorted()
    }

    /// Sorts the findings by file and line, and drops duplicates.
    fn sorted(mut self) -> Self {
        self.findings.sort();
        self.findings.dedup();
        self
    }
}
