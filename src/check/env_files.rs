//! Checks the env files of a snapshot: each by itself, and those of a folder or project against each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::frameworks::check_frameworks;
use super::settings::Settings;
use super::snapshot::{Snapshot, folder};
use crate::check::rules::{
    EnvReport, EnvText, Finding, ReportedFile, Rule, check_env_file, check_schema, check_values,
    compare_names, drop_repeated, is_example, misspelled_file, old_value, sealed_by_mistake,
};
use crate::config::{FileRole, NAME_TARGET, is_env_file, is_own_name, is_team_file, link_fault, misspelled};
use crate::dotenv::Document;
use crate::error::Error;
use crate::git::Repo;
use crate::history::{BlamedVariable, EnvHistory, blame};
use crate::keys::KeyStore;
use crate::time::{Moment, rfc3339};

pub(super) struct EnvFiles {
    pub(super) findings: Vec<Finding>,
    /// Copies of env files, and links to elsewhere, have no report.
    pub(super) reports: BTreeMap<PathBuf, EnvReport>,
}

/// Checks the env files by the policies of `rules`, and by the schemas and projects of their own snapshot.
pub(super) fn check_env_files(
    files: &Snapshot<'_>,
    rules: &Settings,
    own: &Settings,
) -> Result<EnvFiles, Error> {
    let (mut findings, mut by_schema) = (Vec::new(), Vec::new());
    let mut reports = BTreeMap::new();
    for path in files.files().filter(|path| !rules.excludes(path)) {
        let role = FileRole::of(path);
        let is_guarded = role.is_guarded();
        if !is_guarded && role.what().is_none() {
            continue;
        }
        let link = if is_guarded { link_elsewhere(files, path, own)? } else { None };
        if let Some((finding, target)) = &link {
            findings.push(finding.clone());
            // If it leads to another env file, the rest is reported there.
            let is_checked = |target: &PathBuf| {
                files.guarded_files().any(|there| there == target) && !rules.excludes(target)
            };
            if target.as_ref().is_some_and(is_checked) {
                continue;
            }
        }
        let Some(text) = files.read(path)? else { continue };
        let file = EnvText { path, text: &text, policy: rules.policy(path) };
        if !is_guarded {
            findings.extend(sealed_by_mistake(file));
        } else if role == FileRole::Copy {
            findings.extend(check_env_file(file).findings);
        } else if let Some((_, target)) = link.filter(|(_, target)| !is_unnamed(target.as_deref())) {
            let path_read = target.as_deref().filter(|target| is_env_file(target)).unwrap_or(path);
            let found = check_env_file(EnvText { path: path_read, ..file }).findings;
            let shown = found.into_iter().filter(|finding| finding.rule.shows_plaintext());
            findings.extend(shown.map(|finding| Finding { file: path.to_owned(), ..finding }));
        } else {
            let mut report = check_env_file(file);
            findings.append(&mut report.findings);
            reports.insert(path.to_owned(), report);
            by_schema
                .extend(own.schema(folder(path)).into_iter().flat_map(|schema| check_values(file, schema)));
        }
    }
    findings.extend(side_by_side(files, own, &reports, &by_schema)?);
    findings.extend(files.files().filter_map(misspelled_file));
    findings.append(&mut by_schema);
    findings.extend(own.schemas().flat_map(check_schema));
    Ok(EnvFiles { findings, reports })
}

/// Returns the findings for env files that are symlinks to another environment's file or out of their project.
pub(super) fn links_elsewhere(files: &Snapshot<'_>, own: &Settings) -> Result<Vec<Finding>, Error> {
    let found = files.files().map(|path| Ok(link_elsewhere(files, path, own)?.map(|(finding, _)| finding)));
    found.filter_map(Result::transpose).collect()
}

/// Like [`links_elsewhere`], for one file. Also returns the path in the snapshot that the link leads to.
fn link_elsewhere(
    files: &Snapshot<'_>,
    path: &Path,
    own: &Settings,
) -> Result<Option<(Finding, Option<PathBuf>)>, Error> {
    if !is_env_file(path) {
        return Ok(None);
    }
    let (place, target) = match files.target(path)? {
        None => ("that is absolute or leads out of the project".to_owned(), None),
        Some(target) if target == path => return Ok(None),
        Some(target) => {
            let is_outside = own.project_of(&target) != own.project_of(path);
            let is_dangling = FileRole::of(&target) == FileRole::Other && !files.has(&target)?;
            let fault = match link_fault(path, &target) {
                _ if is_outside => "outside the project".to_owned(),
                Some(fault) if !is_dangling => fault,
                _ => return Ok(None),
            };
            (format!("to {}, {fault}", target.display()), Some(target))
        }
    };
    let message = format!("is a symlink {place}");
    let fix =
        if is_unnamed(target.as_deref()) { NAME_TARGET } else { "replace the link with a file: rm {file}" };
    Ok(Some((Finding::new(Rule::Symlink, path, message, fix), target)))
}

/// Returns true if a symlink leads to a file that is only named otherwise: its content is the env file's.
fn is_unnamed(target: Option<&Path>) -> bool {
    target.is_some_and(|target| FileRole::of(target) == FileRole::Other && !is_team_file(target))
}

/// Returns the findings for sealed values that have not changed for more than `max_age` seconds. Without the keys, a
/// re-encrypted value counts as changed.
pub(super) fn check_ages(
    repo: &Repo,
    files: &Snapshot<'_>,
    env_files: &EnvFiles,
    store: &KeyStore<'_>,
    max_age: i64,
) -> Result<Vec<Finding>, Error> {
    let (head, now) = (repo.head()?, Moment::now().seconds);
    let mut history = EnvHistory::new(repo, store);
    let mut findings = Vec::new();
    for (path, report) in env_files.reports.iter().filter(|(_, report)| !report.sealed.is_empty()) {
        let variables = blame(&mut history, head, path, files.read(path)?)?.unwrap_or_default();
        for BlamedVariable { name, author, .. } in variables {
            let age = now.saturating_sub(author.time.seconds);
            if report.sealed.contains(&name) && age > max_age {
                findings.push(old_value(path, report, &name, &rfc3339(author.time), age / 86_400));
            }
        }
    }
    Ok(findings)
}

fn side_by_side(
    files: &Snapshot<'_>,
    own: &Settings,
    reports: &BTreeMap<PathBuf, EnvReport>,
    by_schema: &[Finding],
) -> Result<Vec<Finding>, Error> {
    let mut folders: BTreeMap<&Path, Vec<ReportedFile<'_>>> = BTreeMap::new();
    let mut projects: BTreeMap<&Path, Vec<ReportedFile<'_>>> = BTreeMap::new();
    for (path, report) in reports {
        folders.entry(folder(path)).or_default().push((path, report));
        projects.entry(own.project_of(path)).or_default().push((path, report));
    }
    let mut examples = BTreeMap::new();
    for path in files.files().filter(|path| is_example(path) && misspelled(path).is_none()) {
        examples.entry(folder(path)).or_insert(path);
    }
    let mut findings = Vec::new();
    for (folder, env_files) in &folders {
        let schema = own.schema(folder);
        // A schema beats an example.
        let listed = match schema.map(|schema| schema.path).or_else(|| examples.get(folder).copied()) {
            Some(path) => files.read(path)?.map(|text| (path, names_of(text))),
            None => None,
        };
        let found = compare_names(env_files, listed.as_ref().map(|(path, names)| (*path, names.as_slice())));
        findings.extend(match schema {
            Some(schema) => drop_repeated(found, by_schema, schema),
            None => found,
        });
    }
    findings.extend(check_frameworks(files, reports, &folders));
    for (path, report) in reports {
        let is_set = |name: &str| {
            let mut others = projects[own.project_of(path)].iter().filter(|(other, _)| other != path);
            let in_schema = || own.schema(folder(path)).is_some_and(|file| file.schema.get(name).is_some());
            others.any(|(_, other)| other.names.iter().any(|(set, _)| set == name)) || in_schema()
        };
        let unset = report.dangling.iter().filter(|(on, _)| !is_set(on));
        findings.extend(unset.map(|(_, finding)| finding.clone()));
    }
    Ok(findings)
}

/// Returns the names of an example file and their lines.
fn names_of(text: Vec<u8>) -> Vec<(String, usize)> {
    let Ok(document) = Document::parse(text) else { return Vec::new() };
    let entries = document.entries().iter().map(|entry| (document.name(entry).to_owned(), entry.line));
    entries.filter(|(name, _)| !is_own_name(name)).collect()
}
