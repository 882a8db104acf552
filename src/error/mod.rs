//! The one place that sees every module's error: what to say, which exit status, and what to try next.

mod commands;

use std::path::Path;

use crate::advice::{Show, git_hint, vault_details, vault_hint};
use crate::check::GuardError;
use crate::config::NameError;
use crate::exec::{EditorError, ExecError, Largest, SopsError};
use crate::export::ExportError;
use crate::git::GitError;
use crate::hint::Hint;
use crate::history::HistoryError;
use crate::hooks::InstallError;
use crate::hooks::drivers::DriverError;
use crate::import::ImportError;
use crate::keys::{IdentityFileError, KeystoreError};
use crate::members::AccessError;
use crate::project::VaultError;

use commands::{access_hint, driver_hint, editor_hint, history_hint, hooks_hint};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line asks for something that makes no sense.
    #[error("{message}")]
    Usage {
        /// What is wrong; holds no value.
        message: String,
        /// What to type instead.
        hint: Option<Hint>,
    },
    /// A file, a key or a value.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Values that stand in the way of the rest.
    #[error("{error}")]
    LeaveSealed {
        /// Which, and why.
        error: Box<VaultError>,
        /// The command that leaves them as they are.
        command: Hint,
    },
    /// The repository.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The repository's hooks.
    #[error(transparent)]
    Hooks(#[from] InstallError),
    /// The drivers' set-up.
    #[error(transparent)]
    Drivers(#[from] DriverError),
    /// Who has access.
    #[error(transparent)]
    Access(AccessError),
    /// The history of env files.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A format that cannot hold a value.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A program that was not started.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// A person's editor.
    #[error(transparent)]
    Editor(#[from] EditorError),
    /// What another tool keeps could not be read.
    #[error("{label}: {}", import_words(errors))]
    Import {
        /// What was read.
        label: String,
        /// Why it could not be; at least one.
        errors: Vec<ImportError>,
        /// Where was looked.
        details: Vec<String>,
        /// What to try.
        hint: Option<Hint>,
    },
    /// sops did not open a file.
    #[error(transparent)]
    Sops(#[from] SopsError),
    /// A value that no process's environment can hold.
    #[error("the value of {0} holds a NUL byte, which no environment can hold")]
    Nul(String),
    /// Reading stdin, writing stdout or changing the folder failed.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl Error {
    /// A usage error.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<Hint>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    /// An input or output error.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// Whether nobody reads our output any more: no error to speak of.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// Whether a person broke off at a prompt.
    pub(crate) fn is_interrupted(&self) -> bool {
        let (Self::Io { source, .. }
        | Self::Vault(VaultError::Keystore(
            KeystoreError::Ask { source } | KeystoreError::Identity(IdentityFileError::Ask { source, .. }),
        ))) = self
        else {
            return false;
        };
        source.kind() == std::io::ErrorKind::Interrupted
    }

    /// The exit status (DESIGN section 3).
    pub(crate) fn status(&self) -> u8 {
        match self {
            // A check found something.
            Self::Vault(VaultError::Breaches(_)) => 1,
            Self::Usage { .. }
            | Self::Vault(VaultError::Name(NameError::Environment(_) | NameError::Variable { .. }))
            | Self::Editor(EditorError::Words(_) | EditorError::Relative(_) | EditorError::NotFound(_)) => 2,
            Self::Nul(_)
            | Self::LeaveSealed { .. }
            | Self::Export(_)
            | Self::Sops(SopsError::Failed { .. }) => 3,
            Self::Vault(error) => match error {
                VaultError::Unopened(_)
                | VaultError::NoPublicKey { .. }
                | VaultError::KeyLost { .. }
                | VaultError::PinDiffers { .. }
                | VaultError::BeforeRotation { .. }
                | VaultError::KeyReplaced { .. }
                | VaultError::KeyInHead { .. }
                | VaultError::Unwritable { .. } => 3,
                VaultError::Keystore(error) => match error {
                    KeystoreError::Fs(_)
                    | KeystoreError::Git(_)
                    | KeystoreError::Pins { .. }
                    | KeystoreError::Backup { .. } => 4,
                    KeystoreError::Passphrase(_) => 2,
                    _ => 3,
                },
                VaultError::Reserved { .. }
                | VaultError::OwnName(_)
                | VaultError::SealedTwice { .. }
                | VaultError::SameName(_)
                | VaultError::PolicyPlain { .. } => 2,
                _ => 4,
            },
            Self::Import { errors, .. } if errors.iter().any(ImportError::is_of_keys) => 3,
            Self::Exec(error) => error.status(),
            Self::Access(error) => match error {
                AccessError::NoMember { .. }
                | AccessError::NameTaken { .. }
                | AccessError::IsMember { .. }
                | AccessError::NoName
                | AccessError::Name(_)
                | AccessError::Fingerprint { .. } => 2,
                AccessError::NoIdentity | AccessError::NotAMember { .. } | AccessError::TagKey { .. } => 3,
                _ => 4,
            },
            Self::Git(_)
            | Self::Hooks(_)
            | Self::Drivers(_)
            | Self::History(_)
            | Self::Editor(_)
            | Self::Import { .. }
            | Self::Sops(_)
            | Self::Io { .. } => 4,
        }
    }

    /// Lines that say more: each value that could not be opened, each place a key was looked for, by its path as `show`
    /// has it.
    pub(crate) fn details(&self, show: Show<'_>) -> Vec<String> {
        match self {
            Self::Vault(error) => vault_details(error, show),
            Self::LeaveSealed { error, .. } => vault_details(error, show),
            Self::Import { errors, details, .. } => {
                let several = errors.iter().filter(|_| errors.len() > 1).map(ToString::to_string);
                several.chain(details.iter().cloned()).collect()
            }
            Self::Hooks(error) => error.lines().iter().map(|line| (*line).to_owned()).collect(),
            _ => Vec::new(),
        }
    }

    /// The one thing to try next.
    pub(crate) fn hint(&self) -> Option<Hint> {
        match self {
            Self::Usage { hint, .. } | Self::Import { hint, .. } => hint.clone(),
            Self::Sops(SopsError::NotFound) => {
                Some("install it (https://getsops.io); or where it is: sops decrypt FILE | envseal import yaml -e NAME".into())
            }
            Self::Sops(SopsError::Failed { file, .. }) => {
                Some(hint!("sops has said why, above; the same without envseal: sops decrypt {file}", file))
            }
            Self::Vault(error) => vault_hint(error),
            Self::LeaveSealed { command, .. } => Some(command.clone()),
            Self::Git(error) => git_hint(error),
            Self::Hooks(error) => hooks_hint(error),
            Self::Drivers(error) => driver_hint(error),
            Self::History(error) => history_hint(error),
            Self::Access(error) => access_hint(error),
            Self::Export(error) => Some(hint!("leave it out: -x {name}", name = export_name(error)?)),
            Self::Exec(ExecError::TooLarge { program, largest: Largest::Variable(name) }) => Some(hint!(
                "if it is not needed: envseal run -x {name} -- {program} …",
                name,
                program = Path::new(program)
            )),
            Self::Exec(ExecError::Terminal(_)) => {
                Some("on a pipe none is needed: envseal run --redact -- CMD 2>&1 | cat".into())
            }
            Self::Exec(ExecError::Thread(_)) => {
                Some("see how many processes and threads there may be: ulimit -u".into())
            }
            Self::Editor(error) => Some(editor_hint(error).into()),
            Self::Nul(name) => Some(hint!("leave it out: -x {name}", name)),
            Self::Exec(_) | Self::Sops(_) | Self::Io { .. } => None,
        }
    }
}

fn export_name(error: &ExportError) -> Option<&str> {
    match error {
        ExportError::Name { name, .. }
        | ExportError::Reserved { name, .. }
        | ExportError::Repeated { name, .. }
        | ExportError::Value { name, .. } => Some(name),
        ExportError::SecretName { .. } => None,
    }
}

fn import_words(errors: &[ImportError]) -> String {
    match errors {
        [error] => error.to_string(),
        errors => format!("{} values could not be opened", errors.len()),
    }
}

/// What access failed on is told as what it is.
impl From<AccessError> for Error {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Vault(error) => Self::Vault(error),
            AccessError::Git(error) => Self::Git(error),
            error => Self::Access(error),
        }
    }
}

/// What a check failed on is told as what it is.
impl From<GuardError> for Error {
    fn from(error: GuardError) -> Self {
        match error {
            GuardError::Git(error) => Self::Git(error),
            GuardError::Fs(error) => Self::Vault(error.into()),
            GuardError::Vault(error) => Self::Vault(error),
        }
    }
}
