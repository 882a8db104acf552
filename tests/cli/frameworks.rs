//! Programs that read env files by themselves: `sealed-elsewhere` of `check`, and the warning of `run`.

#[cfg(unix)]
use crate::support::write_script;
use crate::support::{Run, Start, TestEnv, contains_all};

const NEXT: &str = r#"{"dependencies": {"next": "15.0.0"}}"#;
const VITE: &str = r#"{"devDependencies": {"vite": "7.0.0"}}"#;

/// Creates a project with FOO and SHARED encrypted in `.env`, and only SHARED in `.env.production`.
fn project(package: &str) -> TestEnv {
    static START: Start = Start::new();
    let env = TestEnv::copy_of(&START, |env| {
        env.write_sealed(".env", format!("FOO={}\nSHARED=1\n", env.secret("foo")));
        env.write_sealed(".env.production", "SHARED=2\n");
    });
    if !package.is_empty() {
        env.write("package.json", package);
    }
    env
}

fn run<'a>(env: &'a TestEnv, arguments: &[&str], command: &[&str]) -> Run<'a> {
    env.envseal(&[&["run"], arguments, &["--"], command].concat())
}

/// Returns what `run` prints before it starts the program.
fn said(env: &TestEnv, arguments: &[&str]) -> String {
    let output = run(env, arguments, &["true"]).output();
    assert_eq!(output.status, 0, "{}", output.stderr);
    output.stderr
}

/// Returns the note about a program that reads a file by itself. `what` is `value of NAME`, or of several.
fn note(program: &str, file: &str, what: &str, fix: &str) -> String {
    format!(
        "note: {program} reads {file} itself and gets the sealed {what}, which this run doesn't set: {fix}\n"
    )
}

/// Returns the notes that `run` prints before it starts a program that need not exist.
fn notes(run: Run<'_>) -> String {
    let stderr = run.var("PATH", "/nowhere").output().stderr;
    stderr.split_inclusive('\n').filter(|line| line.starts_with("note:")).collect()
}

/// Returns the file and message of each finding of `sealed-elsewhere`.
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
    let note = note("Next.js", ".env", "value of FOO", "envseal run --convention nextjs -e production -- …");
    assert_eq!(said(&env, &["-e", "production"]), note);
    assert_eq!(said(&env, &["-f", "./.env.production"]), note);
    assert_eq!(said(&env, &["-q", "-e", "production"]), "");
    // Variables that are set are safe, and so is everything that the hints set.
    assert_eq!(said(&env, &[]), "");
    assert_eq!(said(&env, &["-e", "production", "-e", "default"]), "");
    assert_eq!(said(&env, &["--convention", "nextjs", "-e", "production"]), "");
    let output = run(&env, &["-e", "production"], &["true"]).var("FOO", "1").output();
    assert_eq!(output.stderr, "");
}

/// The mode comes from the command, which `--convention` alone doesn't know.
#[cfg(unix)]
#[test]
fn the_hint_names_the_mode_that_next_starts_in() {
    let env = project(NEXT);
    env.ok(&["set", "ONLY", "1", "-e", "production"]);
    write_script(env.path("next"), "");
    let start = |arguments: &[&str]| {
        let output = run(&env, arguments, &["./next", "build"]).output();
        assert_eq!(output.status, 0, "{}", output.stderr);
        output.stderr
    };
    let fix = "envseal run --convention nextjs -e production -- …";
    let note = note("Next.js", ".env.production", "value of ONLY", fix);
    assert_eq!(start(&[]), note);
    assert_eq!(start(&["--convention", "nextjs", "-e", "production"]), "");
}

#[test]
fn run_warns_of_vite_and_of_compose() {
    let env = project(VITE);
    let says = |program: &str| note(program, ".env", "value of FOO", "load it last: -f .env");
    assert_eq!(said(&env, &["-e", "production"]), says("Vite"));
    assert_eq!(said(&env, &["-e", "production", "-f", ".env"]), "");
    let env = project("");
    assert_eq!(said(&env, &["-e", "production"]), "");
    for name in ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"] {
        env.write(name, "services: {}\n");
        assert_eq!(said(&env, &["-e", "production"]), says("compose"), "{name}");
        std::fs::remove_file(env.path(name)).unwrap();
    }
}

#[test]
fn run_warns_of_files_that_lie_over_others() {
    let env = project(NEXT);
    env.write_sealed(".env.local", "MINE=1\nFOO=2\n");
    let note = note("Next.js", ".env.local", "value of MINE", "load it first: -f .env.local");
    assert_eq!(said(&env, &[]), note);
    assert_eq!(said(&env, &["-f", ".env.local", "-f", ".env"]), "");
    // Next.js does not read it for tests.
    assert_eq!(run(&env, &[], &["true"]).var("NODE_ENV", "test").output().stderr, "");
    // The files of the mode in NODE_ENV are read as well.
    let in_production = || {
        let run = run(&env, &["-f", ".env.local", "-f", ".env"], &["true"]);
        run.var("NODE_ENV", "production").output().stderr
    };
    assert_eq!(in_production(), "");
    env.ok(&["set", "ONLY", "1", "-e", "production"]);
    contains_all(&in_production(), &["Next.js reads .env.production itself", " of ONLY,"]);
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
    assert!(said(&env, &both).starts_with("note: Next.js reads web/.env itself"));
    assert_eq!(said(&env, &["-f", "api", "-e", "production"]), "");
    let here =
        env.envseal(&["run", "-f", "../api", "-e", "production", "--", "true"]).dir(env.path("web")).output();
    assert!(here.stderr.starts_with("note: Next.js reads .env itself"), "{}", here.stderr);
}

#[test]
fn run_tells_of_what_filters_leave_out_and_counts_the_rest() {
    let sealed = "A=1\nB=1\nC=1\nD=1\nE=1\nPLAIN=1 # envseal: plain\n";
    let note = |framework: &str, names: &str| {
        note(
            framework,
            ".env",
            &format!("values of {names}"),
            "include all of its variables: remove -k and -x",
        )
    };
    let env = TestEnv::new();
    env.write("package.json", VITE);
    env.write_sealed(".env", sealed);
    assert_eq!(said(&env, &["-k", "C"]), note("Vite", "A, B, D and 1 more"));
    assert_eq!(said(&env, &["-x", "[AB]"]), note("Vite", "A and B"));
    assert_eq!(said(&env, &["-x", "PLAIN"]), "");
    // Next.js must not read sealed values that are left out; it may need plain ones.
    let env = TestEnv::new();
    env.write("package.json", NEXT);
    env.write_sealed(".env", sealed);
    assert_eq!(said(&env, &["-x", "[AB]"]), "");
    assert!(is_told(&env, &["-x", "[AB]"], &[], "printenv"));
    assert_eq!(said(&env, &["-k", "C"]), note("Next.js", "A, B, D and 1 more"));
    assert!(!is_told(&env, &["-k", "C"], &[], "printenv"));
}

/// Returns true if Next.js would be told that there is nothing left to read.
fn is_told(env: &TestEnv, arguments: &[&str], variables: &[(&str, &str)], command: &str) -> bool {
    let command: Vec<_> = command.split(' ').collect();
    let mut run = run(env, &[&["-q"], arguments].concat(), &command);
    for (name, value) in variables {
        run = run.var(name, value);
    }
    let output = run.output();
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    String::from_utf8(output.stdout).unwrap().lines().any(|line| line == "__NEXT_PROCESSED_ENV=true")
}

#[cfg(unix)]
#[test]
fn run_tells_next_what_is_loaded_already() {
    let env = project(NEXT);
    // A stand-in that shows what it was started with.
    std::fs::create_dir(env.path("bin")).unwrap();
    for program in ["next", "npm"] {
        write_script(env.path("bin").join(program), "env");
    }
    let told = |arguments: &[&str], command: &str| is_told(&env, arguments, &[], command);
    // `.env.production` exists too, and the mode in which `env` starts Next.js is unknown.
    assert!(!told(&[], "env"));
    assert!(told(&[], "./bin/next dev"));
    assert!(told(&[], "./bin/next"));
    assert!(!told(&[], "./bin/next build"));
    assert!(!told(&["-e", "production"], "./bin/next build"));
    assert!(told(&["-e", "production", "-e", "default"], "./bin/next build"));
    assert!(told(&["--convention", "nextjs", "-e", "production"], "env"));
    assert!(told(&["--convention", "nextjs", "-e", "production", "--overload"], "env"));
    assert!(is_told(&env, &[], &[("NODE_ENV", "test")], "env"));
    env.write(
        "package.json",
        r#"{"scripts": {"dev": "PORT=1 next dev", "ship": "npm run build && next start"}, "dependencies": {"next": "16"}}"#,
    );
    assert!(told(&[], "./bin/npm run dev"));
    assert!(!told(&[], "./bin/npm run ship"));
    // A local file that `run` doesn't load prevents this.
    env.write(".env.local", "PLAIN=1\n");
    assert!(!told(&[], "./bin/next dev"));
    assert!(told(&["-f", ".env.local", "-f", ".env"], "./bin/next dev"));
    assert!(told(&["-f", env.path(".env.local").to_str().unwrap(), "-f", "./.env"], "./bin/next dev"));
    assert!(is_told(&env, &[], &[("NODE_ENV", "test")], "env"));
    // In another folder, Next.js would belong to another project.
    let output = env.envseal(&["run", "-q", "-f", "..", "--", "env"]).dir(env.path("bin")).ok();
    assert!(!output.contains("__NEXT"), "{output}");
    // The process's own variable wins.
    let own =
        env.envseal(&["run", "-q", "--convention", "nextjs", "--", "env"]).var("__NEXT_PROCESSED_ENV", "");
    assert!(own.ok().lines().any(|line| line == "__NEXT_PROCESSED_ENV="));
    env.write("package.json", VITE);
    assert!(!told(&["-f", ".env.local", "-f", ".env"], "./bin/next dev"));
}

#[cfg(unix)]
#[test]
fn run_warns_where_next_expands_values_once_more() {
    let env = TestEnv::new();
    env.write("package.json", NEXT);
    write_script(env.path("next"), "");
    env.write_sealed(".env", "S='S3cret$Hunter2word'\nT=1\n");
    env.write(".env.local", "PLAIN=1\n");
    let says = |arguments: &[&str], command: &[&str]| {
        let stderr = run(&env, arguments, command).output().stderr;
        assert!(!stderr.contains("Hunter"));
        stderr
    };
    let again = "note: Next.js may read .env.local itself, and then expands every `$` in the value of S again: load it \
                 first: -f .env.local\n";
    assert_eq!(says(&[], &["true"]), again);
    assert_eq!(says(&["-q"], &["true"]), "");
    assert_eq!(says(&["-f", ".env.local", "-f", ".env"], &["true"]), "");
    // T holds no `$`, so without S there is no note about expansion.
    let left_out = note("Next.js", ".env", "value of S", "include all of its variables: remove -k and -x");
    assert_eq!(says(&["-x", "S"], &["true"]), left_out);
    env.write(".env.local", "");
    let note = "note: before Next.js 16, `next dev` expands every `$` in the value of S again; keep it in a file that \
                Next.js doesn't read, such as dev.env: envseal run -f dev.env -f .env -- …\n";
    let loaded = ["-f", ".env.local", "-f", ".env"];
    assert_eq!(says(&loaded, &["./next", "dev"]), note);
    assert_eq!(says(&loaded, &["./next", "start"]), "");
    env.write("node_modules/next/package.json", r#"{"version": "16.1.0-canary.3"}"#);
    assert_eq!(says(&loaded, &["./next", "dev"]), "");
    env.write("node_modules/next/package.json", r#"{"version": "15.5.1"}"#);
    assert_eq!(says(&loaded, &["./next", "dev"]), note);
    env.program("mv", &[".env", "dev.env"]).ok();
    env.write("dev.env", env.read("dev.env").replace("PUBLIC_KEY=", "PUBLIC_KEY_DEV="));
    env.write(".env.keys", env.read(".env.keys").replace("PRIVATE_KEY=", "PRIVATE_KEY_DEV="));
    assert_eq!(says(&["-f", "dev.env"], &["./next", "dev"]), "");
}

#[test]
fn run_warns_of_bun_and_of_env_file() {
    let env =
        project(r#"{"scripts": {"start": "bun x.ts", "dev": "node --env-file=.env x.js", "b": "next dev"}}"#);
    let note = |program: &str, file: &str, name: &str| {
        note(program, file, &format!("value of {name}"), &format!("load it last: -f {file}"))
    };
    let production = ["-e", "production"];
    for (command, says_so) in [
        (&["bun", "x.ts"][..], note("Bun", ".env", "FOO")),
        (&["npm", "start"], note("Bun", ".env", "FOO")),
        (&["node", "--env-file=.env", "x"], note("--env-file", ".env", "FOO")),
        (&["pnpm", "dev"], note("--env-file", ".env", "FOO")),
        (&["bun", "run", "b"], String::new()),
        (&["node", "x.js"], String::new()),
    ] {
        assert_eq!(notes(run(&env, &production, command)), says_so, "{command:?}");
    }
    assert_eq!(notes(run(&env, &["-e", "production", "-e", "default"], &["npm", "start"])), "");
    // Bun uses NODE_ENV, whatever environment `run` loads.
    env.ok(&["set", "ONLY", "1", "-e", "production"]);
    assert_eq!(notes(run(&env, &[], &["bun", "x.ts"])), "");
    let in_production = run(&env, &[], &["bun", "x.ts"]).var("NODE_ENV", "production");
    assert_eq!(notes(in_production), note("Bun", ".env.production", "ONLY"));
    env.write("config/.env.more", "");
    env.ok(&["set", "MORE", "1", "-f", "config/.env.more"]);
    assert_eq!(
        notes(run(&env, &[], &["node", "--env-file=config/.env.more", "x"])),
        note("--env-file", "config/.env.more", "MORE")
    );
    let env = project("");
    assert_eq!(notes(run(&env, &production, &["x"])), "");
    for file in ["bun.lock", "bun.lockb", "bunfig.toml"] {
        env.write(file, "");
        assert_eq!(notes(run(&env, &production, &["x"])), note("Bun", ".env", "FOO"), "{file}");
        std::fs::remove_file(env.path(file)).unwrap();
    }
}

#[test]
fn run_warns_where_dotenvx_would_run_what_a_value_says() {
    let env = TestEnv::new();
    env.write("package.json", r#"{"scripts": {"a": "dotenvx run -- x"}}"#);
    env.write_sealed(".env", "S='a$(id)'\nT=1\n");
    let note = "note: dotenvx runs the `$(…)` in the value of S if a file that it reads has that name; start the program \
                without dotenvx\n";
    for (arguments, command, says) in [
        (&[][..], &["npx", "dotenvx", "run", "--", "x"][..], note),
        (&[], &["npm", "run", "a"], note),
        (&["-x", "S"], &["npm", "run", "a"], ""),
        (&[], &["npm", "run", "b"], ""),
    ] {
        assert_eq!(notes(run(&env, arguments, command)), says, "{command:?}");
    }
}

#[test]
fn run_starts_whatever_stands_in_a_project() {
    let env = project(NEXT);
    for package in ["", "{", "\0"] {
        env.write("package.json", package);
        said(&env, &["-e", "production"]);
    }
    // Another env file that cannot be read doesn't stop it, either.
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
fn check_advises_where_another_environment_lacks_a_name() {
    let env = project(NEXT);
    let message = ".env: Next.js reads this file itself: `envseal run -e production` doesn't set FOO, so it gets the sealed \
                   value => envseal run --convention nextjs -e production -- …";
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
fn check_advises_for_each_program_what_sets_its_variables() {
    let with_env_file = r#"{"scripts": {"a": "tsx --env-file=.env a.ts"}}"#;
    for (package, file, program, fix) in [
        (VITE, "x", "Vite", "--convention flow -e production -- …"),
        ("", "compose.yaml", "compose", "envseal run -e production -e default -- …"),
        ("{}", "bun.lock", "Bun", "--convention nextjs -e production -- …"),
        (r#"{"scripts": {"a": "bun a.ts"}}"#, "x", "Bun", "--convention nextjs -e production -- …"),
        (with_env_file, "x", "--env-file", "envseal run -e production -e default -- …"),
    ] {
        let env = project(package);
        env.write(file, "services: {}\n");
        let found = advised(&env);
        assert_eq!(found.len(), 1, "{program}: {found:?}");
        assert!(found[0].contains(&format!("{program} reads this file")), "{found:?}");
        assert!(found[0].ends_with(fix), "{program}: {found:?}");
    }
    // A script that names an environment's own file belongs to that environment.
    let env = project(r#"{"scripts": {"a": "node --env-file=.env.production a.js"}}"#);
    env.ok(&["set", "ONLY", "1", "-e", "production"]);
    env.write_sealed(".env.staging", "FOO=1\n");
    assert!(advised(&env).is_empty());
}

#[test]
fn check_advises_of_env_file_whatever_is_set() {
    let env = project("");
    env.ok(&["set", "FOO", "2", "-e", "production"]);
    env.write(
        "compose.yaml",
        "services:\n  web:\n    env_file:\n      - ./.env.production\n      - .env.gone\n",
    );
    let expected = ".env.production: env_file in compose.yaml passes this file to containers unchanged, with sealed values \
                    for FOO and SHARED, whatever `envseal run` sets => remove it from env_file, and list the names under \
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
