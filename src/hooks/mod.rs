//! What this clone has been given: the hook scripts and the drivers' configuration.

pub(crate) mod drivers;
mod error;
mod install;
mod manager;
mod plan;
mod script;
mod shell;
mod write;

pub(crate) use error::{InstallError, Unfit};
pub(crate) use install::{Found, Hooks, Installed, State, install, settings, state, uninstall};
pub(crate) use manager::Manager;
pub(crate) use script::Hook;
