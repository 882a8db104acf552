//! Joining the team.

use std::path::PathBuf;

use super::error::AccessError;
use crate::crypto::IdentityKey;
use crate::git::Repo;
use crate::keys::{IdentityPlace, KeyStore};
use crate::project::{Scope, change_team};
use crate::team::{MemberName, TeamFile};

/// How someone joined.
pub(crate) struct Joined {
    /// The name.
    pub name: MemberName,
    /// The key.
    pub key: IdentityKey,
    /// Where the private half is.
    pub place: IdentityPlace,
    /// Whether it was made just now.
    pub made: bool,
    /// Whether the team file was changed; otherwise this user was a member already.
    pub added: bool,
    /// Whether nobody was a member before.
    pub first: bool,
    /// The team file.
    pub team_file: PathBuf,
}

/// Makes this user a member, without access to anything yet. Where the user has no identity, one is made.
///
/// The name is `wanted`, else the part before the `@` of git's `user.email`, else git's `user.name`.
pub(crate) fn join(
    scope: &Scope,
    store: &KeyStore<'_>,
    objects: Option<&Repo>,
    wanted: Option<&str>,
    on_wait: &dyn Fn(),
) -> Result<Joined, AccessError> {
    let team = scope.team()?;
    let first = team.members().is_empty();
    let mine = store.me()?;
    let made = mine.is_none();
    let (key, place) = match mine {
        Some(me) => (me.identity.public(), me.place.clone()),
        None => {
            // A name that is refused is refused before anything is made.
            name_for(&team, None, objects, wanted)?;
            let me = store.make_identity()?;
            (me.identity.public(), me.place)
        }
    };
    let name = name_for(&team, Some(&key), objects, wanted)?;
    let mut refused = None;
    let added = change_team(scope, on_wait, |team| {
        // Another envseal may have been at work in the meantime.
        match name_for(team, Some(&key), objects, Some(name.as_str())) {
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

/// What this user is to be called in `team`: the name it has there already, else the one wanted or known to git, if
/// nobody else has or had it.
fn name_for(
    team: &TeamFile,
    key: Option<&IdentityKey>,
    objects: Option<&Repo>,
    wanted: Option<&str>,
) -> Result<MemberName, AccessError> {
    let has = key.and_then(|key| team.member_of(key));
    let name = match (wanted, has) {
        (Some(wanted), _) => MemberName::new(wanted)?,
        (None, Some(has)) => return Ok(has.clone()),
        (None, None) => known_to_git(objects).ok_or(AccessError::NoName)?,
    };
    if let Some(has) = has.filter(|has| **has != name) {
        let fingerprint = team.members()[has].fingerprint();
        return Err(AccessError::IsMember { name: has.clone(), fingerprint });
    }
    let removed = team.removed().iter();
    if let Some((was, _)) = removed.into_iter().find(|(_, was)| Some(&was.key) == key) {
        let fingerprint = key.expect("just compared").fingerprint();
        return Err(AccessError::WasRemoved { name: was.clone(), fingerprint });
    }
    let others = team.members().get(&name).or_else(|| team.removed().get(&name).map(|was| &was.key));
    match others.filter(|other| Some(*other) != key) {
        Some(other) => Err(AccessError::NameTaken { name, fingerprint: other.fingerprint() }),
        None => Ok(name),
    }
}

fn known_to_git(objects: Option<&Repo>) -> Option<MemberName> {
    let setting = |name| objects?.setting(name);
    let email = setting("user.email").and_then(|email| email.split('@').next().map(str::to_owned));
    let name = setting("user.name").map(|name| name.to_lowercase().replace(char::is_whitespace, "-"));
    [email, name].into_iter().flatten().find_map(|name| MemberName::new(&name).ok())
}
