//! The setup of this clone: its hooks and drivers, and what they need.

use super::Context;
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::hint::Hint;
use crate::hooks::drivers::{self, DriverState};
use crate::hooks::{self, CloneHooks, HookReport, HookState};
use crate::ui::listed;

const DRIVERS: &str = "merge and diff drivers";
const OUTDATED: &str = "from an older envseal";
const UNKNOWN: &str = "unknown: ";
const INIT: &str = "envseal init";

pub(super) const NO_REPOSITORY: &str =
    "not in a git repository, so nothing is checked at a commit: git init && envseal init";
const BARE: &str = "this is a bare repository, where nobody commits; see docs/pre-receive for pushes";

/// The hooks and drivers of a clone.
pub(super) struct CloneSetup {
    hooks: CloneHooks,
    drivers: DriverState,
}

/// A hook or driver that is missing or does not run, and the command that fixes it, if there is one.
pub(super) struct SetupGap {
    pub(super) message: String,
    pub(super) fix: Option<Hint>,
}

impl CloneSetup {
    /// Reads the setup of the clone of the working directory. Returns None, with a note, outside git and in a bare
    /// repository.
    pub(super) fn here(context: &Context) -> Result<Option<Self>, Error> {
        let repo = match context.discover()? {
            Some(repo) if !repo.is_bare() => repo,
            repo => {
                context.ui.note(if repo.is_some() { BARE } else { NO_REPOSITORY });
                return Ok(None);
            }
        };
        let settings = hooks::read_settings(&repo)?;
        let hooks = hooks::inspect(&repo, &settings)?;
        Ok(Some(Self { hooks, drivers: drivers::inspect_by(&repo, &settings)? }))
    }

    /// Returns each part and its state, for a person.
    pub(super) fn parts(&self) -> Vec<(String, String)> {
        let folder = &self.hooks.folder;
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

    /// Returns what is missing, as one gap because one command fixes it, then what is in the way, part by part.
    pub(super) fn gaps(&self) -> Vec<SetupGap> {
        let mut missing = Vec::new();
        let mut others: Vec<(String, Option<Hint>, Vec<String>)> = Vec::new();
        for hook in &self.hooks.reports {
            let (name, state) = (hook_name(hook), describe(hook));
            let fix = match hook.state {
                HookState::Installed => continue,
                HookState::Missing => {
                    missing.push(name);
                    continue;
                }
                HookState::Outdated => Some(INIT.into()),
                // Refuses, and says what to add where.
                HookState::Foreign | HookState::NotOurs => Some("envseal hook install".into()),
                HookState::NotExecutable => Some(chmod(hook)),
                HookState::NoHusky => Some("npx husky".into()),
                HookState::Unknown => None,
            };
            match others.iter_mut().find(|(other, same, _)| *other == state && *same == fix) {
                Some((.., names)) => names.push(name),
                None => others.push((state, fix, vec![name])),
            }
        }
        let gap = |(state, fix, names): (String, Option<Hint>, Vec<String>)| {
            let (is, calls) = if names.len() == 1 { ("is", "calls") } else { ("are", "call") };
            let names = listed(&names);
            let message = match state.strip_prefix(UNKNOWN) {
                Some(why) => format!("cannot tell whether the {names} {calls} envseal: {why}"),
                None => format!("the {names} {is} {state}"),
            };
            SetupGap { message, fix }
        };
        let mut others: Vec<_> = others.into_iter().map(gap).collect();
        match &self.drivers {
            DriverState::Installed => {}
            DriverState::Missing => missing.push(DRIVERS.to_owned()),
            DriverState::Outdated => others
                .push(SetupGap { message: format!("the {DRIVERS} are {OUTDATED}"), fix: Some(INIT.into()) }),
            DriverState::Overridden(how) => {
                others
                    .push(SetupGap { message: format!("git does not call the {DRIVERS}: {how}"), fix: None });
            }
            DriverState::Foreign(key) => {
                let section = key.rsplit_once('.').map_or(&**key, |(section, _)| section);
                others.push(SetupGap {
                    message: format!("git's {key} in this clone is not envseal's"),
                    fix: Some(hint!(
                        "git config --local --remove-section {section} && envseal init",
                        section
                    )),
                });
            }
        }
        let missing = (!missing.is_empty()).then(|| SetupGap {
            message: format!("not installed in this clone: {}", listed(&missing)),
            fix: Some(INIT.into()),
        });
        missing.into_iter().chain(others).collect()
    }
}

fn hook_name(hook: &HookReport) -> String {
    format!("{} hook", hook.hook.name())
}

fn chmod(hook: &HookReport) -> Hint {
    hint!("chmod +x {path}", path = relative_path(&hook.path))
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
        HookState::Unknown => {
            return format!("{UNKNOWN}{} may skip the call or ignore its failure", display_path(&hook.path));
        }
    };
    state.to_owned()
}

/// Returns the note on a hook that was left unchanged.
pub(super) fn describe_unchanged(hook: &HookReport) -> String {
    let (path, name) = (display_path(&hook.path), hook_name(hook));
    match hook.state {
        HookState::NotExecutable => {
            chmod(hook).joined(format_args!("git skips {path}, which is not executable"), ": ")
        }
        HookState::NoHusky => {
            format!("git does not run {path}, because husky is not set up here: npx husky")
        }
        HookState::Unknown => format!(
            "cannot tell whether the {name} calls envseal: {path} may skip the call or ignore its failure"
        ),
        _ => format!("the {name} is {}", describe(hook)),
    }
}
