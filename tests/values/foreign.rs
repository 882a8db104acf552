//! Values that another tool encrypted are neither passed to a program nor encrypted again.

use crate::support::contains_all;

const FOREIGN: [(&str, &str, &str); 6] = [
    ("S=encrypted:BI+CURwXUuzmWwTWHu9qDwd+hpa++GFaUBjtaJEJ0Q1T\n", "dotenvx", "envseal import dotenvx .env"),
    (
        "S=\"encrypted:BI+CURwXUuzmWwTWHu9qDwd+hpa++GFaUBjtaJEJ0Q1T\"\n",
        "dotenvx",
        "envseal import dotenvx .env",
    ),
    ("S=ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\n", "sops", "envseal import sops .env"),
    ("S=EJ[1:abc:def:ghi]\n", "ejson", "envseal import ejson FILE.ejson -f .env"),
    ("S=op://vault/item/field\n", "1Password", "op inject -i .env | envseal import dotenv -f .env"),
    ("S=varlock(local:abc)\n", "varlock", "varlock load --format env | envseal import dotenv -f .env"),
];

#[test]
fn each_command_names_the_one_that_takes_it_over() {
    for (text, tool, import) in FOREIGN {
        let env = super::TestEnv::new();
        env.write(".env", text);
        let before = env.snapshot();
        let hint = format!("hint: {import}\n");
        for run in [&["run", "--", "true"][..], &["encrypt"]] {
            let told = env.fails(3, run);
            contains_all(&told, &[&hint, &format!(".env:1 S: this is a value of {tool}")]);
        }
        // If a whole file belongs to dotenvx, `import dotenv` says so before it looks at values.
        let line = format!(".env: line 1: S is a value of {tool}");
        let (status, says) = if tool == "dotenvx" { (2, &hint) } else { (3, &line) };
        contains_all(&env.fails(status, &["import", "dotenv", ".env", "--yes", "-q"]), &[says]);
        for run in [&["check"][..], &["check", "--fix"]] {
            let output = env.envseal(run).output();
            let found = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status, 1, "{found}");
            contains_all(&found, &[&format!("fix: {import}\n"), "[foreign-sealed]"]);
            assert!(!(found + &output.stderr).contains("envseal encrypt"));
        }
        assert_eq!(env.snapshot(), before);
        let said = env.envseal(&["init", "--yes"]).output().stderr;
        contains_all(&said, &[&format!("Next: {import}\n")]);
        assert!(!said.contains("envseal encrypt"), "{said}");
    }
}

#[test]
fn a_mark_or_the_process_lets_it_through() {
    let env = super::TestEnv::new();
    let sources = FOREIGN.map(|(text, ..)| text.trim_end().trim_start_matches("S="));
    let lines = |mark: &str| {
        let lines = sources.iter().enumerate().map(|(at, source)| format!("S{at}={source}{mark}\n"));
        lines.collect::<String>()
    };
    env.write(".env", lines(""));
    let with_own = |arguments: &[&str]| {
        (0..sources.len()).fold(env.envseal(arguments), |run, at| run.var(&format!("S{at}"), "own"))
    };
    let shown = with_own(&["run", "--", "env"]).ok();
    assert_eq!(shown.lines().filter(|line| line.starts_with('S') && line.ends_with("=own")).count(), 6);
    with_own(&["run", "--overload", "--", "true"]).fails(3);
    env.write(".env", lines(" # envseal: plain"));
    env.ok(&["check"]);
    env.ok(&["encrypt"]);
    let all: serde_json::Value = serde_json::from_str(&env.ok(&["get"])).unwrap();
    for (at, source) in sources.into_iter().enumerate() {
        assert_eq!(all[format!("S{at}")], source.trim_matches('"'));
    }
}
