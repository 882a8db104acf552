//! Checks every blob ever committed, each once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use super::allow::is_allowed;
use super::range::{in_commit, plaintext_in};
use super::search::{keys_file_finding, leak_finding};
use super::secrets::SealedValues;
use super::settings::Settings;
use super::snapshot::{Snapshot, folder, is_guarded};
use super::{CheckOptions, CheckReport};
use crate::check::rules::{Finding, Leaks};
use crate::config::{is_env_file, is_keys_file};
use crate::error::Error;
use crate::git::{FileKind, FileRef, Linked, ObjectId, Peeled, Repo, from_git};

/// How many commits' folders are read at a time.
const AT_ONCE: usize = 256;

/// A blob, and each path it ever had.
struct PastBlob {
    file: FileRef,
    /// The bytes, if this was ever an env file: then they were already read for their values.
    text: Option<Vec<u8>>,
    /// The first commit that has it. None if only a tag of a folder or a file has it.
    commit: Option<ObjectId>,
    paths: Vec<PathBuf>,
}

/// Checks everything in the history of any ref, by today's policy: plaintext in env files, keys, and known values.
pub(crate) fn history(repo: &Repo, options: &CheckOptions<'_>) -> Result<CheckReport, Error> {
    let mut report = CheckReport::default();
    let (mut blobs, cut) = past_blobs(repo)?;
    report.incomplete = cut.map(|cut| repo.cut_off(cut).into());
    repo.obtain(&blobs.iter().map(|blob| blob.file.id).collect::<Vec<_>>())?;
    name_behind_links(repo, &mut blobs)?;
    let settings = Settings::read(&Snapshot::commit(repo, repo.head()?)?)?;
    let mut values = SealedValues::new(repo.root(), options.store);
    for blob in blobs.iter_mut().filter(|blob| blob.paths.iter().any(|path| is_env_file(path))) {
        let text = repo.blob(blob.file.id)?;
        for path in blob.paths.iter().filter(|path| is_env_file(path)) {
            values.add(path, &text, None, &mut report);
        }
        blob.text = Some(text);
        report.env_files += 1;
    }
    let leaks = values.into_leaks(&mut report);
    report.searched = blobs.len();
    let (read, unread): (Vec<_>, Vec<_>) = blobs.iter().partition(|blob| blob.text.is_some());
    for blob in &read {
        report.findings.extend(blob.check(blob.text.as_deref().unwrap_or_default(), &leaks, &settings));
    }
    let ids: Vec<_> = unread.iter().map(|blob| blob.file.id).collect();
    repo.read_blobs(&ids, &mut |at, from| {
        (options.progress)(read.len() + at, blobs.len());
        let mut text = Vec::new();
        from.read_to_end(&mut text)?;
        report.findings.extend(unread[at].check(&text, &leaks, &settings));
        Ok(())
    })?;
    Ok(report.sorted())
}

/// Returns every blob of every ref, and the commit at which a shallow clone ends, which counts as having added all of
/// its files.
fn past_blobs(repo: &Repo) -> Result<(Vec<PastBlob>, Option<ObjectId>), Error> {
    let mut places: HashMap<FileRef, usize> = HashMap::new();
    let mut blobs: Vec<PastBlob> = Vec::new();
    let mut seen = HashSet::new();
    let mut add = |path: PathBuf, now: Option<FileRef>, commit| {
        let Some(now) = now.filter(|now| now.kind != FileKind::Submodule) else { return };
        let place = *places.entry(now).or_insert_with(|| {
            blobs.push(PastBlob { file: now, text: None, commit, paths: Vec::new() });
            blobs.len() - 1
        });
        if seen.insert((place, path.clone())) {
            blobs[place].paths.push(path);
        }
    };
    let mut tips = repo.tips_of(&|_| true)?;
    tips.extend(repo.head()?);
    let (commits, cut) = repo.all_commits(&tips)?;
    for (at, (commit, parents)) in commits.iter().enumerate() {
        read_ahead(repo, &commits, at)?;
        // Files that a merge takes from another parent were seen there.
        for file in repo.changes(parents.first().copied(), Some(*commit))? {
            add(file.path, file.after, Some(*commit));
        }
    }
    for tip in repo.peeled(&tips)? {
        let files = match tip {
            Peeled::Commit(_) => continue,
            Peeled::Tree(id) => repo.files(Some(id))?,
            Peeled::Blob(id) => vec![(id.to_string().into(), FileRef { id, kind: FileKind::File })],
        };
        for (path, now) in files {
            add(path, Some(now), None);
        }
    }
    Ok((blobs, cut))
}

/// Adds the path of each env file symlink to the files that were ever where it led, through any number of links.
fn name_behind_links(repo: &Repo, blobs: &mut [PastBlob]) -> Result<(), Error> {
    let mut links: HashMap<&Path, Vec<ObjectId>> = HashMap::new();
    for blob in blobs.iter().filter(|blob| blob.file.kind == FileKind::Link) {
        blob.paths.iter().for_each(|path| links.entry(path).or_default().push(blob.file.id));
    }
    let mut names: HashMap<PathBuf, BTreeSet<PathBuf>> = HashMap::new();
    for link in links.keys().filter(|path| is_guarded(path)) {
        let mut next = vec![link.to_path_buf()];
        while let Some(path) = next.pop() {
            for id in links.get(path.as_path()).into_iter().flatten() {
                let target = repo.blob(*id)?;
                let Some(target) = from_git(&target).and_then(|to| inside(folder(&path), to)) else {
                    continue;
                };
                if names.entry(target.clone()).or_default().insert(link.to_path_buf()) {
                    next.push(target);
                }
            }
        }
    }
    for blob in blobs.iter_mut().filter(|blob| blob.file.kind == FileKind::File) {
        let behind: BTreeSet<_> = blob.paths.iter().filter_map(|path| names.get(path)).flatten().collect();
        blob.paths.extend(behind.into_iter().cloned());
    }
    Ok(())
}

/// Returns the path that a link in `folder` leads to; None outside of the repository.
fn inside(folder: &Path, to: &Path) -> Option<PathBuf> {
    let mut at = folder.to_owned();
    for part in to.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if at.pop() => {}
            Component::Normal(name) => at.push(name),
            _ => return None,
        }
    }
    Some(at)
}

/// Reads the folders of the next [`AT_ONCE`] commits in one go, each time `at` reaches the end of a batch.
pub(super) fn read_ahead(repo: &Repo, commits: &[Linked], at: usize) -> Result<(), Error> {
    if at.is_multiple_of(AT_ONCE) {
        let next: Vec<_> = commits[at..].iter().take(AT_ONCE).map(|(id, _)| *id).collect();
        repo.read_folders(&next)?;
    }
    Ok(())
}

impl PastBlob {
    fn check(&self, text: &[u8], leaks: &Leaks, settings: &Settings) -> Vec<Finding> {
        let mut findings = Vec::new();
        let hits = leaks.find(text);
        for path in &self.paths {
            if is_keys_file(path) {
                findings.push(keys_file_finding(path));
            } else {
                findings.extend(plaintext_in(path, text, settings, self.file.kind));
            }
        }
        // Secrets in the bytes are reported only for the blob's first path.
        if let Some(path) = self.paths.iter().find(|path| !is_keys_file(path)) {
            findings.extend(hits.iter().map(|hit| leak_finding(path, hit.leak, leaks).at(hit.line)));
        }
        findings.retain(|finding| !is_allowed(finding, text));
        let fix = "replace the secret at its source: everyone with a clone has it";
        let found = findings.into_iter().map(|finding| match self.commit {
            Some(commit) => in_commit(finding, commit),
            None => finding,
        });
        found.map(|finding| Finding { fix: fix.into(), ..finding }).collect()
    }
}
