//! The walks over trees and commits, held to the real git.
#![cfg(test)]

#[cfg(unix)]
use std::fs;
use std::process::Command;

use super::*;
use crate::git::testing::Fixture;
use crate::git::{Picked, Picker, Walk};

fn said(dir: &Path, args: &[&str]) -> String {
    let done = Fixture::try_git(dir, args);
    assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

fn open(dir: &Path) -> Objects {
    Objects::open(dir, HookVars::default()).unwrap()
}

/// What `git diff-tree` says: `PATH BEFORE AFTER`, sorted.
fn by_git(dir: &Path, before: &str, after: &str) -> Vec<String> {
    let text = said(dir, &["diff-tree", "-r", "--no-renames", "--raw", "--abbrev=40", "-z", before, after]);
    let mut parts = text.split('\0');
    let mut lines = Vec::new();
    while let (Some(head), Some(path)) = (parts.next(), parts.next()) {
        let head: Vec<_> = head.trim_start_matches(':').split(' ').collect();
        lines.push(format!("{path} {} {} {} {}", head[0], head[2], head[1], head[3]));
    }
    lines.sort();
    lines
}

fn by_us(objects: &Objects, before: &str, after: &str) -> Vec<String> {
    let ids = [before, after].map(|name| Some(objects.commit(name).unwrap()));
    let side = |file: Option<FileRef>| match file {
        None => ("000000".to_owned(), "0".repeat(40)),
        Some(file) => {
            let mode = match file.kind {
                FileKind::File => "100644",
                FileKind::Link => "120000",
                FileKind::Submodule => "160000",
            };
            (mode.to_owned(), file.id.to_string())
        }
    };
    let changed = objects.changes(ids[0], ids[1]).unwrap();
    let mut lines: Vec<_> = changed
        .iter()
        .map(|changed| {
            let ((a, b), (c, d)) = (side(changed.before), side(changed.after));
            format!("{} {a} {b} {c} {d}", changed.path.display())
        })
        .collect();
    lines.sort();
    lines
}

/// Git calls a file that becomes a link one change, and so do we; a file that becomes a folder is two.
fn history() -> (Fixture, usize) {
    let g = Fixture::new();
    g.commit("x", "a file that becomes a folder");
    g.add("x.d/f", "sorts between x and x/");
    g.add("x-y", "");
    g.commit("deep/er/and/deeper/.env", "A=1\n");
    g.git(&["rm", "-q", "x"]);
    g.add("x/inside", "1");
    g.add("sp ace/\u{e9}.env", "B=1\n");
    g.commit("deep/er/.env", "A=2\n");
    g.git(&["rm", "-q", "-r", "x"]);
    g.commit("x", "and a file again");
    #[cfg(unix)]
    {
        fs::remove_file(g.root().join("x-y")).unwrap();
        std::os::unix::fs::symlink("x", g.root().join("x-y")).unwrap();
    }
    g.git(&["add", "-A"]);
    g.git(&["commit", "-q", "--allow-empty", "-m", "link"]);
    g.with_submodule("sub");
    g.git(&["commit", "-q", "-m", "sub"]);
    g.git(&["rm", "-q", "-f", "sub"]);
    g.commit("sub", "a file where a submodule was");
    g.git(&["rm", "-q", "-r", "."]);
    g.git(&["commit", "-q", "--allow-empty", "-m", "nothing left"]);
    let count = said(g.root(), &["rev-list", "--count", "HEAD"]).trim().parse().unwrap();
    (g, count)
}

#[test]
fn every_pair_of_commits_differs_as_git_says() {
    let (g, count) = history();
    let objects = open(g.root());
    for one in 0..count {
        for other in 0..count {
            let (one, other) = (format!("HEAD~{one}"), format!("HEAD~{other}"));
            assert_eq!(by_us(&objects, &one, &other), by_git(g.root(), &one, &other), "{one} {other}");
        }
    }
}

#[test]
fn picks_are_what_a_whole_comparison_finds_of_those_names() {
    let (g, count) = history();
    let objects = open(g.root());
    let mut picker = Picker::new(&objects, |name| name.ends_with(b".env") || name == b"x").unwrap();
    let mut walk = Walk::new(&objects).unwrap();
    let wanted = |changed: &Changed| {
        let is = |file: Option<FileRef>| file.is_some_and(|file| file.kind == FileKind::File);
        let name = changed.path.file_name().unwrap().to_str().unwrap();
        (changed.path.extension().is_some_and(|end| end == "env") || name == ".env" || name == "x")
            && (is(changed.before) || is(changed.after))
    };
    let by_path = |mut list: Vec<Changed>| {
        list.sort_by(|one, other| one.path.cmp(&other.path));
        list
    };
    for one in 0..count {
        for other in 0..count {
            let ids = [one, other].map(|at| objects.commit(&format!("HEAD~{at}")).unwrap());
            let picked = ids.map(|id| walk.picked(&mut picker, id).unwrap());
            let mut all = objects.changes(Some(ids[0]), Some(ids[1])).unwrap();
            all.retain(wanted);
            assert_eq!(by_path(picker.changes(picked[0], picked[1])), by_path(all.clone()));
            assert_eq!(picked[0] == picked[1], all.is_empty());
        }
    }
    let last = objects.head().unwrap().unwrap();
    assert_eq!(walk.picked(&mut picker, last).unwrap(), Picked::NONE);
}

#[test]
fn commits_are_met_once_and_as_git_orders_them() {
    let g = Fixture::new();
    let commit = |minute: u32, name: &str| {
        g.add(name, name);
        let date = format!("2024-01-01T00:{minute:02}:00Z");
        let done = Command::new("git")
            .current_dir(g.root())
            .args(["-c", "user.name=A", "-c", "user.email=a", "commit", "-q", "-m", name])
            .env("GIT_COMMITTER_DATE", date)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .status();
        assert!(done.unwrap().success());
    };
    commit(1, "base");
    g.git(&["checkout", "-q", "-b", "side"]);
    commit(2, "a");
    commit(4, "b");
    g.git(&["checkout", "-q", "main"]);
    commit(3, "c");
    commit(5, "d");
    g.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    g.git(&["checkout", "-q", "--orphan", "other"]);
    commit(6, "other root");
    g.git(&["merge", "-q", "--allow-unrelated-histories", "-m", "roots", "main"]);
    let objects = open(g.root());
    let mut walk = Walk::new(&objects).unwrap();
    walk.push(objects.head().unwrap().unwrap()).unwrap();
    let mut met = Vec::new();
    while let Some(step) = walk.pop() {
        walk.push_new(&step.parents).unwrap();
        met.push(step.id.to_string());
    }
    assert_eq!(met, said(g.root(), &["rev-list", "HEAD"]).lines().collect::<Vec<_>>());
}

#[test]
fn files_of_a_commit_are_those_of_git() {
    let (g, count) = history();
    let objects = open(g.root());
    for at in 0..count {
        let commit = objects.commit(&format!("HEAD~{at}")).unwrap();
        for path in
            ["x", "x/inside", "x.d/f", "x-y", "sub", "sub/.env", "deep/er", "deep/er/.env", "sp ace/é.env"]
        {
            let file = objects.file(commit, Path::new(path)).unwrap();
            let listed = said(g.root(), &["ls-tree", &format!("HEAD~{at}"), "--", path]);
            let line = listed.split_whitespace().collect::<Vec<_>>();
            let expected = line.get(2).filter(|_| line[1] != "tree").copied();
            assert_eq!(file.map(|file| file.id.to_string()).as_deref(), expected, "HEAD~{at} {path}");
        }
    }
}

#[test]
fn bare_linked_shallow_and_unborn() {
    let (g, _) = history();
    let unborn = Fixture::new();
    assert_eq!(open(unborn.root()).head().unwrap(), None);
    assert!(matches!(open(unborn.root()).commit("HEAD"), Err(GitError::UnknownRevision { .. })));
    let url = format!("file://{}", g.root().display());
    let at = |name: &str| g.outside(name);
    g.git(&["clone", "-q", "--bare", &url, at("bare.git").to_str().unwrap()]);
    g.git(&["clone", "-q", "--depth", "2", &url, at("shallow").to_str().unwrap()]);
    g.git(&["worktree", "add", "-q", at("linked").to_str().unwrap(), "HEAD~1"]);
    let bare = open(&at("bare.git"));
    assert_eq!((bare.root(), bare.head().unwrap()), (None, open(g.root()).head().unwrap()));
    assert_eq!(bare.relative(Path::new("a/.env")).unwrap(), Path::new("a/.env"));
    let again = bare.reopen().unwrap();
    assert_eq!(by_us(&again, "HEAD~2", "HEAD"), by_git(g.root(), "HEAD~2", "HEAD"));
    let linked = open(&at("linked"));
    assert_eq!(linked.head().unwrap(), Some(bare.commit("HEAD~1").unwrap()));
    assert_eq!(linked.relative(&at("linked/gone/.env")).unwrap(), Path::new("gone/.env"));
    assert!(matches!(linked.relative(g.root()), Err(GitError::OutsideWorktree { .. })));
    let shallow = open(&at("shallow"));
    let mut walk = Walk::new(&shallow).unwrap();
    walk.push(shallow.head().unwrap().unwrap()).unwrap();
    let first = walk.pop().unwrap();
    walk.push_new(&first.parents).unwrap();
    let last = walk.pop().unwrap();
    assert!(!first.cut && last.cut && last.parents.is_empty());
    assert_eq!(shallow.parents(last.id).unwrap(), []);
    walk.push_new(&last.parents).unwrap();
    assert!(walk.pop().is_none());
}

#[test]
fn damaged_objects_are_errors_and_not_the_end_of_a_list() {
    let g = Fixture::new();
    g.commit("a/.env", "A=1\n");
    let objects = open(g.root());
    let odb = objects.inner.odb().unwrap();
    let good = objects.tree(objects.head().unwrap().unwrap()).unwrap();
    let data = odb.read(good).unwrap().data().to_vec();
    for bad in [&data[..data.len() - 1], &[&data[..], b"100644 x"].concat(), b"x"] {
        let tree = odb.write(git2::ObjectType::Tree, bad).unwrap();
        let text = format!("tree {tree}\nauthor a <a> 1 +0000\ncommitter a <a> 1 +0000\n\nx\n");
        let id = ObjectId(odb.write(git2::ObjectType::Commit, text.as_bytes()).unwrap());
        let mut picker = Picker::new(&objects, |_| true).unwrap();
        let mut walk = Walk::new(&objects).unwrap();
        assert!(walk.picked(&mut picker, id).is_err());
        assert!(objects.changes(objects.head().unwrap(), Some(id)).is_err());
    }
    let id = ObjectId(odb.write(git2::ObjectType::Commit, b"tree x\n\nx").unwrap());
    assert!(Walk::new(&objects).unwrap().push(id).is_err());
    assert_eq!(objects.blob_if_there(Objects::id_of(b"not in there")).unwrap(), None);
    assert_eq!(Objects::id_of(b"A=1\n").to_string(), said(g.root(), &["rev-parse", "HEAD:a/.env"]).trim());
    assert_eq!(Objects::no_id().to_string(), "0".repeat(40));
}
