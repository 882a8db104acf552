//! What the example file says about the variables of the env files beside it: which are plain, and what a program may
//! be started with.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::file::{EnvFile, folder_of};
use super::line_errors::not_text;
use super::open::Variable;
use super::projects::Project;
use super::transaction::WriteLock;
use crate::config::{EnvName, ProcessEnv, SCHEMA_FILES};
use crate::dotenv::{Document, is_reserved};
use crate::error::Error;
use crate::fs::{self, NewMode};
use crate::git::read_team_or_schema;
use crate::hint::Hint;
use crate::keys::KeyStore;
use crate::schema::{ExampleName, Schema, SchemaViolation, add_names};

/// Returns the schema for the env files in `dir`, and its file; None if neither of the files for it exists.
pub(crate) fn schema_of(dir: &Path) -> Result<Option<(PathBuf, Schema)>, Error> {
    Ok(schema_text(dir)?.map(|(path, text)| (path, Schema::parse(&text))))
}

fn schema_text(dir: &Path) -> Result<Option<(PathBuf, Vec<u8>)>, Error> {
    for name in SCHEMA_FILES {
        if let Some(text) = read_team_or_schema(dir, name)? {
            return Ok(Some((dir.join(name), text)));
        }
    }
    Ok(None)
}

/// Fails if what a program would get, the `variables` read from `files` and the process's own, does not match the
/// schemas beside `files`. Names that are not `wanted` are not checked; one that may be missing is not required.
pub(crate) fn hold_to_schemas(
    files: &[EnvFile],
    variables: &[Variable<'_>],
    process: &ProcessEnv,
    wanted: impl Fn(&str) -> bool,
    may_be_missing: &[String],
) -> Result<(), Error> {
    let mut seen = HashSet::new();
    let mut values = HashMap::new();
    let (mut lines, mut first_hint) = (Vec::new(), None);
    for file in files {
        // One folder may be named in several ways.
        if !seen.insert(folder_of(file.path())) {
            continue;
        }
        let folder = file.path().parent().unwrap_or(Path::new(""));
        let Some((schema_file, schema)) = schema_of(folder)? else { continue };
        if let Some(problem) = schema.problems.iter().find(|problem| problem.is_refused) {
            let message = format!("{}:{} {}", schema_file.display(), problem.line, problem.message);
            let hint = hint!("see what is supported: docs/schema.md; then edit {schema_file}", schema_file);
            return Err(Error::refused(message).with_status(1).with_hint(hint));
        }
        // A missing variable is best set in a file that others use too.
        let whole =
            |other: &&EnvFile| other.path().parent() == file.path().parent() && !other.env().is_overlay();
        let home = files.iter().find(whole).unwrap_or(file);
        if values.is_empty() {
            values.extend(variables.iter().map(|variable| (variable.name, variable)));
        }
        for item in schema.items().iter().filter(|item| wanted(&item.name)) {
            // Values that the process overrides are not among the variables.
            let found = values.get(item.name.as_str());
            let own = if found.is_none() { process.get(&item.name) } else { None };
            let value = found.map(|found| found.value.expose()).or(own.map(OsStr::as_encoded_bytes));
            let Err(violation) = item.check(value) else { continue };
            let is_absence = matches!(violation, SchemaViolation::Missing | SchemaViolation::Empty);
            if is_absence && may_be_missing.contains(&item.name) {
                continue;
            }
            let name = &item.name;
            let set_in = |path: &Path| hint!("envseal set {name}", name).and(in_file(path));
            let (place, hint) = match found {
                Some(found) => {
                    (format!("{}:{} {name}", found.path.display(), found.line), set_in(&found.path))
                }
                None if own.is_some() => (
                    format!("{name}, from the process"),
                    hint!("remove it from the environment of this process: unset {name}", name),
                ),
                None => (name.clone(), set_in(home.path())),
            };
            lines.push(format!("{place}: {violation} ({}:{})", schema_file.display(), item.line));
            first_hint.get_or_insert(hint);
        }
    }
    // The status says that a check found something.
    let Some(hint) = first_hint else { return Ok(()) };
    let message = match &lines[..] {
        [_] => "1 variable doesn't match the schema, so nothing was started".into(),
        all => format!("{} variables don't match the schema, so nothing was started", all.len()),
    };
    Err(Error::refused(message)
        .with_status(1)
        .with_line(format!("doesn't match the schema: {}", lines.join("; ")))
        .with_details(lines)
        .with_hint(hint))
}

/// Returns the option with which `set` selects an env file.
pub(crate) fn in_file(path: &Path) -> Hint {
    let beside = path.parent().is_none_or(|folder| folder.as_os_str().is_empty());
    match EnvName::of_file(path) {
        Ok(_) if path == Path::new(".env") => "".into(),
        Ok(env) if beside => hint!(" -e {env}", env),
        _ => hint!(" -f {path}", path),
    }
}

/// An example file with the missing names added.
pub(crate) struct Example {
    /// Its path: the schema's, if there is one.
    pub path: PathBuf,
    /// The present text, with a line for each missing name.
    pub text: Vec<u8>,
    pub added: usize,
    /// True if the file exists and is empty.
    pub is_emptied: bool,
}

/// Builds the example file for the env files in `folder`.
pub(crate) fn example(folder: &Path, store: &KeyStore<'_>) -> Result<Example, Error> {
    let dir = folder_of(&folder.join(SCHEMA_FILES[0]));
    let project = Project::of(&dir, store.repositories())?;
    let found = schema_text(folder)?;
    let is_emptied = found.as_ref().is_some_and(|(_, text)| text.is_empty());
    let (path, text) = found.unwrap_or_else(|| (folder.join(SCHEMA_FILES[1]), Vec::new()));
    let document = Document::parse(text).map_err(not_text(&path))?;
    let mut paths = project.env_files_of_all(&dir)?;
    paths.retain(|path| path.parent() == Some(&dir));
    // `.env` comes first: the others add to it.
    paths.sort_by_key(|path| EnvName::of_file(path).is_ok_and(|env| env.as_str() != "default"));
    let files = paths.iter().map(|path| EnvFile::load(path)).collect::<Result<Vec<_>, _>>()?;
    let names = known(&files, &project);
    let (new, added) = add_names(document.as_bytes(), &names, document.line_break());
    Ok(Example { path, text: new, added, is_emptied })
}

/// Writes the example file of `folder`, whole or not at all, and returns it.
pub(crate) fn write_example(folder: &Path, store: &KeyStore<'_>) -> Result<Example, Error> {
    let _lock = WriteLock::acquire(&[folder.join(SCHEMA_FILES[0])], &[], store.repositories())?;
    let example = example(folder, store)?;
    if example.added > 0 {
        fs::write_atomic(&example.path, &example.text, NewMode::Default)?;
    }
    Ok(example)
}

/// Returns the variables of these files, each once, in their order.
fn known(files: &[EnvFile], project: &Project) -> Vec<ExampleName> {
    let mut names: Vec<ExampleName> = Vec::new();
    let mut seen = HashMap::new();
    for file in files {
        for (_, entry) in file.variables() {
            let name = file.document().name(entry);
            // A name that is sealed in any file is a secret, whatever declares it plain. A reserved name needs no mark.
            let plain = file.token_text(entry).is_none()
                && project.policy().leaves_plain(file.document(), entry)
                && !is_reserved(name);
            let at = *seen.entry(name).or_insert_with(|| {
                names.push(ExampleName { name: name.to_owned(), is_everywhere: false, is_plain: true });
                names.len() - 1
            });
            names[at].is_plain &= plain;
        }
    }
    let whole: Vec<_> =
        files.iter().filter(|file| !file.env().is_overlay() && file.variables().next().is_some()).collect();
    for known in &mut names {
        known.is_everywhere = whole.iter().all(|file| has_value(file, &known.name)) && !whole.is_empty();
    }
    names
}

fn has_value(file: &EnvFile, name: &str) -> bool {
    let document = file.document();
    document.last(name).is_some_and(|at| !document.value(&document.entries()[at]).1.is_empty())
}
