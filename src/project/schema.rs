//! What the example file beside env files says of their variables: which are plain, and what a program may be started
//! with.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use super::error::VaultError;
use super::file::{EnvFile, folder_of};
use super::open::Variable;
use crate::config::{ProcessEnv, SCHEMA_FILES};
use crate::fs::{self, FsError};
use crate::schema::{Schema, SchemaItem, SchemaViolation};

/// A variable that is not as a schema says. Holds no byte of its value.
#[derive(Clone, Debug)]
pub struct Breach {
    /// The variable.
    pub name: String,
    /// How it is not.
    pub violation: SchemaViolation,
    /// The schema's file and line.
    pub said: (PathBuf, usize),
    /// Where its value is from.
    pub origin: Origin,
}

/// Where a value is from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// An env file, and the line.
    File(PathBuf, usize),
    /// The process that envseal was started by.
    Process,
    /// Nowhere. The env file is the one it could be set in.
    Nowhere(PathBuf),
}

impl Breach {
    /// The env file whose line would have to be another, if one would.
    pub fn file(&self) -> Option<&Path> {
        match &self.origin {
            Origin::File(path, _) | Origin::Nowhere(path) => Some(path),
            Origin::Process => None,
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::File(path, line) => write!(f, "{}:{line} {}: ", path.display(), self.name)?,
            Origin::Process => write!(f, "{}, from the process: ", self.name)?,
            Origin::Nowhere(_) => write!(f, "{}: ", self.name)?,
        }
        write!(f, "{} ({}:{})", self.violation, self.said.0.display(), self.said.1)
    }
}

/// The schema for the env files in `dir`, and its file; none where neither of the files for it is there.
pub(crate) fn schema_of(dir: &Path) -> Result<Option<(PathBuf, Schema)>, VaultError> {
    for name in SCHEMA_FILES {
        match fs::read_entry(dir, name) {
            Ok(text) => return Ok(Some((dir.join(name), Schema::parse(&text)))),
            Err(FsError::NotFound { .. } | FsError::NotRegular { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// Refuses to go on where what a program would get is not as the schemas beside `files` say: the `variables` read from
/// them, and the process's own. Names that are not `wanted` are asked nothing; one that may be missing is not required.
pub(crate) fn hold_to_schemas(
    files: &[EnvFile],
    variables: &[Variable<'_>],
    process: &ProcessEnv,
    wanted: impl Fn(&str) -> bool,
    may_be_missing: &[String],
) -> Result<(), VaultError> {
    let (mut folders, mut read): (Vec<&Path>, Vec<PathBuf>) = Default::default();
    let mut values = HashMap::new();
    let mut breaches = Vec::new();
    for file in files {
        let folder = file.path().parent().unwrap_or(Path::new(""));
        if folders.contains(&folder) {
            continue;
        }
        folders.push(folder);
        let Some((schema_file, schema)) = schema_of(folder)? else { continue };
        // One folder may be named in several ways.
        let place = folder_of(&schema_file);
        if read.contains(&place) {
            continue;
        }
        read.push(place);
        // What is missing is best set where others find it too.
        let whole =
            |other: &&EnvFile| other.path().parent() == file.path().parent() && !other.env().is_overlay();
        let home = files.iter().find(whole).unwrap_or(file);
        if values.is_empty() {
            values.extend(variables.iter().map(|variable| (variable.name, variable)));
        }
        for item in schema.items().iter().filter(|item| wanted(&item.name)) {
            // What the process overrides is not among the variables.
            let found = values.get(item.name.as_str());
            let own = if found.is_none() { process.get(&item.name) } else { None };
            let value = found.map(|found| found.value.expose()).or(own.map(OsStr::as_encoded_bytes));
            let Err(violation) = judged(item, value, may_be_missing) else { continue };
            let origin = match found {
                Some(found) => Origin::File(found.path.to_path_buf(), found.line),
                None if own.is_some() => Origin::Process,
                None => Origin::Nowhere(home.path().into()),
            };
            let said = (schema_file.clone(), item.line);
            breaches.push(Breach { name: item.name.clone(), violation, said, origin });
        }
    }
    if breaches.is_empty() { Ok(()) } else { Err(VaultError::Breaches(breaches)) }
}

fn judged(item: &SchemaItem, value: Option<&[u8]>, may_be_missing: &[String]) -> Result<(), SchemaViolation> {
    match item.check(value) {
        Err(SchemaViolation::Missing | SchemaViolation::Empty) if may_be_missing.contains(&item.name) => {
            Ok(())
        }
        judged => judged,
    }
}
