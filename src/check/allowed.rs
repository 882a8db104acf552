//! Taking out what is allowed, and telling of what newly is.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::error::GuardError;
use super::view::View;
use crate::check::rules::{Finding, Rule, allows};
use crate::config::is_env_file;
use crate::crypto::claims_to_be_sealed;
use crate::dotenv::Document;

/// What a new `allow` mark does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewMarks {
    /// It holds, and is told as advice.
    Advise,
    /// It is an error.
    Refuse,
}

/// Takes the findings out that a mark on their line allows. A mark that `before` has not is told of in their place.
pub(super) fn silence(
    findings: Vec<Finding>,
    before: &View<'_>,
    after: &View<'_>,
    new_marks: NewMarks,
) -> Result<Vec<Finding>, GuardError> {
    let mut by_file: BTreeMap<PathBuf, Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        by_file.entry(finding.file.clone()).or_default().push(finding);
    }
    let mut kept = Vec::new();
    for (path, findings) in by_file {
        let text = after.read(&path)?.unwrap_or_default();
        kept.extend(silence_in(findings, &text, || before.read(&path), new_marks)?);
    }
    Ok(kept)
}

/// As [`silence`], of one file with this text; `before` gives what it held before, and is asked only where a mark
/// stands.
pub(super) fn silence_in(
    findings: Vec<Finding>,
    text: &[u8],
    before: impl FnOnce() -> Result<Option<Vec<u8>>, GuardError>,
    new_marks: NewMarks,
) -> Result<Vec<Finding>, GuardError> {
    // Most files have none, and need not be looked at.
    let Some(path) = findings.first().map(|finding| finding.file.clone()) else { return Ok(findings) };
    let now = Marked::of(&path, text);
    let (mut kept, mut marked) = (Vec::new(), Vec::new());
    for finding in findings {
        match now.mark(&finding) {
            Some(mark) => marked.push((finding, mark)),
            None => kept.push(finding),
        }
    }
    if !marked.is_empty() {
        let old = before()?.unwrap_or_default();
        let old = Marked::of(&path, &old);
        marked.retain(|(finding, mark)| !old.has(mark, finding.rule));
        kept.extend(marked.iter().map(|(finding, _)| mark_added(finding, new_marks)));
    }
    Ok(kept)
}

fn mark_added(finding: &Finding, new_marks: NewMarks) -> Finding {
    let message = format!("this line newly allows {}", finding.rule.id());
    let found =
        Finding::new(Rule::AllowAdded, &finding.file, message, "have it reviewed, or take the mark out");
    let found = Finding { name: finding.name.clone(), line: finding.line, ..found };
    if new_marks == NewMarks::Refuse { found.as_error() } else { found }
}

/// What allows a finding.
enum Mark<'t> {
    /// The comment of a variable with this name.
    OfVariable(String),
    /// A line that is none, as it stands.
    Line(&'t [u8]),
}

/// A file's text, ready to be asked for marks.
struct Marked<'t> {
    lines: Vec<&'t [u8]>,
    known: HashSet<&'t [u8]>,
    /// An env file's variables, by their lines: the name, and the comment that may hold the mark. In a value it would be
    /// part of the value; and whether the value stands in the open.
    variables: HashMap<usize, (String, Vec<u8>, bool)>,
    /// The lines of each variable.
    places: HashMap<String, Vec<usize>>,
}

impl<'t> Marked<'t> {
    fn of(path: &Path, text: &'t [u8]) -> Self {
        let lines: Vec<_> = text.split(|b| *b == b'\n').collect();
        let known = lines.iter().copied().collect();
        let mut marked = Self { lines, known, variables: HashMap::new(), places: HashMap::new() };
        if let Some(document) = is_env_file(path).then(|| Document::parse(text.to_vec()).ok()).flatten() {
            for entry in document.entries() {
                let (name, comment) = (document.name(entry).to_owned(), document.comment(entry));
                marked.places.entry(name.clone()).or_default().push(entry.line);
                let (_, value) = document.value(entry);
                let is_open = !value.is_empty() && !claims_to_be_sealed(&value);
                marked.variables.insert(entry.line, (name, comment.unwrap_or_default().to_vec(), is_open));
            }
        }
        marked
    }

    /// The mark on the finding's line that allows it.
    fn mark(&self, finding: &Finding) -> Option<Mark<'t>> {
        let line = finding.line?;
        if let Some((name, comment, _)) = self.variables.get(&line) {
            return allows(comment, finding.rule).then(|| Mark::OfVariable(name.clone()));
        }
        let text = *self.lines.get(line.checked_sub(1)?)?;
        allows(text, finding.rule).then_some(Mark::Line(text))
    }

    /// Whether the mark stands here too: on a line of that variable, or on the very same line. Where it allowed nothing,
    /// nobody has judged it.
    fn has(&self, mark: &Mark<'_>, rule: Rule) -> bool {
        match mark {
            Mark::OfVariable(name) => {
                let places = self.places.get(name).into_iter().flatten();
                places.filter_map(|line| self.variables.get(line)).any(|(_, comment, is_open)| {
                    allows(comment, rule) && (rule != Rule::Plaintext || *is_open)
                })
            }
            Mark::Line(line) => self.known.contains(line),
        }
    }
}
