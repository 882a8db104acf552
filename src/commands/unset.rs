//! `envseal unset`.

use super::Context;
use super::files::FileArgs;
use crate::error::Error;
use crate::git::display_path;
use crate::project::{UpdatedFile, Write, unset};

/// Remove variables from a file
///
/// Removes the whole line, its comment included.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal unset OLD_TOKEN
  envseal unset A B -e staging -e production")]
pub(super) struct UnsetArgs {
    #[arg(value_name = "KEY", required = true)]
    keys: Vec<String>,
    #[command(flatten)]
    pub(super) files: FileArgs,
}

pub(super) fn run(context: &Context, args: &UnsetArgs) -> Result<(), Error> {
    let paths = args.files.paths_or_default(context.process)?;
    let mut keys = args.keys.clone();
    keys.sort();
    keys.dedup();
    let updated = context.update(&paths, Write::Files, |target| {
        target.must_exist()?;
        Ok((unset(target.file(), &keys)?, ()))
    })?;
    for UpdatedFile { path, .. } in &updated.files {
        context.ui.say(format_args!("Removed {} from {}", keys.join(", "), display_path(path)));
    }
    Ok(())
}
