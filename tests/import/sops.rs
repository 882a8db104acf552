//! sops: its decrypted output is read literally, and it is run as it requires.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use envseal::Error;
use envseal::testing::exec::Sops;
use envseal::testing::import::ImportItem;
use envseal::testing::import::sops::{self, SopsFormat};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{fixture, fixtures, tool, triples};

const FILES: [(&str, SopsFormat); 4] = [
    ("sealed.env.txt", SopsFormat::Dotenv),
    ("sealed.yaml", SopsFormat::Yaml),
    ("sealed.json", SopsFormat::Json),
    ("sealed.ini", SopsFormat::Ini),
];

#[test]
fn sops_output_is_read() {
    let read = |form: SopsFormat| {
        let (file, _) = FILES.iter().find(|(_, it)| *it == form).unwrap();
        let opened = fixture(&format!("sops/opened.{}.json", form.input_type()));
        let items = sops::read(form, &fixture(&format!("sops/{file}")), &opened, &|_| true).unwrap();
        for item in &items {
            let clear = item.value.expose().is_empty() || item.name.as_str().ends_with("_unencrypted");
            assert_eq!(item.was_encrypted, !clear, "{}", item.name);
        }
        triples(&items).into_iter().map(|[_, name, value]| (name, value)).collect::<Vec<_>>()
    };
    let expect = |form, expected: &[(&str, &str)]| {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        assert_eq!(read(form), expected.iter().map(owned).collect::<Vec<_>>());
    };
    expect(
        SopsFormat::Dotenv,
        &[
            ("APP_NAME", "demo"),
            ("PEM", "-----BEGIN TEST-----\nYWJj\n-----END TEST-----"),
            ("QUOTED", "\"kept\""),
            ("EMPTY", ""),
            ("UNICODE", "grüße-🔑"),
            ("HASH", "a b # c"),
        ],
    );
    expect(
        SopsFormat::Yaml,
        &[
            ("database_user", "shop"),
            ("database_password", "it's $5"),
            ("database_port", "5432"),
            ("database_ssl", "true"),
            ("database_ratio", "1.5"),
            ("pem", "-----BEGIN TEST-----\nYWJj\n-----END TEST-----\n"),
            ("empty", ""),
            ("region_unencrypted", "eu-1"),
        ],
    );
    expect(
        SopsFormat::Json,
        &[("API_token", "tok-1"), ("API_retries", "3"), ("API_on", "false"), ("text", "two\nlines")],
    );
    expect(SopsFormat::Ini, &[("database_user", "shop"), ("database_password", "two words")]);
}

/// An installed sops, with a private key that it can use.
struct Real {
    program: PathBuf,
    sops: Sops,
    vars: Vec<(OsString, OsString)>,
    folder: tempfile::TempDir,
}

impl Real {
    fn find(key: &Path) -> Option<Self> {
        let program = tool("sops", "ENVSEAL_TEST_SOPS")?;
        let folder = tempfile::tempdir().unwrap();
        let sops = Sops::find(&[program.parent().unwrap().to_owned()]).unwrap();
        let home = folder.path().as_os_str();
        let vars = [("HOME", home), ("SOPS_AGE_KEY_FILE", key.as_os_str())];
        let vars = vars.map(|(name, value)| (name.into(), value.to_owned())).into();
        Some(Self { program, sops, vars, folder })
    }

    fn open(&self, file: &Path, form: SopsFormat) -> Result<Vec<u8>, Error> {
        let vars = self.vars.iter().map(|(name, value)| (&**name, &**value));
        let text = self.sops.decrypt(file, form.input_type(), form.output_type(), vars)?;
        Ok(text.to_vec())
    }

    /// Encrypts `text`, checks what was written, and decrypts it.
    fn there_and_back(&self, text: &str, form: SopsFormat) -> Result<Vec<ImportItem>, TestCaseError> {
        let recipient = String::from_utf8(fixture("sops/key.txt")).unwrap();
        let recipient =
            recipient.split_whitespace().find(|word| word.starts_with("age1")).unwrap().to_owned();
        let file = self.folder.path().join("file");
        std::fs::write(&file, text).unwrap();
        let types = ["--input-type", form.input_type(), "--output-type", form.input_type()];
        let output = Command::new(&self.program)
            .args(["--encrypt", "--age", &recipient, "--in-place"])
            .args(types)
            .arg(&file)
            .env_clear()
            .env("HOME", self.folder.path())
            .output()
            .unwrap();
        prop_assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let sealed = std::fs::read(&file).unwrap();
        prop_assert_eq!(SopsFormat::detect("file.json", &sealed), Some(form));
        let opened = self.open(&file, form).unwrap();
        let items = sops::read(form, &sealed, &opened, &|_| true)
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(items.iter().all(|item| item.was_encrypted != item.value.expose().is_empty()));
        Ok(items)
    }
}

#[test]
fn sops_decrypts_the_fixtures() {
    let Some(real) = Real::find(&fixtures().join("sops/key.txt")) else { return };
    for (name, form) in FILES {
        let opened = real.open(&fixtures().join("sops").join(name), form).unwrap();
        assert_eq!(opened, fixture(&format!("sops/opened.{}.json", form.input_type())), "{name}");
    }
    let whole = real.open(&fixtures().join("sops/sealed.binary.txt"), SopsFormat::Binary).unwrap();
    assert_eq!(whole, b"# whole\nTOKEN=\"binary-token\"\n");
}

#[test]
fn without_the_key_nothing_is_decrypted() {
    let Some(real) = Real::find(OsStr::new("/no-such-key").as_ref()) else { return };
    let file = fixtures().join("sops/sealed.json");
    assert!(real.open(&file, SopsFormat::Json).unwrap_err().to_string().contains("sops could not decrypt"));
    let plain = real.folder.path().join("plain.json");
    std::fs::write(&plain, "{\"a\": 1}").unwrap();
    assert!(real.open(&plain, SopsFormat::Json).unwrap_err().to_string().contains("sops could not decrypt"));
}

#[test]
fn altered_files_are_not_decrypted() {
    let Some(real) = Real::find(&fixtures().join("sops/key.txt")) else { return };
    let text = String::from_utf8(fixture("sops/sealed.env.txt")).unwrap();
    let swapped = text.replace("HASH=", "OTHER=");
    assert_ne!(text, swapped);
    let file = real.folder.path().join("swapped.env");
    std::fs::write(&file, swapped).unwrap();
    assert!(real.open(&file, SopsFormat::Dotenv).unwrap_err().to_string().contains("sops could not decrypt"));
}

#[test]
fn values_go_through_sops_and_back() {
    let Some(real) = Real::find(&fixtures().join("sops/key.txt")) else { return };
    let mut runner = TestRunner::new(Config { cases: 8, failure_persistence: None, ..Config::default() });
    let values = vec("\\PC{0,20}|[\"\\\\\n\r\t:#{}$`' -]{0,6}", 1..6);
    runner
        .run(&values, |values| {
            let object: serde_json::Map<String, serde_json::Value> =
                values.iter().enumerate().map(|(n, value)| (format!("V{n}"), value.clone().into())).collect();
            let items = real.there_and_back(&serde_json::to_string(&object).unwrap(), SopsFormat::Json)?;
            let found: Vec<_> = items.iter().map(|item| item.value.expose()).collect();
            prop_assert_eq!(found, values.iter().map(String::as_bytes).collect::<Vec<_>>());
            Ok(())
        })
        .unwrap();
    // In dotenv files, sops reads `\n` as a line break and everything else literally.
    let lines = vec("[a-z'\"$#= \\{\\}é🔑]{1,12}", 1..6);
    runner
        .run(&lines, |values| {
            let text: String =
                values.iter().enumerate().map(|(n, value)| format!("V{n}={value}\\n{value}\n")).collect();
            let items = real.there_and_back(&text, SopsFormat::Dotenv)?;
            let found: Vec<_> = items.iter().map(|item| item.value.expose().to_vec()).collect();
            prop_assert_eq!(
                found,
                values.iter().map(|v| format!("{v}\n{v}").into_bytes()).collect::<Vec<_>>()
            );
            Ok(())
        })
        .unwrap();
}
