//! Any bytes can be checked, searched and shown.

use std::path::Path;

use envseal::testing::check::rules::{EnvText, Leaks, Rule, check_env_file};
use envseal::testing::project::textconv;
use envseal::testing::team::Policy;

/// Panics if the property does not hold for these bytes as an env file.
pub(crate) fn holds(data: &[u8]) {
    let lines = data.split(|byte| matches!(byte, b'\n' | b'\r')).count();
    let report = check_env_file(EnvText { path: Path::new(".env"), text: data, policy: &Policy::default() });
    for finding in &report.findings {
        assert!(finding.line.is_none_or(|line| (1..=lines).contains(&line)));
    }
    let unread = report.findings.iter().any(|finding| finding.rule == Rule::Unreadable);
    assert!(!unread || report.names.is_empty());
    for found in Leaks::new(Vec::new()).find(data) {
        assert!(found.line <= found.last_line && found.last_line <= lines);
    }
    let shown = textconv(data);
    let breaks = |text: &[u8]| text.split(|byte| *byte == b'\n').count();
    assert_eq!(breaks(&shown), breaks(data), "a line for a line");
}
