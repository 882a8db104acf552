//! Programs that read env files by themselves: `sealed-elsewhere` of `check`, and the warning of `run`.

use crate::support::TestEnv;

const NEXT: &str = r#"{"dependencies": {"next": "15.0.0"}}"#;
const VITE: &str = r#"{"devDependencies": {"vite": "7.0.0"}}"#;

/// `.env` seals FOO and SHARED, `.env.production` SHARED alone.
fn project(package: &str) -> TestEnv {
    let env = TestEnv::new();
    if !package.is_empty() {
        env.write("package.json", package);
    }
    env.write_sealed(".env", "FOO=1\nSHARED=1\n");
    env.write_sealed(".env.production", "SHARED=2\n");
    env
}

/// What `run` says before it starts the program.
fn said(env: &TestEnv, arguments: &[&str]) -> String {
    let output = env.envseal(&[&["run"], arguments, &["--", "true"]].concat()).output();
    assert_eq!(output.status, 0, "{}", output.stderr);
    output.stderr
}

/// The findings of `check` by this rule: file and message.
fn advised(env: &TestEnv) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_str(&env.ok(&["check", "--json"])).unwrap();
    let found = json.as_array().unwrap().iter().filter(|found| found["rule"] == "sealed-elsewhere");
    let text = |found: &serde_json::Value, key: &str| found[key].as_str().unwrap().to_owned();
    found
        .map(|found| {
            assert_eq!(found["severity"], "advice");
            format!("{}: {} => {}", text(found, "file"), text(found, "message"), text(found, "fix"))
        })
        .collect()
}

#[test]
fn run_warns_of_what_next_would_take_for_values() {
    let env = project(NEXT);
    let note = "note: Next.js reads .env by itself, and takes its token for the value of FOO, which this run does not \
                set: envseal run --convention nextjs -e production -- …\n";
    assert_eq!(said(&env, &["-e", "production"]), note);
    assert_eq!(said(&env, &["-f", "./.env.production"]), note);
    assert_eq!(said(&env, &["-q", "-e", "production"]), "");
    // What is set is safe, and so is all that the remedies set.
    assert_eq!(said(&env, &[]), "");
    assert_eq!(said(&env, &["-e", "production", "-e", "default"]), "");
    assert_eq!(said(&env, &["--convention", "nextjs", "-e", "production"]), "");
    let run = env.envseal(&["run", "-e", "production", "--", "true"]).var("FOO", "1").output();
    assert_eq!(run.stderr, "");
}

#[test]
fn run_warns_of_vite_and_of_compose() {
    let env = project(VITE);
    let says = |program: &str| {
        format!(
            "note: {program} reads .env by itself, and takes its token for the value of FOO, which this run does not \
             set: load it too, last: -f .env\n"
        )
    };
    assert_eq!(said(&env, &["-e", "production"]), says("Vite"));
    assert_eq!(said(&env, &["-e", "production", "-f", ".env"]), "");
    for name in ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"] {
        let env = project("");
        assert_eq!(said(&env, &["-e", "production"]), "");
        env.write(name, "services: {}\n");
        assert_eq!(said(&env, &["-e", "production"]), says("compose"), "{name}");
    }
    let env = project("{}");
    assert_eq!(said(&env, &["-e", "production"]), "");
    env.write("vite.config.mts", "");
    assert_eq!(said(&env, &["-e", "production"]), says("Vite"));
}

#[test]
fn run_warns_of_files_that_lie_over_others() {
    let env = project(NEXT);
    env.write_sealed(".env.local", "MINE=1\nFOO=2\n");
    let note = "note: Next.js reads .env.local by itself, and takes its token for the value of MINE, which this run does \
                not set: load it too, first: -f .env.local\n";
    assert_eq!(said(&env, &[]), note);
    assert_eq!(said(&env, &["-f", ".env.local", "-f", ".env"]), "");
    // Next.js does not read it for tests.
    let output = env.envseal(&["run", "--", "true"]).var("NODE_ENV", "test").output();
    assert_eq!(output.stderr, "");
    // The mode that NODE_ENV says is read as well.
    let output = env.envseal(&["run", "-f", ".env.local", "-f", ".env", "--", "true"]);
    assert_eq!(output.var("NODE_ENV", "production").output().stderr, "");
    env.ok(&["set", "ONLY", "1", "-e", "production"]);
    let output = env.envseal(&["run", "-f", ".env.local", "-f", ".env", "--", "true"]);
    let stderr = output.var("NODE_ENV", "production").output().stderr;
    assert!(
        stderr.contains("Next.js reads .env.production by itself") && stderr.contains(" of ONLY,"),
        "{stderr}"
    );
}

#[test]
fn run_looks_in_the_folders_of_the_files_and_here() {
    let env = TestEnv::new();
    env.write(".env.keys", "");
    env.write("web/package.json", NEXT);
    for (file, name) in
        [("web/.env", "WEB"), ("web/.env.production", "SHARED"), ("api/.env.production", "API")]
    {
        env.write(file, "");
        env.ok(&["set", name, "1", "-f", file]);
    }
    let both = ["-f", "web", "-f", "api", "-e", "production"];
    assert!(said(&env, &both).starts_with("note: Next.js reads web/.env by itself"));
    assert_eq!(said(&env, &["-f", "api", "-e", "production"]), "");
    let here =
        env.envseal(&["run", "-f", "../api", "-e", "production", "--", "true"]).dir(env.path("web")).output();
    assert!(here.stderr.starts_with("note: Next.js reads .env by itself"), "{}", here.stderr);
}

#[test]
fn run_tells_of_what_filters_leave_out_and_counts_the_rest() {
    let env = TestEnv::new();
    env.write("package.json", NEXT);
    env.write_sealed(".env", "A=1\nB=1\nC=1\nD=1\nE=1\nPLAIN=1 # envseal: plain\n");
    let note = |names: &str| {
        format!(
            "note: Next.js reads .env by itself, and takes each token for the value of {names}, which this run does not \
             set: leave out neither with -k nor -x what stands there\n"
        )
    };
    assert_eq!(said(&env, &["-k", "C"]), note("A, B, D and 1 more"));
    assert_eq!(said(&env, &["-x", "[AB]"]), note("A and B"));
    assert_eq!(said(&env, &["-x", "PLAIN"]), "");
}

#[test]
fn run_starts_whatever_stands_in_a_project() {
    let env = project(NEXT);
    for package in ["", "{", "\0", "[1]", r#"{"dependencies": 3}"#, "{\"dependencies\":{\"next\":null}}"] {
        env.write("package.json", package);
        said(&env, &["-e", "production"]);
    }
    // Nor does a neighbour that cannot be read stop it.
    env.write("package.json", NEXT);
    env.write(".env.local", "<<<<<<< HEAD\n");
    said(&env, &["-e", "production"]);
    #[cfg(unix)]
    {
        std::fs::remove_file(env.path("package.json")).unwrap();
        env.program("mkfifo", &["package.json"]).ok();
        assert_eq!(said(&env, &["-e", "production"]), "");
    }
}

#[test]
fn no_value_is_told() {
    let env = TestEnv::new();
    env.write("package.json", NEXT);
    let secret = env.secret("local");
    env.envseal(&["set", "FOO"]).stdin(&secret).ok();
    env.write(".env.production", "A=1 # envseal: plain\n");
    assert!(said(&env, &["-e", "production"]).contains(" FOO,"));
    assert_eq!(advised(&env).len(), 1);
}

#[test]
fn check_advises_where_another_environment_lacks_a_name() {
    let env = project(NEXT);
    let message = ".env: Next.js reads this file by itself: where `envseal run -e production` does not set FOO, it takes \
                   its token for the value => envseal run --convention nextjs -e production -- …";
    assert_eq!(advised(&env), [message]);
    env.git(&["add", "."]);
    let staged = env.envseal(&["check", "--staged"]).output();
    assert_eq!(staged.status, 0);
    assert!(
        [&staged.stdout[..], staged.stderr.as_bytes()]
            .concat()
            .windows(16)
            .any(|at| at == b"sealed-elsewhere")
    );
    env.ok(&["set", "FOO", "2", "-e", "production"]);
    assert!(advised(&env).is_empty());
}

#[test]
fn check_advises_for_vite_and_for_compose() {
    let env = project(VITE);
    let found = advised(&env);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].contains("Vite reads this file")
            && found[0].ends_with("--convention flow -e production -- …")
    );
    let env = project("");
    assert!(advised(&env).is_empty());
    env.write("compose.yaml", "services: {}\n");
    let found = advised(&env);
    assert!(
        found[0].contains("compose reads this file")
            && found[0].ends_with("envseal run -e production -e default -- …")
    );
    assert_eq!(found.len(), 1);
}

#[test]
fn check_advises_of_env_file_whatever_is_set() {
    let env = project("");
    env.ok(&["set", "FOO", "2", "-e", "production"]);
    env.write(
        "compose.yaml",
        "services:\n  web:\n    env_file:\n      - ./.env.production\n      - .env.gone\n",
    );
    let expected = ".env.production: env_file in compose.yaml hands this file to containers as it stands, with tokens for \
                    FOO and SHARED, whatever `envseal run` sets => take it out of env_file, and list the names under \
                    environment: in compose.yaml";
    assert_eq!(advised(&env), [expected]);
}

#[test]
fn check_says_nothing_of_a_folder_that_is_no_project() {
    let env = project("");
    env.write("other/package.json", NEXT);
    assert!(advised(&env).is_empty());
    env.write("package.json", r#"{"dependencies": {"express": "5"}}"#);
    assert!(advised(&env).is_empty());
    let strict = env.envseal(&["check", "--strict", "--json"]).output();
    assert!(!String::from_utf8_lossy(&strict.stdout).contains("sealed-elsewhere"));
}
