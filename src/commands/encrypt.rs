//! `envseal encrypt`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Context;
use super::files::{FileArgs, INCLUDE, ReferenceArgs, VariableArgs, find_files};
use crate::dotenv::Document;
use crate::error::Error;
use crate::git::display_path;
use crate::project::{Pick, Updated, UpdatedFile, Write, document_in_head, encrypt, reseal, token};
use crate::ui::{self, counted, listed};

/// Encrypt every value that is not marked plain
///
/// Everything else in the file stays as it is, byte for byte. A value that was only decrypted since the last commit gets that
/// commit's sealed value again, if the private key is available. Without -e and -f: every env file from here downward that
/// git does not ignore.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal encrypt
  envseal encrypt -f .env.production -k '*_KEY'
  envseal encrypt --literal DB_PASSWORD            # its `$` is not a reference
  envseal encrypt --external HOST_NAME             # set only on the target machine
  envseal encrypt --reseal -e production           # re-encrypt values under older keys")]
pub(super) struct EncryptArgs {
    #[command(flatten)]
    files: FileArgs<true>,
    #[command(flatten)]
    variables: VariableArgs,
    #[command(flatten)]
    references: ReferenceArgs,
    /// Print the encrypted file instead of writing it
    #[arg(long)]
    stdout: bool,
    /// Re-encrypt the sealed values that are not under the file's key
    #[arg(long)]
    reseal: bool,
    /// With --reseal: re-encrypt every sealed value
    #[arg(long, requires = "reseal")]
    all: bool,
}

pub(super) fn run(context: &Context, args: &EncryptArgs) -> Result<(), Error> {
    let write = if args.stdout { Write::Nothing } else { Write::Files };
    let files = if args.stdout { &args.files.existing(context)? } else { &args.files };
    let paths = if files.is_empty() { find_some_files(context)? } else { files.paths(context.process)? };
    let wants = args.variables.filter()?;
    let pick = Pick { wants: &wants, all: args.variables.is_all() };
    let dollars = args.references.parse()?;
    let updated = context.update(&paths, write, |target| {
        target.must_exist()?;
        target.declare_external(&dollars.external);
        if args.reseal {
            let key = target.key_in_file()?;
            reseal(target.file(), &key, &pick, args.all, || target.all_keys())
        } else if target.has_secrets(&wants) {
            let key = target.seal_to()?;
            let committed = target.committed_values(&key)?;
            encrypt(target.file(), target.document(), target.project(), &key, &pick, &dollars, committed)
        } else {
            Ok((target.file().document().clone(), 0))
        }
    })?;
    if args.stdout {
        return updated.files.iter().try_for_each(|file| ui::text(file.document.as_bytes()));
    }
    context.print_notices(&updated.notices);
    let (done, verb) = if args.reseal { ("Re-encrypted", "re-encrypt") } else { ("Encrypted", "encrypt") };
    for UpdatedFile { path, outcome: count, .. } in &updated.files {
        let path = display_path(path);
        context.ui.say(match *count {
            0 => format!("Nothing to {verb} in {path}"),
            count => format!("{done} {} in {path}", counted(count, "value")),
        });
    }
    context.note_ignored(&updated);
    note_plaintext_in_history(context, &updated);
    Ok(())
}

/// Notes values that were committed before they were encrypted. Leaves unreadable history to other commands.
fn note_plaintext_in_history(context: &Context, updated: &Updated<usize>) {
    let changed = updated.files.iter().filter(|file| file.is_changed);
    let names: BTreeSet<_> =
        changed.flat_map(|file| committed_in_plain_text(context, &file.path, &file.document)).collect();
    if !names.is_empty() {
        let names = listed(names);
        let how = "change what is secret at its source";
        context.ui.note(format_args!("git's history still contains {names} in plain text; {how}"));
    }
}

/// Returns the names that are encrypted in `now` and plain text in the last commit.
fn committed_in_plain_text(context: &Context, path: &Path, now: &Document) -> Vec<String> {
    let Some(before) = document_in_head(path, context.store.repositories()) else { return Vec::new() };
    let plain = before.entries().iter().filter(|entry| {
        let is_sealed_now =
            now.last(before.name(entry)).is_some_and(|at| token(now, &now.entries()[at]).is_some());
        is_sealed_now && token(&before, entry).is_none() && !before.value(entry).1.is_empty()
    });
    plain.map(|entry| before.name(entry).to_owned()).collect()
}

fn find_some_files(context: &Context) -> Result<Vec<PathBuf>, Error> {
    let found = find_files(context, INCLUDE)?;
    if !found.files.is_empty() {
        return Ok(found.files);
    }
    let none = || Error::usage("no env file here", "create one: envseal set NAME");
    let ignored = found.ignored.first().ok_or_else(none)?;
    let hint = hint!("envseal encrypt -f {ignored} && git add --force {ignored}", ignored);
    Err(Error::usage("all env files here are ignored by git", hint))
}
