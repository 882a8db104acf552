//! `envseal ls`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Context;
use super::blame::blame;
use super::changes::print_history_notes;
use super::clone_setup::{CloneSetup, gap_line};
use super::files::{FoundFiles, ListArgs};
use crate::error::Error;
use crate::git::{ObjectId, display_path, relative_path};
use crate::history::EnvHistory;
use crate::keys::{KeyLookupError, KeyPlace, SearchedPlace};
use crate::project::{self, Projects, ValueState, counts, env_file_above, sweep, value_state};
use crate::time::rfc3339;
use crate::ui::{self, counted};

/// List env files, and show whether you can decrypt them
///
/// Without -e and -f: every env file from here downward that git does not ignore.
#[derive(clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "they are the flags as typed")]
#[command(after_long_help = "Examples:
  envseal ls                             # from here downward
  envseal ls --names                     # each variable in each environment
  envseal ls --names --age               # and when each value last changed
  envseal ls --json | jq -r '.[] | select(.unmarked > 0).file'
  envseal ls --example                   # print an example file with all variables
  envseal ls --example --write -f app    # add names to app/.env.schema or app/.env.example")]
pub(super) struct LsArgs {
    #[command(flatten)]
    listing: ListArgs,
    /// Show each variable's state in each environment
    #[arg(long)]
    names: bool,
    /// Add when each value last changed, from git
    #[arg(long, requires = "names")]
    age: bool,
    /// Print the folder's example file, with missing names added and no values
    #[arg(long, conflicts_with_all = ["json", "names"])]
    example: bool,
    /// Write the example file (`>` would empty it first)
    #[arg(long, requires = "example")]
    write: bool,
}

/// An env file, in the table and as JSON.
#[derive(Default, Serialize)]
struct EnvFileRow {
    file: String,
    environment: Option<String>,
    key: Option<String>,
    sealed: Option<usize>,
    plain: Option<usize>,
    unmarked: Option<usize>,
    /// Null if the file has no key, or if a key command may have its private key.
    opens: Option<bool>,
    why_not: Option<String>,
    /// The last column of the table.
    #[serde(skip)]
    answer: String,
}

pub(super) fn run(context: &Context, args: &LsArgs) -> Result<(), Error> {
    if args.example {
        return example(context, args);
    }
    let FoundFiles { files, ignored } = args.listing.find(context)?;
    let mut projects = Projects::new(context.store.repositories());
    if args.names && !files.is_empty() {
        return list_names(context, args, &mut projects, &files);
    }
    let rows: Vec<_> = files.iter().map(|path| EnvFileRow::new(context, &mut projects, path)).collect();
    sweep(Path::new("."), context.store.repositories());
    // Without an env file there is nothing to protect yet.
    if !rows.is_empty() {
        note_setup_gaps(context);
    }
    if args.listing.json {
        return ui::json(&rows);
    }
    if !rows.is_empty() {
        let head = ["FILE", "ENVIRONMENT", "KEY", "SEALED", "PLAIN", "UNMARKED", "YOU CAN DECRYPT IT"];
        return ui::table(&head, rows.iter().map(EnvFileRow::cells)).print();
    }
    let above = env_file_above(Path::new(".env"), |_| true).map(|above| relative_path(&above));
    if let Some((file, folder)) = above.as_deref().and_then(|file| Some((file, file.parent()?))) {
        let words = format!("No env file here, but above: {}. List it", file.display());
        context.ui.say(hint!("envseal -C {folder} ls", folder).joined(words, ": "));
    } else if ignored.is_empty() {
        context.ui.say("No env file here; create one: envseal set NAME");
    }
    Ok(())
}

fn note_setup_gaps(context: &Context) {
    match CloneSetup::here(context) {
        Ok(clone) => {
            for gap in clone.iter().flat_map(CloneSetup::gaps) {
                context.ui.note(gap_line(&gap));
            }
        }
        Err(error) => context.ui.note(format_args!("cannot tell whether the hooks are installed: {error}")),
    }
}

impl EnvFileRow {
    fn new(context: &Context, projects: &mut Projects, path: &Path) -> Self {
        Self::read(context, projects, path).unwrap_or_else(|error| {
            let (file, why) = (path.display().to_string(), error.to_string());
            let answer = format!("no: {}", first_line(&why));
            Self { file, opens: Some(false), why_not: Some(why), answer, ..Self::default() }
        })
    }

    fn read(context: &Context, projects: &mut Projects, path: &Path) -> Result<Self, Error> {
        let file = projects.load(path)?;
        let counts = counts(&file, &*projects.of_folder(&file.dir())?);
        let found = file.public_key().map(|key| context.store.locate_stored(file.env(), key, &file.dir()));
        let is_command = |tried: &SearchedPlace| tried.place == KeyPlace::Command;
        let (opens, why_not, answer) = match found {
            None => (None, None, "no key yet".into()),
            Some(Ok(_)) if counts.outdated > 0 => {
                let others = counted(counts.outdated, "value");
                let why = format!("{others} encrypted to another key than the file's");
                (Some(false), Some(why.clone()), format!("no: {why}"))
            }
            Some(Ok((key, _))) if key.is_locked() => (Some(true), None, "yes, locked".into()),
            Some(Ok(_)) => (Some(true), None, "yes".into()),
            Some(Err(error)) => {
                let why = error.to_string();
                let (opens, answer) = match error {
                    KeyLookupError::NotFound { tried, .. } if tried.iter().any(is_command) => {
                        (None, "unknown: key command".into())
                    }
                    KeyLookupError::NotFound { .. } => (Some(false), "no: no private key".into()),
                    _ => (Some(false), format!("no: {}", first_line(&why))),
                };
                (opens, Some(why), answer)
            }
        };
        Ok(Self {
            file: path.display().to_string(),
            environment: Some(file.env().to_string()),
            key: file.public_key().map(|key| key.id().to_string()),
            sealed: Some(counts.sealed),
            plain: Some(counts.plain),
            unmarked: Some(counts.unmarked),
            opens,
            why_not,
            answer,
        })
    }

    fn cells(&self) -> Vec<String> {
        let text = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "-".into());
        let number = |cell: Option<usize>| text(&cell.map(|count| count.to_string()));
        vec![
            self.file.clone(),
            text(&self.environment),
            text(&self.key),
            number(self.sealed),
            number(self.plain),
            number(self.unmarked),
            self.answer.clone(),
        ]
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// A variable in one file, as JSON. The fields are stable.
#[derive(Serialize)]
struct VariableRow<'a> {
    name: &'a str,
    file: String,
    environment: &'a str,
    state: &'static str,
    /// Null unless --age is given and the value is committed as it is.
    changed: Option<&'a str>,
}

/// The variables of one file: a column of the table.
struct NameColumn<'a> {
    path: &'a Path,
    environment: String,
    /// In the order of the file.
    names: Vec<String>,
    /// If a name is set twice, the state of its last line, which is the one that counts.
    states: HashMap<String, ValueState>,
    /// The RFC 3339 times of the last changes, once they are known.
    changed: HashMap<String, String>,
}

impl<'a> NameColumn<'a> {
    fn read(projects: &mut Projects, path: &'a Path) -> Result<Self, Error> {
        let file = projects.load(path)?;
        let project = projects.of_folder(&file.dir())?;
        let (mut names, mut states) = (Vec::new(), HashMap::new());
        for (_, entry) in file.variables() {
            let name = file.document().name(entry);
            if states.insert(name.to_owned(), value_state(&file, &project, entry)).is_none() {
                names.push(name.to_owned());
            }
        }
        Ok(Self { path, environment: file.env().to_string(), names, states, changed: HashMap::new() })
    }

    fn state(&self, name: &str) -> &'static str {
        match self.states.get(name) {
            Some(ValueState::Sealed) => "sealed",
            Some(ValueState::OutdatedKey) => "outdated key",
            Some(ValueState::Plain) => "plain",
            Some(ValueState::Unmarked) => "unmarked",
            None => "missing",
        }
    }

    fn cell(&self, name: &str, with_age: bool) -> String {
        let date = self.changed.get(name).and_then(|time| time.split('T').next());
        match date {
            _ if !with_age || !self.states.contains_key(name) => self.state(name).to_owned(),
            Some(date) => format!("{} {date}", self.state(name)),
            None => format!("{} uncommitted", self.state(name)),
        }
    }
}

/// Prints the variables of these files: a table for each folder, with a column for each environment.
fn list_names(
    context: &Context,
    args: &LsArgs,
    projects: &mut Projects,
    files: &[PathBuf],
) -> Result<(), Error> {
    let mut folders: BTreeMap<&Path, Vec<NameColumn<'_>>> = BTreeMap::new();
    for path in files {
        match NameColumn::read(projects, path) {
            Ok(column) => folders.entry(path.parent().unwrap_or(Path::new(""))).or_default().push(column),
            Err(error) => context.ui.note(error),
        }
    }
    if args.age {
        add_ages(context, folders.values_mut().flatten())?;
    }
    let mut rows = Vec::new();
    for (folder, columns) in &folders {
        let mut names: Vec<&str> = columns.iter().flat_map(|it| &it.names).map(String::as_str).collect();
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(*name));
        if args.listing.json {
            rows.extend(names.iter().flat_map(|name| {
                columns.iter().map(|column| VariableRow {
                    name,
                    file: column.path.display().to_string(),
                    environment: &column.environment,
                    state: column.state(name),
                    changed: column.changed.get(*name).map(String::as_str),
                })
            }));
            continue;
        }
        let environments: Vec<_> = columns.iter().map(|column| ui::one_line(&column.environment)).collect();
        let head: Vec<_> = std::iter::once("NAME").chain(environments.iter().map(String::as_str)).collect();
        let cells = |name: &&str| {
            let states = columns.iter().map(|column| column.cell(name, args.age));
            std::iter::once((*name).to_owned()).chain(states).collect()
        };
        if folders.len() > 1 {
            ui::text(format!("{}:\n", ui::one_line(&display_path(folder))).as_bytes())?;
        }
        ui::table(&head, names.iter().map(cells)).print()?;
    }
    if args.listing.json { ui::json(&rows) } else { Ok(()) }
}

/// Looks up in git when each value last changed. Without the keys, a re-encrypted one counts as changed.
fn add_ages<'c, 'a: 'c>(
    context: &Context,
    columns: impl Iterator<Item = &'c mut NameColumn<'a>>,
) -> Result<(), Error> {
    let repo = context.repository()?;
    repo.allow_fetching();
    let (head, store) = (repo.head()?, &context.store.unasking());
    let mut history = EnvHistory::new(&repo, store);
    for column in columns {
        let (_, variables) = blame(&repo, &mut history, head, column.path)?;
        let committed = variables.into_iter().filter(|variable| variable.author.commit != ObjectId::none());
        column.changed = committed.map(|it| (it.name, rfc3339(it.author.time))).collect();
    }
    print_history_notes(context, &history);
    Ok(())
}

fn example(context: &Context, args: &LsArgs) -> Result<(), Error> {
    let folder = one_folder(&args.listing.files.paths_or_default(context.process)?)?;
    if args.write {
        let example = project::write_example(&folder, &context.store)?;
        let path = display_path(&example.path);
        context.ui.say(match example.added {
            0 => format!("{path} already has every name"),
            added => format!("Added {} to {path}", counted(added, "name")),
        });
        return Ok(());
    }
    let example = project::example(&folder, &context.store)?;
    if example.is_emptied && !ui::is_stdout_terminal() {
        let path = relative_path(&example.path);
        let hint = hint!("if `>` has just emptied it: git checkout -- {path}, then use --write", path);
        context.ui.note(hint.after(format_args!("{} was empty when it was read", path.display())));
    }
    ui::text(&example.text)
}

fn one_folder(files: &[PathBuf]) -> Result<PathBuf, Error> {
    let folders: BTreeSet<_> = files.iter().map(|path| path.parent().unwrap_or(Path::new(""))).collect();
    match &folders.into_iter().collect::<Vec<_>>()[..] {
        [folder] => Ok((*folder).to_owned()),
        _ => Err(Error::usage("--example takes one folder", "name one: -f DIR")),
    }
}
