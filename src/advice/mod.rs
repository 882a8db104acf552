//! What to say beyond an error's own line, to a person at the command line and to a program: the details, and what to
//! try next.

mod files;
mod keys;
mod program;

use std::collections::HashSet;
use std::path::Path;

pub(crate) use files::{fs_hint, git_hint, vault_hint};
pub(crate) use program::program_hint;

use crate::keys::{KeystoreError, Tried};
use crate::project::{Failure, PinChange, Reason, VaultError};

/// How the path of a place where a key was looked for is shown.
pub(crate) type Show<'a> = &'a dyn Fn(&Path) -> String;

/// Lines that say more: each value that could not be opened, each place a key was looked for. None holds a value.
pub(crate) fn vault_details(error: &VaultError, show: Show<'_>) -> Vec<String> {
    match error {
        VaultError::Unopened(failures) => unopened(failures, show),
        VaultError::Breaches(breaches) => breaches.iter().map(ToString::to_string).collect(),
        VaultError::Keystore(KeystoreError::NotFound { tried, .. }) => looked(tried, show).collect(),
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

/// The error in one line: its own words, and those of what lies behind it where its own do not say so.
pub(crate) fn in_one_line(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !message.contains(&words) {
            message = format!("{message}: {words}");
        }
        source = cause.source();
    }
    message
}

fn looked<'a>(tried: &'a [Tried], show: Show<'a>) -> impl Iterator<Item = String> + 'a {
    tried.iter().map(move |tried| format!("looked for {}", tried.told(show)))
}

/// One line for each value, also for those that others go back to; where a key was looked for is said once.
fn unopened(failures: &[Failure], show: Show<'_>) -> Vec<String> {
    let mut lines: Vec<_> = failures.iter().map(ToString::to_string).collect();
    let mut told: HashSet<_> = lines.iter().cloned().collect();
    let roots = failures.iter().filter(|failure| matches!(failure.reason, Reason::DependsOn { .. }));
    lines.extend(roots.map(|failure| failure.root().to_string()).filter(|line| told.insert(line.clone())));
    let mut places: Vec<&[Tried]> = Vec::new();
    for failure in failures {
        if let Reason::NoKey { tried, .. } = &failure.root().reason
            && !places.contains(&&**tried)
        {
            places.push(tried);
            lines.extend(looked(tried, show));
        }
    }
    lines
}
