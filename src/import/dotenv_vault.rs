//! `.env.vault`: one whole dotenv text for each environment, sealed.
//!
//! The format is dotenv's (motdotla/dotenv 16, `lib/main.js`, `decrypt` and `_instructions`): `DOTENV_VAULT_NAME` holds
//! base64 of nonce, AES-256-GCM ciphertext and tag, 12 and 16 bytes, without associated data. The key is the last 64
//! hexadecimal digits of the password of a `DOTENV_KEY`:
//! `dotenv://:key_…@dotenv.org/vault/.env.vault?environment=production`, or several of them with commas between.
//! `dotenv-vault local build` keeps one for each environment in `.env.keys`, as `DOTENV_KEY_NAME`.

use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::crypto::SecretText;
use crate::dotenv::Document;

use super::{ImportError, dotenv_text, without_comments};

/// The variable that holds the key, or several.
pub(crate) const KEY_VARIABLE: &str = "DOTENV_KEY";
const VAULT: &str = "DOTENV_VAULT_";
const VERSION: &str = "_VERSION";

/// The environments that `vault` holds, in lower case and in the file's order. `development` is that of `.env` to
/// dotenv-vault.
///
/// Errors: [`ImportError::Syntax`] where it is no dotenv text; [`ImportError::Twice`].
pub fn environments(vault: &[u8]) -> Result<Vec<String>, ImportError> {
    Ok(sealed(&dotenv_text(vault.to_vec())?)?.into_iter().map(|sealed| sealed.environment).collect())
}

/// The statements of `environment`, opened with the first of `keys` that does, comments left behind; each is a `DOTENV_KEY`, or several of
/// them with commas between. Those of other environments are passed over.
///
/// Errors: [`ImportError::KeyMissing`] where none is for `environment`, [`ImportError::KeyForm`] where one is not of its
/// form and no other is tried, [`ImportError::Sealed`] where none opens it, [`ImportError::Malformed`] where none could;
/// [`ImportError::Environment`]; those of [`environments`].
pub fn open(vault: &[u8], environment: &str, keys: &[SecretText]) -> Result<Document, ImportError> {
    let document = dotenv_text(vault.to_vec())?;
    let sealed = sealed(&document)?
        .into_iter()
        .find(|sealed| sealed.environment == environment)
        .ok_or_else(|| ImportError::Environment { environment: environment.to_owned() })?;
    let origin = || sealed.origin.clone();
    let damaged = |found| ImportError::Malformed { origin: origin(), name: None, found };
    let bytes = STANDARD.decode(&*sealed.text).map_err(|_| damaged("not base64"))?;
    if bytes.len() < 12 + 16 {
        return Err(damaged("too short"));
    }
    let (nonce, ciphertext) = bytes.split_at(12);
    let keys = keys.iter().flat_map(|keys| keys.expose().split(',')).map(str::trim);
    let mut refused = ImportError::KeyMissing { id: environment.to_owned() };
    for key in keys.filter(|key| !key.is_empty()) {
        match key_of(key, environment) {
            Ok(Some(key)) => {
                let cipher = Aes256Gcm::new(Key::<Aes256Gcm>::from_slice(&*key));
                if let Ok(text) = cipher.decrypt(Nonce::from_slice(nonce), ciphertext) {
                    return without_comments(&dotenv_text(text)?);
                }
                refused = ImportError::Sealed { origin: origin(), name: None };
            }
            // dotenv goes on to the next one, too.
            Err(error) if matches!(refused, ImportError::KeyMissing { .. }) => refused = error,
            Ok(None) | Err(_) => (),
        }
    }
    Err(refused)
}

/// The `DOTENV_KEY`s that a `.env.keys` file holds, with the environment that each one's name says, in lower case.
///
/// Errors: [`ImportError::Syntax`] where it is no dotenv text.
pub fn keys(file: &[u8]) -> Result<Vec<(String, SecretText)>, ImportError> {
    let document = dotenv_text(file.to_vec())?;
    let keys = document.entries().iter().filter_map(|entry| {
        let environment = document.name(entry).strip_prefix(KEY_VARIABLE)?.strip_prefix('_')?;
        let (_, value) = document.value(entry);
        let text = std::str::from_utf8(&value).ok()?.to_owned();
        Some((environment.to_lowercase(), SecretText::new(text)))
    });
    Ok(keys.collect())
}

struct Sealed {
    environment: String,
    /// The variable's name.
    origin: String,
    text: Zeroizing<Vec<u8>>,
}

fn sealed(document: &Document) -> Result<Vec<Sealed>, ImportError> {
    let mut found: Vec<Sealed> = Vec::new();
    for entry in document.entries() {
        let origin = document.name(entry);
        let Some(name) = origin.strip_prefix(VAULT).filter(|name| !name.is_empty()) else { continue };
        let (_, text) = document.value(entry);
        // What `dotenv-vault pull` writes beside it, a number; and environments that hold nothing.
        if name.ends_with(VERSION) && text.iter().all(u8::is_ascii_digit) || text.is_empty() {
            continue;
        }
        let environment = name.to_lowercase();
        if let Some(first) = found.iter().find(|sealed| sealed.environment == environment) {
            let (first, second) = (first.origin.clone(), origin.to_owned());
            return Err(ImportError::Twice { first, second, name: environment });
        }
        found.push(Sealed { environment, origin: origin.to_owned(), text });
    }
    Ok(found)
}

/// The key of a `DOTENV_KEY`, unless it is another environment's.
fn key_of(text: &str, environment: &str) -> Result<Option<Zeroizing<[u8; 32]>>, ImportError> {
    let form = || ImportError::KeyForm { id: environment.to_owned() };
    let address = text.strip_prefix("dotenv://").ok_or_else(form)?;
    let (user, rest) = address.split_once('@').ok_or_else(form)?;
    let (_, password) = user.split_once(':').ok_or_else(form)?;
    let (_, query) = rest.split_once('?').ok_or_else(form)?;
    let named = query.split('&').find_map(|pair| pair.strip_prefix("environment=")).ok_or_else(form)?;
    if !named.eq_ignore_ascii_case(environment) {
        return Ok(None);
    }
    let start = password.len().checked_sub(64).ok_or_else(form)?;
    let mut key = Zeroizing::new([0; 32]);
    base16ct::mixed::decode(&password.as_bytes()[start..], &mut *key).map_err(|_| form())?;
    Ok(Some(key))
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;
    use super::*;

    /// Made by `dotenv-vault local build` 1.25.0, keys included; see the folder's README.
    const VAULT: &[u8] = include_bytes!("../../tests/import/dotenv-vault/env.vault");
    const KEYS: &[u8] = include_bytes!("../../tests/import/dotenv-vault/env.vault.keys");

    fn secret(text: &str) -> SecretText {
        SecretText::new(text.to_owned())
    }

    fn of(environment: &str) -> Vec<SecretText> {
        keys(KEYS).unwrap().into_iter().filter(|(name, _)| name == environment).map(|(_, key)| key).collect()
    }

    #[test]
    fn what_the_real_tool_sealed_opens() {
        assert_eq!(environments(VAULT).unwrap(), ["development", "ci", "production"]);
        let files: [(&str, &[u8]); 2] = [
            ("production", include_bytes!("../../tests/import/dotenv-vault/production.txt")),
            ("development", include_bytes!("../../tests/import/dotenv-vault/development.txt")),
        ];
        for (environment, text) in files {
            let opened = open(VAULT, environment, &of(environment)).unwrap();
            assert!(text.starts_with(b"#") && !opened.as_bytes().contains(&b'#'));
            let values = |document: &Document| -> Vec<_> {
                document
                    .entries()
                    .iter()
                    .map(|entry| (document.name(entry).to_owned(), document.value(entry)))
                    .collect()
            };
            assert_eq!(values(&opened), values(&dotenv_text(text.to_vec()).unwrap()));
        }
    }

    #[test]
    fn keys_are_tried_in_turn() {
        let good = of("production").remove(0);
        let other = good.expose().replace(":key_", ":key_00").replacen("@dotenv.local", "00@dotenv.local", 1);
        let list = secret(&format!("{}, {other} ,{},", of("development")[0].expose(), good.expose()));
        assert!(open(VAULT, "production", &[list]).is_ok());
        assert!(open(VAULT, "production", &[secret("hunter2"), secret(good.expose())]).is_ok());
        let error = open(VAULT, "production", &[secret(&other)]).err().unwrap();
        assert_eq!(error.to_string(), "DOTENV_VAULT_PRODUCTION is damaged, or sealed to another key");
        for none in [vec![], of("development"), vec![secret("")], vec![secret(",")]] {
            let error = open(VAULT, "production", &none).err().unwrap();
            assert_eq!(error, ImportError::KeyMissing { id: "production".into() });
        }
    }

    #[test]
    fn a_key_of_another_form_is_refused() {
        let good = of("production").remove(0);
        for bad in [
            "hunter2".to_owned(),
            good.expose().replace("dotenv:", "https:"),
            good.expose().replace('@', ""),
            good.expose().replace("?environment=production", ""),
            "dotenv://:key_ab@h/v?environment=production".to_owned(),
            format!("dotenv://:{}@h/v?environment=production", "zz".repeat(32)),
            format!("dotenv://:{}@h/v?environment=production", "é".repeat(33)),
            format!("dotenv://{}@h/v?environment=production", "0".repeat(64)),
        ] {
            let error = open(VAULT, "production", &[secret(&bad)]).err().unwrap();
            assert_eq!(error, ImportError::KeyForm { id: "production".into() }, "{bad}");
        }
    }

    #[test]
    fn what_was_touched_does_not_open() {
        let text = String::from_utf8(VAULT.to_vec()).unwrap();
        let start = text.find("DOTENV_VAULT_PRODUCTION=\"").unwrap() + "DOTENV_VAULT_PRODUCTION=\"".len();
        let end = start + text[start..].find('"').unwrap();
        let swap = |at: usize| {
            let to = if &text[at..=at] == "A" { "B" } else { "A" };
            format!("{}{to}{}", &text[..at], &text[at + 1..])
        };
        for at in [start, start + 20, end - 10] {
            let error = refused(open(swap(at).as_bytes(), "production", &of("production")));
            assert_eq!(error, "DOTENV_VAULT_PRODUCTION is damaged, or sealed to another key");
        }
        for (with, why) in [("!!", "not base64"), ("YWJj", "too short")] {
            let changed = format!("{}{with}{}", &text[..start], &text[end..]);
            let error = refused(open(changed.as_bytes(), "production", &of("production")));
            assert_eq!(error, format!("DOTENV_VAULT_PRODUCTION is {why}"));
        }
    }

    #[test]
    fn other_lines_are_no_environments() {
        let text = b"# x\nDOTENV_VAULT=vlt_1\nDOTENV_VAULT_CI=\"\"\nDOTENV_VAULT_A_VERSION=12\nDOTENV_VAULT_A=\"YWJj\"\nDOTENV_VAULT_=x\nX=1\n";
        assert_eq!(environments(text).unwrap(), ["a"]);
        assert_eq!(open(text, "b", &[]).err().unwrap(), ImportError::Environment { environment: "b".into() });
        let twice = b"DOTENV_VAULT_A=x\nDOTENV_VAULT_a=y\n";
        assert_eq!(refused(environments(twice)), "DOTENV_VAULT_A and DOTENV_VAULT_a would both be a");
    }
}
