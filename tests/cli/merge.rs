//! The merge driver, called by the real git.

use crate::support::{Run, Start, TestEnv};

/// Creates a repository with merge drivers and one committed env file that contains `names`, each with a secret.
pub(crate) fn project(file: &str, names: &[&str]) -> TestEnv {
    static ONE_NAME: Start = Start::new();
    static TWO_NAMES: Start = Start::new();
    let make = |env: &TestEnv| {
        for name in names {
            set(env, file, name);
        }
        install_drivers(env);
        commit(env, "start");
    };
    match (file, names) {
        (".env", ["A"]) => TestEnv::copy_of(&ONE_NAME, make),
        (".env", ["A", "B"]) => TestEnv::copy_of(&TWO_NAMES, make),
        _ => {
            let env = TestEnv::new();
            make(&env);
            env
        }
    }
}

/// Installs the drivers without the hooks, which are not tested here.
fn install_drivers(env: &TestEnv) {
    env.ok(&["init", "-q", "-y"]);
    env.ok(&["hook", "uninstall", "-q"]);
}

/// Sets a variable to a new secret and returns it.
pub(crate) fn set(env: &TestEnv, file: &str, name: &str) -> String {
    let secret = env.secret(name);
    if let Some(folder) = env.path(file).parent() {
        std::fs::create_dir_all(folder).unwrap();
    }
    env.envseal(&["set", "-q", name, "-f", file]).stdin(&secret).ok();
    secret
}

fn commit(env: &TestEnv, subject: &str) {
    env.git(&["add", "-A"]);
    env.git(&["commit", "-q", "-m", subject]);
}

/// Commits the changes of `theirs` on the branch `feature`, then those of `ours` on `main`.
pub(crate) fn diverge<T, O>(env: &TestEnv, theirs: impl FnOnce() -> T, ours: impl FnOnce() -> O) -> (T, O) {
    env.git(&["checkout", "-q", "-b", "feature"]);
    let theirs = theirs();
    commit(env, "theirs");
    env.git(&["checkout", "-q", "main"]);
    let ours = ours();
    commit(env, "ours");
    (theirs, ours)
}

pub(crate) fn merge(env: &TestEnv) -> Run<'_> {
    env.git_with_envseal(&["merge", "-q", "--no-edit", "feature"])
}

pub(crate) fn line(env: &TestEnv, file: &str, name: &str) -> String {
    let text = env.read(file);
    text.lines().find(|line| line.starts_with(&format!("{name}="))).unwrap().to_owned()
}

pub(crate) fn get(env: &TestEnv, file: &str, name: &str) -> String {
    env.ok(&["get", name, "-f", file])
}

#[test]
fn both_sides_add_at_the_end_which_text_merging_cannot_do() {
    let env = project(".env", &["A"]);
    let a = line(&env, ".env", "A");
    let (b, c) = diverge(&env, || set(&env, ".env", "B"), || set(&env, ".env", "C"));
    // Without the merge driver it is a conflict.
    let clone = env.outside().join("clone");
    env.git(&["clone", "-q", ".", clone.to_str().unwrap()]);
    let plain = env.git_with_envseal(&["merge", "-q", "origin/feature"]).dir(&clone).output();
    assert_eq!(plain.status, 1, "a plain text merge would do");
    merge(&env).ok();
    assert_eq!(line(&env, ".env", "A"), a, "untouched");
    assert_eq!(get(&env, ".env", "B").trim_end(), b);
    assert_eq!(get(&env, ".env", "C").trim_end(), c);
    let names: Vec<_> =
        env.read(".env").lines().filter_map(|l| Some(l.split_once('=')?.0.to_owned())).collect();
    assert_eq!(names, ["ENVSEAL_PUBLIC_KEY", "A", "C", "B"]);
    assert_eq!(env.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_name_changed_on_both_sides_is_shown_refused_and_resolved() {
    let env = project(".env", &["A", "B"]);
    let ((_, theirs), (_, ours)) = diverge(
        &env,
        || (set(&env, ".env", "A"), line(&env, ".env", "A")),
        || (set(&env, ".env", "A"), line(&env, ".env", "A")),
    );
    let b = line(&env, ".env", "B");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let output = merge(&env).output();
    assert_eq!(output.status, 1);
    let said = String::from_utf8(output.stdout).unwrap() + &output.stderr;
    assert!(said.contains(".env: both sides changed A; pick one between the conflict markers"), "{said}");
    let next = "Compare: envseal diff --show HEAD feature -f .env\n\
                Take one: envseal resolve A --ours -f .env, or envseal resolve A --theirs -f .env\n";
    assert!(said.contains(next), "{said}");
    assert!(said.contains("CONFLICT (content): Merge conflict in .env"), "{said}");
    assert_eq!(env.git(&["status", "--porcelain"]), "UU .env\n");
    let text = env.read(".env");
    let block = format!("<<<<<<< HEAD\n{ours}\n=======\n{theirs}\n>>>>>>> feature\n{b}\n");
    assert!(text.ends_with(&block), "{text}");
    assert!(env.fails(4, &["run", "--", "true"]).contains("merge-conflict marker"));
    env.write(".env", text.replace(&block, &format!("{theirs}\n{b}\n")));
    commit(&env, "resolved");
    assert_eq!(line(&env, ".env", "A"), theirs);
}

#[test]
fn the_hint_names_the_file_from_where_the_person_is() {
    let env = project("api/.env", &["A"]);
    std::fs::create_dir_all(env.path("web")).unwrap();
    diverge(&env, || set(&env, "api/.env", "A"), || set(&env, "api/.env", "A"));
    for (folder, seen) in [("web", "../api/.env"), ("api", ".env"), (".", "api/.env")] {
        let said = merge(&env).dir(env.path(folder)).output().stderr;
        assert!(said.contains("api/.env: both sides changed A"), "{said}");
        assert!(said.contains(&format!("Compare: envseal diff --show HEAD feature -f {seen}\n")), "{said}");
        assert!(said.contains(&format!("or envseal resolve A --theirs -f {seen}\n")), "{said}");
        env.git(&["merge", "--abort"]);
    }
}

#[test]
fn git_reuses_a_recorded_resolution() {
    let env = project(".env", &["A", "B"]);
    env.git(&["config", "rerere.enabled", "true"]);
    diverge(&env, || set(&env, ".env", "A"), || set(&env, ".env", "A"));
    assert_eq!(merge(&env).output().status, 1);
    env.ok(&["resolve", "A", "--theirs"]);
    let theirs = line(&env, ".env", "A");
    commit(&env, "merged");
    env.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let c = set(&env, ".env", "C");
    commit(&env, "c");
    let output = merge(&env).output();
    let said = &output.stderr;
    assert_eq!(output.status, 1);
    assert!(said.contains("Resolved '.env' using previous resolution."), "{said}");
    assert!(!said.contains("can't be merged by name"), "{said}");
    let text = env.read(".env");
    assert!(!text.contains("<<<<<<<") && text.contains("\nB="), "{text}");
    assert_eq!((line(&env, ".env", "A"), get(&env, ".env", "C").trim_end()), (theirs, &*c));
}

#[test]
fn git_merges_common_ancestors_without_a_word() {
    let env = project(".env", &["A", "B"]);
    let ours = |name| {
        drop(set(&env, ".env", name));
        line(&env, ".env", name)
    };
    diverge(&env, || set(&env, ".env", "A"), || set(&env, ".env", "A"));
    env.git(&["branch", "main-before"]);
    assert_eq!(merge(&env).output().status, 1);
    env.ok(&["resolve", "A", "--ours"]);
    commit(&env, "to main");
    env.git(&["checkout", "-q", "feature"]);
    assert_eq!(env.git_with_envseal(&["merge", "-q", "main-before"]).output().status, 1);
    env.ok(&["resolve", "A", "--theirs"]);
    let b = ours("B");
    commit(&env, "to feature");
    env.git(&["checkout", "-q", "main"]);
    let (a, c) = (line(&env, ".env", "A"), ours("C"));
    commit(&env, "c");
    let output = merge(&env).output();
    assert_eq!((output.status, &*output.stderr), (0, ""));
    assert_eq!(["A", "B", "C"].map(|name| line(&env, ".env", name)), [a, b, c]);
}

#[test]
fn a_removal_and_a_change_are_a_conflict_also_with_the_key() {
    let env = project(".env", &["A", "B"]);
    diverge(&env, || env.ok(&["unset", "-q", "A"]), || set(&env, ".env", "A"));
    let a = line(&env, ".env", "A");
    assert_eq!(merge(&env).output().status, 1);
    assert!(env.read(".env").contains(&format!("<<<<<<< HEAD\n{a}\n=======\n>>>>>>> feature\n")));
}

#[test]
fn with_the_key_the_side_that_really_changed_is_taken() {
    for (re_sealed_first, keys) in [(true, true), (false, true), (true, false)] {
        let env = project(".env", &["A", "B"]);
        let reseal = || {
            env.ok(&["encrypt", "-q", "--reseal", "--all"]);
            String::new()
        };
        let change = || set(&env, ".env", "A");
        let (theirs, ours) =
            if re_sealed_first { diverge(&env, reseal, change) } else { diverge(&env, change, reseal) };
        let changed = theirs + &ours;
        let kept = env.read(".env.keys");
        if keys {
            merge(&env).ok();
            assert_eq!(get(&env, ".env", "A").trim_end(), changed);
            continue;
        }
        std::fs::remove_file(env.path(".env.keys")).unwrap();
        assert_eq!(merge(&env).output().status, 1);
        assert!(env.read(".env").contains("<<<<<<< HEAD\nA="));
        // The key may also come from an environment variable.
        env.git(&["merge", "--abort"]);
        let key = kept.lines().find_map(|line| line.strip_prefix("ENVSEAL_PRIVATE_KEY=")).unwrap();
        merge(&env).var("ENVSEAL_PRIVATE_KEY", key).ok();
        env.write(".env.keys", kept);
        assert_eq!(get(&env, ".env", "A").trim_end(), changed);
    }
}

#[test]
fn both_sealed_anew_or_changed_to_the_same_is_no_conflict_with_the_key() {
    let env = project(".env", &["A"]);
    let reseal = || {
        env.ok(&["encrypt", "-q", "--reseal", "--all"]);
        line(&env, ".env", "A")
    };
    let (_, ours) = diverge(&env, reseal, reseal);
    merge(&env).ok();
    assert_eq!(line(&env, ".env", "A"), ours);
    let env = project(".env", &["A"]);
    let secret = env.secret("same");
    let set = || env.envseal(&["set", "-q", "A"]).stdin(&secret).ok();
    diverge(&env, set, set);
    merge(&env).ok();
    assert_eq!(get(&env, ".env", "A").trim_end(), secret);
}

#[test]
fn rotated_on_one_branch_and_set_on_the_other() {
    for with_keys in [true, false] {
        let env = project(".env", &["A", "B"]);
        let change = || {
            let changed = with_keys.then(|| set(&env, ".env", "B"));
            (set(&env, ".env", "NEW"), line(&env, ".env", "NEW"), changed)
        };
        let ((added, new_line, changed), _) = diverge(&env, change, || env.ok(&["key", "rotate", "-q"]));
        let rotated = ["ENVSEAL_PUBLIC_KEY", "A"].map(|name| line(&env, ".env", name));
        let keys = env.read(".env.keys");
        if !with_keys {
            std::fs::remove_file(env.path(".env.keys")).unwrap();
        }
        merge(&env).ok();
        assert_eq!(["ENVSEAL_PUBLIC_KEY", "A"].map(|name| line(&env, ".env", name)), rotated);
        assert_eq!(line(&env, ".env", "NEW"), new_line, "kept as it is");
        env.write(".env.keys", keys);
        let said = env.fails(3, &["get", "NEW"]);
        assert!(said.contains("encrypted with another key") && said.contains("--reseal"), "{said}");
        env.ok(&["encrypt", "-q", "--reseal", "--all"]);
        assert_eq!(get(&env, ".env", "NEW").trim_end(), added);
        if let Some(changed) = changed {
            assert_eq!(get(&env, ".env", "B").trim_end(), changed);
        }
    }
}

#[test]
fn rebase_cherry_pick_and_stash_go_through_it_too() {
    let env = project(".env", &["A"]);
    let (b, c) = diverge(&env, || set(&env, ".env", "B"), || set(&env, ".env", "C"));
    env.git(&["checkout", "-q", "-b", "picked"]);
    env.git_with_envseal(&["cherry-pick", "feature"]).ok();
    assert_eq!(get(&env, ".env", "B").trim_end(), b);
    env.git(&["checkout", "-q", "feature"]);
    env.git_with_envseal(&["rebase", "-q", "main"]).ok();
    assert_eq!(get(&env, ".env", "C").trim_end(), c);
    let d = set(&env, ".env", "D");
    env.git(&["stash", "-q"]);
    set(&env, ".env", "E");
    commit(&env, "another");
    env.git_with_envseal(&["stash", "pop", "-q"]).ok();
    assert_eq!(get(&env, ".env", "D").trim_end(), d);
    assert!(env.read(".env").contains("\nE=envseal:1:"));
}

#[test]
fn in_linked_worktrees_submodules_and_odd_paths() {
    let file = "päckage, the 'first'/$x/prod stage.env";
    let env = project(file, &["A"]);
    let (b, c) = diverge(&env, || set(&env, file, "B"), || set(&env, file, "C"));
    let linked = env.outside().join("linked tree");
    env.git(&["worktree", "add", "-q", "-b", "elsewhere", linked.to_str().unwrap(), "main"]);
    env.git_with_envseal(&["merge", "-q", "--no-edit", "feature"]).dir(&linked).ok();
    merge(&env).ok();
    assert_eq!(std::fs::read(linked.join(file)).unwrap(), env.bytes(file));
    assert_eq!((get(&env, file, "B").trim_end(), get(&env, file, "C").trim_end()), (&*b, &*c));

    let outer = TestEnv::new();
    let sub = outer.add_submodule(env.repo(), "the sub");
    let git = |arguments: &[&str]| outer.git_with_envseal(arguments).dir(&sub).output().status;
    assert_eq!(git(&["checkout", "-q", "-b", "x", "origin/main~1"]), 0);
    assert_eq!(git(&["merge", "-q", "origin/feature"]), 1, "no drivers yet");
    assert_eq!(git(&["merge", "--abort"]), 0);
    outer.envseal(&["init", "-q", "-y"]).dir(&sub).ok();
    assert_eq!(git(&["merge", "-q", "--no-edit", "origin/feature"]), 0);
}

#[test]
fn files_made_on_both_sides_are_merged() {
    let env = project("other.env", &["A"]);
    let key = "# ours\nX=${A} # envseal: plain\n";
    diverge(&env, || env.write(".env", format!("{key}B=\n")), || env.write(".env", format!("{key}C=\n")));
    merge(&env).ok();
    assert_eq!(env.read(".env"), format!("{key}C=\nB=\n"));
}

fn versions(env: &TestEnv, base: &[u8], ours: &[u8], theirs: &[u8]) {
    for (name, text) in [("base", base), ("ours", ours), ("theirs", theirs)] {
        env.write(name, text);
    }
}

#[test]
fn what_cannot_be_merged_by_name_loses_no_byte() {
    let env = TestEnv::new();
    let utf16 = b"\xff\xfeA\0=\x001\0";
    versions(&env, b"A=1\n", utf16, b"A=2\n");
    let said = env.fails(1, &["hook", "run", "merge", "base", "ours", "theirs", "7", ".env"]);
    assert_eq!(said, ".env can't be merged by name; both versions are between the conflict markers\n");
    let wanted = [b"<<<<<<< ours\n", &utf16[..], b"\n=======\nA=2\n>>>>>>> theirs\n"].concat();
    assert_eq!(env.bytes("ours"), wanted);
}

#[test]
fn a_failure_leaves_ours_alone_and_is_no_conflict() {
    let env = TestEnv::new();
    versions(&env, b"A=1\n", b"A=2\n", b"A=1\nB=1\n");
    std::fs::create_dir(env.path("folder")).unwrap();
    let tries: [&[&str]; 7] = [
        &["none", "ours", "theirs", "7", ".env"],
        &["base", "ours", "none", "7", ".env"],
        &["base", "ours", "folder", "7", ".env"],
        &["base", "ours", "theirs", "seven", ".env"],
        &["base", "ours", "theirs", "7"],
        &["base", "ours", "theirs", "7", ".env", "more"],
        &["--nonsense"],
    ];
    for arguments in tries {
        env.refuses(129, &[&["hook", "run", "merge"], arguments].concat());
    }
    let mut permissions = std::fs::metadata(env.path("ours")).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(env.path("ours"), permissions).unwrap();
    env.refuses(129, &["hook", "run", "merge", "base", "ours", "theirs", "7", ".env"]);
    // A path that looks like an option is still taken as a path.
    std::fs::remove_file(env.path("ours")).unwrap();
    versions(&env, b"A=1\n", b"A=1\n", b"A=1\nB=1\n");
    env.ok(&["hook", "run", "merge", "base", "ours", "theirs", "7", "-q.env"]);
    env.ok(&["hook", "run", "merge", "--help"]);
}

#[test]
fn git_reports_a_driver_that_failed_and_changes_nothing() {
    let env = project(".env", &["A"]);
    diverge(&env, || set(&env, ".env", "B"), || set(&env, ".env", "C"));
    env.git(&["config", "merge.envseal.driver", "envseal hook run merge %O %A"]);
    let (before, index) = (env.snapshot(), env.git(&["ls-files", "--stage"]));
    let output = merge(&env).output();
    assert!(output.status > 1, "{} {}", output.status, output.stderr);
    assert!(!output.stderr.contains("CONFLICT"), "{}", output.stderr);
    assert_eq!((env.snapshot(), env.git(&["ls-files", "--stage"])), (before, index));
}

#[test]
fn attributes_in_the_repository_do_not_widen_it_to_other_files() {
    let env = project(".env", &["A"]);
    env.write(".gitattributes", "*.sh merge=envseal\n");
    env.write("x.sh", "A=1\n# one\n");
    commit(&env, "widened");
    let change = |to: &str| env.write("x.sh", format!("A=1\n# {to}\n"));
    diverge(&env, || change("theirs"), || change("ours"));
    let output = merge(&env).output();
    assert!(output.status > 1, "{}", output.status);
    assert!(output.stderr.contains("x.sh is not an env file"), "{}", output.stderr);
    assert_eq!(env.read("x.sh"), "A=1\n# ours\n");
    env.write(".env.example", "");
    env.ok(&["hook", "run", "merge", "x.sh", "x.sh", "x.sh", "7", "a/.env.example"]);
}

#[test]
fn an_untrustworthy_keys_file_counts_as_none() {
    let env = project(".env", &["A"]);
    diverge(&env, || env.ok(&["encrypt", "-q", "--reseal", "--all"]), || set(&env, ".env", "A"));
    env.write(".env.keys", "ENVSEAL_PRIVATE_KEY=nonsense\n");
    let output = merge(&env).output();
    assert_eq!(output.status, 1);
    assert!(output.stderr.contains("both sides changed A"), "{}", output.stderr);
    env.git(&["merge", "--abort"]);
    let output = merge(&env).var("ENVSEAL_PRIVATE_KEY", "").output();
    assert_eq!(output.status, 1);
}

#[test]
fn where_git_finds_no_envseal_it_merges_text() {
    let env = project(".env", &["A", "B"]);
    diverge(&env, || set(&env, ".env", "A"), || set(&env, ".env", "A"));
    let output = env.program("git", &["merge", "-q", "feature"]).output();
    if env.program("sh", &["-c", "command -v envseal"]).output().status == 0 {
        println!("skipped: an envseal is installed here");
        return;
    }
    assert_eq!(output.status, 1);
    let text = env.read(".env");
    assert!(text.contains("<<<<<<< ours\nA=envseal:1:") && text.contains(">>>>>>> theirs"), "{text}");
    assert!(env.program("git", &["log", "-p"]).ok().contains("+B=envseal:1:"));
}

#[test]
fn another_tools_file_is_merged_by_git() {
    let env = project(".env", &["A"]);
    let text = |first: &str, last: &str| format!("{{\"a\": {first},\n\n\n\n\n\"b\": {last}}}\n");
    env.write(".env.json", text("1", "1"));
    env.write(".env.zip", b"PK\0base");
    commit(&env, "base");
    let change = |json: String, zip: &[u8]| {
        env.write(".env.json", json);
        env.write(".env.zip", zip);
    };
    diverge(&env, || change(text("2", "1"), b"PK\0theirs"), || change(text("1", "2"), b"PK\0ours"));
    let output = merge(&env).output();
    assert_eq!(output.status, 1, "{}", output.stderr);
    assert_eq!(env.read(".env.json"), text("2", "2"));
    assert_eq!(env.bytes(".env.zip"), b"PK\0ours");
    assert_eq!(env.git(&["diff", "--name-only", "--diff-filter=U"]), ".env.zip\n");
}
