//! `envseal key backup` and `envseal key recover`.

use std::path::{Path, PathBuf};

use crate::commands::Context;
use crate::commands::report::{counted, listed, notices};
use crate::config::EnvName;
use crate::error::Error;
use crate::git::display_path;
use crate::hint::Hint;
use crate::keys::FoundKey;
use crate::project::{
    EnvFile, Scope, VaultError, back_up as write_backup, read_backup, recover as bring_back,
};
use crate::time::{Moment, rfc3339};

/// Write every key at hand into one file, locked with a passphrase
///
/// Those in .env.keys, those injected and those granted to you, older ones too. The file is new, for you alone to read
/// (0600), and where git does not take it.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key backup ~/safe/shop-keys.txt          # asks twice, hidden")]
pub(in crate::commands) struct Backup {
    /// The file to be made
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Put the keys of a backup back into .env.keys
///
/// Adds those that are missing, older ones behind newer, and leaves those that are there. Nothing is written unless
/// every key opens.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key recover ~/safe/shop-keys.txt
  envseal key recover ~/safe/shop-keys.txt -e production")]
pub(in crate::commands) struct Recover {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The environment: `default` is that of .env (repeats; all that the backup has, when left out)
    #[arg(short, long, value_name = "NAME")]
    env: Vec<String>,
}

/// Backs up what is at hand.
pub(super) fn back_up(context: &Context, args: &Backup) -> Result<(), Error> {
    let here = Path::new(".").canonicalize().map_err(Error::io("find the working directory"))?;
    let scope = Scope::of(&here, context.store().repositories())?;
    let store = context.store();
    let (mut envs, mut current) = (Vec::new(), Vec::new());
    for path in scope.env_files(scope.root())? {
        let Ok(file) = EnvFile::load(&path) else { continue };
        envs.push(file.env().clone());
        current.extend(file.public_key().copied());
    }
    let file = store.keys_file(&here).map_err(VaultError::from)?;
    let mut found = store.at_hand(&here, file.as_ref(), &envs).map_err(VaultError::from)?;
    if found.is_empty() {
        return Err(Error::usage("there is no key at hand", "see where keys are looked for: envseal doctor"));
    }
    // The one in use is the newest, wherever it came from.
    found.sort_by_key(|at_hand| !current.contains(&at_hand.key.public()));
    found.sort_by(|one, other| one.env.cmp(&other.env));
    let working = context.ui.working("locking");
    let mut keys = Vec::with_capacity(found.len());
    for FoundKey { env, key, place } in found {
        keys.push((env, store.unlock(key, &place).map_err(VaultError::from)?));
    }
    let made = rfc3339(Moment::now()).replace("+00:00", "Z");
    write_backup(&args.file, &keys, &made, store)?;
    drop(working);
    let mut names: Vec<_> = keys.iter().map(|(env, _)| env.as_str()).collect();
    names.dedup();
    let (count, file) = (counted(keys.len(), "key"), &args.file);
    let locked = format!("{count} of {} in {}, locked", listed(&names), file.display());
    context.ui.say(hint!("try it: envseal key recover {file}", file).after(locked));
    Ok(())
}

/// Brings back what a backup has.
pub(super) fn recover(context: &Context, args: &Recover) -> Result<(), Error> {
    let mut lines = read_backup(&args.file)?;
    let mut wanted = Vec::new();
    for name in &args.env {
        let env = EnvName::new(name).map_err(VaultError::from)?;
        if !lines.iter().any(|line| line.env == env) {
            let mut there: Vec<_> = lines.iter().map(|line| line.env.as_str()).collect();
            there.dedup();
            let message = format!("{} has no key of environment {env}", args.file.display());
            return Err(Error::usage(
                message,
                Hint::from("it has keys of ").and(Hint::list(
                    there.iter().map(|env| hint!("{env}", env)),
                    ", ",
                    " and ",
                )),
            ));
        }
        wanted.push(env);
    }
    lines.retain(|line| wanted.is_empty() || wanted.contains(&line.env));
    let here = Path::new(".").canonicalize().map_err(Error::io("find the working directory"))?;
    let working = context.ui.working("unlocking");
    let done = bring_back(&args.file, lines, &here, context.store(), &|| context.waiting())?;
    drop(working);
    notices(context, &done.notices);
    let path = display_path(&done.path);
    for (env, added, there) in &done.envs {
        context.ui.say(match (added, there) {
            (0, _) => format!("{env}: {} in {path} already", counted(*there, "key")),
            (_, 0) => format!("{env}: {} put into {path}", counted(*added, "key")),
            _ => format!("{env}: {} put into {path}; {there} already there", counted(*added, "key")),
        });
    }
    if done.beside_locked && done.envs.iter().any(|(_, added, _)| *added > 0) {
        context.ui.note("others in it are locked, these are not: envseal key lock");
    }
    Ok(())
}
