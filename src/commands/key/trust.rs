//! `envseal key trust`.

use std::path::Path;

use crate::commands::Context;
use crate::commands::files::FileArgs;
use crate::crypto::PublicKey;
use crate::error::Error;
use crate::git::{Commit, Repo, display_path, relative_path};
use crate::keys::Pin;
use crate::project::{EnvFile, KeyTrust, Notice, accept, key_commit, path_in_commits};
use crate::time::{Moment, rfc3339};
use crate::ui::{self, DefaultAnswer};

/// Trust an environment's changed public key
///
/// envseal remembers the first public key that this machine encrypts to. A changed key stops `set` and `encrypt`, because the
/// person who replaced it could read what you encrypt. After `key rotate` you need this only without the previous key. Compare the
/// fingerprint with the person who changed the key, and not through the repository.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key trust -e production                  # shows both keys and who changed it, then asks
  envseal key trust -e production --fingerprint SHA256:…")]
pub(in crate::commands) struct KeyTrustArgs {
    #[command(flatten)]
    files: FileArgs,
    /// Trust the key without prompting if it has this fingerprint
    #[arg(long, value_name = "SHA256:…")]
    fingerprint: Option<String>,
}

pub(super) fn run(context: &Context, args: &KeyTrustArgs) -> Result<(), Error> {
    args.files.paths_or_default(context.process)?.iter().try_for_each(|path| trust(context, args, path))
}

fn trust(context: &Context, args: &KeyTrustArgs, path: &Path) -> Result<(), Error> {
    let file = EnvFile::load(path)?;
    let project = context.project_of(&file.dir())?;
    let key = *file.public_key().ok_or_else(|| file.no_public_key())?;
    // The files of an environment share one key.
    project.refuse_other_key(&file, &key)?;
    let (env, print) = (file.env(), key.fingerprint());
    if let Some(wanted) = args.fingerprint.as_ref().filter(|wanted| **wanted != print) {
        let message = format!("the key of {env} in {} is {print}, not {wanted}", path.display());
        return Err(Error::usage(message, hint!("see who changed it: git log -p -- {path}", path)));
    }
    let trust = KeyTrust { file: &file, project: &project, store: &context.store };
    let Some(pins) = trust.pins()? else {
        let why = if project.git_root().is_none() {
            "outside git no key is remembered"
        } else if context.process.data_dir().is_none() {
            "this user has no home folder to remember the key in"
        } else {
            "before the first commit no key is remembered"
        };
        return Err(Error::usage(why, hint!("just go on: envseal set NAME -f {path}", path)));
    };
    if let Some(error) = trust.replaced_here(path, &key)? {
        return Err(error);
    }
    let mut others: Vec<_> = pins.iter().filter(|pin| pin.key != key).collect();
    others.dedup_by_key(|pin| pin.key);
    if !others.is_empty() {
        show(context, &file, &key, &others)?;
        let question = format!("Have you verified the new key? Trust it for {env}?");
        if args.fingerprint.is_none() && !ui::confirm(&question, DefaultAnswer::No)? {
            let hint =
                hint!("once you have verified it: envseal key trust -f {path} --fingerprint SHA256:…", path);
            return Err(Error::usage(format!("not confirmed; keeping the old key of {env}"), hint));
        }
    }
    if let Some(Notice::NotPinned { why, .. }) =
        accept(&project, env, &key, &[path.to_owned()], &context.store)?
    {
        let why = why.unwrap_or_default();
        return Err(Error::io("remember the key")(std::io::Error::other(why)));
    }
    let done = if others.is_empty() && !pins.is_empty() { "Already trusting" } else { "Trusting" };
    context.ui.say(format_args!("{done} the key of {env} on this machine: {print}"));
    Ok(())
}

/// Prints the trusted key, the key in the file, and the commit that changed it.
fn show(context: &Context, file: &EnvFile, key: &PublicKey, others: &[&Pin]) -> Result<(), Error> {
    let (path, env) = (display_path(file.path()), file.env());
    context.ui.say(format_args!("{path} has another public key for {env} than this machine trusts"));
    for pin in others {
        context.ui.say(format_args!("  trusted: {} ({})", pin.key.fingerprint(), pin.seen));
    }
    context.ui.say(format_args!("  in the file: {}", key.fingerprint()));
    let repo = context.store.repositories().open(&file.dir())?;
    context.ui.say(match key_commit(&repo, file)? {
        None if is_merged(&repo, file)? => {
            let path = relative_path(file.path());
            hint!("git log -p MERGE_HEAD -- {path}", path).joined("  from the branch being merged", ": ")
        }
        None => "  not committed yet".into(),
        Some(Commit { id, author, email, time, offset, subject, .. }) => {
            let time = rfc3339(Moment { seconds: time, offset });
            format!("  changed: {time} by {author} <{email}> in {id}: {subject}")
        }
    });
    Ok(())
}

/// Returns true if a merge in progress brings the file's public key.
fn is_merged(repo: &Repo, file: &EnvFile) -> Result<bool, Error> {
    if !repo.is_merging() {
        return Ok(false);
    }
    let (path, theirs) = (path_in_commits(repo, file.path())?, repo.commit("MERGE_HEAD")?);
    let text = repo.file(theirs, &path)?.map(|there| repo.blob(there.id)).transpose()?;
    let there = text.and_then(|text| EnvFile::of_the_past(file.path(), text, None).ok());
    Ok(there.is_some_and(|there| there.public_key() == file.public_key()))
}
