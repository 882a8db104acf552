//! The keys file as a whole: lock, unlock, back up and recover it, all of it or nothing. Changes hold the write lock.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::file::{folder_of, place_of};
use super::projects::Project;
use super::setup::{Notice, exclude_temporaries, ignore_keys_file};
use super::transaction::{ReadyFile, WriteLock, commit};
use super::update::Write;
use crate::config::EnvName;
use crate::crypto::{PrivateKey, SecretText};
use crate::error::{Error, ErrorKind};
use crate::fs::{self, FsError, NewMode};
use crate::keys::{
    BackupLine, KeyLookupError, KeyPlace, KeyStore, KeysFile, RewrittenKeys, StoredKey, backup_text, locker,
};

pub(crate) struct Wanted {
    /// The folder whose keys file it is.
    pub near: PathBuf,
    /// The environments; if empty, all that are in the file.
    pub envs: Vec<EnvName>,
}

pub(crate) struct KeysChanged {
    pub path: PathBuf,
    pub changed: usize,
    /// Keys that needed no change.
    pub same: usize,
}

type KeysFileChange<'a> =
    dyn Fn(&KeysFile, &dyn Fn(Option<&str>) -> bool) -> Result<RewrittenKeys, KeyLookupError> + 'a;

/// Locks the wanted keys. Asks for the passphrase before anything else, and only if there is a key to lock.
pub(crate) fn lock_keys(wanted: &[Wanted], store: &KeyStore<'_>) -> Result<Vec<KeysChanged>, Error> {
    let mut passphrase: Option<SecretText> = None;
    store.refuse_piped()?;
    for wanted in wanted {
        let file = there(wanted, store)?;
        let given = store.process().passphrase().is_some();
        if stored(wanted, &file)?.iter().any(|key| given || !key.is_locked()) && passphrase.is_none() {
            passphrase = Some(store.new_passphrase(&file.path().display().to_string())?);
        }
    }
    let lock = |file: &KeysFile, wants: &dyn Fn(Option<&str>) -> bool| match &passphrase {
        Some(passphrase) => store.lock_in(file, wants, passphrase),
        None => Ok(RewrittenKeys::default()),
    };
    change_keys(wanted, store, &lock)
}

/// Stores the wanted keys unencrypted again.
pub(crate) fn unlock_keys(wanted: &[Wanted], store: &KeyStore<'_>) -> Result<Vec<KeysChanged>, Error> {
    store.refuse_piped()?;
    for wanted in wanted {
        let file = there(wanted, store)?;
        // Asks for the passphrase now, while no other command waits for the lock.
        if let Some(key) = stored(wanted, &file)?.into_iter().find(|key| key.is_locked()) {
            store.unlock(key.clone(), &KeyPlace::KeysFile(file.path().into()))?;
        }
    }
    change_keys(wanted, store, &|file, wants| store.unlock_in(file, wants))
}

fn change_keys(
    wanted: &[Wanted],
    store: &KeyStore<'_>,
    change: &KeysFileChange<'_>,
) -> Result<Vec<KeysChanged>, Error> {
    let place = |wanted| Ok::<_, Error>(there(wanted, store)?.path().to_owned());
    let places: Vec<_> = wanted.iter().map(place).collect::<Result<_, _>>()?;
    let lock = WriteLock::acquire(&places, &[], store.repositories())?;
    let (mut texts, mut done) = (Vec::new(), Vec::new());
    for wanted in wanted {
        // Read again, because the prompt took time.
        let file = there(wanted, store)?;
        let names: Vec<_> = wanted.envs.iter().map(EnvName::private_key_name).collect();
        let all = stored(wanted, &file)?.len();
        let wants =
            |name: Option<&str>| names.is_empty() || names.iter().any(|wanted| Some(&**wanted) == name);
        let RewrittenKeys { text, changed } = change(&file, &wants)?;
        done.push(KeysChanged { path: file.path().into(), changed, same: all - changed });
        if let Some(text) = text {
            exclude_temporaries_of(file.path(), store)?;
            texts.push((file, text));
        }
    }
    let mut staged = Vec::new();
    for (file, after) in &texts {
        staged.push(ReadyFile::stage_keys(&lock, file.path(), Some(file.text()), after, Vec::new())?);
    }
    commit(staged)?;
    Ok(done)
}

/// Returns the nearest keys file, which must exist.
fn there(wanted: &Wanted, store: &KeyStore<'_>) -> Result<Rc<KeysFile>, Error> {
    let missing = || FsError::NotFound { path: store.keys_file_path(&wanted.near), doing: "read" };
    Ok(store.keys_files(&wanted.near).next().transpose()?.ok_or_else(missing)?)
}

/// Returns the wanted keys; an error if an environment has none.
fn stored<'f>(wanted: &Wanted, file: &'f KeysFile) -> Result<Vec<&'f StoredKey>, Error> {
    if wanted.envs.is_empty() {
        return file.all();
    }
    let mut all = Vec::new();
    for env in &wanted.envs {
        let keys = file.keys_named(env)?;
        if keys.is_empty() {
            let message = format!("{} has no key for environment {env}", file.path().display());
            // `key list` shows a bare key with the environment whose public key it matches.
            let hint = if file.keys(env)?.is_empty() {
                "see which keys there are: envseal key list".into()
            } else {
                hint!("a key without a name may be its key; to include those, leave out -e {env}", env)
            };
            return Err(Error::new(ErrorKind::NoKey, message).with_status(4).with_hint(hint));
        }
        all.extend(keys);
    }
    Ok(all)
}

/// Writes `keys` to a new file at `path`, locked with a passphrase that this asks for. `made` is the time it was made.
pub(crate) fn back_up(
    path: &Path,
    keys: &[(EnvName, PrivateKey)],
    made: &str,
    store: &KeyStore<'_>,
) -> Result<(), Error> {
    refuse_for_backup(path, store)?;
    let passphrase = store.new_passphrase(&path.display().to_string())?;
    let text = backup_text(path, keys, &locker(&passphrase)?, made)?;
    // Checked again, because the prompt took time.
    refuse_for_backup(path, store)?;
    Ok(fs::stage(path, text.as_bytes(), NewMode::Private)?.commit_new()?)
}

/// Rejects a path that exists already, or that git would add.
fn refuse_for_backup(path: &Path, store: &KeyStore<'_>) -> Result<(), Error> {
    if path.symlink_metadata().is_ok() {
        return Err(backup_exists(path));
    }
    let Some(repo) = store.repositories().discover(&folder_of(path))? else { return Ok(()) };
    let place = place_of(path);
    if place.starts_with(repo.git_dir()) || place.starts_with(repo.common_dir()) || repo.is_ignored(&place)? {
        return Ok(());
    }
    let name = Path::new(path.file_name().unwrap_or_default());
    let message =
        format!("git would add {}: a backup of keys does not belong in a repository", path.display());
    Err(Error::refused(message).with_hint(hint!("put it elsewhere: envseal key backup ~/{name}", name)))
}

pub(super) fn backup_exists(path: &Path) -> Error {
    Error::refused(format!("{} already exists", path.display())).with_hint("move that one away first")
}

pub(crate) struct Recovered {
    pub path: PathBuf,
    /// For each environment, in the backup's order: the number of keys added, and of those already there.
    pub envs: Vec<(EnvName, usize, usize)>,
    /// True if the keys file also has locked keys.
    pub beside_locked: bool,
    pub notices: Vec<Notice>,
}

/// Decrypts every line of the backup that was read from `path`, and adds the missing keys to the keys file for env
/// files in the folder `near`. Writes nothing unless every line can be decrypted.
pub(crate) fn recover(
    path: &Path,
    lines: Vec<BackupLine>,
    near: &Path,
    store: &KeyStore<'_>,
) -> Result<Recovered, Error> {
    store.refuse_piped()?;
    let mut envs: Vec<(EnvName, Vec<PrivateKey>)> = Vec::new();
    for BackupLine { env, key } in lines {
        let key = store.unlock(StoredKey::Locked(key), &KeyPlace::KeysFile(path.into()))?;
        match envs.iter_mut().find(|(there, _)| *there == env) {
            Some((_, keys)) if keys.iter().any(|there| there.public() == key.public()) => {}
            Some((_, keys)) => keys.push(key),
            None => envs.push((env, vec![key])),
        }
    }
    let place = store.keys_file_path(near);
    let _lock = WriteLock::acquire(std::slice::from_ref(&place), &[], store.repositories())?;
    let project = Project::of(near, store.repositories())?;
    let place = std::path::absolute(&place).unwrap_or(place);
    let mut file = store.keys_file(near)?.map_or_else(|| KeysFile::new(&place), Rc::unwrap_or_clone);
    let beside_locked = file.all()?.iter().any(|key| key.is_locked());
    let mut done = Recovered { path: place, envs: Vec::new(), beside_locked, notices: Vec::new() };
    for (env, keys) in envs {
        let added = file.add(&env, &keys)?;
        done.envs.push((env, added, keys.len() - added));
    }
    if done.envs.iter().any(|(_, added, _)| *added > 0) {
        exclude_temporaries_of(&done.path, store)?;
        let staged = fs::stage(&done.path, file.text(), NewMode::Private)?;
        done.notices = ignore_keys_file(&done.path, &project, Write::Files)?;
        staged.commit()?;
    }
    Ok(done)
}

/// Returns true if git tracks the keys file at `path`; None outside git.
pub(crate) fn is_keys_file_tracked(path: &Path, store: &KeyStore<'_>) -> Result<Option<bool>, Error> {
    let repo = store.repositories().discover(&folder_of(path))?;
    Ok(repo.map(|repo| repo.is_tracked(&place_of(path))).transpose()?)
}

fn exclude_temporaries_of(path: &Path, store: &KeyStore<'_>) -> Result<(), Error> {
    let folder = folder_of(&fs::final_target(path)?);
    if let Some(repo) = store.repositories().discover(&folder)? {
        exclude_temporaries(&repo)?;
    }
    Ok(())
}
