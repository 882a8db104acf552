//! Known values and private keys, in files of any sort.

use super::project;
use crate::support::TestEnv;

/// A repository with this value sealed as `A`, committed.
fn sealed(value: &str) -> TestEnv {
    let env = TestEnv::new();
    env.envseal(&["set", "A"]).stdin(value).ok();
    env.write("code.js", "let x = 1;\n");
    env.commit("sealed");
    env
}

#[test]
fn a_value_is_found_in_every_form_that_is_promised() {
    let value = "p@ss/w\"rd ünd mehr";
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        value.to_owned(),
        hex.to_uppercase(),
        hex,
        "p%40ss%2Fw%22rd%20%C3%BCnd%20mehr".to_owned(),
        "p%40ss%2fw%22rd+%c3%bcnd+mehr".replace('+', "%20"),
        r#"p@ss/w\"rd ünd mehr"#.to_owned(),
        r#"p@ss\/w\"rd ünd mehr"#.to_owned(),
        r#"p@ss/w\"rd \u00fcnd mehr"#.to_owned(),
    ];
    let env = sealed(value);
    for start in ["", "x", "xy"] {
        let padded = env.program("base64", &["-w0"]).stdin(format!("{start}{value} and more")).ok();
        forms.push(padded);
    }
    for form in forms {
        env.write("code.js", format!("let x = 1;\nlet y = '{form}';\n"));
        assert_eq!(env.check(&[]), ["code.js:2 !secret-value A"], "{form}");
        env.git(&["add", "-A"]);
        assert_eq!(env.check(&["--staged"]), ["code.js:2 !secret-value A"], "{form}");
        let text = env.envseal(&["check"]).output();
        assert!(!String::from_utf8_lossy(&text.stdout).contains(&form) && !text.stderr.contains(&form));
    }
}

/// The error about plain text says nothing of the other file's secret.
#[test]
fn a_secret_under_its_own_name_in_another_file_is_reported_beside_plaintext() {
    let env = sealed("a value of no matter, but long");
    let value = env.ok(&["get", "A"]);
    env.ok(&["set", "A", "another value, and long", "-e", "production"]);
    env.write(".env.production", env.read(".env.production") + "A=" + &value);
    let found = env.check(&[]);
    let on_line =
        |rule: &str| found.iter().any(|one| one.starts_with(".env.production:") && one.ends_with(rule));
    assert!(on_line("!plaintext A") && on_line("!secret-value A"), "{found:?}");
}

/// For a member with only a grant, the values that it decrypts are searched for, too.
#[cfg(unix)]
#[test]
fn values_are_known_by_a_grant_too() {
    let env = TestEnv::without_git();
    let [alice, bob] = crate::team::alice_and_bob(&env);
    let value = "a value of no matter, but long";
    alice.says(&["set", "-q", "URL", value, "-e", "production"]);
    alice.pushes("another value");
    bob.pulls();
    crate::team::let_in(&alice, &bob, "production");
    bob.write("notes.txt", "nothing yet\n");
    let said = bob.envseal(&["check"]);
    assert_eq!(said.status, 0, "{}", said.stderr);
    assert!(said.stderr.contains("no key for staging,"), "{}", said.stderr);
    bob.write("notes.txt", format!("so it is {value}"));
    let found = bob.json(&["check", "--json"]);
    assert!(found.to_string().contains("secret-value"), "{found}");
    bob.does(&["add", "notes.txt"]);
    let found = bob.json(&["check", "--staged", "--json"]);
    assert!(found.to_string().contains("secret-value"), "{found}");
    std::fs::remove_file(bob.clone.join("notes.txt")).unwrap();
}

#[test]
fn how_long_it_is_decides() {
    for (value, finding) in [
        ("five5", None),
        ("sixsix", Some("secret-value A")),
        ("elevenchars", Some("secret-value A")),
        ("twelve-chars", Some("!secret-value A")),
    ] {
        let env = sealed(value);
        env.write("code.js", format!("{value}\n"));
        assert_eq!(env.check(&[]), finding.map(|f| format!("code.js:1 {f}")).into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_short_value_within_a_word_is_none() {
    let env = sealed("worker");
    for (line, is_found) in [
        ("SECRET_worker", false),
        ("workers", false),
        ("8worker", false),
        ("a worker.", true),
        ("é=worker-1", true),
        ("worker", true),
        ("d29ya2Vycw", true),
    ] {
        env.write("code.js", format!("let x = 1;\n{line}\n"));
        let found = env.check(&[]);
        assert_eq!(found, if is_found { &["code.js:2 secret-value A"][..] } else { &[] }, "{line}");
    }
    let env = sealed("twelve-chars");
    env.write("code.js", "my_twelve-chars9\n");
    assert_eq!(env.check(&[]), ["code.js:1 !secret-value A"]);
}

#[test]
fn what_stood_in_the_open_before_is_advice() {
    for (file, text) in [
        ("README.md", "like localhost-5432-db\n"),
        (".env.example", "A=localhost-5432-db\n"),
        (".env.x", "B=localhost-5432-db # envseal: plain\n"),
    ] {
        let env = sealed("localhost-5432-db");
        env.write(file, text);
        env.commit("in the open");
        env.write("code.js", "localhost-5432-db\n");
        let found = env.check(&[]);
        assert!(found.contains(&"code.js:1 secret-value A".to_owned()), "{file}: {found:?}");
    }
}

#[test]
fn only_new_lines_count() {
    let env = sealed("value-that-is-long");
    env.write("code.js", "value-that-is-long\n");
    env.commit("leaked");
    env.write("code.js", "one more\nvalue-that-is-long\n");
    assert!(env.check(&[]).is_empty());
    assert_eq!(env.check(&["--history"]).len(), 1);
}

#[test]
fn a_value_that_is_plain_elsewhere_is_told() {
    let env = sealed("value-that-is-long");
    env.write(".env.x", "A=value-that-is-long # envseal: plain\n");
    assert_eq!(env.check(&[]), [".env.x:1 !secret-value A"]);
}

#[test]
fn a_pem_file_is_found_when_it_is_indented() {
    let env = TestEnv::new();
    let pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END KEY-----";
    env.envseal(&["set", "PEM"]).stdin(pem).ok();
    env.commit("sealed");
    env.write("k.yaml", format!("key: |\n{}\n", pem.replace("-----B", "  -----B").replace('\n', "\r\n  ")));
    assert_eq!(env.check(&[]), ["k.yaml:3 !secret-value PEM", "k.yaml:4 !secret-value PEM"]);
    env.write("k.yaml", "-----BEGIN KEY-----\n");
    assert!(env.check(&[]).is_empty());
}

#[test]
fn without_a_key_the_note_says_what_was_not_done() {
    let env = project();
    let secret = env.private_key("ENVSEAL_PRIVATE_KEY");
    std::fs::rename(env.path(".env.keys"), env.outside().join("keys")).unwrap();
    let output = env.envseal(&["check"]).output();
    assert_eq!(output.status, 0);
    assert!(output.stderr.contains("no key for default,"), "{}", output.stderr);
    let output = env.envseal(&["check"]).var("ENVSEAL_PRIVATE_KEY", secret).output();
    assert!(!output.stderr.contains("no key for"), "{}", output.stderr);
    let output = env.envseal(&["check"]).var("ENVSEAL_PRIVATE_KEY", "nonsense").output();
    assert_eq!(output.status, 0);
    assert!(output.stderr.contains("files weren't scanned for its values"), "{}", output.stderr);
    assert!(!output.stderr.contains("nonsense"));
}

#[test]
fn a_private_key_in_any_dress() {
    let env = project();
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    let utf16: Vec<u8> = key.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let base64 = env.program("base64", &["-w0"]).stdin(&key).ok();
    let hex: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
    for text in [
        key.clone().into_bytes(),
        format!("a\0b{key}").into_bytes(),
        base64.into_bytes(),
        hex.into_bytes(),
        utf16,
    ] {
        env.write("config/secret.yaml", text);
        assert_eq!(env.check(&[]), ["config/secret.yaml:1 !private-key -"]);
    }
    env.write("config/secret.yaml", "a key starts with envseal-sk1- and has 48 more\n");
    assert!(env.check(&[]).is_empty());
    env.write("config/secret.yaml", format!("\n{key} # envseal: allow private-key\n"));
    assert_eq!(env.check(&[]), ["config/secret.yaml:2 allow-added -"]);
    std::fs::remove_file(env.path("config/secret.yaml")).unwrap();
}

#[test]
fn a_copy_under_an_environment_without_a_key_hides_nothing() {
    let env = TestEnv::new();
    env.envseal(&["set", "A", "-e", "production"]).stdin("value-that-is-long").ok();
    let copy = env.read(".env.production").replace("_PRODUCTION", "_AAA");
    env.write(".env.aaa", copy);
    env.commit("a copy that is read first");
    env.write("code.js", "value-that-is-long\n");
    let shared = ".env.production:2 !key-shared ENVSEAL_PUBLIC_KEY_PRODUCTION";
    assert_eq!(env.check(&[]), [shared, "code.js:1 !secret-value A"]);
}

#[test]
fn other_line_ends_in_the_worktree_are_no_new_lines() {
    let env = sealed("value-that-is-long");
    env.write("code.js", "value-that-is-long\n");
    env.commit("leaked");
    env.git(&["config", "core.autocrlf", "true"]);
    std::fs::remove_file(env.path("code.js")).unwrap();
    env.git(&["checkout", "-q", "code.js"]);
    assert_eq!(env.read("code.js"), "value-that-is-long\r\n");
    assert!(env.check(&[]).is_empty());
}

#[test]
fn what_was_not_sealed_yet_did_not_stand_in_the_open() {
    let env = TestEnv::new();
    env.write(".env", "A=value-that-is-long\n");
    env.commit("before envseal");
    env.ok(&["encrypt"]);
    env.write("code.js", "value-that-is-long\n");
    assert!(env.check(&[]).contains(&"code.js:1 !secret-value A".to_owned()));
    env.git(&["add", "-A"]);
    assert!(env.check(&["--staged"]).contains(&"code.js:1 !secret-value A".to_owned()));
    env.commit("sealed, and leaked");
    assert!(env.check(&["--range", "HEAD~1.."]).contains(&"code.js:1 !secret-value A".to_owned()));
}
