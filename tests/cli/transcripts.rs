//! Sessions as a person sees them. Each file of `transcripts/` is run from the top in a new repository and must match.
//! `$ ` is a command, `? ` the exit status of the command above if it isn't 0, and the rest is what was printed.
//!
//! `UPDATE=1 cargo test --test cli transcripts` rewrites the files. Read the difference: it is what people will read.

use std::fmt::Write as _;
use std::path::Path;

use regex::{Captures, Regex};

use crate::support::TestEnv;

#[test]
fn sessions_show_what_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/transcripts");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|item| item.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "{files:?}");
    let mut differ = Vec::new();
    for path in files {
        let expected = std::fs::read_to_string(&path).unwrap();
        let shown = replay(&expected);
        if shown != expected && std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, shown).unwrap();
        } else if shown != expected {
            differ.push(format!("{}:\n{shown}", path.display()));
        }
    }
    assert!(differ.is_empty(), "UPDATE=1 cargo test --test cli transcripts\n{}", differ.join("\n"));
}

/// Returns the transcript with the current output of its commands.
fn replay(transcript: &str) -> String {
    let env = TestEnv::new();
    let mut shown = String::new();
    for line in transcript.lines() {
        if line.starts_with("# ") || (line.is_empty() && !shown.ends_with("\n\n") && !shown.is_empty()) {
            writeln!(shown, "{line}").unwrap();
        }
        let Some(command) = line.strip_prefix("$ ") else { continue };
        let output = env.shell(&format!("{{ {command}\n}} 2>&1")).output();
        writeln!(shown, "$ {command}").unwrap();
        shown.push_str(&constant(&String::from_utf8_lossy(&output.stdout), &env));
        if output.status != 0 {
            writeln!(shown, "? {}", output.status).unwrap();
        }
    }
    shown.truncate(shown.trim_end().len());
    shown.push('\n');
    shown
}

/// Replaces what differs from run to run: keys, sealed values, ids and temporary folders.
pub(crate) fn constant(text: &str, env: &TestEnv) -> String {
    let text = text.replace(&env.outside().display().to_string(), "/work");
    let keys = Regex::new(r"(envseal:1:|SHA256:|envseal-[ps]k1-)[\w+/=-]+").unwrap();
    let words = Regex::new(r"[\w+/=-]+").unwrap();
    // Seven letters may be a word.
    let id = Regex::new("^([0-9a-f]{8}|[0-9a-f]{10}|[0-9a-f]{12}|[0-9a-f]{40})$").unwrap();
    let short_id = Regex::new("^[0-9a-f]{7}$").unwrap();
    let without_id = |word: &Captures<'_>| {
        let is_short_id = short_id.is_match(&word[0]) && word[0].contains(|c: char| c.is_ascii_digit());
        if is_short_id || id.is_match(&word[0]) { "1a2b3c4d".to_owned() } else { word[0].to_owned() }
    };
    words.replace_all(&keys.replace_all(&text, "$1…"), without_id).into_owned()
}
