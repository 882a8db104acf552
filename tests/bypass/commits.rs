//! Every kind of commit.

use super::{PROD, SAID, Way, commit_stopped, fails, passes, stopped};
use crate::support::TestEnv;

#[test]
fn amended() {
    stopped(&SAID, |way| {
        way.add(PROD, way.text(PROD));
        way.git(&["commit", "--amend", "--no-edit"])
    });
}

#[test]
fn already_in_the_commit_before() {
    // The file was committed without the hook. The next commit is an amendment or an empty commit, and keeps it.
    for arguments in [&["commit", "--amend", "-m", "x"][..], &["commit", "--allow-empty", "-m", "x"]] {
        stopped(&SAID, |way| {
            way.add(PROD, way.text(PROD));
            way.commit_unhooked();
            way.git(arguments)
        });
    }
}

#[test]
fn on_a_branch_that_is_not_born_yet_or_on_none() {
    let orphans = [&["checkout", "-q", "--orphan", "new"][..], &["switch", "-q", "--orphan", "new"]];
    for setup in orphans.into_iter().chain([&["checkout", "-q", "--detach"][..]]) {
        println!("{setup:?}");
        commit_stopped(&SAID, |way| {
            way.git(setup).ok();
            way.add(PROD, way.text(PROD));
        });
    }
}

#[test]
fn as_the_very_first() {
    let env = TestEnv::new();
    env.ok(&["hook", "install", "-q"]);
    env.write(".env", format!("SECRET={}\n", super::PLAINTEXT));
    env.git(&["add", "-A"]);
    fails(env.git_with_envseal(&["commit", "-m", "x"]), &[".env:1: error: SECRET", "[plaintext]"]);
    env.git(&["rm", "-q", "-r", "--cached", "."]);
    env.ok(&["encrypt"]);
    env.git(&["add", "-A"]);
    env.git_with_envseal(&["commit", "-q", "-m", "x"]).ok();
}

#[test]
fn renamed_from_a_name_that_is_no_env_file() {
    for from in ["notes.txt", ".env.example", ".env.production.sample"] {
        commit_stopped(&SAID, |way| {
            // Only its new name makes it an env file.
            way.add(from, way.text(PROD));
            way.commit_unhooked();
            way.git(&["mv", from, PROD]).ok();
        });
    }
}

#[test]
fn copied_from_an_excluded_folder() {
    commit_stopped(&SAID, |way| {
        way.add("envseal.toml", "[policy]\nexclude = [\"old/**\"]\n");
        way.add("old/.env.production", way.text(PROD));
        way.commit_unhooked();
        way.git(&["mv", "old/.env.production", PROD]).ok();
    });
}

/// Creates a branch `side` that contains the file, committed without hooks, and one more commit on `main`.
fn side_branch(way: &Way) {
    way.git(&["checkout", "-q", "-b", "side"]).ok();
    way.add(PROD, way.text(PROD));
    way.commit_unhooked();
    way.git(&["checkout", "-q", "main"]).ok();
    way.add("file", "x\n");
    way.git(&["commit", "-q", "-m", "main"]).ok();
}

#[test]
fn merged_without_a_conflict() {
    let way = Way::new(false);
    side_branch(&way);
    let head = way.env.git(&["rev-parse", "HEAD"]);
    // Git leaves the merge result in the index and the working tree, to be committed or aborted.
    for arguments in [["merge", "--no-edit", "side"].as_slice(), &["commit", "--no-edit"]] {
        fails(way.git(arguments), &SAID);
        assert_eq!(way.env.git(&["rev-parse", "HEAD"]), head, "{arguments:?}");
    }
    passes(|way| {
        side_branch(way);
        way.git(&["merge", "--no-edit", "side"])
    });
}

#[test]
fn merged_and_committed_later() {
    for merge in [&["merge", "--no-commit", "side"][..], &["merge", "--squash", "side"]] {
        commit_stopped(&SAID, |way| {
            side_branch(way);
            way.git(merge).ok();
        });
    }
}

#[test]
fn slipped_into_the_resolution_of_a_conflict() {
    stopped(&SAID, |way| {
        way.git(&["checkout", "-q", "-b", "side"]).ok();
        way.add("file", "side\n");
        way.git(&["commit", "-q", "-m", "side"]).ok();
        way.git(&["checkout", "-q", "main"]).ok();
        way.add("file", "main\n");
        way.git(&["commit", "-q", "-m", "main"]).ok();
        assert_ne!(way.git(&["merge", "side"]).output().status, 0);
        way.add("file", "both\n");
        way.add(PROD, way.text(PROD));
        way.git(&["commit", "--no-edit"])
    });
}

#[test]
fn reverted_to_the_time_before_it_was_sealed() {
    commit_stopped(&SAID, |way| {
        way.add(PROD, way.text(PROD));
        way.commit_unhooked();
        let old = way.env.git(&["rev-parse", "HEAD"]);
        way.add(PROD, format!("{}SECRET={}\n# newer\n", way.header(PROD), way.token("SECRET")));
        way.git(&["commit", "-q", "-m", "sealed"]).ok();
        way.git(&["checkout", "-q", old.trim(), "--", PROD]).ok();
    });
}

#[test]
fn in_a_second_worktree() {
    stopped(&SAID, |way| {
        let linked = way.env.outside().join("second tree");
        way.git(&["worktree", "add", "-q", "-b", "second", linked.to_str().unwrap()]).ok();
        std::fs::write(linked.join(PROD), way.text(PROD)).unwrap();
        way.git(&["add", PROD]).dir(&linked).ok();
        way.commit().dir(linked)
    });
}

#[test]
fn in_a_submodule() {
    stopped(&SAID, |way| {
        let source = way.env.outside().join("source");
        way.git(&["init", "-q", "-b", "main", source.to_str().unwrap()]).ok();
        way.git(&["commit", "-q", "--allow-empty", "-m", "1"]).dir(&source).ok();
        let url = source.to_str().unwrap();
        way.git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", url, "sub"]).ok();
        let sub = way.env.path("sub");
        way.env.envseal(&["hook", "install", "-q"]).dir(&sub).ok();
        way.write("sub/.env.production", way.text(PROD));
        way.git(&["add", PROD]).dir(&sub).ok();
        way.commit().dir(sub)
    });
}

#[test]
fn in_a_shallow_clone() {
    stopped(&SAID, |way| {
        way.git(&["commit", "-q", "--allow-empty", "-m", "2"]).ok();
        let clone = way.env.outside().join("shallow");
        let url = format!("file://{}", way.env.repo().display());
        way.git(&["clone", "-q", "--depth", "1", &url, clone.to_str().unwrap()]).dir(way.env.outside()).ok();
        way.env.envseal(&["hook", "install", "-q"]).dir(&clone).ok();
        std::fs::write(clone.join(PROD), way.text(PROD)).unwrap();
        way.git(&["add", PROD]).dir(&clone).ok();
        way.commit().dir(clone)
    });
}
