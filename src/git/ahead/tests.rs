//! Whoever reads ahead, and from wherever, sees what a plain walk sees.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;
use crate::git::testing::Fixture;
use crate::git::{HookVars, ObjectId, Objects, Picked};

/// More commits than 64 of the largest batches, with merges of two and of three, and env files that come, change, move
/// and go at three depths, on all branches.
const COMMITS: usize = 17_000;

fn history() -> Fixture {
    let g = Fixture::new();
    let mut stream = String::new();
    for number in 1..=COMMITS {
        let branch = ["main", "main", "main", "side", "third"][number % 5];
        let second = 1_600_000_000 + (number * 7) % 40 + number;
        write!(
            stream,
            "commit refs/heads/{branch}\nmark :{number}\ncommitter A <a@b> {second} +0100\ndata 1\nx\n"
        )
        .unwrap();
        // `main` is at the mark before, `side` two and `third` one before that.
        if number % 500 == 7 {
            writeln!(stream, "merge :{}", number - 4).unwrap();
        }
        if number % 1500 == 7 {
            writeln!(stream, "merge :{}", number - 3).unwrap();
        }
        let file =
            |path: &str| format!("M 100644 inline {path}\ndata {}\n{number}\n", number.to_string().len());
        stream += &file(&format!("src/{}/{}.rs", number % 7, number % 11));
        match number % 97 {
            3 => stream += &file("src/3/.env"),
            31 => stream += "D src/3/.env\n",
            5 => stream += &file("src/.env.production"),
            20 => stream += &file(".env"),
            50 => stream += "D .env\n",
            _ => {}
        }
    }
    write!(stream, "reset refs/heads/main\nfrom :{}\n\n", COMMITS - COMMITS % 5 + 1 - 5).unwrap();
    let import = Command::new("git")
        .current_dir(g.root())
        .args(["fast-import", "--quiet", "--force"])
        .stdin(Stdio::piped())
        .spawn();
    let mut import = import.unwrap();
    import.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    assert!(import.wait().unwrap().success());
    g
}

fn wanted(name: &[u8]) -> bool {
    name.starts_with(b".env")
}

/// Every commit in order, with the env files it has.
type Seen = Vec<(ObjectId, Vec<ObjectId>, i64, Vec<(std::path::PathBuf, ObjectId)>)>;

fn seen(objects: &Objects, threads: Option<usize>) -> Seen {
    let mut walk = Walk::new(objects).unwrap();
    let mut picker = Picker::new(objects, wanted).unwrap();
    let mut ahead = threads.map(Ahead::with_threads);
    walk.push(objects.head().unwrap().unwrap()).unwrap();
    let mut all = Vec::new();
    loop {
        let step = match &mut ahead {
            Some(ahead) => ahead.next(&mut walk, &mut picker).unwrap(),
            None => walk.pop(),
        };
        let Some(step) = step else { return all };
        if ahead.is_none() {
            walk.push_new(&step.parents).unwrap();
        }
        let picked: Picked = walk.picked(&mut picker, step.id).unwrap();
        let files = picker.files(picked).into_iter().map(|(path, file)| (path, file.id)).collect();
        all.push((step.id, step.parents.clone(), step.committed(), files));
    }
}

#[test]
fn threads_and_the_commit_graph_change_nothing() {
    let g = history();
    let open = || Objects::open(g.root(), HookVars::default()).unwrap();
    let plain = seen(&open(), None);
    let listed = String::from_utf8(Fixture::try_git(g.root(), &["rev-list", "HEAD"]).stdout).unwrap();
    assert!(plain.iter().map(|it| it.0.to_string()).eq(listed.lines()));
    assert!(plain.len() > 64 * 256 - 4000, "{}", plain.len());
    assert!([1, 2, 3].iter().all(|parents| plain.iter().any(|it| it.1.len() == *parents)));
    assert!(plain.iter().map(|it| it.3.clone()).collect::<HashSet<_>>().len() > 100);
    for threads in [1, 4] {
        assert!(seen(&open(), Some(threads)) == plain, "{threads} threads");
    }
    assert!(open().graph().is_none());
    g.git(&["commit-graph", "write", "--reachable"]);
    let graph = open().graph().unwrap();
    for (id, parents, committed, _) in &plain {
        let links = graph.links(*id).expect("in the graph");
        assert_eq!((&links.parents, links.committed), (parents, *committed));
        assert_eq!(links.tree, open_tree(&open(), *id));
    }
    assert!(graph.links(Objects::no_id()).is_none());
    assert!(seen(&open(), Some(2)) == plain);
    // In two files, and then half of it there only.
    let file = g.root().join(".git/objects/info/commit-graph");
    let whole = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let old = plain[plain.len() / 2].0.to_string();
    g.git(&["branch", "old", &old]);
    let mut write = Command::new("git");
    write.current_dir(g.root()).args(["commit-graph", "write", "--split=no-merge", "--stdin-commits"]);
    let mut writing = write.stdin(Stdio::piped()).spawn().unwrap();
    writeln!(writing.stdin.take().unwrap(), "{old}").unwrap();
    assert!(writing.wait().unwrap().success());
    let half = open().graph().unwrap();
    assert!(half.links(plain[0].0).is_none() && half.links(plain[plain.len() / 2].0).is_some());
    g.git(&["commit-graph", "write", "--reachable", "--split=no-merge"]);
    assert!(open().graph().unwrap().links(plain[0].0).is_some());
    assert!(seen(&open(), Some(2)) == plain);
    // What is cut off is not there.
    for length in [0, 3, 8, 40, 500, 2000, whole.len() / 2, whole.len() - 30] {
        fs::write(&file, &whole[..length]).ok();
        let graph = open().graph();
        for (id, parents, ..) in plain.iter().step_by(100) {
            let links = graph.as_ref().and_then(|graph| graph.links(*id));
            assert!(links.is_none_or(|links| &links.parents == parents), "{length}");
        }
    }
    fs::write(&file, &whole).unwrap();
    g.git(&["config", "core.commitGraph", "false"]);
    assert!(open().graph().is_none());
}

fn open_tree(objects: &Objects, id: ObjectId) -> Oid {
    objects.tree(id).unwrap()
}

#[test]
fn what_is_damaged_is_met_in_its_turn() {
    let g = Fixture::new();
    for number in 0..40 {
        g.commit("a", &number.to_string());
    }
    let old = g.root().join(".git/objects");
    let id = String::from_utf8(Fixture::try_git(g.root(), &["rev-parse", "HEAD~20"]).stdout).unwrap();
    fs::remove_file(old.join(&id[..2]).join(id[2..].trim())).unwrap();
    let objects = Objects::open(g.root(), HookVars::default()).unwrap();
    let mut walk = Walk::new(&objects).unwrap();
    let mut picker = Picker::new(&objects, wanted).unwrap();
    let mut ahead = Ahead::with_threads(2);
    walk.push(objects.head().unwrap().unwrap()).unwrap();
    // The commit just before it is the last one of which all is known.
    for _ in 0..19 {
        assert!(ahead.next(&mut walk, &mut picker).unwrap().is_some());
    }
    assert!(ahead.next(&mut walk, &mut picker).is_err());
}
