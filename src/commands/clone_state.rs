//! Whether this clone has what `envseal init` gives it: the hooks and the drivers.

use std::path::Path;

use super::report::{listed, shown};
use crate::error::{Error, quoted};
use crate::git::Repo;
use crate::hooks::{self, drivers};

const DRIVERS: &str = "merge and diff drivers";
const OLDER: &str = "of an older envseal";
const INIT: &str = "envseal init";

/// The hooks and the drivers of a clone.
pub(super) struct CloneState {
    hooks: Vec<hooks::Found>,
    drivers: drivers::State,
}

/// What is not there, or not at work, and the command that mends it.
pub(super) struct Lack {
    /// In words.
    pub(super) message: String,
    /// To be pasted.
    pub(super) fix: String,
}

impl CloneState {
    /// Of the clone that we are in; none outside git and in a bare repository.
    pub(super) fn here() -> Result<Option<Self>, Error> {
        let here = Path::new(".").canonicalize().map_err(Error::io("find the working directory"))?;
        let Some(repo) = Repo::discover(&here)? else { return Ok(None) };
        let hooks = hooks::state(&repo)?;
        Ok(Some(Self { hooks, drivers: drivers::state(&repo)? }))
    }

    /// Each part and its state, in words.
    pub(super) fn parts(&self) -> Vec<(String, &'static str)> {
        let hook = |found: &hooks::Found| (hook_name(found), hook_words(found.state));
        let drivers = match self.drivers {
            drivers::State::Installed => "installed",
            drivers::State::Missing => "missing",
            drivers::State::Outdated => OLDER,
            drivers::State::Foreign(_) => "someone else's",
        };
        let mut parts: Vec<_> = self.hooks.iter().map(hook).collect();
        parts.push((DRIVERS.to_owned(), drivers));
        parts
    }

    /// What is missing, told together, for one command brings it; then what stands in the way, part by part.
    pub(super) fn lacks(&self) -> Vec<Lack> {
        let mut missing = Vec::new();
        let mut others: Vec<(&str, String, Vec<String>)> = Vec::new();
        for found in &self.hooks {
            let (name, words) = (hook_name(found), hook_words(found.state));
            let fix = match found.state {
                hooks::State::Installed => continue,
                hooks::State::Missing => {
                    missing.push(name);
                    continue;
                }
                hooks::State::Outdated => INIT.to_owned(),
                // It is refused, and says what to write where.
                hooks::State::Foreign | hooks::State::NotOurs => "envseal hook install".to_owned(),
                hooks::State::NotExecutable => format!("chmod +x {}", quoted(shown(&found.path))),
            };
            match others.iter_mut().find(|(other, same, _)| *other == words && *same == fix) {
                Some((.., names)) => names.push(name),
                None => others.push((words, fix, vec![name])),
            }
        }
        let told = |(words, fix, names): (&str, String, Vec<String>)| {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let is = if names.len() == 1 { "is" } else { "are" };
            Lack { message: format!("the {} {is} {words}", listed(&names)), fix }
        };
        let mut others: Vec<_> = others.into_iter().map(told).collect();
        match &self.drivers {
            drivers::State::Installed => {}
            drivers::State::Missing => missing.push(DRIVERS.to_owned()),
            drivers::State::Outdated => {
                others.push(Lack { message: format!("the {DRIVERS} are {OLDER}"), fix: INIT.to_owned() });
            }
            drivers::State::Foreign(key) => {
                let section = key.rsplit_once('.').map_or(&**key, |(section, _)| section);
                others.push(Lack {
                    message: format!("git's {key} in this clone is not envseal's"),
                    fix: format!("git config --local --remove-section {section} && {INIT}"),
                });
            }
        }
        let names: Vec<_> = missing.iter().map(String::as_str).collect();
        let missing = (!names.is_empty())
            .then(|| Lack { message: format!("this clone lacks its {}", listed(&names)), fix: INIT.into() });
        missing.into_iter().chain(others).collect()
    }
}

fn hook_name(found: &hooks::Found) -> String {
    format!("{} hook", found.hook.name())
}

fn hook_words(state: hooks::State) -> &'static str {
    match state {
        hooks::State::Installed => "installed",
        hooks::State::Outdated => OLDER,
        hooks::State::Missing => "missing",
        hooks::State::NotOurs => "missing, and not envseal's to write",
        hooks::State::Foreign => "another program's, which does not call envseal",
        hooks::State::NotExecutable => "not executable, so git passes over it",
    }
}
