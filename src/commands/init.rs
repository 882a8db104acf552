//! `envseal init`.

use std::path::{Path, PathBuf};

use super::report::{listed, notices};
use super::{Context, hook};
use crate::error::{Error, ErrorKind};
use crate::git::{display_path, relative_path};
use crate::hint::Hint;
use crate::hooks::drivers::{self, DriverState};
use crate::project::{
    EnvFile, Scope, Write, counts, declare_plain, first_foreign, guard_keys_file, propose_plain, sweep,
    take_back_in, unseen_by_git, update,
};
use crate::ui;

/// Set this project up: the first env file, .gitignore, git hooks and drivers, and which names are plain
///
/// Hooks and drivers are each clone's own: after git clone, run it there too. Safe to run again: what is set up already
/// stays as it is.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal init              # asks before it changes anything
  envseal init --yes        # in a script")]
pub(super) struct Args {
    /// Take every proposal without asking
    #[arg(short, long)]
    yes: bool,
}

/// Sets the project up and says what to do next.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let here = Path::new(".").canonicalize().map_err(Error::io("find the working directory"))?;
    let scope = Scope::of(&here, context.store().repositories())?;
    // Before anything is changed, so that a file that nobody can read changes nothing.
    load_all(&scope, &here)?;
    let unseen = unseen_by_git(&scope, &here)?;
    unseen.iter().try_for_each(|path| EnvFile::load(path).map(drop))?;
    let keys_file = context.store().keys_file_path(&here);
    notices(context, &guard_keys_file(&keys_file, &scope, &|| context.waiting())?);
    let stops_plaintext = hook::set_up(context, &here)?;
    let has_drivers = set_drivers_up(context, &here)?;
    let unseen = take_in(context, args, &scope, unseen, stops_plaintext)?;
    let loaded = load_all(&scope, &here)?;
    if loaded.is_empty() && unseen.is_empty() {
        let paths = [PathBuf::from(".env")];
        let made = update(&paths, context.store(), Write::Files, &|| context.waiting(), |target| {
            target.seal_to()?;
            Ok(target.document().clone())
        })?;
        notices(context, &made.notices);
        context.ui.say("made .env");
    }
    sweep(&here, context.store().repositories());
    declare(context, args, &scope, &loaded)?;
    let mut open = false;
    for file in &loaded {
        // With the policy as it is by now.
        open |= counts(file, &Scope::of(&file.dir(), context.store().repositories())?).unmarked > 0;
    }
    let foreign = loaded.iter().find_map(|file| Some((file.path(), first_foreign(file)?)));
    context.ui.suggest(&if let Some((path, foreign)) = foreign {
        Hint::from("next: ").and(foreign.import).with("file", &relative_path(path))
    } else if !unseen.is_empty() {
        let files: Vec<_> = unseen.iter().map(|path| relative_path(path)).collect();
        hint!("next: envseal encrypt -f {files} && git add --force {files}", files)
    } else if open {
        "next: envseal encrypt && git add -A; look at git diff --staged, and commit".into()
    } else if loaded.iter().all(|file| counts(file, &scope).sealed == 0) {
        "next: envseal set NAME".into()
    } else if scope.git_root().is_none() {
        "the env files are set up; see what can be opened here: envseal ls".into()
    } else if !(stops_plaintext && has_drivers) {
        "the env files are set up, but not all of the hooks and drivers; see why: envseal doctor".into()
    } else {
        "all is set up; see what can be opened here: envseal ls".into()
    });
    Ok(())
}

fn load_all(scope: &Scope, here: &Path) -> Result<Vec<EnvFile>, Error> {
    let files = scope.env_files(here)?;
    Ok(files.iter().map(|path| EnvFile::load(path)).collect::<Result<_, _>>()?)
}

/// Has git see the env files that it ignores, once a person has agreed, and where a hook keeps them from being committed
/// in plain text. Returns those that it still ignores.
fn take_in(
    context: &Context,
    args: &Args,
    scope: &Scope,
    unseen: Vec<PathBuf>,
    stops_plaintext: bool,
) -> Result<Vec<PathBuf>, Error> {
    if unseen.is_empty() {
        return Ok(unseen);
    }
    let files: Vec<_> = unseen.iter().map(|path| display_path(path)).collect();
    let list = listed(&files.iter().map(String::as_str).collect::<Vec<_>>());
    if stops_plaintext
        && (args.yes
            || ui::confirm(&format!(
                "git ignores {list}. Have git see it, to be committed once it is sealed?"
            ))
            .map_err(Error::io("ask"))?)
        && let Some(ignore) = take_back_in(&unseen, scope, &|| context.waiting())?
    {
        context.ui.say(format_args!("took {list} back in, in {}", display_path(&ignore)));
        context.ui.note(format_args!(
            "a colleague's own {list} is written over by git when they pull this; have them put theirs away first"
        ));
        return Ok(Vec::new());
    }
    context.ui.note(format_args!("git ignores {list}; what is sealed is meant to be committed"));
    Ok(unseen)
}

/// Tells git how to merge and to show env files in this clone. A driver of that name that someone else configured stays.
/// Returns whether git calls them.
fn set_drivers_up(context: &Context, here: &Path) -> Result<bool, Error> {
    let Some(repo) = context.store().repositories().discover(here)? else { return Ok(false) };
    match drivers::install(&repo) {
        Ok(true) => context.ui.say("set up git's merge and diff drivers for env files in this clone"),
        Ok(false) => {}
        Err(error) if error.kind() == ErrorKind::Refused => {
            let words = format!("left git's drivers for env files alone: {error}");
            context.ui.note(error.command_hint().cloned().unwrap_or("".into()).after(words));
        }
        Err(error) => return Err(error),
    }
    Ok(drivers::inspect(&repo)? == DriverState::Installed)
}

/// Proposes the plain names, and writes them down once a person has agreed.
fn declare(context: &Context, args: &Args, scope: &Scope, files: &[EnvFile]) -> Result<(), Error> {
    let globs = propose_plain(scope, files);
    if globs.is_empty() {
        return Ok(());
    }
    let list = globs.join(", ");
    let team_file = display_path(&scope.team_file());
    if args.yes
        || ui::confirm(&format!("Declare as not secret, in {team_file}: {list}?"))
            .map_err(Error::io("ask"))?
    {
        declare_plain(scope, &globs, &|| context.waiting())?;
        context.ui.say(format_args!("declared as not secret, in {team_file}: {list}"));
    } else {
        context
            .ui
            .note(format_args!("plainly not secret, it seems: {list}; declare them with envseal init --yes"));
    }
    Ok(())
}
