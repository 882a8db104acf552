//! Where an import reads and writes: one file under two names, what is in the clear, what is there already.

use serde_json::json;

use super::{made, opened};
#[cfg(unix)]
use crate::support::run_on_terminal;
use crate::support::{Output, TestEnv};

fn import(env: &TestEnv, arguments: &[&str]) -> Output {
    env.envseal(&[&["import"], arguments, &["--yes"]].concat()).output()
}

/// Imports, and returns what was said.
#[track_caller]
fn imported(env: &TestEnv, arguments: &[&str]) -> String {
    let output = import(env, arguments);
    assert_eq!(output.status, 0, "{}", output.stderr);
    output.stderr
}

#[test]
fn however_its_path_is_written_a_file_is_converted_where_it_is() {
    for kind in ["dotenv", "json"] {
        for spelling in ["./.env.x", "sub/../.env.x", "ABSOLUTE", "link"] {
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
            assert!(
                !said.contains("rm ") && !env.read(".env.x").contains(&secret),
                "{kind} {spelling}: {said}"
            );
            assert_eq!(opened(&env, ".env.x"), json!({ "A": secret }), "{kind} {spelling}");
        }
    }
}

#[test]
#[cfg(unix)]
fn one_file_does_not_become_two_environments() {
    let env = TestEnv::new();
    env.write(".env", "A=hunter\n");
    env.plaintext_in(".env");
    std::os::unix::fs::symlink(".env", env.path(".env.link")).unwrap();
    let before = env.snapshot();
    for (other, status, says) in
        [("./.env", 2, "would both become"), (".env.link", 4, "is a symlink to .env, ")]
    {
        let output = import(&env, &["dotenv", ".env", other]);
        assert_eq!(output.status, status, "{}", output.stderr);
        assert!(output.stderr.contains(says), "{}", output.stderr);
        assert_eq!(env.snapshot(), before);
    }
}

#[test]
fn no_backup_holds_a_secret_in_the_clear() {
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
        let output = import(&env, &arguments);
        assert_eq!(output.status, 2, "{kind}: {}", output.stderr);
        assert!(!env.path(format!("backup-{}~", file.trim_start_matches('.'))).exists(), "{kind}");
        assert_eq!(env.read(file), text);
    }
    // What is left out of a file of dotenvx's is in its copy too, and so is what dotenvx keeps sealed.
    let env = TestEnv::new();
    env.write(".gitignore", ".env.keys\n");
    env.write(".env.keys", made("dotenvx/keys.txt"));
    let sealed = made("dotenvx/env.production.txt");
    env.write(".env.production", [&sealed[..], b"CLEAR=hunter\n"].concat());
    env.plaintext_in(".env.production");
    let output = import(&env, &["dotenvx", ".env.production", "-x", "CLEAR", "--backup"]);
    assert_eq!(output.status, 2, "{}", output.stderr);
    assert!(output.stderr.contains("CLEAR stands in the clear"), "{}", output.stderr);
    env.write(".env.production", &sealed);
    imported(&env, &["dotenvx", ".env.production", "-x", "URL", "--backup"]);
    assert_eq!(env.bytes("backup-env.production~"), sealed);
}

#[test]
fn a_backup_is_written_over_nothing() {
    let env = TestEnv::new();
    env.write("d.env", "{\"PATH\": \"/bin\"}");
    env.write("backup-d.env~", "mine");
    let output = import(&env, &["json", "d.env", "--backup"]);
    assert_eq!(
        (output.status, output.stderr.lines().rev().take(2).collect::<Vec<_>>()),
        (
            4,
            vec![
                "hint: give the new one another name, or move that one away",
                "error: backup-d.env~ is there already"
            ]
        )
    );
    assert_eq!(env.read("backup-d.env~"), "mine");
}

#[test]
fn each_folder_with_a_keys_file_of_its_own_can_open_what_it_has() {
    for at_once in [true, false] {
        let env = TestEnv::new();
        env.write(".gitignore", ".env.keys\n");
        for folder in ["a", "b", "c/d"] {
            std::fs::create_dir_all(env.path(folder)).unwrap();
            env.write(format!("{folder}/.env.production"), made("dotenvx/env.production.txt"));
            env.write(format!("{folder}/.env.keys"), made("dotenvx/keys.txt"));
        }
        if at_once {
            imported(&env, &["dotenvx"]);
        } else {
            for folder in ["a", "b", "c/d"] {
                imported(&env, &["dotenvx", &format!("{folder}/.env.production")]);
            }
        }
        let values = opened(&env, "a/.env.production");
        for folder in ["b", "c/d"] {
            assert_eq!(opened(&env, &format!("{folder}/.env.production")), values, "{folder} {at_once}");
            let keys = env.read(format!("{folder}/.env.keys"));
            assert_eq!(keys.matches("envseal-sk1-").count(), 1, "{keys}");
        }
        assert_eq!(env.envseal(&["check"]).output().status, 0);
    }
}

#[test]
fn a_token_is_not_sealed_once_more() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "one"]);
    let fragment = env.read(".env").lines().filter(|line| line.starts_with("A=")).collect::<String>();
    let token = fragment.trim_start_matches("A=").to_owned();
    env.write("part.txt", format!("{fragment}\n"));
    env.write("part.json", json!({ "deep": {"A": token} }).to_string());
    env.ok(&["set", "-e", "prod", "B", "two"]);
    let before = env.snapshot();
    for arguments in [
        &["dotenv", ".env", "-e", "prod", "-x", "ENVSEAL_*"][..],
        &["dotenv", ".env", "-e", "new"],
        &["dotenv", "part.txt", "-e", "prod"],
        &["dotenv", "part.txt", "-e", "new"],
        &["json", "part.json", "-e", "prod"],
    ] {
        let output = import(&env, arguments);
        assert_eq!(output.status, 4, "{arguments:?}: {}", output.stderr);
        assert!(output.stderr.contains(" is sealed by envseal already"), "{}", output.stderr);
        assert_eq!(env.snapshot(), before);
    }
    // The way that the hint says.
    let opened_text = env.ok(&["get", "--format", "dotenv", "-f", ".env"]);
    env.envseal(&["import", "dotenv", "-e", "prod", "--yes"]).stdin(opened_text).ok();
    assert_eq!(opened(&env, ".env.prod"), json!({"B": "two", "A": "one"}));
}

#[test]
fn what_is_no_variable_stops_it_and_is_told_by_its_own_file() {
    for target_is_there in [false, true] {
        let env = TestEnv::new();
        if target_is_there {
            env.ok(&["set", "-e", "prod", "X", "y"]);
        }
        for (text, told) in [
            ("KEY=-----BEGIN KEY-----\nMIIB\n-----END KEY-----\n", "old.txt:1 KEY"),
            ("A=1\nPW=adm#in\n", "old.txt:2 PW"),
            ("<<<<<<< HEAD\nA=1\n=======\nA=2\n>>>>>>> x\n", "old.txt:1 "),
        ] {
            env.write("old.txt", text);
            env.plaintext_in("old.txt");
            let before = env.snapshot();
            for source in [&["old.txt"][..], &["old.txt", "-x", "NOTHING"]] {
                let output = import(&env, &[&["dotenv"], source, &["-e", "prod"]].concat());
                assert_eq!(output.status, 4, "{}", output.stderr);
                assert!(output.stderr.starts_with(&format!("error: {told}")), "{}", output.stderr);
            }
            assert_eq!(env.snapshot(), before);
        }
    }
}

#[test]
fn what_another_tool_has_sealed_is_not_taken_for_text() {
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
        let expected = format!("error: {file} is sealed by {tool}\nhint: envseal import {tool} {file}\n");
        assert_eq!(said, expected);
    }
    assert!(!env.path(".env.prod").exists());
}

#[test]
fn nothing_to_take_is_no_success_and_nothing_new_is_no_work() {
    let env = TestEnv::new();
    env.write("a.json", "{\"A\": \"one\", \"PORT\": \"80\", \"E\": \"\"}");
    env.write("empty.json", "{}");
    env.write("envseal.toml", "[policy]\nplain = [\"PORT\"]\n");
    let said = env.fails(2, &["import", "json", "a.json", "-e", "p", "-k", "NOPE", "--yes"]);
    assert!(said.starts_with("error: a.json holds no variable of the names picked\n"), "{said}");
    env.fails(2, &["import", "json", "empty.json", "-e", "p", "--yes"]);
    assert!(!env.path(".env.p").exists());
    imported(&env, &["json", "a.json", "-e", "p"]);
    let text = env.read(".env.p");
    let said = imported(&env, &["json", "a.json", "-e", "p"]);
    assert_eq!(said, "nothing to do: all of it is here already\n");
    // The same value, sealed as the text that a file had.
    env.ok(&["set", "-e", "p", "A", "other"]);
    env.write(".env.q", "A='one'\n");
    env.ok(&["encrypt", "-f", ".env.q"]);
    let before = env.read(".env.q");
    assert_eq!(
        imported(&env, &["json", "a.json", "-e", "q", "-k", "A"]),
        "nothing to do: all of it is here already\n"
    );
    assert_eq!(env.read(".env.q"), before);
    assert!(text.contains("\nPORT='80'\n") || text.contains("\nPORT=80\n"), "{text}");
}

#[test]
fn what_was_not_taken_over_is_not_to_be_removed() {
    let env = TestEnv::new();
    env.write("all.txt", "A=1\nB=2\n");
    env.plaintext_in("all.txt");
    let said = imported(&env, &["dotenv", "all.txt", "-e", "p", "-k", "A"]);
    assert!(said.ends_with("note: all.txt still holds the values in the clear\n"), "{said}");
    let said = imported(&env, &["dotenv", "all.txt", "-e", "p"]);
    assert!(said.ends_with("; when it is not needed: rm all.txt\n"), "{said}");
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
        assert!(status == 0 && shown.contains("Do that? [y/N] "), "{shown}");
        assert_eq!(env.path(".env.production").exists(), is_made, "{shown}");
    }
    let env = TestEnv::new();
    // Where the question would come out of nowhere, nobody is asked.
    let quiet = format!("{line} 2>said");
    let Some((status, _)) = run_on_terminal(env.program("sh", &["-c", &quiet]), None) else { return };
    assert!(status == 2 && env.read("said").contains("there is nobody to ask"));
}
