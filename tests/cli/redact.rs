//! `envseal run --redact`.

#[cfg(target_os = "linux")]
mod init;
mod signals;
mod terminal;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use crate::support::{Run, Start, TestEnv};

const TOKEN: &str = "hunter2/is \"the\" secret\u{e9}";

fn with_token() -> TestEnv {
    static START: Start = Start::new();
    TestEnv::copy_of(&START, |env| {
        env.write_sealed(
            ".env",
            "TOKEN='hunter2/is \"the\" secret\u{e9}'\nOTHER=second-value\nOPEN=not-a-secret # envseal: plain\n",
        );
    })
}

fn redacted<'a>(env: &'a TestEnv, script: &str) -> Run<'a> {
    env.envseal(&["run", "--redact", "--", "sh", "-c", script])
}

/// Asserts that a redacted program prints each of these texts as it stands beside it.
#[track_caller]
fn assert_masked<'a>(env: &TestEnv, rows: impl IntoIterator<Item = (&'a str, &'a str)>) {
    let (texts, expected): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let run = env.envseal(&["run", "--redact", "--", "cat"]);
    let shown = run.stdin(texts.join("\n")).ok();
    let shown: Vec<_> = shown.split('\n').collect();
    for ((text, expected), shown) in texts.iter().zip(&expected).zip(&shown) {
        assert_eq!(shown, expected, "{text}");
    }
    assert_eq!(shown.len(), expected.len());
}

#[test]
fn a_value_is_masked_by_its_name_and_outputs_stay_apart() {
    let env = with_token();
    let output = redacted(&env, "echo \"a $TOKEN b\"; echo \"$OTHER$OTHER\" >&2; echo $OPEN").output();
    assert_eq!(output.status, 0);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "a [TOKEN] b\nnot-a-secret\n");
    assert_eq!(output.stderr, "[OTHER][OTHER]\n");
}

#[test]
fn a_value_in_base64_is_masked_wherever_it_begins() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let env = with_token();
    for (before, shown) in [("", "[TOKEN]"), ("x", "eG[TOKEN]"), ("xy", "eHl[TOKEN]")] {
        let text = STANDARD.encode(format!("{before}{TOKEN}"));
        let out = env.envseal(&["run", "--redact", "--", "cat"]).stdin(text).ok();
        assert!(out.starts_with(shown) && out.len() <= shown.len() + 3, "{out}");
    }
}

#[test]
fn encodings_of_other_languages_are_masked() {
    let env = TestEnv::new();
    env.envseal(&["set", "RICH"]).stdin("a<b>&c/d+e'f (g)*~!;,?:@=$#\u{e9}\u{2028}-_.").ok();
    let forms = [
        ("encodeURI", "a%3Cb%3E&c/d+e'f%20(g)*~!;,?:@=$#%C3%A9%E2%80%A8-_."),
        ("encodeURIComponent", "a%3Cb%3E%26c%2Fd%2Be'f%20(g)*~!%3B%2C%3F%3A%40%3D%24%23%C3%A9%E2%80%A8-_."),
        (
            "URLSearchParams",
            "a%3Cb%3E%26c%2Fd%2Be%27f+%28g%29*%7E%21%3B%2C%3F%3A%40%3D%24%23%C3%A9%E2%80%A8-_.",
        ),
        ("quote", "a%3Cb%3E%26c/d%2Be%27f%20%28g%29%2A~%21%3B%2C%3F%3A%40%3D%24%23%C3%A9%E2%80%A8-_."),
        ("quote_plus", "a%3Cb%3E%26c%2Fd%2Be%27f+%28g%29%2A~%21%3B%2C%3F%3A%40%3D%24%23%C3%A9%E2%80%A8-_."),
        ("urlencode", "a%3Cb%3E%26c%2Fd%2Be%27f+%28g%29%2A%7E%21%3B%2C%3F%3A%40%3D%24%23%C3%A9%E2%80%A8-_."),
        ("PathEscape", "a%3Cb%3E&c%2Fd+e%27f%20%28g%29%2A~%21%3B%2C%3F:@=$%23%C3%A9%E2%80%A8-_."),
        ("json.dumps", r"a<b>&c/d+e'f (g)*~!;,?:@=$#\u00e9\u2028-_."),
        ("json.Marshal", "a\\u003cb\\u003e\\u0026c/d+e'f (g)*~!;,?:@=$#\u{e9}\\u2028-_."),
        ("json_encode", r"a<b>&c\/d+e'f (g)*~!;,?:@=$#\u00e9\u2028-_."),
        ("System.Text.Json", r"a\u003Cb\u003E\u0026c/d\u002Be\u0027f (g)*~!;,?:@=$#\u00E9\u2028-_."),
    ];
    assert_masked(&env, forms.map(|(_, form)| (form, "[RICH]")));
}

#[test]
fn a_value_quoted_for_a_shell_is_masked() {
    let env = TestEnv::new();
    env.envseal(&["set", "PW"]).stdin("it's-a-secret-92").ok();
    env.envseal(&["set", "P2"]).stdin("pa$s\"w\\ord (9)'9").ok();
    let forms = [
        (r"'it'\''s-a-secret-92'", "'[PW]'"),
        (r#"'it'"'"'s-a-secret-92'"#, "'[PW]'"),
        (r"it\'s-a-secret-92", "[PW]"),
        (r#""pa\$s\"w\\ord (9)'9""#, "\"[P2]\""),
        (r#"pa\$s\"w\\ord\ \(9\)\'9"#, "[P2]"),
        (r#"'pa$s"w\\ord (9)\'9'"#, "'[P2]'"),
    ];
    assert_masked(&env, forms);
    let all = "set -x; : \"$PW\" \"$P2\"; set +x; set | grep ^P[W2]=";
    let bash = format!("{all}; declare -p PW P2; printf '%q\\n' \"$PW\" \"$P2\"");
    let python = "import os; print([{n: os.environ[n]} for n in ('PW', 'P2')])";
    for (program, flag, script) in [("dash", "-c", all), ("bash", "-c", &bash), ("python3", "-c", python)] {
        if !env.has(&[program]) {
            continue;
        }
        let output = env.envseal(&["run", "--redact", "--", program, flag, script]).output();
        let text = String::from_utf8(output.stdout).unwrap() + &output.stderr;
        assert!(output.status == 0 && text.contains("[PW]") && text.contains("[P2]"), "{text}");
        assert!(!text.contains("a-secret-92") && !text.contains("ord"), "{text}");
    }
}

#[test]
fn a_value_withheld_from_the_program_is_masked() {
    let env = with_token();
    let options = ["run", "--redact", "-x", "TOKEN", "-k", "O*", "--"];
    let run = env.envseal(&options).args(&["sh", "-c", "echo ${TOKEN-unset}; cat"]);
    assert_eq!(run.stdin(TOKEN).ok(), "unset\n[TOKEN]");
}

#[test]
fn short_values_are_reported_once() {
    let env = TestEnv::new();
    env.write_sealed(".env", "PIN=12345\nEMPTY=\nTOKEN=123456\nCODE=abc\nOPEN=x # envseal: plain\n");
    let output = redacted(&env, "echo $PIN $TOKEN").output();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "12345 [TOKEN]\n");
    assert_eq!(output.stderr, "note: not masked because shorter than 6 bytes: PIN, CODE\n");
    let quiet = env.envseal(&["run", "-q", "--redact", "--", "true"]).output();
    assert_eq!((quiet.status, quiet.stderr.as_str()), (0, ""));
    // Without the option there is no note, and nothing is masked.
    let bare = env.envseal(&["run", "--", "sh", "-c", "echo $TOKEN"]).output();
    assert_eq!((bare.stdout, bare.stderr.as_str()), (b"123456\n".to_vec(), ""));
}

#[test]
fn other_output_comes_at_once_and_a_split_value_is_masked() {
    let env = with_token();
    let run =
        redacted(&env, "printf 'no line end: '; read x; printf 'second-'; read x; printf 'value.'; read x");
    let mut child = run.into_command().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 13];
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"no line end: ");
    stdin.write_all(b"\n\n").unwrap();
    let mut then = [0; 8];
    stdout.read_exact(&mut then).unwrap();
    assert_eq!(&then, b"[OTHER].");
    drop(stdin);
    child.wait().unwrap();
}

#[test]
fn the_exit_status_is_the_programs() {
    let env = with_token();
    let status = |script: &str| redacted(&env, script).output().status;
    for code in [0, 126, 255] {
        assert_eq!(status(&format!("exit {code}")), code);
    }
    assert_eq!((status("kill -9 $$"), status("kill -15 $$"), status("kill -2 $$")), (137, 143, 130));
    for (program, code) in [("no-such-program", 127), ("./no-such", 127), (".", 126)] {
        let stderr = env.fails(code, &["run", "--redact", "--", program]);
        assert!(stderr.starts_with(&format!("error: {program}: ")), "{stderr}");
    }
}

#[test]
fn the_environment_is_the_same_with_and_without() {
    let env = with_token();
    let lines = |option: &[&str]| {
        let show = "env | sed 's/second-value/2/; s/hunter.*/1/' | sort";
        let arguments = [&["run"], option, &["--", "sh", "-c", show]].concat();
        env.envseal(&arguments).var("ENVSEAL_X", "y").ok()
    };
    assert_eq!(lines(&["--redact"]), lines(&[]));
}

#[test]
fn a_signal_ends_it_despite_a_process_left_behind() {
    let env = with_token();
    let script = "sleep 60 & echo $!";
    let mut child = redacted(&env, script).into_command().stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let left = lines.next().unwrap().unwrap();
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&child.wait().unwrap()), Some(15));
    Command::new("kill").arg(left).status().unwrap();
}

#[test]
fn an_ignored_signal_stays_ignored() {
    let env = with_token();
    let bin = env!("CARGO_BIN_EXE_envseal");
    let script =
        format!("trap '' HUP; exec {bin} run --redact -- sh -c 'kill -HUP $PPID; kill -HUP $$; echo on'");
    assert_eq!(env.program("sh", &["-c", &script]).ok(), "on\n");
}

/// Some supervisors ignore SIGCHLD.
#[test]
#[cfg(target_os = "linux")]
fn the_exit_status_is_known_even_if_sigchld_is_ignored() {
    let env = with_token();
    let envseal = [env!("CARGO_BIN_EXE_envseal"), "run", "--redact", "--", "sh", "-c", "exit 7"];
    let run = || env.program("env", &[&["--ignore-signal=CHLD"], &envseal[..]].concat());
    assert_eq!(run().output().status, 7);
    let Some(session) = crate::support::Session::start(run()) else { return };
    assert_eq!(session.end().0, 7);
}

#[test]
fn a_reader_that_goes_ends_the_writer() {
    let env = with_token();
    let run = redacted(&env, "trap 'echo ended >&2' EXIT; yes; echo $? >&2");
    let mut child = run.into_command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    assert!(said.contains("141\n"), "{said}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_failed_write_is_an_error() {
    let env = with_token();
    let script = format!("{} run --redact -- echo x > /dev/full", env!("CARGO_BIN_EXE_envseal"));
    let stderr = env.program("sh", &["-c", &script]).fails(4);
    assert!(stderr.starts_with("error: cannot pass on what the program writes: "), "{stderr}");
}
