//! Files that dotenvx 2.38.2 encrypted.

use envseal::testing::dotenv::references;
use serde_json::Value;

use super::{made, opened};
use crate::support::{TestEnv, contains_all};

/// Creates a dotenvx project with two environments and their keys.
fn project() -> TestEnv {
    let env = TestEnv::new();
    env.write(".gitignore", ".env.keys\n");
    env.write(".env", made("dotenvx/env.txt"));
    env.write(".env.production", made("dotenvx/env.production.txt"));
    env.write(".env.keys", made("dotenvx/keys.txt"));
    // Some of its values refer to names that nothing sets.
    env.write("envseal.toml", "[policy]\nexternal = ['*']\n");
    env
}

/// Returns the values that dotenvx reads from its file.
fn read_by_dotenvx(file: &str) -> Value {
    let mut read: Value = serde_json::from_slice(&made(file)).unwrap();
    read.as_object_mut().unwrap().retain(|name, _| !name.starts_with("DOTENV_PUBLIC_KEY"));
    // dotenvx runs it as a command.
    if read.get("COMMAND").is_some() {
        read["COMMAND"] = "$(echo ran)".into();
    }
    read
}

#[test]
fn every_environment_is_converted_in_place_and_reads_the_same() {
    let env = project();
    let output = env.envseal(&["import", "dotenvx", "--yes"]).output();
    assert_eq!(output.status, 0, "{}", output.stderr);
    let said: String = output.stderr.split_inclusive('\n').skip(1 + 1 + 26 + 2).collect();
    assert_eq!(
        said,
        "Made .env.keys private (0600)\n\
         Created a key pair; the private key is in .env.keys. Back it up: envseal key backup FILE\n\
         Created a key pair; the private key is in .env.keys. Back it up: envseal key backup FILE\n\
         Encrypted and verified 26 values in .env\n\
         Encrypted and verified 2 values in .env.production\n\
         note: COMMAND: dotenvx runs its `$(…)` as a command; envseal keeps it as text\n\
         note: on CI, replace DOTENV_PRIVATE_KEY by ENVSEAL_PRIVATE_KEY: envseal key show --private -f .env\n\
         note: on CI, replace DOTENV_PRIVATE_KEY_PRODUCTION by ENVSEAL_PRIVATE_KEY_PRODUCTION: \
         envseal key show --private -f .env.production\n\
         note: keep the old private keys if you need the old values in git's history\n"
    );
    assert_eq!(opened(&env, ".env"), read_by_dotenvx("dotenvx/opened.json"));
    assert_eq!(opened(&env, ".env.production"), read_by_dotenvx("dotenvx/opened.production.json"));
    // Everything except the values is kept: comments, order, `export`.
    let text = env.read(".env");
    assert!(text.contains("\n# the head comment stays\n\nPLAIN=envseal:1:"), "{text}");
    assert!(text.contains(" # trailing\n") && text.contains("\nexport EXP=envseal:1:"), "{text}");
    assert!(
        !text.contains("DOTENV_PUBLIC_KEY") && !text.contains("encrypted:") && !text.contains("#/"),
        "{text}"
    );
    let url = env.read(".env.production");
    assert!(url.lines().any(|line| line.starts_with("URL=envseal:1:") && line.len() > 100), "{url}");
    // dotenvx's keys are kept, for the history.
    assert!(env.read(".env.keys").starts_with(std::str::from_utf8(&made("dotenvx/keys.txt")).unwrap()));
    assert_eq!(env.envseal(&["check"]).output().status, 0);
    let again = env.fails(2, &["import", "dotenvx", "--yes"]);
    assert!(again.starts_with("error: no env file here is encrypted by dotenvx\n"), "{again}");
}

#[test]
fn differences_and_a_table_of_names_come_before_the_question() {
    let env = project();
    let lines = "A1=${NO:-$OPEN}x\nA2=${NO:=d}\nA3=${OPEN:?m}\nA4=a$$OPEN\nA5='$X'\nA6=$A5.\nA7=${NO:+$OPEN}x\n\
                 B1=${NO:-$OPEN}-x\nB2=$$\nB3=${OPEN-d}$OPEN\nB4=$A5\nB5='${NO:=d}'\n";
    env.write(".env", env.read(".env") + lines);
    let said = env.refuses(2, &["import", "dotenvx"]);
    let note = "note: .env: dotenvx and envseal read the references in A1, A2, A3, A4, A7, DOLLARS differently (docs/import.md)\n";
    let end = "error: confirmation needed; nothing was written\nhint: to import without asking: add --yes\n";
    let table = said.strip_prefix(note).unwrap().strip_suffix(end).unwrap();
    assert_eq!(table.lines().count(), 1 + 26 + 12 + 2, "{table}");
    let head: Vec<_> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(head, ["FROM", "NAME", "TO", "ACTION"]);
    for value in ["abc", "fallback", "prod-value", "in the clear", "ran"] {
        assert!(!table.contains(value), "{table}");
    }
    let told = env.envseal(&["import", "dotenvx", ".env", "-x", "A[1-6]", "--yes"]).output().stderr;
    assert!(
        told.starts_with("note: .env: dotenvx and envseal read the references in A7, DOLLARS differently"),
        "{told}"
    );
}

#[test]
fn one_undecryptable_value_stops_everything() {
    let env = project();
    // The changed character is in the tag, after the ephemeral key and the nonce.
    let text = env.read(".env.production");
    let at = text.find("API=encrypted:").unwrap() + 14 + 115;
    let other = if &text[at..=at] == "A" { "B" } else { "A" };
    env.write(".env.production", format!("{}{other}{}", &text[..at], &text[at + 1..]));
    let said = env.refuses(3, &["import", "dotenvx", "--yes"]);
    let told = "error: .env.production: line 8: API is damaged or encrypted with another key\nhint: set DOTENV_PRIVATE_KEY_PRODUCTION to";
    assert!(said.starts_with(told), "{said}");
    // dotenvx's ciphertexts can be decrypted under another name, too. envseal can't prevent that.
    let env = project();
    env.write(".env.keys", "DOTENV_PRIVATE_KEY=\"00\"\n");
    assert!(
        env.fails(3, &["import", "dotenvx", "--yes"])
            .contains("is not a private key of 64 hexadecimal digits")
    );
    env.write(".env.keys", format!("DOTENV_PRIVATE_KEY={}\n", "12".repeat(32)));
    let said = env.fails(3, &["import", "dotenvx", "--yes"]);
    assert!(
        said.starts_with("error: .env: 24 values can't be decrypted\n  line 10: PLAIN is damaged or"),
        "{said}"
    );
    env.write(".env.keys", "# nothing\n");
    let said = env.fails(3, &["import", "dotenvx", "--yes"]);
    assert_eq!(
        said,
        "error: .env: DOTENV_PRIVATE_KEY was found neither in the environment nor in a keys file\nhint: set DOTENV_PRIVATE_KEY, \
         or name a keys file: --source-keys FILE; if keys are armored: dotenvx armor down\n"
    );
}

#[test]
fn keys_come_from_the_process_or_a_named_file() {
    let env = project();
    let keys = env.read(".env.keys");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let key = |name: &str| {
        let line = keys.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap().trim_matches('"').to_owned()
    };
    let list = format!("{}, {}", "34".repeat(32), key("DOTENV_PRIVATE_KEY_PRODUCTION"));
    env.envseal(&["import", "dotenvx", ".env.production", "-y"])
        .var("DOTENV_PRIVATE_KEY_PRODUCTION", list)
        .ok();
    assert_eq!(env.ok(&["get", "API", "-e", "production"]), "prod-value\n");
    env.write("elsewhere", &keys);
    env.ok(&["import", "dotenvx", "-y", "--source-keys", "elsewhere"]);
    assert_eq!(env.ok(&["get", "REF"]), "abc/x\n");
}

#[test]
fn a_selection_goes_into_another_file() {
    let env = project();
    env.ok(&["set", "-q", "-e", "staging", "API=older", "OWN=kept"]);
    let own = env.read(".env.staging");
    let own = own.lines().find(|line| line.starts_with("OWN=")).unwrap();
    env.ok(&["import", "dotenvx", ".env.production", "-e", "staging", "-y"]);
    assert_eq!(
        opened(&env, ".env.staging"),
        serde_json::json!({"API": "prod-value", "OWN": "kept", "URL": "https://prod-value/x"})
    );
    assert!(env.read(".env.staging").contains(own));
    assert!(env.read(".env.production").contains("encrypted:"));
    let same = env.envseal(&["import", "dotenvx", ".env.production", "-e", "staging"]).output();
    assert_eq!((same.status, &*same.stderr), (0, "Nothing to import: every value is already there\n"));
    env.ok(&["import", "dotenvx", ".env", "-e", "ci", "-y", "-k", "REF", "-k", "PLAIN"]);
    assert_eq!(opened(&env, ".env.ci"), serde_json::json!({"PLAIN": "abc", "REF": "abc/x"}));
}

#[test]
fn encrypted_values_never_become_plain_text() {
    for (policy, line) in
        [("[policy]\nplain = [\"PLAIN\", \"U*\"]\n", ""), ("[policy]\n", " # envseal: plain")]
    {
        let env = project();
        env.write("envseal.toml", format!("{policy}external = ['*']\n"));
        let marked = env
            .read(".env")
            .lines()
            .map(|it| if it.starts_with("PLAIN=") { format!("{it}{line}\n") } else { format!("{it}\n") })
            .collect::<String>();
        env.write(".env", marked);
        let said = env.refuses(4, &["import", "dotenvx", ".env", "-y"]);
        contains_all(
            &said,
            &[
                "PLAIN",
                "encrypted in the source, but a mark, the policy or the name would make it plain text here",
            ],
        );
        let hint = said.lines().last().unwrap();
        assert!(hint.starts_with("hint: leave it out: -x PLAIN"), "{said}");
        assert!(hint.ends_with("; then write it yourself: envseal set PLAIN --plain -f .env"), "{said}");
        env.ok(&["import", "dotenvx", ".env", "-y", "-x", "PLAIN", "-x", "UNI"]);
        // dotenvx can still decrypt the values that were left out.
        assert!(env.read(".env").contains("PLAIN=encrypted:"));
        assert!(env.read(".env").contains("\nDOTENV_PUBLIC_KEY=\""));
        env.write("envseal.toml", "");
    }
    // A name that controls programs.
    let env = project();
    env.write(".env.production", env.read(".env.production").replace("API=", "NODE_OPTIONS="));
    let said = env.fails(4, &["import", "dotenvx", ".env.production", "-y"]);
    assert!(said.contains("-x NODE_OPTIONS"), "{said}");
}

#[test]
fn a_backup_is_kept_on_request_without_plain_text() {
    let env = project();
    // It also has the values that are left out.
    for arguments in [&["-y", "--backup"][..], &["-y", "--backup", ".env", "-x", "LATER"]] {
        let said = env.fails(2, &[&["import", "dotenvx"], arguments].concat());
        assert!(
            said.starts_with("error: .env has LATER in plain text, so a backup would be a copy of it\n"),
            "{said}"
        );
    }
    let before = env.read(".env.production");
    let backed_up = ["import", "dotenvx", ".env.production", "-x", "URL", "-y", "--backup"];
    let said = env.envseal(&backed_up).output().stderr;
    assert!(said.contains("Kept a backup of .env.production in backup-env.production~\n"), "{said}");
    assert_eq!(env.read("backup-env.production~"), before);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = env.path("backup-env.production~").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // The backup is not an env file, and is never overwritten.
    assert!(!env.ok(&["ls"]).contains("backup"));
    env.write(".env.production", &before);
    let snapshot = env.snapshot();
    let said = env.fails(4, &backed_up);
    assert!(
        said.ends_with("error: backup-env.production~ already exists\nhint: move that one away first\n"),
        "{said}"
    );
    assert_eq!(env.snapshot(), snapshot);
}

/// What looks like the frame above dotenvx's public key may be part of a value.
#[test]
fn no_value_is_cut_with_the_header() {
    let env = TestEnv::new();
    let key = "DOTENV_PUBLIC_KEY=\"03abc\"\n";
    for (rest, names) in [("B=2\nC=3\nD='\n'\n", "A B C D"), ("B=2\nD='\nX=1\nY=2\nZ=3\nW=4\n#'\n", "A B D")]
    {
        env.write(".env", format!("A='\n#/'\n{key}{rest}"));
        env.ok(&["import", "dotenvx", ".env", "--yes"]);
        let values: Value = serde_json::from_str(&env.ok(&["get"])).unwrap();
        let found: Vec<_> = values.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!((found.join(" ").as_str(), &values["A"]), (names, &Value::from("\n#/")));
        env.write(".env", "");
    }
}

#[test]
fn a_lost_key_stops_the_import() {
    let env = project();
    env.ok(&["set", "-q", "-e", "staging", "OWN=kept"]);
    let keys = env.read(".env.keys");
    let without: String =
        keys.lines().filter(|line| !line.contains("_STAGING=")).map(|it| format!("{it}\n")).collect();
    env.write(".env.keys", without);
    let said = env.refuses(3, &["import", "dotenvx", ".env.production", "-e", "staging", "-y"]);
    assert!(said.contains("no private key for "), "{said}");
}

/// Runs the real dotenvx on random values; `ENVSEAL_TEST_SEED` changes them.
#[test]
fn random_dotenvx_values_read_the_same() {
    let Some(dotenvx) = std::env::var_os("ENVSEAL_TEST_DOTENVX").filter(|path| !path.is_empty()) else {
        eprintln!("SKIPPED: ENVSEAL_TEST_DOTENVX names no dotenvx");
        return;
    };
    let dotenvx = dotenvx.to_str().unwrap();
    // Parts that mean something to one reader or the other, combined at random.
    let parts = "a% %'%\"%`%$%${A}%$A%${B:-d}%${NONE}%\\%\\$%\\n%\n%#% # %=%é%{%}%${%:%,%encrypted:";
    let parts: Vec<_> = parts.split('%').collect();
    let seed = std::env::var("ENVSEAL_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut seed: u64 = seed.unwrap_or(1);
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let env = TestEnv::new();
    env.write(".gitignore", ".env.keys\n");
    env.write(".env", "A=first\nB=second\n");
    // Both read an unset name as empty; envseal does so only if the policy says that it is intended.
    env.write("envseal.toml", "[policy]\nexternal = [\"*\"]\n");
    let mut values = Vec::new();
    let chosen = ["\\$A $A", "${NONE:-$A}x", "$$A", "${NONE:=d}", "${A:?m}", "${NONE:-$A} x", "${A:-$B}x"];
    for at in 0..=60 {
        let length = next(6);
        let random: String = (0..length).map(|_| parts[next(parts.len())]).collect();
        let value = chosen.get(at).map_or(random, |value| (*value).to_owned());
        if references(value.as_bytes()).is_err() {
            continue;
        }
        let name = format!("V{at}");
        env.program(dotenvx, &["set", &name, "--quiet", "--", &value]).output();
        values.push((name, value));
    }
    let read: Value =
        serde_json::from_slice(&env.program(dotenvx, &["get", "--quiet"]).output().stdout).unwrap();
    let output = env.envseal(&["import", "dotenvx", "-y"]).output();
    assert_eq!(output.status, 0, "{}\n{values:?}", output.stderr);
    let ours = opened(&env, ".env");
    assert_eq!((&read["V0"], &ours["V0"]), (&"\\first first".into(), &"$A first".into()));
    // Exactly the values that are read differently are listed, before anything is replaced.
    let note = output.stderr.lines().take_while(|line| !line.starts_with("FROM")).collect::<String>();
    let listed = note.split_once("the references in ").unwrap().1.split(" differently").next().unwrap();
    let listed: Vec<_> = listed.split(", ").collect();
    for (name, value) in values {
        let same = ours[&name] == read[&name];
        assert!(
            same != listed.contains(&name.as_str()) || value == "${A:-$B}x",
            "{name} set to {value:?}: {note}"
        );
    }
    for name in ["V0", "V1", "V2", "V3", "V4"] {
        assert!(listed.contains(&name), "{note}");
    }
}

#[test]
fn unsupported_references_are_refused() {
    let env = project();
    let value = "${OPEN:0:2}";
    env.write(".env", env.read(".env") + &format!("S=\"{value}\"\n"));
    let told = env.refuses(4, &["import", "dotenvx", ".env", "--yes"]);
    assert!(told.contains(" S: unsupported `${…}`") && !told.contains(value), "{told}");
    env.ok(&["import", "dotenvx", ".env", "--yes", "--literal", "S"]);
    assert_eq!(env.ok(&["get", "S"]), format!("{value}\n"));
}
