//! What other programs read from the environment that `run` sets, although they also load the sealed file beside them;
//! and from what envseal has written. Real programs read random values, other ones with another `ENVSEAL_TEST_SEED`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::support::TestEnv;

type Values = BTreeMap<String, String>;

/// Parts that have a meaning to some reader.
#[rustfmt::skip]
const PARTS: [&str; 36] = [
    "a", "B", "7", " ", "  ", "\t", "\n", "\r\n", "'", "\"", "`", "$", "$V0", "${V1}", "${NO:-d}", "$(id)",
    "$$", "\\$V0", "\\", "\\n", "\\\\", "#", " # ", "=", ":", "{", "}", "${", "%", "!", "é", "😀", "\u{a0}",
    "\u{2028}", "export A=", ",",
];

/// Loads the env files here like an npm package, and prints the environment that results.
const IN_NODE: [(&str, &str); 5] = [
    ("dotenv", "m.config({ quiet: true })"),
    ("next-env-14", "m.loadEnvConfig(process.cwd(), true)"),
    ("next-env-15", "m.loadEnvConfig(process.cwd(), true)"),
    ("next-env-16", "m.loadEnvConfig(process.cwd(), true)"),
    ("vite", "Object.assign(process.env, m.loadEnv('development', process.cwd(), ''))"),
];
const SHOW: &str = "process.stdout.write(JSON.stringify(process.env))";
const SHOW_IN_PYTHON: &str = "import json, os; print(json.dumps(dict(os.environ)))";

fn there(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
    if path.is_none() {
        eprintln!("SKIPPED: {variable} is not set");
    }
    path
}

/// Returns true if a package is installed below `ENVSEAL_TEST_NODE_MODULES`. Prints a line if it isn't.
fn package(modules: &Path, name: &str) -> bool {
    let is_there = modules.join(name).join("package.json").is_file();
    if !is_there {
        eprintln!("SKIPPED: npm's {name} is not installed");
    }
    is_there
}

fn in_node(modules: &Path, package: &str, load: &str) -> String {
    let file = modules.join("x.js");
    let file = file.display();
    format!(
        "import(require('module').createRequire('{file}').resolve('{package}')).then(n => \
         {{ const m = n.loadEnv ? n : n.default; {load}; {SHOW} }})"
    )
}

/// Creates a Next.js project with a sealed `.env`: half of the values by `set`, half by `encrypt`.
fn project() -> (TestEnv, Values) {
    let seed = std::env::var("ENVSEAL_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut seed: u64 = seed.unwrap_or(1);
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let mut values: Values = (0..60)
        .map(|at| (format!("V{at}"), (0..next(7)).map(|_| PARTS[next(PARTS.len())]).collect()))
        .collect();
    values.insert("V60".into(), "S3cret$Hunter2word".into());
    values.insert("V61".into(), format!("{}$", "x".repeat(20_000)));
    values.insert("V62".into(), "a$(echo hi)b".into());
    let env = TestEnv::new();
    env.write("package.json", r#"{"dependencies": {"next": "16"}, "scripts": {"dev": "next dev"}}"#);
    // In single quotes a value is literal, unless it contains what ends them.
    let is_source = |value: &str| !value.contains(['\'', '\\', '\r']);
    let mut text = String::new();
    for (name, value) in values.iter().filter(|(_, value)| is_source(value)) {
        writeln!(text, "{name}='{value}'").unwrap();
    }
    env.write(".env", text);
    env.ok(&["encrypt"]);
    for pair in
        values.iter().filter(|(_, value)| !is_source(value)).map(|(name, value)| format!("{name}={value}"))
    {
        env.ok(&["set", "-q", "--", &pair]);
    }
    (env, values)
}

/// Asserts that these values are among those that a program has printed as JSON.
#[track_caller]
fn assert_shown(shown: &[u8], values: &Values, by: &str) {
    let shown: serde_json::Value =
        serde_json::from_slice(shown).unwrap_or_else(|error| panic!("{by}: {error}"));
    for (name, value) in values {
        assert_eq!(shown[name].as_str(), Some(value.as_str()), "{name} by {by}");
    }
}

#[test]
fn a_value_that_run_sets_outlives_every_reader_of_the_file_beside_it() {
    let Some(modules) = there("ENVSEAL_TEST_NODE_MODULES") else { return };
    let (env, values) = project();
    let run = |command: &[&str], variables: &[(&str, &str)]| {
        let mut run = env.envseal(&[&["run", "-q", "--"], command].concat());
        for (name, value) in variables {
            run = run.var(name, value);
        }
        let output = run.output();
        assert_eq!(output.status, 0, "{command:?}: {}", output.stderr);
        output.stdout
    };
    assert_shown(&run(&["node", "-e", SHOW], &[]), &values, "node");
    assert_shown(&run(&["node", "--env-file=.env", "-e", SHOW], &[]), &values, "node --env-file");
    for (name, load) in IN_NODE.into_iter().filter(|(name, _)| package(&modules, name)) {
        let script = in_node(&modules, name, load);
        assert_shown(&run(&["node", "-e", &script], &[]), &values, name);
        if name.starts_with("next") {
            // Without the variable, and in `next dev` after a change in any case, it expands the process's variables:
            // see docs/files.md.
            let again = in_node(&modules, name, "m.loadEnvConfig(process.cwd(), true, console, true)");
            for (script, own) in [(&script, &[("__NEXT_PROCESSED_ENV", "")][..]), (&again, &[])] {
                let shown: serde_json::Value =
                    serde_json::from_slice(&run(&["node", "-e", script], own)).unwrap();
                assert_eq!(shown["V60"], "S3cret", "{name}");
            }
        }
    }
    if package(&modules, "@dotenvx/dotenvx") {
        let dotenvx = modules.join(".bin/dotenvx");
        let shown = run(&[dotenvx.to_str().unwrap(), "run", "-q", "--", "node", "-e", SHOW], &[]);
        // It runs commands in the process's variables: `run` warns about it, see docs/files.md.
        let (runs, stays) = values.clone().into_iter().partition(|(_, value)| value.contains("$("));
        assert_shown(&shown, &stays, "dotenvx");
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&shown).unwrap()["V62"], "ahib");
        assert!(Values::len(&runs) > 1);
    }
    if let Some(python) = there("ENVSEAL_TEST_PYTHON") {
        let script = format!("import dotenv; dotenv.load_dotenv('.env'); {SHOW_IN_PYTHON}");
        assert_shown(&run(&[python.to_str().unwrap(), "-c", &script], &[]), &values, "python-dotenv");
    }
}

#[test]
fn every_reader_reads_the_file_line_for_line_as_it_stands() {
    let Some(modules) = there("ENVSEAL_TEST_NODE_MODULES") else { return };
    let (env, values) = project();
    env.ok(&["set", "--plain", "PLAIN", "not secret"]);
    // A sealed value has the same bytes for all of them: it needs no quotes, and nothing in it is expanded. An empty
    // value is not sealed.
    let text = env.read(".env");
    let written: Values = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| !name.starts_with('#') && *name != "PLAIN")
        .map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned()))
        .chain([("PLAIN".to_owned(), "not secret".to_owned())])
        .collect();
    assert_eq!(written.len(), values.len() + 2, "{text}");
    let alone = |program: &str, arguments: &[&str]| env.program(program, arguments).ok().into_bytes();
    assert_shown(&alone("node", &["--env-file=.env", "-e", SHOW]), &written, "node --env-file");
    for (name, load) in IN_NODE.into_iter().filter(|(name, _)| package(&modules, name)) {
        assert_shown(&alone("node", &["-e", &in_node(&modules, name, load)]), &written, name);
    }
    if package(&modules, "@dotenvx/dotenvx") {
        let dotenvx = modules.join(".bin/dotenvx");
        let shown = alone(dotenvx.to_str().unwrap(), &["run", "-q", "--", "node", "-e", SHOW]);
        assert_shown(&shown, &written, "dotenvx");
    }
    if let Some(python) = there("ENVSEAL_TEST_PYTHON") {
        let script = format!("import dotenv; dotenv.load_dotenv('.env'); {SHOW_IN_PYTHON}");
        assert_shown(&alone(python.to_str().unwrap(), &["-c", &script]), &written, "python-dotenv");
    }
}
