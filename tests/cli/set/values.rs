//! How a value is given.

use proptest::prelude::*;

use crate::support::TestEnv;

fn get(env: &TestEnv, name: &str) -> Vec<u8> {
    let output = env.envseal(&["get", name, "--format", "raw"]).output();
    assert_eq!(output.status, 0, "{}", output.stderr);
    output.stdout
}

#[test]
fn the_second_argument_is_the_value_whatever_it_holds() {
    let env = TestEnv::new();
    for value in ["-", "", "-1", "A=B", "${A}"] {
        env.ok(&["set", "KEY", value]);
        assert_eq!(get(&env, "KEY"), value.as_bytes(), "{value:?}");
    }
    for value in ["-q", "--plain", "-secret", "--", "=", "KEY=x"] {
        env.ok(&["set", "KEY", "--", value]);
        assert_eq!(get(&env, "KEY"), value.as_bytes(), "{value:?}");
        env.ok(&["set", "--", "KEY", value]);
        env.ok(&["set", &format!("KEY={value}")]);
        assert_eq!(get(&env, "KEY"), value.as_bytes(), "{value:?}");
    }
}

#[test]
fn options_stand_before_between_and_behind() {
    let env = TestEnv::new();
    for (at, arguments) in [
        &["set", "-e", "x", "-q", "KEY", "v0"][..],
        &["-q", "set", "KEY", "-e", "x", "v1"],
        &["set", "KEY", "v2", "-e", "x", "--quiet"],
        &["set", "KEY=v3", "-q", "OTHER=1", "--env=x"],
    ]
    .into_iter()
    .enumerate()
    {
        let output = env.envseal(arguments).output();
        assert_eq!((output.status, &*output.stderr), (0, ""), "{arguments:?}");
        assert_eq!(env.ok(&["get", "KEY", "-e", "x"]), format!("v{at}\n"));
    }
    assert!(!env.path(".env").exists());
}

#[test]
fn several_pairs_are_one_batch_and_the_last_of_a_name_counts() {
    let env = TestEnv::new();
    env.ok(&["set", "A=1", "B=x=y", "C=", "A=2"]);
    assert_eq!(env.ok(&["get"]), "{\n  \"A\": \"2\",\n  \"B\": \"x=y\",\n  \"C\": \"\"\n}\n");
    let text = env.read(".env");
    let enc = |name: &str| {
        let token = text.split(&format!("\n{name}=envseal:1:")).nth(1).unwrap();
        token[5..48].to_owned()
    };
    assert_eq!(enc("A"), enc("B"), "one encapsulation serves the batch");
    for bad in [
        &["set", "A=1", "B"][..],
        &["set", "A=1", "=x"],
        &["set", "A=1", "a-b=2"],
        &["set", "A=3", "--", "-"],
    ] {
        env.refuses(2, bad);
    }
}

#[test]
fn stdin_loses_one_line_end_and_no_more() {
    let env = TestEnv::new();
    for (piped, value) in [
        (&b"v"[..], &b"v"[..]),
        (b"v\n", b"v"),
        (b"v\r\n", b"v"),
        (b"v\n\n", b"v\n"),
        (b"v\r\n\r\n", b"v\r\n"),
        (b"v\r", b"v\r"),
        (b"\n", b""),
        (b"a\nb\n", b"a\nb"),
    ] {
        env.envseal(&["set", "KEY"]).stdin(piped).ok();
        assert_eq!(get(&env, "KEY"), value);
    }
    let large: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    env.envseal(&["set", "KEY"]).stdin(&large).ok();
    assert!(get(&env, "KEY") == large);
}

#[test]
fn no_byte_on_stdin_is_an_error_that_names_the_way() {
    let env = TestEnv::new();
    let stderr = env.refuses(2, &["set", "KEY"]);
    assert_eq!(
        stderr,
        "error: no value for KEY: stdin was empty\nhint: for an empty value: envseal set KEY ''\n"
    );
    assert_eq!(env.refuses(2, &["set", "-"]), "error: stdin was empty\nhint: envseal set - < FILE\n");
    env.envseal(&["set", "-"]).stdin("# only a comment\n\n").refuses(2);
}

#[test]
fn a_batch_reads_lines_as_a_file_is_read() {
    let env = TestEnv::new();
    let secret = env.secret("batch");
    let lines = format!(
        "\u{feff}# comment\r\nexport A='{secret}'\r\n\r\nB = \"x\\ny\" # c\r\nC=`it's`\nD=\nE='a#b $X'\nF=one\nF=two\nG=\"a\nb\"\nH=\\$x\n"
    );
    env.envseal(&["set", "-"]).stdin(&lines).ok();
    let values: serde_json::Value = serde_json::from_str(&env.ok(&["get"])).unwrap();
    let expected = serde_json::json!({
        "A": secret, "B": "x\ny", "C": "it's", "D": "", "E": "a#b $X", "F": "two", "G": "a\nb", "H": "$x"
    });
    assert_eq!(values, expected);
    assert_eq!(env.read(".env").matches("\nF=").count(), 1);
}

#[test]
fn a_doubtful_batch_line_is_refused_by_number_alone() {
    let env = TestEnv::new();
    let secret = env.secret("batch");
    env.ok(&["set", "KEEP", "1"]);
    let before = env.snapshot();
    for (line, why) in [
        (format!("B={secret}#tail"), "`#` touches the value"),
        (format!("B=${{{secret}}}"), "the value references other variables, which `set` does not expand"),
        (format!("B=\"$X {secret}\""), "the value references other variables, which `set` does not expand"),
        (secret.clone(), "neither NAME=value nor a comment"),
        (format!("{secret} x"), "neither NAME=value nor a comment"),
        (format!("{secret}=x"), "a variable name may contain only A-Z, a-z, 0-9 and _"),
    ] {
        let stderr = env.envseal(&["set", "-"]).stdin(format!("A=1\n\n{line}\nC=2\n")).fails(2);
        assert_eq!(stderr, format!("error: line 3 of stdin: {why}\nhint: put the value in single quotes\n"));
    }
    assert_eq!(
        env.envseal(&["set", "-", "x"]).stdin("A=1").fails(2),
        "error: - takes no other argument\nhint: envseal set - < FILE\n"
    );
    assert_eq!(env.envseal(&["set", "-"]).stdin("A=1\nENVSEAL_PUBLIC_KEY=x\n").output().status, 2);
    assert_eq!(env.snapshot(), before);
}

#[test]
fn what_is_typed_in_a_wrong_place_is_never_repeated() {
    let env = TestEnv::new();
    let s = env.secret("typed");
    for arguments in [
        &["set", &format!("{s}!"), "v"][..],
        &["set", &format!("pä{s}=x")],
        &["set", &format!("{s}=x")],
        &["set", "KEY", "v", &s],
        &["set", "KEY", "v", &s, &s],
        &["set", "KEY", "v", &format!("--{s}")],
        &["set", &format!("--{s}")],
        &["set", &format!("--{s}=x")],
        &["set", &format!("-x{s}")],
        &["set", "KEY", &format!("--plain={s}"), "v"],
        &["set", "KEY", "v", &format!("--plain={s}")],
        &["set", &format!("--{s}"), "KEY", "v"],
        &["set", "A=1", &s],
        &["set", "A=1", &format!("{s}=2")],
        &["set", "-", &s],
        &["set", "--plain", "--seal", "KEY", &s],
        &["set", "ENVSEAL_PUBLIC_KEY", &s],
        &["set", "ENVSEAL_ANYTHING", &s],
        &["set", "PATH", &s],
        &["set", "", &s],
        &[&format!("KEY={s}")],
        &["-q", &format!("KEY={s}"), "B=1"],
    ] {
        // When `env` is dropped, it searches all output for the canaries.
        env.refuses(2, arguments);
    }
}

#[test]
fn three_arguments_are_one_too_many() {
    let env = TestEnv::new();
    assert_eq!(
        env.fails(2, &["set", "KEY", "v", "extra"]),
        "error: set takes one NAME and one VALUE\nhint: envseal set NAME VALUE, or envseal set NAME=VALUE NAME=VALUE …\n"
    );
    let stderr = env.fails(2, &["set", "KEY", "v", "--stdin"]);
    assert!(stderr.contains("'…' found") && stderr.contains("omit VALUE to read it from stdin"), "{stderr}");
    let stderr = env.fails(2, &["set", "KEY", "v", "--plainn"]);
    assert!(stderr.contains("unexpected argument '…' found") && stderr.contains("'--plain'"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn arguments_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;
    let env = TestEnv::new();
    let bytes = |bytes: &'static [u8]| std::ffi::OsStr::from_bytes(bytes);
    env.envseal(&["set", "KEY"]).arg(bytes(b"\xff\xfe")).ok();
    assert_eq!(get(&env, "KEY"), b"\xff\xfe");
    env.envseal(&["set"]).arg(bytes(b"KEY=\xfe\n")).ok();
    assert_eq!(get(&env, "KEY"), b"\xfe\n");
    env.envseal(&["set"]).arg(bytes(b"K\xff=v")).fails(2);
    env.envseal(&["set"]).arg(bytes(b"K\xff")).arg("v").fails(2);
}

/// Returns texts that have a meaning in `.env` files.
fn awkward() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "'", "\"", "`", "\\", "$", "${A}", "$(x)", "#", " #", "\n", "\r\n", "\r", "\t", " ", "=", "<<<<<<< HEAD",
            ">>>>>>> x", "=======", "envseal:1:", "\u{feff}", "\u{2028}", "\u{a0}", "\0", "export A=", ",", "\\n", "\\'",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        2 => "[a-z]{1,4}".prop_map(String::into_bytes),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_comes_back_exactly(value in awkward(), plain: bool) {
        let env = TestEnv::new();
        env.write(".env", "FIRST=1 # envseal: plain\r\nLAST=2 # envseal: plain");
        let before = env.bytes(".env");
        let mut piped = value.clone();
        piped.push(b'\n');
        let mut arguments = vec!["set", "KEY"];
        if plain {
            arguments.push("--plain");
        }
        let output = env.envseal(&arguments).stdin(&piped).output();
        // A carriage return before the newline is removed with it.
        let value = value.strip_suffix(b"\r").unwrap_or(&value);
        if output.status == 0 {
            prop_assert_eq!(get(&env, "KEY"), value);
            prop_assert_eq!(env.ok(&["get", "FIRST", "LAST"]), "{\n  \"FIRST\": \"1\",\n  \"LAST\": \"2\"\n}\n");
            let again = env.envseal(&arguments).stdin(&piped).output();
            prop_assert_eq!(again.stderr, "KEY in .env already has this value\n");
        } else {
            prop_assert!(plain, "sealed values hold anything: {}", output.stderr);
            prop_assert_eq!(
                output.stderr,
                "error: .env: the value of KEY cannot be written in a .env file as plain text\n\
                 hint: encrypt it instead: envseal set KEY --seal -f .env\n"
            );
            prop_assert_eq!(env.bytes(".env"), before);
        }
    }
}

#[test]
fn a_generated_value_is_random_encrypted_and_shown_nowhere() {
    let env = TestEnv::new();
    let get = |name: &str| env.ok(&["get", name]).trim_end().to_owned();
    // Stdin is not for it.
    let said = env.envseal(&["set", "A", "--generate"]).stdin("piped").ok_stderr();
    let first = get("A");
    assert!(first.len() == 32 && first.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{first}");
    assert!(!said.contains(&first), "{said}");
    env.ok(&["set", "A", "--generate=100"]);
    assert!(get("A").len() == 100 && !get("A").starts_with(&first));
    // A generated value is always secret, even if it replaces a plain one.
    env.ok(&["set", "P", "1", "--plain"]);
    env.ok(&["set", "P", "--generate=8"]);
    let line = env.read(".env").lines().find(|line| line.starts_with("P=")).unwrap().to_owned();
    assert!(line.starts_with("P=envseal:1:") && !line.contains('#'), "{line}");
    // Files that share a key share the value.
    env.write("a/.env", "");
    env.ok(&["set", "BOTH", "--generate", "-f", ".env", "-f", "a"]);
    assert_eq!(get("BOTH"), env.ok(&["get", "BOTH", "-f", "a"]).trim_end());
    let before = env.snapshot();
    for (arguments, told) in [
        (&["set", "A", "--generate", "-e", "default", "-e", "production"][..], "takes one environment"),
        (&["set", "A=hunter2", "--generate"], "takes one NAME"),
        (&["set", "-", "--generate"], "takes one NAME"),
        (&["set", "A", "hunter2", "--generate"], "cannot be used with"),
        (&["set", "A", "--generate", "--plain"], "cannot be used with"),
        (&["set", "A", "--generate=hunter2"], "invalid value '…' for '--generate[=<LENGTH>]'"),
        (&["set", "A", "--generate=7"], "8..=1024"),
        (&["set", "A", "--generate=1025"], "8..=1024"),
        (&["set", "PATH", "--generate"], "PATH"),
    ] {
        let output = env.envseal(arguments).output();
        assert!(
            output.status == 2 || arguments[1] == "PATH" && output.status == 4,
            "{arguments:?} {}",
            output.stderr
        );
        assert!(output.stderr.contains(told) && !output.stderr.contains("hunter2"), "{}", output.stderr);
    }
    assert_eq!(env.snapshot(), before);
}
