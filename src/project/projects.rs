//! A project: the folder within which one environment has one key. A command looks up each fact about it only once.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::file::{EnvFile, Listings, folder_of, place_of, real_place, refuse_link_elsewhere};
use super::line_errors::{keys_disagree, leads_outside};
use super::schema::schema_of;
use super::setup::KeyChoice;
use super::team_file::team_file_malformed;
use crate::config::{ENV_FILE_GLOBS, EnvName, TEAM_FILE, is_env_file, is_team_file};
use crate::crypto::PublicKey;
use crate::dotenv::is_reserved;
use crate::error::Error;
use crate::fs;
use crate::git::{self, FileRef, GitError, Repo, Repositories, display_path, once, read_team_or_schema};
use crate::hint::Hint;
use crate::keys::project_root;
use crate::team::Policy;

/// A project, as it is for the env files of one folder: with the schema beside them.
///
/// Env files and the keys in them are kept from when they are first asked for, so a command that changes env files
/// opens the project under the lock.
pub struct Project {
    facts: Rc<ProjectFacts>,
    /// The team file's policy, and the names that the schema declares plain.
    policy: Policy,
    /// The schema file, and the names in it.
    schema: Option<(PathBuf, BTreeSet<String>)>,
}

/// The facts that are the same for all folders of a project.
#[derive(Default)]
struct ProjectFacts {
    place: ProjectPlace,
    repositories: Rc<Repositories>,
    policy: Policy,
    /// Every env file of the worktree.
    listing: OnceCell<Vec<PathBuf>>,
    env_files: OnceCell<BTreeMap<EnvName, Vec<PathBuf>>>,
    keys: RefCell<BTreeMap<EnvName, Rc<EnvironmentKeys>>>,
    files_of_others: OnceCell<Vec<EnvFile>>,
    names: OnceCell<Vec<(PathBuf, BTreeSet<String>)>>,
    listings: RefCell<Listings>,
    /// By environment and keys file, for env files that have no key yet.
    choices: RefCell<BTreeMap<(EnvName, PathBuf), KeyChoice>>,
}

/// The folder of the nearest team file upward, else the git root; outside git, the env file's own folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct ProjectPlace {
    pub(super) root: PathBuf,
    pub(super) git_root: Option<PathBuf>,
}

#[derive(Default)]
struct EnvironmentKeys {
    /// The distinct public keys, each with the first two files that have it.
    found: Vec<(PublicKey, Vec<PathBuf>)>,
    failed: Vec<PathBuf>,
}

impl ProjectPlace {
    /// Returns the place of the project for env files in the folder `dir`.
    pub(super) fn of(dir: &Path) -> Self {
        Self { root: project_root(dir), git_root: git::find_root(dir) }
    }

    /// Returns the folder that writers lock: the worktree, so that keys file and env files are under one lock.
    pub(super) fn lock_dir(&self) -> &Path {
        self.git_root.as_deref().unwrap_or(&self.root)
    }

    /// Returns true if the path lies below the project's folder, and no team file further in claims it.
    fn holds(&self, path: &Path) -> bool {
        if !path.starts_with(&self.root) {
            return false;
        }
        let folders = path.ancestors().skip(1).take_while(|folder| *folder != self.root);
        folders.into_iter().all(|folder| !fs::has_entry(folder, TEAM_FILE))
    }
}

impl ProjectFacts {
    fn read(place: ProjectPlace, repositories: &Rc<Repositories>) -> Result<Self, Error> {
        let policy = Policy::parse(&read_team_or_schema(&place.root, TEAM_FILE)?.unwrap_or_default())
            .map_err(|source| team_file_malformed(&place.root.join(TEAM_FILE), source))?;
        Ok(Self { place, repositories: Rc::clone(repositories), policy, ..Self::default() })
    }
}

/// Returns the value for a key, which is computed at the first call.
fn once_for<K: Ord, V: Clone>(
    known: &RefCell<BTreeMap<K, V>>,
    key: K,
    find: impl FnOnce() -> Result<V, Error>,
) -> Result<V, Error> {
    if let Some(value) = known.borrow().get(&key) {
        return Ok(value.clone());
    }
    let found = find()?;
    known.borrow_mut().insert(key, found.clone());
    Ok(found)
}

impl Project {
    /// Opens the project that env files in the folder `dir` belong to.
    pub fn of(dir: &Path, repositories: &Rc<Repositories>) -> Result<Self, Error> {
        Self::of_folder(Rc::new(ProjectFacts::read(ProjectPlace::of(dir), repositories)?), dir)
    }

    fn of_folder(facts: Rc<ProjectFacts>, dir: &Path) -> Result<Self, Error> {
        let policy = facts.policy.clone();
        let (schema, policy) = match schema_of(dir)? {
            Some((path, schema)) => {
                let plain = schema.plain().map(|item| item.name.as_str());
                let names = schema.items().iter().map(|item| item.name.clone()).collect();
                (Some((path, names)), policy.with_names(plain))
            }
            None => (None, policy),
        };
        Ok(Self { facts, policy, schema })
    }

    pub(super) fn place(&self) -> &ProjectPlace {
        &self.facts.place
    }

    /// Returns its folder.
    pub fn root(&self) -> &Path {
        &self.place().root
    }

    /// Returns the root of the worktree that it lies in.
    pub fn git_root(&self) -> Option<&Path> {
        self.place().git_root.as_deref()
    }

    /// Returns the repository that it lies in; None outside git.
    pub fn repository(&self) -> Result<Option<Rc<Repo>>, Error> {
        let Some(root) = self.git_root() else { return Ok(None) };
        let repo = self.repositories().open(root)?;
        // Beside the worktrees of a bare repository nothing is committed.
        if repo.is_bare() {
            return Err(GitError::not_a_repository(root).into());
        }
        Ok(Some(repo))
    }

    pub(crate) fn repositories(&self) -> &Rc<Repositories> {
        &self.facts.repositories
    }

    /// Returns the team file's path, whether or not it exists.
    pub fn team_file(&self) -> PathBuf {
        self.root().join(TEAM_FILE)
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns the file that declares variables of this name plain, if one does. A reserved name needs none.
    pub fn declaring_plain(&self, name: &str) -> Option<PathBuf> {
        match &self.schema {
            _ if is_reserved(name) || !self.policy.is_plain(name) => None,
            Some((schema, _)) if !self.policy.is_plain_by_glob(name) => Some(schema.clone()),
            _ => Some(self.team_file()),
        }
    }

    /// Returns true if a variable of this name is known from anywhere but the env file at `but`: another env file of
    /// the project, the schema, or the policy's names that the target machine sets.
    pub(super) fn knows(&self, name: &str, but: &Path) -> Result<bool, Error> {
        let in_schema = self.schema.as_ref().is_some_and(|(_, names)| names.contains(name));
        if in_schema || self.policy.is_external(name) {
            return Ok(true);
        }
        let names = once(&self.facts.names, || {
            let mut names = Vec::new();
            for path in self.env_files_by_environment()?.values().flatten() {
                let Ok(file) = self.load(path) else { continue };
                let of_file = file.variables().map(|(_, entry)| file.document().name(entry).to_owned());
                names.push((real_place(path), of_file.collect()));
            }
            Ok::<_, Error>(names)
        })?;
        let but = real_place(but);
        Ok(names.iter().any(|(path, names)| *path != but && names.contains(name)))
    }

    fn load(&self, path: &Path) -> Result<EnvFile, Error> {
        EnvFile::load_among(path, &mut self.facts.listings.borrow_mut())
    }

    /// Returns true if an env file at the path belongs to the project, and the policy doesn't exclude it.
    pub(super) fn holds_file(&self, path: &Path) -> bool {
        self.place().holds(path) && !self.excludes(path)
    }

    fn excludes(&self, path: &Path) -> bool {
        path.strip_prefix(self.root()).is_ok_and(|relative| self.facts.policy.is_excluded(relative))
    }

    /// Returns the env files below `under` as they are now, in byte order, including those of nested projects: tracked
    /// ones, and untracked ones that git does not ignore.
    fn list(&self, under: &Path) -> Result<Vec<PathBuf>, Error> {
        Ok(match self.repository()? {
            Some(repo) => repo.list_files(under, &ENV_FILE_GLOBS, &is_env_file)?,
            None => git::plain_list_files(under, &is_env_file)?,
        })
    }

    /// Returns every env file of the worktree (outside git, of the project's folder), as it was at the first call.
    pub(super) fn all_listed(&self) -> Result<&[PathBuf], Error> {
        once(&self.facts.listing, || self.list(self.place().lock_dir())).map(Vec::as_slice)
    }

    /// Returns the project's env files below `under`, in byte order, without those that the policy excludes.
    pub fn env_files(&self, under: &Path) -> Result<Vec<PathBuf>, Error> {
        let mut files = self.list(under)?;
        files.retain(|path| self.holds_file(path));
        Ok(files)
    }

    /// Returns [`Self::env_files`] and those of nested projects, as each project's own policy filters them.
    pub fn env_files_of_all(&self, under: &Path) -> Result<Vec<PathBuf>, Error> {
        let mut projects = Projects::new(self.repositories());
        let mut files = self.list(under)?;
        files.retain(|path| !projects.excludes(path));
        Ok(files)
    }

    /// Returns the project's env files by environment, in byte order, without symlinks to another environment's file.
    pub(super) fn env_files_by_environment(&self) -> Result<&BTreeMap<EnvName, Vec<PathBuf>>, Error> {
        once(&self.facts.env_files, || {
            let mut files: BTreeMap<_, Vec<_>> = BTreeMap::new();
            for path in self.all_listed()?.iter().filter(|path| self.holds_file(path)) {
                if let Ok(env) = EnvName::of_file(path)
                    && refuse_link_elsewhere(path).is_ok()
                {
                    files.entry(env).or_default().push(path.clone());
                }
            }
            Ok(files)
        })
    }

    /// Returns the env files directly in `folder` that git ignores and that are not among `listed`.
    pub fn passed_over(&self, folder: &Path, listed: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
        let Some(repo) = self.repository()? else { return Ok(Vec::new()) };
        Ok(repo.untracked_ignored(folder, listed, &is_env_file)?)
    }

    /// Returns the public key of an environment, and a file that has it; an error if the files disagree.
    pub fn key_of(&self, env: &EnvName) -> Result<Option<(PathBuf, PublicKey)>, Error> {
        // The root is not an env file, so no file is left out.
        self.public_key_of(env, self.root())
    }

    /// Returns the env files and team files that a sparse checkout leaves out: the project's, and all others.
    fn left_out(&self) -> Result<[Vec<(PathBuf, FileRef)>; 2], Error> {
        let Some(repo) = self.repository()? else { return Ok([vec![], vec![]]) };
        let found = repo.left_out(&|name| is_env_file(name) || is_team_file(name))?;
        let found: Vec<_> = found.into_iter().map(|(path, file)| (repo.root().join(path), file)).collect();
        // The team file of a nested project may be left out, too.
        let teams = found.iter().filter(|(path, _)| is_team_file(path)).filter_map(|(team, _)| team.parent());
        let nested = teams.filter(|of| *of != self.root() && of.starts_with(self.root()));
        let nested: Vec<_> = nested.map(Path::to_owned).collect();
        let is_own = |path: &Path| self.holds_file(path) && !nested.iter().any(|of| path.starts_with(of));
        let (own, others) = found.into_iter().partition(|(path, _)| is_own(path));
        Ok([own, others])
    }

    /// Returns the files outside the project that satisfy `want` and that a sparse checkout leaves out, with their text.
    pub(crate) fn left_out_elsewhere(
        &self,
        want: impl Fn(&Path) -> bool,
    ) -> Result<Vec<(PathBuf, Vec<u8>)>, Error> {
        let ([_, others], Some(repo)) = (self.left_out()?, self.repository()?) else { return Ok(Vec::new()) };
        let wanted = others.into_iter().filter(|(path, _)| want(path));
        wanted.map(|(path, file)| Ok((path, repo.blob(file.id)?))).collect()
    }

    /// Rejects a sparse checkout that leaves out the team file, or one of the env files of `envs` (None: any): a change
    /// about all files of an environment would take that one for gone.
    pub(crate) fn refuse_left_out(&self, envs: Option<&[EnvName]>) -> Result<(), Error> {
        let [own, _] = self.left_out()?;
        let matters = |path: &Path| match EnvName::of_file(path) {
            Ok(env) if is_env_file(path) => envs.is_none_or(|envs| envs.contains(&env)),
            _ => true,
        };
        let Some((path, _)) = own.iter().find(|(path, _)| matters(path)) else { return Ok(()) };
        let message =
            format!("the sparse checkout leaves out {}, which must change with the rest", path.display());
        Err(Error::refused(message).with_hint(to_check_out(self.place().lock_dir(), path)))
    }

    /// Rejects creating a file that a sparse checkout leaves out: the next commit would lose what it has.
    pub(super) fn refuse_to_replace_left_out(&self, path: &Path) -> Result<(), Error> {
        let Some(repo) = self.repository()? else { return Ok(()) };
        let Ok(file) = repo.relative(&real_place(path)) else { return Ok(()) };
        if repo.left_out(&|name| name == file)?.is_empty() {
            return Ok(());
        }
        let message = format!("the sparse checkout leaves out {}", file.display());
        Err(Error::refused(message).with_hint(to_check_out(repo.root(), &file)))
    }

    /// Returns every environment that has a public key, with that key and a file that has it.
    pub fn environments(&self) -> Result<BTreeMap<EnvName, (PathBuf, PublicKey)>, Error> {
        let mut found = BTreeMap::new();
        for env in self.env_files_by_environment()?.keys() {
            found.extend(self.key_of(env)?.map(|key| (env.clone(), key)));
        }
        Ok(found)
    }

    /// Returns the public key of the environment's files other than `but`, and one of them; an error if they disagree.
    pub(super) fn public_key_of(
        &self,
        env: &EnvName,
        but: &Path,
    ) -> Result<Option<(PathBuf, PublicKey)>, Error> {
        let but = real_place(but);
        let variable = env.public_key_name();
        let shares = |(of, _): &(&EnvName, &Vec<PathBuf>)| *of != env && of.public_key_name() == variable;
        if let Some((_, paths)) = self.env_files_by_environment()?.iter().find(shares) {
            let path = &paths[0];
            return Err(Error::refused(format!(
                "{env} shares the key name {variable} with {}",
                path.display()
            ))
            .with_hint(hint!("rename one of the two environments: git mv {path} …", path)));
        }
        let keys = once_for(&self.facts.keys, env.clone(), || self.keys_of(env))?;
        let others = keys.found.iter().filter_map(|(key, paths)| {
            let path = paths.iter().find(|path| real_place(path) != but)?;
            Some((path.clone(), *key))
        });
        let mut others: Vec<_> = others.collect();
        for failed in keys.failed.iter().filter(|path| real_place(path) != but) {
            // A file that can be read by now counts as well, and so does one whose conflict is not about the key.
            let file = EnvFile::load_or_new_among(failed, &mut Listings::default(), true)?;
            let file = if file.public_key().is_some() { file } else { EnvFile::load(failed)? };
            let key = file.public_key().filter(|key| others.iter().all(|(_, there)| there != *key));
            others.extend(key.map(|key| (failed.clone(), *key)));
        }
        others.sort();
        match others.as_slice() {
            [(first, first_key), (second, second_key), ..] => {
                Err(keys_disagree(env, (first, first_key.id()), (second, second_key.id())))
            }
            _ => Ok(others.pop()),
        }
    }

    fn keys_of(&self, env: &EnvName) -> Result<Rc<EnvironmentKeys>, Error> {
        let mut keys = EnvironmentKeys::default();
        for path in self.env_files_by_environment()?.get(env).into_iter().flatten() {
            let Ok(file) = self.load(path) else {
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
        Ok(Rc::new(keys))
    }

    /// Returns the key chosen for an environment's files that have none yet and use this keys file, or chooses one.
    pub(super) fn chosen_key(
        &self,
        env: &EnvName,
        keys_file: PathBuf,
        choose: impl FnOnce() -> Result<KeyChoice, Error>,
    ) -> Result<KeyChoice, Error> {
        once_for(&self.facts.choices, (env.clone(), keys_file), choose)
    }

    /// Returns the env files of the worktree's other projects that have a public key. A file that can't be read is left
    /// out, and so is a symlink to elsewhere.
    pub(super) fn files_of_others(&self) -> Result<&[EnvFile], Error> {
        if self.git_root().is_none() {
            return Ok(&[]);
        }
        once(&self.facts.files_of_others, || {
            let is_other = |path: &&PathBuf| !self.place().holds(path) && refuse_link_elsewhere(path).is_ok();
            let files = self.all_listed()?.iter().filter(is_other).filter_map(|path| self.load(path).ok());
            Ok(files.filter(|file| file.public_key().is_some()).collect())
        })
        .map(Vec::as_slice)
    }

    /// Returns true if an env file of another project in the worktree has this key of the environment.
    pub(super) fn is_key_of_another(&self, env: &EnvName, key: &PublicKey) -> Result<bool, Error> {
        let is_it = |file: &EnvFile| file.env() == env && file.public_key() == Some(key);
        Ok(self.files_of_others()?.iter().any(is_it))
    }

    /// Returns the keys of an environment outside of the project's folder: each with the file that has it, and with the
    /// folders above that, one of which is its project's. The paths are relative to the worktree's root. A file that a
    /// sparse checkout leaves out is as in the index.
    pub(super) fn keys_outside(&self, env: &EnvName) -> Result<BTreeSet<(PathBuf, PublicKey)>, Error> {
        let Some(repo) = self.repository()? else { return Ok(BTreeSet::new()) };
        let mut left_out = Vec::new();
        for (path, file) in repo.left_out(&is_env_file)? {
            left_out.extend(EnvFile::of_the_past(&repo.root().join(path), repo.blob(file.id)?, None).ok());
        }
        let mut keys = BTreeSet::new();
        for file in self.files_of_others()?.iter().chain(&left_out).filter(|file| file.env() == env) {
            if let (Some(key), Ok(path)) = (file.public_key(), file.path().strip_prefix(repo.root()))
                && !file.path().starts_with(self.root())
            {
                keys.extend(path.ancestors().map(|place| (place.to_owned(), *key)));
            }
        }
        Ok(keys)
    }

    /// Rejects the key of `file` if other files of its environment have another.
    pub fn refuse_other_key(&self, file: &EnvFile, key: &PublicKey) -> Result<(), Error> {
        match self.public_key_of(file.env(), file.path())? {
            Some((second, other)) if other != *key => {
                Err(keys_disagree(file.env(), (file.path(), key.id()), (&second, other.id())))
            }
            _ => Ok(()),
        }
    }

    /// Rejects a key of `env` that an env file of another environment, or of another project in the worktree, also has:
    /// access to one would be access to both.
    pub fn refuse_shared_key(&self, env: &EnvName, key: &PublicKey) -> Result<(), Error> {
        let shared = |path: &Path, what: String, hint: Hint| {
            let (path, key) = (display_path(path), key.id());
            let message = format!("{path} has the same public key as {env} ({key}), {what}");
            Err(Error::refused(message + ": access to one would be access to both").with_hint(hint))
        };
        // A symlink to another environment's file has no environment of its own.
        let is_own = |path: &&PathBuf| self.place().holds(path) && refuse_link_elsewhere(path).is_ok();
        for path in self.all_listed()?.iter().filter(is_own) {
            let Ok(other) = EnvName::of_file(path) else { continue };
            if other != *env && EnvFile::load(path)?.public_key() == Some(key) {
                let hint = hint!("see who put it there: git log -p -- {path}", path);
                return shared(path, format!("for {other}"), hint);
            }
        }
        self.files_of_others()?.iter().find(|file| file.public_key() == Some(key)).map_or(Ok(()), |file| {
            let hint = hint!("give this project a key of its own: envseal key rotate -e {env}", env);
            shared(file.path(), "and belongs to another project".into(), hint)
        })
    }

    /// Rejects a symlink at `path`, which is not an env file, if git tracks it and it leads out of the worktree or into
    /// `.git`: anyone who can write to the repository may have chosen the target.
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
        Err(leads_outside(path, &target))
    }
}

/// The projects of the env files that one command is about, each opened once.
pub(crate) struct Projects {
    repositories: Rc<Repositories>,
    open: HashMap<ProjectPlace, Rc<ProjectFacts>>,
    by_folder: HashMap<PathBuf, Rc<Project>>,
    listings: Listings,
}

impl Projects {
    pub(crate) fn new(repositories: &Rc<Repositories>) -> Self {
        let (open, by_folder) = (HashMap::new(), HashMap::new());
        Self { repositories: Rc::clone(repositories), open, by_folder, listings: Listings::default() }
    }

    /// Loads an env file, as [`EnvFile::load`] does.
    pub(crate) fn load(&mut self, path: &Path) -> Result<EnvFile, Error> {
        EnvFile::load_among(path, &mut self.listings)
    }

    /// Loads an env file or returns a new one, like [`EnvFile::load_or_new`]. If `in_merge`, it may have conflict
    /// markers.
    pub(super) fn load_or_new(&mut self, path: &Path, in_merge: bool) -> Result<EnvFile, Error> {
        EnvFile::load_or_new_among(path, &mut self.listings, in_merge)
    }

    /// Returns the project of env files in the folder `dir`.
    pub(crate) fn of_folder(&mut self, dir: &Path) -> Result<Rc<Project>, Error> {
        if let Some(known) = self.by_folder.get(dir) {
            return Ok(Rc::clone(known));
        }
        let place = ProjectPlace::of(dir);
        let facts = match self.open.get(&place) {
            Some(known) => Rc::clone(known),
            None => {
                let facts = Rc::new(ProjectFacts::read(place.clone(), &self.repositories)?);
                self.open.insert(place, Rc::clone(&facts));
                facts
            }
        };
        let project = Rc::new(Project::of_folder(facts, dir)?);
        self.by_folder.insert(dir.to_owned(), Rc::clone(&project));
        Ok(project)
    }

    /// Returns true if the policy that applies to the file excludes it. A policy that cannot be read excludes nothing;
    /// commands on the file itself report what is wrong with it.
    fn excludes(&mut self, path: &Path) -> bool {
        self.of_folder(&folder_of(path)).is_ok_and(|project| project.excludes(path))
    }
}

/// Returns the command that adds a file to the sparse checkout. Its paths are text: they are the same from any folder.
pub(crate) fn to_check_out(root: &Path, file: &Path) -> Hint {
    let file = file.strip_prefix(root).unwrap_or(file);
    // Patterns may name a file, but folders (cones) always include those of the root.
    let part = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(file);
    let (Some(root), Some(part)) = (root.to_str(), part.to_str()) else {
        return "add the file to the sparse checkout (git-sparse-checkout(1))".into();
    };
    hint!("git -C {root} sparse-checkout add {part}", root, part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::PrivateKey;

    #[test]
    fn the_other_files_of_an_environment_say_which_key_it_has() {
        let repo = crate::git::testing::Fixture::new();
        let root = repo.root();
        let [one, two] = [(); 2].map(|()| PrivateKey::generate().public());
        let write = |path: &str, key: Option<&PublicKey>| {
            repo.write(path, &key.map_or("A=1\n".into(), |key| format!("ENVSEAL_PUBLIC_KEY={key}\n")))
        };
        let a = write("a/.env", Some(&one));
        let b = write("b/.env", Some(&one));
        let none = write("c/.env", None);
        let inner = write("inner/.env", Some(&two));
        repo.write("inner/envseal.toml", "");
        let env = EnvName::of_dotenv();
        let project_of = |folder: &Path| Project::of(folder, &Rc::default()).unwrap();
        let asked = |but: &Path| project_of(root).public_key_of(&env, but);
        assert_eq!(asked(&none).unwrap(), Some((a.clone(), one)));
        assert_eq!(asked(&a).unwrap(), Some((b.clone(), one)), "by another file than the one that asks");
        assert!(project_of(root).is_key_of_another(&env, &two).unwrap());
        assert!(!project_of(root).is_key_of_another(&env, &one).unwrap());
        assert_eq!(project_of(inner.parent().unwrap()).public_key_of(&env, &inner).unwrap(), None);
        let d = write("d/.env", Some(&two));
        assert_eq!(asked(&d).unwrap(), Some((a.clone(), one)));
        let error = asked(&a).unwrap_err().to_string();
        assert!(error.contains(&format!("{} is encrypted with", b.display())), "{error}");
        assert!(error.contains(&format!("{} with", d.display())), "{error}");
    }

    #[test]
    fn a_project_is_opened_once_for_all_its_folders() {
        let repo = crate::git::testing::Fixture::new();
        let root = repo.root();
        for name in ["a/envseal.toml", "a/b/.env", "c/.env"] {
            repo.write(name, "");
        }
        let mut projects = Projects::new(&Rc::default());
        let [a, b, c] = ["a", "a/b", "c"].map(|name| projects.of_folder(&root.join(name)).unwrap());
        assert!(Rc::ptr_eq(&a.facts, &b.facts));
        assert!(!Rc::ptr_eq(&a.facts, &c.facts));
        assert_eq!((a.root(), c.root()), (root.join("a").as_path(), root));
    }
}
