//! `envseal get`.

use crate::support::{Start, TestEnv};

fn env() -> TestEnv {
    static START: Start = Start::new();
    TestEnv::copy_of(&START, |env| {
        env.write_sealed(".env", "B=two\nA=\"one $B\"\nC='it\\'s\nlong' # c\nEMPTY=\n");
    })
}

#[test]
fn one_several_or_all() {
    let env = env();
    assert_eq!(env.ok(&["get", "B"]), "two\n");
    assert_eq!(env.ok(&["get", "A", "B"]), "{\n  \"A\": \"one two\",\n  \"B\": \"two\"\n}\n");
    assert_eq!(env.ok(&["get", "B", "A"]), "{\n  \"B\": \"two\",\n  \"A\": \"one two\"\n}\n");
    let all =
        "{\n  \"B\": \"two\",\n  \"A\": \"one two\",\n  \"C\": \"it's\\nlong\",\n  \"EMPTY\": \"\"\n}\n";
    for arguments in [&["get", "-v"][..], &["get", "--json"], &["get", "--format", "json"]] {
        let output = env.envseal(arguments).output();
        assert_eq!((&*String::from_utf8_lossy(&output.stdout), &*output.stderr), (all, ""));
    }
    assert_eq!(env.ok(&["get", "B", "--json"]), "{\n  \"B\": \"two\"\n}\n");
    assert_eq!(env.ok(&["get", "-k", "[AB]", "-x", "A"]), "{\n  \"B\": \"two\"\n}\n");
    assert_eq!(env.ok(&["get", "EMPTY"]), "\n");
}

#[test]
fn in_github_actions_each_line_of_each_value_is_masked_first() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A='100%\n::error::x\n \nlast'\nB=plain # envseal: plain\nEMPTY=\n");
    let get = |arguments: &[&str], actions: &str| {
        env.envseal(&[&["get", "-q"], arguments].concat()).var("GITHUB_ACTIONS", actions).output()
    };
    let github = ["--format", "github"];
    let masks = "::add-mask::100%25\n::add-mask::::error::x\n::add-mask::last\n::add-mask::plain\n";
    assert_eq!(get(&github, "true").stderr, masks);
    assert_eq!(get(&github, "true").stdout, env.ok(&[&["get"], &github[..]].concat()).as_bytes());
    assert_eq!(get(&github, "").stderr, "");
    assert_eq!(get(&["--json"], "true").stderr, "");
    // A value that is refused is not shown either.
    env.ok(&["set", "-q", "PATH=/bin", "GITHUB_ENV=x", "--plain"]);
    let refused = get(&github, "true");
    assert!(refused.status != 0 && !refused.stderr.contains("add-mask"), "{}", refused.stderr);
}

#[test]
fn every_format() {
    let env = env();
    let get = |format: &str| env.ok(&["get", "-k", "[AB]", "--format", format]);
    assert_eq!(get("dotenv"), "B=two\nA='one two'\n");
    assert_eq!(get("shell"), "export B='two'\nexport A='one two'\n");
    assert_eq!(get("fish"), "set -gx B 'two'\nset -gx A 'one two'\n");
    assert!(get("powershell").contains("'one two'"));
    assert_eq!(get("docker"), "B=two\nA=one two\n");
    let secret = get("k8s");
    assert!(secret.contains("kind: Secret") && secret.contains("name: \"envseal-default\""), "{secret}");
    assert!(get("github").contains("one two"));
    assert_eq!(env.ok(&["get", "C", "--format", "raw"]), "it's\nlong");
    env.fails(2, &["get", "--format", "raw"]);
    env.fails(2, &["get", "A", "B", "--format", "raw"]);
    assert!(env.fails(3, &["get", "C", "--format", "docker"]).contains(" C "));
    assert_eq!(env.envseal(&["get", "--format", "json", "--json"]).output().status, 2);
    // The output of `dotenv` has the same values when read back.
    let all = env.ok(&["get"]);
    env.write("copy/.env", env.ok(&["get", "--format", "dotenv"]));
    assert_eq!(env.ok(&["get", "-f", "copy/.env"]), all);
}

#[test]
fn dotenv_text_that_would_read_otherwise_is_refused_by_name() {
    let env = TestEnv::new();
    env.envseal(&["set", "-q", "A"]).stdin("l1\nl2\\").ok();
    assert_eq!(env.ok(&["get", "--format", "dotenv"]), "A=\"l1\\nl2\\\"\n");
    env.envseal(&["set", "-q", "B"]).stdin("x\"\ny=2").ok();
    let said = env.fails(3, &["get", "--format", "dotenv"]);
    assert!(said.contains("the value of B cannot be written") && said.contains("-x B"), "{said}");
    env.ok(&["get", "--format", "dotenv", "-x", "B"]);
}

#[test]
fn raw_is_every_byte() {
    let env = TestEnv::new();
    let bytes: Vec<u8> = (0..=255).collect();
    env.envseal(&["set", "A"]).stdin(&bytes).ok();
    assert_eq!(env.envseal(&["get", "A", "--format", "raw"]).output().stdout, bytes);
    let stderr = env.fails(3, &["get", "--json"]);
    assert!(stderr.contains("the value of A is not UTF-8"), "{stderr}");
}

#[test]
fn a_name_that_is_not_there() {
    let env = TestEnv::new();
    env.write_sealed(".env", "DATABASE_URL=1\nX=2\n");
    let said = |key: &str| env.fails(4, &["get", key]);
    assert!(said("DatabaseUrl").contains("hint: did you mean DATABASE_URL?"));
    assert!(!said("Y").contains("did you mean"), "a name of one letter is like any other");
    // Nothing is printed if one of several is missing.
    env.fails(4, &["get", "X", "NOPE"]);
    // envseal's own variables are not found.
    env.fails(4, &["get", "ENVSEAL_PUBLIC_KEY"]);
}

#[test]
fn the_file_is_shown_whatever_the_process_has() {
    let env = env();
    let get = |arguments: &[&str]| env.envseal(arguments).var("B", "process").var("HOME_DIR", "h").ok();
    assert_eq!(get(&["get", "B"]), "two\n");
    assert_eq!(get(&["get", "A"]), "one two\n");
    env.write(".env.x", "R=$HOME_DIR-$B\n");
    assert_eq!(get(&["get", "R", "-e", "x"]), "h-process\n");
    assert_eq!(get(&["get", "R", "-e", "x", "-e", "default"]), "h-process\n");
    assert_eq!(get(&["get", "R", "-e", "default", "-e", "x"]), "h-two\n");
}

#[test]
fn only_what_is_asked_for_need_open() {
    let env = env();
    env.write(".env", format!("{}BAD=envseal:1:forged\nUSES=$BAD\n", env.read(".env")));
    assert_eq!(env.ok(&["get", "A"]), "one two\n");
    assert_eq!(env.ok(&["get", "-x", "BAD", "-x", "USES", "-k", "B*"]), "{\n  \"B\": \"two\"\n}\n");
    for arguments in [&["get"][..], &["get", "A", "BAD"], &["get", "USES"]] {
        let stderr = env.fails(3, arguments);
        assert!(stderr.contains("BAD"), "{stderr}");
    }
}

#[test]
#[cfg(unix)]
fn a_reader_that_goes_away_is_no_error_to_speak_of() {
    let env = TestEnv::new();
    env.envseal(&["set", "BIG"]).stdin("x".repeat(1_000_000)).ok();
    let binary = env!("CARGO_BIN_EXE_envseal");
    let script = "\"$1\" get BIG | head -c1; echo \" ${PIPESTATUS[0]}\"";
    let output = env.program("bash", &["-c", script, "bash", binary]).output();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "x 141\n");
    assert_eq!(output.stderr, "");
}
