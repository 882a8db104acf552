//! Files that sops encrypts during the test; skipped if sops is not installed.
#![cfg(unix)]

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use super::{made, opened};
use crate::support::TestEnv;

/// sops, with the key of tests/import/sops, and a project.
struct Sops {
    program: PathBuf,
    env: TestEnv,
    path: String,
}

const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/import/sops/key.txt");

impl Sops {
    fn find() -> Option<Self> {
        let Some(program) = std::env::var_os("ENVSEAL_TEST_SOPS").filter(|path| !path.is_empty()) else {
            eprintln!("SKIPPED: ENVSEAL_TEST_SOPS names no sops");
            return None;
        };
        let env = TestEnv::new();
        let bin = env.outside().join("bin");
        std::fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink(&program, bin.join("sops")).unwrap();
        let path = format!("{}:/usr/bin:/bin", bin.display());
        Some(Self { program: program.into(), env, path })
    }

    /// Writes `file`, and encrypts it with sops.
    fn seal(&self, file: &str, text: &[u8], options: &[&str]) {
        self.env.write(file, text);
        let key = String::from_utf8(made("sops/key.txt")).unwrap();
        let recipient = key.split_whitespace().find(|word| word.starts_with("age1")).unwrap();
        let output = Command::new(&self.program)
            .args(["--encrypt", "--age", recipient, "--in-place"])
            .args(options)
            .arg(self.env.path(file))
            .env_clear()
            .env("HOME", self.env.outside())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Returns the status and stderr of an import.
    fn import(&self, arguments: &[&str]) -> (i32, String) {
        let arguments = [&["import", "sops", "-y"], arguments].concat();
        let ran = self.env.envseal(&arguments).var("PATH", &self.path).var("SOPS_AGE_KEY_FILE", KEY).output();
        (ran.status, ran.stderr)
    }
}

/// A program in place of sops, which prints `text` for a file that sops encrypted as a whole.
fn whole(env: &TestEnv, file: &str, text: &str) -> impl Fn(&[&str]) -> (i32, String) {
    let bin = env.outside().join("bin");
    std::fs::create_dir(&bin).unwrap();
    env.write(bin.join("sops"), format!("#!/bin/sh\ncat <<'END'\n{text}END\n"));
    env.plaintext_in(bin.join("sops"));
    crate::support::set_mode(bin.join("sops"), 0o755);
    env.write(
        file,
        r#"{"data": "ENC[AES256_GCM,data:x,type:str]", "sops": {"mac": "ENC[x]", "version": "3.9.0"}}"#,
    );
    let path = format!("{}:/usr/bin:/bin", bin.display());
    move |arguments| {
        let ran = env.envseal(&[&["import", "sops", "-y"], arguments].concat()).var("PATH", &path).output();
        (ran.status, ran.stderr)
    }
}

#[test]
fn a_file_encrypted_as_a_whole_is_not_converted_in_part() {
    let env = TestEnv::new();
    let (one, other) = (env.secret("one"), env.secret("other"));
    let text = format!("# {one}\nDB={one}\nNODE_OPTIONS=--inspect\nAPI={other} # {other}\n");
    let import = whole(&env, ".env.production", &text);
    let before = env.snapshot();
    for selection in [
        &["-k", "DB"][..],
        &["-x", "NODE_OPTIONS", "-e", "production"],
        &["-k", "NOPE", "-f", "./.env.production"],
        &["-x", "NOPE", "--backup"],
    ] {
        let (status, said) = import(&[&[".env.production"], selection].concat());
        assert_eq!(status, 2, "{selection:?}: {said}");
        assert_eq!(
            said,
            "error: .env.production can't be converted in part\n\
             hint: import into another file: -e NAME or -f FILE\n"
        );
        assert_eq!(env.snapshot(), before);
    }
    // A name that would be plain text can only be left out of another file.
    let (status, said) = import(&[".env.production"]);
    assert!(status == 4 && said.ends_with("\nhint: leave it out: -x NODE_OPTIONS -e NAME\n"), "{said}");
    assert_eq!(env.snapshot(), before);
    assert_eq!(import(&[".env.production", "-x", "NODE_OPTIONS", "-e", "other"]).0, 0);
    assert_eq!(opened(&env, ".env.other"), json!({"DB": one, "API": other}));
}

#[test]
fn unclear_lines_of_a_file_encrypted_as_a_whole_are_named() {
    let env = TestEnv::new();
    let secret = env.secret("line");
    for (text, told) in [
        (format!("# c\nA=1\n{secret}\n"), ".env.x:3 is neither a variable"),
        (format!("# c\nKEY=-----BEGIN KEY-----\n{secret}\n-----END KEY-----\n"), ".env.x:2 KEY: the value"),
        (format!("A=1\n# c\nB=adm#{secret}\n"), ".env.x:3 B: `#` touches the value"),
        (format!("A={secret}\n# c\nB=${{NOPE}}\n"), ".env.x:3 B contains a `$`"),
    ] {
        let import = whole(&env, ".env.x", &text);
        let before = env.snapshot();
        for target in ["x", "new"] {
            let (status, said) = import(&[".env.x", "-e", target]);
            assert!(status == 4 && said.starts_with(&format!("error: {told}")), "{said}");
            assert_eq!(env.snapshot(), before);
        }
        std::fs::remove_dir_all(env.outside().join("bin")).unwrap();
    }
}

#[test]
fn several_documents_are_refused() {
    let Some(sops) = Sops::find() else { return };
    sops.seal("m.yaml", b"A: one\n---\nB: two\n", &[]);
    let (status, said) = sops.import(&["m.yaml", "-e", "multi"]);
    assert_eq!(status, 4, "{said}");
    assert!(said.contains(": a second document starts here\nhint: split it"), "{said}");
    assert!(!sops.env.path(".env.multi").exists());
}

#[test]
fn ini_names_without_a_section_are_imported() {
    let Some(sops) = Sops::find() else { return };
    sops.seal("a.ini", b"[DEFAULT]\nx = 1\n[db]\nuser = bob\n", &[]);
    assert_eq!(sops.import(&["a.ini", "-e", "a"]).0, 0);
    assert_eq!(opened(&sops.env, ".env.a"), json!({"DEFAULT_x": "1", "db_user": "bob"}));
    sops.seal("b.ini", b"y = 0\n[DEFAULT]\nx = 1\n", &["--unencrypted-regex", "^y$"]);
    assert_eq!(sops.import(&["b.ini", "-e", "b"]).0, 0);
    assert_eq!(opened(&sops.env, ".env.b"), json!({"DEFAULT_y": "0", "DEFAULT_x": "1"}));
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    let Some(sops) = Sops::find() else { return };
    let texts: [(&str, &[u8], &str); 3] = [
        ("raw.env", b"BAD=x\xff\xfey\nGOOD=\xef\xbf\xbd \\\\ufffd\n", "BAD"),
        ("raw.ini", b"[DEFAULT]\nBAD=x\xff\nGOOD=\xef\xbf\xbd \\\\ufffd\n", "DEFAULT_BAD"),
        ("raw.yaml", b"BAD: !!binary //79\nGOOD: \"\xef\xbf\xbd \\\\\\\\ufffd\"\n", "BAD"),
    ];
    for (file, text, bad) in texts {
        sops.seal(file, text, &[]);
        let (status, said) = sops.import(&[file, "-e", "x"]);
        assert_eq!(status, 4, "{file}: {said}");
        let hint = format!("BAD is not UTF-8\nhint: leave it out: -x {bad}\n");
        assert!(said.ends_with(&hint), "{file}: {said}");
        if file == "raw.env" {
            // A file that is converted in place can't leave anything out, so the hint names a target.
            assert!(sops.import(&[file]).1.ends_with(&format!("-x {bad} -e NAME\n")));
        }
        let (status, said) = sops.import(&[file, "-e", "x", "-x", bad]);
        assert_eq!(status, 0, "{file}: {said}");
        let values = opened(&sops.env, ".env.x");
        let good = values.as_object().unwrap().values().next_back().unwrap();
        assert_eq!(good, "\u{fffd} \\\\ufffd", "{file}");
        std::fs::remove_file(sops.env.path(".env.x")).unwrap();
    }
}

#[test]
fn no_backup_holds_unencrypted_sops_values() {
    let Some(sops) = Sops::find() else { return };
    sops.env.plaintext_in(".env.part");
    let dotenv = ["--input-type", "dotenv", "--output-type", "dotenv"];
    let in_part = [&dotenv[..], &["--encrypted-regex", "^API"]].concat();
    sops.seal(".env.part", b"API=sealed\nDB_PASS=hunter\n", &in_part);
    let (status, said) = sops.import(&[".env.part", "--backup"]);
    assert_eq!(status, 2, "{said}");
    assert!(said.starts_with("error: .env.part has DB_PASS in plain text, so a backup"), "{said}");
    assert!(!sops.env.path("backup-env.part~").exists());
    assert_eq!(sops.import(&["./.env.part"]).0, 0);
    let text = sops.env.read(".env.part");
    assert!(!text.contains("sops_") && !text.contains("hunter"), "{text}");
    assert_eq!(opened(&sops.env, ".env.part"), json!({"API": "sealed", "DB_PASS": "hunter"}));
    sops.seal(".env.all", b"API=sealed\nDB_PASS=hunter\n", &dotenv);
    let before = sops.env.read(".env.all");
    assert_eq!(sops.import(&[".env.all", "--backup"]).0, 0);
    assert_eq!(sops.env.read("backup-env.all~"), before);
}

/// sops can leave values in plain text by name, and so can the policy. Values that sops encrypted stay encrypted.
#[test]
fn unencrypted_sops_values_may_be_plain_text() {
    let Some(sops) = Sops::find() else { return };
    sops.env.write("envseal.toml", "[policy]\nplain = [\"*_unencrypted\", \"*REGION\", \"*SECRET\"]\n");
    let regex = ["--encrypted-regex", "SECRET|KEPT"];
    let files: [(&str, &[u8], &[&str], &str); 5] = [
        ("suffix.yaml", b"o:\n  a_unencrypted: eu-1\n  SECRET: s\n", &[], "o_"),
        ("regex.yaml", b"o:\n  REGION: eu-1\n  SECRET: s\n  KEPT: k\n", &regex, "o_"),
        ("regex.json", br#"{"o": {"REGION": "eu-1", "SECRET": "s"}}"#, &regex, "o_"),
        ("regex.ini", b"[o]\nREGION = eu-1\nSECRET = s\n", &regex, "o_"),
        ("regex.env", b"REGION=eu-1\nSECRET=s\n", &regex, ""),
    ];
    for (file, text, options, before) in files {
        sops.seal(file, text, options);
        let (status, said) = sops.import(&[file, "-e", "x"]);
        assert_eq!(status, 4, "{file}: {said}");
        assert!(
            said.ends_with(&format!("-x {before}SECRET\n")) || said.contains(&format!("-x {before}SECRET;")),
            "{file}: {said}"
        );
        let (status, said) = sops.import(&[file, "-e", "x", "-x", "*SECRET"]);
        assert_eq!(status, 0, "{file}: {said}");
        let text = sops.env.read(".env.x");
        assert!(text.contains("=eu-1\n") && !text.contains("=k\n"), "{file}: {text}");
        std::fs::remove_file(sops.env.path(".env.x")).unwrap();
    }
}

#[test]
fn what_sops_encrypted_earlier_is_imported() {
    let Some(sops) = Sops::find() else { return };
    let env = &sops.env;
    env.write("secrets.yaml", made("sops/sealed.yaml"));
    env.write(".env.production", made("sops/sealed.env.txt"));
    let (status, said) = sops.import(&["secrets.yaml", "-e", "staging"]);
    if status != 0 {
        // A value that no variable can hold is left out by its name.
        let left_out = said.split(": ").nth(2).unwrap().split(' ').next().unwrap().replace('.', "_");
        let (status, said) = sops.import(&["secrets.yaml", "-e", "staging", "-x", &left_out]);
        assert_eq!(status, 0, "{said}");
    }
    let staging = opened(env, ".env.staging");
    assert!(staging.as_object().unwrap().len() > 2, "{staging}");
    // A value that is left out would be lost.
    assert_eq!(sops.import(&[".env.production", "-x", "A"]).0, 2);
    let (status, said) = sops.import(&[".env.production"]);
    assert_eq!(status, 0, "{said}");
    assert!(!env.read(".env.production").contains("sops_"));
    let expected: serde_json::Value = serde_json::from_slice(&made("sops/opened.dotenv.json")).unwrap();
    assert_eq!(opened(env, ".env.production"), expected);
}

#[test]
fn a_failing_sops_gets_a_hint() {
    let Some(sops) = Sops::find() else { return };
    sops.env.write("secrets.yaml", made("sops/sealed.yaml"));
    let import = || sops.env.envseal(&["import", "sops", "-y", "secrets.yaml", "-e", "x"]);
    let said = import().var("PATH", &sops.path).fails(3);
    assert!(
        said.ends_with(
            "\nhint: see the message of sops above; to try without envseal: sops decrypt secrets.yaml\n"
        ),
        "{said}"
    );
    assert!(import().var("PATH", "/nowhere").fails(4).contains("hint: install it"));
    assert!(!sops.env.path(".env.x").exists());
}
