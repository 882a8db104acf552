//! `check --fix`: fixes what can be fixed without asking anyone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::CheckReport;
use crate::check::rules::Rule;
use crate::config::is_env_file;
use crate::error::Error;
use crate::fs;
use crate::git::relative_path;
use crate::keys::KeyStore;
use crate::project::{DollarSigns, Notice, Pick, Project, Write, encrypt, guard_keys_file, update};

#[derive(Debug, Default)]
pub(crate) struct FixSummary {
    /// Env files, and how many values were encrypted in each.
    pub encrypted: Vec<(PathBuf, usize)>,
    /// Keys files.
    pub made_private: Vec<PathBuf>,
    /// Anything else that was created: keys, lines in ignore files.
    pub notices: Vec<Notice>,
}

/// Fixes findings of a check of the working tree below `root`: encrypts plaintext, makes git and Docker ignore the keys
/// files, and makes those files private.
pub(crate) fn fix(root: &Path, report: &CheckReport, store: &KeyStore<'_>) -> Result<FixSummary, Error> {
    let mut fixed = FixSummary::default();
    let mut plaintext: BTreeMap<PathBuf, BTreeSet<&str>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| finding.rule == Rule::Plaintext) {
        // Envseal's own names are never encrypted: their lines must be removed.
        let name = finding.name.as_deref().filter(|name| !crate::config::is_own_name(name));
        plaintext.entry(relative_path(&root.join(&finding.file))).or_default().extend(name);
    }
    let paths: Vec<_> = plaintext
        .iter()
        .filter(|(path, names)| !names.is_empty() && is_env_file(path) && path.is_file())
        .map(|(path, _)| path.clone())
        .collect();
    let dollars = DollarSigns::default();
    let updated = update(&paths, store, (Write::Files, false), |target| {
        let names = &plaintext[target.file().path()];
        let pick = Pick { wants: &|name| names.contains(name), all: false };
        let key = target.seal_to()?;
        encrypt(target.file(), target.document(), target.project(), &key, &pick, &dollars, None)
    })?;
    fixed.notices.extend(updated.notices);
    let encrypted = updated.files.into_iter().map(|file| (file.path, file.outcome));
    fixed.encrypted = encrypted.filter(|(_, count)| *count > 0).collect();
    // Done last: if encrypting is refused, nothing must have changed.
    for finding in &report.findings {
        let path = root.join(&finding.file);
        match finding.rule {
            Rule::KeysFileMode => {
                fs::make_private(&path)?;
                fixed.made_private.push(path);
            }
            Rule::KeysFileNotIgnored | Rule::KeysFileDocker => {
                let project = Project::of(path.parent().unwrap_or(root), store.repositories())?;
                fixed.notices.extend(guard_keys_file(&path, &project)?);
            }
            _ => {}
        }
    }
    Ok(fixed)
}
