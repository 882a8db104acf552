//! `envseal decrypt`.

use envseal::testing::crypto::{PlaintextKind, PublicKey, Refs, Sealer};

use crate::support::TestEnv;

#[test]
fn only_sealed_values_need_the_key_and_nothing_is_changed_without_it() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    for arguments in [&["decrypt"][..], &["decrypt", "--stdout"]] {
        let stderr = env.refuses(3, arguments);
        assert!(stderr.contains("not found in ENVSEAL_PRIVATE_KEY or "), "{arguments:?}: {stderr}");
    }
    env.write(".env", "A=1\n");
    env.ok(&["decrypt"]);
    assert_eq!(env.read(".env"), "A=1\n");
    assert_eq!(env.ok(&["decrypt", "--stdout"]), "A=1\n");
}

#[test]
fn of_two_files_both_are_written_or_neither() {
    let env = TestEnv::new();
    env.write_sealed(".env.a", "A=1\n");
    env.write_sealed(".env.b", "B=2\n");
    env.write(".env.b", format!("{}C=envseal:1:forged\n", env.read(".env.b")));
    env.refuses(3, &["decrypt", "-e", "a", "-e", "b"]);
}

/// A source may refer only to names that its sealed value lists; as plain text it could refer to anything.
#[test]
fn a_source_that_would_come_alive_as_plain_text_is_refused() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let public = PublicKey::parse(env.ok(&["key", "show"]).trim()).unwrap();
    for source in ["\"${A}\"", "`$A`", "${X:-${A}}", "x#y"] {
        let token = Sealer::new(&public)
            .unwrap()
            .seal("S", &Refs::none(), PlaintextKind::Source, source.as_bytes())
            .unwrap();
        let text = env.read(".env");
        env.write(".env", format!("{text}S={token}\nT=9 # envseal: plain\n"));
        let before = env.snapshot();
        let output = env.envseal(&["decrypt"]).output();
        assert!(matches!(output.status, 3 | 4), "{source:?}: {} {}", output.status, output.stderr);
        assert_eq!(env.snapshot(), before, "{source:?}");
        env.write(".env", text);
    }
}
