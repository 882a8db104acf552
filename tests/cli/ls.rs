//! `envseal ls`.

use crate::support::TestEnv;

#[test]
fn each_file_is_listed_a_damaged_one_among_them_with_the_same_keys_in_json() {
    let env = TestEnv::new();
    env.write(".env", "P=1 # envseal: plain\nPATH=/x\nE=\nU=plain\n");
    let set = |arguments: &[&str]| {
        let said = env.envseal(&[&["set", "S", "1"], arguments].concat()).output().stderr;
        said.split(" (key ").nth(1).unwrap()[..8].to_owned()
    };
    let (a, b) = (set(&[]), set(&["-e", "b"]));
    env.write(".env.c", "U=1\n");
    env.write(".env.d", "<<<<<<< HEAD\n");
    let keys = env.read(".env.keys");
    let kept: Vec<_> = keys.lines().filter(|line| !line.contains("_KEY_B=")).collect();
    env.write(".env.keys", kept.join("\n") + "\n");
    let expected = [
        "FILE    ENVIRONMENT  KEY       SEALED  PLAIN  UNMARKED  YOU CAN DECRYPT IT",
        &format!(".env    default      {a}  1       3      1         yes"),
        &format!(".env.b  b            {b}  1       0      0         no: no private key"),
        ".env.c  c            -         0       0      1         no key yet",
    ];
    let table = env.ok(&["ls"]);
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines[..4], expected);
    assert!(lines[4].starts_with(".env.d  -            -         -       -      -         no: "), "{table}");
    assert!(lines[4].contains("contains a merge-conflict marker") && lines.len() == 5, "{table}");

    let mut json: serde_json::Value = serde_json::from_str(&env.ok(&["ls", "--json"])).unwrap();
    let why = json[3]["why_not"].take();
    assert!(why.as_str().unwrap().contains(":1 contains a merge-conflict marker"), "{why}");
    let none = serde_json::Value::Null;
    assert_eq!(
        json,
        serde_json::json!([
            {"file": ".env", "environment": "default", "key": a, "sealed": 1, "plain": 3, "unmarked": 1,
             "opens": true, "why_not": none},
            {"file": ".env.b", "environment": "b", "key": b, "sealed": 1, "plain": 0, "unmarked": 0,
             "opens": false, "why_not": format!("no private key for b (key {b})")},
            {"file": ".env.c", "environment": "c", "key": none, "sealed": 0, "plain": 0, "unmarked": 1,
             "opens": none, "why_not": none},
            {"file": ".env.d", "environment": none, "key": none, "sealed": none, "plain": none, "unmarked": none,
             "opens": false, "why_not": none},
        ])
    );
}

#[test]
fn what_git_ignores_is_passed_over_and_said() {
    let env = TestEnv::new();
    env.ok(&["hook", "install", "-q"]);
    env.write(".gitignore", ".env.local\n.env.own\nnode_modules/\n");
    for path in [".env.local", ".env.own", "node_modules/x/.env", ".env.example", "a/.env", "a/b.env"] {
        env.write(path, "");
    }
    let output = env.envseal(&["ls"]).output();
    assert_eq!(
        output.stderr,
        "note: skipped .env.own, which git ignores; to include it, use -f\n\
         note: not installed in this clone: merge and diff drivers: envseal init\n"
    );
    let table = String::from_utf8(output.stdout).unwrap();
    let files: Vec<_> = table.lines().skip(1).map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(files, ["a/.env", "a/b.env"]);
    assert!(env.ok(&["ls", "-f", ".env.local"]).contains(".env.local"));
    env.write("envseal.toml", "[policy]\nexclude = [\"a/*.env\"]\n");
    assert_eq!(env.ok(&["ls"]), "");
}

#[test]
fn names_by_environment_with_the_dates_of_their_last_changes() {
    let env = TestEnv::new();
    env.write(".env", "P=1 # envseal: plain\nU=text\n");
    env.ok(&["set", "-q", "S", &env.secret("s")]);
    env.ok(&["set", "-q", "T", &env.secret("t"), "-e", "production"]);
    let foreign = env.read(".env").lines().last().unwrap().to_owned();
    env.write(".env.production", env.read(".env.production") + &foreign + "\n");
    crate::log::commit(&env, 1, "one");
    env.ok(&["set", "-q", "T", &env.secret("t again"), "-e", "production"]);
    let expected = "NAME  default   production\nP     plain     missing\nU     unmarked  missing\nS     sealed    \
                    outdated key\nT     missing   sealed\n";
    assert_eq!(env.ok(&["ls", "--names"]), expected);
    let dated = env.ok(&["ls", "--names", "--age"]);
    let rows: Vec<_> = dated
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>())
        .collect();
    assert_eq!(rows[3], ["S", "sealed 2026-01-02", "outdated key 2026-01-02"]);
    assert_eq!(rows[4], ["T", "missing", "sealed uncommitted"]);
    let json = env.ok(&["ls", "--names", "--age", "--json", "-e", "production"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json,
        serde_json::json!([
            {"name": "T", "file": ".env.production", "environment": "production", "state": "sealed", "changed": null},
            {"name": "S", "file": ".env.production", "environment": "production", "state": "outdated key",
             "changed": "2026-01-02T03:01:00+01:30"},
        ])
    );
    // Each folder has names of its own, and a damaged file doesn't hide others.
    env.write("app/.env", "A=\n");
    env.write("app/.env.x", "<<<<<<< HEAD\n");
    let output = env.envseal(&["ls", "--names"]).output();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("app:\nNAME  default\nA     plain\n"), "{text}");
    assert!(output.stderr.contains("app/.env.x:1 contains a merge-conflict marker"), "{}", output.stderr);
    // The hint for a name that is not there can be pasted.
    let told = env.fails(4, &["get", "NOTHING_LIKE_IT", "-f", "app/.env"]);
    let hint = told.split("hint: list the names: envseal ").nth(1).unwrap().trim();
    assert_eq!(env.ok(&hint.split(' ').collect::<Vec<_>>()), "NAME  default\nA     plain\n");
    // Ages come from git; outside of a repository there are none.
    let outside = TestEnv::without_git();
    outside.write(".env", "A=\n");
    outside.fails(4, &["ls", "--names", "--age"]);
    assert_eq!(outside.ok(&["ls", "--names"]), "NAME  default\nA     plain\n");
}

#[test]
fn nothing_to_list() {
    let env = TestEnv::new();
    let output = env.envseal(&["ls"]).output();
    assert_eq!(
        (output.status, output.stdout, &*output.stderr),
        (0, vec![], "No env file here; create one: envseal set NAME\n")
    );
    assert_eq!(env.ok(&["ls", "--json"]), "[]\n");
}

#[test]
fn a_clone_without_hooks_or_drivers_is_told_so() {
    let env = TestEnv::new();
    env.write(".env", "");
    let note = |env: &TestEnv| env.envseal(&["ls"]).output().stderr;
    assert!(note(&env).contains("pre-push hook and merge and diff drivers"), "{}", note(&env));
    assert_eq!(env.envseal(&["ls", "-q"]).output().stderr, "", "-q prints no note");
    env.ok(&["init", "-q"]);
    assert_eq!(note(&env), "");
    env.ok(&["hook", "uninstall", "-q"]);
    assert_eq!(
        note(&env),
        "note: not installed in this clone: pre-commit hook, pre-merge-commit hook and pre-push hook: envseal init\n"
    );
    env.ok(&["hook", "install", "-q"]);
    env.git(&["config", "diff.envseal.textconv", "mine"]);
    assert_eq!(
        note(&env),
        "note: git's diff.envseal.textconv in this clone is not envseal's: git config --local --remove-section \
         diff.envseal && envseal init\n"
    );
    // A note doesn't get into the data.
    serde_json::from_str::<serde_json::Value>(&env.ok(&["ls", "--json"])).unwrap();
}

#[test]
fn values_sealed_to_another_key_are_no_yes() {
    let env = TestEnv::new();
    env.ok(&["set", "S", &env.secret("s")]);
    let line = env.read(".env").lines().last().unwrap().to_owned();
    let other = TestEnv::new_env_file();
    let header = other.lines().find(|line| line.starts_with("ENVSEAL_PUBLIC_KEY=")).unwrap();
    env.write(".env", format!("{header}\n{line}\n"));
    assert!(env.ok(&["ls"]).ends_with("  no: no private key\n"), "the missing key is reported first");
    env.ok(&["key", "generate", "-e", "b"]);
    env.write(".env.b", env.read(".env.b") + &line + "\n");
    let table = env.ok(&["ls", "-e", "b"]);
    assert!(table.ends_with("  no: 1 value encrypted to another key than the file's\n"), "{table}");
    let json: serde_json::Value = serde_json::from_str(&env.ok(&["ls", "--json", "-e", "b"])).unwrap();
    assert_eq!(
        (&json[0]["opens"], &json[0]["why_not"]),
        (&false.into(), &"1 value encrypted to another key than the file's".into())
    );
}

#[cfg(unix)]
#[test]
fn hooks_that_are_not_ours_to_write_are_no_work_for_init() {
    let said = "note: the pre-commit hook, pre-merge-commit hook and pre-push hook are missing, and not envseal's to \
                write: envseal hook install\n";
    // The hooks are a generator's.
    let env = TestEnv::new();
    env.write("lefthook.yml", "pre-commit:\n  commands: {}\n");
    env.ok(&["init", "-q"]);
    assert_eq!(env.envseal(&["ls"]).output().stderr, said);
    assert!(env.fails(4, &["hook", "install"]).contains("lefthook.yml, then: lefthook install"));
    // The hooks folder serves other repositories, too.
    let env = TestEnv::new();
    env.git(&["config", "core.hooksPath", env.outside().join("shared").to_str().unwrap()]);
    env.ok(&["init", "-q"]);
    assert_eq!(env.envseal(&["ls"]).output().stderr, said);
    assert!(env.fails(4, &["hook", "install"]).contains("core.hooksPath"));
}
