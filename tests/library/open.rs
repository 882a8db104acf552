//! Decrypting files and values.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use envseal::testing::crypto::{PlaintextKind, PublicKey as RawPublicKey, Refs, Sealer as RawSealer};
use envseal::{EnvPath, ErrorKind, PrivateKey, PublicKey, Sealer, Token, Vault};

use crate::locked::lock_keys;
use crate::{CANARY, Folder, quickstart, refused, texts};

#[test]
fn every_variable_is_decrypted_and_expanded() {
    let vault = crate::examples::options().open(quickstart().join(".env")).unwrap();
    assert_eq!(vault.environment(), "default");
    assert_eq!(vault.path(), quickstart().join(".env"));
    assert_eq!(
        vault.names().collect::<Vec<_>>(),
        ["PORT", "GREETING", "READER", "DATABASE_PASSWORD", "DATABASE_URL"]
    );
    let vars = vault.vars().unwrap();
    assert_eq!((vars.len(), vars.is_empty()), (5, false));
    let password = vars.get("DATABASE_PASSWORD").unwrap();
    assert!(password.is_sealed() && !vars.get("PORT").unwrap().is_sealed());
    let url = vars.get("DATABASE_URL").unwrap().to_str().unwrap();
    assert!(url.contains(password.to_str().unwrap()), "references are expanded");
    assert!(vars.get("ENVSEAL_PUBLIC_KEY").is_none() && vars.get("NONE").is_none());
    assert_eq!(vault.get("PORT").unwrap().expose(), b"8080");
    assert_eq!(
        vault.public_key().unwrap().to_string(),
        "envseal-pk1-bSCVqwDkaHfJian49re2YHiMsp4l3kKiJEi56t24hQODVXsP"
    );
}

#[test]
fn the_file_wins_over_the_process() {
    let folder = Folder::new();
    folder.write(
        ".env",
        "PATH=/from/the/file # envseal: plain\nA=\"$PATH\"\nB=\"$CARGO_MANIFEST_DIR\"\nA2='$A'\n",
    );
    let vars = texts(&folder.open());
    let of_process = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let expected = [("PATH", "/from/the/file"), ("A", "/from/the/file"), ("B", &of_process), ("A2", "$A")];
    assert_eq!(vars, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn the_last_of_a_name_is_read_and_named_once() {
    let folder = Folder::sealed();
    let token = folder.source("SECRET");
    folder.append(".env", &format!("A=1\nSECRET=other\nA=2\nSECRET={token}\n"));
    let vault = folder.open();
    assert_eq!(vault.names().collect::<Vec<_>>(), ["SECRET", "A"]);
    assert_eq!(vault.get("SECRET").unwrap().expose(), CANARY.as_bytes());
    assert_eq!(vault.get("A").unwrap().expose(), b"2");
}

#[test]
fn the_first_of_several_files_wins() {
    let folder = Folder::sealed();
    folder.write(".env.local", "PORT=1\nLOCAL=yes\n");
    folder.append(".env", "PORT=2\n");
    let vars = Vault::options().vars([folder.path(".env.local"), folder.path(".env")]).unwrap();
    let shown: Vec<_> = vars.iter().map(|(name, value)| (name, value.to_str().unwrap())).collect();
    assert_eq!(shown, [("PORT", "1"), ("LOCAL", "yes"), ("SECRET", CANARY)]);
    let missing = Vault::options().vars([folder.path(".env.none"), folder.path(".env")]);
    refused(missing, ErrorKind::NotFound);
}

#[test]
fn an_optional_file_may_be_missing() {
    let folder = Folder::sealed();
    let (local, env) = (folder.path(".env.local"), folder.path(".env"));
    let read = || Vault::options().vars([EnvPath::optional(&local), env.clone().into()]);
    assert_eq!(read().unwrap().len(), 1);
    folder.write(".env.local", "SECRET=mine # envseal: plain\n");
    assert_eq!(read().unwrap().get("SECRET").unwrap().expose(), b"mine");
    // The file may be missing, but any other problem is an error.
    folder.write(".env.local", "A=envseal:1:x\n");
    refused(read(), ErrorKind::CannotOpen);
    std::fs::remove_file(&local).unwrap();
    std::fs::create_dir(&local).unwrap();
    refused(read(), ErrorKind::Io);
    refused(Vault::options().vars([EnvPath::optional("nonsense"), env.clone().into()]), ErrorKind::Malformed);
    refused(Vault::options().vars([EnvPath::from(folder.path(".env.none"))]), ErrorKind::NotFound);
    assert!(Vault::options().vars([EnvPath::optional(folder.path(".env.none"))]).unwrap().is_empty());
    // A path is not a command-line argument: `?` is a part of the name.
    let odd = folder.path("?");
    std::fs::create_dir(&odd).unwrap();
    std::fs::write(odd.join(".env"), "A=1\n").unwrap();
    assert_eq!(Vault::options().vars([odd.join(".env")]).unwrap().len(), 1);
    refused(Vault::options().vars(["?.env.local"]), ErrorKind::Malformed);
    #[cfg(unix)]
    {
        // A symlink that leads nowhere is not a missing file.
        std::fs::remove_dir(&local).unwrap();
        std::os::unix::fs::symlink("nowhere", &local).unwrap();
        refused(Vault::options().vars([EnvPath::optional(&local)]), ErrorKind::NotFound);
    }
}

/// Hints are commands to paste, or sentences. The options of a command that nobody has typed are neither.
#[test]
fn hints_are_for_a_program() {
    let folder = Folder::sealed();
    folder.append(".env", "PORT=1\n");
    let error = refused(folder.open().rename("SECRET", "PORT"), ErrorKind::Refused);
    assert!(error.hint().as_deref().unwrap().contains("envseal unset PORT -f "), "{error:?}");
    let error = refused(folder.open().get(".env.production"), ErrorKind::NotFound);
    assert!(error.hint().as_deref().unwrap().starts_with("list the names: "), "{error:?}");
    let doubled = (1..30).map(|at| format!("A{at}=$A{0}$A{0}$A{0}$A{0}\n", at - 1)).collect::<String>();
    folder.write(".env", format!("A0=0123456789\n{doubled}"));
    refused(folder.open().vars(), ErrorKind::Refused);
}

#[test]
fn missing_files_and_names_are_named() {
    let folder = Folder::sealed();
    let error = refused(Vault::open(folder.path(".env.production")), ErrorKind::NotFound);
    assert!(error.to_string().contains(".env.production"), "{error}");
    let error = refused(folder.open().get("SECERT"), ErrorKind::NotFound);
    assert_eq!(error.hint().as_deref(), Some("did you mean SECRET?"));
    refused(Vault::open(folder.path(".env.keys")), ErrorKind::Malformed);
}

/// A program that uses defaults if there is no env file must not continue without its secrets.
#[test]
fn a_missing_keys_file_or_identity_is_no_key() {
    let folder = Folder::sealed();
    for missing in ["none", ".env.none", "none.env", "none/.env.keys"] {
        let mut vault = Vault::options().keys_file(folder.path(missing)).open(folder.path(".env")).unwrap();
        for error in [
            refused(vault.vars(), ErrorKind::NoKey),
            refused(vault.get("SECRET"), ErrorKind::NoKey),
            refused(vault.rename("SECRET", "OTHER"), ErrorKind::NoKey),
        ] {
            assert!(error.to_string().contains(missing), "{error}");
            assert_eq!(error.hint().as_deref(), Some("see where your keys are: envseal key list"));
        }
    }
}

/// A reference to a value that can't be decrypted fails like that value: the same kind and hint, and the same places
/// searched for its key. The hint is not `set`, which needs no key and would overwrite a secret whose key is missing.
#[test]
fn a_reference_to_an_undecryptable_value_names_it() {
    let folder = Folder::sealed();
    let referring = "C=${SECRET}-c # envseal: plain\nD=$C$C # envseal: plain\nE=${D:-x} # envseal: plain\n";
    folder.append(".env", referring);
    let (good, keys) = (folder.read(".env"), folder.read(".env.keys"));
    let token = folder.source("SECRET");
    let of_another = Folder::sealed().source("SECRET");
    let flipped =
        format!("{}{}{}", &token[..130], if &token[130..131] == "A" { "B" } else { "A" }, &token[131..]);
    let public_key: PublicKey = folder.source("ENVSEAL_PUBLIC_KEY").parse().unwrap();
    let moved = Sealer::new(&public_key).unwrap().seal("OTHER", CANARY).unwrap().to_string();
    for (kind, text, is_whole) in [
        (ErrorKind::NoKey, good.clone(), true),
        (ErrorKind::NoKey, good.replace("ENVSEAL_PUBLIC_KEY=", "# "), true),
        (ErrorKind::CannotOpen, good.replace(&token, &of_another), true),
        (ErrorKind::CannotOpen, good.replace(&token, &moved), true),
        (ErrorKind::CannotOpen, good.replace(&token, &flipped), false),
        (ErrorKind::CannotOpen, good.replace(&token, "envseal:1:x"), false),
    ] {
        folder.write(".env.keys", if text == good { "" } else { &keys });
        folder.write(".env", text);
        let vault = folder.open();
        let of_all = refused(vault.vars(), kind);
        let itself = refused(vault.get("SECRET"), kind);
        assert_eq!(of_all.hint(), itself.hint());
        assert!(of_all.details().len() == itself.details().len() + 4, "each is listed once: {of_all:?}");
        for name in ["C", "D", "E"] {
            let error = refused(vault.get(name), kind);
            assert_eq!(error.hint(), itself.hint());
            assert!(error.to_string().contains(&format!(" {name}: it refers to ")), "{error}");
            assert!(
                error.to_string().contains(&itself.to_string().replace("cannot decrypt ", "")),
                "{error}"
            );
            assert!(itself.details().iter().all(|line| error.details().contains(line)), "{error:?}");
        }
        assert!(!is_whole || !itself.hint().as_deref().unwrap().contains("envseal set"), "{itself:?}");
    }
}

#[test]
fn a_missing_key_names_the_places_searched() {
    let folder = Folder::sealed();
    let key: PrivateKey = folder.private_key().parse().unwrap();
    std::fs::remove_file(folder.path(".env.keys")).unwrap();
    let error = refused(folder.open().vars(), ErrorKind::NoKey);
    assert!(error.to_string().contains("SECRET: no private key for "), "{error}");
    assert!(
        error.details().iter().any(|line| line.starts_with("not found in ENVSEAL_PRIVATE_KEY or ")),
        "{error:?}"
    );
    // Names need no private key.
    assert_eq!(folder.open().names().count(), 1);
    // A key that the program passes is tried first, but one of another file doesn't help.
    let other: PrivateKey = Folder::sealed().private_key().parse().unwrap();
    let given = Vault::options().private_key(other).private_key(key).open(folder.path(".env")).unwrap();
    assert_eq!(given.vars().unwrap().get("SECRET").unwrap().expose(), CANARY.as_bytes());
    let other: PrivateKey = Folder::sealed().private_key().parse().unwrap();
    let given = Vault::options().private_key(other).open(folder.path(".env")).unwrap();
    let error = refused(given.vars(), ErrorKind::NoKey);
    assert!(error.details().iter().any(|line| line.starts_with("the program gave key ")), "{error:?}");
}

#[test]
fn one_undecryptable_value_is_an_error() {
    let folder = Folder::sealed();
    let token = folder.source("SECRET");
    let good = folder.read(".env");
    let of_another = Folder::sealed().source("SECRET");
    let mut altered = token.clone().into_bytes();
    // In the ciphertext, far from the bits that a canonical encoding restricts.
    altered[130] = if altered[130] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).unwrap();
    for (line, words) in [
        (format!("MOVED={token}\n"), "encrypted for another name, or altered"),
        (format!("ALTERED={altered}\n"), "altered"),
        (format!("SHORT={}\n", &token[..102]), "length"),
        (format!("OTHER={of_another}\n"), "encrypted with another key"),
        ("FORGED=envseal:1:sk_live_plain\n".to_owned(), "sealed value"),
    ] {
        folder.write(".env", good.clone() + &line);
        let error = refused(folder.open().vars(), ErrorKind::CannotOpen);
        let name = line.split('=').next().unwrap();
        assert!(error.to_string().contains(name) && error.to_string().contains(words), "{error}");
        // A value that can be decrypted is available by itself.
        assert_eq!(folder.open().get("SECRET").unwrap().expose(), CANARY.as_bytes());
        refused(folder.open().get(name), ErrorKind::CannotOpen);
    }
    folder.write(".env", good.replace(&token, &altered));
    let error = refused(folder.open().vars(), ErrorKind::CannotOpen);
    assert!(error.to_string().ends_with("SECRET: damaged"), "{error}");
}

#[test]
fn rules_refuse_as_run_does() {
    let folder = Folder::sealed();
    let good = folder.read(".env");
    let conflict = "<<<<<<< HEAD\nA=1\n=======\nA=2\n>>>>>>> x\n";
    folder.append(".env", conflict);
    refused(Vault::open(folder.path(".env")), ErrorKind::Refused);
    let token = folder.source("SECRET");
    folder.write(".env", format!("{good}LD_PRELOAD={token}\n"));
    let error = refused(folder.open().vars(), ErrorKind::Refused);
    assert!(error.to_string().contains("LD_PRELOAD"), "{error}");
    // A reserved name is refused, whatever is asked for.
    refused(folder.open().get("SECRET"), ErrorKind::Refused);
}

#[test]
fn vars_checks_the_schema_and_get_does_not() {
    let folder = Folder::sealed();
    folder.write(".env.schema", "# @type=port\nSECRET=\n# @required\nMISSING_IN_FILE=\n");
    let error = refused(folder.open().vars(), ErrorKind::Refused);
    assert!(error.to_string().starts_with("doesn't match the schema: "), "{error}");
    assert!(error.to_string().contains("SECRET") && error.details().len() == 2, "{error:?}");
    assert_eq!(folder.open().get("SECRET").unwrap().expose(), CANARY.as_bytes());
}

#[test]
fn a_passphrase_is_asked_for_only_through_ask() {
    let folder = Folder::sealed();
    folder.write(".env.keys", lock_keys(&folder.read(".env.keys"), "correct horse"));
    refused(folder.open().vars(), ErrorKind::NoKey);
    // Encrypting needs no private key, so it doesn't ask for a passphrase either.
    folder.open().set("MORE", "x").unwrap().names().iter().for_each(|name| assert_eq!(name, "MORE"));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let asking = Vault::options().ask(move |question| {
        assert!(question.starts_with("Passphrase of the keys in ") && question.ends_with(": "), "{question}");
        count.fetch_add(1, Ordering::SeqCst);
        Ok(Some("correct horse".into()))
    });
    assert_eq!(asking.open(folder.path(".env")).unwrap().vars().unwrap().len(), 2);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let given = Vault::options().passphrase("correct horse").ask(|_| panic!("it is known"));
    assert_eq!(given.open(folder.path(".env")).unwrap().vars().unwrap().len(), 2);
    let wrong = Vault::options().passphrase("wrong horse").open(folder.path(".env")).unwrap();
    let error = refused(wrong.vars(), ErrorKind::NoKey);
    assert!(!format!("{error:?}").contains("horse"), "{error:?}");
}

#[test]
fn tokens_need_no_file() {
    let folder = Folder::sealed();
    let private_key: PrivateKey = folder.private_key().parse().unwrap();
    let public_key: PublicKey = folder.source("ENVSEAL_PUBLIC_KEY").parse().unwrap();
    assert_eq!(
        (public_key, public_key.to_string()),
        (private_key.public_key(), folder.source("ENVSEAL_PUBLIC_KEY"))
    );
    let mut sealer = Sealer::new(&public_key).unwrap();
    let (first, again) = (sealer.seal("A", "1").unwrap(), sealer.seal("A", b"\xff\0").unwrap());
    assert_eq!(private_key.open("A", &first).unwrap().expose(), b"1");
    let value = private_key.open("A", &again.to_string().parse().unwrap()).unwrap();
    assert!(value.is_sealed() && value.expose() == b"\xff\0" && value.to_str().is_err());
    refused(private_key.open("B", &first), ErrorKind::CannotOpen);
    let other: PrivateKey = Folder::sealed().private_key().parse().unwrap();
    refused(other.open("A", &first), ErrorKind::CannotOpen);
    // The token can be read in a file with its key.
    folder.append(".env", &format!("A={first}\n"));
    assert_eq!(folder.open().get("A").unwrap().expose(), b"1");
    for name in ["", "1A", "A-B", "A=B", "A\n"] {
        refused(sealer.seal(name, "x"), ErrorKind::Malformed);
    }
    refused(sealer.seal("LD_PRELOAD", "x"), ErrorKind::Refused);
    for text in ["", "A", "envseal:1:", "envseal:2:x", " envseal:1:x"] {
        refused(text.parse::<Token>(), ErrorKind::Malformed);
        refused(text.parse::<PublicKey>(), ErrorKind::Malformed);
    }
    refused(folder.private_key().parse::<PublicKey>(), ErrorKind::Malformed);
    refused(public_key.to_string().parse::<PrivateKey>(), ErrorKind::Malformed);
}

#[test]
fn a_token_of_source_text_is_read_by_the_dialects_rules() {
    let folder = Folder::sealed();
    let key: PrivateKey = folder.private_key().parse().unwrap();
    let raw = RawPublicKey::parse(&key.public_key().to_string()).unwrap();
    for (source, value) in [
        (r#""a\nb""#, "a\nb"),
        (r#""a\$B $C ${D:-x}""#, "a$B $C ${D:-x}"),
        ("'a $B'", "a $B"),
        (" bare ", "bare"),
        ("''", ""),
    ] {
        // This name can be read from a file, but not written to one.
        let token = RawSealer::new(&raw).unwrap().seal(
            "A.B-1",
            &Refs::none(),
            PlaintextKind::Source,
            source.as_bytes(),
        );
        let token = token.unwrap().to_string();
        let opened = key.open("A.B-1", &token.parse().unwrap()).unwrap();
        assert_eq!(opened.to_str().unwrap(), value, "{source}");
        // A file gives the same value.
        folder.write(".env", format!("ENVSEAL_PUBLIC_KEY={}\nA.B-1={token}\n", key.public_key()));
        assert_eq!(folder.open().get("A.B-1").unwrap().to_str().unwrap(), value, "{source}");
    }
}

#[test]
fn a_token_that_refers_to_others_needs_its_file() {
    let text = std::fs::read_to_string(quickstart().join(".env")).unwrap();
    let token = text.lines().find_map(|line| line.strip_prefix("DATABASE_URL=")).unwrap();
    let (key, token): (PrivateKey, Token) = (crate::examples::key(), token.parse().unwrap());
    let error = refused(key.open("DATABASE_URL", &token), ErrorKind::Refused);
    assert!(error.to_string().contains("DATABASE_PASSWORD"), "{error}");
}
