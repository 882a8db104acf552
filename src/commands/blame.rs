//! `envseal blame`.

use std::path::Path;

use super::Context;
use super::log::{say_notes, short};
use super::paged::{Paged, as_json, headline, print_json};
use super::select::Files;
use crate::error::Error;
use crate::git::{ObjectId, Repo};
use crate::history::{self, BlamedVariable, EnvHistory, FileChanges, not_in_commit};
use crate::project::EnvFile;
use crate::time::rfc3339;
use crate::ui::{self, Page};

/// Show for each variable of an env file which commit last changed it
///
/// Without -e and -f: .env. Sealing a value anew is no change, where a private key that tells is at hand. What is not committed yet stands
/// under a commit of zeros.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal blame
  envseal blame -e production
  envseal blame --json | jq -r '.[] | select(.kind == \"plain\").name'")]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints a line for each variable.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let objects = context.repository()?;
    objects.allow_fetching();
    let head = objects.head()?;
    // Nobody is asked for a passphrase: what stays locked makes the answer less exact, no more.
    let store = &context.store().unasking();
    let mut history = EnvHistory::new(&objects, store);
    let mut files = Vec::new();
    for path in args.files.reading(context)?.named_or_default(context.process)? {
        files.push(blame(&objects, &mut history, head, &path)?);
    }
    if args.json {
        let lines = files.iter().flat_map(|(file, blamed)| {
            blamed.iter().map(|line| as_json(&line.author, file, &line.name, line.kind))
        });
        print_json(&lines.collect::<Vec<_>>())?;
    } else {
        let mut out = Paged::new(context, &objects);
        for (file, blamed) in &files {
            if files.len() > 1 {
                out.print(&Page::plain(format!("{}:\n", headline(file))))?;
            }
            let head = ["COMMIT", "AUTHOR", "DATE", "VALUE", "LAST", "NAME"];
            out.print(&ui::table(&head, &blamed.iter().map(cells).collect::<Vec<_>>()))?;
        }
    }
    say_notes(context, &history);
    Ok(())
}

fn blame(
    objects: &Repo,
    history: &mut EnvHistory<'_>,
    head: Option<ObjectId>,
    named: &Path,
) -> Result<(FileChanges, Vec<BlamedVariable>), Error> {
    let path = objects.relative(named)?;
    // A bare repository has no file but that of its HEAD.
    let today =
        if objects.is_bare() { None } else { Some(EnvFile::load(named)?.document().as_bytes().to_vec()) };
    let blamed =
        history::blame(history, head, &path, today)?.ok_or_else(|| not_in_commit(&path, "HEAD", None))?;
    Ok((FileChanges { path, from: None, changes: Vec::new() }, blamed))
}

fn cells(line: &BlamedVariable) -> Vec<String> {
    vec![
        short(line.author.commit),
        line.author.name.clone(),
        rfc3339(line.author.time),
        if line.sealed { "sealed" } else { "plain" }.to_owned(),
        line.kind.as_str().to_owned(),
        line.name.clone(),
    ]
}
