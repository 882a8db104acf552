//! Rotation: environments get new key pairs, and all that was sealed, granted and recorded under the old ones is made
//! anew under the new ones. All files are written or none.

mod env;
mod roster;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::file::{EnvFile, folder_of};
use super::pin::Pinning;
use super::scope::Scope;
use super::setup::{Notice, ignore_keys_file, keys_file};
use super::transaction::{FileChange, WriteLock, commit, exclude_beside, stage};
use super::update::Write;
use crate::config::EnvName;
use crate::crypto::{KeyId, PrivateKey, PublicKey};
use crate::error::Error;
use crate::fs::NewMode;
use crate::git::{self, GitError};
use crate::keys::{KeyStore, KeysFile, StoredKey};
use crate::team::{Exposure, GrantFault, GrantLine, MemberName, TeamFile};

use env::Current;

/// What happens to the team file on the way. Called with the lock held, on a team file that is written with the rest or
/// not at all.
pub(crate) trait TeamChange {
    /// Before anything else: `team remove` takes the member out here.
    fn before(&mut self, team: &mut TeamFile) -> Result<(), Error>;

    /// Whether a grant, whose proof holds under the old key, is made anew; `key rotate` makes all of them.
    fn keeps(&mut self, line: &GrantLine) -> bool;

    /// Whether grants by this member, who was removed, may be made anew at all: whoever removes them was asked about each.
    fn stands_for(&self, _removed: &MemberName) -> bool {
        false
    }

    /// Once per environment, when its grants are made anew and its rotation is recorded: `team remove` records
    /// exposures here, under the new key.
    fn after(&mut self, team: &mut TeamFile, keys: &Rotated<'_>) -> Result<(), Error>;
}

/// An environment between its two keys.
pub(crate) struct Rotated<'a> {
    /// The environment.
    pub env: &'a EnvName,
    /// The key that it had.
    pub old: &'a PrivateKey,
    /// The key that it gets.
    pub new: &'a PrivateKey,
    /// Its files, as they were before.
    pub files: &'a [EnvFile],
}

/// What a rotation did.
#[derive(Debug, Default)]
pub(crate) struct Rotation {
    /// Each environment, in the order asked for.
    pub envs: Vec<RotatedEnv>,
    /// The keys files that hold the new keys, in front of the old.
    pub keys_files: Vec<PathBuf>,
    /// Those of them in which an environment's key was locked, and the new one is not: the passphrase is not known.
    pub beside_locked: Vec<PathBuf>,
    /// The team file, if it was written.
    pub team_file: Option<PathBuf>,
    /// What was made on the way.
    pub notices: Vec<Notice>,
}

/// What the rotation of one environment did.
#[derive(Debug)]
pub(crate) struct RotatedEnv {
    /// The environment.
    pub env: EnvName,
    /// The key that it had.
    pub old: KeyId,
    /// The key that it has.
    pub new: KeyId,
    /// Its files.
    pub files: Vec<PathBuf>,
    /// How many values were sealed anew.
    pub resealed: usize,
    /// Values that are sealed to older keys, none of them at hand; they stayed as they were.
    pub left: Vec<LeftSealed>,
    /// To whom grants were made anew.
    pub granted: Vec<MemberName>,
    /// Members who could read it, for they let others in, and who have no grant of their own to be made anew: they do not
    /// get the new key by this.
    pub left_out: Vec<MemberName>,
    /// Grants that were not.
    pub dropped: Vec<DroppedGrant>,
    /// Exposures whose proof holds under the old key; it is made anew.
    pub exposures: usize,
    /// Exposures whose proof does not; they stayed as they were.
    pub unproven: Vec<Exposure>,
    /// Whether the key that exposed values are told by does not open; it stayed as it was.
    pub tags_lost: bool,
}

/// A value that is sealed to a key which is not at hand.
#[derive(Debug)]
pub(crate) struct LeftSealed {
    /// The env file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The variable.
    pub name: String,
    /// The key it is sealed to.
    pub key: KeyId,
}

/// A grant that was not made anew.
#[derive(Debug)]
pub(crate) struct DroppedGrant {
    /// As it stood.
    pub line: GrantLine,
    /// What is wrong with it; nothing, where [`TeamChange::keeps`] did not want it.
    pub fault: Option<GrantFault>,
}

/// Rotates `envs` in the scope of the folder `dir`; with none of them, only the team file is changed.
///
/// `on_wait` is called when another envseal holds the lock. Refused outside of git; where a file has a merge conflict or
/// disagrees with another on the key; where a value does not open; and where grants are to be made and this user is no
/// member.
pub(crate) fn rotate(
    dir: &Path,
    envs: &[EnvName],
    store: &KeyStore<'_>,
    on_wait: &dyn Fn(),
    change: &mut dyn TeamChange,
) -> Result<Rotation, Error> {
    let dir = folder_of(&dir.join("x"));
    let none = || GitError::not_a_repository(&dir);
    git::find_root(&dir).ok_or_else(none)?;
    let lock = lock(&dir, envs, store, on_wait)?;
    let scope = Scope::of(&dir, store.repositories())?;
    let team_path = scope.team_file();
    scope.refuse_leading_outside(&team_path)?;
    let team_text = scope.team_text()?;
    let mut team = scope.parse_team(team_text.as_deref().unwrap_or_default())?;

    change.before(&mut team)?;
    let mut rotation = Rotation::default();
    let (mut currents, mut written) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for env in envs.iter().filter(|env| seen.insert(*env)) {
        let current = Current::load(env, &scope, &dir, store)?;
        let mut report = current.report();
        written.extend(current.resealed(store, &mut report)?);
        roster::renew(&mut team, &team_path, &current, store, change, &mut report)?;
        change.after(&mut team, &current.keys())?;
        rotation.envs.push(report);
        currents.push(current);
    }

    let text = team.text();
    let mut changes = Vec::new();
    let keys = keys_files(&currents, store)?;
    for (path, (file, after)) in &keys {
        let brought = currents.iter().map(|current| current.new.public());
        changes.push(FileChange {
            path,
            before: path.symlink_metadata().is_ok().then(|| file.text()),
            after,
            mode: NewMode::Private,
            keys: brought.filter(|key| holds(path, after, key)).collect(),
        });
    }
    changes.extend(written.iter().map(|(path, before, after)| FileChange {
        path,
        before: Some(before.as_bytes()),
        after: after.as_bytes(),
        mode: NewMode::Default,
        keys: Vec::new(),
    }));
    if team_text.as_deref().unwrap_or_default() != text.as_bytes() {
        rotation.team_file = Some(team_path.clone());
        let (path, before, after) = (&team_path, team_text.as_deref(), text.as_bytes());
        changes.push(FileChange { path, before, after, mode: NewMode::Default, keys: Vec::new() });
    }
    // What can fail comes before the change: afterwards there are only notes.
    let mut pinning = Pinning::default();
    for (current, report) in currents.iter().zip(&rotation.envs) {
        pinning.accept(&scope, &report.env, &current.new.public(), &report.files, store)?;
    }
    exclude_beside(changes.iter().map(|change| change.path), scope.repositories())?;
    let staged = stage(&lock, changes)?;
    for (path, (file, after)) in &keys {
        rotation.notices.extend(ignore_keys_file(path, &scope, Write::Files)?);
        for Current { env, new, .. } in &currents {
            let was_locked = file.keys(env)?.iter().any(StoredKey::is_locked);
            let in_the_open = memchr::memmem::find(after, new.to_text().expose().as_bytes()).is_some();
            if was_locked && in_the_open && !rotation.beside_locked.contains(path) {
                rotation.beside_locked.push(path.clone());
            }
        }
    }
    commit(staged)?;
    // Where it could not be moved, or this is killed before, the proof moves it with the next thing that is encrypted.
    rotation
        .notices
        .extend(pinning.save().into_iter().filter(|notice| matches!(notice, Notice::NotPinned { .. })));
    rotation.keys_files = keys.into_keys().collect();
    Ok(rotation)
}

/// Locks everything that rotating `envs` may write: their files, the keys files of those folders, the team file.
fn lock(dir: &Path, envs: &[EnvName], store: &KeyStore<'_>, on_wait: &dyn Fn()) -> Result<WriteLock, Error> {
    let scope = Scope::of(dir, store.repositories())?;
    let mut paths = vec![scope.team_file()];
    for env in envs {
        paths.extend(env::paths(env, &scope, dir)?);
    }
    WriteLock::with_keys_files(&paths, store, on_wait)
}

/// Returns true if a keys file with this text has the key.
fn holds(path: &Path, text: &[u8], key: &PublicKey) -> bool {
    let keys = KeysFile::of_text(path, text).and_then(|file| file.all());
    keys.is_ok_and(|keys| keys.iter().any(|stored| stored.public() == *key))
}

type KeysFiles = BTreeMap<PathBuf, (KeysFile, Zeroizing<Vec<u8>>)>;

/// The keys files that are found from the environments' files, with the new keys in them. Where there is none yet, it is
/// to be where all of an environment's files find it.
fn keys_files(currents: &[Current], store: &KeyStore<'_>) -> Result<KeysFiles, Error> {
    let mut wanted: BTreeMap<PathBuf, (PathBuf, Vec<&Current>)> = BTreeMap::new();
    for current in currents {
        let folders: BTreeSet<_> = current.files.iter().map(EnvFile::dir).collect();
        let shared = folders.iter().cloned().reduce(|one, other| shared(&one, &other)).unwrap_or_default();
        for folder in folders {
            let near =
                if store.keys_file_path(&folder).symlink_metadata().is_ok() { &folder } else { &shared };
            let path = store.keys_file_path(near);
            let path = std::path::absolute(&path).unwrap_or(path);
            let (_, there) = wanted.entry(path).or_insert_with(|| (near.clone(), Vec::new()));
            if there.iter().all(|it| it.env != current.env) {
                there.push(current);
            }
        }
    }
    let mut files = BTreeMap::new();
    for (path, (near, currents)) in wanted {
        let file = keys_file(store, &near)?.unwrap_or_else(|| KeysFile::new(&path));
        let rotated: Vec<_> = currents.iter().map(|it| (&it.env, &it.old, &it.new)).collect();
        let text = store.lock_as_before(&file, file.with_rotated(&rotated)?)?;
        files.insert(path, (file, text));
    }
    Ok(files)
}

/// The folder that both are in.
fn shared(one: &Path, other: &Path) -> PathBuf {
    one.ancestors().find(|folder| other.starts_with(folder)).unwrap_or(one).to_owned()
}
