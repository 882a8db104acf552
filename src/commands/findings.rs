//! Findings as text, JSON, SARIF and GitHub's annotations.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::check::rules::{Finding, Rule, Severity};
use crate::config::is_team_file;
use crate::git::path_from;
use crate::hint::Hint;
use crate::keys::project_root;
use crate::ui::{self, Look, Page, counted, uri_path};

/// If one folder has more findings of one kind than this, most are folded.
const MANY: usize = 20;
/// How many of them are printed as examples.
const EXAMPLES: usize = 3;

/// Renders each finding on two lines, as compilers do, seen from `here`. Unless `all`, many of a kind are folded.
pub(super) fn as_text(findings: &[Finding], root: &Path, here: &Path, all: bool) -> Page {
    let kind = |finding: &Finding| {
        (finding.file.parent().unwrap_or(Path::new("")).to_owned(), finding.rule, finding.severity)
    };
    // The findings of a kind, and how many of them are printed.
    let mut kinds: BTreeMap<_, (Vec<&Finding>, usize)> = BTreeMap::new();
    for finding in findings {
        kinds.entry(kind(finding)).or_default().0.push(finding);
    }
    let project = project_root(here);
    let project = project.strip_prefix(root).unwrap_or(Path::new(""));
    let mut text = Page::default();
    for finding in findings {
        let Finding { severity, message, rule, .. } = finding;
        let (alike, printed) = kinds.get_mut(&kind(finding)).expect("each finding has a kind");
        *printed += 1;
        let (path, place, message, fix) = if all || alike.len() <= MANY || *printed <= EXAMPLES {
            let path = root.join(&finding.file);
            let file = path_from(here, &path);
            let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
            let fix = fix(finding, project, &|path| path_from(here, &root.join(path))).line();
            (path, format!("{}{line}", file.display()), message.clone(), fix)
        } else if *printed == EXAMPLES + 1 {
            let path = root.join(finding.file.parent().unwrap_or(Path::new("")));
            let folder = path_from(here, &path).display().to_string();
            let rest = &alike[EXAMPLES..];
            let files: BTreeSet<_> = rest.iter().map(|finding| &finding.file).collect();
            let message = format!("{} more in {}", rest.len(), counted(files.len(), "file"));
            let folder = if folder.is_empty() { ".".into() } else { folder };
            (path, folder, message, Some("list all of them with -v or --json".into()))
        } else {
            continue;
        };
        text.add_link(&path, ui::one_line(&place));
        let _ = write!(text, ": ");
        text.add(if *severity == Severity::Error { Look::Bad } else { Look::Warning }, severity.label());
        let _ = writeln!(text, ": {} [{}]", ui::one_line(&message), rule.id());
        if let Some(fix) = fix {
            let _ = write!(text, "  ");
            text.add(Look::Hint, "fix:");
            let _ = writeln!(text, " {fix}");
        }
    }
    text
}

fn fix_at_root(finding: &Finding) -> Option<String> {
    fix(finding, Path::new(""), &Path::to_owned).line_at_root()
}

/// Returns the fix, with each path as `seen` returns it, for a person in the folder `project` of a project.
fn fix(finding: &Finding, project: &Path, seen: &dyn Fn(&Path) -> PathBuf) -> Hint {
    let seen = |path: &Path| match seen(path) {
        path if path.as_os_str().is_empty() => ".".into(),
        path => path,
    };
    let file = finding.file.as_path();
    let of_file = file.parent().unwrap_or(Path::new(""));
    let folder = seen(of_file);
    let mut fix = finding.fix.clone().seen(|path| seen(path));
    if is_team_file(file) {
        let seen = if of_file == project { PathBuf::new() } else { folder.clone() };
        fix = fix.in_project(seen, of_file.to_owned());
    }
    fix.with("file", &seen(file)).with("folder", &folder)
}

fn one_line(finding: &Finding) -> String {
    match fix_at_root(finding) {
        Some(fix) => format!("{}. {fix}", finding.message),
        None => finding.message.clone(),
    }
}

/// Returns an array of findings; paths are relative to the root.
pub(super) fn as_json(findings: &[Finding]) -> Value {
    let one = |finding: &Finding| {
        json!({
            "rule": finding.rule.id(),
            "severity": finding.severity.as_str(),
            "file": finding.file.display().to_string(),
            "line": finding.line,
            "name": finding.name,
            "message": finding.message,
            "fix": fix_at_root(finding),
        })
    };
    findings.iter().map(one).collect()
}

/// Returns a log in SARIF 2.1.0 (OASIS, sarif-v2.1.0).
pub(super) fn as_sarif(findings: &[Finding]) -> Value {
    let level = |severity| if severity == Severity::Error { "error" } else { "note" };
    let rule = |rule: &Rule| {
        json!({
            "id": rule.id(),
            "shortDescription": { "text": rule.about() },
            "defaultConfiguration": { "level": level(rule.severity()) },
        })
    };
    let result = |finding: &Finding| {
        json!({
            "ruleId": finding.rule.id(),
            "level": level(finding.severity),
            "message": { "text": one_line(finding) },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": uri_path(&finding.file), "uriBaseId": "%SRCROOT%" },
                // Code scanning shows no result without a line.
                "region": { "startLine": finding.line.unwrap_or(1) },
            } }],
        })
    };
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "envseal",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": Rule::ALL.iter().map(rule).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

/// Returns GitHub's workflow commands (its documentation, "Workflow commands"), a line each; paths are from the root.
pub(super) fn as_github(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let kind = if finding.severity == Severity::Error { "error" } else { "notice" };
        let _ = write!(text, "::{kind} file={}", workflow_property(&finding.file.display().to_string()));
        if let Some(line) = finding.line {
            let _ = write!(text, ",line={line}");
        }
        let message = workflow_data(&one_line(finding));
        let _ = writeln!(text, ",title=envseal {}::{message}", finding.rule.id());
    }
    text
}

/// Keeps text from starting a new line, where it could be a command: file names are not trusted.
fn workflow_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn workflow_property(text: &str) -> String {
    workflow_data(text).replace(':', "%3A").replace(',', "%2C")
}
