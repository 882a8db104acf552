//! What to say beyond an error's own line, to a person at the command line and to a program: the details, and what to
//! try next.

mod files;
mod keys;

use std::fmt::Display;

pub use files::{fs_hint, git_hint, vault_hint};

use crate::keystore::{KeystoreError, Tried};
use crate::vault::{Failure, Reason, VaultError};

/// Lines that say more: each value that could not be opened, each place a key was looked for. None holds a value.
pub fn vault_details(error: &VaultError) -> Vec<String> {
    match error {
        VaultError::Unopened(failures) => unopened(failures),
        VaultError::Breaches(breaches) => breaches.iter().map(ToString::to_string).collect(),
        VaultError::Keystore(KeystoreError::NotFound { tried, .. }) => looked(tried),
        VaultError::PinDiffers { change, .. } => vec![
            format!("accepted before: {} ({})", change.pinned.fingerprint(), change.seen),
            format!("in the file now: {}", change.found.fingerprint()),
        ],
        _ => Vec::new(),
    }
}

/// The error in one line: its own words, and those of what lies behind it where its own do not say so.
pub fn in_one_line(error: &dyn std::error::Error) -> String {
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

/// A path as it can be pasted into a shell.
pub fn quoted(path: impl Display) -> String {
    let text = path.to_string();
    let plain = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "._-/+:@,%".contains(c));
    if plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn looked(tried: &[Tried]) -> Vec<String> {
    tried.iter().map(|tried| format!("looked for {tried}")).collect()
}

/// One line for each value; where a key was looked for is said once.
fn unopened(failures: &[Failure]) -> Vec<String> {
    let mut lines: Vec<_> = failures
        .iter()
        .map(|f| format!("{}:{} {}: {}", f.path.display(), f.line, f.name, f.reason))
        .collect();
    let mut places: Vec<&[Tried]> = Vec::new();
    for failure in failures {
        if let Reason::NoKey { tried, .. } = &failure.reason
            && !places.contains(&&**tried)
        {
            places.push(tried);
            lines.extend(looked(tried));
        }
    }
    lines
}
