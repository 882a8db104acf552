//! `envseal ls`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::clone_state::{CloneState, Lack};
use super::report::counted;
use super::select::{Files, Found, found_from_here};
use super::{Context, example};
use crate::crypto::SealedValue;
use crate::error::Error;
use crate::keys::KeyLookupError;
use crate::project::{Counts, Projects, VaultError, counts, sweep};
use crate::ui;

/// List env files: what is sealed in them, to which key, and whether you can open it
///
/// Without -e and -f: every env file from here downward that git does not ignore.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal ls                             # from here downward
  envseal ls --json | jq -r '.[] | select(.unmarked > 0).file'
  envseal ls --example                   # which variables there are, as an example file
  envseal ls --example --write -f app    # added to app/.env.schema or app/.env.example")]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print the folder's example file: what stands there now, and the names it lacks; no values
    #[arg(long, conflicts_with = "json")]
    example: bool,
    /// Write the example file instead; not by `>`, which empties it before it is read
    #[arg(long, requires = "example")]
    write: bool,
}

struct Row {
    path: PathBuf,
    state: Result<State, VaultError>,
}

struct State {
    environment: String,
    key: Option<String>,
    counts: Counts,
    /// Whether the private key is at hand; none where the file has no key.
    opens: Option<Result<(), KeyLookupError>>,
    /// Whether that is locked with a passphrase.
    locked: bool,
    /// How many values are sealed to another key than the file's.
    others: usize,
}

/// Prints a line for each file.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    if args.example {
        return example::run(context, &args.files, args.write);
    }
    let Found { files: paths, unseen } = if args.files.is_empty() {
        found_from_here(context)?
    } else {
        Found { files: args.files.reading(context)?.named(context.process)?, unseen: Vec::new() }
    };
    let mut projects = Projects::new(context.store().repositories());
    let rows: Vec<_> =
        paths.into_iter().map(|path| Row { state: state(context, &mut projects, &path), path }).collect();
    sweep(Path::new("."), context.store().repositories());
    // Where there is no env file, there is nothing to be guarded yet.
    if !rows.is_empty() {
        match CloneState::here(context) {
            Ok(clone) => {
                for Lack { message, fix } in clone.iter().flat_map(CloneState::lacks) {
                    match fix {
                        Some(fix) => context.ui.note(fix.joined(message, ": ")),
                        None => context.ui.note(message),
                    }
                }
            }
            Err(error) => {
                context.ui.note(format_args!("cannot tell whether the hooks are installed: {error}"));
            }
        }
    }
    if args.json {
        let list = Value::Array(rows.iter().map(as_json).collect());
        return ui::json(&list).map_err(Error::io("write to stdout"));
    }
    if rows.is_empty() {
        if !unseen.is_empty() {
            return Ok(());
        }
        context.ui.say("no env file here; make one: envseal set NAME");
        return Ok(());
    }
    let head = ["FILE", "ENVIRONMENT", "KEY", "SEALED", "PLAIN", "UNMARKED", "YOU CAN OPEN IT"];
    let table = ui::table(&head, &rows.iter().map(cells).collect::<Vec<_>>());
    table.print().map_err(Error::io("write to stdout"))
}

fn state(context: &Context, projects: &mut Projects, path: &Path) -> Result<State, VaultError> {
    let file = projects.load(path)?;
    let scope = projects.scope_of(&file.dir())?;
    let found = file.public_key().map(|key| context.store().locate_stored(file.env(), key, &file.dir()));
    let locked = matches!(&found, Some(Ok((key, _))) if key.is_locked());
    let opens = found.map(|found| found.map(drop));
    let is_others = |token: &SealedValue| file.public_key().is_some_and(|key| key.id() != token.key_id());
    let tokens = file.variables().filter_map(|(_, entry)| file.token(entry)?.ok());
    let others = tokens.filter(is_others).count();
    Ok(State {
        environment: file.env().to_string(),
        key: file.public_key().map(|key| key.id().to_string()),
        counts: counts(&file, &scope),
        opens,
        locked,
        others,
    })
}

impl State {
    /// Why it does not open; none if it does, or has no key.
    fn why_not(&self) -> Option<String> {
        match &self.opens {
            Some(Err(error)) => Some(error.to_string()),
            Some(Ok(())) if self.others > 0 => {
                Some(format!("{} sealed to another key than the file's", counted(self.others, "value")))
            }
            _ => None,
        }
    }
}

fn cells(row: &Row) -> Vec<String> {
    let path = row.path.display().to_string();
    let dash = || "-".to_owned();
    match &row.state {
        Err(error) => {
            vec![
                path,
                dash(),
                dash(),
                dash(),
                dash(),
                dash(),
                format!("no: {}", first_line(&error.to_string())),
            ]
        }
        Ok(state) => vec![
            path,
            state.environment.clone(),
            state.key.clone().unwrap_or_else(dash),
            state.counts.sealed.to_string(),
            state.counts.plain.to_string(),
            state.counts.unmarked.to_string(),
            match (&state.opens, state.why_not()) {
                (None, _) => "no key yet".into(),
                (Some(Err(KeyLookupError::NotFound { .. })), _) => "no: no private key".into(),
                (_, Some(why)) => format!("no: {}", first_line(&why)),
                (_, None) if state.locked => "yes, locked".into(),
                (_, None) => "yes".into(),
            },
        ],
    }
}

fn first_line(words: &str) -> &str {
    words.lines().next().unwrap_or_default()
}

fn as_json(row: &Row) -> Value {
    let file = row.path.display().to_string();
    match &row.state {
        Err(error) => json!({
            "file": file,
            "environment": null,
            "key": null,
            "sealed": null,
            "plain": null,
            "unmarked": null,
            "opens": false,
            "why_not": error.to_string(),
        }),
        Ok(state) => json!({
            "file": file,
            "environment": state.environment,
            "key": state.key,
            "sealed": state.counts.sealed,
            "plain": state.counts.plain,
            "unmarked": state.counts.unmarked,
            "opens": state.opens.as_ref().map(|_| state.why_not().is_none()),
            "why_not": state.why_not(),
        }),
    }
}
