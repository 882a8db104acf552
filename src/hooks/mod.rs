//! What this clone has been given: the hook scripts and the drivers' configuration.

pub mod drivers;
mod error;
mod install;
mod manager;
mod plan;
mod script;
mod shell;
mod write;

pub use error::{InstallError, Unfit};
pub use install::{Found, Hooks, Installed, State, install, settings, state, uninstall};
pub use manager::Manager;
pub use script::Hook;
