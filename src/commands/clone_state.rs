//! Whether this clone has what `envseal init` gives it: the hooks and the drivers.

use std::path::Path;

use super::Context;
use crate::error::Error;
use crate::git::Repo;
use crate::hooks::{self, drivers};

/// The hooks and the drivers of a clone.
pub(super) struct CloneState {
    hooks: Vec<hooks::Found>,
    drivers: drivers::State,
}

impl CloneState {
    /// Of the clone that we are in; none outside git and in a bare repository.
    pub(super) fn here(context: &Context) -> Result<Option<Self>, Error> {
        let here = Path::new(".").canonicalize().map_err(Error::io("find the working directory"))?;
        let Some(repo) = Repo::discover(&here)? else { return Ok(None) };
        let global = context.process.path("GIT_CONFIG_GLOBAL");
        let hooks = hooks::state(&repo, global.as_deref())?;
        Ok(Some(Self { hooks, drivers: drivers::state(&repo)? }))
    }

    /// Each part and its state, in words.
    pub(super) fn parts(&self) -> Vec<(String, &'static str)> {
        let hook = |found: &hooks::Found| (format!("{} hook", found.hook.name()), hook_words(found.state));
        let drivers = match self.drivers {
            drivers::State::Installed => "installed",
            drivers::State::Missing => "missing",
            drivers::State::Foreign(_) => "someone else's",
        };
        let mut parts: Vec<_> = self.hooks.iter().map(hook).collect();
        parts.push(("merge and diff drivers".to_owned(), drivers));
        parts
    }

    /// What is not there, or not at work.
    pub(super) fn lacking(&self) -> Vec<String> {
        self.parts().into_iter().filter(|(_, state)| *state != "installed").map(|(part, _)| part).collect()
    }
}

fn hook_words(state: hooks::State) -> &'static str {
    match state {
        hooks::State::Installed => "installed",
        hooks::State::Outdated => "of an older envseal",
        hooks::State::Missing => "missing",
        hooks::State::Foreign => "another program's, which does not call envseal",
        hooks::State::NotExecutable => "not executable, so git passes over it",
    }
}
