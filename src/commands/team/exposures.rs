//! `envseal team exposures`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::Context;
use super::super::report::counted;
use super::scope_here;
use crate::error::Error;
use crate::git::relative_path;
use crate::members::{ExposedValue, ExposureVerdict, confirm, exposures};
use crate::time::{Moment, rfc3339};
use crate::ui::{self, Page};

/// List the values that removed members could read and that are still to be replaced
///
/// The oldest first. With an environment's private key at hand each value is compared with what they could read;
/// without it, what the team file says is shown, and marked as not verified. Values that were replaced, or are gone,
/// are left out without --all. Exit status 1 if one is older than --max-age.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal team exposures
  envseal team exposures --max-age 7d    # in CI: fails a week after someone left
  envseal team exposures --all --json")]
pub(in crate::commands) struct Args {
    /// Fail if one is still open after this time: 30m, 12h, 7d, 2w
    #[arg(long, value_name = "AGE", value_parser = age)]
    max_age: Option<i64>,
    /// Those too that were replaced, or are gone
    #[arg(long)]
    all: bool,
    /// Write into the team file what was relative_path with the keys at hand
    #[arg(long)]
    confirm: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Lists them. Returns the exit status.
pub(super) fn run(context: &Context, args: &Args) -> Result<u8, Error> {
    let scope = scope_here(context)?;
    let working = context.ui.working("opening values");
    let all = exposures(&scope, context.store())?;
    drop(working);
    let told: Vec<_> = all.iter().filter(|exposed| args.all || exposed.verdict.is_open()).collect();
    let now = Moment::now().seconds;
    if args.json { ui::json(&as_json(&told, now)) } else { as_text(&told, now).print() }
        .map_err(Error::io("write to stdout"))?;
    if args.confirm && confirm(&scope, &all, &|| context.waiting())? {
        let path = relative_path(&scope.team_file());
        let hint = hint!("noted in {path}: git commit -m 'Confirm replaced values' {path}", path);
        context.ui.say(hint.or(format_args!("noted in {}", path.display())));
    }
    let open = all.iter().filter(|exposed| exposed.verdict.is_open());
    let old = args.max_age.map_or(0, |max| {
        distinct(open.clone().filter(|exposed| now.saturating_sub(exposed.exposure.since.seconds) > max))
    });
    if let Some(first) = told.iter().find(|exposed| exposed.verdict.is_open()) {
        let exposure = &first.exposure;
        // One value that several people could read is one that is to be replaced.
        let values = distinct(open);
        let whose = if values == 1 { "its" } else { "their" };
        let words = format!("{} to be replaced at {whose} source, then here", counted(values, "value"));
        let hint = hint!("envseal set {name} -e {env}", name = exposure.name, env = exposure.env);
        context.ui.say(hint.joined(words, ", as in: "));
    } else {
        context.ui.say("nothing is left to be replaced");
    }
    if old > 0 {
        context.ui.say(format_args!("{} older than --max-age", counted(old, "value")));
    }
    Ok(u8::from(old > 0))
}

/// How many values these are.
fn distinct<'a>(exposed: impl Iterator<Item = &'a ExposedValue>) -> usize {
    let values = exposed.map(|exposed| (&exposed.exposure.env, &exposed.exposure.name));
    values.collect::<BTreeSet<_>>().len()
}

/// Seconds of `30m`, `12h`, `7d` or `2w`.
fn age(text: &str) -> Result<i64, String> {
    let wrong = || "write a number and a unit: 30m, 12h, 7d or 2w".to_owned();
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        Some('w') => 7 * 86_400,
        _ => return Err(wrong()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    Ok(i64::from(number) * unit)
}

fn as_text(told: &[&ExposedValue], now: i64) -> Page {
    if told.is_empty() {
        return Page::default();
    }
    let row = |exposed: &&ExposedValue| {
        let exposure = &exposed.exposure;
        let state = match (exposed.verdict, exposed.verified) {
            (verdict, true) => verdict.as_str().to_owned(),
            (ExposureVerdict::Unverified, false) => "unverified".into(),
            (verdict, false) => format!("{}, not verified", verdict.as_str()),
        };
        let days = now.saturating_sub(exposure.since.seconds).max(0) / 86_400;
        vec![
            exposure.env.to_string(),
            exposure.name.clone(),
            exposure.member.to_string(),
            rfc3339(exposure.since),
            counted(usize::try_from(days).unwrap_or(0), "day"),
            state,
        ]
    };
    let rows: Vec<_> = told.iter().map(row).collect();
    ui::table(&["ENVIRONMENT", "NAME", "READ BY", "SINCE", "AGE", "STATE"], &rows)
}

fn as_json(told: &[&ExposedValue], now: i64) -> Value {
    let one = |exposed: &&ExposedValue| {
        let exposure = &exposed.exposure;
        json!({
            "environment": exposure.env.as_str(),
            "name": exposure.name,
            "member": exposure.member.as_str(),
            "since": rfc3339(exposure.since),
            "age": now.saturating_sub(exposure.since.seconds),
            "state": exposed.verdict.as_str(),
            "verified": exposed.verified,
            "open": exposed.verdict.is_open(),
            "line": exposure.line,
        })
    };
    told.iter().map(one).collect()
}
