//! The ways in which git is called, and calls its hooks: one commit, one verdict.

use std::path::PathBuf;

use super::{Place, text};
use crate::support::TestEnv;

const PLAINTEXT: &str = "sk_live_51HG8vnotforgit";

/// A way to call git: where from, with which options, and with which variables. `ROOT` is the worktree.
struct Way {
    name: &'static str,
    from: &'static str,
    options: &'static [&'static str],
    vars: &'static [(&'static str, &'static str)],
}

const WAYS: &[Way] = &[
    Way { name: "at the root", from: "ROOT", options: &[], vars: &[] },
    Way { name: "in a folder", from: "ROOT/src", options: &[], vars: &[] },
    Way { name: "-C", from: "ROOT/..", options: &["-C", "ROOT"], vars: &[] },
    Way { name: "-C twice", from: "ROOT/src", options: &["-C", "..", "-C", "other"], vars: &[] },
    Way { name: "both options", from: "ROOT", options: &["--git-dir=.git", "--work-tree=."], vars: &[] },
    Way {
        name: "both options in a folder",
        from: "ROOT/src",
        options: &["--git-dir=../.git", "--work-tree=.."],
        vars: &[],
    },
    Way {
        name: "both options from elsewhere",
        from: "ROOT/..",
        options: &["--git-dir=ROOT/.git", "--work-tree=ROOT"],
        vars: &[],
    },
    Way {
        name: "both options from elsewhere, by relative paths",
        from: "ROOT/..",
        options: &["--git-dir=repo/.git", "--work-tree=repo"],
        vars: &[],
    },
    Way { name: "--git-dir", from: "ROOT", options: &["--git-dir=.git"], vars: &[] },
    Way { name: "--work-tree", from: "ROOT", options: &["--work-tree=."], vars: &[] },
    Way { name: "GIT_DIR", from: "ROOT", options: &[], vars: &[("GIT_DIR", ".git")] },
    Way {
        name: "both variables in a folder",
        from: "ROOT/src",
        options: &[],
        vars: &[("GIT_DIR", "ROOT/.git"), ("GIT_WORK_TREE", "ROOT")],
    },
    Way {
        name: "both variables from elsewhere",
        from: "ROOT/../home",
        options: &[],
        vars: &[("GIT_DIR", "../repo/.git"), ("GIT_WORK_TREE", "../repo")],
    },
    Way {
        name: "an index of its own",
        from: "ROOT",
        options: &[],
        vars: &[("GIT_INDEX_FILE", ".git/another")],
    },
    Way {
        name: "an index of its own, in a folder",
        from: "ROOT/src",
        options: &[],
        vars: &[("GIT_INDEX_FILE", "ROOT/../another")],
    },
    Way {
        name: "objects elsewhere",
        from: "ROOT",
        options: &[],
        vars: &[
            ("GIT_OBJECT_DIRECTORY", "ROOT/../objects"),
            ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "ROOT/.git/objects"),
        ],
    },
    Way { name: "literal paths", from: "ROOT", options: &["--literal-pathspecs"], vars: &[] },
    Way { name: "paths without case", from: "ROOT", options: &[], vars: &[("GIT_ICASE_PATHSPECS", "1")] },
    Way {
        name: "a configuration of its own",
        from: "ROOT",
        options: &["-c", "core.quotePath=false"],
        vars: &[],
    },
];

/// A repository with hooks and a sealed value, at the root and in a folder.
fn project() -> Place {
    let env = TestEnv::new();
    let work = env.repo();
    let place = Place::new(env, work);
    place.ok(&["init", "-q"]);
    place.envseal(&["set", "-q", "URL"]).stdin(&place.values[0]).ok();
    for folder in ["src", "other"] {
        place.write(format!("{folder}/notes"), "notes\n");
    }
    place.does(&["add", "-A"]);
    place.does(&["commit", "-q", "-m", "start"]);
    std::fs::create_dir(place.env.outside().join("objects")).unwrap();
    place
}

#[test]
fn one_verdict_however_git_is_called() {
    for way in WAYS {
        let place = project();
        let root = place.work.to_str().unwrap().to_owned();
        let of_root = |text: &str| text.replace("ROOT", &root);
        let options: Vec<_> = way.options.iter().map(|option| of_root(option)).collect();
        let git = |arguments: &[&str]| {
            let all: Vec<_> = options.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
            let mut run = place.env.git_with_envseal(&all).dir(of_root(way.from));
            for (name, value) in way.vars {
                run = run.var(name, of_root(value));
            }
            run.output()
        };
        let does = |arguments: &[&str]| {
            let output = git(arguments);
            assert_eq!(output.status, 0, "{}: {arguments:?}: {}{}", way.name, text(&output), output.stderr);
            text(&output)
        };
        if way.name.contains("index") {
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
            assert_eq!(output.status, 1, "{}: {commit:?}: {said}", way.name);
            assert!(said.contains(&format!("{name} is plain text")), "{}: {said}", way.name);
            assert_eq!(does(&["rev-parse", "HEAD"]), before, "{}", way.name);
            // Sealed, it passes in the same way.
            place.write(".env", &sealed);
            place.envseal(&["set", "-q", name]).stdin(PLAINTEXT).ok();
            if is_added {
                does(&["add", &file]);
            }
            does(commit);
            assert_ne!(does(&["rev-parse", "HEAD"]), before, "{}", way.name);
        }
    }
}

/// A linked worktree whose git folder is named, as git does it for the hooks there.
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

/// What git's variables name wins over where one stands, as it does for git.
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
    // With an index that has other things in it than the repository's own.
    let index = there.env.outside().join("clean");
    let output = there.git(&["read-tree", "HEAD"]).var("GIT_INDEX_FILE", &index).output();
    assert_eq!(output.status, 0);
    let found = there.envseal(&["check", "--staged"]).var("GIT_INDEX_FILE", &index).output();
    assert_eq!(found.status, 0, "{}", found.stderr);
    // Where git may not look further up, neither is it looked further up.
    let from = there.path("src");
    let looked = there.git(&["rev-parse"]).dir(&from).var("GIT_CEILING_DIRECTORIES", &there.work).output();
    assert_eq!(looked.status, 128);
    let found =
        there.envseal(&["check", "--staged"]).dir(&from).var("GIT_CEILING_DIRECTORIES", &there.work).output();
    assert_eq!(found.status, 4, "{}{}", text(&found), found.stderr);
    // What is no repository is an error, and not a reason to look elsewhere.
    for name in ["nowhere", "src"] {
        let found = there.envseal(&["check", "--staged"]).var("GIT_DIR", name).output();
        assert_eq!(found.status, 4, "{name}: {}{}", text(&found), found.stderr);
    }
}
