//! Joining the team, and being granted environments.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{check_fingerprint, no_member, own_identity, own_name, private_key, public_key, was_removed};
use crate::config::EnvName;
use crate::crypto::{Identity, IdentityKey, KeyId, PrivateKey};
use crate::error::Error;
use crate::git::Repo;
use crate::keys::{IdentityPlace, KeyStore};
use crate::project::{
    EnvFile, Pinning, Project, change_team, changed_meanwhile, pin_trouble, refuse_old_key,
};
use crate::team::{GrantLine, MemberName, TeamFile};

/// The result of [`join`].
pub(crate) struct Joined {
    pub name: MemberName,
    pub key: IdentityKey,
    /// The place of the private key.
    pub place: IdentityPlace,
    /// True if the identity was created just now.
    pub made: bool,
    /// True if the team file was changed; otherwise this user was a member already.
    pub added: bool,
    /// True if there was no member before.
    pub first: bool,
    pub team_file: PathBuf,
}

/// A member who is to be granted access.
pub(crate) struct Candidate {
    pub name: MemberName,
    pub key: IdentityKey,
}

/// The result of [`approve`].
pub(crate) struct Approval {
    pub granted: Vec<(EnvName, KeyId)>,
    /// The environments that the member had access to already.
    pub had: Vec<EnvName>,
}

/// Makes this user a member, without access to anything yet. Creates an identity if the user has none.
///
/// The name is `wanted`, else the part before the `@` of git's `user.email`, else git's `user.name`.
pub(crate) fn join(
    scope: &Project,
    store: &KeyStore<'_>,
    objects: Option<&Repo>,
    wanted: Option<&str>,
    on_wait: &dyn Fn(),
) -> Result<Joined, Error> {
    let team = scope.team()?;
    let first = team.members().is_empty();
    let mine = store.me()?;
    let made = mine.is_none();
    let (key, place) = match mine {
        Some(me) => (me.identity.public(), me.place.clone()),
        None => {
            // A name is rejected before anything is created.
            choose_name(&team, None, objects, wanted)?;
            let me = store.make_identity()?;
            (me.identity.public(), me.place)
        }
    };
    let name = choose_name(&team, Some(&key), objects, wanted)?;
    let mut refused = None;
    let added = change_team(scope, on_wait, |team| {
        // Another envseal may have changed it in the meantime.
        match choose_name(team, Some(&key), objects, Some(name.as_str())) {
            Ok(_) if team.members().get(&name) != Some(&key) => team.put_member(&name, &key),
            Ok(_) => {}
            Err(error) => refused = Some(error),
        }
        Ok(())
    })?;
    match refused {
        Some(error) => Err(error),
        None => Ok(Joined { name, key, place, made, added, first, team_file: scope.team_file() }),
    }
}

/// Returns this user's name in `team`: the one that the key has already, else the one wanted or known to git, if nobody
/// else has or had it.
fn choose_name(
    team: &TeamFile,
    key: Option<&IdentityKey>,
    objects: Option<&Repo>,
    wanted: Option<&str>,
) -> Result<MemberName, Error> {
    const CHOOSE: &str = "choose another: envseal team request --name NAME";
    let current = key.and_then(|key| team.member_of(key));
    let name = match (wanted, current) {
        (Some(wanted), _) => MemberName::new(wanted)?,
        (None, Some(current)) => return Ok(current.clone()),
        (None, None) => name_in_git(objects).ok_or_else(|| {
            let message = "which member name? Git has no user.email or user.name to make one of";
            Error::usage(message, "choose one: envseal team request --name NAME")
        })?,
    };
    if let Some(current) = current.filter(|current| **current != name) {
        let fingerprint = team.members()[current].fingerprint();
        return Err(Error::usage(
            format!("you ({fingerprint}) are a member already, as {current}"),
            "to add somebody else, name their key: envseal team request -i FILE --name NAME",
        ));
    }
    if let Some((was, removed)) = team.removed().iter().find(|(_, was)| Some(&was.key) == key) {
        return Err(was_removed(was, &removed.key));
    }
    let owner = team.members().get(&name).or_else(|| team.removed().get(&name).map(|was| &was.key));
    match owner.filter(|owner| Some(*owner) != key) {
        Some(owner) => {
            let message = format!("{name} is the name of another member ({})", owner.fingerprint());
            Err(Error::usage(message, CHOOSE))
        }
        None => Ok(name),
    }
}

fn name_in_git(objects: Option<&Repo>) -> Option<MemberName> {
    let setting = |name| objects?.setting(name);
    let email = setting("user.email").and_then(|email| email.split('@').next().map(str::to_owned));
    let name = setting("user.name").map(|name| name.to_lowercase().replace(char::is_whitespace, "-"));
    [email, name].into_iter().flatten().find_map(|name| MemberName::new(&name).ok())
}

/// Returns the member called `name`. Rejects a `fingerprint` that is not the member's: anyone can use a name.
pub(crate) fn candidate(scope: &Project, name: &str, fingerprint: Option<&str>) -> Result<Candidate, Error> {
    let team = scope.team()?;
    let (name, key) = team.members().get_key_value(name).ok_or_else(|| no_member(&team, name))?;
    // Put back by hand, under whatever name.
    if let Some((was, _)) = team.removed().iter().find(|(_, was)| was.key == *key) {
        return Err(was_removed(was, key));
    }
    if let Some(given) = fingerprint {
        check_fingerprint(name, key, given)?;
    }
    Ok(Candidate { name: name.clone(), key: *key })
}

/// Rejects what [`approve`] would reject for lack of an identity, a membership, an environment or a trusted key, so that
/// nobody is asked in vain. Decrypts nothing.
pub(crate) fn refuse_approval(scope: &Project, store: &KeyStore<'_>, envs: &[EnvName]) -> Result<(), Error> {
    own_name(scope, &scope.team()?, &own_identity(store)?.identity.public())?;
    envs.iter().try_for_each(|env| trusted_file(scope, store, env).map(drop))
}

/// Grants the environments to the member, all of them or none; this user's identity signs. Only someone with access to an
/// environment can grant it.
pub(crate) fn approve(
    scope: &Project,
    store: &KeyStore<'_>,
    candidate: &Candidate,
    envs: &[EnvName],
    on_wait: &dyn Fn(),
) -> Result<Approval, Error> {
    let me = own_identity(store)?;
    let mut keys: Vec<(EnvName, PrivateKey)> = Vec::new();
    for env in envs.iter().collect::<BTreeSet<_>>() {
        let file = trusted_file(scope, store, env)?;
        let key = private_key(scope, store, env)?;
        refuse_old_key(&file, scope, store, &key)?;
        keys.push((env.clone(), key));
    }
    let mut done = Ok(Approval { granted: Vec::new(), had: Vec::new() });
    change_team(scope, on_wait, |team| {
        // A passphrase was asked for before the lock was taken, so the keys are compared again.
        let now = Project::of(scope.root(), scope.repositories())?;
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
    scope: &Project,
    team: &mut TeamFile,
    candidate: &Candidate,
    keys: &[(EnvName, PrivateKey)],
    me: &Identity,
) -> Result<Approval, Error> {
    let Candidate { name, key } = candidate;
    let mine = own_name(scope, team, &me.public())?;
    // Only the key whose fingerprint was confirmed.
    if team.members().get(name) != Some(key) {
        return Err(no_member(team, name.as_str()));
    }
    let mut approval = Approval { granted: Vec::new(), had: Vec::new() };
    for (env, private) in keys {
        let there = team.grant(env, name).filter(|line| line.key == private.public());
        if there.is_some_and(|line| team.prove(line, private).is_ok()) {
            approval.had.push(env.clone());
            continue;
        }
        team.put_grant(GrantLine::make(env, private, (name, key), (&mine, me)));
        approval.granted.push((env.clone(), private.public().id()));
    }
    Ok(approval)
}

/// Returns an env file of the environment. Rejects a public key that is not the trusted one, or that another environment
/// has too.
fn trusted_file(scope: &Project, store: &KeyStore<'_>, env: &EnvName) -> Result<EnvFile, Error> {
    let (path, key) = public_key(scope, env)?;
    scope.refuse_shared_key(env, &key)?;
    let file = EnvFile::load(&path)?;
    match pin_trouble(&file, scope, store, &mut Pinning::default())? {
        Some(error) => Err(error),
        None => Ok(file),
    }
}
