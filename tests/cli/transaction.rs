//! Changes to several files: by several commands at once, killed midway, or while someone else changes them.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use envseal::testing::team::ExposureState;

use crate::rotate::{grant, person, team};
use crate::rotate_killed::{has_strace, killed, leftovers, waits};
use crate::support::TestEnv;

fn start(env: &TestEnv, dir: &Path, arguments: &[&str]) -> Child {
    let mut command = env.envseal(arguments).dir(dir).into_command();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Runs this command in all folders at once. Returns the exit statuses.
fn at_once(env: &TestEnv, dirs: &[PathBuf], arguments: &[&str]) -> Vec<i32> {
    let children: Vec<_> = dirs.iter().map(|dir| start(env, dir, arguments)).collect();
    let outputs = children.into_iter().map(|child| child.wait_with_output().unwrap());
    outputs
        .map(|output| {
            print!("{}", String::from_utf8_lossy(&output.stderr));
            output.status.code().unwrap()
        })
        .collect()
}

/// Creates two repositories and a linked worktree, and a keys file that all use, by the option or by a symlink.
fn sharing(env: &TestEnv, by_link: bool) -> (Vec<PathBuf>, PathBuf) {
    let keys = env.outside().join("shared/my.keys");
    std::fs::create_dir_all(keys.parent().unwrap()).unwrap();
    let dirs = ["one", "two", "three"].map(|name| env.outside().join(name));
    for dir in &dirs[..2] {
        std::fs::create_dir_all(dir).unwrap();
        env.program("git", &["init", "-q"]).dir(dir).ok();
    }
    env.program("git", &["commit", "-q", "--allow-empty", "-m", "first"]).dir(&dirs[0]).ok();
    env.program("git", &["worktree", "add", "-q", dirs[2].to_str().unwrap()]).dir(&dirs[0]).ok();
    for dir in dirs.iter().filter(|_| by_link) {
        std::fs::write(dir.join(".gitignore"), ".env.keys\n").unwrap();
        std::os::unix::fs::symlink(&keys, dir.join(".env.keys")).unwrap();
    }
    (dirs.to_vec(), keys)
}

#[test]
fn a_keys_file_that_repositories_share_keeps_every_key() {
    for round in 0..8 {
        let env = TestEnv::new();
        let by_link = round % 2 == 0;
        let (dirs, keys) = sharing(&env, by_link);
        let named = ["-K", keys.to_str().unwrap()];
        let option: &[&str] = if by_link { &[] } else { &named };
        assert_eq!(at_once(&env, &dirs, &[option, &["set", "-q", "A=one"]].concat()), [0, 0, 0]);
        let read = |dir: &PathBuf| env.envseal(&[option, &["get", "A"]].concat()).dir(dir).ok();
        assert!(dirs.iter().all(|dir| read(dir) == "one\n"), "round {round}");
        // Not in the linked worktree: its key is its repository's, and rotating both would give each a different one.
        let rotated = at_once(&env, &dirs[..2], &[option, &["key", "rotate"]].concat());
        assert_eq!(rotated, [0, 0], "round {round}");
        assert!(dirs.iter().all(|dir| read(dir) == "one\n"), "round {round}");
        let left: Vec<_> = std::fs::read_dir(keys.parent().unwrap()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}

#[test]
fn a_rotation_that_was_killed_is_finished_or_undone_though_others_use_the_keys_file() {
    if !has_strace() {
        return;
    }
    let (mut finished, mut undone) = (0, 0);
    for nth in 1.. {
        let env = TestEnv::new();
        let (dirs, keys) = sharing(&env, false);
        let option = ["-K", keys.to_str().unwrap()];
        let run =
            |dir: usize, arguments: &[&str]| env.envseal(&[&option, arguments].concat()).dir(&dirs[dir]);
        run(0, &["set", "-q", "A=one"]).ok();
        let before = run(0, &["key", "show"]).ok();
        let rotate = [&option[..], &["key", "rotate"]].concat();
        let rotate = env.envseal(&rotate).dir(&dirs[0]);
        let was_killed = killed(rotate, "rename", nth);
        run(1, &["set", "-q", "A=two"]).ok();
        run(1, &["key", "rotate", "-q"]).ok();
        run(0, &["set", "-q", "B=three"]).ok();
        for (dir, name, value) in [(0, "A", "one\n"), (0, "B", "three\n"), (1, "A", "two\n")] {
            assert_eq!(run(dir, &["get", name]).ok(), value, "{nth}");
        }
        for folder in [&dirs[0], &dirs[1], keys.parent().unwrap()] {
            let left = leftovers(folder);
            assert!(left.is_empty(), "{nth}: {left:?}");
        }
        if run(0, &["key", "show"]).ok() == before {
            undone += 1;
        } else {
            finished += 1;
        }
        if !was_killed {
            break;
        }
    }
    assert!(finished > 1 && undone > 0, "{finished} {undone}");
}

/// Creates a team in which Bob was removed, who could read two of Alice's values.
fn with_exposures() -> (TestEnv, PathBuf) {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A=one", "B=two", "-e", "p"]);
    let ((alice, identity), (bob, _)) = (person(&env, "alice"), person(&env, "bob"));
    grant(&env, "p", "ENVSEAL_PRIVATE_KEY_P", &[("alice", &alice), ("bob", &bob)]);
    env.git(&["add", "-A"]);
    env.git(&["commit", "-qm", "old"]);
    env.envseal(&["team", "remove", "bob", "--yes"]).var("ENVSEAL_IDENTITY", &identity).ok();
    (env, identity)
}

fn replaced(env: &TestEnv) -> usize {
    team(env).exposures().iter().filter(|exposure| exposure.state == ExposureState::Replaced).count()
}

#[test]
fn a_value_is_recorded_as_replaced_only_once_it_is() {
    if !has_strace() {
        return;
    }
    let (env, identity) = with_exposures();
    let paths = [".env.p", ".env.keys", "envseal.toml"];
    let old = paths.map(|path| env.bytes(path));
    let mut between = 0;
    for syscall in ["rename", "fsync", "unlink"] {
        for nth in 1.. {
            let arguments = ["set", "-q", "A=new", "-e", "p"];
            let set = env.envseal(&arguments).var("ENVSEAL_IDENTITY", &identity);
            let was_killed = killed(set, syscall, nth);
            let is_new = env.bytes(".env.p") != old[0];
            assert!(is_new || replaced(&env) == 0, "{syscall} {nth}: recorded before it happened");
            between += usize::from(is_new && replaced(&env) == 0);
            // The next command finishes it or undoes it.
            env.ok(&["ls"]);
            env.ok(&["set", "-q", "C=three", "-e", "p"]);
            let is_new = env.ok(&["get", "A", "-e", "p"]) == "new\n";
            assert_eq!(replaced(&env), usize::from(is_new), "{syscall} {nth}");
            for (path, bytes) in paths.iter().zip(&old) {
                env.write(path, bytes);
            }
            if !was_killed {
                break;
            }
        }
    }
    assert!(between > 0);
}

#[test]
fn several_files_are_written_all_or_none() {
    if !has_strace() {
        return;
    }
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A=one", "-e", "p", "-e", "q"]);
    let paths = [".env.p", ".env.q"];
    let plain = paths.map(|path| env.read(path) + "B=two\n");
    let (mut none, mut all) = (0, 0);
    for nth in 1.. {
        for (path, text) in paths.iter().zip(&plain) {
            env.write_plain(path, text);
        }
        let arguments = ["encrypt", "-q", "-f", ".env.p", "-f", ".env.q"];
        let was_killed = killed(env.envseal(&arguments), "rename", nth);
        env.ok(&["ls"]);
        match paths.map(|path| env.read(path).contains("B=two")) {
            [true, true] => none += 1,
            [false, false] => all += 1,
            mixed => panic!("{nth}: {mixed:?}"),
        }
        if !was_killed {
            break;
        }
    }
    assert!(none > 0 && all > 1, "{none} {all}");
}

#[test]
fn what_an_editor_saves_meanwhile_is_kept() {
    if !has_strace() {
        return;
    }
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A=one"]);
    let text = env.read(".env");
    let delay = "inject=fsync:delay_enter=1500000:when=1";
    let strace = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", delay];
    let mut command = env.envseal(&["set", "-q", "A=two"]).under("strace", &strace).into_command();
    let child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // The process has read the file once its new content is beside it. It then waits before that is written to disk.
    let is_staged = |name: &str| name.starts_with(".envseal-tmp-") && name != ".envseal-tmp-lock";
    let staged = || {
        let names = std::fs::read_dir(env.repo()).unwrap().flatten().map(|item| item.file_name());
        names.into_iter().any(|name| is_staged(&name.to_string_lossy()))
    };
    let begin = std::time::Instant::now();
    while !staged() && begin.elapsed().as_secs() < 20 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let mine = text + "# mine\n";
    env.write(".env", &mine);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains(".env was changed by another program just now"), "{said}");
    assert_eq!(env.read(".env"), mine);
}

#[test]
fn what_was_rotated_while_a_person_was_asked_is_not_granted() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A=one", "-e", "p"]);
    let ((alice, identity), (bob, _)) = (person(&env, "alice"), person(&env, "bob"));
    grant(&env, "p", "ENVSEAL_PRIVATE_KEY_P", &[("alice", &alice)]);
    let mut with_bob = team(&env);
    with_bob.put_member(&crate::rotate::member("bob"), &bob.public());
    env.write("envseal.toml", with_bob.text());
    let paths = [".env.p", ".env.keys", "envseal.toml"];
    let old = paths.map(|path| env.bytes(path));
    env.envseal(&["key", "rotate", "-q", "-e", "p"]).var("ENVSEAL_IDENTITY", &identity).ok();
    let new = paths.map(|path| env.bytes(path));
    let write = |bytes: &[Vec<u8>]| paths.iter().zip(bytes).for_each(|(path, bytes)| env.write(path, bytes));
    write(&old);
    let lock = envseal::testing::fs::FolderLock::acquire(&env.repo()).unwrap();
    let fingerprint = bob.public().fingerprint();
    let arguments = ["team", "approve", "bob", "-e", "p", "--fingerprint", &fingerprint];
    let mut command = env.envseal(&arguments).var("ENVSEAL_IDENTITY", &identity).into_command();
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    waits(&mut child);
    write(&new);
    drop(lock);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert_eq!(paths.map(|path| env.bytes(path)), new, "{said}");
}

#[test]
fn a_damaged_list_of_pins_stops_a_rotation_before_it_begins() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A=one"]);
    env.git(&["add", "-A"]);
    env.git(&["commit", "-qm", "first"]);
    env.ok(&["set", "-q", "B=two"]);
    let pins = env.outside().join("home/.local/share/envseal/pins");
    for item in std::fs::read_dir(pins).unwrap().flatten() {
        std::fs::write(item.path(), "damaged\n").unwrap();
    }
    for _ in 0..2 {
        env.refuses(4, &["key", "rotate"]);
    }
}

#[test]
fn leftovers_of_a_killed_rotation_are_gone_after_any_command_that_writes() {
    if !has_strace() {
        return;
    }
    let commands: [&[&str]; 3] = [&["key", "unlock"], &["set", "-q", "B=two"], &["encrypt"]];
    for command in commands {
        let env = TestEnv::new();
        env.ok(&["set", "-q", "A=one"]);
        // Everything is staged, and the journal is not written yet.
        for nth in 1..4 {
            killed(env.envseal(&["key", "rotate"]), "fsync", nth);
        }
        for (folder, name) in [(".git/info", ".envseal-tmp-left"), ("", ".envseal-tmp-tracked")] {
            env.write(Path::new(folder).join(name), "left");
        }
        env.git(&["add", "-f", ".envseal-tmp-tracked"]);
        env.ok(command);
        assert_eq!(leftovers(&env.repo()), [env.path(".envseal-tmp-tracked")], "{command:?}");
    }
}
