//! What is about to be committed: index blobs, never the worktree's files.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::allowed::{NewMarks, silence};
use super::error::GuardError;
use super::origins::{Origins, Past};
use super::policies::Policies;
use super::report::{Options, Report};
use super::search::{Change, ReadBytes, Search};
use super::secrets::known_values;
use super::state::{changed_keys, concerns, hidden, is_unguarded, judge, keys_before, widened_policies};
use super::teams::{Held, Judged, Teams, Which, judge_teams};
use super::view::{Led, View};
use crate::check::rules::{Finding, Rule, Severity};
use crate::config::is_env_file;
use crate::git::{FileKind, ObjectId, Repo};
use crate::keys::KeyStore;
use crate::project::Scope;

/// Which files of the index are searched for secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Searched {
    /// Those that differ from HEAD's.
    Changed,
    /// Every one.
    All,
}

/// Checks what the index holds: every env file in it, and looks for secrets in the files that are to be searched.
pub(crate) fn staged(objects: &Repo, which: Searched, options: &Options<'_>) -> Result<Report, GuardError> {
    let head = objects.head()?;
    let changed = objects.staged(head)?;
    let after = View::index(objects)?;
    let before = View::before(objects, head, &after, &changed);
    refuse_bad_folders(objects, head, before.files().chain(changed.iter().map(|file| file.path.as_path())))?;
    let mut report = Report::default();

    let policies = Policies::of(&after)?;
    let state = judge(&after, &policies, &policies)?;
    report.env_files = state.reports.len();
    let mut findings = [state.findings.as_slice(), &policies.findings].concat();
    let root = objects.root();
    let (teams, past) = (Teams::of(&after)?, Rc::new(Past::of(&before)?));
    let origins = Origins::new(&before, &after, Rc::clone(&past));
    let keys_before = keys_before(&before, &after, &state, &policies)?;
    let held = Held::new(options.store, root);
    let held_by = (&held, options.accept_policy);
    findings.extend(changed_keys(&keys_before, &state, &past.policies, &origins, &teams, held_by)?);
    findings.extend(hidden(&state, &origins)?.0);
    let is_first = is_unguarded(&before);
    findings.extend(widened_policies((&before, &past.policies), (&after, &policies), is_first)?);
    let judged = Judged {
        view: &after,
        teams: &teams,
        state: &state,
        before: &before,
        teams_before: &past.teams,
        origins: &origins,
        keys_before: &keys_before,
        held: &held,
    };
    let is_whole = which == Searched::All;
    findings.extend(judge_teams(&judged, if is_whole { Which::All } else { Which::Changed })?);

    let mut contents: Vec<_> =
        changed.iter().filter_map(|file| Some((file.path.clone(), file.before, file.after?))).collect();
    if is_whole {
        let paths: HashSet<_> = changed.iter().map(|file| file.path.as_path()).collect();
        let files =
            objects.index_files()?.iter().filter(|(path, _)| !paths.contains(path.as_path())).cloned();
        contents.extend(files.map(|(path, file)| (path, Some(file), file)));
    }
    // Where nothing changes there is nothing to look for.
    let (now, then) = if contents.is_empty() {
        Default::default()
    } else {
        (env_texts(&after, &policies)?, env_texts(&before, &policies)?)
    };
    let known = known_values(&now, &then, &policies.schemas, root, options, &mut report);
    findings.extend(known.findings);
    let search = Search::new(known.leaks, Some(objects), &policies);
    for (done, (path, before, now)) in contents.iter().enumerate() {
        (options.progress)(done, contents.len());
        if now.kind == FileKind::Submodule {
            continue;
        }
        let bytes = |read: &mut ReadBytes<'_>| Ok(objects.read_blob(now.id, read)?);
        let change = Change { path, bytes: &bytes, before: *before, base: head };
        findings.extend(search.findings(&change)?);
        report.searched += 1;
    }
    // Errors stop a commit wherever they are; advice on what it has nothing to do with would only be noise.
    let touched = changed.iter().map(|file| file.path.clone()).collect();
    let is_kept = |finding: &Finding| finding.severity == Severity::Error || concerns(&touched, finding);
    findings.retain(|finding| is_whole || is_kept(finding));
    report.findings = silence(findings, &before, &after, NewMarks::Advise)?;
    point_to_unstaged_policy(&mut report.findings, root, options.store);
    Ok(report.sorted())
}

/// Rejects a commit with folders that git would refuse to make, among those that these files are in: git compared the
/// index with them, and may have seen one of two entries where a checkout sees the other.
fn refuse_bad_folders<'p>(
    objects: &Repo,
    commit: Option<ObjectId>,
    paths: impl Iterator<Item = &'p Path>,
) -> Result<(), GuardError> {
    let Some(commit) = commit else { return Ok(()) };
    let mut seen = HashSet::new();
    for path in paths.filter(|path| seen.insert(path.parent())) {
        objects.file(commit, path)?;
    }
    Ok(())
}

/// Where the worktree declares a name plain and the index does not, sealing it is not what is wanted, nor would it be
/// done: the declaration is to be staged.
fn point_to_unstaged_policy(findings: &mut [Finding], root: &Path, store: &KeyStore<'_>) {
    let mut scopes: BTreeMap<PathBuf, Option<Scope>> = BTreeMap::new();
    for finding in findings.iter_mut().filter(|finding| finding.rule == Rule::Plaintext) {
        let Some(name) = &finding.name else { continue };
        let folder = root.join(&finding.file).parent().unwrap_or(root).to_owned();
        let scope =
            scopes.entry(folder).or_insert_with_key(|folder| Scope::of(folder, store.repositories()).ok());
        let declaring = scope.as_ref().and_then(|scope| scope.declaring_plain(name));
        if let Some(file) = declaring.as_ref().and_then(|file| file.strip_prefix(root).ok()) {
            let _ = write!(finding.message, "; {} calls it plain, but not as it is staged", file.display());
            // From the root, wherever the reader is (gitglossary(7), pathspec).
            finding.fix = hint!("git add :/{file}", file);
        }
    }
}

/// The texts of env files, each with its path.
pub(super) type Texts = BTreeSet<(PathBuf, Vec<u8>)>;

/// The texts of all env files of a view that the policies do not leave out.
pub(super) fn env_texts(view: &View<'_>, policies: &Policies) -> Result<Texts, GuardError> {
    let mut texts = Texts::new();
    for path in view.files().filter(|path| is_env_file(path) && !policies.excludes(path)) {
        // A symlink to an env file is that file.
        let file = match view.led(path)? {
            Some(Led::To(target, _)) if is_env_file(&target) => target,
            _ => path.to_owned(),
        };
        texts.extend(view.read(path)?.map(|text| (file, text)));
    }
    Ok(texts)
}
