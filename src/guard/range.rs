//! A range of commits: what is pushed, or proposed for a merge. Each commit counts, for all of them are kept.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::allowed::{NewMarks, silence, silence_in};
use super::error::GuardError;
use super::files::is_judged;
use super::policies::Policies;
use super::proposed::{Proposed, ProposedIn, for_review};
use super::report::{Options, Report};
use super::search::{Change, Search, in_memory};
use super::secrets::known_values;
use super::staged::env_texts;
use super::state::{changed_keys, concerns, judge, keys_before, widened_policies};
use super::teams::{Held, Judged, Teams, Which, judge_teams};
use super::view::View;
use crate::config::is_env_file;
use crate::git::{Changed, FileKind, FileRef, ObjectId, Objects, range_ends};
use crate::scan::{EnvText, Finding, Rule, env_file};

/// Commits that are to be judged.
#[derive(Clone, Debug)]
pub struct Range {
    /// The commit whose policy holds, and with which the end is compared; none where all is new.
    pub base: Option<ObjectId>,
    /// The last commit.
    pub tip: ObjectId,
    /// What can be reached from these is not judged.
    pub known: Vec<ObjectId>,
}

impl Range {
    /// `A..B`, either side HEAD when left out. `A` of zeros stands for a ref that is new: every commit of `B` that no
    /// ref has (githooks(5), pre-receive). `A...B` starts where the two have parted.
    pub fn parse(objects: &Objects, text: &str) -> Result<Self, GuardError> {
        let (start, end, parted) = range_ends(text).unwrap_or((text, "", false));
        let tip = objects.range_end(end)?;
        if !start.is_empty() && start.bytes().all(|b| b == b'0') {
            return Self::new_ref(objects, tip, objects.tips()?);
        }
        let start = objects.range_end(start)?;
        let base = if parted { objects.merge_base(start, tip).unwrap_or(start) } else { start };
        Ok(Self { base: Some(base), tip, known: vec![base] })
    }

    /// What a ref that is new brings, when the commits below `known` are known. The policy is that of the last known
    /// commit it starts from.
    pub fn new_ref(objects: &Objects, tip: ObjectId, known: Vec<ObjectId>) -> Result<Self, GuardError> {
        let new = objects.commits(&[tip], &known)?;
        let is_new: HashSet<_> = new.iter().copied().collect();
        if !is_new.contains(&tip) {
            return Ok(Self { base: Some(tip), tip, known });
        }
        // Every commit is asked, for a history of its own may have been merged in, on either side.
        for commit in new.iter().rev() {
            let parents = objects.parents(*commit)?;
            if let Some(base) = parents.into_iter().find(|parent| !is_new.contains(parent)) {
                return Ok(Self { base: Some(base), tip, known });
            }
        }
        Ok(Self { base: None, tip, known })
    }
}

/// Checks a range: every file that any of its commits brings, by the policy of its base, and the env files that it
/// touches as they are in its last commit.
pub fn range(objects: &Objects, range: &Range, options: &Options<'_>) -> Result<Report, GuardError> {
    let changed = objects.changes(range.base, Some(range.tip))?;
    let after = View::commit(objects, Some(range.tip))?;
    let before = View::before(objects, range.base, &after, &changed);
    let mut report = Report::default();

    // Before the first commit there was no policy to widen.
    let accept_policy = options.accept_policy || range.base.is_none() && range.known.is_empty();
    let (old_policies, new_policies) = (Policies::of(&before)?, Policies::of(&after)?);
    let policies = if accept_policy { &new_policies } else { &old_policies };
    let touched = touched(&after, &changed)?;
    report.env_files = touched.iter().filter(|path| is_env_file(path)).count();
    let mut state = judge(&after, policies, &new_policies.schemas)?;
    state.findings.retain(|finding| concerns(&touched, finding));
    let old = keys_before(&before, &after, &state, &old_policies)?;
    state.findings.extend(new_policies.findings.iter().cloned());
    let root = objects.root().unwrap_or_else(|| objects.git_dir());
    let (teams, teams_before) = (Teams::of(&after)?, Teams::of(&before)?);
    let held = Held::new(options.store, root);
    state.findings.extend(changed_keys(&old, &state, policies, &teams, &held, accept_policy));
    let judged = Judged {
        view: &after,
        teams: &teams,
        state: &state,
        before: &before,
        teams_before: &teams_before,
        keys_before: &old,
        held: &held,
    };
    let in_teams = judge_teams(&judged, if accept_policy { Which::Changed } else { Which::Proposed });
    state.findings.extend(in_teams);
    let widened = widened_policies((&before, &old_policies), (&after, &new_policies))?;
    let severe = |finding: Finding| if accept_policy { finding } else { for_review(finding.as_error()) };
    state.findings.extend(widened.into_iter().map(severe));

    let brought = brought(objects, range)?;
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
    report.absent = after.absent();
    Ok(report.sorted())
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

/// Every file that any commit of the range changes, each distinct one once; of a merge, what no parent has.
fn brought(objects: &Objects, range: &Range) -> Result<Vec<Brought>, GuardError> {
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
    objects: &Objects,
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
    finding.fix =
        if root { "git rebase -i --root".into() } else { format!("git rebase -i {}~", short(commit)) };
    finding
}

fn short(commit: ObjectId) -> String {
    commit.to_string()[..12].to_owned()
}
