//! Values that another tool encrypted are neither passed to a program nor encrypted again.

use super::Case;

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
        let hint = format!("hint: {import}\n");
        let what = format!(".env:1 S: this is a value of {tool}");
        for run in [&["run", "--", "true"][..], &["get", "S"], &["encrypt"]] {
            for says in [&hint, &what] {
                Case { files: &[(".env", text)], run, status: 3, says, hides: "" }.holds();
            }
        }
        // If a whole file belongs to dotenvx, `import dotenv` says so before it looks at values.
        let line = format!(".env: line 1: S is a value of {tool}");
        let (status, says) = if tool == "dotenvx" { (2, &hint) } else { (3, &line) };
        let run = ["import", "dotenv", ".env", "--yes", "-q"];
        Case { files: &[(".env", text)], run: &run, status, says, hides: "" }.holds();
        let fix = format!("fix: {import}\n");
        for says in [&*fix, "[foreign-sealed]"] {
            Case { files: &[(".env", text)], run: &["check"], status: 1, says, hides: "envseal encrypt" }
                .holds();
            Case {
                files: &[(".env", text)],
                run: &["check", "--fix"],
                status: 1,
                says,
                hides: "envseal encrypt",
            }
            .holds();
        }
        let env = super::TestEnv::new();
        env.write(".env", text);
        let init = env.envseal(&["init", "--yes"]).output();
        assert!(
            init.stderr.contains(&format!("Next: {import}\n")) && !init.stderr.contains("envseal encrypt"),
            "{}",
            init.stderr
        );
    }
}

#[test]
fn a_mark_or_the_process_lets_it_through() {
    for (text, ..) in FOREIGN {
        let env = super::TestEnv::new();
        env.write(".env", text);
        let run = env.envseal(&["run", "--", "printenv", "S"]).var("S", "own");
        assert_eq!(run.ok(), "own\n");
        env.envseal(&["run", "--overload", "--", "true"]).var("S", "own").fails(3);
        env.write(".env", text.replace('\n', " # envseal: plain\n"));
        let value = text.trim_end().trim_start_matches("S=").trim_matches('"').to_owned() + "\n";
        assert_eq!(env.ok(&["run", "--", "printenv", "S"]), value);
        assert_eq!(env.ok(&["get", "S"]), value);
        env.ok(&["check"]);
        env.ok(&["encrypt"]);
    }
}
