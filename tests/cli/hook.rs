//! `envseal hook install` and `uninstall`, and what git then calls.

mod managers;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::support::{Output, Run, TestEnv, set_mode, write_script};

const HOOKS: [&str; 3] = ["pre-commit", "pre-merge-commit", "pre-push"];

/// Returns every file below a folder, with its bytes and its mode.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>, u32)> {
    let mut found = Vec::new();
    for item in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let meta = item.path().symlink_metadata().unwrap();
        if meta.is_dir() {
            found.extend(files(&item.path()));
        }
        let bytes = std::fs::read(item.path()).unwrap_or_default();
        found.push((item.path(), bytes, meta.permissions().mode()));
    }
    found.sort();
    found
}

fn write_hook(env: &TestEnv, path: &str, text: impl AsRef<[u8]>, mode: u32) {
    env.write(path, text);
    set_mode(env.path(path), mode);
}

fn mode(env: &TestEnv, path: &str) -> u32 {
    env.path(path).metadata().unwrap().permissions().mode() & 0o7777
}

/// Writes a program called envseal beside the repository, which records how it is called.
fn stand_in(env: &TestEnv, status: u8) {
    let folder = env.outside().join("bin");
    std::fs::create_dir_all(&folder).unwrap();
    let lines = format!("{{ echo \"$*\"; cat; }} >>'{}'\nexit {status}", log(env).display());
    write_script(folder.join("envseal"), &lines);
}

fn log(env: &TestEnv) -> PathBuf {
    env.outside().join("calls")
}

/// Returns how the stand-in was called since the last time.
fn calls(env: &TestEnv) -> String {
    let text = std::fs::read_to_string(log(env)).unwrap_or_default();
    let _ = std::fs::remove_file(log(env));
    text
}

/// Returns git with the stand-in on its PATH.
fn git<'a>(env: &'a TestEnv, arguments: &[&str]) -> Run<'a> {
    let path = std::env::var("PATH").unwrap();
    env.program("git", arguments).var("PATH", format!("{}:{path}", env.outside().join("bin").display()))
}

fn commits(env: &TestEnv) -> usize {
    env.program("git", &["rev-list", "--all"]).output().stdout.split(|b| *b == b'\n').count() - 1
}

fn install(env: &TestEnv) -> Output {
    let output = env.envseal(&["hook", "install"]).output();
    assert_eq!(output.stdout, b"");
    output
}

/// Asserts that installing is refused, and that every file in the repository, its git folder and its surroundings is
/// unchanged. Returns stderr.
#[track_caller]
fn refused(env: &TestEnv) -> String {
    let before = files(&env.outside());
    let said = env.fails(4, &["hook", "install"]);
    assert!(files(&env.outside()) == before, "something changed");
    said
}

#[test]
fn three_hooks_are_made_once_and_taken_out_again() {
    let env = TestEnv::unsettled();
    let before = files(&env.path(".git"));
    let said = install(&env).stderr;
    assert_eq!(said, "Installed pre-commit, pre-merge-commit and pre-push in .git/hooks\n");
    for hook in HOOKS {
        let path = format!(".git/hooks/{hook}");
        assert!(env.read(&path).starts_with("#!/bin/sh\n# >>> envseal >>>\n"));
        // The umask applies, as for git's own files.
        std::fs::write(env.path("probe"), "").unwrap();
        assert_eq!(mode(&env, &path), mode(&env, "probe") | (mode(&env, "probe") & 0o444) >> 2);
    }
    let installed = files(&env.path(".git"));
    assert_eq!(install(&env).stderr, "The hooks are already installed in .git/hooks\n");
    assert!(files(&env.path(".git")) == installed);
    let output = env.envseal(&["hook", "uninstall"]).output();
    let removed: String = HOOKS.map(|hook| format!("Removed .git/hooks/{hook}\n")).concat();
    assert_eq!((output.status, output.stderr), (0, removed));
    assert!(files(&env.path(".git")) == before);
    let output = env.envseal(&["hook", "uninstall"]).output();
    assert_eq!((output.status, &*output.stderr), (0, "No hook here calls envseal\n"));
}

#[test]
fn hooks_that_are_there_come_back_byte_for_byte_with_their_modes() {
    let texts = [
        ("#!/bin/sh\nset -e\nnpm test\n", 0o755),
        ("#!/bin/sh\r\nexit 0\r\n", 0o700),
        ("#!/usr/bin/env bash\nexec ./checks \"$@\"", 0o750),
        ("\u{feff}#!/bin/sh\necho\n", 0o755),
        ("echo no shebang", 0o644),
        ("#!/bin/sh\n", 0o644),
        ("#!/bin/sh", 0o755),
        ("", 0o755),
    ];
    for three in texts.chunks(3) {
        let env = TestEnv::unsettled();
        for (hook, (text, bits)) in HOOKS.iter().zip(three) {
            write_hook(&env, &format!(".git/hooks/{hook}"), text, *bits);
        }
        let before = files(&env.path(".git"));
        assert_eq!(install(&env).status, 0, "{three:?}");
        for (hook, (text, bits)) in HOOKS.iter().zip(three) {
            let path = format!(".git/hooks/{hook}");
            assert_eq!(mode(&env, &path), *bits, "{text:?}");
            assert!(env.read(path).contains(&format!("envseal hook run {hook}")), "{text:?}");
        }
        let output = env.envseal(&["hook", "uninstall"]).output();
        assert!(output.stderr.contains("Removed envseal's lines from .git/hooks/pre-commit\n"));
        assert!(files(&env.path(".git")) == before, "{three:?}");
    }
}

#[test]
fn git_calls_them_and_stops_where_envseal_does() {
    let env = TestEnv::new();
    let bare = env.outside().join("remote.git");
    env.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
    env.git(&["remote", "add", "origin", bare.to_str().unwrap()]);
    install(&env);
    stand_in(&env, 0);
    git(&env, &["commit", "-q", "--allow-empty", "-m", "1"]).ok();
    assert_eq!(calls(&env), "hook run pre-commit\n");
    env.git(&["checkout", "-q", "-b", "side"]);
    env.git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", "2"]);
    env.git(&["checkout", "-q", "main"]);
    git(&env, &["merge", "-q", "--no-ff", "--no-edit", "side"]).ok();
    assert_eq!(calls(&env), "hook run pre-merge-commit\n");
    git(&env, &["push", "-q", "origin", "main"]).ok();
    let head = env.git(&["rev-parse", "HEAD"]);
    let zeros = "0".repeat(40);
    assert_eq!(
        calls(&env),
        format!(
            "hook run pre-push origin {}\nrefs/heads/main {} refs/heads/main {zeros}\n",
            bare.display(),
            head.trim()
        )
    );
    env.git(&["checkout", "-q", "side"]);
    env.git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", "3"]);
    env.git(&["checkout", "-q", "main"]);
    // Any status except zero stops git, whatever it means to envseal.
    for status in [1, 2, 3, 4, 126, 127, 130] {
        stand_in(&env, status);
        let before = (commits(&env), files(&bare));
        assert_ne!(git(&env, &["commit", "-q", "--allow-empty", "-m", "no"]).output().status, 0);
        assert_ne!(git(&env, &["merge", "-q", "--no-ff", "-m", "no", "side"]).output().status, 0);
        env.git(&["merge", "--abort"]);
        assert_ne!(git(&env, &["push", "-q", "origin", "side"]).output().status, 0);
        assert!((commits(&env), files(&bare)) == before, "{status}");
    }
}

#[test]
fn without_envseal_on_the_path_nothing_is_committed_merged_or_pushed() {
    let env = TestEnv::new();
    let bare = env.outside().join("remote.git");
    env.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
    env.git(&["commit", "-q", "--allow-empty", "-m", "1"]);
    env.git(&["branch", "side"]);
    install(&env);
    for (command, hook) in [
        (&["commit", "--allow-empty", "-m", "no"][..], "pre-commit"),
        (&["push", bare.to_str().unwrap(), "main"], "pre-push"),
    ] {
        let output = env.program("git", command).output();
        assert_ne!(output.status, 0);
        assert!(output.stderr.contains(&format!("{hook}: envseal is not on the PATH")), "{}", output.stderr);
        assert!(output.stderr.contains(&format!("git {} --no-verify", command[0])));
    }
    assert_eq!(commits(&env), 1);
    env.git(&["commit", "--allow-empty", "--no-verify", "-m", "knowingly"]);
}

#[test]
fn an_early_exit_of_the_old_hook_skips_nothing_and_its_own_checks_still_run() {
    for early in
        ["exit 0\n", "exec true\n", "trap 'exit 0' EXIT\nexit 0\n", "set +e\nalias envseal=true\nexit 0\n"]
    {
        let env = TestEnv::new();
        write_hook(&env, ".git/hooks/pre-commit", format!("#!/bin/sh -e\n{early}"), 0o755);
        install(&env);
        stand_in(&env, 1);
        assert_eq!(git(&env, &["commit", "--allow-empty", "-m", "no"]).output().status, 1, "{early}");
        stand_in(&env, 0);
        git(&env, &["commit", "-q", "--allow-empty", "-m", "yes"]).ok();
    }
    let env = TestEnv::new();
    write_hook(&env, ".git/hooks/pre-commit", "#!/bin/sh\necho own check >&2\nexit 7\n", 0o755);
    install(&env);
    stand_in(&env, 0);
    let output = git(&env, &["commit", "--allow-empty", "-m", "no"]).output();
    assert!(output.status != 0 && output.stderr.contains("own check"));
    assert_eq!(commits(&env), 0);
}

#[test]
fn the_users_own_pre_push_reads_what_git_says_in_every_shell() {
    for shell in ["sh", "bash", "dash", "zsh", "ksh", "sh -eu", "bash -euo pipefail"] {
        let program = shell.split(' ').next().unwrap();
        if !std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|dir| dir.join(program).exists()) {
            println!("skipped: no {program} here");
            continue;
        }
        let env = TestEnv::new();
        let out = env.outside().join("own");
        let own = format!("#!/usr/bin/env -S {shell}\n{{ echo \"$1\"; cat; }} >'{}'\n", out.display());
        write_hook(&env, ".git/hooks/pre-push", own, 0o755);
        install(&env);
        stand_in(&env, 0);
        // More than a pipe holds: the here-document must not block.
        let many: String = (0..2000)
            .map(|n| format!("refs/heads/$(touch pwned)`x`\\n{n} {n:040} refs/heads/é {n:040}\n"))
            .collect();
        for lines in ["", "refs/heads/a 1 refs/heads/a 2\n", &many] {
            let hook = env.path(".git/hooks/pre-push");
            let path = format!("{}:{}", env.outside().join("bin").display(), std::env::var("PATH").unwrap());
            let run = env.program(hook.to_str().unwrap(), &["origin", "u r l"]);
            run.var("PATH", path).stdin(lines).ok();
            assert_eq!(std::fs::read_to_string(&out).unwrap(), format!("origin\n{lines}"), "{shell}");
            let called = if lines.is_empty() {
                String::new()
            } else {
                format!("hook run pre-push origin u r l\n{lines}")
            };
            assert_eq!(calls(&env), called, "{shell}");
        }
        assert!(!env.path("pwned").exists());
    }
}

#[test]
fn what_it_does_not_know_is_refused_and_all_three_stay_as_they_were() {
    for (hook, text, why) in [
        ("pre-commit", "#!/usr/bin/env python3\nprint()\n", "it is run by \"python3\""),
        ("pre-push", "#!/usr/bin/perl\n", "it is run by \"perl\""),
        ("pre-merge-commit", "\u{7f}ELF\0\u{1}", "it is not a shell script"),
        ("pre-push", "#!/bin/sh\n# >>> envseal >>>\nexit 0\n", "are incomplete"),
        ("pre-merge-commit", "#!/bin/sh\n# <<< envseal <<<\n", "are incomplete"),
    ] {
        let path = format!(".git/hooks/{hook}");
        let env = TestEnv::new();
        write_hook(&env, &path, text, 0o755);
        let said = refused(&env);
        assert!(said.contains(why) && said.contains(&path), "{said}");
        if !why.contains("incomplete") {
            assert!(said.contains(&format!("envseal hook run {hook}\n")), "{said}");
            // Once this hook does what the hint says, the others are installed.
            if text.starts_with("#!") {
                write_hook(&env, &path, format!("{text}x('envseal hook run {hook}')\n"), 0o755);
                assert_eq!(install(&env).status, 0);
                env.ok(&["hook", "uninstall"]);
                assert!(env.read(&path).ends_with(&format!("x('envseal hook run {hook}')\n")));
            }
        }
    }
    for hook in HOOKS {
        let path = format!(".git/hooks/{hook}");
        let env = TestEnv::new();
        env.write("scripts/hook", "#!/bin/sh\n");
        for target in [env.path("scripts/hook"), env.path("nowhere"), env.path("scripts")] {
            symlink(target, env.path(&path)).unwrap();
            let said = refused(&env);
            assert!(said.contains("it is a symlink") || said.contains("it is not a regular file"), "{said}");
            std::fs::remove_file(env.path(&path)).unwrap();
        }
        std::fs::create_dir(env.path(&path)).unwrap();
        assert!(refused(&env).contains("it is not a regular file"));
        std::fs::remove_dir(env.path(&path)).unwrap();
        write_hook(&env, &path, "#!/bin/sh\n", 0o555);
        assert!(refused(&env).contains("it is read-only"));
    }
}

#[test]
fn a_call_that_may_be_skipped_is_left_alone_and_the_line_that_counts_is_printed() {
    let env = TestEnv::new();
    let (path, call) = (".git/hooks/pre-push", "envseal hook run pre-push \"$@\"");
    let text = format!("[ -n \"$CI\" ] || {call}\n");
    write_hook(&env, path, format!("#!/bin/sh\n{text}"), 0o755);
    let said = install(&env).stderr;
    let wanted = format!(
        "note: cannot tell whether the pre-push hook calls envseal: {path} may skip the call or ignore its failure: \
         remove its call, then: envseal hook install\n"
    );
    assert!(said.ends_with(&wanted), "{said}");
    assert_eq!(env.read(path), format!("#!/bin/sh\n{text}"));
    write_hook(&env, path, "#!/bin/sh\necho pushed\n", 0o755);
    assert_eq!(install(&env).stderr, "Installed pre-push in .git/hooks\n");
}

#[test]
fn a_torn_block_is_not_taken_out_by_guessing() {
    let env = TestEnv::new();
    install(&env);
    let text = env.read(".git/hooks/pre-push").replace("# <<< envseal <<<\n", "");
    env.write(".git/hooks/pre-push", text);
    let before = files(&env.path(".git"));
    let said = env.fails(4, &["hook", "uninstall"]);
    assert!(said.contains("are incomplete") && said.contains(".git/hooks/pre-push"), "{said}");
    assert!(files(&env.path(".git")) == before);
}

#[test]
fn an_older_block_and_a_lost_mode_are_mended() {
    let env = TestEnv::new();
    install(&env);
    let new = files(&env.path(".git/hooks"));
    let old = env.read(".git/hooks/pre-commit").replace("|| exit $?", "");
    write_hook(&env, ".git/hooks/pre-commit", old, 0o755);
    write_hook(&env, ".git/hooks/pre-push", env.read(".git/hooks/pre-push"), 0o644);
    assert_eq!(install(&env).stderr, "Installed pre-commit and pre-push in .git/hooks\n");
    assert!(files(&env.path(".git/hooks")) == new);
    // If the hook has other lines too, envseal must not decide to run them.
    let own = env.read(".git/hooks/pre-commit") + "rm -rf build\n";
    write_hook(&env, ".git/hooks/pre-commit", own, 0o644);
    let said = install(&env).stderr;
    assert!(
        said.contains(
            "note: the pre-commit hook is not executable, so git skips it: chmod +x .git/hooks/pre-commit"
        ),
        "{said}"
    );
    assert_eq!(mode(&env, ".git/hooks/pre-commit"), 0o644);
}

#[test]
fn a_configured_folder_is_honoured_from_every_worktree() {
    let env = TestEnv::new();
    env.git(&["commit", "-q", "--allow-empty", "-m", "1"]);
    env.git(&["config", "core.hooksPath", "ci/git hooks é"]);
    let linked = env.outside().join("linked");
    env.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    stand_in(&env, 0);
    for root in [env.repo(), linked.clone()] {
        env.envseal(&["hook", "install"]).dir(&root).ok();
        assert!(root.join("ci/git hooks é/pre-commit").is_file());
        std::fs::create_dir_all(root.join("below")).unwrap();
        git(&env, &["commit", "-q", "--allow-empty", "-m", "2"]).dir(root.join("below")).ok();
        assert_eq!(calls(&env), "hook run pre-commit\n", "{}", root.display());
    }
    assert!(!env.path(".git/hooks/pre-commit").exists());
    // Hooks installed before the folder was configured are removed, too.
    env.git(&["config", "--unset", "core.hooksPath"]);
    install(&env);
    git(&env, &["commit", "-q", "--allow-empty", "-m", "3"]).dir(&linked).ok();
    assert_eq!(calls(&env), "hook run pre-commit\n", "worktrees share the hooks");
    env.git(&["config", "core.hooksPath", env.path("ci/git hooks é").to_str().unwrap()]);
    env.ok(&["hook", "uninstall"]);
    assert!(!env.path(".git/hooks/pre-commit").exists() && !env.path("ci/git hooks é/pre-commit").exists());
}

#[test]
fn a_folder_that_serves_other_repositories_is_refused() {
    let env = TestEnv::new();
    let shared = env.outside().join("shared");
    std::fs::create_dir(&shared).unwrap();
    for path in [shared.to_str().unwrap(), "../shared", "~/hooks", "/dev/null", ""] {
        env.git(&["config", "core.hooksPath", path]);
        let said = refused(&env);
        assert!(said.contains("core.hooksPath") && said.contains("not this repository's own"), "{said}");
    }
    env.git(&["config", "--unset", "core.hooksPath"]);
    // A folder for all repositories of this user, even if it is in this repository.
    let global = env.outside().join("gitconfig");
    std::fs::write(&global, format!("[core]\nhooksPath = {}\n", env.path("hooks").display())).unwrap();
    env.envseal(&["hook", "install"]).var("GIT_CONFIG_GLOBAL", &global).fails(4);
    std::fs::copy(&global, env.outside().join("home/.gitconfig")).unwrap();
    let run = env.envseal(&["hook", "install"]);
    let mut command = run.into_command();
    assert_eq!(command.env_remove("GIT_CONFIG_GLOBAL").output().unwrap().status.code(), Some(4));
    assert!(!env.path("hooks").exists());
    // Hooks in a shared folder may already call envseal.
    for hook in HOOKS {
        write_script(shared.join(hook), &format!("envseal hook run {hook} \"$@\""));
    }
    let before = files(&shared);
    env.git(&["config", "core.hooksPath", shared.to_str().unwrap()]);
    assert!(install(&env).stderr.starts_with("The hooks are already installed in "));
    assert!(files(&shared) == before);
    std::fs::write(shared.join("pre-push"), "#!/bin/sh\n# envseal hook run pre-push\n").unwrap();
    refused(&env);
}

#[test]
fn husky_keeps_its_wrappers_and_calls_ours() {
    let env = TestEnv::new();
    let wrapper = "#!/usr/bin/env sh\n. \"$(dirname \"$0\")/h\"";
    // As husky 9 writes it.
    let helper = "#!/usr/bin/env sh\nn=$(basename \"$0\")\ns=$(dirname \"$(dirname \"$0\")\")/$n\n\n\
                  [ ! -f \"$s\" ] && exit 0\nexport PATH=\"node_modules/.bin:$PATH\"\nsh -e \"$s\" \"$@\"\nc=$?\nexit $c";
    for hook in HOOKS {
        write_hook(&env, &format!(".husky/_/{hook}"), wrapper, 0o755);
    }
    env.write(".husky/_/h", helper);
    write_hook(&env, ".husky/pre-commit", "npm test || true\n", 0o644);
    env.git(&["config", "core.hooksPath", ".husky/_"]);
    let generated = files(&env.path(".husky/_"));
    let own = env.read(".husky/pre-commit");
    assert_eq!(install(&env).stderr, "Installed pre-commit, pre-merge-commit and pre-push in .husky\n");
    assert!(files(&env.path(".husky/_")) == generated);
    assert_eq!(install(&env).stderr, "The hooks are already installed in .husky\n");
    stand_in(&env, 1);
    assert_eq!(git(&env, &["commit", "--allow-empty", "-m", "no"]).output().status, 1);
    assert_eq!(calls(&env), "hook run pre-commit\n");
    stand_in(&env, 0);
    git(&env, &["commit", "-q", "--allow-empty", "-m", "yes"]).ok();
    env.ok(&["hook", "uninstall"]);
    assert_eq!(env.read(".husky/pre-commit"), own);
    assert!(!env.path(".husky/pre-push").exists());
}

#[test]
fn generated_hooks_are_left_to_their_generator_with_the_lines_it_needs() {
    let env = TestEnv::new();
    write_hook(&env, ".git/hooks/pre-commit", "#!/bin/sh\ncall_lefthook run \"pre-commit\" \"$@\"\n", 0o755);
    env.write("lefthook.yml", "pre-push:\n  commands: {}\n");
    let said = refused(&env);
    for line in ["run: envseal hook run pre-commit}", "'envseal hook run pre-push {1} {2}', use_stdin: true"]
    {
        assert!(said.contains(line), "{said}");
    }
    assert!(said.contains("lefthook.yml, then: lefthook install"), "{said}");
    // lefthook was not run yet. It would move existing hooks away.
    std::fs::remove_file(env.path(".git/hooks/pre-commit")).unwrap();
    assert!(refused(&env).contains("lefthook"));
    write_hook(&env, ".git/hooks/pre-commit", "#!/bin/sh\nown\n", 0o755);
    assert!(refused(&env).contains("lefthook"));
    let told: String = HOOKS
        .map(|hook| {
            format!("{hook}:\n  commands: {{e: {{run: envseal hook run {hook}, use_stdin: true}}}}\n")
        })
        .concat();
    env.write("lefthook.yml", &told);
    assert!(refused(&env).contains("hint: have it write them: lefthook install"));
    for hook in HOOKS {
        write_hook(&env, &format!(".git/hooks/{hook}"), "#!/bin/sh\nlefthook run\n", 0o755);
    }
    let before = files(&env.path(".git"));
    assert_eq!(
        install(&env).stderr,
        "The hooks are already installed in .git/hooks\nlefthook calls envseal in its hooks\n"
    );
    assert!(files(&env.path(".git")) == before);

    let env = TestEnv::new();
    let generated =
        "#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\nexec pre-commit\n";
    write_hook(&env, ".git/hooks/pre-commit", generated, 0o755);
    let said = refused(&env);
    assert!(said.contains("    - id: envseal") && said.contains(".pre-commit-config.yaml"), "{said}");
    env.write(".pre-commit-config.yaml", "repos:\n- repo: https://x\n  hooks:\n  # - id: envseal\n");
    refused(&env);
    env.write(".pre-commit-config.yaml", "repos:\n- repo: https://x\n  hooks:\n  - id: envseal\n");
    let said = install(&env).stderr;
    assert!(said.contains("Installed pre-merge-commit and pre-push in .git/hooks"), "{said}");
    assert_eq!(env.read(".git/hooks/pre-commit"), generated);
    // As `pre-commit install -t pre-push` leaves it: envseal's hook is kept, and called with git's arguments.
    std::fs::rename(env.path(".git/hooks/pre-push"), env.path(".git/hooks/pre-push.legacy")).unwrap();
    write_hook(&env, ".git/hooks/pre-push", generated, 0o755);
    assert_eq!(install(&env).status, 0);
    set_mode(env.path(".git/hooks/pre-push.legacy"), 0o644);
    assert!(refused(&env).contains("pre-commit uninstall -t pre-push && envseal hook install"));
    env.ok(&["hook", "uninstall"]);
    assert!(!env.path(".git/hooks/pre-push.legacy").exists() && env.path(".git/hooks/pre-push").exists());
}

#[test]
fn submodules_have_hooks_of_their_own_and_bare_repositories_none() {
    let env = TestEnv::new();
    let source = env.outside().join("source");
    env.git(&["init", "-q", source.to_str().unwrap()]);
    env.program("git", &["commit", "-q", "--allow-empty", "-m", "1"]).dir(&source).ok();
    let sub = env.add_submodule(source, "sub");
    env.envseal(&["hook", "install"]).dir(sub).ok();
    assert!(env.path(".git/modules/sub/hooks/pre-commit").exists());
    assert!(!env.path(".git/hooks/pre-commit").exists());
    stand_in(&env, 1);
    assert_eq!(git(&env, &["commit", "--allow-empty", "-m", "no"]).dir(env.path("sub")).output().status, 1);
    assert_eq!(calls(&env), "hook run pre-commit\n");

    let bare = env.outside().join("bare.git");
    env.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
    let before = files(&bare);
    let said = env.envseal(&["hook", "install"]).dir(&bare).var("GIT_DIR", ".").fails(4);
    assert!(said.contains("is a bare repository") && said.contains("docs/pre-receive"), "{said}");
    assert!(files(&bare) == before);
    let outside = env.envseal(&["hook", "install"]).dir(env.outside().join("home")).fails(4);
    assert!(outside.contains("git"), "{outside}");
}

#[test]
fn a_repository_without_a_hooks_folder_gets_one() {
    let env = TestEnv::new();
    std::fs::remove_dir_all(env.path(".git/hooks")).unwrap();
    install(&env);
    stand_in(&env, 1);
    assert_eq!(git(&env, &["commit", "--allow-empty", "-m", "no"]).output().status, 1);
    // A file in place of the folder.
    std::fs::remove_dir_all(env.path(".git/hooks")).unwrap();
    env.write(".git/hooks", "");
    refused(&env);
}

#[test]
fn several_at_once_leave_one_block_each() {
    let env = TestEnv::new();
    for hook in HOOKS {
        write_hook(&env, &format!(".git/hooks/{hook}"), "#!/bin/sh\ntrue\n", 0o755);
    }
    let mut children: Vec<_> =
        (0..8).map(|_| env.envseal(&["hook", "install", "-q"]).into_command().spawn().unwrap()).collect();
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    for hook in HOOKS {
        let text = env.read(format!(".git/hooks/{hook}"));
        assert_eq!(text.matches("# >>> envseal >>>").count(), 1);
        assert!(text.ends_with("# <<< envseal <<<\ntrue\n"));
    }
    let left: Vec<_> = files(&env.path(".git/hooks"));
    assert!(left.iter().all(|(path, ..)| !path.to_string_lossy().contains("envseal-tmp")));
}

#[test]
fn init_goes_on_where_it_must_not_install_them() {
    let env = TestEnv::new();
    write_hook(&env, ".git/hooks/pre-commit", "#!/usr/bin/python3\n", 0o755);
    let before = files(&env.path(".git/hooks"));
    let output = env.envseal(&["init"]).output();
    assert_eq!(output.status, 0);
    assert!(
        output.stderr.contains("note: hooks are not installed: cannot add to the hook "),
        "{}",
        output.stderr
    );
    assert!(files(&env.path(".git/hooks")) == before && env.path(".env").exists());
}

#[test]
fn uninstall_takes_the_drivers_out_when_told_to() {
    let env = TestEnv::new();
    let before = (files(&env.path(".git/hooks")), env.bytes(".git/config"));
    env.ok(&["init", "-q"]);
    let set_up = env.bytes(".git/config");
    env.ok(&["hook", "uninstall", "-q"]);
    assert_eq!(env.bytes(".git/config"), set_up, "the drivers stay");
    let output = env.envseal(&["hook", "uninstall", "--drivers"]).output();
    assert_eq!(
        (output.status, &*output.stderr),
        (0, "No hook here calls envseal\nRemoved the merge and diff drivers from this clone\n")
    );
    assert_eq!((files(&env.path(".git/hooks")), env.bytes(".git/config")), before);
    assert!(!env.path(".git/info/attributes").exists());
    let again = env.envseal(&["hook", "uninstall", "--drivers"]).output();
    assert!(
        again.stderr.ends_with("No merge and diff drivers are installed in this clone\n"),
        "{}",
        again.stderr
    );
}
