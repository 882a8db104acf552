//! `envseal key backup` and `envseal key recover`.

use std::path::PathBuf;

use crate::commands::{Context, env_names, working_dir};
use crate::error::Error;
use crate::fs;
use crate::git::display_path;
use crate::hint::Hint;
use crate::keys::{FoundKey, parse_backup};
use crate::project::{EnvFile, back_up as write_backup, recover as recover_keys};
use crate::time::{Moment, rfc3339};
use crate::ui::{counted, listed};

/// Back up every private key into one file, locked with a passphrase
///
/// Includes keys in .env.keys, injected keys and keys granted to you, older ones too. The file must be new and where git
/// doesn't commit it; only you can read it (0600).
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key backup ~/shop-keys.txt               # prompts twice, hidden")]
pub(in crate::commands) struct KeyBackupArgs {
    /// Create this file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Recover the keys of a backup into .env.keys
///
/// Adds missing keys, older ones after newer, and leaves existing ones. Writes nothing unless every key can be unlocked.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key recover ~/shop-keys.txt
  envseal key recover ~/shop-keys.txt      -e production")]
pub(in crate::commands) struct KeyRecoverArgs {
    /// Read this backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Recover only the keys of an environment; `default` is that of .env (repeats)
    #[arg(short, long, value_name = "NAME", value_delimiter = ',')]
    env: Vec<String>,
}

pub(super) fn back_up(context: &Context, args: &KeyBackupArgs) -> Result<(), Error> {
    let here = working_dir()?;
    let project = context.project_of(&here)?;
    let store = &context.store;
    let mut envs = Vec::new();
    for path in project.env_files(project.root())? {
        let Ok(file) = EnvFile::load(&path) else { continue };
        envs.push((file.env().clone(), file.public_key().copied()));
    }
    let files: Vec<_> = store.keys_files(&here).collect::<Result<_, _>>()?;
    let mut found = store.at_hand(&here, &files, &envs)?;
    if found.is_empty() {
        return Err(Error::usage("no private keys found", "see where keys are looked for: envseal doctor"));
    }
    // The key in use counts as the newest, wherever it came from.
    found.sort_by_key(|found| envs.iter().all(|(_, key)| *key != Some(found.key.public())));
    found.sort_by(|one, other| one.env.cmp(&other.env));
    let keys = context.ui.working("locking", || {
        // Allocated once, so that no copy of a key is left behind.
        let mut keys = Vec::with_capacity(found.len());
        for FoundKey { env, key, place } in found {
            keys.push((env, store.unlock(key, &place)?));
        }
        let made = rfc3339(Moment::now()).replace("+00:00", "Z");
        write_backup(&args.file, &keys, &made, store)?;
        Ok::<_, Error>(keys)
    })?;
    let mut names: Vec<_> = keys.iter().map(|(env, _)| env).collect();
    names.dedup();
    let (count, file) = (counted(keys.len(), "key"), &args.file);
    context.ui.say(format_args!("Backed up {count} of {} in {}, locked", listed(names), file.display()));
    context.ui.suggest(&hint!("Test it: envseal key recover {file}", file));
    Ok(())
}

pub(super) fn recover(context: &Context, args: &KeyRecoverArgs) -> Result<(), Error> {
    let mut lines = parse_backup(&args.file, &fs::read(&args.file)?)?;
    let wanted = env_names(&args.env)?;
    if let Some(env) = wanted.iter().find(|env| lines.iter().all(|line| line.env != **env)) {
        let mut there: Vec<_> = lines.iter().map(|line| &line.env).collect();
        there.dedup();
        let there = Hint::list(there.iter().map(|env| hint!("{env}", env)), ", ", " and ");
        let message = format!("{} has no key of {env}", args.file.display());
        return Err(Error::usage(message, Hint::from("it has keys of ").and(there)));
    }
    lines.retain(|line| wanted.is_empty() || wanted.contains(&line.env));
    let here = working_dir()?;
    let done = context.ui.working("unlocking", || recover_keys(&args.file, lines, &here, &context.store))?;
    context.print_notices(&done.notices);
    let path = display_path(&done.path);
    for (env, added, there) in &done.envs {
        context.ui.say(match (added, there) {
            (0, _) => format!("{path} already has {} of {env}", counted(*there, "key")),
            (_, 0) => format!("Added {} of {env} to {path}", counted(*added, "key")),
            _ => format!("Added {} of {env} to {path}; {there} already there", counted(*added, "key")),
        });
    }
    if done.beside_locked && done.envs.iter().any(|(_, added, _)| *added > 0) {
        context.ui.note("other keys in it are locked, these are not: envseal key lock");
    }
    Ok(())
}
