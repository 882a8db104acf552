//! Counts the calls on which speed depends, because times mean little on a shared machine.

use crate::support::TestEnv;

/// Returns how often a command makes one of these system calls. Prints a message and returns None without strace.
fn calls(env: &TestEnv, syscalls: &str, arguments: &[&str]) -> Option<usize> {
    let trace = env.path("../trace");
    let trace = trace.to_str().unwrap();
    let traced = ["-f", "-qq", "-e", &format!("trace={syscalls}"), "-o", trace];
    let works = std::process::Command::new("strace").args(traced).arg("true").status();
    if !works.is_ok_and(|status| status.success()) {
        println!("skipped: strace is not installed, or may not trace here");
        return None;
    }
    // The status doesn't matter, because `doctor` may find something.
    env.program("strace", &[&traced[..], &[env!("CARGO_BIN_EXE_envseal")], arguments].concat()).output();
    Some(std::fs::read_to_string(trace).unwrap().lines().count())
}

#[test]
fn encrypt_reads_each_file_a_few_times_however_many_there_are() {
    let opened = |count: usize| {
        let env = TestEnv::new();
        env.commit("so that keys are pinned");
        for at in 0..count {
            env.write(format!("service{at}/.env"), "A=one\n");
        }
        let first = calls(&env, "openat", &["encrypt"])?;
        // Now each file has a key, and the value of one more name is encrypted to it.
        for at in 0..count {
            let path = format!("service{at}/.env");
            env.write(&path, env.read(&path) + "B=two\n");
        }
        Some((first, calls(&env, "openat", &["encrypt"])?))
    };
    let (Some(some), Some(many)) = (opened(20), opened(60)) else { return };
    println!("{some:?} {many:?}");
    assert!(many.0 < 4 * some.0 && many.1 < 4 * some.1, "three times the files: {some:?}, {many:?}");
}

#[test]
fn env_files_side_by_side_are_listed_a_few_times() {
    let listed = |count: usize| {
        let env = TestEnv::new();
        for at in 0..count {
            env.write(format!(".env.e{at}"), "A=one\n");
        }
        // Now each environment has a key.
        env.ok(&["encrypt"]);
        for at in 0..count {
            let path = format!(".env.e{at}");
            env.write(&path, env.read(&path) + "B=two\n");
        }
        // `encrypt` comes last, because it writes.
        let commands = [&["ls"][..], &["doctor"], &["encrypt"]];
        commands.map(|command| calls(&env, "getdents64", command))
    };
    let (some, many) = (listed(10), listed(60));
    println!("{some:?} {many:?}");
    for (some, many) in some.into_iter().zip(many) {
        assert!(many.unwrap_or(0) <= 2 * some.unwrap_or(0), "six times the files: {some:?}, {many:?}");
    }
}
