//! `envseal key lock` and `envseal key unlock`.

use std::path::{Path, PathBuf};

use crate::commands::Context;
use crate::commands::report::counted;
use crate::commands::select::Files;
use crate::config::EnvName;
use crate::error::Error;
use crate::git::display_path;
use crate::project::{KeysChanged, VaultError, Wanted, lock_keys, unlock_keys};

/// Lock the keys in .env.keys with a passphrase
///
/// Without -e and -f: all of them. From then on the passphrase is asked for whenever something is opened, or taken from
/// `ENVSEAL_PASSPHRASE`; sealing needs neither. A key that is locked already must open with the same passphrase.
///
/// A key is told by its environment: -f names the env file.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key lock                                 # asks twice, hidden
  envseal key lock -e production
  ENVSEAL_PASSPHRASE=\"$(pass show envseal)\" envseal key lock")]
pub(in crate::commands) struct Lock {
    #[command(flatten)]
    files: Files,
}

/// Put the keys in .env.keys in the open again
///
/// Without -e and -f: all of them.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key unlock
  envseal key unlock -e production")]
pub(in crate::commands) struct Unlock {
    #[command(flatten)]
    files: Files,
}

/// Locks the keys that are not yet.
pub(super) fn lock(context: &Context, args: &Lock) -> Result<(), Error> {
    let wanted = wanted(context, &args.files)?;
    let working = context.ui.working("locking");
    let changed = lock_keys(&wanted, context.store(), &|| context.waiting())?;
    drop(working);
    say(context, &changed, "locked");
    Ok(())
}

/// Unlocks the keys that are locked.
pub(super) fn unlock(context: &Context, args: &Unlock) -> Result<(), Error> {
    let wanted = wanted(context, &args.files)?;
    let working = context.ui.working("unlocking");
    let changed = unlock_keys(&wanted, context.store(), &|| context.waiting())?;
    drop(working);
    say(context, &changed, "unlocked");
    Ok(())
}

fn say(context: &Context, changed: &[KeysChanged], word: &str) {
    for KeysChanged { path, changed, same } in changed {
        let path = display_path(path);
        context.ui.say(match (changed, same) {
            (0, 0) => format!("no key in {path}"),
            (0, _) => format!("{} in {path}: {word} already", counted(*same, "key")),
            (_, 0) => format!("{word} {} in {path}", counted(*changed, "key")),
            _ => format!("{word} {} in {path}; {same} already were", counted(*changed, "key")),
        });
    }
}

/// Each keys file once, with the environments that are meant.
fn wanted(context: &Context, files: &Files) -> Result<Vec<Wanted>, Error> {
    let here = folder(Path::new("."))?;
    if files.is_empty() {
        return Ok(vec![Wanted { near: here, envs: Vec::new() }]);
    }
    let mut wanted: Vec<(PathBuf, Wanted)> = Vec::new();
    for path in files.named(context.process)? {
        let env = EnvName::of_file(&path).map_err(VaultError::from)?;
        let near = folder(path.parent().unwrap_or(Path::new(".")))?;
        let keys_file = context.store().keys_file_path(&near);
        match wanted.iter_mut().find(|(there, _)| *there == keys_file) {
            Some((_, wanted)) if wanted.envs.contains(&env) => {}
            Some((_, wanted)) => wanted.envs.push(env),
            None => wanted.push((keys_file, Wanted { near, envs: vec![env] })),
        }
    }
    Ok(wanted.into_iter().map(|(_, wanted)| wanted).collect())
}

fn folder(path: &Path) -> Result<PathBuf, Error> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    path.canonicalize().map_err(Error::io(format!("find the folder {}", path.display())))
}
