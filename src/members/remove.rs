//! Leaving the team: grants go, keys are rotated, and what could be read is recorded.

use std::collections::{BTreeMap, BTreeSet};

use super::error::AccessError;
use super::leaving::{Keys, Leaving};
use super::record::Environment;
use crate::config::EnvName;
use crate::crypto::{IdentityKey, PrivateKey};
use crate::keys::KeyStore;
use crate::project::{EnvFile, Rotated, Rotation, Scope, TeamChange, VaultError, rotate};
use crate::team::{GrantLine, MemberName, TeamFile};
use crate::time::Moment;

/// What was done.
pub(crate) struct Removal {
    /// The rotations.
    pub rotation: Rotation,
    /// How many values each member could read that are not replaced, by environment.
    pub exposed: BTreeMap<(EnvName, MemberName), usize>,
    /// The grants that were dropped besides the member's own.
    pub dropped: Vec<GrantLine>,
}

/// Carries out what was looked into and confirmed, all of it or nothing. Of the grants in doubt only those to members
/// in `keep` stay.
pub(crate) fn remove(
    scope: &Scope,
    store: &KeyStore<'_>,
    leaving: &Leaving,
    keep: &[(MemberName, IdentityKey)],
    on_wait: &dyn Fn(),
) -> Result<Removal, AccessError> {
    let team = scope.team()?;
    let kept = |line: &GrantLine| {
        keep.iter().any(|(name, key)| *name == line.member && team.members().get(name) == Some(key))
    };
    let dropped: Vec<_> = leaving
        .in_doubt
        .iter()
        .filter(|line| !kept(line) && leaving.open.contains(&line.env))
        .cloned()
        .collect();
    let mut leavers: Vec<(MemberName, Keys)> = vec![(leaving.name.clone(), leaving.keys.clone())];
    for line in &dropped {
        let Some(key) = team.members().get(&line.member) else { continue };
        let all = leaving.past.keys_of(key);
        let keys = all.into_iter().filter(|(env, _)| *env == line.env).collect();
        leavers.push((line.member.clone(), keys));
    }
    let mut envs: BTreeSet<EnvName> = leaving.rotated.iter().cloned().collect();
    envs.extend(dropped.iter().map(|line| line.env.clone()));
    let mut current = Vec::new();
    for env in leaving.open.iter().filter(|env| !envs.contains(*env)) {
        let key = super::approve::private_key(scope, store, env)?;
        current.push((env.clone(), key, files_of(scope, env)?));
    }
    let mut older = store.every(scope.root())?;
    older.extend(store.ever_granted(scope.root())?);
    let mut change = Change {
        leaving,
        leavers,
        dropped: &dropped,
        older,
        current,
        now: Moment::now(),
        exposed: BTreeMap::new(),
    };
    let envs: Vec<_> = envs.into_iter().collect();
    let rotation = rotate(scope.root(), &envs, store, on_wait, &mut change)?;
    let exposed = change.exposed;
    Ok(Removal { rotation, exposed, dropped })
}

fn files_of(scope: &Scope, env: &EnvName) -> Result<Vec<EnvFile>, VaultError> {
    let paths = scope.env_files(scope.root())?;
    let of_env = paths.iter().filter(|path| EnvName::of_file(path).ok().as_ref() == Some(env));
    of_env.map(|path| EnvFile::load(path)).collect()
}

/// What becomes of the team file.
struct Change<'a> {
    leaving: &'a Leaving,
    /// Everyone who loses access, with the keys that each had.
    leavers: Vec<(MemberName, Keys)>,
    dropped: &'a [GrantLine],
    older: Vec<PrivateKey>,
    /// The environments that are not rotated, for whoever leaves has older keys of them only.
    current: Vec<(EnvName, PrivateKey, Vec<EnvFile>)>,
    now: Moment,
    exposed: BTreeMap<(EnvName, MemberName), usize>,
}

impl TeamChange for Change<'_> {
    fn before(&mut self, team: &mut TeamFile) -> Result<(), VaultError> {
        let Leaving { name, key, out_of_reach, astray, .. } = self.leaving;
        let names = team.names_of(key);
        for name in &names {
            team.remove_member(name, self.now);
        }
        // What is not finished here stays, so that it is seen; of an environment that is no more nobody needs a grant.
        let is_left = |line: &GrantLine| {
            out_of_reach.iter().any(|(env, _)| *env == line.env)
                || astray.iter().any(|(_, key)| *key == line.key)
        };
        let is_theirs = |line: &GrantLine| line.member == *name || names.contains(&line.member);
        let taken: Vec<_> =
            team.grants().iter().filter(|line| is_theirs(line) && !is_left(line)).cloned().collect();
        for line in taken {
            team.take_grant(&line.env, &line.member);
        }
        for line in self.dropped {
            team.take_grant(&line.env, &line.member);
        }
        for (env, key, files) in std::mem::take(&mut self.current) {
            self.record(team, &env, &key, &key, &files);
        }
        Ok(())
    }

    fn keeps(&mut self, line: &GrantLine) -> bool {
        let is = |other: &GrantLine| other.env == line.env && other.member == line.member;
        line.member != self.leaving.name && !self.dropped.iter().any(is)
    }

    fn stands_for(&self, removed: &MemberName) -> bool {
        *removed == self.leaving.name || self.leaving.aliases.contains(removed)
    }

    fn after(&mut self, team: &mut TeamFile, keys: &Rotated<'_>) -> Result<(), VaultError> {
        self.record(team, keys.env, keys.new, keys.old, keys.files);
        Ok(())
    }
}

impl Change<'_> {
    fn record(
        &mut self,
        team: &mut TeamFile,
        env: &EnvName,
        key: &PrivateKey,
        of_files: &PrivateKey,
        files: &[EnvFile],
    ) {
        let past = &self.leaving.past;
        let environment = Environment { env, key, of_files, older: &self.older, files, past };
        for (member, keys) in &self.leavers {
            let Some(keys) = keys.get(env) else { continue };
            let count = environment.record(team, member, keys, self.now);
            *self.exposed.entry((env.clone(), member.clone())).or_default() += count;
        }
    }
}
