//! The binary as a user meets it: exact stdout, stderr, exit status and files.

mod support;

mod set;
mod speed;
