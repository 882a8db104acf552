//! A range of commits: what is pushed, or proposed for a merge. Each commit counts, for all of them are kept.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::allowed::{NewMarks, silence, silence_in};
use super::error::GuardError;
use super::files::is_judged;
use super::origins::{Origin, Origins, Past, last_stood};
use super::policies::Policies;
use super::proposed::{Proposed, ProposedIn, for_review, place};
use super::pushed::Range;
use super::report::{Options, Report};
use super::search::{Change, Search, in_memory};
use super::secrets::known_values;
use super::staged::env_texts;
use super::state::{
    changed_keys, concerns, hidden, is_guarded, is_unguarded, judge, keys_before, links_elsewhere,
    widened_policies,
};
use super::teams::{Held, Judged, Teams, Which, judge_teams};
use super::view::View;
use crate::check::rules::{EnvText, Finding, Rule, env_file};
use crate::config::is_env_file;
use crate::git::{Changed, FileKind, FileRef, ObjectId, Repo};
use crate::team::Policy;

/// Checks a range: every file that any of its commits brings, by the policy of its base, and the env files that it
/// touches as they are in its last commit.
pub(super) fn range(objects: &Repo, range: &Range, options: &Options<'_>) -> Result<Report, GuardError> {
    let changed = objects.changes(range.base, Some(range.tip))?;
    let after = View::commit(objects, Some(range.tip))?;
    let before = View::before(objects, range.base, &after, &changed);
    let brought = brought(objects, range)?;
    objects.obtain(&after.ids().chain(before.ids()).chain(contents(&brought)).collect::<Vec<_>>())?;
    let mut report = Report::default();

    let accept_policy = is_first(objects, range)? || options.accept_policy;
    let (past, new_policies) = (Rc::new(Past::of(&before)?), Policies::of(&after)?);
    let policies = if accept_policy { &new_policies } else { &past.policies };
    let tips: Vec<_> = range.base.iter().chain(&range.known).copied().collect();
    let origins = Origins::new(&before, &after, Rc::clone(&past)).with_history(objects, tips.clone());
    let touched = touched(&after, &changed)?;
    report.env_files = touched.iter().filter(|path| is_env_file(path)).count();
    let mut state = judge(&after, policies, &new_policies)?;
    keep_concerned(&mut state.findings, &touched, &links_elsewhere(&before, &past.policies)?);
    let old = keys_before(&before, &after, &state, &past.policies)?;
    state.findings.extend(new_policies.findings.iter().cloned());
    let root = objects.root();
    let teams = Teams::of(&after)?;
    let held = Held::new(options.store, root);
    let held_by = (&held, accept_policy);
    state.findings.extend(changed_keys(&old, &state, &past.policies, &origins, &teams, held_by)?);
    let judged = Judged {
        view: &after,
        teams: &teams,
        state: &state,
        before: &before,
        teams_before: &past.teams,
        origins: &origins,
        keys_before: &old,
        held: &held,
    };
    let in_teams = judge_teams(&judged, if accept_policy { Which::Changed } else { Which::Proposed })?;
    state.findings.extend(in_teams);
    // Where env files stood once, and were only taken away, a team file widens what held for them.
    let (stood, cut) =
        if is_unguarded(&before) { last_stood(objects, &tips, is_guarded)? } else { Default::default() };
    report.incomplete = cut.map(|cut| objects.cut_off(cut));
    let is_first = is_unguarded(&before) && stood.is_empty();
    let widened = widened_policies((&before, &past.policies), (&after, &new_policies), is_first)?;
    let severe = |finding: Finding| if accept_policy { finding } else { for_review(finding.as_error()) };
    let (redirects, references) = hidden(&state, &origins)?;
    state.findings.extend(widened.into_iter().chain(redirects).map(severe).chain(references));

    let mut then = env_texts(&before, policies)?;
    for file in brought.iter().filter(|file| is_env_file(&file.path)) {
        then.insert((file.path.clone(), objects.blob(file.now.id)?));
    }
    let known =
        known_values(&env_texts(&after, policies)?, &then, &new_policies.schemas, root, options, &mut report);
    state.findings.extend(known.findings.into_iter().filter(|finding| concerns(&touched, finding)));
    let search = Search::new(known.leaks, Some(objects), policies);
    let new_marks = if accept_policy { NewMarks::Advise } else { NewMarks::Refuse };
    let mut passing = Vec::new();
    for (done, file) in brought.iter().enumerate() {
        (options.progress)(done, brought.len());
        let text = objects.blob(file.now.id)?;
        let bytes = in_memory(&text);
        let change = Change { path: &file.path, bytes: &bytes, before: file.was, base: file.base };
        let mut found = search.findings(&change)?;
        report.searched += 1;
        if !accept_policy && file.now.kind == FileKind::File {
            passing.extend(loosened(&origins, policies, file, &text)?);
        }
        let stays =
            after.resolved(&file.path)?.is_some_and(|(path, now)| path == file.path && now == file.now);
        if stays {
            state.findings.append(&mut found);
        } else {
            found.extend(leaks_of_env_file(&file.path, &text, policies, file.now.kind));
            let found = silence_in(found, &text, || before.read(&file.path), new_marks)?;
            let proposed = Proposed::of(&file.path, &text, &new_policies);
            let mend = |finding| to_rewrite(finding, file.commit, file.base.is_none());
            let in_commit = |finding| in_commit(finding, file.commit);
            passing.extend(found.into_iter().map(|finding| proposed.told(in_commit(finding), mend)));
        }
    }
    for (link, file, commit) in through_links(objects, range, [&before, &after], &brought)? {
        let text = objects.blob(file.id)?;
        let found = leaks_of_env_file(&link, &text, policies, file.kind);
        let found = silence_in(found, &text, || before.read(&link), new_marks)?;
        let root = objects.parents(commit)?.is_empty();
        let proposed = Proposed::of(&link, &text, &new_policies);
        let mend = |finding| to_rewrite(finding, commit, root);
        passing.extend(found.into_iter().map(|finding| proposed.told(in_commit(finding, commit), mend)));
    }
    let brought_by: HashMap<&Path, &Brought> =
        brought.iter().map(|file| (file.path.as_path(), file)).collect();
    let mut proposed = ProposedIn::new(&after, &new_policies);
    for finding in state.findings.iter_mut().filter(|finding| shows_plaintext(finding.rule)) {
        let by = brought_by.get(finding.file.as_path());
        let mend = |finding| match by {
            Some(file) => to_rewrite(finding, file.commit, file.base.is_none()),
            None => finding,
        };
        *finding = proposed.at(&finding.file)?.told(finding.clone(), mend);
    }
    report.findings = silence(state.findings, &before, &after, new_marks)?;
    report.findings.append(&mut passing);
    report.incomplete = report.incomplete.take().or(origins.cut().map(|cut| objects.cut_off(cut)));
    Ok(report.sorted())
}

/// Keeps the findings that the range has to do with. Symlinks that lead elsewhere, which the base had not, are errors.
fn keep_concerned(findings: &mut Vec<Finding>, touched: &BTreeSet<PathBuf>, old_links: &[Finding]) {
    findings.retain_mut(|finding| {
        let is_new_link = finding.rule == Rule::Symlink && !old_links.contains(finding);
        if is_new_link {
            *finding = finding.clone().as_error();
        }
        is_new_link || concerns(touched, finding)
    });
}

/// Whether the range is the first thing that the repository gets: there was no policy to widen.
fn is_first(objects: &Repo, range: &Range) -> Result<bool, GuardError> {
    let is_first = range.base.is_none() && range.known.is_empty() && objects.tips()?.is_empty();
    if is_first {
        objects.refuse_lost_refs()?;
    }
    Ok(is_first)
}

/// What the policy of the base allows in an env file that came to be under it after it was judged by another, which did
/// not: a file that is moved, or brought back.
fn loosened(
    origins: &Origins<'_>,
    policies: &Policies,
    file: &Brought,
    text: &[u8],
) -> Result<Vec<Finding>, GuardError> {
    let path = &file.path;
    let none = Policies::of(&View::nothing())?;
    let found = leaks_of_env_file(path, text, &none, file.now.kind);
    let told: HashSet<_> = leaks_of_env_file(path, text, policies, file.now.kind).iter().map(place).collect();
    let allowed: Vec<_> = found.into_iter().filter(|finding| !told.contains(&place(finding))).collect();
    if allowed.is_empty() {
        return Ok(Vec::new());
    }
    let none = Policy::default();
    let origins = origins.of(path, &env_file(EnvText { path, text, policy: &none }))?;
    let mut findings = Vec::new();
    for finding in allowed {
        let Some(name) = finding.name.clone() else { continue };
        // What the base had under that policy was judged by it.
        if origins.iter().any(|origin| origin.commit.is_none() && origin.path == *path && origin.has(&name)) {
            continue;
        }
        let came_back = |origin: &&Rc<Origin>| origin.commit.is_some() && origin.path == *path;
        let mut from =
            origins.iter().filter(|origin| came_back(origin) || origin.is_gone && origin.has(&name));
        let Some(origin) = from.next() else { continue };
        if !origin.allows(&name) {
            let mut finding = in_commit(finding, file.commit);
            let last = origin.commit.map(|commit| format!(" (commit {})", short(commit))).unwrap_or_default();
            let was =
                format!("; where it was before, in {}{last}, no policy allowed that", origin.path.display());
            finding.message.push_str(&was);
            findings.push(for_review(finding));
        }
    }
    Ok(findings)
}

/// The files that a change touches, and the env files of `after` that are symlinks to one of them.
fn touched(after: &View<'_>, changed: &[Changed]) -> Result<BTreeSet<PathBuf>, GuardError> {
    let paths: HashSet<&Path> = changed.iter().map(|file| file.path.as_path()).collect();
    let mut touched: BTreeSet<_> = paths.iter().map(|path| path.to_path_buf()).collect();
    for path in after.files().filter(|path| is_judged(path) && !paths.contains(path)) {
        if after.resolved(path)?.is_some_and(|(target, _)| paths.contains(target.as_path())) {
            touched.insert(path.to_owned());
        }
    }
    Ok(touched)
}

/// A file that a commit of a range brings.
struct Brought {
    path: PathBuf,
    now: FileRef,
    was: Option<FileRef>,
    commit: ObjectId,
    base: Option<ObjectId>,
}

/// The blobs of what a range brings, and of what it replaces.
fn contents(brought: &[Brought]) -> impl Iterator<Item = ObjectId> {
    let files = brought.iter().flat_map(|file| [Some(file.now), file.was]).flatten();
    files.filter(|file| file.kind != FileKind::Submodule).map(|file| file.id)
}

/// Every file that any commit of the range changes, each distinct one once; of a merge, what no parent has.
fn brought(objects: &Repo, range: &Range) -> Result<Vec<Brought>, GuardError> {
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    for commit in objects.commits(&[range.tip], &range.known)? {
        let parents = objects.parents(commit)?;
        let first = parents.first().copied();
        let mut changed = objects.changes(first, Some(commit))?;
        for parent in parents.iter().skip(1) {
            let others: HashSet<_> =
                objects.changes(Some(*parent), Some(commit))?.into_iter().map(|file| file.path).collect();
            changed.retain(|file| others.contains(&file.path));
        }
        for Changed { path, before, after } in changed {
            if let Some(now) = after.filter(|now| now.kind != FileKind::Submodule)
                && seen.insert((path.clone(), now))
            {
                found.push(Brought { path, now, was: before, commit, base: first });
            }
        }
    }
    Ok(found)
}

/// What env files that are symlinks led to in commits of a range, and no longer do in the last one: each once, with the
/// commit that first led there.
fn through_links(
    objects: &Repo,
    range: &Range,
    [before, after]: [&View<'_>; 2],
    brought: &[Brought],
) -> Result<Vec<(PathBuf, FileRef, ObjectId)>, GuardError> {
    let new = brought.iter().filter(|file| file.now.kind == FileKind::Link);
    let mut links: BTreeSet<&Path> = new.map(|file| file.path.as_path()).filter(|p| is_judged(p)).collect();
    for path in before.files().filter(|path| is_judged(path)) {
        if before.is_link(path)? {
            links.insert(path);
        }
    }
    let mut found = Vec::new();
    if links.is_empty() {
        return Ok(found);
    }
    let mut seen = HashSet::new();
    for link in &links {
        for view in [before, after] {
            seen.extend(view.resolved(link)?.map(|(_, file)| (*link, file)));
        }
    }
    for commit in objects.commits(&[range.tip], &range.known)? {
        let then = View::unlisted(objects, commit);
        for link in &links {
            // What leads to another env file is told there.
            let target = then.resolved(link)?.filter(|(target, _)| !is_judged(target));
            if let Some((_, file)) = target
                && seen.insert((link, file))
            {
                found.push((link.to_path_buf(), file, commit));
            }
        }
    }
    Ok(found)
}

/// What an env file that a later commit has replaced shows for ever: plaintext.
pub(super) fn leaks_of_env_file(
    path: &Path,
    text: &[u8],
    policies: &Policies,
    kind: FileKind,
) -> Vec<Finding> {
    if !is_judged(path) || kind != FileKind::File || policies.excludes(path) {
        return Vec::new();
    }
    let (_, policy) = policies.for_file(path);
    let mut findings = env_file(EnvText { path, text, policy }).findings;
    findings.retain(|finding| shows_plaintext(finding.rule));
    findings
}

/// Whether what a rule finds stays a leak when a later commit mends it.
pub(super) fn shows_plaintext(rule: Rule) -> bool {
    matches!(rule, Rule::Plaintext | Rule::MalformedToken | Rule::StrayLine | Rule::Unreadable)
}

/// Says in which commit a finding is, for it is not in the files as they are now.
pub(super) fn in_commit(mut finding: Finding, commit: ObjectId) -> Finding {
    finding.message = format!("{}, in commit {}", finding.message, short(commit));
    finding
}

/// What a commit leaks is not mended by another one on top. `root` is whether the commit is the first one.
fn to_rewrite(mut finding: Finding, commit: ObjectId, root: bool) -> Finding {
    finding.message.push_str("; if this was pushed, replace the secret");
    let fix = hint!("git rebase -i {commit}~", commit = short(commit));
    finding.fix = if root { "git rebase -i --root".into() } else { fix };
    finding
}

fn short(commit: ObjectId) -> String {
    commit.to_string()[..12].to_owned()
}
