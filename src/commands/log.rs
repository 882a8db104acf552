//! `envseal log`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::Context;
use super::changes::{ChangeRow, PagedOutput, headline, look, print_history_notes, short_id};
use super::files::FileArgs;
use crate::config::is_env_file;
use crate::error::Error;
use crate::history::{EnvHistory, LogEntry, LogQuery, SignatureState, log};
use crate::project::nearest_name;
use crate::time::rfc3339;
use crate::ui::{self, Look, Page};

/// Show who changed which variable, when, and in which commit
///
/// Newest first, for every env file in the history of HEAD, through renames and merges. Re-encrypting a value is shown as
/// such if a private key can decrypt both; older keys count too.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal log
  envseal log DATABASE_URL -e production
  envseal log --json | jq '.[] | select(.kind == \"plain\")'")]
pub(super) struct LogArgs {
    /// Show only changes of this variable
    #[arg(value_name = "KEY")]
    key: Option<String>,
    #[command(flatten)]
    files: FileArgs,
    /// Show at most this many commits
    #[arg(short = 'n', long, value_name = "NUMBER")]
    max_count: Option<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, args: &LogArgs) -> Result<(), Error> {
    let repo = context.repository()?;
    repo.allow_fetching();
    let paths = args.files.paths_in(&repo, context.process)?;
    let query = LogQuery { paths, name: args.key.clone(), max_count: args.max_count };
    let Some(head) = repo.head()? else {
        if args.json {
            ui::json(&[(); 0])?;
        }
        context.ui.say("No commits yet");
        return Ok(());
    };
    // Without a passphrase the answer is only less exact.
    let store = &context.store.unasking();
    let mut history = EnvHistory::new(&repo, store);
    let mut count = 0;
    let result = if args.json {
        let mut rows = Vec::new();
        let result = log(&mut history, head, &query, &mut |entry: LogEntry| {
            count += 1;
            for file in &entry.files {
                rows.extend(ChangeRow::of_file(&entry.author, file));
            }
            Ok(())
        });
        ui::json(&rows)?;
        result
    } else {
        let mut out = PagedOutput::new(context);
        log(&mut history, head, &query, &mut |entry: LogEntry| {
            count += 1;
            out.print(&render(&entry, count == 1))
        })
    };
    print_history_notes(context, &history);
    result?;
    if count == 0 && args.max_count != Some(0) {
        let mut names = BTreeSet::new();
        if query.name.is_some() {
            let all = LogQuery { paths: query.paths.clone(), name: None, max_count: None };
            log(&mut history, head, &all, &mut |entry: LogEntry| {
                names.extend(entry.files.into_iter().flat_map(|file| file.changes).map(|change| change.name));
                Ok(())
            })?;
        }
        context.ui.say(no_changes(args, &query.paths, &names));
    }
    Ok(())
}

/// Returns the message for an empty log. `names` are those of all variables that ever existed.
fn no_changes(args: &LogArgs, paths: &[PathBuf], names: &BTreeSet<String>) -> String {
    // NAME=VALUE may have been typed: the value is not repeated.
    let key = args.key.as_deref().map(|key| key.split('=').next().unwrap_or_default());
    let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    let paths = paths.join(", ");
    match (key, &*paths) {
        (None, "") => "No changes to env files in this history".to_owned(),
        (None, paths) => format!("No changes to {paths} in this history"),
        (Some(key), "") if is_env_file(Path::new(key)) => {
            let message = format!("No changes to a variable {key} in this history");
            hint!("for the file: envseal log -f {file}", file = Path::new(key)).after(message)
        }
        (Some(key), paths) => {
            let of = if paths.is_empty() { String::new() } else { format!(" of {paths}") };
            let message = format!("No changes to {key}{of} in this history");
            match nearest_name(key, names.iter().map(String::as_str)) {
                Some(similar) => hint!("did you mean {similar}?", similar).after(message),
                None => message,
            }
        }
    }
}

fn render(entry: &LogEntry, is_first: bool) -> Page {
    let author = &entry.author;
    let mut text = Page::default();
    if !is_first {
        let _ = writeln!(text);
    }
    text.add(Look::Id, format_args!("commit {}", author.commit));
    let _ = writeln!(text);
    if entry.parents.len() > 1 {
        let parents: Vec<_> = entry.parents.iter().map(|parent| short_id(*parent)).collect();
        let _ = writeln!(text, "Merge: {}", parents.join(" "));
    }
    let who = ui::one_line(&format!("{} <{}>", author.name, author.email));
    let _ = writeln!(text, "Author: {who}\nDate:   {}", rfc3339(author.time));
    if author.signature != SignatureState::None {
        let _ = writeln!(text, "Signature: {}", author.signature.as_str());
    }
    let _ = writeln!(text, "\n    {}\n", ui::one_line(&author.subject));
    for file in &entry.files {
        let _ = writeln!(text, "  {}", headline(file));
        for change in &file.changes {
            let _ = write!(text, "    ");
            text.add(look(change.kind), format_args!("{:<9}", change.kind.as_str()));
            let _ = writeln!(text, "  {}", change.name);
        }
    }
    text
}
