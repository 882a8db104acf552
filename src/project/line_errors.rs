//! Errors about an env file, or a line of it, that several commands share.

use std::fmt::Display;
use std::path::Path;

use super::resolve::resolve_hint;
use super::similar::nearest_name;
use crate::config::{EnvName, is_env_file};
use crate::crypto::{KeyId, SealError};
use crate::dotenv::{ConflictedText, Document, ExpandError, ParseError, Stray, why_reserved};
use crate::error::{Error, ErrorKind};
use crate::git::{path_to_add, relative_path};
use crate::hint::Hint;

/// Returns a [`ErrorKind::Malformed`] error, as `PATH: WHY`.
pub(super) fn malformed(path: &Path, why: impl Display) -> Error {
    Error::new(ErrorKind::Malformed, format!("{}: {why}", path.display()))
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
    refused_at(path, line, format!("{name} is encrypted, but {} declares {declared} plain", by.display()))
        .with_hint(narrow_declaration(declared, by))
}

pub(super) fn narrow_declaration(name: &str, by: &Path) -> Hint {
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
    Error::refused(format!(
        "{}: {name} is never encrypted, because a reviewer must be able to read it: {why}",
        path.display()
    ))
    .with_status(2)
    .with_hint(write_as_plain_text(path, name))
}

/// Returns the error for a plain value that no quoting can hold.
pub(crate) fn unwritable(path: &Path, name: &str) -> Error {
    Error::refused(format!(
        "{}: the value of {name} cannot be written in a .env file as plain text",
        path.display()
    ))
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

pub(super) fn keys_disagree(
    env: &EnvName,
    (first, first_key): (&Path, KeyId),
    (second, second_key): (&Path, KeyId),
) -> Error {
    let [first, second] = [first, second].map(relative_path);
    Error::refused(format!(
        "{} is encrypted with key {first_key}, {} with key {second_key}: one environment has one key",
        first.display(),
        second.display()
    ))
    .with_hint(hint!(
        "if {first} has the right key, replace the line {variable} of {second} with that of {first}, then: envseal encrypt \
         --reseal -f {second}",
        first,
        variable = env.public_key_name(),
        second
    ))
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
