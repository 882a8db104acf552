//! Read a private key out of the process that started the program.

use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Stdio;

use super::sealed_project;
use crate::support::{Run, Session, TestEnv, write_script};

/// A user without privileges.
const NOBODY: u32 = 65534;

/// Tries to read the memory of each ancestor that is envseal, and prints each success.
const ATTACK: &str = r#"
env | grep ^ENVSEAL
pid=$PPID
while [ "$pid" -gt 1 ]; do
    if grep -q "^Name:.envseal$" /proc/$pid/status; then
        echo envseal
        for file in environ mem maps auxv stack; do
            (: < /proc/$pid/$file) 2> /dev/null && echo "$file of an ancestor"
        done
        ls /proc/$pid/fd/ > /dev/null 2>&1 && echo "files of an ancestor"
    fi
    pid=$(sed -n 's/^PPid:.//p' /proc/$pid/status)
done
(: < /proc/$$/environ) && (: < /proc/$$/mem) && grep -q HELLO=canary /proc/$$/environ && echo "its own"
"#;

/// Creates a project of a user without privileges, with its key in the environment only.
fn project() -> Option<(TestEnv, String)> {
    let (env, _) = sealed_project();
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    write_script(env.outside().join("attack"), ATTACK);
    if is_root() {
        let binary = env!("CARGO_BIN_EXE_envseal");
        let able = env.program("setpriv", &[&AS_NOBODY[..], &[binary, "--version"]].concat());
        if able.into_command().output().is_ok_and(|output| output.status.success()) {
            give(&env.outside());
        } else {
            println!("skipped: envseal cannot be run as another user");
            return None;
        }
    }
    Some((env, key))
}

const AS_NOBODY: [&str; 5] = ["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--"];

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn give(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() && !path.is_symlink() {
        for entry in std::fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path());
        }
    }
}

/// Returns a run of envseal as a user without privileges.
fn as_user<'a>(env: &'a TestEnv, key: &str, arguments: &[&str]) -> Run<'a> {
    let run = if is_root() {
        let binary = env!("CARGO_BIN_EXE_envseal");
        env.program("setpriv", &[&AS_NOBODY[..], &[binary], arguments].concat())
    } else {
        env.envseal(arguments)
    };
    run.var("ENVSEAL_PRIVATE_KEY", key)
}

#[test]
fn nothing_of_an_ancestor_can_be_read_by_the_program() {
    let Some((env, key)) = project() else { return };
    let attack = env.outside().join("attack");
    let arguments = ["run", "--redact", "-f", ".env", "--", attack.to_str().unwrap()];
    assert_eq!(as_user(&env, &key, &arguments).ok(), "envseal\nits own\n");
    // Without `--redact`, no envseal process is left.
    assert_eq!(as_user(&env, &key, &[&["run"], &arguments[2..]].concat()).ok(), "its own\n");
    let Some(session) = Session::start(as_user(&env, &key, &arguments)) else { return };
    let (status, _, shown) = session.end();
    assert_eq!((status, shown.as_str()), (0, "envseal\r\nenvseal\r\nits own\r\n"));
}

#[test]
fn nor_by_an_editor() {
    let Some((env, key)) = project() else { return };
    let editor = format!("sh -c '{} > attacked; :'", env.outside().join("attack").display());
    as_user(&env, &key, &["edit", "-f", ".env"]).var("VISUAL", editor).var("HELLO", "canary").ok();
    assert_eq!(env.read("attacked"), "envseal\nits own\n");
}

/// The memory of a key is wiped before the program starts, and not only freed.
#[test]
fn no_key_is_left_in_the_memory_of_the_parent() {
    if !is_root() {
        println!("skipped: the memory of envseal can be read by root alone");
        return;
    }
    let (env, _) = sealed_project();
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    // Not the beginning: the allocator overwrites the first bytes of freed memory.
    let part = &key.as_bytes()[key.len() - 32..];
    for injected in [false, true] {
        let run = env.envseal(&["run", "--redact", "-f", ".env", "--", "sh", "-c", "echo $$; cat"]);
        let run = if injected {
            std::fs::remove_file(env.path(".env.keys")).unwrap();
            run.var("ENVSEAL_PRIVATE_KEY", &key)
        } else {
            run
        };
        let mut child = run.into_command().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        // While envseal's threads start, a mapping can disappear between being listed and being read.
        let heap = (0..100).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            writable_memory(child.id()).ok()
        });
        let heap = heap.expect("the memory of envseal can be read");
        let has = |bytes: &[u8]| memchr::memmem::find(&heap, bytes).is_some();
        // The text to mask must be in memory.
        assert!(has(b"canary-hello-0") && !has(part), "injected: {injected}");
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}

/// Returns all memory that a process can write to, except its first stack.
fn writable_memory(process: u32) -> std::io::Result<Vec<u8>> {
    let process = Path::new("/proc").join(process.to_string());
    let mut memory = std::fs::File::open(process.join("mem"))?;
    let mut bytes = Vec::new();
    for map in std::fs::read_to_string(process.join("maps"))?.lines() {
        if map.contains(" rw-p ") && !map.ends_with("[stack]") {
            let (start, end) = map.split(' ').next().unwrap().split_once('-').unwrap();
            let [start, end] = [start, end].map(|place| u64::from_str_radix(place, 16).unwrap());
            memory.seek(SeekFrom::Start(start))?;
            (&memory).take(end - start).read_to_end(&mut bytes)?;
        }
    }
    Ok(bytes)
}

#[test]
fn git_is_given_no_key() {
    let (env, _) = sealed_project();
    let (bin, seen) = (env.outside().join("bin"), env.outside().join("seen"));
    std::fs::create_dir(&bin).unwrap();
    let git = format!("env >> {}\nPATH=${{PATH#*:}} exec git \"$@\"", seen.display());
    write_script(bin.join("git"), &git);
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path))).unwrap();
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    let passphrase = env.secret("passphrase");
    for arguments in [&["set", "A", "1"][..], &["ls"], &["check"], &["log"], &["doctor"]] {
        let run = env.envseal(arguments).var("PATH", &path).var("ENVSEAL_PRIVATE_KEY", &key);
        run.var("ENVSEAL_PASSPHRASE", &passphrase).output();
        let seen = std::fs::read_to_string(&seen).unwrap();
        assert!(seen.contains("PATH=") && !seen.contains("ENVSEAL_"), "{arguments:?}: {seen}");
    }
}
