//! `envseal blame`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::changes::{ChangeRow, PagedOutput, print_history_notes, short_id};
use super::files::FileArgs;
use super::{Context, working_dir};
use crate::error::Error;
use crate::git::{ObjectId, Repo, path_from};
use crate::history::{self, BlamedVariable, EnvHistory, not_in_commit};
use crate::project::{EnvFile, no_variable, path_in_commits};
use crate::time::rfc3339;
use crate::ui::{self, Page};

/// Show the commit that last changed each variable
///
/// Without -e and -f: .env. Re-encrypting a value is no change, if a private key can tell. Uncommitted changes have a
/// commit of zeros.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal blame
  envseal blame DATABASE_URL -e production
  envseal blame --json | jq -r '.[] | select(.kind == \"plain\").name'")]
pub(super) struct BlameArgs {
    /// Show only these variables
    #[arg(value_name = "KEY")]
    keys: Vec<String>,
    #[command(flatten)]
    files: FileArgs<true>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, args: &BlameArgs) -> Result<(), Error> {
    let repo = context.repository()?;
    repo.allow_fetching();
    let head = repo.head()?;
    // Without a passphrase the answer is only less exact.
    let store = &context.store.unasking();
    let mut history = EnvHistory::new(&repo, store);
    let mut files = Vec::new();
    for path in args.files.existing(context)?.paths_or_default(context.process)? {
        files.push(blame(&repo, &mut history, head, &path)?);
    }
    let is_there = |key: &str| files.iter().any(|(_, lines)| lines.iter().any(|line| line.name == key));
    if let (Some(key), Some((file, _))) = (args.keys.iter().find(|key| !is_there(key)), files.first()) {
        let names = files.iter().flat_map(|(_, lines)| lines.iter().map(|line| &*line.name));
        return Err(no_variable(&path_from(&working_dir()?, &repo.root().join(file)), key, names));
    }
    if !args.keys.is_empty() {
        for (_, lines) in &mut files {
            lines.retain(|line| args.keys.contains(&line.name));
        }
    }
    if args.json {
        let rows = files.iter().flat_map(|(file, lines)| {
            lines.iter().map(|line| ChangeRow::new(&line.author, file, &line.name, line.kind))
        });
        ui::json(&rows.collect::<Vec<_>>())?;
    } else {
        let mut out = PagedOutput::new(context);
        for (file, lines) in &files {
            if files.len() > 1 {
                let mut page = Page::default();
                let _ = writeln!(page, "{}:", ui::one_line(&file.display().to_string()));
                out.print(&page)?;
            }
            let head = ["COMMIT", "AUTHOR", "DATE", "VALUE", "LAST", "NAME"];
            out.print(&ui::table(&head, lines.iter().map(cells)))?;
        }
    }
    print_history_notes(context, &history);
    Ok(())
}

/// Returns the file's path in the repository, and its variables with their last changes.
pub(super) fn blame(
    repo: &Repo,
    history: &mut EnvHistory<'_>,
    head: Option<ObjectId>,
    named: &Path,
) -> Result<(PathBuf, Vec<BlamedVariable>), Error> {
    let path = path_in_commits(repo, named)?;
    // A bare repository has only the file of its HEAD.
    let today =
        if repo.is_bare() { None } else { Some(EnvFile::load(named)?.document().as_bytes().to_vec()) };
    let blamed =
        history::blame(history, head, &path, today)?.ok_or_else(|| not_in_commit(&path, "HEAD", None))?;
    Ok((path, blamed))
}

fn cells(line: &BlamedVariable) -> Vec<String> {
    vec![
        short_id(line.author.commit),
        line.author.name.clone(),
        rfc3339(line.author.time),
        if line.sealed { "sealed" } else { "plain" }.to_owned(),
        line.kind.as_str().to_owned(),
        line.name.clone(),
    ]
}
