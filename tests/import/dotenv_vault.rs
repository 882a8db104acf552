//! dotenv-vault: what `dotenv-vault local build` writes on the spot.

use std::process::Command;

use envseal::testing::crypto::SecretText;
use envseal::testing::import::dotenv_vault::{environments, keys, open};

use super::tool;

#[test]
fn what_dotenv_vault_itself_seals_opens_byte_for_byte() {
    let Some(program) = tool("dotenv-vault", "ENVSEAL_TEST_DOTENV_VAULT") else { return };
    let folder = tempfile::tempdir().unwrap();
    let files = [
        (".env", "development", "A=1\nB=\"two\nlines\"\n"),
        (".env.production", "production", "export KEY='grüße $x'\r\nEMPTY=\r\n"),
        (".env.empty", "empty", ""),
    ];
    for (name, _, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let output = Command::new(program)
        .args(["local", "build"])
        .current_dir(&folder)
        .env("HOME", folder.path())
        .env("XDG_CACHE_HOME", folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let (vault, keys) = (read(".env.vault"), keys(&read(".env.keys")).unwrap());
    let mut found = environments(&vault).unwrap();
    found.sort();
    assert_eq!(found, ["development", "empty", "production"]);
    let keys: Vec<SecretText> = keys.into_iter().map(|(_, key)| key).collect();
    for (name, environment, text) in files {
        assert_eq!(open(&vault, environment, &keys).unwrap().as_bytes(), text.as_bytes(), "{name}");
    }
}
