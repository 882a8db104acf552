//! `envseal diff`.

use std::fmt::Write as _;

use super::Context;
use super::log::say_notes;
use super::paged::{Paged, as_json, headline, look, print_json};
use super::select::Files;
use crate::error::Error;
use crate::git::{Repo, range_ends};
use crate::history::{
    self, ChangeKind, DiffQuery, DiffSide, EnvHistory, FileDiff, ShownValue, VariableChange,
};
use crate::ui::{Look, Page};

/// Show by name what changed: added, removed, changed, now in plain text, re-sealed only
///
/// Without REV: HEAD and the worktree. With one: that commit and the worktree. With two, or A..B: those commits; with
/// A...B: B, and where it parted from A. No value is shown, unless asked for with --show.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal diff
  envseal diff main -e production
  envseal diff main...feature
  envseal diff v1.0 v1.1 --show")]
pub(super) struct Args {
    /// The commits to compare
    #[arg(value_name = "REV", num_args = 0..=2)]
    revisions: Vec<String>,
    #[command(flatten)]
    files: Files,
    /// Open the values with the keys at hand and show them, old and new
    #[arg(long, conflicts_with = "json")]
    show: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the differences.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let objects = context.repository()?;
    objects.allow_fetching();
    let commit = |revision: &String| objects.commit(revision).map(DiffSide::Commit);
    let (before, after) = match &args.revisions[..] {
        [] => (objects.head()?.map_or(DiffSide::Nothing, DiffSide::Commit), DiffSide::Worktree),
        [one] => match range_ends(one) {
            Some(ends) => between(&objects, ends)?,
            None => (commit(one)?, DiffSide::Worktree),
        },
        [before, after, ..] => (commit(before)?, commit(after)?),
    };
    let paths = args.files.named_in(&objects, context.process)?;
    // Nobody is asked for a passphrase: what stays locked makes the answer less exact, no more.
    let store = &context.store().unasking();
    let mut history = EnvHistory::new(&objects, store);
    let (author, differing) = history::diff(&mut history, &DiffQuery { before, after, paths })?;
    if args.json {
        let changes = differing.iter().flat_map(|it| {
            it.file.changes.iter().map(|change| as_json(&author, &it.file, &change.name, change.kind))
        });
        print_json(&changes.collect::<Vec<_>>())?;
    } else {
        let mut out = Paged::new(context, &objects);
        for one in &differing {
            let text = shown(&mut history, one, args.show)?;
            out.print(&text)?;
        }
    }
    say_notes(context, &history);
    Ok(())
}

/// `A..B` and `A...B`, as git-diff(1) has them: B and A, or B and where it parted from A; either is HEAD when left out.
fn between(
    objects: &Repo,
    (before, after, parted): (&str, &str, bool),
) -> Result<(DiffSide, DiffSide), Error> {
    let (mut before, after) = (objects.range_end(before)?, objects.range_end(after)?);
    if parted {
        before = objects.merge_base(before, after)?.unwrap_or(before);
    }
    Ok((DiffSide::Commit(before), DiffSide::Commit(after)))
}

fn shown(history: &mut EnvHistory<'_>, one: &FileDiff, values: bool) -> Result<Page, Error> {
    let mut text = Page::default();
    text.add(Look::Heading, headline(&one.file));
    let _ = writeln!(text);
    for VariableChange { name, kind } in &one.file.changes {
        let _ = write!(text, "  ");
        text.add(look(*kind), format_args!("{:<9}", kind.as_str()));
        let _ = writeln!(text, "  {name}");
        if !values || *kind == ChangeKind::ReSealed {
            continue;
        }
        for (sign, value) in ['-', '+'].into_iter().zip(one.values(history, name)?) {
            match value {
                None => {}
                Some(ShownValue::Sealed) => {
                    let _ = writeln!(text, "    {sign} (sealed; no key at hand opens it)");
                }
                Some(ShownValue::Value(value)) => {
                    for line in value.expose().split(|byte| *byte == b'\n') {
                        let _ = writeln!(text, "    {sign} {}", String::from_utf8_lossy(line));
                    }
                }
            }
        }
    }
    Ok(text)
}
