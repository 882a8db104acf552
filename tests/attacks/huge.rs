//! Huge inputs, which must take linear time and memory.

use std::time::{Duration, Instant};

use super::{append, nothing_ran, sealed_project};
use crate::support::TestEnv;

/// Far more than necessary, because test builds are slow and machines are shared; far less than quadratic time takes.
const LIMIT: Duration = Duration::from_secs(60);

fn timed(what: &str, work: impl FnOnce()) {
    let start = Instant::now();
    work();
    println!("{what}: {:?}", start.elapsed());
    assert!(start.elapsed() < LIMIT, "{what} took {:?}", start.elapsed());
}

#[test]
fn a_file_of_50_megabytes() {
    let env = TestEnv::new();
    env.write(
        ".env",
        "# a comment that is neither here nor there\n".repeat(50 << 20 >> 6)
            + "A=1\n"
            + &"x".repeat(16 << 20),
    );
    timed("50 MB", || assert_eq!(env.ok(&["get", "A"]), "1\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_larger_than_the_memory_is_searched() {
    let env = TestEnv::new();
    let key = envseal::testing::crypto::PrivateKey::generate().to_text();
    // Zeros, which take no space on the disk.
    std::fs::File::create(env.path("dump.bin")).unwrap().set_len(600 << 20).unwrap();
    env.write("notes.txt", format!("one\n{}\n", key.expose()));
    // `ulimit -v` limits the address space, in kilobytes.
    let script = "ulimit -v 400000 && exec \"$0\" check";
    let output = env.program("sh", &["-c", script, env!("CARGO_BIN_EXE_envseal")]).output();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status, 1, "{text} {}", output.stderr);
    assert!(text.contains("notes.txt:2: error: contains a private key [private-key]"), "{text}");
    assert!(output.stderr.contains("2 files scanned"), "{}", output.stderr);
}

#[test]
fn a_line_of_a_megabyte() {
    let (env, _) = sealed_project();
    let line = "x".repeat(1 << 20);
    append(&env, ".env", format!("A={line}\n"));
    timed("1 MB line", || {
        env.ok(&["encrypt"]);
        assert_eq!(env.ok(&["get", "A"]), format!("{line}\n"));
        // No system accepts a variable that long: that is an error, not a crash.
        assert!(env.fails(126, &["run", "--", "touch", "started"]).contains("too large"));
    });
    nothing_ran(&env);
}

#[test]
fn a_hundred_thousand_entries() {
    let (env, _) = sealed_project();
    append(&env, ".env", (0..100_000).map(|at| format!("V{at}=value-{at}\n")).collect::<String>());
    timed("100,000 encrypted", || drop(env.ok(&["encrypt"])));
    timed("100,000 read", || assert_eq!(env.ok(&["get", "V99999"]), "value-99999\n"));
    timed("one of 100,000 set", || drop(env.ok(&["set", "V99999", "x"])));
    let lines = (0..20_000).map(|at| format!("W{at}=1\n")).collect::<String>();
    timed("20,000 set at once", || drop(env.envseal(&["set", "-"]).stdin(lines).ok()));
}

#[test]
fn shapes_that_tempt_readers_into_quadratic_time() {
    let shapes = [
        ("nested", format!("A={}x{}\n", "${A:-y".repeat(100_000), "}".repeat(100_000))),
        ("nested, in quotes", format!("A=\"{}{}\"\n", "${A:-${B:+".repeat(50_000), "}".repeat(100_000))),
        ("nested, never closed", format!("A={}\n", "${A:-".repeat(200_000))),
        ("closed, never opened", format!("A={}\n", "}".repeat(1_000_000))),
        ("opened empty", format!("A={}\n", "${}".repeat(300_000))),
        ("names in names", format!("A={}{}\n", "${A".repeat(100_000), "}".repeat(100_000))),
        ("dollars", format!("A={}\n", "$".repeat(1_000_000))),
        ("escapes", format!("A=\"{}\"\n", "\\$".repeat(500_000))),
        ("references", format!("A=1\nB={}\n", "$A".repeat(500_000))),
        ("open quotes", "A='\n".repeat(200_000)),
        ("escaped quotes", format!("A='{}\n", "\\'".repeat(500_000))),
        ("open quotes of all kinds", "A='\nB=\"\nC=`\n".repeat(70_000)),
        ("escaped ends", "A='\\'\nB=\"\\\"\n".repeat(100_000)),
        ("names without a value", "A\n".repeat(500_000)),
        ("empty lines", format!("A={}B", "\n".repeat(1_000_000))),
        ("exports", "export\n".repeat(150_000)),
        ("blanks", format!("A{}\n", " ".repeat(1_000_000))),
        ("carriage returns", "\nA=1\r".repeat(250_000)),
        ("one name", "A=1\n".repeat(200_000)),
    ];
    for (what, text) in shapes {
        let env = TestEnv::new();
        env.write(".env", &text);
        timed(what, || {
            let output = env.envseal(&["get", "--json"]).output();
            // None of these references has a known form.
            let status = if text.contains("${") { 3 } else { 0 };
            assert_eq!(output.status, status, "{what}: {}", output.stderr);
            // A repeated name takes one encapsulation for each value, which is slow.
            if text.matches("\nA=").count() > 1000 {
                return;
            }
            let output = env.envseal(&["encrypt"]).output();
            assert!(matches!(output.status, 0 | 4), "{what}: {} {}", output.status, output.stderr);
        });
    }
}

#[test]
fn marks_that_all_change() {
    let env = TestEnv::new();
    let key = envseal::testing::crypto::PrivateKey::generate().to_text();
    let key = key.expose();
    let marked = |of: &str| {
        (0..50_000).map(|at| format!("{key} {at} {of} # envseal: allow private-key\n")).collect::<String>()
    };
    env.write("notes.txt", marked("before"));
    env.commit("before");
    env.write("notes.txt", marked("after"));
    env.commit("after");
    timed("50,000 marks", || {
        let output = env.envseal(&["check", "-q", "--range", "HEAD~1..HEAD"]).output();
        assert_eq!(output.status, 1, "{}", output.stderr);
    });
}

#[test]
fn values_that_multiply() {
    let (env, _) = sealed_project();
    let mut lines = String::from("A0=xxxxxxxxxxxxxxxx\n");
    for at in 1..40 {
        lines.extend([&format!("A{at}="), &format!("${{A{}}}", at - 1).repeat(10), "\n"]);
    }
    append(&env, ".env", &lines);
    timed("ten to the fortieth", || {
        let said = env.fails(3, &["run", "--", "touch", "started"]);
        assert!(said.contains("the references in these files bring in more than 64 MiB"), "{said}");
    });
    nothing_ran(&env);
}
