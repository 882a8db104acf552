//! The one error that a program which embeds envseal meets.

use std::fmt;
use std::io;

use crate::advice::{in_one_line, program_hint, vault_details};
use crate::crypto::{KeyError, OpenError, SealError, TokenError};
use crate::dotenv::NameError;
use crate::fs::FsError;
use crate::keys::{IdentityFileError, KeystoreError};
use crate::project::{Failure, Reason, VaultError};

/// Why something could not be read, opened or written.
///
/// It shows as one line, which names the file, the line and the variable; [`Self::details`] and [`Self::hint`] say
/// more, in words for a person. None of them holds a byte of any value, key or passphrase, so all of them may be
/// logged. What a program decides by is [`Self::kind`].
pub struct Error {
    kind: ErrorKind,
    message: String,
    details: Vec<String>,
    hint: Option<String>,
    source: Option<io::Error>,
}

/// What an [`Error`] is about. There may be more kinds in a later release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no such env file, or no such variable in it.
    NotFound,
    /// The private key that is needed was found nowhere, or stays locked; the keys file or the identity that was named is
    /// not there.
    NoKey,
    /// A value does not open with the file's key: it is sealed to another one, belongs under another name, or was
    /// altered.
    CannotOpen,
    /// A file, a name, a key or a token is not of the form that it should have.
    Malformed,
    /// A rule forbids it: a schema, a merge conflict that is not resolved, a reserved name, a public key that is not
    /// the one accepted on this machine, a keys file that git tracks, …
    Refused,
    /// The operating system, or git, could not do it.
    Io,
}

impl Error {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Lines that say more: each value that could not be opened, each place where a private key was looked for.
    pub fn details(&self) -> &[String] {
        &self.details
    }

    /// What a person may try next: a command line to be pasted into a shell, mostly one of `envseal`, or a sentence.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), details: Vec::new(), hint: None, source: None }
    }

    fn of(kind: ErrorKind, error: &(dyn std::error::Error + 'static)) -> Self {
        Self { source: cause(error), ..Self::new(kind, in_one_line(error)) }
    }
}

/// One line.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Everything there is to say, for this is what a `main` that returns the error shows.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Error");
        shown.field("kind", &self.kind).field("message", &self.message);
        if !self.details.is_empty() {
            shown.field("details", &self.details);
        }
        if let Some(hint) = &self.hint {
            shown.field("hint", hint);
        }
        shown.finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    /// The operating system's error, where there is one that says more than that something is missing or forbidden. Its
    /// words are in the error's own line already.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// A copy of the operating system's error that `error` goes back to.
fn cause(error: &(dyn std::error::Error + 'static)) -> Option<io::Error> {
    let mut causes = std::iter::successors(error.source(), |cause| cause.source());
    let io = causes.find_map(|cause| cause.downcast_ref::<io::Error>())?;
    Some(
        io.raw_os_error()
            .map_or_else(|| io::Error::new(io.kind(), io.to_string()), io::Error::from_raw_os_error),
    )
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        let mut this = Self::of(kind_of(&error), &error);
        this.details = vault_details(&error, &|path| path.display().to_string());
        this.hint = program_hint(&error).and_then(|hint| hint.line());
        match &error {
            // A line that tells only how many there are is of little use in a log.
            VaultError::Unopened(failures) => {
                if let Some(first) = failures.first() {
                    let depends = matches!(first.reason, Reason::DependsOn { .. });
                    let root = if depends { format!(": {}", first.root()) } else { String::new() };
                    let others = failures.len() - 1;
                    let more = if others == 0 { String::new() } else { format!("; and {others} more") };
                    this.message = format!("cannot open {first}{root}{more}");
                }
            }
            VaultError::Breaches(breaches) => {
                let all = breaches.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                this.message = format!("not as the schema says: {all}");
            }
            _ => {}
        }
        this
    }
}

fn kind_of(error: &VaultError) -> ErrorKind {
    use VaultError as E;
    match error {
        E::Unopened(failures) => kind_of_failures(failures),
        E::Fs(error) => kind_of_fs(error),
        E::Keystore(error) => kind_of_keystore(error),
        E::Git(_) => ErrorKind::Io,
        E::NoEnvFile { .. } | E::NoVariable { .. } | E::NoFiles { .. } | E::NoneOfConvention { .. } => {
            ErrorKind::NotFound
        }
        E::NoPublicKey { .. } | E::KeyLost { .. } | E::NoKeyOf { .. } => ErrorKind::NoKey,
        E::Name(_)
        | E::Seal { .. }
        | E::Team { .. }
        | E::Policy { .. }
        | E::Parse { .. }
        | E::PublicKey { .. }
        | E::PublicKeyTwice { .. }
        | E::PublicKeyName { .. } => ErrorKind::Malformed,
        _ => ErrorKind::Refused,
    }
}

/// The kind that weighs most: what is forbidden, then what was tampered with, then what is missing.
fn kind_of_failures(failures: &[Failure]) -> ErrorKind {
    let any = |is: fn(&Reason) -> bool| failures.iter().any(|failure| is(&failure.root().reason));
    if any(Reason::is_reserved) {
        ErrorKind::Refused
    } else if any(|reason| matches!(reason, Reason::Token(_) | Reason::Open(_))) {
        ErrorKind::CannotOpen
    } else if any(|reason| matches!(reason, Reason::NoKey { .. } | Reason::NoPublicKey(_))) {
        ErrorKind::NoKey
    } else {
        ErrorKind::Refused
    }
}

fn kind_of_fs(error: &FsError) -> ErrorKind {
    if matches!(error, FsError::NotFound { .. }) { ErrorKind::NotFound } else { ErrorKind::Io }
}

fn kind_of_keystore(error: &KeystoreError) -> ErrorKind {
    use KeystoreError as E;
    match error {
        E::NotFound { .. } | E::Locked { .. } | E::Unlock { .. } | E::Ask { .. } | E::Passphrase(_) => {
            ErrorKind::NoKey
        }
        E::Identity(error) => match error {
            IdentityFileError::Locked(_)
            | IdentityFileError::Passphrase(_)
            | IdentityFileError::Ask { .. }
            | IdentityFileError::NoHome => ErrorKind::NoKey,
            IdentityFileError::Open(_) => ErrorKind::Refused,
            _ => ErrorKind::Malformed,
        },
        // Not as an env file that is missing: a program that does without one must not do without its secrets.
        E::Fs(FsError::NotFound { .. }) => ErrorKind::NoKey,
        E::NotOwned(_) | E::Tracked(_) => ErrorKind::Refused,
        E::Fs(error) => kind_of_fs(error),
        E::Git(_) => ErrorKind::Io,
        _ => ErrorKind::Malformed,
    }
}

impl From<NameError> for Error {
    fn from(error: NameError) -> Self {
        Self::of(ErrorKind::Malformed, &error)
    }
}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        Self::of(ErrorKind::Malformed, &error)
    }
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        Self::of(ErrorKind::Malformed, &error)
    }
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        Self::of(ErrorKind::Malformed, &error)
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        Self::of(ErrorKind::CannotOpen, &error)
    }
}
