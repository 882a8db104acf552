//! Why access could not be changed, or told.

use crate::error::{Error, ErrorKind};
use crate::hint::Hint;
use std::path::PathBuf;

use crate::config::EnvName;
use crate::crypto::KeyId;
use crate::fs::FsError;
use crate::git::GitError;
use crate::keys::KeyLookupError;
use crate::project::VaultError;
use crate::team::{MemberName, MemberNameError};

/// Why access could not be changed, or told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessError {
    /// This user has no identity.
    #[error("you have no identity yet")]
    NoIdentity,
    /// This user's identity is no member's.
    #[error("you ({fingerprint}) are no member of the team in {}", team_file.display())]
    NotAMember {
        /// The identity's fingerprint.
        fingerprint: String,
        /// The team file.
        team_file: PathBuf,
    },
    /// No member is called so.
    #[error("no member is called {name}")]
    NoMember {
        /// As typed.
        name: String,
        /// One that is, and looks much like it.
        similar: Option<MemberName>,
    },
    /// A name is taken by another key.
    #[error("{name} is the name of another member ({fingerprint})")]
    NameTaken {
        /// The name.
        name: MemberName,
        /// The fingerprint of the key that has it.
        fingerprint: String,
    },
    /// A member asks to be called otherwise.
    #[error("you ({fingerprint}) are a member already, as {name}")]
    IsMember {
        /// What the member is called.
        name: MemberName,
        /// The fingerprint of the member's key.
        fingerprint: String,
    },
    /// A key that is no longer trusted.
    #[error("this key ({fingerprint}) was removed from the team as {name}")]
    WasRemoved {
        /// What its owner was called.
        name: MemberName,
        /// Its fingerprint.
        fingerprint: String,
    },
    /// No name could be made of what git knows of this user.
    #[error("what are you to be called? Git knows no address or name of yours that would do")]
    NoName,
    /// Not a name.
    #[error(transparent)]
    Name(#[from] MemberNameError),
    /// The fingerprint given is another than the member's.
    #[error("the fingerprint of {name} is {found}, not {given}")]
    Fingerprint {
        /// The member.
        name: MemberName,
        /// As in the team file.
        found: String,
        /// As given.
        given: String,
    },
    /// The scope has no env file of this environment that has a public key.
    #[error("no env file below {} has a key for {env}", root.display())]
    NoEnvironment {
        /// The environment.
        env: EnvName,
        /// The scope's folder.
        root: PathBuf,
    },
    /// Whoever leaves cannot let the others in anew.
    #[error("you cannot remove yourself: whoever rotates the keys lets the others in anew")]
    Myself(MemberName),
    /// A removal was left unfinished: a rotation alone would forget what was read.
    #[error(
        "{name} was removed, and {env} is still to be rotated for it, with an account of what {name} could read"
    )]
    RemovalPending {
        /// Who was removed.
        name: MemberName,
        /// The environment.
        env: EnvName,
    },
    /// Without git there is no history to account for.
    #[error("{} is in no git repository", .0.display())]
    NoRepository(PathBuf),
    /// Exposed values cannot be told any more.
    #[error("the key that exposures of {env} are told by does not open with key {key}")]
    TagKey {
        /// The environment.
        env: EnvName,
        /// The environment's key.
        key: KeyId,
    },
    /// Env files, keys, the team file.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Git.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl From<KeyLookupError> for AccessError {
    fn from(error: KeyLookupError) -> Self {
        Self::Vault(error.into())
    }
}

impl From<FsError> for AccessError {
    fn from(error: FsError) -> Self {
        Self::Vault(error.into())
    }
}

fn access_hint(error: &AccessError) -> Option<Hint> {
    Some(match error {
        AccessError::NoIdentity | AccessError::NotAMember { .. } => {
            "become a member: envseal team request".into()
        }
        AccessError::NoMember { similar: Some(similar), .. } => hint!("did you mean {similar}?", similar),
        AccessError::NoMember { .. } => "see who is: envseal team list".into(),
        AccessError::NameTaken { .. } | AccessError::NoName => {
            "choose another: envseal team request --name NAME".into()
        }
        AccessError::IsMember { .. } => {
            "to add somebody else, name their key: envseal team request -i FILE --name NAME".into()
        }
        AccessError::WasRemoved { .. } => {
            "make a new identity: ssh-keygen -t ed25519 -f FILE, then envseal team request -i FILE --name NAME".into()
        }
        AccessError::Fingerprint { name, .. } => {
            hint!("have {name} read it to you: envseal team whoami", name)
        }
        AccessError::NoEnvironment { .. } => "see which there are: envseal ls".into(),
        AccessError::Myself(name) => hint!("have another member do it: envseal team remove {name}", name),
        AccessError::RemovalPending { name, .. } => hint!("finish that, which rotates it: envseal team remove {name}", name),
        AccessError::NoRepository(_) => "git init".into(),
        AccessError::TagKey { .. } => "see who changed it: git log -p -- envseal.toml".into(),
        AccessError::Name(_) | AccessError::Vault(_) | AccessError::Git(_) => return None,
    })
}

impl From<AccessError> for Error {
    fn from(error: AccessError) -> Self {
        let status = match &error {
            AccessError::NoMember { .. }
            | AccessError::NameTaken { .. }
            | AccessError::IsMember { .. }
            | AccessError::NoName
            | AccessError::Name(_)
            | AccessError::Fingerprint { .. } => 2,
            AccessError::NoIdentity | AccessError::NotAMember { .. } | AccessError::TagKey { .. } => 3,
            _ => 4,
        };
        match error {
            AccessError::Vault(error) => error.into(),
            AccessError::Git(error) => error.into(),
            error => {
                Error::of(ErrorKind::Refused, &error).with_status(status).with_hint_if(access_hint(&error))
            }
        }
    }
}
