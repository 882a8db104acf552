//! `envseal decrypt`.

use super::Context;
use super::report::{counted, documents, shown};
use super::select::{Files, Names};
use crate::error::Error;
use crate::vault::{Pick, Write, decrypt, update};

/// Write the sealed values back as plain text
///
/// A file that `encrypt` sealed comes back byte for byte; the line with the public key stays.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal decrypt --stdout
  envseal decrypt -e development")]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    names: Names,
    /// Print the plain file instead of writing it
    #[arg(long)]
    stdout: bool,
}

/// Opens every file named.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let write = if args.stdout { Write::Nothing } else { Write::Files };
    let files = if args.stdout { &args.files.reading(context)? } else { &args.files };
    let paths = files.named_or_default(context.process)?;
    let wants = args.names.filter()?;
    let pick = Pick { wants: &wants, all: args.names.is_all() };
    let mut counts = Vec::new();
    let updated = update(&paths, context.store(), write, &|| context.waiting(), |target| {
        target.must_exist()?;
        let (document, count) = if target.file().has_sealed(&wants) {
            decrypt(target.file(), &pick, &mut target.opener_or_fail()?)?
        } else {
            (target.file().document().clone(), 0)
        };
        counts.push(count);
        Ok(document)
    })?;
    if args.stdout {
        return documents(&updated);
    }
    for ((path, ..), count) in updated.files.iter().zip(counts) {
        context.ui.say(match count {
            0 => format!("{}: nothing is sealed", shown(path)),
            count => {
                format!("opened {} in {}: seal again before you commit", counted(count, "value"), shown(path))
            }
        });
    }
    Ok(())
}
