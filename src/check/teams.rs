//! Team files: those of a view, and what is found in them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::error::GuardError;
use super::files::is_team_file;
use super::origins::Origins;
use super::policies::folder;
use super::state::State;
use super::view::View;
use crate::check::rules::{
    Environment, Finding, Rule, TeamText, strange_granters, team_changed, team_file, team_followed,
    team_gone, team_left,
};
use crate::config::EnvName;
use crate::crypto::{IdentityKey, PrivateKey, PublicKey};
use crate::keys::KeyStore;
use crate::team::{TeamError, TeamFile};

/// The team files of a view, by their folders.
pub(super) struct Teams {
    by_folder: BTreeMap<PathBuf, (PathBuf, TeamFile)>,
    /// Those that cannot be read: they count as empty. What is no TOML at all is told with the policies.
    pub(super) findings: Vec<Finding>,
}

impl Teams {
    /// Reads the team files of `view`.
    pub(super) fn of(view: &View<'_>) -> Result<Self, GuardError> {
        let mut teams = Self { by_folder: BTreeMap::new(), findings: Vec::new() };
        for path in view.files().filter(|path| is_team_file(path)) {
            let text = view.read(path)?.unwrap_or_default();
            let team = TeamFile::parse(&text).unwrap_or_else(|error| {
                if let TeamError::Entry { line, entry, what } = error {
                    let message = format!("{entry}: {what}");
                    teams.findings.push(Finding::new(Rule::TeamFile, path, message, "mend {file}").at(line));
                }
                TeamFile::parse(b"").expect("an empty one")
            });
            teams.by_folder.insert(folder(path).to_owned(), (path.to_owned(), team));
        }
        Ok(teams)
    }

    /// The team file that holds for the files in `folder`: the nearest upward.
    pub(super) fn near(&self, folder: &Path) -> Option<(&Path, &TeamFile)> {
        let (path, team) = folder.ancestors().find_map(|folder| self.by_folder.get(folder))?;
        Some((path, team))
    }

    fn all(&self) -> impl Iterator<Item = (&Path, &TeamFile)> {
        self.by_folder.values().map(|(path, team)| (path.as_path(), team))
    }

    fn at(&self, path: &Path) -> Option<&TeamFile> {
        self.by_folder.get(folder(path)).map(|(_, team)| team)
    }
}

/// The private keys at hand, looked for when they are first asked for. Nobody is asked, and what is wrong with a key is
/// told elsewhere.
pub(super) struct Held<'a> {
    store: &'a KeyStore<'a>,
    root: &'a Path,
    found: RefCell<HashMap<(EnvName, PathBuf), Vec<PrivateKey>>>,
}

impl<'a> Held<'a> {
    /// For files below `root`.
    pub(super) fn new(store: &'a KeyStore<'a>, root: &'a Path) -> Self {
        Self { store, root, found: RefCell::default() }
    }

    /// Those of an environment, for its env files in `folder`; older ones too, and what was ever granted to this user.
    pub(super) fn ever(&self, env: &EnvName, folder: &Path) -> Vec<PrivateKey> {
        let mut keys = self.of(env, folder);
        keys.extend(self.store.ever_granted(&self.root.join(folder)).unwrap_or_default());
        keys
    }

    fn of(&self, env: &EnvName, folder: &Path) -> Vec<PrivateKey> {
        let mut found = self.found.borrow_mut();
        let keys = found.entry((env.clone(), folder.to_owned()));
        keys.or_insert_with(|| self.store.all(env, &self.root.join(folder)).unwrap_or_default()).clone()
    }

    /// What `team` grants to this user. Whose grant it is does not matter: a key is known by its public half.
    fn granted(&self, env: &EnvName, team: &TeamFile) -> Option<PrivateKey> {
        // Most team files grant nothing of the environment to anyone, and no identity need be read.
        team.grants().iter().find(|line| line.env == *env)?;
        let me = self.store.me().ok()??;
        let line = team.grant(env, team.member_of(&me.identity.public())?)?;
        team.open(line, &me.identity).ok()
    }
}

/// What is judged, and what stood there before.
pub(super) struct Judged<'a> {
    /// The files.
    pub(super) view: &'a View<'a>,
    /// Their team files.
    pub(super) teams: &'a Teams,
    /// Their env files.
    pub(super) state: &'a State,
    /// The files before.
    pub(super) before: &'a View<'a>,
    /// Their team files.
    pub(super) teams_before: &'a Teams,
    /// Where env files come from.
    pub(super) origins: &'a Origins<'a>,
    /// Their public keys.
    pub(super) keys_before: &'a BTreeMap<PathBuf, PublicKey>,
    /// The private keys at hand.
    pub(super) held: &'a Held<'a>,
}

impl Judged<'_> {
    /// The private keys at hand of an environment of this team file's.
    fn keys(&self, env: &EnvName, (path, team): (&Path, &TeamFile), scope: &Scope) -> Vec<PrivateKey> {
        let folders = scope.folders.iter().map(PathBuf::as_path).chain([folder(path)]);
        let mut keys: Vec<_> = folders.flat_map(|folder| self.held.of(env, folder)).collect();
        keys.extend(self.held.granted(env, team));
        keys
    }
}

/// Which team files are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Every one.
    All,
    /// Those that the change has to do with: they are others, or the environments that they grant have other keys.
    Changed,
    /// As [`Which::Changed`]; and who lets others in was a member before.
    Proposed,
}

/// Judges the team files.
pub(super) fn judge_teams(judged: &Judged<'_>, which: Which) -> Result<Vec<Finding>, GuardError> {
    let mut findings = judged.teams.findings.clone();
    let mut scopes = scopes(judged);
    let gone = gone(judged, &scopes);
    findings.extend(followed(judged, &scopes, &gone)?);
    findings.extend(gone);
    for (path, team) in judged.teams.all() {
        let scope = scopes.remove(path).unwrap_or_default();
        let is_same = judged.before.has_same(judged.view, path) && !scope.is_rekeyed;
        if which != Which::All && is_same {
            continue;
        }
        let held = |env: &EnvName| judged.keys(env, (path, team), &scope);
        let file = TeamText { path, team, environments: &scope.environments, held: &held };
        let before = judged.teams_before.at(path);
        findings.extend(team_file(&file, before.filter(|_| which != Which::All)));
        if let Some(before) = before {
            findings.extend(team_changed(before, &file));
        }
        if which == Which::Proposed {
            let base = judged.teams_before.near(folder(path));
            let base: BTreeSet<IdentityKey> =
                base.into_iter().flat_map(|(_, team)| team.members().values().copied()).collect();
            // Where nobody was a member, somebody has to be the first.
            if !base.is_empty() {
                findings.extend(strange_granters(&base, &file));
            }
        }
    }
    Ok(findings)
}

/// Team files that are gone, with something owed that no new team file has in their place.
fn gone(judged: &Judged<'_>, scopes: &HashMap<&Path, Scope>) -> Vec<Finding> {
    let is_kept = |old: &TeamFile| {
        let new = judged.teams.all().filter(|(path, _)| judged.teams_before.at(path).is_none());
        new.into_iter().any(|(path, team)| {
            let (none, scope) = (Scope::default(), scopes.get(path));
            let scope = scope.unwrap_or(&none);
            let held = |env: &EnvName| judged.keys(env, (path, team), scope);
            let file = TeamText { path, team, environments: &scope.environments, held: &held };
            team_changed(old, &file).is_empty()
        })
    };
    let gone = judged.teams_before.all().filter(|(path, _)| judged.teams.at(path).is_none());
    gone.filter_map(|(path, team)| team_gone(path, team).filter(|_| !is_kept(team))).collect()
}

/// What is owed to removed members of the projects that env files come from, and is not recorded where they are now.
fn followed(
    judged: &Judged<'_>,
    scopes: &HashMap<&Path, Scope>,
    gone: &[Finding],
) -> Result<Vec<Finding>, GuardError> {
    let (mut findings, mut seen) = (Vec::new(), BTreeSet::new());
    for (path, report) in &judged.state.reports {
        let Ok(env) = EnvName::of_file(path) else { continue };
        let now = judged.teams.near(folder(path));
        let team_before = judged.teams_before.near(folder(path)).map(|(team, _)| team);
        if judged.before.has_same(judged.view, path) && team_before == now.map(|(team, _)| team) {
            continue;
        }
        for origin in judged.origins.of(path, report)? {
            let Some((from, team)) = origin.past.teams.near(folder(&origin.path)) else { continue };
            // What is recorded there is recorded of the environment that it was.
            let env = EnvName::of_file(&origin.path).unwrap_or_else(|_| env.clone());
            let Some((place, team_now)) = now else {
                // A team file that is gone as a whole is told as that.
                let is_told = gone.iter().any(|finding| finding.file == from);
                findings.extend(team_left(path, from, team, &env).filter(|_| !is_told));
                continue;
            };
            // What the change made of a team file in its own place is told there.
            let is_told = place == from && judged.teams_before.at(place).is_some();
            let is_new = seen.insert((place, from.to_owned(), env.clone(), origin.commit));
            if let Some(scope) = scopes.get(place).filter(|_| is_new && !is_told) {
                let held = |env: &EnvName| judged.keys(env, (place, team_now), scope);
                let file =
                    TeamText { path: place, team: team_now, environments: &scope.environments, held: &held };
                findings.extend(team_followed((from, team), (&env, report.key.map(|(key, _)| key)), &file));
            }
        }
    }
    Ok(findings)
}

/// What belongs to a team file.
#[derive(Default)]
struct Scope {
    environments: BTreeMap<EnvName, Environment>,
    folders: BTreeSet<PathBuf>,
    /// Whether an env file has another key than before.
    is_rekeyed: bool,
}

fn scopes<'a>(judged: &'a Judged<'_>) -> HashMap<&'a Path, Scope> {
    let mut scopes: HashMap<&Path, Scope> = HashMap::new();
    for (path, report) in &judged.state.reports {
        let (Some((team, _)), Ok(env)) = (judged.teams.near(folder(path)), EnvName::of_file(path)) else {
            continue;
        };
        let scope = scopes.entry(team).or_default();
        scope.folders.insert(folder(path).to_owned());
        let key = report.key.map(|(key, _)| key);
        scope.is_rekeyed |= key != judged.keys_before.get(path).copied();
        let environment = scope.environments.entry(env).or_default();
        environment.names.extend(report.names.iter().map(|(name, _)| name.clone()));
        environment.keys.extend(key.filter(|key| !environment.keys.contains(key)));
    }
    scopes
}
