//! Paths that are not UTF-8. To git they are bytes, and what is printed for them is not a path that can be opened.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;

use super::{PLAINTEXT, Place, text};
use crate::support::TestEnv;

fn name(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

/// Creates a repository with a sealed value. Returns None if the file system accepts only UTF-8.
fn project() -> Option<Place> {
    let env = TestEnv::new();
    let work = env.repo();
    if let Err(error) = std::fs::create_dir(work.join(name(b"x\xff"))) {
        println!("skipped: names that are not UTF-8: {error}");
        return None;
    }
    let place = Place::new(env, work);
    place.ok(&["init", "-q"]);
    place.envseal(&["set", "-q", "URL"]).stdin(&place.values[0]).ok();
    place.does(&["add", "-A"]);
    place.does(&["commit", "-q", "-m", "start"]);
    Some(place)
}

/// They are searched in the working tree, in the index, in a range and in the history. An env file whose own name is not
/// UTF-8 has no environment. It must not be skipped or mistaken for another file.
#[test]
fn files_of_such_names_are_searched() {
    let Some(place) = project() else { return };
    place.write(name(b"note\xff.txt"), place.ok(&["key", "show", "--private"]));
    place.write(name(b".env.\xff"), format!("LEAKED={PLAINTEXT}\n"));
    let is_found = |arguments: &[&str]| {
        let found = place.errors(arguments);
        for (file, rule) in [("note", " private-key "), (".env.", " ")] {
            let is_it = |found: &&String| found.starts_with(file) && found.contains(rule);
            assert!(found.iter().any(|found| is_it(&found)), "{file} {arguments:?}: {found:?}");
        }
    };
    is_found(&[]);
    place.does(&["add", "-A"]);
    is_found(&["--staged"]);
    assert_eq!(place.git(&["commit", "-q", "-m", "x"]).output().status, 1);
    place.does(&["commit", "-q", "--no-verify", "-m", "x"]);
    is_found(&["--range", "HEAD~1..HEAD"]);
    is_found(&["--history"]);
    // After their removal, they are still in the history.
    place.does(&["rm", "-q", "-r", "."]);
    place.does(&["commit", "-q", "--no-verify", "-m", "y"]);
    is_found(&["--range", "HEAD~2..HEAD"]);
    is_found(&["--history"]);
}

/// Two folders that look alike in the output are read and checked separately.
#[test]
fn two_paths_that_are_shown_alike_are_two() {
    let Some(place) = project() else { return };
    let (one, other) = (name(b"p\xfe"), name(b"p\xff"));
    for (folder, value) in [(&one, "of-one"), (&other, "of-other")] {
        place.write(place.path(folder).join("x"), "x\n");
        place.envseal(&["set", "-q", "URL", "-f"]).arg(place.path(folder).join(".env")).stdin(value).ok();
    }
    place.does(&["add", "-A"]);
    place.does(&["commit", "-q", "-m", "both"]);
    let get = |arguments: &[&str], folder: &OsStr| {
        let output =
            place.envseal(&[&["get", "URL"], arguments, &["-f"]].concat()).arg(place.path(folder)).output();
        assert_eq!(output.status, 0, "{arguments:?}: {}", output.stderr);
        text(&output).trim_end().to_owned()
    };
    place.envseal(&["set", "-q", "URL", "-f"]).arg(place.path(&other).join(".env")).stdin("changed").ok();
    assert_eq!(get(&[], &one), "of-one");
    assert_eq!(get(&[], &other), "changed");
    assert_eq!(get(&["--at", "HEAD"], &one), "of-one");
    assert_eq!(get(&["--at", "HEAD"], &other), "of-other");
    let diff = place.json(0, &["diff", "--json"]);
    assert_eq!(diff.len(), 1, "{diff:?}");
    place.does(&["commit", "-q", "-a", "-m", "changed"]);
    let log = |folder: &OsStr| {
        let output =
            place.envseal(&["log", "URL", "--json", "-f"]).arg(place.path(folder).join(".env")).output();
        assert_eq!(output.status, 0, "{}", output.stderr);
        text(&output).matches("\"subject\"").count()
    };
    assert_eq!((log(&one), log(&other)), (1, 2));
    let listed = place.json(0, &["ls", "--json"]);
    assert_eq!(listed.len(), 3);
    assert!(listed.iter().all(|file| file["opens"] == true), "{listed:?}");
    // Plain text in only one of them.
    let file = place.path(&other).join(".env");
    let sealed = std::fs::read(&file).unwrap();
    std::fs::write(&file, [&sealed[..], format!("LEAKED={PLAINTEXT}\n").as_bytes()].concat()).unwrap();
    let one_finding = |arguments: &[&str]| {
        let found = place.errors(arguments);
        assert!(found.len() == 1 && found[0].ends_with("/.env plaintext LEAKED"), "{arguments:?}: {found:?}");
    };
    one_finding(&[]);
    // The suggested command can be pasted.
    let told = text(&place.envseal(&["check"]).output());
    assert!(told.contains(r"fix: envseal encrypt -f $'p\377/.env' -k LEAKED"), "{told}");
    place.does(&["add", "-A"]);
    one_finding(&["--staged"]);
    assert_eq!(place.git(&["commit", "-q", "-m", "x"]).output().status, 1);
    place.does(&["commit", "-q", "--no-verify", "-m", "leak"]);
    one_finding(&["--range", "HEAD~1..HEAD"]);
    one_finding(&["--history"]);
}
