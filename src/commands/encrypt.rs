//! `envseal encrypt`.

use std::path::PathBuf;

use super::Context;
use super::report::{counted, documents, notices, shown};
use super::select::{Files, Names, found_from_here};
use crate::error::Error;
use crate::vault::{Pick, Write, encrypt, reseal, update};

/// Seal every plain value that is not marked plain
///
/// Everything else in the file stays as it is, byte for byte. Without -e and -f: every env file from here
/// downward that git does not ignore.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal encrypt
  envseal encrypt -f .env.production -k '*_KEY'
  envseal encrypt --reseal -e production           # seal anew what an older key can still open")]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    names: Names,
    /// Print the sealed file instead of writing it
    #[arg(long)]
    stdout: bool,
    /// Open what is sealed, with older keys too, and seal it anew to the file's key
    #[arg(long)]
    reseal: bool,
}

/// Seals every file named or found.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let write = if args.stdout { Write::Nothing } else { Write::Files };
    let files = if args.stdout { &args.files.reading(context)? } else { &args.files };
    let paths = if files.is_empty() { found(context)? } else { files.named(context.process)? };
    let wants = args.names.filter()?;
    let pick = Pick { wants: &wants, all: args.names.is_all() };
    let mut counts = Vec::new();
    let updated = update(&paths, context.store(), write, &|| context.waiting(), |target| {
        target.must_exist()?;
        let (document, count) = if args.reseal {
            let key = target.key_in_file()?;
            reseal(target.file(), &key, &pick, target.all_keys()?)?
        } else if target.has_secrets(&wants) {
            let key = target.seal_to()?;
            encrypt(target.file(), target.document(), target.scope(), &key, &pick)?
        } else {
            (target.file().document().clone(), 0)
        };
        counts.push(count);
        Ok(document)
    })?;
    if args.stdout {
        return documents(&updated);
    }
    notices(context, &updated.notices);
    for ((path, ..), count) in updated.files.iter().zip(counts) {
        let verb = if args.reseal { "resealed" } else { "sealed" };
        context.ui.say(match count {
            0 => format!("{}: nothing to seal", shown(path)),
            count => format!("{verb} {} in {}", counted(count, "value"), shown(path)),
        });
    }
    Ok(())
}

/// The env files from here downward; there must be one.
fn found(context: &Context) -> Result<Vec<PathBuf>, Error> {
    let files = found_from_here(context)?;
    if files.is_empty() {
        return Err(Error::usage("there is no env file here", "make one: envseal set NAME"));
    }
    Ok(files)
}
