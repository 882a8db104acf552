//! The first key of an environment: chosen, created, and kept out of git.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::committed::key_in_head;
use super::file::{EnvFile, folder_of, place_of};
use super::line_errors::ignore_file_is_link;
use super::projects::{Project, Projects};
use super::team_file::{change_team_text, team_file_malformed};
use super::transaction::WriteLock;
use super::update::Write;
use crate::config::{EnvName, FileRole, KEYS_FILE, is_keys_file};
use crate::crypto::{KeyId, PrivateKey, PublicKey};
use crate::dotenv::{Document, Edit};
use crate::error::Error;
use crate::fs::{self, NewMode, StagedFile};
use crate::git::{self, GitError, Repo};
use crate::keys::{KeyLookupError, KeyStore, KeysFile};
use crate::team::{ExposureState, with_globs};

const HEADER: &str = "# Values below are encrypted with this public key. Add one: envseal set NAME";

/// The key that a file's values will be encrypted to.
#[derive(Clone)]
pub(super) enum KeyChoice {
    /// The one in the file.
    InFile,
    /// The environment has it already, in this env file.
    OfEnvironment(PublicKey, PathBuf),
    /// It is in this keys file only: a command was stopped before it wrote the env file.
    OfKeysFile(PublicKey, PathBuf),
    /// The environment has none yet.
    None,
}

/// Something that was created or changed along the way, for a person to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// A key pair was created; its private key is in this file.
    KeyMade(PathBuf),
    /// A private key was copied to this keys file too, for env files that use it first.
    KeyCopied(PathBuf),
    /// A new file's values are encrypted to a key that the environment already has.
    KeyTaken { key: KeyId, from: PathBuf },
    /// Other users could read this keys file, and no longer can.
    MadePrivate(PathBuf),
    /// The keys file was added to this ignore file.
    Ignored(PathBuf),
    /// Names were added to `external` in this team file.
    External { names: String, path: PathBuf },
    /// The state of an exposed value has changed.
    Noted { env: EnvName, name: String, state: ExposureState, path: PathBuf },
    /// An environment's key was seen for the first time, and is trusted from now on.
    Pinned { env: EnvName, key: PublicKey },
    /// The trusted key has changed, because a holder of the previous one has proven that it was rotated.
    PinMoved { env: EnvName, from: PublicKey, to: PublicKey },
    /// An environment's key should be trusted from now on, but that could not be saved. `why` is None if this user has no
    /// folder for it.
    NotPinned { env: EnvName, why: Option<String> },
}

impl fmt::Display for Notice {
    /// Writes a sentence, without its full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyMade(path) => {
                write!(f, "Created a key pair; the private key is in {}. Back it up", git::display_path(path))
            }
            Self::KeyCopied(path) => {
                write!(f, "Copied the private key to {}, which is searched first", git::display_path(path))
            }
            Self::KeyTaken { key, from } => {
                write!(f, "Using the existing key {key} from {}", git::display_path(from))
            }
            Self::MadePrivate(path) => write!(f, "Made {} private (0600)", git::display_path(path)),
            Self::Ignored(path) => write!(f, "Added the keys file to {}", git::display_path(path)),
            Self::External { names, path } => {
                write!(f, "Added {names} to `external` in {}", git::display_path(path))
            }
            Self::Noted { env, name, state, path } => {
                write!(f, "Recorded in {}: {name} of {env} ", git::display_path(path))?;
                f.write_str(match state {
                    ExposureState::Replaced => "is replaced; commit both",
                    ExposureState::Unverified => {
                        "may be replaced; someone who can decrypt it can tell. Commit both"
                    }
                    ExposureState::Exposed => "is a value that a removed member could read; commit both",
                })
            }
            Self::Pinned { env, key } => {
                write!(f, "Trusting the key of {env} on this machine: {}", key.fingerprint())
            }
            Self::PinMoved { env, from, to } => {
                write!(f, "the key of {env} was rotated by a holder of the previous key")?;
                write!(f, ": {} now, {} before", to.fingerprint(), from.fingerprint())
            }
            Self::NotPinned { env, why } => {
                let unnoticed = "so a replaced key would go unnoticed";
                match why {
                    Some(why) => write!(f, "couldn't record the trusted key of {env}, {unnoticed}: {why}"),
                    None => write!(f, "No home folder to record the trusted key of {env} in, {unnoticed}"),
                }
            }
        }
    }
}

/// Chooses the key for `file`. Files of one environment that disagree are an error.
pub(super) fn choose_key(
    file: &EnvFile,
    project: &Project,
    store: &KeyStore<'_>,
) -> Result<KeyChoice, Error> {
    if let Some(own) = file.public_key() {
        project.refuse_other_key(file, own)?;
        return Ok(KeyChoice::InFile);
    }
    let keys_file = place_of(&store.keys_file_path(&file.dir()));
    project.chosen_key(file.env(), keys_file, || choose_for_new(file, project, store))
}

fn choose_for_new(file: &EnvFile, project: &Project, store: &KeyStore<'_>) -> Result<KeyChoice, Error> {
    if let Some((path, key)) = project.public_key_of(file.env(), file.path())? {
        return Ok(KeyChoice::OfEnvironment(key, path));
    }
    for keys in store.keys_files(&file.dir()) {
        let keys = match keys {
            // A keys file that was named may not exist yet.
            Err(KeyLookupError::NoKeysFile(_)) => continue,
            keys => keys?,
        };
        let key = keys.keys_named(file.env())?.first().map(|key| key.public());
        // A keys file may serve several projects.
        if let Some(key) = key
            && !project.is_key_of_another(file.env(), &key)?
        {
            return Ok(KeyChoice::OfKeysFile(key, keys.path().into()));
        }
    }
    Ok(KeyChoice::None)
}

/// Returns those env files among `paths` that would start a new environment, so that its name may be a typo. Leaves out
/// the first `.env` of a project, and a file whose environment has a key, even if only in the last commit.
pub(crate) fn new_environments(
    paths: &[PathBuf],
    store: &KeyStore<'_>,
) -> Result<Vec<(EnvName, PathBuf)>, Error> {
    let mut projects = Projects::new(store.repositories());
    let mut new = Vec::new();
    for path in paths.iter().filter(|path| !path.exists()) {
        let file = projects.load_or_new(path, false)?;
        let (env, project) = (file.env(), projects.of_folder(&file.dir())?);
        if matches!(choose_key(&file, &project, store)?, KeyChoice::None)
            && !(env.is_of_dotenv() && project.env_files_by_environment()?.is_empty())
            && key_in_head(&project, env)?.is_none()
        {
            new.push((env.clone(), path.clone()));
        }
    }
    // Errors in the other files come before a person is asked.
    for path in paths.iter().filter(|path| !new.is_empty() && path.exists()) {
        projects.load_or_new(path, false)?;
    }
    Ok(new)
}

/// A private key to be saved before anything is encrypted to it.
pub(super) struct NewKey {
    pub(super) env: EnvName,
    pub(super) project_root: PathBuf,
    /// The folders of the env files that are encrypted to it: each may have a keys file of its own.
    pub(super) dirs: Vec<PathBuf>,
    pub(super) key: PrivateKey,
    /// True if it was just created; otherwise it is in another keys file.
    pub(super) is_made: bool,
}

/// Saves a key in every keys file in which it will be looked for, once git and docker ignore that file. Fails if git
/// tracks it.
pub(super) fn keep_key(new: &NewKey, store: &KeyStore<'_>, write: Write) -> Result<Vec<Notice>, Error> {
    let (mut notices, mut kept) = (Vec::new(), BTreeSet::new());
    for dir in &new.dirs {
        let path = store.keys_file_path(dir);
        if !kept.insert(place_of(&path)) {
            continue;
        }
        let project = Project::of(dir, store.repositories())?;
        store.refuse_piped()?;
        let path = std::path::absolute(&path).unwrap_or(path);
        let mut keys = store.keys_file(dir)?.map_or_else(|| KeysFile::new(&path), Rc::unwrap_or_clone);
        // Another tool or a person may have made it readable for all; the file that replaces it keeps its mode.
        let is_wide = fs::mode_bits(&path).is_some_and(|mode| mode & 0o077 != 0);
        if is_wide && is_keys_file(&path) && write == Write::Files {
            fs::make_private(&path)?;
            notices.push(Notice::MadePrivate(path.clone()));
        }
        keys.add_newest(&new.env, &new.key)?;
        let staged = fs::stage(&path, keys.text(), NewMode::Private)?;
        for path in store.keys_files_to_ignore(dir) {
            notices.extend(ignore_keys_file(&path, &project, write)?);
        }
        if write == Write::Files {
            staged.commit()?;
        }
        let is_first = new.is_made && kept.len() == 1;
        notices.push(if is_first { Notice::KeyMade(path) } else { Notice::KeyCopied(path) });
    }
    Ok(notices)
}

/// Makes git and docker ignore the keys file at `path`, before a key is written to it.
pub(crate) fn guard_keys_file(path: &Path, project: &Project) -> Result<Vec<Notice>, Error> {
    let _lock = WriteLock::acquire(&[path.into()], &[], project.repositories())?;
    ignore_keys_file(path, project, Write::Files)
}

/// Makes git and docker ignore the keys file at `path`; with [`Write::Plan`], only finds out whether they would.
pub(super) fn ignore_keys_file(path: &Path, project: &Project, write: Write) -> Result<Vec<Notice>, Error> {
    let mut notices = Vec::new();
    let path = &place_of(path);
    let dir = path.parent().unwrap_or(project.root());
    let name = path.file_name().map_or_else(|| KEYS_FILE.into(), |name| name.to_string_lossy());
    let root = git::find_root(dir);
    if root.is_none() && dir != project.root() {
        // A folder of the user's own choice, from which nothing is committed or built.
        return Ok(notices);
    }
    let root = root.as_deref();
    if let Some(root) = root {
        let repo = project.repositories().open(root)?;
        if repo.is_bare() {
            // Nothing is committed from the folder above its worktrees.
            return refuse_unignored(path, None, project).map(|()| notices);
        }
        if repo.is_tracked(path)? {
            return Err(KeyLookupError::tracked(path).into());
        }
        exclude_temporaries(&repo)?;
    } else if !is_keys_file(path) {
        return Ok(notices);
    }
    let ignore = root.unwrap_or(dir).join(".gitignore");
    if root.is_some() && ignore.is_symlink() {
        return Err(ignore_file_is_link(&ignore));
    }
    let docker = dockerignores(dir, root.unwrap_or(dir), &name, project)?;
    let before = fs::read(&ignore).ok();
    let added = fs::append_line(&ignore, &name, NewMode::Default)?;
    let guarded = refuse_unignored(path, root, project);
    if added && (guarded.is_err() || write == Write::Plan) {
        match before {
            Some(text) => fs::write_atomic(&ignore, &text, NewMode::Default)?,
            None => fs::remove(&ignore)?,
        }
    }
    guarded?;
    if write == Write::Plan {
        return Ok(notices);
    }
    if added {
        notices.push(Notice::Ignored(ignore));
    }
    for (ignore, staged) in docker {
        staged.commit()?;
        notices.push(Notice::Ignored(ignore));
    }
    Ok(notices)
}

/// Returns the `.dockerignore` files that do not list the keys file yet, with lines for it, ready to be written.
fn dockerignores(
    dir: &Path,
    root: &Path,
    name: &str,
    project: &Project,
) -> Result<Vec<(PathBuf, StagedFile)>, Error> {
    let mut folders = vec![dir, root];
    folders.dedup();
    let mut ready = Vec::new();
    for folder in folders.into_iter().filter(|folder| has_dockerfile(folder)) {
        let ignore = folder.join(".dockerignore");
        project.refuse_leading_outside(&ignore)?;
        // Its patterns are anchored at its folder.
        let lines = [name, &format!("**/{name}")];
        let Some(staged) = fs::with_lines(&ignore, &lines, NewMode::Default)? else { continue };
        let target = fs::final_target(&ignore)?;
        if FileRole::of(&target) != FileRole::Other || !target.to_string_lossy().ends_with("ignore") {
            return Err(unfit_link(&ignore, &target, "is not an ignore file"));
        }
        ready.push((ignore, staged));
    }
    Ok(ready)
}

/// Keeps git from seeing the temporary files of a write that is cut short.
pub(super) fn exclude_temporaries(repo: &Repo) -> Result<bool, GitError> {
    repo.ensure_excluded(&format!("{}*", fs::TEMP_PREFIX))
}

fn unfit_link(link: &Path, target: &Path, why: &str) -> Error {
    let [link, target] = [link, target].map(git::relative_path);
    let message = format!("{} is a symlink to {}, which {why}", link.display(), target.display());
    Error::refused(message)
}

/// Rejects a keys file that git doesn't ignore in the worktree `root`, and a symlink to one that git tracks or doesn't
/// ignore.
fn refuse_unignored(path: &Path, root: Option<&Path>, project: &Project) -> Result<(), Error> {
    let repositories = project.repositories();
    if let Some(root) = root
        && !repositories.open(root)?.is_ignored(path)?
    {
        let path = git::display_path(path);
        let message =
            format!("git does not ignore {path}: another rule overrides the line added to .gitignore");
        let hint = "remove the rule that starts with `!` from .gitignore";
        return Err(Error::refused(message).with_hint(hint));
    }
    if !path.is_symlink() {
        return Ok(());
    }
    let target = place_of(&fs::final_target(path)?);
    let Some(repo) = repositories.discover(&folder_of(&target))? else { return Ok(()) };
    if repo.is_tracked(&target)? {
        return Err(KeyLookupError::tracked(&target).into());
    }
    if repo.is_ignored(&target)? {
        return Ok(());
    }
    let [link, file] = [path, &target].map(git::relative_path);
    let hint = if target.exists() {
        hint!("have git ignore {file}, or remove the link: rm {link}", file, link)
    } else {
        hint!("remove it: rm {link}", link)
    };
    Err(unfit_link(path, &target, "git does not ignore").with_hint(hint))
}

/// Returns the globs worth declaring plain for these files: those that match names in plain text and are not declared
/// yet. A name that is sealed anywhere was sealed on purpose; a glob that declares it plain would be an error.
pub(crate) fn propose_plain(project: &Project, files: &[EnvFile]) -> Vec<&'static str> {
    let (mut plain, mut sealed) = (Vec::new(), Vec::new());
    for file in files {
        for (_, entry) in file.variables() {
            let name = file.document().name(entry);
            match file.token_text(entry) {
                Some(_) => sealed.push(name),
                None if !project.policy().is_plain(name) => plain.push(name),
                None => {}
            }
        }
    }
    let mut globs = crate::team::propose_plain(&plain);
    let of_sealed = crate::team::propose_plain(&sealed);
    globs.retain(|glob| !of_sealed.contains(glob));
    globs
}

/// Adds `globs` to the list `key` of the policy, in the project's team file.
pub(crate) fn add_to_policy(project: &Project, key: &str, globs: &[&str]) -> Result<(), Error> {
    change_team_text(project, |text| with_policy(project, text, key, globs)).map(drop)
}

/// Returns the text of the project's team file with `globs` added to the list `key` of the policy.
pub(super) fn with_policy(
    project: &Project,
    text: &[u8],
    key: &str,
    globs: &[&str],
) -> Result<String, Error> {
    with_globs(text, key, globs).map_err(|source| team_file_malformed(&project.team_file(), source))
}

/// Adds the public key's header to `document`, which is made of the file's, for a file that has none.
pub(super) fn with_header(file: &EnvFile, document: &Document, key: &PublicKey) -> Result<Document, Error> {
    let (name, source) = (file.env().public_key_name(), key.to_string());
    let header = Edit::Header { comment: HEADER, name: &name, source: source.as_bytes() };
    super::change::edited(file, document, &[header])
}

/// Returns true if images may be built from a folder: it holds a Dockerfile of any name.
pub(crate) fn has_dockerfile(folder: &Path) -> bool {
    let Ok(listing) = folder.read_dir() else { return false };
    listing.flatten().any(|item| {
        let name = item.file_name().to_string_lossy().to_lowercase();
        name == "containerfile"
            || name == "dockerfile"
            || name.starts_with("dockerfile.")
            || name.ends_with(".dockerfile")
    })
}
