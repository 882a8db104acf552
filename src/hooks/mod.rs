//! What this clone has been given: the hook scripts and the drivers' configuration.

pub mod drivers;
