//! The binary as a user meets it: exact stdout, stderr, exit status and files.

#[path = "../attacks/mod.rs"]
mod attacks;
#[path = "../dialect/mod.rs"]
mod dialect;
mod support;

mod at;
mod blame;
mod check;
mod completions;
mod decrypt;
mod diff;
mod drivers;
#[cfg(unix)]
mod durability;
mod encrypt;
mod files;
mod get;
mod init;
mod key;
mod log;
mod ls;
mod merge;
mod readme;
mod rename;
mod run;
mod sealing;
mod select;
mod set;
mod speed;
mod textconv;
mod unset;
