//! `check --fix`: mends what can be mended without asking anyone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::error::GuardError;
use super::report::Report;
use crate::check::rules::Rule;
use crate::config::is_env_file;
use crate::fs;
use crate::keys::KeyStore;
use crate::project::{DollarSigns, Notice, Pick, Scope, Write, encrypt, guard_keys_file, update};

/// What was mended.
#[derive(Debug, Default)]
pub(crate) struct Fixed {
    /// Env files, and how many values were sealed in each.
    pub sealed: Vec<(PathBuf, usize)>,
    /// Keys files that were taken from others' eyes.
    pub made_private: Vec<PathBuf>,
    /// What was made on the way: keys, lines in ignore files.
    pub notices: Vec<Notice>,
}

/// Seals plaintext, has git and docker ignore the keys files, and takes permissions from others, as the findings of
/// a check of the worktree below `root` ask.
pub(crate) fn fix(
    root: &Path,
    report: &Report,
    store: &KeyStore<'_>,
    on_wait: &dyn Fn(),
) -> Result<Fixed, GuardError> {
    let mut fixed = Fixed::default();
    let mut plaintext: BTreeMap<PathBuf, BTreeSet<&str>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| finding.rule == Rule::Plaintext) {
        // Envseal's own names are never sealed: they have to go.
        let name = finding.name.as_deref().filter(|name| !crate::config::is_own_name(name));
        plaintext.entry(root.join(&finding.file)).or_default().extend(name);
    }
    let paths: Vec<_> = plaintext
        .iter()
        .filter(|(path, names)| !names.is_empty() && is_env_file(path))
        .map(|(path, _)| path.clone())
        .collect();
    let (mut counts, dollars) = (Vec::new(), DollarSigns::default());
    let updated = update(&paths, store, Write::Files, on_wait, |target| {
        let names = &plaintext[target.file().path()];
        let pick = Pick { wants: &|name| names.contains(name), all: false };
        let key = target.seal_to()?;
        let (document, count) =
            encrypt(target.file(), target.document(), target.scope(), &key, &pick, &dollars)?;
        counts.push(count);
        Ok(document)
    })?;
    fixed.notices.extend(updated.notices);
    fixed.sealed = paths.into_iter().zip(counts).filter(|(_, count)| *count > 0).collect();
    // Last, for sealing may be refused, and then nothing is to have changed.
    for finding in &report.findings {
        let path = root.join(&finding.file);
        match finding.rule {
            Rule::KeysFileMode => {
                fs::make_private(&path)?;
                fixed.made_private.push(path);
            }
            Rule::KeysFileNotIgnored | Rule::KeysFileDocker => {
                let scope = Scope::of(path.parent().unwrap_or(root), store.repositories())?;
                fixed.notices.extend(guard_keys_file(&path, &scope, on_wait)?);
            }
            _ => {}
        }
    }
    Ok(fixed)
}
