//! A scope: the folder within which one environment has one key.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::error::VaultError;
use super::file::{EnvFile, folder_of, place_of};
use super::schema::schema_of;
use crate::config::{EnvName, NameError, TEAM_FILE, is_env_file, is_keys_file};
use crate::crypto::PublicKey;
use crate::fsio;
use crate::git::{self, Repo};
use crate::team::Policy;

/// The folder of the nearest team file upward, else the git root; outside git, the env file's own folder.
pub struct Scope {
    root: PathBuf,
    git_root: Option<PathBuf>,
    policy: Policy,
    /// The schema beside the env files.
    schema: Option<PathBuf>,
}

impl Scope {
    /// The scope that env files in `dir` belong to, with its policy: what the team file declares for all of the scope,
    /// and the schema in `dir` for the env files there.
    pub fn of(dir: &Path) -> Result<Self, VaultError> {
        let git_root = git::find_root(dir);
        let highest = git_root.as_deref().unwrap_or(dir);
        let root = dir
            .ancestors()
            .take_while(|folder| folder.starts_with(highest))
            .find(|folder| fsio::has_entry(folder, TEAM_FILE))
            .unwrap_or(highest)
            .to_owned();
        let team_file = root.join(TEAM_FILE);
        let policy = match fsio::read_entry(&root, TEAM_FILE) {
            Ok(text) => {
                Policy::parse(&text).map_err(|source| VaultError::Policy { path: team_file, source })?
            }
            Err(fsio::FsError::NotFound { .. }) => Policy::default(),
            Err(error) => return Err(error.into()),
        };
        let (schema, policy) = match schema_of(dir)? {
            Some((path, schema)) => {
                let plain = schema.plain().map(|item| item.name.as_str());
                (Some(path), policy.with_names(plain))
            }
            None => (None, policy),
        };
        Ok(Self { root, git_root, policy, schema })
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The worktree it lies in.
    pub fn git_root(&self) -> Option<&Path> {
        self.git_root.as_deref()
    }

    /// The team file's place, whether or not there is one.
    pub fn team_file(&self) -> PathBuf {
        self.root.join(TEAM_FILE)
    }

    /// What the team declared.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The file that declares variables of this name plain, where one does.
    pub fn declaring_plain(&self, name: &str) -> Option<PathBuf> {
        match &self.schema {
            _ if !self.policy.is_plain(name) => None,
            Some(schema) if !self.policy.is_plain_by_glob(name) => Some(schema.clone()),
            _ => Some(self.team_file()),
        }
    }

    /// The folder that writers lock: the worktree, so that keys file and env files are under one lock.
    pub fn lock_dir(&self) -> &Path {
        self.git_root.as_deref().unwrap_or(&self.root)
    }

    /// The env files below `under`, in byte order, those of scopes further in too: tracked ones, and untracked
    /// ones that git does not ignore; those that their own scope's policy excludes left out.
    pub fn env_files(&self, under: &Path) -> Result<Vec<PathBuf>, VaultError> {
        let files = self.listed(under)?;
        Ok(files.into_iter().filter(|path| self.holds_file(path)).collect())
    }

    /// As [`Self::env_files`], with those of the scopes further in, each as its own policy has it.
    pub fn env_files_of_all(&self, under: &Path) -> Result<Vec<PathBuf>, VaultError> {
        let mut files = self.listed(under)?;
        // A policy that cannot be read excludes nothing; the file's own command will say what is wrong with it.
        files.retain(|path| !Self::of(&folder_of(path)).is_ok_and(|scope| scope.excludes(path)));
        Ok(files)
    }

    fn listed(&self, under: &Path) -> Result<Vec<PathBuf>, VaultError> {
        Ok(match &self.git_root {
            Some(root) => Repo::open(root)?.list_files(under, &is_env_file)?,
            None => git::plain_list_files(under, &is_env_file)?,
        })
    }

    fn excludes(&self, path: &Path) -> bool {
        path.strip_prefix(&self.root).is_ok_and(|relative| self.policy.is_excluded(relative))
    }

    /// The env files directly in `folder` that git ignores, and that are therefore not in [`Self::env_files`].
    pub fn passed_over(&self, folder: &Path) -> Result<Vec<PathBuf>, VaultError> {
        let Some(root) = &self.git_root else { return Ok(Vec::new()) };
        Ok(Repo::open(root)?.untracked_ignored(folder, &is_env_file)?)
    }

    /// The public key that the scope's other files of this environment hold; an error where they disagree.
    pub fn public_key_of(
        &self,
        env: &EnvName,
        but: &Path,
    ) -> Result<Option<(PathBuf, PublicKey)>, VaultError> {
        let but = place_of(but);
        let mut agreed: Option<(PathBuf, PublicKey)> = None;
        for path in self.env_files(&self.root)? {
            let Ok(of) = EnvName::of_file(&path) else { continue };
            if of != *env && of.public_key_name() == env.public_key_name() {
                return Err(VaultError::SharedKeyName {
                    env: env.clone(),
                    path,
                    variable: of.public_key_name(),
                });
            }
            if path == but || of != *env {
                continue;
            }
            let Some(key) = EnvFile::load(&path)?.public_key().copied() else { continue };
            match &agreed {
                Some((first, first_key)) if *first_key != key => {
                    return Err(VaultError::KeysDisagree {
                        first: first.clone(),
                        first_key: first_key.id(),
                        second: path,
                        second_key: key.id(),
                    });
                }
                Some(_) => {}
                None => agreed = Some((path, key)),
            }
        }
        Ok(agreed)
    }

    /// The public key of an environment, and a file that holds it; an error where the scope's files disagree.
    pub fn key_of(&self, env: &EnvName) -> Result<Option<(PathBuf, PublicKey)>, VaultError> {
        // A folder is no env file, so none is left out.
        self.public_key_of(env, &self.root)
    }

    /// Every environment of the scope that has a public key, with that key and a file that holds it.
    pub fn environments(&self) -> Result<BTreeMap<EnvName, (PathBuf, PublicKey)>, VaultError> {
        let files = self.env_files(&self.root)?;
        let envs: BTreeSet<_> = files.iter().filter_map(|path| EnvName::of_file(path).ok()).collect();
        let mut found = BTreeMap::new();
        for env in envs {
            if let Some(key) = self.key_of(&env)? {
                found.insert(env, key);
            }
        }
        Ok(found)
    }

    /// Refuses the key of `file` where the scope's other files of its environment hold another.
    pub fn refuse_other_key(&self, file: &EnvFile, key: &PublicKey) -> Result<(), VaultError> {
        match self.public_key_of(file.env(), file.path())? {
            Some((second, other)) if other != *key => Err(VaultError::KeysDisagree {
                first: file.path().into(),
                first_key: key.id(),
                second,
                second_key: other.id(),
            }),
            _ => Ok(()),
        }
    }

    /// Refuses to write through `path` where that is a symlink to the keys file; or one that git tracks, so that
    /// whoever can write to the repository chose where it leads, and it leads out of the worktree or into `.git`.
    pub(super) fn refuse_leading_outside(&self, path: &Path) -> Result<(), VaultError> {
        if !path.is_symlink() {
            return Ok(());
        }
        let target = place_of(&fsio::final_target(path)?);
        if is_keys_file(&target) {
            return Err(NameError::NotEnvFile(target).into());
        }
        let Some(root) = self.git_root() else { return Ok(()) };
        let inside = target.strip_prefix(root).is_ok_and(|relative| !relative.starts_with(".git"));
        if inside || !Repo::open(root)?.is_tracked(path)? {
            return Ok(());
        }
        Err(VaultError::LeadsOutside { path: path.into(), target })
    }

    /// Refuses a key of `env` that an env file of another environment, or of another project in the worktree, has too:
    /// whoever is granted one could read the other.
    pub fn refuse_shared_key(&self, env: &EnvName, key: &PublicKey) -> Result<(), VaultError> {
        for path in self.listed(self.git_root.as_deref().unwrap_or(&self.root))? {
            let Ok(other) = EnvName::of_file(&path) else { continue };
            if other == *env && self.holds(&path) {
                continue;
            }
            match EnvFile::load(&path) {
                Ok(file) if file.public_key() == Some(key) => {
                    return Err(VaultError::KeyShared { env: env.clone(), key: key.id(), other, path });
                }
                // One of another project is not this one's business.
                Err(error) if self.holds(&path) => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Whether an env file of another scope in the worktree is sealed to this key of the environment.
    pub fn is_key_of_another(&self, env: &EnvName, key: &PublicKey) -> Result<bool, VaultError> {
        let Some(root) = &self.git_root else { return Ok(false) };
        let another = |path: &PathBuf| {
            EnvFile::load(path).is_ok_and(|file| file.env() == env && file.public_key() == Some(key))
        };
        Ok(self.listed(root)?.iter().any(|path| !self.holds(path) && another(path)))
    }

    /// Whether an env file at the path belongs to the scope, and is not left out by its policy.
    pub(super) fn holds_file(&self, path: &Path) -> bool {
        self.holds(path) && !self.excludes(path)
    }

    /// Whether the path lies in the scope: below its folder, where no team file further in claims it.
    fn holds(&self, path: &Path) -> bool {
        if !path.starts_with(&self.root) {
            return false;
        }
        let folders = path.ancestors().skip(1).take_while(|folder| *folder != self.root);
        folders.into_iter().all(|folder| !fsio::has_entry(folder, TEAM_FILE))
    }
}
