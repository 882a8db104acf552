//! `envseal log`.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::Context;
use super::paged::{Paged, as_json, headline, look, print_json};
use super::select::Files;
use crate::config::is_env_file;
use crate::error::Error;
use crate::git::ObjectId;
use crate::history::{EnvHistory, LogEntry, LogQuery, SignatureState, log};
use crate::time::rfc3339;
use crate::ui::{self, Look, Page};

/// Show who changed which variable, when, and in which commit
///
/// Newest first, every env file in the history of HEAD, through renames and merges. A value that was only sealed anew
/// is told apart where a private key that opens both is at hand, older keys included.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal log
  envseal log DATABASE_URL -e production
  envseal log --json | jq '.[] | select(.kind == \"plain\")'")]
pub(super) struct Args {
    /// Only changes of this variable
    #[arg(value_name = "KEY")]
    key: Option<String>,
    #[command(flatten)]
    files: Files,
    /// Show so many commits at most
    #[arg(short = 'n', long, value_name = "NUMBER")]
    max_count: Option<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the changes.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let objects = context.repository()?;
    objects.allow_fetching();
    let paths = args.files.named_in(&objects, context.process)?;
    let query = LogQuery { paths, name: args.key.clone(), max_count: args.max_count };
    let Some(head) = objects.head()? else {
        if args.json {
            print_json(&[])?;
        }
        context.ui.say("there is no commit yet");
        return Ok(());
    };
    // Nobody is asked for a passphrase: what stays locked makes the answer less exact, no more.
    let store = &context.store().unasking();
    let mut history = EnvHistory::new(&objects, store);
    let mut count = 0;
    let told = if args.json {
        let mut list = Vec::new();
        let told = log(&mut history, head, &query, &mut |entry: LogEntry| {
            count += 1;
            list.extend(changes(&entry));
            Ok(())
        });
        print_json(&list)?;
        told
    } else {
        let mut out = Paged::new(context, &objects);
        log(&mut history, head, &query, &mut |entry: LogEntry| {
            count += 1;
            let gap = if count > 1 { "\n" } else { "" };
            let mut page = Page::plain(gap.into());
            page.append(shown(&entry));
            out.print(&page)
        })
    };
    say_notes(context, &history);
    told?;
    if count == 0 && args.max_count != Some(0) {
        // Who types NAME=VALUE here does not want to read the value again.
        let key = args.key.as_deref().map(|key| key.split('=').next().unwrap_or_default());
        let paths: Vec<_> = query.paths.iter().map(|path| path.display().to_string()).collect();
        let paths = paths.join(", ");
        context.ui.say(match (key, &*paths) {
            (None, "") => "no change to an env file in this history".to_owned(),
            (None, paths) => format!("no change to {paths} in this history"),
            (Some(key), "") if is_env_file(Path::new(key)) => {
                let words = format!("no change to a variable {key} in this history");
                hint!("of the file: envseal log -f {file}", file = Path::new(key)).after(words)
            }
            (Some(key), "") => format!("no change to {key} in this history"),
            (Some(key), paths) => format!("no change to {key} of {paths} in this history"),
        });
    }
    Ok(())
}

/// Says what could not be seen.
pub(super) fn say_notes(context: &Context, history: &EnvHistory<'_>) {
    for note in history.notes() {
        context.ui.note(note);
    }
}

/// The first ten digits of a commit's name.
pub(super) fn short(id: ObjectId) -> String {
    id.to_string()[..10].to_owned()
}

fn changes(entry: &LogEntry) -> impl Iterator<Item = Value> {
    entry.files.iter().flat_map(|file| {
        file.changes.iter().map(|change| as_json(&entry.author, file, &change.name, change.kind))
    })
}

fn shown(entry: &LogEntry) -> Page {
    let author = &entry.author;
    let mut text = Page::default();
    text.add(Look::Id, format_args!("commit {}", author.commit));
    let _ = writeln!(text);
    if entry.parents.len() > 1 {
        let parents: Vec<_> = entry.parents.iter().map(|parent| short(*parent)).collect();
        let _ = writeln!(text, "Merge: {}", parents.join(" "));
    }
    let who = ui::safe_line(&format!("{} <{}>", author.name, author.email));
    let _ = writeln!(text, "Author: {who}\nDate:   {}", rfc3339(author.time));
    if author.signature != SignatureState::None {
        let _ = writeln!(text, "Signature: {}", author.signature.as_str());
    }
    let _ = writeln!(text, "\n    {}\n", ui::safe_line(&author.subject));
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
