//! The grants of a team, as they are listed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::EnvName;
use crate::crypto::{KeyId, PrivateKey, PublicKey};
use crate::error::Error;
use crate::git::{Commit, Repo};
use crate::keys::KeyStore;
use crate::project::Project;
use crate::team::{GrantFault, GrantLine, MemberName, TeamFile};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GrantState {
    /// The signature is valid, and the granter had access to the environment.
    Proven,
    /// The signature is valid; the rest cannot be verified without the environment's key.
    Signed,
    /// The grant is for another key than the environment's current one, which is the field.
    OtherKey(Option<KeyId>),
    Invalid(GrantFault),
}

pub(crate) struct ListedGrant {
    pub line: GrantLine,
    pub state: GrantState,
    /// The commit that added it; None if it is not committed yet.
    pub origin: Option<Commit>,
}

/// A member who can decrypt an environment without a valid grant of it.
pub(crate) struct ListedHolder {
    pub env: EnvName,
    pub member: MemberName,
    /// True if known by a valid grant that they made. Otherwise it is this user, who has the key.
    pub is_granter: bool,
}

/// Returns every grant of the project, by environment and member; and everyone else who can decrypt one, such as a
/// founder with a keys file.
pub(crate) fn list(
    project: &Project,
    store: &KeyStore<'_>,
    objects: Option<&Repo>,
) -> Result<(Vec<ListedGrant>, Vec<ListedHolder>), Error> {
    let team = project.team()?;
    let envs = project.environments()?;
    let mut lines: Vec<_> = team.grants().to_vec();
    lines.sort_by(|one, other| (&one.env, &one.member).cmp(&(&other.env, &other.member)));
    let mut origins = origins(project, objects, &lines)?;
    let find = |(env, (path, public)): (_, &(PathBuf, PublicKey))| {
        Some((env, store.find(env, public, path.parent().unwrap_or(project.root())).ok()?))
    };
    let keys: BTreeMap<&EnvName, PrivateKey> = envs.iter().filter_map(find).collect();
    let listed = |(at, line): (usize, GrantLine)| {
        let public = envs.get(&line.env).map(|(_, public)| public);
        let state = verify(&team, &line, public, keys.get(&line.env));
        ListedGrant { state, line, origin: origins.remove(&at) }
    };
    let grants: Vec<_> = lines.into_iter().enumerate().map(listed).collect();
    let is_valid = |grant: &&ListedGrant| matches!(grant.state, GrantState::Proven | GrantState::Signed);
    let mut holders: BTreeMap<(EnvName, MemberName), bool> = BTreeMap::new();
    let me = store.me().ok().flatten();
    if let Some(me) = me.and_then(|me| team.member_of(&me.identity.public())) {
        holders.extend(keys.keys().map(|env| (((*env).clone(), me.clone()), false)));
    }
    for grant in grants.iter().filter(is_valid) {
        holders.insert((grant.line.env.clone(), grant.line.by.clone()), true);
    }
    for grant in grants.iter().filter(is_valid) {
        holders.remove(&(grant.line.env.clone(), grant.line.member.clone()));
    }
    let holder = |((env, member), is_granter)| ListedHolder { env, member, is_granter };
    Ok((grants, holders.into_iter().map(holder).collect()))
}

fn verify(
    team: &TeamFile,
    line: &GrantLine,
    public: Option<&PublicKey>,
    key: Option<&PrivateKey>,
) -> GrantState {
    match (team.verify(line), public, key) {
        (Err(fault), ..) => GrantState::Invalid(fault),
        (Ok(()), public, _) if public != Some(&line.key) => GrantState::OtherKey(public.map(PublicKey::id)),
        (Ok(()), _, None) => GrantState::Signed,
        (Ok(()), _, Some(key)) => match team.prove(line, key) {
            Ok(()) => GrantState::Proven,
            Err(fault) => GrantState::Invalid(fault),
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
