//! `doctor`, `ls`, `init` and `hook install` say about hooks and drivers what git would really do.

use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use crate::support::{Run, Start, TestEnv, set_mode};

const HOOK: &str = ".git/hooks/pre-commit";
const CALL: &str = "envseal hook run pre-commit \"$@\"";

/// Returns a clone that is set up, with a stand-in for envseal that records how it is called, and fails.
fn clone() -> TestEnv {
    static START: Start = Start::new();
    let env = TestEnv::copy_of(&START, |env| {
        env.ok(&["init", "-q"]);
        env.ok(&["set", "-q", "A", &env.secret("a")]);
        env.commit("1");
    });
    let (stand_in, notes) = (env.outside().join("bin/envseal"), env.outside().join("notes"));
    write(&stand_in, &format!("#!/bin/sh\necho \"$*\" >>'{}'\nexit 1\n", notes.display()), 0o755);
    env
}

fn write(path: &Path, text: &str, mode: u32) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = std::fs::remove_file(path);
    std::fs::write(path, text).unwrap();
    set_mode(path, mode);
}

/// Returns what doctor says of the pre-commit hook, and asserts that its exit status matches.
#[track_caller]
fn said(env: &TestEnv, folder: &Path) -> String {
    let output = env.envseal(&["doctor", "--json"]).dir(folder).output();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", output.stderr));
    let said = json["clone"]["pre_commit_hook"].as_str().unwrap().to_owned();
    let parts = json["clone"].as_object().unwrap();
    let all = parts.iter().all(|(name, state)| name == "hooks_folder" || state == "installed");
    assert_eq!(output.status, i32::from(!all), "{json:#}");
    said
}

fn git<'a>(env: &'a TestEnv, arguments: &[&str], folder: &Path) -> Run<'a> {
    let path = format!("{}:{}", env.outside().join("bin").display(), std::env::var("PATH").unwrap());
    env.program("git", arguments).var("PATH", path).dir(folder)
}

/// Returns true if git calls envseal at a commit, and doesn't commit if envseal fails.
fn is_guarded(env: &TestEnv, folder: &Path) -> bool {
    let notes = env.outside().join("notes");
    let _ = std::fs::remove_file(&notes);
    let output = git(env, &["commit", "-q", "--allow-empty", "-m", "x"], folder).output();
    output.status != 0
        && std::fs::read_to_string(notes).is_ok_and(|text| text.contains("hook run pre-commit"))
}

/// A name, a change to a clone, and what doctor must then say about its pre-commit hook.
type Case = (&'static str, fn(&TestEnv), &'static str);

fn hook(env: &TestEnv, text: &str) {
    write(&env.path(HOOK), text, 0o755);
}

const CASES: &[Case] = &[
    ("as installed", |_| {}, "installed"),
    ("not executable", |env| set_mode(env.path(HOOK), 0o644), "not executable"),
    ("no file", |env| std::fs::remove_file(env.path(HOOK)).unwrap(), "not installed"),
    ("no folder", |env| std::fs::remove_dir_all(env.path(".git/hooks")).unwrap(), "not installed"),
    (
        "a file for a folder",
        |env| {
            std::fs::remove_dir_all(env.path(".git/hooks")).unwrap();
            env.write(".git/hooks", "");
        },
        "not installed",
    ),
    (
        "hooksPath is /dev/null",
        |env| drop(env.git(&["config", "core.hooksPath", "/dev/null"])),
        "missing, and not",
    ),
    (
        "hooksPath is a file",
        |env| {
            env.write("hooks", "");
            env.git(&["config", "core.hooksPath", "hooks"]);
        },
        "not installed",
    ),
    (
        "hooksPath is not there",
        |env| drop(env.git(&["config", "core.hooksPath", "no/hooks"])),
        "not installed",
    ),
    ("hooksPath is empty", |env| drop(env.git(&["config", "core.hooksPath", ""])), "missing, and not"),
    (
        "a folder for a file",
        |env| {
            std::fs::remove_file(env.path(HOOK)).unwrap();
            std::fs::create_dir(env.path(HOOK)).unwrap();
        },
        "another program's",
    ),
    ("another tool", |env| hook(env, "#!/bin/sh\nnpm test\n"), "not installed"),
    ("behind an exit", |env| hook(env, &format!("#!/bin/sh\nexit 0\n{CALL}\n")), "not installed"),
    (
        "our lines commented out",
        |env| {
            let text = env.read(HOOK);
            hook(env, &text.lines().map(|line| format!("# {line}\n")).collect::<String>());
        },
        "not installed",
    ),
    (
        "our lines behind an exit",
        |env| {
            let text = env.read(HOOK).replacen('\n', "\nexit 0\n", 1);
            hook(env, &text);
        },
        "not installed",
    ),
    ("a call by hand", |env| hook(env, &format!("#!/bin/sh\ntrue\n{CALL}\n")), "installed"),
    ("in another language", |env| hook(env, "#!/usr/bin/env python3\nif 0: run('envseal')\n"), "unknown: "),
    (
        "another language without it",
        |env| hook(env, "#!/usr/bin/env python3\n# envseal\n"),
        "another program's",
    ),
    (
        "a link to nowhere",
        |env| {
            std::fs::remove_file(env.path(HOOK)).unwrap();
            symlink("nowhere", env.path(HOOK)).unwrap();
        },
        "another program's",
    ),
    (
        "a link to a call",
        |env| {
            std::fs::remove_file(env.path(HOOK)).unwrap();
            write(&env.path("tools/hook"), &format!("#!/bin/sh\n{CALL}\n"), 0o755);
            symlink(env.path("tools/hook"), env.path(HOOK)).unwrap();
        },
        "installed",
    ),
    (
        "a link to what nobody may execute",
        |env| {
            std::fs::remove_file(env.path(HOOK)).unwrap();
            write(&env.path("tools/hook"), &format!("#!/bin/sh\n{CALL}\n"), 0o644);
            symlink(env.path("tools/hook"), env.path(HOOK)).unwrap();
        },
        "not executable",
    ),
    ("husky", |env| husky(env, |_| {}), "installed"),
    (
        "husky, not executable",
        |env| husky(env, |env| set_mode(env.path(".husky/_/pre-commit"), 0o644)),
        "not executable",
    ),
    (
        "husky before it is set up",
        |env| husky(env, |env| std::fs::remove_dir_all(env.path(".husky/_")).unwrap()),
        "not run, because husky",
    ),
    (
        "husky without its helper",
        |env| husky(env, |env| std::fs::remove_file(env.path(".husky/_/h")).unwrap()),
        "not run, because husky",
    ),
    (
        "husky, and the call is behind an exit",
        |env| husky(env, |env| env.write(".husky/pre-commit", format!("exit 0\n{CALL}\n"))),
        "not installed",
    ),
    (
        "husky fails in the middle",
        |env| husky(env, |env| env.write(".husky/pre-commit", format!("{CALL}\ntrue\n"))),
        "installed",
    ),
    (
        "overcommit",
        |env| {
            hook(env, "#!/usr/bin/env ruby\nrequire 'overcommit'\n");
            env.write(
                ".overcommit.yml",
                "PreCommit:\n  Envseal:\n    command: [envseal, hook, run, pre-commit]\n",
            );
        },
        "unknown: .overcommit.yml ",
    ),
    (
        "lefthook without it",
        |env| {
            hook(env, "#!/bin/sh\nlefthook run pre-commit\n");
            env.write("lefthook.yml", "pre-commit:\n  # envseal hook run pre-commit\n  commands: {}\n");
        },
        "another program's",
    ),
    (
        "lefthook skips it",
        |env| {
            hook(env, "#!/bin/sh\nlefthook run pre-commit\n");
            env.write(
                "lefthook.yml",
                "pre-commit:\n  skip: true\n  commands: {e: {run: envseal hook run pre-commit}}\n",
            );
        },
        "unknown: lefthook.yml ",
    ),
    (
        "the pre-commit framework in another stage",
        |env| {
            hook(env, "#!/bin/sh\n# File generated by pre-commit\nexec pre-commit\n");
            env.write(".pre-commit-config.yaml", "repos:\n- hooks:\n  - id: envseal\n    stages: [manual]\n");
        },
        "another program's",
    ),
];

fn husky(env: &TestEnv, then: fn(&TestEnv)) {
    env.ok(&["hook", "uninstall", "-q"]);
    for name in ["pre-commit", "pre-merge-commit", "pre-push"] {
        let wrapper = "#!/usr/bin/env sh\n. \"$(dirname \"$0\")/h\"";
        write(&env.path(format!(".husky/_/{name}")), wrapper, 0o755);
    }
    // Written by husky 9.
    let helper = "#!/usr/bin/env sh\nn=$(basename \"$0\")\ns=$(dirname \"$(dirname \"$0\")\")/$n\n\n\
                  [ ! -f \"$s\" ] && exit 0\nsh -e \"$s\" \"$@\"\nc=$?\nexit $c";
    env.write(".husky/_/h", helper);
    env.git(&["config", "core.hooksPath", ".husky/_"]);
    env.ok(&["hook", "install", "-q"]);
    then(env);
}

#[test]
fn installed_is_what_git_runs() {
    for (name, change, wanted) in CASES {
        let env = clone();
        change(&env);
        let words = said(&env, &env.repo());
        assert!(words.starts_with(wanted), "{name}: {words}");
        let ls = env.envseal(&["ls"]).output().stderr;
        assert_eq!(ls.contains("note: "), words != "installed", "{name}: {ls}");
        let guarded = is_guarded(&env, &env.repo());
        // If doctor can't know, either is fine.
        if !words.starts_with("unknown") {
            assert_eq!(guarded, words == "installed", "{name}: {words}");
        }
        // Whatever init does, it claims only what is true.
        let output = env.envseal(&["init", "--yes"]).output();
        let claimed = output.status == 0 && output.stderr.contains("Everything is set up");
        let words = said(&env, &env.repo());
        assert_eq!(claimed, words == "installed", "{name}: {words}: {}", output.stderr);
        assert!(!claimed || is_guarded(&env, &env.repo()), "{name}");
        let output = env.envseal(&["hook", "install"]).output();
        assert!(
            !output.stderr.contains("already installed") || words == "installed",
            "{name}: {}",
            output.stderr
        );
    }
}

#[test]
fn huskys_folder_is_missing_in_a_linked_worktree() {
    let env = clone();
    husky(&env, |_| {});
    env.write(".husky/_/.gitignore", "*");
    env.commit("husky");
    let linked = env.outside().join("linked");
    env.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    assert_eq!(said(&env, &env.repo()), "installed");
    assert_eq!(said(&env, &linked), "not run, because husky is not set up in this worktree");
    assert!(!is_guarded(&env, &linked));
    let text = String::from_utf8(env.envseal(&["doctor"]).dir(&linked).output().stdout).unwrap();
    assert!(text.contains("  hooks folder: .husky/_ (does not exist)\n"), "{text}");
    assert!(text.contains("    fix: npx husky\n"), "{text}");
    let init = env.envseal(&["init"]).dir(&linked).output().stderr;
    assert!(!init.contains("Everything is set up") && init.contains(": npx husky\n"), "{init}");
}

#[test]
fn the_folder_is_named_wherever_it_is_configured() {
    let env = clone();
    let global = env.outside().join("global");
    std::fs::write(&global, "[core]\nhooksPath = /dev/null\n").unwrap();
    let output = env.envseal(&["doctor"]).var("GIT_CONFIG_GLOBAL", &global).output();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status == 1 && text.contains("  hooks folder: /dev/null (not a folder)\n"), "{text}");
    for arguments in [&["ls"][..], &["init"]] {
        let output = env.envseal(arguments).var("GIT_CONFIG_GLOBAL", &global).output();
        assert!(output.status == 0 && output.stderr.contains("note: "), "{}", output.stderr);
        assert!(!output.stderr.contains("Everything is set up"), "{}", output.stderr);
    }
    let refused = env.envseal(&["hook", "install"]).var("GIT_CONFIG_GLOBAL", &global).fails(4);
    assert!(refused.contains("/dev/null") && refused.contains("core.hooksPath .githooks"), "{refused}");
    // The hint does what it says.
    env.git(&["config", "core.hooksPath", ".githooks"]);
    env.envseal(&["hook", "install"]).var("GIT_CONFIG_GLOBAL", &global).ok();
    let output = env.envseal(&["doctor"]).var("GIT_CONFIG_GLOBAL", &global).output();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status == 0 && text.contains("  hooks folder: .githooks\n"), "{text}");
}

#[test]
fn drivers_are_what_git_goes_by() {
    let state = |env: &TestEnv| {
        let output = env.envseal(&["doctor", "--json"]).output();
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let state = json["clone"]["merge_and_diff_drivers"].as_str().unwrap().to_owned();
        assert_eq!(output.status, i32::from(state != "installed"), "{json:#}");
        state
    };
    let attributes = ".git/info/attributes";
    let env = clone();
    assert_eq!(state(&env), "installed");
    // A line after envseal's.
    let ours = env.read(attributes);
    for line in [".env -merge", "*.env !diff", ".env* merge=union", "envseal.toml merge"] {
        env.write(attributes, format!("{ours}{line}\n"));
        assert_eq!(state(&env), "not installed: overridden", "{line}");
        let said = env.envseal(&["init"]).output().stderr;
        assert!(!said.contains("Everything is set up"), "{said}");
    }
    env.write(attributes, &ours);
    // Configuration that git reads later.
    env.git(&["config", "extensions.worktreeConfig", "true"]);
    env.git(&["config", "--worktree", "merge.envseal.driver", "true"]);
    assert_eq!(state(&env), "not installed: overridden");
    env.git(&["config", "--worktree", "--unset", "merge.envseal.driver"]);
    assert_eq!(state(&env), "installed");
    // envseal's drivers, set for all of a user's clones.
    let global = env.outside().join("global");
    for name in
        ["merge.envseal.name", "merge.envseal.driver", "diff.envseal.textconv", "diff.envseal.cachetextconv"]
    {
        let value = env.git(&["config", name]);
        env.git(&["config", "--file", global.to_str().unwrap(), name, value.trim_end()]);
    }
    env.git(&["config", "--remove-section", "merge.envseal"]);
    env.git(&["config", "--remove-section", "diff.envseal"]);
    assert_eq!(state(&env), "not installed");
    let output = env.envseal(&["doctor"]).var("GIT_CONFIG_GLOBAL", &global).output();
    assert_eq!((output.status, &*output.stderr), (0, "No problems found\n"));
}
