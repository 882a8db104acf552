//! What other programs would take tokens for: gathered for `check`, and for `run` before it starts one.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::policies::folder;
use super::view::View;
use crate::check::rules::{
    COMPOSE_FILES, EnvReport, Finding, Framework, MODES, NodeProject, OfProject, PACKAGE_JSON,
    env_files_of_compose, handed_over, is_mode, may_be_read_elsewhere, sealed_elsewhere,
};
use crate::config::EnvName;
use crate::fs;
use crate::project::EnvFile;

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
            let project = NodeProject::of(package.as_deref(), None);
            let found = project.frameworks(&mut |name| view.has(&folder.join(name)).unwrap_or(false));
            findings.extend(found.iter().flat_map(|framework| sealed_elsewhere(framework, &files)));
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
pub(crate) struct TakenElsewhere {
    /// Which program.
    pub framework: Framework,
    /// The file, as it can be typed here.
    pub file: PathBuf,
    /// The sealed names that nobody sets.
    pub names: Vec<String>,
}

/// A program that is about to be started here.
pub(crate) struct Start<'a> {
    /// The program and its arguments.
    pub command: &'a [OsString],
    /// The files that were loaded for it.
    pub loaded: &'a [EnvFile],
    /// Whether everything in them is set.
    pub whole: bool,
    /// The environment that is meant, where more says so than the files' names.
    pub mode: Option<&'a EnvName>,
    /// What its `NODE_ENV` will be.
    pub node_env: Option<&'a str>,
    /// Whether it will have a variable.
    pub is_set: &'a dyn Fn(&str) -> bool,
    /// Whether a value that is set for it holds a `$`.
    pub has_dollar: &'a dyn Fn(&str) -> bool,
}

/// What programs make of env files by themselves.
#[derive(Default)]
pub(crate) struct Elsewhere {
    /// The files whose sealed names they would take tokens for.
    pub taken: Vec<TakenElsewhere>,
    /// There where Next.js is started here.
    pub next: Option<NextProject>,
    /// Whether dotenvx is started, which runs `$(…)` in the values of the process too (its version 2.38).
    pub dotenvx: bool,
}

/// What Next.js makes of the env files here.
pub(crate) struct NextProject {
    /// The first file that it may read and that is not loaded whole. Without one it need read none.
    pub left_out: Option<PathBuf>,
    /// The names whose values it would expand once more.
    pub expanded: Vec<String>,
    /// Whether it is started as `next dev`, in a version that reads its files whatever it is told.
    pub reads_anyway: bool,
}

/// What a program that is about to be started would take tokens for: names that are sealed in files which the frameworks of
/// the loaded files' folders, and of this one, read by themselves, and which are not set.
///
/// A folder that is no project costs a few look-ups of names; nothing that is not there is an error, and neither is what
/// cannot be read.
pub(crate) fn read_elsewhere_by(start: &Start<'_>) -> Elsewhere {
    let mut envs: BTreeSet<&EnvName> = start.loaded.iter().map(EnvFile::env).chain(start.mode).collect();
    let default = EnvName::of_dotenv();
    // An environment's own mode says more than that of `.env`, under which any may be meant.
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
    let mut found = Elsewhere::default();
    for folder in folders {
        let here = |name: &str| folder.join(name);
        let package = here(PACKAGE_JSON);
        let is_node = package.is_file();
        let package = is_node.then(|| fs::read(&package).ok()).flatten();
        // The command is started in one folder only.
        let command = if folder == Path::new("") { start.command } else { &[] };
        let project = NodeProject::of(package.as_deref(), Some(command));
        found.dotenvx |= project.starts("dotenvx");
        // Without a package.json there is nothing that could start Next.js or Vite.
        let mut has = |name: &str| {
            (is_node || COMPOSE_FILES.contains(&name) || name.starts_with("bun")) && here(name).is_file()
        };
        for framework in project.frameworks(&mut has) {
            let modes = modes(&framework, &project, start, &envs);
            let mut names = BTreeSet::from([".env".to_owned(), ".env.local".to_owned()]);
            for env in modes.iter().filter(|env| !env.is_of_dotenv() && !env.is_overlay()) {
                names.extend([format!(".env.{env}"), format!(".env.{env}.local")]);
            }
            names.retain(|name| modes.iter().any(|env| framework.reads(name, env)));
            if let Framework::EnvFile(files) = &framework {
                names = files.iter().cloned().collect();
            }
            if framework == Framework::Next && folder == Path::new("") {
                let next = next_here(&project, start, &envs);
                // Told so, it takes no tokens.
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
                    found.taken.push(TakenElsewhere { framework: framework.clone(), file: path, names });
                }
            }
        }
    }
    found
}

/// The environments by which a framework surely chooses its files.
fn modes(
    framework: &Framework,
    project: &NodeProject,
    start: &Start<'_>,
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

/// What Next.js makes of the env files here.
fn next_here(project: &NodeProject, start: &Start<'_>, envs: &BTreeSet<&EnvName>) -> NextProject {
    let mut modes = modes(&Framework::Next, project, start, envs);
    modes.retain(is_mode);
    if modes.is_empty() {
        modes = MODES.iter().filter_map(|mode| EnvName::new(mode).ok()).collect();
    }
    let names = modes.iter().flat_map(|mode| {
        [format!(".env.{mode}.local"), ".env.local".into(), format!(".env.{mode}"), ".env".into()]
            .into_iter()
            .filter(|name| Framework::Next.reads(name, mode))
    });
    let paths: BTreeSet<_> = names.map(PathBuf::from).filter(|path| path.is_file()).collect();
    let mut expanded = BTreeSet::new();
    let mut left_out = None;
    for path in paths {
        let loaded = is_loaded(start, &path);
        // What -k and -x leave out it may have to read, unless it is sealed.
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
    NextProject { left_out, expanded: expanded.into_iter().collect(), reads_anyway: is_dev && !is_next_16() }
}

/// Whether the Next.js that is installed here, or in a folder above, is of version 16 or later: those before it read their
/// files once more as soon as `next dev` watches them.
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

/// The loaded file at a path.
fn is_loaded<'a>(start: &Start<'a>, path: &Path) -> Option<&'a EnvFile> {
    start.loaded.iter().find(|file| same_path(file.path(), path))
}

/// The sealed names of a file that nobody sets.
fn unset_in(path: &Path, is_set: &dyn Fn(&str) -> bool) -> Vec<String> {
    let Ok(file) = EnvFile::load(path) else { return Vec::new() };
    let sealed = file.variables().filter(|(_, entry)| file.token_text(entry).is_some());
    let names: BTreeSet<_> = sealed.map(|(_, entry)| file.document().name(entry)).collect();
    names.into_iter().filter(|name| !is_set(name)).map(str::to_owned).collect()
}

/// Whether two paths lead to the same file.
fn same_path(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}
