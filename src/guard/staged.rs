//! What is about to be committed: index blobs, never the worktree's files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::allowed::{NewMarks, silence};
use super::error::GuardError;
use super::policies::Policies;
use super::report::{Options, Report};
use super::search::{Change, ReadBytes, Search, in_memory};
use super::secrets::known_values;
use super::state::{changed_keys, concerns, judge, keys_before, widened_policies};
use super::teams::{Held, Judged, Teams, Which, judge_teams};
use super::view::View;
use crate::config::is_env_file;
use crate::git::{FileKind, Objects};
use crate::scan::{Finding, Rule, Severity};
use crate::vault::Scope;

/// Checks what the index holds: every env file in it, and in every file that it changes looks for secrets.
pub fn staged(objects: &Objects, options: &Options<'_>) -> Result<Report, GuardError> {
    let head = objects.head()?;
    let changed = objects.staged(head)?;
    let after = View::index(objects)?;
    let before = View::before(objects, head, &after, &changed);
    let mut report = Report::default();

    let policies = Policies::of(&after)?;
    let state = judge(&after, &policies, &policies.schemas)?;
    report.env_files = state.reports.len();
    let mut findings = [state.findings.as_slice(), &policies.findings].concat();
    let root = objects.root().unwrap_or(Path::new("."));
    let (teams, teams_before) = (Teams::of(&after)?, Teams::of(&before)?);
    let keys_before = keys_before(&before, &after, &state, &policies)?;
    let held = Held::new(options.store, root);
    findings.extend(changed_keys(&keys_before, &state, &policies, &teams, &held, options.accept_policy));
    findings.extend(widened_policies((&before, &Policies::of(&before)?), (&after, &policies))?);
    let judged = Judged {
        view: &after,
        teams: &teams,
        state: &state,
        before: &before,
        teams_before: &teams_before,
        keys_before: &keys_before,
        held: &held,
    };
    findings.extend(judge_teams(&judged, Which::Changed));

    let contents: Vec<_> = changed.iter().filter_map(|file| Some((file, file.after?))).collect();
    // Where nothing changes there is nothing to look for.
    let (now, then) = if contents.is_empty() {
        Default::default()
    } else {
        (env_texts(&after, &policies)?, env_texts(&before, &policies)?)
    };
    let known = known_values(&now, &then, &policies.schemas, root, options, &mut report);
    findings.extend(known.findings);
    let search = Search::new(known.leaks, Some(objects), &policies);
    for (done, (file, now)) in contents.iter().enumerate() {
        (options.progress)(done, contents.len());
        if now.kind == FileKind::Submodule {
            continue;
        }
        let bytes = |read: &mut ReadBytes<'_>| in_memory(&objects.blob(now.id)?)(read);
        let change = Change { path: &file.path, bytes: &bytes, before: file.before, base: head };
        findings.extend(search.findings(&change)?);
        report.searched += 1;
    }
    // Errors stop a commit wherever they are; advice on what it has nothing to do with would only be noise.
    let touched = changed.iter().map(|file| file.path.clone()).collect();
    findings.retain(|finding| finding.severity == Severity::Error || concerns(&touched, finding));
    report.findings = silence(findings, &before, &after, NewMarks::Advise)?;
    point_to_unstaged_policy(&mut report.findings, root);
    report.absent = after.absent();
    Ok(report.sorted())
}

/// Where the worktree declares a name plain and the index does not, sealing it is not what is wanted, nor would it be
/// done: the declaration is to be staged.
fn point_to_unstaged_policy(findings: &mut [Finding], root: &Path) {
    let mut scopes: BTreeMap<PathBuf, Option<Scope>> = BTreeMap::new();
    for finding in findings.iter_mut().filter(|finding| finding.rule == Rule::Plaintext) {
        let Some(name) = &finding.name else { continue };
        let folder = root.join(&finding.file).parent().unwrap_or(root).to_owned();
        let scope = scopes.entry(folder).or_insert_with_key(|folder| Scope::of(folder).ok());
        let declaring = scope.as_ref().and_then(|scope| scope.declaring_plain(name));
        if let Some(file) = declaring.as_ref().and_then(|file| file.strip_prefix(root).ok()) {
            let _ = write!(finding.message, "; {} calls it plain, but not as it is staged", file.display());
            // From the root, wherever the reader is (gitglossary(7), pathspec).
            finding.fix = format!("git add ':/{}'", file.display().to_string().replace('\'', r"'\''"));
        }
    }
}

/// The texts of env files, each with its path.
pub(super) type Texts = BTreeSet<(PathBuf, Vec<u8>)>;

/// The texts of all env files of a view that the policies do not leave out.
pub(super) fn env_texts(view: &View<'_>, policies: &Policies) -> Result<Texts, GuardError> {
    let mut texts = Texts::new();
    for path in view.files().filter(|path| is_env_file(path) && !policies.excludes(path)) {
        texts.extend(view.read(path)?.map(|text| (path.to_owned(), text)));
    }
    Ok(texts)
}
