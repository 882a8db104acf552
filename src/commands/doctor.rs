//! `envseal doctor`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Context;
use super::ls::env_files;
use super::report::{counted, shown};
use super::select::Files;
use crate::error::{Error, quoted};
use crate::ui;
use crate::vault::{Counts, EnvFile, Precedence, Scope, VaultError, counts, read_files};

/// Tell why env files can or cannot be opened here, and what to do about it
///
/// For each file: which key it is sealed to, where that key was looked for, and every value that does not open.
/// Exit status 1 if something wants mending.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is known of one env file.
struct Patient {
    path: PathBuf,
    environment: Option<String>,
    key: Option<String>,
    counts: Option<Counts>,
    /// Where the private key is.
    found_in: Option<String>,
    troubles: Vec<Trouble>,
}

/// Something that wants mending, in one command.
struct Trouble {
    message: String,
    details: Vec<String>,
    fix: Option<String>,
}

/// Examines every file named or found, and this clone. Returns the exit status.
pub(super) fn run(context: &Context, args: &Args) -> Result<u8, Error> {
    let paths = if args.files.is_empty() { env_files(context)? } else { args.files.named()? };
    let patients: Vec<_> = paths.into_iter().map(|path| examine(context, path)).collect();
    let clone = clone(context)?;
    let text = if args.json { as_json(&patients, &clone) } else { as_text(&patients, &clone) };
    ui::text(text.as_bytes()).map_err(Error::io("write to stdout"))?;
    let troubles = patients.iter().flat_map(|patient| &patient.troubles).count() + clone.troubles().count();
    if troubles == 0 && !args.json {
        context.ui.say("all is well");
    }
    Ok(u8::from(troubles > 0))
}
