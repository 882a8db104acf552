//! The command line: one file per command, each with its clap definition and one function.

mod blame;
mod check;
mod clone_state;
mod completions;
mod convention;
mod decrypt;
mod diff;
mod doctor;
mod drivers;
mod edit;
mod elsewhere;
mod encrypt;
mod example;
mod findings;
mod get;
mod hook;
mod import;
mod init;
mod key;
mod log;
mod ls;
mod man;
mod paged;
mod redact;
mod rename;
mod report;
mod run;
mod select;
mod set;
mod team;
mod tips;
mod unset;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::error::{ContextKind, ContextValue};
use clap::{Args as _, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{self, ProcessEnv};
use crate::error::Error;
use crate::exec::{catch_file_size_limit, hide_memory};
use crate::git::Repo;
use crate::keys::KeyStore;
use crate::project::{self, Settled};
use crate::ui::{self, Ui};

/// Secrets in .env files, sealed value by value to a public key and shared through git alone.
///
/// The sealed file is committed. Whoever has a checkout can seal a value; opening one takes the private key: in
/// .env.keys (never committed), in `ENVSEAL_PRIVATE_KEY[_ENV]`, or granted to you in envseal.toml (see `envseal team`).
#[derive(Parser)]
#[command(name = "envseal", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_long_help = "Examples:
  envseal init                                # set a project up
  envseal set DB_PASSWORD                     # seal a value; asks for it
  envseal run -- npm start                    # run a program with the opened values
  envseal check                               # is anything in the open?
  envseal team request                        # ask for access to what others have sealed

`envseal COMMAND --help` has more of each.")]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// So that a command's own options come first, and together.
const GLOBAL: &str = "Global options";

#[derive(clap::Args)]
struct Global {
    /// Change to DIR first
    #[arg(short = 'C', value_name = "DIR", global = true, help_heading = GLOBAL)]
    dir: Option<PathBuf>,
    /// Take private keys from FILE instead of .env.keys
    #[arg(short = 'K', long, value_name = "FILE", global = true, help_heading = GLOBAL)]
    keys_file: Option<PathBuf>,
    /// Use this private SSH key as your identity, not the one that `team request` made
    #[arg(short, long, value_name = "FILE", global = true, help_heading = GLOBAL)]
    identity: Option<PathBuf>,
    /// Say nothing but errors
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    quiet: bool,
    /// Say more
    #[arg(short, long, global = true, help_heading = GLOBAL, conflicts_with = "quiet")]
    verbose: bool,
    /// Use no pager
    #[arg(long, global = true, help_heading = GLOBAL)]
    no_pager: bool,
}

#[derive(Subcommand)]
enum Command {
    Init(init::Args),
    Set(set::Args),
    Get(get::Args),
    Unset(unset::Args),
    Rename(rename::Args),
    Run(run::Args),
    Edit(edit::Args),
    Encrypt(encrypt::Args),
    Decrypt(decrypt::Args),
    Ls(ls::Args),
    Check(check::Args),
    Diff(diff::Args),
    Log(log::Args),
    Blame(blame::Args),
    Doctor(doctor::Args),
    Import(import::Args),
    #[command(subcommand)]
    Key(key::Command),
    #[command(subcommand)]
    Team(team::Command),
    #[command(subcommand)]
    Hook(hook::Command),
    Completions(completions::Args),
    Man(man::Args),
}

/// What every command has at hand.
struct Context<'a> {
    ui: Ui,
    process: &'a ProcessEnv,
    store: KeyStore<'a>,
    /// As `-i` named it.
    identity: Option<PathBuf>,
    no_pager: bool,
}

impl<'a> Context<'a> {
    fn store(&self) -> &KeyStore<'a> {
        &self.store
    }

    /// The repository that git would use here: that of the current folder, or the one that git runs this hook for.
    fn repository(&self) -> Result<Rc<Repo>, Error> {
        Ok(self.store.repositories().current()?)
    }

    /// Says that another envseal is at work.
    fn waiting(&self) {
        self.ui.say("waiting for another envseal to finish…");
    }
}

/// Parses the command line and carries it out. Returns the exit status; errors have been shown.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    hide_memory();
    catch_file_size_limit();
    ui::report_panics();
    let arguments = asking_for_help(arguments.into_iter().collect());
    let cli = match parse(&arguments) {
        Ok(mut cli) => {
            if let Command::Set(args) = &mut cli.command {
                args.note_literal(&arguments);
            }
            cli
        }
        Err(mut error) => {
            tips::add_tip(&mut error);
            hide_values(&mut error, arguments.iter().any(|argument| argument == "set"));
            // Help and version come as errors too; the exit status tells them apart.
            let printed = error.print().and_then(|()| io::stdout().flush());
            if let (Err(source), false) = (printed, error.use_stderr()) {
                return told(Err(Error::io("write to stdout")(source)));
            }
            let status = u8::try_from(error.exit_code()).unwrap_or(2);
            return drivers::usage_status(&arguments, status);
        }
    };
    told(dispatch(cli))
}

/// Shows an error, and returns the exit status.
fn told(result: Result<u8, Error>) -> u8 {
    match result {
        Ok(status) => status,
        // 128 + SIGPIPE, as for any program whose reader has gone.
        Err(error) if error.is_broken_pipe() => 141,
        // 128 + SIGINT.
        Err(error) if error.is_interrupted() => 130,
        Err(error) => {
            ui::error(error.message(), error.details(), error.command_hint());
            error.status()
        }
    }
}

/// The definition of the command line, for completions and manual pages.
pub fn definition() -> clap::Command {
    Cli::command()
}

/// Parses by the definition. It is large, and programs are started through `run`: so that is tried by itself first.
/// Whatever is no call of `run`, or a wrong one, or asks for help, fails there, and then the whole has the word.
fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    if arguments.iter().any(|argument| argument == "run") {
        let run =
            clap::Command::new("envseal").subcommand(run::Args::augment_args(clap::Command::new("run")));
        let parsed = Global::augment_args(run).try_get_matches_from(arguments);
        if let Ok(cli) = parsed.and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches)) {
            return Ok(cli);
        }
    }
    Cli::try_parse_from(arguments)
}

/// `envseal help set` is `envseal set --help`, as with git and cargo. Made by clap, it would double every completion script.
fn asking_for_help(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(1).is_some_and(|word| word == "help") {
        arguments.remove(1);
        arguments.push("--help".into());
    }
    arguments
}

fn dispatch(cli: Cli) -> Result<u8, Error> {
    if let Command::Run(args) = &cli.command
        && args.is_session()
    {
        return run::session(args);
    }
    let Global { dir, keys_file, identity, quiet, verbose, no_pager } = cli.global;
    if let Some(dir) = dir {
        config::change_dir(&dir).map_err(Error::io(format!("change to {}", dir.display())))?;
    }
    let process = ProcessEnv::capture();
    let store = KeyStore::new(&process, keys_file).with_identity(identity.clone(), &ui::passphrase);
    let context = Context { ui: Ui { quiet, verbose }, process: &process, store, identity, no_pager };
    // What was interrupted here is finished or undone first, whatever comes.
    match project::settle(Path::new(".")) {
        Ok(None) => {}
        Ok(Some(Settled::Finished)) => {
            context.ui.note("Finished a change that was interrupted: git status");
        }
        Ok(Some(Settled::Undone)) => context.ui.note("Undid a change that was interrupted"),
        Err(error) => context.ui.note(format_args!("{error}")),
    }
    match cli.command {
        Command::Run(args) => {
            let program = run::prepare(&context, &args)?;
            // No key is kept while the program runs.
            drop(context);
            drop(process);
            return program.start();
        }
        Command::Hook(command) => return hook::run(&context, &command),
        Command::Check(args) => return check::run(&context, &args),
        Command::Doctor(args) => return doctor::run(&context, &args),
        Command::Edit(args) => return edit::run(&context, &args),
        Command::Team(command) => return team::run(&context, command),
        Command::Init(args) => init::run(&context, &args),
        Command::Import(args) => import::run(&context, &args),
        Command::Set(args) => set::run(&context, args),
        Command::Get(args) => get::run(&context, &args),
        Command::Unset(args) => unset::run(&context, &args),
        Command::Rename(args) => rename::run(&context, &args),
        Command::Encrypt(args) => encrypt::run(&context, &args),
        Command::Decrypt(args) => decrypt::run(&context, &args),
        Command::Ls(args) => ls::run(&context, &args),
        Command::Diff(args) => diff::run(&context, &args),
        Command::Log(args) => log::run(&context, &args),
        Command::Blame(args) => blame::run(&context, &args),
        Command::Key(command) => key::run(&context, command),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&context, &args),
    }?;
    Ok(0)
}

/// Takes out of clap's error what may be a value: behind an `=`, and in a `set` all that clap does not know.
fn hide_values(error: &mut clap::Error, set: bool) {
    use clap::error::ErrorKind::{InvalidSubcommand, TooManyValues, UnknownArgument};
    if !matches!(error.kind(), UnknownArgument | TooManyValues | InvalidSubcommand) {
        return;
    }
    for kind in [ContextKind::InvalidSubcommand, ContextKind::InvalidArg, ContextKind::InvalidValue] {
        let Some(ContextValue::String(text)) = error.get(kind) else { continue };
        let known = error.kind() == TooManyValues && kind == ContextKind::InvalidArg;
        let hidden = match text.split_once('=') {
            _ if set && !known => "…".to_owned(),
            Some((name, _)) => format!("{name}=…"),
            None => continue,
        };
        let wants_stdin = text.starts_with("--stdin");
        error.insert(kind, ContextValue::String(hidden));
        error.remove(ContextKind::Suggested);
        if wants_stdin {
            let tip = "stdin is read when VALUE is left out".into();
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(cli: Cli) -> String {
        let Global { dir, keys_file, identity, quiet, verbose, no_pager } = cli.global;
        let command = match cli.command {
            Command::Run(args) => format!("{args:?}"),
            _ => "another".into(),
        };
        format!("{dir:?} {keys_file:?} {identity:?} {quiet} {verbose} {no_pager} {command}")
    }

    #[test]
    fn run_by_itself_takes_what_the_whole_takes() {
        let lines = "run x|run -- x -e y|-q run x|run -v x --help|-C run run x|--no-pager run x|run -K k -C d -- run|run -e a -f b x|\
                     run|run -h|run --help|-h|--version|run -q -v x|-C run|-C run ls|ls run|set run x|get run|run -k|\
                     run -V|-V run x|run --nonsense x|nonsense run|completions run|man run|key run";
        for line in lines.split('|') {
            let arguments: Vec<_> =
                ["envseal"].into_iter().chain(line.split(' ')).map(OsString::from).collect();
            match (parse(&arguments), Cli::try_parse_from(&arguments)) {
                (Ok(one), Ok(other)) => assert_eq!(called(one), called(other), "{line}"),
                (Err(one), Err(other)) => assert_eq!(one.to_string(), other.to_string(), "{line}"),
                (one, _) => panic!("{line}: {}", if one.is_ok() { "taken" } else { "refused" }),
            }
        }
    }
}
