//! What a change did to keys and policy.

use std::path::Path;

use super::finding::Finding;
use super::lineage::Lineage;
use super::rule::Rule;
use crate::crypto::PublicKey;
use crate::team::policy_globs;

/// The finding for a public key that is another than before, and has not proven to be the next one. `from` is the file
/// that had the key before.
pub(crate) fn key_changed(
    (path, line): (&Path, usize),
    from: &Path,
    variable: &str,
    [before, after]: [&PublicKey; 2],
    lineage: &Lineage,
) -> Option<Finding> {
    let what = match lineage {
        Lineage::Proven => return None,
        Lineage::None => "who made the new one reads what is sealed from now on".to_owned(),
        Lineage::Forged(old) => format!(
            "the proof of its rotation in envseal.toml is forged: it was not made by who holds key {old}"
        ),
        Lineage::Unverified(old) => {
            let ids: Vec<_> = old.iter().map(ToString::to_string).collect();
            format!(
                "envseal.toml has a proof of its rotation, which takes the private half of key {} to verify",
                ids.join(", ")
            )
        }
    };
    let fix = match lineage {
        Lineage::Unverified(_) => hint!(
            "have it checked by who holds that key; a CI takes both, old and new: {variable}=NEW,OLD",
            variable = variable.replacen("PUBLIC", "PRIVATE", 1)
        ),
        _ if from == path => {
            "ask who changed it: git log -p -- {file}; to undo: git checkout HEAD -- {file}".into()
        }
        _ => "ask who changed it: git log -p -- {file}".into(),
    };
    let place = if from == path { String::new() } else { format!(" in {}", from.display()) };
    let message = format!("{variable} was key {}{place} and is key {}: {what}", before.id(), after.id());
    Some(Finding::new(Rule::PublicKeyChanged, path, message, fix).at(line).about(variable))
}

/// The findings for globs of `[policy]` that were not there before. A text that cannot be read counts as empty.
pub(crate) fn widened(path: &Path, before: &[u8], after: &[u8]) -> Vec<Finding> {
    let known = policy_globs(before);
    let new = policy_globs(after).into_iter().filter(|glob| !known.contains(glob));
    new.map(|(key, glob)| {
        let what = match key {
            "plain" => "calls more names plain",
            "external" => "takes more names for set by the target machine",
            _ => "leaves more files out",
        };
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
