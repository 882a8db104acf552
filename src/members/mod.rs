//! Access: members join, are granted environments, and leave, with a record of every value that they could read.

mod access_history;
mod exposures;
mod holders;
mod join;
mod list;
mod remove;
mod replace;

pub(crate) use exposures::{ExposedValue, confirm, exposed_elsewhere, exposures};
pub(crate) use holders::{AccessDecisions, DoubtfulGrant, access_choices, plan_rotation, rotate_planned};
pub(crate) use join::{
    Approval, Candidate, Joined, approve, candidate, join, new_candidate, parse_keys, refuse_approval,
    trusted_file,
};
pub(crate) use list::{GrantRow, HolderRow, MemberRow, RemovedMemberRow, TeamReport, list};
pub(crate) use remove::{RemovalPlan, plan_removal, remove};
pub(crate) use replace::{ReplacedKey, replace_key};

use std::path::PathBuf;

use crate::config::EnvName;
use crate::crypto::{IdentityKey, PrivateKey, PublicKey};
use crate::error::Error;
use crate::fs::folder_of;
use crate::git::display_path;
use crate::keys::{KeyLookupError, KeyPlace, KeyStore, OwnIdentity};
use crate::project::{EnvFile, Project, exposure_names, tag_key};
use crate::team::{MemberName, TeamFile};

const REQUEST: &str = "become a member: envseal team request";

/// Returns this user's identity. Rejects a user who has none.
pub(crate) fn own_identity<'a>(store: &'a KeyStore<'_>) -> Result<&'a OwnIdentity, Error> {
    store.me()?.ok_or_else(|| Error::refused("you have no identity yet").with_status(3).with_hint(REQUEST))
}

/// Returns the name in the team of the user who has `key`.
fn own_name(project: &Project, team: &TeamFile, key: &IdentityKey) -> Result<MemberName, Error> {
    team.member_of(key).cloned().ok_or_else(|| {
        let print = key.fingerprint();
        if let Some((name, _)) = team.removed().iter().find(|(_, removed)| removed.key == *key) {
            return Error::refused(format!("your key ({print}) was removed from the team as {name}"))
                .with_status(3)
                .with_hint("name the identity that you have now: -i FILE");
        }
        let message = format!("you ({print}) are not a member in {}", project.team_file().display());
        Error::refused(message).with_status(3).with_hint(REQUEST)
    })
}

pub(crate) fn no_member(team: &TeamFile, name: &str) -> Error {
    let is_similar = |other: &&MemberName| strsim::damerau_levenshtein(other.as_str(), name) <= 2;
    let hint = match team.members().keys().find(is_similar) {
        Some(similar) => hint!("did you mean {similar}?", similar),
        None => "see who is: envseal team list".into(),
    };
    Error::usage(format!("no member is named {name}"), hint)
}

pub(crate) fn check_fingerprint(name: &MemberName, key: &IdentityKey, given: &str) -> Result<(), Error> {
    let found = key.fingerprint();
    if found == given {
        return Ok(());
    }
    let message = format!("the fingerprint of {name} is {found}, not {given}");
    Err(Error::usage(message, hint!("have {name} read it to you: envseal team whoami", name)))
}

/// Rejects a key that was removed from the team, even if it was put back by hand under any name.
fn refuse_removed(team: &TeamFile, key: &IdentityKey) -> Result<(), Error> {
    let Some((name, _)) = team.removed().iter().find(|(_, was)| was.key == *key) else { return Ok(()) };
    let message = format!("this key ({}) was removed from the team as {name}", key.fingerprint());
    Err(Error::refused(message).with_hint(
        "make a new identity: ssh-keygen -t ed25519 -f FILE, then envseal team request -i FILE --name NAME",
    ))
}

/// Returns the error for a key of exposure tags that can't be decrypted, so that no value can be compared with them.
fn unreadable_tag_key(env: &EnvName, key: &PublicKey) -> Error {
    let message =
        format!("the exposure tags of {env} in envseal.toml cannot be decrypted with key {}", key.id());
    Error::refused(message).with_status(3).with_hint("see who changed them: git log -p -- envseal.toml")
}

/// Returns an environment's public key, and an env file that has it.
fn public_key(project: &Project, env: &EnvName) -> Result<(PathBuf, PublicKey), Error> {
    project.key_of(env)?.ok_or_else(|| no_environment(project, env))
}

fn no_environment(project: &Project, env: &EnvName) -> Error {
    let ignored = project.passed_over(project.root(), &[]).unwrap_or_default();
    if let Some(path) = ignored.iter().find(|path| EnvName::of_file(path).as_ref() == Ok(env)) {
        let message = format!("git ignores {}, so nobody else gets its values", display_path(path));
        return Error::refused(message);
    }
    Error::refused(format!("no env file below {} has a key for {env}", project.root().display()))
        .with_hint("see which environments there are: envseal ls")
}

/// Finds the private key of an environment, with which exposures are recorded, and the name under which they are. Returns
/// None if this user doesn't have the key. Rejects a key that can't decrypt the existing tag key.
fn recording_key(
    project: &Project,
    store: &KeyStore<'_>,
    team: &TeamFile,
    env: &EnvName,
    (path, public): &(PathBuf, PublicKey),
) -> Result<Option<(PrivateKey, EnvName)>, Error> {
    let key = match store.find(env, public, folder_of(path)) {
        Err(KeyLookupError::NotFound { .. }) => return Ok(None),
        key => key?,
    };
    let name = exposure_names(project, team, env, &key)?.swap_remove(0);
    if (team.exposed_names().contains(&name) || team.tag_key(&name).is_some())
        && tag_key(team, &name, &key).is_none()
    {
        return Err(unreadable_tag_key(&name, public));
    }
    Ok(Some((key, name)))
}

/// Returns an environment's private key and the place where it was found.
fn located_key(
    project: &Project,
    store: &KeyStore<'_>,
    env: &EnvName,
) -> Result<(PrivateKey, KeyPlace), Error> {
    let (path, public) = public_key(project, env)?;
    Ok(store.locate(env, &public, folder_of(&path))?)
}

fn files_of(project: &Project, env: &EnvName) -> Result<Vec<EnvFile>, Error> {
    let paths = project.env_files(project.root())?;
    let of_env = paths.iter().filter(|path| EnvName::of_file(path).ok().as_ref() == Some(env));
    of_env.map(|path| EnvFile::load(path)).collect()
}
