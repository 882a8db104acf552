//! `envseal import`.

mod arriving;
mod sources;

use std::path::{Path, PathBuf};

use self::sources::{Source, read_all};
use super::Context;
use super::report::{self, counted, notices};
use super::select::{Dollars, Files, Names};
use crate::config::EnvName;
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::import::dotenvx;
use crate::project::{Fate, Import, Updated, Write, drop_backup, keep_backup, same_file, update};
use crate::ui;

/// Take over what another tool keeps, values and keys
///
/// Shows what it is about to do, asks, seals, opens all that it sealed to see that it is what came in, and only then writes:
/// all files or none. A FILE that is an env file itself is converted in place; else -e or -f says where the values go.
/// Keys that the other tool keeps (.env.keys, `DOTENV_PRIVATE_KEY…`, an ejson key folder) are found where it finds them, and
/// each environment gets a key of its own here.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal import dotenvx                                  # every file here that it has sealed, in place
  envseal import sops secrets.enc.yaml -e production
  envseal import ejson config/secrets.production.ejson -e production
  heroku config --json | envseal import json -e production
  envseal import dotenv ../old/.env -f .env -x 'LEGACY_*' --yes

Back again: envseal get --format dotenv. docs/import.md has more of each, and recipes for Heroku, Vercel, Docker,
Kubernetes and dotenv-vault.")]
pub(super) struct Args {
    /// Which tool, or which form
    #[arg(value_enum)]
    kind: Kind,
    /// What to read; - or nothing for stdin
    #[arg(value_name = "FILE")]
    sources: Vec<PathBuf>,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    names: Names,
    #[command(flatten)]
    dollars: Dollars,
    /// Where that tool's private keys are: its keys file, or ejson's key folder
    #[arg(long, value_name = "PATH")]
    source_keys: Option<PathBuf>,
    /// Keep the file that is replaced, as backup-NAME~ beside it; not where it holds a secret in the clear
    #[arg(long)]
    backup: bool,
    /// Do it without asking
    #[arg(short, long)]
    yes: bool,
}

/// What is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Env files with `encrypted:` values
    Dotenvx,
    /// Whatever the sops on your PATH opens
    Sops,
    /// Shopify's JSON with a `_public_key`
    Ejson,
    /// A .env file in the clear
    Dotenv,
    /// An object; those in it are joined by `_`
    Json,
    /// A mapping, as json
    Yaml,
}

/// Takes over what was named or found.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let picked = args.names.filter()?;
    let wants = |name: &str| picked(name) && !(args.kind == Kind::Dotenvx && dotenvx::is_own_name(name));
    let sources = read_all(context, args, &wants)?;
    let dollars = args.dollars.said()?;
    let mut imports: Vec<Import> = Vec::new();
    for source in &sources {
        let arriving = source.arriving(args, &wants)?;
        let import = Import::plan(&source.target, arriving, &wants, &dollars, context.store())?;
        if let Some(other) = imports.iter().position(|other| same_file(other.path(), import.path())) {
            return Err(Error::usage(
                format!(
                    "{} and {} would both become {}",
                    sources[other].label,
                    source.label,
                    display_path(import.path())
                ),
                "one after the other: name one FILE, and -e or -f",
            ));
        }
        imports.push(import);
    }
    let (sources, imports) = without_empty(context, args, sources, imports)?;
    if !imports.iter().any(Import::changes) {
        context.ui.say("nothing to do: all of it is here already");
        return Ok(());
    }
    if args.backup
        && let Some((import, name)) =
            imports.iter().find_map(|import| Some((import, import.replaces_in_the_clear()?)))
    {
        let file = relative_path(import.path());
        return Err(Error::usage(
            format!("{name} stands in the clear in {}, so a backup would be a copy of it", file.display()),
            hint!("without --backup; or copy it yourself to where it is safe: cp {file} …", file),
        ));
    }
    for source in sources.iter().filter(|source| !source.read_otherwise.is_empty()) {
        let names: Vec<_> = source.read_otherwise.iter().map(String::as_str).collect();
        let (label, names) = (&source.label, names.join(", "));
        context.ui.note(format_args!(
            "{label}: dotenvx and envseal read the references in {names} differently (docs/import.md)"
        ));
    }
    if !(args.yes && context.ui.quiet) {
        show(&sources, &imports)?;
    }
    if !args.yes && !agreed(&sources)? {
        return Ok(());
    }
    carry_out(context, args, &imports)?;
    args.dollars.declare(context, imports.iter().map(Import::path))?;
    tell(context, args, &sources, &imports);
    Ok(())
}

/// Passes over sources of which nothing is to be taken; an error where that is all of them.
fn without_empty(
    context: &Context,
    args: &Args,
    sources: Vec<Source>,
    imports: Vec<Import>,
) -> Result<(Vec<Source>, Vec<Import>), Error> {
    let picked = if args.names.is_all() { "" } else { " of the names picked" };
    let nothing = |source: &Source| format!("{} holds no variable{picked}", source.label);
    let (taken, empty): (Vec<_>, Vec<_>) =
        sources.into_iter().zip(imports).partition(|(_, import)| import.steps().next().is_some());
    match empty.first() {
        Some((source, _)) if taken.is_empty() => {
            return Err(Error::usage(nothing(source), "see what it holds, and say what to take: -k NAME"));
        }
        _ => empty.iter().for_each(|(source, _)| context.ui.note(nothing(source))),
    }
    Ok(taken.into_iter().unzip())
}

/// Shows what is about to be done. No value is in it.
fn show(sources: &[Source], imports: &[Import]) -> Result<(), Error> {
    let row = |source: &Source, import: &Import, (origin, name, fate): (&str, &str, Fate)| {
        let from = if origin == name { source.label.clone() } else { format!("{} {origin}", source.label) };
        vec![from, name.to_owned(), display_path(import.path()), words(fate).to_owned()]
    };
    let rows: Vec<_> = sources
        .iter()
        .zip(imports)
        .flat_map(|(source, import)| import.steps().map(|step| row(source, import, step)))
        .collect();
    let table = ui::table(&["FROM", "NAME", "TO", "WHAT"], &rows);
    table.tell().map_err(Error::io("write to stderr"))
}

fn words(fate: Fate) -> &'static str {
    match fate {
        Fate::Seal => "seal",
        Fate::Replace => "seal, in place of what is there",
        Fate::Same => "is there already",
        Fate::Plain => "plain text, as it is called plain",
        Fate::Empty => "plain text, as it is empty",
    }
}

fn agreed(sources: &[Source]) -> Result<bool, Error> {
    let nobody = || Error::usage("nothing was written: there is nobody to ask", "to do it: add --yes");
    let question = "Do that?";
    if sources.iter().any(|source| source.is_piped) {
        // What came through the pipe is the source and no answer.
        return ui::confirm_beside_pipe(question).map_err(Error::io("ask"))?.ok_or_else(nobody);
    }
    if !ui::can_ask() {
        return Err(nobody());
    }
    ui::confirm(question).map_err(Error::io("ask"))
}

/// Writes all files or none; a backup stays only where it was of use.
fn carry_out(context: &Context, args: &Args, imports: &[Import]) -> Result<(), Error> {
    let mut backups = Vec::new();
    let updated = back_up(args, imports, &mut backups).and_then(|()| write(context, imports));
    if updated.is_err() {
        for (_, backup) in &backups {
            // Where it cannot be taken away it stays: no secret is in the clear in it.
            let _ = drop_backup(backup);
        }
    }
    let updated = updated?;
    notices(context, &updated.notices);
    for import in imports {
        let path = display_path(import.path());
        if !import.exists() {
            context.ui.say(format_args!("made {path}"));
        }
        let sealed = import.steps().filter(|(.., fate)| matches!(fate, Fate::Seal | Fate::Replace)).count();
        match sealed {
            0 if import.changes() => context.ui.say(format_args!("wrote {path}; there was nothing to seal")),
            0 => {}
            _ => context
                .ui
                .say(format_args!("sealed {} in {path}, and opened each again", counted(sealed, "value"))),
        }
    }
    for (path, backup) in &backups {
        context.ui.say(format_args!("kept {} as it was in {}", display_path(path), display_path(backup)));
    }
    report::unseen(context, &updated);
    Ok(())
}

fn back_up(args: &Args, imports: &[Import], kept: &mut Vec<(PathBuf, PathBuf)>) -> Result<(), Error> {
    for import in imports.iter().filter(|import| args.backup && import.exists()) {
        kept.push((import.path().to_owned(), keep_backup(import.path())?));
    }
    Ok(())
}

fn write(context: &Context, imports: &[Import]) -> Result<Updated, Error> {
    let paths: Vec<_> = imports.iter().map(|import| import.path().to_owned()).collect();
    let updated = update(&paths, context.store(), Write::Files, &|| context.waiting(), |target| {
        let import = imports.iter().find(|import| import.path() == target.file().path());
        import.expect("there is one for each path").carry_out(target)
    });
    Ok(updated?)
}

/// What is left to do, and to know.
fn tell(context: &Context, args: &Args, sources: &[Source], imports: &[Import]) {
    for (source, import) in sources.iter().zip(imports) {
        for note in &source.notes {
            context.ui.note(note);
        }
        if let (Some(variable), Ok(env)) = (&source.key_variable, EnvName::of_file(import.path())) {
            let name = env.private_key_name();
            let words = format!("where {variable} was set, as on CI, set {name} now");
            let hint = hint!("envseal key show --private -f {path}", path = relative_path(import.path()));
            context.ui.note(hint.joined(words, ": "));
        }
        if let Some(path) = source.left_in_the_clear() {
            let path = relative_path(path);
            let words = format!("{} still holds the values in the clear", path.display());
            // What was not taken over may be nowhere else.
            let hint = hint!("when it is not needed: rm {path}", path);
            context.ui.note(if args.names.is_all() { hint.after(words) } else { words });
        }
    }
    if sources.iter().any(|source| source.key_variable.is_some()) {
        context.ui.note(
            "the old private keys still open what git's history holds: keep them as long as that is wanted",
        );
    }
}

/// The file that a source is converted into where none is named: itself, if it is an env file.
fn itself(path: &Path) -> Option<PathBuf> {
    EnvName::of_file(path).is_ok().then(|| path.to_owned())
}
