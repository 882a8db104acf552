//! The hook scripts and the configuration of git's drivers in this clone.

pub(crate) mod drivers;
mod install;
mod manager;
mod script;
mod shell;

pub(crate) use install::{
    CloneHooks, HookReport, HookState, InstallReport, bare_repository, inspect, install, read_settings,
    uninstall,
};
