//! Where private keys may come from.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::path::{EnvPath, load_files};
use super::{PrivateKey, Vars, Vault};
use crate::config::ProcessEnv;
use crate::crypto::{self, SecretText};
use crate::error::Error;
use crate::keys::KeyStore;
use crate::project::{EnvFile, Precedence, hold_to_schemas, read_files};

type Ask = Box<dyn Fn(&str) -> io::Result<Option<SecretText>> + Send + Sync>;

/// How a [`Vault`] is opened: see [`Vault::options`].
///
/// Without any of them a private key is looked for where the command looks: in `ENVSEAL_PRIVATE_KEY` (of `.env`) or
/// `ENVSEAL_PRIVATE_KEY_NAME` of the process, in the keys file `.env.keys` beside the env file or above it in the
/// repository, and in a grant to this user's identity in `envseal.toml`. Nobody is ever asked for a passphrase.
#[must_use]
#[derive(Default)]
pub struct Options {
    keys_file: Option<PathBuf>,
    identity: Option<PathBuf>,
    given: Vec<crypto::PrivateKey>,
    passphrase: Option<SecretText>,
    ask: Option<Ask>,
    create: bool,
}

impl Options {
    /// Takes private keys from this file instead of `.env.keys`, as `-K` does. It is taken as given: whose it is and
    /// whether git tracks it is not asked.
    pub fn keys_file(self, path: impl Into<PathBuf>) -> Self {
        Self { keys_file: Some(path.into()), ..self }
    }

    /// Opens grants with this private SSH key (ssh-ed25519, in OpenSSH's form), as `--identity` does.
    pub fn identity(self, path: impl Into<PathBuf>) -> Self {
        Self { identity: Some(path.into()), ..self }
    }

    /// Looks at this key before anywhere else. May be given several times: the one that belongs to the file is used.
    pub fn private_key(mut self, key: PrivateKey) -> Self {
        self.given.push(key.into_inner());
        self
    }

    /// Opens keys and identities that are locked with this passphrase, instead of the one in `ENVSEAL_PASSPHRASE`.
    pub fn passphrase(self, passphrase: impl Into<String>) -> Self {
        Self { passphrase: Some(SecretText::new(passphrase.into())), ..self }
    }

    /// Asks for a passphrase in this way, where one is needed and neither given nor in `ENVSEAL_PASSPHRASE`. It is
    /// handed the question, which ends in a colon and a space; `None` says that there is nobody to ask. What it returns
    /// is wiped after use, and not kept: it is asked again when values are opened again.
    pub fn ask(self, ask: impl Fn(&str) -> io::Result<Option<String>> + Send + Sync + 'static) -> Self {
        let ask = move |question: &str| Ok(ask(question)?.map(SecretText::new));
        Self { ask: Some(Box::new(ask)), ..self }
    }

    /// Whether a file that is not there may be made, and a key pair where the environment has none: its private half is
    /// added to the keys file, and that to `.gitignore`, as `envseal set` does it. No by default.
    pub fn create(self, create: bool) -> Self {
        Self { create, ..self }
    }

    /// Reads the env file at `path`: `.env`, `.env.NAME` or `NAME.env`. Nothing is opened yet, so no private key is
    /// needed for what needs none.
    ///
    /// Errors: [`NotFound`] without such a file; [`Malformed`] where its name is none for an env file, or its public
    /// key is none; [`Refused`] where a merge conflict stands in it.
    ///
    /// [`NotFound`]: crate::error::ErrorKind::NotFound
    /// [`Malformed`]: crate::error::ErrorKind::Malformed
    /// [`Refused`]: crate::error::ErrorKind::Refused
    pub fn open(self, path: impl AsRef<Path>) -> Result<Vault, Error> {
        Vault::new(self, path.as_ref())
    }

    /// Opens several files at once, all or nothing, as [`Vault::vars`] opens one. Where a name stands in several of
    /// them the earlier file wins. Each must be there, but for those that are [`EnvPath::optional`].
    ///
    /// ```no_run
    /// use envseal::{EnvPath, Vault};
    ///
    /// let vars = Vault::options().vars([EnvPath::optional(".env.local"), ".env".into()])?;
    /// # Ok::<(), envseal::Error>(())
    /// ```
    ///
    /// Errors: for each file as [`Self::open`]; then as [`Vault::vars`].
    ///
    /// [`EnvPath::optional`]: super::EnvPath::optional
    pub fn vars(&self, paths: impl IntoIterator<Item = impl Into<EnvPath>>) -> Result<Vars, Error> {
        self.read(&load_files(paths)?)
    }

    /// Decrypts the values of all `files`, or none; the earlier file wins.
    pub(super) fn read(&self, files: &[EnvFile]) -> Result<Vars, Error> {
        let process = ProcessEnv::capture();
        self.with_store(&process, |store| {
            let reading = read_files(files, store, Precedence::EarlierFile)?;
            let (variables, _) = reading.variables(|_| true, &[])?;
            // The process's variables do not count: the schema must hold for what is returned.
            let nothing = ProcessEnv::from_vars(Vec::new());
            hold_to_schemas(files, &variables, &nothing, |_| true, &[])?;
            Ok(Vars::new(variables))
        })
    }

    /// Hands over a store that looks where these options say.
    pub(super) fn with_store<T>(
        &self,
        process: &ProcessEnv,
        work: impl FnOnce(&KeyStore<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let ask = |question: &str| self.ask.as_ref().map_or(Ok(None), |ask| ask(question));
        let store = KeyStore::new(process, self.keys_file.clone())
            .with_identity(self.identity.clone(), &ask)
            .with_given(self.given.clone(), self.passphrase.clone());
        work(&store)
    }

    pub(super) fn creates(&self) -> bool {
        self.create
    }
}

/// Shows the paths, and how many keys there are.
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
