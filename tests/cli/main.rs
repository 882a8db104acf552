//! The binary as a user meets it: exact stdout, stderr, exit status and files.

#[path = "../dialect/mod.rs"]
mod dialect;
mod support;

mod decrypt;
mod encrypt;
mod get;
mod run;
mod sealing;
mod select;
mod set;
