//! The team files of a change, checked with the keys that are available.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::change::{CheckedChange, Review};
use super::compare::PublicKeys;
use super::env_files::EnvFiles;
use super::origins::Origins;
use super::snapshot::folder;
use crate::check::rules::{
    EnvironmentNames, Finding, Rule, TeamText, check_granters, check_left_team, check_removed_team,
    check_self_granted, check_team_file, compare_teams, compare_with_origin,
};
use crate::config::EnvName;
use crate::crypto::{IdentityKey, KeyId, PrivateKey, PublicKey};
use crate::error::Error;
use crate::fs;
use crate::keys::KeyStore;
use crate::project::EnvFile;
use crate::team::TeamFile;

/// The available private keys, looked up when first needed. Never prompts; problems with a key are reported elsewhere.
pub(super) struct HeldKeys<'a> {
    store: &'a KeyStore<'a>,
    root: &'a Path,
    found: RefCell<HashMap<(EnvName, PathBuf), Vec<PrivateKey>>>,
}

impl<'a> HeldKeys<'a> {
    pub(super) fn new(store: &'a KeyStore<'a>, root: &'a Path) -> Self {
        Self { store, root, found: RefCell::default() }
    }

    /// Returns an environment's keys for env files in `folder`, older ones and all ever granted to this user too.
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

    /// Returns true if the key is that of this user's identity.
    fn is_me(&self, key: &IdentityKey) -> bool {
        self.store.me().is_ok_and(|me| me.is_some_and(|me| me.identity.public() == *key))
    }

    /// Returns the key that `team` grants to this user. The granter doesn't matter: the public key identifies it.
    fn granted(&self, env: &EnvName, team: &TeamFile) -> Option<PrivateKey> {
        // Most team files have no grant of the environment, and then the identity need not be read.
        team.grants().iter().find(|line| line.env == *env)?;
        let me = self.store.me().ok()??;
        let line = team.grant(env, team.member_of(&me.identity.public())?)?;
        team.open(line, &me.identity).ok()
    }
}

/// The env files that a team file applies to.
#[derive(Default)]
struct TeamProject {
    environments: BTreeMap<EnvName, EnvironmentNames>,
    folders: BTreeSet<PathBuf>,
    /// True if an env file has another key than before.
    is_rekeyed: bool,
}

/// Checks all team files of a whole change, otherwise those that changed, or whose environments have other keys.
pub(super) struct TeamFiles<'a> {
    pub(super) env_files: &'a EnvFiles,
    pub(super) keys_before: &'a PublicKeys,
    pub(super) origins: &'a Origins<'a>,
    pub(super) held: &'a HeldKeys<'a>,
}

impl TeamFiles<'_> {
    pub(super) fn check(&self) -> Result<Vec<Finding>, Error> {
        let change = self.origins.change;
        let projects = self.projects();
        let mut findings = self.gone(&projects);
        findings.extend(self.followed(&projects, &findings)?);
        let teams_before: BTreeMap<_, _> = change.settings_before.teams().collect();
        for (path, team) in change.settings.teams() {
            let project = &projects[path];
            if !change.is_whole && !project.is_rekeyed && change.before.has_same(&change.after, path) {
                continue;
            }
            let before = teams_before.get(path).copied();
            self.with_text((path, team), project, |file| {
                findings.extend(check_team_file(file, before.filter(|_| !change.is_whole)));
                let compared =
                    change.settings_before.versions_at(path).flat_map(|was| compare_teams(was, file));
                // The author must be able to commit it, and a reviewer decides about it.
                let is_judged =
                    |found: &Finding| found.rule == Rule::MemberReplaced && change.review != Review::Pending;
                findings.extend(
                    compared.map(|found| if is_judged(&found) { found.into_advice() } else { found }),
                );
                if change.review != Review::None {
                    findings.extend(check_self_granted(before, file));
                }
                if change.review == Review::Pending {
                    let base = change.settings_before.team_for(folder(path));
                    let base: BTreeSet<IdentityKey> =
                        base.into_iter().flat_map(|(_, team)| team.members().values().copied()).collect();
                    // If nobody was a member, somebody has to be the first.
                    if !base.is_empty() {
                        findings.extend(check_granters(&base, file));
                    }
                }
            });
        }
        Ok(findings)
    }

    fn with_text<T>(
        &self,
        (path, team): (&Path, &TeamFile),
        project: &TeamProject,
        check: impl FnOnce(&TeamText<'_>) -> T,
    ) -> T {
        let held = &|env: &EnvName| {
            let folders = project.folders.iter().map(PathBuf::as_path).chain([folder(path)]);
            let mut keys: Vec<_> = folders.flat_map(|folder| self.held.of(env, folder)).collect();
            keys.extend(self.held.granted(env, team));
            keys
        };
        let is_me = &|key: &IdentityKey| self.held.is_me(key);
        let unstaged = &|env: &EnvName, key: KeyId| {
            let has_key = |path: &&PathBuf| {
                EnvFile::load(&self.origins.change.root.join(path))
                    .is_ok_and(|file| file.public_key().map(PublicKey::id) == Some(key))
            };
            let files = project.environments.get(env).filter(|_| self.origins.change.after.is_index());
            files.into_iter().flat_map(|environment| &environment.files).filter(has_key).cloned().collect()
        };
        let is_record_unstaged = &|env: &EnvName| {
            let keys = project.environments.get(env).map_or(&[][..], |environment| &environment.keys);
            let has_record = |team: &TeamFile| team.rotations(env).any(|step| keys.contains(&step.new));
            let text = fs::read(&self.origins.change.root.join(path))
                .ok()
                .filter(|_| self.origins.change.after.is_index());
            let there = text.and_then(|text| TeamFile::parse(&text).ok());
            !has_record(team) && there.is_some_and(|there| has_record(&there))
        };
        let environments = &project.environments;
        check(&TeamText { path, team, environments, held, is_me, unstaged, is_record_unstaged })
    }

    /// Returns the project of each team file.
    fn projects(&self) -> HashMap<&Path, TeamProject> {
        let teams = self.origins.change.settings.teams();
        let mut projects: HashMap<_, _> = teams.map(|(path, _)| (path, TeamProject::default())).collect();
        for (path, report) in &self.env_files.reports {
            let team = self.origins.change.settings.team_for(folder(path));
            let (Some((team, _)), Ok(env)) = (team, EnvName::of_file(path)) else { continue };
            let project = projects.entry(team).or_default();
            project.folders.insert(folder(path).to_owned());
            let key = report.key.map(|(key, _)| key);
            project.is_rekeyed |= key != self.keys_before.get(path).copied();
            let environment = project.environments.entry(env).or_default();
            environment.files.push(path.clone());
            environment.names.extend(report.names.iter().map(|(name, _)| name.clone()));
            environment.keys.extend(key.filter(|key| !environment.keys.contains(key)));
        }
        projects
    }

    /// Returns the findings for deleted team files with records of removed members that no new team file keeps.
    fn gone(&self, projects: &HashMap<&Path, TeamProject>) -> Vec<Finding> {
        let (old, new) = (&self.origins.change.settings_before, &self.origins.change.settings);
        let is_kept = |was: &TeamFile| {
            new.teams().filter(|(path, _)| !old.has_team_at(path)).any(|(path, team)| {
                self.with_text((path, team), &projects[path], |file| compare_teams(was, file).is_empty())
            })
        };
        let gone = old.teams().filter(|(path, _)| !new.has_team_at(path));
        gone.filter_map(|(path, team)| check_removed_team(path, team).filter(|_| !is_kept(team))).collect()
    }

    /// Returns the findings for records of removed members that exist in the projects that env files come from, but not
    /// where the files are now.
    fn followed(
        &self,
        projects: &HashMap<&Path, TeamProject>,
        gone: &[Finding],
    ) -> Result<Vec<Finding>, Error> {
        let CheckedChange { before, after, settings_before, settings, .. } = self.origins.change;
        let (mut findings, mut seen) = (Vec::new(), BTreeSet::new());
        for (path, report) in &self.env_files.reports {
            let Ok(env) = EnvName::of_file(path) else { continue };
            let now = settings.team_for(folder(path));
            let team_before = settings_before.team_for(folder(path)).map(|(team, _)| team);
            let is_same = before.has_same(after, path) && team_before == now.map(|(team, _)| team);
            if is_same || settings.is_team_unreadable(folder(path)) {
                continue;
            }
            for origin in self.origins.of(path, report)? {
                let Some((from, team)) = origin.settings.team_for(folder(&origin.path)) else { continue };
                // The records there use the environment that the file belonged to there.
                let env = EnvName::of_file(&origin.path).unwrap_or_else(|_| env.clone());
                let Some((place, team_now)) = now else {
                    // A deleted team file is reported as such.
                    let is_reported = gone.iter().any(|finding| finding.file == from);
                    findings.extend(check_left_team(path, from, team, &env).filter(|_| !is_reported));
                    continue;
                };
                // Changes to a team file that was not moved are reported there.
                let is_reported = place == from && settings_before.has_team_at(place);
                let is_new = seen.insert((place, from.to_owned(), env.clone(), origin.commit));
                if is_new && !is_reported {
                    let key = report.key.map(|(key, _)| key);
                    let found = |file: &TeamText<'_>| compare_with_origin((from, team), (&env, key), file);
                    findings.extend(self.with_text((place, team_now), &projects[place], found));
                }
            }
        }
        Ok(findings)
    }
}
