//! `envseal key lock` and `envseal key unlock`.

use std::path::PathBuf;

use crate::commands::files::FileArgs;
use crate::commands::{Context, working_dir};
use crate::config::EnvName;
use crate::error::Error;
use crate::fs::folder_of;
use crate::git::display_path;
use crate::project::{KeysChanged, Wanted, lock_keys, unlock_keys};
use crate::ui::counted;

/// Lock the keys in .env.keys with a passphrase
///
/// Without -e and -f: all of them. Decrypting then prompts for the passphrase, or reads `ENVSEAL_PASSPHRASE`; encrypting
/// needs neither. A key that is already locked must have the same passphrase.
///
/// -f names an env file, and so the key of its environment.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key lock                                 # prompts twice, hidden
  envseal key lock -e production
  ENVSEAL_PASSPHRASE=\"$(pass show envseal)\" envseal key lock")]
pub(in crate::commands) struct KeyLockArgs {
    #[command(flatten)]
    files: FileArgs,
}

/// Remove the passphrase from the keys in .env.keys
///
/// Without -e and -f: all of them.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key unlock
  envseal key unlock -e production")]
pub(in crate::commands) struct KeyUnlockArgs {
    #[command(flatten)]
    files: FileArgs,
}

pub(super) fn lock(context: &Context, args: &KeyLockArgs) -> Result<(), Error> {
    let wanted = wanted(context, &args.files)?;
    let changed = context.ui.working("locking", || lock_keys(&wanted, &context.store))?;
    print_changed(context, &changed, "Locked", "locked");
    Ok(())
}

pub(super) fn unlock(context: &Context, args: &KeyUnlockArgs) -> Result<(), Error> {
    let wanted = wanted(context, &args.files)?;
    let changed = context.ui.working("unlocking", || unlock_keys(&wanted, &context.store))?;
    print_changed(context, &changed, "Unlocked", "unlocked");
    Ok(())
}

fn print_changed(context: &Context, changed: &[KeysChanged], done: &str, state: &str) {
    for KeysChanged { path, changed, same } in changed {
        let path = display_path(path);
        context.ui.say(match (changed, same) {
            (0, 0) => format!("No keys in {path}"),
            (0, _) => format!("Already {state}: {} in {path}", counted(*same, "key")),
            (_, 0) => format!("{done} {} in {path}", counted(*changed, "key")),
            _ => format!("{done} {} in {path}; {same} already {state}", counted(*changed, "key")),
        });
    }
}

/// Returns each keys file once, with the environments named.
fn wanted(context: &Context, files: &FileArgs) -> Result<Vec<Wanted>, Error> {
    if files.is_empty() {
        return Ok(vec![Wanted { near: working_dir()?, envs: Vec::new() }]);
    }
    let mut wanted: Vec<(Option<PathBuf>, Wanted)> = Vec::new();
    for path in files.paths(context.process)? {
        let env = EnvName::of_file(&path)?;
        let folder = folder_of(&path);
        let near =
            folder.canonicalize().map_err(Error::io(format!("find the folder {}", folder.display())))?;
        let keys_file = context.store.keys_file_paths(&near).next();
        match wanted.iter_mut().find(|(there, _)| *there == keys_file) {
            Some((_, wanted)) if wanted.envs.contains(&env) => {}
            Some((_, wanted)) => wanted.envs.push(env),
            None => wanted.push((keys_file, Wanted { near, envs: vec![env] })),
        }
    }
    Ok(wanted.into_iter().map(|(_, wanted)| wanted).collect())
}
