//! `envseal decrypt`.

use envseal::testing::crypto::{PlaintextKind, PublicKey, Refs, Sealer};

use crate::support::TestEnv;

#[test]
fn a_set_value_becomes_text_that_reads_the_same() {
    let env = TestEnv::new();
    let values = [
        "plain",
        "it's",
        "a \"b\" 'c'",
        "$A ${A} $(id)",
        "a#b",
        " # x",
        "two\nlines\n",
        "C:\\dir\\",
        "`",
        "é",
        "=",
    ];
    for (at, value) in values.iter().enumerate() {
        env.envseal(&["set", &format!("V{at}"), "--", value]).ok();
    }
    let before = env.ok(&["get"]);
    env.ok(&["decrypt"]);
    assert!(!env.read(".env").contains("envseal:1:"));
    assert_eq!(env.ok(&["get"]), before);
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    assert_eq!(env.ok(&["get"]), before);
}

#[test]
fn a_value_that_cannot_be_written_is_refused_by_name() {
    let env = TestEnv::new();
    env.ok(&["set", "FINE", "1"]);
    env.envseal(&["set", "ODD"]).stdin("\r'\"`").ok();
    let before = env.snapshot();
    let stderr = env.fails(3, &["decrypt"]);
    assert!(
        stderr.contains(" ODD: ") && !stderr.contains(" FINE: ") && stderr.contains("-x ODD"),
        "{stderr}"
    );
    assert_eq!(env.snapshot(), before);
    env.ok(&["decrypt", "-x", "ODD"]);
    assert!(env.read(".env").contains("\nFINE=1\nODD=envseal:1:"));
}

#[test]
fn without_the_key_nothing_is_changed() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let before = env.snapshot();
    let stderr = env.fails(3, &["decrypt"]);
    assert!(stderr.contains("not found in ENVSEAL_PRIVATE_KEY or "), "{stderr}");
    env.fails(3, &["decrypt", "--stdout"]);
    assert_eq!(env.snapshot(), before);
}

#[test]
fn one_value_that_fails_keeps_all_sealed() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\nB=2\nC=3\n");
    let text = env.read(".env");
    let lines: Vec<_> = text.lines().collect();
    let a = lines[3].split_once('=').unwrap().1;
    env.write(".env", text.replace(lines[4], &format!("B={a}")));
    let before = env.snapshot();
    let stderr = env.fails(3, &["decrypt"]);
    assert!(stderr.contains(".env:5 B: encrypted for another name, or altered"), "{stderr}");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn of_two_files_both_are_written_or_neither() {
    let env = TestEnv::new();
    env.write_sealed(".env.a", "A=1\n");
    env.write_sealed(".env.b", "B=2\n");
    env.write(".env.b", format!("{}C=envseal:1:forged\n", env.read(".env.b")));
    let before = env.snapshot();
    env.fails(3, &["decrypt", "-e", "a", "-e", "b"]);
    assert_eq!(env.snapshot(), before);
}

#[test]
fn nothing_sealed_needs_no_key() {
    let env = TestEnv::new();
    env.write(".env", "A=1\n");
    env.ok(&["decrypt"]);
    assert_eq!(env.read(".env"), "A=1\n");
    assert_eq!(env.ok(&["decrypt", "--stdout"]), "A=1\n");
}

/// A source may refer only to names that its sealed value lists; as plain text it could refer to anything.
#[test]
fn a_source_that_would_come_alive_as_plain_text_is_refused() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let public = PublicKey::parse(env.ok(&["key", "show"]).trim()).unwrap();
    for source in ["\"${A}\"", "$A", "`$A`", "${X:-${A}}", "x\nB=2", "x # envseal: plain", "x#y", " x"] {
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
