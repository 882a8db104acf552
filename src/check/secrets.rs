//! The values that must not turn up elsewhere: what the sealed values of env files open to, as far as keys are at hand.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::policies::folder;
use super::report::{Options, Report};
use super::schemas::Schemas;
use super::staged::Texts;
use crate::check::rules::{Finding, Leaks, Rule, Ruled, Secret, malformed_reference, value_held};
use crate::config::EnvName;
use crate::crypto::{KeyId, Kind, OpenError, Opener};
use crate::dotenv::{Document, ExpandError, Quote, read, references};
use crate::hint::Hint;
use crate::keys::KeyStore;
use crate::project;

/// What is known of the values of a change's env files.
pub(super) struct Known {
    /// The values, ready to be looked for.
    pub(super) leaks: Leaks,
    /// Values of the change that the key at hand does not open, though they are sealed to it.
    pub(super) findings: Vec<Finding>,
}

/// Opens what can be opened of env files' texts, as they are now and as they were, each with its path (relative to
/// `root`, where keys files are).
///
/// Nothing is ever asked for, and nothing that is wrong with a key stops a check: it is told in the report.
pub(super) fn known_values(
    now: &Texts,
    before: &Texts,
    schemas: &Schemas,
    root: &Path,
    options: &Options<'_>,
    report: &mut Report,
) -> Known {
    let mut gathered = Gathered::default();
    let mut findings = Vec::new();
    for (path, text) in now {
        let ruled = schemas.at(folder(path));
        findings.extend(gathered.add(path, text, ruled, root, options.store, report));
    }
    for (path, text) in before.difference(now) {
        gathered.add(path, text, None, root, options.store, report);
    }
    Known { leaks: gathered.into_leaks(report), findings }
}

/// Values that are being gathered.
#[derive(Default)]
pub(super) struct Gathered {
    secrets: Vec<Secret>,
    places: HashMap<(EnvName, PathBuf), Place>,
    /// For each environment how many values there were, and how many of them could be opened.
    counts: BTreeMap<String, (usize, usize)>,
}

/// An environment's env files in one folder: the same keys are at hand for all of them.
struct Place {
    openers: HashMap<KeyId, Opener>,
    /// Names and tokens. The same one in many commits is opened once; elsewhere it may be another key's to open.
    seen: HashSet<(String, String)>,
}

impl Gathered {
    /// Opens the values of one env file's text, and returns what does not open though its key is at hand, and what is
    /// not as the schema says.
    pub(super) fn add(
        &mut self,
        path: &Path,
        text: &[u8],
        ruled: Option<Ruled<'_>>,
        root: &Path,
        store: &KeyStore<'_>,
        report: &mut Report,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        let (Ok(env), Ok(document)) = (EnvName::of_file(path), Document::parse(text.to_vec())) else {
            return findings;
        };
        for (at, entry) in document.entries().iter().enumerate() {
            let Some(Ok(token)) = project::token(&document, entry) else { continue };
            let name = document.name(entry);
            let near = root.join(path.parent().unwrap_or(Path::new("")));
            let place = self.places.entry((env.clone(), near)).or_insert_with_key(|(env, near)| Place {
                openers: openers(store, env, near, report),
                seen: HashSet::new(),
            });
            if !place.seen.insert((name.to_owned(), token.to_string())) {
                continue;
            }
            let opened = place.openers.get_mut(&token.key_id()).map(|opener| opener.open(name, &token));
            let counts = self.counts.entry(env.to_string()).or_default();
            counts.0 += 1;
            let opened = match opened {
                Some(Ok(opened)) => opened,
                Some(Err(error)) => {
                    findings.push(does_not_open(path, name, error).at(entry.line));
                    continue;
                }
                None => continue,
            };
            counts.1 += 1;
            let (quote, value) = match opened.kind {
                // As if in single quotes: nothing in it is a reference.
                Kind::Value => (Quote::Single, Zeroizing::new(opened.bytes.expose().to_vec())),
                Kind::Source => read(opened.bytes.expose()),
            };
            if quote.expands() && references(&value) == Err(ExpandError::Malformed) {
                findings.push(malformed_reference(path, name).at(entry.line));
            }
            let item = ruled.and_then(|ruled| Some((ruled, ruled.schema.get(name)?)));
            if let Some((ruled, item)) = item.filter(|_| document.last(name) == Some(at)) {
                findings.extend(value_held(path, entry.line, item, (quote, &value), ruled));
            }
            let label = format!("{name} in {}", path.display());
            self.secrets.push(Secret { label, name: name.to_owned(), value });
        }
        findings
    }

    /// What was gathered, ready to be looked for.
    pub(super) fn into_leaks(self, report: &mut Report) -> Leaks {
        let closed = self.counts.into_iter().filter(|(_, (all, opened))| *all > 0 && *opened == 0);
        report.unopened = closed.map(|(env, _)| env).collect();
        Leaks::new(self.secrets)
    }
}

fn does_not_open(path: &Path, name: &str, error: OpenError) -> Finding {
    let message = format!("{name} does not open with the key at hand: {error}");
    // One that belongs under another name is whole: what is set in its place would be all that is left of it.
    let anew = match error {
        OpenError::OtherName => Hint::from(""),
        _ => hint!("; or set it anew: envseal set {name} -f {file}", name),
    };
    let fix = hint!("see who changed it: envseal log {name}", name).and(anew);
    Finding::new(Rule::DoesNotOpen, path, message, fix).about(name)
}

fn openers(store: &KeyStore<'_>, env: &EnvName, near: &Path, report: &mut Report) -> HashMap<KeyId, Opener> {
    let (at_hand, granted) = (store.all(env, near), store.granted_now(env, near));
    let mut keys = HashMap::new();
    for found in [granted, at_hand] {
        match found {
            Ok(found) => keys.extend(found.into_iter().map(|key| (key.public().id(), Opener::new(key)))),
            Err(error) => report.keys_unused = Some(error.into()),
        }
    }
    if !keys.is_empty() {
        // What serves is enough, as where an identity is locked and the keys file has the key.
        report.keys_unused = None;
    }
    keys
}
