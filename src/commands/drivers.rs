//! `envseal hook run merge` and `envseal hook run textconv`: git's drivers.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use super::Context;
use crate::config::{EnvName, FileRole, TEAM_FILE};
use crate::dotenv::{MergeConflicts, MergeVersions};
use crate::error::Error;
use crate::project::{self};
use crate::team::merge_team;
use crate::ui;

/// Tells git that the merge failed. It takes a status up to 128 for a conflict, and the content of OURS for the result.
const NO_MERGE: u8 = 129;

/// Makes our driver's command line fall back to git's own merge: the status of a shell that finds no envseal.
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
    marker_size: usize,
    /// The file's path in the repository (%P)
    #[arg(allow_hyphen_values = true)]
    path: PathBuf,
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
    let is_team_file = args.path.file_name().is_some_and(|name| name == TEAM_FILE);
    let role = FileRole::of(&args.path);
    if !is_team_file && role == FileRole::Other {
        EnvName::of_file(&args.path)?;
    }
    let [base, ours, theirs] = [&args.base, &args.ours, &args.theirs].map(|path| project::read_version(path));
    let (base, ours, theirs) = (base?, ours?, theirs?);
    // Our attributes also match files of other tools (`.env.*`): git merges them as it would without us. It does not merge
    // binary data: ours stays, and is a conflict.
    if let FileRole::Foreign(_) = role {
        let is_binary = [&base, &ours, &theirs].into_iter().any(|text| text.contains(&0));
        return Ok(if is_binary { 1 } else { MERGED_BY_GIT });
    }
    let versions = MergeVersions { base: &base, ours: &ours, theirs: &theirs };
    let (merged, part) = if is_team_file {
        (merge_team(&versions, args.marker_size), "entry")
    } else {
        (project::merge(&args.path, &versions, args.marker_size, context.store()), "name")
    };
    if *merged.text != *ours {
        project::write_version(&args.ours, &merged.text)?;
    }
    let path = args.path.display();
    match merged.conflicts {
        MergeConflicts::None => return Ok(0),
        MergeConflicts::Names(names) => context.ui.say(format_args!(
            "{path}: both sides changed {}; pick one between the conflict markers",
            names.join(", ")
        )),
        MergeConflicts::File => context.ui.say(format_args!(
            "{path} can't be merged by {part}; both versions are between the conflict markers"
        )),
    }
    Ok(1)
}

pub(super) fn textconv(args: &TextconvArgs) -> Result<u8, Error> {
    let text = project::read_version(&args.file)?;
    ui::text(&project::textconv(&text))?;
    Ok(0)
}

/// Returns the exit status for a wrong command line, which git must not take for a conflict either.
pub(super) fn usage_status(arguments: &[OsString], status: u8) -> u8 {
    let merges = arguments.windows(3).any(|words| words == ["hook", "run", "merge"]);
    if merges && status != 0 { NO_MERGE } else { status }
}
