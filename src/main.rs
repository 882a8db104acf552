//! The `envseal` binary: parse, run, return the exit status.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(envseal::main(std::env::args_os()))
}
