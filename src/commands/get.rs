//! `envseal get`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;

use super::Context;
use super::files::ReadArgs;
use crate::config::EnvName;
use crate::dotenv::{Document, Edit, quote};
use crate::error::Error;
use crate::export;
use crate::history::{EnvHistory, file_at};
use crate::project::{EnvFile, Precedence, Variable, path_in_commits, read_files, sweep, unwritable};
use crate::ui;

/// Decrypt values and print them
///
/// With one KEY: its value. With several, or without (all): a JSON object. Values come from the files; a variable of the
/// process is used only if the files refer to a name that they don't set. An env file may be a pipe, which is read once. In
/// GitHub Actions, --format github first has the runner mask each value, by commands on stderr.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal get DATABASE_URL -e production
  eval \"$(envseal get --format shell)\"
  envseal get -e production --format k8s | kubectl apply -f -
  envseal get DATABASE_URL --at v1.0")]
pub(super) struct GetArgs {
    /// Print these variables only
    #[arg(value_name = "KEY")]
    keys: Vec<String>,
    #[command(flatten)]
    pub(super) reading: ReadArgs,
    /// Choose the format; raw is one value's bytes
    #[arg(long, value_parser = formats(), conflicts_with = "json")]
    format: Option<String>,
    /// Print JSON (short for --format json)
    #[arg(long)]
    json: bool,
    /// Read the files of this commit
    #[arg(long, value_name = "REV", conflicts_with = "convention")]
    at: Option<String>,
    /// Name the Secret of k8s [default: envseal-ENVIRONMENT]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

fn formats() -> PossibleValuesParser {
    ["raw", "dotenv"].into_iter().chain(export::FORMATS.map(|(name, _)| name)).into()
}

pub(super) fn run(context: &Context, args: &GetArgs) -> Result<(), Error> {
    if args.at.is_some() && args.reading.files.has_optional() {
        let message = "an optional file is looked up in the working tree, not in a commit";
        return Err(Error::usage(message, "omit the `?`"));
    }
    let files = match &args.at {
        Some(revision) => files_at(context, &args.reading.paths_in_commit(context)?, revision)?,
        None => {
            let paths = args.reading.paths(context, false)?;
            args.reading.load(context, &paths, |file| match &args.keys[..] {
                [] => hint!("envseal get -f {file}", file),
                keys => hint!("envseal get {keys} -f {file}", keys, file),
            })?
        }
    };
    let reading = read_files(&files, &context.store, context.process, Precedence::EarlierFile)?;
    for key in &args.keys {
        if !reading.names().any(|name| name == key) {
            let none = || format!("{key} was not found: none of the named files exists");
            let first = files.first().ok_or_else(|| Error::usage(none(), "envseal ls"))?;
            return Err(reading.no_variable(key, first.path()));
        }
    }
    let wanted = args.reading.variables.filter()?;
    let asked = |name: &str| args.keys.is_empty() || args.keys.iter().any(|key| key == name);
    let (mut variables, _) = reading.variables(|name| wanted(name) && asked(name), &[])?;
    if !args.keys.is_empty() {
        variables.sort_by_key(|variable| args.keys.iter().position(|key| *key == variable.name));
    }
    for file in files.iter().filter(|_| args.at.is_none()) {
        sweep(&file.dir(), context.store.repositories());
    }
    let one_value = matches!((&args.keys[..], &variables[..]), ([_], [_]));
    let format = args.format.as_deref().or((args.json || !one_value).then_some("json"));
    let text = match (format, &variables[..]) {
        (None, [variable]) => [variable.value.expose(), b"\n"].concat(),
        (Some("raw"), [variable]) => variable.value.expose().to_vec(),
        (Some("dotenv"), _) => format_dotenv(&variables)?,
        (Some("raw"), _) => {
            return Err(Error::usage("--format raw prints one value", "envseal get KEY --format raw"));
        }
        (format, ..) => {
            let env = files.first().map_or_else(EnvName::of_dotenv, |file| file.env().clone());
            let name = || format!("envseal-{env}").replace('_', "-");
            let name = args.name.clone().unwrap_or_else(name);
            format_values(context, format.unwrap_or("json"), &variables, &name)?
        }
    };
    let text = zeroize::Zeroizing::new(text);
    let write = match format {
        Some("raw") => ui::data,
        Some("json") => ui::json_text,
        _ => ui::text,
    };
    write(&text)
}

/// Reads the files in a commit, under the names that they had there.
fn files_at(context: &Context, paths: &[PathBuf], revision: &str) -> Result<Vec<EnvFile>, Error> {
    let objects = context.repository()?;
    objects.allow_fetching();
    let store = &context.store;
    let mut history = EnvHistory::new(&objects, store);
    let root = objects.root();
    let mut files = Vec::new();
    for path in paths {
        let today = path_in_commits(&objects, path)?;
        let then = file_at(&mut history, revision, &objects.relative(path)?, &today)?;
        files.push(EnvFile::of_the_past(&root.join(then.path), then.text, then.team_file)?);
    }
    Ok(files)
}

fn format_values(
    context: &Context,
    format: &str,
    variables: &[Variable<'_>],
    name: &str,
) -> Result<Vec<u8>, Error> {
    let (_, format) =
        export::FORMATS.into_iter().find(|(name, _)| *name == format).expect("no other is taken");
    let variables: Vec<_> =
        variables.iter().map(|v| export::Variable { name: v.name, value: v.value.expose() }).collect();
    let mut text = export::write(format, &variables, name)?;
    if format == export::Format::Github && context.process.is_github_actions() {
        ui::stderr_text(&export::masks(&variables))?;
    }
    Ok(std::mem::take(&mut *text))
}

/// Rejects a value that can't be written, or that would be read otherwise below the ones before it.
fn format_dotenv(variables: &[Variable<'_>]) -> Result<Vec<u8>, Error> {
    let unwritable = |variable: &Variable<'_>| {
        let name = variable.name;
        let hint = hint!("leave it out with -x {name}, or use another format: --format json", name);
        unwritable(&variable.path, name).with_hint(hint)
    };
    let mut sources = Vec::with_capacity(variables.len());
    for variable in variables {
        sources.push(quote(variable.value.expose()).ok_or_else(|| unwritable(variable))?);
    }
    let lines = variables.iter().zip(&sources);
    let edits: Vec<_> =
        lines.map(|(variable, source)| Edit::Append { name: variable.name, source, plain: false }).collect();
    let written = |count| Document::empty().edited(&edits[..count]);
    if let Ok(document) = written(edits.len()) {
        return Ok(document.as_bytes().to_vec());
    }
    let fits = (1..edits.len()).take_while(|count| written(*count).is_ok()).count();
    Err(unwritable(&variables[fits]))
}
