//! `envseal hook`.

use std::path::Path;

use super::Context;
use super::report::{listed, shown};
use crate::error::Error;
use crate::git::{GitError, Repo};
use crate::hooks::{InstallError, Installed, install, uninstall};

/// Install git hooks, take them out, run one
#[derive(clap::Subcommand)]
pub(super) enum Command {
    Install(Install),
    Uninstall(Uninstall),
}

/// Have git check every commit, merge and push of this clone
///
/// Writes pre-commit, pre-merge-commit and pre-push, or adds to those that are there: all three or none. Safe to run
/// again. Hooks of another kind are never written to; then it says what to add where.
#[derive(clap::Args)]
pub(super) struct Install {}

/// Take envseal's part out of the hooks, and nothing else
#[derive(clap::Args)]
pub(super) struct Uninstall {}

/// Carries out one of the commands; the status is that of a hook.
pub(super) fn run(context: &Context, command: &Command) -> Result<u8, Error> {
    match command {
        Command::Install(Install {}) => {
            let done = install(&repository(context)?, global(context).as_deref(), || context.waiting())?;
            tell(context, &done);
            Ok(0)
        }
        Command::Uninstall(Uninstall {}) => {
            let paths = uninstall(&repository(context)?, global(context).as_deref(), || context.waiting())?;
            if paths.is_empty() {
                context.ui.say("no hook here holds anything of envseal's");
            }
            for path in paths {
                let what = if path.exists() { "took envseal's lines out of" } else { "removed" };
                context.ui.say(format_args!("{what} {}", shown(&path)));
            }
            Ok(0)
        }
    }
}

/// Installs the hooks as a part of setting up: where a person's own arrangement stands in the way, that is said and
/// the rest goes on.
pub(super) fn set_up(context: &Context, here: &Path) -> Result<(), Error> {
    let Some(repo) = Repo::discover(here)? else { return Ok(()) };
    match install(&repo, global(context).as_deref(), || context.waiting()) {
        Ok(done) if done.written.is_empty() && done.not_executable.is_empty() => Ok(()),
        Ok(done) => {
            tell(context, &done);
            Ok(())
        }
        Err(error) if error.is_refusal() => {
            context.ui.note(format_args!("no hooks were installed: {error}; see: envseal hook install"));
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

fn tell(context: &Context, done: &Installed) {
    let folder = shown(&done.folder);
    let names: Vec<_> = done.written.iter().map(|hook| hook.name()).collect();
    if names.is_empty() {
        context.ui.say(format_args!("the hooks are in place in {folder}"));
    } else {
        context.ui.say(format_args!("installed {} in {folder}", listed(&names)));
    }
    if let Some(manager) = done.manager {
        context.ui.say(format_args!("{manager} calls envseal in the hooks that it writes"));
    }
    for path in &done.not_executable {
        let path = shown(path);
        context.ui.note(format_args!("git passes over {path}, which is not executable: chmod +x '{path}'"));
    }
}

/// The repository whose hooks are meant.
fn repository(context: &Context) -> Result<Repo, Error> {
    let here = Path::new(".").canonicalize().map_err(Error::io("find the working directory"))?;
    match Repo::discover(&here)? {
        Some(repo) => Ok(repo),
        None if context.objects(&here).is_ok() => Err(InstallError::Bare { path: here }.into()),
        None => Err(GitError::NotARepository { path: here }.into()),
    }
}

/// The file that stands in for a user's own git configuration.
fn global(context: &Context) -> Option<std::path::PathBuf> {
    context.process.path("GIT_CONFIG_GLOBAL")
}
