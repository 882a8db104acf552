//! Keys that were granted to this user.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Asks, KeyStore, KeystoreError, Me, Missed};
use crate::config::{EnvName, TEAM_FILE};
use crate::crypto::{PrivateKey, PublicKey};
use crate::fs;
use crate::git;
use crate::team::{GrantLine, TeamFile};

/// The team file that holds for files in `dir`: the nearest upward, the git root being the last. Outside git, only the
/// one beside them.
pub(crate) fn team_file(dir: &Path) -> Option<PathBuf> {
    let root = git::find_root(dir).unwrap_or_else(|| dir.into());
    let folders = dir.ancestors().take_while(|folder| folder.starts_with(&root));
    folders.into_iter().find(|folder| fs::has_entry(folder, TEAM_FILE)).map(|folder| folder.join(TEAM_FILE))
}

impl KeyStore<'_> {
    /// The private half of `wanted`, the public key of `env`, granted to this user in the team file at `path`; or how it
    /// is not. A grant to this user that does not hold is an error, whatever it is of.
    pub(super) fn granted(
        &self,
        env: &EnvName,
        wanted: &PublicKey,
        path: &Path,
        asks: Asks,
    ) -> Result<Result<PrivateKey, Missed>, KeystoreError> {
        let me = if asks == Asks::Somebody { self.me()? } else { self.me_unasked()? };
        let Some(me) = me else {
            let empty = self.process.identity_is_empty();
            return Ok(Err(if empty { Missed::EmptyIdentity } else { Missed::NoIdentity }));
        };
        let text = fs::read(path)?;
        let file =
            TeamFile::parse(&text).map_err(|source| KeystoreError::Team { path: path.into(), source })?;
        let public = me.identity.public();
        let Some(member) = file.member_of(&public) else {
            let fingerprint = public.fingerprint();
            let removed = file.removed().iter().find(|(_, was)| was.key == public);
            return Ok(Err(match removed {
                Some((name, _)) => Missed::Removed { name: name.to_string(), fingerprint },
                None => Missed::NoMember { fingerprint },
            }));
        };
        let Some(line) = file.grant(env, member) else {
            let holders = holders(&file, env, wanted);
            return Ok(Err(Missed::NotGranted { member: member.to_string(), holders }));
        };
        let key = open(&file, line, me, path)?;
        Ok(if line.key == *wanted {
            Ok(key)
        } else {
            Err(Missed::GrantedOther { member: member.to_string(), key: line.key.id() })
        })
    }

    /// The keys of `env` that are granted to this user in the team file that holds for `near`. What does not hold is
    /// passed over.
    pub fn granted_now(&self, env: &EnvName, near: &Path) -> Result<Vec<PrivateKey>, KeystoreError> {
        let Some(path) = team_file(near) else { return Ok(Vec::new()) };
        let Some(me) = self.me()? else { return Ok(Vec::new()) };
        let mut keys = Vec::new();
        take(&fs::read(&path)?, me, &mut keys);
        Ok(keys.into_iter().filter(|(of, _)| of == env).map(|(_, key)| key).collect())
    }

    /// Every key that was ever granted to this user in the team file that holds for `near`: now, and in the history of
    /// HEAD. What does not hold, or cannot be read, is passed over: [`Self::find`] is who complains.
    pub fn ever_granted(&self, near: &Path) -> Result<Vec<PrivateKey>, KeystoreError> {
        let mut keys: Vec<PrivateKey> = Vec::new();
        for (_, key) in self.ever_granted_of(near)? {
            if keys.iter().all(|there| there.public() != key.public()) {
                keys.push(key);
            }
        }
        Ok(keys)
    }

    /// As [`Self::ever_granted`], the newest first, each with its environment.
    pub fn ever_granted_of(&self, near: &Path) -> Result<Vec<(EnvName, PrivateKey)>, KeystoreError> {
        let (Some(path), Some(me)) = (team_file(near), self.me()?) else { return Ok(Vec::new()) };
        let mut keys: Vec<(EnvName, PrivateKey)> = Vec::new();
        if let Ok(text) = fs::read(&path) {
            take(&text, me, &mut keys);
        }
        if let Some(root) = git::find_root(near) {
            let objects = self.repositories().open(&root)?;
            let versions = objects.versions(&objects.relative(&path)?)?.versions;
            objects.obtain(&versions.iter().map(|version| version.blob).collect::<Vec<_>>())?;
            for version in versions {
                if let Some(text) = objects.blob_if_there(version.blob)? {
                    take(&text, me, &mut keys);
                }
            }
        }
        Ok(keys)
    }

    /// Every key that is granted to this user in a team file's text: in a version of it. What does not hold, or cannot
    /// be read, is passed over.
    pub fn granted_in(&self, text: &[u8]) -> Result<Vec<PrivateKey>, KeystoreError> {
        let mut keys = Vec::new();
        if let Some(me) = self.me()? {
            take(text, me, &mut keys);
        }
        Ok(keys.into_iter().map(|(_, key)| key).collect())
    }
}

/// Opens the grants to `me` of keys that are not among `keys` yet.
fn take(text: &[u8], me: &Me, keys: &mut Vec<(EnvName, PrivateKey)>) {
    let Ok(file) = TeamFile::parse(text) else { return };
    let Some(member) = file.member_of(&me.identity.public()) else { return };
    for line in file.grants().iter().filter(|line| line.member == *member) {
        if keys.iter().all(|(env, key)| *env != line.env || key.public() != line.key) {
            keys.extend(file.open(line, &me.identity).ok().map(|key| (line.env.clone(), key)));
        }
    }
}

/// Who can open the environment's key: to whom it was granted, and who granted it.
fn holders(file: &TeamFile, env: &EnvName, key: &PublicKey) -> Vec<String> {
    let lines = file.grants().iter().filter(|line| line.env == *env && line.key == *key);
    let holding = lines.filter(|line| file.verify(line).is_ok()).flat_map(|line| [&line.by, &line.member]);
    holding.collect::<BTreeSet<_>>().into_iter().map(ToString::to_string).collect()
}

fn open(file: &TeamFile, line: &GrantLine, me: &Me, path: &Path) -> Result<PrivateKey, KeystoreError> {
    file.open(line, &me.identity).map_err(|source| KeystoreError::Grant {
        path: path.into(),
        line: line.line,
        env: line.env.clone(),
        member: line.member.clone(),
        source,
    })
}
