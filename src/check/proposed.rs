//! What a policy that a range itself brings allows: its author says that it is no secret, and its reviewer has the last
//! word. It stays an error until then, but is told as what it is, and not as a secret that got out.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::error::GuardError;
use super::policies::Policies;
use super::range::{leaks_of_env_file, shows_plaintext};
use super::view::View;
use crate::check::rules::{Finding, Rule};
use crate::git::FileKind;

/// How a finding is told from the others of its file.
pub(super) type Place = (Rule, Option<usize>, Option<String>);

/// The plaintext of one env file's text that the policies of a range's end do not allow either.
pub(super) struct Proposed {
    open: BTreeSet<Place>,
    excluded: bool,
}

impl Proposed {
    /// Of this text.
    pub(super) fn of(path: &Path, text: &[u8], policies: &Policies) -> Self {
        let open = leaks_of_env_file(path, text, policies, FileKind::File);
        Self { open: open.iter().map(place).collect(), excluded: policies.excludes(path) }
    }

    /// The finding as it is told where the policy that the change brings allows it; `mend` tells the others.
    pub(super) fn told(&self, mut finding: Finding, mend: impl FnOnce(Finding) -> Finding) -> Finding {
        if !shows_plaintext(finding.rule) || self.open.contains(&place(&finding)) {
            return mend(finding);
        }
        let excluded = "; a policy that this change brings leaves the file out";
        finding.message.push_str(if self.excluded {
            excluded
        } else {
            ", by a policy that this change brings"
        });
        for_review(finding)
    }
}

/// [`Proposed`] of the env files of a view, each made when it is asked for.
pub(super) struct ProposedIn<'a> {
    view: &'a View<'a>,
    policies: &'a Policies,
    files: HashMap<PathBuf, Proposed>,
}

impl<'a> ProposedIn<'a> {
    /// Of the files of `view`, by its own policies.
    pub(super) fn new(view: &'a View<'a>, policies: &'a Policies) -> Self {
        Self { view, policies, files: HashMap::new() }
    }

    /// Of one of them.
    pub(super) fn at(&mut self, path: &Path) -> Result<&Proposed, GuardError> {
        if !self.files.contains_key(path) {
            let text = self.view.read(path)?.unwrap_or_default();
            self.files.insert(path.to_owned(), Proposed::of(path, &text, self.policies));
        }
        Ok(&self.files[path])
    }
}

/// What passes once someone has looked at it, and says so.
pub(super) fn for_review(mut finding: Finding) -> Finding {
    finding.message.push_str("; have it reviewed");
    finding.fix = "envseal check --range {range} --accept-policy".into();
    finding
}

/// Returns where a finding is.
pub(super) fn place(finding: &Finding) -> Place {
    (finding.rule, finding.line, finding.name.clone())
}
