//! The user's key command: a program that prints private keys.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::lookup_error::malformed;
use super::{KeyLookupError, KeyStore, KeysFile, StoredKey};
use crate::config::{EnvName, KEY_COMMAND, KEY_COMMAND_ENTRY};
use crate::crypto::PublicKey;
use crate::error::Error;
use crate::fs;

/// Runs a command, given its text, where it is set, the folders of PATH, and its whole environment. Returns its output.
pub(crate) type RunKeyCommand<'a> =
    &'a dyn Fn(&str, &str, &[PathBuf], &[(OsString, OsString)]) -> Result<Zeroizing<Vec<u8>>, Error>;

impl KeyStore<'_> {
    /// Returns the keys of `env` that the user's key command prints, run once for each key; None if there is no command.
    ///
    /// It is never taken from a file in a repository or git's configuration: anyone who can write there could run code.
    pub(super) fn commanded(
        &self,
        env: &EnvName,
        wanted: &PublicKey,
    ) -> Result<Option<Vec<StoredKey>>, KeyLookupError> {
        let Some(run) = self.run_key_command else { return Ok(None) };
        let Some((command, setting)) = self.key_command()? else { return Ok(None) };
        let asked = (env.clone(), *wanted);
        if let Some(known) = self.commanded.borrow().get(&asked) {
            return Ok(Some(known.clone()));
        }
        let vars = self.process.of_key_command(env, &wanted.to_string());
        let text = run(&command, &setting, &self.process.path_list("PATH"), &vars)?;
        let place = Path::new("the key command's output");
        let file = KeysFile::of_text(place, &text).map_err(|error| error.with_status(3))?;
        let keys = file.keys(env)?;
        if keys.is_empty() && file.lists().next().is_none() && !text.trim_ascii().is_empty() {
            let message =
                format!("the key command of {setting} printed neither a private key nor a keys file");
            return Err(malformed(message)
                .with_hint("have it print the key alone, as envseal key show --private does, or nothing if it has none")
                .into());
        }
        self.commanded.borrow_mut().insert(asked, keys.clone());
        Ok(Some(keys))
    }

    /// Returns the keys of `env` that the key command has printed so far.
    pub(super) fn commanded_before(&self, env: &EnvName) -> Vec<StoredKey> {
        let known = self.commanded.borrow();
        known.iter().filter(|((of, _), _)| of == env).flat_map(|(_, keys)| keys.clone()).collect()
    }

    /// Returns the user's key command, and where it is set: the variable, or the user's own configuration file.
    pub(super) fn key_command(&self) -> Result<Option<(String, String)>, Error> {
        if let Some(command) = self.process.key_command() {
            let text = command.to_str().map(str::to_owned);
            let text = text.ok_or_else(|| malformed(format!("{KEY_COMMAND} is not UTF-8")))?;
            return Ok(Some((text, KEY_COMMAND.into())));
        }
        let Some(path) = self.process.config_file() else { return Ok(None) };
        let text = match fs::read(&path) {
            Err(error) if error.is_absence() => return Ok(None),
            text => text?,
        };
        let fault = |why: &dyn std::fmt::Display| malformed(format!("{}: {why}", path.display()));
        let text = std::str::from_utf8(&text).map_err(|error| fault(&error))?;
        let table: toml_edit::DocumentMut =
            text.parse().map_err(|error: toml_edit::TomlError| fault(&error.message()))?;
        let Some(entry) = table.get(KEY_COMMAND_ENTRY) else { return Ok(None) };
        let command =
            entry.as_str().ok_or_else(|| fault(&format!("{KEY_COMMAND_ENTRY} is not a text in quotes")))?;
        Ok(Some((command.to_owned(), path.display().to_string())))
    }
}
