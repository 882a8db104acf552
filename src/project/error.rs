//! What can go wrong between a file and its values.

use std::path::{Path, PathBuf};

use super::edit::EditFault;
use super::failure::Failure;
use super::journal::Stuck;
use super::pin::{OtherRotation, PinChange};
use super::schema::Breach;
use crate::config::{EnvName, NameError};
use crate::crypto::{KeyError, KeyId, SealError};
use crate::dotenv::{Document, EditError, Entry, ExpandError, ParseError, Stray, why_reserved};
use crate::fs::FsError;
use crate::git::GitError;
use crate::keys::KeyLookupError;
use crate::team::{PolicyError, TeamError};

/// Why a file could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// No env file, or no environment, of that name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A file could not be read or written.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// Git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A private key could not be had.
    #[error(transparent)]
    Keystore(#[from] KeyLookupError),
    /// Worded where it arose.
    #[error(transparent)]
    Other(#[from] crate::error::Error),
    /// The public key cannot be sealed to.
    #[error("{}: {source}", path.display())]
    Seal {
        /// The env file.
        path: PathBuf,
        /// Why.
        source: SealError,
    },
    /// The team file's members, grants, rotations or exposures cannot be used.
    #[error("{}: {source}", path.display())]
    Team {
        /// The team file.
        path: PathBuf,
        /// Why.
        source: TeamError,
    },
    /// The team file's policy cannot be used.
    #[error("{}: {source}", path.display())]
    Policy {
        /// The team file.
        path: PathBuf,
        /// Why.
        source: PolicyError,
    },
    /// The env file is not text that can be parsed.
    #[error("{}: {source}", path.display())]
    Parse {
        /// The env file.
        path: PathBuf,
        /// Why.
        source: ParseError,
    },
    /// A merge conflict is not resolved.
    #[error("{}:{line} holds a merge-conflict marker", path.display())]
    Conflict {
        /// The env file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The public key's line holds no public key.
    #[error("{}:{line} {variable} is no public key: {source}", path.display())]
    PublicKey {
        /// The env file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The variable.
        variable: String,
        /// Why.
        source: KeyError,
    },
    /// The public key stands twice.
    #[error("{}:{line} {variable} stands a second time", path.display())]
    PublicKeyTwice {
        /// The env file.
        path: PathBuf,
        /// The line of the second, from 1.
        line: usize,
        /// The variable.
        variable: String,
    },
    /// The file holds another environment's public key.
    #[error("{}:{line} holds {found}, but the public key of this file is {wanted}", path.display())]
    PublicKeyName {
        /// The env file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The variable that stands there.
        found: String,
        /// The variable that this environment's key stands under.
        wanted: String,
    },
    /// Two files side by side fold to one key name.
    #[error("{} and {} stand side by side, but share the key name {variable}", first.display(), second.display())]
    SideBySide {
        /// The file asked for.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// The key name of both.
        variable: String,
    },
    /// The names of two environments of a project fold to one key name.
    #[error("{env} shares the key name {variable} with {}", path.display())]
    SharedKeyName {
        /// The environment asked for.
        env: EnvName,
        /// An env file of the other.
        path: PathBuf,
        /// The key name of both.
        variable: String,
    },
    /// Another environment, or another project, has the same public key.
    #[error(
        "{} has the same public key as {env} ({key}), for {other}: access to one would be access to both",
        path.display()
    )]
    KeyShared {
        /// The environment asked for.
        env: EnvName,
        /// The key of both.
        key: KeyId,
        /// The other environment.
        other: EnvName,
        /// An env file of it.
        path: PathBuf,
    },
    /// Two files of one environment hold different public keys.
    #[error(
        "{} is sealed to key {first_key}, {} to key {second_key}: one environment has one key",
        first.display(), second.display()
    )]
    KeysDisagree {
        /// One file.
        first: PathBuf,
        /// Its key.
        first_key: KeyId,
        /// Another file of the environment.
        second: PathBuf,
        /// Its key.
        second_key: KeyId,
    },
    /// An edit would change how something else is read.
    #[error("{}: {source}", path.display())]
    Edit {
        /// The env file.
        path: PathBuf,
        /// Why, and which line.
        source: EditError,
    },
    /// The variable is not in the file.
    #[error("{name} is not in {}", path.display())]
    NoVariable {
        /// The env file.
        path: PathBuf,
        /// The variable.
        name: String,
        /// A name that is there and looks alike.
        similar: Option<String>,
    },
    /// The variable is there already.
    #[error("{}:{line} {name} is there already", path.display())]
    Exists {
        /// The env file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The variable.
        name: String,
    },
    /// Names that belong to envseal are not set by hand.
    #[error("{0} belongs to envseal and is not set by hand")]
    OwnName(String),
    /// A variable is to be renamed to the name it has.
    #[error("{0} has that name already")]
    SameName(String),
    /// A reserved name is not sealed.
    #[error(
        "{}: {name} is never sealed, for a reviewer must be able to read it: {}", path.display(), why_reserved(name)
    )]
    Reserved {
        /// The env file.
        path: PathBuf,
        /// The variable.
        name: String,
    },
    /// Sealing a value would make a reserved name depend on it.
    #[error("{}:{line} {name} must stay readable, but depends on {on}, which would be sealed", path.display())]
    ReservedDepends {
        /// The env file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The reserved name.
        name: String,
        /// The variable it refers to.
        on: String,
    },
    /// A new variable that the policy declares plain.
    #[error(
        "{} has no {name} yet, and {} declares the name plain, so it is not clear whether to seal it",
        path.display(), by.display()
    )]
    PolicyPlain {
        /// The env file.
        path: PathBuf,
        /// The variable.
        name: String,
        /// The team file, or the schema.
        by: PathBuf,
    },
    /// A variable that is to be renamed, and that others refer to by its name.
    #[error("{}:{line} {name} is referred to by {}", path.display(), by.join(", "))]
    Referred {
        /// The env file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The variable.
        name: String,
        /// Who refers to it, as a person reads it.
        by: Vec<String>,
    },
    /// A sealed value is marked as plain.
    #[error("{}:{line} {name} is sealed, but marked as plain", path.display())]
    SealedButPlain {
        /// The env file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The variable.
        name: String,
    },
    /// An env file is a symlink to what it does not stand for: nothing is written through it.
    #[error("{} is a symlink to {}, {fault}; envseal does not write through it", path.display(), target.display())]
    Link {
        /// The env file.
        path: PathBuf,
        /// Where it leads in the end.
        target: PathBuf,
        /// What is there.
        fault: String,
    },
    /// A symlink that git tracks leads out of the repository, or into `.git`.
    #[error("{} is a symlink that git tracks, and leads to {}, outside the worktree", path.display(), target.display())]
    LeadsOutside {
        /// The env file.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A keys file has no key of an environment.
    #[error("{} has no key of environment {env}", path.display())]
    NoKeyOf {
        /// The keys file.
        path: PathBuf,
        /// The environment.
        env: EnvName,
    },
    /// A backup overwrites nothing.
    #[error("{} already exists", .0.display())]
    BackupExists(PathBuf),
    /// A backup is not written where git would take it.
    #[error("git would take {}: a backup of keys does not belong into a repository", .0.display())]
    BackupInSight(PathBuf),
    /// Git reads no ignore rules through a symlink.
    #[error("{} is a symlink, and git does not read ignore rules through one", .0.display())]
    IgnoreFileLink(PathBuf),
    /// Values that the source kept encrypted would be plain text.
    #[error(
        "{}: {} {} encrypted in the source, but a mark, the policy or the name would make it plain text here",
        path.display(), names.join(", "), if names.len() == 1 { "was" } else { "were" }
    )]
    WouldShow {
        /// The env file.
        path: PathBuf,
        /// The variables.
        names: Vec<String>,
    },
    /// An encrypted value doesn't decrypt to the original.
    #[error("{}: the encrypted value of {name} does not decrypt to the original; nothing was written", path.display())]
    NotVerified {
        /// The env file.
        path: PathBuf,
        /// The variable.
        name: String,
    },
    /// Another program changed the file after the import was planned.
    #[error("{} was changed by another program meanwhile; nothing was written", .0.display())]
    Meanwhile(PathBuf),
    /// A plain value that no quoting can hold.
    #[error("{}: the value of {name} cannot be written in a .env file as plain text", path.display())]
    Unwritable {
        /// The env file.
        path: PathBuf,
        /// The variable.
        name: String,
    },
    /// A `#` that touches the value: nobody can tell where the secret ends.
    #[error("{}:{line} {name}: `#` touches the value, and readers differ on what it means", path.display())]
    AmbiguousHash {
        /// The env file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The variable.
        name: String,
    },
    /// A line that is no statement, comment or blank: it cannot be sealed.
    #[error("{}:{line} is neither a variable nor a comment, so it cannot be sealed", path.display())]
    Stray {
        /// The env file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The value to be set holds a sealed value.
    #[error("{}: the new value of {name} is, or contains, a sealed value", path.display())]
    SealedTwice {
        /// The env file.
        path: PathBuf,
        /// The variable.
        name: String,
    },
    /// A value that goes on in lines below, which are no part of it.
    #[error("{}:{line} {name}: the value continues on the lines below, but it is not in quotes", path.display())]
    Unquoted {
        /// The env file.
        path: PathBuf,
        /// The line of the variable, from 1.
        line: usize,
        /// The variable.
        name: String,
    },
    /// A `${` that begins no reference of a known form.
    #[error("{}:{line} {name}: {}", path.display(), ExpandError::Malformed)]
    MalformedReference {
        /// The env file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The variable.
        name: String,
    },
    /// A reference to a name that nothing sets.
    #[error(
        "{}:{line} {name} contains a `$`, and nothing sets the name after it: no line above, no other env file, no schema",
        path.display()
    )]
    Dangling {
        /// The env file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The variable.
        name: String,
    },
    /// The file has no public key, and one is needed.
    #[error("{} has no public key ({variable})", path.display())]
    NoPublicKey {
        /// The env file.
        path: PathBuf,
        /// The variable it would stand under.
        variable: String,
    },
    /// The file has sealed values, but no public key.
    #[error("{} holds values sealed to key {key}, but its line {variable} is gone", path.display())]
    KeyLost {
        /// The env file.
        path: PathBuf,
        /// The key that a value in it is sealed to.
        key: KeyId,
        /// The variable it would stand under.
        variable: String,
    },
    /// The public key is another than the one that this user has accepted.
    #[error("{} holds another key of {env} than the one accepted on this machine", path.display())]
    PinDiffers {
        /// The env file.
        path: PathBuf,
        /// The environment.
        env: EnvName,
        /// Which, and which before.
        change: Box<PinChange>,
    },
    /// The public key is the one before a rotation that another branch has.
    #[error(
        "{} has the key of {env} from before its rotation: commit {:.12} ({}) replaced it, and is not in this branch",
        path.display(), rotation.commit.to_string(), rotation.date
    )]
    BeforeRotation {
        /// The env file.
        path: PathBuf,
        /// The environment.
        env: EnvName,
        /// The key that was accepted, and the one that is here.
        change: Box<PinChange>,
        /// The rotation.
        rotation: OtherRotation,
    },
    /// A new key is to be created, and the last commit has one.
    #[error("{env} already has a public key in the last commit ({key}), in {}", path.display())]
    KeyInHead {
        /// The environment.
        env: EnvName,
        /// Its key.
        key: KeyId,
        /// The env file that has it, relative to the repository's root.
        path: PathBuf,
        /// Whether there is such a file in the worktree, without the key's line.
        exists: bool,
    },
    /// The public key was replaced by a rotation, and is back.
    #[error("{} has an older public key of {env} ({key}): it was rotated to {by}", path.display())]
    KeyReplaced {
        /// The env file.
        path: PathBuf,
        /// The environment.
        env: EnvName,
        /// The key in the file.
        key: KeyId,
        /// The key that it was rotated to.
        by: KeyId,
    },
    /// The file has a public key already.
    #[error("{} is sealed to key {key} already", path.display())]
    KeyExists {
        /// The env file.
        path: PathBuf,
        /// Its key.
        key: KeyId,
    },
    /// Git ignores the keys file by no rule, even after one was added.
    #[error("git does not ignore {}: another rule overrides the line added to .gitignore", .0.display())]
    NotIgnored(PathBuf),
    /// A change to several files was begun and could not be finished; the next command does that.
    #[error("the change was begun and could not be finished: {0}")]
    Unfinished(#[source] Box<VaultError>),
    /// A change to several files was interrupted, and can neither be finished nor undone.
    #[error("{}: a change was interrupted, and {why}", path.display())]
    Interrupted {
        /// The journal.
        journal: PathBuf,
        /// The file that is in the way.
        path: PathBuf,
        /// Why.
        why: Stuck,
    },
    /// Somebody else changed a file while it was being changed.
    #[error("{} was changed by another program just now, so nothing was written", .0.display())]
    ChangedMeanwhile(PathBuf),
    /// No file of the environment.
    #[error("there is no env file of environment {env} in {}", scope.display())]
    NoFiles {
        /// The environment.
        env: EnvName,
        /// The scope's folder.
        scope: PathBuf,
    },
    /// Grants are to be made, by someone who is no member.
    #[error("the grants of {env} in {} are made anew by a member, and {}", path.display(), who(fingerprint.as_deref()))]
    NotAMember {
        /// The environment.
        env: EnvName,
        /// The team file.
        path: PathBuf,
        /// The identity's fingerprint, if there is one.
        fingerprint: Option<String>,
    },
    /// No env file at this path, but one beside it whose environment is called much the same.
    #[error("cannot read {}: it does not exist", .path.display())]
    NoEnvFile {
        /// What is missing.
        path: PathBuf,
        /// The environment that was meant, perhaps.
        env: EnvName,
        /// Its file.
        similar: PathBuf,
    },
    /// None of the files that a convention reads.
    #[error("none of the files that the {convention} convention reads is there: {}", listed(.looked))]
    NoneOfConvention {
        /// The convention.
        convention: &'static str,
        /// What was looked for, the one that wins first.
        looked: Vec<PathBuf>,
    },
    /// What was typed in an editor is refused.
    #[error("{}:{line} {fault}", path.display())]
    Typed {
        /// The env file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        fault: EditFault,
    },
    /// While a file was edited, somebody else changed the same values in it.
    #[error("{} was changed meanwhile, and so {}", path.display(), both(names))]
    EditConflict {
        /// The env file.
        path: PathBuf,
        /// The variables that both sides changed; none where it is the file as a whole.
        names: Vec<String>,
    },
    /// Values that could not be opened.
    #[error("{} could not be opened", plural(.0.len(), "value"))]
    Unopened(Vec<Failure>),
    /// Variables that are not as a schema says.
    #[error("{} not as the schema says, so nothing was started", are(.0.len()))]
    Breaches(Vec<Breach>),
}

impl VaultError {
    /// The error for a line that is no statement; it is about the value that the line belongs to, if it seems to.
    pub fn stray(path: &Path, document: &Document, stray: &Stray) -> Self {
        match document.cut_off_above(stray) {
            Some(entry) => Self::unquoted(path, document, entry),
            None => Self::Stray { path: path.into(), line: stray.line },
        }
    }

    /// The error for a value that is cut off.
    pub(super) fn unquoted(path: &Path, document: &Document, entry: &Entry) -> Self {
        Self::Unquoted { path: path.into(), line: entry.line, name: document.name(entry).into() }
    }

    /// The error for a `name` that is not among `names`; a name that looks alike is told.
    pub(super) fn no_variable<'a>(path: &Path, name: &str, names: impl Iterator<Item = &'a str>) -> Self {
        // Who types NAME=VALUE here does not want to read the value again.
        let name = name.split('=').next().unwrap_or_default();
        // Neither letter case nor `_` is what tells names apart.
        let plain = |name: &str| name.replace('_', "").to_lowercase();
        let asked = plain(name);
        let nearest = names.map(|there| (strsim::osa_distance(&plain(there), &asked), there)).min();
        let near = |distance: usize| distance <= (asked.len() / 3).min(2);
        let similar = nearest.filter(|(distance, _)| near(*distance)).map(|(_, there)| there.to_owned());
        Self::NoVariable { path: path.into(), name: name.into(), similar }
    }
}

fn who(fingerprint: Option<&str>) -> String {
    match fingerprint {
        Some(fingerprint) => format!("you ({fingerprint}) are none"),
        None => "you have no identity".into(),
    }
}

fn are(count: usize) -> String {
    format!("{} {}", plural(count, "variable"), if count == 1 { "is" } else { "are" })
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn both(names: &[String]) -> String {
    match names {
        [] => "both versions of it stand between conflict markers".into(),
        names => format!("{} stand between conflict markers, in both versions", names.join(", ")),
    }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
