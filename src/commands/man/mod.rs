//! `envseal man`.

mod page;

use std::path::{Path, PathBuf};

use self::page::page;
use super::report::counted;
use super::{Context, definition};
use crate::error::Error;
use crate::fs::{NewMode, make_folder, write_atomic};
use crate::git::display_path;
use crate::project::VaultError;
use crate::ui;

/// Print a page of the manual, as roff
///
/// Without a command: that of envseal itself, which lists the others. The pages hold no date, so that one version of
/// envseal always prints the same.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal man | man -l -                                 # read it
  envseal man team approve | man -l -                    # the page of one command
  envseal man --dir ~/.local/share/man/man1              # all pages, for good: man envseal-run")]
pub(super) struct Args {
    /// The command whose page it is: team approve
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write every page into DIR, which is made if need be: envseal.1, envseal-set.1, envseal-team-approve.1, …
    #[arg(long = "dir", value_name = "DIR", conflicts_with = "command")]
    into: Option<PathBuf>,
}

/// Prints the page, or writes all of them.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let mut whole = definition();
    whole.build();
    if let Some(dir) = &args.into {
        return write_all(context, &whole, dir);
    }
    let mut command = &whole;
    for name in &args.command {
        command = command.find_subcommand(name).filter(|found| !found.is_hide_set()).ok_or_else(|| {
            let words = format!("there is no command {}", args.command.join(" "));
            Error::usage(words, "list the commands: envseal --help")
        })?;
    }
    ui::data(&page(command, parent_of(&whole, &args.command))).map_err(Error::io("write to stdout"))
}

/// The command above the one that these words name; none above envseal itself.
fn parent_of<'a>(whole: &'a clap::Command, words: &[String]) -> Option<&'a clap::Command> {
    let (_, above) = words.split_last()?;
    above.iter().try_fold(whole, |command, name| command.find_subcommand(name))
}

fn write_all(context: &Context, whole: &clap::Command, dir: &Path) -> Result<(), Error> {
    make_folder(dir).map_err(VaultError::from)?;
    let mut pages = Vec::new();
    collect(whole, None, &mut pages);
    for (name, bytes) in &pages {
        write_atomic(&dir.join(name), bytes, NewMode::Default).map_err(VaultError::from)?;
    }
    context.ui.say(format_args!("wrote {} into {}", counted(pages.len(), "page"), display_path(dir)));
    Ok(())
}

/// The pages of a command and of those below it, each with its file's name.
fn collect(command: &clap::Command, parent: Option<&clap::Command>, pages: &mut Vec<(String, Vec<u8>)>) {
    pages.push((format!("{}.1", page::title(command)), page(command, parent)));
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        collect(below, Some(command), pages);
    }
}
