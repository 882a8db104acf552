//! Known values in files of any sort. The forms in which one is found are in tests/bypass/copies.rs.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::project;
use crate::support::{Output, TestEnv};

/// A repository with these values sealed as `A`, `B` and so on, committed.
fn sealed(values: &[&str]) -> TestEnv {
    let env = TestEnv::new();
    let pairs = values.iter().zip('A'..).map(|(value, name)| format!("{name}={value}\n"));
    env.envseal(&["set", "-"]).stdin(pairs.collect::<String>()).ok();
    env.write("code.js", "let x = 1;\n");
    env.commit("sealed");
    env
}

const LONG: &str = "value-that-is-long";

#[test]
fn no_form_of_a_value_is_printed() {
    let value = "p@ss/w\"rd ünd mehr";
    let env = sealed(&[value]);
    let (base64, hex) = (STANDARD.encode(value), value.bytes().map(|byte| format!("{byte:02x}")).collect());
    let escaped = ["p%40ss%2Fw%22rd%20%C3%BCnd%20mehr", r#"p@ss\/w\"rd \u00fcnd mehr"#].map(str::to_owned);
    let forms = [&[value.to_owned(), base64, hex][..], &escaped].concat();
    env.write("code.js", forms.join("\n"));
    assert_eq!(
        env.check(&[]),
        (1..6).map(|line| format!("code.js:{line} !secret-value A")).collect::<Vec<_>>()
    );
    for arguments in [&["check"][..], &["check", "--json"], &["check", "--sarif"]] {
        let output = env.envseal(arguments).output();
        let told = String::from_utf8_lossy(&output.stdout) + &*output.stderr;
        assert!(!forms.iter().any(|form| told.contains(form)), "{arguments:?}: {told}");
    }
}

/// The error about plain text says nothing of the other file's secret.
#[test]
fn a_secret_under_its_own_name_in_another_file_is_reported_beside_plaintext() {
    let env = sealed(&["a value of no matter, but long"]);
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
    let values = ["five5", "sixsix", "elevenchars", "twelve-chars"];
    let env = sealed(&values);
    env.write("code.js", values.join("\n"));
    let found = ["2 secret-value B", "3 secret-value C", "4 !secret-value D"];
    assert_eq!(env.check(&[]), found.map(|finding| format!("code.js:{finding}")));
}

#[test]
fn a_short_value_within_a_word_is_none() {
    let env = sealed(&["worker", "twelve-chars"]);
    let none = ["SECRET_worker", "workers", "8worker"];
    let found = ["a worker.", "é=worker-1", "worker", "d29ya2Vycw"];
    env.write("code.js", [&none[..], &found, &["my_twelve-chars9"]].concat().join("\n"));
    let mut wanted: Vec<_> = (4..8).map(|line| format!("code.js:{line} secret-value A")).collect();
    wanted.push("code.js:8 !secret-value B".to_owned());
    assert_eq!(env.check(&[]), wanted);
}

#[test]
fn what_stood_in_the_open_before_is_advice() {
    let values = ["localhost-5432-db", "localhost-5433-db", "localhost-5434-db"];
    let env = sealed(&values);
    env.write("README.md", format!("like {}\n", values[0]));
    env.write(".env.example", format!("B={}\n", values[1]));
    env.write(".env.x", format!("A={} # envseal: plain\n", values[2]));
    env.commit("in the open");
    env.write("code.js", values.join("\n"));
    let found = env.check(&[]);
    for (name, line) in ["A", "B", "C"].into_iter().zip(1..) {
        assert!(found.contains(&format!("code.js:{line} secret-value {name}")), "{name}: {found:?}");
    }
}

#[test]
fn only_new_lines_count_whatever_their_ends() {
    let env = sealed(&[LONG]);
    env.write("code.js", format!("{LONG}\n"));
    env.commit("leaked");
    env.write("code.js", format!("one more\n{LONG}\n"));
    assert!(env.check(&[]).is_empty());
    assert_eq!(env.check(&["--history"]).len(), 1);
    env.git(&["config", "core.autocrlf", "true"]);
    std::fs::remove_file(env.path("code.js")).unwrap();
    env.git(&["checkout", "-q", "code.js"]);
    assert_eq!(env.read("code.js"), format!("{LONG}\r\n"));
    assert!(env.check(&[]).is_empty());
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
    let Output { status, stderr, .. } =
        env.envseal(&["check"]).var("ENVSEAL_PRIVATE_KEY", "nonsense").output();
    let told = stderr.contains("files weren't scanned for its values") && !stderr.contains("nonsense");
    assert!(status == 0 && told, "{stderr}");
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
fn what_was_not_sealed_yet_did_not_stand_in_the_open() {
    let env = TestEnv::new();
    env.write(".env", "A=value-that-is-long\n");
    env.commit("before envseal");
    env.ok(&["encrypt"]);
    env.write("code.js", "value-that-is-long\n");
    assert!(env.check(&[]).contains(&"code.js:1 !secret-value A".to_owned()));
    env.git(&["add", "-A"]);
    assert!(env.check(&["--staged"]).contains(&"code.js:1 !secret-value A".to_owned()));
    assert!(env.check_commit("sealed, and leaked").contains(&"code.js:1 !secret-value A".to_owned()));
}
