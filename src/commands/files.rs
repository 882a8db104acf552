//! The options that name env files: `-e`, `-f` and `--convention`; and variables: `-k`, `-x`, `--external` and `--literal`.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command, ValueEnum};
use globset::{Glob, GlobSet, GlobSetBuilder};

use super::{Context, typed};
use crate::config::{EnvName, FileRole, ProcessEnv};
use crate::dotenv::VarName;
use crate::error::{Error, ErrorKind};
use crate::fs::{folder_of, is_pipe, is_read_once};
use crate::git::{Repo, display_path, relative_path};
use crate::hint::Hint;
use crate::project::{
    DollarSigns, EnvFile, env_file_above, env_file_names, new_environments, path_in_commits,
    similar_env_file, unseen_of,
};
use crate::ui::{self, DefaultAnswer};

/// `-e` and `-f`, in the order in which they were given. With `OPTIONAL`, the command takes `-f '?FILE'`.
#[derive(Clone, Debug, Default)]
pub(super) struct FileArgs<const OPTIONAL: bool = false> {
    selectors: Vec<FileSelector>,
}

#[derive(Clone, Debug)]
enum FileSelector {
    Environment(String),
    Path(PathBuf),
    /// A folder that may exist only in a commit.
    Folder(PathBuf),
    /// `?FILE`, which may be missing.
    Optional(PathBuf),
    /// `?FILE`, which is missing.
    Missing,
}

impl FileSelector {
    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(path) => Some(path),
            Self::Path(path) if path.is_dir() => Some(path),
            _ => None,
        }
    }
}

/// The env files from the working directory downward, as paths relative to it.
pub(super) struct FoundFiles {
    pub(super) files: Vec<PathBuf>,
    /// Files in the working directory that git ignores and that would be committed otherwise.
    pub(super) ignored: Vec<PathBuf>,
}

/// The hint for [`find_files`] of commands that take `-f`.
pub(super) const INCLUDE: &str = "to include it, use -f";

/// Finds env files from here downward, and notes those beside us that git ignores, with the hint `include` for `{file}`.
pub(super) fn find_files(context: &Context, include: &'static str) -> Result<FoundFiles, Error> {
    note_pipes(context);
    let here = super::working_dir()?;
    let project = context.project_of(&here)?;
    let relative = |paths: Vec<PathBuf>| paths.iter().map(|path| relative_path(path)).collect();
    let files = project.env_files_of_all(&here)?;
    let skipped = project.passed_over(&here, &files)?;
    let found = FoundFiles { files: relative(files), ignored: relative(unseen_of(skipped.clone(), &here)) };
    for path in skipped {
        let path = relative_path(&path);
        let hint = Hint::from(include).with("file", &path);
        let message = hint.after(format_args!("skipped {}, which git ignores", path.display()));
        if found.ignored.contains(&path) {
            context.ui.note(message);
        } else {
            context.ui.detail(message);
        }
    }
    Ok(found)
}

/// Notes the env files in the working directory that are pipes, which only `run` and `get` read.
pub(super) fn note_pipes(context: &Context) {
    for path in env_files_in(Path::new(".")).iter().filter(|path| is_pipe(path)) {
        context.ui.note(format_args!("skipped {}, a pipe, which only run and get read", path.display()));
    }
}

/// Asks before one of these files starts a new environment: its name may be a typo. Returns the files that do.
pub(super) fn confirm_new_environments(context: &Context, paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let new = new_environments(paths, &context.store)?;
    for (env, path) in new.iter().filter(|_| ui::can_ask()) {
        let similar = similar_env_file(path);
        let beside = similar.as_ref().map_or_else(String::new, |(env, _)| format!("; there is also {env}"));
        let question = format!("{env} is a new environment{beside}. Create {}?", display_path(path));
        if !ui::confirm(&question, DefaultAnswer::No)? {
            let hint = similar.map_or_else(
                || "see which there are: envseal ls".into(),
                |(env, _)| hint!("for the other one: -e {env}", env),
            );
            return Err(Error::usage("not confirmed; nothing was written", hint));
        }
    }
    Ok(new.into_iter().map(|(_, path)| path).collect())
}

pub(super) fn say_created(context: &Context, path: &Path, new: &[PathBuf]) {
    let what = if new.iter().any(|new| new == path) { ", a new environment" } else { "" };
    context.ui.say(format_args!("Created {}{what}", display_path(path)));
}

/// The options of commands that list env files: those named, or all from here downward.
#[derive(clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    pub(super) files: FileArgs<true>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl ListArgs {
    pub(super) fn find(&self, context: &Context) -> Result<FoundFiles, Error> {
        if self.files.is_empty() {
            return find_files(context, INCLUDE);
        }
        Ok(FoundFiles { files: self.files.existing(context)?.paths(context.process)?, ignored: Vec::new() })
    }
}

impl FileArgs<true> {
    /// Drops missing optional files (`?FILE`). Only for commands that read: without it, the methods below reject `?`.
    pub(super) fn existing(&self, context: &Context) -> Result<Self, Error> {
        let resolve = |selector: &FileSelector| {
            let FileSelector::Optional(path) = selector else { return Ok(selector.clone()) };
            if path.is_dir() {
                return Err(Error::usage(
                    format!("`?` takes a file, and {} is a folder", path.display()),
                    hint!("-f {file}", file = format!("?{}", path.join(".env").display())),
                ));
            }
            // A file with a wrong name is not an env file, so it would always count as missing.
            EnvName::of_file(path)?;
            Ok(if exists(context, path) { FileSelector::Path(path.clone()) } else { FileSelector::Missing })
        };
        Ok(Self { selectors: self.selectors.iter().map(resolve).collect::<Result<_, Error>>()? })
    }

    pub(super) fn has_optional(&self) -> bool {
        let is_optional = |it: &FileSelector| matches!(it, FileSelector::Optional(_) | FileSelector::Missing);
        self.selectors.iter().any(is_optional)
    }
}

impl<const OPTIONAL: bool> FileArgs<OPTIONAL> {
    /// Returns true if neither `-e` nor `-f` was given.
    pub(super) fn is_empty(&self) -> bool {
        self.selectors.is_empty()
    }

    /// Returns the options as typed, each word after a space.
    pub(super) fn to_hint(&self) -> Hint {
        let options = self.selectors.iter().map(|selector| match selector {
            FileSelector::Environment(name) => hint!(" -e {name}", name),
            FileSelector::Path(path) if is_read_once(path) => " -f FILE".into(),
            FileSelector::Path(path) | FileSelector::Folder(path) => hint!(" -f {path}", path),
            FileSelector::Optional(path) => hint!(" -f {file}", file = format!("?{}", path.display())),
            FileSelector::Missing => "".into(),
        });
        Hint::list(options, "", "")
    }

    fn environments(&self) -> impl Iterator<Item = &str> {
        self.selectors.iter().filter_map(|selector| match selector {
            FileSelector::Environment(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Returns the paths given with `-f`, without missing optional files.
    fn given_paths(&self) -> impl Iterator<Item = &Path> {
        self.selectors.iter().filter_map(|selector| match selector {
            FileSelector::Path(path) | FileSelector::Optional(path) => Some(path.as_path()),
            _ => None,
        })
    }

    /// Returns the files named, relative to the repository's root. A symlink may have been a file before.
    pub(super) fn paths_in(&self, repo: &Repo, process: &ProcessEnv) -> Result<Vec<PathBuf>, Error> {
        let mut paths = Vec::new();
        for path in self.paths(process)? {
            paths.extend([repo.relative(&path)?, path_in_commits(repo, &path)?]);
        }
        paths.dedup();
        Ok(paths)
    }

    /// Returns the files named; otherwise that of `ENVSEAL_ENV`, or `.env`.
    pub(super) fn paths_or_default(&self, process: &ProcessEnv) -> Result<Vec<PathBuf>, Error> {
        if self.is_empty() { Ok(vec![default_file(Path::new(""), process)?]) } else { self.paths(process) }
    }

    /// Returns the files named; else that of `ENVSEAL_ENV`; else those whose keys are injected, in byte order; else .env.
    fn paths_or_injected(&self, process: &ProcessEnv) -> Result<Vec<PathBuf>, Error> {
        let mut injected: Vec<&str> = process.private_key_names().collect();
        if !self.is_empty() || injected.is_empty() || process.environment().is_some() {
            return self.paths_or_default(process);
        }
        injected.sort_unstable();
        let here = env_files_in(Path::new("."));
        let mut files = Vec::new();
        for variable in injected {
            let before = files.len();
            let of_key =
                |path: &&PathBuf| EnvName::of_file(path).is_ok_and(|env| env.private_key_name() == variable);
            files.extend(here.iter().filter(of_key).cloned());
            if files.len() == before {
                let name = EnvName::of_dotenv().private_key_name();
                let above = env_file_above(Path::new(".env"), |file| of_key(&&file.to_path_buf()));
                let hint = match above {
                    _ if *variable == format!("{name}_DEFAULT") => {
                        hint!("set the key of .env as {name}", name)
                    }
                    Some(above) => hint!("use the one above: -f {file}", file = relative_path(&above)),
                    None => "name the files: -e NAME or -f FILE".into(),
                };
                let message = format!("{variable} is set, but no env file here belongs to it");
                return Err(Error::usage(message, hint));
            }
        }
        files.sort();
        Ok(files)
    }

    /// Returns the files named, in order. `-e` looks in the folders of `-f`; without it, these stand for a default file.
    pub(super) fn paths(&self, process: &ProcessEnv) -> Result<Vec<PathBuf>, Error> {
        let mut folders: Vec<_> = self.selectors.iter().filter_map(FileSelector::folder).collect();
        if folders.is_empty() {
            folders.push(Path::new(""));
        }
        let names_environment = self.environments().next().is_some();
        let mut files = Vec::new();
        for selector in &self.selectors {
            match (selector, selector.folder()) {
                (_, Some(_)) if names_environment => {}
                (_, Some(folder)) => files.push(default_file(folder, process)?),
                (FileSelector::Path(path), None) => files.push(path.clone()),
                (FileSelector::Folder(_) | FileSelector::Missing, None) => {}
                (FileSelector::Optional(path), None) => {
                    let message = format!("this command needs a file that exists, not ?{}", path.display());
                    return Err(Error::usage(message, hint!("-f {path}", path)));
                }
                (FileSelector::Environment(name), None) => {
                    let env = EnvName::new(name)?;
                    for folder in &folders {
                        files.push(file_of(folder, &env)?);
                    }
                }
            }
        }
        Ok(files)
    }
}

/// Returns true unless the file is missing; the reader reports any other error.
fn exists(context: &Context, path: &Path) -> bool {
    let is_missing = path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    if is_missing {
        context.ui.detail(format_args!("Skipped {}: it doesn't exist", path.display()));
    }
    !is_missing
}

/// Returns a folder's file of `ENVSEAL_ENV`, or its `.env`.
fn default_file(folder: &Path, process: &ProcessEnv) -> Result<PathBuf, Error> {
    match process.environment() {
        Some(env) => file_of(folder, &env?),
        None => Ok(folder.join(".env")),
    }
}

/// Returns an environment's file in a folder: the one that exists, else the usual name.
fn file_of(folder: &Path, env: &EnvName) -> Result<PathBuf, Error> {
    let mut usual = env.file_names().into_iter().map(|name| folder.join(name));
    let in_other_case = || {
        let is_it = |path: &PathBuf| EnvName::of_file(path).ok().as_ref() == Some(env);
        let listed = env_files_in(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        listed.into_iter().find(is_it)
    };
    if let Some(path) = usual.find(|path| path.symlink_metadata().is_ok()).or_else(in_other_case) {
        return Ok(path);
    }
    // Never `bak.env` if `.env.bak` is meant.
    let path = folder.join(if env.is_of_dotenv() { ".env".into() } else { format!(".env.{env}") });
    EnvName::of_file(&path)
        .map_err(|error| Error::usage(error.to_string(), "choose another environment name"))?;
    Ok(path)
}

pub(super) fn env_files_in(folder: &Path) -> Vec<PathBuf> {
    let from_here = |name: PathBuf| if folder == Path::new(".") { name } else { folder.join(name) };
    env_file_names(folder).map(from_here).collect()
}

/// Parses the value of `-f`: `?` before a path makes it optional. A file called `?x` is named as `./?x`.
fn parse_path(path: PathBuf) -> FileSelector {
    // Nobody types a `?` before bytes that are not text.
    let optional = path.to_str().and_then(|path| path.strip_prefix('?')).map(PathBuf::from);
    optional.map_or(FileSelector::Path(path), FileSelector::Optional)
}

impl<const OPTIONAL: bool> clap::FromArgMatches for FileArgs<OPTIONAL> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut selectors = Vec::new();
        if let (Some(at), Some(names)) = (matches.indices_of("env"), matches.get_many::<String>("env")) {
            selectors.extend(at.zip(names.cloned().map(FileSelector::Environment)));
        }
        if let (Some(at), Some(paths)) = (matches.indices_of("file"), matches.get_many::<PathBuf>("file")) {
            selectors.extend(at.zip(paths.cloned().map(parse_path)));
        }
        selectors.sort_by_key(|(at, _)| *at);
        Ok(Self { selectors: selectors.into_iter().map(|(_, selector)| selector).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<const OPTIONAL: bool> clap::Args for FileArgs<OPTIONAL> {
    fn augment_args(command: Command) -> Command {
        let repeated = |id: &'static str, short| Arg::new(id).short(short).long(id).action(ArgAction::Append);
        command
            .arg(
                repeated("env", 'e')
                    .value_name("NAME")
                    .value_delimiter(',')
                    .help("Use .env.NAME (.env for `default`); several: a,b"),
            )
            .arg(repeated("file", 'f').value_name("FILE").value_parser(clap::value_parser!(PathBuf)).help(
                if OPTIONAL {
                    "Use this file, or a folder's; '?FILE' if it exists"
                } else {
                    "Use this file, or a folder's"
                },
            ))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// `-k` and `-x`.
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct VariableArgs {
    /// Include only variables that match GLOB (repeats)
    #[arg(short = 'k', long = "only", value_name = "GLOB")]
    only: Vec<String>,
    /// Exclude variables that match GLOB (repeats)
    #[arg(short = 'x', long = "except", value_name = "GLOB")]
    except: Vec<String>,
}

impl VariableArgs {
    pub(super) fn is_all(&self) -> bool {
        self.only.is_empty() && self.except.is_empty()
    }

    /// Returns the options as typed, each word after a space.
    pub(super) fn to_hint(&self) -> Hint {
        let (only, except) = (&self.only, &self.except);
        let mut typed = Hint::from("");
        if !only.is_empty() {
            typed = typed.and(hint!(" -k {only}", only));
        }
        if except.is_empty() { typed } else { typed.and(hint!(" -x {except}", except)) }
    }

    pub(super) fn filter(&self) -> Result<impl Fn(&str) -> bool, Error> {
        let only = if self.only.is_empty() { None } else { Some(globs(&self.only)?) };
        let except = globs(&self.except)?;
        Ok(move |name: &str| only.as_ref().is_none_or(|set| set.is_match(name)) && !except.is_match(name))
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = Glob::new(pattern).map_err(|error| {
            let message = format!("{pattern:?} isn't a glob: {}", error.kind());
            Error::usage(message, "`*` matches any text, `?` one character")
        })?;
        set.add(glob);
    }
    set.build().map_err(|error| Error::usage(format!("too many globs: {error}"), "use fewer"))
}

/// `--external` and `--literal`: the meaning of `$` in values.
#[derive(clap::Args)]
pub(super) struct ReferenceArgs {
    /// Allow references to NAME, which only the target machine sets (repeats)
    #[arg(long, value_name = "NAME")]
    pub(super) external: Vec<String>,
    /// Take the value of NAME as text, `$` and all (repeats)
    #[arg(long, value_name = "NAME")]
    literal: Vec<String>,
}

impl ReferenceArgs {
    pub(super) fn parse(&self) -> Result<DollarSigns, Error> {
        for name in self.external.iter().chain(&self.literal) {
            VarName::new(name)
                .map_err(|error| Error::usage(error.to_string(), "name a variable: --external HOST_NAME"))?;
        }
        Ok(DollarSigns { external: self.external.clone(), literal: self.literal.clone() })
    }
}

/// The options of commands that read values: which files, and which variables of them.
#[derive(clap::Args, Debug)]
pub(super) struct ReadArgs {
    #[command(flatten)]
    pub(super) files: FileArgs<true>,
    /// Read the files that TOOL reads for the environment
    #[arg(long, value_name = "TOOL")]
    convention: Option<Convention>,
    #[command(flatten)]
    pub(super) variables: VariableArgs,
}

impl ReadArgs {
    /// Returns the files to read, the one that wins first, with `overload` last: a convention's, or of `-e` and `-f`.
    pub(super) fn paths(&self, context: &Context, overload: bool) -> Result<Vec<PathBuf>, Error> {
        let Some(convention) = self.convention else {
            return self.files.existing(context)?.paths_or_injected(context.process);
        };
        let names = convention.file_names(&convention.environment(context, &self.files)?);
        let mut paths = Vec::new();
        for folder in convention_folders(&self.files)? {
            let candidates: Vec<_> = names.iter().map(|name| folder.join(name)).collect();
            let existing: Vec<_> = candidates.iter().filter(|path| exists(context, path)).cloned().collect();
            if existing.is_empty() {
                let files = candidates.iter().map(|path| path.display().to_string());
                let message = format!(
                    "none of the files that the {} convention reads exists: {}",
                    typed(&convention),
                    files.collect::<Vec<_>>().join(", ")
                );
                let hint = hint!("create one: envseal set NAME -f {first}", first = candidates[0]);
                return Err(Error::new(ErrorKind::NotFound, message).with_hint(hint));
            }
            paths.extend(existing);
        }
        if overload {
            paths.reverse();
        }
        Ok(paths)
    }

    /// Returns the files to read from a commit. A path that is missing today and is no env file's is a folder there.
    pub(super) fn paths_in_commit(&self, context: &Context) -> Result<Vec<PathBuf>, Error> {
        if self.convention.is_some() {
            return self.paths(context, false);
        }
        let then = |selector: &FileSelector| match selector {
            FileSelector::Path(path) if !path.exists() && FileRole::of(path) == FileRole::Other => {
                FileSelector::Folder(path.clone())
            }
            _ => selector.clone(),
        };
        let selectors = self.files.selectors.iter().map(then).collect();
        FileArgs::<true> { selectors }.paths_or_injected(context.process)
    }

    /// Returns the environment that the started program works in: that of the convention, otherwise `NODE_ENV`.
    pub(super) fn mode(&self, context: &Context) -> Option<EnvName> {
        match self.convention {
            Some(convention) => convention.environment(context, &self.files).ok(),
            None => context.process.node_environment()?.ok(),
        }
    }

    /// Loads `paths`, which may be pipes, each read once. A symlink to a pipe counts only if `-f` names it: otherwise a
    /// committed symlink to `/dev/stdin` would consume CMD's input. `retry` returns the command for a missing file that
    /// exists in a folder above.
    pub(super) fn load(
        &self,
        context: &Context,
        paths: &[PathBuf],
        retry: impl Fn(&Path) -> Hint,
    ) -> Result<Vec<EnvFile>, Error> {
        let mut files: Vec<EnvFile> = Vec::with_capacity(paths.len());
        let mut pipes = BTreeSet::new();
        for path in paths {
            let is_given = self.files.given_paths().any(|given| given == path);
            if !is_pipe(path) || path.is_symlink() && !is_given {
                files.push(EnvFile::load(path).map_err(|error| {
                    let above = env_file_above(path, |name| Some(name.as_os_str()) == path.file_name());
                    match above.filter(|_| error.kind() == ErrorKind::NotFound) {
                        Some(above) => error.with_hint(retry(&relative_path(&above))),
                        None => error,
                    }
                })?);
            } else if pipes.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
                let message = format!("waiting for the program that writes {}, a pipe", path.display());
                files.push(context.ui.waiting(&message, || EnvFile::of_pipe(path))?);
            }
        }
        Ok(files)
    }
}

/// The files that other programs read together, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Convention {
    Nextjs,
    Flow,
}

impl Convention {
    /// Returns the environment of `-e`, `ENVSEAL_ENV` or `NODE_ENV`, or else development, as in Node.
    fn environment(self, context: &Context, files: &FileArgs<true>) -> Result<EnvName, Error> {
        let mut named = files.environments();
        let of_process = || context.process.environment().or_else(|| context.process.node_environment());
        let env = match (named.next(), named.next()) {
            (Some(_), Some(_)) => {
                let hint = hint!("envseal run --convention {name} -e NAME -- …", name = typed(&self));
                return Err(Error::usage("--convention takes one environment, but -e names several", hint));
            }
            (Some(name), None) => EnvName::new(name)?,
            _ => of_process().unwrap_or_else(|| EnvName::new("development"))?,
        };
        // Next.js knows these, whatever NODE_ENV says (its packages/next-env).
        let known = ["development", "production", "test"];
        let allowed = match self {
            Self::Nextjs if !known.contains(&env.as_str()) => "development, production or test",
            Self::Flow if env.is_of_dotenv() => "any environment but that of .env, which is always read",
            _ => return Ok(env),
        };
        let message = format!("the {} convention takes {allowed}, not {env}", typed(&self));
        Err(Error::usage(message, "name one with -e NAME"))
    }

    /// Returns an environment's files, the one that wins first. Tests must run alike everywhere: no `.env.local`.
    fn file_names(self, env: &EnvName) -> Vec<String> {
        let local = (env.as_str() != "test").then(|| ".env.local".to_owned());
        let own = format!(".env.{env}");
        let own_local = format!("{own}.local");
        let names = match self {
            // packages/next-env in vercel/next.js.
            Self::Nextjs => [Some(own_local), local, Some(own), Some(".env".into()), None],
            // lib/dotenv-flow.js in kerimdzhanov/dotenv-flow.
            Self::Flow => {
                [Some(own_local), Some(own), local, Some(".env".into()), Some(".env.defaults".into())]
            }
        };
        let mut seen = BTreeSet::new();
        names.into_iter().flatten().filter(|name| seen.insert(name.clone())).collect()
    }
}

/// Returns the folders given with `-f`, or this one.
fn convention_folders(files: &FileArgs<true>) -> Result<Vec<&Path>, Error> {
    if files.has_optional() {
        return Err(Error::usage("with --convention every file is optional", "omit `?FILE`"));
    }
    if let Some(file) = files.given_paths().find(|path| !path.is_dir()) {
        let message = format!("--convention takes a folder, and {} is none", file.display());
        return Err(Error::usage(message, hint!("name the folder: -f {folder}", folder = folder_of(file))));
    }
    let given: Vec<_> = files.given_paths().collect();
    Ok(if given.is_empty() { vec![Path::new("")] } else { given })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_of_a_convention_is_read_twice() {
        let names = Convention::Flow.file_names(&EnvName::new("local").unwrap());
        assert_eq!(names, [".env.local.local", ".env.local", ".env", ".env.defaults"]);
    }
}
