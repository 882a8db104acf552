//! The schemas of a view: in each folder one, for the env files there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::GuardError;
use super::policies::folder;
use super::view::View;
use crate::check::rules::{Finding, Ruled, schema_file};
use crate::config::SCHEMA_FILES;
use crate::schema::Schema;

/// The schemas of a view, by their folders.
#[derive(Default)]
pub(super) struct Schemas {
    by_folder: BTreeMap<PathBuf, (PathBuf, Schema)>,
}

impl Schemas {
    /// Reads those of `view`.
    pub(super) fn of(view: &View<'_>) -> Result<Self, GuardError> {
        let mut schemas = Self::default();
        // The first of the names first, so that another one beside it does not count.
        for name in SCHEMA_FILES {
            for path in view.files().filter(|path| path.file_name().is_some_and(|file| file == name)) {
                if !schemas.by_folder.contains_key(folder(path)) {
                    // One that leads nowhere, or is not in this partial clone: the next one does not hold instead.
                    let text = view.read(path)?.unwrap_or_default();
                    let found = (path.to_owned(), Schema::parse(&text));
                    schemas.by_folder.insert(folder(path).to_owned(), found);
                }
            }
        }
        Ok(schemas)
    }

    /// That for the env files in `folder`.
    pub(super) fn at(&self, folder: &Path) -> Option<Ruled<'_>> {
        self.by_folder.get(folder).map(|(path, schema)| Ruled { path, schema })
    }

    /// Every one, with its folder.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Path, Ruled<'_>)> {
        self.by_folder.iter().map(|(folder, (path, schema))| (folder.as_path(), Ruled { path, schema }))
    }

    /// What is wrong in them.
    pub(super) fn findings(&self) -> Vec<Finding> {
        self.all().flat_map(|(_, ruled)| schema_file(ruled)).collect()
    }
}
