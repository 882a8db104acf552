//! The rules about a state of the files: each env file by itself, those of a folder and of a scope side by side.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::elsewhere::read_elsewhere;
use super::error::GuardError;
use super::files::{is_judged, is_of_interest};
use super::origins::Origins;
use super::policies::{Policies, folder};
use super::range::shows_plaintext;
use super::teams::{Held, Teams};
use super::view::{Led, View};
use crate::check::rules::{
    EnvReport, EnvText, Finding, Keyed, Lineage, Listed, Rule, dangling, env_file, is_example, key_changed,
    lineage, misspelled_file, names, newly_hidden, said_once, schema_widened, scope, sealed_by_mistake,
    values_held, widened,
};
use crate::config::{EnvName, FileRole, TEAM_FILE, is_env_file, link_fault, misspelled};
use crate::crypto::{PublicKey, Refs};
use crate::dotenv::{Document, is_redirecting};

/// What the rules over a state's env files gave.
pub(super) struct State {
    pub(super) findings: Vec<Finding>,
    /// The env files that were judged, each with what it holds.
    pub(super) reports: BTreeMap<PathBuf, EnvReport>,
}

/// Judges the env files of `view` by `policies`; and by the schemas and projects that `own` read from the same view.
pub(super) fn judge(view: &View<'_>, policies: &Policies, own: &Policies) -> Result<State, GuardError> {
    let schemas = &own.schemas;
    let mut reports = BTreeMap::new();
    let mut held = Vec::new();
    let mut elsewhere = Vec::new();
    for path in view.files().filter(|path| !policies.excludes(path)) {
        let (role, (_, policy)) = (FileRole::of(path), policies.for_file(path));
        let is_judged = role.is_guarded();
        if !is_judged && role.what().is_none() {
            continue;
        }
        let link = if is_judged { link_elsewhere(view, path, own)? } else { None };
        if let Some((finding, target)) = &link {
            elsewhere.push(finding.clone());
            // What leads to another env file is told there.
            if target.as_ref().is_some_and(|target| is_told(view, target, policies)) {
                continue;
            }
        }
        // What is no env file is not fetched for this.
        let text = if is_judged { view.read(path)? } else { view.read_if_there(path)? };
        let Some(text) = text else { continue };
        let file = EnvText { path, text: &text, policy };
        if !is_judged {
            elsewhere.extend(sealed_by_mistake(file));
        } else if role == FileRole::Copy {
            elsewhere.extend(env_file(file).findings);
        } else if let Some((_, target)) = link {
            let path_read = target.as_deref().filter(|target| is_env_file(target)).unwrap_or(path);
            let mut found = env_file(EnvText { path: path_read, ..file }).findings;
            found.retain(|finding| shows_plaintext(finding.rule));
            elsewhere.extend(found.into_iter().map(|finding| Finding { file: path.to_owned(), ..finding }));
        } else {
            reports.insert(path.to_owned(), env_file(file));
            held.extend(schemas.at(folder(path)).into_iter().flat_map(|ruled| values_held(file, ruled)));
        }
    }
    let mut findings: Vec<_> =
        reports.values_mut().flat_map(|report| std::mem::take(&mut report.findings)).collect();
    findings.append(&mut elsewhere);
    findings.extend(side_by_side(view, own, &reports, &held)?);
    findings.extend(view.files().filter_map(misspelled_file));
    findings.append(&mut held);
    findings.extend(schemas.findings());
    Ok(State { findings, reports })
}

/// Whether an env file of the view is judged by itself.
fn is_told(view: &View<'_>, path: &Path, policies: &Policies) -> bool {
    view.files().any(|there| there == path) && is_judged(path) && !policies.excludes(path)
}

/// The findings for env files that are symlinks to what they do not stand for.
pub(super) fn links_elsewhere(view: &View<'_>, own: &Policies) -> Result<Vec<Finding>, GuardError> {
    let mut findings = Vec::new();
    for path in view.files().filter(|path| is_env_file(path)) {
        findings.extend(link_elsewhere(view, path, own)?.map(|(finding, _)| finding));
    }
    Ok(findings)
}

/// The finding for an env file that is a symlink to what it does not stand for, and where it leads within the view.
fn link_elsewhere(
    view: &View<'_>,
    path: &Path,
    own: &Policies,
) -> Result<Option<(Finding, Option<PathBuf>)>, GuardError> {
    if !is_env_file(path) {
        return Ok(None);
    }
    let outside = || "outside the project".to_owned();
    let (fault, target) = match view.led(path)? {
        None | Some(Led::InCircles) => return Ok(None),
        Some(Led::Outside) => (Some(outside()), None),
        Some(Led::To(target, _)) if own.for_file(&target).0 != own.for_file(path).0 => {
            (Some(outside()), Some(target))
        }
        Some(Led::To(target, _)) => (link_fault(path, &target), Some(target)),
    };
    let to = target.as_ref().map(|target| format!(" to {}", target.display())).unwrap_or_default();
    Ok(fault.map(|fault| {
        let message = format!("it is a symlink{to}, {fault}; envseal does not write through it");
        (
            Finding::new(
                Rule::Symlink,
                path,
                message,
                "remove the link, or put a file in its place: rm {file}",
            ),
            target,
        )
    }))
}

/// The public keys of `before`, of which `after` became; what stands in both is known already.
pub(super) fn keys_before(
    before: &View<'_>,
    after: &View<'_>,
    state: &State,
    policies: &Policies,
) -> Result<BTreeMap<PathBuf, PublicKey>, GuardError> {
    let mut keys = BTreeMap::new();
    for path in before.files().filter(|path| is_judged(path) && !policies.excludes(path)) {
        let key = match state.reports.get(path).filter(|_| before.has_same(after, path)) {
            Some(report) => report.key,
            None => before.read(path)?.and_then(|text| {
                let (_, policy) = policies.for_file(path);
                env_file(EnvText { path, text: &text, policy }).key
            }),
        };
        keys.extend(key.map(|(key, _)| (path.to_owned(), key)));
    }
    Ok(keys)
}

/// Whether a change of these files has to do with a finding: it is about one of them, or about how one of them goes
/// together with others.
pub(super) fn concerns(touched: &BTreeSet<PathBuf>, finding: &Finding) -> bool {
    let beside = |path: &PathBuf| is_of_interest(path) && path.parent() == finding.file.parent();
    touched.contains(&finding.file)
        || match finding.rule {
            Rule::KeysDisagree | Rule::SideBySide | Rule::KeyShared => !touched.is_empty(),
            Rule::MissingName
            | Rule::DanglingReference
            | Rule::SealedElsewhere
            | Rule::ExampleMissing
            | Rule::ExampleExtra
            | Rule::RequiredMissing
            | Rule::WrongType => touched.iter().any(beside),
            // Found by comparing: the file may be one that the change has uncovered.
            Rule::PolicyWidened => true,
            _ => false,
        }
}

fn side_by_side(
    view: &View<'_>,
    own: &Policies,
    reports: &BTreeMap<PathBuf, EnvReport>,
    held: &[Finding],
) -> Result<Vec<Finding>, GuardError> {
    let schemas = &own.schemas;
    let mut folders: BTreeMap<&Path, Vec<Listed<'_>>> = BTreeMap::new();
    let mut scopes: BTreeMap<&Path, Vec<Keyed<'_>>> = BTreeMap::new();
    for (path, report) in reports {
        folders.entry(folder(path)).or_default().push(Listed { path, names: &report.names });
        scopes.entry(own.for_file(path).0).or_default().push(Keyed { path, key: report.key });
    }
    let mut findings = Vec::new();
    let mut examples = BTreeMap::new();
    for path in view.files().filter(|path| is_example(path) && misspelled(path).is_none()) {
        examples.entry(super::policies::folder(path)).or_insert(path);
    }
    for (folder, files) in &folders {
        // Where there is a schema, it is the one that says which names there are.
        let schema = schemas.at(folder).map(|ruled| ruled.path);
        let listed = match schema.or_else(|| examples.get(folder).copied()) {
            Some(path) => view.read(path)?.map(|text| (path, names_of(text))),
            None => None,
        };
        let example = listed.as_ref().map(|(path, names)| Listed { path, names });
        let found = names(files, example);
        findings.extend(match schemas.at(folder) {
            Some(ruled) => said_once(found, held, ruled),
            None => found,
        });
    }
    findings.extend(read_elsewhere(view, reports));
    findings.extend(scopes.values().flat_map(|files| scope(files)));
    for (path, report) in reports.iter().filter(|(_, report)| !report.dangling.is_empty()) {
        let others =
            || scopes[own.for_file(path).0].iter().map(|file| file.path).filter(|other| other != path);
        let in_files =
            |name: &str| others().any(|other| reports[other].names.iter().any(|(set, _)| set == name));
        let in_schema = |name: &str| {
            schemas
                .at(folder(path))
                .is_some_and(|ruled| ruled.schema.items().iter().any(|item| item.name == name))
        };
        let found = report.dangling.iter().filter(|found| !in_files(&found.on) && !in_schema(&found.on));
        findings.extend(found.map(|found| dangling(path, found)));
    }
    Ok(findings)
}

/// The names of an example file and their lines.
fn names_of(text: Vec<u8>) -> Vec<(String, usize)> {
    let Ok(document) = Document::parse(text) else { return Vec::new() };
    let own = |name: &str| crate::config::is_own_name(name);
    let entries = document.entries().iter().map(|entry| (document.name(entry).to_owned(), entry.line));
    entries.filter(|(name, _)| !own(name)).collect()
}

/// The public keys of `after` that are others than the ones they come from (in their file, in one of the same environment
/// and project, or in one that was moved), and of which the team files do not prove that they came after those. A new file
/// beside one that keeps its key is none: where the two are of one project, their keys disagree. A proof that no key at
/// hand can verify is advice where someone is `vouching`: who has no key must be able to merge the rotation of someone who
/// has it. A missing or a forged one is an error everywhere.
pub(super) fn changed_keys(
    before: &BTreeMap<PathBuf, PublicKey>,
    after: &State,
    old: &Policies,
    origins: &Origins<'_>,
    teams: &Teams,
    (held, vouching): (&Held<'_>, bool),
) -> Result<Vec<Finding>, GuardError> {
    let mut of_project: HashMap<(&Path, EnvName), Vec<(&Path, PublicKey)>> = HashMap::new();
    for (path, key) in before {
        if let Ok(env) = EnvName::of_file(path) {
            of_project.entry((old.for_file(path).0, env)).or_default().push((path, *key));
        }
    }
    let key_now = |path: &Path| after.reports.get(path).and_then(|report| report.key).map(|(key, _)| key);
    let mut findings = Vec::new();
    for (path, report) in &after.reports {
        let (Some((key, line)), Ok(env)) = (report.key, EnvName::of_file(path)) else { continue };
        let variable = env.public_key_name();
        let from = if let Some(own) = before.get(path) {
            Some((path.clone(), *own))
        } else {
            let beside = of_project.get(&(old.for_file(path).0, env.clone())).map_or(&[][..], Vec::as_slice);
            // Told there, or kept there.
            if beside.iter().any(|(other, was)| key_now(other).is_some_and(|now| now == key || now == *was)) {
                continue;
            }
            let moved = || -> Result<_, GuardError> {
                let mut gone = origins.of(path, report)?.into_iter().filter(|origin| origin.is_gone);
                Ok(gone.find_map(|origin| Some((origin.path.clone(), origin.key?))))
            };
            match beside.first() {
                Some((other, was)) => Some(((*other).to_owned(), *was)),
                None => moved()?,
            }
        };
        if let Some((from, old)) = from.filter(|(_, old)| *old != key) {
            let team = teams.near(folder(path)).map(|(_, team)| team);
            let keys = [&old, &key];
            let lineage = match lineage(team, &env, keys, &[]) {
                // No rotation leads there: no private key need be looked for.
                Lineage::None => Lineage::None,
                _ => lineage(team, &env, keys, &held.ever(&env, folder(path))),
            };
            let advised = vouching && matches!(lineage, Lineage::Unverified(_));
            let found = key_changed((path, line), &from, &variable, keys, &lineage);
            findings.extend(found.map(|found| if advised { found.as_advice() } else { found }));
        }
    }
    Ok(findings)
}

/// The variables of `after` that newly hide from a reviewer where programs send or whom they trust, and those that newly
/// take over what others hold, which is for a reviewer to see: compared with where their files come from.
pub(super) fn hidden(
    after: &State,
    origins: &Origins<'_>,
) -> Result<(Vec<Finding>, Vec<Finding>), GuardError> {
    let (mut redirects, mut references) = (Vec::new(), Vec::new());
    for (path, report) in &after.reports {
        let is_one = |(name, (_, refs)): &(&String, &(usize, Refs))| is_redirecting(name) || !refs.is_empty();
        let mut hiding = report.hidden.iter().filter(is_one).peekable();
        if hiding.peek().is_none() {
            continue;
        }
        let origins = origins.of(path, report)?;
        for (name, now) in hiding {
            let before: Vec<_> = origins.iter().filter_map(|origin| origin.hidden(name)).collect();
            let (redirect, added) = newly_hidden(path, name, now, &before);
            redirects.extend(redirect);
            references.extend(added);
        }
    }
    Ok((redirects, references))
}

/// The globs that team files of `after` have and those of `before` had not, and the names that schemas newly call plain.
/// A folder that was moved as a whole had what it had where it was. `is_first`: nothing was ever guarded here, so that the
/// first team file declares, and does not widen.
pub(super) fn widened_policies(
    (before, old): (&View<'_>, &Policies),
    (after, new): (&View<'_>, &Policies),
    is_first: bool,
) -> Result<Vec<Finding>, GuardError> {
    let there = before.paths();
    let mut findings = Vec::new();
    if !is_first {
        for (place, ruled) in new.schemas.all() {
            let is_new = !there.contains(ruled.path);
            let from = is_new.then(|| moved_from(before, after, place)).flatten();
            let path = from
                .map_or(ruled.path.to_owned(), |from| from.join(ruled.path.file_name().unwrap_or_default()));
            findings.extend(schema_widened(ruled, |name| old.for_file(&path).1.is_plain(name)));
        }
    }
    for path in after.files().filter(|path| super::files::is_team_file(path)) {
        let mut old = before.read(path)?;
        if !there.contains(path)
            && let Some(from) = moved_from(before, after, folder(path))
        {
            old = before.read(&from.join(TEAM_FILE))?;
        }
        let Some(new) = after.read(path)? else { continue };
        if let Some(old) = old.or_else(|| (!is_first).then(Vec::new)) {
            findings.extend(widened(path, &old, &new));
        }
    }
    // Where a team file is gone, that of a folder above holds.
    for path in before.files().filter(|path| super::files::is_team_file(path)) {
        if after.read(path)?.is_none()
            && let Some(old) = before.read(path)?
            && let Some(new) = above(after, path)?
        {
            let whole = |finding| Finding { file: path.to_owned(), line: None, ..finding };
            findings.extend(widened(path, &old, &new).into_iter().map(whole));
        }
    }
    Ok(findings)
}

/// The text of the nearest team file above the folder that `path` is in.
fn above(view: &View<'_>, path: &Path) -> Result<Option<Vec<u8>>, GuardError> {
    for folder in folder(path).ancestors().skip(1) {
        if let Some(text) = view.read(&folder.join(TEAM_FILE))? {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

/// Returns the folder that was moved to `to`: all env files that are below `to` now were below it before, in the same
/// places, and are there no more. None where `to` has none, or had any before.
fn moved_from(before: &View<'_>, after: &View<'_>, to: &Path) -> Option<PathBuf> {
    let below: Vec<_> =
        after.files().filter(|path| is_judged(path)).filter_map(|path| path.strip_prefix(to).ok()).collect();
    let first = below.first()?;
    let (there, here) = (before.paths(), after.paths());
    let is_whole = |from: &Path| {
        below.iter().all(|path| {
            let old = from.join(path);
            there.contains(&*old) && !here.contains(&*old) && !there.contains(&*to.join(path))
        })
    };
    let ends = before.files().filter(|old| old.ends_with(first));
    let folders = ends.filter_map(|old| old.ancestors().nth(first.components().count()));
    folders.map(Path::to_path_buf).find(|from| is_whole(from))
}

/// Whether there were no files to be guarded yet.
pub(super) fn is_unguarded(before: &View<'_>) -> bool {
    !before.files().any(is_guarded)
}

/// Whether a file is one to be guarded, or says how others are.
pub(super) fn is_guarded(path: &Path) -> bool {
    is_env_file(path) || super::files::is_team_file(path)
}
