//! The command line: one file per command, each with its clap definition and one function.

mod completions;
mod decrypt;
mod deferred;
mod encrypt;
mod get;
mod init;
mod key;
mod ls;
mod rename;
mod report;
mod run;
mod select;
mod set;
mod unset;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser, Subcommand};

use self::deferred::Deferred;
use crate::config::{self, ProcessEnv};
use crate::error::Error;
use crate::keystore::KeyStore;
use crate::ui::{self, Ui};

/// Secrets in .env files, sealed value by value to a public key and shared through git alone.
///
/// The sealed file is committed. Whoever has a checkout can seal a value; opening one takes the private key, which
/// lives in .env.keys (never committed) or in `ENVSEAL_PRIVATE_KEY[_ENV]`.
#[derive(Parser)]
#[command(name = "envseal", version, max_term_width = 100, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Args)]
struct Global {
    /// Change to DIR first
    #[arg(short = 'C', value_name = "DIR", global = true)]
    dir: Option<PathBuf>,
    /// Take private keys from FILE instead of .env.keys
    #[arg(short = 'K', long, value_name = "FILE", global = true)]
    keys_file: Option<PathBuf>,
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
}

// Each command's first line stands here as well as in its own file, for the list of commands; a test compares the two.
#[derive(Subcommand)]
enum Command {
    /// Set this project up: the first env file, .gitignore, and which names are plain
    Init(Deferred<init::Args>),
    /// Seal a value
    Set(Deferred<set::Args>),
    /// Open values and print them
    Get(Deferred<get::Args>),
    /// Take variables out of a file
    Unset(Deferred<unset::Args>),
    /// Give a variable another name
    Rename(Deferred<rename::Args>),
    /// Run a program with the opened values in its environment
    Run(Deferred<run::Args>),
    /// Seal every plain value that is not marked plain
    Encrypt(Deferred<encrypt::Args>),
    /// Write the sealed values back as plain text
    Decrypt(Deferred<decrypt::Args>),
    /// List env files: what is sealed in them, to which key, and whether you can open it
    Ls(Deferred<ls::Args>),
    #[command(subcommand)]
    Key(key::Command),
    /// Print a completion script for a shell
    Completions(Deferred<completions::Args>),
}

/// What every command has at hand.
struct Context {
    ui: Ui,
    process: ProcessEnv,
    keys_file: Option<PathBuf>,
}

impl Context {
    fn store(&self) -> KeyStore<'_> {
        KeyStore::new(&self.process, self.keys_file.clone())
    }

    /// Says that another envseal is at work.
    fn waiting(&self) {
        self.ui.say("waiting for another envseal to finish…");
    }
}

/// Parses the command line and carries it out. Returns the exit status; errors have been shown.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(mut error) => {
            hide_values(&mut error, arguments.iter().any(|argument| argument == "set"));
            // Help and version come as errors too; the exit status tells them apart.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    match dispatch(cli) {
        Ok(status) => status,
        // 128 + SIGPIPE, as for any program whose reader has gone.
        Err(error) if error.is_broken_pipe() => 141,
        // 128 + SIGINT.
        Err(error) if error.is_interrupted() => 130,
        Err(error) => {
            ui::error(&with_sources(&error), &error.details(), error.hint().as_deref());
            error.status()
        }
    }
}

/// The definition of the command line, for completions and manual pages.
pub fn definition() -> clap::Command {
    Cli::command()
}

fn dispatch(cli: Cli) -> Result<u8, Error> {
    let Global { dir, keys_file, quiet, verbose } = cli.global;
    if let Some(dir) = dir {
        config::change_dir(&dir).map_err(Error::io(format!("change to {}", dir.display())))?;
    }
    let context = Context { ui: Ui { quiet, verbose }, process: ProcessEnv::capture(), keys_file };
    match cli.command {
        Command::Run(Deferred(args)) => return run::run(&context, &args),
        Command::Init(Deferred(args)) => init::run(&context, &args),
        Command::Set(Deferred(args)) => set::run(&context, args),
        Command::Get(Deferred(args)) => get::run(&context, &args),
        Command::Unset(Deferred(args)) => unset::run(&context, &args),
        Command::Rename(Deferred(args)) => rename::run(&context, &args),
        Command::Encrypt(Deferred(args)) => encrypt::run(&context, &args),
        Command::Decrypt(Deferred(args)) => decrypt::run(&context, &args),
        Command::Ls(Deferred(args)) => ls::run(&context, &args),
        Command::Key(command) => key::run(&context, command),
        Command::Completions(Deferred(args)) => completions::run(&args),
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
        error.insert(kind, ContextValue::String(hidden));
        error.remove(ContextKind::Suggested);
    }
}

/// The error, and what lies behind it where its own words do not say so.
fn with_sources(error: &Error) -> String {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let words = cause.to_string();
        if !message.contains(&words) {
            message = format!("{message}: {words}");
        }
        source = cause.source();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_says_the_same_in_the_list_and_in_its_own_help() {
        let listed = definition();
        let mut built = definition();
        built.build();
        for command in listed.get_subcommands() {
            let own = built.find_subcommand(command.get_name()).unwrap();
            assert_eq!(command.get_about().unwrap().to_string(), own.get_about().unwrap().to_string());
        }
        built.debug_assert();
    }
}
