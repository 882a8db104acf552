//! Comparisons of the files before and after a change: public keys, hidden values, policies.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::change::{CheckedChange, Review};
use super::env_files::EnvFiles;
use super::origins::Origins;
use super::settings::Settings;
use super::snapshot::{Snapshot, folder};
use super::teams::HeldKeys;
use crate::check::rules::{
    EnvText, Finding, ReportedFile, RotationProof, Rule, check_env_file, check_hidden_value,
    check_key_change, compare_plain_names, compare_policy, find_rotation,
};
use crate::config::{EnvName, TEAM_FILE, is_env_file, is_team_file};
use crate::crypto::{PublicKey, Refs};
use crate::dotenv::{is_redirecting, is_reserved};
use crate::error::Error;
use crate::git::{ChangedFile, FileKind};

pub(super) type PublicKeys = BTreeMap<PathBuf, PublicKey>;

/// Returns the public keys of the env files before. Those of unchanged files are taken from `after`.
pub(super) fn keys_before(change: &CheckedChange<'_>, after: &EnvFiles) -> Result<PublicKeys, Error> {
    let (before, rules) = (&change.before, change.rules());
    let mut keys = BTreeMap::new();
    for path in before.guarded_files().filter(|path| !rules.excludes(path)) {
        let key = match after.reports.get(path).filter(|_| before.has_same(&change.after, path)) {
            Some(report) => report.key,
            None => before.read(path)?.and_then(|text| {
                check_env_file(EnvText { path, text: &text, policy: rules.policy(path) }).key
            }),
        };
        keys.extend(key.map(|(key, _)| (path.to_owned(), key)));
    }
    Ok(keys)
}

/// Returns the findings for public keys that changed without proof of a rotation. The key before is that of the same
/// file, of a file of the same environment and project, or of a file that was moved.
///
/// A new file beside one that keeps its key is not compared: if both are in one project, another rule reports that
/// their keys disagree. A proof that no available key can verify is a suggestion once a reviewer vouches for it, since
/// someone without the key must be able to merge a rotation. A missing or forged proof is always an error.
pub(super) fn check_key_changes(
    after: &EnvFiles,
    before: &PublicKeys,
    origins: &Origins<'_>,
    held: &HeldKeys<'_>,
) -> Result<Vec<Finding>, Error> {
    let change = origins.change;
    let old = &change.settings_before;
    let mut of_project: HashMap<(&Path, EnvName), Vec<(&Path, PublicKey)>> = HashMap::new();
    for (path, key) in before {
        if let Ok(env) = EnvName::of_file(path) {
            of_project.entry((old.project_of(path), env)).or_default().push((path, *key));
        }
    }
    let key_now = |path: &Path| after.reports.get(path).and_then(|report| report.key).map(|(key, _)| key);
    let mut findings = Vec::new();
    for (path, report) in &after.reports {
        let (Some((key, line)), Ok(env)) = (report.key, EnvName::of_file(path)) else { continue };
        let from = if let Some(own) = before.get(path) {
            Some((path.clone(), *own))
        } else {
            let beside = of_project.get(&(old.project_of(path), env.clone())).map_or(&[][..], Vec::as_slice);
            // The other file has the new key too and is reported itself, or it keeps the old key.
            if beside.iter().any(|(other, was)| key_now(other).is_some_and(|now| now == key || now == *was)) {
                continue;
            }
            match beside.first() {
                Some((other, was)) => Some(((*other).to_owned(), *was)),
                None => {
                    let origins = origins.of(path, report)?;
                    let mut gone = origins.iter().filter(|origin| origin.is_gone);
                    gone.find_map(|origin| Some((origin.path.clone(), origin.key?)))
                }
            }
        };
        let Some((from, old_key)) = from.filter(|(_, old_key)| *old_key != key) else { continue };
        let team = change.settings.team_for(folder(path)).map(|(_, team)| team);
        let team_file = change.settings.project_of(path).join(TEAM_FILE);
        let keys = [&old_key, &key];
        let proof = match find_rotation(team, &env, keys, &[]) {
            // No private key need be looked for.
            RotationProof::None => RotationProof::None,
            _ => find_rotation(team, &env, keys, &held.ever(&env, folder(path))),
        };
        let found = check_key_change((path, line), &from, &team_file, &env, keys, &proof);
        let is_vouched = change.review == Review::Accepted && matches!(proof, RotationProof::Unverified(_));
        findings.extend(found.map(|found| if is_vouched { found.into_advice() } else { found }));
    }
    Ok(findings)
}

/// Returns the findings for hidden values that newly redirect trust or traffic, and for those that newly refer to other
/// variables. Files are compared with the files that they come from.
pub(super) fn check_hidden_values(after: &EnvFiles, origins: &Origins<'_>) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for (path, report) in &after.reports {
        let matters =
            |(name, (_, refs)): &(&String, &(usize, Refs))| is_redirecting(name) || !refs.is_empty();
        let mut hidden = report.hidden.iter().filter(matters).peekable();
        if hidden.peek().is_none() {
            continue;
        }
        let origins = origins.of(path, report)?;
        for (name, now) in hidden {
            let before: Vec<_> = origins.iter().filter_map(|origin| origin.hidden(name)).collect();
            findings.extend(check_hidden_value(path, name, now, &before));
        }
    }
    Ok(findings)
}

/// Returns the findings for plain values of names that run code, or redirect trust or traffic, and newly depend on a
/// value that is sealed in another env file of the project: `run` may load both.
pub(super) fn check_dependent_names(
    change: &CheckedChange<'_>,
    after: &EnvFiles,
) -> Result<Vec<Finding>, Error> {
    let now = dependent_names(after.reports.iter().map(|(path, report)| (&**path, report)), &change.settings);
    if now.is_empty() {
        return Ok(Vec::new());
    }
    let (before, rules) = (&change.before, &change.settings_before);
    let mut reports = BTreeMap::new();
    for path in before.files().filter(|path| is_env_file(path) && !rules.excludes(path)) {
        if !before.has_same(&change.after, path)
            && let Some(text) = before.read(path)?
        {
            reports.insert(path, check_env_file(EnvText { path, text: &text, policy: rules.policy(path) }));
        }
    }
    let unchanged = after.reports.iter().filter(|(path, _)| before.has_same(&change.after, path));
    let unchanged = unchanged.map(|(path, report)| (&**path, report));
    let then = dependent_names(unchanged.chain(reports.iter().map(|(path, report)| (*path, report))), rules);
    let new = now.iter().filter(|(dependent, _)| !then.contains_key(*dependent));
    let findings = new.map(|((path, name), (line, on, sealed_in))| {
        let rule = if is_reserved(name) { Rule::ReservedSealed } else { Rule::RedirectSealed };
        let sealed_in = sealed_in.display();
        let message = format!("{name} depends on {on}, and so on a value that is encrypted in {sealed_in}");
        let fix = hint!("write {name} without that reference", name);
        // Only where both files are loaded, which `run` refuses for names that run code.
        Finding::new(rule, path, message, fix).at(*line).about(name).into_advice()
    });
    Ok(findings.collect())
}

/// Returns the file and name of each such value, with its line, the name that it refers to, and the file that hides the
/// value. Names that one file alone hides are left out.
fn dependent_names<'r>(
    reports: impl Iterator<Item = ReportedFile<'r>>,
    settings: &Settings,
) -> BTreeMap<(&'r Path, &'r str), (usize, &'r str, &'r Path)> {
    let mut projects: BTreeMap<_, Vec<ReportedFile<'r>>> = BTreeMap::new();
    for (path, report) in reports {
        projects.entry(settings.project_of(path)).or_default().push((path, report));
    }
    let mut found = BTreeMap::new();
    for files in projects.values() {
        let mut hidden: BTreeMap<&str, &Path> = BTreeMap::new();
        let mut referring: HashMap<&str, Vec<&str>> = HashMap::new();
        for (path, report) in files {
            hidden.extend(report.hidden.keys().map(|name| (name.as_str(), *path)));
            for (name, _, names) in &report.references {
                for on in names {
                    referring.entry(on).or_default().push(name);
                }
            }
        }
        // Through any chain of references.
        let mut next: Vec<_> = hidden.iter().map(|(name, path)| (*name, *path)).collect();
        while let Some((on, path)) = next.pop() {
            for name in referring.remove(on).unwrap_or_default() {
                if !hidden.contains_key(name) {
                    hidden.insert(name, path);
                    next.push((name, path));
                }
            }
        }
        for (path, report) in files {
            for (name, line, names) in &report.references {
                let on = names.iter().find_map(|on| Some((on.as_str(), *hidden.get(on.as_str())?)));
                if let Some((on, sealed_in)) = on.filter(|_| is_reserved(name) || is_redirecting(name))
                    && !report.hidden.contains_key(name)
                {
                    found.insert((*path, name.as_str()), (*line, on, sealed_in));
                }
            }
        }
    }
    found
}

/// Returns the findings for globs that are new in team files, and for names that schemas newly make plain. A folder
/// that was moved as a whole is compared with its old place. If `is_first`, there was nothing to guard before, so the
/// first team file widens nothing.
pub(super) fn compare_policies(change: &CheckedChange<'_>, is_first: bool) -> Result<Vec<Finding>, Error> {
    let CheckedChange { before, after, settings_before: old, settings: new, .. } = change;
    let old_place = |path: &Path| {
        let from = if before.lists(path) { None } else { moved_from(before, after, folder(path)) };
        from.map_or(path.to_owned(), |from| from.join(path.file_name().unwrap_or_default()))
    };
    let mut findings = Vec::new();
    if !is_first {
        for schema in new.schemas() {
            let path = old_place(schema.path);
            findings.extend(compare_plain_names(schema, |name| old.policy(&path).is_plain(name)));
        }
    }
    for path in after.files().filter(|path| is_team_file(path)) {
        let Some(new) = after.read(path)? else { continue };
        if let Some(old) = before.read(&old_place(path))?.or_else(|| (!is_first).then(Vec::new)) {
            findings.extend(compare_policy(path, &old, &new));
        }
    }
    // If a team file is gone, that of a folder above applies.
    let above = |path| folder(path).ancestors().skip(1).map(|folder| folder.join(TEAM_FILE));
    for path in before.files().filter(|path| is_team_file(path)) {
        if after.read(path)?.is_none()
            && let Some(old) = before.read(path)?
            && let Some(new) = above(path).find_map(|path| after.read(&path).transpose()).transpose()?
        {
            let whole = |finding| Finding { file: path.to_owned(), line: None, ..finding };
            findings.extend(compare_policy(path, &old, &new).into_iter().map(whole));
        }
    }
    Ok(findings)
}

/// Returns the findings for submodules and symlinks in place of folders with env files: those files are checked here no
/// more, and in another repository other keys are trusted.
pub(super) fn check_replaced_folders(before: &Snapshot<'_>, changed: &[ChangedFile]) -> Vec<Finding> {
    let found = changed.iter().filter_map(|file| {
        let what = match file.after?.kind {
            FileKind::Submodule => "a submodule",
            FileKind::Link => "a symlink",
            FileKind::File => return None,
        };
        let is_inside = |path: &Path| path != file.path && path.starts_with(&file.path);
        let message = format!("is {what} now, where env files were: they are checked here no more");
        let had_env_files = before.guarded_files().any(is_inside);
        had_env_files.then(|| Finding::new(Rule::PolicyWidened, &file.path, message, "have it reviewed"))
    });
    found.collect()
}

/// Returns the folder that was moved to `to`: it had all env files that are now below `to`, in the same places, and has
/// them no longer. Returns None if no env file is below `to`, or if one of them was there before.
pub(super) fn moved_from(before: &Snapshot<'_>, after: &Snapshot<'_>, to: &Path) -> Option<PathBuf> {
    let below: Vec<_> = after.guarded_files().filter_map(|path| path.strip_prefix(to).ok()).collect();
    let first = below.first()?;
    let is_whole = |from: &Path| {
        below.iter().all(|path| {
            let old = from.join(path);
            before.lists(&old) && !after.lists(&old) && !before.lists(&to.join(path))
        })
    };
    let ends = before.files().filter(|old| old.ends_with(first));
    let folders = ends.filter_map(|old| old.ancestors().nth(first.components().count()));
    folders.map(Path::to_path_buf).find(|from| is_whole(from))
}
