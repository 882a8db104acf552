//! `envseal team exposures`.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::commands::Context;
use crate::config::EnvName;
use crate::error::Error;
use crate::fs::folder_of;
use crate::git::{display_path, path_to_add, relative_path};
use crate::keys::in_project;
use crate::members::{ExposedValue, confirm, exposed_elsewhere, exposures};
use crate::project::in_file;
use crate::time::{Moment, parse_age, rfc3339};
use crate::ui::{self, counted};

/// List exposed values of this project that removed members could read
///
/// The oldest first, without values that were replaced or removed (see --all). With an environment's private key, each value
/// is compared with what the member could read; without it, the team file's state is shown as not verified. Exit status 1
/// if a value is older than --max-age.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal team exposures
  envseal team exposures --max-age 7d    # in CI: fails a week after someone left
  envseal team exposures --all --json")]
pub(in crate::commands) struct TeamExposuresArgs {
    /// Fail if a value is still exposed after this time: 30m, 12h, 7d, 2w
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    max_age: Option<i64>,
    /// Include values that were replaced or removed
    #[arg(long)]
    all: bool,
    /// Record verified replacements in the team file
    #[arg(long)]
    confirm: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// An exposed value, in the table and as JSON.
#[derive(Serialize)]
struct ExposureRow {
    environment: String,
    name: String,
    member: String,
    since: String,
    /// Seconds.
    age: i64,
    state: &'static str,
    verified: bool,
    open: bool,
    line: usize,
}

pub(super) fn run(context: &Context, args: &TeamExposuresArgs) -> Result<u8, Error> {
    let project = context.project()?;
    let all =
        context.ui.working("decrypting", || exposures(&project, Some(&context.store), &project.team()?))?;
    let listed: Vec<_> = all.iter().filter(|exposed| args.all || exposed.verdict.is_open()).collect();
    let now = Moment::now().seconds;
    let rows: Vec<_> = listed.iter().map(|exposed| ExposureRow::new(exposed, now)).collect();
    if args.json {
        ui::json(&rows)?;
    } else if !rows.is_empty() {
        let head = ["ENVIRONMENT", "NAME", "READ BY", "SINCE", "AGE", "STATE"];
        let cells = rows.iter().zip(&listed).map(|(row, exposed)| row.cells(&exposed.present));
        ui::table(&head, cells).print()?;
    }
    if args.confirm && confirm(&project, &all)? {
        let path = relative_path(&path_to_add(&project.team_file()));
        context.ui.say(format_args!("Recorded in {}", path.display()));
        context.ui.suggest(&hint!("Next: git commit -m 'Confirm replaced values' {path}", path));
    }
    let open = all.iter().filter(|exposed| exposed.verdict.is_open());
    let old = args.max_age.map_or(0, |max| {
        distinct(open.clone().filter(|exposed| now.saturating_sub(exposed.exposure.since.seconds) > max))
    });
    if let Some(first) = listed.iter().find(|exposed| exposed.verdict.is_open()) {
        // A value that several people could read counts once.
        let values = distinct(open);
        let change = if values == 1 { "Change it at its source" } else { "Change them at their source" };
        let message = format!("{}. {change}, then here", counted(values, "exposed value"));
        let select = match &first.file {
            Some(path) => in_file(&relative_path(path)),
            None => hint!(" -e {env}", env = first.present),
        };
        let hint = hint!("envseal set {name}", name = first.exposure.name).and(select);
        context.ui.say(hint.joined(message, ", as in: "));
    } else {
        context.ui.say("No exposed values left");
    }
    for path in exposed_elsewhere(&project, &context.store)? {
        let hint = in_project(folder_of(&path), "list them: envseal team exposures".into());
        context.ui.note(hint.after(format_args!("{} has exposed values too", display_path(&path))));
    }
    if old > 0 {
        context.ui.say(format_args!("{} older than --max-age", counted(old, "value")));
    }
    Ok(u8::from(old > 0))
}

fn distinct<'a>(exposed: impl Iterator<Item = &'a ExposedValue>) -> usize {
    let values = exposed.map(|exposed| (&exposed.exposure.env, &exposed.exposure.name));
    values.collect::<BTreeSet<_>>().len()
}

impl ExposureRow {
    fn new(exposed: &ExposedValue, now: i64) -> Self {
        let exposure = &exposed.exposure;
        Self {
            environment: exposure.env.to_string(),
            name: exposure.name.clone(),
            member: exposure.member.to_string(),
            since: rfc3339(exposure.since),
            age: now.saturating_sub(exposure.since.seconds),
            state: exposed.verdict.as_str(),
            verified: exposed.verified,
            open: exposed.verdict.is_open(),
            line: exposure.line,
        }
    }

    fn cells(&self, present: &EnvName) -> Vec<String> {
        let now = if self.environment == present.as_str() { "" } else { &*format!(" (now {present})") };
        let state = match self.state {
            state if self.verified || state == "unverified" => state.to_owned(),
            state => format!("{state}, not verified"),
        };
        let days = usize::try_from(self.age / 86_400).unwrap_or(0);
        vec![
            format!("{}{now}", self.environment),
            self.name.clone(),
            self.member.clone(),
            self.since.clone(),
            counted(days, "day"),
            state,
        ]
    }
}
