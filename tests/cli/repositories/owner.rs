//! A repository that belongs to another user. envseal accepts every form of git's `safe.directory` that git accepts,
//! and no other.

use std::ffi::OsString;
use std::os::unix::fs::chown;
use std::path::Path;

use super::Place;
use super::story::{HISTORY, REPEATED, tell};
use crate::support::TestEnv;

/// Creates a repository that belongs to another user. Returns None if this user can't give files away.
fn foreign() -> Option<Place> {
    fn give(path: &Path) -> std::io::Result<()> {
        if path.is_dir() && !path.is_symlink() {
            for item in path.read_dir()?.flatten() {
                give(&item.path())?;
            }
        }
        chown(path, Some(12345), None)
    }
    let env = TestEnv::new();
    let work = env.repo();
    let place = Place::new(env, work);
    place.plain_commits();
    if give(&place.work).is_err() {
        println!("skipped: giving a folder away needs root");
        return None;
    }
    assert_eq!(place.git(&["rev-parse", "HEAD"]).output().status, 128, "git refuses it too");
    Some(place)
}

/// Tells the story there with these variables, which make git trust the folder.
fn trusted(left_out: &[&[&str]], vars: impl Fn(&Place, &str) -> Vec<(&'static str, OsString)>) {
    let Some(mut place) = foreign() else { return };
    let folder = place.work.to_str().unwrap().to_owned();
    place.vars = vars(&place, &folder);
    let output = place.git(&["rev-parse", "HEAD"]).output();
    if output.status != 0 {
        println!("skipped: this git does not know that form: {}", output.stderr);
        return;
    }
    tell(&place, left_out);
}

fn global(place: &Place, lines: &str) -> Vec<(&'static str, OsString)> {
    let file = place.env.outside().join("global");
    std::fs::write(&file, lines).unwrap();
    vec![("GIT_CONFIG_GLOBAL", file.into())]
}

#[test]
fn by_its_path() {
    trusted(&[], |place, folder| global(place, &format!("[safe]\n\tdirectory = {folder}\n")));
}

#[test]
fn by_a_folder_above() {
    trusted(&[HISTORY, REPEATED], |place, folder| {
        let above = Path::new(folder).parent().unwrap().display();
        global(place, &format!("[safe]\n\tdirectory = {above}/*\n"))
    });
}

#[test]
fn by_a_star() {
    trusted(&[HISTORY, REPEATED], |place, _| {
        global(place, "[safe]\n\tdirectory = /nowhere\n\tdirectory = *\n")
    });
}

#[test]
fn by_an_included_file() {
    trusted(&[HISTORY, REPEATED], |place, folder| {
        let file = place.env.outside().join("included");
        std::fs::write(&file, format!("[safe]\n\tdirectory = {folder}\n")).unwrap();
        global(place, &format!("[include]\n\tpath = {}\n", file.display()))
    });
}

#[test]
fn by_the_system() {
    trusted(&[HISTORY, REPEATED], |place, folder| {
        let file = global(place, &format!("[safe]\n\tdirectory = {folder}\n")).remove(0).1;
        vec![("GIT_CONFIG_SYSTEM", file), ("GIT_CONFIG_NOSYSTEM", "0".into())]
    });
}

#[test]
fn by_parameters() {
    trusted(&[HISTORY, REPEATED], |_, folder| {
        vec![("GIT_CONFIG_PARAMETERS", format!("'safe.directory'='{folder}'").into())]
    });
}

#[test]
fn by_count() {
    trusted(&[HISTORY, REPEATED], |_, folder| {
        vec![
            ("GIT_CONFIG_COUNT", "1".into()),
            ("GIT_CONFIG_KEY_0", "safe.directory".into()),
            ("GIT_CONFIG_VALUE_0", folder.into()),
        ]
    });
}

/// The commands that `refused` tries: all that call git.
const COMMANDS: &[&[&str]] = &[
    &["init"],
    &["set", "A", "x"],
    &["encrypt"],
    &["ls"],
    &["check"],
    &["check", "--staged"],
    &["check", "--range", "HEAD~1..HEAD"],
    &["check", "--history"],
    &["diff"],
    &["diff", "HEAD~1", "HEAD"],
    &["log"],
    &["blame"],
    &["get", "A", "--at", "HEAD"],
    &["team", "request", "--name", "alice"],
    &["hook", "install"],
];

#[track_caller]
fn refused(place: &Place) {
    let before = place.env.snapshot();
    for command in COMMANDS {
        let output = place.envseal(command).output();
        assert_eq!(output.status, 4, "{command:?}: {}", output.stderr);
        assert!(output.stderr.contains("safe.directory"), "{command:?}: {}", output.stderr);
    }
    assert_eq!(place.env.snapshot(), before);
}

#[test]
fn not_at_all() {
    let Some(place) = foreign() else { return };
    refused(&place);
    // From a folder in it, too.
    let below = Place { work: place.path("src"), ..place };
    refused(&below);
}

#[test]
fn not_by_the_repository_itself() {
    let Some(place) = foreign() else { return };
    let config = place.path(".git/config");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}[safe]\n\tdirectory = *\n")).unwrap();
    assert_eq!(place.git(&["rev-parse", "HEAD"]).output().status, 128);
    refused(&place);
}

#[test]
fn not_by_another_folder_nor_after_it_was_taken_back() {
    let Some(mut place) = foreign() else { return };
    let lines = [
        format!("[safe]\n\tdirectory = {}x\n", place.work.display()),
        format!("[safe]\n\tdirectory = {}/src\n", place.work.display()),
        // An empty value clears those before it.
        "[safe]\n\tdirectory = *\n\tdirectory =\n".to_owned(),
    ];
    for lines in &lines {
        place.vars = global(&place, lines);
        assert_eq!(place.git(&["rev-parse", "HEAD"]).output().status, 128, "{lines}");
        refused(&place);
    }
}
