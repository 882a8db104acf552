//! The names of env files side by side: what one has and another lacks, and what the example file says.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use super::finding::Finding;
use super::rule::Rule;
use crate::config::EnvName;

/// An env file, or an example file, and the names in it.
#[derive(Clone, Copy)]
pub struct Listed<'a> {
    /// Its path, relative to the root of what is checked.
    pub path: &'a Path,
    /// Each name and its line.
    pub names: &'a [(String, usize)],
}

/// A file, ready to be asked for names: there may be hundreds of files, with hundreds of names each.
struct File<'a> {
    path: &'a Path,
    names: &'a [(String, usize)],
    set: HashSet<&'a str>,
}

impl<'a> From<&Listed<'a>> for File<'a> {
    fn from(listed: &Listed<'a>) -> Self {
        let Listed { path, names } = *listed;
        Self { path, names, set: names.iter().map(|(name, _)| name.as_str()).collect() }
    }
}

impl File<'_> {
    fn has(&self, name: &str) -> bool {
        self.set.contains(name)
    }

    fn shown(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// Whether a file of this name shows which variables there are, without their values.
pub fn is_example(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    let names = [".env.example", ".env.sample", ".env.template", ".env.dist", ".env.schema"];
    names.iter().any(|example| name.eq_ignore_ascii_case(example))
}

/// Compares the env files of one folder, and its example file if there is one. Files such as `.env.local` lie over
/// others and hold what differs on one machine: nothing is missing from them, nor from a file that has no names yet.
pub fn names(files: &[Listed<'_>], example: Option<Listed<'_>>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let files: Vec<_> = files.iter().map(File::from).collect();
    let whole: Vec<_> =
        files.iter().filter(|file| !is_overlay(file.path) && !file.names.is_empty()).collect();
    if whole.len() > 1 {
        across(&whole, &mut findings);
    }
    if let Some(example) = example.filter(|_| !files.is_empty()) {
        against(&files, &File::from(&example), &mut findings);
    }
    findings
}

fn is_overlay(path: &Path) -> bool {
    EnvName::of_file(path).is_ok_and(|env| env.is_overlay())
}

fn across(files: &[&File<'_>], findings: &mut Vec<Finding>) {
    // Each name, and the files that have it.
    let mut all: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, file) in files.iter().enumerate() {
        for name in &file.set {
            all.entry(name).or_default().push(at);
        }
    }
    // Of each name that some file lacks, the ones that it may be mistaken for.
    let lacked = all.iter().filter(|(_, having)| having.len() < files.len());
    let near: HashMap<_, _> = lacked.map(|(name, _)| (*name, alike(name, all.keys().copied()))).collect();
    for (at, file) in files.iter().enumerate() {
        let missing: BTreeSet<&str> = all.keys().copied().filter(|name| !file.has(name)).collect();
        let mut explained = BTreeSet::new();
        // A name of its own beside one that it lacks: typed wrong, most likely.
        for (name, line) in file.names {
            if all[name.as_str()].len() > 1 {
                continue;
            }
            let meant = near.get(name.as_str()).into_iter().flatten().find(|other| missing.contains(*other));
            let Some(&meant) = meant else { continue };
            explained.insert(meant);
            let having = &all[meant];
            // One against one, nobody knows which is right: told once, where the later file has it.
            if having.iter().all(|other| *other > at) && having.len() == 1 {
                continue;
            }
            let others: Vec<_> = having.iter().map(|other| files[*other].shown()).collect();
            let message = format!(
                "{name} is in no other file, {meant} in {}: did you mean {meant}?",
                others.join(", ")
            );
            let fix = format!("envseal rename {name} {meant} -f {{file}}");
            findings.push(Finding::new(Rule::MissingName, file.path, message, fix).at(*line).about(name));
        }
        for name in missing.difference(&explained) {
            let other = files[all[name][0]];
            // What is typed wrong over there is told over there.
            if near[name].iter().any(|meant| file.has(meant) && !other.has(meant)) {
                continue;
            }
            let message = format!("{name} is in {}, but not here", other.shown());
            let fix = format!("envseal set {name} -f {{file}}");
            findings.push(Finding::new(Rule::MissingName, file.path, message, fix).about(name));
        }
    }
}

/// The names that are like enough to `name` to be meant by it, the most alike first.
fn alike<'a>(name: &str, among: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let most = (name.len() / 3).clamp(1, 2);
    // By their lengths alone most are too far apart.
    let near =
        among.filter(|other| name.len() > 2 && *other != name && name.len().abs_diff(other.len()) <= most);
    let lower = name.to_lowercase();
    let distances = near.map(|other| (strsim::osa_distance(&lower, &other.to_lowercase()), other));
    let mut found: Vec<_> = distances.filter(|(distance, _)| *distance <= most).collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.into_iter().map(|(_, other)| other).collect()
}

fn against(files: &[File<'_>], example: &File<'_>, findings: &mut Vec<Finding>) {
    let mut told = BTreeSet::new();
    for file in files {
        for (name, line) in file.names {
            if !example.has(name) && told.insert(name) {
                let message = format!("{name} is not in {}", example.shown());
                let fix = format!("echo {name}= >> {}", example.shown());
                findings
                    .push(Finding::new(Rule::ExampleMissing, file.path, message, fix).at(*line).about(name));
            }
        }
    }
    for (name, line) in example.names {
        if !files.iter().any(|file| file.has(name)) {
            let message = format!("{name} is in no env file beside it");
            let fix = format!("envseal set {name}, or take the line out of {{file}}");
            findings.push(Finding::new(Rule::ExampleExtra, example.path, message, fix).at(*line).about(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)], example: Option<&str>) -> Vec<String> {
        let list = |text: &str| -> Vec<(String, usize)> {
            text.split_whitespace().enumerate().map(|(at, name)| (name.to_owned(), at + 1)).collect()
        };
        let files: Vec<_> = files.iter().map(|(path, text)| (Path::new(*path), list(text))).collect();
        let listed: Vec<_> = files.iter().map(|(path, names)| Listed { path, names }).collect();
        let example = example.map(list);
        let example = example.as_ref().map(|names| Listed { path: Path::new(".env.example"), names });
        names(&listed, example)
            .iter()
            .map(|f| format!("{} {:?} {} {}", f.file.display(), f.line, f.rule.id(), f.message))
            .collect()
    }

    #[test]
    fn a_mistyped_name_is_told_once() {
        let told = "HRLLO is in no other file, HELLO in .env: did you mean HELLO?";
        assert_eq!(
            found(&[(".env", "PORT HELLO"), (".env.production", "PORT HRLLO")], None),
            [format!(".env.production Some(2) missing-name {told}")]
        );
        // Two against one tell which is wrong.
        assert_eq!(
            found(&[(".env", "HRLLO"), (".env.production", "HELLO"), (".env.staging", "HELLO")], None),
            [
                ".env Some(1) missing-name HRLLO is in no other file, HELLO in .env.production, .env.staging: did you \
              mean HELLO?"
            ]
        );
    }

    #[test]
    fn hundreds_of_files_take_no_time() {
        let texts: Vec<_> = (0..100)
            .map(|file| (0..100).map(|at| format!("NAME_{at}_{} ", file % 7)).collect::<String>())
            .collect();
        let paths: Vec<_> = (0..100).map(|file| format!(".env.e{file}")).collect();
        let files: Vec<_> = paths.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
        let start = std::time::Instant::now();
        found(&files, Some("A"));
        assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    }

    #[test]
    fn what_one_has_another_lacks() {
        assert_eq!(
            found(
                &[(".env", "A URL"), (".env.production", "A"), (".env.local", "B"), (".env.new", "")],
                None
            ),
            [".env.production None missing-name URL is in .env, but not here"]
        );
        assert!(found(&[(".env", "A B")], None).is_empty());
    }

    #[test]
    fn the_example_is_held_to_the_files() {
        assert_eq!(
            found(&[(".env", "A B")], Some("B C")),
            [
                ".env Some(1) example-missing A is not in .env.example",
                ".env.example Some(2) example-extra C is in no env file beside it"
            ]
        );
        assert!(found(&[], Some("C")).is_empty());
    }
}
