//! `envseal key`.

mod backup;
mod generate;
mod list;
mod lock;
pub(super) mod rotate;
mod show;
mod trust;

use super::Context;
use crate::error::Error;

/// Manage keys
#[derive(clap::Subcommand)]
#[command(after_long_help = "Examples:
  envseal key list                        # which keys you have, and who else has them
  envseal key backup ~/shop-keys.txt      # before you need it
  envseal key rotate -e production        # re-encrypt everything to a new key")]
pub(super) enum KeyCommand {
    List(list::KeyListArgs),
    Show(show::KeyShowArgs),
    Generate(generate::KeyGenerateArgs),
    Lock(lock::KeyLockArgs),
    Unlock(lock::KeyUnlockArgs),
    Backup(backup::KeyBackupArgs),
    Recover(backup::KeyRecoverArgs),
    Rotate(rotate::KeyRotateArgs),
    Trust(trust::KeyTrustArgs),
}

pub(super) fn run(context: &Context, command: KeyCommand) -> Result<(), Error> {
    match command {
        KeyCommand::List(args) => list::run(context, &args),
        KeyCommand::Show(args) => show::run(context, &args),
        KeyCommand::Generate(args) => generate::run(context, &args),
        KeyCommand::Lock(args) => lock::lock(context, &args),
        KeyCommand::Unlock(args) => lock::unlock(context, &args),
        KeyCommand::Backup(args) => backup::back_up(context, &args),
        KeyCommand::Recover(args) => backup::recover(context, &args),
        KeyCommand::Rotate(args) => rotate::run(context, &args),
        KeyCommand::Trust(args) => trust::run(context, &args),
    }
}
