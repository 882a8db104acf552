//! Programs that read env files themselves: found for `check`, and for `run` before it starts one.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::snapshot::{Snapshot, folder};
use crate::check::rules::{
    COMPOSE_FILES, EnvReport, Finding, Framework, MODES, NodeProject, PACKAGE_JSON, ReportedFile,
    env_files_of_compose, handed_over, is_mode, may_be_read_elsewhere, sealed_elsewhere,
};
use crate::config::EnvName;
use crate::fs;
use crate::git;
use crate::project::EnvFile;

/// Returns the findings about env files with sealed values that the frameworks of their `folders` read themselves. If a
/// project file can't be read, as in a partial clone, no framework is detected: the check must not fail for that.
pub(super) fn check_frameworks(
    files: &Snapshot<'_>,
    reports: &BTreeMap<PathBuf, EnvReport>,
    folders: &BTreeMap<&Path, Vec<ReportedFile<'_>>>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (folder, env_files) in folders {
        if env_files.iter().all(|(_, report)| report.sealed.is_empty()) {
            continue;
        }
        if may_be_read_elsewhere(env_files) {
            let package = files.read_if_available(&folder.join(PACKAGE_JSON)).unwrap_or(None);
            let project = NodeProject::new(package.as_deref(), None);
            let found = project.frameworks(&mut |name| files.has(&folder.join(name)).unwrap_or(false));
            findings.extend(found.iter().flat_map(|framework| sealed_elsewhere(framework, env_files)));
        }
        for name in COMPOSE_FILES {
            let Ok(Some(text)) = files.read_if_available(&folder.join(name)) else { continue };
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

/// A file with sealed values that a program will read itself.
#[derive(Debug)]
pub(crate) struct SealedForProgram {
    pub framework: Framework,
    /// The path as it can be typed here.
    pub file: PathBuf,
    /// The sealed names that are not set.
    pub names: Vec<String>,
}

/// A program that is about to be started here.
pub(crate) struct ProgramStart<'a> {
    /// With its arguments.
    pub command: &'a [OsString],
    /// The files that were loaded for it.
    pub loaded: &'a [EnvFile],
    /// True if every variable in them is set.
    pub whole: bool,
    /// The environment to run in, if it is named other than by the files.
    pub mode: Option<&'a EnvName>,
    /// The program's `NODE_ENV`.
    pub node_env: Option<&'a str>,
    pub is_set: &'a dyn Fn(&str) -> bool,
    /// Returns true if a value that is set for it contains a `$`.
    pub has_dollar: &'a dyn Fn(&str) -> bool,
}

/// The programs that read env files themselves when one is started.
#[derive(Default)]
pub(crate) struct OtherReaders {
    pub sealed: Vec<SealedForProgram>,
    /// Set if the project here uses Next.js.
    pub next: Option<NextReads>,
    /// True if dotenvx is started, which runs `$(…)` in the process's values too (as of version 2.38).
    pub dotenvx: bool,
}

/// The env files that Next.js reads here.
pub(crate) struct NextReads {
    /// The first file that it may read and that is not loaded whole. If None, it need not read any file.
    pub left_out: Option<PathBuf>,
    /// The names whose values it would expand again.
    pub expanded: Vec<String>,
    /// True if it is started as `next dev`, in a version that always reads its files.
    pub reads_anyway: bool,
}

/// Finds the names for which a program would get sealed values: names that are not set, and are sealed in files that
/// frameworks read themselves. Looks for frameworks in the loaded files' folders and in the current one.
///
/// A folder without a project costs a few file look-ups. A missing or unreadable file is not an error.
pub(crate) fn find_other_readers(start: &ProgramStart<'_>) -> OtherReaders {
    let mut envs: BTreeSet<&EnvName> = start.loaded.iter().map(EnvFile::env).chain(start.mode).collect();
    let default = EnvName::of_dotenv();
    // With `.env` alone, any mode may be meant.
    envs.remove(&default);
    if envs.is_empty() {
        envs.insert(&default);
    }
    let mut folders = vec![Path::new("")];
    for file in start.loaded {
        let folder = folder(file.path());
        let folder = folder.strip_prefix(".").unwrap_or(folder);
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    let mut found = OtherReaders::default();
    for folder in folders {
        let here = |name: &str| folder.join(name);
        let package = here(PACKAGE_JSON);
        let is_node = package.is_file();
        let package = is_node.then(|| fs::read(&package).ok()).flatten();
        // The command is started in one folder only.
        let command = if folder == Path::new("") { start.command } else { &[] };
        let project = NodeProject::new(package.as_deref(), Some(command));
        found.dotenvx |= project.starts("dotenvx");
        // Without a package.json there is nothing that could start Next.js or Vite.
        let mut has = |name: &str| {
            (is_node || COMPOSE_FILES.contains(&name) || name.starts_with("bun")) && here(name).is_file()
        };
        for framework in project.frameworks(&mut has) {
            let names = files_read(&framework, &modes(&framework, &project, start, &envs));
            if framework == Framework::Next && folder == Path::new("") {
                let next = next_here(&project, start, &envs);
                // `run` then tells Next.js that there is nothing left to read.
                let is_told = next.left_out.is_none() && !next.reads_anyway;
                found.next = Some(next);
                if is_told {
                    continue;
                }
            }
            for path in names.iter().map(|name| here(name)) {
                if (start.whole && is_loaded(start, &path).is_some()) || !path.is_file() {
                    continue;
                }
                let names = unset_in(&path, start.is_set);
                if !names.is_empty() {
                    found.sealed.push(SealedForProgram { framework: framework.clone(), file: path, names });
                }
            }
        }
    }
    found
}

/// Returns the environments by which a framework certainly chooses its files.
fn modes(
    framework: &Framework,
    project: &NodeProject,
    start: &ProgramStart<'_>,
    envs: &BTreeSet<&EnvName>,
) -> Vec<EnvName> {
    let node_env = project.node_env().or(start.node_env);
    let named = |mode: &str| EnvName::new(mode).ok();
    match framework {
        Framework::Bun => {
            let known = node_env.filter(|mode| named(mode).is_some_and(|env| is_mode(&env)));
            named(known.unwrap_or("development")).into_iter().collect()
        }
        Framework::Next if node_env == Some("test") => named("test").into_iter().collect(),
        Framework::Next => {
            let started = project.modes_of_next();
            let started: Vec<_> = started.into_iter().filter_map(named).collect();
            if started.is_empty() { envs.iter().copied().cloned().collect() } else { started }
        }
        _ => envs.iter().copied().cloned().collect(),
    }
}

/// Returns the names of the files that a framework certainly reads in one of these modes.
fn files_read(framework: &Framework, modes: &[EnvName]) -> BTreeSet<String> {
    if let Framework::EnvFile(files) = framework {
        return files.iter().cloned().collect();
    }
    let mut names = BTreeSet::from([".env".to_owned(), ".env.local".to_owned()]);
    for env in modes.iter().filter(|env| !env.is_of_dotenv() && !env.is_overlay()) {
        names.extend([format!(".env.{env}"), format!(".env.{env}.local")]);
    }
    names.retain(|name| modes.iter().any(|env| framework.reads(name, env)));
    names
}

fn next_here(project: &NodeProject, start: &ProgramStart<'_>, envs: &BTreeSet<&EnvName>) -> NextReads {
    let mut modes = modes(&Framework::Next, project, start, envs);
    modes.retain(is_mode);
    if modes.is_empty() {
        modes = MODES.iter().filter_map(|mode| EnvName::new(mode).ok()).collect();
    }
    let names = files_read(&Framework::Next, &modes);
    let mut expanded = BTreeSet::new();
    let mut left_out = None;
    for path in names.into_iter().map(PathBuf::from).filter(|path| path.is_file()) {
        let loaded = is_loaded(start, &path);
        // Next.js may have to read variables that -k and -x leave out, unless they are sealed.
        let is_whole = |file: &EnvFile| {
            let mut plain = file.variables().filter(|(_, entry)| file.token_text(entry).is_none());
            start.whole || plain.all(|(_, entry)| (start.is_set)(file.document().name(entry)))
        };
        let there = if loaded.is_none() { EnvFile::load(&path).ok() } else { None };
        if let Some(file) = loaded.or(there.as_ref()) {
            let names = file.variables().map(|(_, entry)| file.document().name(entry));
            expanded.extend(names.filter(|name| (start.has_dollar)(name)).map(str::to_owned));
        }
        if !loaded.is_some_and(is_whole) {
            left_out.get_or_insert(path);
        }
    }
    let is_dev = project.modes_of_next().contains("development");
    NextReads { left_out, expanded: expanded.into_iter().collect(), reads_anyway: is_dev && !is_next_16() }
}

/// Returns true if the Next.js that is installed here, or in a folder above, is version 16 or later. Older versions
/// read their files again as soon as `next dev` watches them.
fn is_next_16() -> bool {
    let Ok(here) = Path::new(".").canonicalize() else { return false };
    let installed = here.ancestors().map(|folder| folder.join("node_modules/next").join(PACKAGE_JSON));
    let package = installed.filter(|path| path.is_file()).find_map(|path| fs::read(&path).ok());
    let package =
        package.and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok()).unwrap_or_default();
    let major =
        package["version"].as_str().and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    major.is_some_and(|major| major >= 16)
}

fn is_loaded<'a>(start: &ProgramStart<'a>, path: &Path) -> Option<&'a EnvFile> {
    start.loaded.iter().find(|file| file.path() == path || git::same_folder(file.path(), path))
}

fn unset_in(path: &Path, is_set: &dyn Fn(&str) -> bool) -> Vec<String> {
    let Ok(file) = EnvFile::load(path) else { return Vec::new() };
    let sealed = file.variables().filter(|(_, entry)| file.token_text(entry).is_some());
    let names: BTreeSet<_> = sealed.map(|(_, entry)| file.document().name(entry)).collect();
    names.into_iter().filter(|name| !is_set(name)).map(str::to_owned).collect()
}
