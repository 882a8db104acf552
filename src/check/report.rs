//! What a check is asked and what it answers.

use crate::check::rules::Finding;
use crate::git::GitError;
use crate::project::VaultError;

use crate::keys::KeyStore;

/// What holds for every sort of check.
#[derive(Clone, Copy)]
pub(crate) struct Options<'a> {
    /// Where private keys are looked for, to know the values that must not leak. Nothing is ever asked for.
    pub store: &'a KeyStore<'a>,
    /// Whether someone vouches for what only a reviewer can judge: a policy that a range widens, and marks that it adds,
    /// hold for the range itself; and a proof of rotation that no key at hand can verify is believed.
    pub accept_policy: bool,
    /// Called now and then with how many files are done, and of how many.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

/// What a check found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The findings, by file and line.
    pub findings: Vec<Finding>,
    /// How many env files were judged.
    pub env_files: usize,
    /// How many files were searched for secrets.
    pub searched: usize,
    /// Why this is not all: the rest is not in this clone.
    pub incomplete: Option<GitError>,
    /// Environments whose values are sealed, but could not be opened to be looked for elsewhere.
    pub unopened: Vec<String>,
    /// Why a keys file was not used.
    pub keys_unused: Option<VaultError>,
}

impl Report {
    /// Adds what another check found.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.env_files += other.env_files;
        self.searched += other.searched;
        self.incomplete = self.incomplete.take().or(other.incomplete);
        self.unopened.extend(other.unopened);
        self.unopened.sort();
        self.unopened.dedup();
        self.keys_unused = self.keys_unused.take().or(other.keys_unused);
        self.findings.sort();
        self.findings.dedup();
    }

    /// Sorts the findings, each once.
    pub(super) fn sorted(mut self) -> Self {
        self.findings.sort();
        self.findings.dedup();
        self
    }
}
