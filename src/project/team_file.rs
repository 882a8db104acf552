//! The project's team file: read, and changed under the lock.

use std::path::Path;

use super::line_errors::malformed;
use super::projects::Project;
use super::transaction::{ReadyFile, WriteLock, commit};
use crate::config::{EnvName, TEAM_FILE};
use crate::crypto::{Opener, PlaintextKind, PrivateKey, Refs, Sealer, TagKey};
use crate::error::Error;
use crate::git::{FileKind, read_team_or_schema};
use crate::team::TeamFile;

/// The name under which the key of an environment's exposure tags is sealed: no variable can have it.
const TAG_KEY: &str = "ENVSEAL_EXPOSURE_TAGS";

impl Project {
    /// Reads the team file; without one, the team is empty.
    pub fn team(&self) -> Result<TeamFile, Error> {
        self.parse_team(&self.team_text()?.unwrap_or_default())
    }

    /// Returns the team file's text; None if there is no such file.
    pub(super) fn team_text(&self) -> Result<Option<Vec<u8>>, Error> {
        read_team_or_schema(self.root(), TEAM_FILE)
    }

    /// Returns the team file of HEAD; without one, the team is empty.
    pub(crate) fn team_in_head(&self) -> Result<TeamFile, Error> {
        let text = match self.repository()? {
            Some(objects) => {
                let path = objects.relative(&self.team_file())?;
                let file = objects.head()?.map(|head| objects.file(head, &path)).transpose()?.flatten();
                let file = file.filter(|file| file.kind == FileKind::File);
                file.map(|file| objects.blob(file.id)).transpose()?
            }
            None => None,
        };
        self.parse_team(&text.unwrap_or_default())
    }

    pub(super) fn parse_team(&self, text: &[u8]) -> Result<TeamFile, Error> {
        TeamFile::parse(text).map_err(|source| team_file_malformed(&self.team_file(), source))
    }
}

pub(super) fn team_file_malformed(path: &Path, source: impl std::fmt::Display) -> Error {
    malformed(path, source).with_hint(hint!("fix {path} and try again", path))
}

/// Changes the project's team file, under the lock. Writes nothing if `change` fails or changes nothing. Returns true
/// if something was written.
pub(crate) fn change_team(
    project: &Project,
    change: impl FnOnce(&mut TeamFile) -> Result<(), Error>,
) -> Result<bool, Error> {
    change_team_text(project, |text| {
        let mut team = project.parse_team(text)?;
        change(&mut team)?;
        Ok(team.text())
    })
}

/// Like [`change_team`], for the text.
pub(super) fn change_team_text(
    project: &Project,
    change: impl FnOnce(&[u8]) -> Result<String, Error>,
) -> Result<bool, Error> {
    let path = project.team_file();
    let lock = WriteLock::acquire(std::slice::from_ref(&path), &[], project.repositories())?;
    let before = project.team_text()?;
    if before.is_none() {
        project.refuse_to_replace_left_out(&path)?;
    }
    let after = change(before.as_deref().unwrap_or_default())?;
    if before.as_deref().unwrap_or_default() == after.as_bytes() {
        return Ok(false);
    }
    commit(vec![ReadyFile::stage(&lock, &path, before.as_deref(), after.as_bytes())?])?;
    Ok(true)
}

/// Returns the key of an environment's exposure tags, decrypted with the environment's key. None if there is none yet,
/// or if it can't be decrypted or was sealed by someone without that key: then no exposure can be verified.
pub fn tag_key(team: &TeamFile, env: &EnvName, key: &PrivateKey) -> Option<TagKey> {
    let opened = Opener::new(key.clone()).open(TAG_KEY, team.tag_key(env)?).ok()?;
    TagKey::from_proven(&opened.bytes, env.as_str(), key).filter(|_| opened.kind == PlaintextKind::Value)
}

/// Encrypts the key of an environment's exposure tags to the environment's key.
pub fn put_tag_key(team: &mut TeamFile, env: &EnvName, key: &PrivateKey, tags: &TagKey) {
    let sealed = Sealer::new(&key.public())
        .and_then(|mut sealer| {
            sealer.seal(TAG_KEY, &Refs::none(), PlaintextKind::Value, tags.proven(env.as_str(), key).expose())
        })
        .expect("64 bytes, to a key that was checked");
    team.put_tag_key(env, sealed);
}
