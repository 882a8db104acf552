//! Checks every blob ever committed, each once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use super::allow::MarkedFile;
use super::pushed::loose_files;
use super::range::{in_commit, plaintext_in};
use super::search::{keys_file_finding, leak_finding};
use super::secrets::SealedValues;
use super::settings::Settings;
use super::snapshot::{Snapshot, behind_links, is_guarded};
use super::{CheckOptions, CheckReport};
use crate::check::rules::{Finding, Leaks};
use crate::config::{is_env_file, is_keys_file};
use crate::error::Error;
use crate::git::{FileKind, FileRef, Linked, ObjectId, Peeled, Repo};

/// How many commits' folders are read at a time.
const AT_ONCE: usize = 256;

/// A blob, and each path it ever had.
struct PastBlob {
    file: FileRef,
    /// Each with the first commit that has the blob there. None if only a tag of a folder or a file does.
    paths: Vec<(PathBuf, Option<ObjectId>)>,
}

/// Checks everything in the history of any ref, by today's policy: plaintext in env files, keys, and known values.
pub(crate) fn history(repo: &Repo, options: &CheckOptions<'_>) -> Result<CheckReport, Error> {
    let mut report = CheckReport::default();
    let mut tips = repo.tips_of(&|_| true)?;
    tips.extend(repo.head()?);
    let (commits, cut) = repo.reachable(&tips, &[])?;
    if commits.is_empty() {
        repo.refuse_lost_refs()?;
    }
    report.incomplete = cut.map(|cut| repo.cut_off(cut).into());
    let tips = repo.peeled(&tips)?;
    let mut blobs = past_blobs(repo, &commits, &tips)?;
    repo.obtain(&blobs.iter().map(|blob| blob.file.id).collect::<Vec<_>>())?;
    add_linked_paths(repo, &mut blobs, &commits, &tips)?;
    let settings = Settings::read(&Snapshot::commit(repo, repo.head()?)?)?;
    let mut values = SealedValues::new(repo.root(), options.store);
    for blob in blobs.iter().filter(|blob| blob.paths.iter().any(|(path, _)| is_env_file(path))) {
        let text = repo.blob(blob.file.id)?;
        for (path, _) in blob.paths.iter().filter(|(path, _)| is_env_file(path)) {
            values.add(path, &text, None, &mut report);
        }
        report.env_files += 1;
    }
    let leaks = values.into_leaks(&mut report);
    report.searched = blobs.len();
    let ids: Vec<_> = blobs.iter().map(|blob| blob.file.id).collect();
    let mut left = blobs.iter().enumerate();
    repo.read_blobs(&ids, &mut |from| {
        let (done, blob) = left.next().expect("one for each id");
        (options.progress)(done, blobs.len());
        let mut text = Vec::new();
        from.read_to_end(&mut text)?;
        report.findings.extend(blob.check(&text, &leaks, &settings));
        Ok(())
    })?;
    Ok(report.sorted())
}

/// Returns every blob of these commits and tips. The commit at which a shallow clone ends counts as adding all its files.
fn past_blobs(repo: &Repo, commits: &[Linked], tips: &[Peeled]) -> Result<Vec<PastBlob>, Error> {
    let mut places: HashMap<FileRef, usize> = HashMap::new();
    let mut blobs: Vec<PastBlob> = Vec::new();
    let mut seen = HashSet::new();
    let mut add = |path: PathBuf, now: Option<FileRef>, commit| {
        let Some(now) = now.filter(|now| now.kind != FileKind::Submodule) else { return };
        let place = *places.entry(now).or_insert_with(|| {
            blobs.push(PastBlob { file: now, paths: Vec::new() });
            blobs.len() - 1
        });
        if seen.insert((place, path.clone())) {
            blobs[place].paths.push((path, commit));
        }
    };
    for (at, (commit, parents)) in commits.iter().enumerate() {
        read_ahead(repo, commits, at)?;
        // Files that a merge takes from another parent were seen there.
        for file in repo.changes(parents.first().copied(), Some(*commit))? {
            add(file.path, file.after, Some(*commit));
        }
    }
    for tip in tips {
        for (path, now) in loose_files(repo, *tip)? {
            add(path, Some(now), None);
        }
    }
    Ok(blobs)
}

/// Adds the path of each env file symlink to the files that it ever led to.
fn add_linked_paths(
    repo: &Repo,
    blobs: &mut [PastBlob],
    commits: &[Linked],
    tips: &[Peeled],
) -> Result<(), Error> {
    let links = blobs.iter().filter(|blob| blob.file.kind == FileKind::Link).flat_map(|blob| &blob.paths);
    let links: BTreeSet<_> = links.map(|(path, _)| path.clone()).filter(|path| is_guarded(path)).collect();
    if links.is_empty() {
        return Ok(());
    }
    let trees = tips.iter().filter_map(|tip| if let Peeled::Tree(id) = tip { Some(*id) } else { None });
    let links = links.iter().map(PathBuf::as_path).collect();
    let roots = commits.iter().map(|(id, _)| *id).chain(trees.clone());
    for (link, file, root) in behind_links(repo, &links, roots, HashSet::new())? {
        let commit = Some(root).filter(|root| trees.clone().all(|tree| tree != *root));
        let blob = blobs.iter_mut().find(|blob| blob.file == file);
        if let Some(blob) = blob.filter(|blob| blob.paths.iter().all(|(path, _)| path != link)) {
            blob.paths.push((link.to_owned(), commit));
        }
    }
    Ok(())
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
        // Secrets in the bytes are reported only for the blob's first path.
        let mut hits = Some(leaks.find(text));
        for (path, commit) in &self.paths {
            let found = if is_keys_file(path) {
                vec![keys_file_finding(path)]
            } else {
                let leaks = hits
                    .take()
                    .unwrap_or_default()
                    .into_iter()
                    .map(|hit| leak_finding(path, hit.leak, leaks).at(hit.line));
                plaintext_in(path, text, settings, self.file.kind).into_iter().chain(leaks).collect()
            };
            if !found.is_empty() {
                let (_, found) = MarkedFile::new(path, text).split(found);
                findings.extend(found.into_iter().map(|finding| (finding, *commit)));
            }
        }
        let fix = "replace the secret at its source: everyone with a clone has it";
        let found = findings.into_iter().map(|(finding, commit)| match commit {
            Some(commit) => in_commit(finding, commit),
            None => finding,
        });
        found.map(|finding| Finding { fix: fix.into(), ..finding }).collect()
    }
}
