//! Which env files and which variables a command is about.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command};
use globset::{Glob, GlobSet, GlobSetBuilder};

use super::Context;
use crate::config::{EnvName, ProcessEnv, is_env_file};
use crate::dotenv::VarName;
use crate::error::Error;
use crate::git::Repo;
use crate::git::{display_path, relative_path};
use crate::hint::Hint;
use crate::project::{DollarSigns, EnvFile, Scope, VaultError, declare_external, unseen_of};

/// `-e` and `-f`, in the order in which they were given.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    selectors: Vec<Selector>,
}

#[derive(Clone, Debug)]
enum Selector {
    Environment(String),
    Path(PathBuf),
    /// `?FILE`, which may be missing.
    Optional(PathBuf),
    /// `?FILE`, which is.
    Missing,
}

/// The env files that a command is about where none is named.
pub(super) struct Found {
    /// Every one from here downward that git does not ignore, as relative_path from here.
    pub(super) files: Vec<PathBuf>,
    /// Those beside us that it ignores and that would be committed otherwise. They have been told of.
    pub(super) unseen: Vec<PathBuf>,
}

/// Looks for env files from here downward, and tells of those beside us that git ignores.
pub(super) fn found_from_here(context: &Context) -> Result<Found, Error> {
    found_naming(context, &|_| "name it with -f".into())
}

/// As [`found_from_here`], where `how` says by what a file is named that was passed over.
pub(super) fn found_naming(context: &Context, how: &dyn Fn(&Path) -> Hint) -> Result<Found, Error> {
    let here = Path::new(".").canonicalize().map_err(Error::io("find the working directory"))?;
    let scope = Scope::of(&here, context.store().repositories())?;
    let as_seen = |paths: Vec<PathBuf>| paths.iter().map(|path| relative_path(path)).collect();
    let files = scope.env_files_of_all(&here)?;
    let passed_over = scope.passed_over(&here, &files)?;
    let found = Found { files: as_seen(files), unseen: as_seen(unseen_of(passed_over.clone(), &here)) };
    for path in passed_over {
        let path = relative_path(&path);
        let words = how(&path).after(format_args!("passed over {}, which git ignores", path.display()));
        if found.unseen.contains(&path) {
            context.ui.note(words);
        } else {
            context.ui.detail(words);
        }
    }
    Ok(found)
}

impl Files {
    /// Whether neither `-e` nor `-f` was given.
    pub(super) fn is_empty(&self) -> bool {
        self.selectors.is_empty()
    }

    /// For a command that only reads: of the files that may be missing (`?FILE`) those that are there. The methods
    /// below refuse `?` otherwise.
    pub(super) fn reading(&self, context: &Context) -> Result<Self, Error> {
        let there = |selector: &Selector| {
            let Selector::Optional(path) = selector else { return Ok(selector.clone()) };
            if path.is_dir() {
                let message = format!("a `?` goes before a file, and {} is a folder", path.display());
                return Err(Error::usage(
                    message,
                    hint!("-f {file}", file = format!("?{}", path.join(".env").display())),
                ));
            }
            // A name that no env file has would be missing for ever.
            EnvName::of_file(path).map_err(VaultError::from)?;
            match path.symlink_metadata() {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    context.ui.detail(format_args!("passed over {}, which is not there", path.display()));
                    Ok(Selector::Missing)
                }
                // Any other trouble is the reader's to tell.
                _ => Ok(Selector::Path(path.clone())),
            }
        };
        Ok(Self { selectors: self.selectors.iter().map(there).collect::<Result<_, Error>>()? })
    }

    /// Whether a file that may be missing is named.
    pub(super) fn has_optional(&self) -> bool {
        self.selectors.iter().any(|selector| matches!(selector, Selector::Optional(_) | Selector::Missing))
    }

    /// The environments named, as typed.
    pub(super) fn environments(&self) -> impl Iterator<Item = &str> {
        self.selectors.iter().filter_map(|selector| match selector {
            Selector::Environment(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The paths named with `-f`, but for those that are missing.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.selectors.iter().filter_map(|selector| match selector {
            Selector::Path(path) | Selector::Optional(path) => Some(path.as_path()),
            _ => None,
        })
    }

    /// The files named; where none is, that of `ENVSEAL_ENV`, else `.env`.
    pub(super) fn named_or_default(&self, process: &ProcessEnv) -> Result<Vec<PathBuf>, Error> {
        if self.is_empty() { Ok(vec![implied(Path::new(""), process)?]) } else { self.named(process) }
    }

    /// Loads `paths`; of those that `-f` names, pipes too, each once.
    pub(super) fn load(&self, paths: &[PathBuf]) -> Result<Vec<EnvFile>, VaultError> {
        let mut files: Vec<EnvFile> = Vec::with_capacity(paths.len());
        let mut pipes = BTreeSet::new();
        for path in paths {
            let is_named = self.paths().any(|named| named == path);
            if pipes.contains(path) {
                continue;
            }
            match if is_named { EnvFile::of_pipe(path)? } else { None } {
                Some(file) => {
                    pipes.insert(path);
                    files.push(file);
                }
                None => files.push(EnvFile::load(path)?),
            }
        }
        Ok(files)
    }

    /// The files named, relative to the repository's root; none where none is.
    pub(super) fn named_in(&self, objects: &Repo, process: &ProcessEnv) -> Result<Vec<PathBuf>, Error> {
        let named = if self.is_empty() { Vec::new() } else { self.named(process)? };
        Ok(named.iter().map(|path| objects.relative(path)).collect::<Result<_, _>>()?)
    }

    /// The files named; else that of `ENVSEAL_ENV`; else those whose private keys are injected, in byte order; else
    /// `.env`.
    pub(super) fn named_or_injected(&self, process: &ProcessEnv) -> Result<Vec<PathBuf>, Error> {
        let mut injected: Vec<&str> = process.private_key_names().collect();
        if !self.is_empty() || injected.is_empty() || process.environment().is_some() {
            return self.named_or_default(process);
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
                let of_dotenv = EnvName::of_dotenv();
                let hint = if *variable == format!("{}_DEFAULT", of_dotenv.private_key_name()) {
                    hint!("the key of .env is to be set as {name}", name = of_dotenv.private_key_name())
                } else {
                    "name the files: -e NAME or -f FILE".into()
                };
                return Err(Error::usage(
                    format!("{variable} is set, but there is no env file here that it belongs to"),
                    hint,
                ));
            }
        }
        files.sort();
        Ok(files)
    }

    /// The files named, in the order given. A folder in `-f` is where `-e` looks; without `-e` its file of `ENVSEAL_ENV`
    /// is meant, else its `.env`.
    pub(super) fn named(&self, process: &ProcessEnv) -> Result<Vec<PathBuf>, Error> {
        let folders: Vec<_> = self
            .selectors
            .iter()
            .filter_map(|selector| match selector {
                Selector::Path(path) if path.is_dir() => Some(path.as_path()),
                _ => None,
            })
            .collect();
        let is_environment = |selector: &Selector| matches!(selector, Selector::Environment(_));
        let named = self.selectors.iter().any(is_environment);
        let mut files = Vec::new();
        for selector in &self.selectors {
            match selector {
                Selector::Path(path) if path.is_dir() && !named => files.push(implied(path, process)?),
                Selector::Path(path) if path.is_dir() => {}
                Selector::Path(path) => files.push(path.clone()),
                Selector::Missing => {}
                Selector::Optional(path) => {
                    return Err(Error::usage(
                        format!("this command takes no file that may be missing: ?{}", path.display()),
                        hint!("name it without the `?`: -f {path}", path),
                    ));
                }
                Selector::Environment(name) => {
                    let env = EnvName::new(name).map_err(VaultError::from)?;
                    if folders.is_empty() {
                        files.push(file_of(Path::new(""), &env)?);
                    }
                    for folder in &folders {
                        files.push(file_of(folder, &env)?);
                    }
                }
            }
        }
        Ok(files)
    }
}

/// The file in a folder that is meant where no environment is named.
fn implied(folder: &Path, process: &ProcessEnv) -> Result<PathBuf, Error> {
    match process.environment() {
        Some(env) => file_of(folder, &env.map_err(VaultError::from)?),
        None => Ok(folder.join(".env")),
    }
}

/// What `-f` was given: behind a `?` a file that may be missing. `./?x` is the one that is called so.
fn selector(path: PathBuf) -> Selector {
    // Bytes that are no text have no `?` before them that anyone typed on purpose.
    let optional = path.to_str().and_then(|path| path.strip_prefix('?')).map(PathBuf::from);
    optional.map_or(Selector::Path(path), Selector::Optional)
}

/// The file of an environment in a folder: the one that is there, else the usual name.
fn file_of(folder: &Path, env: &EnvName) -> Result<PathBuf, Error> {
    let usual = env.file_names();
    let there = usual.iter().map(|name| folder.join(name)).find(|path| path.symlink_metadata().is_ok());
    let other_case = || {
        let is_it = |path: &PathBuf| EnvName::of_file(path).ok().as_ref() == Some(env);
        let listed = env_files_in(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        listed.into_iter().find(is_it)
    };
    if let Some(path) = there.or_else(other_case) {
        return Ok(path);
    }
    // Not `bak.env`, where `.env.bak` is meant.
    let path = if env.is_of_dotenv() { folder.join(".env") } else { folder.join(format!(".env.{env}")) };
    match EnvName::of_file(&path) {
        Ok(_) => Ok(path),
        Err(error) => Err(Error::usage(error.to_string(), "choose another name for the environment")),
    }
}

fn env_files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(listing) = folder.read_dir() else { return Vec::new() };
    let names = listing.flatten().map(|item| PathBuf::from(item.file_name()));
    let files = names.filter(|name| is_env_file(name));
    files.map(|name| if folder == Path::new(".") { name } else { folder.join(name) }).collect()
}

impl clap::FromArgMatches for Files {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut selectors = Vec::new();
        if let (Some(at), Some(names)) = (matches.indices_of("env"), matches.get_many::<String>("env")) {
            selectors.extend(at.zip(names.cloned().map(Selector::Environment)));
        }
        if let (Some(at), Some(paths)) = (matches.indices_of("file"), matches.get_many::<PathBuf>("file")) {
            selectors.extend(at.zip(paths.cloned().map(selector)));
        }
        selectors.sort_by_key(|(at, _)| *at);
        Ok(Self { selectors: selectors.into_iter().map(|(_, selector)| selector).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Files {
    fn augment_args(command: Command) -> Command {
        command
            .arg(
                Arg::new("env")
                    .short('e')
                    .long("env")
                    .value_name("NAME")
                    .action(ArgAction::Append)
                    .help("The environment: `production` is .env.production, `default` is .env (repeats)"),
            )
            .arg(
                Arg::new("file")
                    .short('f')
                    .long("file")
                    .value_name("FILE")
                    .value_parser(clap::value_parser!(PathBuf))
                    .action(ArgAction::Append)
                    .help(
                        "The env file, or the folder it is in; '?FILE' to read it if it is there (repeats)",
                    ),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// `-k` and `-x`.
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct Names {
    /// Only variables that match GLOB (repeats)
    #[arg(short = 'k', long = "only", value_name = "GLOB")]
    only: Vec<String>,
    /// No variables that match GLOB (repeats)
    #[arg(short = 'x', long = "except", value_name = "GLOB")]
    except: Vec<String>,
}

/// What the `$` in values is.
#[derive(clap::Args)]
pub(super) struct Dollars {
    /// Allow references to NAME, which only the target machine sets: add it to `[policy] external` (repeats)
    #[arg(long, value_name = "NAME")]
    external: Vec<String>,
    /// Take the value of NAME as text, `$` and all (repeats)
    #[arg(long, value_name = "NAME")]
    literal: Vec<String>,
}

impl Dollars {
    /// Returns what was said; refuses what no variable can be called.
    pub(super) fn said(&self) -> Result<DollarSigns, Error> {
        for name in self.external.iter().chain(&self.literal) {
            VarName::new(name)
                .map_err(|error| Error::usage(error.to_string(), "name variables: --external HOST_NAME"))?;
        }
        Ok(DollarSigns { external: self.external.clone(), literal: self.literal.clone() })
    }

    /// Adds the external names to the policy of the projects that these env files belong to.
    pub(super) fn declare<'a>(
        &self,
        context: &Context,
        files: impl Iterator<Item = &'a Path>,
    ) -> Result<(), Error> {
        let names: Vec<_> = self.external.iter().map(String::as_str).collect();
        let mut declared = BTreeSet::new();
        for path in files.filter(|_| !names.is_empty()) {
            let folder = std::path::absolute(path).map_err(Error::io("find the folder"))?;
            let folder = folder.parent().unwrap_or(&folder);
            let folder = folder.canonicalize().map_err(Error::io("find the folder"))?;
            let scope = Scope::of(&folder, context.store().repositories())?;
            if declared.insert(scope.team_file())
                && !names.iter().all(|name| scope.policy().is_external(name))
            {
                declare_external(&scope, &names, &|| context.waiting())?;
                context.ui.say(format_args!(
                    "Added {} to `external` in {}",
                    names.join(", "),
                    display_path(&scope.team_file())
                ));
            }
        }
        Ok(())
    }
}

impl Names {
    /// Whether every variable is meant.
    pub(super) fn is_all(&self) -> bool {
        self.only.is_empty() && self.except.is_empty()
    }

    /// As it was typed, with a space before each word.
    pub(super) fn typed(&self) -> Hint {
        let (only, except) = (&self.only, &self.except);
        let mut typed = Hint::from("");
        if !only.is_empty() {
            typed = typed.and(hint!(" -k {only}", only));
        }
        if except.is_empty() { typed } else { typed.and(hint!(" -x {except}", except)) }
    }

    /// Tells which names are meant.
    pub(super) fn filter(&self) -> Result<impl Fn(&str) -> bool, Error> {
        let only = if self.only.is_empty() { None } else { Some(globs(&self.only)?) };
        let except = if self.except.is_empty() { None } else { Some(globs(&self.except)?) };
        Ok(move |name: &str| {
            only.as_ref().is_none_or(|set| set.is_match(name))
                && !except.as_ref().is_some_and(|set| set.is_match(name))
        })
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = Glob::new(pattern).map_err(|error| {
            Error::usage(
                format!("{pattern:?} is no glob: {}", error.kind()),
                "* is any text, ? one character",
            )
        })?;
        set.add(glob);
    }
    set.build().map_err(|error| Error::usage(format!("the globs are too many: {error}"), "use fewer"))
}
