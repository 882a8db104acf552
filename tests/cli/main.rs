//! Runs the binary as a user does: exact stdout, stderr, exit status and files.

#[path = "../attacks/mod.rs"]
mod attacks;
#[cfg(unix)]
#[path = "../bypass/mod.rs"]
mod bypass;
#[path = "../dialect/mod.rs"]
mod dialect;
#[path = "../export/mod.rs"]
mod export;
#[path = "../fuzz/replay.rs"]
mod fuzz;
mod support;
#[cfg(target_os = "linux")]
#[path = "../torture/mod.rs"]
mod torture;
#[path = "../values/mod.rs"]
mod values;

#[cfg(unix)]
mod action;
#[cfg(unix)]
mod after_removal;
mod at;
mod blame;
mod check;
#[cfg(unix)]
mod claims;
mod completions;
mod conventions;
#[cfg(unix)]
mod created_twice;
mod decrypt;
mod diff;
mod doctor;
mod drivers;
#[cfg(unix)]
mod durability;
#[cfg(unix)]
mod edit;
mod encrypt;
#[cfg(unix)]
mod examples;
mod files;
#[cfg(unix)]
mod first_minutes;
mod frameworks;
mod get;
mod guides;
mod help;
#[cfg(unix)]
mod hook;
mod import;
mod init;
mod key;
mod key_backup;
#[cfg(unix)]
mod key_custody;
#[cfg(unix)]
mod key_hints;
mod key_list;
mod key_lock;
#[cfg(unix)]
mod key_places;
#[cfg(unix)]
mod library;
#[cfg(target_os = "linux")]
mod limits;
mod log;
mod log_signed;
mod lost_team_file;
mod ls;
mod man;
#[cfg(unix)]
mod manners;
#[cfg(unix)]
mod many_projects;
mod merge;
mod merge_team;
#[cfg(unix)]
mod missing;
mod monorepo;
mod named_files;
#[cfg(target_os = "linux")]
mod offline;
#[cfg(unix)]
mod package;
#[cfg(unix)]
mod pasted_hints;
#[cfg(unix)]
mod pins;
#[cfg(unix)]
mod pre_receive;
#[cfg(unix)]
mod processes;
mod readme;
#[cfg(unix)]
mod redact;
mod rename;
#[cfg(unix)]
mod repositories;
#[cfg(unix)]
mod resolve;
mod rotate;
#[cfg(unix)]
mod rotate_killed;
mod run;
mod schema;
#[cfg(unix)]
mod schemas;
mod sealing;
mod select;
mod set;
#[cfg(unix)]
mod setup;
mod speed;
#[cfg(unix)]
mod story;
#[cfg(unix)]
mod team;
mod textconv;
#[cfg(unix)]
mod transaction;
mod transcripts;
mod unset;
#[cfg(unix)]
mod upgrades;
