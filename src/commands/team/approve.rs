//! `envseal team approve`.

use crate::commands::{Context, env_names};
use crate::config::EnvName;
use crate::error::Error;
use crate::git::{path_to_add, relative_path};
use crate::members::{Approval, Candidate, approve, candidate, refuse_approval};
use crate::project::Project;
use crate::team::GrantLine;
use crate::ui::{self, DefaultAnswer, listed};

/// Grant a member access to environments that you can decrypt
///
/// Shows the member's fingerprint and asks for confirmation. Anyone can use a name, so have the member read the
/// fingerprint to you (`envseal team whoami`). Adds one line for each environment to the team file; no env file changes.
/// Grants you access too, if you have the key in your keys file only.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal team approve bob -e production
  envseal team approve ci -e production -e staging --fingerprint SHA256:…")]
pub(in crate::commands) struct TeamApproveArgs {
    #[arg(value_name = "MEMBER")]
    name: String,
    /// Grant this environment (repeats)
    #[arg(short, long = "env", value_name = "NAME", value_delimiter = ',', required = true)]
    environment: Vec<String>,
    /// Don't prompt if the member has this fingerprint
    #[arg(long, value_name = "SHA256:…")]
    fingerprint: Option<String>,
}

pub(super) fn run(context: &Context, args: &TeamApproveArgs) -> Result<(), Error> {
    let project = context.project()?;
    let envs = env_names(&args.environment)?;
    let member = candidate(&project, &args.name, args.fingerprint.as_deref())?;
    refuse_approval(&project, &context.store, &envs)?;
    let (name, print) = (&member.name, member.key.fingerprint());
    if args.fingerprint.is_none() {
        if !ui::can_ask() {
            let hint = hint!("if it is right: envseal team approve {name} -e {envs}", name, envs)
                .and(hint!(" --fingerprint {print}", print));
            return Err(Error::usage(format!("confirmation needed: {name}'s fingerprint is {print}"), hint));
        }
        let question = format!("{name}'s fingerprint is {print}. Have you verified it with {name}?");
        let question = format!("{question} Grant access to {}?", listed(&envs));
        if !ui::confirm(&question, DefaultAnswer::No)? {
            let hint = hint!("have {name} read it to you: envseal team whoami", name);
            return Err(Error::usage("not confirmed; nothing was granted", hint));
        }
    }
    let approval = approve(&project, &context.store, &member, &envs)?;
    print_approval(context, &project, &member, &approval)
}

pub(super) fn print_approval(
    context: &Context,
    project: &Project,
    member: &Candidate,
    approval: &Approval,
) -> Result<(), Error> {
    let Candidate { name, key, is_new } = member;
    for env in &approval.had {
        context.ui.say(format_args!("{name} already has access to {env}"));
    }
    let print = key.fingerprint();
    for (env, key) in &approval.granted {
        context.ui.say(format_args!("Granted {name} access to {env} (key {key}, fingerprint {print})"));
    }
    say_own(context, &approval.own);
    let path = relative_path(&path_to_add(&project.team_file()));
    let envs: Vec<_> = approval.granted.iter().map(|(env, _)| env.clone()).collect();
    let granted = if envs.is_empty() { &approval.own } else { &envs };
    if *is_new {
        let message = format!("Add {name} to the team");
        context.ui.suggest(&hint!("Next: git add {path} && git commit -m {message} {path}", path, message));
    } else if !granted.is_empty() {
        let message = format!("Grant {name} access to {}", listed(granted));
        context.ui.suggest(&hint!("Next: git commit -m {message} {path}", message, path));
    }
    let team = project.team()?;
    let is_by_removed = |line: &&GrantLine| {
        team.removed().contains_key(&line.by) && team.members().contains_key(&line.member)
    };
    for GrantLine { env, member, by, .. } in team.grants().iter().filter(is_by_removed) {
        let message = format!("{member}'s grant of {env} was made by {by}, who was removed");
        let hint = hint!("to keep it: envseal team approve {member} -e {env}", member, env);
        context.ui.note(hint.after(message));
    }
    Ok(())
}

pub(super) fn say_own(context: &Context, own: &[EnvName]) {
    if !own.is_empty() {
        let why = "someone else's rotation can't lock you out";
        context.ui.say(format_args!("Granted you access to {} too: {why}", listed(own)));
    }
}
