//! The lookup of private keys: in the process's environment, then from the user's key command, then in the keys file,
//! then in a grant to this user in the team file. Each is optional, and an error lists the places that were searched.

mod backup;
mod granted;
mod identity;
mod keys_file;
mod locked;
mod lookup_error;
mod pins;

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use zeroize::Zeroizing;

pub(crate) use backup::{BackupLine, FoundKey, backup_text, parse_backup};
pub(crate) use granted::{current_project, in_project, project_root, team_file};
pub(crate) use identity::{IdentityPlace, OwnIdentity};
pub(crate) use keys_file::KeysFile;
pub(crate) use locked::{RewrittenKeys, StoredKey, locker};
pub(crate) use lookup_error::{KeyLookupError, KeyPlace, SearchedPlace, missing_key_hint, search_trace};
pub(crate) use pins::{NewPins, Pin, Pins};

use lookup_error::{WhyMissing, around_the_key, malformed, missing_file, not_a_private_key};

use crate::config::{EnvName, KEY_COMMAND, KEY_COMMAND_ENTRY, ProcessEnv, TEAM_FILE};
use crate::crypto::{PrivateKey, PublicKey, SecretText, Unlocker};
use crate::dotenv::Document;
use crate::error::Error;
use crate::fs;
use crate::git::Repositories;

/// Asks for a passphrase; the question ends in a colon and a space. Returns None if no one can be asked.
pub(crate) type AskPassphrase<'a> = &'a dyn Fn(&str) -> std::io::Result<Option<SecretText>>;

/// Runs a command, given its text, where it is set, the folders of PATH, and its whole environment. Returns its output.
pub(crate) type RunKeyCommand<'a> =
    &'a dyn Fn(&str, &str, &[PathBuf], &[(OsString, OsString)]) -> Result<Zeroizing<Vec<u8>>, Error>;

/// Keys files that were loaded, and [`fs::changes`] then.
type LoadedKeysFiles = HashMap<PathBuf, (usize, Rc<KeysFile>)>;

/// The places a private key may come from.
pub struct KeyStore<'a> {
    process: &'a ProcessEnv,
    /// Keys given by the program that embeds the library; searched first.
    given: Vec<StoredKey>,
    keys_file: Option<PathBuf>,
    /// The text of a keys file that can be read only once.
    piped: Rc<OnceCell<Zeroizing<Vec<u8>>>>,
    loaded: Rc<RefCell<LoadedKeysFiles>>,
    identity_file: Option<PathBuf>,
    /// Given by that program too; used instead of the one in the process's environment.
    passphrase: Option<SecretText>,
    ask: Option<AskPassphrase<'a>>,
    run_key_command: Option<RunKeyCommand<'a>>,
    /// The keys that the key command printed, by environment and public key.
    commanded: RefCell<HashMap<(EnvName, PublicKey), Vec<StoredKey>>>,
    me: OnceCell<Option<OwnIdentity>>,
    /// Set once a passphrase is known.
    unlocker: OnceCell<Unlocker>,
    repositories: Rc<Repositories>,
}

impl<'a> KeyStore<'a> {
    /// Without `keys_file` and `ENVSEAL_KEYS_FILE`, keys come from the keys file that belongs to an env file's folder.
    pub fn new(process: &'a ProcessEnv, keys_file: Option<PathBuf>) -> Self {
        Self {
            process,
            given: Vec::new(),
            keys_file: keys_file.or_else(|| process.keys_file()),
            piped: Rc::default(),
            loaded: Rc::default(),
            identity_file: None,
            passphrase: None,
            ask: None,
            run_key_command: None,
            commanded: RefCell::default(),
            me: OnceCell::new(),
            unlocker: OnceCell::new(),
            repositories: Rc::default(),
        }
    }

    /// Sets the identity's file, and how passphrases are asked for.
    #[must_use]
    pub fn with_identity(self, identity_file: Option<PathBuf>, ask: AskPassphrase<'a>) -> Self {
        Self { identity_file, ask: Some(ask), ..self }
    }

    /// Returns the identity's file, if the user named one for this command.
    pub(crate) fn named_identity(&self) -> Option<&Path> {
        self.identity_file.as_deref()
    }

    /// Sets how the user's key command is run. Without it, as in the library, no program is run.
    #[must_use]
    pub(crate) fn with_key_command(self, run: RunKeyCommand<'a>) -> Self {
        Self { run_key_command: Some(run), ..self }
    }

    /// For programs that embed the library: sets the keys to search first, and the passphrase to try before asking.
    #[must_use]
    pub fn with_given(self, keys: Vec<PrivateKey>, passphrase: Option<SecretText>) -> Self {
        Self { given: keys.into_iter().map(StoredKey::Open).collect(), passphrase, ..self }
    }

    /// Returns a store with the same places that asks for no passphrase and runs no key command.
    #[must_use]
    pub fn unasking(&self) -> Self {
        let (keys_file, identity_file) = (self.keys_file.clone(), self.identity_file.clone());
        let (given, passphrase) = (self.given.clone(), self.passphrase.clone());
        let (piped, loaded) = (Rc::clone(&self.piped), Rc::clone(&self.loaded));
        let repositories = Rc::clone(&self.repositories);
        Self {
            given,
            piped,
            loaded,
            identity_file,
            passphrase,
            repositories,
            ..Self::new(self.process, keys_file)
        }
    }

    /// Returns [`Self::unasking`] with nothing cached about any repository.
    #[must_use]
    pub fn afresh(&self) -> Self {
        Self { repositories: Rc::default(), ..self.unasking() }
    }

    pub(crate) fn repositories(&self) -> &Rc<Repositories> {
        &self.repositories
    }

    pub(crate) fn process(&self) -> &'a ProcessEnv {
        self.process
    }

    /// Returns the private key for `wanted`, the public key of `env`, for an env file in the folder `near`.
    ///
    /// Every error but [`KeyLookupError::NotFound`] means that something is wrong with a place; the search stops there.
    pub fn find(&self, env: &EnvName, wanted: &PublicKey, near: &Path) -> Result<PrivateKey, KeyLookupError> {
        self.locate(env, wanted, near).map(|(key, _)| key)
    }

    /// Returns what [`Self::find`] does, with the place that has the key.
    pub fn locate(
        &self,
        env: &EnvName,
        wanted: &PublicKey,
        near: &Path,
    ) -> Result<(PrivateKey, KeyPlace), KeyLookupError> {
        let (key, place) = self.look_up(env, wanted, near, true)?;
        Ok((self.unlock(key, &place)?, place))
    }

    /// Like [`Self::find`], but asks for no passphrase and runs no key command, and returns None for a locked key: for
    /// hooks, and where the key is useful but not needed.
    pub fn find_unasked(
        &self,
        env: &EnvName,
        wanted: &PublicKey,
        near: &Path,
    ) -> Result<Option<PrivateKey>, KeyLookupError> {
        Ok(self.locate_unasked(env, wanted, near)?.map(|(key, _)| key))
    }

    /// Returns what [`Self::find_unasked`] does, with the place that has the key.
    pub fn locate_unasked(
        &self,
        env: &EnvName,
        wanted: &PublicKey,
        near: &Path,
    ) -> Result<Option<(PrivateKey, KeyPlace)>, KeyLookupError> {
        match self.locate_stored(env, wanted, near) {
            Ok((key, place)) => Ok(self.unlock_unasked(key, &place)?.map(|key| (key, place))),
            Err(KeyLookupError::NotFound { .. } | KeyLookupError::Locked(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Like [`Self::locate`], but leaves a locked key or identity locked, and runs no key command.
    pub fn locate_stored(
        &self,
        env: &EnvName,
        wanted: &PublicKey,
        near: &Path,
    ) -> Result<(StoredKey, KeyPlace), KeyLookupError> {
        self.look_up(env, wanted, near, false)
    }

    fn look_up(
        &self,
        env: &EnvName,
        wanted: &PublicKey,
        near: &Path,
        may_ask: bool,
    ) -> Result<(StoredKey, KeyPlace), KeyLookupError> {
        let variable = env.private_key_name();
        let (mut tried, mut unasked) = (Vec::new(), Vec::new());
        let mut search = |keys: Vec<&StoredKey>, place: KeyPlace| {
            if let Some(key) = keys.iter().find(|key| key.public() == *wanted) {
                return Some(((*key).clone(), place));
            }
            let others: Vec<_> = keys.iter().map(|key| key.public().id()).collect();
            let missing = if others.is_empty() { WhyMissing::Nothing } else { WhyMissing::OtherKeys(others) };
            tried.push(SearchedPlace { place, wanted: variable.clone(), missing });
            None
        };
        if !self.given.is_empty()
            && let Some(found) = search(self.given.iter().collect(), KeyPlace::Given)
        {
            return Ok(found);
        }
        let injected = self.injected(&variable, Some(env))?;
        if let Some(found) = search(injected.iter().collect(), KeyPlace::Process) {
            return Ok(found);
        }
        if may_ask {
            if let Some(keys) = self.commanded(env, wanted)?
                && let Some(found) = search(keys.iter().collect(), KeyPlace::Command)
            {
                return Ok(found);
            }
        } else if self.has_key_command() {
            unasked.push(SearchedPlace {
                place: KeyPlace::Command,
                wanted: variable.clone(),
                missing: WhyMissing::Nothing,
            });
        }
        let mut files = 0;
        for file in self.keys_files(near) {
            let file = file?;
            if let Some(found) = search(file.keys(env)?, KeyPlace::KeysFile(file.path().into())) {
                return Ok(found);
            }
            files += 1;
        }
        if files == 0 {
            search(Vec::new(), KeyPlace::KeysFile(self.keys_file_path(near)));
        }
        let (project, has_team_file) = granted::find_project(near);
        let path = project.join(TEAM_FILE);
        let missing = if has_team_file {
            let me = if may_ask { self.me()? } else { self.me_unasked()? };
            match self.granted(env, wanted, &path, me)? {
                Ok(key) => return Ok((StoredKey::Open(key), KeyPlace::Grant(path))),
                Err(missing) => missing,
            }
        } else {
            WhyMissing::NoTeamFile
        };
        tried.push(SearchedPlace { place: KeyPlace::Grant(path), wanted: env.to_string(), missing });
        tried.extend(unasked);
        for SearchedPlace { place, missing, .. } in &mut tried {
            let why = match place {
                KeyPlace::Process => self.misplaced(env, wanted, near),
                KeyPlace::KeysFile(path) => {
                    let file = self.load_keys_file(path).ok();
                    file.and_then(|file| Some(WhyMissing::OtherVariable(file.name_of(wanted)?.into())))
                }
                _ => None,
            };
            if let Some(why) = why {
                *missing = why;
            }
        }
        Err(KeyLookupError::NotFound { env: env.clone(), wanted: wanted.id(), tried })
    }

    /// Returns the keys of `env` that the user's key command prints, run once for each key; None if there is no command.
    ///
    /// It is never taken from a file in a repository or git's configuration: anyone who can write there could run code.
    fn commanded(&self, env: &EnvName, wanted: &PublicKey) -> Result<Option<Vec<StoredKey>>, KeyLookupError> {
        let Some(run) = self.run_key_command else { return Ok(None) };
        let Some((command, setting)) = self.key_command()? else { return Ok(None) };
        let asked = (env.clone(), *wanted);
        if let Some(known) = self.commanded.borrow().get(&asked) {
            return Ok(Some(known.clone()));
        }
        let vars = self.process.of_key_command(env, &wanted.to_string());
        let text = run(&command, &setting, &self.process.path_list("PATH"), &vars)?;
        // It may have written a keys file, or waited for a person.
        fs::note_change();
        let place = Path::new("the key command's output");
        let file = KeysFile::of_text(place, &text).map_err(|error| error.with_status(3))?;
        let keys: Vec<_> = file.keys(env)?.into_iter().cloned().collect();
        if keys.is_empty() && file.lists().next().is_none() && !text.trim_ascii().is_empty() {
            let message =
                format!("the key command of {setting} printed neither a private key nor a keys file");
            return Err(malformed(message)
                .with_hint("have it print the key alone, as envseal key show --private does, or nothing if it has none")
                .into());
        }
        self.commanded.borrow_mut().insert(asked, keys.clone());
        Ok(Some(keys))
    }

    /// Returns the keys of `env` that the key command has printed so far.
    fn commanded_before(&self, env: &EnvName) -> Vec<StoredKey> {
        let known = self.commanded.borrow();
        known.iter().filter(|((of, _), _)| of == env).flat_map(|(_, keys)| keys.clone()).collect()
    }

    /// Returns true if this store runs a key command, even if its setting is malformed.
    pub(crate) fn has_key_command(&self) -> bool {
        self.run_key_command.is_some() && !matches!(self.key_command(), Ok(None))
    }

    /// Returns the user's key command, and where it is set: the variable, or the user's own configuration file.
    fn key_command(&self) -> Result<Option<(String, String)>, Error> {
        if let Some(command) = self.process.key_command() {
            let text = command.to_str().map(str::to_owned);
            let text = text.ok_or_else(|| malformed(format!("{KEY_COMMAND} is not UTF-8")))?;
            return Ok(Some((text, KEY_COMMAND.into())));
        }
        let Some(path) = self.process.config_file() else { return Ok(None) };
        let text = match fs::read(&path) {
            Err(error) if error.is_absence() => return Ok(None),
            text => text?,
        };
        let fault = |why: &dyn std::fmt::Display| malformed(format!("{}: {why}", path.display()));
        let text = std::str::from_utf8(&text).map_err(|error| fault(&error))?;
        let table: toml_edit::DocumentMut =
            text.parse().map_err(|error: toml_edit::TomlError| fault(&error.message()))?;
        let Some(entry) = table.get(KEY_COMMAND_ENTRY) else { return Ok(None) };
        let command =
            entry.as_str().ok_or_else(|| fault(&format!("{KEY_COMMAND_ENTRY} is not a text in quotes")))?;
        Ok(Some((command.to_owned(), path.display().to_string())))
    }

    /// Returns every private key for `env`, including older ones; locked ones only if that takes no prompt.
    pub fn all(&self, env: &EnvName, near: &Path) -> Result<Vec<PrivateKey>, KeyLookupError> {
        let opened = self.all_stored(env, near)?;
        opened.into_iter().filter_map(|(key, place)| self.unlock_unasked(key, &place).transpose()).collect()
    }

    /// Returns every private key for `env`, older and locked ones too.
    pub fn all_unlocked(&self, env: &EnvName, near: &Path) -> Result<Vec<PrivateKey>, KeyLookupError> {
        self.all_stored(env, near)?.into_iter().map(|(key, place)| self.unlock(key, &place)).collect()
    }

    /// Returns every private key for `env`, older ones too, as it is stored.
    fn all_stored(&self, env: &EnvName, near: &Path) -> Result<Vec<(StoredKey, KeyPlace)>, KeyLookupError> {
        let given = self.given.iter().cloned().map(|key| (key, KeyPlace::Given));
        let injected = self.injected(&env.private_key_name(), Some(env))?;
        let injected = injected.into_iter().map(|key| (key, KeyPlace::Process));
        let commanded = self.commanded_before(env).into_iter().map(|key| (key, KeyPlace::Command));
        let mut keys: Vec<_> = given.chain(injected).chain(commanded).collect();
        for file in self.keys_files(near) {
            let file = file?;
            let place = KeyPlace::KeysFile(file.path().into());
            keys.extend(file.keys(env)?.into_iter().map(|key| (key.clone(), place.clone())));
        }
        Ok(keys)
    }

    /// Returns every private key of any environment, including older ones: for history, in which a file may have had
    /// another name. Skips malformed keys, and locked ones that would take a prompt; [`Self::find`] reports them.
    pub fn every(&self, near: &Path) -> Result<Vec<PrivateKey>, KeyLookupError> {
        let opened = self.every_stored(near)?.into_iter();
        Ok(opened.filter_map(|(key, place)| self.unlock_unasked(key, &place).ok()?).collect())
    }

    /// Returns the private key for `wanted`, whatever environment it is kept for.
    pub fn find_anywhere(
        &self,
        wanted: &PublicKey,
        near: &Path,
    ) -> Result<Option<PrivateKey>, KeyLookupError> {
        let found = self.every_stored(near)?.into_iter().find(|(key, _)| key.public() == *wanted);
        found.map(|(key, place)| self.unlock(key, &place)).transpose()
    }

    fn every_stored(&self, near: &Path) -> Result<Vec<(StoredKey, KeyPlace)>, KeyLookupError> {
        let injected = self.process.private_key_names().filter_map(|name| self.process.get(name)?.to_str());
        let injected = injected.flat_map(|text| locked::parse_keys(Some(text)).unwrap_or_default());
        let given = self.given.iter().cloned().map(|key| (key, KeyPlace::Given));
        let mut keys: Vec<_> = given.chain(injected.map(|key| (key, KeyPlace::Process))).collect();
        for file in self.keys_files(near) {
            let file = file?;
            let place = KeyPlace::KeysFile(file.path().into());
            keys.extend(file.every().map(|key| (key.clone(), place.clone())));
        }
        Ok(keys)
    }

    /// Returns the keys files for an env file in the folder `near`, in the order in which they are searched.
    pub fn keys_files(&self, near: &Path) -> impl Iterator<Item = Result<Rc<KeysFile>, KeyLookupError>> {
        self.keys_file_paths(near).map(|path| self.load_keys_file(&path))
    }

    /// Returns the paths of [`Self::keys_files`].
    pub fn keys_file_paths(&self, near: &Path) -> impl Iterator<Item = PathBuf> {
        let found = self.keys_file.is_none().then(|| KeysFile::places(near));
        self.keys_file.iter().cloned().chain(found.into_iter().flatten())
    }

    fn load_keys_file(&self, path: &Path) -> Result<Rc<KeysFile>, KeyLookupError> {
        let now = fs::changes();
        self.loaded.borrow_mut().retain(|_, (at, _)| *at == now);
        if let Some((_, file)) = self.loaded.borrow().get(path) {
            return Ok(Rc::clone(file));
        }
        if self.keys_file.is_some()
            && self.piped.get().is_none()
            && let Some(text) = fs::read_once(path)?
        {
            let _ = self.piped.set(text);
        }
        let file = Rc::new(match self.piped.get() {
            Some(text) => KeysFile::of_text(path, text)?,
            None => KeysFile::load(path)?,
        });
        self.loaded.borrow_mut().insert(path.into(), (now, Rc::clone(&file)));
        Ok(file)
    }

    /// Returns true if the keys file that was named can be read only once, and not written.
    pub fn is_piped(&self) -> bool {
        self.piped.get().is_some() || self.keys_file.as_deref().is_some_and(fs::is_read_once)
    }

    /// Rejects a keys file in which no key can be stored.
    pub fn refuse_piped(&self) -> Result<(), Error> {
        if !self.is_piped() {
            return Ok(());
        }
        let message = "a private key is to be stored, but the keys file is stdin or a pipe";
        Err(Error::refused(message).with_hint("name a file: -K FILE; or leave -K out"))
    }

    /// Returns true if the keys file is stdin, which then holds nothing else.
    pub fn reads_stdin(&self) -> bool {
        self.keys_file.as_deref().is_some_and(fs::is_stdin)
    }

    /// Returns the keys file at [`Self::keys_file_path`]; None if it does not exist.
    pub fn keys_file(&self, near: &Path) -> Result<Option<Rc<KeysFile>>, KeyLookupError> {
        match self.load_keys_file(&self.keys_file_path(near)) {
            Err(KeyLookupError::NoKeysFile(_)) => Ok(None),
            file => file.map(Some),
        }
    }

    /// Returns the path of the file in which a new key for an env file in the folder `near` is saved.
    pub fn keys_file_path(&self, near: &Path) -> PathBuf {
        self.keys_file.clone().unwrap_or_else(|| KeysFile::lasting_place(near))
    }

    /// Returns the files that git must ignore before a key is created near `near`: [`Self::keys_file_path`], and the
    /// one that others may have in this project, whose ignore file is committed.
    pub fn keys_files_to_ignore(&self, near: &Path) -> Vec<PathBuf> {
        let mut paths: Vec<_> = (!self.is_piped()).then(|| self.keys_file_path(near)).into_iter().collect();
        paths.push(KeysFile::place(near));
        paths.dedup();
        paths
    }

    fn injected(&self, variable: &str, env: Option<&EnvName>) -> Result<Vec<StoredKey>, KeyLookupError> {
        let Some(text) = self.process.get(variable) else { return Ok(Vec::new()) };
        if text.is_empty() {
            // A secret that the CI did not pass on.
            return Err(malformed(format!("{variable} is set in the environment, but empty"))
                .with_hint(hint!(
                    "give this job the key as {variable}, or leave the variable unset: env -u {variable} …",
                    variable
                ))
                .into());
        }
        let place = KeyPlace::Process.to_string();
        Ok(locked::parse_keys(text.to_str()).map_err(|reason| {
            let text = text.to_str().unwrap_or_default();
            let inner =
                text.rsplit('=').next().unwrap_or_default().trim_matches(['"', '\'', ' ', '\n', '\r']);
            let is_one = locked::count_keys(text) == locked::count_keys(inner);
            if inner != text && is_one && locked::parse_keys(Some(inner)).is_ok() {
                return around_the_key(variable);
            }
            not_a_private_key(variable, env, &place, &reason)
        })?)
    }

    /// Returns a fault if `wanted` is in another environment's variable, or a variable holds another environment's key.
    fn misplaced(&self, env: &EnvName, wanted: &PublicKey, near: &Path) -> Option<WhyMissing> {
        let keys = |name: &str| locked::parse_keys(self.process.get(name)?.to_str()).ok();
        let has_wanted =
            |name: &&str| keys(name).is_some_and(|keys| keys.iter().any(|key| key.public() == *wanted));
        if let Some(name) = self.process.private_key_names().find(has_wanted) {
            return Some(WhyMissing::OtherVariable(name.into()));
        }
        let of_other = |name: &str| {
            let of = keys(name)?.iter().find_map(|key| environment_of(&key.public(), near))?;
            Some(WhyMissing::KeyOfOther { variable: name.into(), of })
        };
        let own = env.private_key_name();
        if keys(&own).is_some() {
            of_other(&own)
        } else {
            self.process.private_key_names().find_map(of_other)
        }
    }
}

/// Returns the environment whose env file in the folder has this public key.
fn environment_of(key: &PublicKey, folder: &Path) -> Option<EnvName> {
    folder.read_dir().ok()?.flatten().find_map(|entry| {
        let env = EnvName::of_file(&entry.path()).ok()?;
        let document = Document::parse(fs::read(&entry.path()).ok()?).ok()?;
        let line = &document.entries()[document.last(&env.public_key_name())?];
        (*document.value(line).1 == *key.to_string().as_bytes()).then_some(env)
    })
}
