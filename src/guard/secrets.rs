//! The values that must not turn up elsewhere: what the sealed values of env files open to, as far as keys are at hand.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::report::{Options, Report};
use crate::config::{EnvName, is_env_file};
use crate::crypto::{KeyId, Kind, Opener, SealedValue, claims_to_be_sealed};
use crate::dotenv::{Document, Quote, read};
use crate::keystore::{KeyStore, KeystoreError};
use crate::scan::{Leaks, Secret};

/// Opens what can be opened of env files' texts, each with its path (relative to `root`, where keys files are).
///
/// Nothing is ever asked for, and nothing that is wrong with a key stops a check: it is told in the report.
pub(super) fn known_values(
    texts: impl IntoIterator<Item = (PathBuf, Vec<u8>)>,
    root: &Path,
    options: &Options<'_>,
    report: &mut Report,
) -> Leaks {
    let mut gathered = Gathered::default();
    for (path, text) in texts {
        gathered.add(&path, text, root, options.store, report);
    }
    gathered.into_leaks(report)
}

/// Values that are being gathered.
#[derive(Default)]
pub(super) struct Gathered {
    secrets: Vec<Secret>,
    openers: HashMap<(EnvName, PathBuf), HashMap<KeyId, Opener>>,
    seen: BTreeSet<(String, Vec<u8>)>,
    /// For each environment how many values there were, and how many of them could be opened.
    counts: BTreeMap<String, (usize, usize)>,
}

impl Gathered {
    /// Opens the values of one env file's text.
    pub(super) fn add(
        &mut self,
        path: &Path,
        text: Vec<u8>,
        root: &Path,
        store: &KeyStore<'_>,
        report: &mut Report,
    ) {
        let (true, Ok(env), Ok(document)) =
            (is_env_file(path), EnvName::of_file(path), Document::parse(text))
        else {
            return;
        };
        for entry in document.entries() {
            let (quote, value) = document.value(entry);
            if !claims_to_be_sealed(&value) || quote == Quote::Backtick {
                continue;
            }
            let name = document.name(entry);
            // The same token in many commits is opened once.
            if !self.seen.insert((name.to_owned(), value.to_vec())) {
                continue;
            }
            let Ok(token) = SealedValue::parse(&value) else { continue };
            let near = root.join(path.parent().unwrap_or(Path::new("")));
            let openers = self
                .openers
                .entry((env.clone(), near.clone()))
                .or_insert_with(|| openers(store, &env, &near, report));
            let opened = openers.get_mut(&token.key_id()).and_then(|opener| opener.open(name, &token).ok());
            let counts = self.counts.entry(env.to_string()).or_default();
            counts.0 += 1;
            let Some(opened) = opened else { continue };
            counts.1 += 1;
            let value = match opened.kind {
                Kind::Value => Zeroizing::new(opened.bytes.expose().to_vec()),
                Kind::Source => read(opened.bytes.expose()).1,
            };
            let label = format!("{name} in {}", path.display());
            self.secrets.push(Secret { label, name: name.to_owned(), value });
        }
    }

    /// What was gathered, ready to be looked for.
    pub(super) fn into_leaks(self, report: &mut Report) -> Leaks {
        let closed = self.counts.into_iter().filter(|(_, (all, opened))| *all > 0 && *opened == 0);
        report.unopened = closed.map(|(env, _)| env).collect();
        Leaks::new(self.secrets)
    }
}

fn openers(store: &KeyStore<'_>, env: &EnvName, near: &Path, report: &mut Report) -> HashMap<KeyId, Opener> {
    match store.all(env, near) {
        Ok(keys) => keys.into_iter().map(|key| (key.public().id(), Opener::new(key))).collect(),
        Err(KeystoreError::NotFound { .. }) => HashMap::new(),
        Err(error) => {
            report.keys_unused = Some(error.into());
            HashMap::new()
        }
    }
}
