//! `--convention`, `ENVSEAL_ENV`, `-f '?FILE'`, and environments with almost the same name.

use crate::support::{Run, TestEnv};

const ALL: [&str; 8] = [
    ".env",
    ".env.local",
    ".env.defaults",
    ".env.development",
    ".env.development.local",
    ".env.production",
    ".env.production.local",
    ".env.test",
];

/// Creates files that hold their own name as `WHO`, and a variable of their own.
fn with(files: &[&str]) -> TestEnv {
    let env = TestEnv::new();
    for file in files {
        let own = file.replace('.', "_").to_uppercase();
        env.write(file, format!("WHO={file}\n{own}=1\n"));
    }
    env
}

/// Returns the files that `run` loads, in order of precedence.
fn read(env: &TestEnv, arguments: &[&str], set: &[(&str, &str)]) -> String {
    let all = [&["run", "-v"], arguments, &["--", "true"]].concat();
    let run = set.iter().fold(env.envseal(&all), |run, (name, value)| run.var(name, value));
    let output = run.output();
    assert_eq!(output.status, 0, "{}", output.stderr);
    let read = output.stderr.lines().filter_map(|line| line.strip_prefix("Read ")?.split(' ').next());
    read.collect::<Vec<_>>().join(" ")
}

#[test]
fn nextjs_reads_what_next_reads() {
    let env = with(&ALL);
    let next = ["--convention", "nextjs"];
    let development = ".env.development.local .env.local .env.development .env";
    let production = ".env.production.local .env.local .env.production .env";
    assert_eq!(read(&env, &next, &[]), development);
    assert_eq!(read(&env, &next, &[("NODE_ENV", "")]), development);
    assert_eq!(read(&env, &next, &[("NODE_ENV", "production")]), production);
    assert_eq!(read(&env, &[&next[..], &["-e", "production"]].concat(), &[]), production);
    assert_eq!(read(&env, &next, &[("ENVSEAL_ENV", "production"), ("NODE_ENV", "test")]), production);
    // An option wins over variables.
    let typed = [&next[..], &["-e", "production"]].concat();
    assert_eq!(read(&env, &typed, &[("ENVSEAL_ENV", "test"), ("NODE_ENV", "development")]), production);
    assert_eq!(read(&env, &next, &[("NODE_ENV", "test")]), ".env.test .env");
}

#[test]
fn flow_reads_what_dotenv_flow_reads() {
    let env = with(&ALL);
    env.write(".env.qa", "WHO=qa\n");
    let flow = ["--convention", "flow"];
    let development = ".env.development.local .env.development .env.local .env .env.defaults";
    assert_eq!(read(&env, &flow, &[]), development);
    assert_eq!(read(&env, &flow, &[("NODE_ENV", "qa")]), ".env.qa .env.local .env .env.defaults");
    assert_eq!(read(&env, &[&flow[..], &["-e", "test"]].concat(), &[]), ".env.test .env .env.defaults");
}

#[test]
fn the_conventions_first_file_wins_and_overload_gives_it_the_process_too() {
    let env = with(&ALL);
    let show = ["--", "printenv", "WHO"];
    let run = |more: &[&str]| env.envseal(&[&["run", "--convention", "nextjs"], more, &show].concat());
    assert_eq!(run(&[]).ok(), ".env.development.local\n");
    assert_eq!(run(&[]).var("WHO", "process").ok(), "process\n");
    assert_eq!(run(&["--overload"]).var("WHO", "process").ok(), ".env.development.local\n");
    std::fs::remove_file(env.path(".env.development.local")).unwrap();
    assert_eq!(run(&[]).ok(), ".env.local\n");
    assert_eq!(run(&["--overload"]).ok(), ".env.local\n");
    assert_eq!(env.ok(&["run", "--convention", "flow", "--", "printenv", "WHO"]), ".env.development\n");
    assert_eq!(env.ok(&["get", "WHO", "--convention", "flow"]), ".env.development\n");
    assert_eq!(
        env.ok(&["get", "WHO", "--convention", "nextjs", "-e", "production"]),
        ".env.production.local\n"
    );
    // One that can't be decrypted is not passed over.
    env.write_sealed(".env.development", "SEALED=1\n");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    env.fails(3, &["run", "--convention", "nextjs", "--", "touch", "started"]);
    assert!(!env.path("started").exists());
}

#[test]
fn a_convention_needs_one_file_in_each_folder() {
    let env = with(&[".env.staging"]);
    let expected = "error: none of the files that the nextjs convention reads exists: .env.test.local, .env.test, \
                    .env\nhint: create one: envseal set NAME -f .env.test.local\n";
    let run = ["run", "--convention", "nextjs", "-e", "test", "--", "touch", "started"];
    assert_eq!(env.fails(4, &run), expected);
    env.write("web/.env", "A=web\nW=1\n");
    env.write("api/.env.production", "A=api\nB=1\n");
    let both = ["--convention", "nextjs", "-f", "web", "-f", "api/", "-e", "production"];
    assert_eq!(read(&env, &both, &[]), "web/.env api/.env.production");
    env.write("empty/x", "");
    let stderr = env.fails(4, &[&["run"], &both[..], &["-f", "empty", "--", "touch", "started"]].concat());
    assert!(stderr.contains("empty/.env.production.local, empty/.env.local"), "{stderr}");
    assert!(!env.path("started").exists());
}

#[test]
fn what_a_convention_cannot_be_given() {
    let env = with(&ALL);
    let cases: [(&[&str], &str); 8] = [
        (
            &["nextjs", "-e", "staging"],
            "the nextjs convention takes development, production or test, not staging",
        ),
        (&["nextjs", "-e", "default"], ", not default"),
        (&["flow", "-e", "default"], ", not default"),
        (&["flow", "-e", "a", "-e", "b"], "-e names several"),
        (&["flow", "-e", "a/b"], "isn't a valid environment name"),
        (&["flow", "-f", ".env"], ".env is none\nhint: name the folder: -f .\n"),
        (&["flow", "-f", "?.env"], "every file is optional"),
        (&["vite"], "invalid value 'vite'"),
    ];
    for (arguments, says) in cases {
        let stderr =
            env.fails(2, &[&["run", "--convention"], arguments, &["--", "touch", "started"]].concat());
        assert!(stderr.contains(says), "{arguments:?}: {stderr}");
    }
    env.fails(2, &["get", "--convention", "nextjs", "-e", "staging"]);
    let stderr =
        env.envseal(&["run", "--convention", "nextjs", "--", "true"]).var("NODE_ENV", "staging").fails(2);
    assert!(stderr.contains(", not staging\nhint: name one with -e NAME"), "{stderr}");
    let stderr = env.envseal(&["run", "--convention", "flow", "--", "true"]).var("NODE_ENV", "../x").fails(2);
    assert!(stderr.contains("NODE_ENV is set to \"../x\", which isn't a valid environment name"), "{stderr}");
    env.fails(2, &["get", "--convention", "flow", "--at", "HEAD"]);
    assert!(!env.path("started").exists());
}

#[test]
fn envseal_env_stands_in_for_dotenv() {
    let env = TestEnv::new();
    let with = |arguments: &[&str]| env.envseal(arguments).var("ENVSEAL_ENV", "Production");
    with(&["set", "A", "1"]).ok();
    assert!(env.path(".env.production").exists() && !env.path(".env").exists());
    assert_eq!(with(&["get", "A"]).ok(), "1\n");
    assert_eq!(with(&["run", "--", "printenv", "A"]).ok(), "1\n");
    assert!(with(&["decrypt", "--stdout"]).ok().ends_with("A=1\n"));
    with(&["rename", "A", "B"]).ok();
    assert!(with(&["key", "show"]).ok().contains("envseal-pk1-"));
    with(&["unset", "B"]).ok();
    // It does not reach the child, and -e and -f win over it.
    let seen = with(&["run", "--", "sh", "-c", "echo \"<$ENVSEAL_ENV>\""]).ok();
    assert_eq!(seen, "<>\n");
    env.write(".env", "D=1\n");
    assert_eq!(with(&["get", "D", "-e", "default"]).ok(), "1\n");
    assert_eq!(with(&["get", "D", "-f", ".env"]).ok(), "1\n");
    // A folder's file is chosen too.
    env.write("web/.env", "W=default\n");
    env.write("web/.env.production", "W=production\n");
    assert_eq!(with(&["get", "W", "-f", "web"]).ok(), "production\n");
    assert_eq!(with(&["get", "W", "-C", "web"]).ok(), "production\n");
    // An empty variable counts as unset.
    assert_eq!(env.envseal(&["get", "D"]).var("ENVSEAL_ENV", "").ok(), "1\n");
    // Commands about all files still cover all of them.
    for file in [".env", ".env.production", "web/.env"] {
        assert!(with(&["ls"]).ok().contains(&format!("\n{file} ")), "{file}");
    }
    with(&["encrypt"]).ok();
    assert!(env.read("web/.env").contains("envseal:1:"));
}

#[test]
fn envseal_env_wins_over_injected_keys() {
    let env = TestEnv::new();
    env.write_sealed(".env.production", "A=production\n");
    env.write_sealed(".env.staging", "A=staging\n");
    let get = |run: Run<'_>| {
        let (production, staging) = ("ENVSEAL_PRIVATE_KEY_PRODUCTION", "ENVSEAL_PRIVATE_KEY_STAGING");
        let run = run.var(production, env.private_key(production)).var(staging, env.private_key(staging));
        run.ok()
    };
    assert_eq!(get(env.envseal(&["get", "A"])), "production\n");
    assert_eq!(get(env.envseal(&["get", "A"]).var("ENVSEAL_ENV", "staging")), "staging\n");
    assert_eq!(
        get(env.envseal(&["get", "A", "-e", "production"]).var("ENVSEAL_ENV", "staging")),
        "production\n"
    );
}

#[test]
fn a_bad_envseal_env_is_named_and_nothing_is_done() {
    let env = with(&[".env"]);
    for (arguments, bad) in [
        (&["get"][..], "../x"),
        (&["set", "A", "1"], "a=b"),
        (&["run", "--", "touch", "x"], "."),
        (&["key", "generate"], "a\n"),
    ] {
        let stderr = env.envseal(arguments).var("ENVSEAL_ENV", bad).refuses(2);
        assert!(stderr.starts_with("error: ENVSEAL_ENV is set to \""), "{stderr}");
        assert!(stderr.ends_with("leave the variable unset: env -u ENVSEAL_ENV …\n"), "{stderr}");
    }
}

#[test]
fn no_env_file_chooses_the_environment() {
    let env = TestEnv::new();
    env.write(".env", "ENVSEAL_ENV=production\nA=default\n");
    env.write(".env.production", "A=production\n");
    assert_eq!(env.ok(&["get", "A"]), "default\n");
    assert_eq!(env.ok(&["run", "--", "sh", "-c", "echo $A$ENVSEAL_ENV"]), "default\n");
    // Nor does NODE_ENV in an env file choose one for a convention.
    env.write(".env", "NODE_ENV=production\nA=default\n");
    assert_eq!(read(&env, &["--convention", "nextjs"], &[]), ".env");
}

#[test]
fn a_file_that_may_be_missing() {
    let env = with(&[".env"]);
    let run = ["run", "-v", "-f", "?.env.local", "-f", ".env", "--", "printenv", "WHO"];
    let output = env.envseal(&run).output();
    assert_eq!((output.status, &output.stdout[..]), (0, &b".env\n"[..]), "{}", output.stderr);
    assert!(
        output.stderr.starts_with("Skipped .env.local: it doesn't exist\nRead .env "),
        "{}",
        output.stderr
    );
    env.write(".env.local", "WHO=local\n");
    assert_eq!(env.ok(&run), "local\n");
    assert_eq!(env.ok(&["get", "WHO", "-f", "?.env.local", "-e", "default"]), "local\n");
    assert!(env.ok(&["ls", "-f", "?.env.local", "-f", "?.env.gone"]).contains(".env.local"));
    assert!(env.ok(&["decrypt", "--stdout", "-f", "?.env.local", "-f", "?.env.gone"]).contains("WHO=local"));
    env.ok(&["init", "-q"]);
    env.ok(&["doctor", "-f", "?.env.gone"]);
}

#[test]
fn where_every_file_may_be_missing_and_is() {
    let env = with(&[".env"]);
    let gone = ["-f", "?.env.gone"];
    let run = |more: &[&str]| {
        env.envseal(&[&["run"], more, &gone, &["--", "sh", "-c", "echo \"<$WHO>$P\""]].concat())
    };
    let output = run(&["-v"]).var("P", "process").output();
    assert_eq!(output.stdout, b"<>process\n", "not even .env is read");
    assert_eq!(output.stderr, "Skipped .env.gone: it doesn't exist\n");
    assert_eq!(run(&[]).output().stderr, "");
    // Nor is the file that ENVSEAL_ENV would choose.
    assert_eq!(run(&[]).var("ENVSEAL_ENV", "nowhere").ok(), "<>\n");
    assert_eq!(env.ok(&[&["get"], &gone[..]].concat()), "{}\n");
    assert_eq!(env.ok(&[&["ls", "--json"], &gone[..]].concat()), "[]\n");
    assert_eq!(
        env.fails(2, &[&["get", "A"], &gone[..]].concat()),
        "error: A was not found: none of the named files exists\nhint: envseal ls\n"
    );
    env.ok(&[&["get", "--format", "k8s"], &gone[..]].concat());
}

#[test]
fn only_a_missing_file_is_passed_over() {
    let env = TestEnv::new();
    let fails = |status: i32, path: &str| {
        let stderr = env.fails(status, &["run", "-f", path, "--", "touch", "started"]);
        assert!(!env.path("started").exists());
        stderr
    };
    assert!(fails(4, "?").contains("is not an env file"));
    assert!(fails(4, "?notes.txt").contains("notes.txt is not an env file"));
    assert!(fails(4, "?.env.keys").contains(".env.keys is not an env file"));
    env.write("web/.env", "A=1\n");
    assert_eq!(fails(2, "?web"), "error: `?` takes a file, and web is a folder\nhint: -f '?web/.env'\n");
    env.write(".env", "<<<<<<< HEAD\nA=1\n");
    assert!(fails(4, "?.env").contains("conflict"));
    env.write(".env", "A=1\nenvseal\n");
    std::fs::create_dir(env.path(".env.d")).unwrap();
    fails(2, "?.env.d");
    // A path through a file, as if that were a folder.
    fails(4, "?.env/.env");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", env.path(".env.link")).unwrap();
        fails(4, "?.env.link");
    }
    env.write_sealed(".env.sealed", "S=1\n");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    fails(3, "?.env.sealed");
}

#[test]
#[cfg(not(windows))]
fn a_file_that_is_really_called_so() {
    let env = TestEnv::new();
    env.write("?.env", "A=mark\n");
    env.write(".env", "A=plain\n");
    assert_eq!(env.ok(&["get", "A", "-f", "./?.env"]), "mark\n");
    assert_eq!(env.ok(&["get", "A", "-f", "?.env"]), "plain\n");
    assert_eq!(env.ok(&["get", "A", "-f", "??.env"]), "mark\n");
}

#[test]
fn what_writes_takes_no_file_that_may_be_missing() {
    let env = with(&[".env"]);
    env.plaintext_in(".env");
    env.commit("first");
    let before = env.snapshot();
    for arguments in [
        &["set", "A", "1"][..],
        &["unset", "WHO"],
        &["rename", "WHO", "B"],
        &["encrypt"],
        &["decrypt"],
        &["key", "generate"],
        &["key", "rotate"],
        &["key", "lock"],
        // A file that no longer exists still has a history.
        &["log"],
        &["diff"],
    ] {
        let stderr = env.envseal(&[arguments, &["-f", "?.env"]].concat()).output();
        assert_eq!(stderr.status, 2, "{arguments:?} {}", stderr.stderr);
        let expected = "error: this command needs a file that exists, not ?.env\nhint: -f .env\n";
        assert_eq!(stderr.stderr, expected, "{arguments:?}");
    }
    assert!(
        env.fails(2, &["get", "--at", "HEAD", "-f", "?.env"])
            .contains("in the working tree, not in a commit")
    );
    assert_eq!(env.snapshot(), before);
}

#[test]
fn an_environment_that_is_called_almost_so_is_told() {
    let env = with(&[".env", ".env.production", ".env.production.local", ".env.qa1", "web/staging.env"]);
    let told = |arguments: &[&str]| env.fails(4, arguments);
    let expected = "error: cannot read .env.prodution: it does not exist\nhint: did you mean production, in .env.production?\n";
    for arguments in [
        &["get", "-e", "prodution"][..],
        &["run", "-e", "prodution", "--", "touch", "started"],
        &["encrypt", "-f", ".env.prodution"],
        &["key", "show", "-e", "prodution"],
    ] {
        assert_eq!(told(arguments), expected, "{arguments:?}");
    }
    assert!(told(&["get", "-e", "prod"]).contains("did you mean production, in .env.production?"));
    assert!(told(&["get", "-e", "defualt"]).contains("did you mean default, in .env?"));
    assert!(
        told(&["get", "-f", "web", "-e", "stagign"]).contains("did you mean staging, in web/staging.env?")
    );
    let output = env.envseal(&["get"]).var("ENVSEAL_ENV", "prodution").output();
    assert_eq!(output.stderr, expected);
    for other in ["qa2", "eu", "development"] {
        assert!(!told(&["get", "-e", other]).contains("did you mean"), "{other}");
    }
    assert!(!env.path("started").exists());
}

#[test]
fn a_new_environment_that_is_called_almost_as_another_is_told_of() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1", "-e", "production"]);
    let made = |name: &str| env.envseal(&["set", "A", "1", "-e", name]).output().stderr;
    let note = "note: there is also an environment production, in .env.production; if you meant that one: rm \
                .env.prodution, and set it there\n";
    assert!(made("prodution").contains(&format!("Created .env.prodution, a new environment\n{note}")));
    assert!(!made("prodution").contains("note:"), "the note appears only once");
    assert!(!made("production.local").contains("note:"));
    assert!(!made("staging").contains("note:"));
}
