//! `envseal hook`.

use std::ffi::OsString;
use std::path::Path;
use std::rc::Rc;

use super::check::{self, Push};
use super::clone_state::{OUTSIDE, left};
use super::report::listed;
use super::{Context, drivers};
use crate::error::{Error, ErrorKind};
use crate::git::display_path;
use crate::git::{GitError, Repo};
use crate::hooks::{self, InstallReport, install, uninstall};
use crate::ui;

/// Hooks and drivers in this clone
#[derive(clap::Subcommand)]
pub(super) enum Command {
    Install(Install),
    Uninstall(Uninstall),
    /// Run a hook or a driver; git calls this
    #[command(subcommand)]
    Run(Run),
}

/// Have git check every commit, merge and push of this clone
///
/// Writes pre-commit, pre-merge-commit and pre-push, or adds to those that are there: all three or none. Safe to run
/// again. Hooks of another kind are never written to; then it says what to add where.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal hook install")]
pub(super) struct Install {}

/// Take envseal's part out of the hooks, and nothing else
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal hook uninstall
  envseal hook uninstall --drivers")]
pub(super) struct Uninstall {
    /// Take the merge and diff drivers out of this clone too
    #[arg(long)]
    drivers: bool,
}

/// What git calls.
#[derive(clap::Subcommand)]
pub(super) enum Run {
    PreCommit(PreCommit),
    /// Check what a merge is about to commit
    PreMergeCommit(PreCommit),
    PrePush(PrePush),
    Merge(drivers::MergeArgs),
    Textconv(drivers::TextconvArgs),
}

/// Check what is about to be committed
#[derive(clap::Args)]
pub(super) struct PreCommit {
    /// What git hands to the hook: nothing as yet
    #[arg(hide = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Check what is about to be pushed
///
/// Reads what git says of each ref from stdin: LOCAL-REF LOCAL-OID REMOTE-REF REMOTE-OID.
#[derive(clap::Args)]
pub(super) struct PrePush {
    /// The remote's name, or its URL where it has none
    remote: String,
    /// The remote's URL
    url: Option<OsString>,
}

/// Carries out one of the commands; the status is that of a hook.
pub(super) fn run(context: &Context, command: &Command) -> Result<u8, Error> {
    match command {
        Command::Install(Install {}) => {
            let done = install(&*repository(context)?, || context.waiting())?;
            tell(context, &done);
            Ok(0)
        }
        Command::Uninstall(args) => {
            let paths = uninstall(&*repository(context)?, || context.waiting())?;
            if paths.is_empty() {
                context.ui.say("no hook here holds anything of envseal's");
            }
            for path in paths {
                let what = if path.exists() { "took envseal's lines out of" } else { "removed" };
                context.ui.say(format_args!("{what} {}", display_path(&path)));
            }
            if args.drivers {
                context.ui.say(if hooks::drivers::uninstall(&*repository(context)?)? {
                    "took git's merge and diff drivers out of this clone"
                } else {
                    "this clone has no drivers of envseal's"
                });
            }
            Ok(0)
        }
        Command::Run(Run::PreCommit(_) | Run::PreMergeCommit(_)) => check::staged(context),
        Command::Run(Run::PrePush(args)) => check::pushed(context, &pushes(&args.remote)?),
        Command::Run(Run::Merge(args)) => Ok(drivers::merge(context, args)),
        Command::Run(Run::Textconv(args)) => drivers::textconv(args),
    }
}

/// What git says on stdin of the refs that are about to be pushed (githooks(5)); those that are deleted left out.
fn pushes(remote: &str) -> Result<Vec<Push>, Error> {
    let wrong = |what: &str| {
        let hint = "git calls this: see githooks(5), pre-push";
        Error::usage(format!("stdin does not say what is pushed: {what}"), hint)
    };
    let text =
        ui::stdin_value().map_err(Error::io("read stdin"))?.ok_or_else(|| wrong("it is a terminal"))?;
    let text = std::str::from_utf8(&text).map_err(|_| wrong("it is no text"))?;
    let mut pushes = Vec::new();
    for line in text.lines() {
        let [_, local, _, old] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(wrong("a line has not four words"));
        };
        if [local, old].iter().any(|oid| oid.len() < 40 || !oid.bytes().all(|b| b.is_ascii_hexdigit())) {
            return Err(wrong("a line names no commits"));
        }
        let is_none = |oid: &str| oid.bytes().all(|b| b == b'0');
        if !is_none(local) {
            pushes.push(Push {
                local: local.to_owned(),
                remote_old: (!is_none(old)).then(|| old.to_owned()),
                remote_name: remote.to_owned(),
            });
        }
    }
    Ok(pushes)
}

/// Installs the hooks as a part of setting up: where a person's own arrangement stands in the way, that is said and
/// the rest goes on. Returns whether git calls them.
pub(super) fn set_up(context: &Context, here: &Path) -> Result<bool, Error> {
    let Some(repo) = context.store().repositories().discover(here)? else {
        context.ui.note(OUTSIDE);
        return Ok(false);
    };
    match install(&repo, || context.waiting()) {
        Ok(done) => {
            if !(done.written.is_empty() && done.left.is_empty()) {
                tell(context, &done);
            }
            Ok(done.left.is_empty())
        }
        Err(error) if error.kind() == ErrorKind::Refused => {
            context.ui.note(format_args!("no hooks were installed: {error}; see: envseal hook install"));
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn tell(context: &Context, done: &InstallReport) {
    let folder = display_path(&done.folder);
    let names: Vec<_> = done.written.iter().map(|hook| hook.name()).collect();
    if !names.is_empty() {
        context.ui.say(format_args!("installed {} in {folder}", listed(&names)));
    } else if done.left.is_empty() {
        context.ui.say(format_args!("the hooks are in place in {folder}"));
    }
    if let Some(manager) = done.manager {
        context.ui.say(format_args!("{manager} calls envseal in the hooks that it writes"));
    }
    for found in &done.left {
        context.ui.note(left(found));
    }
}

/// The repository whose hooks are meant.
fn repository(context: &Context) -> Result<Rc<Repo>, Error> {
    let here = Path::new(".").canonicalize().map_err(Error::io("find the working directory"))?;
    match context.store().repositories().discover(&here)? {
        Some(repo) if repo.is_bare() => Err(hooks::bare_repository(&here)),
        Some(repo) => Ok(repo),
        None => Err(GitError::not_a_repository(&here).into()),
    }
}
