//! `envseal rename`.

use super::select::Files;
use super::{Context, report};
use crate::dotenv::VarName;
use crate::error::Error;
use crate::git::display_path;
use crate::project::{Write, referring_beside, rename, update};

/// Give a variable another name
///
/// A sealed value is bound to its name, so it is opened and sealed again: that takes the private key. A variable that
/// other values, or .env.schema or .env.example, refer to is not renamed without --force.
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
    /// Replace a variable that has the new name, and leave references to the old one behind
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
        let file = target.file();
        let (document, names) = rename(file, &args.old, &new, args.force, keys)?;
        let path = file.path();
        let mut by: Vec<_> = names.iter().map(|name| format!("{name} in {}", display_path(path))).collect();
        by.extend(referring_beside(file, &args.old, &new)?.into_iter().map(|(path, name)| {
            let path = display_path(&path);
            name.map_or_else(|| path.clone(), |name| format!("{name} in {path}"))
        }));
        if !by.is_empty() && !args.force {
            let line = file.document().last(&args.old).map_or(1, |at| file.document().entries()[at].line);
            let message =
                format!("{}:{line} {} is referenced by {}", path.display(), args.old, by.join(", "));
            return Err(
                Error::refused(message).with_hint("change those first, or rename it anyway with --force")
            );
        }
        referring.push(by);
        Ok(document)
    })?;
    report::notices(context, &updated.notices);
    for ((path, ..), by) in updated.files.iter().zip(referring) {
        context.ui.say(format_args!("renamed {} to {new} in {}", args.old, display_path(path)));
        for by in by {
            context.ui.note(format_args!("{by} still refers to {}", args.old));
        }
    }
    Ok(())
}
