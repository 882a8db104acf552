//! A member's new key, such as on a new laptop: the old one is removed, with a record of what it could read.

use std::collections::BTreeMap;

use super::access_history::AccessHistory;
use super::exposures::ExposureRecorder;
use super::join::name_in_git;
use super::remove::{held_keys, with_history};
use super::{files_of, no_member, recording_key, refuse_removed};
use crate::config::EnvName;
use crate::crypto::IdentityKey;
use crate::error::Error;
use crate::keys::{IdentityPlace, KeyStore};
use crate::project::{Project, change_team, changed_meanwhile};
use crate::team::{GrantLine, MemberName, TeamFile};
use crate::time::Moment;

pub(crate) struct ReplacedKey {
    pub name: MemberName,
    pub key: IdentityKey,
    pub old: IdentityKey,
    /// The name of the old key among those that were removed.
    pub removed_as: MemberName,
    /// The place of the identity, if it was created just now.
    pub created: Option<IdentityPlace>,
    /// The number of values of each environment that the old key could read and that are not replaced yet.
    pub exposed: BTreeMap<EnvName, usize>,
    /// The environments that the old key could read and this user cannot, so somebody else must record its exposures.
    pub pending: Vec<EnvName>,
    /// The environments that the old key had a grant of.
    pub granted: Vec<EnvName>,
    /// The grants to others that the old key made.
    pub made_by_old: Vec<GrantLine>,
    /// True if the team has no other member.
    pub is_alone: bool,
}

/// Gives this user's key the name of a member with another key, and removes that one. No grant is carried over.
pub(crate) fn replace_key(
    project: &Project,
    store: &KeyStore<'_>,
    wanted: Option<&str>,
) -> Result<ReplacedKey, Error> {
    let objects = with_history(project)?;
    project.refuse_left_out(None)?;
    let team = project.team()?;
    let wanted = wanted.map(MemberName::new).transpose()?.or_else(|| name_in_git(Some(&objects)));
    let name = wanted.ok_or_else(|| {
        Error::usage("which member?", "name yourself: envseal team request --replace --name NAME")
    })?;
    let old = *team.members().get(&name).ok_or_else(|| no_member(&team, name.as_str()))?;
    let mine = store.me()?;
    if let Some(me) = mine {
        refuse_known(&team, &name, &me.identity.public())?;
    }
    let history = AccessHistory::read(project, &objects)?;
    let envs = project.environments()?;
    let held = held_keys(project, &history, &old, &envs, &[])?;
    let (mut readable, mut pending) = (Vec::new(), Vec::new());
    for (env, current) in envs.iter().filter(|(env, _)| held.contains_key(*env)) {
        match recording_key(project, store, &team, env, current)? {
            Some((key, name)) => readable.push((env, key, name, files_of(project, env)?)),
            None => pending.push(env.clone()),
        }
    }
    let mut older = store.every(project.root())?;
    older.extend(store.ever_granted(project.root())?);
    let (key, created) = match mine {
        Some(me) => (me.identity.public(), None),
        None => {
            let me = store.make_identity()?;
            (me.identity.public(), Some(me.place))
        }
    };
    let now = Moment::now();
    let mut done = ReplacedKey {
        removed_as: team.name_of_old_key(&name, now),
        name,
        key,
        old,
        created,
        exposed: BTreeMap::new(),
        pending,
        granted: Vec::new(),
        made_by_old: Vec::new(),
        is_alone: team.members().len() == 1,
    };
    change_team(project, |team| {
        refuse_known(team, &done.name, &key)?;
        if team.members().get(&done.name) != Some(&old)
            || team.name_of_old_key(&done.name, now) != done.removed_as
        {
            return Err(changed_meanwhile(&project.team_file()));
        }
        team.replace_member(&done.name, &key, &done.removed_as, now);
        for line in team.grants().to_vec() {
            if line.member == done.removed_as {
                // It stays only if its exposures are not recorded yet, so that someone else can finish the removal.
                if !done.pending.contains(&line.env) {
                    team.take_grant(&line.env, &line.member);
                }
                done.granted.push(line.env);
            } else if line.by == done.removed_as {
                done.made_by_old.push(line);
            }
        }
        for (env, key, name, files) in &readable {
            let recorder =
                ExposureRecorder { env: name, key, file_key: key, older: &older, files, history: &history };
            let count = recorder.record(team, &done.removed_as, &held[*env], now);
            done.exposed.insert((*env).clone(), count);
        }
        Ok(())
    })?;
    Ok(done)
}

/// Rejects a key that is a member's already, or was removed.
fn refuse_known(team: &TeamFile, name: &MemberName, key: &IdentityKey) -> Result<(), Error> {
    refuse_removed(team, key)?;
    let print = key.fingerprint();
    match team.member_of(key) {
        None => Ok(()),
        Some(there) if there == name => {
            let message = format!("this identity ({print}) is the key that {name} has already");
            Err(Error::usage(message, "name the new one: envseal team request --replace -i FILE"))
        }
        Some(there) => Err(Error::usage(
            format!("you ({print}) are a member already, as {there}"),
            hint!("name the new key of {name}: envseal team request --replace --name {name} -i FILE", name),
        )),
    }
}
