//! `envseal encrypt`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Context;
use super::report::{counted, documents, listed, notices, unseen};
use super::select::{Dollars, Files, Names, found_from_here};
use crate::dotenv::Document;
use crate::error::Error;
use crate::git::display_path;
use crate::project::{Pick, Updated, Write, encrypt, reseal, token, update};

/// Seal every plain value that is not marked plain
///
/// Everything else in the file stays as it is, byte for byte. Without -e and -f: every env file from here
/// downward that git does not ignore.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal encrypt
  envseal encrypt -f .env.production -k '*_KEY'
  envseal encrypt --literal DB_PASSWORD            # its `$` is no reference
  envseal encrypt --external HOST_NAME             # set by the target machine alone
  envseal encrypt --reseal -e production           # seal anew what an older key can still open")]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    names: Names,
    #[command(flatten)]
    dollars: Dollars,
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
    let dollars = args.dollars.said()?;
    let mut counts = Vec::new();
    let updated = update(&paths, context.store(), write, &|| context.waiting(), |target| {
        target.must_exist()?;
        let (document, count) = if args.reseal {
            let key = target.key_in_file()?;
            reseal(target.file(), &key, &pick, target.all_keys()?)?
        } else if target.has_secrets(&wants) {
            let key = target.seal_to()?;
            encrypt(target.file(), target.document(), target.scope(), &key, &pick, &dollars)?
        } else {
            (target.file().document().clone(), 0)
        };
        counts.push(count);
        Ok(document)
    })?;
    if args.stdout {
        return documents(&updated);
    }
    args.dollars.declare(context, updated.files.iter().map(|(path, ..)| path.as_path()))?;
    notices(context, &updated.notices);
    for ((path, ..), count) in updated.files.iter().zip(counts) {
        let verb = if args.reseal { "resealed" } else { "sealed" };
        context.ui.say(match count {
            0 => format!("{}: nothing to seal", display_path(path)),
            count => format!("{verb} {} in {}", counted(count, "value"), display_path(path)),
        });
    }
    unseen(context, &updated);
    tell_what_history_holds(context, &updated);
    Ok(())
}

/// Sealing hides nothing that was committed before. What cannot be read there is another command's to tell.
fn tell_what_history_holds(context: &Context, updated: &Updated) {
    let changed = updated.files.iter().filter(|(.., changed)| *changed);
    let names: BTreeSet<_> =
        changed.flat_map(|(path, now, _)| committed_in_the_clear(context, path, now)).collect();
    if !names.is_empty() {
        let names = listed(&names.iter().map(String::as_str).collect::<Vec<_>>());
        context.ui.note(format_args!(
            "git's history still holds {names} in plain text; replace what is secret where it is from"
        ));
    }
}

/// The names that are sealed in `now` and stand in plain text in the last commit.
fn committed_in_the_clear(context: &Context, path: &Path, now: &Document) -> Vec<String> {
    let Some(before) = in_last_commit(context, path) else { return Vec::new() };
    let plain = before.entries().iter().filter(|entry| {
        let sealed_now =
            now.last(before.name(entry)).is_some_and(|at| token(now, &now.entries()[at]).is_some());
        sealed_now && token(&before, entry).is_none() && !before.value(entry).1.is_empty()
    });
    plain.map(|entry| before.name(entry).to_owned()).collect()
}

/// The file as HEAD has it.
fn in_last_commit(context: &Context, path: &Path) -> Option<Document> {
    let path = path.canonicalize().ok()?;
    let repo = context.store().repositories().open(path.parent()?).ok()?;
    let file = repo.file(repo.head().ok()??, &repo.relative(&path).ok()?).ok()??;
    Document::parse(repo.blob_if_there(file.id).ok()??).ok()
}

/// The env files from here downward; there must be one.
fn found(context: &Context) -> Result<Vec<PathBuf>, Error> {
    let found = found_from_here(context)?;
    match (found.files.is_empty(), found.unseen.first()) {
        (false, _) => Ok(found.files),
        (true, None) => Err(Error::usage("there is no env file here", "make one: envseal set NAME")),
        (true, Some(unseen)) => Err(Error::usage(
            "there is no env file here that git sees",
            hint!("envseal encrypt -f {unseen} && git add --force {unseen}", unseen),
        )),
    }
}
