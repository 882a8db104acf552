//! Exposed values: those that removed members could read. Records them, and compares them with the values of today.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::access_history::AccessHistory;
use super::remove::other_team_files;
use super::unreadable_tag_key;
use crate::config::EnvName;
use crate::crypto::{IdentityKey, KeyId, Opener, PrivateKey, Proof, PublicKey, TagKey};
use crate::error::Error;
use crate::fs::folder_of;
use crate::keys::{KeyLookupError, KeyStore};
use crate::project::{
    EnvFile, Project, Standing, change_team, exposure_files, put_exposed, put_tag_key, standing, tag_key,
    value_tag,
};
use crate::team::{Exposure, ExposureState, MemberName, TeamFile};
use crate::time::Moment;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ExposureVerdict {
    /// The record was altered by someone without the environment's key, so the value counts as exposed.
    Altered,
    /// The state in the team file, or by comparison with the current value.
    Known(ExposureState),
    /// No sealed value has the name any more.
    Gone,
}

impl ExposureVerdict {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Altered => "altered",
            Self::Known(state) => state.as_str(),
            Self::Gone => "gone",
        }
    }

    /// Returns true if the value is still to be replaced or compared.
    pub(crate) fn is_open(self) -> bool {
        !matches!(self, Self::Known(ExposureState::Replaced) | Self::Gone)
    }
}

pub(crate) struct ExposedValue {
    pub exposure: Exposure,
    /// The environment that has the value now: that of the exposure, unless it was renamed.
    pub present: EnvName,
    /// A file that has the exposed value, or if that can't be told, its name.
    pub file: Option<PathBuf>,
    pub verdict: ExposureVerdict,
    /// False if the verdict only repeats the team file, because the environment's key is not available.
    pub verified: bool,
}

/// Returns every exposure in `team`, the project's team file, the oldest first. Without a store nothing is decrypted, and
/// the verdicts repeat the team file.
pub(crate) fn exposures(
    project: &Project,
    store: Option<&KeyStore<'_>>,
    team: &TeamFile,
) -> Result<Vec<ExposedValue>, Error> {
    let mut found = Vec::new();
    for name in team.exposed_names() {
        found.extend(compare(project, store, team, name, &team.exposures_of(name))?);
    }
    found.sort_by_cached_key(|exposed| {
        let Exposure { since, env, name, member, .. } = &exposed.exposure;
        (since.seconds, env.clone(), name.clone(), member.clone())
    });
    Ok(found)
}

/// Returns the team files of other projects that have exposed values, or of which that can't be found out.
pub(crate) fn exposed_elsewhere(project: &Project, store: &KeyStore<'_>) -> Result<Vec<PathBuf>, Error> {
    let store = store.unasking();
    let has_open = |path: &Path, team: Option<TeamFile>| {
        let team = team?;
        if path.symlink_metadata().is_err() {
            return Some(team.exposures().iter().any(|it| it.state != ExposureState::Replaced));
        }
        let other = Project::of(folder_of(path), project.repositories()).ok()?;
        Some(exposures(&other, Some(&store), &team).ok()?.iter().any(|exposed| exposed.verdict.is_open()))
    };
    let files = other_team_files(project)?.into_iter();
    Ok(files.filter_map(|(path, team)| has_open(&path, team).unwrap_or(true).then_some(path)).collect())
}

/// Writes the verified states into the team file, for those who cannot verify them. Returns true if the file changed.
pub(crate) fn confirm(project: &Project, seen: &[ExposedValue]) -> Result<bool, Error> {
    change_team(project, |team| {
        for exposed in seen.iter().filter(|exposed| exposed.verified) {
            let ExposureVerdict::Known(state) = exposed.verdict else { continue };
            // Only if the record is still the one that was compared.
            if state != exposed.exposure.state && team.exposures().contains(&exposed.exposure) {
                team.put_exposure(Exposure { state, ..exposed.exposure.clone() });
            }
        }
        Ok(())
    })
}

/// Compares the exposures of one environment with the values that its files have now.
fn compare(
    project: &Project,
    store: Option<&KeyStore<'_>>,
    team: &TeamFile,
    env: &EnvName,
    exposures: &[Exposure],
) -> Result<Vec<ExposedValue>, Error> {
    let files = exposure_files(project, team, env, &[])?;
    let present = files.first().map_or(env, EnvFile::env);
    let public = if store.is_some() { project.key_of(present)? } else { None };
    let found = store.zip(public).map(|(store, (path, public))| {
        let key = store.find(present, &public, folder_of(&path));
        key.map(|key| (store, key))
    });
    let found = match found {
        Some(Err(KeyLookupError::NotFound { .. } | KeyLookupError::Locked(_))) => None,
        found => found.transpose()?,
    };
    let file_of =
        |exposure: &Exposure| files.iter().find(|file| file.has_sealed(&|name| name == exposure.name));
    let judged = |exposure: &Exposure, file: Option<&EnvFile>, verdict, verified| {
        let file = file.map(|file| file.path().to_owned());
        let (exposure, present) = (exposure.clone(), present.clone());
        ExposedValue { exposure, present, file, verdict, verified }
    };
    let Some((store, key)) = found else {
        let recorded = |exposure: &Exposure| {
            let file = file_of(exposure);
            let verdict = file.map_or(ExposureVerdict::Gone, |_| ExposureVerdict::Known(exposure.state));
            judged(exposure, file, verdict, false)
        };
        return Ok(exposures.iter().map(recorded).collect());
    };
    let tags = tag_key(team, env, &key).ok_or_else(|| unreadable_tag_key(env, &key.public()))?;
    let is_proven = |it: &Exposure, keys: &[PrivateKey]| keys.iter().any(|key| it.proof_by(key) == it.proof);
    let mut keys = vec![key.clone()];
    if !exposures.iter().all(|it| is_proven(it, &keys)) {
        // An older key proves a record of another branch, unless someone who was removed has that key too.
        let is_member = |had: &IdentityKey| team.member_of(had).is_some() && !team.is_removed(had);
        let older = store.older(present, &key.public(), project.root())?;
        keys.extend(older.into_iter().filter(|(_, had)| had.iter().all(is_member)).map(|(key, _)| key));
    }
    let mut opener = Opener::new(key.clone());
    let documents: Vec<_> = files.iter().map(EnvFile::document).collect();
    let compared = exposures.iter().map(|exposure| {
        let (file, verdict) = match standing(exposure, exposures, &tags, &mut opener, &documents) {
            Standing::Same(at) => (Some(&files[at]), ExposureVerdict::Known(ExposureState::Exposed)),
            Standing::Other => (file_of(exposure), ExposureVerdict::Known(ExposureState::Replaced)),
            Standing::Gone => (None, ExposureVerdict::Gone),
        };
        let verdict = if is_proven(exposure, &keys) { verdict } else { ExposureVerdict::Altered };
        judged(exposure, file, verdict, true)
    });
    Ok(compared.collect())
}

/// Records exposures in one environment.
pub(super) struct ExposureRecorder<'a> {
    /// The name under which they are recorded.
    pub(super) env: &'a EnvName,
    /// The key that proves the records.
    pub(super) key: &'a PrivateKey,
    /// The key that the files are encrypted with: `key`, or the one before a rotation.
    pub(super) file_key: &'a PrivateKey,
    /// Older private keys, for older values.
    pub(super) older: &'a [PrivateKey],
    pub(super) files: &'a [EnvFile],
    pub(super) history: &'a AccessHistory,
}

/// The values of one variable.
#[derive(Default)]
struct SeenValues {
    tags: BTreeSet<Proof>,
    /// True if there is a value that cannot be decrypted any more.
    has_unreadable: bool,
}

impl ExposureRecorder<'_> {
    /// Records what `member`, who had `keys`, could read and is unchanged. Returns the number of values still in files.
    pub(super) fn record(
        &self,
        team: &mut TeamFile,
        member: &MemberName,
        keys: &BTreeSet<PublicKey>,
        now: Moment,
    ) -> usize {
        let tags = tag_key(team, self.env, self.key).unwrap_or_else(|| {
            let made = TagKey::generate();
            put_tag_key(team, self.env, self.key, &made);
            made
        });
        let mut openers: BTreeMap<KeyId, Opener> = BTreeMap::new();
        for key in self.older.iter().chain([self.file_key, self.key]) {
            openers.entry(key.public().id()).or_insert_with(|| Opener::new(key.clone()));
        }
        let ids: Vec<_> = keys.iter().map(PublicKey::id).collect();
        let mut read: BTreeMap<&str, SeenValues> = BTreeMap::new();
        for (name, token) in self.history.values(&ids) {
            let opener = openers.get_mut(&token.key_id());
            let of_name = read.entry(name).or_default();
            match opener.and_then(|opener| opener.open(name, &token).ok()) {
                Some(opened) => drop(of_name.tags.insert(value_tag(&tags, self.env, name, &opened))),
                None => of_name.has_unreadable = true,
            }
        }
        let mut current = self.current(&tags);
        let mut count = 0;
        for (name, SeenValues { tags: mut seen, has_unreadable }) in read {
            let is_there = current.contains_key(name);
            if let Some(now) = current.remove(name) {
                if has_unreadable || now.has_unreadable {
                    // Counts, because it may be the value that can't be decrypted any more.
                    seen.extend(&now.tags);
                } else if now.tags.is_disjoint(&seen) {
                    continue;
                }
            }
            put_exposed(team, self.key, (self.env, member, name), now, seen);
            count += usize::from(is_there);
        }
        count
    }

    /// Returns the values that the files have now, by name.
    fn current(&self, tags: &TagKey) -> BTreeMap<String, SeenValues> {
        let mut opener = Opener::new(self.file_key.clone());
        let mut current: BTreeMap<String, SeenValues> = BTreeMap::new();
        for file in self.files {
            for (_, entry) in file.variables() {
                let name = file.document().name(entry);
                let Some(token) = file.token(entry) else { continue };
                let of_name = current.entry(name.to_owned()).or_default();
                match token.ok().and_then(|token| opener.open(name, &token).ok()) {
                    Some(opened) => drop(of_name.tags.insert(value_tag(tags, self.env, name, &opened))),
                    None => of_name.has_unreadable = true,
                }
            }
        }
        current
    }
}
