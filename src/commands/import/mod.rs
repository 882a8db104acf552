//! `envseal import`: read the sources, plan, ask, encrypt, verify, write.

mod source;

use std::path::PathBuf;

use self::source::{Source, read_sources};
use super::Context;
use super::files::{FileArgs, ReferenceArgs, VariableArgs};
use crate::config::EnvName;
use crate::error::Error;
use crate::fs;
use crate::git::{display_path, relative_path};
use crate::import::dotenvx;
use crate::project::{ImportAction, ImportPlan, Updated, Write, keep_backup, same_file};
use crate::ui::{self, DefaultAnswer, counted};

/// Import values and keys from another tool
///
/// Shows what it will do and asks. Then it encrypts, decrypts every value again to compare it, and only then replaces files:
/// all or none. A FILE that is an env file is converted in place, unless -e or -f names another target. The other tool's keys
/// (.env.keys, `DOTENV_PRIVATE_KEY…`, an ejson key folder) are found where that tool finds them.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal import dotenvx                                  # every file here that dotenvx encrypted, in place
  envseal import sops secrets.enc.yaml -e production
  envseal import ejson config/secrets.production.ejson -e production
  heroku config --json | envseal import json -e production
  envseal import dotenv ../old/.env -f .env -x 'LEGACY_*' --yes

docs/import.md has details, and recipes for Heroku, Vercel, Docker, Kubernetes and dotenv-vault.
To go back: envseal get --format dotenv")]
pub(super) struct Args {
    /// The tool or format to read
    #[arg(value_enum)]
    kind: Kind,
    /// Files to read; - or none reads stdin
    #[arg(value_name = "FILE")]
    sources: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::commands) files: FileArgs,
    #[command(flatten)]
    names: VariableArgs,
    #[command(flatten)]
    dollars: ReferenceArgs,
    /// The other tool's private keys: its keys file, or ejson's key folder
    #[arg(long, value_name = "PATH")]
    source_keys: Option<PathBuf>,
    /// Keep a replaced file as backup-NAME~ beside it, unless it holds a plaintext secret
    #[arg(long)]
    backup: bool,
    /// Don't ask
    #[arg(short, long)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Env files with `encrypted:` values
    Dotenvx,
    /// Files that sops on your PATH decrypts
    Sops,
    /// Shopify's JSON with a `_public_key`
    Ejson,
    /// A plaintext .env file
    Dotenv,
    /// An object; nested names are joined by `_`
    Json,
    /// A mapping, like json
    Yaml,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let selected = args.names.filter()?;
    let wants = |name: &str| selected(name) && !(args.kind == Kind::Dotenvx && dotenvx::is_own_name(name));
    let sources = read_sources(context, args, &wants)?;
    let dollars = args.dollars.parse()?;
    let mut imports: Vec<(Source, ImportPlan)> = Vec::new();
    for source in sources {
        let plan = source.plan(args, &wants, &dollars, &context.store)?;
        if let Some((other, _)) = imports.iter().find(|(_, other)| same_file(other.path(), plan.path())) {
            let (this, other, path) = (&other.label, &source.label, display_path(plan.path()));
            let hint = "import them one by one: name one FILE, and -e or -f";
            return Err(Error::usage(format!("{this} and {other} would both become {path}"), hint));
        }
        imports.push((source, plan));
    }
    let imports = without_empty(context, args, imports)?;
    if !imports.iter().any(|(_, plan)| plan.changes_file()) {
        context.ui.say("Nothing to import: every value is already there");
        return Ok(());
    }
    let secret = imports.iter().find_map(|(_, plan)| Some((plan, plan.plaintext_secret()?)));
    if let (true, Some((plan, name))) = (args.backup, secret) {
        let path = display_path(plan.path());
        let message = format!("{path} has {name} in plain text, so a backup would be a copy of it");
        return Err(Error::usage(message, "leave out --backup"));
    }
    for (source, _) in imports.iter().filter(|(source, _)| !source.read_differently.is_empty()) {
        let names = source.read_differently.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let what = format!("dotenvx and envseal read the references in {names} differently");
        context.ui.note(format_args!("{}: {what} (docs/import.md)", source.label));
    }
    if !(args.yes && context.ui.quiet) {
        print_table(&imports)?;
    }
    if !args.yes && !confirm(&imports)? {
        return Ok(());
    }
    write(context, args, &imports)?;
    context.has_created.set(true);
    print_next_steps(context, args, &imports);
    Ok(())
}

/// Drops sources without a wanted variable, with a note. Returns an error if none is left.
fn without_empty(
    context: &Context,
    args: &Args,
    imports: Vec<(Source, ImportPlan)>,
) -> Result<Vec<(Source, ImportPlan)>, Error> {
    let what = if args.names.is_all() { "no variables" } else { "none of the selected variables" };
    let nothing = |source: &Source| format!("{} has {what}", source.label);
    let (empty, imports): (Vec<_>, Vec<_>) = imports.into_iter().partition(|(_, plan)| plan.is_empty());
    if let ([], [(source, _), ..]) = (&*imports, &*empty) {
        let hint = (!args.names.is_all()).then(|| "check -k and -x".into());
        return Err(Error::refused(nothing(source)).with_status(2).with_hint_if(hint));
    }
    for (source, _) in &empty {
        context.ui.note(nothing(source));
    }
    Ok(imports)
}

fn print_table(imports: &[(Source, ImportPlan)]) -> Result<(), Error> {
    let mut rows = Vec::new();
    for (source, plan) in imports {
        for (origin, name, action) in plan.items() {
            let label = &source.label;
            let from = if origin == name { label.clone() } else { format!("{label} {origin}") };
            let action = match action {
                ImportAction::Encrypt => "encrypt",
                ImportAction::Replace => "encrypt, replacing the value",
                ImportAction::Keep => "already there",
                ImportAction::WritePlain => "plain text, by mark, policy or name",
                ImportAction::WriteEmpty => "plain text, empty",
            };
            rows.push(vec![from, name.to_owned(), display_path(plan.path()), action.to_owned()]);
        }
    }
    ui::table(&["FROM", "NAME", "TO", "ACTION"], rows).print_to_stderr()
}

fn confirm(imports: &[(Source, ImportPlan)]) -> Result<bool, Error> {
    let nobody =
        || Error::usage("confirmation needed; nothing was written", "to import without asking: add --yes");
    let question = "Import these values?";
    if imports.iter().any(|(source, _)| source.path.is_none()) {
        // stdin is the source, so the answer comes from the terminal.
        return ui::confirm_beside_pipe(question)?.ok_or_else(nobody);
    }
    if !ui::can_ask() {
        return Err(nobody());
    }
    ui::confirm(question, DefaultAnswer::No)
}

/// Writes all files or none; backups stay only if the files were written.
fn write(context: &Context, args: &Args, imports: &[(Source, ImportPlan)]) -> Result<(), Error> {
    let mut backups = Vec::new();
    let updated = back_up(args, imports, &mut backups).and_then(|()| write_files(context, args, imports));
    let updated = updated.inspect_err(|_| {
        for (_, backup) in &backups {
            // If it can't be removed it stays: it holds no plaintext secret.
            let _ = fs::remove(backup);
        }
    })?;
    context.print_notices(&updated.notices);
    for (_, plan) in imports {
        let path = display_path(plan.path());
        if !plan.file_exists() {
            context.ui.say(format_args!("Created {path}"));
        }
        match plan.items().filter(|(.., action)| action.encrypts()).count() {
            0 if plan.changes_file() => context.ui.say(format_args!("Wrote {path}; nothing to encrypt")),
            0 => {}
            count => {
                context.ui.say(format_args!("Encrypted and verified {} in {path}", counted(count, "value")));
            }
        }
    }
    for (path, backup) in &backups {
        context.ui.say(format_args!("Kept a backup of {} in {}", display_path(path), display_path(backup)));
    }
    context.note_ignored(&updated);
    Ok(())
}

fn back_up(
    args: &Args,
    imports: &[(Source, ImportPlan)],
    backups: &mut Vec<(PathBuf, PathBuf)>,
) -> Result<(), Error> {
    for (_, plan) in imports.iter().filter(|(_, plan)| args.backup && plan.file_exists()) {
        backups.push((plan.path().to_owned(), keep_backup(plan.path())?));
    }
    Ok(())
}

fn write_files(
    context: &Context,
    args: &Args,
    imports: &[(Source, ImportPlan)],
) -> Result<Updated<()>, Error> {
    let paths: Vec<_> = imports.iter().map(|(_, plan)| plan.path().to_owned()).collect();
    context.update(&paths, Write::Files, |target| {
        target.declare_external(&args.dollars.external);
        let plan = imports.iter().find(|(_, plan)| plan.path() == target.file().path());
        Ok((plan.expect("each path has a plan").1.document(target)?, ()))
    })
}

fn print_next_steps(context: &Context, args: &Args, imports: &[(Source, ImportPlan)]) {
    for (source, plan) in imports {
        for note in &source.notes {
            context.ui.note(note);
        }
        if let (Some(variable), Ok(env)) = (&source.key_variable, EnvName::of_file(plan.path())) {
            let words = format!("on CI, replace {variable} by {}", env.private_key_name());
            let hint = hint!("envseal key show --private -f {path}", path = relative_path(plan.path()));
            context.ui.note(hint.joined(words, ": "));
        }
        if let Some(path) = source.plaintext_path(args.kind) {
            let path = relative_path(path);
            let words = format!("{} still has the values in plain text", path.display());
            // Values that weren't selected may be nowhere else.
            let hint = hint!("when it is no longer needed: rm {path}", path);
            context.ui.note(if args.names.is_all() { hint.after(words) } else { words });
        }
    }
    if imports.iter().any(|(source, _)| source.key_variable.is_some()) {
        context.ui.note("keep the old private keys if you need the old values in git's history");
    }
}
