//! `envseal key generate`.

use crate::commands::select::Files;
use crate::commands::{Context, report};
use crate::error::Error;
use crate::git::display_path;
use crate::project::{Write, update};
use crate::ui;

/// Make the key pair of an environment that has none
///
/// The public key goes into the env file, the private one into .env.keys. `set` and `encrypt` do this by themselves.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key generate -e staging")]
pub(in crate::commands) struct Args {
    #[command(flatten)]
    files: Files,
    /// Create a key even if the last commit has one
    #[arg(long)]
    force: bool,
}

/// Makes the pairs and prints their public halves.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let paths = args.files.named_or_default(context.process)?;
    let mut keys = Vec::new();
    let updated = update(&paths, context.store(), Write::Files, &|| context.waiting(), |target| {
        if let Some(key) = target.file().public_key() {
            let path = target.file().path();
            let message = format!("{} is already encrypted with key {}", path.display(), key.id());
            return Err(Error::refused(message).with_hint(hint!("see it: envseal key show -f {path}", path)));
        }
        if args.force {
            target.replace_committed_key();
        }
        keys.push(target.seal_to()?);
        Ok(target.document().clone())
    })?;
    report::notices(context, &updated.notices);
    for ((path, ..), key) in updated.files.iter().zip(keys) {
        context.ui.say(format_args!("{} is sealed to key {} from now on", display_path(path), key.id()));
        ui::data(format!("{key}\n").as_bytes()).map_err(Error::io("write to stdout"))?;
    }
    Ok(())
}
