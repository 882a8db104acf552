//! What a change did to keys and policy.

use std::path::Path;

use super::finding::Finding;
use super::rule::Rule;
use crate::crypto::PublicKey;
use crate::team::policy_globs;

/// The finding for a public key that is another than before.
pub fn key_changed(
    path: &Path,
    variable: &str,
    before: &PublicKey,
    after: &PublicKey,
    line: usize,
) -> Finding {
    let message = format!(
        "{variable} was key {} and is key {}: who made the new one reads what is sealed from now on",
        before.id(),
        after.id()
    );
    let fix = "ask who changed it: git log -p -- {file}; to undo: git checkout HEAD -- {file}";
    Finding::new(Rule::PublicKeyChanged, path, message, fix).at(line).about(variable)
}

/// The findings for globs of `[policy]` that were not there before. A text that cannot be read counts as empty.
pub fn widened(path: &Path, before: &[u8], after: &[u8]) -> Vec<Finding> {
    let known = policy_globs(before);
    let new = policy_globs(after).into_iter().filter(|glob| !known.contains(glob));
    new.map(|(key, glob)| {
        let what = if key == "plain" { "calls more names plain" } else { "leaves more files out" };
        let message = format!("`{key}` has {glob:?}, which it had not: the policy {what}");
        let quoted = [format!("\"{glob}\""), format!("'{glob}'")];
        let text = String::from_utf8_lossy(after).into_owned();
        let line = text.lines().position(|line| quoted.iter().any(|quoted| line.contains(quoted.as_str())));
        let found =
            Finding::new(Rule::PolicyWidened, path, message, "have it reviewed in a change of its own");
        found.at(line.map_or(1, |at| at + 1))
    })
    .collect()
}
