//! The `envseal` binary: parse, run, return the exit status.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(envseal::main(std::env::args_os()))
}

/// Used because musl's own allocator requests memory from the system more often, and returns it sooner.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;
