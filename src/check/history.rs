//! Every blob ever committed, each once.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::error::GuardError;
use super::files::is_judged;
use super::policies::Policies;
use super::range::{in_commit, shows_plaintext};
use super::report::{Options, Report};
use super::search::{keys_file, of_leak};
use super::secrets::Gathered;
use super::view::View;
use crate::check::rules::{EnvText, Finding, Leaks, allows, env_file, line_of};
use crate::config::{is_env_file, is_keys_file};
use crate::git::{FileKind, FileRef, Linked, ObjectId, Repo};

/// The folders of so many commits are read at a time.
const AT_ONCE: usize = 256;

/// A blob and the first commit that brought it, under each path it ever had.
struct Blob {
    file: FileRef,
    /// The bytes, of those that an env file ever had: they have been read for their values already.
    text: Option<Vec<u8>>,
    commit: ObjectId,
    paths: Vec<PathBuf>,
}

/// Checks all that any ref's history holds, by today's policy: plaintext in env files, keys, and known values.
pub(crate) fn history(objects: &Repo, options: &Options<'_>) -> Result<Report, GuardError> {
    let mut report = Report::default();
    let (mut blobs, cut) = blobs(objects)?;
    report.incomplete = cut.map(|cut| objects.cut_off(cut));
    objects.obtain(&blobs.iter().map(|blob| blob.file.id).collect::<Vec<_>>())?;
    let today = View::commit(objects, objects.head()?)?;
    let policies = Policies::of(&today)?;
    let root = objects.root();
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
    let (read, unread): (Vec<_>, Vec<_>) = blobs.iter().partition(|blob| blob.text.is_some());
    for blob in &read {
        report.findings.extend(judge(blob, blob.text.as_deref().unwrap_or_default(), &leaks, &policies));
    }
    let ids: Vec<_> = unread.iter().map(|blob| blob.file.id).collect();
    objects.read_blobs(&ids, &mut |at, from| {
        (options.progress)(read.len() + at, blobs.len());
        let mut text = Vec::new();
        from.read_to_end(&mut text)?;
        report.findings.extend(judge(unread[at], &text, &leaks, &policies));
        Ok(())
    })?;
    Ok(report.sorted())
}

/// Every blob of every commit, with its paths.
/// Where a shallow clone ends, what its last commit holds counts as brought by it, and the commit is told.
fn blobs(objects: &Repo) -> Result<(Vec<Blob>, Option<ObjectId>), GuardError> {
    let mut places: HashMap<FileRef, usize> = HashMap::new();
    let mut blobs: Vec<Blob> = Vec::new();
    let mut seen = HashSet::new();
    let (commits, cut) = objects.all_commits()?;
    for (at, (commit, parents)) in commits.iter().enumerate() {
        read_ahead(objects, &commits, at)?;
        let commit = *commit;
        // What it shares with a parent has been seen there.
        let parent = parents.first().copied();
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
    Ok((blobs, cut))
}

/// Reads the folders of some commits from `at` on in one go, where that was not done yet.
pub(super) fn read_ahead(objects: &Repo, commits: &[Linked], at: usize) -> Result<(), GuardError> {
    if at.is_multiple_of(AT_ONCE) {
        let some: Vec<_> = commits[at..].iter().take(AT_ONCE).map(|(id, _)| *id).collect();
        objects.read_folders(&some)?;
    }
    Ok(())
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
