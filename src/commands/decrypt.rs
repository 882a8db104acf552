//! `envseal decrypt`.

use super::Context;
use super::files::{FileArgs, VariableArgs};
use crate::dotenv::{Entry, is_reserved};
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::hint::Hint;
use crate::project::{Pick, UpdatedFile, ValueFailure, Write, cannot_decrypt, decrypt, token};
use crate::ui::{self, counted};

/// Decrypt values back to plain text
///
/// A file that `encrypt` changed comes back byte for byte, except for the added line with the public key. Reserved names
/// stay encrypted. If a value can't be decrypted, nothing is written; -x skips it.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal decrypt --stdout
  envseal decrypt -e development")]
pub(super) struct DecryptArgs {
    #[command(flatten)]
    pub(super) files: FileArgs<true>,
    #[command(flatten)]
    variables: VariableArgs,
    /// Print the decrypted file instead of writing it
    #[arg(long)]
    stdout: bool,
}

impl DecryptArgs {
    /// Returns the same command without the variables that failed.
    fn without(&self, failures: &[ValueFailure]) -> Hint {
        let mut names: Vec<_> = failures.iter().map(|failure| failure.name.clone()).collect();
        names.dedup();
        let command = Hint::from("to leave them encrypted: envseal decrypt").and(self.variables.to_hint());
        let command = command.and(hint!(" -x {names}", names));
        if self.stdout { command.and(" --stdout") } else { command }
    }
}

pub(super) fn run(context: &Context, args: &DecryptArgs) -> Result<(), Error> {
    let write = if args.stdout { Write::Nothing } else { Write::Files };
    let files = if args.stdout { &args.files.existing(context)? } else { &args.files };
    let paths = files.paths_or_default(context.process)?;
    let wants = args.variables.filter()?;
    let pick = Pick { wants: &wants, all: args.variables.is_all() };
    let updated = context.update(&paths, write, |target| {
        target.must_exist()?;
        if !target.file().has_sealed(&wants) {
            return Ok((target.file().document().clone(), 0));
        }
        let mut opener = target.opener_or_fail()?;
        decrypt(target.file(), target.project(), &pick, &mut opener)
            .map_err(|failures| cannot_decrypt(&failures).with_hint(args.without(&failures)))
    })?;
    for UpdatedFile { path, document, .. } in &updated.files {
        let is_left = |entry: &&Entry| {
            let name = document.name(entry);
            wants(name) && is_reserved(name) && token(document, entry).is_some()
        };
        for entry in document.entries().iter().filter(is_left) {
            let (name, path) = (document.name(entry), relative_path(path));
            let message = format!("{name} in {} stays encrypted: it is a reserved name", path.display());
            let hint = hint!("to write it as plain text: envseal set {name} --plain -f {path}", name, path);
            context.ui.note(hint.after(message));
        }
    }
    if args.stdout {
        return updated.files.iter().try_for_each(|file| ui::text(file.document.as_bytes()));
    }
    for UpdatedFile { path, outcome: count, .. } in &updated.files {
        let path = display_path(path);
        let values = counted(*count, "value");
        context.ui.say(match count {
            0 => format!("Nothing to decrypt in {path}"),
            _ => format!("Decrypted {values} in {path}. Encrypt again before you commit"),
        });
    }
    Ok(())
}
