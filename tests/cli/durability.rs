//! Killed at any point, out of space, without permission, interrupted: nothing is lost and nothing is left behind.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use envseal::testing::crypto::{Opener, PlaintextKind, PrivateKey, SealedValue};

use crate::support::{Output, Run, TestEnv, is_long, relock_keys, set_mode};

fn start(env: &TestEnv, arguments: &[&str], stdin: &str) -> Child {
    let mut command = env.envseal(arguments).into_command();
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child
}

/// Returns how long a command takes if it is not killed.
fn measured(env: &TestEnv, arguments: &[&str], stdin: &str) -> Duration {
    let begin = Instant::now();
    assert!(start(env, arguments, stdin).wait().unwrap().success());
    begin.elapsed()
}

/// Starts a command and kills it after a while. Returns true if it had already ended.
fn killed(env: &TestEnv, arguments: &[&str], stdin: &str, delay: Duration) -> bool {
    let mut child = start(env, arguments, stdin);
    std::thread::sleep(delay);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    let mut said = String::new();
    child.stderr.unwrap().read_to_string(&mut said).unwrap();
    assert!(status.signal() == Some(9) || status.success(), "{status}: {said}");
    status.success()
}

/// Returns the values in `.env`: sealed ones decrypted with the current keys file, plain ones as they are.
fn values(env: &TestEnv) -> BTreeMap<String, String> {
    let keys = std::fs::read_to_string(env.path(".env.keys")).unwrap_or_default();
    let key = keys.lines().find_map(|line| line.strip_prefix("ENVSEAL_PRIVATE_KEY="));
    let mut opener = key.map(|key| Opener::new(PrivateKey::parse(key).unwrap()));
    if key.is_some() {
        assert_eq!(std::fs::metadata(env.path(".env.keys")).unwrap().mode() & 0o7777, 0o600);
    }
    let text = std::fs::read_to_string(env.path(".env")).unwrap_or_default();
    assert!(text.is_empty() || text.ends_with('\n'), "half a file: {text}");
    let statements = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let mut values = BTreeMap::new();
    for (name, value) in statements.map(|line| line.split_once('=').unwrap()) {
        let value = if value.starts_with("envseal:") {
            let token = SealedValue::parse(value.as_bytes()).unwrap();
            let opened = opener.as_mut().expect("a sealed value without a key").open(name, &token).unwrap();
            assert!(matches!(opened.kind, PlaintextKind::Value | PlaintextKind::Source));
            String::from_utf8(opened.bytes.expose().to_vec()).unwrap()
        } else {
            value.to_owned()
        };
        values.insert(name.to_owned(), value);
    }
    values
}

/// Asserts that the next command works, and removes what the killed one left.
fn next_works(env: &TestEnv) {
    env.envseal(&["set", "NEXT"]).stdin("next").ok();
    assert_eq!(values(env)["NEXT"], "next");
    assert_eq!(left_over(&env.repo()), [""; 0].map(PathBuf::from));
}

/// Returns how often to kill a command; more often with `CI_LONG=1`.
fn kills() -> u32 {
    if is_long() { 120 } else { 40 }
}

/// Kills a command again and again, each time at another point of the time that it takes. `prepare` comes before each
/// start, and `inspect` after each end.
fn kill_often(env: &TestEnv, arguments: &[&str], stdin: &str, prepare: impl Fn(), inspect: impl Fn(u32)) {
    prepare();
    let time = measured(env, arguments, stdin).mul_f64(1.2);
    let mut ended = 0;
    for round in 0..kills() {
        prepare();
        // Multiples of the golden ratio lie evenly between 0 and 1, however many there are.
        let delay = time.mul_f64((f64::from(round) * 0.618_034) % 1.0);
        ended += u32::from(killed(env, arguments, stdin, delay));
        inspect(round);
    }
    println!("{} kills within {time:?}, {ended} of them too late", kills());
    assert!(ended < kills());
}

#[test]
fn a_killed_set_leaves_the_old_file_or_the_new() {
    let env = TestEnv::new();
    env.ok(&["set", "FIRST=first", "V=old"]);
    let (before, old) = (env.bytes(".env"), values(&env));
    let changed = old.clone().into_iter().chain([("V".to_owned(), "new".to_owned())]).collect();
    let inspect = |round| {
        let new = values(&env);
        assert!(new == changed || env.bytes(".env") == before, "round {round}: {new:?} after {old:?}");
        if round % 10 == 9 {
            next_works(&env);
        }
    };
    kill_often(&env, &["set", "V"], "new", || env.write(".env", &before), inspect);
}

#[test]
fn a_killed_encrypt_leaves_the_old_file_or_the_new() {
    let env = TestEnv::new();
    env.ok(&["set", "FIRST", "first"]);
    let lines: String = (0..200).map(|at| format!("V{at}=value-{at}\n")).collect();
    let plain = env.read(".env") + &lines;
    env.write(".env", &plain);
    let all = values(&env);
    assert_eq!(all.len(), 202);
    let inspect = |round| {
        let text = env.read(".env");
        assert!(text == plain || !text.contains("=value-"), "round {round}: half encrypted");
        assert_eq!(values(&env), all, "round {round}");
        if round % 10 == 9 {
            next_works(&env);
        }
    };
    kill_often(&env, &["encrypt"], "", || env.write(".env", &plain), inspect);
}

#[test]
fn a_killed_first_set_never_seals_to_a_lost_key() {
    let env = TestEnv::new();
    let start_anew = || {
        for name in [".env", ".env.keys", ".gitignore", ".git/info/exclude"] {
            let _ = std::fs::remove_file(env.path(name));
        }
    };
    let inspect = |round| {
        // Every value in the file can be decrypted, and a keys file never exists before git ignores it.
        let found = values(&env);
        assert!(found.get("V").is_none_or(|value| value == "first"), "round {round}: {found:?}");
        if env.path(".env.keys").exists() {
            env.git(&["check-ignore", "-q", ".env.keys"]);
        }
        if round % 3 == 0 {
            next_works(&env);
            assert_eq!(values(&env).get("V"), found.get("V"), "round {round}");
        }
    };
    kill_often(&env, &["set", "V"], "first", start_anew, inspect);
}

#[test]
fn leftovers_are_swept_wherever_a_file_was_being_written() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "x"]);
    env.write("shared/.env", "B=1\n");
    for folder in [".", "shared", "a", "a/b", "c"] {
        env.write(format!("{folder}/.envseal-tmp-dead"), "x");
    }
    std::os::unix::fs::symlink("../../shared/.env", env.path("a/b/.env")).unwrap();
    env.ok(&["set", "A", "x", "-f", "a/b/.env"]);
    for gone in [".", "shared", "a", "a/b"] {
        assert!(!env.path(gone).join(".envseal-tmp-dead").exists(), "{gone}");
    }
    assert!(env.path("c/.envseal-tmp-dead").exists(), "nothing was written there");
    assert_eq!(env.git(&["status", "--short", "--", "c"]), "", "git does not see it");
}

/// A file system of a megabyte, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn at(env: &TestEnv, folder: &Path) -> Option<Self> {
        let folder = folder.to_str().unwrap();
        let mounted = env.program("mount", &["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).output();
        if mounted.status != 0 {
            println!("skipped: a small disk needs root, and a system that lets it mount one");
            return None;
        }
        Some(Self(folder.into()))
    }

    /// Fills it, and leaves `pages` of 4 KiB free.
    fn fill(&self, pages: usize) {
        let path = self.0.join("filler");
        let mut file = std::fs::File::create(&path).unwrap();
        let page = [0; 4096];
        let mut length = 0;
        while let Ok(count @ 1..) = file.write(&page) {
            length += count as u64;
        }
        file.set_len(length.saturating_sub(4096 * pages as u64)).unwrap();
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn left_over(folder: &Path) -> Vec<PathBuf> {
    let items = std::fs::read_dir(folder).unwrap().flatten().map(|item| item.path());
    items.filter(|path| path.to_string_lossy().contains(".envseal-tmp-")).collect()
}

#[test]
fn a_full_disk_loses_nothing() {
    let env = TestEnv::without_git();
    let Some(disk) = SmallDisk::at(&env, &env.repo()) else { return };
    env.git(&["init", "-q", "--template="]);
    env.ok(&["set", "A", "first"]);
    let long = "x".repeat(20_000);
    env.write(".env", env.read(".env") + &format!("PLAIN={long}\n"));
    disk.fill(0);
    let new_environment = ["set", "A", "x", "-e", "production"];
    for arguments in [&["set", "A", "second"][..], &["encrypt"], &["unset", "A"], &new_environment] {
        let said = env.refuses(4, arguments);
        assert!(said.contains("no space left"), "{said}");
        assert!(said.contains("hint: make room on the disk and try again"), "{said}");
    }
    assert_eq!(env.ok(&["get", "A"]), "first\n");
    disk.empty();
    env.ok(&["set", "A", "second"]);
    assert_eq!(env.ok(&["get", "A"]), "second\n");
}

#[test]
fn a_full_disk_keeps_the_keys_file_as_it_is() {
    let env = TestEnv::without_git();
    let Some(disk) = SmallDisk::at(&env, &env.repo()) else { return };
    env.git(&["init", "-q", "--template="]);
    env.ok(&["set", "A", "first"]);
    let backup = env.outside().join("home/backup");
    let run = |arguments: &[&str]| env.envseal(arguments).var("ENVSEAL_PASSPHRASE", "p");
    run(&["key", "backup", backup.to_str().unwrap()]).ok();
    let text = std::fs::read_to_string(&backup).unwrap();
    std::fs::write(&backup, relock_keys(&text, "p", &env.read(".env.keys"))).unwrap();
    // Longer than a page, so that the slack of the existing file can't hold it.
    env.write(".env.keys", env.read(".env.keys") + "# " + &"x".repeat(20_000) + "\n");
    let recover = ["key", "recover", backup.to_str().unwrap()];
    for arguments in [&["key", "lock"][..], &recover] {
        if arguments == recover {
            env.write(".env.keys", "# ".to_owned() + &"x".repeat(20_000) + "\n");
        }
        disk.fill(0);
        let said = run(arguments).refuses(4);
        assert!(said.contains("no space left"), "{said}");
        disk.empty();
    }
    let inside = env.path("full/backup");
    std::fs::create_dir(env.path("full")).unwrap();
    env.write(".gitignore", "/full\n.env.keys\n");
    disk.fill(0);
    run(&recover).fails(4);
    disk.empty();
    run(&recover).ok();
    disk.fill(0);
    run(&["key", "backup", inside.to_str().unwrap()]).fails(4);
    assert!(!inside.exists() && left_over(&env.path("full")).is_empty());
    disk.empty();
    assert_eq!(env.ok(&["get", "A"]), "first\n");
}

#[test]
fn a_disk_that_fills_up_during_a_first_set() {
    let env = TestEnv::without_git();
    let Some(disk) = SmallDisk::at(&env, &env.repo()) else { return };
    env.git(&["init", "-q", "--template="]);
    let (mut failed, mut worked) = (0, 0);
    for pages in 0..8 {
        for name in [".env", ".env.keys", ".gitignore", ".git/info"] {
            let path = env.path(name);
            let _ = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        }
        disk.fill(pages);
        let output = env.envseal(&["set", "A", "first"]).output();
        assert_eq!(left_over(&env.repo()), [""; 0].map(PathBuf::from));
        if output.status == 0 {
            worked += 1;
        } else {
            failed += 1;
            assert_eq!(output.status, 4, "{}", output.stderr);
            assert!(output.stderr.contains("no space left"), "{}", output.stderr);
            assert!(!env.path(".env").exists());
        }
        values(&env);
        disk.empty();
        env.ok(&["set", "A", "first"]);
        assert_eq!(values(&env)["A"], "first");
    }
    assert!(failed > 1 && worked > 1, "{failed} failed, {worked} worked");
}

/// Gives a folder and everything in it to a user.
fn give(path: &Path, user: u32) {
    let _ = std::os::unix::fs::lchown(path, Some(user), Some(user));
    if path.is_dir() && !path.is_symlink() {
        std::fs::read_dir(path).unwrap().flatten().for_each(|item| give(&item.path(), user));
    }
}

/// Returns a run as a user whom permissions bind and who owns all scratch files; None if root can't become such a user.
fn as_mortal<'a>(env: &'a TestEnv, arguments: &[&str]) -> Option<Run<'a>> {
    const USER: u32 = 12345;
    if !rustix::process::geteuid().is_root() {
        return Some(env.envseal(arguments));
    }
    give(&env.outside(), USER);
    let (user, group) = (format!("--reuid={USER}"), format!("--regid={USER}"));
    let become_user = [&user, &group, "--clear-groups", env!("CARGO_BIN_EXE_envseal")];
    let works = std::process::Command::new("setpriv").args(become_user).arg("--version").output();
    if !works.is_ok_and(|output| output.status.success()) {
        println!("skipped: root is bound by no permission, and cannot become someone else here");
        return None;
    }
    Some(env.program("setpriv", &[&become_user[..], arguments].concat()))
}

#[test]
fn a_folder_that_is_read_only() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "first"]);
    let before = env.snapshot();
    for arguments in [&["set", "A", "second"][..], &["set", "B", "x", "-e", "new"], &["unset", "A"]] {
        set_mode(env.repo(), 0o555);
        let Some(run) = as_mortal(&env, arguments) else { return };
        let said = run.fails(4);
        set_mode(env.repo(), 0o755);
        assert!(said.contains("permission denied") && said.contains("cannot write in "), "{said}");
        assert_eq!(env.snapshot(), before);
    }
}

#[test]
fn a_keys_file_that_cannot_be_read() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "first"]);
    set_mode(env.path(".env.keys"), 0);
    let text = env.read(".env");
    for arguments in
        [&["get", "A"][..], &["run", "--", "touch", "started"], &["decrypt"], &["set", "B", "x", "-e", "new"]]
    {
        let Some(run) = as_mortal(&env, arguments) else { return };
        let Output { status, stderr, .. } = run.output();
        assert_eq!(status, 4, "{stderr}");
        assert!(stderr.contains(".env.keys: permission denied"), "{stderr}");
        assert_eq!(env.read(".env"), text);
        assert!(!env.path("started").exists() && !env.path(".env.new").exists());
    }
    assert_eq!(std::fs::metadata(env.path(".env.keys")).unwrap().mode() & 0o7777, 0);
}

#[test]
fn a_file_of_another_user_keeps_its_owner_or_is_left_alone() {
    let env = TestEnv::without_git();
    env.ok(&["set", "A", "first"]);
    if chown(env.path(".env"), Some(12345), Some(54321)).is_err() {
        println!("skipped: giving a file away needs root");
        return;
    }
    set_mode(env.path(".env"), 0o640);
    env.ok(&["set", "A", "second"]);
    let meta = std::fs::metadata(env.path(".env")).unwrap();
    assert_eq!((meta.uid(), meta.gid(), meta.mode() & 0o7777), (12345, 54321, 0o640));
}

#[test]
fn a_folder_that_vanishes() {
    let env = TestEnv::new();
    let mut child = {
        std::fs::create_dir(env.path("sub")).unwrap();
        let mut command = env.envseal(&["set", "A"]).dir(env.path("sub")).into_command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    // It waits for the value.
    std::thread::sleep(Duration::from_millis(200));
    std::fs::remove_dir(env.path("sub")).unwrap();
    child.stdin.take().unwrap().write_all(b"x").unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.starts_with("error: cannot "), "{said}");
    assert!(env.snapshot().iter().all(|(path, _)| path.ends_with(".gitignore")), "{:?}", env.snapshot());
    for arguments in [&["run", "--", "true"][..], &["ls"], &["encrypt"], &["get"], &["init"]] {
        let script = "mkdir gone && cd gone && rmdir ../gone && exec \"$0\" \"$@\"";
        let output =
            env.program("sh", &[&["-c", script, env!("CARGO_BIN_EXE_envseal")], arguments].concat()).output();
        assert_eq!(output.status, 4, "{}", output.stderr);
    }
}

#[test]
fn who_waits_for_another_says_so_once() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "first"]);
    let lock = envseal::testing::fs::FolderLock::acquire(&env.repo()).unwrap();
    let mut children: Vec<_> = (0..3).map(|at| start(&env, &["set", &format!("V{at}")], "x")).collect();
    let mut said: Vec<_> =
        children.iter_mut().map(|child| BufReader::new(child.stderr.take().unwrap())).collect();
    for said in &mut said {
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert_eq!(line, "Waiting for another envseal to finish…\n");
    }
    // They try several times, and are silent.
    std::thread::sleep(Duration::from_millis(200));
    drop(lock);
    for (mut child, mut said) in children.into_iter().zip(said) {
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        assert!(child.wait().unwrap().success() && !rest.contains("Waiting"), "{rest}");
    }
    // None of them lost another one's value.
    assert_eq!(values(&env).keys().filter(|name| name.starts_with('V')).count(), 3);
}
