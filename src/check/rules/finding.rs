//! What a rule has found.

use std::path::{Path, PathBuf};

use super::rule::Rule;
use crate::hint::Hint;

/// Whether a finding fails the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not, unless `--strict` is given.
    Advice,
}

impl Severity {
    /// `error` or `advice`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Advice => "advice",
        }
    }
}

/// One finding. Holds no byte of any value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to the root of what is checked.
    pub file: PathBuf,
    /// The line, from 1; none where the finding is about the whole file.
    pub line: Option<usize>,
    /// Which rule.
    pub rule: Rule,
    /// Whether it fails the check.
    pub severity: Severity,
    /// The variable, if it is about one.
    pub name: Option<String>,
    /// What was found.
    pub message: String,
    /// The one thing to do. `{file}` and `{folder}` stand for the file and its folder, and `{range}` for the range that is
    /// checked, as it was typed; a path that is an argument by itself is relative to the root.
    pub fix: Hint,
}

impl Finding {
    /// A finding about a whole file, as severe as its rule.
    pub fn new(rule: Rule, file: &Path, message: impl Into<String>, fix: impl Into<Hint>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            rule,
            severity: rule.severity(),
            name: None,
            message: message.into(),
            fix: fix.into(),
        }
    }

    /// At this line.
    #[must_use]
    pub fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// About this variable.
    #[must_use]
    pub fn about(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// As advice only.
    #[must_use]
    pub fn as_advice(mut self) -> Self {
        self.severity = Severity::Advice;
        self
    }

    /// As an error.
    #[must_use]
    pub fn as_error(mut self) -> Self {
        self.severity = Severity::Error;
        self
    }
}
