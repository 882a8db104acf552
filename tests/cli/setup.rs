//! The first command that creates a key or a member offers to set up the clone. Others may note that it isn't set up.

use std::path::Path;

use crate::support::{TestEnv, on_terminal, write_script};

const NOT_SET_UP: &str = "note: this clone is not set up, so plaintext may be committed: envseal init\n";
const QUESTION: &str =
    "Install git hooks that stop plaintext from being committed, and drivers, in this clone? [Y/n] ";

fn has_hooks(env: &TestEnv) -> bool {
    env.path(".git/hooks/pre-commit").exists()
}

#[test]
fn the_first_key_or_member_in_a_clone_brings_the_question() {
    for (command, answer, installs) in [
        (&["set", "A", "b"][..], &b"\n"[..], true),
        (&["set", "A", "b"], b"n\n", false),
        (&["encrypt"], b"\n", true),
        (&["team", "request", "--name", "me"], b"n\n", false),
        (&["import", "dotenv", ".env.old", "-f", ".env", "--yes"], b"\n", true),
    ] {
        let env = TestEnv::unsettled();
        env.write_plain(".env", "X=y\n");
        env.write_plain(".env.old", "B=c\n");
        let Some((status, shown)) = on_terminal(&env, command, Some(answer)) else { return };
        assert!(status == 0 && shown.contains(QUESTION), "{command:?}: {shown}");
        assert_eq!(has_hooks(&env), installs, "{command:?}: {shown}");
        assert_eq!(env.read(".git/config").contains("[merge \"envseal\"]"), installs, "{command:?}");
        assert_eq!(shown.ends_with(NOT_SET_UP), !installs, "{shown}");
        // After an answer, neither the question nor the note comes again.
        let key = &["set", "A", "b", "-e", "other"][..];
        for (again, answer) in [(key, Some(&b"y\n"[..])), (&["check"], None), (&["run", "--", "true"], None)]
        {
            let (_, shown) = on_terminal(&env, again, answer).unwrap();
            assert!(!shown.contains("set up") && !shown.contains("[Y/n]"), "{again:?}: {shown}");
        }
    }
}

#[test]
fn without_a_terminal_it_is_one_line_until_somebody_sets_the_clone_up() {
    let env = TestEnv::unsettled();
    let said = |arguments: &[&str]| env.envseal(arguments).output().stderr;
    for name in ["default", "staging"] {
        let said = said(&["set", "A", "b", "-e", name]);
        assert!(said.ends_with(NOT_SET_UP) && said.matches("set up").count() == 1, "{said}");
    }
    assert!(said(&["team", "request", "--name", "me"]).ends_with(NOT_SET_UP));
    assert!(!has_hooks(&env));
    // These commands create no key or member, and -q prints errors only.
    for quiet in
        [&["set", "B", "c"][..], &["check"], &["run", "--", "true"], &["set", "-q", "B", "c", "-e", "q"]]
    {
        assert!(!said(quiet).contains("set up"), "{quiet:?}");
    }
    env.ok(&["init", "-q"]);
    assert!(!said(&["set", "A", "b", "-e", "production"]).contains("set up"));
    // Outside a repository there is nothing to set up.
    let outside = TestEnv::without_git();
    assert!(!outside.envseal(&["set", "A", "b"]).output().stderr.contains("set up"));
}

#[test]
fn hooks_of_more_than_this_clone_are_not_changed_and_the_line_to_add_is_printed() {
    for hooks in [".githooks", "~/hooks", ".husky/_"] {
        let env = TestEnv::unsettled();
        let folder = match hooks.strip_prefix("~") {
            Some(_) => env.outside().join("home/hooks"),
            None => env.path(hooks),
        };
        std::fs::create_dir_all(&folder).unwrap();
        let hook = if hooks.starts_with(".husky") {
            env.path(".husky/pre-commit")
        } else {
            folder.join("pre-commit")
        };
        write_script(&hook, "true");
        env.git(&["add", "-A"]);
        // Hooks outside this repository, or set in its own configuration.
        let scope = if hooks.starts_with('~') { "--global" } else { "--local" };
        env.git(&["config", scope, "core.hooksPath", hooks]);
        let Some((status, shown)) = on_terminal(&env, &["set", "A", "b"], None) else { return };
        let line = "envseal hook run pre-commit \"$@\" || exit $?";
        assert!(status == 0 && shown.contains(line) && !shown.contains("[Y/n]"), "{hooks}: {shown}");
        assert!(shown.contains(hook.strip_prefix(env.repo()).unwrap_or(&hook).to_str().unwrap()), "{shown}");
        assert_eq!(std::fs::read_to_string(&hook).unwrap(), "#!/bin/sh\ntrue\n");
        assert!(!has_hooks(&env));
        // The printed line works.
        if hooks == ".githooks" {
            for name in ["pre-commit", "pre-merge-commit", "pre-push"] {
                write_script(folder.join(name), &line.replace("pre-commit", name));
            }
            let report = String::from_utf8(env.envseal(&["doctor"]).output().stdout).unwrap();
            assert!(report.contains("pre-push hook: installed"), "{report}");
        }
    }
}

#[test]
fn run_and_check_mention_it_once_in_a_clone_and_only_to_a_person() {
    for command in [&["run", "--", "echo", "started"][..], &["check"]] {
        let env = TestEnv::unsettled();
        env.ok(&["set", "-q", "A", "b"]);
        env.commit("start");
        let linked = env.outside().join("linked");
        env.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
        std::fs::copy(env.path(".env.keys"), linked.join(".env.keys")).unwrap();
        let at = |folder: &Path| {
            let arguments = [&["-C", folder.to_str().unwrap()], command].concat();
            on_terminal(&env, &arguments, None)
        };
        env.envseal(command).ok();
        let Some((_, shown)) = at(&linked) else { return };
        assert_eq!(shown.matches(NOT_SET_UP).count(), 1, "{shown}");
        if command[0] == "run" {
            assert!(shown.find(NOT_SET_UP) < shown.find("started"), "{shown}");
        }
        assert!(!at(&env.repo()).unwrap().1.contains("set up"), "once in each clone");
        // The note does not count as the question.
        assert!(env.envseal(&["set", "A", "b", "-e", "new"]).output().stderr.ends_with(NOT_SET_UP));
        // Uninstalling the hooks also forgets that the note was printed.
        env.ok(&["hook", "install", "-q"]);
        env.ok(&["hook", "uninstall", "-q"]);
        assert!(at(&env.repo()).unwrap().1.contains(NOT_SET_UP));
    }
}

#[test]
fn a_file_dot_git_that_leads_elsewhere_gets_no_mark_there() {
    let env = TestEnv::unsettled();
    env.ok(&["set", "-q", "A", "b"]);
    let stray = env.outside().join("stray");
    std::fs::create_dir(&stray).unwrap();
    std::fs::copy(env.path(".env"), stray.join(".env")).unwrap();
    std::fs::write(stray.join(".git"), format!("gitdir: {}\n", env.path(".git").display())).unwrap();
    let keys = env.path(".env.keys");
    let arguments = ["-C", stray.to_str().unwrap(), "-K", keys.to_str().unwrap(), "run", "--", "true"];
    let Some((status, shown)) = on_terminal(&env, &arguments, None) else { return };
    assert!(status == 0 && !shown.contains("set up"), "{shown}");
    assert!(!env.path(".git/envseal-hooks").exists());
}

/// Guards every repository of this user like `dotenvx protect` 2.38: a required clean filter prevents the staging of an
/// env file with anything but dotenvx's values.
fn protect(env: &TestEnv, filter: &str, clean: &str) {
    let attributes = env.outside().join("attributes");
    std::fs::write(
        &attributes,
        format!(".env* filter={filter}\n*.env filter={filter}\n.flaskenv filter={filter}\n"),
    )
    .unwrap();
    env.git(&["config", "--global", "core.attributesFile", attributes.to_str().unwrap()]);
    env.git(&["config", "--global", &format!("filter.{filter}.clean"), clean]);
    env.git(&["config", "--global", &format!("filter.{filter}.required"), "true"]);
}

const REFUSES: &str =
    "f() { t=$(cat); case $t in *envseal:*|*=plain*) exit 1;; esac; printf '%s\\n' \"$t\"; }; f";

fn can_stage(env: &TestEnv, path: &str) -> bool {
    env.program("git", &["add", path]).output().status == 0
}

#[test]
fn a_project_guarded_by_dotenvx_protect_is_imported_and_committed() {
    for filter in ["dotenvx", "dotenvx.protect"] {
        let env = TestEnv::unsettled();
        protect(&env, filter, REFUSES);
        let report = String::from_utf8(env.envseal(&["doctor"]).output().stdout).unwrap();
        assert!(report.contains(&format!("dotenvx's filter ({filter}) keeps sealed values")), "{report}");
        env.write_plain(".env.old", "A=b\n");
        let arguments = ["import", "dotenv", ".env.old", "-f", ".env", "--yes"];
        let Some((status, shown)) = on_terminal(&env, &arguments, Some(b"y\n")) else { return };
        let said = "Turned dotenvx's filter off for env files in this clone: the hooks check them\n";
        assert!(status == 0 && shown.contains(said), "{shown}");
        assert!(can_stage(&env, ".env") && can_stage(&env, ".gitignore"));
        env.git_with_envseal(&["commit", "-qm", "Import"]).ok();
        assert_eq!(env.envseal(&["doctor"]).output().status, 0);
        // The hook checks in the filter's place. The filter still guards what envseal doesn't check.
        env.write_plain(".env.production", "A=plain\n");
        assert!(can_stage(&env, ".env.production"));
        assert_eq!(env.git_with_envseal(&["commit", "-qm", "Plain"]).output().status, 1);
        env.git(&["rm", "-q", "--cached", ".env.production"]);
        env.write(".flaskenv", "A=plain\n");
        assert!(!can_stage(&env, ".flaskenv"));
        // Without the hook the filter guards again.
        env.ok(&["hook", "uninstall"]);
        assert!(!can_stage(&env, ".env.production"));
        env.git(&["config", "--global", &format!("filter.{filter}.clean"), "cat"]);
        env.ok(&["init", "-q"]);
        assert!(!env.read(".git/info/attributes").contains("-filter"), "it is off everywhere");
    }
}

#[test]
fn a_filter_that_comes_later_or_is_not_dotenvxs_is_named() {
    let env = TestEnv::new();
    env.ok(&["init", "-q"]);
    env.ok(&["set", "-q", "A", "b"]);
    protect(&env, "dotenvx.protect", REFUSES);
    let gap = "dotenvx's filter (dotenvx.protect) keeps sealed values from being staged";
    let report = env.envseal(&["doctor"]).output();
    assert_eq!(report.status, 1);
    let report = String::from_utf8(report.stdout).unwrap();
    assert!(report.contains(&format!("problem: {gap}\n    fix: envseal init\n")), "{report}");
    env.write_plain(".env.old", "B=c\n");
    let said = env.envseal(&["import", "dotenv", ".env.old", "-f", ".env", "--yes"]).output().stderr;
    assert!(said.contains(&format!("note: {gap}: envseal init\n")), "{said}");
    assert!(!can_stage(&env, ".env"));
    // Hooks that can't be installed check nothing, so the filter stays on.
    env.write(".git/hooks/pre-commit", "#!/usr/bin/env python3\n");
    env.ok(&["init"]);
    assert!(!can_stage(&env, ".env"));
    std::fs::remove_file(env.path(".git/hooks/pre-commit")).unwrap();
    env.ok(&["init"]);
    assert!(can_stage(&env, ".env"));
    // Another program's filter may encrypt something else in the file, so it is never turned off.
    let env = TestEnv::new();
    protect(&env, "git-crypt", "tr a-z b-za");
    env.ok(&["init", "-q"]);
    let before = env.read(".git/info/attributes");
    env.ok(&["init", "-q"]);
    assert!(env.read(".git/info/attributes") == before && !before.contains("-filter"));
    let report = String::from_utf8(env.envseal(&["doctor"]).output().stdout).unwrap();
    assert!(
        report.contains("problem: git stores env files as the filter git-crypt changes them\n"),
        "{report}"
    );
}
