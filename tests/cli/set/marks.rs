//! Plain or sealed: marks, policy, reserved names.

use crate::support::TestEnv;

#[test]
fn what_is_marked_plain_stays_plain_and_says_so() {
    let env = TestEnv::new();
    env.write(".env", "A=1 # envseal: plain\n");
    let output = env.envseal(&["set", "A", "2 3"]).output();
    assert_eq!(
        output.stderr,
        "Wrote A to .env as plain text, because it is marked plain (use --seal to encrypt it)\n"
    );
    assert_eq!(env.read(".env"), "A='2 3' # envseal: plain\n");
    assert!(!env.path(".env.keys").exists(), "nothing was encrypted, so there is no key");
    env.write(".env", "PATH=/x\n");
    let output = env.envseal(&["set", "PATH", "/y"]).output();
    assert_eq!(output.stderr, "Wrote PATH to .env as plain text, because it is a reserved name\n");
}

#[test]
fn seal_lifts_the_mark_and_keeps_the_rest_of_the_comment() {
    let env = TestEnv::new();
    let secret = env.secret("lifted");
    env.write(".env", "A=1 # why # envseal: plain\nB=1 # envseal: plain\n");
    env.ok(&["set", "A", &secret, "--seal"]);
    env.ok(&["set", "B", &secret, "--seal"]);
    let text = env.read(".env");
    assert!(!text.contains("plain") && text.lines().nth(3).unwrap().ends_with(" # why"), "{text}");
    assert_eq!(env.ok(&["get", "A"]), format!("{secret}\n"));
    // The value stays the same, but removing the new mark is a change and is reported.
    let text = text.replace(" # why", " # envseal: plain");
    env.write(".env", text);
    let output = env.envseal(&["set", "A", &secret, "--seal"]).output();
    assert!(output.stderr.starts_with("Encrypted A in .env"), "{}", output.stderr);
    assert!(!env.read(".env").contains("plain"));
    env.ok(&["set", "B", "open", "--plain"]);
    assert!(env.read(".env").ends_with("\nB=open # envseal: plain\n"));
}

#[test]
fn plaintext_that_becomes_sealed_loses_its_mark() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A=one"]);
    for set in [&["set", "-q", "A=two"][..], &["import", "dotenv", "source", "-f", ".env", "-y", "-q"]] {
        // The sealed line above it makes the value of this one a secret.
        env.write_plain(".env", env.read(".env") + "A=pub # why # envseal: plain\n");
        env.write_plain("source", "A=three\n");
        env.ok(set);
        let text = env.read(".env");
        assert!(text.ends_with(" # why\n") && text.matches("A=envseal:1:").count() >= 2, "{text}");
        env.ok(&["encrypt", "-q"]);
    }
    assert_eq!(env.ok(&["get", "A"]), "three\n");
}

#[test]
fn what_the_policy_calls_plain_is_never_newly_encrypted() {
    let env = TestEnv::new();
    env.write("envseal.toml", "[policy]\nplain = [\"PORT\", \"VITE_*\"]\n");
    env.write(".env", "VITE_A=1\n");
    let stderr = env.refuses(2, &["set", "PORT", "80", "-e", "production"]);
    assert_eq!(
        stderr,
        "error: .env.production: PORT can't be encrypted, because envseal.toml declares PORT plain\n\
         hint: if it is not secret: envseal set PORT --plain -f .env.production\n",
    );
    env.refuses(2, &["set", "OTHER=1", "VITE_B=2"]);
    // Neither a new value nor in place of a plain one, of which `check` would report an error.
    for name in ["VITE_A", "VITE_B"] {
        assert_eq!(
            env.refuses(2, &["set", name, "2", "--seal"]),
            format!(
                "error: .env: {name} can't be encrypted, because envseal.toml declares {name} plain\n\
                 hint: if it is secret, change envseal.toml so that it no longer declares {name} plain\n",
            )
        );
    }
    env.refuses(2, &["set", "VITE_A", "--generate"]);
    assert_eq!(
        env.envseal(&["set", "VITE_A", "2"]).output().stderr,
        "Wrote VITE_A to .env as plain text, because envseal.toml declares it plain\n"
    );
    assert_eq!(env.read(".env"), "VITE_A=2\n");
    env.ok(&["set", "PORT", "80", "--plain"]);
    assert_eq!(env.read(".env"), "VITE_A=2\nPORT=80 # envseal: plain\n");
}

#[test]
fn reserved_names_and_envseals_own_are_never_sealed() {
    let env = TestEnv::new();
    for (name, why) in [
        ("NODE_OPTIONS", "Node preloads modules, looks them up there, or loads compiled code"),
        ("GIT_CONFIG_KEY_0", "git runs it, or takes hooks and settings that do from there"),
    ] {
        for arguments in [&["set", name, "x", "-e", "a b"][..], &["set", name, "x", "-e", "a b", "--seal"]] {
            assert_eq!(
                env.fails(2, arguments),
                format!(
                    "error: .env.a b: {name} is never encrypted, because a reviewer must be able to read it: {why}\n\
                     hint: write it as plain text: envseal set {name} --plain -f '.env.a b'\n"
                )
            );
        }
    }
    env.fails(2, &["set", "OK=1", "PATH=/x"]);
    for how in ["--plain", "--seal"] {
        let said = env.fails(2, &["set", "ENVSEAL_PRIVATE_KEY_X", "x", how]);
        assert_eq!(said, "error: ENVSEAL_PRIVATE_KEY_X belongs to envseal and can't be set by hand\n");
    }
    assert_eq!(env.snapshot(), []);
    env.ok(&["set", "PATH", "/x", "--plain"]);
    env.ok(&["set", "PATH", "/y"]);
    assert_eq!(env.read(".env"), "PATH=/y # envseal: plain\n");
    env.fails(2, &["set", "PATH", "/z", "--seal"]);
}

#[test]
fn plain_text_that_would_read_as_sealed_or_as_a_conflict_is_never_written() {
    let env = TestEnv::new();
    for token in ["envseal:1:AAAA", "envseal:2:x", "envseal:1:"] {
        env.fails(3, &["set", "A", token, "--plain"]);
        env.write(".env", "A=1 # envseal: plain\n");
        env.fails(3, &["set", "A", token]);
        std::fs::remove_file(env.path(".env")).unwrap();
    }
    assert_eq!(env.snapshot(), []);
    let conflict = "x\n<<<<<<< HEAD\n>>>>>>> y";
    env.ok(&["set", "A", conflict, "--plain"]);
    assert_eq!(env.ok(&["get", "A", "--format", "raw"]), conflict);
}
