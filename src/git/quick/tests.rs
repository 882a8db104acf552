//! Holding [`is_tracked_fast`] to the indexes that git writes.
#![cfg(test)]

use std::fs;

use super::*;
use crate::git::Repo;
use crate::git::testing::Fixture;

fn fast(g: &Fixture, name: &str) -> Result<bool, GitError> {
    is_tracked_fast(g.root(), &g.root().join(name))
}

/// Whether the bytes alone would do.
fn by_bytes(g: &Fixture, name: &str) -> bool {
    let git_dir = git_dir_of(g.root()).unwrap();
    proves_absence(fs::read(git_dir.join("index")).unwrap(), name.as_bytes())
}

fn version(g: &Fixture) -> u8 {
    fs::read(g.root().join(".git/index")).unwrap()[7]
}

#[test]
fn version_2_and_exactness() {
    let g = Fixture::new();
    assert!(!fast(&g, ".env.keys").unwrap(), "no index yet");
    g.add("f", "");
    assert!(by_bytes(&g, ".env.keys") && !fast(&g, ".env.keys").unwrap());
    g.add("sub/.env.keys", "");
    assert_eq!(version(&g), 2);
    assert!(!by_bytes(&g, ".env.keys") && !fast(&g, ".env.keys").unwrap());
    assert!(fast(&g, "sub/.env.keys").unwrap());
    g.git(&["rm", "-q", "-f", "--cached", "sub/.env.keys"]);
    assert!(by_bytes(&g, "sub/.env.keys") && !fast(&g, "sub/.env.keys").unwrap());
}

#[test]
fn version_3_intent_to_add() {
    let g = Fixture::new();
    g.write(".env.keys", "");
    g.git(&["add", "-N", ".env.keys"]);
    assert_eq!(version(&g), 3);
    assert!(fast(&g, ".env.keys").unwrap());
    assert!(by_bytes(&g, ".env") && !fast(&g, ".env").unwrap());
}

#[test]
fn version_4_shortens_paths() {
    let g = Fixture::new();
    g.add(".env.local", "");
    g.add(".env.keys", "");
    g.git(&["update-index", "--index-version", "4"]);
    assert_eq!(version(&g), 4);
    assert!(memmem::find(&fs::read(g.root().join(".git/index")).unwrap(), b".env.local").is_none());
    assert!(fast(&g, ".env.keys").unwrap() && fast(&g, ".env.local").unwrap());
    assert!(!by_bytes(&g, "none") && !fast(&g, "none").unwrap());
}

#[test]
fn of_a_split_index_git_is_asked() {
    let g = Fixture::new();
    g.commit("f", "");
    g.commit(".env", "");
    g.git(&["update-index", "--split-index"]);
    g.add("later", "");
    assert!(!by_bytes(&g, ".env.keys") && !fast(&g, ".env.keys").unwrap());
    assert!(fast(&g, ".env").unwrap() && fast(&g, "later").unwrap());
    let shared = fs::read_dir(g.root().join(".git")).unwrap().flatten().map(|e| e.path());
    shared.filter(|p| p.to_str().unwrap().contains("sharedindex")).for_each(|p| fs::remove_file(p).unwrap());
    assert!(fast(&g, ".env.keys").is_err(), "the shared part is lost");
}

#[test]
fn of_a_sparse_index_git_is_asked() {
    let g = Fixture::new();
    g.commit("in/f", "");
    g.commit("out/deep/.env.keys", "");
    g.git(&["sparse-checkout", "init", "--cone", "--sparse-index"]);
    g.git(&["sparse-checkout", "set", "in"]);
    assert!(!by_bytes(&g, ".env.keys") && !fast(&g, ".env.keys").unwrap());
    assert!(!fast(&g, "in/.env.keys").unwrap());
    assert!(fast(&g, "out/deep/.env.keys").unwrap());
}

#[test]
fn in_a_repository_of_sha_256() {
    let Some(g) = Fixture::of_format("sha256") else { return };
    g.add("sub/.env.keys", "");
    assert!(by_bytes(&g, ".env.local") && !fast(&g, ".env.local").unwrap());
    assert!(fast(&g, "sub/.env.keys").unwrap());
}

#[test]
fn linked_worktrees_and_submodules() {
    let g = Fixture::new();
    g.commit("f", "");
    let linked = g.outside("linked");
    g.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    let keys = linked.join(".env.keys");
    fs::write(&keys, "").unwrap();
    assert!(!is_tracked_fast(&linked, &keys).unwrap());
    Fixture::git_in(&linked, &["add", ".env.keys"]);
    assert!(is_tracked_fast(&linked, &keys).unwrap());
    assert!(!fast(&g, ".env.keys").unwrap());

    let sub = g.with_submodule("sub");
    assert!(is_tracked_fast(&sub, &sub.join(".env")).unwrap());
    assert!(!is_tracked_fast(&sub, &sub.join(".env.keys")).unwrap());
}

#[test]
fn letter_case_is_left_to_git() {
    let g = Fixture::new();
    g.add("Sub/.Env.Keys", "");
    g.git(&["config", "core.ignorecase", "false"]);
    assert!(!fast(&g, "sub/.env.keys").unwrap());
    g.git(&["config", "core.ignorecase", "true"]);
    assert!(fast(&g, "sub/.env.keys").unwrap());
}

#[test]
fn what_cannot_be_read_is_not_a_no() {
    let g = Fixture::new();
    g.add("f", "");
    let index = g.root().join(".git/index");
    let whole = fs::read(&index).unwrap();
    for broken in [&b""[..], b"DIRC", &whole[..40], b"not an index at all, but long enough to be one"] {
        fs::write(&index, broken).unwrap();
        assert!(fast(&g, ".env.keys").is_err());
    }
    fs::remove_file(&index).unwrap();
    fs::create_dir(&index).unwrap();
    assert!(matches!(fast(&g, ".env.keys"), Err(GitError::Fs(FsError::NotRegular { .. }))));

    let lost = g.outside("lost");
    fs::create_dir(&lost).unwrap();
    assert!(is_tracked_fast(&lost, &lost.join(".env.keys")).is_err());
    for text in ["gitdir: ../nowhere\n", "nonsense"] {
        fs::write(lost.join(".git"), text).unwrap();
        assert!(matches!(is_tracked_fast(&lost, &lost.join("x")), Err(GitError::NotARepository { .. })));
    }
}

#[cfg(unix)]
#[test]
fn symlinked_folders_are_resolved_even_into_another_repository() {
    use std::os::unix::fs::symlink;
    let (g, other) = (Fixture::new(), Fixture::new());
    g.add("sub/.env.keys", "");
    other.add("sub/.env.keys", "");
    symlink("sub", g.root().join("alias")).unwrap();
    symlink(other.root().join("sub"), g.root().join("theirs")).unwrap();
    symlink(g.outside(""), g.root().join("out")).unwrap();
    assert!(fast(&g, "alias/.env.keys").unwrap());
    assert!(fast(&g, "theirs/.env.keys").unwrap());
    assert!(!fast(&g, "theirs/.env").unwrap());
    assert!(!fast(&g, "out/.env.keys").unwrap());
}

#[test]
#[ignore = "makes 50,000 files, to print what asking takes"]
fn time_of_a_large_repository() {
    let g = Fixture::new();
    for folder in 0..1000 {
        (0..50).for_each(|file| drop(g.write(&format!("src/d{}/d{folder}/f{file}.txt", folder % 40), "")));
    }
    g.git(&["add", "."]);
    for _ in 0..3 {
        let start = std::time::Instant::now();
        assert!(!fast(&g, ".env.keys").unwrap());
        let quick = start.elapsed();
        let start = std::time::Instant::now();
        assert!(!Repo::open(g.root()).unwrap().is_tracked(&g.root().join(".env.keys")).unwrap());
        println!("by bytes {quick:?}, by git {:?}", start.elapsed());
    }
}
