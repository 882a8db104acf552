//! The binary as a user meets it: exact stdout, stderr, exit status and files.

mod support;

mod files;
mod rename;
mod set;
mod unset;
