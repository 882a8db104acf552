//! Values that can't be decrypted: where each is, why, and the error for them.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;

use super::file::EnvFile;
use super::line_errors::{narrow_declaration, remove_plain_mark, write_as_plain_text};
use crate::config::EnvName;
use crate::crypto::{KeyId, OpenError, TokenError};
use crate::dotenv::{Entry, ExpandError, ForeignFormat};
use crate::error::{Error, ErrorKind};
use crate::hint::Hint;
use crate::keys::{SearchedPlace, missing_key_hint, search_trace};

#[derive(Clone, Debug)]
pub struct ValueFailure {
    pub name: String,
    pub path: PathBuf,
    pub line: usize,
    pub reason: FailureReason,
}

/// Why a value can't be decrypted, or can't be written as plain text.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FailureReason {
    #[error("{0}")]
    Token(#[from] TokenError),
    #[error("{0}")]
    Open(#[from] OpenError),
    #[error("this is a value of {}, which envseal cannot decrypt", .0.tool)]
    Foreign(&'static ForeignFormat),
    #[error("the file has no {0}, so nothing says which key it is encrypted with")]
    NoPublicKey(String),
    #[error("no private key for {env} (key {wanted})")]
    NoKey { env: EnvName, wanted: KeyId, tried: Rc<[SearchedPlace]> },
    #[error("a reserved name must not be encrypted, because a reviewer could not read it: {0}")]
    ReservedSealed(&'static str),
    #[error("a reserved name must not depend on the encrypted value of {0}")]
    ReservedDepends(String),
    #[error("it refers to {on}, which could not be decrypted")]
    DependsOn {
        on: String,
        /// The failure at the end of the chain of references.
        root: Rc<ValueFailure>,
    },
    #[error("{0}")]
    Expand(#[from] ExpandError),
    #[error("the references in these files bring in more than 64 MiB")]
    TooLarge,
    #[error("it is encrypted, but marked as plain")]
    Marked,
    #[error("it is encrypted, but {} declares the name plain", .0.display())]
    DeclaredPlain(PathBuf),
    /// It could not be written as plain text.
    #[error("{0}")]
    StaysSealed(&'static str),
}

impl FailureReason {
    pub(super) const UNWRITABLE: Self = Self::StaysSealed("the value cannot be written in a .env file");
    pub(super) const UNLISTED_REFERENCE: Self =
        Self::StaysSealed("as plain text it would refer to names that its sealed value does not list");

    /// Returns true if the value is rejected because of its name, even if it is not wanted.
    pub fn is_reserved(&self) -> bool {
        matches!(self, Self::ReservedSealed(_) | Self::ReservedDepends(_))
    }
}

impl fmt::Display for ValueFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}: {}", self.path.display(), self.line, self.name, self.reason)
    }
}

impl ValueFailure {
    pub(super) fn new(file: &EnvFile, entry: &Entry, reason: FailureReason) -> Self {
        let name = file.document().name(entry).into();
        Self { name, path: file.path().into(), line: entry.line, reason }
    }

    /// Returns the failure that has to be fixed: itself, or that of the variable at the end of its references.
    pub fn root(&self) -> &Self {
        match &self.reason {
            FailureReason::DependsOn { root, .. } => root,
            _ => self,
        }
    }

    /// Returns what to try next. Never `set` for a value that may be whole and only lacks its key: that would overwrite
    /// the secret.
    pub(crate) fn hint(&self) -> Hint {
        use FailureReason as Reason;
        let (file, name, line) = (&self.path, &self.name, self.line);
        match &self.reason {
            Reason::NoKey { env, tried, .. } => missing_key_hint(env, tried),
            Reason::NoPublicKey(_) => hint!("restore the line: git log -p -- {file}", file),
            Reason::Foreign(foreign) => Hint::from(foreign.import).with("file", file),
            Reason::ReservedSealed(_) => write_as_plain_text(file, name),
            Reason::ReservedDepends(_) => hint!("write {name} without that reference", name),
            Reason::DependsOn { root, .. } => root.hint(),
            Reason::Open(OpenError::OtherKey { .. }) => hint!(
                "it was encrypted before the key changed, or moved here; where the older key is: envseal encrypt --reseal \
                 -f {file}",
                file
            ),
            Reason::Open(OpenError::OtherName) => hint!(
                "see who changed it: git log -p -- {file}; if a line was renamed or moved by hand, restore its name",
                file
            ),
            Reason::Token(TokenError::Misplaced) => {
                hint!("in line {line}, remove what is around the sealed value", line)
            }
            Reason::Open(_) | Reason::Token(_) => hint!(
                "see who changed it: git log -p -- {file}; or set a new value: envseal set {name} -f {file}",
                name,
                file
            ),
            Reason::Marked => remove_plain_mark(file, name),
            Reason::DeclaredPlain(by) => narrow_declaration(name, by),
            Reason::StaysSealed(_) => hint!("leave it encrypted: -x {name}", name),
            Reason::Expand(ExpandError::Missing(on)) => hint!(
                "set {on} in the environment of this process, or above line {line}: envseal edit -f {file}",
                on,
                line,
                file
            ),
            Reason::Expand(ExpandError::Malformed) => hint!(
                "if that is text, put the value of {name} in single quotes: envseal edit -f {file}",
                name,
                file
            ),
            Reason::TooLarge => hint!("write {name} without references, or with fewer", name),
        }
    }

    fn in_one_line(&self) -> String {
        match &self.reason {
            FailureReason::DependsOn { root, .. } => format!("{self}: {root}"),
            _ => self.to_string(),
        }
    }
}

/// Returns the error for values that can't be decrypted. A single one is the message itself; several are counted, with
/// a detail line each. The places searched for keys are listed once.
pub(crate) fn cannot_decrypt(failures: &[ValueFailure]) -> Error {
    let first = failures.first().expect("a value that can't be decrypted");
    let all: Vec<_> = failures.iter().map(ToString::to_string).collect();
    let mut seen: HashSet<_> = all.iter().cloned().collect();
    let roots = failures.iter().map(|failure| failure.root().to_string());
    let roots: Vec<_> = roots.filter(|root| seen.insert(root.clone())).collect();
    let (message, lines, in_one_line) = match &all[..] {
        [one] => (one.clone(), Vec::new(), first.in_one_line()),
        _ => {
            let others = all.len() - 1;
            let in_one_line = format!("cannot decrypt {}; and {others} more", first.in_one_line());
            (format!("{} values could not be decrypted", all.len()), all, in_one_line)
        }
    };
    let searched = failures.iter().filter_map(|failure| match &failure.root().reason {
        FailureReason::NoKey { tried, .. } => Some(&**tried),
        _ => None,
    });
    let searched = search_trace(searched.flatten());
    let error = Error::new(kind(failures), message)
        .with_status(3)
        .with_line(in_one_line)
        .with_details(lines.into_iter().chain(roots).chain(searched))
        .with_hint(first.root().hint());
    match first.root().reason {
        FailureReason::StaysSealed(_) => error.with_library_hint("leave it encrypted"),
        _ => error,
    }
}

/// Returns the most serious kind: what is forbidden, then what was tampered with, then what is missing.
fn kind(failures: &[ValueFailure]) -> ErrorKind {
    use FailureReason as Reason;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_no_options_of_a_command_it_has_not_typed() {
        let failure =
            |name: &str, reason| ValueFailure { name: name.into(), path: "a/.env".into(), line: 1, reason };
        let root = Rc::new(failure("A", FailureReason::UNWRITABLE));
        let referring = FailureReason::DependsOn { on: "A".into(), root };
        for failure in [failure("A", FailureReason::UNLISTED_REFERENCE), failure("B", referring)] {
            let error = cannot_decrypt(&[failure]);
            assert!(error.command_hint().unwrap().line().unwrap().contains(" -x A"));
            assert_eq!(error.hint().unwrap(), "leave it encrypted");
        }
    }
}
