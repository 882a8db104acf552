//! `envseal key generate`.

use crate::commands::Context;
use crate::commands::files::{FileArgs, confirm_new_environments, say_created};
use crate::error::Error;
use crate::git::display_path;
use crate::project::{UpdatedFile, Write};
use crate::ui;

/// Create a key pair for an environment without one
///
/// The public key goes into the env file, the private key into .env.keys. `set` and `encrypt` do this on their own.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key generate -e staging")]
pub(in crate::commands) struct KeyGenerateArgs {
    #[command(flatten)]
    files: FileArgs,
    /// Create a key even if the last commit has one
    #[arg(long)]
    force: bool,
}

pub(super) fn run(context: &Context, args: &KeyGenerateArgs) -> Result<(), Error> {
    let paths = args.files.paths_or_default(context.process)?;
    let new = confirm_new_environments(context, &paths)?;
    let updated = context.update(&paths, Write::Files, |target| {
        if let Some(key) = target.file().public_key() {
            let path = target.file().path();
            let message = format!("{} is already encrypted with key {}", path.display(), key.id());
            return Err(Error::refused(message).with_hint(hint!("see it: envseal key show -f {path}", path)));
        }
        if args.force {
            target.replace_committed_key();
        }
        let key = target.seal_to()?;
        Ok((target.document().clone(), key))
    })?;
    context.print_notices(&updated.notices);
    for UpdatedFile { path, outcome: key, .. } in &updated.files {
        if new.contains(path) {
            say_created(context, path, &new);
        }
        context.ui.say(format_args!("Added public key {} to {}", key.id(), display_path(path)));
        ui::data(format!("{key}\n").as_bytes())?;
    }
    Ok(())
}
