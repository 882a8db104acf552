//! Taking out what is allowed, and telling of what newly is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::GuardError;
use super::view::View;
use crate::config::is_env_file;
use crate::dotenv::Document;
use crate::scan::{Finding, Rule, allows, line_of};

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
    before: impl Fn() -> Result<Option<Vec<u8>>, GuardError>,
    new_marks: NewMarks,
) -> Result<Vec<Finding>, GuardError> {
    let mut kept = Vec::new();
    for finding in findings {
        let marked = finding.line.and_then(|line| Some((line, marked_line(text, &finding, line)?)));
        let Some((line, marked)) = marked else {
            kept.push(finding);
            continue;
        };
        if !before()?.is_some_and(|old| was_marked(&old, &finding, &marked)) {
            kept.push(mark_added(&finding, line, new_marks));
        }
    }
    Ok(kept)
}

fn mark_added(finding: &Finding, line: usize, new_marks: NewMarks) -> Finding {
    let message = format!("this line newly allows {}", finding.rule.id());
    let found =
        Finding::new(Rule::AllowAdded, &finding.file, message, "have it reviewed, or take the mark out");
    let found = Finding { name: finding.name.clone(), ..found.at(line) };
    if new_marks == NewMarks::Refuse { found.as_error() } else { found }
}

/// The line, or the comment of the entry on it, that allows the finding.
fn marked_line(text: &[u8], finding: &Finding, line: usize) -> Option<Vec<u8>> {
    let marked = |line: &[u8]| allows(line, finding.rule).then(|| line.to_vec());
    if is_env_file(&finding.file)
        && let Some(document) = parsed(&finding.file, text)
        && let Some(entry) = document.entries().iter().find(|entry| entry.line == line)
    {
        // In a value a mark is part of the value.
        return document.comment(entry).and_then(marked);
    }
    marked(line_of(text, line))
}

/// Whether the mark stood there before: on a line of that variable, or on the very same line.
fn was_marked(old: &[u8], finding: &Finding, marked: &[u8]) -> bool {
    let by_name = finding.name.as_ref().zip(parsed(&finding.file, old)).is_some_and(|(name, document)| {
        let mut entries = document.entries().iter().filter(|entry| document.name(entry) == name);
        entries.any(|entry| document.comment(entry).is_some_and(|comment| allows(comment, finding.rule)))
    });
    by_name || old.split(|b| *b == b'\n').any(|line| line == marked)
}

fn parsed(path: &Path, text: &[u8]) -> Option<Document> {
    is_env_file(path).then(|| Document::parse(text.to_vec()).ok()).flatten()
}
