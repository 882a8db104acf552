//! The command line: one file per command, with its arguments and one function.

mod blame;
mod changes;
mod check;
mod clone_setup;
mod completions;
mod decrypt;
mod diff;
mod doctor;
mod drivers;
mod edit;
mod encrypt;
mod files;
mod findings;
mod get;
mod hook;
mod import;
mod init;
mod key;
mod log;
mod ls;
mod man;
mod rename;
mod resolve;
mod run;
mod set;
mod team;
mod unset;
mod usage;

use std::cell::Cell;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{self, EnvName, ProcessEnv};
use crate::dotenv::Document;
use crate::error::Error;
use crate::exec::{catch_file_size_limit, hide_memory, run_key_command};
use crate::fs;
use crate::git::{Repo, other_repository, path_to_add, relative_path};
use crate::hint::{self, Hint};
use crate::keys::{KeyStore, current_project};
use crate::project::{self, Notice, Project, RecoveredChange, Target, Updated, Write, unseen_among, update};
use crate::ui::{self, Ui};

/// Commit your .env: every value is encrypted to a public key, and your team shares it through git
///
/// Anyone with a checkout can encrypt a value. Decrypting needs the private key, from .env.keys (never committed), from
/// `ENVSEAL_PRIVATE_KEY[_ENV]`, or granted to you in envseal.toml (see `envseal team`).
#[derive(Parser)]
#[command(name = "envseal", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_long_help = "Examples:
  envseal init                                # set up this project
  envseal set DB_PASSWORD                     # encrypt a value; prompts for it
  envseal run -- npm start                    # run a program with the decrypted values
  envseal check                               # look for unencrypted secrets
  envseal team request                        # request access to what others have encrypted

`envseal COMMAND --help` explains a command.")]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: EnvsealCommand,
}

#[derive(clap::Args, Debug)]
struct GlobalArgs {
    /// Change to DIR first
    #[arg(short = 'C', value_name = "DIR", global = true)]
    dir: Vec<PathBuf>,
    /// Read private keys from FILE instead of .env.keys; - is stdin
    #[arg(short = 'K', long, value_name = "FILE", global = true)]
    keys_file: Option<PathBuf>,
    /// Use this private SSH key as your identity instead of the one that `team request` creates
    #[arg(short, long, value_name = "FILE", global = true)]
    identity: Option<PathBuf>,
    /// Print errors only
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Print more
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
    /// Don't use a pager
    #[arg(long, global = true)]
    no_pager: bool,
}

#[derive(Subcommand)]
enum EnvsealCommand {
    Init(init::InitArgs),
    Set(set::SetArgs),
    Get(get::GetArgs),
    Unset(unset::UnsetArgs),
    Rename(rename::RenameArgs),
    Resolve(resolve::ResolveArgs),
    Run(run::RunArgs),
    Edit(edit::EditArgs),
    Encrypt(encrypt::EncryptArgs),
    Decrypt(decrypt::DecryptArgs),
    Ls(ls::LsArgs),
    Check(check::Args),
    Diff(diff::DiffArgs),
    Log(log::LogArgs),
    Blame(blame::BlameArgs),
    Doctor(doctor::DoctorArgs),
    Import(import::Args),
    #[command(subcommand)]
    Key(key::KeyCommand),
    #[command(subcommand)]
    Team(team::TeamCommand),
    #[command(subcommand)]
    Hook(hook::HookCommand),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl EnvsealCommand {
    /// Returns the name of a command that would work on another file if it named none, and how it named its files.
    fn files(&self) -> Option<(&'static str, Hint)> {
        Some(match self {
            Self::Set(args) => ("set", args.files.to_hint()),
            Self::Get(args) => ("get", args.reading.files.to_hint()),
            Self::Unset(args) => ("unset", args.files.to_hint()),
            Self::Rename(args) => ("rename", args.files.to_hint()),
            Self::Resolve(args) => ("resolve", args.files.to_hint()),
            Self::Run(args) => ("run", args.reading.files.to_hint()),
            Self::Edit(args) => ("edit", args.files.to_hint()),
            Self::Decrypt(args) => ("decrypt", args.files.to_hint()),
            Self::Diff(args) => ("diff", args.files.to_hint()),
            Self::Import(args) => ("import", args.files.to_hint()),
            _ => return None,
        })
    }
}

/// Everything that a command needs besides its arguments.
struct Context<'a> {
    ui: Ui,
    process: &'a ProcessEnv,
    store: KeyStore<'a>,
    no_pager: bool,
    /// True once the command has created a key or a member, or imported values.
    has_created: Cell<bool>,
}

impl Context<'_> {
    /// Returns the repository that git would use: that of the working directory, or of the hook that git runs.
    fn repository(&self) -> Result<Rc<Repo>, Error> {
        Ok(self.store.repositories().current()?)
    }

    /// Returns the repository that the working directory is in.
    fn discover(&self) -> Result<Option<Rc<Repo>>, Error> {
        Ok(self.store.repositories().discover(&working_dir()?)?)
    }

    fn project(&self) -> Result<Project, Error> {
        self.project_of(&working_dir()?)
    }

    fn project_of(&self, folder: &Path) -> Result<Project, Error> {
        Project::of(folder, self.store.repositories())
    }

    /// Changes env files, all or none. `change` returns a file's new document, and what to print about it. A plan never
    /// prompts for a passphrase, and leaves nothing known about a repository to the change that follows.
    fn update<T>(
        &self,
        paths: &[PathBuf],
        write: Write,
        change: impl FnMut(&mut Target<'_>) -> Result<(Document, T), Error>,
    ) -> Result<Updated<T>, Error> {
        let planning = (write == Write::Plan).then(|| self.store.afresh());
        update(paths, planning.as_ref().unwrap_or(&self.store), (write, false), change)
    }

    /// Like [`Self::update`], for one file that may be in the middle of a merge.
    fn update_in_merge<T>(
        &self,
        path: &Path,
        write: Write,
        change: impl FnMut(&mut Target<'_>) -> Result<(Document, T), Error>,
    ) -> Result<Updated<T>, Error> {
        let planning = (write == Write::Plan).then(|| self.store.afresh());
        update(&[path.to_owned()], planning.as_ref().unwrap_or(&self.store), (write, true), change)
    }

    /// Says what is left to do once a file's merge conflicts are resolved.
    fn suggest_staging(&self, path: &Path) {
        self.ui.suggest(&hint!("Then stage it: git add {path}", path = relative_path(&path_to_add(path))));
    }

    fn print_notices(&self, notices: &[Notice]) {
        let ui = self.ui;
        for notice in notices {
            match notice {
                Notice::KeyMade(_) => {
                    self.has_created.set(true);
                    ui.say(Hint::from("envseal key backup FILE").joined(notice, ": "));
                }
                Notice::Pinned { .. } | Notice::NotPinned { why: None, .. } => ui.detail(notice),
                Notice::PinMoved { .. } | Notice::NotPinned { .. } => ui.note(notice),
                _ => ui.say(notice),
            }
        }
    }

    /// Notes each changed file that git ignores, because it will not be committed.
    fn note_ignored<T>(&self, updated: &Updated<T>) {
        let changed = updated.files.iter().filter(|file| file.is_changed);
        for path in unseen_among(changed.map(|file| file.path.as_path()), self.store.repositories()) {
            let path = relative_path(path);
            let hint = hint!("to commit it: git add --force {path}", path);
            self.ui.note(hint.after(format_args!("git ignores {}", path.display())));
        }
    }
}

/// Returns the working directory as an absolute path without symlinks.
fn working_dir() -> Result<PathBuf, Error> {
    Path::new(".").canonicalize().map_err(Error::io("find the working directory"))
}

/// Groups values by their keys, in the order in which the keys first occur.
fn grouped<K: PartialEq, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Vec<(K, Vec<V>)> {
    let mut groups: Vec<(K, Vec<V>)> = Vec::new();
    for (key, value) in pairs {
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => group.push(value),
            None => groups.push((key, vec![value])),
        }
    }
    groups
}

/// Returns a value of an option or an argument as it is typed.
fn typed(value: &impl clap::ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

fn env_names(names: &[String]) -> Result<Vec<EnvName>, Error> {
    Ok(names.iter().map(|name| EnvName::new(name)).collect::<Result<_, _>>()?)
}

fn env_names_of(files: &[PathBuf]) -> Result<Vec<EnvName>, Error> {
    Ok(files.iter().map(|path| EnvName::of_file(path)).collect::<Result<_, _>>()?)
}

/// Parses the command line and runs the command. Returns the exit status; errors have been printed.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    hide_memory();
    catch_file_size_limit();
    ui::report_panics();
    let arguments = help_as_option(arguments.into_iter().collect());
    if let (Some(shell), Some("--")) =
        (config::completing_shell(), arguments.get(1).and_then(|word| word.to_str()))
    {
        return status_of(completions::complete(&shell, &arguments));
    }
    match parse(&arguments) {
        Ok(mut cli) => {
            if let EnvsealCommand::Set(args) = &mut cli.command {
                args.count_literals(&arguments);
            }
            status_of(dispatch(cli))
        }
        Err(mut error) => {
            usage::add_tip(&mut error, &arguments);
            usage::hide_values(&mut error, arguments.iter().any(|word| word == "set" || word == "resolve"));
            // Help and version come as errors too; only the exit status differs.
            let printed = error.print().and_then(|()| io::stdout().flush());
            if let (Err(source), false) = (printed, error.use_stderr()) {
                return status_of(Err(Error::io("write to stdout")(source)));
            }
            drivers::usage_status(&arguments, u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}

/// Prints an error. Returns the exit status.
fn status_of(result: Result<u8, Error>) -> u8 {
    match result {
        Ok(status) => status,
        Err(error) => match error.io_kind() {
            // The reader of the output is gone: 128 + SIGPIPE, as for any program.
            Some(io::ErrorKind::BrokenPipe) => 141,
            // Interrupted at a prompt: 128 + SIGINT.
            Some(io::ErrorKind::Interrupted) => 130,
            _ => {
                ui::error(&error);
                error.status()
            }
        },
    }
}

/// Returns the definition of the command line, for parsing, completions and manual pages.
pub fn definition() -> clap::Command {
    let root = Cli::command();
    let hidden = |arg: &clap::Arg| arg.clone().hide_short_help(true).hide_long_help(true);
    let globals: Vec<_> = root.get_arguments().filter(|arg| arg.is_global_set()).map(hidden).collect();
    root.mut_subcommands(|command| hide_globals(command, &globals))
}

/// Hides the global options in the help of subcommands: the root lists them.
fn hide_globals(command: clap::Command, globals: &[clap::Arg]) -> clap::Command {
    command.args(globals).mut_subcommands(|command| hide_globals(command, globals))
}

/// Parses the command line. The whole definition is large and `run` should be fast, so `run` is tried by itself first.
/// Anything that fails there, such as other commands, mistakes and `--help`, is parsed with the whole definition.
fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    if arguments.iter().any(|argument| argument == "run") {
        let run =
            clap::Command::new("envseal").subcommand(run::RunArgs::augment_args(clap::Command::new("run")));
        let parsed = GlobalArgs::augment_args(run).try_get_matches_from(arguments);
        if let Ok(cli) = parsed.and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches)) {
            return Ok(cli);
        }
    }
    parse_whole(arguments)
}

fn parse_whole(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let mut definition = definition();
    let mut matches = definition.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut definition))
}

/// Turns `envseal help set` into `envseal set --help`. Clap's own `help` would double every completion script.
fn help_as_option(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(1).is_some_and(|word| word == "help") {
        arguments.remove(1);
        arguments.push("--help".into());
    }
    arguments
}

fn dispatch(cli: Cli) -> Result<u8, Error> {
    if let EnvsealCommand::Run(args) = &cli.command
        && args.in_session
    {
        return run::run_in_session(args);
    }
    let GlobalArgs { dir, keys_file, identity, quiet, verbose, no_pager } = cli.global;
    for dir in &dir {
        config::change_dir(dir).map_err(Error::io(format!("change to {}", dir.display())))?;
    }
    let shown = [&keys_file, &identity].map(|file| file.as_deref().filter(|file| !fs::is_read_once(file)));
    let process = ProcessEnv::capture();
    let folders = if dir.is_empty() && is_typed_elsewhere(&process) { vec![working_dir()?] } else { dir };
    // Where git says where the person is, paths in hints are as seen from there.
    let repository = if process.get("GIT_PREFIX").is_some() { |_: &Path| None } else { other_repository };
    hint::start_in(&folders, shown[0], shown[1], current_project, repository);
    if let Some((name, files)) = cli.command.files() {
        hint::repeat_files(name, files);
    }
    let store = KeyStore::new(&process, keys_file)
        .with_identity(identity, &ui::passphrase)
        .with_key_command(&run_key_command);
    let has_created = Cell::default();
    let ui = Ui { quiet, verbose };
    fs::on_wait(move || ui.say("Waiting for another envseal to finish…"));
    let context = Context { ui, process: &process, store, no_pager, has_created };
    recover(&context);
    let mut status = 0;
    match cli.command {
        EnvsealCommand::Run(args) => {
            let program = run::prepare(&context, &args)?;
            // Drops every key before the program starts.
            drop(context);
            drop(process);
            return program.start();
        }
        EnvsealCommand::Hook(command) => return hook::run(&context, &command),
        EnvsealCommand::Check(args) => {
            status = check::run(&context, &args)?;
            clone_setup::mention_checked(&context);
            Ok(())
        }
        EnvsealCommand::Doctor(args) => return doctor::run(&context, &args),
        EnvsealCommand::Edit(args) => edit::run(&context, &args).map(|code| status = code),
        EnvsealCommand::Team(command) => team::run(&context, command).map(|code| status = code),
        EnvsealCommand::Init(args) => init::run(&context, &args),
        EnvsealCommand::Import(args) => import::run(&context, &args),
        EnvsealCommand::Set(args) => set::run(&context, args),
        EnvsealCommand::Get(args) => get::run(&context, &args),
        EnvsealCommand::Unset(args) => unset::run(&context, &args),
        EnvsealCommand::Rename(args) => rename::run(&context, &args),
        EnvsealCommand::Resolve(args) => resolve::run(&context, args),
        EnvsealCommand::Encrypt(args) => encrypt::run(&context, &args),
        EnvsealCommand::Decrypt(args) => decrypt::run(&context, &args),
        EnvsealCommand::Ls(args) => ls::run(&context, &args),
        EnvsealCommand::Diff(args) => diff::run(&context, &args),
        EnvsealCommand::Log(args) => log::run(&context, &args),
        EnvsealCommand::Blame(args) => blame::run(&context, &args),
        EnvsealCommand::Key(command) => key::run(&context, command),
        EnvsealCommand::Completions(args) => completions::run(&context, &args),
        EnvsealCommand::Man(args) => man::run(&context, &args),
    }?;
    clone_setup::offer(&context);
    Ok(status)
}

/// Returns true if git runs this in the root and does not tell where the person is: `git pull` and `git rebase --apply` go
/// to the root, and the git that they start takes that for the folder in which it was typed (`GIT_PREFIX`).
fn is_typed_elsewhere(process: &ProcessEnv) -> bool {
    let action = process.non_empty("GIT_REFLOG_ACTION").unwrap_or_default().to_string_lossy();
    process.non_empty("GIT_PREFIX").is_none()
        && ["pull", "rebase"].iter().any(|start| action.starts_with(start))
}

/// Finishes or undoes a change that was interrupted here.
fn recover(context: &Context) {
    match project::recover_interrupted(Path::new(".")) {
        Ok(None) => {}
        Ok(Some(RecoveredChange::Finished)) => {
            context.ui.note("finished an interrupted change; see: git status");
        }
        Ok(Some(RecoveredChange::Undone)) => context.ui.note("undid an interrupted change"),
        Err(error) => context.ui.note(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(cli: Cli) -> String {
        let command = match cli.command {
            EnvsealCommand::Run(args) => format!("{args:?}"),
            _ => "another".into(),
        };
        format!("{:?} {command}", cli.global)
    }

    #[test]
    fn run_by_itself_takes_what_the_whole_takes() {
        let lines = "run x|run -- x -e y|-q run x|run -v x --help|-C run run x|--no-pager run x|run -K k -C d -- run|run -e a -f b x|\
                     run|run -h|run --help|-h|--version|run -q -v x|-C run|-C run ls|ls run|set run x|get run|run -k|\
                     run -V|-V run x|run --nonsense x|nonsense run|completions run|man run|key run";
        for line in lines.split('|') {
            let arguments: Vec<_> =
                ["envseal"].into_iter().chain(line.split(' ')).map(OsString::from).collect();
            match (parse(&arguments), parse_whole(&arguments)) {
                (Ok(one), Ok(other)) => assert_eq!(called(one), called(other), "{line}"),
                (Err(one), Err(other)) => assert_eq!(one.to_string(), other.to_string(), "{line}"),
                (one, _) => panic!("{line}: {}", if one.is_ok() { "taken" } else { "refused" }),
            }
        }
    }
}
