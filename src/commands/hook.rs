//! `envseal hook`.

use super::{Context, drivers};
use crate::error::Error;

/// Hooks and drivers in this clone
#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Run a hook or a driver; git calls this
    #[command(subcommand)]
    Run(Run),
}

/// What git calls.
#[derive(clap::Subcommand)]
pub(super) enum Run {
    Merge(drivers::MergeArgs),
    Textconv(drivers::TextconvArgs),
}

/// Carries out one of the commands. Returns the exit status.
pub(super) fn run(context: &Context, command: Command) -> Result<u8, Error> {
    let Command::Run(run) = command;
    match run {
        Run::Merge(args) => Ok(drivers::merge(context, &args)),
        Run::Textconv(args) => drivers::textconv(&args),
    }
}
