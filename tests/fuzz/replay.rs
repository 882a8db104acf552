//! Replays the inputs that fuzzing has found (`tests/fuzz/corpus/`) with the stable toolchain.

#[path = "properties/check.rs"]
mod check;
#[path = "properties/document.rs"]
mod document;
#[path = "properties/import.rs"]
pub(crate) mod import;
#[path = "properties/merge.rs"]
mod merge;
#[path = "properties/token.rs"]
mod token;
#[path = "properties/value.rs"]
mod value;

fn replay(target: &str, at_least: usize, holds: fn(&[u8])) {
    let folder = format!("{}/tests/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for item in std::fs::read_dir(&folder).unwrap() {
        let path = item.unwrap().path();
        let data = std::fs::read(&path).unwrap();
        let outcome = std::panic::catch_unwind(|| holds(&data));
        assert!(outcome.is_ok(), "{}", path.display());
        count += 1;
    }
    assert!(count >= at_least, "{folder} holds {count} files");
}

#[test]
fn documents() {
    replay("document", 100, document::holds);
}

#[test]
fn tokens() {
    replay("token", 20, token::holds);
}

#[test]
fn values() {
    replay("value", 100, value::holds);
}

#[test]
fn merges() {
    replay("merge", 100, merge::holds);
}

#[test]
fn checks() {
    replay("check", 100, check::holds);
}

#[test]
fn imports() {
    replay("import", 100, import::holds);
}
