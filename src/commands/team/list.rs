//! `envseal team list`.

use serde::Serialize;

use crate::commands::Context;
use crate::commands::changes::short_id;
use crate::config::TEAM_FILE;
use crate::crypto::IdentityKey;
use crate::error::Error;
use crate::git::Commit;
use crate::members::{GrantState, ListedGrant, ListedHolder, list};
use crate::team::{MemberName, TeamFile};
use crate::time::{Moment, rfc3339};
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

#[derive(Serialize)]
struct TeamReport {
    members: Vec<MemberRow>,
    removed: Vec<RemovedMemberRow>,
    grants: Vec<GrantRow>,
    holders: Vec<HolderRow>,
}

/// A member who can decrypt an environment without a grant.
#[derive(Serialize)]
struct HolderRow {
    member: String,
    environment: String,
    /// `granter` or `you`.
    known_as: &'static str,
}

#[derive(Serialize)]
struct MemberRow {
    name: String,
    fingerprint: String,
    key: String,
}

#[derive(Serialize)]
struct RemovedMemberRow {
    name: String,
    fingerprint: String,
    since: String,
}

#[derive(Serialize)]
struct GrantRow {
    member: String,
    environment: String,
    key: String,
    state: &'static str,
    /// The state, for a person.
    message: String,
    by: String,
    line: usize,
    /// The time of the commit that has the grant; the fields below are of that commit.
    time: Option<String>,
    author: Option<String>,
    email: Option<String>,
    commit: Option<String>,
    #[serde(skip)]
    short_commit: Option<String>,
}

/// Prints the grants, the members without one, and the removed members. Returns the exit status.
pub(super) fn run(context: &Context, args: &TeamListArgs) -> Result<u8, Error> {
    let project = context.project()?;
    let team = project.team()?;
    let repo = project.repository()?;
    let find = || list(&project, context.store(), repo.as_deref());
    let (grants, holders) = context.ui.working("reading history", find)?;
    let report = TeamReport::new(&team, &grants, &holders);
    let rows = report.rows();
    if args.json {
        ui::json(&report)?;
    } else if !rows.is_empty() {
        let head = ["MEMBER", "ENVIRONMENT", "STATE", "BY", "WHEN", "COMMIT", "FINGERPRINT"];
        ui::table(&head, rows).print()?;
    }
    if report.members.is_empty() && !args.json {
        context.ui.say("No members yet; add yourself: envseal team request");
    }
    let is_bad = |grant: &GrantRow| matches!(grant.state, "invalid" | "other-key");
    Ok(u8::from(report.grants.iter().any(is_bad)))
}

impl TeamReport {
    fn new(team: &TeamFile, grants: &[ListedGrant], holders: &[ListedHolder]) -> Self {
        let holder = |holder: &ListedHolder| HolderRow {
            member: holder.member.to_string(),
            environment: holder.env.to_string(),
            known_as: if holder.is_granter { "granter" } else { "you" },
        };
        let member = |(name, key): (&MemberName, &IdentityKey)| MemberRow {
            name: name.to_string(),
            fingerprint: key.fingerprint(),
            key: key.to_string(),
        };
        Self {
            members: team.members().iter().map(member).collect(),
            removed: team
                .removed()
                .iter()
                .map(|(name, was)| RemovedMemberRow {
                    name: name.to_string(),
                    fingerprint: was.key.fingerprint(),
                    since: rfc3339(was.since),
                })
                .collect(),
            grants: grants.iter().map(GrantRow::new).collect(),
            holders: holders.iter().map(holder).collect(),
        }
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        let dash = || "-".to_owned();
        for MemberRow { name, fingerprint, .. } in &self.members {
            let before = rows.len();
            let own = self.grants.iter().filter(|grant| grant.member == *name);
            rows.extend(own.map(|grant| grant.cells(fingerprint)));
            for HolderRow { environment, .. } in self.holders.iter().filter(|holder| holder.member == *name) {
                let state = "has the key, no grant".to_owned();
                rows.push(vec![
                    name.clone(),
                    environment.clone(),
                    state,
                    dash(),
                    dash(),
                    dash(),
                    fingerprint.clone(),
                ]);
            }
            if rows.len() == before {
                rows.push(vec![name.clone(), dash(), dash(), dash(), dash(), dash(), fingerprint.clone()]);
            }
        }
        let is_member = |grant: &&GrantRow| self.members.iter().any(|member| member.name == grant.member);
        rows.extend(self.grants.iter().filter(|grant| !is_member(grant)).map(|grant| grant.cells("-")));
        for RemovedMemberRow { name, fingerprint, since } in &self.removed {
            let state = format!("removed {since}");
            rows.push(vec![name.clone(), dash(), state, dash(), dash(), dash(), fingerprint.clone()]);
        }
        rows
    }
}

impl GrantRow {
    fn new(grant: &ListedGrant) -> Self {
        let (state, message) = match &grant.state {
            GrantState::Proven => ("proven", "proven".into()),
            GrantState::Signed => ("signed", "signed".into()),
            GrantState::OtherKey(Some(key)) => ("other-key", format!("for an older key than {key}")),
            GrantState::OtherKey(None) => {
                let message = "for no environment here; if it was renamed or deleted, delete line";
                ("other-key", format!("{message} {} of {TEAM_FILE}", grant.line.line))
            }
            GrantState::Invalid(fault) => ("invalid", format!("INVALID: {fault}")),
        };
        let origin = grant.origin.as_ref();
        let time = |commit: &Commit| rfc3339(Moment { seconds: commit.time, offset: commit.offset });
        Self {
            member: grant.line.member.to_string(),
            environment: grant.line.env.to_string(),
            key: grant.line.key.id().to_string(),
            state,
            message,
            by: grant.line.by.to_string(),
            line: grant.line.line,
            time: origin.map(time),
            author: origin.map(|commit| commit.author.clone()),
            email: origin.map(|commit| commit.email.clone()),
            commit: origin.map(|commit| commit.id.to_string()),
            short_commit: origin.map(|commit| short_id(commit.id)),
        }
    }

    fn cells(&self, fingerprint: &str) -> Vec<String> {
        vec![
            self.member.clone(),
            self.environment.clone(),
            self.message.clone(),
            self.by.clone(),
            self.time.clone().unwrap_or_else(|| "not committed".into()),
            self.short_commit.clone().unwrap_or_else(|| "-".into()),
            fingerprint.to_owned(),
        ]
    }
}
