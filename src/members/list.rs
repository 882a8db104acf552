//! Who can open what.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::error::AccessError;
use crate::config::EnvName;
use crate::crypto::{IdentityKey, KeyId, PrivateKey, PublicKey};
use crate::git::{Commit, Repo};
use crate::keys::KeyStore;
use crate::project::Scope;
use crate::team::{GrantFault, GrantLine, MemberName, TeamFile};

/// What is known of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GrantState {
    /// Its signature holds, and whoever made it could read the environment.
    Proven,
    /// Its signature holds; without the environment's key no more can be told.
    Signed,
    /// It is of another key than the environment has now: that one.
    OtherKey(Option<KeyId>),
    /// It does not hold.
    Invalid(GrantFault),
}

/// A grant, and where it is from.
pub(crate) struct Listed {
    /// The grant.
    pub line: GrantLine,
    /// What is known of it.
    pub state: GrantState,
    /// The commit that brought it; none of what is not committed yet.
    pub origin: Option<Commit>,
}

/// What this user is called in the team.
pub(crate) fn myself(scope: &Scope, team: &TeamFile, key: &IdentityKey) -> Result<MemberName, AccessError> {
    let name = team.member_of(key).cloned();
    name.ok_or_else(|| AccessError::NotAMember {
        fingerprint: key.fingerprint(),
        team_file: scope.team_file(),
    })
}

/// Every grant of the scope, by environment and member.
pub(crate) fn list(
    scope: &Scope,
    store: &KeyStore<'_>,
    objects: Option<&Repo>,
) -> Result<Vec<Listed>, AccessError> {
    let team = scope.team()?;
    let envs = scope.environments()?;
    let mut keys: BTreeMap<&EnvName, Option<PrivateKey>> = BTreeMap::new();
    let mut lines: Vec<_> = team.grants().to_vec();
    lines.sort_by(|one, other| (&one.env, &one.member).cmp(&(&other.env, &other.member)));
    let mut origins = origins(scope, objects, &lines)?;
    for (env, (path, public)) in &envs {
        let near = path.parent().unwrap_or(scope.root());
        keys.insert(env, store.find(env, public, near).ok());
    }
    let listed = |(at, line): (usize, GrantLine)| {
        let public = envs.get(&line.env).map(|(_, public)| public);
        let key = keys.get(&line.env).and_then(Option::as_ref);
        let state = judged(&team, &line, public, key);
        Listed { state, line, origin: origins.remove(&at) }
    };
    Ok(lines.into_iter().enumerate().map(listed).collect())
}

fn judged(
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

/// The commits that brought the grants, by their index.
fn origins(
    scope: &Scope,
    objects: Option<&Repo>,
    lines: &[GrantLine],
) -> Result<BTreeMap<usize, Commit>, AccessError> {
    let mut found = BTreeMap::new();
    let Some(objects) = objects else { return Ok(found) };
    let path: PathBuf = objects.relative(&scope.team_file())?;
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
