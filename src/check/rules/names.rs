//! Compares the names in env files: what one has and another lacks, and what the example file lists.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use super::env_file::{EnvReport, ReportedFile};
use super::frameworks::list_names;
use super::rule::{Finding, Rule};
use super::similar::SimilarNames;
use crate::config::{EnvName, SCHEMA_FILES};

/// A file with its names as a set: there may be hundreds of files, with hundreds of names each.
struct NameIndex<'a> {
    path: &'a Path,
    report: &'a EnvReport,
    set: HashSet<&'a str>,
}

fn label(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn distinct(names: &[(String, usize)]) -> HashSet<&str> {
    names.iter().map(|(name, _)| name.as_str()).collect()
}

/// Returns true if a file of this name lists variables without their values.
pub(crate) fn is_example(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    let names = [".env.example", ".env.sample", ".env.template", ".env.dist", ".env.schema"];
    names.iter().any(|example| name.eq_ignore_ascii_case(example))
}

/// Compares the names in the env files of one folder and in its example file, given as names and lines. Overlays such
/// as `.env.local` have only what differs on one machine: nothing is missing from them, nor from a file without names.
pub(crate) fn compare_names(
    files: &[ReportedFile<'_>],
    example: Option<(&Path, &[(String, usize)])>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let files = files.iter().map(|&(path, report)| NameIndex { path, report, set: distinct(&report.names) });
    let files: Vec<_> = files.collect();
    let whole: Vec<_> = files.iter().filter(|file| !is_overlay(file.path) && !file.set.is_empty()).collect();
    if whole.len() > 1 {
        compare_files(&whole, &mut findings);
    }
    if let Some(example) = example.filter(|_| !files.is_empty()) {
        compare_with_example(&files, example, &mut findings);
    }
    findings
}

pub(super) fn is_overlay(path: &Path) -> bool {
    EnvName::of_file(path).is_ok_and(|env| env.is_overlay())
}

/// Reports each name once, however many files lack it: the output grows with the files' names, not with their pairs.
fn compare_files(files: &[&NameIndex<'_>], findings: &mut Vec<Finding>) {
    // By name, the files that have it, in order.
    let mut all: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, file) in files.iter().enumerate() {
        for name in &file.set {
            all.entry(name).or_default().push(at);
        }
    }
    let lacked: Vec<&str> =
        all.iter().filter(|(_, having)| having.len() < files.len()).map(|(name, _)| *name).collect();
    let similar = SimilarNames::new(&lacked);
    let labels = files.iter().map(|file| label(file.path)).collect::<Vec<_>>();
    let list = |at: &[usize]| list_names(&at.iter().map(|at| &*labels[*at]).collect::<Vec<_>>());
    // By name, the files that lack it because it is mistyped there.
    let mut explained: HashMap<&str, BTreeSet<usize>> = HashMap::new();
    for (at, file) in files.iter().enumerate() {
        // A name that only this file has, similar to one that it lacks, is most likely mistyped.
        for (name, line) in file.report.names.iter().filter(|(name, _)| all[name.as_str()].len() == 1) {
            let Some(meant) = similar.of(name).into_iter().find(|other| !file.set.contains(other)) else {
                continue;
            };
            explained.entry(meant).or_default().insert(at);
            let having = &all[meant];
            // If only one file has either name, it is unclear which is right: reported once, in the later file.
            if having[0] > at && having.len() == 1 {
                continue;
            }
            let others = list(having);
            let message =
                format!("{name} is in no other file, but {meant} is in {others}: did you mean {meant}?");
            let fix = hint!("envseal rename {name} {meant} -f {file}", name, meant);
            findings.push(Finding::new(Rule::MissingName, file.path, message, fix).at(*line).about(name));
        }
    }
    for &name in &lacked {
        let having = &all[name];
        if having.iter().all(|at| files[*at].report.plain.contains(name)) {
            continue;
        }
        let mut fine: BTreeSet<usize> = having.iter().copied().collect();
        fine.extend(explained.remove(name).into_iter().flatten());
        // A mistyped name is reported where it is.
        let wrong = similar.of(name).into_iter().filter(|meant| !files[having[0]].set.contains(meant));
        fine.extend(wrong.flat_map(|meant| &all[meant]));
        let mut lacking = (0..files.len()).filter(|at| !fine.contains(at));
        let Some(first) = lacking.next() else { continue };
        let count = files.len() - fine.len();
        let message = match count {
            1 => format!("{name} is in {}, but not here", labels[having[0]]),
            _ if count <= having.len() => {
                let lacking: Vec<_> = std::iter::once(first).chain(lacking).collect();
                format!("{name} is in {}, but not in {}", labels[having[0]], list(&lacking))
            }
            _ => format!("{name} is in {}, but not here or in {} more", list(having), count - 1),
        };
        let fix = hint!("envseal set {name} -f {file}", name);
        findings.push(Finding::new(Rule::MissingName, files[first].path, message, fix).about(name));
    }
}

fn compare_with_example(
    files: &[NameIndex<'_>],
    (example, listed): (&Path, &[(String, usize)]),
    findings: &mut Vec<Finding>,
) {
    let in_example = distinct(listed);
    let mut reported = BTreeSet::new();
    for file in files {
        for (name, line) in &file.report.names {
            if !in_example.contains(name.as_str()) && reported.insert(name) {
                let message = format!("{name} is not in {}", label(example));
                let is_written = SCHEMA_FILES.iter().any(|schema| example.ends_with(schema));
                let fix = if is_written {
                    "envseal ls --example --write -f {file}".into()
                } else {
                    hint!("add a line to {example}: {name}=", example, name)
                };
                findings
                    .push(Finding::new(Rule::ExampleMissing, file.path, message, fix).at(*line).about(name));
            }
        }
    }
    let known: HashSet<&str> = files.iter().flat_map(|file| &file.set).copied().collect();
    for (name, line) in listed {
        if !known.contains(name.as_str()) {
            let message = format!("{name} is in no env file of this folder");
            let fix = hint!("envseal set {name}, or remove the line from {file}", name);
            findings.push(Finding::new(Rule::ExampleExtra, example, message, fix).at(*line).about(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares files given as `PATH: NAME …`, separated by `|`. Names in lower case are plain.
    fn found(files: &str, example: Option<&str>) -> Vec<String> {
        let list = |text: &str| -> Vec<(String, usize)> {
            text.split_whitespace().enumerate().map(|(at, name)| (name.to_owned(), at + 1)).collect()
        };
        let report = |text: &str| {
            let names = list(text);
            let lower = names.iter().map(|(name, _)| name).filter(|name| !name.contains(char::is_uppercase));
            EnvReport { plain: lower.cloned().collect(), names, ..EnvReport::default() }
        };
        let files = files.split('|').filter_map(|file| file.split_once(':'));
        let files: Vec<_> = files.map(|(path, text)| (Path::new(path.trim()), report(text))).collect();
        let files: Vec<_> = files.iter().map(|(path, report)| (*path, report)).collect();
        let example = example.map(list);
        compare_names(&files, example.as_deref().map(|names| (Path::new(".env.example"), names)))
            .iter()
            .map(|f| format!("{} {:?} {} {}", f.file.display(), f.line, f.rule.id(), f.message))
            .collect()
    }

    #[test]
    fn what_one_has_another_lacks() {
        for (files, told) in [
            // A mistyped name is reported once.
            (
                ".env: PORT HELLO | .env.production: PORT HRLLO",
                ".env.production Some(2) missing-name HRLLO is in no other file, but HELLO is in .env: did you mean HELLO?",
            ),
            // Two against one tell which is wrong.
            (
                ".env: HRLLO | .env.production: HELLO | .env.staging: HELLO",
                ".env Some(1) missing-name HRLLO is in no other file, but HELLO is in .env.production and .env.staging: \
                 did you mean HELLO?",
            ),
            // A name is reported once, however many files lack it.
            (
                ".env: A B | .env.a: B | .env.b: B | .env.c: B",
                ".env.a None missing-name A is in .env, but not here or in 2 more",
            ),
            (
                ".env: A B | .env.a: A B | .env.b: B | .env.c: B | .env.d: A B",
                ".env.b None missing-name A is in .env, but not in .env.b and .env.c",
            ),
            (
                ".env: A URL | .env.production: A | .env.local: B | .env.new:",
                ".env.production None missing-name URL is in .env, but not here",
            ),
            (".env: A B", ""),
            (".env: A port | .env.b: A port | .env.c: A", ""),
        ] {
            assert_eq!(found(files, None).join("\n"), told, "{files}");
        }
    }

    #[test]
    fn the_example_is_held_to_the_files() {
        let missing = ".env Some(1) example-missing A is not in .env.example";
        let extra = ".env.example Some(2) example-extra C is in no env file of this folder";
        assert_eq!(found(".env: A B", Some("B C")), [missing, extra]);
        assert!(found("", Some("C")).is_empty());
    }
}
