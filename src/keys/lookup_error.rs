//! Why a private key could not be obtained, and the places that were searched.

use std::fmt;
use std::path::{Path, PathBuf};

use super::granted::in_project;
use crate::config::EnvName;
use crate::crypto::{KeyId, PRIVATE_PREFIX};
use crate::error::{Error, ErrorKind};
use crate::fs::{FsError, folder_of, is_read_once, is_stdin};
use crate::git::{GitError, display_path, relative_path};
use crate::hint::Hint;

/// Why a private key could not be obtained. The program distinguishes all variants but the last.
#[derive(Debug, thiserror::Error)]
pub enum KeyLookupError {
    /// No place holds the private key of the public key `wanted`.
    #[error("no private key for {env} (key {wanted})")]
    NotFound { env: EnvName, wanted: KeyId, tried: Vec<SearchedPlace> },
    /// The key, or the user's identity, has a passphrase, and no one can be asked for it.
    #[error(transparent)]
    Locked(Error),
    /// The keys file that was named does not exist.
    #[error(transparent)]
    NoKeysFile(Error),
    /// No key is taken from the keys file, because git tracks it or another user owns it.
    #[error(transparent)]
    RefusedKeysFile(Error),
    #[error(transparent)]
    Other(#[from] Error),
}

/// A place that was searched without success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchedPlace {
    pub place: KeyPlace,
    /// The variable that holds keys; for a grant, the environment.
    pub wanted: String,
    pub missing: WhyMissing,
}

/// A place where a private key may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// Given by the program that embeds the library.
    Given,
    /// A variable of the process's environment.
    Process,
    /// The user's key command.
    Command,
    KeysFile(PathBuf),
    /// A grant in this team file; without one, where the project would have it.
    Grant(PathBuf),
}

/// Why a place does not have the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyMissing {
    Nothing,
    NoTeamFile,
    OtherKeys(Vec<KeyId>),
    /// The key is in this variable of the place, which is another environment's.
    OtherVariable(String),
    /// The variable holds the key of another environment.
    KeyOfOther {
        variable: String,
        of: EnvName,
    },
    NoIdentity,
    /// `ENVSEAL_IDENTITY` is set, but empty: a secret that the CI did not pass on.
    EmptyIdentity,
    NotAMember {
        fingerprint: String,
    },
    RemovedMember {
        name: String,
        fingerprint: String,
    },
    GrantOfOtherKey {
        member: String,
        key: KeyId,
    },
    /// The key was granted to this user for this environment.
    GrantOfOtherEnvironment(EnvName),
    /// `holders` are others who can decrypt the environment, according to the team file.
    NotGranted {
        member: String,
        holders: Vec<String>,
        /// True if the team has no other member.
        is_alone: bool,
    },
}

impl WhyMissing {
    /// Returns true if the place has the key that was searched for, under another name.
    pub(crate) fn is_misnamed(&self) -> bool {
        matches!(self, Self::OtherVariable(_) | Self::GrantOfOtherEnvironment(_))
    }
}

impl KeyLookupError {
    /// Returns the error for a keys file that git tracks: once it is committed, everyone with a clone has its keys.
    pub(crate) fn tracked(path: &Path) -> Self {
        let message = format!("{} is tracked by git, which would share its keys", path.display());
        let remove = hint!("git rm --cached {path}", path = relative_path(path));
        Self::RefusedKeysFile(
            refused_file(message).with_hint(
                remove.and("; if it was committed, rotate the keys: everyone with a clone has these"),
            ),
        )
    }

    pub(super) fn not_owned(path: &Path) -> Self {
        let error = refused_file(format!("{} belongs to another user", path.display()));
        Self::RefusedKeysFile(
            error
                .with_hint(hint!("if you trust it: sudo chown \"$(id -u)\" {path}", path))
                .with_library_hint("if you trust it, pass its key: Options::private_key"),
        )
    }
}

/// Returns the error for text, a key or a file that is malformed.
pub(super) fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, message).with_status(3)
}

/// Returns the error for a variable that should hold the private keys of `env`. None: the variable's name decides, if it
/// tells.
pub(super) fn not_a_private_key(variable: &str, env: Option<&EnvName>, place: &str, reason: &str) -> Error {
    let error = malformed(format!("{variable} in {place} is not a private key: {reason}"));
    let Some(env) = env.cloned().or_else(|| EnvName::only_of_key_name(variable)) else { return error };
    let hint =
        hint!("set {variable} to what this prints where the key is: envseal key show --private", variable);
    error.with_hint(if env.is_of_dotenv() { hint } else { hint.and(hint!(" -e {env}", env)) })
}

/// Returns the error for a variable in which a private key has quotes around it, or its name in front.
pub(super) fn around_the_key(variable: &str) -> Error {
    malformed(format!("{variable} in the environment is a private key with other text around it")).with_hint(hint!(
        "leave the key alone in it: export {variable}=$(printenv {variable} | grep -o 'envseal-[sl]k1-[A-Za-z0-9_,-]*')",
        variable
    ))
}

fn refused_file(message: String) -> Error {
    Error::refused(message).with_status(3)
}

impl From<FsError> for KeyLookupError {
    fn from(error: FsError) -> Self {
        Self::Other(match error {
            // Not `ErrorKind::NotFound`: a program that tolerates a missing env file must not tolerate missing keys.
            FsError::NotFound { .. } => missing_file(&error),
            error => error.into(),
        })
    }
}

pub(super) fn missing_file(error: &FsError) -> Error {
    let is_key =
        matches!(error, FsError::NotFound { path, .. } if path.to_string_lossy().contains(PRIVATE_PREFIX));
    let hint = if is_key {
        "-K takes a file; for a private key itself use -K - and stdin, or a variable ENVSEAL_PRIVATE_KEY_…"
    } else {
        "see where your keys are: envseal key list"
    };
    let hint = Hint::from(hint).without(&["-K", "-i"]);
    Error::of(ErrorKind::NoKey, error).with_status(4).with_hint(hint)
}

impl From<GitError> for KeyLookupError {
    fn from(error: GitError) -> Self {
        Self::Other(error.into())
    }
}

impl From<KeyLookupError> for Error {
    fn from(error: KeyLookupError) -> Self {
        let message = error.to_string();
        match error {
            KeyLookupError::NotFound { env, tried, .. } => Self::new(ErrorKind::NoKey, message)
                .with_hint(missing_key_hint(&env, &tried))
                .with_details(search_trace(&tried)),
            KeyLookupError::Locked(error)
            | KeyLookupError::NoKeysFile(error)
            | KeyLookupError::RefusedKeysFile(error)
            | KeyLookupError::Other(error) => error,
        }
    }
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("the keys given by the program"),
            Self::Process => f.write_str("the environment"),
            Self::Command => f.write_str("the key command"),
            Self::KeysFile(path) | Self::Grant(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Returns one line for all places that have nothing, and one for each that has something else.
pub(crate) fn search_trace<'a>(tried: impl IntoIterator<Item = &'a SearchedPlace>) -> Vec<String> {
    let (mut empty, mut lines) = (Vec::new(), Vec::new());
    for SearchedPlace { place, wanted, missing } in tried {
        let name = match place {
            KeyPlace::Process => wanted.clone(),
            KeyPlace::Given | KeyPlace::Command => place.to_string(),
            KeyPlace::KeysFile(path) if is_stdin(path) => "stdin".into(),
            KeyPlace::KeysFile(path) | KeyPlace::Grant(path) => display_path(path),
        };
        let why = match missing {
            WhyMissing::NoTeamFile => continue,
            WhyMissing::Nothing => {
                if !empty.contains(&name) {
                    empty.push(name);
                }
                continue;
            }
            WhyMissing::OtherKeys(ids) => {
                let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                let ids = ids.join(", ");
                match place {
                    KeyPlace::KeysFile(_) => format!("{wanted} in {name} holds key {ids}"),
                    KeyPlace::Given => format!("the program gave key {ids}"),
                    KeyPlace::Command => format!("the key command printed key {ids}"),
                    _ => format!("{name} holds key {ids}"),
                }
            }
            WhyMissing::OtherVariable(variable) => {
                let within = if *place == KeyPlace::Process { String::new() } else { format!(" in {name}") };
                format!("{variable}{within} holds this key, which is {wanted} by name")
            }
            WhyMissing::GrantOfOtherEnvironment(env) => {
                format!("the key of {wanted} was granted to you in {name} for {env}")
            }
            WhyMissing::KeyOfOther { variable, of } => format!("{variable} holds the key of {of}"),
            WhyMissing::NoIdentity => format!("no grant in {name}: you have no identity"),
            WhyMissing::EmptyIdentity => format!("no grant in {name}: ENVSEAL_IDENTITY is set, but empty"),
            WhyMissing::NotAMember { fingerprint } => {
                format!("no grant in {name}: you ({fingerprint}) are not in the team")
            }
            WhyMissing::RemovedMember { name: member, fingerprint } => {
                format!("no grant in {name}: your key ({fingerprint}) was removed from the team as {member}")
            }
            WhyMissing::GrantOfOtherKey { member, key } => {
                format!("your grant of {wanted} in {name} ({member}) is for key {key}")
            }
            WhyMissing::NotGranted { member, .. } => {
                format!("no grant of {wanted} for you ({member}) in {name}")
            }
        };
        if !lines.contains(&why) {
            lines.push(why);
        }
    }
    if let Some(last) = empty.pop() {
        let places = if empty.is_empty() { last } else { format!("{} or {last}", empty.join(", ")) };
        lines.insert(0, format!("not found in {places}"));
    }
    lines
}

/// Returns what to do if no place has the private key: access can be requested by a pull request.
pub(crate) fn missing_key_hint(env: &EnvName, tried: &[SearchedPlace]) -> Hint {
    let variable = env.private_key_name();
    // A key that is here under another name, before one that somebody else has.
    let misnamed = tried.iter().find(|tried| tried.missing.is_misnamed());
    let injected = tried.iter().find(|tried| tried.place == KeyPlace::Process);
    match misnamed.or(injected).map(|tried| (&tried.place, &tried.missing)) {
        // The other name may still be in use, so its line stays.
        Some((KeyPlace::KeysFile(path), WhyMissing::OtherVariable(other))) if !is_read_once(path) => {
            return hint!(
                "in {path}, copy the line of {other} and name the copy {variable}",
                path = relative_path(path),
                other,
                variable
            );
        }
        Some((KeyPlace::KeysFile(_), WhyMissing::OtherVariable(other))) => {
            return hint!("in the keys that -K reads, name {other} {variable}", other, variable);
        }
        Some((_, WhyMissing::OtherVariable(other))) => {
            return hint!("give it its own name: export {variable}=$(printenv {other})", variable, other);
        }
        Some((_, WhyMissing::GrantOfOtherEnvironment(of))) => {
            return hint!(
                "envseal key backup FILE && envseal key recover FILE; then copy the line of {other} and name the copy {variable}",
                other = of.private_key_name(),
                variable
            );
        }
        Some((_, WhyMissing::KeyOfOther { variable: other, of })) => {
            let is_of = hint!("{other} is the key of {of}; ", other, of);
            return is_of.and(set_to_current(&variable, env));
        }
        Some((KeyPlace::Process, WhyMissing::OtherKeys(_))) => return set_to_current(&variable, env),
        _ => {}
    }
    let granted = tried.iter().find_map(|tried| match &tried.place {
        KeyPlace::Grant(path) => Some((path, &tried.missing)),
        _ => None,
    });
    let (path, missing) = granted.expect("every search ends with a grant");
    in_project(folder_of(path), hint_without_grant(env, tried, missing))
}

/// Returns what to do about a variable that has another key than the environment's: a job can't request access.
fn set_to_current(variable: &str, env: &EnvName) -> Hint {
    hint!(
        "set {variable} to what this prints where the key is: envseal key show --private -e {env}",
        variable,
        env
    )
}

/// Returns what to do if the team file lacks a usable grant, for the reason `missing`, or does not exist.
fn hint_without_grant(env: &EnvName, tried: &[SearchedPlace], missing: &WhyMissing) -> Hint {
    match missing {
        WhyMissing::NotGranted { is_alone: true, .. } => {
            "nobody else is in the team; recover the key from a backup: envseal key recover FILE".into()
        }
        WhyMissing::NotGranted { member, holders, .. } => {
            let who = match &holders[..] {
                [] => hint!("someone with access to {env}", env),
                holders => Hint::list(holders.iter().map(|name| hint!("{name}", name)), ", ", " or "),
            };
            Hint::from("ask ")
                .and(who)
                .and(hint!(" to run: envseal team approve {member} -e {env}", member, env))
        }
        WhyMissing::GrantOfOtherKey { member, .. } => hint!(
            "see who changed the key: git log -p -G {variable}; if that is right, ask someone with access to run: \
             envseal team approve {member} -e {env}",
            variable = env.public_key_name(),
            member,
            env
        ),
        WhyMissing::RemovedMember { .. } => {
            "if that was a mistake, join with a new identity: ssh-keygen -t ed25519 -f FILE, then envseal team request -i FILE --name NAME"
                .into()
        }
        WhyMissing::EmptyIdentity => {
            "give this job the identity as ENVSEAL_IDENTITY, or leave the variable unset: env -u ENVSEAL_IDENTITY …"
                .into()
        }
        WhyMissing::NoIdentity | WhyMissing::NotAMember { .. } => {
            "request access: envseal team request, and commit what it writes".into()
        }
        _ => {
            let ask = Hint::from("request access: envseal team request");
            let searched = tried.iter().find_map(|tried| match &tried.place {
                KeyPlace::KeysFile(path) if !is_read_once(path) => Some(relative_path(path)),
                _ => None,
            });
            let Some(path) = searched else { return ask };
            let variable = env.private_key_name();
            ask.and(hint!("; or put the private key of {env} in {path} as {variable}", env, path, variable))
        }
    }
}
