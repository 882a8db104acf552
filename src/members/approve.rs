//! Granting environments to a member.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::error::AccessError;
use super::list::myself;
use crate::config::EnvName;
use crate::crypto::{IdentityKey, KeyId, PrivateKey, PublicKey};
use crate::keys::KeyStore;
use crate::project::{EnvFile, Pinning, Scope, change_team, changed_meanwhile, pin_trouble, refuse_old_key};
use crate::team::{GrantLine, MemberName, TeamFile};

/// A member who is to be granted something.
pub(crate) struct Candidate {
    /// The name.
    pub name: MemberName,
    /// The key.
    pub key: IdentityKey,
}

/// What was granted.
pub(crate) struct Approval {
    /// The environments and their keys.
    pub granted: Vec<(EnvName, KeyId)>,
    /// The environments that the member could open already.
    pub had: Vec<EnvName>,
}

/// The member called `name`. `fingerprint`, where given, must be the member's: names can be typed by anyone.
pub(crate) fn candidate(
    scope: &Scope,
    name: &str,
    fingerprint: Option<&str>,
) -> Result<Candidate, AccessError> {
    let team = scope.team()?;
    let found = team.members().get_key_value(name);
    let (name, key) = found.ok_or_else(|| no_member(&team, name))?;
    // Put back by hand, under whatever name.
    if let Some((was, _)) = team.removed().iter().find(|(_, was)| was.key == *key) {
        return Err(AccessError::WasRemoved { name: was.clone(), fingerprint: key.fingerprint() });
    }
    match fingerprint {
        Some(given) if given != key.fingerprint() => Err(AccessError::Fingerprint {
            name: name.clone(),
            found: key.fingerprint(),
            given: given.to_owned(),
        }),
        _ => Ok(Candidate { name: name.clone(), key: *key }),
    }
}

/// Refuses what [`approve`] would refuse for want of an identity, a membership, an environment or a trusted key: to be asked before a
/// person is. No key is opened.
pub(crate) fn refuse_approval(
    scope: &Scope,
    store: &KeyStore<'_>,
    envs: &[EnvName],
) -> Result<(), AccessError> {
    let me = store.me()?.ok_or(AccessError::NoIdentity)?;
    myself(scope, &scope.team()?, &me.identity.public())?;
    envs.iter().try_for_each(|env| trusted_file(scope, store, env).map(drop))
}

/// Grants the environments to the member, all of them or none; this user's identity signs. Only who can open an
/// environment can grant it.
pub(crate) fn approve(
    scope: &Scope,
    store: &KeyStore<'_>,
    candidate: &Candidate,
    envs: &[EnvName],
    on_wait: &dyn Fn(),
) -> Result<Approval, AccessError> {
    let me = store.me()?.ok_or(AccessError::NoIdentity)?;
    let mut keys: Vec<(EnvName, PrivateKey)> = Vec::new();
    for env in envs.iter().collect::<BTreeSet<_>>() {
        let file = trusted_file(scope, store, env)?;
        let key = private_key(scope, store, env)?;
        refuse_old_key(&file, scope, store, &key)?;
        keys.push((env.clone(), key));
    }
    let mut done = Ok(Approval { granted: Vec::new(), had: Vec::new() });
    change_team(scope, on_wait, |team| {
        // Opening keys may take a passphrase, for which nobody should have to wait: so they are compared under the lock.
        let now = Scope::of(scope.root(), scope.repositories())?;
        for (env, key) in &keys {
            let there = now.key_of(env)?;
            if there.as_ref().map(|(_, public)| *public) != Some(key.public()) {
                let path = there.map_or_else(|| scope.root().to_owned(), |(path, _)| path);
                return Err(changed_meanwhile(&path));
            }
        }
        done = grant(scope, team, candidate, &keys, &me.identity);
        Ok(())
    })?;
    done
}

fn grant(
    scope: &Scope,
    team: &mut TeamFile,
    candidate: &Candidate,
    keys: &[(EnvName, PrivateKey)],
    me: &crate::crypto::Identity,
) -> Result<Approval, AccessError> {
    let Candidate { name, key } = candidate;
    let mine = myself(scope, team, &me.public())?;
    // What was shown to the person who said yes must be what is granted to.
    if team.members().get(name) != Some(key) {
        return Err(no_member(team, name.as_str()));
    }
    let mut approval = Approval { granted: Vec::new(), had: Vec::new() };
    let mut lines = Vec::new();
    for (env, private) in keys {
        let there = team.grant(env, name).filter(|line| line.key == private.public());
        if there.is_some_and(|line| team.prove(line, private).is_ok()) {
            approval.had.push(env.clone());
            continue;
        }
        lines.push(GrantLine::make(env, private, (name, key), (&mine, me)));
        approval.granted.push((env.clone(), private.public().id()));
    }
    for line in lines {
        team.put_grant(line);
    }
    Ok(approval)
}

/// The private key of an environment of the scope, from wherever this user has it.
pub(super) fn private_key(
    scope: &Scope,
    store: &KeyStore<'_>,
    env: &EnvName,
) -> Result<PrivateKey, AccessError> {
    let (path, public) = public_key(scope, env)?;
    Ok(store.find(env, &public, path.parent().unwrap_or(scope.root()))?)
}

/// The environment's public key, and an env file that has it.
fn public_key(scope: &Scope, env: &EnvName) -> Result<(PathBuf, PublicKey), AccessError> {
    let none = || AccessError::NoEnvironment { env: env.clone(), root: scope.root().to_owned() };
    scope.key_of(env)?.ok_or_else(none)
}

/// An env file of the environment, whose public key is the one that is trusted here, and nobody else's.
fn trusted_file(scope: &Scope, store: &KeyStore<'_>, env: &EnvName) -> Result<EnvFile, AccessError> {
    let (path, key) = public_key(scope, env)?;
    scope.refuse_shared_key(env, &key)?;
    let file = EnvFile::load(&path)?;
    match pin_trouble(&file, scope, store, &mut Pinning::default())? {
        Some(error) => Err(error.into()),
        None => Ok(file),
    }
}

pub(super) fn no_member(team: &TeamFile, name: &str) -> AccessError {
    let close = |other: &&MemberName| strsim::damerau_levenshtein(other.as_str(), name) <= 2;
    AccessError::NoMember { name: name.to_owned(), similar: team.members().keys().find(close).cloned() }
}
