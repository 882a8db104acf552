//! References to names that nothing sets. Most are text that contains a `$`, and git would show the name after it.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::file::EnvFile;
use super::line_errors::{at_line, malformed_reference};
use super::projects::Project;
use crate::crypto::SecretBytes;
use crate::dotenv::{is_set_everywhere, read, references, required, unescape};
use crate::error::{Error, ErrorKind};

/// Command-line options about the `$` in values.
#[derive(Clone, Debug, Default)]
pub struct DollarSigns {
    /// Names that only the target machine sets.
    pub external: Vec<String>,
    /// Variables whose values are text, whatever they look like.
    pub literal: Vec<String>,
}

impl DollarSigns {
    /// Returns true if the variable's value is literal text, without references.
    pub(super) fn is_literal(&self, name: &str) -> bool {
        self.literal.iter().any(|literal| literal == name)
    }
}

/// The names that the values of an env file may refer to.
pub(super) struct Referable<'a> {
    /// The first entry of each name of the file.
    first: HashMap<&'a str, usize>,
    project: &'a Project,
    path: &'a Path,
    dollars: &'a DollarSigns,
}

impl<'a> Referable<'a> {
    /// `file` is, or will be, the env file at `path`.
    pub(super) fn new(
        file: &'a EnvFile,
        path: &'a Path,
        project: &'a Project,
        dollars: &'a DollarSigns,
    ) -> Self {
        let mut first = HashMap::new();
        for (at, entry) in file.variables() {
            first.entry(file.document().name(entry)).or_insert(at);
        }
        Self { first, project, path, dollars }
    }

    /// Adds a name that will be set below the last entry.
    pub(super) fn append(&mut self, name: &'a str) {
        self.first.entry(name).or_insert(usize::MAX);
    }

    fn knows(&self, name: &str) -> Result<bool, Error> {
        let is_external = self.dollars.external.iter().any(|external| external == name);
        Ok(is_external || self.project.knows(name, self.path)?)
    }

    /// Rejects a value of `name` if a reference in it is malformed, or has no default and refers to a name that is set
    /// neither above the entry `at`, None to append one, nor anywhere else. The error names the line.
    pub(super) fn refuse_dangling(
        &self,
        name: &str,
        at: Option<usize>,
        source: &[u8],
        (path, line): (&Path, usize),
    ) -> Result<(), Error> {
        let (quote, text) = read(source);
        if !quote.expands() {
            return Ok(());
        }
        let Ok(names) = required(&text) else {
            return Err(malformed_reference(path, line, name));
        };
        for on in names {
            let above = self.first.get(on.as_str()).is_some_and(|first| at.is_none_or(|at| *first < at));
            if !(above || is_set_everywhere(&on) || self.knows(&on)?) {
                return Err(dangling(path, line, name));
            }
        }
        Ok(())
    }
}

fn dangling(path: &Path, line: usize, name: &str) -> Error {
    let what =
        "contains a `$`, and nothing sets the name after it: no line above, no other env file, no schema";
    at_line(ErrorKind::Refused, path, line, format!("{name} {what}"))
        .with_hint("if that is text, put the value in single quotes; for other cases: envseal encrypt --help")
}

/// Returns the value of source text, with every `$` taken literally.
pub(super) fn literal(source: &[u8]) -> SecretBytes {
    let (quote, text) = read(source);
    let mut value = if quote.expands() { unescape(&text) } else { text };
    SecretBytes::new(std::mem::take(&mut *value))
}

/// Returns the names that source text refers to; None if a reference in it is malformed.
pub(super) fn names_in(source: &[u8]) -> Option<BTreeSet<String>> {
    let (quote, text) = read(source);
    if quote.expands() { references(&text).ok() } else { Some(BTreeSet::new()) }
}
