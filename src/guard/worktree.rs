//! The files as they are on this machine.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::allowed::{NewMarks, silence};
use super::error::GuardError;
use super::files::is_of_interest;
use super::keys_file::keys_files;
use super::policies::Policies;
use super::report::{Options, Report};
use super::search::{Change, Search};
use super::secrets::known_values;
use super::staged::env_texts;
use super::state::{State, changed_keys, judge, keys_before, widened_policies};
use super::teams::{Held, Judged, Teams, Which, judge_teams};
use super::view::View;
use crate::config::is_keys_file;
use crate::fsio::{self, FsError};
use crate::git::{self, FileRef, Objects, Repo};

/// Checks the worktree below `root`: every env file in it, the keys files, and every file that git tracks or would
/// track for secrets. Without git, the env files in that folder.
pub fn worktree(root: &Path, objects: Option<&Objects>, options: &Options<'_>) -> Result<Report, GuardError> {
    let files = match objects {
        Some(_) => Repo::open(root)?.list_files(root, &|_| true)?,
        None => git::plain_list_files(root, &|_| true)?,
    };
    let relative = |path: &PathBuf| path.strip_prefix(root).unwrap_or(path).to_owned();
    let files: Vec<_> = files.iter().map(relative).collect();
    let head = objects.map(Objects::head).transpose()?.flatten();
    let tracked: HashMap<PathBuf, FileRef> = match objects {
        Some(objects) => objects.files(head)?.into_iter().collect(),
        None => HashMap::new(),
    };
    let before = match objects.zip(head) {
        Some((objects, head)) => View::commit_of(objects, head, tracked.clone().into_iter()),
        None => View::nothing(),
    };
    let after = View::disk(root, files.iter().filter(|path| is_of_interest(path)).cloned().collect());
    let mut report = Report::default();

    let policies = Policies::of(&after)?;
    let state = judge(&after, &policies, &policies.schemas)?;
    report.env_files = state.reports.len();
    let mut findings = [state.findings.as_slice(), &policies.findings].concat();
    let keys_in_sight = files.iter().filter(|path| is_keys_file(path)).map(|path| root.join(path));
    findings.extend(keys_files(root, objects.is_some(), &key_folders(&state), keys_in_sight)?);
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
    findings.extend(judge_teams(&judged, Which::All));

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
        let Some(text) = text_of(&root.join(path))? else { continue };
        let change = Change { path, text: &text, before: tracked.get(path).copied(), base: head };
        findings.extend(search.findings(&change)?);
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

fn text_of(path: &Path) -> Result<Option<Vec<u8>>, GuardError> {
    match fsio::read(path) {
        Ok(text) => Ok(Some(text)),
        // Gone since it was listed, or nothing that git would commit.
        Err(FsError::NotFound { .. } | FsError::NotRegular { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
