//! `envseal key`: one file per command.

mod backup;
mod generate;
mod list;
mod lock;
pub(super) mod rotate;
mod show;
mod trust;

use super::Context;
use crate::error::Error;

/// Show, make, lock and keep keys
#[derive(clap::Subcommand)]
pub(super) enum Command {
    List(list::Args),
    Show(show::Args),
    Generate(generate::Args),
    Lock(lock::Lock),
    Unlock(lock::Unlock),
    Backup(backup::Backup),
    Recover(backup::Recover),
    Rotate(rotate::Args),
    Trust(trust::Args),
}

/// Carries out one of the commands.
pub(super) fn run(context: &Context, command: Command) -> Result<(), Error> {
    match command {
        Command::List(args) => list::run(context, &args),
        Command::Show(args) => show::run(context, &args),
        Command::Generate(args) => generate::run(context, &args),
        Command::Lock(args) => lock::lock(context, &args),
        Command::Unlock(args) => lock::unlock(context, &args),
        Command::Backup(args) => backup::back_up(context, &args),
        Command::Recover(args) => backup::recover(context, &args),
        Command::Rotate(args) => rotate::run(context, &args),
        Command::Trust(args) => trust::run(context, &args),
    }
}
