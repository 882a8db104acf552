//! Limits of the system: threads, processes, memory, file sizes and closed outputs.

use crate::support::{Run, TestEnv};

/// The size of a large value in bytes.
const SIZE: usize = 10 << 20;

/// A user without other processes: process limits count per user, and do not apply to root.
const NOBODY: &str = "61234";

/// A project of a user with limited processes and threads.
struct Limited(TestEnv);

impl Limited {
    fn new() -> Option<Self> {
        let env = TestEnv::new();
        env.envseal(&["set", "-q", "TOKEN"]).stdin("a value of no matter").ok();
        env.commit("sealed");
        std::fs::copy(env!("CARGO_BIN_EXE_envseal"), env.outside().join("envseal")).unwrap();
        let given = env.program("chown", &["-R", NOBODY]).arg(env.outside()).output();
        let limited = Self(env);
        if given.status != 0 || limited.run(9, "true", &[]).output().status != 0 {
            println!("SKIPPED: needs root, setpriv and prlimit");
            return None;
        }
        Some(limited)
    }

    fn run(&self, most: usize, program: &str, arguments: &[&str]) -> Run<'_> {
        let user = [format!("--reuid={NOBODY}"), "--clear-groups".into()];
        let limit = format!("--nproc={most}");
        let run = self.0.program("setpriv", &[&user[0], &user[1], "prlimit", &limit, program]);
        run.args(arguments)
    }

    fn envseal(&self, most: usize, arguments: &[&str]) -> Run<'_> {
        let own = self.0.outside().join("envseal");
        self.run(most, own.to_str().unwrap(), arguments)
    }
}

#[test]
fn without_threads_nothing_panics() {
    let Some(limited) = Limited::new() else { return };
    for most in 1..6 {
        for arguments in [
            &["check"][..],
            &["check", "--history"],
            &["get", "TOKEN"],
            &["run", "--", "true"],
            &["run", "--redact", "--", "true"],
            &["team", "list"],
            &["key", "rotate"],
            &["set", "OTHER", "value"],
        ] {
            let output = limited.envseal(most, arguments).soon();
            let told = format!("{most} {arguments:?}: {} {}", output.status, output.stderr);
            assert!(
                !output.stderr.contains("this is a bug") && !output.stderr.contains("panicked"),
                "{told}"
            );
            assert!([0, 4, 126].contains(&output.status), "{told}");
            assert_eq!(output.status != 0, output.stderr.contains("error: "), "{told}");
        }
    }
    // Nor on a terminal, without the thread that shows progress.
    let own = limited.0.outside().join("envseal");
    for most in 2..7 {
        let line = format!("prlimit --nproc={most} {} team list", own.display());
        let output = limited.run(99, "script", &["-qec", &line, "/dev/null"]).soon();
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(matches!(output.status, 0 | 1 | 4), "{most}: {} {shown}", output.status);
        assert!(!shown.contains("this is a bug"), "{shown}");
    }
}

#[test]
fn a_program_whose_output_cannot_be_masked_is_not_started() {
    let Some(limited) = Limited::new() else { return };
    let started = limited.0.path("started");
    let run = |most| {
        let script = format!("echo $TOKEN; echo $TOKEN >&2; : > {}", started.display());
        limited.envseal(most, &["run", "--redact", "--", "sh", "-c", &script]).soon()
    };
    let output = run(1);
    assert_eq!((output.status, started.exists()), (4, false), "{}", output.stderr);
    assert!(output.stderr.starts_with("error: the program was not started: "), "{}", output.stderr);
    assert!(output.stderr.contains("\nhint: see how many processes and threads there may be: ulimit -u\n"));
    let output = run(9);
    assert_eq!((output.status, started.exists()), (0, true), "{}", output.stderr);
    assert_eq!((&output.stdout[..], &*output.stderr), (&b"[TOKEN]\n"[..], "[TOKEN]\n"));
}

/// Runs this test again in a separate process, where it panics.
#[test]
fn a_panic_reports_its_place_and_no_value() {
    if std::env::var_os("ENVSEAL_TEST_PANIC").is_some() {
        envseal::testing::ui::report_panics();
        panic!("{}", "of a value");
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "limits::a_panic_reports_its_place_and_no_value"])
        .env("ENVSEAL_TEST_PANIC", "1")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    let expected = concat!("error: envseal ", env!("CARGO_PKG_VERSION"), " failed at tests/cli/limits.rs:",);
    assert!(told.contains(expected) && told.contains(": this is a bug in envseal\nhint: "), "{told}");
    assert!(told.contains(concat!(env!("CARGO_PKG_REPOSITORY"), "/issues\n")), "{told}");
    assert!(!told.contains("of a value"), "{told}");
}

/// Help is data like any other; a closed descriptor behaves like /dev/null.
#[test]
fn full_and_closed_outputs() {
    let env = TestEnv::new();
    env.envseal(&["set", "-q", "TOKEN"]).stdin("a value of no matter").ok();
    let own = env!("CARGO_BIN_EXE_envseal");
    let status = |line: &str| env.program("sh", &["-c", &format!("{own} {line}")]).output();
    for command in ["--help", "--version", "help set", "get TOKEN", "ls --json", "completions bash", "man"] {
        let output = status(&format!("{command} >/dev/full"));
        assert_eq!(output.status, 4, "{command}: {}", output.stderr);
        assert!(output.stderr.contains("error: cannot write to stdout: "), "{command}: {}", output.stderr);
        for closed in [">&-", "<&-", "2>&-", "<&- >&- 2>&-"] {
            let output = status(&format!("{command} {closed}"));
            assert_eq!(output.status, 0, "{command} {closed}: {}", output.stderr);
        }
    }
    assert_eq!(status("nonsense 2>/dev/full").status, 2);
    assert_eq!(status("get NOTHING 2>/dev/full").status, status("get NOTHING").status);
    assert_eq!(status("set OTHER <&-").status, status("set OTHER </dev/null").status);
    for redact in ["", "--redact "] {
        let file = env.path("written");
        let script = format!("run {redact}-- sh -c 'echo x > {}; echo y' <&- >&- 2>&-", file.display());
        assert_eq!(status(&script).status, 0, "{script}");
        assert_eq!(env.read("written"), "x\n");
    }
}

/// Returns the peak memory, in KiB, of this command and its children.
fn most_in_use(env: &TestEnv, arguments: &[&str], stdin: &[u8]) -> usize {
    let script = "import resource, subprocess, sys; status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode; \
                  print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(status)";
    let own = env!("CARGO_BIN_EXE_envseal");
    let run = env.program("python3", &["-c", script, own]).args(arguments).stdin(stdin);
    run.ok().trim().parse().unwrap()
}

#[test]
fn a_large_value_takes_a_few_times_its_size() {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        println!("SKIPPED: python3 is not installed");
        return;
    }
    let env = TestEnv::new();
    let small = most_in_use(&env, &["set", "SMALL"], b"x");
    let value = b"0123456789abcdef".repeat(SIZE / 16);
    // The unit of `most` is half the size of the value.
    let measure = |arguments: &[&str], value: &[u8], most: usize| {
        let taken = most_in_use(&env, arguments, value).saturating_sub(small) * 1024;
        assert!(taken <= most * SIZE / 2, "{arguments:?}: {taken} bytes");
    };
    measure(&["set", "BIG"], &value, 8);
    measure(&["get", "BIG"], b"", 8);
    // Two versions of the file, the value, its sealed value, and what the allocator retains of the old value.
    let other = b"fedcba9876543210".repeat(SIZE / 16);
    measure(&["set", "BIG"], &other, 13);
    measure(&["set", "OTHER", "x"], b"", 8);
}

#[test]
fn the_largest_variable_is_named() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "SMALL=a"]);
    env.envseal(&["set", "-q", "LARGE"]).stdin("a".repeat(200_000)).ok();
    let said = env.fails(126, &["run", "--", "true"]);
    assert!(said.contains("the largest is LARGE") && said.contains("envseal run -x LARGE -- true"), "{said}");
}

#[test]
fn a_file_size_limit_is_an_error_and_unchanged_for_the_program() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A=one"]);
    let before = env.snapshot();
    let own = env!("CARGO_BIN_EXE_envseal");
    let script = format!("ulimit -f 0; exec {own} set -q B=two");
    let output = env.program("sh", &["-c", &script]).output();
    assert_eq!(output.status, 4, "{}", output.stderr);
    assert!(output.stderr.contains("File too large"), "{}", output.stderr);
    assert_eq!(env.snapshot(), before);
    // SIGXFSZ is neither ignored nor caught in the started program: it ends a program that writes past the limit.
    let script = format!("ulimit -f 0; {own} run -- sh -c 'echo >file'; echo $?");
    assert_eq!(env.program("sh", &["-c", &script]).ok(), "153\n");
}
