//! Imports of every other kind.

use serde_json::json;

use super::{made, opened};
use crate::support::{TestEnv, contains_all};

#[test]
fn a_plaintext_file_is_converted_in_place() {
    let env = TestEnv::new();
    let secret = env.secret("s");
    env.write(
        ".env",
        format!(
            "# head\nexport A='{secret}' # why\nB=\"${{A}}/x\"\nEMPTY=\nPATH=/bin\nP=1 # envseal: plain\n"
        ),
    );
    env.fails(2, &["import", "dotenv", ".env", "--yes", "--backup"]);
    let table = env.envseal(&["import", "dotenv", ".env", "--yes"]).output().stderr;
    let what: Vec<_> = table.lines().skip(1).collect();
    assert!(what[0].ends_with("encrypt") && what[2].ends_with("plain text, empty"), "{table}");
    assert!(
        what[3].ends_with("plain text, by mark, policy or name") && what[4].ends_with("policy or name"),
        "{table}"
    );
    assert_eq!(opened(&env, ".env")["B"], format!("{secret}/x"));
    assert!(env.read(".env").contains("\n# head\nexport A=envseal:1:"));
}

#[test]
fn a_plaintext_file_is_copied_and_named() {
    let env = TestEnv::new();
    env.write("old/.env", "# head\nA=1\nB=\"$A\"\n");
    env.plaintext_in("old/.env");
    let said = env.envseal(&["import", "dotenv", "old/.env", "-e", "production", "-y"]).output().stderr;
    assert!(
        said.contains("Created .env.production\nEncrypted and verified 2 values in .env.production\n"),
        "{said}"
    );
    assert!(
        said.ends_with(
            "note: old/.env still has the values in plain text; when it is no longer needed: rm old/.env\n"
        ),
        "{said}"
    );
    assert!(env.read(".env.production").contains("# head\n"));
    assert_eq!(opened(&env, ".env.production"), json!({"A": "1", "B": "1"}));
    // A file that envseal has encrypted in part can't be imported into another file.
    env.ok(&["encrypt", "-q", "-f", "old/.env", "-k", "A"]);
    let said = env.fails(4, &["import", "dotenv", "old/.env", "-f", ".env.new", "-y"]);
    assert!(said.contains("old/.env: line 5: A is already encrypted by envseal"), "{said}");
    assert!(!env.path(".env.new").exists());
}

#[test]
fn json_and_yaml_come_by_pipe_or_file() {
    let env = TestEnv::new();
    let piped = |kind: &str, text: &str, file: &str| {
        env.envseal(&["import", kind, "-f", file, "-y"]).stdin(text).ok();
        opened(&env, file)
    };
    let database = json!({"database_host": "h", "database_port": "5432"});
    assert_eq!(piped("json", r#"{"database": {"host": "h", "port": 5432}}"#, ".env.json-like"), database);
    assert_eq!(piped("yaml", "database:\n  host: h\n  port: 5432\n", ".env.yaml-like"), database);
    env.write("values.yaml", "A: [1, 2]\nB: x\nC:\n");
    let said = env.fails(4, &["import", "yaml", "values.yaml", "-e", "v", "-y"]);
    assert!(said.starts_with("error: values.yaml: A is a list, not a single value\nhint: "), "{said}");
    env.ok(&["import", "yaml", "values.yaml", "-e", "v", "-y", "-x", "A", "-x", "C"]);
    assert_eq!(opened(&env, ".env.v"), json!({"B": "x"}));
}

#[test]
fn literal_values_stay_literal() {
    let env = TestEnv::new();
    env.envseal(&["import", "json", "-f", ".env", "-y"])
        .stdin(r#"{"A": "x", "B": "${A} $A \\$ `id` $(id)", "C": "l1\nl2\u0001", "D": "envseal:1:x"}"#)
        .ok();
    let expected = json!({"A": "x", "B": "${A} $A \\$ `id` $(id)", "C": "l1\nl2\u{1}", "D": "envseal:1:x"});
    assert_eq!(opened(&env, ".env"), expected);
}

#[test]
fn a_value_that_would_read_otherwise_in_the_target_is_refused() {
    for (before, source, name) in [
        // The line that F refers to is above it in the source only.
        ("F=old\nA=older\n", "A=1\nF=x${A}\n", "F"),
        // Another line is above it here, or above it there.
        ("A=older\n", "F=x${A:-y}\nA=1\n", "F"),
        ("", "# c\nA=1\nG=x${A}\nA=3\n", "G"),
        ("", "A=1\nA=${A}2\n", "A"),
    ] {
        let env = TestEnv::new();
        env.write_plain(".env", format!("Z=1\n{before}"));
        env.write_plain(".env.production", "A=p\nF=q\n");
        env.ok(&["encrypt", "-q"]);
        let said = env.envseal(&["import", "dotenv", "-f", ".env", "-y"]).stdin(source).refuses(4);
        assert!(said.contains(&format!(".env: {name} would not read as in the source")), "{source}: {said}");
    }
    let env = TestEnv::new();
    env.write_plain(".env", "B=b\nA=older\nF=old\n");
    env.ok(&["encrypt", "-q"]);
    let import = |more: &[&str], source: &str| {
        env.envseal(&[&["import", "dotenv", "-f", ".env", "-y"], more].concat()).stdin(source).ok()
    };
    import(&[], "C=c\nA=1\nF=x${A}${B}\nG=$C$F\n");
    assert_eq!(opened(&env, ".env"), json!({"A": "1", "F": "x1b", "B": "b", "C": "c", "G": "cx1b"}));
    import(&["-k", "H"], "A=2\nH=${A}\n");
    import(&["--literal", "F"], "F=${A}\nA=3\n");
    let all = opened(&env, ".env");
    assert_eq!((&all["H"], &all["F"], &all["A"]), (&json!("3"), &json!("${A}"), &json!("3")));
}

#[test]
fn the_target_must_be_named() {
    let env = TestEnv::new();
    env.write("v.json", "{\"A\": \"x\"}");
    env.fails(2, &["import", "json", "v.json", "-e", "a", "-e", "b", "-y"]);
    env.fails(2, &["import", "json", "v.json", "v.json", "-e", "a", "-y"]);
    env.fails(2, &["import", "json", "-", "v.json", "-e", "a", "-y"]);
    env.fails(4, &["import", "json", "gone.json", "-e", "a", "-y"]);
    env.fails(2, &["import", "nonsense", "v.json"]);
    assert!(!env.path(".env.a").exists());
}

#[test]
fn ejson_uses_its_key_folder() {
    let env = TestEnv::new();
    env.write("values.ejson", made("ejson/values.ejson"));
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/import/ejson/keys");
    let said = env
        .envseal(&["import", "ejson", "values.ejson", "-e", "production", "-y"])
        .var("EJSON_KEYDIR", "/nowhere")
        .fails(3);
    contains_all(&said, &["no private key for the public key ", "--source-keys DIR"]);
    env.envseal(&["import", "ejson", "values.ejson", "-e", "production", "-y"])
        .var("EJSON_KEYDIR", keys)
        .ok();
    assert!(opened(&env, ".env.production").as_object().unwrap().len() > 2);
    env.ok(&["import", "ejson", "values.ejson", "-e", "again", "-y", "--source-keys", keys]);
    assert_eq!(opened(&env, ".env.again"), opened(&env, ".env.production"));
}

#[test]
fn a_file_that_is_not_sops_is_refused() {
    let env = TestEnv::new();
    env.write("a.yaml", "A: x\n");
    env.plaintext_in("a.yaml");
    let said = env.fails(2, &["import", "sops", "a.yaml", "-e", "x", "-y"]);
    assert!(said.starts_with("error: a.yaml is not a sops file\n"), "{said}");
}
