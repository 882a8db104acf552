//! Exposed values: whether they are still the ones that someone who left could read.

use std::path::PathBuf;

use super::error::VaultError;
use super::file::{EnvFile, real_place, token};
use super::roster::tag_key;
use super::scope::Scope;
use crate::config::EnvName;
use crate::crypto::{Kind, Opened, Opener, PrivateKey, Proof, TagKey};
use crate::dotenv::{Document, read};
use crate::keystore::KeyStore;
use crate::team::{Exposure, ExposureState, TeamFile};

/// How a value stands to what was exposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is one that could be read, or nobody can tell that it is not.
    Same,
    /// It is another.
    Other,
    /// No sealed value has the name any more.
    Gone,
}

/// What a value is told by: as it is read, unquoted, nothing expanded.
pub fn value_tag(tags: &TagKey, env: &EnvName, name: &str, opened: &Opened) -> Proof {
    match opened.kind {
        Kind::Value => tags.tag(env.as_str(), name, opened.bytes.expose()),
        Kind::Source => tags.tag(env.as_str(), name, &read(opened.bytes.expose()).1),
    }
}

/// How the value of an exposure stands in the environment's files.
pub fn standing<'a>(
    exposure: &Exposure,
    tags: &TagKey,
    opener: &mut Opener,
    documents: impl IntoIterator<Item = &'a Document>,
) -> Standing {
    let mut found = Standing::Gone;
    for document in documents {
        for entry in document.entries().iter().filter(|entry| document.name(entry) == exposure.name) {
            // Plain text is for all to read, and no longer a secret that could be replaced.
            let Some(token) = token(document, entry) else { continue };
            let opened = token.ok().and_then(|token| opener.open(&exposure.name, &token).ok());
            let tag = opened.map(|opened| value_tag(tags, &exposure.env, &exposure.name, &opened));
            if tag.is_none_or(|tag| exposure.tags.contains(&tag)) {
                return Standing::Same;
            }
            found = Standing::Other;
        }
    }
    found
}

/// An env file and the document that is to take its place.
pub(super) type Changed<'a> = (&'a EnvFile, &'a Document);

/// A value of which something else is known now, and what.
pub(super) type Noted = (EnvName, String, ExposureState);

/// A team file's text and its new one, and what is recorded in that.
pub(super) struct Renewed {
    pub(super) before: Vec<u8>,
    pub(super) after: String,
    pub(super) noted: Vec<Noted>,
}

/// The team file's change, where what is known of exposures changes with these files: a holder of an environment's key
/// sees whether a value is another one; of what is set without it, nobody knows any more.
pub(super) fn renewed(
    scope: &Scope,
    store: &KeyStore<'_>,
    changed: &[Changed<'_>],
) -> Result<Option<Renewed>, VaultError> {
    let before = scope.team_text()?.unwrap_or_default();
    let team = scope.parse_team(&before)?;
    let (mut renewed, mut noted) = (team.clone(), Vec::new());
    let mut envs: Vec<_> = team.exposures().iter().map(|exposure| exposure.env.clone()).collect();
    envs.sort();
    envs.dedup();
    for env in envs {
        let of_env: Vec<_> = changed.iter().filter(|(file, _)| *file.env() == env).collect();
        let Some((file, _)) = of_env.first() else { continue };
        let Some(public) = file.public_key() else { continue };
        // A change needs no key, so nobody is asked for a passphrase.
        let key = store.find_unasked(&env, public, &file.dir())?;
        let known = key.and_then(|key| tag_key(&team, &env, &key).map(|tags| (key, tags)));
        let others = other_files(scope, &env, &of_env)?;
        let documents =
            || of_env.iter().map(|(_, document)| *document).chain(others.iter().map(EnvFile::document));
        let exposures: Vec<_> = team.exposures().iter().filter(|exposure| exposure.env == env).collect();
        let mut states = Vec::new();
        match known {
            Some((key, tags)) => {
                let mut opener = Opener::new(key.clone());
                for exposure in &exposures {
                    carry(&mut renewed, exposure, &tags, &key, &mut opener, &of_env);
                }
                states.extend(exposures.iter().map(|exposure| {
                    match standing(exposure, &tags, &mut opener, documents()) {
                        // By tags that someone without the key wrote, it would always be another.
                        Standing::Other if exposure.proof_by(&key) != exposure.proof => exposure.state,
                        Standing::Same => ExposureState::Exposed,
                        Standing::Other => ExposureState::Replaced,
                        Standing::Gone => exposure.state,
                    }
                }));
            }
            None => states.extend(exposures.iter().map(|exposure| {
                let touched = of_env.iter().any(|changed| is_other(changed, &exposure.name));
                if touched { ExposureState::Unverified } else { exposure.state }
            })),
        }
        put(&mut renewed, &mut noted, exposures, states);
    }
    let after = renewed.text();
    // Of one value that several people could read, the most doubtful.
    noted.sort_by_key(|(env, name, state)| (env.clone(), name.clone(), *state == ExposureState::Replaced));
    noted.dedup_by(|(env, name, _), (first_env, first_name, _)| {
        (&*env, &*name) == (&*first_env, &*first_name)
    });
    Ok((after != team.text()).then_some(Renewed { before, after, noted }))
}

/// What could be read is not replaced by another name: the exposure goes along.
fn carry(
    team: &mut TeamFile,
    exposure: &Exposure,
    tags: &TagKey,
    key: &PrivateKey,
    opener: &mut Opener,
    changed: &[&Changed<'_>],
) {
    let has = |document: &Document| document.last(&exposure.name).is_some();
    let goes = |(file, document): &&&Changed<'_>| has(file.document()) && !has(document);
    if !changed.iter().any(|changed| goes(&changed)) || exposure.proof_by(key) != exposure.proof {
        return;
    }
    for pair in changed {
        let document = pair.1;
        for entry in document.entries() {
            let name = document.name(entry);
            let Some(Ok(token)) = token(document, entry).filter(|_| is_other(pair, name)) else { continue };
            let Ok(opened) = opener.open(name, &token) else { continue };
            if !exposure.tags.contains(&value_tag(tags, &exposure.env, &exposure.name, &opened)) {
                continue;
            }
            let same = |there: &&Exposure| {
                there.env == exposure.env && there.member == exposure.member && there.name == name
            };
            let before = team.exposures().iter().find(same).map(|before| before.tags.clone());
            let mut all = before.unwrap_or_default();
            all.push(value_tag(tags, &exposure.env, name, &opened));
            all.sort();
            all.dedup();
            let mut carried = Exposure {
                name: name.to_owned(),
                state: ExposureState::Exposed,
                tags: all,
                ..exposure.clone()
            };
            carried.proof = carried.proof_by(key);
            team.put_exposure(carried);
        }
    }
}

fn put(team: &mut TeamFile, noted: &mut Vec<Noted>, exposures: Vec<&Exposure>, states: Vec<ExposureState>) {
    for (exposure, state) in exposures.into_iter().zip(states).filter(|(old, state)| old.state != *state) {
        noted.push((exposure.env.clone(), exposure.name.clone(), state));
        team.put_exposure(Exposure { state, ..exposure.clone() });
    }
}

/// The environment's files in the scope that are not being changed.
fn other_files(scope: &Scope, env: &EnvName, changed: &[&Changed<'_>]) -> Result<Vec<EnvFile>, VaultError> {
    let places: Vec<PathBuf> = changed.iter().map(|(file, _)| real_place(file.path())).collect();
    let is_other = |path: &PathBuf| {
        EnvName::of_file(path).ok().as_ref() == Some(env) && !places.contains(&real_place(path))
    };
    scope
        .env_files(scope.root())?
        .iter()
        .filter(|path| is_other(path))
        .map(|path| EnvFile::load(path))
        .collect()
}

/// Whether what the name stands for is written otherwise than before.
fn is_other((file, document): &Changed<'_>, name: &str) -> bool {
    let sources = |document: &Document| {
        let entries = document.entries().iter().filter(|entry| document.name(entry) == name);
        entries.map(|entry| document.source(entry).to_vec()).collect::<Vec<_>>()
    };
    sources(file.document()) != sources(document)
}
