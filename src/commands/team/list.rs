//! `envseal team list`.

use crate::commands::Context;
use crate::error::Error;
use crate::members::{GrantRow, HolderRow, MemberRow, RemovedMemberRow, TeamReport, list};
use crate::ui;

/// Show who has access to what, granted by whom, when, and in which commit
///
/// `proven`: the granter could decrypt the environment. `signed`: the signature is valid, and you can't decrypt the
/// environment to verify more. `has the key, no grant`: they granted access to others, or it's you. Exit status 1 if
/// a grant is invalid. Others who have a key in their own .env.keys are not listed.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal team list
  envseal team list --json")]
pub(in crate::commands) struct TeamListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, args: &TeamListArgs) -> Result<u8, Error> {
    let project = context.project()?;
    let report = context.ui.working("reading history", || list(&project, &context.store))?;
    let rows = rows(&report);
    if args.json {
        ui::json(&report)?;
    } else if !rows.is_empty() {
        let head = ["MEMBER", "ENVIRONMENT", "STATE", "BY", "WHEN", "COMMIT", "FINGERPRINT"];
        ui::table(&head, rows).print()?;
    }
    if report.members.is_empty() && !args.json {
        context.ui.say("No members yet; add yourself: envseal team request");
    }
    Ok(u8::from(!report.grants.iter().all(GrantRow::is_valid)))
}

fn rows(report: &TeamReport) -> Vec<Vec<String>> {
    let row = |name: &str, environment: &str, state: &str, fingerprint: &str| {
        [name, environment, state, "-", "-", "-", fingerprint].map(str::to_owned).to_vec()
    };
    let mut rows = Vec::new();
    for MemberRow { name, fingerprint, .. } in &report.members {
        let before = rows.len();
        let own = report.grants.iter().filter(|grant| grant.member == *name);
        rows.extend(own.map(|grant| cells(grant, fingerprint)));
        for HolderRow { environment, .. } in report.holders.iter().filter(|holder| holder.member == *name) {
            rows.push(row(name, environment, "has the key, no grant", fingerprint));
        }
        if rows.len() == before {
            rows.push(row(name, "-", "-", fingerprint));
        }
    }
    let is_member = |grant: &&GrantRow| report.members.iter().any(|member| member.name == grant.member);
    rows.extend(report.grants.iter().filter(|grant| !is_member(grant)).map(|grant| cells(grant, "-")));
    for RemovedMemberRow { name, fingerprint, since } in &report.removed {
        rows.push(row(name, "-", &format!("removed {since}"), fingerprint));
    }
    rows
}

fn cells(grant: &GrantRow, fingerprint: &str) -> Vec<String> {
    let GrantRow { member, environment, message, by, time, commit, .. } = grant;
    let time = time.as_deref().unwrap_or("not committed");
    let commit = commit.as_deref().map_or("-", |id| &id[..10]);
    [member, environment, message, by, time, commit, fingerprint].map(str::to_owned).to_vec()
}
