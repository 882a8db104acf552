//! Changing env files: under a lock, all of them or none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::committed::key_in_head;
use super::encrypt::{has_secrets, refuse_reserved_dependents};
use super::exposure;
use super::file::{EnvFile, folder_of, place_of, real_place, refuse_links};
use super::pin::{KeyTrust, Pinning};
use super::projects::{Project, Projects};
use super::setup::{KeyChoice, NewKey, Notice, choose_key, keep_key, with_header};
use super::similar::no_env_file;
use super::transaction::{ReadyFile, WriteLock, commit, exclude_beside};
use crate::crypto::{Opener, PrivateKey, PublicKey};
use crate::dotenv::Document;
use crate::error::Error;
use crate::git::relative_path;
use crate::keys::KeyStore;

pub(crate) struct Target<'a> {
    file: EnvFile,
    project: Rc<Project>,
    store: &'a KeyStore<'a>,
    choice: KeyChoice,
    new_keys: &'a mut Vec<NewKey>,
    notices: &'a mut Vec<Notice>,
    pinning: &'a mut Pinning,
    headed: Option<Document>,
    external: Vec<String>,
    /// True if a key may be created where the last commit has another.
    replaces_committed: bool,
}

pub(crate) struct Updated<T> {
    pub files: Vec<UpdatedFile<T>>,
    pub notices: Vec<Notice>,
}

impl<T> Updated<T> {
    /// Returns the outcome of a change of one file.
    pub(crate) fn into_outcome(mut self) -> T {
        self.files.remove(0).outcome
    }
}

pub(crate) struct UpdatedFile<T> {
    /// The path as given.
    pub path: PathBuf,
    pub document: Document,
    /// True if a byte of the file changed.
    pub is_changed: bool,
    /// What the change returned besides the document.
    pub outcome: T,
}

/// How far an update goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    Files,
    /// Nothing is changed, but everything that would reject the change is checked.
    Plan,
    /// Nothing is changed: the caller prints the documents. No key is created.
    Nothing,
}

/// Prepares a change to each env file and writes it beside the file. Only if that works for all are they put in place,
/// the keys file first, so that no value is ever encrypted to a key that no one has. `change` returns the file's new
/// document, and what the caller wants to know about it.
///
/// A file may be in the middle of a merge if `in_merge`: the document that `change` gets may have conflict markers, but
/// none around its public key (see [`EnvFile::resolve_key`]).
///
/// Rejects files of one environment whose public keys disagree.
pub(crate) fn update<T>(
    paths: &[PathBuf],
    store: &KeyStore<'_>,
    (write, in_merge): (Write, bool),
    mut change: impl FnMut(&mut Target<'_>) -> Result<(Document, T), Error>,
) -> Result<Updated<T>, Error> {
    let reaches_files = write != Write::Nothing;
    let lock = if reaches_files { Some(WriteLock::with_keys_files(paths, store)?) } else { None };
    let (mut new_keys, mut notices, mut pinning) = (Vec::new(), Vec::new(), Pinning::default());
    let mut projects = Projects::new(store.repositories());
    let (mut prepared, mut outcomes) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for path in paths {
        if reaches_files {
            refuse_links(path, store.repositories())?;
        }
        // One file may be named twice, by -e and by -f, or by a symlink to it.
        if !seen.insert(real_place(path)) {
            continue;
        }
        let mut file = projects.load_or_new(path, in_merge)?;
        let project = projects.of_folder(&file.dir())?;
        if reaches_files && !file.exists() {
            project.refuse_to_replace_left_out(path)?;
        }
        if in_merge {
            file.resolve_key(&project, store)?;
        }
        let choice = choose_key(&file, &project, store)?;
        let mut target = Target {
            file,
            project,
            store,
            choice,
            new_keys: &mut new_keys,
            notices: &mut notices,
            pinning: &mut pinning,
            headed: None,
            external: Vec::new(),
            replaces_committed: false,
        };
        let (document, outcome) = change(&mut target)?;
        let Target { file, project, external, .. } = target;
        refuse_reserved_dependents(&file, &document)?;
        if !reaches_files && file.public_key().is_none() && !new_keys.is_empty() {
            return Err(file.no_public_key());
        }
        let is_changed = !file.exists() || file.on_disk() != document.as_bytes();
        prepared.push(PreparedFile { file, document, is_changed, project, external });
        outcomes.push(outcome);
    }
    let mut updated = Updated { files: Vec::with_capacity(prepared.len()), notices };
    if let Some(lock) = lock {
        let team_files = team_files(&prepared, store, &mut updated.notices)?;
        let changed = || prepared.iter().filter(|it| it.is_changed);
        exclude_beside(changed().map(|it| it.file.path()), store.repositories())?;
        let mut staged = Vec::new();
        for PreparedFile { file, document, .. } in changed() {
            let before = file.exists().then(|| file.on_disk());
            staged.push(ReadyFile::stage(&lock, file.path(), before, document.as_bytes())?);
        }
        // Last, because they record what became of the values.
        for (path, renewed) in &team_files {
            let (before, after) = (renewed.before.as_deref(), renewed.after.as_bytes());
            staged.push(ReadyFile::stage(&lock, path, before, after)?);
        }
        for key in &new_keys {
            updated.notices.extend(keep_key(key, store, write)?);
        }
        if write == Write::Plan {
            return Ok(updated);
        }
        commit(staged)?;
        updated.notices.extend(pinning.save());
    }
    updated.files.extend(prepared.into_iter().zip(outcomes).map(|(it, outcome)| {
        let PreparedFile { file, document, is_changed, .. } = it;
        UpdatedFile { path: file.path().to_owned(), document, is_changed, outcome }
    }));
    Ok(updated)
}

struct PreparedFile {
    file: EnvFile,
    document: Document,
    is_changed: bool,
    project: Rc<Project>,
    external: Vec<String>,
}

/// Returns the changes to team files that follow from this change.
fn team_files(
    prepared: &[PreparedFile],
    store: &KeyStore<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Vec<(PathBuf, exposure::TeamFileChange)>, Error> {
    let mut projects: BTreeMap<PathBuf, (&Project, Vec<exposure::ChangedFile<'_>>, BTreeSet<&str>)> =
        BTreeMap::new();
    for PreparedFile { file, document, project, external, .. } in prepared {
        let (_, changed, names) =
            projects.entry(project.team_file()).or_insert((project, vec![], BTreeSet::new()));
        changed.push((file, document));
        names.extend(external.iter().map(String::as_str).filter(|name| !project.policy().is_external(name)));
    }
    let mut texts = Vec::new();
    for (team_file, (project, changed, names)) in projects {
        let names: Vec<_> = names.into_iter().collect();
        if let Some(mut change) = exposure::renewed(project, store, &changed, &names)? {
            notices.append(&mut change.notices);
            if change.before.is_none() {
                project.refuse_to_replace_left_out(&team_file)?;
            }
            texts.push((team_file, change));
        }
    }
    Ok(texts)
}

impl Target<'_> {
    pub(crate) fn file(&self) -> &EnvFile {
        &self.file
    }

    pub(crate) fn project(&self) -> &Rc<Project> {
        &self.project
    }

    /// Rejects a missing file, for commands that don't create one.
    pub(crate) fn must_exist(&self) -> Result<(), Error> {
        if self.file.exists() {
            return Ok(());
        }
        Err(no_env_file(self.file.path()))
    }

    /// Returns true if there is anything to encrypt among the names that `wants` asks for.
    pub(crate) fn has_secrets(&self, wants: &dyn Fn(&str) -> bool) -> bool {
        has_secrets(&self.file, &self.project, wants)
    }

    /// Returns the document that changes start from: the file's, with the header if [`Self::seal_to`] added a key.
    pub(crate) fn document(&self) -> &Document {
        self.headed.as_ref().unwrap_or(self.file.document())
    }

    /// Returns the key that this file's values are encrypted to. If the file has none yet, takes the environment's or
    /// creates one. Rejects a key that this machine does not trust.
    pub(crate) fn seal_to(&mut self) -> Result<PublicKey, Error> {
        let trust = KeyTrust { file: &self.file, project: &self.project, store: self.store };
        let (key, notice) = match &self.choice {
            KeyChoice::InFile => return self.key_in_file(),
            KeyChoice::OfEnvironment(key, from) => {
                self.pinning.check(trust, from, key)?;
                let (key, from) = (*key, from.clone());
                if self.headed.is_none()
                    && let Some(private) = self.key_beside(&from, &key)?
                {
                    self.keep(private, false);
                }
                (key, Some(Notice::KeyTaken { key: key.id(), from }))
            }
            KeyChoice::OfKeysFile(key, from) => {
                self.refuse_key_beside_head(Some(key))?;
                self.pinning.take(trust, key)?;
                (*key, Some(Notice::KeyTaken { key: key.id(), from: from.clone() }))
            }
            KeyChoice::None => {
                self.file.refuse_lost_key(None, &self.project)?;
                self.refuse_key_beside_head(None)?;
                let key = self.new_key();
                let trust = KeyTrust { file: &self.file, project: &self.project, store: self.store };
                self.pinning.take(trust, &key)?;
                (key, None)
            }
        };
        self.file.refuse_lost_key(Some(&key), &self.project)?;
        if self.headed.is_none() {
            self.headed = Some(with_header(&self.file, self.file.document(), &key)?);
            self.notices.extend(notice);
        }
        Ok(key)
    }

    /// Returns the key in the file, to encrypt values to it. Rejects a key that this machine does not trust.
    pub(crate) fn key_in_file(&mut self) -> Result<PublicKey, Error> {
        let key = *self.file.public_key().ok_or_else(|| self.file.no_public_key())?;
        let trust = KeyTrust { file: &self.file, project: &self.project, store: self.store };
        self.pinning.check(trust, self.file.path(), &key)?;
        Ok(key)
    }

    /// Returns an opener for the file's values, if the private key is available. Never asks for a passphrase, because
    /// encrypting needs none.
    pub(crate) fn opener(&self) -> Result<Option<Opener>, Error> {
        let Some(key) = self.file.public_key() else { return Ok(None) };
        let key = self.store.find_unasked(self.file.env(), key, &self.file.dir())?;
        Ok(key.map(Opener::new))
    }

    /// Returns an opener for the file's values. Without the private key, the error says where it was looked for.
    pub(crate) fn opener_or_fail(&self) -> Result<Opener, Error> {
        let key = self.file.public_key().ok_or_else(|| self.file.no_public_key())?;
        Ok(Opener::new(self.store.find(self.file.env(), key, &self.file.dir())?))
    }

    /// Returns an opener for values that are encrypted to the key of [`Self::seal_to`]. Without the private key, the
    /// error says where it was looked for.
    pub(crate) fn opener_of_its_key(&mut self) -> Result<Opener, Error> {
        let public = self.seal_to()?;
        let new = self.new_keys.iter().find(|new| new.key.public() == public);
        let key = match new {
            Some(new) => new.key.clone(),
            None => self.store.find(self.file.env(), &public, &self.file.dir())?,
        };
        Ok(Opener::new(key))
    }

    /// Returns every available private key for the file's environment, including older ones, and if they do not
    /// suffice, those that were ever granted to this user.
    pub(crate) fn all_keys(&self) -> Result<Vec<PrivateKey>, Error> {
        let mut keys = self.store.all_unlocked(self.file.env(), &self.file.dir())?;
        let mut tokens = self.file.variables().filter_map(|(_, entry)| self.file.token(entry)?.ok());
        if tokens.any(|token| keys.iter().all(|key| key.public().id() != token.key_id())) {
            keys.extend(self.store.ever_granted(&self.file.dir())?);
        }
        Ok(keys)
    }

    /// Adds names to the policy's `external`, together with the change of the file.
    pub(crate) fn declare_external(&mut self, names: &[String]) {
        self.external.extend_from_slice(names);
    }

    /// Lets a key be created where the last commit has another.
    pub(crate) fn replace_committed_key(&mut self) {
        self.replaces_committed = true;
    }

    /// Rejects taking or creating a key if the last commit has another one of the environment, in a file that is gone
    /// or has lost its line.
    fn refuse_key_beside_head(&self, key: Option<&PublicKey>) -> Result<(), Error> {
        if self.replaces_committed || self.headed.is_some() {
            return Ok(());
        }
        let env = self.file.env();
        let other = key_in_head(&self.project, env)?.filter(|(_, committed)| key != Some(committed));
        let Some((path, committed)) = other else { return Ok(()) };
        let (id, place) = (committed.id(), path.display());
        let message = format!("{env} already has a public key in the last commit ({id}), in {place}");
        let path = self.project.place().lock_dir().join(&path);
        let (exists, path) = (path.symlink_metadata().is_ok(), relative_path(&path));
        Err(Error::refused(message).with_status(3).with_hint(if exists {
            hint!("see its line for the key: git log -p -- {path}", path)
        } else {
            hint!("restore the file: git checkout HEAD -- {path}", path)
        }))
    }

    fn new_key(&mut self) -> PublicKey {
        let (env, root) = (self.file.env(), self.project.root());
        let mut made = self.new_keys.iter_mut().filter(|new| new.is_made);
        if let Some(new) = made.find(|new| new.env == *env && new.project_root == root) {
            new.dirs.push(self.file.dir());
            return new.key.public();
        }
        let key = PrivateKey::generate();
        let public = key.public();
        self.keep(key, true);
        public
    }

    /// Returns the environment's private key if it is available for the env file `from`, but not in the separate keys
    /// file for this file's folder: without it, values encrypted here could not be decrypted here.
    fn key_beside(&self, from: &Path, key: &PublicKey) -> Result<Option<PrivateKey>, Error> {
        let (env, dir) = (self.file.env(), self.file.dir());
        let own = place_of(&self.store.keys_file_path(&dir));
        let is_apart =
            own.symlink_metadata().is_ok() && own != place_of(&self.store.keys_file_path(&folder_of(from)));
        if !is_apart || self.store.find_unasked(env, key, &dir)?.is_some() {
            return Ok(None);
        }
        Ok(self.store.find_unasked(env, key, &folder_of(from))?)
    }

    fn keep(&mut self, key: PrivateKey, is_made: bool) {
        let (env, project_root) = (self.file.env().clone(), self.project.root().to_owned());
        self.new_keys.push(NewKey { env, project_root, dirs: vec![self.file.dir()], key, is_made });
    }
}
