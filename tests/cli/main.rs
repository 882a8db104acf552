//! The binary as a user meets it: exact stdout, stderr, exit status and files.

mod support;

#[path = "../attacks/mod.rs"]
mod attacks;
#[cfg(unix)]
mod durability;

mod set;
