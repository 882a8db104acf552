//! Setting the drivers up in a clone.

use std::path::Path;

use envseal::testing::git::Repo;
use envseal::testing::hooks::drivers::{install, uninstall};

use crate::support::{TestEnv, contains_all, make_private};

const SAID: &str = "Installed the merge and diff drivers for env files in this clone\n";

fn config(env: &TestEnv) -> String {
    env.read(".git/config")
}

fn attributes(env: &TestEnv) -> Option<Vec<u8>> {
    std::fs::read(env.path(".git/info/attributes")).ok()
}

fn repo(root: &Path) -> Repo {
    Repo::open(root).unwrap()
}

/// Returns the state of the drivers, as `doctor` names it.
fn state(env: &TestEnv) -> String {
    let report = env.envseal(&["doctor", "--json"]).output().stdout;
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    report["clone"]["merge_and_diff_drivers"].as_str().unwrap().to_owned()
}

fn attribute(env: &TestEnv, dir: &Path, path: &str) -> String {
    env.program("git", &["check-attr", "merge", "diff", "--", path]).dir(dir).ok()
}

#[test]
fn init_sets_them_up_once_and_git_sees_them() {
    let env = TestEnv::new();
    env.git(&["config", "user.name", "Alice"]);
    make_private(&env.path(".git/config"));
    let mode = || env.path(".git/config").metadata().unwrap().permissions();
    let private = mode();
    let output = env.envseal(&["init"]).output();
    assert!(output.stderr.contains(SAID), "{}", output.stderr);
    assert_eq!(mode(), private);
    let left = std::fs::read_dir(env.path(".git")).unwrap().flatten();
    assert!(left.into_iter().all(|item| !item.file_name().to_string_lossy().starts_with(".envseal-tmp")));
    let before = (config(&env), attributes(&env));
    let again = env.envseal(&["init"]).output();
    assert!(!again.stderr.contains("drivers"), "{}", again.stderr);
    assert_eq!((config(&env), attributes(&env)), before);
    for path in [".env", "a b/.env.production", "prod.env"] {
        let said = attribute(&env, &env.repo(), path);
        assert!(said.contains("merge: envseal") && said.contains("diff: envseal"), "{said}");
    }
    assert!(attribute(&env, &env.repo(), "env").contains("merge: unspecified"));
    let value = |name: &str| env.git(&["config", "--local", name]);
    assert!(
        value("merge.envseal.driver").starts_with("envseal hook run merge %O %A %B %L %P -L %X -L %S -L %Y;")
    );
    assert!(value("diff.envseal.textconv").contains("envseal hook run textconv"));
    assert_eq!(value("diff.envseal.cachetextconv"), "false\n");
    assert_eq!(env.git(&["status", "--porcelain"]), "?? .env\n?? .gitignore\n", "nothing to commit");
}

#[test]
fn what_is_taken_out_leaves_no_trace() {
    for lines in [None, Some(&b"*.png binary"[..])] {
        let env = TestEnv::new();
        let path = env.path(".git/info/attributes");
        match lines {
            Some(lines) => std::fs::write(&path, lines).unwrap(),
            None => drop(std::fs::remove_file(&path)),
        }
        let before = (config(&env), attributes(&env));
        let repo = repo(&env.repo());
        assert_eq!(state(&env), "not installed");
        assert!(install(&repo, true).unwrap());
        assert_eq!(state(&env), "installed");
        assert!(!install(&repo, true).unwrap());
        assert!(uninstall(&repo).unwrap());
        assert_eq!((config(&env), attributes(&env)), before);
        assert!(!uninstall(&repo).unwrap());
    }
}

#[test]
fn a_part_that_is_missing_or_older_is_mended() {
    let env = TestEnv::new();
    let repo = repo(&env.repo());
    install(&repo, true).unwrap();
    let whole = (config(&env), attributes(&env));
    env.git(&["config", "merge.envseal.driver", "envseal hook run merge %O %A %B"]);
    env.git(&["config", "diff.envseal.cachetextconv", "true"]);
    assert_eq!(state(&env), "from an older envseal");
    assert!(install(&repo, true).unwrap());
    assert_eq!((config(&env), attributes(&env)), whole);
    std::fs::remove_file(env.path(".git/info/attributes")).unwrap();
    assert_eq!(state(&env), "not installed");
    assert!(install(&repo, true).unwrap());
    assert_eq!(state(&env), "installed");
}

#[test]
fn someone_elses_driver_of_our_name_stays() {
    for (name, value) in [("merge.envseal.driver", "mine %A"), ("diff.envseal.textconv", "cat")] {
        let env = TestEnv::new();
        env.git(&["config", name, value]);
        let before = (config(&env), attributes(&env));
        let output = env.envseal(&["init"]).output();
        let section = name.rsplit_once('.').unwrap().0;
        assert_eq!(output.status, 0);
        assert!(output.stderr.contains(&format!("has a {name} that is not envseal's")), "{}", output.stderr);
        assert!(output.stderr.contains(&format!("git config --local --remove-section {section}")));
        assert!(output.stderr.contains("Next: "), "{}", output.stderr);
        assert_eq!(state(&env), "someone else's");
        assert!(install(&repo(&env.repo()), true).is_err());
        uninstall(&repo(&env.repo())).unwrap();
        assert_eq!((config(&env), attributes(&env)), before);
    }
}

#[test]
fn a_failure_leaves_both_files_as_they_were() {
    let env = TestEnv::new();
    let before = (config(&env), attributes(&env));
    let hold = |path: &str, text: &str| std::fs::write(env.path(path), text).unwrap();
    hold(".git/config.lock", "");
    let said = env.fails(4, &["init"]);
    contains_all(&said, &["another program is changing the git configuration", "hint: "]);
    assert_eq!((config(&env), attributes(&env)), before);
    assert!(env.path(".git/config.lock").exists(), "someone else's");
    std::fs::remove_file(env.path(".git/config.lock")).unwrap();

    std::fs::create_dir_all(env.path(".git/info/attributes")).unwrap();
    assert!(env.fails(4, &["init"]).contains("info/attributes"));
    assert_eq!(config(&env), before.0);
    assert!(!env.path(".git/config.lock").exists());
    std::fs::remove_dir(env.path(".git/info/attributes")).unwrap();

    hold(".git/info/attributes", "# >>> envseal: drivers for env files\n*.png binary\n");
    let before = (config(&env), attributes(&env));
    let said = env.fails(4, &["init"]);
    assert!(said.contains("no line `# <<< envseal` after it"), "{said}");
    assert!(uninstall(&repo(&env.repo())).is_err());
    assert_eq!((config(&env), attributes(&env)), before);
}

#[test]
fn linked_worktrees_share_them_and_submodules_have_their_own() {
    let env = TestEnv::new();
    env.commit("empty");
    let linked = env.outside().join("linked");
    env.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    install(&repo(&linked), true).unwrap();
    assert_eq!(state(&env), "installed");
    assert!(attribute(&env, &env.repo(), ".env").contains("merge: envseal"));
    assert!(attribute(&env, &linked, ".env").contains("merge: envseal"));

    let outer = TestEnv::new();
    let sub = outer.add_submodule(env.repo(), "a sub");
    install(&repo(&sub), true).unwrap();
    assert_eq!(state(&outer), "not installed");
    assert!(attribute(&outer, &sub, ".env").contains("merge: envseal"));
    assert!(attribute(&outer, &outer.repo(), ".env").contains("merge: unspecified"));
}
