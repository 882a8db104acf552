//! Rotation: environments get new key pairs. All that was encrypted, granted and recorded under the old keys is renewed
//! under the new ones. All files are written or none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use zeroize::Zeroizing;

use super::change::with_sources;
use super::exposure::{carry_all, exposure_names};
use super::file::{EnvFile, folder_of, real_place, refuse_link_elsewhere};
use super::line_errors::{ValueFailure, cannot_decrypt, cannot_seal, keys_disagree};
use super::pin::{KeyTrust, Pinning};
use super::projects::Project;
use super::setup::{Notice, ignore_keys_file};
use super::team_file::{put_tag_key, tag_key};
use super::transaction::{ReadyFile, WriteLock, commit, exclude_beside};
use super::update::Write;
use crate::config::EnvName;
use crate::crypto::{Identity, IdentityKey, KeyId, Opener, PrivateKey, PublicKey, Sealer};
use crate::dotenv::Document;
use crate::error::{Error, ErrorKind};
use crate::git::{self, GitError};
use crate::keys::{KeyLookupError, KeyStore, KeysFile};
use crate::team::Rotation as RotationProof;
use crate::team::{Exposure, ExposureState, GrantFault, GrantLine, MemberName, TeamFile};

/// Changes the team file during a rotation. Called with the lock held, on a team file that is written with the rest or
/// not at all.
pub(crate) trait TeamChange {
    /// Called before anything else: `team remove` removes the member here.
    fn before(&mut self, team: &mut TeamFile) -> Result<(), Error>;

    /// Returns true if a grant whose proof holds under the old key should be re-issued.
    fn keeps(&mut self, line: &GrantLine) -> bool;

    /// Returns true if the remover confirmed the grants made by this removed key, so that they may be re-issued.
    fn stands_for(&self, _granter: &IdentityKey) -> bool {
        false
    }

    /// Called once per environment, after its grants were re-issued and its rotation was recorded: `team remove`
    /// records exposures here, under the new key.
    fn after(&mut self, team: &mut TeamFile, rotated: &EnvironmentRotation) -> Result<(), Error>;
}

#[derive(Debug, Default)]
pub(crate) struct Rotation {
    /// Each environment, in the order asked for.
    pub envs: Vec<RotatedEnv>,
    /// The keys files that hold the new keys, in front of the old.
    pub keys_files: Vec<PathBuf>,
    /// The `keys_files` in which an environment's key was locked but the new one is not: the passphrase is not known.
    pub beside_locked: Vec<PathBuf>,
    /// The team file, if it was written.
    pub team_file: Option<PathBuf>,
    pub notices: Vec<Notice>,
}

#[derive(Debug)]
pub(crate) struct RotatedEnv {
    pub env: EnvName,
    pub old: KeyId,
    pub new: KeyId,
    pub files: Vec<PathBuf>,
    pub resealed: usize,
    /// Values encrypted to older keys that are not available; they stayed as they were.
    pub left: Vec<LeftSealed>,
    /// The members whose grants were re-issued.
    pub granted: Vec<MemberName>,
    pub dropped: Vec<DroppedGrant>,
    /// The number of exposures whose proof held under the old key, and was renewed.
    pub exposures: usize,
    /// Exposures whose proof did not hold; they stayed as they were.
    pub unproven: Vec<Exposure>,
    /// True if the key of the exposure tags could not be decrypted; it stayed as it was.
    pub tags_lost: bool,
}

/// A value encrypted to a key that is not available.
#[derive(Debug)]
pub(crate) struct LeftSealed {
    pub path: PathBuf,
    pub line: usize,
    pub name: String,
    /// The key it is encrypted to.
    pub key: KeyId,
}

/// A grant that was not re-issued.
#[derive(Debug)]
pub(crate) struct DroppedGrant {
    pub line: GrantLine,
    /// None if [`TeamChange::keeps`] rejected a valid grant.
    pub fault: Option<GrantFault>,
}

/// Rotates `envs` in the project of `paths`, with files that git ignores in their folders. If `envs` is empty, only the
/// team file is changed.
///
/// Fails outside git; if a file has a merge conflict or disagrees with another on the key; if a value can't be
/// decrypted; and if grants must be re-issued and this user is not a member.
pub(crate) fn rotate(
    paths: &[PathBuf],
    envs: &[EnvName],
    store: &KeyStore<'_>,
    change: &mut dyn TeamChange,
) -> Result<Rotation, Error> {
    if !envs.is_empty() {
        store.refuse_piped()?;
    }
    let dir = folder_of(&paths[0]);
    git::find_root(&dir).ok_or_else(|| GitError::not_a_repository(&dir))?;
    let project = Project::of(&dir, store.repositories())?;
    let mut written = vec![project.team_file()];
    for env in envs {
        written.extend(env_file_paths(env, &project, paths)?);
    }
    let lock = WriteLock::with_keys_files(&written, store)?;
    // Reads everything again.
    let project = Project::of(&dir, store.repositories())?;
    let team_path = project.team_file();
    let team_text = project.team_text()?;
    let mut team = project.parse_team(team_text.as_deref().unwrap_or_default())?;

    change.before(&mut team)?;
    let mut rotation = Rotation::default();
    let (mut currents, mut resealed) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for env in envs.iter().filter(|env| seen.insert(*env)) {
        currents.push(EnvironmentRotation::load(env, (&project, &team), paths, store)?);
    }
    for current in &currents {
        let mut report = current.report();
        let documents = current.resealed(store, &mut report)?;
        let exposed = renew(&mut team, &project, (current, &documents), store, change, &mut report)?;
        let (state, path) = (ExposureState::Exposed, &team_path);
        let noted =
            exposed.into_iter().map(|(env, name)| Notice::Noted { env, name, state, path: path.clone() });
        rotation.notices.extend(noted);
        resealed.extend(documents);
        change.after(&mut team, current)?;
        rotation.envs.push(report);
    }

    let text = team.text();
    let keys = keys_files(&currents, store)?;
    let files: Vec<_> = currents.iter().flat_map(|current| &current.files).zip(&resealed).collect();
    if team_text.as_deref().unwrap_or_default() != text.as_bytes() {
        rotation.team_file = Some(team_path);
    }
    // Everything that can fail comes before the change; after it there are only notices.
    let mut pinning = Pinning::default();
    for (current, report) in currents.iter().zip(&rotation.envs) {
        let key = (&report.env, &current.new.public());
        pinning.accept(&project, key, &report.files, current.files.first(), store)?;
    }
    let changed = keys.keys().map(PathBuf::as_path).chain(files.iter().map(|(file, _)| file.path()));
    exclude_beside(changed.chain(rotation.team_file.as_deref()), project.repositories())?;
    let mut staged = Vec::new();
    for (path, (file, after)) in &keys {
        let before = path.symlink_metadata().is_ok().then(|| file.text());
        let stored = KeysFile::public_keys_in(path, after).unwrap_or_default();
        let mut brought: Vec<_> = currents.iter().map(|current| current.new.public()).collect();
        brought.retain(|key| stored.contains(key));
        staged.push(ReadyFile::stage_keys(&lock, path, before, after, brought)?);
    }
    for (file, after) in files {
        let before = Some(file.document().as_bytes());
        staged.push(ReadyFile::stage(&lock, file.path(), before, after.as_bytes())?);
    }
    if let Some(path) = &rotation.team_file {
        staged.push(ReadyFile::stage(&lock, path, team_text.as_deref(), text.as_bytes())?);
    }
    for (path, (file, after)) in &keys {
        rotation.notices.extend(ignore_keys_file(path, &project, Write::Files)?);
        for EnvironmentRotation { env, new, .. } in &currents {
            let was_locked = file.keys(env)?.iter().any(|key| key.is_locked());
            let in_the_open = memchr::memmem::find(after, new.to_text().expose().as_bytes()).is_some();
            if was_locked && in_the_open && !rotation.beside_locked.contains(path) {
                rotation.beside_locked.push(path.clone());
            }
        }
    }
    commit(staged)?;
    // If this could not be saved, or the process is killed first, the proof updates the pin at the next encryption.
    rotation
        .notices
        .extend(pinning.save().into_iter().filter(|notice| matches!(notice, Notice::NotPinned { .. })));
    rotation.keys_files = keys.into_keys().collect();
    Ok(rotation)
}

type KeysFiles = BTreeMap<PathBuf, (KeysFile, Zeroizing<Vec<u8>>)>;

/// Returns the keys files for the environments' files, with the new keys in them.
fn keys_files(currents: &[EnvironmentRotation], store: &KeyStore<'_>) -> Result<KeysFiles, Error> {
    let mut wanted: BTreeMap<PathBuf, (PathBuf, Vec<&EnvironmentRotation>)> = BTreeMap::new();
    for current in currents {
        for folder in current.files.iter().map(EnvFile::dir) {
            let path = store.keys_file_path(&folder);
            let path = std::path::absolute(&path).unwrap_or(path);
            let (_, there) = wanted.entry(path).or_insert_with(|| (folder, Vec::new()));
            if there.iter().all(|it| it.env != current.env) {
                there.push(current);
            }
        }
    }
    let mut files = BTreeMap::new();
    for (path, (near, currents)) in wanted {
        let file = store.keys_file(&near)?.map_or_else(|| KeysFile::new(&path), Rc::unwrap_or_clone);
        let rotated: Vec<_> = currents.iter().map(|it| (&it.env, &it.old, &it.new)).collect();
        let text = store.lock_as_before(
            &file,
            file.with_rotated(&rotated)?,
            rotated.iter().map(|(env, ..)| *env),
        )?;
        files.insert(path, (file, text));
    }
    Ok(files)
}

/// An environment that is being rotated.
pub(crate) struct EnvironmentRotation {
    pub env: EnvName,
    /// The files with a public key, as they were before.
    pub files: Vec<EnvFile>,
    pub old: PrivateKey,
    pub new: PrivateKey,
    /// [`exposure_names`] before the rotation.
    exposed_as: Vec<EnvName>,
}

impl EnvironmentRotation {
    /// Loads the environment's files in a project, and finds its key.
    fn load(
        env: &EnvName,
        (project, team): (&Project, &TeamFile),
        paths: &[PathBuf],
        store: &KeyStore<'_>,
    ) -> Result<Self, Error> {
        let mut files: Vec<EnvFile> = Vec::new();
        for path in env_file_paths(env, project, paths)? {
            refuse_link_elsewhere(&path)?;
            let file = EnvFile::load(&path)?;
            match (file.public_key(), files.first()) {
                // A file without a key is skipped, unless it has lost its key.
                (None, _) => file.refuse_lost_key(None, project)?,
                (Some(key), Some(first)) if first.public_key() != Some(key) => {
                    let first_key = first.public_key().unwrap_or(key).id();
                    return Err(keys_disagree(env, (first.path(), first_key), (&path, key.id())));
                }
                _ => files.push(file),
            }
        }
        let none = || {
            let project = project.root().display();
            Error::new(ErrorKind::NotFound, format!("there is no env file of environment {env} in {project}"))
                .with_hint("see which there are: envseal ls")
        };
        let public = *files.first().and_then(EnvFile::public_key).ok_or_else(none)?;
        let old = find(env, &public, &files, store)?;
        for file in &files {
            KeyTrust { file, project, store }.refuse_old_key(&old, true)?;
        }
        let exposed_as = exposure_names(project, team, env, &old)?;
        Ok(Self { env: env.clone(), files, old, new: PrivateKey::generate(), exposed_as })
    }

    /// Returns a report in which nothing is done yet.
    fn report(&self) -> RotatedEnv {
        RotatedEnv {
            env: self.env.clone(),
            old: self.old.public().id(),
            new: self.new.public().id(),
            files: self.files.iter().map(|file| file.path().to_owned()).collect(),
            resealed: 0,
            left: Vec::new(),
            granted: Vec::new(),
            dropped: Vec::new(),
            exposures: 0,
            unproven: Vec::new(),
            tags_lost: false,
        }
    }

    /// Returns each file's new document, with every value encrypted to the new key in one batch. Only the values and
    /// the public key's line change.
    fn resealed(&self, store: &KeyStore<'_>, report: &mut RotatedEnv) -> Result<Vec<Document>, Error> {
        let new = self.new.public();
        let mut sealer = Sealer::new(&new).expect("a key just made");
        let (mut openers, mut knows_older) = (vec![Opener::new(self.old.clone())], false);
        let (mut resealed, mut failures) = (Vec::new(), Vec::new());
        for file in &self.files {
            let document = file.document();
            let mut sources = vec![self.key_line(document, &new)];
            for (at, entry) in file.variables() {
                let (name, path, line) = (document.name(entry), file.path(), entry.line);
                let mut fail = |reason| failures.push(ValueFailure::new(file, entry, reason));
                let token = match file.token(entry) {
                    None => continue,
                    Some(Ok(token)) => token,
                    Some(Err(error)) => {
                        fail(error.into());
                        continue;
                    }
                };
                if !knows_older && token.key_id() != self.old.public().id() {
                    for folder in self.files.iter().map(EnvFile::dir).collect::<BTreeSet<_>>() {
                        let older = store.older(&self.env, &self.old.public(), &folder)?;
                        openers.extend(older.into_iter().map(|(key, _)| Opener::new(key)));
                    }
                    knows_older = true;
                }
                let opener = openers.iter_mut().find(|opener| opener.public_key().id() == token.key_id());
                let Some(opener) = opener else {
                    let (path, name) = (path.to_owned(), name.to_owned());
                    report.left.push(LeftSealed { path, line, name, key: token.key_id() });
                    continue;
                };
                match opener.open(name, &token) {
                    Ok(opened) => {
                        let sealed = sealer.seal(name, token.refs(), opened.kind, opened.bytes.expose());
                        let sealed = sealed.map_err(cannot_seal(path))?;
                        sources.push((at, sealed.to_text()));
                        report.resealed += 1;
                    }
                    Err(error) => fail(error.into()),
                }
            }
            resealed.push(with_sources(file, document, &sources)?);
        }
        if failures.is_empty() { Ok(resealed) } else { Err(cannot_decrypt(&failures)) }
    }

    /// Returns the public key's entry, and its source text with the new key. Quotes stay.
    fn key_line(&self, document: &Document, new: &PublicKey) -> (usize, Vec<u8>) {
        let at = document.last(&self.env.public_key_name()).expect("the file has a public key");
        let source = String::from_utf8_lossy(document.source(&document.entries()[at]));
        (at, source.replace(&self.old.public().to_string(), &new.to_string()).into_bytes())
    }
}

/// Rejects an existing file that the rotation of its environment would leave out.
pub(crate) fn refuse_not_rotated(project: &Project, paths: &[PathBuf]) -> Result<(), Error> {
    for path in paths.iter().filter(|path| path.symlink_metadata().is_ok()) {
        let env = EnvName::of_file(path)?;
        let rotated = env_file_paths(&env, project, paths)?;
        if !rotated.iter().any(|other| real_place(other) == real_place(path)) {
            let team_file = project.team_file();
            let message = format!("{} is not rotated with {env}: the policy excludes it", path.display());
            let hint = hint!("see [policy] exclude in {team_file}", team_file);
            return Err(Error::refused(message).with_hint(hint));
        }
    }
    Ok(())
}

/// Returns the environment's files in the project, each once: those of [`Project::env_files`], and those that git
/// ignores beside them, beside the `named` paths and at the root.
fn env_file_paths(env: &EnvName, project: &Project, named: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let is_it = |path: &PathBuf| EnvName::of_file(path).is_ok_and(|it| it == *env);
    let mut paths: Vec<_> = project.env_files(project.root())?.into_iter().filter(is_it).collect();
    let beside = paths.iter().chain(named).map(|path| folder_of(path));
    let folders: BTreeSet<_> = beside.chain([project.root().to_owned()]).collect();
    for folder in folders {
        paths.extend(project.passed_over(&folder, &[])?.into_iter().filter(is_it));
    }
    let mut seen = BTreeSet::new();
    paths.retain(|path| seen.insert(real_place(path)));
    Ok(paths.iter().map(|path| git::relative_path(path)).collect())
}

/// Finds the private key from any of the files.
fn find(
    env: &EnvName,
    public: &PublicKey,
    files: &[EnvFile],
    store: &KeyStore<'_>,
) -> Result<PrivateKey, Error> {
    let mut missing = None;
    for file in files {
        match store.find(env, public, &file.dir()) {
            Err(error @ KeyLookupError::NotFound { .. }) => drop(missing.get_or_insert(error)),
            found => return Ok(found?),
        }
    }
    Err(missing.expect("there is a file").into())
}

/// Renews everything that was under the environment's old key. A grant whose proof does not hold was not made by
/// someone who could decrypt the environment: it is removed, and never re-issued. Returns what is newly recorded as
/// exposed, because it was encrypted with an older key that a removed member had.
fn renew(
    team: &mut TeamFile,
    project: &Project,
    (current, documents): (&EnvironmentRotation, &[Document]),
    store: &KeyStore<'_>,
    change: &mut dyn TeamChange,
    report: &mut RotatedEnv,
) -> Result<BTreeSet<(EnvName, String)>, Error> {
    let mut exposed = BTreeSet::new();
    let EnvironmentRotation { env, old, new, .. } = current;
    let lines: Vec<_> = team.grants().iter().filter(|line| line.env == *env).cloned().collect();
    let mut me = None;
    for line in lines {
        let stands = team.key_of(&line.by).is_some_and(|granter| change.stands_for(granter));
        let fault = if stands { team.prove_of_old(&line, old) } else { team.prove(&line, old) }.err();
        if matches!(fault, Some(GrantFault::Removed(_))) {
            // Only `team remove` records what they could read. Until then the grant stays, to be seen.
            continue;
        }
        if fault.is_some() || !change.keeps(&line) {
            team.take_grant(env, &line.member);
            report.dropped.push(DroppedGrant { line, fault });
            continue;
        }
        if me.is_none() {
            me = Some(member(team, &project.team_file(), current, store)?);
        }
        let (name, identity) = me.as_ref().expect("just found");
        let key = team.members()[&line.member];
        team.put_grant(GrantLine::make(env, new, (&line.member, &key), (name, identity)));
        report.granted.push(line.member);
    }
    for name in &current.exposed_as {
        let exposures = team.exposures_of(name);
        let tags = tag_key(team, name, old);
        match &tags {
            Some(tags) => put_tag_key(team, name, new, tags),
            None => report.tags_lost |= !exposures.is_empty() || team.tag_key(name).is_some(),
        }
        for exposure in exposures {
            if exposure.proof == exposure.proof_by(old) {
                let proof = exposure.proof_by(new);
                team.put_exposure(Exposure { proof, ..exposure });
                report.exposures += 1;
            } else {
                report.unproven.push(exposure);
            }
        }
        if let Some(tags) = tags.filter(|_| team.exposed_names().contains(name)) {
            let changed: Vec<_> = current.files.iter().zip(documents).collect();
            let news = carry_all(team, name, &tags, new, &changed, store)?;
            exposed.extend(news.into_iter().map(|of| (name.clone(), of)));
        }
    }
    team.put_rotation(RotationProof::make(env, old, &new.public()));
    Ok(exposed)
}

/// Returns this user's name in the team, and identity.
fn member<'a>(
    team: &TeamFile,
    path: &Path,
    current: &EnvironmentRotation,
    store: &'a KeyStore<'_>,
) -> Result<(MemberName, &'a Identity), Error> {
    let me = store.me()?.map(|me| &me.identity);
    let name = me.and_then(|me| team.member_of(&me.public())).cloned();
    name.zip(me).ok_or_else(|| {
        let who = match me {
            Some(me) => format!("you ({}) are not one", me.public().fingerprint()),
            None => "you have no identity".into(),
        };
        let path = path.display();
        Error::refused(format!(
            "only a member can re-issue the grants of {} in {path}, and {who}",
            current.env
        ))
        .with_hint("request access: envseal team request, and commit what it writes")
    })
}
