//! Leaving the team: grants are removed, keys are rotated, and every value that could be read is recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

use super::access_history::AccessHistory;
use super::exposures::ExposureRecorder;
use super::holders::{AccessDecisions, DoubtfulGrant, Holders, refuse_open};
use super::{files_of, located_key, no_environment, no_member, own_identity, own_name, recording_key};
use crate::config::{ENV_FILE_GLOBS, EnvName, TEAM_FILE_GLOB, is_env_file, is_team_file};
use crate::crypto::{IdentityKey, KeyId, PrivateKey, PublicKey};
use crate::error::{Error, ErrorKind};
use crate::git::Repo;
use crate::keys::KeyStore;
use crate::project::{EnvFile, EnvironmentRotation, Project, Rotation, TeamChange, rotate};
use crate::team::{GrantLine, MemberName, TeamFile};
use crate::time::Moment;

/// The keys of each environment that a member had.
pub(super) type MemberKeys = BTreeMap<EnvName, BTreeSet<PublicKey>>;

/// The consequences of a member's removal, to be confirmed before anything is done.
pub(crate) struct RemovalPlan {
    pub name: MemberName,
    pub key: IdentityKey,
    /// The environments to be rotated: the member has their key, and so has this user.
    pub rotated: Vec<EnvName>,
    /// The environments that somebody else must finish: the member has their key, and this user doesn't.
    pub out_of_reach: Vec<(EnvName, KeyId)>,
    /// The environments of which the member has older keys only.
    pub older: Vec<EnvName>,
    /// The grants to be confirmed or dropped: made by or through the member, or by others to themselves.
    pub doubtful: Vec<DoubtfulGrant>,
    /// Other team files in this worktree that have the same key as a member, and its name there.
    pub elsewhere: Vec<(PathBuf, MemberName)>,
    /// Other names of the same key in this team, which are removed too.
    pub aliases: Vec<MemberName>,
    /// Env files that are encrypted with a key the member has, but are another project's or excluded by the policy.
    pub sealed_outside: Vec<(PathBuf, PublicKey)>,
    /// Forged grants that go back to the member. They are dropped without a prompt.
    forged: Vec<GrantLine>,
    held: MemberKeys,
    history: AccessHistory,
    holders: Holders,
    /// The environments that this user can decrypt, and the names under which their exposures are recorded.
    decryptable: BTreeMap<EnvName, EnvName>,
}

/// The result of [`remove`].
pub(crate) struct Removal {
    pub rotation: Rotation,
    /// The number of values each member could read that are not replaced yet.
    pub exposed: BTreeMap<(EnvName, MemberName), usize>,
    /// The grants that were not confirmed.
    pub dropped: Vec<GrantLine>,
}

/// Finds out what the removal of `name` affects. `also` are environments whose keys the member had without a grant,
/// such as from a keys file. For a member who is already removed, plans what is left to finish.
pub(crate) fn plan_removal(
    project: &Project,
    store: &KeyStore<'_>,
    name: &str,
    also: &[EnvName],
    decisions: &AccessDecisions,
) -> Result<RemovalPlan, Error> {
    let objects = with_history(project)?;
    let team = project.team()?;
    let removed = || team.removed().get_key_value(name).map(|(name, was)| (name, &was.key));
    let (name, key) =
        team.members().get_key_value(name).or_else(removed).ok_or_else(|| no_member(&team, name))?;
    let me = own_identity(store)?.identity.public();
    own_name(project, &team, &me)?;
    if me == *key {
        let message = "you cannot remove yourself: the keys are rotated by a member who stays";
        return Err(Error::refused(message)
            .with_hint(hint!("ask another member to run: envseal team remove {name}", name)));
    }
    project.refuse_left_out(None)?;
    let holders = Holders::read(project, store)?;
    holders.refuse_unknown(decisions)?;
    let history = AccessHistory::read(project, &objects)?;
    let envs = project.environments()?;
    let held = held_keys(project, &history, key, &envs, also)?;
    let known: BTreeSet<PublicKey> = held.values().flatten().copied().collect();
    // Skips those that can't be read.
    let others = other_team_files(project)?.into_iter();
    let mut plan = RemovalPlan {
        name: name.clone(),
        key: *key,
        rotated: Vec::new(),
        out_of_reach: Vec::new(),
        older: Vec::new(),
        doubtful: Vec::new(),
        elsewhere: others.filter_map(|(path, team)| Some((path, team?.member_of(key)?.clone()))).collect(),
        aliases: team.names_of(key).into_iter().filter(|alias| alias != name).collect(),
        sealed_outside: sealed_outside(project, &known)?,
        forged: Vec::new(),
        held,
        history,
        holders,
        decryptable: BTreeMap::new(),
    };
    let dependent_grants = dependent_grants(&team, &plan.history, key, &me);
    // These may have to be rotated as well.
    let dependent: BTreeSet<_> = dependent_grants.iter().map(|line| line.env.clone()).collect();
    for (env, current) in &envs {
        let held = plan.held.get(env);
        let has_current = held.is_some_and(|keys| keys.contains(&current.1));
        let may_be_rotated = has_current || dependent.contains(env);
        if held.is_none() && !may_be_rotated {
            continue;
        }
        let Some((key, name)) = recording_key(project, store, &team, env, current)? else {
            if may_be_rotated {
                plan.out_of_reach.push((env.clone(), current.1.id()));
            }
            continue;
        };
        plan.decryptable.insert(env.clone(), name);
        for line in dependent_grants.iter().filter(|line| line.env == *env) {
            let through = Some(plan.name.clone());
            match team.prove_of_old(line, &key).ok().and_then(|()| team.members().get(&line.member)) {
                Some(key) => plan.doubtful.push(DoubtfulGrant { line: line.clone(), key: *key, through }),
                None => plan.forged.push(line.clone()),
            }
        }
        if may_be_rotated {
            let mut self_granted = plan.holders.self_granted(env, &key);
            self_granted.retain(|doubt| doubt.key != plan.key && !dependent_grants.contains(&doubt.line));
            plan.doubtful.extend(self_granted);
        }
        if has_current {
            plan.holders.refuse_loss(&team, (env, &key, &key), decisions, Some(plan.key))?;
            plan.rotated.push(env.clone());
        } else if held.is_some() {
            plan.older.push(env.clone());
        }
    }
    Ok(plan)
}

/// Returns the project's repository. Rejects a folder outside git: without it there is no history to search.
pub(super) fn with_history(project: &Project) -> Result<Rc<Repo>, Error> {
    project.repository()?.ok_or_else(|| {
        let message = format!("{} is not in a git repository", project.root().display());
        Error::refused(message).with_hint("git init")
    })
}

pub(super) fn held_keys(
    project: &Project,
    history: &AccessHistory,
    who: &IdentityKey,
    envs: &BTreeMap<EnvName, (PathBuf, PublicKey)>,
    also: &[EnvName],
) -> Result<MemberKeys, Error> {
    let mut held = history.keys_of(who);
    for env in also {
        let (_, public) = envs.get(env).ok_or_else(|| no_environment(project, env))?;
        let keys = held.entry(env.clone()).or_default();
        keys.insert(*public);
        keys.extend(history.public_keys(env));
    }
    // An environment may have been renamed, so its key counts under any name.
    let known: BTreeSet<PublicKey> = held.values().flatten().copied().collect();
    for (env, (_, public)) in envs {
        let mut ever = history.public_keys(env);
        ever.insert(*public);
        ever.retain(|key| known.contains(key));
        if !ever.is_empty() {
            held.entry(env.clone()).or_default().extend(ever);
        }
    }
    Ok(held)
}

/// Returns grants made by `who` at any time, or by someone whose own goes back to `who`; none to `who` or `me`.
fn dependent_grants(
    team: &TeamFile,
    history: &AccessHistory,
    who: &IdentityKey,
    me: &IdentityKey,
) -> Vec<GrantLine> {
    let mut suspects = BTreeSet::from([*who]);
    loop {
        let before = suspects.len();
        let granted: Vec<_> = suspects.iter().flat_map(|suspect| history.granted_by(suspect)).collect();
        suspects.extend(granted.into_iter().filter(|key| key != me));
        if suspects.len() == before {
            break;
        }
    }
    let is_dependent = |line: &&GrantLine| {
        team.members().get(&line.member).is_some_and(|key| {
            key != who && key != me && history.granters(&line.env, key).iter().any(|by| suspects.contains(by))
        })
    };
    team.grants().iter().filter(is_dependent).cloned().collect()
}

/// Returns the team files of the repository's other projects, also outside a sparse checkout; None for one that can't
/// be read.
pub(super) fn other_team_files(project: &Project) -> Result<Vec<(PathBuf, Option<TeamFile>)>, Error> {
    let Some(repo) = project.repository()? else { return Ok(Vec::new()) };
    let mut files = repo.list_files(repo.root(), &[TEAM_FILE_GLOB], &is_team_file)?;
    files.retain(|path| *path != project.team_file());
    let left_out = project.left_out_elsewhere(is_team_file)?;
    let texts = files.into_iter().map(|path| (path.clone(), crate::fs::read(&path).ok()));
    let texts = texts.chain(left_out.into_iter().map(|(path, text)| (path, Some(text))));
    Ok(texts.map(|(path, text)| (path, text.and_then(|text| TeamFile::parse(&text).ok()))).collect())
}

/// Returns the env files outside the project with one of these keys, also outside a sparse checkout. Skips those that
/// can't be parsed.
pub(super) fn sealed_outside(
    project: &Project,
    known: &BTreeSet<PublicKey>,
) -> Result<Vec<(PathBuf, PublicKey)>, Error> {
    let Some(repo) = project.repository()? else { return Ok(Vec::new()) };
    let own = project.env_files(project.root())?;
    let mut files = repo.list_files(repo.root(), &ENV_FILE_GLOBS, &is_env_file)?;
    files.retain(|path| !own.contains(path));
    let left_out = project.left_out_elsewhere(is_env_file)?.into_iter();
    let left_out = left_out.map(|(path, text)| EnvFile::of_the_past(&path, text, None));
    let mut found = Vec::new();
    for file in files.iter().map(|path| EnvFile::load(path)).chain(left_out) {
        match file {
            Err(error) if matches!(error.kind(), ErrorKind::Io | ErrorKind::NotFound) => return Err(error),
            Err(_) => {}
            Ok(file) => {
                let key = file.public_key().filter(|key| known.contains(*key));
                found.extend(key.map(|key| (file.path().to_owned(), *key)));
            }
        }
    }
    Ok(found)
}

/// Carries out a confirmed plan, all of it or nothing. Of the doubtful grants, only those that are kept stay.
pub(crate) fn remove(
    project: &Project,
    store: &KeyStore<'_>,
    plan: &RemovalPlan,
    decisions: &AccessDecisions,
) -> Result<Removal, Error> {
    let team = project.team()?;
    refuse_open(&team, &plan.doubtful, decisions)?;
    let doubtful = plan.doubtful.iter().map(|doubt| &doubt.line);
    let unconfirmed = doubtful.filter(|line| decisions.drops(&line.env, &line.member));
    let mut dropped: Vec<_> = unconfirmed.chain(&plan.forged).cloned().collect();
    let is_left_out = |line: &&GrantLine| {
        plan.rotated.contains(&line.env)
            && decisions.drops(&line.env, &line.member)
            && !dropped.contains(line)
    };
    let left_out: Vec<_> = team.grants().iter().filter(is_left_out).cloned().collect();
    dropped.extend(left_out);
    let mut leavers: Vec<(MemberName, MemberKeys)> = vec![(plan.name.clone(), plan.held.clone())];
    for line in &dropped {
        let Some(key) = team.members().get(&line.member) else { continue };
        let mut held = plan.history.keys_of(key);
        held.retain(|env, _| *env == line.env);
        leavers.push((line.member.clone(), held));
    }
    let mut envs: BTreeSet<EnvName> = plan.rotated.iter().cloned().collect();
    envs.extend(dropped.iter().map(|line| line.env.clone()));
    let kept = plan.decryptable.keys().filter(|env| !envs.contains(*env));
    let kept =
        kept.map(|env| Ok((env.clone(), located_key(project, store, env)?.0, files_of(project, env)?)));
    let not_rotated = kept.collect::<Result<_, Error>>()?;
    let mut older = store.every(project.root())?;
    older.extend(store.ever_granted(project.root())?);
    let mut change = TeamRemoval {
        project,
        plan,
        decisions: AccessDecisions { dropped, ..decisions.clone() },
        leavers,
        older,
        not_rotated,
        now: Moment::now(),
        exposed: BTreeMap::new(),
    };
    let envs: Vec<_> = envs.into_iter().collect();
    let rotation = rotate(&[project.team_file()], &envs, store, &mut change)?;
    Ok(Removal { rotation, exposed: change.exposed, dropped: change.decisions.dropped })
}

/// The change of the team file.
struct TeamRemoval<'a> {
    project: &'a Project,
    plan: &'a RemovalPlan,
    /// With all grants that are dropped, also forged ones and those of members who are left out.
    decisions: AccessDecisions,
    /// Everyone who loses access, with the keys that each had.
    leavers: Vec<(MemberName, MemberKeys)>,
    older: Vec<PrivateKey>,
    /// The environments of which the leavers have older keys only.
    not_rotated: Vec<(EnvName, PrivateKey, Vec<EnvFile>)>,
    now: Moment,
    exposed: BTreeMap<(EnvName, MemberName), usize>,
}

impl TeamChange for TeamRemoval<'_> {
    fn before(&mut self, team: &mut TeamFile) -> Result<(), Error> {
        self.plan.holders.refuse_changed(self.project, team)?;
        let RemovalPlan { key, out_of_reach, sealed_outside, .. } = self.plan;
        for name in team.names_of(key) {
            team.remove_member(&name, self.now);
        }
        // A grant whose removal can't be finished here stays, to be seen. One of an environment that is gone doesn't.
        let is_unfinished = |line: &GrantLine| {
            out_of_reach.iter().any(|(env, _)| *env == line.env)
                || sealed_outside.iter().any(|(_, key)| *key == line.key)
        };
        let is_theirs = |line: &GrantLine| team.key_of(&line.member) == Some(key);
        let mut taken: Vec<_> =
            team.grants().iter().filter(|line| is_theirs(line) && !is_unfinished(line)).cloned().collect();
        taken.extend_from_slice(&self.decisions.dropped);
        for line in taken {
            team.take_grant(&line.env, &line.member);
        }
        for (env, key, files) in std::mem::take(&mut self.not_rotated) {
            self.record(team, &env, (&key, &key), &files);
        }
        Ok(())
    }

    fn keeps(&mut self, line: &GrantLine) -> bool {
        let is = |other: &GrantLine| other.env == line.env && other.member == line.member;
        !self.decisions.dropped.iter().any(is)
    }

    fn stands_for(&self, granter: &IdentityKey) -> bool {
        *granter == self.plan.key
    }

    fn after(&mut self, team: &mut TeamFile, rotated: &EnvironmentRotation) -> Result<(), Error> {
        let EnvironmentRotation { env, old, new, files, .. } = rotated;
        self.record(team, env, (new, old), files);
        self.plan.holders.refuse_loss(team, (env, old, new), &self.decisions, Some(self.plan.key))
    }
}

impl TeamRemoval<'_> {
    fn record(
        &mut self,
        team: &mut TeamFile,
        env: &EnvName,
        (key, file_key): (&PrivateKey, &PrivateKey),
        files: &[EnvFile],
    ) {
        let RemovalPlan { history, decryptable, .. } = self.plan;
        let recorder =
            ExposureRecorder { env: &decryptable[env], key, file_key, older: &self.older, files, history };
        for (member, held) in &self.leavers {
            let Some(keys) = held.get(env) else { continue };
            let count = recorder.record(team, member, keys, self.now);
            *self.exposed.entry((env.clone(), member.clone())).or_default() += count;
        }
    }
}
