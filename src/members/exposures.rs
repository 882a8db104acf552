//! What those who left could read, and whether it is still the same.

use std::collections::{BTreeMap, BTreeSet};

use super::error::AccessError;
use crate::config::EnvName;
use crate::crypto::{Opener, PrivateKey};
use crate::keys::{KeyLookupError, KeyStore};
use crate::project::{EnvFile, Scope, Standing, change_team, standing, tag_key};
use crate::team::{Exposure, ExposureState, TeamFile};

/// How an exposed value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// The entry was altered by someone who does not hold the environment's key; so it counts as exposed.
    Altered,
    /// It is the value that could be read.
    Exposed,
    /// It was set by someone without the key, and nobody has looked since.
    Unverified,
    /// It is another value.
    Replaced,
    /// No sealed value has the name any more.
    Gone,
}

impl Verdict {
    /// As it is printed.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Altered => "altered",
            Self::Exposed => "exposed",
            Self::Unverified => "unverified",
            Self::Replaced => "replaced",
            Self::Gone => "gone",
        }
    }

    /// Whether someone still has to do something.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Altered | Self::Exposed | Self::Unverified)
    }
}

/// An exposed value.
pub(crate) struct Exposed {
    /// What was recorded.
    pub exposure: Exposure,
    /// How it stands.
    pub verdict: Verdict,
    /// Whether that was seen with the environment's key, or is only what the team file says.
    pub verified: bool,
}

/// Every exposure of the scope, the oldest first.
pub(crate) fn exposures(scope: &Scope, store: &KeyStore<'_>) -> Result<Vec<Exposed>, AccessError> {
    let team = scope.team()?;
    let mut by_env: BTreeMap<&EnvName, Vec<&Exposure>> = BTreeMap::new();
    for exposure in team.exposures() {
        by_env.entry(&exposure.env).or_default().push(exposure);
    }
    let mut found = Vec::new();
    for (env, exposures) in by_env {
        found.extend(of_environment(scope, store, &team, env, exposures)?);
    }
    found.sort_by(|one, other| {
        let key = |exposed: &Exposed| {
            let Exposure { since, env, name, member, .. } = &exposed.exposure;
            (since.seconds, env.clone(), name.clone(), member.clone())
        };
        key(one).cmp(&key(other))
    });
    Ok(found)
}

/// Writes what was seen with the keys at hand into the team file, so that who has none can believe it. Returns whether
/// that changed anything.
pub(crate) fn confirm(scope: &Scope, seen: &[Exposed], on_wait: &dyn Fn()) -> Result<bool, AccessError> {
    let changed = change_team(scope, on_wait, |team| {
        for exposed in seen.iter().filter(|exposed| exposed.verified) {
            let state = match exposed.verdict {
                Verdict::Exposed => ExposureState::Exposed,
                Verdict::Replaced => ExposureState::Replaced,
                Verdict::Altered | Verdict::Unverified | Verdict::Gone => continue,
            };
            // Only of what still stands as it was seen.
            if state != exposed.exposure.state && team.exposures().contains(&exposed.exposure) {
                team.put_exposure(Exposure { state, ..exposed.exposure.clone() });
            }
        }
        Ok(())
    })?;
    Ok(changed)
}

fn of_environment(
    scope: &Scope,
    store: &KeyStore<'_>,
    team: &TeamFile,
    env: &EnvName,
    exposures: Vec<&Exposure>,
) -> Result<Vec<Exposed>, AccessError> {
    let mut files = Vec::new();
    for path in scope.env_files(scope.root())? {
        if EnvName::of_file(&path).ok().as_ref() == Some(env) {
            files.push(EnvFile::load(&path)?);
        }
    }
    let key = match scope.key_of(env)? {
        Some((path, public)) => match store.find(env, &public, path.parent().unwrap_or(scope.root())) {
            Ok(key) => Some(key),
            // Locked, with nobody to ask: what is known without the key is told.
            Err(KeyLookupError::NotFound { .. } | KeyLookupError::Locked(_)) => None,
            Err(error) => return Err(error.into()),
        },
        None => None,
    };
    if files.is_empty() {
        files = heirs(scope, team, env)?;
    }
    let Some(key) = key else {
        let seen = |exposure: &Exposure| {
            let named = |file: &EnvFile| file.has_sealed(&|name| name == exposure.name);
            let verdict = match exposure.state {
                _ if !files.iter().any(named) => Verdict::Gone,
                ExposureState::Exposed => Verdict::Exposed,
                ExposureState::Unverified => Verdict::Unverified,
                ExposureState::Replaced => Verdict::Replaced,
            };
            Exposed { exposure: exposure.clone(), verdict, verified: false }
        };
        return Ok(exposures.into_iter().map(seen).collect());
    };
    let tags = tag_key(team, env, &key)
        .ok_or_else(|| AccessError::TagKey { env: env.clone(), key: key.public().id() })?;
    let mut older: Option<Vec<PrivateKey>> = None;
    let mut opener = Opener::new(key.clone());
    let mut found = Vec::new();
    let all: Vec<_> = exposures.iter().copied().cloned().collect();
    let documents: Vec<_> = files.iter().map(EnvFile::document).collect();
    for exposure in exposures {
        let by = |key: &PrivateKey| exposure.proof_by(key) == exposure.proof;
        // Recorded on another branch, before a rotation on this one.
        let proven = by(&key) || older_keys(scope, store, env, &mut older)?.iter().any(by);
        let verdict = match standing(exposure, &all, &tags, &mut opener, &documents) {
            _ if !proven => Verdict::Altered,
            Standing::Same => Verdict::Exposed,
            Standing::Other => Verdict::Replaced,
            Standing::Gone => Verdict::Gone,
        };
        found.push(Exposed { exposure: exposure.clone(), verdict, verified: true });
    }
    Ok(found)
}

/// The env files that an environment which has none lives on in, under another name: they are sealed to the key that its
/// exposed values are told by, or to one that rotations led to. What is said by whom is of no matter: at worst a value
/// counts that need not.
fn heirs(scope: &Scope, team: &TeamFile, env: &EnvName) -> Result<Vec<EnvFile>, AccessError> {
    let Some(tags) = team.tag_key(env) else { return Ok(Vec::new()) };
    let mut keys = BTreeSet::from([tags.key_id()]);
    let mut before = 0;
    while before < keys.len() {
        before = keys.len();
        for rotation in
            team.all_rotations().filter(|rotation| keys.contains(&rotation.old.id())).collect::<Vec<_>>()
        {
            keys.insert(rotation.new.id());
        }
    }
    let mut files = Vec::new();
    for path in scope.env_files(scope.root())? {
        let file = EnvFile::load(&path)?;
        if file.public_key().is_some_and(|key| keys.contains(&key.id())) {
            files.push(file);
        }
    }
    Ok(files)
}

fn older_keys<'a>(
    scope: &Scope,
    store: &KeyStore<'_>,
    env: &EnvName,
    older: &'a mut Option<Vec<PrivateKey>>,
) -> Result<&'a [PrivateKey], AccessError> {
    if older.is_none() {
        let mut keys = store.all(env, scope.root())?;
        keys.extend(store.ever_granted(scope.root())?);
        *older = Some(keys);
    }
    Ok(older.as_deref().unwrap_or_default())
}
