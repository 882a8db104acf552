//! The example file of a folder: which variables its env files have, without their values.

use std::path::{Path, PathBuf};

use super::encrypt::is_plain;
use super::file::{EnvFile, folder_of};
use super::line_errors::not_text;
use super::scope::Scope;
use super::transaction::WriteLock;
use crate::config::{EnvName, SCHEMA_FILES};
use crate::dotenv::{Document, is_reserved};
use crate::error::Error;
use crate::fs::{self, FsError, NewMode};
use crate::keys::KeyStore;
use crate::schema::{ExampleName, add_names};

/// An example file as it could be.
pub(crate) struct Example {
    /// Its place: the schema's, where there is one.
    pub path: PathBuf,
    /// What stands there now, and of the names that it lacks a line each.
    pub text: Vec<u8>,
    /// How many those are.
    pub added: usize,
    /// Whether the file is there, and has nothing in it.
    pub is_emptied: bool,
}

/// Puts together the example file of the env files in `folder`.
pub(crate) fn example(folder: &Path, store: &KeyStore<'_>) -> Result<Example, Error> {
    let dir = folder_of(&folder.join(SCHEMA_FILES[0]));
    let scope = Scope::of(&dir, store.repositories())?;
    let (path, text) = standing(folder)?;
    let document = Document::parse(text.clone().unwrap_or_default()).map_err(not_text(&path))?;
    let mut paths = scope.env_files_of_all(&dir)?;
    paths.retain(|path| path.parent() == Some(&dir));
    // That of `.env` is the one that the others add to.
    paths.sort_by_key(|path| EnvName::of_file(path).is_ok_and(|env| env.as_str() != "default"));
    let files = paths.iter().map(|path| EnvFile::load(path)).collect::<Result<Vec<_>, _>>()?;
    let names = known(&files, &scope);
    let (new, added) = add_names(document.as_bytes(), &names, document.line_break());
    Ok(Example { path, text: new, added, is_emptied: text.is_some_and(|text| text.is_empty()) })
}

/// Writes the example file of `folder`, whole or not at all, and returns it.
///
/// `on_wait` is called when another envseal holds the lock.
pub(crate) fn write_example(
    folder: &Path,
    store: &KeyStore<'_>,
    on_wait: &dyn Fn(),
) -> Result<Example, Error> {
    let scope = Scope::of(&folder_of(&folder.join(SCHEMA_FILES[0])), store.repositories())?;
    let _lock = WriteLock::acquire(&[folder.join(SCHEMA_FILES[0])], &[], store.repositories(), on_wait)?;
    let example = example(folder, store)?;
    scope.refuse_leading_outside(&example.path)?;
    if example.added > 0 {
        fs::write_atomic(&example.path, &example.text, NewMode::Default)?;
    }
    Ok(example)
}

/// The schema's place, and its text; that of a new one where there is none.
fn standing(folder: &Path) -> Result<(PathBuf, Option<Vec<u8>>), Error> {
    for name in SCHEMA_FILES {
        match fs::read_entry(folder, name) {
            Ok(text) => return Ok((folder.join(name), Some(text))),
            Err(FsError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok((folder.join(SCHEMA_FILES[1]), None))
}

/// The variables of these files, each once, in their order.
fn known(files: &[EnvFile], scope: &Scope) -> Vec<ExampleName> {
    let mut names: Vec<ExampleName> = Vec::new();
    let mut seen = std::collections::HashMap::new();
    for file in files {
        for (_, entry) in file.variables() {
            let name = file.document().name(entry);
            // What is sealed once is a secret, whatever it is declared elsewhere; a reserved name needs no declaring.
            let plain =
                file.token_text(entry).is_none() && is_plain(file, scope, entry) && !is_reserved(name);
            let at = *seen.entry(name).or_insert_with(|| {
                names.push(ExampleName { name: name.to_owned(), is_everywhere: false, is_plain: true });
                names.len() - 1
            });
            names[at].is_plain &= plain;
        }
    }
    let whole: Vec<_> = files.iter().filter(|file| !file.env().is_overlay() && has_names(file)).collect();
    for known in &mut names {
        known.is_everywhere = whole.iter().all(|file| has_value(file, &known.name)) && !whole.is_empty();
    }
    names
}

fn has_names(file: &EnvFile) -> bool {
    file.variables().next().is_some()
}

fn has_value(file: &EnvFile, name: &str) -> bool {
    let document = file.document();
    document.last(name).is_some_and(|at| !document.value(&document.entries()[at]).1.is_empty())
}
