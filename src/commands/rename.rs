//! `envseal rename`.

use super::select::Files;
use super::{Context, report};
use crate::dotenv::VarName;
use crate::error::Error;
use crate::vault::{Write, rename, update};

/// Give a variable another name
///
/// A sealed value is bound to its name, so it is opened and sealed again: that takes the private key.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal rename DB_PASS DB_PASSWORD
  envseal rename HRLLO HELLO -e production")]
pub(super) struct Args {
    /// The name it has
    old: String,
    /// The name it is to have
    new: String,
    #[command(flatten)]
    files: Files,
    /// Replace a variable that has the new name already
    #[arg(long)]
    force: bool,
}

/// Renames the variable in every file named.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let new =
        VarName::new(&args.new).map_err(|error| Error::usage(error.to_string(), "envseal rename OLD NEW"))?;
    let paths = args.files.named_or_default(context.process)?;
    let mut referring = Vec::new();
    let updated = update(&paths, context.store(), Write::Files, &|| context.waiting(), |target| {
        target.must_exist()?;
        let mut keys = if target.is_sealed(&args.old) {
            Some((target.opener_or_fail()?, target.key_in_file()?))
        } else {
            None
        };
        let keys = keys.as_mut().map(|(opener, key)| (&*key, opener));
        let (document, names) = rename(target.file(), &args.old, &new, args.force, keys)?;
        referring.push(names);
        Ok(document)
    })?;
    report::notices(context, &updated.notices);
    for ((path, ..), names) in updated.files.iter().zip(referring) {
        let path = report::shown(path);
        context.ui.say(format_args!("renamed {} to {new} in {path}", args.old));
        for name in names {
            context.ui.note(format_args!("{name} in {path} still refers to {}", args.old));
        }
    }
    Ok(())
}
