//! Where a key was looked for, and why none could be had.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{BackupError, IdentityFileError, PassphraseError, StoredKeyError};
use crate::config::EnvName;
use crate::crypto::{KeyId, LockError};
use crate::dotenv::{EditError, ParseError};
use crate::fs::FsError;
use crate::git::GitError;
use crate::team::{GrantFault, MemberName, TeamError};

/// One place that was looked at, and what was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The place.
    pub place: Place,
    /// The variable asked for; of a grant, the environment.
    pub wanted: String,
    /// What was there, none of it the key that is wanted.
    pub found: Missed,
}

/// A place where a private key may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The keys that the program which embeds this handed over.
    Given,
    /// The process's environment.
    Process,
    /// This keys file.
    KeysFile(PathBuf),
    /// A grant to this user, in this team file.
    Grant(PathBuf),
}

/// How a place came not to have the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missed {
    /// It has nothing of the name.
    Nothing,
    /// It has other keys.
    Others(Vec<KeyId>),
    /// This user has no identity that anything could be granted to.
    NoIdentity,
    /// `ENVSEAL_IDENTITY` is set, but to nothing: a secret that the CI did not hand over.
    EmptyIdentity,
    /// No member has this identity.
    NoMember {
        /// The identity's fingerprint.
        fingerprint: String,
    },
    /// This identity was removed from the team.
    Removed {
        /// What it was called.
        name: String,
        /// Its fingerprint.
        fingerprint: String,
    },
    /// What was granted is another key of the environment.
    GrantedOther {
        /// The member's name.
        member: String,
        /// The key.
        key: KeyId,
    },
    /// The member has no grant of the environment.
    NotGranted {
        /// The member's name.
        member: String,
        /// Members who can open it, by what the team file says.
        holders: Vec<String>,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(&|path| path.display().to_string()))
    }
}

impl Place {
    fn told(&self, show: &dyn Fn(&Path) -> String) -> String {
        match self {
            Self::Given => "the keys that the program gave".into(),
            Self::Process => "the process's environment".into(),
            Self::KeysFile(path) | Self::Grant(path) => show(path),
        }
    }
}

impl Tried {
    /// What was looked for, where, and what was found; the place's path as `show` has it.
    pub fn told(&self, show: &dyn Fn(&Path) -> String) -> String {
        let Self { place, wanted, found } = self;
        let what = if matches!(place, Place::Grant(_)) { "a grant of " } else { "" };
        format!("{what}{wanted} in {}: {found}", place.told(show))
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("not there"),
            Self::Others(ids) => {
                let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                write!(f, "holds key {}", ids.join(", "))
            }
            Self::NoIdentity => f.write_str("you have no identity"),
            Self::EmptyIdentity => f.write_str("ENVSEAL_IDENTITY is set, but empty"),
            Self::NoMember { fingerprint } => write!(f, "you ({fingerprint}) are not in the team"),
            Self::Removed { name, fingerprint } => {
                write!(f, "your key ({fingerprint}) was removed from the team, as {name}")
            }
            Self::GrantedOther { member, key } => write!(f, "yours ({member}) is of key {key}"),
            Self::NotGranted { member, .. } => write!(f, "none for you ({member})"),
        }
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
        source: StoredKeyError,
    },
    /// A key is locked, and there is nobody to ask.
    #[error("key {key} in {place} is locked, and there is no terminal to ask for its passphrase at")]
    Locked {
        /// The key.
        key: KeyId,
        /// Where it is.
        place: Place,
    },
    /// A key is locked, and stays so.
    #[error("key {key} in {place} stays locked: {source}")]
    Unlock {
        /// The key.
        key: KeyId,
        /// Where it is.
        place: Place,
        /// Why.
        source: LockError,
    },
    /// The question for a passphrase failed.
    #[error("the passphrase could not be asked for: {source}")]
    Ask {
        /// Why.
        source: std::io::Error,
    },
    /// There is nothing to lock keys with.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// `ENVSEAL_PASSPHRASE` holds what is no text.
    #[error("ENVSEAL_PASSPHRASE is not UTF-8")]
    PassphraseText,
    /// The backup file cannot be used.
    #[error("{}: {source}", path.display())]
    Backup {
        /// The file.
        path: PathBuf,
        /// Why.
        source: BackupError,
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
    /// The identity cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityFileError),
    /// The team file cannot be used.
    #[error("{}: {source}", path.display())]
    Team {
        /// The team file.
        path: PathBuf,
        /// Why.
        source: TeamError,
    },
    /// A grant to this user is not as it should be.
    #[error("{}:{line}: the grant of {env} to {member} is refused: {source}", path.display())]
    Grant {
        /// The team file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The environment.
        env: EnvName,
        /// The member this user is.
        member: MemberName,
        /// Why.
        source: GrantFault,
    },
    /// The list of the keys that this user has accepted is damaged.
    #[error("{}:{line} is no line of envseal's list of the keys that you have accepted", path.display())]
    Pins {
        /// The list.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A file could not be read.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// Git could not say whether the keys file is tracked.
    #[error(transparent)]
    Git(#[from] GitError),
}
