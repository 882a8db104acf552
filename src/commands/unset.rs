//! `envseal unset`.

use super::Context;
use super::select::Files;
use crate::error::Error;
use crate::git::display_path;
use crate::project::{Write, unset, update};

/// Take variables out of a file
///
/// The whole line goes, its comment included.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal unset OLD_TOKEN
  envseal unset A B -e staging -e production")]
pub(super) struct Args {
    /// The variables
    #[arg(value_name = "KEY", required = true)]
    keys: Vec<String>,
    #[command(flatten)]
    files: Files,
}

/// Takes the variables out of every file named.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let paths = args.files.named_or_default(context.process)?;
    let mut keys = args.keys.clone();
    keys.sort();
    keys.dedup();
    let updated = update(&paths, context.store(), Write::Files, &|| context.waiting(), |target| {
        target.must_exist()?;
        unset(target.file(), &keys)
    })?;
    for (path, ..) in &updated.files {
        context.ui.say(format_args!("took {} out of {}", keys.join(", "), display_path(path)));
    }
    Ok(())
}
