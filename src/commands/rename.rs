//! `envseal rename`.

use super::Context;
use super::files::FileArgs;
use crate::dotenv::VarName;
use crate::error::Error;
use crate::git::display_path;
use crate::project::{UpdatedFile, Write, referring_beside, rename};

/// Rename a variable
///
/// A sealed value is bound to its name, so it is decrypted and encrypted again; that needs the private key. If other
/// values, .env.schema or .env.example refer to the variable, renaming it needs --force.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal rename DB_PASS DB_PASSWORD
  envseal rename HRLLO HELLO -e production")]
pub(super) struct RenameArgs {
    old: String,
    new: String,
    #[command(flatten)]
    pub(super) files: FileArgs,
    /// Replace an existing NEW, and leave references to OLD unchanged
    #[arg(long)]
    force: bool,
}

pub(super) fn run(context: &Context, args: &RenameArgs) -> Result<(), Error> {
    let new =
        VarName::new(&args.new).map_err(|error| Error::usage(error.to_string(), "envseal rename OLD NEW"))?;
    let paths = args.files.paths_or_default(context.process)?;
    let updated = context.update(&paths, Write::Files, |target| {
        target.must_exist()?;
        let (document, names) = rename(target, &args.old, &new, args.force)?;
        let file = target.file();
        let path = file.path();
        // A value that refers to itself has the new name in what is written.
        let name_of = |name| if args.force && name == args.old.as_str() { new.as_str() } else { name };
        let mut by: Vec<_> =
            names.iter().map(|name| format!("{} in {}", name_of(name), display_path(path))).collect();
        by.extend(referring_beside(file, &args.old, &new)?.into_iter().map(|(path, name)| match name {
            Some(name) => format!("{name} in {}", display_path(&path)),
            None => display_path(&path),
        }));
        if !by.is_empty() && !args.force {
            let line = file.document().last(&args.old).map_or(1, |at| file.document().entries()[at].line);
            let place = format!("{}:{line} {}", path.display(), args.old);
            let hint = "change those first, or rename it anyway with --force";
            return Err(Error::refused(format!("{place} is referenced by {}", by.join(", "))).with_hint(hint));
        }
        Ok((document, by))
    })?;
    context.print_notices(&updated.notices);
    for UpdatedFile { path, outcome: referring, .. } in &updated.files {
        context.ui.say(format_args!("Renamed {} to {new} in {}", args.old, display_path(path)));
        for by in referring {
            context.ui.note(format_args!("{by} still refers to {}", args.old));
        }
    }
    Ok(())
}
