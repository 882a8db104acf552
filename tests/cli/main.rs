//! The binary as a user meets it: exact stdout, stderr, exit status and files.

#[path = "../attacks/mod.rs"]
mod attacks;
#[cfg(unix)]
#[path = "../bypass/mod.rs"]
mod bypass;
#[path = "../dialect/mod.rs"]
mod dialect;
mod support;

mod at;
mod blame;
mod check;
mod completions;
mod decrypt;
mod diff;
mod doctor;
mod drivers;
#[cfg(unix)]
mod durability;
mod encrypt;
mod files;
mod get;
#[cfg(unix)]
mod hook;
mod init;
mod key;
mod log;
mod log_signed;
mod ls;
mod merge;
mod merge_team;
#[cfg(unix)]
mod pre_receive;
mod readme;
mod rename;
mod run;
mod sealing;
mod select;
mod set;
mod speed;
#[cfg(unix)]
mod story;
mod textconv;
mod unset;
