//! Mark a sealed line plain, so that the next `set` writes plaintext, or a decrypted value stays plain.

use super::{append, sealed_project};
use crate::support::{TestEnv, contains_all};

/// Runs the next `set` as someone who has no private key. Returns the new text of `.env`.
fn blind_set(env: &TestEnv) -> String {
    std::fs::rename(env.path(".env.keys"), env.outside().join("home/keys")).unwrap();
    let secret = env.secret("blind");
    let said = env.envseal(&["set", "HELLO"]).stdin(&secret).output();
    std::fs::rename(env.outside().join("home/keys"), env.path(".env.keys")).unwrap();
    assert_eq!(said.status, 0, "{}", said.stderr);
    assert!(said.stderr.contains("Encrypted HELLO in .env"), "{}", said.stderr);
    assert_eq!(env.ok(&["get", "HELLO"]), format!("{secret}\n"));
    env.read(".env")
}

#[test]
fn by_a_mark() {
    let (env, _) = sealed_project();
    env.write(".env", env.read(".env").trim_end().to_owned() + " # envseal: plain\n");
    assert!(blind_set(&env).ends_with(" # envseal: plain\n"), "the line is otherwise as it was");
}

#[test]
fn by_the_policy() {
    let (env, _) = sealed_project();
    env.write("envseal.toml", "[policy]\nplain = ['*']\n");
    blind_set(&env);
    // For a new name `set` asks for a decision, and writes no plaintext.
    let before = env.snapshot();
    assert!(env.envseal(&["set", "NEW"]).stdin("x").fails(2).contains("envseal.toml"));
    assert_eq!(env.snapshot(), before);
}

#[test]
fn by_a_plain_line_below_the_sealed_one() {
    for line in ["HELLO=x # envseal: plain\n", "HELLO= # envseal: plain\n"] {
        let (env, _) = sealed_project();
        append(&env, ".env", line);
        println!("{line}");
        blind_set(&env);
    }
}

#[test]
fn by_a_broken_token() {
    for broken in ["envseal:1:x", "envseal:9:x", "'envseal:1:x'", "`envseal:1:x`", "\"envseal:\""] {
        println!("{broken}");
        let (env, _) = sealed_project();
        let text = env.read(".env");
        let key = text.lines().nth(1).unwrap();
        env.write(".env", format!("{key}\nHELLO={broken} # envseal: plain\n"));
        blind_set(&env);
    }
}

#[test]
fn a_value_once_opened_does_not_stay_open() {
    let (env, _) = sealed_project();
    let text = env.read(".env").trim_end().to_owned() + " # envseal: plain\n";
    env.write(".env", &text);
    for (status, arguments) in [(3, &["decrypt"][..]), (3, &["decrypt", "--stdout"]), (4, &["encrypt"])] {
        let said = env.fails(status, arguments).replace("HELLO: it is", "HELLO is");
        assert!(said.contains(".env:3 HELLO is encrypted, but marked as plain"), "{said}");
        assert_eq!(env.read(".env"), text);
    }
}

#[test]
fn a_value_once_opened_does_not_stay_open_by_the_policy() {
    let (env, _) = sealed_project();
    env.write("envseal.toml", "[policy]\nplain = ['HELLO', 'PUB_*']\n");
    let before = env.snapshot();
    for (status, arguments) in [
        (3, &["decrypt"][..]),
        (3, &["decrypt", "--stdout"]),
        (4, &["encrypt"]),
        (4, &["rename", "HELLO", "PUB_HELLO"]),
    ] {
        let said = env.fails(status, arguments).replace("HELLO: it is", "HELLO is");
        contains_all(&said, &[".env:3 HELLO is encrypted, but ", "envseal.toml declares "]);
    }
    assert_eq!(env.snapshot(), before);
    // What is not sealed may have such a name.
    append(&env, ".env", "NAME=x # envseal: plain\n");
    env.ok(&["rename", "NAME", "PUB_NAME"]);
}
