//! Pins. Anyone who can push can put another public key into an env file, and read what is encrypted to it from then
//! on. So the first key that this user encrypts to stays the trusted one, until a person decides otherwise, or a holder
//! of that key has proven that it was rotated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::{Component, Path, PathBuf};

use super::committed::{path_in_commits, was_committed};
use super::file::{EnvFile, place_of, real_place};
use super::projects::Project;
use super::setup::Notice;
use crate::config::{EnvName, TEAM_FILE, is_team_file};
use crate::crypto::{PrivateKey, PublicKey};
use crate::error::Error;
use crate::git::{Commit, FileRef, Repo, relative_path};
use crate::hint::Hint;
use crate::keys::{KeyStore, NewPins, Pin, Pins};
use crate::team::{Rotation, TeamFile};
use crate::time::{Moment, rfc3339};

/// The trusted keys that a command has read, and the new ones, which are saved once its files are written.
#[derive(Default)]
pub(crate) struct Pinning {
    /// By the worktree's root.
    known: BTreeMap<PathBuf, KnownPins>,
    fresh: Vec<FreshPins>,
}

enum KnownPins {
    /// Before the first commit nothing is pinned.
    NoCommit,
    /// This user has no folder for data.
    NoHome,
    Pins(Pins),
}

/// A key to be pinned: at the project's folder and its files, so that every file keeps its pin if the project's
/// boundaries change.
struct FreshPins {
    root: PathBuf,
    project: PathBuf,
    pins: NewPins,
    /// The notice that it replaces another key without a person's confirmation.
    moved: Option<Notice>,
}

/// An env file of a project, whose key is compared with those that this user trusts.
#[derive(Clone, Copy)]
pub(crate) struct KeyTrust<'a> {
    pub file: &'a EnvFile,
    pub project: &'a Project,
    pub store: &'a KeyStore<'a>,
}

impl Pinning {
    /// Rejects encrypting the file's values to `key`, which is in the env file at `holder`, if another key is trusted,
    /// or if the team file records that a newer one has replaced it. A new key, or one that a rotation led to, will be
    /// pinned.
    pub(super) fn check(&mut self, trust: KeyTrust<'_>, holder: &Path, key: &PublicKey) -> Result<(), Error> {
        self.untrusted(trust, holder, key)?.map_or(Ok(()), Err)
    }

    /// Returns the error of [`Self::check`] for the key in the file.
    pub(crate) fn trouble(&mut self, trust: KeyTrust<'_>) -> Result<Option<Error>, Error> {
        let Some(key) = trust.file.public_key() else { return Ok(None) };
        self.untrusted(trust, trust.file.path(), key)
    }

    /// Returns the error of [`Self::check`] if nothing may be encrypted with the key; None if the key may be used.
    fn untrusted(
        &mut self,
        trust: KeyTrust<'_>,
        holder: &Path,
        key: &PublicKey,
    ) -> Result<Option<Error>, Error> {
        let KeyTrust { file, project, store } = trust;
        let Some(root) = project.git_root() else { return Ok(None) };
        let (env, places) = (file.env(), places(file.path(), project, root));
        let (mut moved, mut new) = (None, NewPins::of(env, key));
        let known = self.known(root, store)?;
        if matches!(known, KnownPins::NoCommit) {
            return Ok(None);
        }
        if let KnownPins::Pins(pins) = known {
            let is_pinned = |place: &PathBuf| pins.at(env, place).next().is_some();
            let other_at = |place: &PathBuf| pins.at(env, place).find(|pin| pin.key != *key);
            // At a new place, as after a move, keys trusted for the environment anywhere in the repository count.
            let is_new = !places.iter().any(is_pinned) && pins.of(env).all(|pin| pin.key != *key);
            let elsewhere = pins.of(env).next().filter(|_| is_new);
            for pin in places.iter().filter_map(other_at).chain(elsewhere) {
                let (env, from, to) = (env.clone(), pin.key, *key);
                moved = Some(if trust.is_rotated(&from, key) {
                    Notice::PinMoved { env, from, to }
                } else {
                    return Ok(Some(trust.differs(holder, pin, key)));
                });
                new.replaced.insert(from);
            }
            let is_fresh = |place: &&PathBuf| !is_pinned(place) || other_at(place).is_some();
            new.places.extend(places.iter().filter(is_fresh).cloned());
        }
        if let Some(error) = trust.replaced_here(holder, key)? {
            return Ok(Some(error));
        }
        let is_added = |there: &FreshPins| {
            let pins = &there.pins;
            there.root == root && pins.env == *env && pins.key == *key && pins.places.contains(&places[0])
        };
        if new.places.contains(&places[0]) && !self.fresh.iter().any(is_added) {
            new.places.extend(files_of_project(project, env, root)?);
        }
        self.add_other_projects(project, env, root);
        self.add(project, new, moved);
        Ok(None)
    }

    /// Trusts a key that was created on this machine, whatever was trusted before.
    pub(super) fn take(&mut self, trust: KeyTrust<'_>, key: &PublicKey) -> Result<(), Error> {
        let KeyTrust { file, project, store } = trust;
        let Some(root) = project.git_root() else { return Ok(()) };
        if !matches!(self.known(root, store)?, KnownPins::NoCommit) {
            let places = places(file.path(), project, root).into_iter().collect();
            self.add_other_projects(project, file.env(), root);
            let new = NewPins { places, ..NewPins::of(file.env(), key) };
            self.add(project, new, None);
        }
        Ok(())
    }

    /// Trusts `key` as the key of `env`, whatever was trusted before: a person confirmed it, or it replaced the key of
    /// the env file `rotated` here.
    pub(super) fn accept(
        &mut self,
        project: &Project,
        (env, key): (&EnvName, &PublicKey),
        files: &[PathBuf],
        rotated: Option<&EnvFile>,
        store: &KeyStore<'_>,
    ) -> Result<(), Error> {
        let Some(root) = project.git_root() else { return Ok(()) };
        let mut new = NewPins::of(env, key);
        if let KnownPins::Pins(pins) = self.known(root, store)?
            && let Some((file, old)) = rotated.and_then(|file| Some((file, file.public_key()?)))
        {
            let trust = KeyTrust { file, project, store };
            let leads = |pin: &&Pin| trust.is_rotated(&pin.key, old);
            new.replaced.extend(pins.of(env).filter(leads).map(|pin| pin.key));
        }
        new.places.extend(files.iter().flat_map(|path| places(path, project, root)));
        new.places.insert(below(project.root(), root));
        new.places.extend(files_of_project(project, env, root)?);
        self.add_other_projects(project, env, root);
        self.add(project, new, None);
        Ok(())
    }

    /// Saves the new pins. A failure is only a notice, because the pins that exist already still hold.
    pub(super) fn save(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        for fresh in &self.fresh {
            let (env, key) = (fresh.pins.env.clone(), fresh.pins.key);
            let failed = match self.known.get(&fresh.root) {
                Some(KnownPins::Pins(pins)) => pins.accept(&fresh.pins).err().map(|it| Some(it.to_string())),
                Some(KnownPins::NoHome) => Some(None),
                Some(KnownPins::NoCommit) | None => continue,
            };
            notices.push(match (failed, &fresh.moved) {
                (Some(why), _) => Notice::NotPinned { env, why },
                (None, Some(moved)) => moved.clone(),
                (None, None) => Notice::Pinned { env, key },
            });
        }
        notices
    }

    /// When an environment of a repository is first seen, also trusts the keys that the repository's other projects
    /// have: from then on, any other key differs from the trusted ones.
    fn add_other_projects(&mut self, project: &Project, env: &EnvName, root: &Path) {
        let known = self.known.get(root);
        let is_first = matches!(known, Some(KnownPins::Pins(pins)) if pins.of(env).next().is_none());
        if !is_first || self.fresh.iter().any(|fresh| fresh.root == root && fresh.pins.env == *env) {
            return;
        }
        // A file that cannot be read is checked when it is used.
        for file in project.files_of_others().unwrap_or_default() {
            let path = file.path();
            if let Some(key) = file.public_key().filter(|_| file.env() == env)
                && let Ok(other) = Project::of(&file.dir(), project.repositories())
                && other.holds_file(path)
            {
                let places = places(path, &other, root).into_iter().collect();
                self.add(project, NewPins { places, ..NewPins::of(env, key) }, None);
            }
        }
    }

    fn add(&mut self, project: &Project, mut new: NewPins, moved: Option<Notice>) {
        let Some(root) = project.git_root().filter(|_| !new.places.is_empty()) else { return };
        let same = |FreshPins { project: of, pins, .. }: &&mut FreshPins| {
            of == project.root() && pins.env == new.env && pins.key == new.key
        };
        if let Some(fresh) = self.fresh.iter_mut().find(same) {
            fresh.pins.places.extend(new.places);
            fresh.pins.replaced.extend(new.replaced);
            fresh.moved = fresh.moved.take().or(moved);
        } else {
            // Asked only if there is something to keep. If it can't be found out, the key is replaced everywhere.
            if let Some(KnownPins::Pins(pins)) = self.known.get(root)
                && pins.of(&new.env).next().is_some()
            {
                new.kept = project.keys_outside(&new.env).unwrap_or_default();
            }
            let (root, project) = (root.to_owned(), project.root().to_owned());
            self.fresh.push(FreshPins { root, project, pins: new, moved });
        }
    }

    fn known(&mut self, root: &Path, store: &KeyStore<'_>) -> Result<&KnownPins, Error> {
        if !self.known.contains_key(root) {
            self.known.insert(root.into(), look(root, store)?);
        }
        Ok(&self.known[root])
    }
}

impl KeyTrust<'_> {
    /// Returns the pins that apply to a file: the project's and the file's, or else those of its environment anywhere in
    /// the repository. None before the first commit, outside git, and for a user without a data folder.
    pub(crate) fn pins(self) -> Result<Option<Vec<Pin>>, Error> {
        let Self { file, project, store } = self;
        let Some(root) = project.git_root() else { return Ok(None) };
        let KnownPins::Pins(pins) = look(root, store)? else { return Ok(None) };
        let places = places(file.path(), project, root);
        let mut found: Vec<_> = places.iter().flat_map(|place| pins.at(file.env(), place)).cloned().collect();
        if found.is_empty() {
            found.extend(pins.of(file.env()).cloned());
            if found.iter().any(|pin| Some(&pin.key) == file.public_key()) {
                found.retain(|pin| Some(&pin.key) == file.public_key());
            }
        }
        Ok(Some(found))
    }

    /// Returns true if the key in `file` is trusted, or a proven rotation of one; false if none is trusted yet.
    pub(super) fn is_trusted(self) -> Result<bool, Error> {
        let Some(key) = self.file.public_key() else { return Ok(false) };
        let pins = self.pins()?.unwrap_or_default();
        let leads = pins.iter().any(|pin| pin.key == *key || self.is_rotated(&pin.key, key));
        Ok(leads && Pinning::default().trouble(self)?.is_none())
    }

    /// Rejects granting or rotating a key that is not the newest one: this machine trusts another, or a team file that
    /// applies, or applied, to the file has ever recorded a rotation from it to another. `private` is its private key,
    /// which tells a forged record from a true one.
    ///
    /// To rotate, the record of a project around this one does not count if this machine trusts another key there and this
    /// one here: trusting the other replaced this one in both, so a person has confirmed it here since.
    pub(crate) fn refuse_old_key(self, private: &PrivateKey, is_to_rotate: bool) -> Result<(), Error> {
        let Self { file, project, .. } = self;
        let key = private.public();
        let mut pinning = Pinning::default();
        pinning.check(self, file.path(), &key)?;
        let (Some(root), Some(objects)) = (project.git_root(), project.repository()?) else { return Ok(()) };
        let trusts = |folder: &Path, is_it: &dyn Fn(&Pin) -> bool| match pinning.known.get(root) {
            Some(KnownPins::Pins(pins)) => pins.at(file.env(), &below(folder, root)).any(is_it),
            _ => false,
        };
        let is_confirmed = is_to_rotate && trusts(project.root(), &|pin| pin.key == key);
        for folder in project.root().ancestors().take_while(|folder| folder.starts_with(root)) {
            if is_confirmed && trusts(folder, &|pin| pin.key != key) {
                continue;
            }
            let found = objects.versions(&below(&folder.join(TEAM_FILE), root))?;
            if let Some(cut) = found.cut {
                return Err(objects.cut_off(cut).into());
            }
            for version in found.versions {
                if let Ok(team) = TeamFile::parse(&objects.blob(version.blob)?)
                    && let Some(rotation) = replacing(&team, file.env(), &key, Some(private))
                {
                    let record = format!("commit {:.12}", version.commit.to_string());
                    return Err(older_key(file.env(), file.path(), rotation, record));
                }
            }
        }
        Ok(())
    }

    /// Returns the error for `key` if the project's team file records that another one has replaced it: trusting it does not
    /// help.
    pub(crate) fn replaced_here(self, holder: &Path, key: &PublicKey) -> Result<Option<Error>, Error> {
        let Self { file, project, store } = self;
        let (env, team) = (file.env(), project.team()?);
        if team.rotations(env).all(|rotation| rotation.old != *key) {
            return Ok(None);
        }
        // Only with the private key can a forged record be told from a true one.
        let private = store.find_unasked(env, key, &file.dir())?;
        let Some(rotation) = replacing(&team, env, key, private.as_ref()) else { return Ok(None) };
        let path = relative_path(&project.team_file());
        let error = older_key(env, holder, rotation, format_args!("{}:{}", path.display(), rotation.line));
        if project.team_in_head().is_ok_and(|team| replacing(&team, env, key, private.as_ref()).is_some()) {
            return Ok(Some(error));
        }
        let hint = hint!("if that rotation was discarded, remove its line: ${EDITOR:-vi} {path}", path);
        Ok(Some(error.with_hint(hint)))
    }

    /// Returns the error for `key`, which is not the trusted one. It names the rotation that this branch does not have.
    fn differs(self, holder: &Path, pin: &Pin, key: &PublicKey) -> Error {
        if let Ok(Some(error)) = self.replaced_here(holder, key) {
            return error;
        }
        let (path, env) = (holder.display(), self.file.env());
        let keys = [
            format!("trusted: {} ({})", pin.key.fingerprint(), pin.seen),
            format!("in the file now: {}", key.fingerprint()),
        ];
        // If the history can't be read, a person must still learn that the key differs.
        let Ok(Some((commit, is_proven, is_undone))) = self.other_rotation(key, &pin.key) else {
            let beside = holder.parent().is_none_or(|folder| folder.as_os_str().is_empty());
            let select = if beside { hint!("-e {env}", env) } else { hint!("-f {path}", path = holder) };
            let mut hint =
                Hint::from("ask your team whether they changed it; if they did: envseal key trust ");
            // Then this clone may be older than another one on this machine.
            if was_committed(self.project, env, &pin.key).is_ok_and(|is_there| !is_there) {
                hint = Hint::from("first get the newest commits: git fetch; then ").and(hint);
            }
            return Error::refused(format!(
                "{path}: {env}'s public key differs from the one this machine trusts"
            ))
            .with_status(3)
            .with_details(keys)
            .with_details(["no proven rotation in this clone leads from one to the other".into()])
            .with_hint(hint.and(select));
        };
        let date = &rfc3339(Moment { seconds: commit.time, offset: commit.offset })[..10];
        let commit = format!("{:.12}", commit.id.to_string());
        let why = if is_undone { "it was put back since" } else { "is not in this branch" };
        let message = format!(
            "{path} has the key of {env} from before its rotation: commit {commit} ({date}) replaced it, and {why}"
        );
        let error = Error::refused(message)
            .with_status(3)
            .with_details(keys)
            .with_details(["anyone with the older key could read the new value".into()]);
        if is_undone {
            return error.with_hint(hint!("see who put it back: git log -p -- {path}", path = holder));
        }
        if is_proven {
            return error.with_hint(hint!("merge the rotation first: git merge {commit}", commit));
        }
        error
            .with_details(["only the older private key, which is not here, could prove that rotation".into()])
            .with_hint(hint!("see whether it is one, then merge it: git show {commit}", commit))
    }

    /// Returns the commit that first recorded that `from` was rotated to `to`, if some ref has it; then true if an available
    /// private key proves the rotation, and true if HEAD has that commit, so that the rotation was undone.
    fn other_rotation(self, from: &PublicKey, to: &PublicKey) -> Result<Option<(Commit, bool, bool)>, Error> {
        let Self { file, project, store } = self;
        let (Some(root), Some(objects)) = (project.git_root(), project.repository()?) else {
            return Ok(None);
        };
        let Some(head) = objects.head()? else { return Ok(None) };
        let team_file = below(&project.team_file(), root);
        let mut walk = objects.walk(&objects.tips()?, is_team_file)?;
        let mut found: Option<(_, _, bool)> = None;
        while let Some(step) = walk.step()? {
            for change in step.changes.into_iter().flatten() {
                let Some(file_then) = change.after else { continue };
                let team = objects.blob_if_there(file_then.id)?.and_then(|text| TeamFile::parse(&text).ok());
                let is_own = change.path == team_file;
                if let Some(team) = team.filter(|team| leads(team, file.env(), from, to, |_| true))
                    && (is_own || found.as_ref().is_none_or(|(.., is_own)| !is_own))
                {
                    found = Some((step.id, team, is_own));
                }
            }
        }
        let Some((id, team, is_own)) = found else { return Ok(None) };
        let is_undone = objects.merge_base(head, id)? == Some(id);
        // On another branch the project may be elsewhere. In this one, another team file is another project's.
        if is_undone && !is_own {
            return Ok(None);
        }
        let keys = store.all(file.env(), &file.dir()).unwrap_or_default();
        let is_proven = |rotation: &Rotation| keys.iter().any(|key| rotation.is_proven_by(key));
        Ok(Some((objects.read_commit(id)?, leads(&team, file.env(), from, to, is_proven), is_undone)))
    }

    /// Returns true if rotations lead from the key `from` to `to`, each proven with the private key of the one before.
    /// Having the new key, or a grant of it, proves nothing: anyone can make a key and grant it.
    fn is_rotated(self, from: &PublicKey, to: &PublicKey) -> bool {
        let (env, dir, store) = (self.file.env(), self.file.dir(), self.store);
        // A team file that cannot be read proves nothing; the user must still learn that the key differs.
        let Ok(team) = self.project.team() else { return false };
        if !leads(&team, env, from, to, |_| true) {
            return false;
        }
        let mut keys = store.all(env, &dir).unwrap_or_default();
        let proven = |keys: &[_], rotation: &Rotation| keys.iter().any(|key| rotation.is_proven_by(key));
        if leads(&team, env, from, to, |rotation| proven(&keys, rotation)) {
            return true;
        }
        // Last, because it may have to ask for a passphrase.
        keys.extend(store.ever_granted(&dir).unwrap_or_default());
        leads(&team, env, from, to, |rotation| proven(&keys, rotation))
    }
}

/// Pins `key` as the key of `env` in a project, whatever was pinned before: a person confirmed it. It applies to
/// `files` and to the project's other files that git does not ignore. Returns a notice if it could not be pinned.
/// Before the first commit and outside git there is nothing to pin.
pub(crate) fn accept(
    project: &Project,
    env: &EnvName,
    key: &PublicKey,
    files: &[PathBuf],
    store: &KeyStore<'_>,
) -> Result<Option<Notice>, Error> {
    let mut pinning = Pinning::default();
    pinning.accept(project, (env, key), files, None, store)?;
    Ok(pinning.save().into_iter().find(|notice| matches!(notice, Notice::NotPinned { .. })))
}

/// Returns the commit since which HEAD has the public key in `file`: if it was put back, the one that did that. None if HEAD
/// does not have it.
pub(crate) fn key_commit(objects: &Repo, file: &EnvFile) -> Result<Option<Commit>, Error> {
    let path = path_in_commits(objects, file.path())?;
    let Some(head) = objects.head()? else { return Ok(None) };
    let has_key = |version: Option<FileRef>| -> Result<bool, Error> {
        let text = version.map(|there| objects.blob_if_there(there.id)).transpose()?.flatten();
        let then = text.and_then(|text| EnvFile::of_the_past(file.path(), text, None).ok());
        Ok(then.as_ref().and_then(EnvFile::public_key) == file.public_key())
    };
    let mut walk = objects.walk_files(&[head], &BTreeSet::from([path.clone()]))?;
    let mut found = None;
    'walk: while let Some(step) = walk.step()? {
        let mut without = 0;
        for change in step.changes.iter().flatten().filter(|change| change.path == path) {
            match (has_key(change.before)?, has_key(change.after)?) {
                // Only a merge can have put it back: it took the file of a side from before this commit.
                (true, false) => break 'walk,
                (false, true) => without += 1,
                _ => {}
            }
        }
        if without > 0 {
            found = Some(step.id);
            if without == step.changes.len() {
                break;
            }
        }
    }
    Ok(found.map(|commit| objects.read_commit(commit)).transpose()?)
}

fn look(root: &Path, store: &KeyStore<'_>) -> Result<KnownPins, Error> {
    let names = store.repositories().open(root)?.names()?;
    if names.is_empty() {
        return Ok(KnownPins::NoCommit);
    }
    let Some(data_dir) = store.process().data_dir() else { return Ok(KnownPins::NoHome) };
    Ok(KnownPins::Pins(Pins::load(&data_dir, &names)?))
}

/// Returns the places that a key is pinned for: the project, and the file by the path that was typed and by its target.
fn places(file: &Path, project: &Project, root: &Path) -> Vec<PathBuf> {
    let mut places = vec![below(project.root(), root), below(&place_of(file), root)];
    for more in std::iter::once(below(&real_place(file), root)).chain(as_typed(file, root)) {
        if !places[1..].contains(&more) {
            places.push(more);
        }
    }
    places
}

/// Returns the path below `root` as it was typed, with symlinked folders unresolved.
fn as_typed(file: &Path, root: &Path) -> Option<PathBuf> {
    let mut typed = PathBuf::new();
    for part in std::path::absolute(file).ok()?.components() {
        match part {
            Component::ParentDir => drop(typed.pop()),
            part => typed.push(part),
        }
    }
    let is_root = |folder: &&Path| folder.canonicalize().is_ok_and(|folder| folder == root);
    let above = typed.ancestors().skip(1).filter(is_root).last()?;
    typed.strip_prefix(above).ok().map(Path::to_path_buf)
}

fn files_of_project(project: &Project, env: &EnvName, root: &Path) -> Result<Vec<PathBuf>, Error> {
    let files = project.env_files_by_environment()?.get(env);
    Ok(files.into_iter().flatten().map(|path| below(path, root)).collect())
}

fn below(path: &Path, root: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_owned()
}

/// Returns the rotation from `key` to another that the team file records. If the private key is given, it must prove it.
fn replacing<'a>(
    team: &'a TeamFile,
    env: &EnvName,
    key: &PublicKey,
    private: Option<&PrivateKey>,
) -> Option<&'a Rotation> {
    team.rotations(env).find(|rotation| {
        rotation.old == *key
            && rotation.new != *key
            && private.is_none_or(|private| rotation.is_proven_by(private))
    })
}

/// Returns the error for the rotated key in `holder`; `record` says where the rotation is recorded.
fn older_key(env: &EnvName, holder: &Path, rotation: &Rotation, record: impl Display) -> Error {
    let (path, old, new) = (holder.display(), rotation.old.id(), rotation.new.id());
    let message =
        format!("{path} has an older public key of {env} ({old}): it was rotated to {new} ({record})");
    let hint = hint!("see who put it back: git log -p -- {path}", path = holder);
    Error::refused(message).with_status(3).with_hint(hint)
}

fn leads(
    team: &TeamFile,
    env: &EnvName,
    from: &PublicKey,
    to: &PublicKey,
    holds: impl Fn(&Rotation) -> bool,
) -> bool {
    let mut by_old: BTreeMap<&PublicKey, Vec<&Rotation>> = BTreeMap::new();
    for rotation in team.rotations(env) {
        by_old.entry(&rotation.old).or_default().push(rotation);
    }
    let (mut reached, mut next) = (BTreeSet::from([*from]), vec![*from]);
    while let Some(key) = next.pop() {
        for rotation in by_old.get(&key).into_iter().flatten() {
            if holds(rotation) && reached.insert(rotation.new) {
                next.push(rotation.new);
            }
        }
    }
    reached.contains(to)
}
