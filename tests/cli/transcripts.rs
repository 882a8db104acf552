//! Sessions as a person sees them. Each file of `transcripts/` is run from the top in a new repository and must match.
//! `$ ` is a command, `? ` the exit status of the command above if it isn't 0, and the rest is what was printed.
//!
//! `UPDATE=1 cargo test --test cli transcripts` rewrites the files. Read the difference: it is what people will read.

use std::fmt::Write as _;
use std::path::Path;

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
fn constant(text: &str, env: &TestEnv) -> String {
    let text = text.replace(&env.outside().display().to_string(), "/work");
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_-+/=".contains(c);
    let mut shown = String::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        shown.push_str(&constant_word(word, shown.ends_with("envseal:1:"), shown.ends_with("SHA256:")));
        let stop = after.find(is_word).unwrap_or(after.len());
        shown.push_str(&after[..stop]);
        rest = &after[stop..];
    }
    shown
}

fn constant_word(word: &str, is_sealed: bool, is_fingerprint: bool) -> String {
    let is_hex = word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if is_sealed || is_fingerprint || word.starts_with("envseal-pk1-") || word.starts_with("envseal-sk1-") {
        format!("{}…", &word[..word.len().min(if word.starts_with("envseal-") { 12 } else { 0 })])
    } else if is_hex && [7, 8, 10, 12, 40].contains(&word.len()) && word.bytes().any(|b| b.is_ascii_digit()) {
        "1a2b3c4d".into()
    } else {
        word.to_owned()
    }
}
