//! `envseal import`: on files that the real tools made (tests/import/README.md), and on files that nobody should make.

mod dotenvx;
#[path = "../import/mod.rs"]
mod formats;
mod others;
mod places;
mod readers;
mod sops;

use crate::support::TestEnv;

/// Returns a file made by another tool.
fn made(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns an env file's decrypted values.
fn opened(env: &TestEnv, file: &str) -> serde_json::Value {
    serde_json::from_str(&env.ok(&["get", "--format", "json", "-f", file])).unwrap()
}
