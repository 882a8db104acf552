//! What other programs would take tokens for: gathered for `check`, and for `run` before it starts one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::policies::folder;
use super::view::View;
use crate::config::EnvName;
use crate::fsio;
use crate::scan::{
    COMPOSE_FILES, EnvReport, Finding, Framework, OfProject, PACKAGE_JSON, env_files_of_compose, frameworks,
    handed_over, may_be_read_elsewhere, sealed_elsewhere,
};
use crate::vault::EnvFile;

/// The findings about env files of `view` that the frameworks of their folders read by themselves. What cannot be read of
/// a project, as in a partial clone, tells of no framework: that is no reason for a check to fail.
pub(super) fn read_elsewhere(view: &View<'_>, reports: &BTreeMap<PathBuf, EnvReport>) -> Vec<Finding> {
    let mut folders: BTreeMap<&Path, Vec<OfProject<'_>>> = BTreeMap::new();
    for (path, report) in reports {
        let of_project = OfProject { path, names: &report.names, sealed: &report.sealed };
        folders.entry(folder(path)).or_default().push(of_project);
    }
    let mut findings = Vec::new();
    for (folder, files) in folders {
        if files.iter().all(|file| file.sealed.is_empty()) {
            continue;
        }
        if may_be_read_elsewhere(&files) {
            let package = view.read_if_there(&folder.join(PACKAGE_JSON)).unwrap_or(None);
            let found =
                frameworks(package.as_deref(), &mut |name| view.has(&folder.join(name)).unwrap_or(false));
            findings.extend(found.into_iter().flat_map(|framework| sealed_elsewhere(framework, &files)));
        }
        for name in COMPOSE_FILES {
            let Ok(Some(text)) = view.read_if_there(&folder.join(name)) else { continue };
            for path in env_files_of_compose(&String::from_utf8_lossy(&text)) {
                let path = folder.join(path);
                let sealed = reports.get(&path).map(|report| &report.sealed);
                findings.extend(sealed.and_then(|sealed| handed_over(&path, sealed, name)));
            }
        }
    }
    findings.sort();
    findings.dedup();
    findings
}

/// A file with sealed names that a program will read by itself.
#[derive(Debug)]
pub struct TakenElsewhere {
    /// Which program.
    pub framework: Framework,
    /// The file, as it can be typed here.
    pub file: PathBuf,
    /// The sealed names that nobody sets.
    pub names: Vec<String>,
}

/// What a program that is about to be started with `loaded` would take tokens for: names that are sealed in files which
/// the frameworks of these files' folders, and of this one, read by themselves, and which are not `is_set`.
///
/// `mode` is what `NODE_ENV` will be; `whole` tells that everything in `loaded` is set. A folder that is no project costs
/// a few look-ups of names; nothing that is not there is an error, and neither is what cannot be read.
pub fn taken_elsewhere(
    loaded: &[EnvFile],
    mode: Option<&EnvName>,
    whole: bool,
    is_set: &dyn Fn(&str) -> bool,
) -> Vec<TakenElsewhere> {
    let mut envs: BTreeSet<&EnvName> = loaded.iter().map(EnvFile::env).chain(mode).collect();
    let default = EnvName::of_dotenv();
    // An environment's own mode says more than that of `.env`, under which any may be meant.
    envs.remove(&default);
    if envs.is_empty() {
        envs.insert(&default);
    }
    let mut folders = vec![Path::new("")];
    for file in loaded {
        let folder = folder(file.path());
        let folder = folder.strip_prefix(".").unwrap_or(folder);
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    let mut found = Vec::new();
    for folder in folders {
        let here = |name: &str| folder.join(name);
        let is_loaded = |path: &Path| whole && loaded.iter().any(|file| same_path(file.path(), path));
        // Of these no framework reads more.
        let mut names = BTreeSet::from([".env".to_owned(), ".env.local".to_owned()]);
        for env in envs.iter().filter(|env| !env.is_of_dotenv() && !env.is_overlay()) {
            names.extend([format!(".env.{env}"), format!(".env.{env}.local")]);
        }
        names.retain(|name| !is_loaded(&here(name)) && here(name).is_file());
        if names.is_empty() {
            continue;
        }
        let package = here(PACKAGE_JSON);
        let is_node = package.is_file();
        let package = is_node.then(|| fsio::read(&package).ok()).flatten();
        // Without a package.json there is nothing that could start Next.js or Vite.
        let mut has = |name: &str| (is_node || COMPOSE_FILES.contains(&name)) && here(name).is_file();
        for framework in frameworks(package.as_deref(), &mut has) {
            for name in names.iter().filter(|name| envs.iter().any(|env| framework.reads(name, env))) {
                let unset = unset_in(&here(name), is_set);
                if !unset.is_empty() {
                    found.push(TakenElsewhere { framework, file: here(name), names: unset });
                }
            }
        }
    }
    found
}

/// The sealed names of a file that nobody sets.
fn unset_in(path: &Path, is_set: &dyn Fn(&str) -> bool) -> Vec<String> {
    let Ok(file) = EnvFile::load(path) else { return Vec::new() };
    let sealed = file.variables().filter(|(_, entry)| file.token_text(entry).is_some());
    let names: BTreeSet<_> = sealed.map(|(_, entry)| file.document().name(entry)).collect();
    names.into_iter().filter(|name| !is_set(name)).map(str::to_owned).collect()
}

/// Whether two paths are the same as they stand, `./` before them or not.
fn same_path(one: &Path, other: &Path) -> bool {
    one.strip_prefix(".").unwrap_or(one) == other.strip_prefix(".").unwrap_or(other)
}
