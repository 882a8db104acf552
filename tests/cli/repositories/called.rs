//! The ways to call git, and the ways git calls its hooks. The same commit must get the same result.

use std::path::PathBuf;

use super::{PLAINTEXT, Place, text};
use crate::support::{Start, TestEnv};

/// A way to call git: its name, folder, options and variables. `ROOT` is the working tree.
type Way = (&'static str, &'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

const WAYS: &[Way] = &[
    ("at the root", "ROOT", &[], &[]),
    ("in a folder", "ROOT/src", &[], &[]),
    ("-C", "ROOT/..", &["-C", "ROOT"], &[]),
    ("-C twice", "ROOT/src", &["-C", "..", "-C", "other"], &[]),
    ("both options", "ROOT", &["--git-dir=.git", "--work-tree=."], &[]),
    ("both options in a folder", "ROOT/src", &["--git-dir=../.git", "--work-tree=.."], &[]),
    ("both options from elsewhere", "ROOT/..", &["--git-dir=ROOT/.git", "--work-tree=ROOT"], &[]),
    ("both as relative paths", "ROOT/..", &["--git-dir=repo/.git", "--work-tree=repo"], &[]),
    ("--git-dir", "ROOT", &["--git-dir=.git"], &[]),
    ("--work-tree", "ROOT", &["--work-tree=."], &[]),
    ("GIT_DIR", "ROOT", &[], &[("GIT_DIR", ".git")]),
    ("variables in a folder", "ROOT/src", &[], &[("GIT_DIR", "ROOT/.git"), ("GIT_WORK_TREE", "ROOT")]),
    ("from elsewhere", "ROOT/../home", &[], &[("GIT_DIR", "../repo/.git"), ("GIT_WORK_TREE", "../repo")]),
    ("an index of its own", "ROOT", &[], &[("GIT_INDEX_FILE", ".git/another")]),
    ("an index of its own, in a folder", "ROOT/src", &[], &[("GIT_INDEX_FILE", "ROOT/../another")]),
    (
        "objects elsewhere",
        "ROOT",
        &[],
        &[
            ("GIT_OBJECT_DIRECTORY", "ROOT/../objects"),
            ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "ROOT/.git/objects"),
        ],
    ),
    ("literal paths", "ROOT", &["--literal-pathspecs"], &[]),
    ("paths without case", "ROOT", &[], &[("GIT_ICASE_PATHSPECS", "1")]),
    ("a configuration of its own", "ROOT", &["-c", "core.quotePath=false"], &[]),
];

/// Creates a repository with hooks, and with sealed values at the root and in folders.
fn project() -> Place {
    static START: Start = Start::new();
    let env = TestEnv::without_git();
    env.start_as(&START, |env| {
        env.git(&["init", "-q", "-b", "main"]);
        env.ok(&["init", "-q"]);
        env.envseal(&["set", "-q", "URL"]).stdin(env.secret("first")).ok();
        for folder in ["src", "other"] {
            env.write(format!("{folder}/notes"), "notes\n");
        }
        env.commit("start");
        std::fs::create_dir(env.outside().join("objects")).unwrap();
    });
    let work = env.repo();
    Place::new(env, work)
}

#[test]
fn one_verdict_however_git_is_called() {
    for (way, from, options, vars) in WAYS {
        let place = project();
        let root = place.work.to_str().unwrap().to_owned();
        let of_root = |text: &str| text.replace("ROOT", &root);
        let options: Vec<_> = options.iter().map(|option| of_root(option)).collect();
        let git = |arguments: &[&str]| {
            let all: Vec<_> = options.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
            let mut run = place.env.git_with_envseal(&all).dir(of_root(from));
            for (name, value) in *vars {
                run = run.var(name, of_root(value));
            }
            run.output()
        };
        let does = |arguments: &[&str]| {
            let output = git(arguments);
            assert_eq!(output.status, 0, "{way}: {arguments:?}: {}{}", text(&output), output.stderr);
            text(&output)
        };
        if way.contains("index") {
            does(&["read-tree", "HEAD"]);
        }
        let file = format!("{root}/.env");
        let commits =
            [("ADDED", &["commit", "-q", "-m", "x"][..]), ("ALL", &["commit", "-q", "-a", "-m", "x"])];
        for (name, commit) in commits {
            let is_added = name == "ADDED";
            let (before, sealed) = (does(&["rev-parse", "HEAD"]), place.read(".env"));
            place.append(".env", &format!("{name}={PLAINTEXT}\n"));
            if is_added {
                does(&["add", &file]);
            }
            let output = git(commit);
            let said = text(&output) + &output.stderr;
            assert_eq!(output.status, 1, "{way}: {commit:?}: {said}");
            assert!(said.contains(&format!("{name} is plain text")), "{way}: {said}");
            assert_eq!(does(&["rev-parse", "HEAD"]), before, "{way}");
            // With a sealed value, it passes in the same way.
            place.write(".env", &sealed);
            place.envseal(&["set", "-q", name]).stdin(PLAINTEXT).ok();
            if is_added {
                does(&["add", &file]);
            }
            does(commit);
            assert_ne!(does(&["rev-parse", "HEAD"]), before, "{way}");
        }
    }
}

/// A linked worktree whose git folder is in `GIT_DIR`, as git sets it for the hooks there.
#[test]
fn in_a_linked_worktree_by_its_git_folder() {
    let place = project();
    let linked = place.env.outside().join("linked");
    place.does(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    let place = Place { work: linked, ..place };
    place.append(".env", &format!("SECRET={PLAINTEXT}\n"));
    let folder = place.does(&["rev-parse", "--absolute-git-dir"]);
    let named = |arguments: &[&str]| {
        place.git(&[&["--git-dir", &folder, "--work-tree", "."], arguments].concat()).output()
    };
    assert_eq!(named(&["commit", "-q", "-a", "-m", "x"]).status, 1);
    let found = place.envseal(&["check", "--staged"]).var("GIT_DIR", &folder).output();
    assert_eq!(found.status, 0, "nothing is staged there: {}", found.stderr);
    assert_eq!(named(&["add", ".env"]).status, 0);
    for dir in [place.work.clone(), place.env.repo()] {
        let found = place.envseal(&["check", "--staged"]).dir(&dir).var("GIT_DIR", &folder);
        let found = found.var("GIT_WORK_TREE", &place.work).output();
        assert_eq!(found.status, 1, "{}: {}", dir.display(), found.stderr);
    }
}

/// Git's variables take precedence over the current folder, as they do for git.
#[test]
fn the_repository_is_the_one_that_git_would_use() {
    let (there, here) = (project(), project());
    there.append(".env", &format!("SECRET={PLAINTEXT}\n"));
    there.does(&["add", ".env"]);
    let vars: [(&str, PathBuf); 2] = [("GIT_DIR", there.path(".git")), ("GIT_WORK_TREE", there.work.clone())];
    let run = |arguments: &[&str]| {
        let mut run = here.envseal(arguments);
        for (name, value) in &vars {
            run = run.var(name, value);
        }
        run.output()
    };
    assert_eq!(run(&["check", "--staged"]).status, 1);
    assert!(here.errors(&["--staged"]).is_empty());
    // An index that differs from the repository's own.
    let index = there.env.outside().join("clean");
    let output = there.git(&["read-tree", "HEAD"]).var("GIT_INDEX_FILE", &index).output();
    assert_eq!(output.status, 0);
    let found = there.envseal(&["check", "--staged"]).var("GIT_INDEX_FILE", &index).output();
    assert_eq!(found.status, 0, "{}", found.stderr);
    // If git must not search further up, neither must envseal.
    let from = there.path("src");
    let looked = there.git(&["rev-parse"]).dir(&from).var("GIT_CEILING_DIRECTORIES", &there.work).output();
    assert_eq!(looked.status, 128);
    let found =
        there.envseal(&["check", "--staged"]).dir(&from).var("GIT_CEILING_DIRECTORIES", &there.work).output();
    assert_eq!(found.status, 4, "{}{}", text(&found), found.stderr);
    // A path without a repository is an error, and no reason to search elsewhere.
    for name in ["nowhere", "src"] {
        let found = there.envseal(&["check", "--staged"]).var("GIT_DIR", name).output();
        assert_eq!(found.status, 4, "{name}: {}{}", text(&found), found.stderr);
    }
}
