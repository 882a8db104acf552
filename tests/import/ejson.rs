//! ejson: files made with `PyNaCl` (`generate.py`), and by ejson itself.

use std::path::Path;
use std::process::Command;

use envseal::testing::crypto::SecretText;
use envseal::testing::import::{ImportError, ejson};

use super::{fixture, tool, triples};

fn read(text: &[u8], keys: &Path) -> Result<ejson::Ejson, ImportError> {
    let find_key = |public: &str| std::fs::read_to_string(keys.join(public)).ok().map(SecretText::new);
    ejson::read(text, &find_key, &|_| true)
}

fn published(name: &str) -> (Result<ejson::Ejson, ImportError>, serde_json::Value) {
    let keys = super::fixtures().join("ejson/keys");
    let expected = serde_json::from_slice(&fixture(&format!("ejson/{name}.json"))).unwrap();
    (read(&fixture(&format!("ejson/{name}.ejson")), &keys), expected)
}

#[test]
fn files_of_another_implementation_are_decrypted() {
    for (name, unencrypted) in [("environment", vec![]), ("values", vec!["number", "flag"])] {
        let (found, expected) = published(name);
        let found = found.unwrap();
        assert_eq!(serde_json::to_value(triples(&found.items)).unwrap(), expected, "{name}");
        assert_eq!(found.unencrypted, unencrypted);
    }
    let (found, expected) = published("lists");
    assert_eq!(found.unwrap_err().to_string(), expected.as_str().unwrap());
}

#[test]
fn each_file_has_a_key_of_its_own() {
    let text = String::from_utf8(fixture("ejson/environment.ejson")).unwrap();
    let other = String::from_utf8(fixture("ejson/values.ejson")).unwrap();
    let public = |text: &str| text.split('"').nth(3).unwrap().to_owned();
    let swapped = text.replace(&public(&text), &public(&other));
    let error = read(swapped.as_bytes(), &super::fixtures().join("ejson/keys")).unwrap_err();
    assert_eq!(error.to_string(), "environment.DATABASE_URL is damaged or encrypted with another key");
}

#[test]
fn files_of_ejson_are_decrypted() {
    let Some(program) = tool("ejson", "ENVSEAL_TEST_EJSON") else { return };
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output =
            Command::new(&program).args(arguments).env("EJSON_KEYDIR", folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let public = run(&["keygen", "-w"]).trim().to_owned();
    let values = ["x", "", "it's \"$x\"", "a\nb\r\n", "grüße-🔑"];
    let mut object = serde_json::Map::from_iter([("_public_key".to_owned(), public.into())]);
    object.extend(values.iter().enumerate().map(|(at, value)| (format!("V{at}"), (*value).into())));
    let file = folder.path().join("a.ejson");
    std::fs::write(&file, serde_json::to_vec_pretty(&object).unwrap()).unwrap();
    run(&["encrypt", file.to_str().unwrap()]);
    let found = read(&std::fs::read(&file).unwrap(), folder.path()).unwrap();
    assert!(found.unencrypted.is_empty());
    assert_eq!(
        found.items.iter().map(|item| item.value.expose()).collect::<Vec<_>>(),
        values.map(str::as_bytes)
    );
}
