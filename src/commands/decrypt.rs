//! `envseal decrypt`.

use std::path::PathBuf;

use super::Context;
use super::report::{counted, documents};
use super::select::{Files, Names};
use crate::dotenv::{Entry, is_reserved};
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::hint::Hint;
use crate::project::{Pick, ValueFailure, Write, cannot_decrypt, decrypt, token, update};

/// Write the sealed values back as plain text
///
/// A file that `encrypt` sealed comes back byte for byte; the line with the public key stays, and so do sealed values of
/// reserved names. Where a value cannot be decrypted, nothing is written; -x leaves it sealed.
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

impl Args {
    /// The same command with these variables left out.
    fn leaving(&self, paths: &[PathBuf], failures: &[ValueFailure]) -> Hint {
        let mut command = Hint::from("to leave them encrypted: envseal decrypt");
        if !self.files.is_empty() {
            let paths: Vec<_> = paths.iter().map(|path| relative_path(path)).collect();
            command = command.and(hint!(" -f {paths}", paths));
        }
        let mut names: Vec<_> = failures.iter().map(|failure| failure.name.clone()).collect();
        names.dedup();
        command = command.and(self.names.typed()).and(hint!(" -x {names}", names));
        if self.stdout { command.and(" --stdout") } else { command }
    }
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
            let mut opener = target.opener_or_fail()?;
            decrypt(target.file(), &pick, &mut opener)
                .map_err(|failures| cannot_decrypt(&failures).with_hint(args.leaving(&paths, &failures)))?
        } else {
            (target.file().document().clone(), 0)
        };
        counts.push(count);
        Ok(document)
    })?;
    for (path, document, _) in &updated.files {
        let reserved = |entry: &&Entry| {
            let name = document.name(entry);
            wants(name) && is_reserved(name) && token(document, entry).is_some()
        };
        for entry in document.entries().iter().filter(reserved) {
            let name = document.name(entry);
            let hint = hint!(
                "to write it as plain text: envseal set {name} --plain -f {path}",
                name,
                path = relative_path(path)
            );
            context.ui.note(
                hint.after(format_args!(
                    "{name} stays sealed in {}: it is a reserved name",
                    display_path(path)
                )),
            );
        }
    }
    if args.stdout {
        return documents(&updated);
    }
    for ((path, ..), count) in updated.files.iter().zip(counts) {
        context.ui.say(match count {
            0 => format!("{}: nothing is sealed", display_path(path)),
            count => {
                format!(
                    "opened {} in {}: seal again before you commit",
                    counted(count, "value"),
                    display_path(path)
                )
            }
        });
    }
    Ok(())
}
