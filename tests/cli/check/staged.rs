//! `--staged`: the index is checked.

use super::{append, project};
use crate::support::TestEnv;

#[cfg(unix)]
#[test]
fn a_symlink_is_what_it_leads_to_inside() {
    use std::os::unix::fs::symlink;
    let env = project();
    env.write("conf/secrets.txt", "A=abc\nDB_PASSWORD=\n");
    symlink("conf/secrets.txt", env.path(".env.x")).unwrap();
    append(&env, ".env", "A=\n");
    env.commit("linked");
    assert_eq!(env.check(&["--staged"]), [".env.x:1 !plaintext A"]);
    let said = env.envseal(&["check", "--staged"]).output().stderr;
    assert!(said.contains("Then stage the fix: git add conf/secrets.txt\n"), "{said}");
    // The link leads to itself or nowhere: its contents are not committed.
    for target in [".env.x", "gone"] {
        std::fs::remove_file(env.path(".env.x")).unwrap();
        symlink(target, env.path(".env.x")).unwrap();
        env.git(&["add", "-A"]);
        assert_eq!(env.check(&["--staged"]), [""; 0], "{target}");
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
    assert_eq!(env.check_commit("new"), found);
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
