//! `# envseal: allow RULE`: the reviewed way to silence one finding.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use crate::check::rules::{Finding, Rule};
use crate::config::is_env_file;
use crate::crypto::claims_to_be_sealed;
use crate::dotenv::{CommentMark, Document, Entry};

/// Returns true if a line of text allows this rule. In any file, the mark follows a `#`; other comment signs such as
/// `//` or `--` may come before that.
fn allows(line: &[u8], rule: Rule) -> bool {
    rule.can_be_allowed() && CommentMark::all(line).any(|mark| mark == CommentMark::Allow(rule.id()))
}

/// Returns true if the finding's line has a mark that allows it, anywhere on the line.
pub(super) fn is_allowed(finding: &Finding, text: &[u8]) -> bool {
    let line = finding.line.map(|line| text.split(|b| *b == b'\n').nth(line.saturating_sub(1)));
    line.is_some_and(|line| allows(line.unwrap_or_default(), finding.rule))
}

/// Where a mark is: the same variable, or an identical line, has the same mark.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum AllowMark<'t> {
    /// In the comment of a variable with this name.
    OfVariable(String),
    /// On any other line, which has this text.
    Line(&'t [u8]),
}

/// A file's text, with the places where marks may be.
pub(super) struct MarkedFile<'t> {
    lines: Vec<&'t [u8]>,
    /// An env file's variables. A mark is in their comments: in a value, it would be part of the value.
    document: Document,
}

impl<'t> MarkedFile<'t> {
    pub(super) fn new(path: &Path, text: &'t [u8]) -> Self {
        let document = is_env_file(path).then(|| Document::parse(text.to_vec()).ok()).flatten();
        let lines = text.split(|b| *b == b'\n').collect();
        Self { lines, document: document.unwrap_or_else(Document::empty) }
    }

    /// Splits findings into those that a mark allows, each with the mark, and the others.
    pub(super) fn split(&self, findings: Vec<Finding>) -> (Vec<(Finding, AllowMark<'t>)>, Vec<Finding>) {
        let (mut marked, mut others) = (Vec::new(), Vec::new());
        for finding in findings {
            match self.mark(&finding) {
                Some(mark) => marked.push((finding, mark)),
                None => others.push(finding),
            }
        }
        (marked, others)
    }

    fn mark(&self, finding: &Finding) -> Option<AllowMark<'t>> {
        let line = finding.line?;
        let entries = self.document.entries();
        if let Ok(at) = entries.binary_search_by_key(&line, |entry| entry.line) {
            let name = self.document.name(&entries[at]).to_owned();
            return self.is_marked(&entries[at], finding.rule).then_some(AllowMark::OfVariable(name));
        }
        let text = *self.lines.get(line.checked_sub(1)?)?;
        allows(text, finding.rule).then_some(AllowMark::Line(text))
    }

    fn is_marked(&self, entry: &Entry, rule: Rule) -> bool {
        allows(self.document.comment(entry).unwrap_or_default(), rule)
    }

    /// Returns the file's marks for these rules. A mark that had nothing to allow was not reviewed, so it doesn't count.
    pub(super) fn marks(&self, rules: &BTreeSet<Rule>) -> HashSet<(AllowMark<'t>, Rule)> {
        let is_plaintext = |entry: &Entry| {
            let (_, value) = self.document.value(entry);
            !value.is_empty() && !claims_to_be_sealed(&value)
        };
        let mut marks = HashSet::new();
        for rule in rules.iter().copied() {
            for entry in self.document.entries().iter().filter(|entry| self.is_marked(entry, rule)) {
                if rule != Rule::Plaintext || is_plaintext(entry) {
                    marks.insert((AllowMark::OfVariable(self.document.name(entry).to_owned()), rule));
                }
            }
            let lines = self.lines.iter().filter(|line| allows(line, rule));
            marks.extend(lines.map(|line| (AllowMark::Line(line), rule)));
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_names_its_rule() {
        assert!(allows(b"A=1 # envseal: allow plaintext", Rule::Plaintext));
        assert!(allows(b"key: x  # why # envseal: allow private-key\r", Rule::PrivateKey));
        assert!(allows(b"let key = \"x\"; // # envseal: allow private-key", Rule::PrivateKey));
        assert!(!allows(b"A=1 # envseal: allow plaintext", Rule::DuplicateName));
        assert!(!allows(b"A=1 # envseal: allow public-key-changed", Rule::PublicKeyChanged));
        assert!(!allows(b"A=1 envseal: allow plaintext", Rule::Plaintext));
    }
}
