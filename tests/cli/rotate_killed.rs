//! `envseal key rotate` is killed at each step. The next command must recover.

use std::cell::OnceCell;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Child;

use envseal::testing::crypto::{Opener, PrivateKey, SealedValue};
use serde_json::{Value, json};

use crate::rotate::{grant, person, team};
use crate::support::{Run, TestEnv, Tree};

const FILES: [&str; 2] = [".env.p", "sub/.env.p"];

/// A committed environment with two files and a team of one, and the bytes of its files.
struct World {
    env: TestEnv,
    identity: PathBuf,
    old: Vec<(&'static str, Vec<u8>)>,
    /// The scratch folder after a rotation that was killed between two env files.
    half_done: OnceCell<Tree>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Old,
    New,
}

impl World {
    fn new() -> Self {
        let env = TestEnv::new();
        env.write("sub/x", "");
        env.ok(&["set", "-q", "A=one", "B=two", "-e", "p"]);
        env.ok(&["set", "-q", "A=three", "-f", "sub/.env.p"]);
        let (alice, identity) = person(&env, "alice");
        grant(&env, "p", "ENVSEAL_PRIVATE_KEY_P", &[("alice", &alice)]);
        env.git(&["add", "-A"]);
        env.git(&["commit", "-qm", "old"]);
        let old = [".env.p", "sub/.env.p", ".env.keys", "envseal.toml"].map(|path| (path, env.bytes(path)));
        Self { env, identity, old: old.to_vec(), half_done: OnceCell::new() }
    }

    fn restore(&self) {
        // Also forget which keys this machine trusts, or going back would count as a change of the key.
        let _ = std::fs::remove_dir_all(self.env.outside().join("home/.local"));
        self.old.iter().for_each(|(path, bytes)| self.env.write(path, bytes));
    }

    fn killed(&self, arguments: &[&str], syscall: &str, nth: usize) -> bool {
        killed(self.env.envseal(arguments).var("ENVSEAL_IDENTITY", &self.identity), syscall, nth)
    }

    /// Leaves a rotation that was killed after the keys file and one of the env files were replaced.
    fn half_done(&self) {
        let outside = self.env.outside();
        let tree = self.half_done.get_or_init(|| {
            // The renames are those of the journal, the keys file and then the env files.
            for nth in 1.. {
                self.restore();
                assert!(self.killed(&ROTATE, "rename", nth), "the rotation ended before that point");
                let is_old =
                    |path: &&&str| self.old.iter().any(|(p, b)| p == *path && self.env.bytes(p) == *b);
                if FILES.iter().filter(is_old).count() == 1 {
                    break;
                }
                self.env.ok(&["encrypt", "-f", ".env.p", "-f", "sub/.env.p"]);
            }
            Tree::read(&outside)
        });
        for folder in ["repo", "home"] {
            std::fs::remove_dir_all(outside.join(folder)).unwrap();
        }
        tree.write(&outside);
    }

    /// Asserts that every value decrypts with the current keys file to what it was, and that git sees nothing that it
    /// should not.
    fn opens(&self, place: &str) {
        let text = self.env.read(".env.keys");
        let keys = text.lines().find_map(|line| line.strip_prefix("ENVSEAL_PRIVATE_KEY_P=")).unwrap();
        let mut openers: Vec<_> =
            keys.split(',').map(|key| Opener::new(PrivateKey::parse(key).unwrap())).collect();
        for path in FILES {
            let text = self.env.read(path);
            let statements = text.lines().filter(|line| !line.starts_with('#')).count();
            assert_eq!(statements, if path == ".env.p" { 3 } else { 2 }, "{place}: {text}");
            for (name, value) in text.lines().filter_map(|line| line.split_once("=envseal:")) {
                let token = SealedValue::parse(format!("envseal:{value}").as_bytes()).unwrap();
                let value = openers.iter_mut().find_map(|opener| opener.open(name, &token).ok());
                let expected = match (path, name) {
                    (".env.p", "A") => "one",
                    (_, "A") => "three",
                    _ => "two",
                };
                assert_eq!(value.unwrap().bytes.expose(), expected.as_bytes(), "{place}: {path} {name}");
            }
        }
        for line in self.env.git(&["status", "--short", "-uall"]).lines() {
            assert!([" M .env.p", " M sub/.env.p", " M envseal.toml"].contains(&line), "{place}: {line}");
        }
    }

    /// Asserts that after the next command all files are old or all are new, with nothing left over. Returns which.
    fn state(&self, place: &str) -> State {
        let left = leftovers(&self.env.repo());
        assert!(left.is_empty(), "{place}: {left:?}");
        self.opens(place);
        if self.old.iter().all(|(path, bytes)| self.env.bytes(path) == *bytes) {
            return State::Old;
        }
        for (path, bytes) in &self.old {
            assert_ne!(self.env.bytes(path), *bytes, "{place}: {path} is old, and others are not");
        }
        let keys = self.env.private_key("ENVSEAL_PRIVATE_KEY_P");
        let new = PrivateKey::parse(keys.split(',').next().unwrap()).unwrap().public();
        for path in FILES {
            assert!(self.env.read(path).contains(&new.to_string()), "{place}");
        }
        assert!(team(&self.env).grants().iter().all(|line| line.key == new), "{place}");
        State::New
    }
}

/// Runs a program and kills it when it is about to make its `nth` call of `syscall`. Returns whether it was killed.
pub(crate) fn killed(run: Run<'_>, syscall: &str, nth: usize) -> bool {
    let (trace, inject) = (format!("trace={syscall}"), format!("inject={syscall}:signal=SIGKILL:when={nth}"));
    let output = run.under("strace", &["-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject]).output();
    assert!([0, 128 + 9].contains(&output.status), "{syscall} {nth}: {}: {}", output.status, output.stderr);
    output.status != 0
}

pub(crate) fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in std::fs::read_dir(folder).unwrap().flatten() {
        if item.file_type().unwrap().is_dir() {
            found.extend(leftovers(&item.path()));
        } else if !["envseal-root", "envseal-hooks"].iter().any(|kept| item.file_name() == *kept)
            && item.file_name().to_string_lossy().contains("envseal-")
        {
            found.push(item.path());
        }
    }
    found
}

pub(crate) fn has_strace() -> bool {
    let works = std::process::Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status();
    let works = works.is_ok_and(|status| status.success());
    if !works {
        println!("skipped: strace is not installed, or may not trace here");
    }
    works
}

const ROTATE: [&str; 4] = ["key", "rotate", "-e", "p"];

#[test]
fn killed_at_each_step_it_leaves_the_old_state_or_the_new() {
    if !has_strace() {
        return;
    }
    let world = World::new();
    let (mut old, mut new) = (0, 0);
    for syscall in ["rename", "renameat2", "fsync", "unlink", "write", "flock", "fchmod"] {
        for nth in 1.. {
            if !world.killed(&ROTATE, syscall, nth) {
                break;
            }
            let place = format!("killed at {syscall} {nth}");
            world.opens(&place);
            // Every second time, the next command only reads. Then comes one that writes and cleans up.
            if nth % 2 == 0 {
                world.env.ok(&["run", "-e", "p", "--", "true"]);
                assert!(!world.env.path(".git/envseal-journal").exists(), "{place}");
            }
            world.env.ok(&["encrypt", "-f", ".env.p", "-f", "sub/.env.p"]);
            match world.state(&place) {
                State::Old => old += 1,
                State::New => new += 1,
            }
            world.restore();
        }
        world.restore();
    }
    println!("{old} kills left the old state, {new} the new one");
    assert!(old > 5 && new > 5, "{old} {new}");
}

#[test]
fn killed_while_it_is_finished_it_is_finished_next() {
    if !has_strace() {
        return;
    }
    let world = World::new();
    world.half_done();
    let said = world.env.envseal(&["ls"]).output().stderr;
    assert!(said.contains("note: finished an interrupted change; see: git status\n"), "{said}");
    assert!(!world.env.envseal(&["ls"]).output().stderr.contains("interrupted"), "it must be printed once");
    for syscall in ["rename", "fsync", "unlink"] {
        for nth in 1.. {
            world.half_done();
            let killed = world.killed(&["get", "A", "-e", "p"], syscall, nth);
            world.opens("during recovery");
            world.env.ok(&["encrypt", "-f", ".env.p", "-f", "sub/.env.p"]);
            assert_eq!(world.state(&format!("{syscall} {nth}")), State::New);
            if !killed {
                break;
            }
        }
    }
}

/// The words that the error must contain, and what a person changes.
type Meddle<'a> = (&'a str, Box<dyn Fn() + 'a>);

#[test]
fn what_a_person_changed_meanwhile_stops_it_and_stays() {
    if !has_strace() {
        return;
    }
    let world = World::new();
    let env = &world.env;
    let journal = env.path(".git/envseal-journal");
    let temps = || {
        let all = leftovers(&env.repo()).into_iter();
        all.filter(|path| path.to_string_lossy().contains(".envseal-tmp-")).collect::<Vec<_>>()
    };
    let pending = |path: &&&str| world.old.iter().any(|(p, b)| *p == **path && env.bytes(p) == *b);
    let append = |path: String| {
        let text = env.read(&path);
        env.write(&path, text + "# mine\n");
    };
    let meddles: Vec<Meddle<'_>> = vec![
        ("changed since", Box::new(|| append((**FILES.iter().find(pending).unwrap()).to_owned()))),
        ("is gone or was changed", Box::new(|| std::fs::remove_file(&temps()[0]).unwrap())),
        ("is gone or was changed", Box::new(|| std::fs::write(&temps()[0], "A=1\n").unwrap())),
        ("cannot be read: it is no JSON", Box::new(|| std::fs::write(&journal, "{\"version\":").unwrap())),
        ("of another version", Box::new(|| std::fs::write(&journal, "{\"version\":9}").unwrap())),
    ];
    for (words, meddle) in meddles {
        world.half_done();
        // The lock file of the killed process, which the next command that writes removes.
        let _ = std::fs::remove_file(env.path(".envseal-tmp-lock"));
        meddle();
        let (before, left) = (env.snapshot(), temps());
        let said = env.fails(4, &["set", "A=x", "-e", "p"]);
        assert!(said.contains("a change was interrupted, and ") && said.contains(words), "{said}");
        assert!(
            said.contains("hint: to keep the files as they are now and give the change up: rm "),
            "{said}"
        );
        for arguments in [&ROTATE[..], &["encrypt"], &["unset", "A", "-e", "p"]] {
            env.fails(4, arguments);
        }
        // A command that only reads prints the error and still reads.
        let read = env.envseal(&["get", "A", "-e", "p"]).output();
        assert_eq!((read.status, read.stdout), (0, b"one\n".to_vec()), "{}", read.stderr);
        assert!(read.stderr.contains(words), "{}", read.stderr);
        assert_eq!((env.snapshot(), temps()), (before, left), "{words}");
        world.opens(words);
        std::fs::remove_file(&journal).unwrap();
        world.restore();
        env.ok(&["encrypt", "-f", ".env.p", "-f", "sub/.env.p"]);
        assert_eq!(world.state(words), State::Old);
    }
}

#[test]
fn where_nothing_can_be_written_reading_goes_on() {
    if !has_strace() {
        return;
    }
    let world = World::new();
    world.half_done();
    let env = &world.env;
    let (repo, journal) = (env.repo(), env.path(".git/envseal-journal"));
    let repo = repo.to_str().unwrap();
    let mount = |arguments: &[&str]| env.program("mount", arguments).output().status == 0;
    if !mount(&["--bind", repo, repo]) {
        println!("skipped: mounting needs root, and a system that lets it");
        return;
    }
    let unmount = Unmount(repo.into());
    assert!(mount(&["-o", "remount,ro,bind", repo]));
    let before = env.snapshot();
    for path in FILES {
        let output = env.envseal(&["run", "-f", path, "--", "sh", "-c", "echo $A"]).output();
        let expected = if path == ".env.p" { "one\n" } else { "three\n" };
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected, "{}", output.stderr);
    }
    assert!(env.fails(4, &["set", "A=x", "-e", "p"]).contains("read-only"));
    assert_eq!(env.snapshot(), before);
    drop(unmount);
    assert!(journal.exists());
    env.ok(&["run", "-e", "p", "--", "true"]);
    assert_eq!(world.state("writable again"), State::New);
}

#[test]
fn a_journal_that_was_handed_around_writes_and_removes_nothing() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A=one"]);
    let outside = env.outside().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, env.path("link")).unwrap();
    for folder in [outside.clone(), env.repo(), env.path(".git")] {
        std::fs::write(folder.join(".envseal-tmp-evil"), "evil").unwrap();
    }
    std::fs::write(outside.join("victim"), "victim").unwrap();
    std::fs::write(env.path("victim"), "victim").unwrap();
    let hash = |text: &str| {
        let said = env.program("sha256sum", &[]).stdin(text).ok();
        said.split(' ').next().unwrap().to_owned()
    };
    let (victim, evil) = (hash("victim"), hash("evil"));
    let keys = hash(&env.read(".env.keys"));
    let pair = PrivateKey::generate().public().to_string();
    let done = json!({ "path": ".env.keys", "temp": ".envseal-tmp-k", "before": null, "after": keys, "keys": [pair] });
    let entry = |path: &str, temp: &str| json!({ "path": path, "temp": temp, "before": victim, "after": evil, "keys": [] });
    let keys_file = |path: &str| {
        let mut entry = entry(path, ".envseal-tmp-evil");
        entry["keys"] = json!([pair]);
        entry
    };
    let absolute = outside.join("victim").to_str().unwrap().to_owned();
    let of = |files: &[Value]| json!({ "version": 2, "files": files }).to_string();
    let hostile = [
        of(&[done.clone(), entry("../outside/victim", ".envseal-tmp-evil")]),
        of(&[done.clone(), entry("link/victim", ".envseal-tmp-evil")]),
        of(&[done.clone(), entry(&absolute, ".envseal-tmp-evil")]),
        of(&[done.clone(), entry(".git/config", ".envseal-tmp-evil")]),
        of(&[done.clone(), entry(".GIT/config", ".envseal-tmp-evil")]),
        of(&[done.clone(), entry("victim", "../outside/.envseal-tmp-evil")]),
        of(&[done.clone(), entry("victim", "victim")]),
        of(&[done.clone(), entry("victim", ".envseal-tmp-")]),
        of(&[done.clone(), entry("victim", ".envseal-tmp-evil"), entry("victim", ".envseal-tmp-evil")]),
        of(&[done.clone(), keys_file(&absolute)]),
        of(&[keys_file("../x")]),
        of(&[]),
        "[]".into(),
        "{\"version\":2,\"files\":{}}".into(),
        "{\"version\":1,\"files\":[]}".into(),
        "[".repeat(100_000),
    ];
    let all = || {
        let evil = |folder: &Path| std::fs::read(folder.join(".envseal-tmp-evil")).unwrap();
        let config = env.bytes(".git/config");
        (
            env.snapshot(),
            std::fs::read(outside.join("victim")).unwrap(),
            evil(&outside),
            evil(&env.path(".git")),
            config,
        )
    };
    let journal = env.path(".git/envseal-journal");
    for text in hostile {
        std::fs::write(&journal, &text).unwrap();
        let before = all();
        let said = env.fails(4, &["set", "B=x"]);
        assert!(said.contains("a change was interrupted, and "), "{text}: {said}");
        assert_eq!(env.ok(&["get", "A"]), "one\n");
        assert_eq!(all(), before, "{text}");
    }
    // A journal that is a link, and one that belongs to another user.
    std::fs::remove_file(&journal).unwrap();
    std::os::unix::fs::symlink(env.path("victim"), &journal).unwrap();
    assert!(env.fails(4, &["set", "B=x"]).contains("is not a regular file"));
    std::fs::remove_file(&journal).unwrap();
    std::fs::write(&journal, of(&[done])).unwrap();
    if std::os::unix::fs::chown(&journal, Some(12345), None).is_ok() {
        assert!(env.fails(4, &["set", "B=x"]).contains("belongs to another user"));
    } else {
        println!("skipped: giving a file away needs root");
    }
}

/// Reads from its stderr that the program waits for another envseal.
pub(crate) fn waits(child: &mut Child) {
    let mut said = [0; 27];
    child.stderr.as_mut().unwrap().read_exact(&mut said).unwrap();
    assert_eq!(said, *b"Waiting for another envseal");
}

#[test]
fn who_sets_a_value_meanwhile_waits() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A=one", "-e", "p"]);
    let lock = envseal::testing::fs::FolderLock::acquire(&env.repo()).unwrap();
    let start = |arguments: &[&str]| {
        let mut command = env.envseal(arguments).into_command();
        command.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let mut children = [start(&["key", "rotate", "-e", "p"]), start(&["set", "B=two", "-e", "p"])];
    children.iter_mut().for_each(waits);
    drop(lock);
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    // Whichever came first, both values decrypt with the key in the file.
    assert_eq!(env.ok(&["get", "A", "-e", "p"]), "one\n");
    assert_eq!(env.ok(&["get", "B", "-e", "p"]), "two\n");
    assert_eq!(leftovers(&env.repo()), [""; 0].map(PathBuf::from));
}

#[test]
fn a_full_disk_leaves_the_old_state() {
    let world = World::new();
    let env = TestEnv::without_git();
    let folder = env.repo();
    let mounted =
        env.program("mount", &["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.to_str().unwrap()]).output();
    if mounted.status != 0 {
        println!("skipped: a small disk needs root, and a system that lets it mount one");
        return;
    }
    let unmount = Unmount(folder.clone());
    env.git(&["init", "-q", "--template="]);
    std::fs::create_dir(env.path("sub")).unwrap();
    world.old.iter().for_each(|(path, bytes)| env.write(path, bytes));
    env.write(".gitignore", ".env.keys\n");
    let rotate = || env.envseal(&ROTATE).var("ENVSEAL_IDENTITY", &world.identity).output();
    let (mut failed, mut worked) = (0, 0);
    for pages in 0..9 {
        let filler = env.path("filler");
        let mut file = std::fs::File::create(&filler).unwrap();
        let mut length = 0_u64;
        while let Ok(count @ 1..) = std::io::Write::write(&mut file, &[0; 4096]) {
            length += count as u64;
        }
        file.set_len(length.saturating_sub(4096 * pages)).unwrap();
        let output = rotate();
        if output.status == 0 {
            worked += 1;
        } else {
            failed += 1;
            assert!(output.stderr.contains("no space left"), "{}", output.stderr);
            for (path, bytes) in &world.old {
                assert_eq!(env.bytes(path), *bytes, "{pages}: {path}");
            }
        }
        let left = leftovers(&env.repo());
        assert!(left.is_empty(), "{pages}: {left:?}");
        drop(file);
        std::fs::remove_file(filler).unwrap();
        assert_eq!(env.ok(&["get", "A", "-f", "sub/.env.p"]), "three\n");
        world.old.iter().for_each(|(path, bytes)| env.write(path, bytes));
    }
    assert!(failed > 2 && worked > 0, "{failed} failed, {worked} worked");
    drop(unmount);
}

struct Unmount(PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
