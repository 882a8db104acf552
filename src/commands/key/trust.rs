//! `envseal key trust`.

use std::path::Path;

use super::super::Context;
use super::super::select::Files;
use crate::crypto::PublicKey;
use crate::error::Error;
use crate::git::display_path;
use crate::keys::Pin;
use crate::project::{EnvFile, Notice, Scope, accept, key_commit, pins_of};
use crate::time::{Moment, rfc3339};
use crate::ui;

/// Accept an environment's public key after it was changed
///
/// The first key that this machine seals to is kept in mind, and a changed one stops `set` and `encrypt`, for whoever
/// put it there could read what is sealed to it. A rotation by `key rotate` needs no word from you where the key before
/// is at hand. Compare the fingerprint with what the one who changed it sees, and not by way of the repository.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key trust -e production                  # shows both keys and who changed it, and asks
  envseal key trust -e production --fingerprint SHA256:…")]
pub(in crate::commands) struct Args {
    #[command(flatten)]
    files: Files,
    /// Do not ask: accept the key if this is its fingerprint
    #[arg(long, value_name = "SHA256:…")]
    fingerprint: Option<String>,
}

/// Accepts the key of every file named.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    args.files.named_or_default(context.process)?.iter().try_for_each(|path| trust(context, args, path))
}

fn trust(context: &Context, args: &Args, path: &Path) -> Result<(), Error> {
    let file = EnvFile::load(path)?;
    let scope = Scope::of(&file.dir(), context.store().repositories())?;
    let key = *file.public_key().ok_or_else(|| file.no_public_key())?;
    // All files of the environment are sealed to it from then on.
    scope.refuse_other_key(&file, &key)?;
    let (env, print) = (file.env(), key.fingerprint());
    if let Some(wanted) = args.fingerprint.as_ref().filter(|wanted| **wanted != print) {
        return Err(Error::usage(
            format!("the key of {env} in {} is {print}, not {wanted}", path.display()),
            hint!("see who changed it: git log -p -- {path}", path),
        ));
    }
    let Some(pins) = pins_of(&file, &scope, context.store())? else {
        let why = if scope.git_root().is_none() {
            "outside git no key is kept in mind"
        } else if context.process.data_dir().is_none() {
            "this user has no home folder to keep the key in"
        } else {
            "before the first commit no key is kept in mind"
        };
        return Err(Error::usage(why, hint!("go on: envseal set NAME -f {path}", path)));
    };
    let mut others: Vec<_> = pins.iter().filter(|pin| pin.key != key).collect();
    others.dedup_by_key(|pin| pin.key);
    if !others.is_empty() {
        show(context, &file, &key, &others)?;
        ask(args, path, &file)?;
    }
    if let Some(Notice::NotPinned { why, .. }) =
        accept(&scope, env, &key, &[path.to_owned()], context.store())?
    {
        let why = why.unwrap_or_default();
        return Err(Error::io("keep the key in mind")(std::io::Error::other(why)));
    }
    let already = if others.is_empty() && !pins.is_empty() { " already" } else { "" };
    context.ui.say(format_args!("the key of {env} is accepted on this machine{already}: {print}"));
    Ok(())
}

/// Shows what was accepted before, what stands there now, and who put it there.
fn show(context: &Context, file: &EnvFile, key: &PublicKey, others: &[&Pin]) -> Result<(), Error> {
    context.ui.say(format_args!("{} holds another key of {}", display_path(file.path()), file.env()));
    for pin in others {
        context.ui.say(format_args!("  accepted before: {} ({})", pin.key.fingerprint(), pin.seen));
    }
    context.ui.say(format_args!("  in the file now: {}", key.fingerprint()));
    context.ui.say(match key_commit(&*context.store().repositories().open(&file.dir())?, file)? {
        None => "  put there: in no commit yet".into(),
        Some(commit) => format!(
            "  put there: {} by {} <{}> in {}: {}",
            rfc3339(Moment { seconds: commit.time, offset: commit.offset }),
            commit.author,
            commit.email,
            commit.id,
            commit.subject
        ),
    });
    Ok(())
}

fn ask(args: &Args, path: &Path, file: &EnvFile) -> Result<(), Error> {
    if args.fingerprint.is_some() {
        return Ok(());
    }
    let question = format!("Seal {} to the key in the file from now on?", file.env());
    if ui::confirm(&question).map_err(Error::io("ask on the terminal"))? {
        return Ok(());
    }
    Err(Error::usage(
        format!("nobody has agreed to the new key of {}: the one before stays", file.env()),
        hint!("once you have compared it: envseal key trust -f {path} --fingerprint SHA256:…", path),
    ))
}
