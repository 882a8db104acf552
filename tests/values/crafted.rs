//! Sealed values that can't be decrypted, or can't be written as plain text, must not prevent changes to others.

use envseal::testing::crypto::PrivateKey;

use super::{public_key, token};
use crate::support::TestEnv;

/// Returns lines whose value can't be used as it is.
fn crafted(env: &TestEnv) -> Vec<String> {
    let key = public_key(env);
    let other = PrivateKey::generate().public();
    let altered = token(&key, "Y", &[], b"x");
    let sources: [(&[&str], &[u8]); 11] = [
        (&[], b"\"open"),
        (&[], b"x # envseal: plain"),
        (&[], b"x\nEVIL=1"),
        (&[], b"x\rEVIL=1"),
        (&[], b"'x'\nEVIL='y'"),
        (&[], b"x\n# c"),
        (&[], b" x"),
        (&[], b"'x\n<<<<<<< HEAD\ny'"),
        (&[], b"'x\n=======\n>>>>>>> theirs\n'"),
        (&[], b"$GOOD"),
        (&["OTHER"], b"\"$OTHER$GOOD\""),
    ];
    let sources = sources.map(|(refs, source)| format!("BAD={}", token(&key, "BAD", refs, source)));
    let marked = token(&key, "BAD", &[], b"x");
    let tokens = [
        format!("BAD={altered}"),
        format!("BAD={}", token(&other, "BAD", &[], b"x")),
        "BAD=envseal:1:x".to_owned(),
        format!("BAD='{}", token(&key, "BAD", &[], b"x")),
        format!("BAD={marked} # envseal: plain"),
        format!("BAD={}", &marked[..marked.len() - 8]),
    ];
    sources.into_iter().chain(tokens).collect()
}

#[test]
fn decrypt_names_it_and_the_command_that_leaves_it_sealed() {
    let env = TestEnv::new();
    env.write_sealed(".env", "GOOD=\"one\"\nLAST='it is' # \"\n");
    let whole = env.read(".env");
    let (above, last) = whole.split_once("LAST=").unwrap();
    for line in crafted(&env) {
        env.write(".env", format!("{above}{line}\nLAST={last}"));
        let text = env.read(".env");
        for (run, command) in [
            (&["decrypt"][..], "envseal decrypt -x BAD"),
            (&["decrypt", "-f", ".env", "--stdout"], "envseal decrypt -f .env -x BAD --stdout"),
            (&["decrypt", "-k", "*", "-x", "NO NE"], "envseal decrypt -k '*' -x 'NO NE' -x BAD"),
        ] {
            let told = env.fails(3, run);
            assert!(told.starts_with("error: .env:5 BAD: "), "{line:?} {told}");
            assert!(told.ends_with(&format!("hint: to leave them encrypted: {command}\n")), "{told}");
            assert!(!told.contains("GOOD: ") && !told.contains("LAST: ") && !told.contains("EVIL"), "{told}");
            assert_eq!(env.read(".env"), text);
        }
        env.ok(&["decrypt", "-x", "BAD"]);
        let after = env.read(".env");
        assert!(after.ends_with(&format!("GOOD=\"one\"\n{line}\nLAST='it is' # \"\n")), "{after}");
    }
}

#[test]
fn every_one_is_named_at_once() {
    let env = TestEnv::new();
    env.write_sealed(".env", "GOOD=1\n");
    let key = public_key(&env);
    let line = |name: &str, source: &[u8]| format!("{name}={}\n", token(&key, name, &[], source));
    // C and D are valid separately, but not together.
    let bad = [line("A", b"x\ny"), line("B", b"$GOOD"), line("C", b"\"x"), line("D", b"y\"")].concat();
    env.write(".env", env.read(".env") + &bad + "E=envseal:1:x\n");
    let told = env.fails(3, &["decrypt"]);
    assert!(told.ends_with("hint: to leave them encrypted: envseal decrypt -x A -x B -x D -x E\n"), "{told}");
    env.ok(&["decrypt", "-x", "A", "-x", "B", "-x", "D", "-x", "E"]);
    assert!(env.read(".env").contains("GOOD=1\n"));
}

#[test]
fn others_are_removed_renamed_and_set() {
    let env = TestEnv::new();
    env.write_sealed(".env", "GOOD='one'\nREFERS=\"$GOOD\"\nLAST='it is' # \"\n");
    let whole = env.read(".env");
    let (above, last) = whole.split_once("LAST=").unwrap();
    for line in crafted(&env) {
        let text = format!("{above}{line}\nLAST={last}");
        for (run, sees) in [
            (&["unset", "GOOD"][..], "LAST"),
            (&["unset", "LAST"], "GOOD"),
            (&["rename", "--force", "GOOD", "BETTER"], "BETTER"),
            (&["rename", "LAST", "LATER"], "LATER"),
            (&["set", "GOOD", "two"], "GOOD"),
        ] {
            env.write(".env", &text);
            env.ok(run);
            assert!(env.read(".env").contains(&line), "{line:?}");
            env.ok(&["get", sees]);
        }
        // The value itself can be removed, too.
        env.write(".env", &text);
        env.ok(&["unset", "BAD"]);
        assert_eq!(env.read(".env"), whole);
    }
}
