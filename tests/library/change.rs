//! Encrypting into files, and other changes.

use envseal::document::Edit;
use envseal::{ErrorKind, Vault};

use crate::{CANARY, Folder, refused, texts};

#[test]
fn set_values_are_read_and_other_bytes_stay() {
    let folder = Folder::sealed();
    folder.append(".env", "\n# a comment \t\nexport  KEPT = 'as it is'\r\nlast=x");
    let before = folder.read(".env");
    let mut vault = folder.open();
    let bytes = [0xff, b'\n', b'\'', b'"', b'`', b'$', b'#', 0xfe];
    assert_eq!(vault.set("BYTES", bytes).unwrap().names(), ["BYTES"]);
    assert_eq!(vault.get("BYTES").unwrap().expose(), bytes);
    assert!(folder.read(".env").starts_with(&before), "every byte before it stays");
    // With the private key available, a value that does not change keeps its token.
    let sealed = folder.read(".env");
    assert!(vault.set("BYTES", bytes).unwrap().names().is_empty());
    assert_eq!(folder.read(".env"), sealed);
    assert!(!sealed.contains(CANARY));
}

#[test]
fn a_batch_is_one_and_the_last_of_a_name_counts() {
    let folder = Folder::sealed();
    let mut vault = folder.open();
    assert_eq!(vault.set_all([("A", "1"), ("B", "2"), ("A", "3")]).unwrap().names(), ["A", "B"]);
    assert_eq!(vault.get("A").unwrap().expose(), b"3");
    let encapsulated = |name: &str| folder.source(name)[..60].to_owned();
    assert_eq!(encapsulated("A")[16..50], encapsulated("B")[16..50]);
    let before = folder.snapshot();
    refused(vault.set_all([("C", CANARY), ("no name", CANARY)]), ErrorKind::Malformed);
    refused(vault.set_all([("C", CANARY), ("LD_PRELOAD", CANARY)]), ErrorKind::Refused);
    refused(vault.set_all([("C", CANARY), ("ENVSEAL_X", CANARY)]), ErrorKind::Refused);
    assert_eq!(folder.snapshot(), before);
}

#[test]
fn set_encrypts_even_marked_lines() {
    let folder = Folder::sealed();
    folder.append(".env", "A=plain # envseal: plain\nB=plain # note # envseal: plain\n");
    let mut vault = folder.open();
    vault.set_all([("A", CANARY), ("B", CANARY)]).map(drop).unwrap();
    let text = folder.read(".env");
    assert!(
        text.contains("A=envseal:1:") && text.contains(" # note\n") && !text.contains("envseal: plain"),
        "{text}"
    );
    assert!(!text.contains(CANARY));
    vault.set_plain("PORT", "80 80").map(drop).unwrap();
    assert!(folder.read(".env").ends_with("PORT='80 80' # envseal: plain\n"));
    assert!(!vault.get("PORT").unwrap().is_sealed());
    refused(vault.set_plain("PORT", "\r'\"`"), ErrorKind::Refused);
}

#[test]
fn variables_are_removed_and_renamed() {
    let folder = Folder::sealed();
    folder.append(".env", "URL=\"x $SECRET\" # envseal: plain\n");
    let mut vault = folder.open();
    let changed = vault.rename("SECRET", "TOKEN").unwrap();
    assert_eq!(
        (changed.names(), changed.notes()),
        (&["TOKEN".to_owned()][..], &["URL still refers to SECRET".to_owned()][..])
    );
    assert_eq!(vault.get("TOKEN").unwrap().expose(), CANARY.as_bytes());
    refused(vault.rename("TOKEN", "URL"), ErrorKind::Refused);
    refused(vault.rename("NONE", "X"), ErrorKind::NotFound);
    refused(vault.rename("TOKEN", "no name"), ErrorKind::Malformed);
    assert_eq!(vault.unset("URL").unwrap().names(), ["URL"]);
    refused(vault.unset("URL"), ErrorKind::NotFound);
    refused(vault.unset("ENVSEAL_PUBLIC_KEY"), ErrorKind::Refused);
    std::fs::remove_file(folder.path(".env.keys")).unwrap();
    let before = folder.snapshot();
    refused(vault.rename("TOKEN", "OTHER"), ErrorKind::NoKey);
    assert_eq!(folder.snapshot(), before);
}

#[test]
fn encrypting_takes_no_private_key() {
    let folder = Folder::sealed();
    let keys = folder.read(".env.keys");
    std::fs::remove_file(folder.path(".env.keys")).unwrap();
    folder.open().set("BLIND", CANARY).map(drop).unwrap();
    refused(folder.open().vars(), ErrorKind::NoKey);
    folder.write(".env.keys", keys);
    assert_eq!(texts(&folder.open()).len(), 2);
}

#[test]
fn no_key_pair_is_created_unasked() {
    let folder = Folder::new();
    refused(Vault::open(folder.path(".env")), ErrorKind::NotFound);
    folder.write(".env", "A=1\n");
    let before = folder.snapshot();
    refused(folder.open().set("B", CANARY), ErrorKind::NoKey);
    assert_eq!(folder.snapshot(), before);
    // A plain value needs no key.
    folder.open().set_plain("B", "2").map(drop).unwrap();
    assert!(!folder.path(".env.keys").exists());
    let changed = Folder::creating().open(folder.path(".env")).unwrap().set("C", CANARY).unwrap();
    assert_eq!(changed.names(), ["C"]);
    assert!(folder.path(".env.keys").exists());
    // A file that is to be created does not exist until something is written.
    let vault = Folder::creating().keys_file(folder.path("own.keys")).open(folder.path(".env.new")).unwrap();
    assert!(
        vault.vars().unwrap().is_empty() && vault.public_key().is_none() && !folder.path(".env.new").exists()
    );
}

#[test]
fn a_removed_file_is_not_created_again() {
    let folder = Folder::sealed();
    let mut vault = folder.open();
    std::fs::remove_file(folder.path(".env")).unwrap();
    refused(vault.set("A", CANARY), ErrorKind::NotFound);
    refused(vault.unset("SECRET"), ErrorKind::NotFound);
    refused(vault.reload(), ErrorKind::NotFound);
    assert!(!folder.path(".env").exists());
}

#[cfg(unix)]
#[test]
fn a_failed_write_changes_no_byte() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::sealed();
    let mut vault = folder.open();
    std::fs::set_permissions(folder.path(".env"), std::fs::Permissions::from_mode(0o444)).unwrap();
    let before = folder.snapshot();
    refused(vault.set("A", CANARY), ErrorKind::Io);
    refused(vault.unset("SECRET"), ErrorKind::Io);
    assert_eq!(folder.snapshot(), before);
    assert_eq!(vault.get("SECRET").unwrap().expose(), CANARY.as_bytes(), "the vault is fit for use");
}

#[test]
fn threads_lose_nothing_of_each_other() {
    let folder = Folder::sealed();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let folder = &folder;
            scope.spawn(move || {
                let mut vault = folder.open();
                for at in 0..5 {
                    vault.set(&format!("T{thread}_{at}"), CANARY).map(drop).unwrap();
                }
            });
        }
    });
    assert_eq!(folder.open().vars().unwrap().len(), 21);
}

#[test]
fn changes_of_others_stay_and_show_after_a_reload() {
    let folder = Folder::sealed();
    let (mut one, mut two) = (folder.open(), folder.open());
    one.set("ONE", "1").map(drop).unwrap();
    assert!(!two.names().any(|name| name == "ONE"));
    two.reload().unwrap();
    assert!(two.names().any(|name| name == "ONE"));
    two.set("TWO", "2").map(drop).unwrap();
    one.set("THREE", "3").map(drop).unwrap();
    assert_eq!(one.names().collect::<Vec<_>>(), ["SECRET", "ONE", "TWO", "THREE"]);
}

#[test]
fn a_document_is_edited_without_a_key() {
    let folder = Folder::sealed();
    folder.append(".env", "A = 1  # kept\n");
    let vault = folder.open();
    let document = vault.document();
    let entry = document.last("A").unwrap();
    let edited = document.edited(&[Edit::Source { entry, source: b"2" }]).unwrap();
    assert_eq!(document.as_bytes(), folder.read(".env").as_bytes());
    assert_eq!(edited.as_bytes(), folder.read(".env").replace("A = 1", "A = 2").as_bytes());
}
