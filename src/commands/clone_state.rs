//! Whether this clone has what `envseal init` gives it: the hooks and the drivers.

use std::path::Path;

use super::Context;
use super::report::listed;
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::hint::Hint;
use crate::hooks::{self, drivers};

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
    hooks: hooks::Hooks,
    drivers: drivers::State,
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
        let settings = hooks::settings(&repo)?;
        let hooks = hooks::state(&repo, &settings)?;
        Ok(Some(Self { hooks, drivers: drivers::state_by(&repo, &settings)? }))
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
        parts.extend(self.hooks.found.iter().map(|found| (hook_name(found), hook_words(found))));
        let drivers = match &self.drivers {
            drivers::State::Installed => "installed",
            drivers::State::Missing => "not installed",
            drivers::State::Outdated => OLDER,
            drivers::State::Foreign(_) => "someone else's",
            drivers::State::Overridden(_) => "not installed: overridden",
        };
        parts.push((DRIVERS.to_owned(), drivers.to_owned()));
        parts
    }

    /// What is missing, told together, for one command brings it; then what stands in the way, part by part.
    pub(super) fn lacks(&self) -> Vec<Lack> {
        let mut missing = Vec::new();
        let mut others: Vec<(String, Option<Hint>, Vec<String>)> = Vec::new();
        for found in &self.hooks.found {
            let (name, words) = (hook_name(found), hook_words(found));
            let fix = match found.state {
                hooks::State::Installed => continue,
                hooks::State::Missing => {
                    missing.push(name);
                    continue;
                }
                hooks::State::Outdated => Some(INIT.into()),
                // It is refused, and says what to write where.
                hooks::State::Foreign | hooks::State::NotOurs => Some("envseal hook install".into()),
                hooks::State::NotExecutable => {
                    Some(hint!("chmod +x {path}", path = relative_path(&found.path)))
                }
                hooks::State::NoHusky => Some("npx husky".into()),
                hooks::State::Unknown => None,
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
            drivers::State::Installed => {}
            drivers::State::Missing => missing.push(DRIVERS.to_owned()),
            drivers::State::Outdated => {
                others.push(Lack { message: format!("the {DRIVERS} are {OLDER}"), fix: Some(INIT.into()) });
            }
            drivers::State::Overridden(how) => {
                others.push(Lack { message: format!("git does not call the {DRIVERS}: {how}"), fix: None });
            }
            drivers::State::Foreign(key) => {
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

fn hook_name(found: &hooks::Found) -> String {
    format!("{} hook", found.hook.name())
}

fn hook_words(found: &hooks::Found) -> String {
    let words = match found.state {
        hooks::State::Installed => "installed",
        hooks::State::Outdated => OLDER,
        hooks::State::Missing => "not installed",
        hooks::State::NotOurs => "missing, and not envseal's to write",
        hooks::State::Foreign => "another program's, which does not call envseal",
        hooks::State::NotExecutable => "not executable, so git passes over it",
        hooks::State::NoHusky => "not run, for husky is not set up in this worktree",
        hooks::State::Unknown => {
            return format!(
                "{UNKNOWN}{} may skip the call or pass over its failure",
                display_path(&found.path)
            );
        }
    };
    words.to_owned()
}

/// What is to be said of a hook that was left as it was.
pub(super) fn left(found: &hooks::Found) -> String {
    let (path, name) = (display_path(&found.path), found.hook.name());
    match found.state {
        hooks::State::NotExecutable => {
            let words = format!("git passes over {path}, which is not executable");
            hint!("chmod +x {path}", path = relative_path(&found.path)).joined(words, ": ")
        }
        hooks::State::NoHusky => format!("git does not run {path}, for husky is not set up here: npx husky"),
        hooks::State::Unknown => {
            format!(
                "cannot tell whether the {name} hook calls envseal: {path} may skip the call or pass over its failure"
            )
        }
        _ => format!("the {name} hook is {}", hook_words(found)),
    }
}
