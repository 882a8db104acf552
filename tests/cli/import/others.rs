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
        ("F=old\n", "A=1\nF=\"x${A}\"\n", "F"),
        // Another line is above it here, or above it there.
        ("A=older\n", "F=x${A:-y}\nA=1\n", "F"),
        ("", "# c\nA=1\nG=x${A}\nA=3\n", "G"),
        ("A=0\nF=x\nA=1\n", "A=1\nF=${A}\n", "F"),
        ("", "A=1\nA=${A}2\n", "A"),
    ] {
        let env = TestEnv::new();
        env.write_plain(".env", format!("Z=1\n{before}"));
        env.write_plain(".env.production", "A=p\nF=q\n");
        env.ok(&["encrypt", "-q"]);
        let before = env.snapshot();
        let said = env.envseal(&["import", "dotenv", "-f", ".env", "-y"]).stdin(source).fails(4);
        assert!(said.contains(&format!(".env: {name} would not read as in the source")), "{source}: {said}");
        assert_eq!(env.snapshot(), before);
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
fn an_equal_value_changes_no_byte() {
    let env = TestEnv::new();
    env.ok(&["set", "A=1", "B=x$y"]);
    env.write_plain(".env", env.read(".env") + "C='2'\n");
    env.ok(&["encrypt", "-q"]);
    let before = env.snapshot();
    let said = env.envseal(&["import", "dotenv", "-f", ".env", "-y"]).stdin("A=1\nB='x$y'\nC=2\n").output();
    assert_eq!(said.stderr, "Nothing to import: every value is already there\n");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn the_target_must_be_named() {
    let env = TestEnv::new();
    env.write("v.json", "{\"A\": \"x\"}");
    env.plaintext_in("v.json");
    let said = env.fails(2, &["import", "json", "v.json", "-y"]);
    assert_eq!(
        said,
        "error: v.json is not an env file, so the target must be named\nhint: name it: -e NAME or -f FILE\n"
    );
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
#[cfg(unix)]
fn sops_files_are_imported() {
    let Some(sops) = std::env::var_os("ENVSEAL_TEST_SOPS").filter(|path| !path.is_empty()) else {
        eprintln!("SKIPPED: ENVSEAL_TEST_SOPS names no sops");
        return;
    };
    let env = TestEnv::new();
    let bin = env.outside().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(&sops, bin.join("sops")).unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/import/sops/key.txt");
    env.write("secrets.yaml", made("sops/sealed.yaml"));
    env.write(".env.production", made("sops/sealed.env.txt"));
    let import = |arguments: &[&str]| {
        let arguments = [&["import", "sops", "-y"], arguments].concat();
        env.envseal(&arguments).var("PATH", &path).var("SOPS_AGE_KEY_FILE", key).output()
    };
    let refused = import(&["secrets.yaml", "-e", "staging"]);
    let done = if refused.status == 0 {
        refused
    } else {
        // A value that no variable can hold is left out by its name.
        let left_out =
            refused.stderr.split(": ").nth(2).unwrap().split(' ').next().unwrap().replace('.', "_");
        import(&["secrets.yaml", "-e", "staging", "-x", &left_out])
    };
    assert_eq!(done.status, 0, "{}", done.stderr);
    // A value that is left out would be lost.
    assert_eq!(import(&[".env.production", "-x", "A"]).status, 2);
    let whole = import(&[".env.production"]);
    assert_eq!(whole.status, 0, "{}", whole.stderr);
    assert!(!env.read(".env.production").contains("sops_"));
    let expected: serde_json::Value = serde_json::from_slice(&made("sops/opened.dotenv.json")).unwrap();
    assert_eq!(opened(&env, ".env.production"), expected);
    let staging = opened(&env, ".env.staging");
    assert!(staging.as_object().unwrap().len() > 2, "{staging}");
    let wrong = env.envseal(&["import", "sops", "-y", "secrets.yaml", "-e", "x"]).var("PATH", &path).output();
    assert_eq!(wrong.status, 3, "{}", wrong.stderr);
    assert!(!env.path(".env.x").exists());
    let missing =
        env.envseal(&["import", "sops", "-y", "secrets.yaml", "-e", "x"]).var("PATH", "/nowhere").output();
    assert!(missing.status == 4 && missing.stderr.contains("hint: install it"), "{}", missing.stderr);
}

#[test]
fn a_file_that_is_not_sops_is_refused() {
    let env = TestEnv::new();
    env.write("a.yaml", "A: x\n");
    env.plaintext_in("a.yaml");
    let said = env.fails(2, &["import", "sops", "a.yaml", "-e", "x", "-y"]);
    assert!(said.starts_with("error: a.yaml is not a sops file\n"), "{said}");
}
