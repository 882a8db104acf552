//! `envseal team`.

mod approve;
mod exposures;
mod list;
mod remove;
mod request;
mod whoami;

use std::path::Path;

use super::Context;
use crate::error::Error;
use crate::project::Scope;

/// Members, who can open what, and what they could read who left
#[derive(clap::Subcommand)]
pub(super) enum Command {
    Whoami(whoami::Args),
    Request(request::Args),
    Approve(approve::Args),
    Remove(remove::Args),
    List(list::Args),
    Exposures(exposures::Args),
}

/// Carries out one of the commands. Returns the exit status.
pub(super) fn run(context: &Context, command: Command) -> Result<u8, Error> {
    match command {
        Command::Whoami(args) => whoami::run(context, &args).map(|()| 0),
        Command::Request(args) => request::run(context, &args).map(|()| 0),
        Command::Approve(args) => approve::run(context, &args).map(|()| 0),
        Command::Remove(args) => remove::run(context, &args),
        Command::List(args) => list::run(context, &args),
        Command::Exposures(args) => exposures::run(context, &args),
    }
}

/// The scope of the working directory.
fn scope_here(context: &Context) -> Result<Scope, Error> {
    let here = Path::new(".").canonicalize().map_err(Error::io("find the working directory"))?;
    Ok(Scope::of(&here, context.store().repositories())?)
}
