//! `envseal encrypt`.

use envseal::testing::crypto::{PlaintextKind, PublicKey, Refs, Sealer};

use crate::support::TestEnv;

/// Returns an env file's text after the header.
fn body(text: &str) -> &str {
    let eol = if text.contains("\r\n\r\n") { "\r\n\r\n" } else { "\n\n" };
    text.split_once(eol).unwrap().1
}

#[test]
fn what_it_seals_comes_back_byte_for_byte_and_reads_the_same() {
    let files = [
        "A=1\n",
        "A=1",
        "A=1\r\nB='x\r\ny'\r\nC=\"$A\\n\"\r\n",
        "\u{feff}A=1\n",
        "#!/bin/sh\nexport  A = 1   # one\n\n\t B: two\n",
        "A='it\\'s'\nB=\"say \\\"hi\\\"\"\nC=`a'b\"c`\nD=\"two\nlines # not a comment\" # one\n",
        "A=1\nA=2\nB=$A${A}${NO:-$A}\nA=${A}3\nC=$A\n",
        "A='$B'\nB=\"$A\"\nC=`${B}`\nD=\\$A\n",
        "A=\nB=''\nC=\"\"\nD= # empty\n",
        "A=\u{e9}\u{1f600}\nB='\u{a0}'\n",
        "A=\n'late'\nB:\nlater\n",
    ];
    for text in files {
        let env = TestEnv::new();
        env.write(".env", text);
        let before = env.ok(&["get"]);
        env.ok(&["encrypt"]);
        assert_eq!(env.ok(&["get"]), before, "{text:?}");
        let sealed = env.read(".env");
        env.ok(&["encrypt"]);
        assert_eq!(env.read(".env"), sealed, "the second time changes nothing: {text:?}");
        env.ok(&["decrypt"]);
        let plain = env.read(".env");
        if !sealed.contains("ENVSEAL_") {
            assert_eq!(plain, text, "nothing to encrypt");
            continue;
        }
        let shebang = "#!/bin/sh\n";
        let rest = text.trim_start_matches('\u{feff}');
        let back = body(&plain).to_owned();
        assert_eq!(
            if rest.starts_with(shebang) { format!("{shebang}{back}") } else { back },
            rest,
            "{text:?}"
        );
        assert_eq!(plain.starts_with('\u{feff}'), text.starts_with('\u{feff}'));
        // With a header in place, the text comes back exactly.
        env.ok(&["encrypt"]);
        env.ok(&["decrypt"]);
        assert_eq!(env.read(".env"), plain, "{text:?}");
        assert_eq!(plain.contains("\r\n"), text.contains("\r\n"));
        assert_eq!(
            plain.replace("\r\n", "").contains('\n'),
            !text.contains("\r\n"),
            "one kind of line break"
        );
    }
}

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
    assert!(body(&env.read(".env")).starts_with(text));
}

#[test]
fn only_and_except_seal_a_part() {
    let env = TestEnv::new();
    env.write(".env", "A_KEY=1\nB_KEY=2\nC=3\n");
    env.ok(&["encrypt", "-k", "*_KEY", "-x", "B*"]);
    let text = env.read(".env");
    assert!(body(&text).starts_with("A_KEY=envseal:1:") && text.ends_with("B_KEY=2\nC=3\n"), "{text}");
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
    let before = env.snapshot();
    let stderr = env.fails(3, &["encrypt", "--stdout"]);
    assert!(stderr.contains("no public key"), "{stderr}");
    assert_eq!(env.snapshot(), before, "no key is created for it");
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
fn an_ambiguous_hash_is_refused_by_line_and_never_shown() {
    for line in ["A=adm#in", "A='quoted'#tail", "A=\"x\"#y", "A=x#"] {
        let env = TestEnv::new();
        let secret = env.secret("other");
        env.write_plain(".env", format!("X={secret}\n{line}\nB={secret}\n"));
        let before = env.snapshot();
        let stderr = env.fails(4, &["encrypt"]);
        assert!(stderr.contains(".env:2 A: "), "{stderr}");
        for text in ["adm", "quoted", "tail"] {
            assert!(!stderr.contains(text), "{stderr}");
        }
        assert_eq!(env.snapshot(), before, "nothing is half encrypted, no key is created");
        // Another line can be encrypted without it.
        env.ok(&["encrypt", "-k", "X"]);
        assert!(env.read(".env").contains(&format!("\n{line}\n")));
    }
}

#[test]
fn a_line_that_cannot_be_sealed_is_refused() {
    for text in ["A=1\njust text\n", "A=1\n=x\n", "A=1\n'\n", "just text\n"] {
        let env = TestEnv::new();
        env.write_plain(".env", text);
        let before = env.snapshot();
        let stderr = env.fails(4, &["encrypt"]);
        assert!(stderr.contains(" is neither a variable nor a comment"), "{stderr}");
        assert!(!stderr.contains("just text"), "{stderr}");
        assert_eq!(env.snapshot(), before);
    }
}

#[test]
fn merge_markers_are_refused() {
    let env = TestEnv::new();
    env.write_plain(".env", "A=1\n<<<<<<< HEAD\nB=1\n=======\nB=2\n>>>>>>> x\n");
    let before = env.snapshot();
    for command in ["encrypt", "decrypt", "get"] {
        assert!(env.fails(4, &[command]).contains(".env:2 contains a merge-conflict marker"));
    }
    assert_eq!(env.snapshot(), before);
}

#[test]
fn a_quoted_token_is_the_same_token_and_a_forged_one_is_refused() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\nB=2\nC=3\n");
    let text = env.read(".env");
    let quoted: String = text
        .lines()
        .map(|line| match line.split_once("=envseal:1:") {
            Some((name @ "A", token)) => format!("{name}='envseal:1:{token}'\n"),
            Some((name @ "B", token)) => format!("{name}=\"envseal:1:{token}\"  # c\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    env.write(".env", &quoted);
    assert_eq!(env.ok(&["get"]), "{\n  \"A\": \"1\",\n  \"B\": \"2\",\n  \"C\": \"3\"\n}\n");
    env.ok(&["encrypt"]);
    assert_eq!(env.read(".env"), quoted);
    for forged in ["envseal:1:sk_live_plain", "envseal:2:x", "envseal:", "'envseal:1:'", "`envseal:1:x`"] {
        env.write_plain(".env", format!("{text}D={forged}\nE=4\n"));
        let before = env.snapshot();
        for command in ["encrypt", "decrypt"] {
            let stderr = env.fails(3, &[command]);
            assert!(stderr.contains(".env:7 D: ") && !stderr.contains("sk_live"), "{stderr}");
        }
        assert_eq!(env.snapshot(), before);
    }
}

#[test]
fn a_name_put_together_from_a_value_is_refused() {
    let env = TestEnv::new();
    env.write_plain(".env", "N=A\nA=1\nB=${${N}}\n");
    let before = env.snapshot();
    let stderr = env.fails(4, &["encrypt"]);
    assert!(stderr.contains(".env:3 B: "), "{stderr}");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn sealing_that_would_change_another_lines_reading_is_refused() {
    let env = TestEnv::new();
    // B's quotes keep A's from reaching the comment.
    env.write_plain(".env", "A=\"foo\nB=\"bar\"baz\n# \"\n");
    let before = env.snapshot();
    let stderr = env.fails(4, &["encrypt", "-k", "B"]);
    assert!(stderr.contains(".env: line 1 "), "{stderr}");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn of_two_files_both_are_written_or_neither() {
    let env = TestEnv::new();
    env.write_plain(".env.a", "A=1\n");
    env.write_plain(".env.b", "B=adm#in\n");
    let before = env.snapshot();
    env.fails(4, &["encrypt", "-e", "a", "-e", "b"]);
    env.fails(4, &["encrypt"]);
    env.fails(4, &["encrypt", "-e", "a", "-e", "missing"]);
    assert_eq!(env.snapshot(), before);
}

#[test]
#[cfg(unix)]
fn a_file_that_cannot_be_written_stops_the_others_too() {
    let env = TestEnv::new();
    env.write_plain(".env.a", "A=1\n");
    env.write_plain(".env.b", "B=2\n");
    crate::support::set_mode(env.path(".env.b"), 0o444);
    let before = env.snapshot();
    let stderr = env.fails(4, &["encrypt", "-e", "a", "-e", "b"]);
    assert!(stderr.contains(".env.b: it is read-only"), "{stderr}");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn files_of_one_environment_share_its_key() {
    let env = TestEnv::new();
    env.write_sealed(".env.production", "A=1\n");
    env.write_sealed("web/.env.production", "B=2\n");
    env.write_sealed("production.env.d/.env.staging", "C=3\n");
    let key = |path: &str| env.ok(&["key", "show", "-f", path]);
    assert_eq!(key(".env.production"), key("web/.env.production"));
    assert_ne!(key(".env.production"), key("production.env.d/.env.staging"));
    assert_eq!(env.read(".env.keys").matches("ENVSEAL_PRIVATE_KEY_PRODUCTION=").count(), 1);
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
fn what_a_reserved_name_depends_on_is_not_sealed_under_it() {
    for text in [
        "S=1\nPATH=$S:/bin\n",
        "S=1\nM=\"$S\" # envseal: plain\nNODE_OPTIONS=${NO:-$M}\n",
        "S=1\nS=${S}2\nHOME=`$S`\n",
    ] {
        let env = TestEnv::new();
        env.write_plain(".env", text);
        let before = env.snapshot();
        let stderr = env.fails(4, &["encrypt"]);
        assert!(stderr.contains(" depends on ") && stderr.contains("# envseal: plain"), "{stderr}");
        assert_eq!(env.snapshot(), before);
    }
    let env = TestEnv::new();
    env.write(".env", "PATH=$S:/bin\nS=1\nHOME='$S'\nT=1\nT=2 # envseal: plain\nENV=$T\n");
    env.ok(&["encrypt"]);
    env.ok(&["run", "--", "true"]);
}

#[test]
fn a_file_named_twice_is_sealed_once() {
    let env = TestEnv::new();
    env.write(".env", "A=1\n");
    let output = env.envseal(&["encrypt", "-f", ".env", "-e", "default", "-f", "./.env"]).output();
    assert_eq!(output.stderr.matches("Encrypted 1 value").count(), 1, "{}", output.stderr);
    let once = env.ok(&["decrypt", "--stdout"]);
    assert_eq!(env.ok(&["decrypt", "--stdout", "-f", ".env", "-e", "default"]), once);
}
