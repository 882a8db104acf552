//! The setup of this clone: its hooks and drivers, and what they need.

use std::path::{Path, PathBuf};

use super::{Context, grouped, hook};
use crate::error::{Error, ErrorKind};
use crate::git::{Repo, common_dir_of, display_path, find_root, relative_path};
use crate::hint::Hint;
use crate::hooks::drivers::{self, DriverState};
use crate::hooks::{self, CloneHooks, HookReport, HookState};
use crate::ui::{self, DefaultAnswer, listed};

const DRIVERS: &str = "merge and diff drivers";
const OUTDATED: &str = "from an older envseal";
const UNKNOWN: &str = "unknown: ";
const INIT: &str = "envseal init";

/// Doesn't claim that hooks are missing: a hook manager may call envseal in a clone that has no mark.
const NOT_SET_UP: &str = "this clone is not set up, so plaintext may be committed: envseal init";
const BARE: &str = "this is a bare repository, where nobody commits; see docs/pre-receive for pushes";

pub(super) fn no_repository() -> String {
    let what = "not in a git repository, so nothing is checked at a commit";
    Hint::from("git init && envseal init").joined(what, ": ")
}

pub(super) struct CloneSetup {
    hooks: CloneHooks,
    drivers: DriverState,
    /// The filter that git passes env files through before it stores them.
    filter: Option<String>,
}

/// Returns the error for a hook or driver that is missing or does not run, with the command that fixes it, if there is one.
fn gap(message: String, fix: Option<Hint>) -> Error {
    Error::refused(message).with_hint_if(fix)
}

pub(super) fn gap_line(gap: &Error) -> String {
    gap.command_hint().map_or_else(|| gap.to_string(), |fix| fix.joined(gap, ": "))
}

impl CloneSetup {
    /// Reads the setup of the working directory's clone. Returns None, with a note, outside git and in a bare repository.
    pub(super) fn here(context: &Context) -> Result<Option<Self>, Error> {
        let repo = match context.discover()? {
            Some(repo) if !repo.is_bare() => repo,
            repo => {
                context.ui.note(if repo.is_some() { BARE.to_owned() } else { no_repository() });
                return Ok(None);
            }
        };
        Self::of(&repo).map(Some)
    }

    fn of(repo: &Repo) -> Result<Self, Error> {
        let settings = hooks::read_settings(repo)?;
        let hooks = hooks::inspect(repo, &settings)?;
        let (drivers, filter) = drivers::inspect(repo, &settings)?;
        Ok(Self { hooks, drivers, filter })
    }

    /// Returns true if nothing keeps envseal from installing its hooks.
    fn can_have_hooks(&self) -> bool {
        let is_ours =
            |state| matches!(state, HookState::Installed | HookState::Missing | HookState::Outdated);
        self.hooks.reports.iter().all(|hook| is_ours(hook.state))
    }

    fn has_dotenvx_filter(&self) -> bool {
        self.filter.as_deref().is_some_and(drivers::is_of_dotenvx)
    }

    fn has_hooks(&self) -> bool {
        self.hooks.reports.iter().all(|hook| hook.state == HookState::Installed)
    }

    /// Returns what keeps envseal from setting the clone up unasked, and what to do about it.
    fn obstacle(&self) -> Option<Error> {
        let CloneHooks { dir, reports } = &self.hooks;
        let lacking = |hook: &&HookReport| matches!(hook.state, HookState::Missing | HookState::NotOurs);
        if let Some(hook) = reports.iter().find(lacking).filter(|_| !dir.private) {
            return Some(hooks::left_alone(dir, &relative_path(&hook.path)));
        }
        self.gaps().into_iter().find(|gap| !self.can_have_hooks() && !is_fixed_by_init(gap))
    }

    /// Returns each part and its state, for a person.
    pub(super) fn parts(&self) -> Vec<(String, String)> {
        let folder = &self.hooks.dir.path;
        let state = match folder.is_dir() {
            true => "",
            false if folder.symlink_metadata().is_ok() => " (not a folder)",
            false => " (does not exist)",
        };
        let mut parts = vec![("hooks folder".to_owned(), format!("{}{state}", display_path(folder)))];
        parts.extend(self.hooks.reports.iter().map(|hook| (hook_name(hook), describe(hook))));
        let drivers = match &self.drivers {
            DriverState::Installed => "installed",
            DriverState::Missing => "not installed",
            DriverState::Outdated => OUTDATED,
            DriverState::Foreign(_) => "someone else's",
            DriverState::Overridden(_) => "not installed: overridden",
        };
        parts.push((DRIVERS.to_owned(), drivers.to_owned()));
        parts
    }

    /// Returns what is missing, as one gap because one command fixes it, then the other problems, part by part.
    pub(super) fn gaps(&self) -> Vec<Error> {
        let (mut missing, mut others) = (Vec::new(), Vec::new());
        for hook in &self.hooks.reports {
            match hook.state {
                HookState::Installed => {}
                HookState::Missing => missing.push(hook_name(hook)),
                _ => others.push(((describe(hook), hook_fix(hook)), hook_name(hook))),
            }
        }
        let others = grouped(others).into_iter();
        let mut others: Vec<_> = others.map(|((state, fix), names)| hook_gap(&names, &state, fix)).collect();
        match &self.drivers {
            DriverState::Installed => {}
            DriverState::Missing => missing.push(DRIVERS.to_owned()),
            DriverState::Outdated => {
                others.push(gap(format!("the {DRIVERS} are {OUTDATED}"), Some(INIT.into())));
            }
            DriverState::Overridden(how) => {
                others.push(gap(format!("git does not call the {DRIVERS}: {how}"), None));
            }
            DriverState::Foreign(key) => {
                let section = drivers::section(key);
                let fix = hint!("git config --local --remove-section {section} && envseal init", section);
                others.push(gap(format!("git's {key} in this clone is not envseal's"), Some(fix)));
            }
        }
        if let Some(name) = &self.filter {
            others.push(if self.has_dotenvx_filter() {
                let fix = self.can_have_hooks().then(|| INIT.into());
                gap(format!("dotenvx's filter ({name}) keeps sealed values from being staged"), fix)
            } else {
                gap(format!("git stores env files as the filter {name} changes them"), None)
            });
        }
        if !missing.is_empty() {
            let message = format!("not installed in this clone: {}", listed(&missing));
            others.insert(0, gap(message, Some(INIT.into())));
        }
        others
    }
}

fn is_fixed_by_init(gap: &Error) -> bool {
    gap.command_hint() == Some(&INIT.into())
}

/// Offers to set the clone up after a command that created a key or a member, until a person has answered. The
/// command's change is already made, so a failure is only a note.
pub(super) fn offer(context: &Context) {
    if context.has_created.get()
        && !context.ui.quiet
        && let Err(error) = try_offer(context)
    {
        context.ui.note(error);
    }
}

fn try_offer(context: &Context) -> Result<(), Error> {
    let Some(repo) = context.discover()?.filter(|repo| !repo.is_bare()) else { return Ok(()) };
    let clone = CloneSetup::of(&repo)?;
    if hooks::is_settled(repo.common_dir()) {
        // The filter may be newer than the setup. It keeps what was just written from being committed.
        if let Some(gap) = clone.gaps().pop().filter(|_| clone.has_dotenvx_filter()) {
            context.ui.note(gap_line(&gap));
        }
        return Ok(());
    }
    let question = "Install git hooks that stop plaintext from being committed, and drivers, in this clone?";
    if let Some(obstacle) = clone.obstacle() {
        context.ui.note(gap_line(&obstacle));
    } else if !clone.gaps().iter().any(is_fixed_by_init) {
        // Nothing is left to set up.
    } else if ui::confirm(question, DefaultAnswer::Yes)? {
        let has_hooks = hook::set_up(context)?;
        set_up_drivers(context, has_hooks)?;
    } else {
        context.ui.note(NOT_SET_UP);
    }
    if ui::can_ask() {
        hooks::settle(repo.common_dir());
    }
    Ok(())
}

/// Configures git's drivers, unless others use their names. Returns true if git calls them and stores env files as is.
pub(super) fn set_up_drivers(context: &Context, has_hooks: bool) -> Result<bool, Error> {
    let Some(repo) = context.discover()? else { return Ok(false) };
    match drivers::install(&repo, has_hooks) {
        Ok(true) => {
            context.ui.say("Installed the merge and diff drivers for env files in this clone");
            if drivers::leaves_out_filter(&repo)? {
                let done = "Turned dotenvx's filter off for env files in this clone";
                context.ui.say(format_args!("{done}: the hooks check them"));
            }
        }
        Ok(false) => {}
        Err(error) if error.kind() == ErrorKind::Refused => {
            let message = format!("left git's drivers for env files unchanged: {error}");
            context.ui.note(error.command_hint().cloned().unwrap_or("".into()).after(message));
        }
        Err(error) => return Err(error),
    }
    let clone = CloneSetup::of(&repo)?;
    Ok(clone.drivers == DriverState::Installed && clone.filter.is_none())
}

/// Notes on a terminal, once for each clone, that the clone is not set up, if one of these folders is in the current
/// clone. Only looks for the mark, because a program is about to start.
pub(super) fn mention(context: &Context, mut folders: impl Iterator<Item = PathBuf>) {
    if context.ui.quiet || !ui::is_stderr_terminal() {
        return;
    }
    // For a folder elsewhere, the command in the note would set up the wrong clone.
    let Some(root) = find_root(Path::new(".")) else { return };
    if folders.any(|folder| find_root(&folder).as_ref() == Some(&root))
        && common_dir_of(&root).is_some_and(|dir| hooks::mark_mentioned(&dir))
    {
        context.ui.note(NOT_SET_UP);
    }
}

/// Like [`mention`], but looks at the hooks first.
pub(super) fn mention_checked(context: &Context) {
    let Ok(Some(repo)) = context.discover() else { return };
    let is_known = context.ui.quiet
        || !ui::is_stderr_terminal()
        || repo.is_bare()
        || hooks::is_marked(repo.common_dir());
    if is_known {
        return;
    }
    if CloneSetup::of(&repo).is_ok_and(|clone| clone.has_hooks()) {
        hooks::settle(repo.common_dir());
    } else if hooks::mark_mentioned(repo.common_dir()) {
        context.ui.note(NOT_SET_UP);
    }
}

fn hook_name(hook: &HookReport) -> String {
    format!("{} hook", hook.hook.name())
}

/// Returns the command that makes git run envseal's hook.
fn hook_fix(hook: &HookReport) -> Option<Hint> {
    Some(match hook.state {
        HookState::Installed | HookState::Unknown => return None,
        HookState::Missing | HookState::Outdated => INIT.into(),
        // The command says what to add where.
        HookState::Foreign | HookState::NotOurs | HookState::Unclear => "envseal hook install".into(),
        HookState::NotExecutable => hint!("chmod +x {path}", path = relative_path(&hook.path)),
        HookState::NoHusky => "npx husky".into(),
    })
}

fn hook_gap(names: &[String], state: &str, fix: Option<Hint>) -> Error {
    let (is, calls) = if names.len() == 1 { ("is", "calls") } else { ("are", "call") };
    let names = listed(names);
    let message = match state.strip_prefix(UNKNOWN) {
        Some(why) => format!("cannot tell whether the {names} {calls} envseal: {why}"),
        None => format!("the {names} {is} {state}"),
    };
    gap(message, fix)
}

fn describe(hook: &HookReport) -> String {
    let state = match hook.state {
        HookState::Installed => "installed",
        HookState::Outdated => OUTDATED,
        HookState::Missing => "not installed",
        HookState::NotOurs => "missing, and not envseal's to write",
        HookState::Foreign => "another program's, which does not call envseal",
        HookState::NotExecutable => "not executable, so git skips it",
        HookState::NoHusky => "not run, because husky is not set up in this worktree",
        HookState::Unclear | HookState::Unknown => {
            return format!("{UNKNOWN}{} may skip the call or ignore its failure", display_path(&hook.path));
        }
    };
    state.to_owned()
}

pub(super) fn describe_unchanged(hook: &HookReport) -> String {
    let fix = match hook.state {
        HookState::Unclear => Some("remove its call, then: envseal hook install".into()),
        _ => hook_fix(hook),
    };
    gap_line(&hook_gap(&[hook_name(hook)], &describe(hook), fix))
}
