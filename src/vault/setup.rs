//! The first key of an environment: chosen, made, kept out of git.

use std::path::{Path, PathBuf};

use super::error::VaultError;
use super::file::{EnvFile, folder_of};
use super::scope::Scope;
use crate::config::{EnvName, KEYS_FILE};
use crate::crypto::{PrivateKey, PublicKey};
use crate::dotenv::{Document, Edit};
use crate::fsio::{self, NewMode};
use crate::git::Repo;
use crate::keystore::{KeyStore, KeysFile, KeystoreError};

const HEADER: &str = "# Secrets here are sealed to this key; it cannot open them. Seal one: envseal set NAME";

/// The key that a file's values are to be sealed to.
pub(super) enum KeyChoice {
    /// The one that stands in the file.
    InFile(PublicKey),
    /// One that the environment has already, in another file or in the keys file; this file has no line for it.
    OfEnvironment(PublicKey),
    /// The environment has none yet.
    None,
}

/// Something that was made or changed on the way, for a person to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A key pair was made, its private half kept in this file.
    KeyMade(PathBuf),
    /// The keys file was added to this ignore file.
    Ignored(PathBuf),
}

/// Chooses the key for `file`. Files of one environment that disagree are an error.
pub(super) fn choose_key(
    file: &EnvFile,
    scope: &Scope,
    store: &KeyStore<'_>,
) -> Result<KeyChoice, VaultError> {
    let other = scope.public_key_of(file.env(), file.path())?;
    match (file.public_key(), other) {
        (Some(own), Some((second, key))) if *own != key => Err(VaultError::KeysDisagree {
            first: file.path().into(),
            first_key: own.id(),
            second,
            second_key: key.id(),
        }),
        (Some(own), _) => Ok(KeyChoice::InFile(*own)),
        (None, Some((_, key))) => Ok(KeyChoice::OfEnvironment(key)),
        // A key made by a command that was stopped before it wrote the env file.
        (None, None) => match store.keys_file(&file.dir())? {
            Some(keys) => Ok(keys
                .keys(file.env())?
                .first()
                .map_or(KeyChoice::None, |key| KeyChoice::OfEnvironment(key.public()))),
            None => Ok(KeyChoice::None),
        },
    }
}

/// Keeps a new key of `env` in the keys file for env files in `dir`, once git and docker ignore that file.
/// Refuses where git tracks it.
pub(super) fn keep_key(
    env: &EnvName,
    key: &PrivateKey,
    dir: &Path,
    scope: &Scope,
    store: &KeyStore<'_>,
) -> Result<Vec<Notice>, VaultError> {
    let path = store.keys_file_path(dir);
    let path = std::path::absolute(&path).unwrap_or(path);
    let mut notices = guard_keys_file(&path, scope)?;
    let keys = match store.keys_file(dir) {
        Err(KeystoreError::Fs(fsio::FsError::NotFound { .. })) | Ok(None) => KeysFile::new(&path),
        Ok(Some(keys)) => keys,
        Err(error) => return Err(error.into()),
    };
    fsio::write_atomic(&path, &keys.with_key(env, key)?, NewMode::Private)?;
    notices.push(Notice::KeyMade(path));
    Ok(notices)
}

/// Sees to it that git and docker ignore the keys file at `path`, before a key is written to it.
pub fn guard_keys_file(path: &Path, scope: &Scope) -> Result<Vec<Notice>, VaultError> {
    let mut notices = Vec::new();
    let dir = path.parent().unwrap_or(scope.root());
    let name = path.file_name().map_or_else(|| KEYS_FILE.into(), |name| name.to_string_lossy());
    let root = scope.git_root().filter(|root| path.starts_with(root));
    if let Some(root) = root {
        let repo = Repo::open(root)?;
        if repo.is_tracked(path)? {
            return Err(KeystoreError::Tracked(path.into()).into());
        }
        repo.ensure_excluded(&format!("{}*", fsio::TEMP_PREFIX))?;
    }
    let ignore = root.unwrap_or(dir).join(".gitignore");
    if root.is_some() && ignore.is_symlink() {
        // libgit2 would read it, git itself would not.
        return Err(VaultError::IgnoreFileLink(ignore));
    }
    if fsio::append_line(&ignore, &name, NewMode::Default)? {
        notices.push(Notice::Ignored(ignore));
    }
    if let Some(root) = root
        && !Repo::open(root)?.is_ignored(path)?
    {
        return Err(VaultError::NotIgnored(path.into()));
    }
    guard_target(path)?;
    for folder in [dir, root.unwrap_or(dir)] {
        if has_dockerfile(folder) {
            let ignore = folder.join(".dockerignore");
            scope.refuse_leading_outside(&ignore)?;
            // `.dockerignore` patterns are anchored at its folder.
            let here = fsio::append_line(&ignore, &name, NewMode::Default)?;
            if fsio::append_line(&ignore, &format!("**/{name}"), NewMode::Default)? || here {
                notices.push(Notice::Ignored(ignore));
            }
        }
    }
    Ok(notices)
}

/// Where the keys file is a symlink, what it leads to must be as far from git as the link itself.
fn guard_target(path: &Path) -> Result<(), VaultError> {
    if !path.is_symlink() {
        return Ok(());
    }
    let target = fsio::final_target(path)?;
    let target = folder_of(&target).join(target.file_name().unwrap_or_default());
    let Some(repo) = target.parent().map_or(Ok(None), Repo::discover)? else { return Ok(()) };
    if repo.is_tracked(&target)? {
        return Err(KeystoreError::Tracked(target).into());
    }
    if repo.is_ignored(&target)? { Ok(()) } else { Err(VaultError::NotIgnored(target)) }
}

/// The globs worth declaring plain for these files: those that hold such names and that are not declared yet.
pub fn propose_plain(scope: &Scope, files: &[EnvFile]) -> Vec<&'static str> {
    let unmarked = |file: &EnvFile| {
        let names = file.variables().map(|(_, entry)| file.document().name(entry).to_owned());
        names.filter(|name| !scope.policy().is_plain(name)).collect::<Vec<_>>()
    };
    let names: Vec<_> = files.iter().flat_map(unmarked).collect();
    crate::team::propose_plain(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Adds `globs` to the policy's plain names, in the scope's team file.
pub fn declare_plain(scope: &Scope, globs: &[&str]) -> Result<(), VaultError> {
    let path = scope.team_file();
    scope.refuse_leading_outside(&path)?;
    let text = match fsio::read(&path) {
        Err(fsio::FsError::NotFound { .. }) => Vec::new(),
        text => text?,
    };
    let text = crate::team::with_plain(&text, globs)
        .map_err(|source| VaultError::Policy { path: path.clone(), source })?;
    Ok(fsio::write_atomic(&path, text.as_bytes(), NewMode::Default)?)
}

/// The document with the public key's header, for a file that has none.
pub(super) fn with_header(file: &EnvFile, key: &PublicKey) -> Result<Document, VaultError> {
    let (name, source) = (file.env().public_key_name(), key.to_string());
    let header = Edit::Header { comment: HEADER, name: &name, source: source.as_bytes() };
    super::change::edited(file.path(), file.document(), &[header])
}

fn has_dockerfile(folder: &Path) -> bool {
    let Ok(listing) = folder.read_dir() else { return false };
    listing.flatten().any(|item| {
        let name = item.file_name().to_string_lossy().to_lowercase();
        name == "containerfile"
            || name == "dockerfile"
            || name.starts_with("dockerfile.")
            || name.ends_with(".dockerfile")
    })
}
