//! The files, lines and names that a change touches: suggestions about others are noise to its author.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::change::CheckedChange;
use super::snapshot::{Snapshot, folder, is_relevant};
use crate::check::rules::{Finding, Rule, Severity};
use crate::config::is_team_file;
use crate::dotenv::Document;
use crate::error::Error;
use crate::git::{ChangedFile, added_lines};

pub(super) struct TouchedFiles<'a> {
    change: &'a CheckedChange<'a>,
    /// The changed files, and env files that are symlinks to other content than before.
    pub(super) files: BTreeSet<PathBuf>,
    /// The new lines of files, computed when first needed.
    lines: HashMap<PathBuf, BTreeSet<usize>>,
    /// By folder, the variables that changed in its files: true if one was added to a file or removed from one.
    names: HashMap<PathBuf, BTreeMap<String, bool>>,
}

impl<'a> TouchedFiles<'a> {
    pub(super) fn new(change: &'a CheckedChange<'a>, changed: &[ChangedFile]) -> Result<Self, Error> {
        let CheckedChange { before, after, .. } = change;
        let mut files: BTreeSet<_> = changed.iter().map(|file| file.path.clone()).collect();
        for path in after.guarded_files() {
            if !files.contains(path) && before.resolve(path)? != after.resolve(path)? {
                files.insert(path.to_owned());
            }
        }
        Ok(Self { change, files, lines: HashMap::new(), names: HashMap::new() })
    }

    /// Returns true if a finding is about a touched file, or about how one compares with others.
    pub(super) fn concerns(&self, finding: &Finding) -> bool {
        let beside = |path: &PathBuf| is_relevant(path) && path.parent() == finding.file.parent();
        self.files.contains(&finding.file)
            || match finding.rule {
                Rule::KeysDisagree | Rule::SideBySide => !self.files.is_empty(),
                Rule::KeyShared if finding.severity == Severity::Error => !self.files.is_empty(),
                // Found by comparing, and perhaps in an unchanged file that applies only since this change.
                Rule::PolicyWidened | Rule::RedirectSealed => true,
                Rule::ReservedSealed if finding.severity == Severity::Advice => true,
                Rule::DanglingReference | Rule::RequiredMissing | Rule::WrongType | Rule::KeyShared => {
                    self.files.iter().any(beside)
                }
                rule => compares_names(rule) && self.files.iter().any(beside),
            }
    }

    /// Drops the suggestions that are not about a changed line. Returns their number.
    pub(super) fn drop_other_lines(&mut self, findings: &mut Vec<Finding>) -> Result<usize, Error> {
        let before = findings.len();
        for finding in std::mem::take(findings) {
            if finding.severity == Severity::Error || self.is_about_change(&finding)? {
                findings.push(finding);
            }
        }
        Ok(before - findings.len())
    }

    fn is_about_change(&mut self, finding: &Finding) -> Result<bool, Error> {
        let is_found_by_comparing = matches!(
            finding.rule,
            Rule::PolicyWidened | Rule::AllowAdded | Rule::RedirectSealed | Rule::ReferenceAdded
        );
        if is_found_by_comparing {
            return Ok(true);
        }
        let file = &finding.file;
        if compares_names(finding.rule) {
            let folder = folder(file);
            if !self.names.contains_key(folder) {
                let names = self.names_in(folder)?;
                self.names.insert(folder.to_owned(), names);
            }
            let change = finding.name.as_ref().and_then(|name| self.names[folder].get(name));
            // A changed value has nothing to do with where else its name is.
            return Ok(change.is_some_and(|is_name| *is_name || finding.rule == Rule::SealedElsewhere));
        }
        if !self.files.contains(file) {
            return Ok(false);
        }
        let Some(line) = finding.line else { return Ok(true) };
        if !self.lines.contains_key(file) {
            let [before, after] = self.texts(file)?;
            self.lines.insert(file.clone(), added_lines(&before, &after).into_iter().collect());
        }
        Ok(self.lines[file].contains(&line))
    }

    fn names_in(&self, folder: &Path) -> Result<BTreeMap<String, bool>, Error> {
        let mut names = BTreeMap::new();
        let has_variables = |file: &&PathBuf| is_relevant(file) && !is_team_file(file);
        let here = self.files.iter().filter(|file| file.parent() == Some(folder));
        for file in here.filter(has_variables) {
            let [before, after] = self.texts(file)?.map(variables);
            for name in before.keys().chain(after.keys()) {
                let (was, is) = (before.get(name), after.get(name));
                if was != is {
                    *names.entry(name.clone()).or_default() |= was.is_none() || is.is_none();
                }
            }
        }
        Ok(names)
    }

    fn texts(&self, file: &Path) -> Result<[Vec<u8>; 2], Error> {
        let read = |files: &Snapshot<'_>| Ok::<_, Error>(files.read(file)?.unwrap_or_default());
        Ok([read(&self.change.before)?, read(&self.change.after)?])
    }
}

/// Returns true if a rule compares the names in a folder's files, so that any of them may cause its findings.
fn compares_names(rule: Rule) -> bool {
    matches!(rule, Rule::MissingName | Rule::SealedElsewhere | Rule::ExampleMissing | Rule::ExampleExtra)
}

/// Returns the variables of an env or example file, with the text of their values.
fn variables(text: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    let Ok(document) = Document::parse(text) else { return BTreeMap::new() };
    let entries = document.entries().iter();
    entries.map(|entry| (document.name(entry).to_owned(), document.source(entry).to_vec())).collect()
}
