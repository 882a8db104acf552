//! The `envseal` binary: parse, run, return the exit status.

fn main() {}
