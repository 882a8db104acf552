//! The single error type: what is wrong, what to try next, and the exit status. It is worded once, where it arises.
//!
//! A module has its own error type only if the program branches on it ("try the next key", "not there yet").

use std::fmt;
use std::io;

use crate::config;
use crate::crypto::{KeyError, SealError};
use crate::hint::Hint;

/// Why something could not be read, decrypted or written.
///
/// It displays as one line, which names the file, the line and the variable. [`Self::details`] and [`Self::hint`] tell
/// a person more. None of them contains a byte of a value, key or passphrase, so all of them may be logged. Programs
/// should branch on [`Self::kind`].
pub struct Error(Box<Parts>);

struct Parts {
    kind: ErrorKind,
    status: u8,
    message: String,
    details: Vec<String>,
    /// The whole error in one line, if the message only counts what the details name.
    line: Option<String>,
    hint: Option<Hint>,
    /// For programs that embed the library, where the command's options mean nothing.
    library_hint: Option<Hint>,
    source: Option<io::Error>,
}

/// The kind of an [`Error`]. Later releases may add more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The env file, or the variable in it, does not exist.
    NotFound,
    /// The private key was not found or is still locked, or the given keys file or identity does not exist.
    NoKey,
    /// A value can't be decrypted with the file's key: it was encrypted with another key or for another name, or was
    /// altered.
    CannotOpen,
    /// A file, a name, a key or a sealed value is malformed.
    Malformed,
    /// A rule forbids it: a schema, a merge conflict that is not resolved, a reserved name, a public key that is not
    /// the one this machine trusts, a keys file that git tracks, …
    Refused,
    /// An operation of the operating system or of git failed.
    Io,
}

impl ErrorKind {
    /// Returns the exit status of a command that fails with it, unless the error sets another.
    fn status(self) -> u8 {
        match self {
            Self::NoKey | Self::CannotOpen => 3,
            Self::NotFound | Self::Malformed | Self::Refused | Self::Io => 4,
        }
    }
}

impl Error {
    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns more lines: each value that could not be decrypted, each place that was searched for a private key.
    pub fn details(&self) -> &[String] {
        &self.0.details
    }

    /// Returns what a person may try next: a command line to paste into a shell, usually of `envseal`, or a sentence.
    pub fn hint(&self) -> Option<String> {
        self.0.library_hint.as_ref().or(self.0.hint.as_ref())?.line()
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            kind,
            status: kind.status(),
            message: message.into(),
            details: Vec::new(),
            line: None,
            hint: None,
            library_hint: None,
            source: None,
        }))
    }

    /// Returns an error of another type as one line, with a copy of the operating system's error that caused it.
    pub(crate) fn of(kind: ErrorKind, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut message = error.to_string();
        let mut source = None;
        for cause in std::iter::successors(Some(error), |cause| cause.source()) {
            let words = cause.to_string();
            if !message.contains(&words) {
                message = format!("{message}: {words}");
            }
            source = source.or(cause.downcast_ref::<io::Error>());
        }
        let this = Self::new(kind, message);
        match source {
            Some(io) => this.with_source(
                io.raw_os_error()
                    .map_or_else(|| io::Error::new(io.kind(), io.to_string()), io::Error::from_raw_os_error),
            ),
            None => this,
        }
    }

    /// Returns the error for a command line that makes no sense.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<Hint>) -> Self {
        Self::refused(message).with_status(2).with_hint(hint)
    }

    /// Returns the error for something that a rule forbids.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, message)
    }

    /// Returns the error for an operation that failed: `cannot {doing}`, with `doing` a verb and its object.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::new(ErrorKind::Io, format!("cannot {doing}: {source}")).with_source(source)
    }

    #[must_use]
    pub(crate) fn with_status(mut self, status: u8) -> Self {
        self.0.status = status;
        self
    }

    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<Hint>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub(crate) fn with_hint_if(mut self, hint: Option<Hint>) -> Self {
        self.0.hint = hint.or(self.0.hint);
        self
    }

    /// Sets the hint for programs that embed the library, if the other hint names options of the command.
    #[must_use]
    pub(crate) fn with_library_hint(mut self, hint: impl Into<Hint>) -> Self {
        self.0.library_hint = Some(hint.into());
        self
    }

    #[must_use]
    pub(crate) fn with_details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.0.details.extend(details);
        self
    }

    /// Sets the text for places with only one line, such as a program's log.
    #[must_use]
    pub(crate) fn with_line(mut self, line: String) -> Self {
        self.0.line = Some(line);
        self
    }

    #[must_use]
    pub(crate) fn with_source(mut self, source: io::Error) -> Self {
        self.0.source = Some(source);
        self
    }

    /// Returns the message without details, as shown after `error: `.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    pub(crate) fn status(&self) -> u8 {
        self.0.status
    }

    /// Returns what to try next, for a person at the command line.
    pub(crate) fn command_hint(&self) -> Option<&Hint> {
        self.0.hint.as_ref()
    }

    /// Returns the kind of the operating system's error.
    pub(crate) fn io_kind(&self) -> Option<io::ErrorKind> {
        self.0.source.as_ref().map(io::Error::kind)
    }
}

/// Writes one line.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.line.as_ref().unwrap_or(&self.0.message))
    }
}

/// Writes everything, because a `main` that returns the error shows this.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Error");
        shown.field("kind", &self.0.kind).field("message", &self.to_string());
        if !self.0.details.is_empty() {
            shown.field("details", &self.0.details);
        }
        if let Some(hint) = self.hint() {
            shown.field("hint", &hint);
        }
        shown.finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    /// Returns the operating system's error, if it says more than that something is missing or forbidden. The error's
    /// own line already contains its text.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

impl From<crate::dotenv::VarNameError> for Error {
    fn from(error: crate::dotenv::VarNameError) -> Self {
        Self::of(ErrorKind::Malformed, &error)
    }
}

impl From<config::NameError> for Error {
    fn from(error: config::NameError) -> Self {
        use config::NameError::{DefaultFile, Environment, NotEnvFile, Variable};
        let this = Self::of(ErrorKind::Malformed, &error);
        match error {
            Environment(_) => this.with_status(2),
            Variable { variable, .. } => this.with_status(2).with_hint(hint!(
                "name it with -e NAME, or leave the variable unset: env -u {variable} …",
                variable
            )),
            NotEnvFile { path, .. }
                if ["e", "k", "q", "v", "x"].iter().any(|letter| path.as_os_str() == *letter) =>
            {
                let letter = path.to_string_lossy().into_owned();
                this.with_hint(hint!(
                    "if -f{letter} was meant as two options, separate them: -f FILE -{letter}",
                    letter
                ))
            }
            NotEnvFile { .. } => this.with_hint("see which files are: envseal ls"),
            DefaultFile(_) => this.with_hint("call it .env, or give it another name"),
        }
    }
}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        Self::of(ErrorKind::Malformed, &error)
    }
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        Self::of(ErrorKind::Malformed, &error)
    }
}
