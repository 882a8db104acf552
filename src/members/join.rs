//! Joining the team, and being granted environments.

use std::collections::BTreeSet;

use super::{check_fingerprint, located_key, no_member, own_identity, own_name, public_key, refuse_removed};
use crate::config::EnvName;
use crate::crypto::{Identity, IdentityKey, KeyId, PrivateKey};
use crate::error::Error;
use crate::fs::folder_of;
use crate::git::Repo;
use crate::keys::{IdentityPlace, KeyPlace, KeyStore};
use crate::project::{EnvFile, KeyTrust, Pinning, Project, change_team, changed_meanwhile};
use crate::team::{GrantLine, MemberName, TeamFile};

type EnvKeys = Vec<(EnvName, PrivateKey)>;

pub(crate) struct Joined {
    pub name: MemberName,
    pub key: IdentityKey,
    /// The place of the identity, if it was created just now.
    pub created: Option<IdentityPlace>,
    /// True if the team file was changed; otherwise this user was a member already.
    pub added: bool,
    /// True if there was no member before.
    pub first: bool,
    /// True if it is this user's own identity, not one that was named for somebody else.
    pub is_own: bool,
    /// The environments that this user, who already has their keys, was granted.
    pub own: Vec<EnvName>,
    /// Why environments that this user can decrypt were not among them.
    pub not_own: Vec<Error>,
}

/// A member who is to be added, or granted access.
pub(crate) struct Candidate {
    pub name: MemberName,
    pub key: IdentityKey,
    /// True if the member must first be added to the team file.
    pub is_new: bool,
}

/// The result of [`approve`].
#[derive(Default)]
pub(crate) struct Approval {
    pub granted: Vec<(EnvName, KeyId)>,
    /// The environments that the member had access to already.
    pub had: Vec<EnvName>,
    /// The environments that this user, who can decrypt them, granted to themselves along with it.
    pub own: Vec<EnvName>,
}

/// Makes this user a member. Creates an identity if the user has none. A new member has no access yet. The first one,
/// and members in HEAD, are granted what they can decrypt, so that others' rotations can't lock them out.
///
/// The name is `wanted`, else the part before the `@` of git's `user.email`, else git's `user.name`.
pub(crate) fn join(project: &Project, store: &KeyStore<'_>, wanted: Option<&str>) -> Result<Joined, Error> {
    let repo = project.repository()?;
    let objects = repo.as_deref();
    let team = project.team()?;
    let first = team.members().is_empty();
    let mine = store.me()?;
    let key = mine.map(|me| me.identity.public());
    // A name is rejected before anything is created.
    let name = choose_name(&team, (store, key.as_ref()), objects, wanted)?;
    let made;
    let (me, created) = match mine {
        Some(me) => (me, None),
        None => {
            made = store.make_identity()?;
            (&made, Some(made.place.clone()))
        }
    };
    let key = me.identity.public();
    let is_own = is_own(store, objects, &name);
    // The request itself needs none of these keys.
    let (keys, mut not_own) = own_keys(project, store).unwrap_or_else(|error| (Vec::new(), vec![error]));
    let (mut added, mut own) = (false, Vec::new());
    change_team(project, |team| {
        // Another envseal may have changed it in the meantime.
        choose_name(team, (store, Some(&key)), objects, Some(name.as_str()))?;
        added = team.members().get(&name) != Some(&key);
        if added {
            team.put_member(&name, &key);
        }
        if is_own && may_grant_itself(project, team, &key) {
            refuse_changed_keys(project, &keys)?;
            own = grant_to_self(project, team, &keys, &me.identity)?;
        } else {
            not_own.clear();
        }
        Ok(())
    })?;
    Ok(Joined { name, key, created, added, first, is_own, own, not_own })
}

/// Returns true unless `-i` names an identity for somebody else: a CI must not be granted what this machine decrypts.
fn is_own(store: &KeyStore<'_>, objects: Option<&Repo>, name: &MemberName) -> bool {
    store.named_identity().is_none() || name_in_git(objects).as_ref() == Some(name)
}

/// Returns true if this user's own grants are reviewed like any other: HEAD has the member, or there is no other yet.
fn may_grant_itself(project: &Project, team: &TeamFile, me: &IdentityKey) -> bool {
    // An unreadable team file vouches for nobody, but must not stop a request.
    let Ok(head) = project.team_in_head() else { return false };
    let is_first = head.members().is_empty() && team.members().values().all(|key| key == me);
    let is_removed = team.is_removed(me) || head.is_removed(me);
    !is_removed && (is_first || head.member_of(me).is_some())
}

/// Returns the keys on this machine that this user may grant without a passphrase, and what is wrong with the others.
fn own_keys(project: &Project, store: &KeyStore<'_>) -> Result<(EnvKeys, Vec<Error>), Error> {
    let (mut keys, mut refused) = (Vec::new(), Vec::new());
    for (env, (path, public)) in project.environments()? {
        let Some((key, place)) = store.locate_unasked(&env, &public, folder_of(&path))? else { continue };
        if !lasts(&place) {
            continue;
        }
        let file = trusted_file(project, store, &env);
        match file.and_then(|file| KeyTrust { file: &file, project, store }.refuse_old_key(&key, false)) {
            Ok(()) => keys.push((env, key)),
            Err(error) => refused.push(error),
        }
    }
    Ok((keys, refused))
}

/// Returns true if a key from this place is the user's own. An injected one is only lent to a process, such as a CI job.
fn lasts(place: &KeyPlace) -> bool {
    !matches!(place, KeyPlace::Given | KeyPlace::Process)
}

/// Returns this user's name in `team`: the key's own, else the one wanted or git's, if nobody else has or had it.
fn choose_name(
    team: &TeamFile,
    (store, key): (&KeyStore<'_>, Option<&IdentityKey>),
    objects: Option<&Repo>,
    wanted: Option<&str>,
) -> Result<MemberName, Error> {
    let current = key.and_then(|key| team.member_of(key));
    let name = match (wanted, current) {
        (Some(wanted), _) => MemberName::new(wanted)?,
        (None, Some(current)) => return Ok(current.clone()),
        (None, None) => name_in_git(objects).ok_or_else(|| {
            let no_name = "git has no user.email or user.name";
            let why = if objects.is_some() { no_name } else { "this is not a git repository" };
            let message = format!("which member name? There is none to take from git: {why}");
            Error::usage(message, "choose one: envseal team request --name NAME")
        })?,
    };
    if let Some(current) = current.filter(|current| **current != name) {
        let fingerprint = team.members()[current].fingerprint();
        let message = format!("you ({fingerprint}) are a member already, as {current}");
        return Err(Error::usage(message, "to add somebody else: envseal team add NAME --key FILE"));
    }
    key.map_or(Ok(()), |key| refuse_removed(team, key))?;
    let is_mine = wanted.is_none() && team.members().contains_key(&name);
    let hint = match (is_mine, store.named_identity()) {
        (true, None) => "if that is you with a new key: envseal team request --replace",
        (true, _) => "choose another: envseal team request --name NAME; to replace your own key: --replace",
        _ => "choose another: envseal team request --name NAME",
    };
    refuse_name_of_another(team, &name, key, hint)?;
    Ok(name)
}

/// Rejects a name that somebody with another key has, or had.
fn refuse_name_of_another(
    team: &TeamFile,
    name: &MemberName,
    key: Option<&IdentityKey>,
    hint: &'static str,
) -> Result<(), Error> {
    // A name that is there stays: nobody can rename a member.
    let is_new = !team.members().contains_key(name);
    if is_new && let Some(why) = name.imitates(team.members().keys().chain(team.removed().keys())) {
        return Err(Error::usage(why, hint));
    }
    let Some(owner) = team.key_of(name).filter(|owner| Some(*owner) != key) else { return Ok(()) };
    let whose = if team.members().contains_key(name) { "another" } else { "a removed" };
    Err(Error::usage(format!("{name} is the name of {whose} member ({})", owner.fingerprint()), hint))
}

pub(super) fn name_in_git(objects: Option<&Repo>) -> Option<MemberName> {
    let setting = |name| objects?.setting(name);
    let email = setting("user.email").and_then(|email| email.split('@').next().map(str::to_owned));
    let name = setting("user.name").map(|name| name.to_lowercase().replace(char::is_whitespace, "-"));
    [email, name].into_iter().flatten().find_map(|name| MemberName::new(&name).ok())
}

/// Returns the member called `name`. Rejects a `fingerprint` that is not the member's: anyone can use a name.
pub(crate) fn candidate(
    project: &Project,
    name: &str,
    fingerprint: Option<&str>,
) -> Result<Candidate, Error> {
    let team = project.team()?;
    let (name, key) = team.members().get_key_value(name).ok_or_else(|| no_member(&team, name))?;
    refuse_removed(&team, key)?;
    if let Some(given) = fingerprint {
        check_fingerprint(name, key, given)?;
    }
    Ok(Candidate { name: name.clone(), key: *key, is_new: false })
}

/// Returns a candidate with this name and key. Rejects a name or a key that somebody else has or had.
pub(crate) fn new_candidate(project: &Project, name: &str, key: IdentityKey) -> Result<Candidate, Error> {
    let (team, name) = (project.team()?, MemberName::new(name)?);
    refuse_taken(&team, &name, &key)?;
    let is_new = team.members().get(&name) != Some(&key);
    Ok(Candidate { name, key, is_new })
}

fn refuse_taken(team: &TeamFile, name: &MemberName, key: &IdentityKey) -> Result<(), Error> {
    refuse_removed(team, key)?;
    if let Some(current) = team.member_of(key).filter(|current| *current != name) {
        return Err(Error::usage(
            format!("this key ({}) is a member already, as {current}", key.fingerprint()),
            hint!("to grant access: envseal team approve {current} -e ENVIRONMENT", current),
        ));
    }
    let hint = "choose another name; for their own new key, they run: envseal team request --replace";
    refuse_name_of_another(team, name, Some(key), hint)
}

/// Reads OpenSSH public keys, one a line, as forges publish them. Returns the ssh-ed25519 keys, each once.
pub(crate) fn parse_keys(text: &[u8], from: &str) -> Result<Vec<IdentityKey>, Error> {
    let text = String::from_utf8_lossy(text);
    if text.contains("-----BEGIN ") {
        return Err(Error::refused(format!("{from} has a private key, where a public key is expected"))
            .with_hint("print its public key: ssh-keygen -yf FILE"));
    }
    let (mut keys, mut others) = (Vec::new(), BTreeSet::new());
    for (at, line) in text.lines().map(str::trim).enumerate() {
        let kind = line.split(' ').next().unwrap_or_default();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if kind != "ssh-ed25519" && ["ssh-", "ecdsa-", "sk-"].iter().any(|start| kind.starts_with(start)) {
            others.insert(kind);
            continue;
        }
        let key = IdentityKey::parse(line).map_err(|error| {
            Error::usage(format!("{from}:{}: {error}", at + 1), "one key a line: ssh-ed25519 AAAA…")
        })?;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    if !keys.is_empty() {
        return Ok(keys);
    }
    let others = others.into_iter().collect::<Vec<_>>().join(", ");
    let others = if others.is_empty() { others } else { format!(" (it has {others})") };
    let message = format!("{from} has no ssh-ed25519 key{others}; only those can be granted access");
    Err(Error::usage(message, "have the member add themselves: envseal team request"))
}

/// Rejects what [`approve`] would reject without decrypting anything, so that no prompt is in vain.
pub(crate) fn refuse_approval(
    project: &Project,
    store: &KeyStore<'_>,
    envs: &[EnvName],
) -> Result<(), Error> {
    own_name(project, &project.team()?, &own_identity(store)?.identity.public())?;
    envs.iter().try_for_each(|env| trusted_file(project, store, env).map(drop))
}

/// Grants the environments to the member, all or none, signed by this user. Adds a new member in the same change.
pub(crate) fn approve(
    project: &Project,
    store: &KeyStore<'_>,
    candidate: &Candidate,
    envs: &[EnvName],
) -> Result<Approval, Error> {
    let me = if envs.is_empty() { None } else { Some(own_identity(store)?) };
    let (mut keys, mut own) = (Vec::new(), Vec::new());
    for env in envs.iter().collect::<BTreeSet<_>>() {
        let file = trusted_file(project, store, env)?;
        let (key, place) = located_key(project, store, env)?;
        KeyTrust { file: &file, project, store }.refuse_old_key(&key, false)?;
        own.extend(lasts(&place).then(|| (env.clone(), key.clone())));
        keys.push((env.clone(), key));
    }
    let (mut done, objects) = (Approval::default(), project.repository()?);
    change_team(project, |team| {
        if candidate.is_new {
            refuse_taken(team, &candidate.name, &candidate.key)?;
            team.put_member(&candidate.name, &candidate.key);
        }
        let Some(me) = me else { return Ok(()) };
        refuse_changed_keys(project, &keys)?;
        done = grant(project, team, (&candidate.name, &candidate.key), &keys, &me.identity)?;
        let key = me.identity.public();
        let is_own = team.member_of(&key).is_some_and(|name| is_own(store, objects.as_deref(), name));
        if candidate.key != key && is_own && may_grant_itself(project, team, &key) {
            done.own = grant_to_self(project, team, &own, &me.identity)?;
        }
        Ok(())
    })?;
    Ok(done)
}

/// Rejects keys that env files no longer have. They were found before the lock was taken, because that may prompt.
fn refuse_changed_keys(project: &Project, keys: &[(EnvName, PrivateKey)]) -> Result<(), Error> {
    let now = Project::of(project.root(), project.repositories())?;
    for (env, key) in keys {
        match now.key_of(env)? {
            Some((_, public)) if public == key.public() => {}
            Some((path, _)) => return Err(changed_meanwhile(&path)),
            None => return Err(changed_meanwhile(project.root())),
        }
    }
    Ok(())
}

/// Grants this user the environments of `keys`. Returns those that had no valid grant.
fn grant_to_self(
    project: &Project,
    team: &mut TeamFile,
    keys: &[(EnvName, PrivateKey)],
    me: &Identity,
) -> Result<Vec<EnvName>, Error> {
    let key = me.public();
    let name = own_name(project, team, &key)?;
    let granted = grant(project, team, (&name, &key), keys, me)?.granted;
    Ok(granted.into_iter().map(|(env, _)| env).collect())
}

fn grant(
    project: &Project,
    team: &mut TeamFile,
    (name, key): (&MemberName, &IdentityKey),
    keys: &[(EnvName, PrivateKey)],
    me: &Identity,
) -> Result<Approval, Error> {
    let mine = own_name(project, team, &me.public())?;
    // Grants only to the key whose fingerprint was confirmed.
    if team.members().get(name) != Some(key) {
        return Err(no_member(team, name.as_str()));
    }
    let mut approval = Approval::default();
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

/// Returns an env file of the environment. Rejects a key that isn't trusted, or that another environment has too.
pub(crate) fn trusted_file(project: &Project, store: &KeyStore<'_>, env: &EnvName) -> Result<EnvFile, Error> {
    let (path, key) = public_key(project, env)?;
    project.refuse_shared_key(env, &key)?;
    let file = EnvFile::load(&path)?;
    let trouble = Pinning::default().trouble(KeyTrust { file: &file, project, store })?;
    trouble.map_or(Ok(file), Err)
}
