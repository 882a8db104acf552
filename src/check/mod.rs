//! `check`: every rule, run over the working tree, the index, a range of commits or all of history.
//!
//! A [`change::CheckedChange`] is the files before and after, each a [`snapshot::Snapshot`] with its [`settings::Settings`]
//! (policies, schemas, team files). Its `inspect` runs the rules over env files, keys, policies and teams; a
//! [`search::SecretSearch`] looks for known values in every file; what a reviewed mark allows is then removed. The rules
//! themselves are in `rules`: they know neither files nor git.

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
    /// Finds private keys, to know the values that must not leak, without prompting.
    pub store: &'a KeyStore<'a>,
    /// A reviewer vouches for what only they can judge: a wider policy and new marks hold for the range that brings them, and
    /// a proof of rotation is believed that no available key can verify.
    pub accept_policy: bool,
    /// Suggestions that are not about a line of the change are counted, and not listed.
    pub only_changed_lines: bool,
    /// In the working tree, sealed values that have not changed for more seconds are errors.
    pub max_age: Option<i64>,
    /// Called now and then with how many files are done, and of how many.
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
    /// Why this is not all: the rest is not in this clone.
    pub incomplete: Option<Error>,
    /// Environments with sealed values of which none could be decrypted, to be looked for elsewhere.
    pub without_key: Vec<String>,
    /// Why a keys file was not used.
    pub key_error: Option<Error>,
}

impl CheckReport {
    /// Adds what another check found.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.on_other_lines += other.on_other_lines;
        self.env_files += other.env_files;
        self.searched += other.searched;
        self.incomplete = self.incomplete.take().or(other.incomplete);
        self.without_key.extend(other.without_key);
        self.without_key.sort();
        self.without_key.dedup();
        self.key_error = self.key_error.take().or(other.key_error);
        self.findings.sort();
        self.findings.dedup();
    }

    /// Sorts the findings, by file and line, each once.
    fn sorted(mut self) -> Self {
        self.findings.sort();
        self.findings.dedup();
        self
    }
}
