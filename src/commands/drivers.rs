//! `envseal hook run merge` and `envseal hook run textconv`: git's drivers.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::check::where_typed;
use super::{Context, working_dir};
use crate::config::{EnvName, FileRole, is_own_name, is_team_file};
use crate::dotenv::{ConflictStyle, ConflictedText, MergeConflicts, MergeVersions, has_markers};
use crate::error::Error;
use crate::fs::{self, NewMode};
use crate::git::path_from;
use crate::hint::Hint;
use crate::project;
use crate::team::merge_team;
use crate::ui;

/// Tells git that the merge failed. Git takes a status up to 128 for a conflict, with OURS as the result.
const NO_MERGE: u8 = 129;

/// Makes our driver's command line fall back to git's own merge, as it does when the shell finds no envseal.
const MERGED_BY_GIT: u8 = 127;

/// Merge an env file by name, as git's merge driver
///
/// The team file, envseal.toml, is merged entry by entry.
#[derive(clap::Args)]
#[command(
    after_long_help = "The result is written to OURS. Exit status: 0 merged, 1 conflicts, 129 not merged."
)]
pub(super) struct MergeArgs {
    /// The common ancestor's version (%O)
    base: PathBuf,
    /// Our version (%A); the result is written there
    ours: PathBuf,
    /// Their version (%B)
    theirs: PathBuf,
    /// The length of the conflict markers (%L)
    #[arg(value_name = "SIZE")]
    marker_size: usize,
    /// The file's path in the repository (%P)
    #[arg(allow_hyphen_values = true)]
    path: PathBuf,
    /// What to call ours (%X), the ancestor (%S) and theirs (%Y) in conflict markers, in this order
    #[arg(short = 'L', value_name = "LABEL", allow_hyphen_values = true)]
    labels: Vec<OsString>,
}

/// Print an env file for git diff, each sealed value as its hash
#[derive(clap::Args)]
pub(super) struct TextconvArgs {
    /// The file
    #[arg(allow_hyphen_values = true)]
    file: PathBuf,
}

/// Merges. Returns the exit status for git; errors have been printed.
pub(super) fn merge(context: &Context, args: &MergeArgs) -> u8 {
    // A panic would end with 101, which git takes for a conflict.
    match catch_unwind(AssertUnwindSafe(|| try_merge(context, args))) {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => {
            ui::error(&error);
            NO_MERGE
        }
        Err(_) => NO_MERGE,
    }
}

fn try_merge(context: &Context, args: &MergeArgs) -> Result<u8, Error> {
    // Someone else's `.gitattributes` may name this driver for any file. In source code, both sides' lines must not be
    // merged one below the other.
    let is_team_file = is_team_file(&args.path);
    let role = FileRole::of(&args.path);
    if !is_team_file && role == FileRole::Other {
        EnvName::of_file(&args.path)?;
    }
    let [base, ours, theirs] = [&args.base, &args.ours, &args.theirs].map(|path| fs::read_secret(path));
    let (base, ours, theirs) = (base?, ours?, theirs?);
    // Our attributes also match files of other tools (`.env.*`): git must merge them as it would without us. It doesn't
    // merge binary data: that is a conflict, and our version stays.
    if let FileRole::Foreign(_) = role {
        let is_binary = [&base, &ours, &theirs].into_iter().any(|text| text.contains(&0));
        return Ok(if is_binary { 1 } else { MERGED_BY_GIT });
    }
    // `git rerere` has its recorded conflicts merged, markers included: by git's own merge, which they were made for.
    if has_markers(&ours) || has_markers(&theirs) {
        return Ok(MERGED_BY_GIT);
    }
    let root = working_dir()?;
    let seen = path_from(&where_typed(context, &root)?, &root.join(&args.path));
    let versions = MergeVersions { base: &base, ours: &ours, theirs: &theirs };
    let labels = label_versions(&args.labels);
    let [ours_label, base_label, theirs_label] = labels.each_ref().map(String::as_bytes);
    let style = ConflictStyle {
        marker_size: args.marker_size,
        labels: MergeVersions { base: base_label, ours: ours_label, theirs: theirs_label },
        has_base: wants_base(context),
    };
    let (merged, part) = if is_team_file {
        (merge_team(&versions, &style), "entry")
    } else {
        (project::merge(&args.path, &versions, &style, &context.store), "name")
    };
    if *merged.text != *ours {
        fs::write_atomic(&args.ours, &merged.text, NewMode::Private)?;
    }
    let path = args.path.display();
    match merged.conflicts {
        MergeConflicts::None => return Ok(0),
        // Git merges several common ancestors first; nobody has to resolve their conflicts.
        _ if labels[0].starts_with("Temporary merge branch ") => {}
        MergeConflicts::Names(names) => {
            let how = "pick one between the conflict markers";
            context.ui.say(format_args!("{path}: both sides changed {}; {how}", names.join(", ")));
            if !is_team_file {
                suggest_resolving(context, &seen, &merged.text, &names, &labels);
            }
        }
        MergeConflicts::File => context.ui.say(format_args!(
            "{path} can't be merged by {part}; both versions are between the conflict markers"
        )),
    }
    Ok(1)
}

/// Returns git's labels for ours, the ancestor and theirs. Git before 2.44 passes `%X`, `%S` and `%Y` as they are.
fn label_versions(given: &[OsString]) -> [String; 3] {
    let label = |at: usize, name: &str| {
        let label = given.get(at).map(|label| ui::one_line(&label.to_string_lossy()));
        label.filter(|label| !matches!(&**label, "" | "%X" | "%S" | "%Y")).unwrap_or(name.to_owned())
    };
    [label(0, "ours"), label(1, "base"), label(2, "theirs")]
}

/// Returns true if conflicts are to show the ancestor's version too (git-config(1), `merge.conflictStyle`).
fn wants_base(context: &Context) -> bool {
    let style = context.discover().ok().flatten().and_then(|repo| repo.setting("merge.conflictStyle"));
    style.is_some_and(|style| matches!(&*style, "diff3" | "zdiff3"))
}

/// Suggests how to see both values of a name in conflict, and how to take one.
fn suggest_resolving(context: &Context, path: &Path, text: &[u8], names: &[String], labels: &[String; 3]) {
    // `1a2b3c4 (its subject)`, or what `git merge` was given. Elsewhere a label is any word, and in `git am` a subject.
    let repo = context.discover().ok().flatten();
    let revision = |label: &String| {
        let (first, rest) = label.split_once(' ').unwrap_or((label, ""));
        let repo = repo.as_ref().filter(|repo| {
            let is_commit = rest.starts_with('(') && !repo.git_dir().join("rebase-apply").exists();
            label == "HEAD" || is_commit || rest.is_empty() && context.process.is_in_merge()
        })?;
        repo.commit(first).ok().map(|_| first.to_owned())
    };
    let take = ConflictedText::read(text).as_ref().and_then(project::resolve_hint);
    let Some(take) = take.map(|take| take.with("file", path)) else { return };
    if names.iter().all(|name| is_own_name(name)) {
        return context.ui.suggest(&Hint::from("Resolve it: ").and(take));
    }
    if let (Some(ours), Some(theirs)) = (revision(&labels[0]), revision(&labels[2])) {
        let revisions = [ours, theirs];
        context.ui.suggest(&hint!("Compare: envseal diff --show {revisions} -f {path}", revisions, path));
    }
    context.ui.suggest(&Hint::from("Take one: ").and(take));
}

pub(super) fn textconv(args: &TextconvArgs) -> Result<u8, Error> {
    let text = fs::read_secret(&args.file)?;
    ui::text(&project::textconv(&text))?;
    Ok(0)
}

/// Returns the exit status for a wrong command line, which git must not take for a conflict either.
pub(super) fn usage_status(arguments: &[OsString], status: u8) -> u8 {
    let merges = arguments.windows(3).any(|words| words == ["hook", "run", "merge"]);
    if merges && status != 0 { NO_MERGE } else { status }
}
