//! Every blob ever committed, each once, on every core.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::error::GuardError;
use super::files::is_judged;
use super::policies::Policies;
use super::range::{in_commit, shows_plaintext};
use super::report::{Options, Report};
use super::search::{keys_file, of_leak};
use super::secrets::Gathered;
use super::share::on_every_core;
use super::view::View;
use crate::config::{is_env_file, is_keys_file};
use crate::git::{FileKind, FileRef, ObjectId, Objects};
use crate::scan::{EnvText, Finding, Leaks, allows, env_file, line_of};

/// A blob and the first commit that brought it, under each path it ever had.
struct Blob {
    file: FileRef,
    /// The bytes, of those that an env file ever had: they have been read for their values already.
    text: Option<Vec<u8>>,
    commit: ObjectId,
    paths: Vec<PathBuf>,
}

/// Checks all that any ref's history holds, by today's policy: plaintext in env files, keys, and known values.
pub fn history(objects: &Objects, options: &Options<'_>) -> Result<Report, GuardError> {
    let mut report = Report::default();
    let today = View::commit(objects, objects.head()?)?;
    let policies = Policies::of(&today)?;
    let mut blobs = blobs(objects)?;
    let root = objects.root().unwrap_or_else(|| objects.git_dir());
    let mut values = Gathered::default();
    for blob in blobs.iter_mut().filter(|blob| blob.paths.iter().any(|path| is_env_file(path))) {
        let text = objects.blob(blob.file.id)?;
        for path in blob.paths.iter().filter(|path| is_env_file(path)) {
            values.add(path, &text, None, root, options.store, &mut report);
        }
        blob.text = Some(text);
        report.env_files += 1;
    }
    let leaks = values.into_leaks(&mut report);
    report.searched = blobs.len();
    let found = on_every_core(objects, &blobs, |objects, at, blob| {
        (options.progress)(at, blobs.len());
        let read = if blob.text.is_none() { Some(objects.blob(blob.file.id)?) } else { None };
        let text = blob.text.as_deref().or(read.as_deref()).unwrap_or_default();
        Ok(judge(blob, text, &leaks, &policies))
    })?;
    report.findings = found.concat();
    Ok(report.sorted())
}

/// Every blob of every commit, with its paths.
fn blobs(objects: &Objects) -> Result<Vec<Blob>, GuardError> {
    let mut places: HashMap<FileRef, usize> = HashMap::new();
    let mut blobs: Vec<Blob> = Vec::new();
    let mut seen = HashSet::new();
    // On one core: trees are small, and libgit2 locks a pack for each read, so that two would wait for each other.
    for commit in objects.commits(&objects.tips()?, &[])? {
        // What it shares with a parent has been seen there.
        let parent = objects.parents(commit)?.first().copied();
        for file in objects.changes(parent, Some(commit))? {
            let Some(now) = file.after.filter(|now| now.kind != FileKind::Submodule) else { continue };
            let place = *places.entry(now).or_insert_with(|| {
                blobs.push(Blob { file: now, text: None, commit, paths: Vec::new() });
                blobs.len() - 1
            });
            if seen.insert((place, file.path.clone())) {
                blobs[place].paths.push(file.path);
            }
        }
    }
    Ok(blobs)
}

fn judge(blob: &Blob, text: &[u8], leaks: &Leaks, policies: &Policies) -> Vec<Finding> {
    let mut findings = Vec::new();
    let hits = leaks.find(text);
    for path in &blob.paths {
        if is_keys_file(path) {
            findings.push(keys_file(path));
        } else if is_judged(path) && blob.file.kind == FileKind::File && !policies.excludes(path) {
            let (_, policy) = policies.for_file(path);
            let found = env_file(EnvText { path, text, policy }).findings;
            findings.extend(found.into_iter().filter(|finding| shows_plaintext(finding.rule)));
        }
    }
    // What the bytes hold is told for the first of its names.
    if let Some(path) = blob.paths.iter().find(|path| !is_keys_file(path)) {
        findings.extend(hits.iter().map(|hit| of_leak(path, hit.leak, leaks).at(hit.line)));
    }
    let allowed = |finding: &Finding| {
        let line = finding.line.map(|line| line_of(text, line));
        line.is_some_and(|line| allows(line, finding.rule))
    };
    findings.retain(|finding| !allowed(finding));
    let told = findings.into_iter().map(|finding| in_commit(finding, blob.commit));
    let fix = "replace the secret where it is from: whoever has a clone has it";
    told.map(|finding| Finding { fix: fix.into(), ..finding }).collect()
}
