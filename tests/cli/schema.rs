//! `run` and `check` enforce what `.env.schema` and `.env.example` say about variables.

use crate::support::TestEnv;

/// Asserts that `run` with these arguments starts nothing. Returns its output.
#[track_caller]
fn refused(env: &TestEnv, before: &[&str]) -> String {
    let stderr = env.fails(1, &[&["run"], before, &["--", "touch", "started"]].concat());
    assert!(!env.path("started").exists(), "the program was started");
    stderr
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_schema_file_that_leads_to_another_file() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A=1"]);
    std::os::unix::fs::symlink(".env.keys", env.path(".env.example")).unwrap();
    let said = env.refuses(4, &["ls", "--example", "--write"]);
    assert!(said.contains(".env.keys, which is neither an example nor a schema"), "{said}");
}

#[test]
fn run_refuses_violations() {
    let env = TestEnv::new();
    let (port, level) = (env.secret("port"), env.secret("level"));
    env.write(".env", "DEBUG=perhaps # envseal: plain\nEMPTY=\nFINE=\n");
    env.envseal(&["set", "PORT"]).stdin(&port).ok();
    env.envseal(&["set", "LEVEL"]).stdin(&level).ok();
    env.write(
        ".env.example",
        "# @required\nNEEDED=\n# @required\nEMPTY=\n# @type=port @required\nPORT=\n# @type=enum(debug, 'very loud')\nLEVEL=\n\
         # @type=boolean\nDEBUG=\n# @type=url\nFINE=\n# @type=port\nHOME=\n",
    );
    let stderr = refused(&env, &[]);
    let home = "HOME, from the process: is not a port: a number from 0 to 65535 (.env.example:14)";
    assert_eq!(
        stderr,
        format!(
            "error: 6 variables don't match the schema, so nothing was started\n  \
             NEEDED: is required but missing (.env.example:2)\n  \
             .env:5 EMPTY: is required but empty (.env.example:4)\n  \
             .env:7 PORT: is not a port: a number from 0 to 65535 (.env.example:6)\n  \
             .env:8 LEVEL: is not one of: debug, very loud (.env.example:8)\n  \
             .env:4 DEBUG: is not a boolean: true, false, t, f, yes, no, on, off, 1 or 0 (.env.example:10)\n  \
             {home}\n\
             hint: envseal set NEEDED\n"
        )
    );
    // Variables that the program doesn't get are not checked.
    let only = refused(&env, &["-k", "HOME"]);
    assert_eq!(
        only,
        format!(
            "error: 1 variable doesn't match the schema, so nothing was started\n  {home}\nhint: remove it from the environment of this process: unset HOME\n"
        )
    );
    env.ok(&["run", "-k", "FINE", "--", "true"]);
    env.ok(&["run", "-x", "[!F]*", "--", "true"]);
    // Variables that may be missing are not required, but a wrong value is still an error.
    let some = refused(
        &env,
        &["--allow-missing", "NEEDED", "--allow-missing", "EMPTY", "--allow-missing", "PORT", "-x", "HOME"],
    );
    assert!(some.starts_with("error: 3 variables") && some.contains("PORT: is not a port"), "{some}");
    env.ok(&["set", "NEEDED=x", "EMPTY=x", "PORT=80", "LEVEL=very loud", "DEBUG=ON"]);
    env.ok(&["run", "-x", "HOME", "--", "true"]);
}

#[test]
fn the_final_environment_is_checked() {
    let env = TestEnv::new();
    env.write_sealed(".env.a", "BASE=80\nPORT=${BASE}80\nONLY_A=x\n");
    env.write_sealed(".env.b", "PORT=none\n");
    env.write(".env.schema", "# @type=port\nPORT=\n# @required\nONLY_A=\n");
    env.write(".env.example", "# @required\nNOT_READ=\n");
    let b = "error: 1 variable doesn't match the schema, so nothing was started\n  \
             .env.b:4 PORT: is not a port: a number from 0 to 65535 (.env.schema:2)\nhint: envseal set PORT -e b\n";
    env.ok(&["run", "-e", "a", "-e", "b", "--", "true"]);
    assert_eq!(refused(&env, &["-e", "a", "-e", "b", "--overload"]), b);
    let from_process = |before: &[&str], port: &str| {
        let arguments = [&["run", "-e", "a"], before, &["--", "true"]].concat();
        env.envseal(&arguments).var("PORT", port).output()
    };
    assert_eq!(from_process(&[], "443").status, 0);
    let output = from_process(&[], "https");
    assert!(
        output.status == 1 && output.stderr.contains("  PORT, from the process: is not a port"),
        "{}",
        output.stderr
    );
    assert_eq!(from_process(&["--overload"], "https").status, 0);
    // A variable of the process counts as present, whatever the files contain, and an empty one counts as empty.
    let alone = |value: &str| {
        env.envseal(&["run", "-e", "b", "-x", "PORT", "--", "true"]).var("ONLY_A", value).output()
    };
    assert_eq!(alone("x").status, 0);
    assert!(alone("").stderr.contains("ONLY_A, from the process: is required but empty"));
    let missing = refused(&env, &["-e", "b", "-x", "PORT"]);
    assert!(
        missing.ends_with("ONLY_A: is required but missing (.env.schema:4)\nhint: envseal set ONLY_A -e b\n"),
        "{missing}"
    );
}

#[test]
fn each_folder_has_its_own_schema() {
    let env = TestEnv::new();
    for folder in ["a", "b"] {
        env.write(format!("{folder}/.env"), "P=1 # envseal: plain\n");
    }
    env.write("b/.env.schema", "# @type=enum(2)\nP=\n# @required\nQ=\n");
    env.ok(&["run", "-f", "a", "--", "true"]);
    let said = refused(&env, &["-f", "a", "-f", "b"]);
    assert!(
        said.contains("a/.env:1 P: is not one of: 2 (b/.env.schema:2)"),
        "b's schema also checks the values from a: {said}"
    );
    assert!(said.contains("Q: is required but missing (b/.env.schema:4)"), "{said}");
    env.write("b/.env.local", "P=2 # envseal: plain\n");
    let said = refused(&env, &["-f", "b/.env.local", "-f", "b/.env"]);
    assert!(said.ends_with("hint: envseal set Q -f b/.env\n"), "{said}");
    let twice = refused(&env, &["-f", "b", "-f", "./b/.env", "-f", "a/../b/.env", "-k", "Q"]);
    assert!(twice.starts_with("error: 1 variable doesn't"), "{twice}");
    let said = refused(&env, &["-f", "b", "-k", "Q"]);
    assert!(said.ends_with("hint: envseal set Q -f b/.env\n"), "{said}");
}

#[test]
fn an_unclear_schema_stops_nothing() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=x\n");
    for text in [
        &b"# @type=colour\nA=\n# @required=forEnv(prod)\nB=\n"[..],
        b"# @required @optional\nB=\n",
        b"<<<<<<< a\nA=\n",
        b"\xff\xfe\0A",
        b"# @type=enum(a\nA=",
        b"",
    ] {
        env.write(".env.schema", text);
        env.ok(&["run", "--", "true"]);
    }
    std::fs::remove_file(env.path(".env.schema")).unwrap();
    std::fs::create_dir(env.path(".env.schema")).unwrap();
    env.ok(&["run", "--", "true"]);
    // A schema that is not a file is ignored, and the next one counts.
    env.write(".env.example", "# @type=url\nA=\n");
    refused(&env, &[]);
}

#[test]
fn check_reports_violations() {
    let env = TestEnv::new();
    let port = env.secret("port");
    env.envseal(&["set", "PORT"]).stdin(&port).ok();
    env.write(
        ".env.production",
        "DEBUG=perhaps # envseal: plain\nPORT=80 # envseal: plain\nURL=$PORT # envseal: plain\n",
    );
    env.write(".env.local", "DEBUG=perhaps # envseal: plain\n");
    env.write(
        ".env.schema",
        "# @type=port @required\nPORT=\n# @type=boolean @optional\nDEBUG=\n# @required\nURL=\n# @optional\nLATER=\n# @required\nNONE=\n\
         # @type=colour\nX=\n",
    );
    let expected = [
        ".env.local:1 !wrong-type DEBUG",
        ".env.production:- !required-missing NONE",
        ".env.production:1 !wrong-type DEBUG",
        ".env.production:3 read-otherwise URL",
        ".env.schema:12 example-extra X",
        ".env.schema:12 schema-malformed X",
        ".env:- !required-missing NONE",
        ".env:- !required-missing URL",
        ".env:3 !wrong-type PORT",
    ];
    let mut found = env.check(&[]);
    found.sort();
    assert_eq!(found, expected);
    let text = String::from_utf8(env.envseal(&["check"]).output().stdout).unwrap();
    assert!(text.contains(
        ".env:3: error: PORT is not a port: a number from 0 to 65535 (.env.schema:2) [wrong-type]\n  fix: envseal set PORT -f .env\n"
    ), "{text}");
    assert!(!text.contains(&port), "{text}");
    // Without the key, the type of a sealed value can't be checked.
    let mut without: Vec<_> = expected.to_vec();
    without.pop();
    std::fs::rename(env.path(".env.keys"), env.outside().join("keys")).unwrap();
    let mut found = env.check(&[]);
    found.sort();
    assert_eq!(found, without);
    // A mark suppresses the error, as with every rule.
    env.write(".env.local", "DEBUG=perhaps # envseal: plain # envseal: allow wrong-type\n");
    assert!(!env.check(&[]).iter().any(|found| found.starts_with(".env.local:1 !")));
}

#[test]
fn a_change_is_checked_with_its_own_schema() {
    let env = TestEnv::new();
    env.envseal(&["set", "PORT"]).stdin("none").ok();
    env.commit("no schema");
    env.write(".env.schema", "# @type=port\nPORT=\n");
    assert!(env.check(&["--staged"]).is_empty(), "it is not staged");
    env.git(&["add", "-A"]);
    assert_eq!(env.check(&["--staged"]), [".env:3 !wrong-type PORT"]);
    std::fs::remove_file(env.path(".env.schema")).unwrap();
    assert_eq!(env.check(&["--staged"]), [".env:3 !wrong-type PORT"], "the index counts");
    env.git(&["commit", "-q", "--no-verify", "-m", "schema"]);
    assert_eq!(env.check(&["--range", "HEAD~1.."]), [".env:3 !wrong-type PORT"]);
    env.git(&["checkout", "-q", "."]);
    env.envseal(&["set", "PORT"]).stdin("80").ok();
    env.commit("mended");
    assert!(env.check(&["--range", "HEAD~2.."]).is_empty(), "the last state counts");
    assert!(env.check(&[]).is_empty());
}

#[test]
fn names_that_are_not_sensitive_are_plain() {
    let env = TestEnv::new();
    env.write(
        ".env.schema",
        "# @sensitive=false\nHOST=\n# @sensitive=false @optional\nPATH=\n# @sensitive\nTOKEN=\n",
    );
    env.write(".env", "HOST=a\nTOKEN=b\n");
    assert_eq!(env.check(&[]), [".env:2 !plaintext TOKEN"]);
    env.ok(&["encrypt"]);
    assert!(env.read(".env").contains("\nHOST=a\nTOKEN=envseal:1:"), "{}", env.read(".env"));
    assert!(env.check(&[]).is_empty());
    let counts = env.ok(&["ls", "--json"]);
    assert!(counts.contains("\"plain\": 1") && counts.contains("\"unmarked\": 0"), "{counts}");
    // An existing plain value stays plain, but for a new value `set` needs an option.
    env.envseal(&["set", "HOST"]).stdin("c").ok();
    assert!(env.read(".env").contains("\nHOST=c\n"));
    let said = env.envseal(&["set", "HOST", "-e", "b"]).stdin("x").fails(2);
    assert_eq!(
        said,
        "error: .env.b: HOST can't be encrypted, because .env.schema declares HOST plain\n\
         hint: if it is not secret: envseal set HOST --plain -f .env.b\n"
    );
    assert!(!env.path(".env.b").exists());
    // A sealed value stays sealed, and `check` reports the contradiction.
    assert!(env.envseal(&["set", "HOST", "--seal"]).stdin("d").fails(2).contains(" declares HOST plain\n"));
    std::fs::rename(env.path(".env.schema"), env.path("schema")).unwrap();
    env.envseal(&["set", "HOST", "--seal"]).stdin("d").ok();
    std::fs::rename(env.path("schema"), env.path(".env.schema")).unwrap();
    assert_eq!(env.check(&[]), [".env:4 !plain-sealed HOST"]);
    env.envseal(&["set", "HOST"]).stdin("e").ok();
    assert!(env.read(".env").contains("\nHOST=envseal:1:"));
    // A reserved name stays reserved, and a schema does not apply to another folder.
    assert!(env.envseal(&["set", "PATH", "--seal"]).stdin("x").output().status == 2);
    env.write("sub/.env", "HOST=a\n");
    assert!(env.check(&[]).contains(&"sub/.env:1 !plaintext HOST".to_owned()));
}

#[test]
fn an_example_declares_no_secret_plain() {
    for default in ["false", "inferFromPrefix(SE)"] {
        let env = TestEnv::new();
        env.write(".env.example", format!("# @defaultSensitive={default}\n# ---\n\nPORT=\n"));
        env.ok(&["set", "-q", "PORT=8080", "--plain"]);
        env.write(".env", format!("PATH=/bin\nSELF=1 # envseal: plain\n{}", env.read(".env")));
        env.ok(&["set", "-q", "SECRET=hunter"]);
        assert_eq!(env.check(&[]).iter().filter(|found| found.contains('!')).count(), 0);
        env.ok(&["ls", "--example", "--write"]);
        let example = env.read(".env.example");
        let added = "# @required\nPATH=\n\n# @required\nSELF=\n\n# @required @sensitive\nSECRET=\n";
        assert!(example.ends_with(added), "{example}");
        assert_eq!(env.check(&[]), [""; 0]);
        // The fix of the contradiction exposes nothing.
        env.write(".env.example", example.replace(" @sensitive\n", "\n"));
        let said = String::from_utf8(env.envseal(&["check"]).output().stdout).unwrap();
        assert!(said.contains("`@defaultSensitive`") && !said.contains("--plain"), "{said}");
    }
}

#[test]
fn an_example_is_made_of_the_env_files() {
    let env = TestEnv::new();
    let secret = env.secret("token");
    env.write(
        ".env.b",
        "EARLY=1 # envseal: plain\nPORT=80 # envseal: plain\nPATH=/bin\nMIXED=1 # envseal: plain\nNONE=\n",
    );
    env.write("sub/.env", "ELSEWHERE=1 # envseal: plain\n");
    env.write(".env.local", "MINE=1 # envseal: plain\n");
    env.write(".env", "# a comment that nobody is to see\nPORT=81 # envseal: plain\nNONE=\n");
    env.envseal(&["set", "TOKEN"]).stdin(&secret).ok();
    env.envseal(&["set", "MIXED"]).stdin(&secret).ok();
    let whole = "# @required @sensitive=false\nPORT=\n\n# @optional\nNONE=\n\n# @optional\nTOKEN=\n\n# @required\nMIXED=\n\n\
                 # @optional @sensitive=false\nEARLY=\n\n# @optional\nPATH=\n\n# @optional @sensitive=false\nMINE=\n";
    assert_eq!(env.ok(&["ls", "--example"]), whole);
    assert!(!env.path(".env.example").exists());
    let said = env.envseal(&["ls", "--example", "--write"]).output();
    assert_eq!(
        (said.status, said.stdout.len(), said.stderr.as_str()),
        (0, 0, "Added 7 names to .env.example\n")
    );
    assert_eq!(env.read(".env.example"), whole);
    // The files match the generated example, and no name is missing from it.
    let found = env.check(&[]);
    assert!(
        !found.iter().any(|found| found.contains("example-")
            || found.contains("schema")
            || found.contains("required")),
        "{found:?}"
    );
    // The second time nothing changes, and what a person wrote is kept.
    assert_eq!(env.ok(&["ls", "--example"]), whole);
    let edited =
        whole.replace("TOKEN=", "# what it opens\nTOKEN=abc # words").replace("# @optional\nPATH=\n\n", "");
    env.write(".env.schema", &edited);
    let expected = format!("{edited}\n# @optional\nPATH=\n");
    assert_eq!(env.ok(&["ls", "--example"]), expected);
    let said = env.envseal(&["ls", "--example", "--write"]).output();
    assert_eq!(said.stderr, "Added 1 name to .env.schema\n");
    assert_eq!((env.read(".env.schema"), env.read(".env.example")), (expected, whole.to_owned()));
    assert_eq!(
        env.envseal(&["ls", "--example", "--write"]).output().stderr,
        ".env.schema already has every name\n"
    );
    assert_eq!(env.ok(&["ls", "--example", "-f", "sub"]), "# @required @sensitive=false\nELSEWHERE=\n");
    assert!(env.fails(2, &["ls", "--example", "-f", "sub", "-f", ".env"]).contains("takes one folder"));
    assert_eq!(env.envseal(&["ls", "--write"]).output().status, 2);
}

#[test]
fn an_example_emptied_by_the_shell_is_reported() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    env.write(".env.example", "");
    let output = env.envseal(&["ls", "--example"]).output();
    assert_eq!(output.stdout, b"# @required\nA=\n");
    assert_eq!(
        output.stderr,
        "note: .env.example was empty when it was read; if `>` has just emptied it: git checkout -- .env.example, then use \
         --write\n"
    );
}

#[test]
fn only_the_first_schema_file_gets_names() {
    let env = TestEnv::new();
    env.write(".env", "A=1 # envseal: plain\nB=\n");
    env.write(".env.example", "A=\n");
    assert_eq!(env.check(&[]), [".env:2 example-missing B"]);
    let told = env.envseal(&["check"]).output();
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("fix: envseal ls --example --write -f .env\n"), "{told}");
    env.write(".env.schema", "A=\nB=\n# @optional\nC=\nD=\n");
    assert_eq!(env.check(&[]), [".env.schema:5 example-extra D"]);
    // A missing required name is reported once, and an optional name may be in only one file.
    env.write(".env.b", "A=1 # envseal: plain\n");
    let unset = env.read(".env");
    env.envseal(&["set", "B"]).stdin("value").ok();
    assert_eq!(env.check(&[]), [".env.b:- missing-name B", ".env.schema:5 example-extra D"]);
    env.write(".env.schema", "A=\n# @optional\nB=\n");
    assert!(env.check(&[]).is_empty());
    env.write(".env", unset);
    env.write(".env.schema", "A=\n# @required\nB=\n# @required\nD=\n");
    assert_eq!(
        env.check(&[]),
        [
            ".env:- !required-missing D",
            ".env:2 !required-missing B",
            ".env.b:- !required-missing B",
            ".env.b:- !required-missing D"
        ]
    );
}

#[test]
fn a_name_that_is_newly_plain_is_told_with_the_decorator_that_makes_it_so() {
    let env = TestEnv::new();
    env.write_sealed(".env", format!("A={}\n", env.secret("a")));
    env.write(".env.example", "A=\nPORT=\n");
    env.commit("base");
    for (schema, cause) in [
        ("# @defaultSensitive=false\n# ---\n\nA=\nPORT=\n", "@defaultSensitive=false"),
        ("# @defaultSensitive=inferFromPrefix(PO)\n\nA=\nPORT=\n", "@defaultSensitive=inferFromPrefix(…)"),
        ("A=\n# @sensitive=false\nPORT=\n", "@sensitive=false"),
        ("# @defaultSensitive\n\nA=\n# @sensitive=false\nPORT=\n", "@sensitive=false"),
        ("# @defaultSensitive=false\n\nA=\n# @sensitive=false\nPORT=\n", "@sensitive=false"),
    ] {
        env.write(".env.example", schema);
        env.git(&["add", "-A"]);
        let found = String::from_utf8(env.envseal(&["check", "--staged"]).output().stdout).unwrap();
        let message = format!("PORT is newly treated as plain (`{cause}`) [policy-widened]");
        assert!(found.contains(&message), "{schema:?}: {found}");
    }
}
