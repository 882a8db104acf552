//! Keys that were granted to this user.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::{KeyLookupError, KeyStore, KeysFile, OwnIdentity, StoredKey, WhyMissing, malformed};
use crate::config::{EnvName, TEAM_FILE};
use crate::crypto::{IdentityKey, PrivateKey, PublicKey};
use crate::fs;
use crate::git;
use crate::hint::Hint;
use crate::team::{GrantLine, TeamFile};

/// Returns the team file that applies to files in `dir`: the nearest upward, up to the git root; outside git, in `dir`.
pub(crate) fn team_file(dir: &Path) -> Option<PathBuf> {
    let (folder, has_team_file) = find_project(dir);
    has_team_file.then(|| folder.join(TEAM_FILE))
}

/// Returns the project's folder for env files in `dir`: the team file's, else the git root; outside git, `dir`.
pub(crate) fn project_root(dir: &Path) -> PathBuf {
    find_project(dir).0
}

/// Returns [`project_root`], and true if the team file is there.
pub(super) fn find_project(dir: &Path) -> (PathBuf, bool) {
    let root = git::find_root(dir).unwrap_or_else(|| dir.into());
    let mut folders = dir.ancestors().take_while(|folder| folder.starts_with(&root));
    match folders.find(|folder| fs::has_entry(folder, TEAM_FILE)) {
        Some(folder) => (folder.to_owned(), true),
        None => (root, false),
    }
}

/// Returns the folder of a project as seen from the root of its repository.
fn seen_from_root(project: &Path) -> PathBuf {
    let root = git::find_root(project);
    root.and_then(|root| project.strip_prefix(root).ok().map(Path::to_owned)).unwrap_or_default()
}

/// Returns the folder of the project that the working directory belongs to, as seen from the root of its repository.
pub(crate) fn current_project() -> PathBuf {
    seen_from_root(&project_root(&Path::new(".").canonicalize().unwrap_or_default()))
}

/// Makes the commands of a hint work in the project in the folder `root`, wherever they are pasted.
pub(crate) fn in_project(root: &Path, hint: Hint) -> Hint {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.into());
    let is_here = project_root(&real(Path::new("."))) == real(root);
    hint.in_project(if is_here { PathBuf::new() } else { git::relative_path(root) }, seen_from_root(root))
}

impl KeyStore<'_> {
    /// Returns the private key for `wanted`, the public key of `env`, granted to `me` in the team file at `path`; or
    /// why it is not. Rejects an invalid grant of `env` to this user, whatever key it is for.
    pub(super) fn granted(
        &self,
        env: &EnvName,
        wanted: &PublicKey,
        path: &Path,
        me: Option<&OwnIdentity>,
    ) -> Result<Result<PrivateKey, WhyMissing>, KeyLookupError> {
        let Some(me) = me else {
            let is_empty = self.process.identity_is_empty();
            return Ok(Err(if is_empty { WhyMissing::EmptyIdentity } else { WhyMissing::NoIdentity }));
        };
        let text = git::read_team_or_schema(fs::folder_of(path), TEAM_FILE)?.unwrap_or_default();
        let file = TeamFile::parse(&text).map_err(|source| {
            malformed(format!("{}: {source}", path.display()))
                .with_hint(hint!("fix {path} and try again", path))
        })?;
        let public = me.identity.public();
        let Some(member) = file.member_of(&public) else {
            let fingerprint = public.fingerprint();
            let removed = file.removed().iter().find(|(_, was)| was.key == public);
            return Ok(Err(match removed {
                Some((name, _)) => WhyMissing::RemovedMember { name: name.to_string(), fingerprint },
                None => WhyMissing::NotAMember { fingerprint },
            }));
        };
        let Some(line) = file.grant(env, member) else {
            let is_it = |line: &&GrantLine| line.member == *member && line.key == *wanted;
            if let Some(other) = file.grants().iter().find(is_it) {
                return Ok(Err(WhyMissing::GrantOfOtherEnvironment(other.env.clone())));
            }
            let mut holders = holders(&file, env, wanted);
            holders.retain(|holder| holder != member.as_str());
            let is_alone = file.members().len() < 2;
            return Ok(Err(WhyMissing::NotGranted { member: member.to_string(), holders, is_alone }));
        };
        let key = file.open(line, &me.identity).map_err(|fault| {
            let message = format!("the grant of {env} to {member} is not valid: {fault}");
            let hint = hint!(
                "see who changed it: git log -p -- {path}; or ask someone with access to run: envseal team approve \
                 {member} -e {env}",
                path,
                member,
                env
            );
            malformed(format!("{}:{} {message}", path.display(), line.line))
                .with_hint(in_project(fs::folder_of(path), hint))
        })?;
        Ok(if line.key == *wanted {
            Ok(key)
        } else {
            Err(WhyMissing::GrantOfOtherKey { member: member.to_string(), key: line.key.id() })
        })
    }

    /// Returns the keys of `env` that the team file for `near` grants to this user. Skips invalid grants.
    pub fn granted_now(&self, env: &EnvName, near: &Path) -> Result<Vec<PrivateKey>, KeyLookupError> {
        let Some(path) = team_file(near) else { return Ok(Vec::new()) };
        let granted = self.granted_in(&fs::read(&path)?)?.into_iter();
        Ok(granted.filter(|(of, _)| of == env).map(|(_, key)| key).collect())
    }

    /// Returns every key that was ever granted to this user in the team file that applies to `near`: now, and in the
    /// history of HEAD. Skips what is invalid or cannot be read; [`Self::find`] reports it.
    pub fn ever_granted(&self, near: &Path) -> Result<Vec<PrivateKey>, KeyLookupError> {
        Ok(self.ever_granted_of(near)?.into_iter().map(|(_, key)| key).collect())
    }

    /// Returns [`Self::ever_granted`] with the environments, the newest first.
    pub(super) fn ever_granted_of(&self, near: &Path) -> Result<Vec<(EnvName, PrivateKey)>, KeyLookupError> {
        let Some(me) = self.me()? else { return Ok(Vec::new()) };
        let mut keys: Vec<(EnvName, PrivateKey)> = Vec::new();
        self.each_team(near, &mut |team| add_granted(team, me, &mut keys))?;
        Ok(keys)
    }

    /// Returns every private key for `env` other than `present`: those of [`Self::all`], and those of
    /// [`Self::ever_granted`]. Each with everyone who was ever granted it, or granted it, with a valid signature.
    pub fn older(
        &self,
        env: &EnvName,
        present: &PublicKey,
        near: &Path,
    ) -> Result<Vec<(PrivateKey, HashSet<IdentityKey>)>, KeyLookupError> {
        let (me, mut granted) = (self.me()?, Vec::new());
        let mut holders: HashMap<PublicKey, HashSet<IdentityKey>> = HashMap::new();
        self.each_team(near, &mut |team| {
            if let Some(me) = me {
                add_granted(team, me, &mut granted);
            }
            for line in team.grants() {
                let known = holders.entry(line.key).or_default();
                let parties = [&line.member, &line.by].map(|name| team.key_of(name).copied());
                // Most versions have the same grants, which need no second look at the signature.
                if parties.iter().flatten().any(|party| !known.contains(party)) && team.is_signed(line) {
                    known.extend(parties.into_iter().flatten());
                }
            }
        })?;
        let keys = self.all(env, near)?.into_iter().chain(granted.into_iter().map(|(_, key)| key));
        let holders = |key: &PrivateKey| holders.get(&key.public()).cloned().unwrap_or_default();
        Ok(keys.filter(|key| key.public() != *present).map(|key| (key.clone(), holders(&key))).collect())
    }

    /// Calls `each` with the team file for `near`, and those in the history of HEAD. Skips what can't be parsed.
    fn each_team(&self, near: &Path, each: &mut dyn FnMut(&TeamFile)) -> Result<(), KeyLookupError> {
        let Some(path) = team_file(near) else { return Ok(()) };
        let mut each = |text: &[u8]| TeamFile::parse(text).iter().for_each(&mut *each);
        if let Ok(text) = fs::read(&path) {
            each(&text);
        }
        if let Some(root) = git::find_root(near) {
            let objects = self.repositories().open(&root)?;
            let versions = objects.versions(&objects.relative(&path)?)?.versions;
            objects.obtain(&versions.iter().map(|version| version.blob).collect::<Vec<_>>())?;
            for version in versions {
                if let Some(text) = objects.blob_if_there(version.blob)? {
                    each(&text);
                }
            }
        }
        Ok(())
    }

    /// Returns true if HEAD grants this user the newest key under each name of `file`, and HEAD or its history every
    /// older one: then the file is not needed to decrypt anything. `near` is the folder of an env file that uses it.
    pub fn is_granted_whole(&self, file: &KeysFile, near: &Path) -> Result<bool, KeyLookupError> {
        let (Some(path), Some(root)) = (team_file(near), git::find_root(near)) else { return Ok(false) };
        let objects = self.repositories().open(&root)?;
        let path = objects.relative(&path)?;
        let Some(head) = objects.head()? else { return Ok(false) };
        let Some(committed) = objects.file(head, &path)? else { return Ok(false) };
        let (now, ever) = (self.granted_in(&objects.blob(committed.id)?)?, self.ever_granted_of(near)?);
        let has = |keys: &[(EnvName, PrivateKey)], stored: &StoredKey| {
            keys.iter().any(|(_, key)| key.public() == stored.public())
        };
        let mut count = 0;
        for (name, keys) in file.lists() {
            if name.is_none() {
                return Ok(false);
            }
            let keys = keys?;
            if !keys.first().is_some_and(|newest| has(&now, newest))
                || !keys.iter().all(|key| has(&ever, key))
            {
                return Ok(false);
            }
            count += keys.len();
        }
        Ok(file.every().count() == count)
    }

    /// Returns every key that a team file's text grants to this user, with its environment. Skips what is invalid.
    pub fn granted_in(&self, text: &[u8]) -> Result<Vec<(EnvName, PrivateKey)>, KeyLookupError> {
        let mut keys = Vec::new();
        if let (Some(me), Ok(team)) = (self.me()?, TeamFile::parse(text)) {
            add_granted(&team, me, &mut keys);
        }
        Ok(keys)
    }
}

/// Adds the keys granted to `me` that are not among `keys` yet.
fn add_granted(file: &TeamFile, me: &OwnIdentity, keys: &mut Vec<(EnvName, PrivateKey)>) {
    let Some(member) = file.member_of(&me.identity.public()) else { return };
    for line in file.grants().iter().filter(|line| line.member == *member) {
        if keys.iter().all(|(env, key)| *env != line.env || key.public() != line.key) {
            keys.extend(file.open(line, &me.identity).ok().map(|key| (line.env.clone(), key)));
        }
    }
}

/// Returns those who have the environment's key: those to whom it was granted, and those who granted it.
fn holders(file: &TeamFile, env: &EnvName, key: &PublicKey) -> Vec<String> {
    let lines = file.grants().iter().filter(|line| line.env == *env && line.key == *key);
    let holding = lines.filter(|line| file.verify(line).is_ok()).flat_map(|line| [&line.by, &line.member]);
    holding.collect::<BTreeSet<_>>().into_iter().map(ToString::to_string).collect()
}
