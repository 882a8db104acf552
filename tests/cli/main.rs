//! The binary as a user meets it: exact stdout, stderr, exit status and files.

mod support;

mod completions;
mod files;
mod init;
mod key;
mod ls;
mod readme;
mod rename;
mod set;
mod unset;
