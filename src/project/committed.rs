//! Env files in commits, and the public keys in them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::file::{EnvFile, real_place};
use super::projects::Project;
use crate::config::{EnvName, is_env_file};
use crate::crypto::{PrivateKey, PublicKey};
use crate::dotenv::Document;
use crate::error::Error;
use crate::git::{FileKind, FileRef, Repo, Repositories};
use crate::keys::{KeyLookupError, KeyStore};

pub(super) struct Past {
    team_file: Option<Vec<u8>>,
}

impl EnvFile {
    /// Returns the env file that a commit has at `path`; `text` is its bytes. Rejects what [`Self::load`] rejects,
    /// except for files beside it: those are today's.
    ///
    /// Its values are decrypted with any available private key for its public key: an older one, or one stored under
    /// another name since the file was renamed; else one that was granted to this user, at the time (`team_file` is the
    /// text of the team file in that commit) or ever.
    pub fn of_the_past(path: &Path, text: Vec<u8>, team_file: Option<Vec<u8>>) -> Result<Self, Error> {
        let mut file = Self::of_text(path, EnvName::of_file(path)?, text)?;
        file.past = Some(Past { team_file });
        Ok(file)
    }

    /// Returns the private key for `public_key`, which is in this file.
    pub(super) fn find_key(
        &self,
        store: &KeyStore<'_>,
        public_key: &PublicKey,
    ) -> Result<PrivateKey, KeyLookupError> {
        let (error, past) = match (store.find(self.env(), public_key, &self.dir()), &self.past) {
            (Err(error @ KeyLookupError::NotFound { .. }), Some(past)) => (error, past),
            (found, _) => return found,
        };
        if let Some(key) = store.find_anywhere(public_key, &self.dir())? {
            return Ok(key);
        }
        let is_it = |key: &PrivateKey| key.public() == *public_key;
        let then = past.team_file.as_deref().map(|text| store.granted_in(text)).transpose()?;
        match then.into_iter().flatten().map(|(_, key)| key).find(is_it) {
            Some(key) => Ok(key),
            None => store.ever_granted(&self.dir())?.into_iter().find(is_it).ok_or(error),
        }
    }
}

/// Returns the public key of an environment of the project in HEAD, and the env file that has it, relative to the
/// worktree's root.
pub(super) fn key_in_head(project: &Project, env: &EnvName) -> Result<Option<(PathBuf, PublicKey)>, Error> {
    let (Some(root), Some(objects)) = (project.git_root(), project.repository()?) else { return Ok(None) };
    let Some(head) = objects.head()? else { return Ok(None) };
    for (path, file) in objects.files(Some(head))? {
        if is_of(&path, env)
            && project.holds_file(&root.join(&path))
            && let Some(key) = key_of(&objects, &path, file)?
        {
            return Ok(Some((path, key)));
        }
    }
    Ok(None)
}

/// Returns the path in commits of the env file at `path`: of a symlink to a file in the worktree, that file's.
pub(crate) fn path_in_commits(repo: &Repo, path: &Path) -> Result<PathBuf, Error> {
    if repo.is_bare() {
        return Ok(path.to_owned());
    }
    Ok(repo.relative(&real_place(path)).or_else(|_| repo.relative(path))?)
}

/// Returns the env file at `path` in the last commit; None if it isn't there or can't be read.
pub(crate) fn document_in_head(path: &Path, repositories: &Repositories) -> Option<Document> {
    let path = path.canonicalize().ok()?;
    let repo = repositories.open(path.parent()?).ok()?;
    let file = repo.file(repo.head().ok()??, &repo.relative(&path).ok()?).ok()??;
    Document::parse(repo.blob_if_there(file.id).ok()??).ok()
}

/// Returns true if an env file of the environment has this public key in a commit of any branch or tag.
pub(super) fn was_committed(project: &Project, env: &EnvName, key: &PublicKey) -> Result<bool, Error> {
    let Some(objects) = project.repository()? else { return Ok(false) };
    let mut seen = HashSet::new();
    let mut walk = objects.walk(&objects.tips()?, is_env_file)?;
    while let Some(step) = walk.step()? {
        for changed in step.changes.into_iter().flatten() {
            if let Some(file) = changed.after
                && is_of(&changed.path, env)
                && seen.insert(file.id)
                && key_of(&objects, &changed.path, file)? == Some(*key)
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn is_of(path: &Path, env: &EnvName) -> bool {
    is_env_file(path) && EnvName::of_file(path).is_ok_and(|of| of == *env)
}

/// Returns the public key in a version of an env file; None if there is none or the file can't be parsed.
fn key_of(objects: &Repo, path: &Path, file: FileRef) -> Result<Option<PublicKey>, Error> {
    if file.kind != FileKind::File {
        return Ok(None);
    }
    let then = EnvFile::of_the_past(path, objects.blob(file.id)?, None).ok();
    Ok(then.and_then(|then| then.public_key().copied()))
}
