//! Checks a range of commits that is pushed or proposed for a merge. Each commit counts, since all stay in history.
//!
//! Plaintext that a policy in the range itself allows is not a secret to its author. It stays an error until a reviewer
//! accepts it, but is reported as needing review and not as a leaked secret.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::change::{CheckedChange, Review, is_guarded_or_team_file, is_unguarded};
use super::compare::{check_replaced_folders, moved_from};
use super::env_files::{check_env_files, links_elsewhere};
use super::origins::{FileOrigin, Origins, past_files};
use super::pushed::CommitRange;
use super::search::{FileContent, SearchedFile};
use super::secrets::EnvTexts;
use super::settings::Settings;
use super::snapshot::{self, Snapshot, is_guarded};
use super::touched::TouchedFiles;
use super::{CheckOptions, CheckReport};
use crate::check::rules::{EnvText, Finding, Rule, Severity, check_env_file};
use crate::config::{FileRole, is_env_file, is_team_file};
use crate::error::Error;
use crate::git::{ChangedFile, FileKind, FileRef, ObjectId, Repo};
use crate::team::Policy;

/// Checks every file that a commit of the range adds or changes, by the policy of the range's base, and the touched env
/// files as they are in the last commit.
pub(super) fn range(
    repo: &Repo,
    range: &CommitRange,
    options: &CheckOptions<'_>,
) -> Result<CheckReport, Error> {
    let (after, changed) = match range.base.zip(range.fork) {
        Some((base, fork)) => merged(repo, base, fork, range.tip)?,
        None => (Snapshot::commit(repo, Some(range.tip))?, repo.changes(range.base, Some(range.tip))?),
    };
    let before = Snapshot::before(repo, range.base, &after, &changed);
    let files = committed_files(repo, range)?;
    repo.obtain(&after.ids().chain(before.ids()).chain(contents(&files)).collect::<Vec<_>>())?;
    let is_accepted = is_first(repo, range)? || options.accept_policy;
    let review = if is_accepted { Review::Accepted } else { Review::Pending };
    let change = CheckedChange::new(Some(repo), repo.root(), [before, after], range.base, review, false)?;
    let CheckedChange { before, after, .. } = &change;

    let mut report = CheckReport::default();
    let tips: Vec<_> = range.base.iter().chain(&range.known).copied().collect();
    let origins = Origins::new(&change, tips.clone());
    // If there were env files here before that were only removed, a new team file widens their policy.
    let (past, cut) = if is_unguarded(before) {
        past_files(repo, &tips, is_guarded_or_team_file)?
    } else {
        Default::default()
    };
    let found = change.inspect(&origins, is_unguarded(before) && past.is_empty(), options.store)?;
    let mut touched = TouchedFiles::new(&change, &changed)?;
    report.env_files = touched.files.iter().filter(|path| is_env_file(path)).count();
    let mut findings = found.env_files.findings;
    keep_concerned(&mut findings, &touched, &links_elsewhere(before, &change.settings_before)?);
    if changed.iter().any(may_change_settings) {
        findings.extend(forbidden_since(&change, &findings)?);
    }
    findings.extend(found.findings.into_iter().chain(found.references_added));
    let for_review =
        |finding: Finding| if is_accepted { finding } else { needs_review(finding.into_error()) };
    let submodules = check_replaced_folders(before, &changed);
    findings.extend(found.for_review.into_iter().chain(submodules).map(for_review));

    let mut texts = EnvTexts::new();
    for file in files.iter().filter(|file| is_env_file(&file.path)) {
        texts.insert((file.path.clone(), repo.blob(file.now.id)?));
    }
    let (search, in_values) = change.search(texts, options, &mut report)?;
    findings.extend(in_values.into_iter().filter(|finding| touched.concerns(finding)));
    // Findings in commits before the last. Marks in the last commit don't apply to them.
    let mut earlier = Vec::new();
    for (done, file) in files.iter().enumerate() {
        (options.progress)(done, files.len());
        let text = repo.blob(file.now.id)?;
        let path = &file.path;
        let content = FileContent::Text(&text);
        let found = search.findings(&SearchedFile { path, content, before: file.was, base: file.base })?;
        report.searched += 1;
        if !is_accepted && file.now.kind == FileKind::File {
            earlier.extend(allowed_by_moving(&origins, change.rules(), file, &text)?);
        }
        if after.resolve(path)?.is_some_and(|(there, now)| there == *path && now == file.now) {
            findings.extend(found.into_iter().flatten());
        } else {
            earlier.extend(in_earlier_commit(&origins, file, &text, found.unwrap_or_default())?);
        }
    }
    for file in behind_links(&change, range, &files)? {
        earlier.extend(in_earlier_commit(&origins, &file, &repo.blob(file.now.id)?, Vec::new())?);
    }
    let by_path: HashMap<&Path, &CommittedFile> =
        files.iter().map(|file| (file.path.as_path(), file)).collect();
    let mut proposed: BTreeMap<PathBuf, ProposedPolicy> = BTreeMap::new();
    let (shown, mut findings): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|finding| finding.rule.shows_plaintext());
    for finding in shown {
        if !proposed.contains_key(&finding.file) {
            let text = after.read(&finding.file)?.unwrap_or_default();
            let policy = ProposedPolicy::new(&finding.file, &text, &origins)?;
            proposed.insert(finding.file.clone(), policy);
        }
        let by = by_path.get(finding.file.as_path()).copied();
        findings.extend(proposed[&finding.file].apply(finding, by));
    }
    report.findings = change.without_allowed(findings)?;
    if options.only_changed_lines {
        report.on_other_lines = touched.drop_other_lines(&mut report.findings)?;
    }
    report.findings.append(&mut earlier);
    report.incomplete =
        cut.or(origins.cut()).or(change.settings_before.cut).map(|cut| repo.cut_off(cut).into());
    Ok(report.sorted())
}

/// Returns true for a team file, a schema, and a symlink that may lead to one.
fn may_change_settings(file: &ChangedFile) -> bool {
    let is_link = [file.before, file.after].iter().flatten().any(|file| file.kind == FileKind::Link);
    is_link || is_team_file(&file.path) || FileRole::of(&file.path) == FileRole::Template
}

/// Returns the errors by the range's own policies that the base's don't report, in whatever file, but not those `found`.
fn forbidden_since(change: &CheckedChange<'_>, found: &[Finding]) -> Result<Vec<Finding>, Error> {
    let by = |rules| check_env_files(&change.after, rules, &change.settings);
    let (old, mut new) = (by(&change.settings_before)?.findings, by(&change.settings)?.findings);
    new.retain(|it| it.severity == Severity::Error && !old.contains(it) && !found.contains(it));
    Ok(new)
}

/// Returns the files that a merge of `tip` into `base` brings, and what it changes there: each file that differs between
/// `fork` and `tip` is as in `tip`. If `base` has changed it as well, that counts as undone.
fn merged(
    repo: &Repo,
    base: ObjectId,
    fork: ObjectId,
    tip: ObjectId,
) -> Result<(Snapshot<'_>, Vec<ChangedFile>), Error> {
    let mut files: BTreeMap<_, _> = repo.files(Some(base))?.into_iter().collect();
    let mut changed = repo.changes(Some(fork), Some(tip))?;
    for file in &mut changed {
        file.before = match file.after {
            Some(after) => files.insert(file.path.clone(), after),
            None => files.remove(&file.path),
        };
    }
    changed.retain(|file| file.before != file.after);
    let mut after = Snapshot::listed(repo, base, files);
    after.merged = changed.iter().map(|file| (file.path.clone(), file.after)).collect();
    Ok((after, changed))
}

/// Returns the findings for a file of a commit before the last: plaintext that stays in history, and `secrets` in it.
fn in_earlier_commit(
    origins: &Origins<'_>,
    file: &CommittedFile,
    text: &[u8],
    secrets: Vec<Finding>,
) -> Result<Vec<Finding>, Error> {
    let (change, mut found) = (origins.change, secrets);
    found.extend(plaintext_in(&file.path, text, change.rules(), file.now.kind));
    let found = change.without_allowed_in(&file.path, text, found)?;
    let proposed = ProposedPolicy::new(&file.path, text, origins)?;
    let told = |finding| proposed.apply(in_commit(finding, file.commit), Some(file));
    Ok(found.into_iter().filter_map(told).collect())
}

/// Keeps the findings that concern the range. Symlinks to elsewhere that are not in the base become errors.
fn keep_concerned(findings: &mut Vec<Finding>, touched: &TouchedFiles<'_>, old_links: &[Finding]) {
    findings.retain_mut(|finding| {
        let is_new_link = finding.rule == Rule::Symlink && !old_links.contains(finding);
        if is_new_link {
            *finding = finding.clone().into_error();
        }
        is_new_link || touched.concerns(finding)
    });
}

/// Returns true if the range is the first history that the repository receives, so there was no policy to widen.
fn is_first(repo: &Repo, range: &CommitRange) -> Result<bool, Error> {
    let is_first = range.base.is_none() && range.known.is_empty() && repo.tips()?.is_empty();
    if is_first {
        repo.refuse_lost_refs()?;
    }
    Ok(is_first)
}

/// Returns the findings for plaintext that the base's policies allow in a moved or restored file, but not where it was.
fn allowed_by_moving(
    origins: &Origins<'_>,
    rules: &Settings,
    file: &CommittedFile,
    text: &[u8],
) -> Result<Vec<Finding>, Error> {
    let path = &file.path;
    let found = plaintext_in(path, text, &Settings::default(), file.now.kind);
    let reported: HashSet<_> = plaintext_in(path, text, rules, file.now.kind).iter().map(place).collect();
    let allowed: Vec<_> = found.into_iter().filter(|finding| !reported.contains(&place(finding))).collect();
    if allowed.is_empty() {
        return Ok(Vec::new());
    }
    let origins = origins.of(path, &check_env_file(EnvText { path, text, policy: &Policy::default() }))?;
    let mut findings = Vec::new();
    for finding in allowed {
        let Some(name) = finding.name.clone() else { continue };
        // The base already has the name at this path, under the same policy.
        if origins.iter().any(|origin| origin.commit.is_none() && origin.path == *path && origin.has(&name)) {
            continue;
        }
        let came_back = |origin: &FileOrigin| origin.commit.is_some() && origin.path == *path;
        let is_origin = |origin: &&Rc<FileOrigin>| came_back(origin) || origin.is_gone && origin.has(&name);
        let Some(origin) = origins.iter().find(is_origin).filter(|origin| !origin.allows(&name)) else {
            continue;
        };
        let mut finding = in_commit(finding, file.commit);
        let last = origin.commit.map(|commit| format!(" in commit {}", short(commit))).unwrap_or_default();
        let from = origin.path.display();
        let _ = write!(finding.message, "; where it was before ({from}{last}), no policy allowed that");
        findings.push(needs_review(finding));
    }
    Ok(findings)
}

/// A file that a commit of the range adds or changes.
struct CommittedFile {
    path: PathBuf,
    now: FileRef,
    was: Option<FileRef>,
    commit: ObjectId,
    /// The commit's first parent.
    base: Option<ObjectId>,
}

impl CommittedFile {
    /// Sets the fix to rewriting the commit: a later commit doesn't remove the leak from the range.
    fn to_rewrite(&self, mut finding: Finding) -> Finding {
        finding.message.push_str("; if this was pushed, replace the secret");
        finding.fix = match self.base {
            Some(_) => hint!("git rebase -i {commit}~", commit = short(self.commit)),
            None => "git rebase -i --root".into(),
        };
        finding
    }
}

fn contents(files: &[CommittedFile]) -> impl Iterator<Item = ObjectId> {
    let files = files.iter().flat_map(|file| [Some(file.now), file.was]).flatten();
    files.filter(|file| file.kind != FileKind::Submodule).map(|file| file.id)
}

/// Returns each version of a file that a commit of the range brings: of a merge, those that differ from all parents.
fn committed_files(repo: &Repo, range: &CommitRange) -> Result<Vec<CommittedFile>, Error> {
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    for commit in repo.commits(&[range.tip], &range.known)? {
        let parents = repo.parents(commit)?;
        let first = parents.first().copied();
        let mut changed = repo.changes(first, Some(commit))?;
        for parent in parents.iter().skip(1) {
            let others: HashSet<_> =
                repo.changes(Some(*parent), Some(commit))?.into_iter().map(|file| file.path).collect();
            changed.retain(|file| others.contains(&file.path));
        }
        for ChangedFile { path, before, after } in changed {
            if let Some(now) = after.filter(|now| now.kind != FileKind::Submodule)
                && seen.insert((path.clone(), now))
            {
                found.push(CommittedFile { path, now, was: before, commit, base: first });
            }
        }
    }
    Ok(found)
}

/// Returns the files that env file symlinks led to in a commit of the range, but neither before it nor in its last
/// commit. Each is returned once, with the first commit that led there.
fn behind_links(
    change: &CheckedChange<'_>,
    range: &CommitRange,
    files: &[CommittedFile],
) -> Result<Vec<CommittedFile>, Error> {
    let Some(repo) = change.repo else { return Ok(Vec::new()) };
    let new = files.iter().filter(|file| file.now.kind == FileKind::Link && is_guarded(&file.path));
    let mut links: BTreeSet<&Path> = new.map(|file| file.path.as_path()).collect();
    for path in change.before.guarded_files() {
        if change.before.read_link(path)?.is_some() {
            links.insert(path);
        }
    }
    if links.is_empty() {
        return Ok(Vec::new());
    }
    let mut seen = HashSet::new();
    for link in &links {
        for snapshot in [&change.before, &change.after] {
            seen.extend(snapshot.resolve(link)?.map(|(_, file)| (*link, file)));
        }
    }
    let commits = repo.commits(&[range.tip], &range.known)?;
    let found = snapshot::behind_links(repo, &links, commits, seen)?;
    let in_commit = |(link, now, commit): (&Path, FileRef, ObjectId)| {
        let base = repo.parents(commit)?.first().copied();
        Ok(CommittedFile { path: link.to_owned(), now, was: None, commit, base })
    };
    found.into_iter().map(in_commit).collect()
}

/// Returns the findings for plaintext in an env file: once committed, it stays readable in history.
pub(super) fn plaintext_in(path: &Path, text: &[u8], rules: &Settings, kind: FileKind) -> Vec<Finding> {
    if !is_guarded(path) || kind != FileKind::File || rules.excludes(path) {
        return Vec::new();
    }
    let mut findings = check_env_file(EnvText { path, text, policy: rules.policy(path) }).findings;
    findings.retain(|finding| finding.rule.shows_plaintext());
    findings
}

/// The plaintext in one version of an env file, by the policies in the range's last commit.
struct ProposedPolicy {
    /// Plaintext that these policies don't allow either.
    refused: BTreeSet<FindingPlace>,
    is_excluded: bool,
    /// The names that the base's policies allow where the file was, if its project was moved as a whole.
    allowed_before: BTreeSet<String>,
}

/// Distinguishes the findings of one file.
type FindingPlace = (Rule, Option<usize>, Option<String>);

fn place(finding: &Finding) -> FindingPlace {
    (finding.rule, finding.line, finding.name.clone())
}

impl ProposedPolicy {
    fn new(path: &Path, text: &[u8], origins: &Origins<'_>) -> Result<Self, Error> {
        let CheckedChange { before, after, settings, .. } = origins.change;
        let refused = plaintext_in(path, text, settings, FileKind::File).iter().map(place).collect();
        let (project, mut allowed_before) = (settings.project_of(path), BTreeSet::new());
        if let Some(from) = moved_from(before, after, project)
            && let Ok(below) = path.strip_prefix(project)
        {
            let report = check_env_file(EnvText { path, text, policy: &Policy::default() });
            let (old, origins) = (from.join(below), origins.of(path, &report)?);
            for (name, _) in report.names {
                let mut gone = origins.iter().filter(|origin| origin.is_gone && origin.has(&name));
                // Any of them may be where the value was.
                if gone.clone().any(|origin| origin.path == old) && gone.all(|origin| origin.allows(&name)) {
                    allowed_before.insert(name);
                }
            }
        }
        Ok(Self { refused, is_excluded: settings.excludes(path), allowed_before })
    }

    /// Marks the finding for review if the policies allow it, and drops it if they did where the file was. Otherwise its
    /// fix is to remove it from the range that added it.
    fn apply(&self, mut finding: Finding, brought: Option<&CommittedFile>) -> Option<Finding> {
        if !finding.rule.shows_plaintext() || self.refused.contains(&place(&finding)) {
            return Some(match brought {
                Some(file) => file.to_rewrite(finding),
                None => finding,
            });
        }
        if finding.name.as_ref().is_some_and(|name| self.allowed_before.contains(name)) {
            return None;
        }
        let why = if self.is_excluded { "excludes the file" } else { "allows it" };
        let _ = write!(finding.message, "; a policy in this change {why}");
        Some(needs_review(finding))
    }
}

/// Says that a finding passes once it is reviewed.
fn needs_review(mut finding: Finding) -> Finding {
    finding.message.push_str("; needs review");
    finding.fix = "envseal check --range {range} --accept-policy".into();
    finding
}

/// Says in which commit a finding is, since it is not in the files as they are now.
pub(super) fn in_commit(mut finding: Finding, commit: ObjectId) -> Finding {
    finding.message = format!("{}, in commit {}", finding.message, short(commit));
    finding
}

fn short(commit: ObjectId) -> String {
    commit.to_string()[..12].to_owned()
}
