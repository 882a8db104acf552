//! `envseal hook`.

use std::ffi::OsString;
use std::rc::Rc;

use super::check::{self, Push};
use super::clone_setup::{describe_unchanged, no_repository};
use super::{Context, drivers, working_dir};
use crate::error::{Error, ErrorKind};
use crate::git::{GitError, Repo, display_path};
use crate::hint::Hint;
use crate::hooks::{self, InstallReport, install, uninstall};
use crate::ui::{self, listed};

/// Manage git hooks and drivers in this clone
#[derive(clap::Subcommand)]
#[command(after_long_help = "Examples:
  envseal hook install                    # check every commit, merge and push
  envseal hook uninstall --drivers        # remove all that envseal added to git")]
pub(super) enum HookCommand {
    /// Install hooks that check every commit, merge and push
    ///
    /// Writes pre-commit, pre-merge-commit and pre-push, or adds to existing ones: all three or none. Safe to run again.
    /// Never changes hooks of another kind; then it says what to add where.
    #[command(after_long_help = "Examples:
  envseal hook install")]
    Install,
    Uninstall(UninstallArgs),
    #[command(subcommand)]
    Run(HookRunCommand),
}

/// Remove envseal's part from the hooks
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal hook uninstall
  envseal hook uninstall --drivers")]
pub(super) struct UninstallArgs {
    /// Remove the merge and diff drivers too
    #[arg(long)]
    drivers: bool,
}

/// Run a hook or a driver; git calls this
#[derive(clap::Subcommand)]
pub(super) enum HookRunCommand {
    PreCommit(PreCommitArgs),
    /// Check what a merge is about to commit
    PreMergeCommit(PreCommitArgs),
    PrePush(PrePushArgs),
    Merge(drivers::MergeArgs),
    Textconv(drivers::TextconvArgs),
}

/// Check what is about to be committed
#[derive(clap::Args)]
pub(super) struct PreCommitArgs {
    /// Arguments from git; there are none yet
    #[arg(hide = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Check what is about to be pushed
///
/// Reads a line for each ref from stdin: LOCAL-REF LOCAL-OID REMOTE-REF REMOTE-OID.
#[derive(clap::Args)]
pub(super) struct PrePushArgs {
    /// The remote's name, or its URL if it has none
    remote: String,
    /// The remote's URL
    url: Option<OsString>,
}

/// Runs a command. Returns the exit status, which a hook passes to git.
pub(super) fn run(context: &Context, command: &HookCommand) -> Result<u8, Error> {
    match command {
        HookCommand::Install => {
            let repo = repository(context)?;
            let done = install(&repo)?;
            hooks::settle(repo.common_dir());
            print_installed(context, &done);
            Ok(0)
        }
        HookCommand::Uninstall(args) => {
            let repo = repository(context)?;
            let paths = uninstall(&repo)?;
            hooks::forget(repo.common_dir());
            if paths.is_empty() {
                context.ui.say("No hook here calls envseal");
            }
            for path in paths {
                let done = if path.exists() { "Removed envseal's lines from" } else { "Removed" };
                context.ui.say(format_args!("{done} {}", display_path(&path)));
            }
            if hooks::drivers::restore_filter(&repo)? {
                context.ui.say("Turned dotenvx's filter on again for env files");
            }
            if args.drivers {
                context.ui.say(if hooks::drivers::uninstall(&repo)? {
                    "Removed the merge and diff drivers from this clone"
                } else {
                    "No merge and diff drivers are installed in this clone"
                });
            }
            Ok(0)
        }
        HookCommand::Run(HookRunCommand::PreCommit(_) | HookRunCommand::PreMergeCommit(_)) => {
            check::staged(context)
        }
        HookCommand::Run(HookRunCommand::PrePush(args)) => {
            check::pushed(context, &args.remote, &read_pushes()?)
        }
        HookCommand::Run(HookRunCommand::Merge(args)) => Ok(drivers::merge(context, args)),
        HookCommand::Run(HookRunCommand::Textconv(args)) => drivers::textconv(args),
    }
}

/// Parses the lines on stdin for the refs about to be pushed (githooks(5)), without deleted ones.
fn read_pushes() -> Result<Vec<Push>, Error> {
    let wrong = |what: &str| {
        let hint = "git calls this: see githooks(5), pre-push";
        Error::usage(format!("cannot read from stdin which refs are pushed: {what}"), hint)
    };
    let text = ui::stdin_value()?.ok_or_else(|| wrong("it is a terminal"))?;
    let text = std::str::from_utf8(&text).map_err(|_| wrong("it is not text"))?;
    let mut pushes = Vec::new();
    for line in text.lines() {
        // The local ref is as it was given, so it may be an expression with blanks (gitrevisions(7)).
        let [old, _, local, _] = line.rsplitn(4, ' ').collect::<Vec<_>>()[..] else {
            return Err(wrong("a line doesn't have four words"));
        };
        if [local, old].iter().any(|oid| oid.len() < 40 || !oid.bytes().all(|b| b.is_ascii_hexdigit())) {
            return Err(wrong("a line doesn't name commits"));
        }
        let is_none = |oid: &str| oid.bytes().all(|b| b == b'0');
        if !is_none(local) {
            let remote_old = (!is_none(old)).then(|| old.to_owned());
            pushes.push(Push { local: local.to_owned(), remote_old });
        }
    }
    Ok(pushes)
}

/// Installs the hooks for `init`; if others are in the way, notes that and goes on. Returns true if git calls ours.
pub(super) fn set_up(context: &Context) -> Result<bool, Error> {
    let Some(repo) = context.discover()? else {
        context.ui.note(no_repository());
        return Ok(false);
    };
    let done = install(&repo);
    // Either way a person is told below.
    hooks::settle(repo.common_dir());
    match done {
        Ok(done) => {
            if !(done.written.is_empty() && done.left.is_empty()) {
                print_installed(context, &done);
            }
            Ok(done.left.is_empty())
        }
        Err(error) if error.kind() == ErrorKind::Refused => {
            let message = format!("hooks are not installed: {error}");
            // If the error has details, only that command has room for them.
            let see = Hint::from("see: envseal hook install");
            let hint = error.command_hint().filter(|_| error.details().is_empty()).cloned();
            context.ui.note(hint.unwrap_or(see).after(message));
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn print_installed(context: &Context, done: &InstallReport) {
    let folder = display_path(&done.folder);
    if !done.written.is_empty() {
        let names = listed(done.written.iter().map(|hook| hook.name()));
        context.ui.say(format_args!("Installed {names} in {folder}"));
    } else if done.left.is_empty() {
        context.ui.say(format_args!("The hooks are already installed in {folder}"));
    }
    if let Some(manager) = done.manager {
        context.ui.say(format_args!("{manager} calls envseal in its hooks"));
    }
    for found in &done.left {
        context.ui.note(describe_unchanged(found));
    }
}

fn repository(context: &Context) -> Result<Rc<Repo>, Error> {
    match context.discover()? {
        Some(repo) if repo.is_bare() => Err(hooks::bare_repository(&working_dir()?)),
        Some(repo) => Ok(repo),
        None => Err(GitError::not_a_repository(&working_dir()?).into()),
    }
}
