//! Where private keys are found: the process's environment, then the keys file. Each is optional, and each
//! look-up is traced, so that an error can say where it looked.

mod file;

use std::fmt;
use std::path::{Path, PathBuf};

pub use file::KeysFile;

use crate::config::{EnvName, ProcessEnv};
use crate::crypto::{KeyError, KeyId, PrivateKey, PublicKey};
use crate::dotenv::{EditError, ParseError};
use crate::fsio::FsError;
use crate::git::GitError;

/// The places a private key may come from.
pub struct KeyStore<'a> {
    process: &'a ProcessEnv,
    keys_file: Option<PathBuf>,
}

/// One place that was looked at, and what was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The variable asked for.
    pub variable: String,
    /// The keys file; none stands for the process's environment.
    pub file: Option<PathBuf>,
    /// The ids of the keys found there, none of which was the one wanted.
    pub others: Vec<KeyId>,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in ", self.variable)?;
        match &self.file {
            None => write!(f, "the process's environment")?,
            Some(path) => write!(f, "{}", path.display())?,
        }
        if self.others.is_empty() {
            return write!(f, ": not there");
        }
        let ids: Vec<_> = self.others.iter().map(ToString::to_string).collect();
        write!(f, ": holds key {}", ids.join(", "))
    }
}

/// Why no private key could be had.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// Nothing is wrong, but no place holds the key.
    #[error("no private key for key {wanted} of environment {env}")]
    NotFound {
        /// The environment.
        env: EnvName,
        /// The id of the public key whose private half is wanted.
        wanted: KeyId,
        /// Where it was looked for.
        tried: Vec<Tried>,
    },
    /// A place holds something under the key's name that is no key.
    #[error("{variable} in {place} is no private key: {source}")]
    Malformed {
        /// The variable.
        variable: String,
        /// The file, or the process's environment.
        place: String,
        /// What is wrong with it.
        source: KeyError,
    },
    /// The injected variable is set, but to nothing: a secret that the CI did not hand over.
    #[error("{variable} is set in the process's environment, but empty")]
    Empty {
        /// The variable.
        variable: String,
    },
    /// The keys file belongs to someone else.
    #[error("{} belongs to another user", .0.display())]
    NotOwned(PathBuf),
    /// The keys file is tracked by git: everyone with a clone has its keys.
    #[error("{} is tracked by git, so its keys are in the repository's history", .0.display())]
    Tracked(PathBuf),
    /// The keys file is not text that can be parsed.
    #[error("{}: {source}", path.display())]
    Parse {
        /// The keys file.
        path: PathBuf,
        /// Why.
        source: ParseError,
    },
    /// A key could not be added to the keys file.
    #[error("{}: {source}", path.display())]
    Edit {
        /// The keys file.
        path: PathBuf,
        /// Why.
        source: EditError,
    },
    /// A file could not be read.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// Git could not say whether the keys file is tracked.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl<'a> KeyStore<'a> {
    /// Looks in the process's environment, then in `keys_file`, or without one in the keys file that belongs
    /// to an env file's folder.
    pub fn new(process: &'a ProcessEnv, keys_file: Option<PathBuf>) -> Self {
        Self { process, keys_file }
    }

    /// The process's environment that injected keys are taken from.
    pub fn process(&self) -> &'a ProcessEnv {
        self.process
    }

    /// The private half of `wanted`, the public key of `env`, for an env file in the folder `near`.
    ///
    /// Nothing found is [`KeystoreError::NotFound`]; every other error means that a place is not as it should
    /// be, and the search stops there.
    pub fn find(&self, env: &EnvName, wanted: &PublicKey, near: &Path) -> Result<PrivateKey, KeystoreError> {
        self.locate(env, wanted, near).map(|(key, _)| key)
    }

    /// As [`Self::find`], with the keys file that holds the key; none stands for the process's environment.
    pub fn locate(
        &self,
        env: &EnvName,
        wanted: &PublicKey,
        near: &Path,
    ) -> Result<(PrivateKey, Option<PathBuf>), KeystoreError> {
        let variable = env.private_key_name();
        let mut tried = Vec::new();
        let mut search = |keys: Vec<PrivateKey>, file: Option<PathBuf>| {
            let found = keys.iter().position(|key| key.public() == *wanted);
            if found.is_none() {
                let others = keys.iter().map(|key| key.public().id()).collect();
                tried.push(Tried { variable: variable.clone(), file, others });
            }
            found.and_then(|at| keys.into_iter().nth(at))
        };
        if let Some(key) = search(self.injected(env)?, None) {
            return Ok((key, None));
        }
        match self.keys_file(near)? {
            Some(file) => {
                if let Some(key) = search(file.keys(env)?, Some(file.path().into())) {
                    return Ok((key, Some(file.path().into())));
                }
            }
            None => drop(search(Vec::new(), Some(near.join(crate::config::KEYS_FILE)))),
        }
        Err(KeystoreError::NotFound { env: env.clone(), wanted: wanted.id(), tried })
    }

    /// Every private key at hand for `env`, older ones too.
    pub fn all(&self, env: &EnvName, near: &Path) -> Result<Vec<PrivateKey>, KeystoreError> {
        let mut keys = self.injected(env)?;
        if let Some(file) = self.keys_file(near)? {
            keys.extend(file.keys(env)?);
        }
        Ok(keys)
    }

    /// The keys file for an env file in the folder `near`, if there is one: the one named, else the nearest.
    pub fn keys_file(&self, near: &Path) -> Result<Option<KeysFile>, KeystoreError> {
        match &self.keys_file {
            Some(named) => KeysFile::load_as_given(named).map(Some),
            None => KeysFile::nearest(near).map(|path| KeysFile::load(&path)).transpose(),
        }
    }

    /// Where a new key for an env file in the folder `near` is to be kept.
    pub fn keys_file_path(&self, near: &Path) -> PathBuf {
        self.keys_file.clone().unwrap_or_else(|| KeysFile::place(near))
    }

    fn injected(&self, env: &EnvName) -> Result<Vec<PrivateKey>, KeystoreError> {
        let variable = env.private_key_name();
        let Some(text) = self.process.get(&variable) else { return Ok(Vec::new()) };
        if text.is_empty() {
            return Err(KeystoreError::Empty { variable });
        }
        parse_keys(text.to_str()).map_err(|source| KeystoreError::Malformed {
            variable,
            place: "the process's environment".into(),
            source,
        })
    }
}

/// A comma-joined list of private keys, newest first.
fn parse_keys(text: Option<&str>) -> Result<Vec<PrivateKey>, KeyError> {
    text.unwrap_or("\u{fffd}").split(',').map(|key| PrivateKey::parse(key.trim())).collect()
}
