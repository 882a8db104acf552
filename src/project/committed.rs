//! The public keys that commits have of an environment.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::file::EnvFile;
use super::scope::Scope;
use crate::config::{EnvName, is_env_file};
use crate::crypto::PublicKey;
use crate::error::Error;
use crate::git::{FileKind, FileRef, Repo};

/// Returns the public key that HEAD has of an environment of the project, and the env file that has it, relative to the
/// worktree's root.
pub(super) fn key_in_head(scope: &Scope, env: &EnvName) -> Result<Option<(PathBuf, PublicKey)>, Error> {
    let (Some(root), Some(objects)) = (scope.git_root(), scope.repository()?) else { return Ok(None) };
    let Some(head) = objects.head()? else { return Ok(None) };
    for (path, file) in objects.files(Some(head))? {
        if is_of(&path, env)
            && scope.holds_file(&root.join(&path))
            && let Some(key) = key_of(&objects, &path, file)?
        {
            return Ok(Some((path, key)));
        }
    }
    Ok(None)
}

/// Returns true if an env file of the environment has this public key in a commit of any branch or tag.
pub(super) fn was_committed(scope: &Scope, env: &EnvName, key: &PublicKey) -> Result<bool, Error> {
    let Some(objects) = scope.repository()? else { return Ok(false) };
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

/// The public key in a version of an env file; none if it can't be read as one.
fn key_of(objects: &Repo, path: &Path, file: FileRef) -> Result<Option<PublicKey>, Error> {
    if file.kind != FileKind::File {
        return Ok(None);
    }
    let then = EnvFile::of_the_past(path, objects.blob(file.id)?, None).ok();
    Ok(then.and_then(|then| then.public_key().copied()))
}
