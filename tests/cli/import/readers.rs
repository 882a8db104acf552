//! What the readers of other tools' files accept, leave out and say, through the command.

use serde_json::json;

use super::{made, opened};
use crate::support::TestEnv;

/// Writes an ejson file with one encrypted value, "b" (Shopify/ejson, `ejson_test.go`); `rest` follows it.
fn ejson(env: &TestEnv, rest: &str) {
    let public = "8d8647e2eeb6d2e31228e6df7da3df921ec3b799c3f66a171cd37a1ed3004e7d";
    let sealed = "EJ[1:KR1IxNZnTZQMP3OR1NdOpDQ1IcLD83FSuE7iVNzINDk=:XnYW1HOxMthBFMnxWULHlnY4scj5mNmX:\
                  ls1+kvwwu2ETz5C6apgWE7Q=]";
    env.write("a.ejson", format!(r#"{{"_public_key": "{public}", "SEALED": "{sealed}"{rest}}}"#));
    env.write(
        format!("keys/{public}").as_str(),
        "c5caa31a5b8cb2be0074b37c56775f533b368b81d8fd33b94181f79bd6e47f87\n",
    );
}

const EJSON: [&str; 8] = ["import", "ejson", "a.ejson", "-e", "x", "-y", "--source-keys", "keys"];

#[test]
fn values_left_out_of_ejson_are_not_decrypted() {
    let env = TestEnv::new();
    ejson(&env, r#", "EJ": "EJ[note]", "CLEAR": "c", "OUT": "o""#);
    let said = env.fails(3, &EJSON);
    assert!(said.ends_with("EJ is not of the form EJ[1:…:…:…]\nhint: leave it out: -x EJ\n"), "{said}");
    let said = env.envseal(&[&EJSON[..], &["-x", "EJ", "-x", "OUT"]].concat()).output();
    assert_eq!(said.status, 0, "{}", said.stderr);
    assert!(said.stderr.contains("note: CLEAR is in plain text in a.ejson") && !said.stderr.contains("OUT"));
    assert_eq!(opened(&env, ".env.x"), json!({"SEALED": "b", "CLEAR": "c"}));
}

#[test]
fn unencrypted_ejson_values_may_be_plain_text() {
    let env = TestEnv::new();
    env.write("envseal.toml", "[policy]\nplain = [\"_LOG\"]\n");
    ejson(&env, r#", "_LOG": "debug""#);
    env.ok(&EJSON);
    assert!(env.read(".env.x").contains("\n_LOG=debug\n"));
    env.write("envseal.toml", "[policy]\nplain = [\"_LOG\", \"SEALED\"]\n");
    let other = ["import", "ejson", "a.ejson", "-e", "y", "-y", "--source-keys", "keys"];
    let said = env.fails(4, &other);
    assert!(said.contains("SEALED") && !said.contains("_LOG"), "{said}");
}

#[test]
fn each_error_has_its_hint() {
    let env = TestEnv::new();
    let said = |status: u8, kind: &str, text: &[u8]| {
        env.write("source", text);
        let said = env.fails(status.into(), &["import", kind, "source", "-e", "x", "-y"]);
        said.split_once("\nhint: ").map_or_else(String::new, |(_, hint)| hint.trim_end().to_owned())
    };
    for (kind, text, hint) in [
        ("json", &br#"{"a": {"b": null}}"#[..], "leave it out: -x a_b"),
        ("json", br#"{"a.b": 1, "a": {"b": 2}}"#, "rename one of them, or leave both out: -x a_b"),
        ("json", br#"{"a": 1, "a": 1}"#, "remove one of the two"),
        ("json", b"{\"a\": \"\xff\"}", "iconv -f ISO-8859-1 -t UTF-8 source | envseal import json - -e NAME"),
        ("yaml", b"\xff\xfea\0:\0 \0x\0", "iconv -f UTF-16 -t UTF-8 source | envseal import yaml - -e NAME"),
        (
            "json",
            b"{,",
            "fix that line; if it has comments or trailing commas: envseal import -e x yaml source",
        ),
        ("yaml", b"a: [", "fix that line; for NAME=VALUE lines: envseal import -e x dotenv source"),
        ("yaml", b"a: 1\n---\nb: 1\n", "split it into one file per document"),
        ("yaml", b"a: !!binary '!'\n", "leave it out: -x a"),
        ("yaml", b"a:\n", "quote a value that has commas, or leave the name out: -x NAME"),
        ("ejson", b"{}", "if it is plain text: envseal import -e x json source"),
        (
            "ejson",
            br#"{"_public_key": "x", "a": [1]}"#,
            "if it is plain text: envseal import -e x json source",
        ),
    ] {
        assert_eq!(said(4, kind, text), hint, "{kind}: {}", String::from_utf8_lossy(text));
    }
    ejson(&env, r#", "LIST": ["EJ[x]"]"#);
    assert!(env.fails(4, &EJSON).ends_with("\nhint: leave it out: -x LIST\n"));
    env.write("source", r#"{"": "x", "c": "1"}"#);
    let said = env.fails(4, &["import", "json", "source", "-e", "x", "-y"]);
    assert!(said.ends_with("\nhint: leave it out: -x ''\n"), "{said}");
    // Following the hints helps.
    for (kind, text, name) in
        [("json", r#"{"a": {"b": null}, "c": 1}"#, "a_b"), ("json", r#"{"": "x", "c": 1}"#, "")]
    {
        let _ = std::fs::remove_file(env.path(".env.x"));
        env.envseal(&["import", kind, "-e", "x", "-y", "-x", name]).stdin(text).ok();
        assert_eq!(opened(&env, ".env.x"), json!({"c": "1"}));
    }
}

#[test]
fn armored_keys_and_commands_of_dotenvx() {
    let env = TestEnv::new();
    env.write(".gitignore", ".env.keys\n");
    env.write(".env.production", made("dotenvx/env.production.txt"));
    let keys = String::from_utf8(made("dotenvx/keys.txt")).unwrap();
    env.write(".env.keys", format!("DOTENV_PRIVATE_KEY_CI=\"armored:abc\"\n{keys}"));
    env.write(".env.production", format!("{}R=clear$(id)\nS='$(id)'\n", env.read(".env.production")));
    let output = env.envseal(&["import", "dotenvx", ".env.production", "-y"]).output();
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(
        output.stderr.contains("note: R: dotenvx runs its `$(…)` as a command; envseal keeps it as text\n"),
        "{}",
        output.stderr
    );
    assert!(!output.stderr.contains("note: S"));
    assert_eq!(env.ok(&["get", "R", "-e", "production"]), "clear$(id)\n");
}

#[test]
fn ignored_files_are_named() {
    let env = TestEnv::new();
    env.git(&["init", "-q"]);
    env.write(".gitignore", ".env\n.env.keys\n");
    env.write(".env", "A=1\n");
    let said = env.fails(2, &["import", "dotenvx", "-y"]);
    assert!(
        said.starts_with("note: skipped .env, which git ignores; name it: envseal import dotenvx .env\n"),
        "{said}"
    );
}
