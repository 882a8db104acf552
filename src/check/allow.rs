//! `# envseal: allow RULE`: the reviewed way to silence one finding.

use std::collections::HashSet;
use std::path::Path;

use crate::check::rules::{Finding, Rule};
use crate::config::is_env_file;
use crate::dotenv::{CommentMark, Document, Entry};

/// Returns the rules that a line of text allows. In any file, a mark follows a `#`; other comment signs such as `//` or
/// `--` may come before that.
fn allowed_rules(line: &[u8]) -> impl Iterator<Item = Rule> {
    let rule_of = |id| Rule::ALL.into_iter().find(|rule| rule.id() == id);
    let ids = CommentMark::all(line).filter_map(|mark| match mark {
        CommentMark::Allow(id) => Some(id),
        CommentMark::Plain => None,
    });
    ids.filter_map(rule_of).filter(|rule| rule.can_be_allowed())
}

/// Distinguishes the marks of a file. The same variable, or an identical line, has the same mark in another version.
#[derive(PartialEq, Eq, Hash)]
enum MarkPlace<'t> {
    /// In the comment of a variable with this name. It also allows later values.
    OfVariable(String),
    /// On any other line, which has this text.
    Line(&'t [u8]),
}

/// The marks of a file.
pub(super) struct KnownMarks<'t>(HashSet<(Rule, MarkPlace<'t>)>);

/// A mark, with its line, and the name of the variable that it is about.
pub(super) struct AllowMark<'t> {
    at: (Rule, MarkPlace<'t>),
    line: usize,
    name: Option<String>,
}

impl AllowMark<'_> {
    pub(super) fn is_new(&self, known: &KnownMarks<'_>) -> bool {
        !known.0.contains(&self.at)
    }

    /// Returns the finding that the file at `path` has this mark now.
    pub(super) fn added(self, path: &Path) -> Finding {
        let message = format!("this line newly allows {}", self.at.0.id());
        let fix = "have it reviewed, or remove the mark";
        let found = Finding::new(Rule::AllowAdded, path, message, fix).at(self.line);
        Finding { name: self.name, ..found }
    }
}

/// A file's text, with the places where marks may be.
pub(super) struct MarkedFile<'t> {
    lines: Vec<&'t [u8]>,
    /// An env file's variables. A mark is in their comments: in a value, it would be part of the value.
    document: Document,
}

impl<'t> MarkedFile<'t> {
    pub(super) fn new(path: &Path, text: &'t [u8]) -> Self {
        let is_env_file = is_env_file(path);
        // Not every rule counts a lone carriage return as the end of a line, so a mark could apply to another line.
        let is_lone = |at: usize| text.get(at + 1) != Some(&b'\n');
        let text = if is_env_file && memchr::memchr_iter(b'\r', text).any(is_lone) { &[] } else { text };
        let document = is_env_file.then(|| Document::parse(text.to_vec()).ok()).flatten();
        let lines = text.split(|b| *b == b'\n').collect();
        Self { lines, document: document.unwrap_or_else(Document::empty) }
    }

    /// Splits findings into those that a mark allows, as their marks, and the others.
    pub(super) fn split(&self, findings: Vec<Finding>) -> (Vec<AllowMark<'t>>, Vec<Finding>) {
        let (mut marks, mut others) = (Vec::new(), Vec::new());
        for finding in findings {
            match self.mark(&finding) {
                Some(mark) => marks.push(mark),
                None => others.push(finding),
            }
        }
        (marks, others)
    }

    fn mark(&self, finding: &Finding) -> Option<AllowMark<'t>> {
        let (line, rule) = (finding.line?, finding.rule);
        if let Ok(at) = self.document.entries().binary_search_by_key(&line, |entry| entry.line) {
            return self.marks_of(&self.document.entries()[at]).find(|mark| mark.at.0 == rule);
        }
        let text = *self.lines.get(line.checked_sub(1)?)?;
        let at = (rule, MarkPlace::Line(text));
        allowed_rules(text).any(|allowed| allowed == rule).then_some(AllowMark { at, line, name: None })
    }

    fn marks_of(&self, entry: &Entry) -> impl Iterator<Item = AllowMark<'t>> {
        let name = self.document.name(entry).to_owned();
        let line = entry.line;
        allowed_rules(self.document.comment(entry).unwrap_or_default()).map(move |rule| AllowMark {
            at: (rule, MarkPlace::OfVariable(name.clone())),
            line,
            name: Some(name.clone()),
        })
    }

    /// Returns the marks of variables, also those that allow nothing yet.
    pub(super) fn of_variables(&self) -> impl Iterator<Item = AllowMark<'t>> {
        let has_comment = |entry: &&Entry| self.document.comment(entry).is_some();
        self.document.entries().iter().filter(has_comment).flat_map(|entry| self.marks_of(entry))
    }

    /// Returns the marks that lines have by themselves, also those that allow nothing yet.
    pub(super) fn of_lines(&self) -> impl Iterator<Item = AllowMark<'t>> {
        self.lines.iter().enumerate().flat_map(|(at, line)| {
            allowed_rules(line).map(move |rule| AllowMark {
                at: (rule, MarkPlace::Line(line)),
                line: at + 1,
                name: None,
            })
        })
    }

    pub(super) fn known(&self) -> KnownMarks<'t> {
        KnownMarks(self.of_variables().chain(self.of_lines()).map(|mark| mark.at).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_names_its_rule() {
        let allowed = |line: &str| allowed_rules(line.as_bytes()).collect::<Vec<_>>();
        assert_eq!(allowed("A=1 # envseal: allow plaintext"), [Rule::Plaintext]);
        assert_eq!(allowed("key: x  # why # envseal: allow private-key\r"), [Rule::PrivateKey]);
        assert_eq!(allowed("let key = \"x\"; // # envseal: allow private-key"), [Rule::PrivateKey]);
        assert_eq!(allowed("A=1 # envseal: allow public-key-changed"), []);
        assert_eq!(allowed("A=1 envseal: allow plaintext"), []);
    }
}
