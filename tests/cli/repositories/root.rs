//! Where git has no worktree: beside the worktrees of a `.bare` layout, in a bare repository, in a git folder.

use std::path::PathBuf;

use super::Place;
use crate::support::TestEnv;

const PLAINTEXT: &str = "A=sk_live_51HG8vnotforgit\n";

/// Creates a `.bare` layout with a sealed value, and plain text on another branch. Commands run beside the worktrees.
fn layout() -> Place {
    let env = TestEnv::new();
    let start = Place::new(env, PathBuf::new());
    let start = Place { work: start.env.repo(), ..start };
    start.envseal(&["set", "-q", "URL"]).stdin(&start.values[0]).ok();
    start.does(&["add", "-A"]);
    start.does(&["commit", "-q", "-m", "first"]);
    start.does(&["checkout", "-q", "-b", "aside"]);
    start.append(".env", PLAINTEXT);
    start.does(&["commit", "-q", "-a", "-m", "leak"]);
    start.does(&["checkout", "-q", "main"]);
    let work = start.env.outside().join("layout");
    start.does(&["clone", "-q", "--bare", ".", work.join(".bare").to_str().unwrap()]);
    std::fs::write(work.join(".git"), "gitdir: ./.bare\n").unwrap();
    let place = Place { work, ..start };
    place.does(&["worktree", "add", "-q", "main"]);
    place
}

#[test]
fn history_is_read_beside_the_worktrees() {
    let place = layout();
    assert_eq!(place.errors(&["--history"]), [".env plaintext A"]);
    assert_eq!(place.errors(&["--range", "main..aside"]), [".env plaintext A"]);
    let log = place.ok(&["log", "--json", "-f", ".env"]);
    assert!(log.contains("\"first\""), "{log}");
    assert!(place.ok(&["diff", "main", "aside", "--json"]).contains("\"A\""));
}

#[test]
fn what_needs_a_worktree_says_so() {
    let place = layout();
    let listing = || {
        let mut names: Vec<_> =
            place.work.read_dir().unwrap().flatten().map(|item| item.file_name()).collect();
        names.sort();
        names
    };
    let before = listing();
    for command in [
        &["init"][..],
        &["ls"],
        &["set", "B", "x"],
        &["encrypt"],
        &["check"],
        &["check", "--staged"],
        &["team", "request", "--name", "alice"],
    ] {
        let output = place.envseal(command).output();
        assert_eq!(output.status, 4, "{command:?}: {}", output.stderr);
        let words = ["worktree", "work tree"];
        assert!(words.iter().any(|word| output.stderr.contains(word)), "{command:?}: {}", output.stderr);
        assert!(
            output.stdout.is_empty() && !output.stderr.contains("git init"),
            "{command:?}: {}",
            output.stderr
        );
    }
    assert_eq!(listing(), before);
}

/// A bare repository is not used because the current folder is in it, but only if `GIT_DIR` names it.
#[test]
fn a_bare_repository_is_used_only_where_git_dir_names_it() {
    let place = layout();
    let bare = place.env.outside().join("alone.git");
    place.does(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    for folder in [bare.clone(), bare.join("objects")] {
        for command in [
            &["check", "--staged"][..],
            &["check", "--history"],
            &["check", "--range", "main..aside"],
            &["log"],
            &["diff", "main", "aside"],
        ] {
            let output = place.envseal(command).dir(&folder).output();
            assert_eq!(output.status, 4, "{command:?} in {}: {}", folder.display(), output.stderr);
            let named = [&["-C", folder.to_str().unwrap()], command].concat();
            assert_eq!(place.envseal(&named).dir(place.env.outside()).output().status, 4, "{named:?}");
        }
    }
    let name = bare.to_str().unwrap();
    for (folder, name) in [(bare.clone(), "."), (place.env.outside(), "alone.git"), (place.env.repo(), name)]
    {
        for command in [&["check", "--history"][..], &["check", "--range", "main..aside"]] {
            let found = place.envseal(command).dir(&folder).var("GIT_DIR", name).output();
            assert_eq!(found.status, 1, "{command:?} by {name}: {}", found.stderr);
            assert!(super::text(&found).contains("[plaintext]"), "{command:?} by {name}");
        }
    }
}
