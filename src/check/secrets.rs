//! The values that must not appear elsewhere: those in env files that the available keys decrypt.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::CheckReport;
use super::snapshot::folder;
use crate::check::rules::{Finding, Leaks, Rule, SchemaFile, SecretValue, check_value, malformed_reference};
use crate::config::EnvName;
use crate::crypto::{KeyId, OpenError, Opener, PlaintextKind};
use crate::dotenv::{Document, ExpandError, Quote, read, references};
use crate::hint::Hint;
use crate::keys::KeyStore;
use crate::project;

/// Texts of env files with their paths, relative to the root.
pub(super) type EnvTexts = BTreeSet<(PathBuf, Vec<u8>)>;

/// Decrypts sealed values of many files. Never prompts, and reports problems with keys instead of stopping.
pub(super) struct SealedValues<'a> {
    root: &'a Path,
    store: &'a KeyStore<'a>,
    secrets: Vec<SecretValue>,
    keys: HashMap<(EnvName, PathBuf), FolderKeys>,
    /// How many values of each environment there were, and how many of them were decrypted.
    counts: BTreeMap<String, (usize, usize)>,
}

/// The keys available to an environment's env files in one folder.
struct FolderKeys {
    openers: HashMap<KeyId, Opener>,
    /// Names and tokens. The same one in many commits is decrypted once; for another folder it may need another key.
    seen: HashSet<(String, String)>,
}

impl<'a> SealedValues<'a> {
    pub(super) fn new(root: &'a Path, store: &'a KeyStore<'a>) -> Self {
        Self { root, store, secrets: Vec::new(), keys: HashMap::new(), counts: BTreeMap::new() }
    }

    /// Decrypts the values of one env file. Returns the findings about values that the key they name doesn't decrypt,
    /// or that are not of the schema's type.
    pub(super) fn add(
        &mut self,
        path: &Path,
        text: &[u8],
        schema: Option<SchemaFile<'_>>,
        report: &mut CheckReport,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        let (Ok(env), Ok(document)) = (EnvName::of_file(path), Document::parse(text.to_vec())) else {
            return findings;
        };
        for (at, entry) in document.entries().iter().enumerate() {
            let Some(Ok(token)) = project::token(&document, entry) else { continue };
            let name = document.name(entry);
            let place = (env.clone(), self.root.join(folder(path)));
            let keys = self.keys.entry(place).or_insert_with_key(|(env, near)| FolderKeys {
                openers: openers(self.store, env, near, report),
                seen: HashSet::new(),
            });
            if !keys.seen.insert((name.to_owned(), token.to_string())) {
                continue;
            }
            let opened = keys.openers.get_mut(&token.key_id()).map(|opener| opener.open(name, &token));
            let (all, decrypted) = self.counts.entry(env.to_string()).or_default();
            *all += 1;
            let opened = match opened {
                Some(Ok(opened)) => opened,
                Some(Err(error)) => {
                    findings.push(does_not_open(path, name, error).at(entry.line));
                    continue;
                }
                None => continue,
            };
            *decrypted += 1;
            let (quote, value) = match opened.kind {
                // Nothing in it is a reference, as in single quotes.
                PlaintextKind::Value => (Quote::Single, Zeroizing::new(opened.bytes.expose().to_vec())),
                PlaintextKind::Source => read(opened.bytes.expose()),
            };
            if quote.expands() && references(&value) == Err(ExpandError::Malformed) {
                findings.push(malformed_reference(path, name).at(entry.line));
            }
            let item = schema.and_then(|schema| Some((schema, schema.schema.get(name)?)));
            if let Some((schema, item)) = item.filter(|_| document.last(name) == Some(at)) {
                findings.extend(check_value(path, entry.line, item, (quote, &value), schema));
            }
            let label = format!("{name} in {}", path.display());
            self.secrets.push(SecretValue { label, name: name.to_owned(), value });
        }
        findings
    }

    /// Returns the values to look for, and reports the environments none of whose values could be decrypted.
    pub(super) fn into_leaks(self, report: &mut CheckReport) -> Leaks {
        let closed = self.counts.into_iter().filter(|(_, (all, decrypted))| *all > 0 && *decrypted == 0);
        report.without_key = closed.map(|(env, _)| env).collect();
        Leaks::new(self.secrets)
    }
}

fn does_not_open(path: &Path, name: &str, error: OpenError) -> Finding {
    let message = format!("{name} can't be decrypted with its key: {error}");
    // A value that belongs to another name is intact: setting a new one would destroy it.
    let again = match error {
        OpenError::OtherName => Hint::from(""),
        _ => hint!("; or set it again: envseal set {name} -f {file}", name),
    };
    let fix = hint!("see who changed it: envseal log {name}", name).and(again);
    Finding::new(Rule::DoesNotOpen, path, message, fix).about(name)
}

fn openers(
    store: &KeyStore<'_>,
    env: &EnvName,
    near: &Path,
    report: &mut CheckReport,
) -> HashMap<KeyId, Opener> {
    let (available, granted) = (store.all(env, near), store.granted_now(env, near));
    let mut keys = HashMap::new();
    for found in [granted, available] {
        match found {
            Ok(found) => keys.extend(found.into_iter().map(|key| (key.public().id(), Opener::new(key)))),
            Err(error) => report.key_error = Some(error.into()),
        }
    }
    if !keys.is_empty() {
        // A single source is enough, such as the keys file beside a locked identity.
        report.key_error = None;
    }
    keys
}
