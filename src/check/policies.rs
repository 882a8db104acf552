//! Whose policy holds for a file: that of the nearest team file upward, and what the schema beside it calls plain.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::GuardError;
use super::files::is_team_file;
use super::schemas::Schemas;
use super::view::View;
use crate::check::rules::{Finding, Rule};
use crate::team::Policy;

/// The policies of a view.
pub(super) struct Policies {
    by_folder: BTreeMap<PathBuf, Policy>,
    none: Policy,
    /// With what a schema calls plain, where one does.
    with_schema: BTreeMap<PathBuf, Policy>,
    /// The schemas.
    pub(super) schemas: Schemas,
    /// The team files that cannot be read; nothing is plain or left out by them.
    pub(super) findings: Vec<Finding>,
}

impl Policies {
    /// Reads the team files of `view`.
    pub(super) fn of(view: &View<'_>) -> Result<Self, GuardError> {
        let mut policies = Self {
            by_folder: BTreeMap::new(),
            none: Policy::default(),
            with_schema: BTreeMap::new(),
            schemas: Schemas::of(view)?,
            findings: Vec::new(),
        };
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
        for (folder, ruled) in policies.schemas.all() {
            let mut plain = ruled.schema.plain().map(|item| item.name.as_str()).peekable();
            if plain.peek().is_some() {
                let (_, policy) = policies.of_scope(folder);
                let policy = policy.clone().with_names(plain);
                policies.with_schema.insert(folder.to_owned(), policy);
            }
        }
        Ok(policies)
    }

    /// The policy for the file at `path`, and the folder of its scope.
    pub(super) fn for_file<'a>(&'a self, path: &'a Path) -> (&'a Path, &'a Policy) {
        let (scope, policy) = self.of_scope(folder(path));
        (scope, self.with_schema.get(folder(path)).unwrap_or(policy))
    }

    /// The policy of the scope that the files in `folder` belong to, and its folder.
    fn of_scope<'a>(&'a self, folder: &'a Path) -> (&'a Path, &'a Policy) {
        let found = folder.ancestors().find_map(|folder| Some((folder, self.by_folder.get(folder)?)));
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
