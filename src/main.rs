//! The `envseal` binary: parse, run, return the exit status.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(envseal::main(std::env::args_os()))
}

/// musl's own allocator asks the system for memory more often, and gives it back sooner.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;
