//! The `envseal` binary: parse, run, return the exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(envseal::commands::main(std::env::args_os()))
}
