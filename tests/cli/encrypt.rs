//! `envseal encrypt`.

use envseal::testing::crypto::{PlaintextKind, PublicKey, Refs, Sealer};

use crate::support::TestEnv;

#[test]
fn what_is_not_secret_is_left_alone() {
    let env = TestEnv::new();
    env.write("envseal.toml", "[policy]\nplain = [\"PORT\", \"NEXT_PUBLIC_*\"]\n");
    let text = "ENVSEAL_NOTE=mine\nPORT=80\nNEXT_PUBLIC_URL=x\nPATH=/bin\nGIT_CONFIG_COUNT=0\nEMPTY=\nQ=''\nM=1 # envseal: plain\nN=2 # why # envseal: plain\nH=adm#in # envseal: plain\n";
    env.write(".env", text);
    env.ok(&["encrypt"]);
    assert_eq!(env.read(".env"), text, "nothing to encrypt, so no key is created either");
    assert!(!env.path(".env.keys").exists());
    let secret = env.secret("sealed");
    env.write(".env", format!("{text}S={secret}\n"));
    env.ok(&["encrypt"]);
    assert!(env.read(".env").contains(&format!("\n\n{text}S=envseal:1:")));
}

#[test]
fn only_and_except_seal_a_part() {
    let env = TestEnv::new();
    env.write(".env", "A_KEY=1\nB_KEY=2\nC=3\n");
    env.ok(&["encrypt", "-k", "*_KEY", "-x", "B*"]);
    let text = env.read(".env");
    assert!(text.contains("\n\nA_KEY=envseal:1:") && text.ends_with("\nB_KEY=2\nC=3\n"), "{text}");
    env.ok(&["encrypt", "-x", "C"]);
    assert!(env.read(".env").contains("B_KEY=envseal:1:"));
    env.ok(&["decrypt", "-k", "A*"]);
    let text = env.read(".env");
    assert!(text.contains("A_KEY=1\nB_KEY=envseal:1:") && text.ends_with("\nC=3\n"), "{text}");
    env.ok(&["encrypt", "-k", "NOTHING"]);
    assert_eq!(env.read(".env"), text);
}

#[test]
fn stdout_writes_nothing() {
    let env = TestEnv::new();
    env.write_plain(".env", "A=1\n");
    let stderr = env.refuses(3, &["encrypt", "--stdout"]);
    assert!(stderr.contains("no public key"), "{stderr}");
    env.ok(&["key", "generate"]);
    let before = env.snapshot();
    let sealed = env.ok(&["encrypt", "--stdout"]);
    assert_eq!(env.snapshot(), before);
    env.write(".env", &sealed);
    assert_eq!(env.ok(&["get", "A"]), "1\n");
    let before = env.snapshot();
    let plain = env.ok(&["decrypt", "--stdout"]);
    assert_eq!(env.snapshot(), before);
    assert!(plain.ends_with("\nA=1\n"));
}

#[test]
fn what_is_unclear_is_refused_by_line_and_never_shown() {
    for (line, says) in [
        ("A=adm#in", ".env:2 A: "),
        ("A='quoted'#tail", ".env:2 A: "),
        ("just text", ".env:2 is neither a variable nor a comment"),
        ("=x", ".env:2 is neither a variable nor a comment"),
        ("A=${${X}}", ".env:2 A: "),
        ("M=\"$X\" # envseal: plain\nENV=${NO:-$M}", ".env:3 ENV must stay readable, but depends on "),
    ] {
        let env = TestEnv::new();
        let secret = env.secret("other");
        env.write_plain(".env", format!("X={secret}\n{line}\nB={secret}\n"));
        let stderr = env.refuses(4, &["encrypt"]);
        assert!(stderr.contains(says), "{line}: {stderr}");
        for text in ["adm", "quoted", "tail", "just text"] {
            assert!(!stderr.contains(text), "{stderr}");
        }
        // Another line can be encrypted without it.
        if !says.contains("depends") {
            env.ok(&["encrypt", "-k", "B"]);
            assert!(env.read(".env").contains(&format!("\n{line}\nB=envseal:1:")), "{line}");
        }
    }
}

#[test]
fn a_quoted_token_is_not_encrypted_again() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let text = env.read(".env");
    let (head, token) = text.trim_end().split_once("A=").unwrap();
    for quote in ["'", "\""] {
        let quoted = format!("{head}A={quote}{token}{quote}  # c\n");
        env.write(".env", &quoted);
        env.ok(&["encrypt"]);
        assert_eq!(env.read(".env"), quoted);
    }
}

#[test]
fn of_two_files_both_are_written_or_neither() {
    let env = TestEnv::new();
    env.write_plain(".env.a", "A=1\n");
    env.write_plain(".env.b", "B=adm#in\n");
    env.refuses(4, &["encrypt", "-e", "a", "-e", "b"]);
    env.refuses(4, &["encrypt"]);
    env.refuses(4, &["encrypt", "-e", "a", "-e", "missing"]);
}

#[test]
fn reseal_makes_all_tokens_anew_if_asked_and_needs_a_key() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\nB=\"$A\"\n");
    let (before, values) = (env.read(".env"), env.ok(&["get"]));
    env.fails(2, &["encrypt", "--all"]);
    env.ok(&["encrypt", "--reseal", "--all", "-k", "B"]);
    let after = env.read(".env");
    assert_eq!(before.lines().nth(3), after.lines().nth(3));
    assert_ne!(before.lines().nth(4), after.lines().nth(4));
    assert!(after.ends_with(":A\n"), "the list stays: {after}");
    env.ok(&["encrypt", "--reseal", "--all"]);
    assert_eq!(env.ok(&["get"]), values);
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let before = env.snapshot();
    let stderr = env.fails(3, &["encrypt", "--reseal", "--all"]);
    assert!(stderr.contains(" A: ") && stderr.contains(" B: "), "{stderr}");
    // Values already encrypted with the file's key need no private key.
    assert_eq!(env.envseal(&["encrypt", "--reseal"]).output().stderr, "Nothing to re-encrypt in .env\n");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn reseal_leaves_what_is_under_the_files_key() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\nB=2\n");
    let old = PublicKey::parse(env.ok(&["key", "show"]).trim()).unwrap();
    env.ok(&["key", "rotate"]);
    let token = Sealer::new(&old).unwrap().seal("B", &Refs::none(), PlaintextKind::Value, b"3").unwrap();
    let text = env.read(".env");
    let lines: Vec<_> = text.lines().collect();
    env.write(".env", text.replace(lines[4], &format!("B={token}")));
    let output = env.envseal(&["encrypt", "--reseal"]).output();
    assert!(output.stderr.contains("Re-encrypted 1 value in .env\n"), "{}", output.stderr);
    assert!(env.read(".env").contains(&format!("\n{}\n", lines[3])));
    assert_eq!(env.ok(&["get", "B"]), "3\n");
}

#[test]
fn what_was_only_decrypted_has_its_sealed_value_again() {
    let env = TestEnv::new();
    let text = "A=1\nB=\"$A\"\nC='x $A' # c\nD=4\nD=5\n";
    env.write_sealed(".env", text);
    env.ok(&["set", "S", "it's $A"]);
    env.commit("sealed");
    let sealed = env.read(".env");
    env.ok(&["decrypt"]);
    let plain = env.read(".env");
    env.ok(&["encrypt"]);
    assert_eq!(env.read(".env"), sealed);
    // Only the lines of changed values change. A value that another name has is not copied from there.
    env.ok(&["decrypt"]);
    env.write_plain(".env", plain.replace("D=4", "D=x").replace("A=1\n", "A=4\nN=1\n"));
    env.ok(&["encrypt"]);
    let now = env.read(".env");
    let changed = now.lines().filter(|line| !sealed.lines().any(|old| old == *line));
    let changed: Vec<_> = changed.map(|line| line.split('=').next().unwrap()).collect();
    assert_eq!(changed, ["A", "N", "D"]);
    // The same text is re-encrypted if it now has another meaning: here it is literal.
    env.git(&["checkout", "-q", ".env"]);
    env.ok(&["decrypt"]);
    env.ok(&["encrypt", "--literal", "B"]);
    let line = |name: &str, text: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(!line("B=", &env.read(".env")).ends_with(":A"));
    assert_eq!(line("C=", &env.read(".env")), line("C=", &sealed));
    // Without the private key, or under another public key, everything is encrypted again.
    env.write_plain(".env", &plain);
    let keys = env.read(".env.keys");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    env.ok(&["encrypt"]);
    let is_afresh = || {
        let text = env.read(".env");
        text.lines().filter(|line| line.contains("=envseal:1:")).all(|line| !sealed.contains(line))
    };
    assert!(is_afresh());
    env.write(".env.keys", keys);
    env.ok(&["key", "rotate"]);
    env.ok(&["decrypt"]);
    env.ok(&["encrypt"]);
    assert!(is_afresh());
    env.ok(&["get"]);
}

/// An attacker who can push puts crafted values into HEAD, so that `encrypt` reuses them.
#[test]
fn no_sealed_value_of_the_last_commit_says_more_than_the_text() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\nK=k\n");
    let public = PublicKey::parse(env.ok(&["key", "show"]).trim()).unwrap();
    let seal = |name: &str, refs: &[&str], kind, source: &str| {
        let refs = Refs::new(refs.iter().map(|name| (*name).to_owned())).unwrap();
        Sealer::new(&public).unwrap().seal(name, &refs, kind, source.as_bytes()).unwrap()
    };
    let (source, value) = (PlaintextKind::Source, PlaintextKind::Value);
    let tokens = [
        // More references than the text has; fewer references; another name's value; another text.
        ("R", seal("R", &["A", "K"], source, "\"$A\""), "\"$A\""),
        ("S", seal("S", &[], source, "\"$A\""), "\"$A\""),
        ("T", seal("U", &[], source, "x"), "x"),
        ("V", seal("V", &[], value, "'x'"), "'x'"),
    ];
    let text = env.read(".env");
    env.write(
        ".env",
        tokens.iter().fold(text.clone(), |text, (name, token, _)| format!("{text}{name}={token}\n")),
    );
    env.commit("planted");
    env.write_plain(
        ".env",
        tokens.iter().fold(text, |text, (name, _, plain)| format!("{text}{name}={plain}\n")),
    );
    env.ok(&["encrypt"]);
    let now = env.read(".env");
    for (name, token, _) in &tokens {
        assert!(!now.contains(&token.to_string()), "{name}");
    }
    assert!(now.lines().any(|line| line.starts_with("R=") && line.ends_with(":A")));
    assert_eq!(env.ok(&["get", "V"]), "x\n");
}

#[test]
fn values_that_are_not_text_survive() {
    let env = TestEnv::new();
    let text = b"A=\xff\xfe\nB='\x80'\nC=\"$A\"\n";
    env.write(".env", text);
    env.ok(&["encrypt"]);
    let raw = |name: &str| env.envseal(&["get", name, "--format", "raw"]).output().stdout;
    assert_eq!(
        (raw("A"), raw("B"), raw("C")),
        (b"\xff\xfe".to_vec(), b"\x80".to_vec(), b"\xff\xfe".to_vec())
    );
    env.ok(&["decrypt"]);
    assert!(env.bytes(".env").ends_with(text));
}

#[test]
fn a_reserved_name_may_refer_to_what_is_not_sealed_above_it() {
    let env = TestEnv::new();
    env.write(".env", "PATH=$S:/bin\nS=1\nHOME='$S'\nT=1\nT=2 # envseal: plain\nENV=$T\n");
    env.ok(&["encrypt"]);
    env.ok(&["run", "--", "true"]);
}

#[test]
fn a_file_named_twice_is_sealed_once_and_another_one_takes_its_key() {
    let env = TestEnv::new();
    env.write(".env", "A=1\n");
    env.write("web/.env", "B=2\n");
    let twice = ["encrypt", "-f", ".env", "-e", "default", "-f", "./.env", "-f", "web/.env"];
    let output = env.envseal(&twice).output();
    assert_eq!(output.stderr.matches("Encrypted 1 value").count(), 2, "{}", output.stderr);
    assert_eq!(env.ok(&["key", "show"]), env.ok(&["key", "show", "-f", "web"]));
    let once = env.ok(&["decrypt", "--stdout"]);
    assert_eq!(env.ok(&["decrypt", "--stdout", "-f", ".env", "-e", "default"]), once);
}
