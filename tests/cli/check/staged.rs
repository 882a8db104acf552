//! `--staged`: the index is checked.

use super::{append, project};
use crate::support::TestEnv;

#[test]
fn the_index_is_judged_and_not_the_worktree() {
    let env = project();
    let sealed = env.read(".env");
    append(&env, ".env", "A=abc\n");
    assert!(env.check(&["--staged"]).is_empty(), "nothing of it is staged");
    env.git(&["add", ".env"]);
    env.write(".env", sealed);
    assert_eq!(env.check(&["--staged"]), [".env:4 !plaintext A"]);
    assert!(env.check(&[]).is_empty());
}

#[cfg(unix)]
#[test]
fn a_symlink_is_what_it_leads_to_inside() {
    use std::os::unix::fs::symlink;
    let env = project();
    append(&env, ".env", "A=\nB=\nC=\n");
    env.write("conf/secrets.txt", "A=abc\nB=\nC=\nDB_PASSWORD=\n");
    symlink("conf/secrets.txt", env.path(".env.x")).unwrap();
    env.commit("linked");
    assert_eq!(env.check(&["--staged"]), [".env.x:1 !plaintext A"]);
    let said = env.envseal(&["check", "--staged"]).output().stderr;
    assert!(said.contains("Then stage the fix: git add conf/secrets.txt\n"), "{said}");
    // Only the link's target changes.
    env.write("conf/secrets.txt", "A=\nB=abc\nC=\nDB_PASSWORD=\n");
    env.git(&["add", "conf"]);
    assert_eq!(env.check(&["--staged"]), [".env.x:2 !plaintext B"]);
    // Through a linked folder and another link.
    env.write("conf/secrets.txt", "");
    env.write("other/plain", "C=abc\nA=\nB=\nDB_PASSWORD=\n");
    symlink("other", env.path("o")).unwrap();
    symlink("o/plain", env.path("hop")).unwrap();
    symlink("./hop", env.path(".env.y")).unwrap();
    env.git(&["add", "-A"]);
    assert_eq!(env.check(&["--staged"]), [".env.y:1 !plaintext C"]);
    assert_eq!(env.check(&[]), [".env.y:1 !plaintext C"]);
    // The link leads out of the repository, to itself or nowhere: its contents are not committed.
    for (target, told) in [
        ("/etc/passwd", &[".env.y:- symlink -"][..]),
        ("../../x", &[".env.y:- symlink -"]),
        (".env.y", &[]),
        ("gone", &[]),
    ] {
        std::fs::remove_file(env.path(".env.y")).unwrap();
        symlink(target, env.path(".env.y")).unwrap();
        env.git(&["add", "-A"]);
        assert_eq!(env.check(&["--staged"]), told, "{target}");
    }
}

#[test]
fn the_index_that_git_hands_over_is_taken() {
    let env = project();
    std::fs::copy(env.path(".git/index"), env.path(".git/other")).unwrap();
    append(&env, ".env", "A=abc\n");
    env.git(&["add", ".env"]);
    let clean = env.envseal(&["check", "--staged"]).var("GIT_INDEX_FILE", ".git/other").output();
    assert_eq!(clean.status, 0);
    assert_eq!(env.envseal(&["check", "--staged"]).output().status, 1);
}

#[test]
fn an_index_that_cannot_be_read_is_no_clean_one() {
    let env = project();
    env.git(&["update-index", "--split-index"]);
    env.ok(&["check", "--staged"]);
    env.git(&["update-index", "--no-split-index"]);
    let index = std::fs::read(env.path(".git/index")).unwrap();
    // If it is cut short, git itself sees fewer files and says nothing.
    for broken in [&index[..40], &index[..4], b"", b"not an index at all, but long enough to be one"] {
        std::fs::write(env.path(".git/index"), broken).unwrap();
        env.fails(4, &["check", "--staged"]);
    }
}

#[test]
fn before_the_first_commit_and_in_a_worktree() {
    let env = TestEnv::new();
    env.write("a b/ü/.env", "A=abc\n");
    env.git(&["add", "-A"]);
    assert_eq!(env.check(&["--staged"]), ["a b/ü/.env:1 !plaintext A"]);
    env.commit("first");
    env.git(&["worktree", "add", "-q", "../linked"]);
    let linked = env.outside().join("linked");
    std::fs::write(linked.join(".env"), "B=abc\n").unwrap();
    env.program("git", &["add", "-A"]).dir(&linked).ok();
    let output = env.envseal(&["check", "--staged", "--json"]).dir(&linked).output();
    let found = super::findings(&output);
    assert_eq!(found, [".env:1 !plaintext B", "a b/ü/.env:1 !plaintext A"]);
}

#[test]
fn a_check_writes_nothing() {
    let env = project();
    append(&env, ".env", "A=abc\n");
    env.git(&["add", ".env"]);
    let before = (env.snapshot(), env.bytes(".git/index"), env.bytes(".git/config"));
    for arguments in [&[][..], &["--staged"], &["--history"], &["--range", "HEAD..HEAD"]] {
        env.envseal(&[&["check"], arguments].concat()).output();
    }
    assert_eq!((env.snapshot(), env.bytes(".git/index"), env.bytes(".git/config")), before);
}

#[test]
fn advice_is_about_what_the_commit_touches() {
    let env = project();
    append(&env, ".env", "ODD=`x` # envseal: plain\n");
    env.envseal(&["set", "HELLO", "-e", "production"]).stdin("value").ok();
    env.commit("odd");
    env.write("README.md", "words\n");
    env.git(&["add", "-A"]);
    assert!(env.check(&["--staged"]).is_empty());
    // A finding from comparing a touched file with others is reported, whichever file it is in.
    env.envseal(&["set", "NEW"]).stdin("value").ok();
    env.git(&["add", "-A"]);
    let found = env.check(&["--staged"]);
    assert!(found.contains(&".env.production:- missing-name NEW".to_owned()), "{found:?}");
    env.commit("new");
    assert_eq!(env.check(&["--range", "HEAD~1..HEAD"]), found);
}

#[test]
fn what_a_partial_clone_has_left_out_is_not_taken_for_absent() {
    let env = TestEnv::new();
    env.envseal(&["set", "A"]).stdin("value-that-is-long").ok();
    env.write("far/away/.env.x", env.read(".env").replace("_KEY=", "_KEY_X="));
    env.write("far/away/envseal.toml", "[policy]\n");
    env.commit("sealed");
    env.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", env.repo().display());
    env.git(&["clone", "-q", "--filter=blob:none", "--sparse", &url, "../partial"]);
    let there = env.outside().join("partial");
    std::fs::copy(env.path(".env.keys"), there.join(".env.keys")).unwrap();
    std::fs::write(there.join("code.js"), "value-that-is-long\n").unwrap();
    env.program("git", &["add", "code.js"]).dir(&there).ok();
    let check = |arguments: &[&str]| env.envseal(&[&["check", "--json"], arguments].concat()).dir(&there);
    for arguments in [&[][..], &["--staged"]] {
        let said = check(arguments).fails(4);
        assert!(said.contains("git fetch --refetch --no-filter"), "{said}");
    }
    env.program("git", &["commit", "-qm", "leak"]).dir(&there).ok();
    // A check of a range may fetch what it needs, and then it is there.
    let found = super::findings(&check(&["--range", "origin/main..HEAD"]).output());
    assert_eq!(found, ["code.js:1 !secret-value A"]);
    env.program("git", &["reset", "-q", "--soft", "HEAD~1"]).dir(&there).ok();
    assert_eq!(super::findings(&check(&["--staged"]).output()), found);
}

/// Sealed values in a file that no command reads are an error, which a clone without its bytes must not hide.
#[test]
fn a_file_of_another_tool_that_a_partial_clone_has_left_out_is_not_taken_for_absent() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    env.write("far/away/.env.vault", format!("# Names\n{}", env.read(".env")));
    env.commit("sealed");
    assert!(
        env.check(&[]).contains(&"far/away/.env.vault:5 !unreadable -".to_owned()),
        "{:?}",
        env.check(&[])
    );
    env.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", env.repo().display());
    env.git(&["clone", "-q", "--filter=blob:none", "--sparse", &url, "../partial"]);
    let there = env.outside().join("partial");
    let said = env.envseal(&["check", "--staged"]).dir(&there).fails(4);
    assert!(said.contains("git fetch --refetch --no-filter"), "{said}");
}

/// The hint doesn't stage a file that should be renamed, or removed from git.
#[test]
fn a_keys_file_is_not_to_be_added_again() {
    let env = TestEnv::new();
    env.envseal(&["set", "-q", "URL"]).stdin("value").ok();
    env.write("Envseal.toml", "");
    env.git(&["add", "-f", ".env", ".env.keys", "Envseal.toml"]);
    let told = env.envseal(&["check", "--staged"]).output();
    assert_eq!(told.status, 1);
    assert!(!told.stderr.contains("git add"), "{}", told.stderr);
    env.write("notes", env.read(".env.keys"));
    env.git(&["add", "notes"]);
    let told = env.envseal(&["check", "--staged"]).output();
    assert!(told.stderr.ends_with("Then stage the fix: git add notes\n"), "{}", told.stderr);
}

/// Git adds no file outside of the repository.
#[cfg(unix)]
#[test]
fn a_link_to_the_outside_is_added_itself() {
    let env = project();
    append(&env, ".env", "A=abc\n");
    env.git(&["add", ".env"]);
    std::fs::rename(env.path(".env"), env.outside().join("shared")).unwrap();
    std::os::unix::fs::symlink(env.outside().join("shared"), env.path(".env")).unwrap();
    let told = env.envseal(&["check", "--staged"]).output();
    assert!(told.stderr.ends_with("Then stage the fix: git add .env\n"), "{}", told.stderr);
}

/// A program in a hint must not take a file's name for an option.
#[test]
fn a_file_whose_name_starts_with_a_dash() {
    let env = TestEnv::new();
    env.write("-x.env", "TOKEN=sk_live_51HG8vnotforgit\n");
    env.git(&["add", "-A"]);
    let told = env.envseal(&["check", "--staged"]).output();
    let fix = String::from_utf8(told.stdout).unwrap();
    let fix = fix.split("fix: envseal ").nth(1).unwrap().lines().next().unwrap();
    let fix: Vec<_> = fix.split(' ').collect();
    assert_eq!(fix, ["encrypt", "-f", "./-x.env", "-k", "TOKEN"]);
    env.ok(&fix);
    env.git(&["add", "./-x.env"]);
    env.ok(&["check", "--staged"]);
}

/// `git add -N` only announces a file, which is then not committed.
#[test]
fn what_is_only_announced_is_not_in_the_commit() {
    let env = project();
    env.write("sub/envseal.toml", "");
    env.ok(&["-C", "sub", "set", "-q", "A", &env.secret("a")]);
    env.git(&["add", "sub/.env"]);
    env.git(&["add", "-N", "sub/envseal.toml"]);
    assert_eq!(env.check(&["--staged"]), ["sub/.env:2 !keys-disagree ENVSEAL_PUBLIC_KEY"]);
    env.git(&["add", "sub/envseal.toml"]);
    assert!(env.check(&["--staged"]).is_empty());
}
