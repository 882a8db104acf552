//! Reads files that other tools made: published ones, and, if the tool is installed, ones that are made on the spot.

mod ejson;
mod properties;
mod sops;
mod yaml;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use envseal::testing::import::ImportItem;

/// Returns a file of `tests/import`.
fn fixture(path: &str) -> Vec<u8> {
    let path = fixtures().join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import")
}

/// Returns the origins, names and values.
fn triples(items: &[ImportItem]) -> Vec<[String; 3]> {
    let text = |item: &ImportItem| String::from_utf8(item.value.expose().to_vec()).unwrap();
    items.iter().map(|item| [item.origin.clone(), item.name.to_string(), text(item)]).collect()
}

/// Returns the program that `variable` names, else the one on `PATH`. Prints once per program that there is none.
#[allow(clippy::explicit_write)] // the harness hides `eprintln!` of a test that passes
fn tool(name: &str, variable: &str) -> Option<PathBuf> {
    static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
    if let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file());
    let mut said = SAID.lock().unwrap();
    if found.is_none() && !said.iter().any(|other| other == name) {
        let why = format!(
            "SKIPPED: {name} is neither on PATH nor named by {variable}: nothing of its making was read"
        );
        writeln!(std::io::stderr(), "{why}").unwrap();
        said.push(name.to_owned());
    }
    found
}
