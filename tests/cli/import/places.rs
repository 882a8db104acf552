//! Where an import reads and writes: one file under two names, plain text, values that exist already.

use serde_json::json;

use super::{made, opened};
#[cfg(unix)]
use crate::support::run_on_terminal;
use crate::support::{Run, TestEnv};

fn import<'a>(env: &'a TestEnv, arguments: &[&str]) -> Run<'a> {
    env.envseal(&[&["import"], arguments, &["--yes"]].concat())
}

/// Imports, and returns stderr.
#[track_caller]
fn imported(env: &TestEnv, arguments: &[&str]) -> String {
    let output = import(env, arguments).output();
    assert_eq!(output.status, 0, "{}", output.stderr);
    output.stderr
}

#[test]
fn any_spelling_of_a_path_converts_in_place() {
    for (kind, spelling) in
        [("dotenv", "./.env.x"), ("json", "sub/../.env.x"), ("json", "ABSOLUTE"), ("dotenv", "link")]
    {
        let env = TestEnv::new();
        let secret = env.secret("s");
        env.write(
            ".env.x",
            match kind {
                "json" => format!("{{\"A\": \"{secret}\"}}"),
                _ => format!("A={secret}1\nA={secret}\n"),
            },
        );
        std::fs::create_dir(env.path("sub")).unwrap();
        let absolute = env.path(".env.x");
        let source = match spelling {
            "ABSOLUTE" => absolute.to_str().unwrap(),
            #[cfg(unix)]
            "link" => {
                std::os::unix::fs::symlink(".env.x", env.path("link")).unwrap();
                "link"
            }
            spelling => spelling,
        };
        let said = imported(&env, &[kind, source, "-e", "x"]);
        assert!(!said.contains("rm ") && !env.read(".env.x").contains(&secret), "{kind} {spelling}: {said}");
        assert_eq!(opened(&env, ".env.x"), json!({ "A": secret }), "{kind} {spelling}");
    }
}

#[test]
#[cfg(unix)]
fn one_file_does_not_become_two_environments() {
    let env = TestEnv::new();
    env.write(".env", "A=hunter\n");
    env.plaintext_in(".env");
    std::os::unix::fs::symlink(".env", env.path(".env.link")).unwrap();
    for (other, status, says) in
        [("./.env", 2, "would both become"), (".env.link", 4, "is a symlink to .env, ")]
    {
        let said = import(&env, &["dotenv", ".env", other]).refuses(status);
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn no_backup_holds_a_plaintext_secret() {
    let in_the_clear = [
        ("json", ".env.json", "{\"SECRET\": \"hunter\"}", None),
        ("yaml", ".env.yaml", "SECRET: hunter\n", None),
        ("dotenv", ".env", "SECRET=hunter\nSECRET=other\n", Some("SECRET")),
    ];
    for (kind, file, text, left_out) in in_the_clear {
        let env = TestEnv::new();
        env.write(file, text);
        env.plaintext_in(file);
        let mut arguments = vec![kind, file, "--backup"];
        arguments.extend(left_out.iter().flat_map(|name| ["-x", name]));
        import(&env, &arguments).refuses(2);
    }
}

#[test]
fn folders_with_their_own_keys_files_keep_their_keys() {
    for at_once in [true, false] {
        let env = TestEnv::new();
        env.write(".gitignore", ".env.keys\n");
        for folder in ["a", "c/d"] {
            std::fs::create_dir_all(env.path(folder)).unwrap();
            env.write(format!("{folder}/.env.production"), made("dotenvx/env.production.txt"));
            env.write(format!("{folder}/.env.keys"), made("dotenvx/keys.txt"));
        }
        if at_once {
            imported(&env, &["dotenvx"]);
        } else {
            for folder in ["a", "c/d"] {
                imported(&env, &["dotenvx", &format!("{folder}/.env.production")]);
            }
        }
        let values = opened(&env, "a/.env.production");
        assert_eq!(opened(&env, "c/d/.env.production"), values, "at once: {at_once}");
        let keys = env.read("c/d/.env.keys");
        assert_eq!(keys.matches("envseal-sk1-").count(), 1, "{keys}");
        assert_eq!(env.envseal(&["check"]).output().status, 0);
    }
}

#[test]
fn a_sealed_value_is_not_encrypted_again() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "one"]);
    let fragment = env.read(".env").lines().filter(|line| line.starts_with("A=")).collect::<String>();
    let token = fragment.trim_start_matches("A=").to_owned();
    env.write("part.txt", format!("{fragment}\n"));
    env.write("part.json", json!({ "deep": {"A": token} }).to_string());
    env.ok(&["set", "-e", "prod", "B", "two"]);
    for arguments in [
        &["dotenv", ".env", "-e", "prod", "-x", "ENVSEAL_*"][..],
        &["dotenv", ".env", "-e", "new"],
        &["dotenv", "part.txt", "-e", "prod"],
        &["dotenv", "part.txt", "-e", "new"],
        &["json", "part.json", "-e", "prod"],
    ] {
        let said = import(&env, arguments).refuses(4);
        assert!(said.contains(" is already encrypted by envseal"), "{arguments:?}: {said}");
    }
    // Follow the hint.
    let opened_text = env.ok(&["get", "--format", "dotenv", "-f", ".env"]);
    env.envseal(&["import", "dotenv", "-e", "prod", "--yes"]).stdin(opened_text).ok();
    assert_eq!(opened(&env, ".env.prod"), json!({"B": "two", "A": "one"}));
}

#[test]
fn stray_lines_stop_it_and_are_named() {
    let env = TestEnv::new();
    env.ok(&["set", "-e", "prod", "X", "y"]);
    for (text, target, told) in [
        ("KEY=-----BEGIN KEY-----\nMIIB\n-----END KEY-----\n", "new", "old.txt:1 KEY"),
        ("A=1\nPW=adm#in\n", "prod", "old.txt:2 PW"),
        ("A=1\nPW=adm#in\n", "new", "old.txt:2 PW"),
    ] {
        env.write_plain("old.txt", text);
        for source in [&["old.txt"][..], &["old.txt", "-x", "NOTHING"]] {
            let said = import(&env, &[&["dotenv"], source, &["-e", target]].concat()).refuses(4);
            assert!(said.starts_with(&format!("error: {told}")), "{said}");
        }
    }
}

#[test]
fn a_source_in_conflict_is_not_staged() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "Z=1"]);
    let text = "A=1\n<<<<<<< HEAD\nB=2\n=======\nB=3\n>>>>>>> x\n";
    env.write("conf.txt", text);
    for (target, selection) in [(".env", "*"), (".env.new", "A")] {
        let arguments = ["import", "dotenv", "-f", target, "-y", "-k", selection];
        let said = env.refuses(4, &[&arguments[..], &["conf.txt"]].concat());
        let why = "2 contains a merge-conflict marker\nhint: resolve the merge first";
        assert_eq!(said, format!("error: conf.txt:{why}: ${{EDITOR:-vi}} conf.txt\n"));
        let said = env.envseal(&arguments).stdin(text).refuses(4);
        assert_eq!(said, format!("error: stdin:{why}: ${{EDITOR:-vi}} FILE\n"));
    }
}

#[test]
fn other_tools_encrypted_values_are_not_plaintext() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "Z=1"]);
    env.write(
        "s.txt",
        "# c\nA=ENC[AES256_GCM,data:abc=,iv:abc=,tag:abc=,type:str]\nB='op://vault/item/field'\nC=1\n",
    );
    env.write("j.json", r#"{"deep": {"A": "vault:v1:abcd"}, "C": "EJ[1:a=:b:c=]", "D": 1}"#);
    env.write("y.yaml", "A: |\n  $ANSIBLE_VAULT;1.1;AES256\n  3061\nB: varlock(x)\n");
    for target in [&["-e", "new"][..], &["-f", ".env", "-x", "D"]] {
        for (file, kind, one, other, hint) in [
            (
                "s.txt",
                "dotenv",
                "line 2: A is a value of sops",
                "line 3: B is a value of 1Password",
                "-x A -x B",
            ),
            ("j.json", "json", "deep.A is a value of Vault", "C is a value of ejson", "-x deep_A -x C"),
            ("y.yaml", "yaml", "A is a value of Ansible's vault", "B is a value of varlock", "-x A -x B"),
        ] {
            let said = env.refuses(3, &[&["import", kind, file, "-y"], target].concat());
            let why = ", which envseal cannot decrypt\n";
            let all = format!("  {one}{why}  {other}{why}hint: leave it out: {hint}\n");
            assert_eq!(said, format!("error: {file}: 2 values can't be decrypted\n{all}"));
        }
    }
    env.ok(&["import", "dotenv", "s.txt", "-e", "new", "-y", "-x", "A", "-x", "B"]);
    // In place, JSON can't leave anything out.
    env.write(".env.j", r#"{"A": "op://vault/item/field"}"#);
    let said = env.fails(3, &["import", "json", ".env.j", "-y"]);
    assert!(said.ends_with("\nhint: leave it out: -x A -e NAME\n"), "{said}");
}

#[test]
fn errors_name_the_place_in_the_source() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "Z=1"]);
    for (text, told) in [
        ("# c\nA=${NOPE}\n", "2 A contains a `$`"),
        ("# c\nA=${A:0:2}\n", "2 A: "),
        ("# c\nA=s\nLD_PRELOAD=${A}\n", "3 LD_PRELOAD must stay readable, but depends on A"),
        ("LD_PRELOAD=${A}\nA=s\n# c\nLD_PRELOAD=$A\n", "4 LD_PRELOAD must stay readable"),
    ] {
        for target in [&["-f", ".env"][..], &["-e", "new", "-k", "*"]] {
            let arguments = [&["import", "dotenv", "-"], target].concat();
            // Neither a table nor a question comes first.
            let said = env.envseal(&arguments).stdin(text).refuses(4);
            assert!(said.starts_with(&format!("error: stdin:{told}")), "{target:?}: {said}");
        }
    }
    // A line of the target is named as the target's.
    env.write(".env.t", "# c\nA=1 # envseal: plain\nLD_PRELOAD=$A\n");
    env.ok(&["set", "-q", "-e", "t", "Z=1"]);
    env.write(".env.t", env.read(".env.t").replace(" # envseal: plain", ""));
    let said = env.envseal(&["import", "dotenv", "-e", "t"]).stdin("A=2\n").fails(4);
    assert!(said.starts_with("error: .env.t:") && said.contains(" LD_PRELOAD must stay readable"), "{said}");
}

#[test]
fn encrypted_files_of_other_tools_are_not_plaintext() {
    let env = TestEnv::new();
    env.write("x.txt", made("dotenvx/env.production.txt"));
    env.write("y.txt", made("sops/sealed.env.txt"));
    env.write("z.json", made("sops/sealed.json"));
    env.write("z.yaml", made("sops/sealed.yaml"));
    env.write("e.json", made("ejson/values.ejson"));
    for (kind, file, tool) in [
        ("dotenv", "x.txt", "dotenvx"),
        ("dotenv", "y.txt", "sops"),
        ("json", "z.json", "sops"),
        ("yaml", "z.yaml", "sops"),
        ("json", "e.json", "ejson"),
    ] {
        let said = env.fails(2, &["import", kind, file, "-e", "prod", "--yes"]);
        let expected =
            format!("error: {file} is encrypted by {tool}\nhint: envseal import -e prod {tool} {file}\n");
        assert_eq!(said, expected);
    }
    assert!(!env.path(".env.prod").exists());
}

#[test]
fn no_variables_is_an_error_and_no_changes_is_not() {
    let env = TestEnv::new();
    env.write("a.json", "{\"A\": \"one\", \"PORT\": \"80\", \"E\": \"\"}");
    env.write("empty.json", "{}");
    env.write("envseal.toml", "[policy]\nplain = [\"PORT\"]\n");
    let said = env.fails(2, &["import", "json", "a.json", "-e", "p", "-k", "NOPE", "--yes"]);
    assert!(said.starts_with("error: a.json has none of the selected variables\n"), "{said}");
    env.fails(2, &["import", "json", "empty.json", "-e", "p", "--yes"]);
    assert!(!env.path(".env.p").exists());
    imported(&env, &["json", "a.json", "-e", "p"]);
    let text = env.read(".env.p");
    let said = imported(&env, &["json", "a.json", "-e", "p"]);
    assert_eq!(said, "Nothing to import: every value is already there\n");
    // The same value, encrypted in the quotes that a file had.
    env.ok(&["set", "-e", "p", "A", "other"]);
    env.write(".env.q", "A='one'\n");
    env.ok(&["encrypt", "-f", ".env.q"]);
    let before = env.read(".env.q");
    assert_eq!(
        imported(&env, &["json", "a.json", "-e", "q", "-k", "A"]),
        "Nothing to import: every value is already there\n"
    );
    assert_eq!(env.read(".env.q"), before);
    assert!(text.contains("\nPORT='80'\n") || text.contains("\nPORT=80\n"), "{text}");
}

#[test]
fn a_selection_does_not_suggest_to_remove_the_source() {
    let env = TestEnv::new();
    env.write("all.txt", "A=1\nB=2\n");
    env.plaintext_in("all.txt");
    let said = imported(&env, &["dotenv", "all.txt", "-e", "p", "-k", "A"]);
    assert!(said.ends_with("note: all.txt still has the values in plain text\n"), "{said}");
    let said = imported(&env, &["dotenv", "all.txt", "-e", "p"]);
    assert!(said.ends_with("; when it is no longer needed: rm all.txt\n"), "{said}");
}

#[test]
#[cfg(unix)]
fn a_person_is_asked_beside_the_pipe() {
    let envseal = env!("CARGO_BIN_EXE_envseal");
    let line = format!("printf '{{\"A\": \"x\"}}' | {envseal} import json -e production");
    for (answer, is_made) in [(b"n\n", false), (b"y\n", true)] {
        let env = TestEnv::new();
        let Some((status, shown)) = run_on_terminal(env.program("sh", &["-c", &line]), Some(answer)) else {
            return;
        };
        assert!(status == 0 && shown.contains("Import these values? [y/N] "), "{shown}");
        assert_eq!(env.path(".env.production").exists(), is_made, "{shown}");
    }
    let env = TestEnv::new();
    // If stderr is a file, a question would lack its context, so none is asked.
    let quiet = format!("{line} 2>said");
    let Some((status, _)) = run_on_terminal(env.program("sh", &["-c", &quiet]), None) else { return };
    assert!(status == 2 && env.read("said").contains("confirmation needed"));
}
