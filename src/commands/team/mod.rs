//! `envseal team`.

mod add;
mod approve;
mod exposures;
mod list;
mod remove;
mod request;
mod whoami;

use super::Context;
use crate::error::Error;

/// Manage members and access
#[derive(clap::Subcommand)]
#[command(after_long_help = "Examples:
  envseal team request                    # a new member, on a branch
  envseal team approve bob -e production  # someone with access
  envseal team remove bob                 # rotates bob's keys, lists what bob could read")]
pub(super) enum TeamCommand {
    Whoami(whoami::TeamWhoamiArgs),
    Request(request::TeamRequestArgs),
    Add(add::TeamAddArgs),
    Approve(approve::TeamApproveArgs),
    Remove(remove::TeamRemoveArgs),
    List(list::TeamListArgs),
    Exposures(exposures::TeamExposuresArgs),
}

/// Runs a command. Returns the exit status.
pub(super) fn run(context: &Context, command: TeamCommand) -> Result<u8, Error> {
    match command {
        TeamCommand::Whoami(args) => whoami::run(context, &args).map(|()| 0),
        TeamCommand::Request(args) => request::run(context, &args).map(|()| 0),
        TeamCommand::Add(args) => add::run(context, &args).map(|()| 0),
        TeamCommand::Approve(args) => approve::run(context, &args).map(|()| 0),
        TeamCommand::Remove(args) => remove::run(context, &args),
        TeamCommand::List(args) => list::run(context, &args),
        TeamCommand::Exposures(args) => exposures::run(context, &args),
    }
}
