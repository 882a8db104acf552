//! The files as they are on this machine.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::allowed::{NewMarks, silence};
use super::error::GuardError;
use super::files::{is_judged, is_of_interest};
use super::keys_file::keys_files;
use super::origins::{Origins, Past};
use super::policies::Policies;
use super::report::{Options, Report};
use super::search::{Change, ReadBytes, Search};
use super::secrets::known_values;
use super::staged::env_texts;
use super::state::{State, changed_keys, hidden, is_unguarded, judge, keys_before, widened_policies};
use super::teams::{Held, Judged, Teams, Which, judge_teams};
use super::view::View;
use crate::check::rules::foreign;
use crate::config::is_keys_file;
use crate::fs::{self, FsError};
use crate::git::{self, FileRef, Repo};

/// Checks the worktree below `root`: every env file in it, the keys files, and every file that git tracks or would
/// track for secrets. Without git, the env files in that folder.
pub(crate) fn worktree(
    root: &Path,
    objects: Option<&Repo>,
    options: &Options<'_>,
) -> Result<Report, GuardError> {
    let files = match objects {
        Some(repo) => repo.list_files(root, &[], &|_| true)?,
        None => git::plain_list_files(root, &|_| true)?,
    };
    let relative = |path: &PathBuf| path.strip_prefix(root).unwrap_or(path).to_owned();
    let files: Vec<_> = files.iter().map(relative).collect();
    let head = objects.map(Repo::head).transpose()?.flatten();
    let tracked: HashMap<PathBuf, FileRef> = match objects {
        Some(objects) => objects.files(head)?.into_iter().collect(),
        None => HashMap::new(),
    };
    let before = match objects.zip(head) {
        Some((objects, head)) => View::commit_of(objects, head, tracked.clone().into_iter()),
        None => View::nothing(),
    };
    let of_interest: Vec<_> = files.iter().filter(|path| is_of_interest(path)).cloned().collect();
    // What a filter of git's makes another tool's on its way in (gitattributes(5)) is judged as it is stored.
    let mut stored = HashMap::new();
    for path in of_interest.iter().filter(|path| is_judged(path)) {
        stored.extend(
            before.read(path)?.filter(|text| foreign(text).is_some()).map(|text| (path.clone(), text)),
        );
    }
    let after = View::disk(root, of_interest, stored);
    let mut report = Report::default();

    let policies = Policies::of(&after)?;
    let state = judge(&after, &policies, &policies)?;
    report.env_files = state.reports.len();
    let mut findings = [state.findings.as_slice(), &policies.findings].concat();
    let keys_in_sight = files.iter().filter(|path| is_keys_file(path)).map(|path| root.join(path));
    findings.extend(keys_files(root, objects, &key_folders(&state), keys_in_sight)?);
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
    findings.extend(judge_teams(&judged, Which::All)?);

    let (now, then) = (env_texts(&after, &policies)?, env_texts(&before, &policies)?);
    let known = known_values(&now, &then, &policies.schemas, root, options, &mut report);
    findings.extend(known.findings);
    let search = Search::new(known.leaks, objects, &policies);
    for (done, path) in files.iter().enumerate() {
        (options.progress)(done, files.len());
        // Keys files are looked at by their own rules.
        if is_keys_file(path) || root.join(path).is_symlink() {
            continue;
        }
        let file = root.join(path);
        let bytes = |read: &mut ReadBytes<'_>| fs::read_by(&file, read).map_err(GuardError::from);
        let change = Change { path, bytes: &bytes, before: tracked.get(path).copied(), base: head };
        match search.findings(&change) {
            // Gone since it was listed, or nothing that git would commit.
            Err(GuardError::Fs(FsError::NotFound { .. } | FsError::NotRegular { .. })) => continue,
            found => findings.extend(found?),
        }
        report.searched += 1;
    }
    report.findings = silence(findings, &before, &after, NewMarks::Advise)?;
    Ok(report.sorted())
}

/// The folders whose env files have a public key, so that there is a private one.
fn key_folders(state: &State) -> BTreeSet<PathBuf> {
    let keyed = state.reports.iter().filter(|(_, report)| report.key.is_some());
    keyed.map(|(path, _)| super::policies::folder(path).to_owned()).collect()
}
