//! Where private keys come from, and which env files are read together.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::{PrivateKey, Vars, Vault};
use crate::config::{EnvName, ProcessEnv};
use crate::crypto::{self, SecretText};
use crate::error::Error;
use crate::keys::KeyStore;
use crate::project::{EnvFile, Precedence, hold_to_schemas, read_files};

type Ask = Box<dyn Fn(&str) -> io::Result<Option<SecretText>> + Send + Sync>;

/// How a [`Vault`] is opened: see [`Vault::options`].
///
/// By default, private keys are looked up where the command looks: in `ENVSEAL_PRIVATE_KEY` (for `.env`) or
/// `ENVSEAL_PRIVATE_KEY_NAME` of the process, in the keys file `.env.keys` beside the env file or above it in the
/// repository, and in a grant to this user's identity in `envseal.toml`. Nobody is asked for a passphrase, and the
/// user's key command is not run.
#[must_use]
#[derive(Default)]
pub struct Options {
    keys_file: Option<PathBuf>,
    identity: Option<PathBuf>,
    given: Vec<crypto::PrivateKey>,
    passphrase: Option<SecretText>,
    ask: Option<Ask>,
    pub(super) create: bool,
}

impl Options {
    /// Reads private keys from this file, like `-K`, instead of `.env.keys`. Its owner and git status aren't checked.
    pub fn keys_file(self, path: impl Into<PathBuf>) -> Self {
        Self { keys_file: Some(path.into()), ..self }
    }

    /// Decrypts grants with this private SSH key (ssh-ed25519, in OpenSSH's format), like `--identity`.
    pub fn identity(self, path: impl Into<PathBuf>) -> Self {
        Self { identity: Some(path.into()), ..self }
    }

    /// Tries this key first. May be called several times: the key that belongs to the file is used.
    pub fn private_key(mut self, key: PrivateKey) -> Self {
        self.given.push(key.0);
        self
    }

    /// Unlocks keys and identities with this passphrase, instead of the one in `ENVSEAL_PASSPHRASE`.
    pub fn passphrase(self, passphrase: impl Into<String>) -> Self {
        Self { passphrase: Some(SecretText::new(passphrase.into())), ..self }
    }

    /// Calls `ask` if a passphrase is needed and neither given nor in `ENVSEAL_PASSPHRASE`. Its argument is the
    /// question, which ends in a colon and a space; `None` means that nobody can be asked. The passphrase is wiped
    /// after use and asked for again the next time.
    pub fn ask(self, ask: impl Fn(&str) -> io::Result<Option<String>> + Send + Sync + 'static) -> Self {
        let ask = move |question: &str| Ok(ask(question)?.map(SecretText::new));
        Self { ask: Some(Box::new(ask)), ..self }
    }

    /// Allows creating a missing file, and a key pair for an environment without one: the private key is added to the
    /// keys file, and that to `.gitignore`, as `envseal set` does. Not allowed by default.
    pub fn create(self, create: bool) -> Self {
        Self { create, ..self }
    }

    /// Reads the env file at `path`: `.env`, `.env.NAME` or `NAME.env`. Nothing is decrypted yet, so no private key is
    /// needed.
    ///
    /// Errors: [`NotFound`](crate::ErrorKind::NotFound) if there is no such file; [`Malformed`](crate::ErrorKind::Malformed)
    /// for a name that isn't an env file's, or an invalid public key in it; [`Refused`](crate::ErrorKind::Refused) for a
    /// merge conflict in it.
    pub fn open(self, path: impl AsRef<Path>) -> Result<Vault, Error> {
        Vault::new(self, path.as_ref())
    }

    /// Decrypts several files at once, all or nothing, like [`Vault::vars`] for one file. The earlier file wins. Each
    /// must exist, unless it is [`EnvPath::optional`].
    ///
    /// ```no_run
    /// use envseal::{EnvPath, Vault};
    ///
    /// let vars = Vault::options().vars([EnvPath::optional(".env.local"), ".env".into()])?;
    /// # Ok::<(), envseal::Error>(())
    /// ```
    ///
    /// Errors: for each file as [`Self::open`]; then as [`Vault::vars`].
    pub fn vars(&self, paths: impl IntoIterator<Item = impl Into<EnvPath>>) -> Result<Vars, Error> {
        let files = paths.into_iter().filter_map(|path| path.into().load().transpose());
        self.read(&files.collect::<Result<Vec<_>, _>>()?)
    }

    /// Decrypts the values of all `files`, or none; the earlier file wins.
    pub(super) fn read(&self, files: &[EnvFile]) -> Result<Vars, Error> {
        self.with_store(|store| {
            let reading = read_files(files, store, store.process(), Precedence::EarlierFile)?;
            let (variables, _) = reading.variables(|_| true, &[])?;
            // The process's variables do not count: the returned values must match the schema.
            let nothing = ProcessEnv::from_vars(Vec::new());
            hold_to_schemas(files, &variables, &nothing, |_| true, &[])?;
            Ok(Vars::new(variables))
        })
    }

    /// Calls `work` with a store that looks for keys according to these options.
    pub(super) fn with_store<T>(
        &self,
        work: impl FnOnce(&KeyStore<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let process = ProcessEnv::capture();
        let ask = |question: &str| self.ask.as_ref().map_or(Ok(None), |ask| ask(question));
        let store = KeyStore::new(&process, self.keys_file.clone())
            .with_identity(self.identity.clone(), &ask)
            .with_given(self.given.clone(), self.passphrase.clone());
        work(&store)
    }
}

/// Shows the paths, and the number of keys.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("keys_file", &self.keys_file)
            .field("identity", &self.identity)
            .field("private_keys", &self.given.len())
            .field("passphrase", &self.passphrase)
            .field("create", &self.create)
            .finish_non_exhaustive()
    }
}

/// An env file for [`Options::vars`]. Any path converts to one whose file must exist; [`EnvPath::optional`] creates one
/// whose file may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvPath {
    path: PathBuf,
    may_be_missing: bool,
}

impl EnvPath {
    /// Creates a path that is skipped if it doesn't exist, like `-f '?FILE'`. Its name must still be an env file's.
    pub fn optional(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().into(), may_be_missing: true }
    }

    fn load(&self) -> Result<Option<EnvFile>, Error> {
        // A dangling symlink is not a missing file.
        let is_missing = || {
            let found = self.path.symlink_metadata();
            found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        };
        if self.may_be_missing && is_missing() {
            EnvName::of_file(&self.path)?;
            return Ok(None);
        }
        EnvFile::load(&self.path).map(Some)
    }
}

/// Creates a path that must exist.
impl<P: AsRef<Path>> From<P> for EnvPath {
    fn from(path: P) -> Self {
        Self { path: path.as_ref().into(), may_be_missing: false }
    }
}
