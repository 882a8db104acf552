//! Errors that still have a type of their own, as the one that is shown.

use std::collections::HashSet;

use super::hints::vault_hint;
use super::library_hints::program_hint;
use super::{Failure, PinChange, Reason, VaultError};
use crate::config::NameError;
use crate::error::{Error, ErrorKind};
use crate::fs::FsError;
use crate::keys::search_trace;

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        let error = match error {
            VaultError::Keystore(error) => return error.into(),
            VaultError::Other(error) => return error,
            error => error,
        };
        let mut this = Self::of(kind_of(&error), &error).with_status(status_of(&error));
        this = this.with_details(vault_details(&error));
        match &error {
            VaultError::Unopened(failures) => {
                if let Some(first) = failures.first() {
                    let depends = matches!(first.reason, Reason::DependsOn { .. });
                    let root = if depends { format!(": {}", first.root()) } else { String::new() };
                    let others = failures.len() - 1;
                    let more = if others == 0 { String::new() } else { format!("; and {others} more") };
                    this = this.with_line(format!("cannot open {first}{root}{more}"));
                }
            }
            VaultError::Breaches(breaches) => {
                let all = breaches.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                this = this.with_line(format!("not as the schema says: {all}"));
            }
            _ => {}
        }
        if let Some(hint) = vault_hint(&error) {
            this = this.with_hint(hint);
        }
        if let Some(hint) = program_hint(&error) {
            this = this.with_library_hint(hint);
        }
        this
    }
}

fn status_of(error: &VaultError) -> u8 {
    match error {
        // A check found something.
        VaultError::Breaches(_) => 1,
        VaultError::Name(NameError::Environment(_) | NameError::Variable { .. }) => 2,
        VaultError::Unopened(_)
        | VaultError::NoPublicKey { .. }
        | VaultError::KeyLost { .. }
        | VaultError::PinDiffers { .. }
        | VaultError::BeforeRotation { .. }
        | VaultError::KeyReplaced { .. }
        | VaultError::KeyInHead { .. }
        | VaultError::Unwritable { .. } => 3,
        VaultError::Reserved { .. }
        | VaultError::OwnName(_)
        | VaultError::SealedTwice { .. }
        | VaultError::SameName(_)
        | VaultError::PolicyPlain { .. } => 2,
        _ => 4,
    }
}

fn kind_of(error: &VaultError) -> ErrorKind {
    use VaultError as E;
    match error {
        E::Unopened(failures) => kind_of_failures(failures),
        E::Fs(error) => kind_of_fs(error),
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

/// Lines that say more: each value that could not be opened, each place a key was looked for. None holds a value.
fn vault_details(error: &VaultError) -> Vec<String> {
    match error {
        VaultError::Unopened(failures) => unopened(failures),
        VaultError::Breaches(breaches) => breaches.iter().map(ToString::to_string).collect(),
        VaultError::PinDiffers { change, .. } => {
            let mut lines = Vec::from(changed(change));
            lines.push("no proven rotation in this clone leads from one to the other".into());
            lines
        }
        VaultError::BeforeRotation { change, rotation, .. } => {
            let mut lines = Vec::from(changed(change));
            lines.push("whoever had the older key could read the new value".into());
            if !rotation.is_proven {
                lines.push("only the older private key, which is not here, could prove that rotation".into());
            }
            lines
        }
        _ => Vec::new(),
    }
}

fn changed(change: &PinChange) -> [String; 2] {
    [
        format!("accepted before: {} ({})", change.pinned.fingerprint(), change.seen),
        format!("in the file now: {}", change.found.fingerprint()),
    ]
}

/// One line for each value, also for those that others go back to; where a key was looked for is said once.
fn unopened(failures: &[Failure]) -> Vec<String> {
    let mut lines: Vec<_> = failures.iter().map(ToString::to_string).collect();
    let mut told: HashSet<_> = lines.iter().cloned().collect();
    let roots = failures.iter().filter(|failure| matches!(failure.reason, Reason::DependsOn { .. }));
    lines.extend(roots.map(|failure| failure.root().to_string()).filter(|line| told.insert(line.clone())));
    let searched = failures.iter().filter_map(|failure| match &failure.root().reason {
        Reason::NoKey { tried, .. } => Some(&**tried),
        _ => None,
    });
    lines.extend(search_trace(searched.flatten()));
    lines
}
