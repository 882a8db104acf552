//! A team, as it is listed: its members, and who can decrypt what.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::config::{EnvName, TEAM_FILE};
use crate::crypto::{IdentityKey, PrivateKey, PublicKey};
use crate::error::Error;
use crate::fs::folder_of;
use crate::git::{Commit, Repo};
use crate::keys::KeyStore;
use crate::project::Project;
use crate::team::{GrantLine, MemberName, RemovedMember, TeamFile};
use crate::time::{Moment, rfc3339};

/// A team, as JSON.
#[derive(Serialize)]
pub(crate) struct TeamReport {
    pub members: Vec<MemberRow>,
    pub removed: Vec<RemovedMemberRow>,
    pub grants: Vec<GrantRow>,
    pub holders: Vec<HolderRow>,
}

#[derive(Serialize)]
pub(crate) struct MemberRow {
    pub name: String,
    pub fingerprint: String,
    key: String,
}

#[derive(Serialize)]
pub(crate) struct RemovedMemberRow {
    pub name: String,
    pub fingerprint: String,
    pub since: String,
}

#[derive(Serialize)]
pub(crate) struct GrantRow {
    pub member: String,
    pub environment: String,
    key: String,
    state: GrantState,
    /// The state, for a person.
    pub message: String,
    pub by: String,
    line: usize,
    /// The time of the commit that has the grant; the fields below are of that commit.
    pub time: Option<String>,
    author: Option<String>,
    email: Option<String>,
    pub commit: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum GrantState {
    Proven,
    /// Only the signature could be verified, for want of the environment's key.
    Signed,
    OtherKey,
    Invalid,
}

/// A member who can decrypt an environment without a valid grant of it, such as a founder with a keys file.
#[derive(Serialize)]
pub(crate) struct HolderRow {
    pub member: String,
    pub environment: String,
    /// `granter` if known by a valid grant that they made. Otherwise it is this user, who has the key: `you`.
    known_as: &'static str,
}

/// Returns the team of the project; the grants and holders by environment and member.
pub(crate) fn list(project: &Project, store: &KeyStore<'_>) -> Result<TeamReport, Error> {
    let team = project.team()?;
    let repo = project.repository()?;
    let envs = project.environments()?;
    let mut lines: Vec<_> = team.grants().to_vec();
    lines.sort_by(|one, other| (&one.env, &one.member).cmp(&(&other.env, &other.member)));
    let origins = origins(project, repo.as_deref(), &lines)?;
    let find = |(env, (path, public)): (_, &(PathBuf, PublicKey))| {
        Some((env, store.find(env, public, folder_of(path)).ok()?))
    };
    let keys: BTreeMap<&EnvName, PrivateKey> = envs.iter().filter_map(find).collect();
    let grant = |(at, line): (usize, &GrantLine)| {
        let public = envs.get(&line.env).map(|(_, public)| public);
        GrantRow::new(line, verify(&team, line, public, keys.get(&line.env)), origins.get(&at))
    };
    let grants: Vec<_> = lines.iter().enumerate().map(grant).collect();
    let valid = || lines.iter().zip(&grants).filter(|(_, grant)| grant.is_valid()).map(|(line, _)| line);
    let mut holders: BTreeMap<(&EnvName, &MemberName), &str> = BTreeMap::new();
    let me = store.me().ok().flatten();
    if let Some(me) = me.and_then(|me| team.member_of(&me.identity.public())) {
        holders.extend(keys.keys().map(|env| ((*env, me), "you")));
    }
    holders.extend(valid().map(|line| ((&line.env, &line.by), "granter")));
    holders.retain(|(env, member), _| !valid().any(|line| line.env == **env && line.member == **member));
    let holder = |((env, member), known_as): ((&EnvName, &MemberName), _)| HolderRow {
        member: member.to_string(),
        environment: env.to_string(),
        known_as,
    };
    let member = |(name, key): (&MemberName, &IdentityKey)| MemberRow {
        name: name.to_string(),
        fingerprint: key.fingerprint(),
        key: key.to_string(),
    };
    let removed = |(name, was): (&MemberName, &RemovedMember)| RemovedMemberRow {
        name: name.to_string(),
        fingerprint: was.key.fingerprint(),
        since: rfc3339(was.since),
    };
    Ok(TeamReport {
        members: team.members().iter().map(member).collect(),
        removed: team.removed().iter().map(removed).collect(),
        holders: holders.into_iter().map(holder).collect(),
        grants,
    })
}

impl GrantRow {
    fn new(line: &GrantLine, (state, message): (GrantState, String), origin: Option<&Commit>) -> Self {
        let time = |commit: &Commit| rfc3339(Moment { seconds: commit.time, offset: commit.offset });
        Self {
            member: line.member.to_string(),
            environment: line.env.to_string(),
            key: line.key.id().to_string(),
            state,
            message,
            by: line.by.to_string(),
            line: line.line,
            time: origin.map(time),
            author: origin.map(|commit| commit.author.clone()),
            email: origin.map(|commit| commit.email.clone()),
            commit: origin.map(|commit| commit.id.to_string()),
        }
    }

    pub(crate) fn is_valid(&self) -> bool {
        matches!(self.state, GrantState::Proven | GrantState::Signed)
    }
}

/// Returns a grant's state, also for a person. `public` is the environment's current key, `key` its private key.
fn verify(
    team: &TeamFile,
    line: &GrantLine,
    public: Option<&PublicKey>,
    key: Option<&PrivateKey>,
) -> (GrantState, String) {
    let proven = || key.map(|key| team.prove(line, key)).transpose();
    match (team.verify(line), public) {
        (Ok(()), None) => {
            let message = "for no environment here; if it was renamed or deleted, delete line";
            (GrantState::OtherKey, format!("{message} {} of {TEAM_FILE}", line.line))
        }
        (Ok(()), Some(now)) if *now != line.key => {
            (GrantState::OtherKey, format!("for an older key than {}", now.id()))
        }
        (verified, _) => match verified.and_then(|()| proven()) {
            Ok(Some(())) => (GrantState::Proven, "proven".into()),
            Ok(None) => (GrantState::Signed, "signed".into()),
            Err(fault) => (GrantState::Invalid, format!("INVALID: {fault}")),
        },
    }
}

/// Returns the commits that added the grants, by the grants' index.
fn origins(
    project: &Project,
    objects: Option<&Repo>,
    lines: &[GrantLine],
) -> Result<BTreeMap<usize, Commit>, Error> {
    let mut found = BTreeMap::new();
    let Some(objects) = objects else { return Ok(found) };
    let path: PathBuf = objects.relative(&project.team_file())?;
    let mut left: Vec<usize> = (0..lines.len()).collect();
    for version in objects.versions(&path)?.versions.into_iter().rev() {
        if left.is_empty() {
            break;
        }
        let Some(text) = objects.blob_if_there(version.blob)? else { continue };
        let Ok(team) = TeamFile::parse(&text) else { continue };
        let is_there = |at: &usize| {
            let line = &lines[*at];
            team.grant(&line.env, &line.member).is_some_and(|there| there.grant == line.grant)
        };
        for at in left.extract_if(.., |at| is_there(at)) {
            found.insert(at, objects.read_commit(version.commit)?);
        }
    }
    Ok(found)
}
