//! Finds who can decrypt an environment before it is rotated, so that nobody loses access unless a person decides so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use super::{no_member, remove::sealed_outside};
use crate::config::{EnvName, is_team_file};
use crate::crypto::{IdentityKey, PrivateKey};
use crate::error::Error;
use crate::fs::folder_of;
use crate::git::FileKind;
use crate::hint::Hint;
use crate::keys::KeyStore;
use crate::project::{
    EnvFile, EnvironmentRotation, KeyTrust, Project, Rotation, TeamChange, changed_meanwhile, rotate,
};
use crate::team::{GrantLine, MemberName, TeamFile};

/// A person's decisions about the access of others to rotated environments.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccessDecisions {
    /// The members whose grants stay, with the keys that were confirmed.
    pub kept: Vec<(MemberName, IdentityKey)>,
    /// The members who get no access to what is rotated.
    pub left_out: Vec<MemberName>,
    /// The grants that were not confirmed.
    pub dropped: Vec<GrantLine>,
}

impl AccessDecisions {
    pub(super) fn drops(&self, env: &EnvName, member: &MemberName) -> bool {
        self.left_out.contains(member)
            || self.dropped.iter().any(|line| line.env == *env && line.member == *member)
    }

    /// Returns true if it is undecided whether to keep or drop the grant.
    pub(crate) fn is_open(&self, team: &TeamFile, line: &GrantLine) -> bool {
        let is_kept = |(name, key): &(MemberName, IdentityKey)| {
            *name == line.member && team.members().get(name) == Some(key)
        };
        !self.drops(&line.env, &line.member) && !self.kept.iter().any(is_kept)
    }
}

/// A grant that is re-issued only if a person confirms it.
pub(crate) struct DoubtfulGrant {
    pub line: GrantLine,
    pub key: IdentityKey,
    /// The member being removed, by or through whom it was made. None if its recipient made it.
    pub through: Option<MemberName>,
}

impl fmt::Display for DoubtfulGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line: GrantLine { env, member, .. }, key, through } = self;
        let print = key.fingerprint();
        let Some(name) = through else {
            return write!(f, "{member} ({print}) granted themselves access to {env}");
        };
        write!(f, "{member} ({print}) has access to {env}, granted by {name} or through {name}")
    }
}

/// Rejects doubtful grants that nobody decided about.
pub(super) fn refuse_open(
    team: &TeamFile,
    doubtful: &[DoubtfulGrant],
    decisions: &AccessDecisions,
) -> Result<(), Error> {
    let Some(choices) = access_choices(team, doubtful, decisions) else { return Ok(()) };
    let open = doubtful.iter().filter(|doubt| decisions.is_open(team, &doubt.line));
    Err(Error::usage("confirmation needed for grants", choices).with_details(open.map(ToString::to_string)))
}

/// Returns the options that decide about each doubtful grant. Returns None if all are decided.
pub(crate) fn access_choices(
    team: &TeamFile,
    doubtful: &[DoubtfulGrant],
    decisions: &AccessDecisions,
) -> Option<Hint> {
    let open = doubtful.iter().filter(|doubt| decisions.is_open(team, &doubt.line));
    let members: BTreeMap<_, _> = open.map(|doubt| (&doubt.line.member, doubt.key.fingerprint())).collect();
    let options = members
        .iter()
        .map(|(member, print)| hint!("--keep {member}={print} or --leave-out {member}", member, print));
    (!members.is_empty()).then(|| Hint::from("decide on each: ").and(Hint::list(options, ", ", ", ")))
}

/// The team file, now and in every version in HEAD's history.
pub(super) struct Holders {
    now: TeamFile,
    past: Vec<TeamFile>,
    /// This user, who gets the new private key.
    me: Option<IdentityKey>,
}

impl Holders {
    /// Rejects a clone that lacks part of HEAD's history, because an incomplete result would be believed.
    pub(super) fn read(project: &Project, store: &KeyStore<'_>) -> Result<Self, Error> {
        let mut past = Vec::new();
        if let Some(objects) = project.repository()?
            && let Some(head) = objects.head()?
        {
            let mut walk = objects.walk(&[head], is_team_file)?.with_contents(is_team_file)?;
            while let Some(step) = walk.step()? {
                if step.cut {
                    return Err(objects.cut_off(step.id).into());
                }
                for file in step.changes.iter().flatten().filter_map(|changed| changed.after) {
                    if file.kind == FileKind::File {
                        // A version that can't be parsed granted nothing to anyone.
                        past.extend(TeamFile::parse(&objects.blob(file.id)?).ok());
                    }
                }
            }
        }
        let mut holders = Self { now: project.team()?, past, me: None };
        // An identity may have a passphrase, which is not needed if nothing was ever granted.
        if !holders.are_none() {
            holders.me = store.me()?.map(|me| me.identity.public());
        }
        Ok(holders)
    }

    /// Rejects the name of someone to leave out who never was in the team: with a typo, someone else would keep access.
    pub(super) fn refuse_unknown(&self, decisions: &AccessDecisions) -> Result<(), Error> {
        let is_known =
            |name: &MemberName| self.past.iter().chain([&self.now]).any(|team| team.key_of(name).is_some());
        let unknown = decisions.left_out.iter().find(|name| !is_known(name));
        unknown.map_or(Ok(()), |name| Err(no_member(&self.now, name.as_str())))
    }

    /// Returns true if nobody was ever granted anything.
    fn are_none(&self) -> bool {
        self.past.iter().chain([&self.now]).all(|team| team.grants().is_empty())
    }

    /// Returns everyone who has `key`: the recipients and makers of grants that only a holder of it can have made,
    /// except removed members. A forged grant proves nothing about anyone.
    fn of(&self, key: &PrivateKey) -> BTreeMap<IdentityKey, MemberName> {
        let mut holders = BTreeMap::new();
        let public = key.public();
        for team in self.past.iter().chain([&self.now]) {
            for line in team.grants().iter().filter(|line| line.key == public) {
                let party = |name: &MemberName| Some((*team.key_of(name)?, name.clone()));
                let parties: Vec<_> = [&line.member, &line.by].into_iter().filter_map(party).collect();
                // Most versions have the same grants, which need no second proof.
                let is_known = parties.iter().all(|(party, _)| holders.contains_key(party));
                if !is_known && team.prove_of_old(line, key).is_ok() {
                    holders.extend(parties);
                }
            }
        }
        holders.retain(|key, _| !self.now.is_removed(key));
        // Uses the name that the key has now.
        for (key, name) in &mut holders {
            *name = self.now.member_of(key).unwrap_or(name).clone();
        }
        holders
    }

    /// Rejects a rotation of `env` from the key `old` by which a holder loses access: someone without a grant of the
    /// key `now` in `team`, who is not the `leaver` and whom nobody decided to leave out.
    pub(super) fn refuse_loss(
        &self,
        team: &TeamFile,
        (env, old, now): (&EnvName, &PrivateKey, &PrivateKey),
        decisions: &AccessDecisions,
        leaver: Option<IdentityKey>,
    ) -> Result<(), Error> {
        let has_grant = |key: &IdentityKey| {
            let is_theirs =
                |line: &&GrantLine| line.env == *env && team.members().get(&line.member) == Some(key);
            team.grants().iter().filter(is_theirs).any(|line| team.prove_of_old(line, now).is_ok())
        };
        let mut lost = self.of(old);
        lost.retain(|key, name| {
            let may_lose = [self.me, leaver].contains(&Some(*key)) || decisions.drops(env, name);
            !may_lose && !has_grant(key)
        });
        let Some((key, first)) = lost.first_key_value() else { return Ok(()) };
        let message = format!(
            "rotating {env} would take access from {first} ({}), who can decrypt it but has no valid grant",
            key.fingerprint()
        );
        let others =
            lost.iter().skip(1).map(|(key, name)| format!("and from {name} ({})", key.fingerprint()));
        let options = Hint::list(lost.values().map(|name| hint!("--leave-out {name}", name)), " ", " ");
        let hint = if self.now.members().get(first) == Some(key) {
            hint!("grant it again: envseal team approve {first} -e {env}; or leave out with ", first, env)
        } else {
            "see who changed the member: git log -p -- envseal.toml; or leave out with ".into()
        };
        Err(Error::refused(message).with_details(others).with_hint(hint.and(options)))
    }

    /// Returns the grants of `env` that others made to themselves, as holders of `key`.
    pub(super) fn self_granted(&self, env: &EnvName, key: &PrivateKey) -> Vec<DoubtfulGrant> {
        let lines = self.now.grants().iter().filter(|line| line.env == *env);
        let proven = lines.filter(|line| self.now.prove(line, key).is_ok());
        proven.filter_map(|line| self.doubtful_if_self_granted(line)).collect()
    }

    fn doubtful_if_self_granted(&self, line: &GrantLine) -> Option<DoubtfulGrant> {
        let key = *self.now.members().get(&line.member)?;
        let is_doubtful = self.now.is_self_granted(line) && self.me != Some(key);
        is_doubtful.then(|| DoubtfulGrant { line: line.clone(), key, through: None })
    }

    /// Rejects a team file whose members or grants are not those that people were asked about.
    pub(super) fn refuse_changed(&self, project: &Project, team: &TeamFile) -> Result<(), Error> {
        let grants = |team: &TeamFile| {
            let lines = team.grants().iter().map(|line| GrantLine { line: 0, ..line.clone() });
            lines.collect::<Vec<_>>()
        };
        let is_same = team.members() == self.now.members()
            && team.removed() == self.now.removed()
            && grants(team) == grants(&self.now);
        if is_same { Ok(()) } else { Err(changed_meanwhile(&project.team_file())) }
    }
}

/// A rotation, and the grants of others that it affects.
pub(crate) struct RotationPlan {
    pub doubtful: Vec<DoubtfulGrant>,
    envs: Vec<EnvName>,
    holders: Holders,
}

/// Finds out whose access the rotation of `envs` affects. Rejects a rotation by which a holder loses access.
pub(crate) fn plan_rotation(
    project: &Project,
    store: &KeyStore<'_>,
    envs: &[EnvName],
    decisions: &AccessDecisions,
) -> Result<RotationPlan, Error> {
    project.refuse_left_out(Some(envs))?;
    let holders = Holders::read(project, store)?;
    holders.refuse_unknown(decisions)?;
    let team = &holders.now;
    let mut doubtful = Vec::new();
    for env in envs {
        let current = project.key_of(env)?;
        let is_pending = |line: &&GrantLine| line.env == *env && team.removed().contains_key(&line.member);
        for line in team.grants().iter().filter(is_pending) {
            // The removal cannot be finished before a file outside has another key. Nothing more is owed here.
            if current.as_ref().is_some_and(|(_, key)| line.key != *key)
                && !sealed_outside(project, &BTreeSet::from([line.key]))?.is_empty()
            {
                continue;
            }
            // A rotation alone would lose the record of what could be read.
            let name = &line.member;
            let message = format!(
                "{name} was removed, but {env} is still to be rotated for it, with a record of what {name} could read"
            );
            return Err(Error::refused(message)
                .with_hint(hint!("finish the removal, which rotates it: envseal team remove {name}", name)));
        }
        // Without grants there is nobody to ask about. If a key is missing, the rotation itself reports it.
        let Some((path, public)) = current.filter(|_| !holders.are_none()) else { continue };
        let key = store.find(env, &public, folder_of(&path))?;
        KeyTrust { file: &EnvFile::load(&path)?, project, store }.refuse_old_key(&key, true)?;
        holders.refuse_loss(team, (env, &key, &key), decisions, None)?;
        // Only a member can re-issue grants; the rotation rejects anyone else.
        if holders.me.is_some_and(|me| team.member_of(&me).is_some()) {
            doubtful.extend(holders.self_granted(env, &key));
        }
    }
    Ok(RotationPlan { doubtful, envs: envs.to_vec(), holders })
}

/// Rotates the environments of a plan, named by `paths`. Grants that are proven and not dropped are re-issued.
pub(crate) fn rotate_planned(
    (project, paths): (&Project, &[PathBuf]),
    store: &KeyStore<'_>,
    plan: &RotationPlan,
    decisions: &AccessDecisions,
) -> Result<Rotation, Error> {
    refuse_open(&plan.holders.now, &plan.doubtful, decisions)?;
    let mut change = PlannedRotation { project, holders: &plan.holders, decisions, open: Vec::new() };
    rotate(paths, &plan.envs, store, &mut change)
}

struct PlannedRotation<'a> {
    project: &'a Project,
    holders: &'a Holders,
    decisions: &'a AccessDecisions,
    /// Grants that nobody was asked about, because git ignores their env files.
    open: Vec<DoubtfulGrant>,
}

impl TeamChange for PlannedRotation<'_> {
    fn before(&mut self, team: &mut TeamFile) -> Result<(), Error> {
        self.holders.refuse_changed(self.project, team)
    }

    fn keeps(&mut self, line: &GrantLine) -> bool {
        let doubtful = self.holders.doubtful_if_self_granted(line);
        self.open.extend(doubtful.filter(|_| self.decisions.is_open(&self.holders.now, line)));
        !self.decisions.drops(&line.env, &line.member)
    }

    fn after(&mut self, team: &mut TeamFile, rotated: &EnvironmentRotation) -> Result<(), Error> {
        let EnvironmentRotation { env, old, new, .. } = rotated;
        refuse_open(&self.holders.now, &self.open, self.decisions)?;
        self.holders.refuse_loss(team, (env, old, new), self.decisions, None)
    }
}
