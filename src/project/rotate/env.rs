//! One environment of a rotation: its files and its two keys.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::change::edited;
use super::super::file::{EnvFile, folder_of, real_place, refuse_link_elsewhere};
use super::super::line_errors::{cannot_seal, key_line_lost, keys_disagree};
use super::super::pin::refuse_old_key;
use super::super::scope::Scope;
use super::super::value_failure::{FailureReason as Reason, ValueFailure, cannot_decrypt};
use super::{LeftSealed, Rotated, RotatedEnv};
use crate::config::EnvName;
use crate::crypto::{Opener, PrivateKey, PublicKey, Sealer};
use crate::dotenv::{Document, Edit};
use crate::error::{Error, ErrorKind};
use crate::keys::{KeyLookupError, KeyStore};

/// An environment that is about to be rotated.
pub(super) struct Current {
    pub(super) env: EnvName,
    /// Those with a public key.
    pub(super) files: Vec<EnvFile>,
    pub(super) old: PrivateKey,
    pub(super) new: PrivateKey,
}

impl Current {
    /// Loads the environment's files in a scope, and finds its key.
    pub(super) fn load(
        env: &EnvName,
        scope: &Scope,
        dir: &Path,
        store: &KeyStore<'_>,
    ) -> Result<Self, Error> {
        let mut files: Vec<EnvFile> = Vec::new();
        for path in paths(env, scope, dir)? {
            refuse_link_elsewhere(&path)?;
            let file = EnvFile::load(&path)?;
            match (file.public_key(), files.first()) {
                (None, _) => refuse_keyless(&file)?,
                (Some(key), Some(first)) if first.public_key() != Some(key) => {
                    let first_key = first.public_key().unwrap_or(key).id();
                    return Err(keys_disagree((first.path(), first_key), (&path, key.id())));
                }
                _ => files.push(file),
            }
        }
        let none = || no_files(env, scope);
        let public = *files.first().and_then(EnvFile::public_key).ok_or_else(none)?;
        let old = find(env, &public, &files, store)?;
        files.iter().try_for_each(|file| refuse_old_key(file, scope, store, &old))?;
        Ok(Self { env: env.clone(), files, old, new: PrivateKey::generate() })
    }

    pub(super) fn keys(&self) -> Rotated<'_> {
        Rotated { env: &self.env, old: &self.old, new: &self.new, files: &self.files }
    }

    /// A report on which nothing is done yet.
    pub(super) fn report(&self) -> RotatedEnv {
        RotatedEnv {
            env: self.env.clone(),
            old: self.old.public().id(),
            new: self.new.public().id(),
            files: self.files.iter().map(|file| file.path().to_owned()).collect(),
            resealed: 0,
            left: Vec::new(),
            granted: Vec::new(),
            left_out: Vec::new(),
            dropped: Vec::new(),
            exposures: 0,
            unproven: Vec::new(),
            tags_lost: false,
        }
    }

    /// Each file's path, and its document before and after: every value sealed to the new key, in one batch. Nothing but
    /// the values and the public key's line changes.
    pub(super) fn resealed(
        &self,
        store: &KeyStore<'_>,
        report: &mut RotatedEnv,
    ) -> Result<Vec<(PathBuf, Document, Document)>, Error> {
        let new = self.new.public();
        let mut sealer = Sealer::new(&new).expect("a key just made");
        let (mut openers, mut knows_older) = (vec![Opener::new(self.old.clone())], false);
        let (mut written, mut failures) = (Vec::new(), Vec::new());
        for file in &self.files {
            let document = file.document();
            let mut sources = vec![self.key_line(document, &new)];
            for (at, entry) in file.variables() {
                let (name, path, line) =
                    (document.name(entry).to_owned(), file.path().to_owned(), entry.line);
                let mut fail = |reason: Reason| {
                    failures.push(ValueFailure { name: name.clone(), path: path.clone(), line, reason });
                };
                let token = match file.token(entry) {
                    None => continue,
                    Some(Ok(token)) => token,
                    Some(Err(error)) => {
                        fail(error.into());
                        continue;
                    }
                };
                if !knows_older && token.key_id() != self.old.public().id() {
                    openers.extend(self.older(store)?.into_iter().map(Opener::new));
                    knows_older = true;
                }
                let opener = openers.iter_mut().find(|opener| opener.public_key().id() == token.key_id());
                let Some(opener) = opener else {
                    report.left.push(LeftSealed { path, line, name, key: token.key_id() });
                    continue;
                };
                match opener.open(&name, &token) {
                    Ok(opened) => {
                        let sealed = sealer.seal(&name, token.refs(), opened.kind, opened.bytes.expose());
                        let sealed = sealed.map_err(cannot_seal(&path))?;
                        sources.push((at, sealed.to_text()));
                        report.resealed += 1;
                    }
                    Err(error) => fail(error.into()),
                }
            }
            let edits: Vec<_> =
                sources.iter().map(|(entry, source)| Edit::Source { entry: *entry, source }).collect();
            written.push((file.path().to_owned(), document.clone(), edited(file, document, &edits)?));
        }
        if failures.is_empty() { Ok(written) } else { Err(cannot_decrypt(&failures)) }
    }

    /// The public key's entry, and its text with the new key: quotes stay.
    fn key_line(&self, document: &Document, new: &PublicKey) -> (usize, Vec<u8>) {
        let at = document.last(&self.env.public_key_name()).expect("the file has a public key");
        let source = String::from_utf8_lossy(document.source(&document.entries()[at]));
        (at, source.replace(&self.old.public().to_string(), &new.to_string()).into_bytes())
    }

    /// Every key at hand but the present one.
    fn older(&self, store: &KeyStore<'_>) -> Result<Vec<PrivateKey>, Error> {
        let mut keys = Vec::new();
        for folder in self.files.iter().map(EnvFile::dir).collect::<BTreeSet<_>>() {
            keys.extend(store.all(&self.env, &folder)?);
            keys.extend(store.ever_granted(&folder)?);
        }
        keys.retain(|key| key.public() != self.old.public());
        Ok(keys)
    }
}

/// The environment's files in the scope, each once: those of [`Scope::env_files`], and those beside them, in `dir` and
/// at the root that git ignores.
pub(super) fn paths(env: &EnvName, scope: &Scope, dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let is_it = |path: &PathBuf| EnvName::of_file(path).is_ok_and(|it| it == *env);
    let mut paths: Vec<_> = scope.env_files(scope.root())?.into_iter().filter(is_it).collect();
    let beside = paths.iter().map(|path| folder_of(path));
    let folders: BTreeSet<_> = beside.chain([dir.to_owned(), scope.root().to_owned()]).collect();
    for folder in folders {
        paths.extend(scope.passed_over(&folder, &[])?.into_iter().filter(is_it));
    }
    // As a person here would name them.
    let here = Path::new(".").canonicalize().unwrap_or_default();
    let seen_from_here = |path: PathBuf| path.strip_prefix(&here).map(Path::to_owned).unwrap_or(path);
    let mut seen = BTreeSet::new();
    let mut each = Vec::with_capacity(paths.len());
    for path in paths {
        if seen.insert(real_place(&path)) {
            each.push(seen_from_here(path));
        }
    }
    Ok(each)
}

/// A file without a public key has no part in this, unless it has lost it.
fn refuse_keyless(file: &EnvFile) -> Result<(), Error> {
    let mut tokens = file.variables().filter_map(|(_, entry)| file.token(entry)?.ok());
    match tokens.next() {
        None => Ok(()),
        Some(token) => Err(key_line_lost(file.path(), file.env(), token.key_id())),
    }
}

fn no_files(env: &EnvName, scope: &Scope) -> Error {
    let scope = scope.root().display();
    Error::new(ErrorKind::NotFound, format!("there is no env file of environment {env} in {scope}"))
        .with_hint("see which there are: envseal ls")
}

/// The private key, as it is found from any of the files.
fn find(
    env: &EnvName,
    public: &PublicKey,
    files: &[EnvFile],
    store: &KeyStore<'_>,
) -> Result<PrivateKey, Error> {
    let mut missing = None;
    for file in files {
        match store.find(env, public, &file.dir()) {
            Err(error @ KeyLookupError::NotFound { .. }) => drop(missing.get_or_insert(error)),
            found => return Ok(found?),
        }
    }
    Err(missing.expect("there is a file").into())
}
