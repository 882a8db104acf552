#![cfg(all(test, unix))]

use super::*;
use crate::fs::testing::{self, Tmpfs};
use crate::fs::{mode_bits, read};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn names(dir: &Path) -> Vec<String> {
    let name = |item: io::Result<fs::DirEntry>| item.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(name).collect();
    names.sort();
    names
}

#[test]
fn the_umask_is_honoured() {
    if let Some(dir) = testing::given_folder() {
        write_atomic(&dir.join("f"), b"x", NewMode::Default).unwrap();
        write_atomic(&dir.join("p"), b"x", NewMode::Private).unwrap();
        return;
    }
    for (umask, mode) in [("000", 0o666), ("022", 0o644), ("027", 0o640), ("077", 0o600)] {
        let dir = tempfile::tempdir().unwrap();
        let this = testing::this_test("fs::write::tests::the_umask_is_honoured", dir.path());
        let done = Command::new("sh")
            .args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")])
            .arg(this.get_program())
            .args(this.get_args())
            .envs(this.get_envs().filter_map(|(k, v)| Some((k, v?))))
            .output()
            .unwrap();
        assert!(done.status.success());
        assert_eq!(mode_bits(&dir.path().join("f")), Some(mode), "umask {umask}");
        assert_eq!(mode_bits(&dir.path().join("p")), Some(0o600), "umask {umask}");
    }
}

#[test]
fn an_existing_mode_is_kept_whatever_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(".env");
    for mode in [0o640, 0o600, 0o666, 0o644, 0o200, 0o755] {
        fs::write(&file, "old").unwrap();
        chmod(&file, mode);
        for new in [NewMode::Default, NewMode::Private] {
            write_atomic(&file, b"new", new).unwrap();
            assert_eq!(mode_bits(&file), Some(mode));
        }
        fs::remove_file(&file).unwrap();
    }
}

#[test]
fn an_owner_that_cannot_be_kept_is_refused() {
    let name = "fs::write::tests::an_owner_that_cannot_be_kept_is_refused";
    if let Some(dir) = testing::given_folder() {
        let file = dir.join(".env");
        let failed = write_atomic(&file, b"new", NewMode::Default);
        assert!(matches!(failed, Err(FsError::OwnerCannotBeKept { .. })), "{failed:?}");
        assert_eq!(fs::read(&file).unwrap(), b"old");
        assert_eq!(names(&dir), [".env", "theirs"]);
        let failed = write_atomic(&dir.join("theirs"), b"new", NewMode::Default);
        assert!(matches!(failed, Err(FsError::PermissionDenied { .. })), "{failed:?}");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    chmod(dir.path(), 0o777);
    for (file, mode) in [(".env", 0o666), ("theirs", 0o644)] {
        fs::write(dir.path().join(file), "old").unwrap();
        chmod(&dir.path().join(file), mode);
    }
    testing::as_nobody(name, dir.path());
}

#[test]
fn links_are_followed_to_the_target_and_stay_links() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let target = there.path().join("shared.env");
    fs::write(&target, "old").unwrap();
    symlink(&target, here.path().join("two")).unwrap();
    symlink("two", here.path().join("one")).unwrap();
    write_atomic(&here.path().join("one"), b"new", NewMode::Default).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"new");
    assert!(here.path().join("one").is_symlink() && here.path().join("two").is_symlink());
    assert!(!target.is_symlink());

    // The temporary file belongs beside the target: a read-only folder there fails, though this one is writable.
    if let Some(full) = Tmpfs::mount() {
        fs::write(full.path().join("t"), "old").unwrap();
        full.make_read_only();
        symlink(full.path().join("t"), here.path().join("ro")).unwrap();
        let failed = write_atomic(&here.path().join("ro"), b"new", NewMode::Default);
        assert!(matches!(failed, Err(FsError::ReadOnly { .. })), "{failed:?}");
        let failed = write_atomic(&full.path().join("other"), b"new", NewMode::Default);
        assert!(matches!(failed, Err(FsError::ReadOnly { .. })), "{failed:?}");
    }
}

#[test]
fn a_dangling_link_makes_its_target_if_the_folder_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir(at("sub")).unwrap();
    symlink("sub/real", at("link")).unwrap();
    write_atomic(&at("link"), b"new", NewMode::Private).unwrap();
    assert!(at("link").is_symlink());
    assert_eq!(fs::read(at("sub/real")).unwrap(), b"new");
    assert_eq!(mode_bits(&at("sub/real")), Some(0o600));

    symlink("nowhere/real", at("lost")).unwrap();
    let failed = write_atomic(&at("lost"), b"new", NewMode::Default);
    let is_named = matches!(&failed, Err(FsError::NotFound { path, .. }) if path.ends_with("nowhere"));
    assert!(is_named, "{failed:?}");
    symlink("round", at("round")).unwrap();
    assert!(matches!(write_atomic(&at("round"), b"new", NewMode::Default), Err(FsError::Other { .. })));
    assert_eq!(names(dir.path()), ["link", "lost", "round", "sub"]);
}

#[test]
fn folders_fifos_and_devices_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for path in [dir.path(), &fifo, Path::new("/dev/null"), Path::new("/dev/zero")] {
        let failed = write_atomic(path, b"x", NewMode::Default);
        assert!(matches!(failed, Err(FsError::NotRegular { .. })), "{failed:?}");
    }
    assert_eq!(names(dir.path()), ["fifo"]);
}

/// A child process that another thread starts holds every descriptor, even of removed files, until it runs its program.
#[test]
fn a_failed_write_gives_the_space_back_at_once() {
    let Some(full) = Tmpfs::mount() else { return };
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    Command::new("true").status().unwrap();
                }
            });
        }
        let file = full.path().join(".env");
        let outcome = (0..200).try_for_each(|_| {
            let failed = write_atomic(&file, &vec![b'x'; 100_000], NewMode::Default);
            assert!(matches!(failed, Err(FsError::NoSpace { .. })), "{failed:?}");
            write_atomic(&file, b"new", NewMode::Default)
        });
        done.store(true, Ordering::Relaxed);
        outcome.unwrap();
    });
}

/// Looks again and again in a thread of its own while `work` runs; `look` returns how much it saw.
fn while_watched(look: impl Fn() -> usize + Sync, work: impl FnOnce()) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut seen = 0;
            while !done.load(Ordering::Relaxed) {
                seen += look();
            }
            seen
        });
        work();
        done.store(true, Ordering::Relaxed);
        assert!(watcher.join().unwrap() > 0);
    });
}

#[test]
fn a_reader_never_sees_a_torn_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(".env");
    let write = |byte| write_atomic(&file, &vec![byte; 50_000], NewMode::Default).unwrap();
    write(b'a');
    let look = || {
        let bytes = read(&file).unwrap();
        assert!(bytes.len() == 50_000 && bytes.iter().all(|&b| b == bytes[0]));
        1
    };
    while_watched(look, || {
        thread::scope(|scope| {
            for byte in b'b'..b'e' {
                scope.spawn(move || (0..60).for_each(|_| write(byte)));
            }
        });
    });
    assert_eq!(names(dir.path()), [".env"]);
}

#[test]
fn a_private_file_is_never_visible_with_wider_bits() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(".env.keys");
    let look = || {
        let there = fs::read_dir(dir.path()).unwrap().flatten().map(|item| item.path());
        let metas: Vec<_> = there.filter_map(|path| fs::symlink_metadata(path).ok()).collect();
        for meta in &metas {
            assert_eq!(meta.mode() & 0o077, 0, "{metas:?}");
        }
        metas.len()
    };
    while_watched(look, || {
        for _ in 0..150 {
            write_atomic(&file, b"new", NewMode::Private).unwrap();
            write_atomic(&file, b"again", NewMode::Default).unwrap();
            fs::remove_file(&file).unwrap();
        }
    });
}

#[test]
fn adds_a_line_once_and_keeps_line_ends() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(".gitignore");
    let append = || append_line(&path, ".env.keys", NewMode::Default).unwrap();
    assert!(append(), "the file is made");
    for (before, after) in [
        (&b""[..], &b".env.keys\n"[..]),
        (b"/target\n", b"/target\n.env.keys\n"),
        (b"/target", b"/target\n.env.keys\n"),
        (b"/target\r\n", b"/target\r\n.env.keys\r\n"),
        (b"a\r\n/target", b"a\r\n/target\r\n.env.keys\r\n"),
        (b"# .env.keys\n", b"# .env.keys\n.env.keys\n"),
        (b"\xff\xfe\n", b"\xff\xfe\n.env.keys\n"),
        (b"\n\n", b"\n\n.env.keys\n"),
        // Leading space is another pattern.
        (b" .env.keys\n", b" .env.keys\n.env.keys\n"),
        (b".env.keys", b".env.keys"),
        (b".env.keys  \t\r\nx\r\n", b".env.keys  \t\r\nx\r\n"),
        (b"\xef\xbb\xbf.env.keys\n", b"\xef\xbb\xbf.env.keys\n"),
        (b"x\n.env.keys", b"x\n.env.keys"),
    ] {
        fs::write(&path, before).unwrap();
        assert_eq!((append(), fs::read(&path).unwrap()), (before != after, after.to_vec()));
        assert_eq!((append(), fs::read(&path).unwrap()), (false, after.to_vec()));
    }
    assert!(append_line(dir.path(), "x", NewMode::Default).is_err());
    assert!(append_line(&dir.path().join("no/.gitignore"), "x", NewMode::Default).is_err());
}

#[test]
fn what_a_killed_writer_left_is_no_hindrance() {
    let dir = tempfile::tempdir().unwrap();
    let (path, by) = (dir.path().join("journal"), dir.path().join("journal.new"));
    fs::write(&by, "half of something that is longer than what is written next").unwrap();
    write_by(&path, &by, b"whole").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"whole");
    assert!(!by.exists() && is_regular(&path));
    assert_eq!(mode_bits(&path), Some(0o600));
    assert!(remove_if_there(&path).unwrap() && !remove_if_there(&path).unwrap());
    assert!(write_by(&path, &dir.path().join("none/x"), b"").is_err() && !path.exists());
}

#[test]
fn a_link_that_was_laid_there_is_not_written_through() {
    let dir = tempfile::tempdir().unwrap();
    let (path, by, victim) = (dir.path().join("j"), dir.path().join("j.new"), dir.path().join("victim"));
    fs::write(&victim, "precious").unwrap();
    for link in [&by, &path] {
        symlink(&victim, link).unwrap();
    }
    assert!(!is_regular(&path));
    write_by(&path, &by, b"new").unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    assert!(is_regular(&path));
}

#[test]
fn removes_only_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for name in [".envseal-tmp-a1", ".envseal-tmp-", ".envseal-tm", "x.envseal-tmp-a", ".env", LOCK_FILE] {
        fs::write(at(name), "x").unwrap();
    }
    fs::create_dir(at(".envseal-tmp-dir")).unwrap();
    symlink(".env", at(".envseal-tmp-link")).unwrap();
    assert!(has_temporaries(dir.path()) && !has_temporaries(&at(".envseal-tmp-dir")));
    assert_eq!(sweep(dir.path(), |path| !path.ends_with(".envseal-tmp-")), 1);
    assert_eq!(sweep(dir.path(), |_| true), 1);
    assert_eq!(sweep(dir.path(), |_| true), 0);
    for name in [".envseal-tm", "x.envseal-tmp-a", ".env", ".envseal-tmp-dir", LOCK_FILE] {
        assert!(at(name).exists(), "{name}");
    }
    assert!(at(".envseal-tmp-link").is_symlink());
    assert_eq!(sweep(&at("none"), |_| true), 0);
}
