//! A change: the files before and after, with their settings, in the working tree, the index or a range of commits.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::allow::{AllowMark, MarkedFile};
use super::compare::{
    check_dependent_names, check_hidden_values, check_key_changes, check_replaced_folders, compare_policies,
    keys_before,
};
use super::env_files::{EnvFiles, check_ages, check_env_files};
use super::keys_files::check_keys_files;
use super::origins::Origins;
use super::search::{FileContent, SearchedFile, SecretSearch};
use super::secrets::{EnvTexts, SealedValues};
use super::settings::Settings;
use super::snapshot::{Snapshot, folder, is_guarded, is_relevant};
use super::teams::{HeldKeys, TeamFiles};
use super::touched::TouchedFiles;
use super::{CheckOptions, CheckReport};
use crate::check::rules::{Finding, Rule, Severity, compare_keys, foreign};
use crate::config::{is_env_file, is_keys_file, is_team_file};
use crate::error::Error;
use crate::git::{self, FileKind, ObjectId, Repo};
use crate::keys::KeyStore;
use crate::project::{Project, to_check_out};

/// How far a person has reviewed a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Review {
    /// Not yet: the change is on its author's machine.
    None,
    /// Waiting for review: the settings before the change apply, and changes that widen them are errors.
    Pending,
    /// A reviewer vouches for it.
    Accepted,
}

pub(super) struct CheckedChange<'a> {
    pub(super) repo: Option<&'a Repo>,
    pub(super) root: &'a Path,
    pub(super) before: Snapshot<'a>,
    pub(super) after: Snapshot<'a>,
    pub(super) settings_before: Rc<Settings>,
    pub(super) settings: Settings,
    pub(super) review: Review,
    /// True if unchanged team files are checked too.
    pub(super) is_whole: bool,
}

/// The findings of the rules, by how a range treats them.
pub(super) struct Inspection {
    pub(super) env_files: EnvFiles,
    /// About keys, team files and policies that can't be read.
    pub(super) findings: Vec<Finding>,
    /// Hidden redirects and widened policies.
    pub(super) for_review: Vec<Finding>,
    pub(super) references_added: Vec<Finding>,
}

impl<'a> CheckedChange<'a> {
    pub(super) fn new(
        repo: Option<&'a Repo>,
        root: &'a Path,
        [before, after]: [Snapshot<'a>; 2],
        base: Option<ObjectId>,
        review: Review,
        is_whole: bool,
    ) -> Result<Self, Error> {
        let settings_before = Rc::new(Settings::of_commit(&before, repo.zip(base))?);
        let settings = Settings::read(&after)?;
        Ok(Self { repo, root, before, after, settings_before, settings, review, is_whole })
    }

    /// Returns the settings whose policies apply.
    pub(super) fn rules(&self) -> &Settings {
        if self.review == Review::Pending { &self.settings_before } else { &self.settings }
    }

    /// Runs every rule over env files, keys, policies and teams. If `is_first`, nothing was ever guarded before.
    pub(super) fn inspect(
        &self,
        origins: &Origins<'_>,
        is_first: bool,
        store: &KeyStore<'_>,
    ) -> Result<Inspection, Error> {
        let mut env_files = check_env_files(&self.after, self.rules(), &self.settings)?;
        let keys_before = keys_before(self, &env_files)?;
        let compared = compare_keys(&env_files.reports, &keys_before, |path| self.settings.project_of(path));
        env_files.findings.extend(compared);
        let held = HeldKeys::new(store, self.root);
        let mut findings = self.settings.findings.clone();
        findings.extend(check_key_changes(&env_files, &keys_before, origins, &held)?);
        let teams = TeamFiles { env_files: &env_files, keys_before: &keys_before, origins, held: &held };
        findings.extend(teams.check()?);
        let hidden = check_hidden_values(&env_files, origins)?.into_iter();
        let (references_added, mut for_review): (Vec<_>, Vec<_>) =
            hidden.partition(|finding| finding.rule == Rule::ReferenceAdded);
        for_review.extend(check_dependent_names(self, &env_files)?);
        for_review.extend(compare_policies(self, is_first)?);
        Ok(Inspection { env_files, findings, for_review, references_added })
    }

    /// Inspects a change that is on this machine.
    fn inspect_here(&self, store: &KeyStore<'_>, report: &mut CheckReport) -> Result<EnvFiles, Error> {
        let found = self.inspect(&Origins::new(self, Vec::new()), is_unguarded(&self.before), store)?;
        report.env_files = found.env_files.reports.len();
        report.findings = [&found.env_files.findings[..], &found.findings, &found.for_review].concat();
        Ok(found.env_files)
    }

    /// Prepares the search for the values before, after and in `others`. Also returns findings about the current ones.
    pub(super) fn search(
        &self,
        others: EnvTexts,
        options: &CheckOptions<'_>,
        report: &mut CheckReport,
    ) -> Result<(SecretSearch<'_>, Vec<Finding>), Error> {
        let rules = self.rules();
        let (now, mut then) = (env_texts(&self.after, rules)?, env_texts(&self.before, rules)?);
        then.extend(others);
        let mut values = SealedValues::new(self.root, options.store);
        let mut findings = Vec::new();
        for (path, text) in &now {
            findings.extend(values.add(path, text, self.settings.schema(folder(path)), report));
        }
        for (path, text) in then.difference(&now) {
            values.add(path, text, None, report);
        }
        Ok((SecretSearch::new(values.into_leaks(report), self.repo, rules), findings))
    }

    /// Removes the findings that a mark on their line allows. Each new mark is reported. In env files and team files, so are
    /// those that allow nothing yet: they would allow the variable's next value, or what is found later or with a key.
    pub(super) fn without_allowed(&self, mut findings: Vec<Finding>) -> Result<Vec<Finding>, Error> {
        findings.sort();
        let mut kept = Vec::new();
        for findings in findings.chunk_by(|one, other| one.file == other.file) {
            let path = &findings[0].file;
            let text = self.after.read(path)?.unwrap_or_default();
            kept.extend(self.without_allowed_in(path, &text, findings.to_vec())?);
        }
        let matters =
            |path: &&Path| is_guarded_or_team_file(path) && !self.after.has_same(&self.before, path);
        for path in self.after.files().filter(matters) {
            // A symlink to an env file counts as that file.
            if self.after.target(path)?.is_some_and(|target| target != path && is_env_file(&target)) {
                continue;
            }
            // Most files have no marks and need not be parsed.
            let text = self.after.read(path)?.unwrap_or_default();
            if memchr::memmem::find(&text, b"allow").is_none() {
                continue;
            }
            let file = MarkedFile::new(path, &text);
            let marks =
                if is_team_file(path) { file.of_lines().collect() } else { file.of_variables().collect() };
            kept.extend(self.new_marks(path, marks)?);
        }
        kept.sort();
        kept.dedup();
        Ok(kept)
    }

    /// Like [`Self::without_allowed`], for the findings in one file with this text.
    pub(super) fn without_allowed_in(
        &self,
        path: &Path,
        text: &[u8],
        findings: Vec<Finding>,
    ) -> Result<Vec<Finding>, Error> {
        // Most files have no findings and need not be parsed.
        if findings.is_empty() {
            return Ok(findings);
        }
        let (marks, mut kept) = MarkedFile::new(path, text).split(findings);
        kept.extend(self.new_marks(path, marks)?);
        Ok(kept)
    }

    /// Returns a finding for each of these marks that the file did not have before.
    fn new_marks(&self, path: &Path, mut marks: Vec<AllowMark<'_>>) -> Result<Vec<Finding>, Error> {
        if marks.is_empty() {
            return Ok(Vec::new());
        }
        let old = self.before.read(path)?.unwrap_or_default();
        let known = MarkedFile::new(path, &old).known();
        marks.retain(|mark| mark.is_new(&known));
        let is_pending = self.review == Review::Pending;
        let added = marks.into_iter().map(|mark| mark.added(path));
        Ok(added.map(|found| if is_pending { found.into_error() } else { found }).collect())
    }
}

/// Checks the working tree below `root`: its env files, the keys files, and every file that git tracks or would track for
/// secrets. Without git, the env files in that folder.
pub(crate) fn worktree(
    root: &Path,
    repo: Option<&Repo>,
    options: &CheckOptions<'_>,
) -> Result<CheckReport, Error> {
    let files = match repo {
        Some(repo) => repo.list_files(root, &[], &|_| true)?,
        None => git::plain_list_files(root, &|_| true)?,
    };
    let relative = |path: &PathBuf| path.strip_prefix(root).unwrap_or(path).to_owned();
    let files: Vec<_> = files.iter().map(relative).collect();
    let head = repo.map(Repo::head).transpose()?.flatten();
    let (mut tracked, mut before) = (HashMap::new(), Snapshot::empty());
    if let Some((repo, head)) = repo.zip(head) {
        tracked.extend(repo.files(Some(head))?);
        before = Snapshot::listed(repo, head, tracked.clone());
    }
    let mut relevant: Vec<_> = files.iter().filter(|path| is_relevant(path)).cloned().collect();
    // If a git filter encrypts a file when it is staged (gitattributes(5)), the stored bytes are checked.
    let (mut stored, mut left_out) = (HashMap::new(), HashSet::new());
    if let Some(repo) = repo {
        for path in relevant.iter().filter(|path| is_guarded(path)) {
            if let Some(text) = before.read(path)?.filter(|text| foreign(text).is_some()) {
                stored.insert(path.clone(), text);
            }
        }
        let filtered = repo.filtered(stored.keys())?;
        stored.retain(|path, _| filtered.contains(path));
        for (path, file) in repo.left_out(&is_relevant)? {
            stored.insert(path.clone(), repo.blob(file.id)?);
            left_out.insert(path.clone());
            relevant.push(path);
        }
    }
    let after = Snapshot::disk(root, relevant, stored);
    let change = CheckedChange::new(repo, root, [before, after], head, Review::None, true)?;

    let mut report = CheckReport::default();
    let env_files = change.inspect_here(options.store, &mut report)?;
    let listed = files.iter().filter(|path| is_keys_file(path)).map(|path| root.join(path));
    // Where a public key is, a private key exists.
    let keyed = env_files.reports.iter().filter(|(_, report)| report.key.is_some());
    let keyed = keyed.map(|(path, _)| folder(path).to_owned()).collect();
    report.findings.extend(check_keys_files(root, repo, &keyed, listed)?);
    if let Some((repo, max_age)) = repo.zip(options.max_age) {
        report.findings.extend(check_ages(repo, &change.after, &env_files, options.store, max_age)?);
    }
    let (search, found) = change.search(EnvTexts::new(), options, &mut report)?;
    report.findings.extend(found);
    for (done, path) in files.iter().enumerate() {
        (options.progress)(done, files.len());
        // Keys files have rules of their own.
        if is_keys_file(path) || root.join(path).is_symlink() {
            continue;
        }
        // The file may have been deleted since it was listed, or be of a kind that git doesn't commit.
        let content = FileContent::Disk(root.join(path));
        let before = tracked.get(path).copied();
        search.check(&SearchedFile { path, content, before, base: head }, &mut report)?;
    }
    report.findings = change.without_allowed(report.findings)?;
    for finding in report.findings.iter_mut().filter(|finding| left_out.contains(&finding.file)) {
        finding.fix = to_check_out(root, &finding.file);
    }
    Ok(report.sorted())
}

/// Checks every env file of the index, and for secrets its files that differ from HEAD, or all if `whole`.
pub(crate) fn staged(
    repo: &Repo,
    whole: bool,
    is_merge: bool,
    options: &CheckOptions<'_>,
) -> Result<CheckReport, Error> {
    let head = repo.head()?;
    let changed = repo.staged(head)?;
    let after = Snapshot::index(repo)?;
    let before = Snapshot::before(repo, head, &after, &changed);
    refuse_bad_folders(repo, head, before.files().chain(changed.iter().map(|file| file.path.as_path())))?;
    // A merge brings in changes that were checked on their own branch, and its author may not have every key.
    let review = if is_merge { Review::Accepted } else { Review::None };
    let change = CheckedChange::new(Some(repo), repo.root(), [before, after], head, review, whole)?;

    let mut report = CheckReport::default();
    change.inspect_here(options.store, &mut report)?;
    report.findings.extend(check_replaced_folders(&change.before, &changed));
    let mut touched = TouchedFiles::new(&change, &changed)?;
    let mut contents: Vec<_> =
        changed.into_iter().filter_map(|file| Some((file.path, file.before, file.after?))).collect();
    if whole {
        let files = repo.index_files()?.iter().filter(|(path, _)| !touched.files.contains(path)).cloned();
        contents.extend(files.map(|(path, file)| (path, Some(file), file)));
    }
    // If nothing changes, no values need be decrypted.
    if !contents.is_empty() {
        let (search, found) = change.search(EnvTexts::new(), options, &mut report)?;
        report.findings.extend(found);
        for (done, (path, before, now)) in contents.iter().enumerate() {
            (options.progress)(done, contents.len());
            if now.kind != FileKind::Submodule {
                let content = FileContent::Blob(repo, now.id);
                search.check(&SearchedFile { path, content, before: *before, base: head }, &mut report)?;
            }
        }
    }
    // Errors stop a commit wherever they are; suggestions about what it does not touch would only be noise.
    let is_kept = |finding: &Finding| finding.severity == Severity::Error || touched.concerns(finding);
    report.findings.retain(|finding| whole || is_kept(finding));
    report.findings = change.without_allowed(report.findings)?;
    if options.only_changed_lines {
        report.on_other_lines = touched.drop_other_lines(&mut report.findings)?;
    }
    point_to_unstaged_policy(&mut report.findings, repo.root(), options.store);
    Ok(report.sorted())
}

/// Rejects a commit if git would refuse to create one of the folders that these files are in. Git compared the index
/// with these folders, and of two entries with one name it may have seen one, while a checkout sees the other.
fn refuse_bad_folders<'p>(
    repo: &Repo,
    commit: Option<ObjectId>,
    paths: impl Iterator<Item = &'p Path>,
) -> Result<(), Error> {
    let Some(commit) = commit else { return Ok(()) };
    let mut seen = HashSet::new();
    for path in paths.filter(|path| seen.insert(path.parent())) {
        repo.file(commit, path)?;
    }
    Ok(())
}

/// Changes the fix for names that the working tree declares plain and the index doesn't: the declaration must be
/// staged. Encrypting is not wanted, and `encrypt` would skip the value.
fn point_to_unstaged_policy(findings: &mut [Finding], root: &Path, store: &KeyStore<'_>) {
    let mut projects: BTreeMap<PathBuf, Option<Project>> = BTreeMap::new();
    for finding in findings.iter_mut().filter(|finding| finding.rule == Rule::Plaintext) {
        let Some(name) = &finding.name else { continue };
        let folder = root.join(&finding.file).parent().unwrap_or(root).to_owned();
        let project = projects
            .entry(folder)
            .or_insert_with_key(|folder| Project::of(folder, store.repositories()).ok());
        let declaring = project.as_ref().and_then(|project| project.declaring_plain(name));
        if let Some(file) = declaring.as_ref().and_then(|file| file.strip_prefix(root).ok()) {
            let _ = write!(finding.message, "; {} declares it plain, but that isn't staged", file.display());
            // `:/` is the root, whatever the current folder is (gitglossary(7), pathspec).
            finding.fix = hint!("git add :/{file}", file);
        }
    }
}

/// Returns the texts of the env files that the policies do not exclude.
pub(super) fn env_texts(files: &Snapshot<'_>, rules: &Settings) -> Result<EnvTexts, Error> {
    let mut texts = EnvTexts::new();
    for path in files.files().filter(|path| is_env_file(path) && !rules.excludes(path)) {
        // A symlink to an env file counts as that file.
        let target = files.target(path)?.filter(|target| is_env_file(target));
        let file = target.unwrap_or_else(|| path.to_owned());
        texts.extend(files.read(path)?.map(|text| (file, text)));
    }
    Ok(texts)
}

/// Returns true if there is neither an env file nor a team file.
pub(super) fn is_unguarded(files: &Snapshot<'_>) -> bool {
    !files.files().any(is_guarded_or_team_file)
}

pub(super) fn is_guarded_or_team_file(path: &Path) -> bool {
    is_env_file(path) || is_team_file(path)
}
