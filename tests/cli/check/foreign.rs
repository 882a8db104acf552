//! Files of other tools under the name of an env file: each is reported once, as what it is.

use super::project;

#[test]
fn a_file_of_another_tool_is_one_finding() {
    let env = project();
    let armour = "-----BEGIN PGP MESSAGE-----\n\nhQEMA0x\nYWJj\nZGVm\n=abcd\n-----END PGP MESSAGE-----\n";
    let binary = [&b"\0GITCRYPT\0"[..], &(0..=255).cycle().take(2000).collect::<Vec<u8>>()].concat();
    let unknown: Vec<u8> = (0..=255).cycle().take(2000).collect();
    for (text, words) in [
        (armour.as_bytes(), "encrypted with GPG"),
        (b"\x85\x01\x0c\x03\xff\n\n\xfe\n\xfd\n", "encrypted with GPG"),
        (b"\xc1\xc0\x4c\x03\xff", "encrypted with GPG"),
        (b"\n-----BEGIN AGE ENCRYPTED FILE-----\nYWdl", "encrypted with age"),
        (b"U2FsdGVkX1+abc\n", "openssl"),
        (b"age-encryption.org/v1\n-> X25519 abc\ndef\n--- ghi\n\xff\n", "encrypted with age"),
        (&binary, "encrypted by git-crypt"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n", "a pointer of Git LFS"),
        (b"{\n\t\"data\": \"ENC[AES256_GCM,data:x]\",\n\t\"sops\": {\n\t}\n}\n", "encrypted with sops"),
        (b"A=ENC[AES256_GCM,data:x]\nB=ENC[x]\nsops_mac=ENC[x]\nsops_version=3\n", "encrypted with sops"),
        (&unknown, "binary data, not an env file"),
    ] {
        env.write(".env.x", text);
        env.git(&["add", "-A"]);
        for arguments in [&["check", "--staged"][..], &["check"]] {
            let told = String::from_utf8(env.envseal(arguments).output().stdout).unwrap();
            let of_file: Vec<_> = told.lines().filter(|line| line.starts_with(".env.x:")).collect();
            let [line] = of_file[..] else { panic!("{words}: {told}") };
            assert!(told.contains(words) && line.ends_with("[unreadable]"), "{told}");
            assert!(told.contains("`exclude` under [policy]"), "the fix excludes it: {told}");
        }
    }
    env.write("envseal.toml", "[policy]\nexclude = ['.env.x']\n");
    env.git(&["add", "-A"]);
    assert!(env.check(&["--staged"]).iter().all(|found| found.starts_with("envseal.toml:")));
    env.write("envseal.toml", "");
    // A file with such a marker further down is an ordinary env file.
    env.write(".env.x", format!("A=abc\n{armour}"));
    env.git(&["add", "-A"]);
    assert!(env.check(&["--staged"]).contains(&".env.x:1 !plaintext A".to_owned()));
    for text in
        [&b""[..], b"A=abc\n", b"\xef\xbb\xbfA=abc", b"\xc3\xa9=abc", b"{}", b"A=age-encryption.org/v1"]
    {
        env.write(".env.x", text);
        let found = env.check(&[]);
        assert!(!found.contains(&".env.x:- !unreadable -".to_owned()), "{} {found:?}", text.escape_ascii());
    }
}

#[test]
fn a_file_under_a_clean_filter_is_one_finding_on_disk_too() {
    let env = project();
    env.write(".gitattributes", ".env.x filter=crypt\n");
    env.git(&["config", "filter.crypt.clean", "printf '\\0GITCRYPT\\0'; sort -r"]);
    env.write(".env.x", "A=abc\nB=def\nwords\n");
    env.git(&["add", "-A"]);
    assert_eq!(env.check(&["--staged"]), [".env.x:- !unreadable -"]);
    env.commit("filtered");
    env.write(".env.x", "A=abc\nB=def\nC=other\nwords\n");
    let found = env.check(&[]);
    assert_eq!(found, [".env.x:- !unreadable -"]);
    let found = env.check(&["--range", "HEAD~1..HEAD"]);
    assert!(!found.is_empty() && found.iter().all(|found| found == ".env.x:- !unreadable -"), "{found:?}");
}

/// A public key of dotenvx is not to be encrypted: the file is to be imported.
#[test]
fn the_public_key_of_dotenvx_is_its_own() {
    let env = project();
    let (key, other) = (format!("02{}", "ab".repeat(32)), "ab".repeat(33));
    env.write(
        ".env.x",
        format!("DOTENV_PUBLIC_KEY_X=\"{key}\"\nDB_PASSWORD=\nDOTENV_PUBLIC_KEY=secret\nDOTENV_PUBLIC_KEY_Y={other}\n"),
    );
    let found = env.check(&[]);
    assert!(found.contains(&".env.x:1 !foreign-sealed DOTENV_PUBLIC_KEY_X".to_owned()), "{found:?}");
    assert!(found.contains(&".env.x:3 !plaintext DOTENV_PUBLIC_KEY".to_owned()), "{found:?}");
    assert!(found.contains(&".env.x:4 !plaintext DOTENV_PUBLIC_KEY_Y".to_owned()), "{found:?}");
    let told = env.check_text(&[]);
    assert!(told.contains("fix: envseal import dotenvx .env.x\n"), "{told}");
}

/// Only a filter makes git store other bytes than those on disk.
#[test]
fn a_file_that_replaced_one_of_another_tool_is_read_from_disk() {
    let env = project();
    env.write(".gitattributes", ".env.x filter=nowhere\n");
    env.write(".env.x", "age-encryption.org/v1\n-> X25519 abc\nxyz\n");
    env.commit("age");
    assert_eq!(env.check(&[]), [".env.x:- !unreadable -"]);
    env.write_plain(".env.x", "A=plain-as-day\n");
    assert!(env.check(&[]).contains(&".env.x:1 !plaintext A".to_owned()), "{:?}", env.check(&[]));
}
