//! Sealed values that can't be decrypted, or can't be written as plain text, must not prevent changes to others.

use envseal::testing::crypto::PrivateKey;

use super::token;
use crate::attacks::public_key;
use crate::support::TestEnv;

/// Returns lines whose value can't be used as it is: `BAD0`, `BAD1` and so on.
fn crafted(env: &TestEnv) -> Vec<String> {
    let key = public_key(env, ".env");
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
    let sealed = |at: usize, refs: &[&str], source: &[u8]| token(&key, &format!("BAD{at}"), refs, source);
    let mut lines: Vec<_> =
        sources.iter().enumerate().map(|(at, (refs, source))| sealed(at, refs, source)).collect();
    lines.push(altered);
    lines.push(token(&other, "BAD12", &[], b"x"));
    lines.push("envseal:1:x".to_owned());
    lines.push(format!("'{}", sealed(14, &[], b"x")));
    lines.push(format!("{} # envseal: plain", sealed(15, &[], b"x")));
    let cut = sealed(16, &[], b"x");
    lines.push(cut[..cut.len() - 8].to_owned());
    lines.iter().enumerate().map(|(at, value)| format!("BAD{at}={value}\n")).collect()
}

#[test]
fn decrypt_names_it_and_the_command_that_leaves_it_sealed() {
    let env = TestEnv::new();
    env.write_sealed(".env", "GOOD=\"one\"\nLAST='it is' # \"\n");
    let whole = env.read(".env");
    let (above, last) = whole.split_once("LAST=").unwrap();
    let lines = crafted(&env);
    env.write(".env", format!("{above}{}LAST={last}", lines.concat()));
    let without: String = (0..lines.len()).map(|at| format!(" -x BAD{at}")).collect();
    let text = env.read(".env");
    for (run, command, more) in [
        (&["decrypt"][..], "envseal decrypt", ""),
        (&["decrypt", "-f", ".env", "--stdout"], "envseal decrypt -f .env", " --stdout"),
        (&["decrypt", "-k", "*", "-x", "NO NE"], "envseal decrypt -k '*' -x 'NO NE'", ""),
    ] {
        let told = env.fails(3, run);
        for (at, line) in lines.iter().enumerate() {
            assert!(told.contains(&format!("  .env:{} BAD{at}: ", 5 + at)), "{line} {told}");
        }
        let hint = format!("hint: to leave them encrypted: {command}{without}{more}\n");
        assert!(told.ends_with(&hint), "{told}");
        assert!(!told.contains("GOOD: ") && !told.contains("LAST: ") && !told.contains("EVIL"), "{told}");
        assert_eq!(env.read(".env"), text);
    }
    env.shell(&format!("envseal decrypt{without}")).ok();
    let after = env.read(".env");
    assert!(after.ends_with(&format!("GOOD=\"one\"\n{}LAST='it is' # \"\n", lines.concat())), "{after}");
}

#[test]
fn every_one_is_named_at_once() {
    let env = TestEnv::new();
    env.write_sealed(".env", "GOOD=1\n");
    let key = public_key(&env, ".env");
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
    let lines = crafted(&env);
    let text = format!("{above}{}LAST={last}", lines.concat());
    for (run, sees) in [
        (&["unset", "GOOD"][..], "LAST"),
        (&["unset", "LAST"], "GOOD"),
        (&["rename", "--force", "GOOD", "BETTER"], "BETTER"),
        (&["rename", "LAST", "LATER"], "LATER"),
        (&["set", "GOOD", "two"], "GOOD"),
    ] {
        env.write(".env", &text);
        env.ok(run);
        let after = env.read(".env");
        let changed: Vec<_> = lines.iter().filter(|line| !after.contains(*line)).collect();
        assert!(changed.is_empty(), "{run:?} {changed:?}");
        env.ok(&["get", sees]);
    }
    // The values themselves can be removed, too.
    env.write(".env", &text);
    env.shell(&format!(
        "envseal unset{}",
        (0..lines.len()).map(|at| format!(" BAD{at}")).collect::<String>()
    ))
    .ok();
    assert_eq!(env.read(".env"), whole);
}
