//! Whether this clone has what `envseal init` gives it: the hooks and the drivers.

use std::path::Path;

use super::Context;
use super::report::listed;
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::hint::Hint;
use crate::hooks::drivers::{self, DriverState};
use crate::hooks::{self, CloneHooks, HookReport, HookState};

const DRIVERS: &str = "merge and diff drivers";
const OLDER: &str = "of an older envseal";
const UNKNOWN: &str = "unknown: ";
const INIT: &str = "envseal init";

/// Said where there is no repository.
pub(super) const OUTSIDE: &str =
    "not in a git repository, so nothing is checked at a commit: git init && envseal init";
const BARE: &str = "this is a bare repository, in which nobody commits; see docs/pre-receive for pushes";

/// The hooks and the drivers of a clone.
pub(super) struct CloneState {
    hooks: CloneHooks,
    drivers: DriverState,
}

/// What is not there, or not at work, and the command that mends it.
pub(super) struct Lack {
    /// In words.
    pub(super) message: String,
    /// To be pasted; None where no command mends it.
    pub(super) fix: Option<Hint>,
}

impl CloneState {
    /// Of the clone that we are in; None outside git and in a bare repository, which is said.
    pub(super) fn here(context: &Context) -> Result<Option<Self>, Error> {
        let here = Path::new(".").canonicalize().map_err(Error::io("find the working directory"))?;
        let repo = match context.store().repositories().discover(&here)? {
            Some(repo) if repo.is_bare() => {
                context.ui.note(BARE);
                return Ok(None);
            }
            Some(repo) => repo,
            None => {
                context.ui.note(OUTSIDE);
                return Ok(None);
            }
        };
        let settings = hooks::read_settings(&repo)?;
        let hooks = hooks::inspect(&repo, &settings)?;
        Ok(Some(Self { hooks, drivers: drivers::inspect_by(&repo, &settings)? }))
    }

    /// Each part and its state, in words.
    pub(super) fn parts(&self) -> Vec<(String, String)> {
        let folder = &self.hooks.folder;
        let there = match folder.is_dir() {
            true => "",
            false if folder.symlink_metadata().is_ok() => " (not a folder)",
            false => " (does not exist)",
        };
        let mut parts = vec![("hooks folder".to_owned(), format!("{}{there}", display_path(folder)))];
        parts.extend(self.hooks.reports.iter().map(|found| (hook_name(found), hook_words(found))));
        let drivers = match &self.drivers {
            DriverState::Installed => "installed",
            DriverState::Missing => "not installed",
            DriverState::Outdated => OLDER,
            DriverState::Foreign(_) => "someone else's",
            DriverState::Overridden(_) => "not installed: overridden",
        };
        parts.push((DRIVERS.to_owned(), drivers.to_owned()));
        parts
    }

    /// What is missing, told together, for one command brings it; then what stands in the way, part by part.
    pub(super) fn lacks(&self) -> Vec<Lack> {
        let mut missing = Vec::new();
        let mut others: Vec<(String, Option<Hint>, Vec<String>)> = Vec::new();
        for found in &self.hooks.reports {
            let (name, words) = (hook_name(found), hook_words(found));
            let fix = match found.state {
                HookState::Installed => continue,
                HookState::Missing => {
                    missing.push(name);
                    continue;
                }
                HookState::Outdated => Some(INIT.into()),
                // It is refused, and says what to write where.
                HookState::Foreign | HookState::NotOurs => Some("envseal hook install".into()),
                HookState::NotExecutable => Some(hint!("chmod +x {path}", path = relative_path(&found.path))),
                HookState::NoHusky => Some("npx husky".into()),
                HookState::Unknown => None,
            };
            match others.iter_mut().find(|(other, same, _)| *other == words && *same == fix) {
                Some((.., names)) => names.push(name),
                None => others.push((words, fix, vec![name])),
            }
        }
        let told = |(words, fix, names): (String, Option<Hint>, Vec<String>)| {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let (is, calls) = if names.len() == 1 { ("is", "calls") } else { ("are", "call") };
            let names = listed(&names);
            let message = match words.strip_prefix(UNKNOWN) {
                Some(why) => format!("cannot tell whether the {names} {calls} envseal: {why}"),
                None => format!("the {names} {is} {words}"),
            };
            Lack { message, fix }
        };
        let mut others: Vec<_> = others.into_iter().map(told).collect();
        match &self.drivers {
            DriverState::Installed => {}
            DriverState::Missing => missing.push(DRIVERS.to_owned()),
            DriverState::Outdated => {
                others.push(Lack { message: format!("the {DRIVERS} are {OLDER}"), fix: Some(INIT.into()) });
            }
            DriverState::Overridden(how) => {
                others.push(Lack { message: format!("git does not call the {DRIVERS}: {how}"), fix: None });
            }
            DriverState::Foreign(key) => {
                let section = key.rsplit_once('.').map_or(&**key, |(section, _)| section);
                others.push(Lack {
                    message: format!("git's {key} in this clone is not envseal's"),
                    fix: Some(hint!(
                        "git config --local --remove-section {section} && envseal init",
                        section
                    )),
                });
            }
        }
        let names: Vec<_> = missing.iter().map(String::as_str).collect();
        let missing = (!names.is_empty()).then(|| Lack {
            message: format!("this clone lacks its {}", listed(&names)),
            fix: Some(INIT.into()),
        });
        missing.into_iter().chain(others).collect()
    }
}

fn hook_name(found: &HookReport) -> String {
    format!("{} hook", found.hook.name())
}

fn hook_words(found: &HookReport) -> String {
    let words = match found.state {
        HookState::Installed => "installed",
        HookState::Outdated => OLDER,
        HookState::Missing => "not installed",
        HookState::NotOurs => "missing, and not envseal's to write",
        HookState::Foreign => "another program's, which does not call envseal",
        HookState::NotExecutable => "not executable, so git passes over it",
        HookState::NoHusky => "not run, for husky is not set up in this worktree",
        HookState::Unknown => {
            return format!(
                "{UNKNOWN}{} may skip the call or pass over its failure",
                display_path(&found.path)
            );
        }
    };
    words.to_owned()
}

/// What is to be said of a hook that was left as it was.
pub(super) fn left(found: &HookReport) -> String {
    let (path, name) = (display_path(&found.path), found.hook.name());
    match found.state {
        HookState::NotExecutable => {
            let words = format!("git passes over {path}, which is not executable");
            hint!("chmod +x {path}", path = relative_path(&found.path)).joined(words, ": ")
        }
        HookState::NoHusky => format!("git does not run {path}, for husky is not set up here: npx husky"),
        HookState::Unknown => {
            format!(
                "cannot tell whether the {name} hook calls envseal: {path} may skip the call or pass over its failure"
            )
        }
        _ => format!("the {name} hook is {}", hook_words(found)),
    }
}
