//! `envseal ls`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Context;
use super::clone_state::CloneState;
use super::select::{Files, found_from_here};
use crate::error::Error;
use crate::keystore::KeystoreError;
use crate::ui;
use crate::vault::{Counts, EnvFile, Scope, VaultError, counts, sweep};

/// List env files: what is sealed in them, to which key, and whether you can open it
///
/// Without -e and -f: every env file from here downward that git does not ignore.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    /// Print JSON
    #[arg(long)]
    json: bool,
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
    opens: Option<Result<(), KeystoreError>>,
}

/// Prints a line for each file.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let paths = if args.files.is_empty() { found_from_here(context)? } else { args.files.named()? };
    let rows: Vec<_> = paths.into_iter().map(|path| Row { state: state(context, &path), path }).collect();
    sweep(Path::new("."));
    if let Ok(Some(clone)) = CloneState::here(context)
        && !clone.lacking().is_empty()
    {
        let lacking = clone.lacking().join(", ");
        context.ui.note(format_args!("this clone lacks its {lacking}: envseal init"));
    }
    if args.json {
        let list = Value::Array(rows.iter().map(as_json).collect());
        let text = serde_json::to_string_pretty(&list).expect("values of our own");
        return ui::data(format!("{text}\n").as_bytes()).map_err(Error::io("write to stdout"));
    }
    if rows.is_empty() {
        context.ui.say("no env file here; make one: envseal set NAME");
        return Ok(());
    }
    let head = ["FILE", "ENVIRONMENT", "KEY", "SEALED", "PLAIN", "UNMARKED", "YOU CAN OPEN IT"];
    let table = ui::table(&head, &rows.iter().map(cells).collect::<Vec<_>>());
    ui::text(table.as_bytes()).map_err(Error::io("write to stdout"))
}

fn state(context: &Context, path: &Path) -> Result<State, VaultError> {
    let file = EnvFile::load(path)?;
    let scope = Scope::of(&file.dir())?;
    let opens = file.public_key().map(|key| context.store().find(file.env(), key, &file.dir()).map(drop));
    Ok(State {
        environment: file.env().to_string(),
        key: file.public_key().map(|key| key.id().to_string()),
        counts: counts(&file, &scope),
        opens,
    })
}

fn cells(row: &Row) -> Vec<String> {
    let path = row.path.display().to_string();
    let dash = || "-".to_owned();
    match &row.state {
        Err(error) => {
            vec![path, dash(), dash(), dash(), dash(), dash(), format!("no: {}", first_line(error))]
        }
        Ok(state) => vec![
            path,
            state.environment.clone(),
            state.key.clone().unwrap_or_else(dash),
            state.counts.sealed.to_string(),
            state.counts.plain.to_string(),
            state.counts.unmarked.to_string(),
            match &state.opens {
                None => "no key yet".into(),
                Some(Ok(())) => "yes".into(),
                Some(Err(KeystoreError::NotFound { .. })) => "no: no private key".into(),
                Some(Err(error)) => format!("no: {}", first_line(error)),
            },
        ],
    }
}

fn first_line(error: &dyn std::error::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
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
            "opens": state.opens.as_ref().map(Result::is_ok),
            "why_not": state.opens.as_ref().and_then(|opens| opens.as_ref().err()).map(ToString::to_string),
        }),
    }
}
