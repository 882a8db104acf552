//! `envseal team list`.

use serde_json::{Value, json};

use super::super::Context;
use super::super::log::short;
use super::scope_here;
use crate::error::Error;
use crate::members::{GrantState, ListedGrant, list};
use crate::team::TeamFile;
use crate::time::{Moment, rfc3339};
use crate::ui::{self, Page};

/// Show who can open what: granted by whom, when, in which commit
///
/// `proven`: whoever made the grant could open the environment. `signed`: the signature holds, and you cannot open the
/// environment to see more. Exit status 1 if a grant does not hold. Who has a key in a .env.keys of their own is not seen
/// from here.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal team list
  envseal team list --json")]
pub(in crate::commands) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the grants, the members without any, and those who were removed.
pub(super) fn run(context: &Context, args: &Args) -> Result<u8, Error> {
    let scope = scope_here(context)?;
    let team = scope.team()?;
    let objects = scope.repository()?;
    let working = context.ui.working("reading history");
    let grants = list(&scope, context.store(), objects.as_deref())?;
    drop(working);
    if args.json { ui::json(&as_json(&team, &grants)) } else { as_text(&team, &grants).print() }
        .map_err(Error::io("write to stdout"))?;
    if team.members().is_empty() && !args.json {
        context.ui.say("no members yet: envseal team request adds you");
    }
    let bad =
        grants.iter().any(|grant| matches!(grant.state, GrantState::Invalid(_) | GrantState::OtherKey(_)));
    Ok(u8::from(bad))
}

fn as_text(team: &TeamFile, grants: &[ListedGrant]) -> Page {
    let mut rows = Vec::new();
    for (name, key) in team.members() {
        let mut of_member = grants.iter().filter(|grant| grant.line.member == *name).peekable();
        if of_member.peek().is_none() {
            let blank = || "-".to_owned();
            rows.push(vec![name.to_string(), blank(), blank(), blank(), blank(), blank(), key.fingerprint()]);
        }
        rows.extend(of_member.map(|grant| row(grant, key.fingerprint())));
    }
    let strangers = grants.iter().filter(|grant| !team.members().contains_key(&grant.line.member));
    rows.extend(strangers.map(|grant| row(grant, "-".into())));
    for (name, was) in team.removed() {
        let since = format!("removed {}", rfc3339(was.since));
        rows.push(vec![
            name.to_string(),
            "-".into(),
            since,
            "-".into(),
            "-".into(),
            "-".into(),
            was.key.fingerprint(),
        ]);
    }
    if rows.is_empty() {
        return Page::default();
    }
    ui::table(&["MEMBER", "ENVIRONMENT", "STATE", "BY", "WHEN", "COMMIT", "FINGERPRINT"], &rows)
}

fn row(grant: &ListedGrant, fingerprint: String) -> Vec<String> {
    let line = &grant.line;
    let (when, commit) = match &grant.origin {
        Some(commit) => (when(commit.time, commit.offset), short(commit.id)),
        None => ("not committed".into(), "-".into()),
    };
    vec![
        line.member.to_string(),
        line.env.to_string(),
        words(&grant.state),
        line.by.to_string(),
        when,
        commit,
        fingerprint,
    ]
}

fn when(seconds: i64, offset: i32) -> String {
    rfc3339(Moment { seconds, offset })
}

/// What is known of a grant, in words.
fn words(state: &GrantState) -> String {
    match state {
        GrantState::Proven => "proven".into(),
        GrantState::Signed => "signed".into(),
        GrantState::OtherKey(Some(key)) => format!("of an older key than {key}"),
        GrantState::OtherKey(None) => "of no environment here".into(),
        GrantState::Invalid(fault) => format!("INVALID: {fault}"),
    }
}

fn as_json(team: &TeamFile, grants: &[ListedGrant]) -> Value {
    let of_grant = |grant: &ListedGrant| {
        let origin = grant.origin.as_ref();
        let state = match &grant.state {
            GrantState::Proven => "proven",
            GrantState::Signed => "signed",
            GrantState::OtherKey(_) => "other-key",
            GrantState::Invalid(_) => "invalid",
        };
        json!({
            "member": grant.line.member.as_str(),
            "environment": grant.line.env.as_str(),
            "key": grant.line.key.id().to_string(),
            "state": state,
            "message": words(&grant.state),
            "by": grant.line.by.as_str(),
            "line": grant.line.line,
            "time": origin.map(|commit| when(commit.time, commit.offset)),
            "author": origin.map(|commit| commit.author.clone()),
            "email": origin.map(|commit| commit.email.clone()),
            "commit": origin.map(|commit| commit.id.to_string()),
        })
    };
    let members = team.members().iter().map(|(name, key)| {
        json!({ "name": name.as_str(), "fingerprint": key.fingerprint(), "key": key.to_string() })
    });
    let removed = team.removed().iter().map(|(name, was)| {
        json!({ "name": name.as_str(), "fingerprint": was.key.fingerprint(), "since": rfc3339(was.since) })
    });
    json!({
        "members": members.collect::<Vec<Value>>(),
        "removed": removed.collect::<Vec<Value>>(),
        "grants": grants.iter().map(of_grant).collect::<Vec<_>>(),
    })
}
