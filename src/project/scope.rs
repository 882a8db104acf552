//! What holds for the env files of one folder: their project, and the schema beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::file::{EnvFile, place_of, refuse_link_elsewhere};
use super::line_errors::{keys_disagree, leads_outside};
use super::project::{Project, Projects};
use super::schema::schema_of;
use crate::config::{EnvName, TEAM_FILE, is_env_file};
use crate::crypto::PublicKey;
use crate::error::Error;
use crate::fs;
use crate::git::{Repo, Repositories};
use crate::team::Policy;

/// A project, as it is for the env files of one folder.
pub struct Scope {
    project: Rc<Project>,
    /// The project's, and what the schema calls plain.
    policy: Policy,
    /// The schema beside the env files, and its names.
    schema: Option<(PathBuf, BTreeSet<String>)>,
}

impl Scope {
    /// The scope that env files in `dir` belong to, with its policy: what the team file declares for all of the scope,
    /// and the schema in `dir` for the env files there.
    pub fn of(dir: &Path, repositories: &Rc<Repositories>) -> Result<Self, Error> {
        Self::within(Rc::new(Project::open(dir, repositories)?), dir)
    }

    /// As [`Self::of`], in a project that is open.
    pub(super) fn within(project: Rc<Project>, dir: &Path) -> Result<Self, Error> {
        let policy = project.policy().clone();
        let (schema, policy) = match schema_of(dir)? {
            Some((path, schema)) => {
                let plain = schema.plain().map(|item| item.name.as_str());
                let names = schema.items().iter().map(|item| item.name.clone()).collect();
                (Some((path, names)), policy.with_names(plain))
            }
            None => (None, policy),
        };
        Ok(Self { project, policy, schema })
    }

    /// Its project.
    pub(super) fn project(&self) -> &Project {
        &self.project
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        self.project.root()
    }

    /// The worktree it lies in.
    pub fn git_root(&self) -> Option<&Path> {
        self.project.place().git_root.as_deref()
    }

    /// The repository that it lies in; None outside git.
    pub fn repository(&self) -> Result<Option<Rc<Repo>>, Error> {
        self.project.repository()
    }

    /// The repositories of this command.
    pub fn repositories(&self) -> &Rc<Repositories> {
        self.project.repositories()
    }

    /// The team file's place, whether or not there is one.
    pub fn team_file(&self) -> PathBuf {
        self.root().join(TEAM_FILE)
    }

    /// What the team declared.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The file that declares variables of this name plain, where one does.
    pub fn declaring_plain(&self, name: &str) -> Option<PathBuf> {
        match &self.schema {
            _ if !self.policy.is_plain(name) => None,
            Some((schema, _)) if !self.policy.is_plain_by_glob(name) => Some(schema.clone()),
            _ => Some(self.team_file()),
        }
    }

    /// Whether anything but the env file at `but` says that there is a variable of this name: another env file of the
    /// project, the schema beside the env files, or the policy, of names that the target machine sets.
    pub(super) fn knows(&self, name: &str, but: &Path) -> Result<bool, Error> {
        let in_schema = self.schema.as_ref().is_some_and(|(_, names)| names.contains(name));
        Ok(in_schema || self.policy.is_external(name) || self.project.sets(name, but)?)
    }

    /// The env files below `under`, in byte order, those of scopes further in too: tracked ones, and untracked
    /// ones that git does not ignore; those that their own scope's policy excludes left out.
    pub fn env_files(&self, under: &Path) -> Result<Vec<PathBuf>, Error> {
        let place = self.project.place();
        let mut files = self.project.listed(under)?;
        files.retain(|path| place.holds(path) && !self.project.excludes(path));
        Ok(files)
    }

    /// As [`Self::env_files`], with those of the scopes further in, each as its own policy has it.
    pub fn env_files_of_all(&self, under: &Path) -> Result<Vec<PathBuf>, Error> {
        let mut projects = Projects::new(self.project.repositories());
        let mut files = self.project.listed(under)?;
        files.retain(|path| !projects.excludes(path));
        Ok(files)
    }

    /// The env files directly in `folder` that git ignores, and that are therefore not in [`Self::env_files`], of which
    /// `listed` are some.
    pub fn passed_over(&self, folder: &Path, listed: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
        let Some(repo) = self.repository()? else { return Ok(Vec::new()) };
        Ok(repo.untracked_ignored(folder, listed, &is_env_file)?)
    }

    /// The public key of an environment, and a file that holds it; an error where the scope's files disagree.
    pub fn key_of(&self, env: &EnvName) -> Result<Option<(PathBuf, PublicKey)>, Error> {
        // A folder is no env file, so none is left out.
        self.project.public_key_of(env, self.root())
    }

    /// Every environment of the scope that has a public key, with that key and a file that holds it.
    pub fn environments(&self) -> Result<BTreeMap<EnvName, (PathBuf, PublicKey)>, Error> {
        let mut found = BTreeMap::new();
        for env in self.project.env_files()?.keys() {
            found.extend(self.key_of(env)?.map(|key| (env.clone(), key)));
        }
        Ok(found)
    }

    /// Refuses the key of `file` where the scope's other files of its environment hold another.
    pub fn refuse_other_key(&self, file: &EnvFile, key: &PublicKey) -> Result<(), Error> {
        match self.project.public_key_of(file.env(), file.path())? {
            Some((second, other)) if other != *key => {
                Err(keys_disagree((file.path(), key.id()), (&second, other.id())))
            }
            _ => Ok(()),
        }
    }

    /// Refuses to write through `path`, which is no env file, where that is a symlink that git tracks, so that whoever can
    /// write to the repository chose where it leads, and it leads out of the worktree or into `.git`.
    pub(super) fn refuse_leading_outside(&self, path: &Path) -> Result<(), Error> {
        if !path.is_symlink() {
            return Ok(());
        }
        let target = place_of(&fs::final_target(path)?);
        let (Some(root), Some(repo)) = (self.git_root(), self.repository()?) else { return Ok(()) };
        let inside = target.strip_prefix(root).is_ok_and(|relative| !relative.starts_with(".git"));
        if inside || !repo.is_tracked(path)? {
            return Ok(());
        }
        Err(leads_outside(path, target))
    }

    /// Refuses a key of `env` that an env file of another environment, or of another project in the worktree, has too:
    /// whoever is granted one could read the other.
    pub fn refuse_shared_key(&self, env: &EnvName, key: &PublicKey) -> Result<(), Error> {
        let place = self.project.place();
        for path in self.project.listed(self.git_root().unwrap_or(self.root()))? {
            let Ok(other) = EnvName::of_file(&path) else { continue };
            // A link to another environment's file is of no environment of its own.
            if other == *env && place.holds(&path) || refuse_link_elsewhere(&path).is_err() {
                continue;
            }
            match EnvFile::load(&path) {
                Ok(file) if file.public_key() == Some(key) => {
                    let message = format!(
                        "{} has the same public key as {env} ({}), for {other}: access to one would be access to both",
                        path.display(),
                        key.id()
                    );
                    return Err(Error::refused(message)
                        .with_hint(hint!("see who put it there: git log -p -- {path}", path)));
                }
                // One of another project is not this one's business.
                Err(error) if place.holds(&path) => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Whether an env file at the path belongs to the project, and is not left out by its policy.
    pub(super) fn holds_file(&self, path: &Path) -> bool {
        self.project.place().holds(path) && !self.project.excludes(path)
    }
}
