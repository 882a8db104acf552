//! A project: the folder within which one environment has one key. What a command finds out about it, it finds out once.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::file::{EnvFile, Listings, folder_of, real_place, refuse_link_elsewhere};
use super::line_errors::keys_disagree;
use super::roster::team_file_malformed;
use super::scope::Scope;
use super::setup::KeyChoice;
use crate::config::{ENV_FILE_GLOBS, EnvName, TEAM_FILE, is_env_file};
use crate::crypto::PublicKey;
use crate::error::Error;
use crate::fs;
use crate::git::{self, GitError, Repo, Repositories};
use crate::team::Policy;

/// The folder of the nearest team file upward, else the git root; outside git, the env file's own folder.
///
/// Env files and the keys in them are those from when they were first asked for: a command that changes env files opens
/// the project under the lock.
pub(crate) struct Project {
    place: ProjectPlace,
    repositories: Rc<Repositories>,
    policy: Policy,
    /// Every env file of the worktree.
    listing: OnceCell<Vec<PathBuf>>,
    env_files: OnceCell<BTreeMap<EnvName, Vec<PathBuf>>>,
    keys: RefCell<BTreeMap<EnvName, Rc<Keys>>>,
    keys_of_others: OnceCell<BTreeSet<(EnvName, PublicKey)>>,
    names: OnceCell<Vec<(PathBuf, BTreeSet<String>)>>,
    listings: RefCell<Listings>,
    /// By environment and keys file, for env files that have no key yet.
    pub(super) choices: RefCell<BTreeMap<(EnvName, PathBuf), KeyChoice>>,
}

/// Where a project is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ProjectPlace {
    pub(super) root: PathBuf,
    pub(super) git_root: Option<PathBuf>,
}

/// The public keys of an environment.
#[derive(Default)]
struct Keys {
    /// The distinct ones, each with the first two files that hold it.
    found: Vec<(PublicKey, Vec<PathBuf>)>,
    /// The files that cannot be loaded.
    failed: Vec<PathBuf>,
}

impl ProjectPlace {
    /// Returns that of env files in the folder `dir`.
    pub(super) fn of(dir: &Path) -> Self {
        let git_root = git::find_root(dir);
        let highest = git_root.as_deref().unwrap_or(dir);
        let root = dir
            .ancestors()
            .take_while(|folder| folder.starts_with(highest))
            .find(|folder| fs::has_entry(folder, TEAM_FILE))
            .unwrap_or(highest)
            .to_owned();
        Self { root, git_root }
    }

    /// The folder that writers lock: the worktree, so that keys file and env files are under one lock.
    pub(super) fn lock_dir(&self) -> &Path {
        self.git_root.as_deref().unwrap_or(&self.root)
    }

    /// Whether the path lies in the project: below its folder, where no team file further in claims it.
    pub(super) fn holds(&self, path: &Path) -> bool {
        if !path.starts_with(&self.root) {
            return false;
        }
        let folders = path.ancestors().skip(1).take_while(|folder| *folder != self.root);
        folders.into_iter().all(|folder| !fs::has_entry(folder, TEAM_FILE))
    }
}

impl Project {
    /// Opens the project that env files in the folder `dir` belong to.
    pub(crate) fn open(dir: &Path, repositories: &Rc<Repositories>) -> Result<Self, Error> {
        Self::at(ProjectPlace::of(dir), repositories)
    }

    fn at(place: ProjectPlace, repositories: &Rc<Repositories>) -> Result<Self, Error> {
        let team_file = place.root.join(TEAM_FILE);
        let policy = match fs::read_entry(&place.root, TEAM_FILE) {
            Ok(text) => Policy::parse(&text).map_err(|source| team_file_malformed(&team_file, source))?,
            Err(fs::FsError::NotFound { .. }) => Policy::default(),
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            place,
            repositories: Rc::clone(repositories),
            policy,
            listing: OnceCell::new(),
            env_files: OnceCell::new(),
            keys: RefCell::default(),
            keys_of_others: OnceCell::new(),
            names: OnceCell::new(),
            listings: RefCell::default(),
            choices: RefCell::default(),
        })
    }

    /// Its folder.
    pub(crate) fn root(&self) -> &Path {
        &self.place.root
    }

    pub(super) fn place(&self) -> &ProjectPlace {
        &self.place
    }

    /// The repository that it lies in; None outside git.
    pub(crate) fn repository(&self) -> Result<Option<Rc<Repo>>, Error> {
        let Some(root) = &self.place.git_root else { return Ok(None) };
        let repo = self.repositories.open(root)?;
        // Beside the worktrees of a bare repository nothing is committed.
        if repo.is_bare() {
            return Err(GitError::not_a_repository(root).into());
        }
        Ok(Some(repo))
    }

    pub(super) fn repositories(&self) -> &Rc<Repositories> {
        &self.repositories
    }

    /// The env files below `under`, in byte order, those of projects further in too; as they are now.
    pub(super) fn listed(&self, under: &Path) -> Result<Vec<PathBuf>, Error> {
        Ok(match self.repository()? {
            Some(repo) => repo.list_files(under, &ENV_FILE_GLOBS, &is_env_file)?,
            None => git::plain_list_files(under, &is_env_file)?,
        })
    }

    /// Every env file of the worktree, or outside git of the project's folder, as when it was first asked for.
    pub(super) fn all_listed(&self) -> Result<&[PathBuf], Error> {
        if let Some(all) = self.listing.get() {
            return Ok(all);
        }
        let all = self.listed(self.place.git_root.as_deref().unwrap_or(self.root()))?;
        Ok(self.listing.get_or_init(|| all))
    }

    /// What its team file declares.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether the policy leaves the file out.
    pub(super) fn excludes(&self, path: &Path) -> bool {
        path.strip_prefix(self.root()).is_ok_and(|relative| self.policy.is_excluded(relative))
    }

    /// Returns its env files by environment, each environment's in byte order: tracked ones, and untracked ones that git
    /// does not ignore; those that the policy excludes are left out, and symlinks to another environment's file.
    pub(crate) fn env_files(&self) -> Result<&BTreeMap<EnvName, Vec<PathBuf>>, Error> {
        if let Some(known) = self.env_files.get() {
            return Ok(known);
        }
        let mut files: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for path in self.all_listed()? {
            if self.place.holds(path)
                && !self.excludes(path)
                && let Ok(env) = EnvName::of_file(path)
                && refuse_link_elsewhere(path).is_ok()
            {
                files.entry(env).or_default().push(path.clone());
            }
        }
        Ok(self.env_files.get_or_init(|| files))
    }

    /// Returns the public key that the environment's files but `but` hold, and one of them that does; an error where they
    /// disagree.
    pub(crate) fn public_key_of(
        &self,
        env: &EnvName,
        but: &Path,
    ) -> Result<Option<(PathBuf, PublicKey)>, Error> {
        let but = real_place(but);
        let shares =
            |(of, _): &(&EnvName, &Vec<PathBuf>)| *of != env && of.public_key_name() == env.public_key_name();
        if let Some((of, paths)) = self.env_files()?.iter().find(shares) {
            let (path, variable) = (paths[0].clone(), of.public_key_name());
            return Err(Error::refused(format!(
                "{env} shares the key name {variable} with {}",
                path.display()
            ))
            .with_hint(hint!("rename one of the two environments: git mv {path} …", path)));
        }
        let keys = self.keys_of(env)?;
        let others = keys.found.iter().filter_map(|(key, paths)| {
            let path = paths.iter().find(|path| real_place(path) != but)?;
            Some((path.clone(), *key))
        });
        let mut others: Vec<_> = others.collect();
        for failed in keys.failed.iter().filter(|path| real_place(path) != but) {
            // One that can be read by now counts as well.
            let file = EnvFile::load(failed)?;
            let key = file.public_key().filter(|key| others.iter().all(|(_, there)| there != *key));
            others.extend(key.map(|key| (failed.clone(), *key)));
        }
        others.sort();
        match others.as_slice() {
            [(first, first_key), (second, second_key), ..] => {
                Err(keys_disagree((first, first_key.id()), (second, second_key.id())))
            }
            _ => Ok(others.pop()),
        }
    }

    /// Whether another of its env files than `but` has a variable of this name.
    pub(super) fn sets(&self, name: &str, but: &Path) -> Result<bool, Error> {
        if self.names.get().is_none() {
            let mut names = Vec::new();
            for path in self.env_files()?.values().flatten() {
                let Ok(file) = EnvFile::load_among(path, &mut self.listings.borrow_mut()) else { continue };
                let of_file = file.variables().map(|(_, entry)| file.document().name(entry).to_owned());
                names.push((real_place(path), of_file.collect()));
            }
            let _ = self.names.set(names);
        }
        let but = real_place(but);
        let mut others = self.names.get().into_iter().flatten().filter(|(path, _)| *path != but);
        Ok(others.any(|(_, names)| names.contains(name)))
    }

    fn keys_of(&self, env: &EnvName) -> Result<Rc<Keys>, Error> {
        if let Some(known) = self.keys.borrow().get(env) {
            return Ok(Rc::clone(known));
        }
        let mut keys = Keys::default();
        for path in self.env_files()?.get(env).into_iter().flatten() {
            let Ok(file) = EnvFile::load_among(path, &mut self.listings.borrow_mut()) else {
                keys.failed.push(path.clone());
                continue;
            };
            let Some(key) = file.public_key().copied() else { continue };
            match keys.found.iter_mut().find(|(known, _)| *known == key) {
                Some((_, paths)) if paths.len() < 2 => paths.push(path.clone()),
                Some(_) => {}
                None => keys.found.push((key, vec![path.clone()])),
            }
        }
        let keys = Rc::new(keys);
        self.keys.borrow_mut().insert(env.clone(), Rc::clone(&keys));
        Ok(keys)
    }

    /// Whether an env file of another project in the worktree is sealed to this key of the environment.
    pub(super) fn is_key_of_another(&self, env: &EnvName, key: &PublicKey) -> Result<bool, Error> {
        if self.place.git_root.is_none() {
            return Ok(false);
        }
        if self.keys_of_others.get().is_none() {
            let others = self.all_listed()?.iter().filter(|path| !self.place.holds(path));
            let mut listings = self.listings.borrow_mut();
            let files = others.filter_map(|path| EnvFile::load_among(path, &mut listings).ok());
            let keys = files.filter_map(|file| Some((file.env().clone(), *file.public_key()?))).collect();
            let _ = self.keys_of_others.set(keys);
        }
        Ok(self.keys_of_others.get().is_some_and(|keys| keys.contains(&(env.clone(), *key))))
    }
}

/// The projects of the env files that one command is about, each opened once.
pub(crate) struct Projects {
    repositories: Rc<Repositories>,
    open: HashMap<ProjectPlace, Rc<Project>>,
    by_folder: HashMap<PathBuf, Rc<Scope>>,
    listings: Listings,
}

impl Projects {
    /// None is open yet.
    pub(crate) fn new(repositories: &Rc<Repositories>) -> Self {
        let (open, by_folder) = (HashMap::new(), HashMap::new());
        Self { repositories: Rc::clone(repositories), open, by_folder, listings: Listings::default() }
    }

    /// Loads an env file, as [`EnvFile::load`] does.
    pub(crate) fn load(&mut self, path: &Path) -> Result<EnvFile, Error> {
        EnvFile::load_among(path, &mut self.listings)
    }

    /// Loads an env file, or stands for a new one, as [`EnvFile::load_or_new`] does.
    pub(crate) fn load_or_new(&mut self, path: &Path) -> Result<EnvFile, Error> {
        EnvFile::load_or_new_among(path, &mut self.listings)
    }

    /// Returns what holds for env files in the folder `dir`.
    pub(crate) fn scope_of(&mut self, dir: &Path) -> Result<Rc<Scope>, Error> {
        if let Some(known) = self.by_folder.get(dir) {
            return Ok(Rc::clone(known));
        }
        let place = ProjectPlace::of(dir);
        let project = match self.open.get(&place) {
            Some(known) => Rc::clone(known),
            None => {
                let project = Rc::new(Project::at(place.clone(), &self.repositories)?);
                self.open.insert(place, Rc::clone(&project));
                project
            }
        };
        let scope = Rc::new(Scope::within(project, dir)?);
        self.by_folder.insert(dir.to_owned(), Rc::clone(&scope));
        Ok(scope)
    }

    /// Whether the policy that holds for the file leaves it out. One that cannot be read excludes nothing; the file's own
    /// command will say what is wrong with it.
    pub(crate) fn excludes(&mut self, path: &Path) -> bool {
        self.scope_of(&folder_of(path)).is_ok_and(|scope| scope.project().excludes(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::PrivateKey;

    #[test]
    fn the_other_files_of_an_environment_say_which_key_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let made = std::process::Command::new("git").arg("init").arg("-q").arg(&root).status();
        assert!(made.unwrap().success());
        let [one, two] = [(); 2].map(|()| PrivateKey::generate().public());
        let write = |path: &str, key: Option<&PublicKey>| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let text = key.map_or("A=1\n".into(), |key| format!("ENVSEAL_PUBLIC_KEY={key}\n"));
            std::fs::write(&path, text).unwrap();
            path
        };
        let a = write("a/.env", Some(&one));
        let b = write("b/.env", Some(&one));
        let none = write("c/.env", None);
        let inner = write("inner/.env", Some(&two));
        std::fs::write(root.join("inner/envseal.toml"), "").unwrap();
        let env = EnvName::of_dotenv();
        let asked = |but: &Path| Project::open(&root, &Rc::default()).unwrap().public_key_of(&env, but);
        assert_eq!(asked(&none).unwrap(), Some((a.clone(), one)));
        assert_eq!(asked(&a).unwrap(), Some((b.clone(), one)), "by another file than the one that asks");
        let project = Project::open(&root, &Rc::default()).unwrap();
        assert!(project.is_key_of_another(&env, &two).unwrap());
        assert!(!project.is_key_of_another(&env, &one).unwrap());
        assert_eq!(
            Project::open(inner.parent().unwrap(), &Rc::default())
                .unwrap()
                .public_key_of(&env, &inner)
                .unwrap(),
            None
        );
        let d = write("d/.env", Some(&two));
        assert_eq!(asked(&d).unwrap(), Some((a.clone(), one)));
        let error = asked(&a).unwrap_err().to_string();
        assert!(error.contains(&format!("{} is encrypted with", b.display())), "{error}");
        assert!(error.contains(&format!("{} with", d.display())), "{error}");
    }

    #[test]
    fn a_project_is_opened_once_for_all_its_folders() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in ["a", "a/b", "c"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        let made = std::process::Command::new("git").arg("init").arg("-q").arg(&root).status();
        assert!(made.unwrap().success());
        std::fs::write(root.join("a/envseal.toml"), "").unwrap();
        let mut projects = Projects::new(&Rc::default());
        let [a, b, c] = ["a", "a/b", "c"].map(|name| projects.scope_of(&root.join(name)).unwrap());
        assert!(std::ptr::eq(a.project(), b.project()));
        assert!(!std::ptr::eq(a.project(), c.project()));
        assert_eq!((a.root(), c.root()), (root.join("a").as_path(), root.as_path()));
    }
}
