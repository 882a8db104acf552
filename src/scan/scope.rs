//! The env files of one scope: one environment has one key.

use std::collections::BTreeMap;
use std::path::Path;

use super::finding::Finding;
use super::rule::Rule;
use crate::config::EnvName;
use crate::crypto::PublicKey;

/// An env file and the public key in it.
#[derive(Clone, Copy)]
pub struct Keyed<'a> {
    /// Its path, relative to the root of what is checked.
    pub path: &'a Path,
    /// The key, and its line.
    pub key: Option<(PublicKey, usize)>,
}

/// Compares the keys and the names of a scope's env files, handed in byte order of their paths. The key of an environment
/// is that of its file in the uppermost folder.
pub fn scope(files: &[Keyed<'_>]) -> Vec<Finding> {
    let mut files = files.to_vec();
    files.sort_by_key(|file| file.path.components().count());
    let mut findings = Vec::new();
    let mut first: BTreeMap<EnvName, (&Path, PublicKey)> = BTreeMap::new();
    let mut beside: BTreeMap<(&Path, String), &Path> = BTreeMap::new();
    for Keyed { path, key } in &files {
        let Ok(env) = EnvName::of_file(path) else { continue };
        let folder = path.parent().unwrap_or(Path::new(""));
        if let Some(other) = beside.insert((folder, env.public_key_name()), path) {
            let message = format!(
                "{} stands beside it, and both share the name {}",
                other.display(),
                env.public_key_name()
            );
            findings.push(Finding::new(
                Rule::SideBySide,
                path,
                message,
                "keep one of the two: git rm {file}",
            ));
        }
        let Some((key, line)) = key else { continue };
        match first.get(&env) {
            Some((other, other_key)) if other_key != key => {
                let message = format!(
                    "it is sealed to key {}, {} to key {}: one environment has one key",
                    key.id(),
                    other.display(),
                    other_key.id()
                );
                let share = format!(
                    "copy the key's line from {}, then: envseal encrypt --reseal -f {{file}}",
                    other.display()
                );
                let fix = if other.parent() == path.parent() {
                    share
                } else {
                    format!("for a project of its own: touch {{folder}}/envseal.toml; else {share}")
                };
                let found = Finding::new(Rule::KeysDisagree, path, message, fix);
                findings.push(found.at(*line).about(&env.public_key_name()));
            }
            Some(_) => {}
            None => {
                first.insert(env, (path, *key));
            }
        }
    }
    findings
}
