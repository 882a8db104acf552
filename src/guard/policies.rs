//! Whose policy holds for a file: that of the nearest team file upward.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::GuardError;
use super::files::is_team_file;
use super::view::View;
use crate::scan::{Finding, Rule};
use crate::team::Policy;

/// The policies of a view.
pub(super) struct Policies {
    by_folder: BTreeMap<PathBuf, Policy>,
    none: Policy,
    /// The team files that cannot be read; nothing is plain or left out by them.
    pub(super) findings: Vec<Finding>,
}

impl Policies {
    /// Reads the team files of `view`.
    pub(super) fn of(view: &View<'_>) -> Result<Self, GuardError> {
        let mut policies = Self { by_folder: BTreeMap::new(), none: Policy::default(), findings: Vec::new() };
        for path in view.files().filter(|path| is_team_file(path)) {
            // One that leads nowhere, or is not in this partial clone: what is above it does not hold instead.
            let text = view.read(path)?.unwrap_or_default();
            let policy = Policy::parse(&text).unwrap_or_else(|error| {
                let found = Finding::new(Rule::TeamFile, path, error.to_string(), "mend {file}");
                policies.findings.push(found);
                Policy::default()
            });
            policies.by_folder.insert(folder(path).to_owned(), policy);
        }
        Ok(policies)
    }

    /// The policy for the file at `path`, and the folder of its scope.
    pub(super) fn for_file<'a>(&'a self, path: &'a Path) -> (&'a Path, &'a Policy) {
        let found = path.ancestors().skip(1).find_map(|folder| Some((folder, self.by_folder.get(folder)?)));
        found.unwrap_or((Path::new(""), &self.none))
    }

    /// Whether the file's own scope leaves it out.
    pub(super) fn excludes(&self, path: &Path) -> bool {
        let (scope, policy) = self.for_file(path);
        path.strip_prefix(scope).is_ok_and(|relative| policy.is_excluded(relative))
    }
}

/// The folder a file is in.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}
