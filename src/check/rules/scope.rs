//! The env files of one scope: one environment has one key.

use std::collections::BTreeMap;
use std::path::Path;

use super::finding::Finding;
use super::rule::Rule;
use crate::config::{EnvName, TEAM_FILE, misspelled};
use crate::crypto::PublicKey;
use crate::hint::Hint;

/// An env file and the public key in it.
#[derive(Clone, Copy)]
pub(crate) struct Keyed<'a> {
    /// Its path, relative to the root of what is checked.
    pub path: &'a Path,
    /// The key, and its line.
    pub key: Option<(PublicKey, usize)>,
}

/// The finding for a team file or a schema under a name that only some file systems take for its own.
pub(crate) fn misspelled_file(path: &Path) -> Option<Finding> {
    let name = misspelled(path)?;
    let message = format!("this file is not read, but some file systems take it for {name}");
    let fix = hint!("rename it: git mv {file} {name}", name = path.with_file_name(name));
    let rule = if name == TEAM_FILE { Rule::TeamFile } else { Rule::SchemaMalformed };
    Some(Finding::new(rule, path, message, fix).as_error())
}

/// Compares the keys and the names of a scope's env files, handed in byte order of their paths. The key of an environment
/// is that of its file in the uppermost folder.
pub(crate) fn scope(files: &[Keyed<'_>]) -> Vec<Finding> {
    let mut files = files.to_vec();
    files.sort_by_key(|file| file.path.components().count());
    let mut findings = Vec::new();
    let mut first: BTreeMap<EnvName, (&Path, PublicKey)> = BTreeMap::new();
    let mut beside: BTreeMap<(&Path, String), &Path> = BTreeMap::new();
    let mut named: BTreeMap<String, (EnvName, &Path)> = BTreeMap::new();
    let mut holders: BTreeMap<PublicKey, (EnvName, &Path)> = BTreeMap::new();
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
        } else {
            let (other_env, other) =
                named.entry(env.public_key_name()).or_insert_with(|| (env.clone(), path));
            if *other_env != env {
                let message =
                    format!("{} of this project shares the name {}", other.display(), env.public_key_name());
                let fix = "give one of the two environments another name: git mv {file} …";
                findings.push(Finding::new(Rule::SideBySide, path, message, fix));
            }
        }
        let Some((key, line)) = key else { continue };
        let (other_env, other) = holders.entry(*key).or_insert_with(|| (env.clone(), path));
        if *other_env != env {
            let message = format!(
                "{env} has the public key of {other_env}, in {}: access to one would be access to both",
                other.display()
            );
            // Which of the two the key belongs to, this can't tell.
            let fix = "see who put it there: git log -p -- {file}; then bring back the key of the environment itself";
            let found = Finding::new(Rule::KeyShared, path, message, fix);
            findings.push(found.at(*line).about(&env.public_key_name()));
        }
        match first.get(&env) {
            Some((other, other_key)) if other_key != key => {
                let message = format!(
                    "it is sealed to key {}, {} to key {}: one environment has one key",
                    key.id(),
                    other.display(),
                    other_key.id()
                );
                let share = hint!(
                    "copy the line of the key from {other}, then: envseal encrypt --reseal -f {file}",
                    other
                );
                let fix = if other.parent() == path.parent() {
                    share
                } else {
                    Hint::from("for a project of its own: touch {folder}/envseal.toml; else ").and(share)
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
