//! What someone's leaving means: which environments are to be rotated, and whose grants are in doubt.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::approve::no_member;
use super::error::AccessError;
use super::past::Past;
use crate::config::{ENV_FILE_GLOBS, EnvName, TEAM_FILE, TEAM_FILE_GLOB, is_env_file};
use crate::crypto::{IdentityKey, KeyId, PublicKey};
use crate::error::ErrorKind;
use crate::git::Repo;
use crate::keys::{KeyLookupError, KeyStore};
use crate::project::{EnvFile, Scope, VaultError, tag_key};
use crate::team::{GrantLine, MemberName, TeamFile};

/// What a member could read: the keys of each environment.
pub(super) type Keys = BTreeMap<EnvName, BTreeSet<PublicKey>>;

/// What someone's leaving means, to be confirmed before anything is done.
pub(crate) struct Leaving {
    /// Who leaves.
    pub name: MemberName,
    /// The key that the member has, or had.
    pub key: IdentityKey,
    /// The environments whose key the member has, and this user too: they are to be rotated.
    pub rotated: Vec<EnvName>,
    /// Those whose key the member has and this user has not: someone else must finish there.
    pub out_of_reach: Vec<(EnvName, KeyId)>,
    /// Those of which the member has older keys only.
    pub older: Vec<EnvName>,
    /// The grants that stand and that the member made, or people whom the member let in: each to be confirmed, or
    /// dropped.
    pub in_doubt: Vec<GrantLine>,
    /// Team files of other scopes in this worktree of which the same key is a member, and what that is called there.
    pub elsewhere: Vec<(PathBuf, MemberName)>,
    /// Other names of the same key in this team: they go as well.
    pub aliases: Vec<MemberName>,
    /// Env files that are sealed to a key the member has, and that are none of this scope's: those of another one, and
    /// those that the policy excludes.
    pub astray: Vec<(PathBuf, PublicKey)>,
    pub(super) keys: Keys,
    pub(super) past: Past,
    /// The private key is at hand.
    pub(super) open: BTreeSet<EnvName>,
}

/// Looks into what `name`'s leaving means. `also` are environments whose keys the member had in another way than by
/// grant, such as the keys file. Someone who was removed already may leave behind what is to be finished.
pub(crate) fn leaving(
    scope: &Scope,
    store: &KeyStore<'_>,
    objects: Option<&Repo>,
    name: &str,
    also: &[EnvName],
) -> Result<Leaving, AccessError> {
    let objects = objects.ok_or_else(|| AccessError::NoRepository(scope.root().to_owned()))?;
    let team = scope.team()?;
    let removed = || team.removed().get_key_value(name).map(|(name, was)| (name, &was.key));
    let (name, key) =
        team.members().get_key_value(name).or_else(removed).ok_or_else(|| no_member(&team, name))?;
    let me = store.me()?.ok_or(AccessError::NoIdentity)?.identity.public();
    super::list::myself(scope, &team, &me)?;
    if me == *key {
        return Err(AccessError::Myself(name.clone()));
    }
    let past = Past::read(scope, objects)?;
    let mut keys = past.keys_of(key);
    let envs = scope.environments()?;
    for env in also {
        let (_, public) = envs
            .get(env)
            .ok_or_else(|| AccessError::NoEnvironment { env: env.clone(), root: scope.root().to_owned() })?;
        let all = keys.entry(env.clone()).or_default();
        all.insert(*public);
        all.extend(past.public_keys(env));
    }
    // A key is known under whatever name its environment has by now.
    let known: BTreeSet<PublicKey> = keys.values().flatten().copied().collect();
    for (env, (_, public)) in &envs {
        let mut ever = past.public_keys(env);
        ever.insert(*public);
        ever.retain(|key| known.contains(key));
        if !ever.is_empty() {
            keys.entry(env.clone()).or_default().extend(ever);
        }
    }
    let in_doubt = in_doubt(&team, &past, key, &me);
    let mut leaving = Leaving {
        name: name.clone(),
        key: *key,
        rotated: Vec::new(),
        out_of_reach: Vec::new(),
        older: Vec::new(),
        in_doubt,
        elsewhere: elsewhere(scope, key)?,
        aliases: team.names_of(key).into_iter().filter(|alias| alias != name).collect(),
        astray: astray(scope, &known)?,
        keys,
        past,
        open: BTreeSet::new(),
    };
    // What whoever is in doubt could read may have to be rotated as well.
    let doubted: BTreeSet<_> = leaving.in_doubt.iter().map(|line| line.env.clone()).collect();
    for (env, (path, public)) in &envs {
        let held = leaving.keys.get(env);
        if held.is_none() && !doubted.contains(env) {
            continue;
        }
        let has_current = held.is_some_and(|keys| keys.contains(public));
        match store.find(env, public, path.parent().unwrap_or(scope.root())) {
            Ok(key) => {
                let is_owed = team.exposures().iter().any(|exposure| exposure.env == *env);
                if (is_owed || team.tag_key(env).is_some()) && tag_key(&team, env, &key).is_none() {
                    return Err(AccessError::TagKey { env: env.clone(), key: public.id() });
                }
                leaving.open.insert(env.clone());
                match has_current {
                    true => leaving.rotated.push(env.clone()),
                    false if held.is_some() => leaving.older.push(env.clone()),
                    false => {}
                }
            }
            Err(KeyLookupError::NotFound { .. }) if has_current || doubted.contains(env) => {
                leaving.out_of_reach.push((env.clone(), public.id()));
            }
            Err(KeyLookupError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(leaving)
}

/// The grants that stand and go back to `who`: made by `who` at any time, or by someone whose own grants go back there.
/// Those to `who` and to `me` are none of them.
fn in_doubt(team: &TeamFile, past: &Past, who: &IdentityKey, me: &IdentityKey) -> Vec<GrantLine> {
    let mut suspects = BTreeSet::from([*who]);
    loop {
        let before = suspects.len();
        let let_in: Vec<_> = suspects.iter().flat_map(|suspect| past.granted_by(suspect)).collect();
        suspects.extend(let_in.into_iter().filter(|key| key != me));
        if suspects.len() == before {
            break;
        }
    }
    let is_in_doubt = |line: &&GrantLine| {
        team.members().get(&line.member).is_some_and(|key| {
            key != who && key != me && past.granters(&line.env, key).iter().any(|by| suspects.contains(by))
        })
    };
    team.grants().iter().filter(is_in_doubt).cloned().collect()
}

/// The team files of other scopes of which `key` is a member. One that is no team file has no say.
fn elsewhere(scope: &Scope, key: &IdentityKey) -> Result<Vec<(PathBuf, MemberName)>, AccessError> {
    let Some(repo) = scope.repository()? else { return Ok(Vec::new()) };
    let is_team_file = |path: &Path| path.file_name().is_some_and(|name| name == TEAM_FILE);
    let mut files = repo.list_files(repo.root(), &[TEAM_FILE_GLOB], &is_team_file)?;
    files.retain(|path| *path != scope.team_file());
    let mut found = Vec::new();
    for path in files {
        let text = crate::fs::read(&path).map_err(VaultError::from)?;
        let team = TeamFile::parse(&text).ok();
        let name = team.and_then(|team| team.member_of(key).cloned());
        found.extend(name.map(|name| (path, name)));
    }
    Ok(found)
}

/// The env files outside of the scope's own that are sealed to one of these keys. One that is no env file has no
/// say.
fn astray(scope: &Scope, known: &BTreeSet<PublicKey>) -> Result<Vec<(PathBuf, PublicKey)>, AccessError> {
    let Some(repo) = scope.repository()? else { return Ok(Vec::new()) };
    let own = scope.env_files(scope.root())?;
    let mut files = repo.list_files(repo.root(), &ENV_FILE_GLOBS, &is_env_file)?;
    files.retain(|path| !own.contains(path));
    let mut found = Vec::new();
    for path in files {
        match EnvFile::load(&path) {
            Err(error) if matches!(error.kind(), ErrorKind::Io | ErrorKind::NotFound) => {
                return Err(error.into());
            }
            Err(_) => {}
            Ok(file) => {
                found.extend(file.public_key().filter(|key| known.contains(*key)).map(|key| (path, *key)));
            }
        }
    }
    Ok(found)
}
