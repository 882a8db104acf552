//! `envseal team approve`.

use std::io::IsTerminal;

use super::super::Context;
use super::super::report::listed;
use super::scope_here;
use crate::config::EnvName;
use crate::error::Error;
use crate::git::relative_path;
use crate::members::{approve, candidate, refuse_approval};
use crate::project::VaultError;
use crate::ui;

/// Let a member open environments that you can open
///
/// Shows the member's fingerprint, and asks: a name can be typed by anyone, so have the member read it to you
/// (`envseal team whoami`). One line for each environment goes into the team file; no env file changes.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal team approve bob -e production
  envseal team approve ci -e production -e staging --fingerprint SHA256:…")]
pub(in crate::commands) struct Args {
    /// The member
    #[arg(value_name = "MEMBER")]
    name: String,
    /// The environment (repeats)
    #[arg(short, long = "env", value_name = "NAME", required = true)]
    environment: Vec<String>,
    /// Ask nothing: this is the member's fingerprint
    #[arg(long, value_name = "SHA256:…")]
    fingerprint: Option<String>,
}

/// Grants the environments.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let scope = scope_here(context)?;
    let envs: Vec<_> = args
        .environment
        .iter()
        .map(|name| EnvName::new(name))
        .collect::<Result<_, _>>()
        .map_err(VaultError::from)?;
    let member = candidate(&scope, &args.name, args.fingerprint.as_deref())?;
    refuse_approval(&scope, context.store(), &envs)?;
    let names = listed(&envs.iter().map(EnvName::as_str).collect::<Vec<_>>());
    let fingerprint = member.key.fingerprint();
    if args.fingerprint.is_none() {
        if !std::io::stdin().is_terminal() {
            return Err(Error::usage(
                format!(
                    "{} has the fingerprint {fingerprint}, and there is nobody to say whether that is right",
                    member.name
                ),
                hint!(
                    "if it is: envseal team approve {name} -e {envs} --fingerprint {fingerprint}",
                    name = args.name,
                    envs,
                    fingerprint
                ),
            ));
        }
        let question =
            format!("{} has the fingerprint {fingerprint}. Let {} open {names}?", member.name, member.name);
        if !ui::confirm(&question).map_err(Error::io("ask"))? {
            return Err(Error::usage(
                "nothing was granted",
                hint!("have {name} read the fingerprint to you: envseal team whoami", name = member.name),
            ));
        }
    }
    let approval = approve(&scope, context.store(), &member, &envs, &|| context.waiting())?;
    for env in &approval.had {
        context.ui.say(format_args!("{} can open {env} already", member.name));
    }
    for (env, key) in &approval.granted {
        context.ui.say(format_args!("granted {env} (key {key}) to {} ({fingerprint})", member.name));
    }
    if !approval.granted.is_empty() {
        let (path, message) =
            (relative_path(&scope.team_file()), format!("Let {} open {names}", member.name));
        context.ui.suggest(&hint!("commit it: git commit -m {message} {path}", message, path));
    }
    Ok(())
}
