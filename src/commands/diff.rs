//! `envseal diff`.

use std::fmt::Write as _;

use clap::ValueEnum;

use super::Context;
use super::changes::{ChangeRow, PagedOutput, headline, look, print_history_notes};
use super::files::FileArgs;
use crate::config::EnvName;
use crate::error::Error;
use crate::git::RangeEnds;
use crate::history::{
    self, ChangeKind, DiffSide, EnvHistory, FileChanges, FileDiff, ShownValue, VariableChange,
};
use crate::project::{EnvFile, path_in_commits};
use crate::ui::{self, Look, Page};

/// Show which variables changed between commits, by name
///
/// Shows variables as added, removed, changed, now plain text, or only re-encrypted. Without REV: HEAD and the worktree. With one:
/// that commit and the worktree. With two, or A..B: those commits. With A...B: B, and its merge base with A. Values are
/// shown only with --show.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal diff
  envseal diff main -e production
  envseal diff main...feature
  envseal diff v1.0 v1.1 --show
  envseal diff main...HEAD --format markdown >> \"$GITHUB_STEP_SUMMARY\"")]
pub(super) struct DiffArgs {
    /// Compare these commits
    #[arg(value_name = "REV", num_args = 0..=2)]
    revisions: Vec<String>,
    #[command(flatten)]
    pub(super) files: FileArgs,
    /// Decrypt and show the old and new values
    #[arg(long, conflicts_with = "json")]
    show: bool,
    /// Choose the output format; markdown is for pull requests
    #[arg(long, value_enum, conflicts_with_all = ["json", "show"])]
    format: Option<DiffFormat>,
    /// Print JSON (short for --format json)
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    Json,
    Markdown,
}

pub(super) fn run(context: &Context, args: &DiffArgs) -> Result<(), Error> {
    let repo = context.repository()?;
    repo.allow_fetching();
    let commit = |revision: &String| repo.commit(revision).map(DiffSide::Commit);
    let (before, after) = match &args.revisions[..] {
        [] => (repo.head()?.map_or(DiffSide::Nothing, DiffSide::Commit), DiffSide::Worktree),
        [one] => match RangeEnds::parse(one) {
            // As in git-diff(1).
            Some(RangeEnds { start, end, is_merge }) => {
                let (start, end) = (repo.commit(start)?, repo.commit(end)?);
                let base = if is_merge { repo.merge_base(start, end)? } else { None };
                (DiffSide::Commit(base.unwrap_or(start)), DiffSide::Commit(end))
            }
            None => (commit(one)?, DiffSide::Worktree),
        },
        [before, after, ..] => (commit(before)?, commit(after)?),
    };
    let paths = args.files.paths_in(&repo, context.process)?;
    // A misspelled name must not pass for a file without changes.
    for path in args.files.paths(context.process)?.iter().filter(|_| !repo.is_bare()) {
        let mut is_committed = false;
        for name in [repo.relative(path)?, path_in_commits(&repo, path)?] {
            for side in [before, after] {
                if let DiffSide::Commit(commit) = side {
                    is_committed |= repo.file(commit, &name)?.is_some();
                }
            }
        }
        if !is_committed && path.symlink_metadata().is_err() {
            EnvFile::load(path)?;
        }
    }
    // Without a passphrase the answer is only less exact.
    let store = &context.store.unasking();
    let mut history = EnvHistory::new(&repo, store);
    let (author, differing) = history::diff(&mut history, [before, after], &paths)?;
    if args.format == Some(DiffFormat::Markdown) {
        for one in &differing {
            ui::text(as_markdown(&one.file).as_bytes())?;
        }
    } else if args.json || args.format == Some(DiffFormat::Json) {
        let rows = differing.iter().flat_map(|one| ChangeRow::of_file(&author, &one.file));
        ui::json(&rows.collect::<Vec<_>>())?;
    } else {
        let mut out = PagedOutput::new(context);
        for one in &differing {
            out.print(&render(&mut history, one, args.show)?)?;
        }
    }
    print_history_notes(context, &history);
    Ok(())
}

/// Returns a section for a file: a line for each kind of change, with the names.
fn as_markdown(file: &FileChanges) -> String {
    let mut text = String::from("### ");
    // Some files have a name that no environment may have.
    if let Ok(env) = EnvName::of_file(&file.path) {
        let _ = write!(text, "{} in ", code_span(env.as_str()));
    }
    let _ = write!(text, "{}\n\n", code_span(&headline(file)));
    for (kind, what) in [
        (ChangeKind::Changed, "changed"),
        (ChangeKind::Added, "added"),
        (ChangeKind::Removed, "removed"),
        (ChangeKind::Plain, "**now plain text**"),
        (ChangeKind::ReSealed, "re-encrypted only"),
    ] {
        let names = file.changes.iter().filter(|change| change.kind == kind);
        let names: Vec<_> = names.map(|change| code_span(&change.name)).collect();
        if !names.is_empty() {
            let _ = writeln!(text, "- {what}: {}", names.join(", "));
        }
    }
    if file.changes.is_empty() {
        text.push_str("- renamed only\n");
    }
    text.push('\n');
    text
}

/// Returns non-empty text as a code span on one line, from which no Markdown in it can break out: between more
/// backticks than it has in a row (`CommonMark` 0.31, section 6.1). The author of a change chooses the names.
fn code_span(text: &str) -> String {
    let text = ui::one_line(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn render(history: &mut EnvHistory<'_>, one: &FileDiff, values: bool) -> Result<Page, Error> {
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
            let value = match &value {
                None => continue,
                Some(ShownValue::Sealed) => b"(encrypted; no key here decrypts it)",
                Some(ShownValue::Value(value)) => value.expose(),
            };
            for line in value.split(|byte| *byte == b'\n') {
                let _ = writeln!(text, "    {sign} {}", String::from_utf8_lossy(line));
            }
        }
    }
    Ok(text)
}
