//! Errors about an env file, or a line or a value of it, that several commands share.

use std::collections::HashSet;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::file::{EnvFile, real_place};
use super::resolve::resolve_hint;
use super::similar::nearest_name;
use crate::config::{EnvName, TEAM_FILE, is_env_file};
use crate::crypto::{KeyId, OpenError, SealError, TokenError};
use crate::dotenv::{
    ConflictedText, Document, Entry, ExpandError, ForeignFormat, ParseError, Stray, why_reserved,
};
use crate::error::{Error, ErrorKind};
use crate::git::{display_path, path_to_add, relative_path};
use crate::hint::Hint;
use crate::keys::{SearchedPlace, missing_key_hint, search_trace};

/// Returns a [`ErrorKind::Malformed`] error, as `PATH: WHY`.
pub(super) fn malformed(path: &Path, why: impl Display) -> Error {
    Error::new(ErrorKind::Malformed, format!("{}: {why}", path.display()))
}

/// Returns the error for something about a file that a rule forbids, as `PATH: WHAT`.
pub(super) fn refused_in(path: &Path, what: impl Display) -> Error {
    Error::refused(format!("{}: {what}", path.display()))
}

/// Returns an error about a line, as `PATH:LINE WHAT`.
pub(super) fn at_line(kind: ErrorKind, path: &Path, line: usize, what: impl Display) -> Error {
    Error::new(kind, format!("{}:{line} {what}", path.display()))
}

fn refused_at(path: &Path, line: usize, what: impl Display) -> Error {
    at_line(ErrorKind::Refused, path, line, what)
}

pub(crate) fn not_text(path: &Path) -> impl FnOnce(ParseError) -> Error {
    move |source| malformed(path, source)
}

pub(super) fn cannot_seal(path: &Path) -> impl Fn(SealError) -> Error + Copy + '_ {
    move |source| malformed(path, source)
}

pub(crate) fn merge_conflict(path: &Path, line: usize, text: &[u8]) -> Error {
    let take = ConflictedText::read(text).as_ref().and_then(resolve_hint).map_or_else(
        || {
            // Git would stage a symlink itself.
            let staged = if path.is_symlink() { relative_path(&path_to_add(path)) } else { path.to_owned() };
            hint!("${EDITOR:-vi} {path} && git add {staged}", path, staged)
        },
        |take| take.with("file", path),
    );
    refused_at(path, line, "contains a merge-conflict marker")
        .with_hint(Hint::from("resolve the merge first: ").and(take))
}

/// Returns the error for a line that is not a statement, or for the value above if the line seems to belong to it.
pub(crate) fn stray_line(path: &Path, document: &Document, stray: &Stray) -> Error {
    match document.cut_off_above(stray) {
        Some(entry) => cut_off(path, entry.line, document.name(entry)),
        None => refused_at(path, stray.line, "is neither a variable nor a comment, so it cannot be encrypted").with_hint(
            "if it belongs to the value above it, put that value in quotes; otherwise make it NAME=value, or remove it",
        ),
    }
}

/// Returns the error for an unquoted value that seems to continue on the lines below.
pub(super) fn cut_off(path: &Path, line: usize, name: &str) -> Error {
    let what = format!("{name}: the value continues on the lines below, but it is not in quotes");
    refused_at(path, line, what).with_hint(hint!("put the value of line {line} in quotes", line))
}

/// Returns the error for a `#` that touches a value: it is unclear where the secret ends.
pub(crate) fn ambiguous_hash(path: &Path, line: usize, name: &str) -> Error {
    refused_at(path, line, format!("{name}: `#` touches the value, and readers differ on what it means"))
        .with_hint(
            "put the value in quotes if `#` belongs to it, or a space before `#` if a comment starts there",
        )
}

pub(super) fn sealed_but_plain(path: &Path, line: usize, name: &str) -> Error {
    refused_at(path, line, format!("{name} is encrypted, but marked as plain"))
        .with_hint(remove_plain_mark(path, name))
}

/// Returns the error for a sealed value that has, or would get, a name that the file `by` declares plain.
pub(super) fn sealed_but_declared(path: &Path, line: usize, name: &str, declared: &str, by: &Path) -> Error {
    refused_at(path, line, format!("{name} is encrypted, but {} declares {declared} plain", display_path(by)))
        .with_hint(narrow_declaration(declared, by))
}

pub(super) fn narrow_declaration(name: &str, by: &Path) -> Hint {
    let by = relative_path(by);
    hint!("if it is secret, change {by} so that it no longer declares {name} plain", name, by)
}

pub(super) fn remove_plain_mark(path: &Path, name: &str) -> Hint {
    hint!(
        "remove the mark from that line, or with a new value: envseal set {name} --seal -f {path}",
        path,
        name
    )
}

pub(super) fn write_as_plain_text(path: &Path, name: &str) -> Hint {
    hint!("write it as plain text: envseal set {name} --plain -f {path}", name, path)
}

pub(super) fn malformed_reference(path: &Path, line: usize, name: &str) -> Error {
    refused_at(path, line, format!("{name}: {}", ExpandError::Malformed)).with_hint(
        "if that is text, put the value in single quotes; `encrypt` and `import` take --literal NAME, too",
    )
}

/// Returns the error for a reserved name, which is never encrypted.
pub(super) fn reserved(path: &Path, name: &str) -> Error {
    let why = why_reserved(name);
    let what = format!("{name} is never encrypted, because a reviewer must be able to read it: {why}");
    refused_in(path, what).with_status(2).with_hint(write_as_plain_text(path, name))
}

/// Returns the error for a plain value that no quoting can hold.
pub(crate) fn unwritable(path: &Path, name: &str) -> Error {
    refused_in(path, format!("the value of {name} cannot be written in a .env file as plain text"))
        .with_status(3)
        .with_hint(hint!("encrypt it instead: envseal set {name} --seal -f {path}", name, path))
}

/// Returns the error for a `name` that is not among `names`; it suggests one that looks alike.
pub(crate) fn no_variable<'a>(path: &Path, name: &str, names: impl Iterator<Item = &'a str>) -> Error {
    // NAME=VALUE may have been typed: the value is not repeated.
    let name = name.split('=').next().unwrap_or_default();
    let error = Error::new(ErrorKind::NotFound, format!("{name} is not in {}", path.display()));
    let list = hint!("list the names: envseal ls --names -f {path}", path);
    if is_env_file(Path::new(name)) {
        let select = hint!("select a file with -f: -f {name}", name = Path::new(name));
        return error.with_hint(select).with_library_hint(list);
    }
    error.with_hint(match nearest_name(name, names) {
        Some(similar) => hint!("did you mean {similar}?", similar),
        None => list,
    })
}

/// Returns the error for a file that was changed after it was read.
pub(crate) fn changed_meanwhile(path: &Path) -> Error {
    Error::refused(format!(
        "{} was changed by another program just now, so nothing was written",
        path.display()
    ))
    .with_hint("try again")
}

pub(super) fn keys_disagree(env: &EnvName, one: (&Path, KeyId), other: (&Path, KeyId)) -> Error {
    // The file further down may be of a package that lost its own envseal.toml, and the one above has more to lose.
    let depth = |(path, _): &(&Path, KeyId)| real_place(path).components().count();
    let [(first, first_key), (second, second_key)] =
        if depth(&one) > depth(&other) { [other, one] } else { [one, other] };
    let separate = if real_place(first).parent() == real_place(second).parent() {
        Hint::from("")
    } else {
        let path = relative_path(&second.with_file_name(TEAM_FILE));
        hint!("for a separate project: touch {path}; otherwise, ", path)
    };
    let [first, second] = [first, second].map(relative_path);
    Error::refused(format!(
        "{} is encrypted with key {first_key}, {} with key {second_key}: one environment has one key",
        first.display(),
        second.display()
    ))
    .with_hint(separate.and(hint!(
        "if {first} has the right key, replace the line {variable} of {second} with that of {first}, then: envseal encrypt \
         --reseal -f {second}",
        first,
        variable = env.public_key_name(),
        second
    )))
}

/// Returns the error for a symlink that git tracks, and that leads out of the worktree or into `.git`.
pub(super) fn leads_outside(path: &Path, target: &Path) -> Error {
    let (link, place) = (path.display(), target.display());
    Error::refused(format!("{link} is a symlink that git tracks, and leads to {place}, outside the worktree"))
        .with_hint(hint!("if you mean that file, name it: -f {target}", target))
        .with_library_hint(open_by_its_path(target))
}

pub(super) fn open_by_its_path(target: &Path) -> Hint {
    hint!("if you mean that file, open it by its own path: {target}", target)
}

/// Returns the error for an ignore file that is a symlink: a rule behind it would ignore nothing (gitignore(5)).
pub(super) fn ignore_file_is_link(path: &Path) -> Error {
    Error::refused(format!("{} is a symlink, and git does not read ignore rules through one", path.display()))
        .with_hint(hint!("make it a file: cp {path} {path}.new && mv {path}.new {path}", path))
}

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
    /// `root` is the failure at the end of the chain of references.
    #[error("it refers to {on}, which could not be decrypted")]
    DependsOn { on: String, root: Rc<ValueFailure> },
    #[error("{0}")]
    Expand(#[from] ExpandError),
    #[error("the references in these files bring in more than 64 MiB")]
    TooLarge,
    #[error("it is encrypted, but marked as plain")]
    Marked,
    #[error("it is encrypted, but {} declares the name plain", display_path(.0))]
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
