//! Hints are pasted where they were printed, and work on the files that the command worked on.

use crate::merge::{diverge, project, set};
use crate::support::TestEnv;

/// Returns the command of the first hint: what follows its last colon.
fn command(stderr: &str) -> String {
    let line = stderr.lines().find_map(|line| line.strip_prefix("hint: ")).expect(stderr);
    line.rsplit(": ").next().unwrap().to_owned()
}

#[test]
fn a_hint_repeats_the_file_that_was_named() {
    let env = TestEnv::new();
    for file in [".env", ".env.production", "sub/.env"] {
        env.write_sealed(file, "DB=old\nOTHER=x\n");
    }
    let untouched = env.bytes(".env");
    for (arguments, stdin, hint) in [
        (&["set", "DB", "--stdin", "-e", "production"][..], "new", "envseal set -e production DB"),
        (&["set", "DB", "-e", "production"], "", "envseal set -e production DB ''"),
        (&["set", "-f", "sub/.env", "DB", "-"], "new", "envseal set -f sub/.env DB -- -"),
        (&["set", "DB", "DB=x", "-e", "production"], "", "envseal set -e production DB -- VALUE"),
        (&["set", "-", "-e", "production,qa"], "", "envseal set -e production -e qa - < FILE"),
        (&["set", "A=1", "-e", "production", "--generate"], "", "envseal set -e production NAME --generate"),
        (
            &["set", "A", "-e", "qa", "-e", "production", "--generate"],
            "",
            "envseal set NAME --generate -e ENVIRONMENT",
        ),
        (
            &["set", "DB", "-f", "sub/.env", &env.read(".env")],
            "",
            "envseal get OTHER -f FILE | envseal set DB -f sub/.env",
        ),
        (
            &["resolve", "DB", "-f", "sub/.env"],
            "",
            "envseal resolve -f sub/.env DB --ours, or envseal resolve -f sub/.env DB --theirs",
        ),
        (&["get", "--format", "raw", "-f", "?sub/.env"], "", "envseal get -f '?sub/.env' KEY --format raw"),
    ] {
        let stderr = env.envseal(arguments).stdin(stdin).fails(2);
        assert_eq!(command(&stderr), hint, "{stderr}");
    }
    let edit = env.envseal(&["-C", "sub", "edit", "-f", ".env"]).var("EDITOR", "no-such-editor");
    assert_eq!(command(&edit.fails(2)), "GIT_EDITOR=vi envseal -C sub edit -f .env");
    let stderr = env.envseal(&["set", "DB", "--stdin", "-e", "production"]).stdin("new").fails(2);
    env.shell(&command(&stderr)).stdin("new").ok();
    assert_eq!(env.ok(&["get", "DB", "-e", "production"]), "new\n");
    assert_eq!(env.bytes(".env"), untouched);
}

#[test]
fn a_prompt_names_a_file_other_than_the_usual_one() {
    use crate::support::on_terminal;
    let env = TestEnv::new();
    for file in [".env", ".env.production"] {
        env.write_sealed(file, "DB=old\n");
    }
    let Some((status, shown)) = on_terminal(&env, &["set", "DB", "-e", "production"], Some(b"new\r")) else {
        return;
    };
    assert!(shown.starts_with("Value of DB in .env.production (not shown): "), "{shown}");
    assert_eq!(status, 0);
    assert_eq!(env.ok(&["get", "DB", "-e", "production"]), "new\n");
}

/// Returns a repository with a conflict about `A` of `.env` and `sub/.env` between `main` and `feature`.
fn diverged() -> TestEnv {
    let env = project(".env", &["A"]);
    let change = || [".env", "sub/.env"].map(|file| set(&env, file, "A"));
    change();
    env.git(&["add", "-A"]);
    env.git(&["commit", "-q", "-m", "both"]);
    diverge(&env, change, change);
    env
}

#[test]
fn what_git_pull_suggests_works_in_every_folder() {
    let env = diverged();
    for start in
        ["git pull --no-rebase . feature", "git pull --rebase . feature", "git rebase --apply feature"]
    {
        let said = env.shell(start).dir(env.path("sub")).output().stderr;
        let taken = said.lines().filter_map(|line| line.strip_prefix("Take one: ")?.split(", or ").next());
        let taken: Vec<_> = taken.collect();
        assert_eq!(taken.len(), 2, "{start}: {said}");
        for line in taken {
            env.shell(line).dir(env.path("sub")).ok();
        }
        for file in [".env", "sub/.env"] {
            assert!(!env.read(file).contains("<<<<<<<"), "{start}: {file}");
        }
        env.shell("git merge --abort || git rebase --abort").ok();
    }
}

#[test]
fn only_commits_are_compared() {
    let env = diverged();
    let said = env.git_with_envseal(&["merge", "feature"]).output().stderr;
    assert!(said.contains("Compare: envseal diff --show HEAD feature -f .env\n"), "{said}");
    env.git(&["merge", "--abort"]);
    let patch = env.git(&["format-patch", "-1", "feature", "--stdout"]);
    env.write("../patch", &patch);
    // The subject of the patch, and what git calls changes that are carried over.
    env.git(&["branch", "theirs", "main~"]);
    env.git(&["branch", "local", "main~"]);
    let said = env.git_with_envseal(&["am", "-3", "../patch"]).output().stderr;
    assert!(said.contains("both sides changed A") && !said.contains("Compare"), "{said}");
    env.git(&["am", "--abort"]);
    env.envseal(&["set", "-q", "A"]).stdin("carried over").ok();
    let said = env.git_with_envseal(&["checkout", "-m", "feature"]).output().stderr;
    assert!(said.contains("both sides changed A") && !said.contains("Compare"), "{said}");
}

#[test]
fn git_works_in_the_repository_of_the_file() {
    let env = TestEnv::new();
    env.write_sealed(".env", "DB=x\n");
    env.git(&["add", "-A"]);
    env.git(&["commit", "-q", "-m", "one"]);
    env.write(".env", env.read(".env").replace("DB=", "DC="));
    let other = env.outside().join("other");
    std::fs::create_dir(&other).unwrap();
    let paste = |file: &str| {
        let stderr = env.envseal(&["get", "-f", file]).dir(&other).fails(3);
        let line = stderr.split_once("see who changed it: ").expect(&stderr).1.split(';').next().unwrap();
        let log = env.shell(line).dir(&other).ok();
        assert!(log.contains("DB=envseal:1:"), "{line}: {log}");
    };
    let absolute = env.path(".env");
    paste(absolute.to_str().unwrap());
    env.program("git", &["init", "-q"]).dir(&other).ok();
    paste(absolute.to_str().unwrap());
    let relative = absolute.strip_prefix(env.outside()).unwrap();
    paste(&format!("../{}", relative.display()));
}
