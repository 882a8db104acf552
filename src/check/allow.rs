//! `# envseal: allow RULE`: the reviewed way to silence one finding.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::check::rules::{Finding, Rule};
use crate::config::is_env_file;
use crate::crypto::claims_to_be_sealed;
use crate::dotenv::{CommentMark, Document};

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

pub(super) enum AllowMark<'t> {
    /// In the comment of a variable with this name.
    OfVariable(String),
    /// On any other line, which has this text.
    Line(&'t [u8]),
}

/// A variable whose comment may have a mark. In the value, it would be part of the value.
struct MarkedVariable {
    name: String,
    comment: Vec<u8>,
    is_plaintext: bool,
}

/// A file's text, with the places where marks may be.
pub(super) struct MarkedFile<'t> {
    lines: Vec<&'t [u8]>,
    known: HashSet<&'t [u8]>,
    /// An env file's variables, by their lines.
    variables: HashMap<usize, MarkedVariable>,
    lines_of: HashMap<String, Vec<usize>>,
}

impl<'t> MarkedFile<'t> {
    pub(super) fn new(path: &Path, text: &'t [u8]) -> Self {
        let lines: Vec<_> = text.split(|b| *b == b'\n').collect();
        let known = lines.iter().copied().collect();
        let mut file = Self { lines, known, variables: HashMap::new(), lines_of: HashMap::new() };
        let document = is_env_file(path).then(|| Document::parse(text.to_vec()).ok()).flatten();
        let document = document.unwrap_or_else(Document::empty);
        for entry in document.entries() {
            let (_, value) = document.value(entry);
            let is_plaintext = !value.is_empty() && !claims_to_be_sealed(&value);
            let (name, comment) = (document.name(entry).to_owned(), document.comment(entry));
            file.lines_of.entry(name.clone()).or_default().push(entry.line);
            let comment = comment.unwrap_or_default().to_vec();
            file.variables.insert(entry.line, MarkedVariable { name, comment, is_plaintext });
        }
        file
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
        if let Some(variable) = self.variables.get(&line) {
            let is_allowed = allows(&variable.comment, finding.rule);
            return is_allowed.then(|| AllowMark::OfVariable(variable.name.clone()));
        }
        let text = *self.lines.get(line.checked_sub(1)?)?;
        allows(text, finding.rule).then_some(AllowMark::Line(text))
    }

    /// Returns true if this file has the mark too: on a line of that variable, or on an identical line. A mark that had
    /// nothing to allow was not reviewed, so it doesn't count.
    pub(super) fn has(&self, mark: &AllowMark<'_>, rule: Rule) -> bool {
        match mark {
            AllowMark::OfVariable(name) => {
                let lines = self.lines_of.get(name).into_iter().flatten();
                lines.filter_map(|line| self.variables.get(line)).any(|variable| {
                    allows(&variable.comment, rule) && (rule != Rule::Plaintext || variable.is_plaintext)
                })
            }
            AllowMark::Line(line) => self.known.contains(line),
        }
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
