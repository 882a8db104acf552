//! Opened variables as text that another program reads. One file per format; pure: names and values in, bytes out.
//!
//! A value that a format cannot hold is refused by name, never bent: what the reader gets back is the value, byte
//! for byte, or there is no output at all.

mod docker;
mod error;
mod fish;
mod github;
mod json;
mod k8s;
mod out;
mod powershell;
mod shell;

use std::collections::HashSet;
use std::fmt;

use zeroize::Zeroizing;

pub use error::{ExportError, Why};

/// One opened variable.
#[derive(Clone, Copy)]
pub struct Variable<'a> {
    /// Its name, `[A-Za-z0-9_.-]+` as an env file spells it.
    pub name: &'a str,
    /// Its value, any bytes.
    pub value: &'a [u8],
}

/// A format to write. `raw` and `dotenv` are not here: the first is no format, the second is the env file's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object (RFC 8259), names to strings, in the order given.
    Json,
    /// `export` lines for `eval` in a POSIX shell (sh, dash, bash).
    Shell,
    /// `set -gx` lines for `source` in fish.
    Fish,
    /// `$env:` lines for `Out-String | Invoke-Expression` in `PowerShell`.
    Powershell,
    /// A file for `docker run --env-file`.
    Docker,
    /// A Kubernetes `v1` `Secret` manifest.
    K8s,
    /// Lines to append to the file that `$GITHUB_ENV` names in a GitHub Actions step.
    Github,
}

impl fmt::Display for Format {
    /// The word the command line uses for the format.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "json",
            Self::Shell => "shell",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Docker => "docker",
            Self::K8s => "k8s",
            Self::Github => "github",
        })
    }
}

/// Writes `vars` in `format`, in the order given. `k8s_name` is the `Secret`'s `metadata.name` and is looked at for
/// [`Format::K8s`] alone.
///
/// The result is wiped on drop and was allocated once, at its final size. The rules each format is held to, and where
/// they come from, stand in the format's own file.
///
/// # Errors
/// The first variable that the format cannot hold, by name: [`ExportError::Name`], [`ExportError::Reserved`],
/// [`ExportError::Repeated`] or [`ExportError::Value`]; or [`ExportError::SecretName`]. No output is made then.
pub fn write(
    format: Format,
    vars: &[Variable<'_>],
    k8s_name: &str,
) -> Result<Zeroizing<Vec<u8>>, ExportError> {
    refuse_repeated(format, vars)?;
    match format {
        Format::Json => json::write(vars),
        Format::Shell => shell::write(vars),
        Format::Fish => fish::write(vars),
        Format::Powershell => powershell::write(vars),
        Format::Docker => docker::write(vars),
        Format::K8s => k8s::write(vars, k8s_name),
        Format::Github => github::write(vars),
    }
}

/// No format can hold one name twice: some readers take the first, some the last, and YAML forbids it.
fn refuse_repeated(format: Format, vars: &[Variable<'_>]) -> Result<(), ExportError> {
    let mut seen = HashSet::with_capacity(vars.len());
    for var in vars {
        // Windows' environment, PowerShell's home, does not tell `a` from `A`.
        let key = match format {
            Format::Powershell => var.name.to_ascii_uppercase(),
            _ => var.name.to_owned(),
        };
        if !seen.insert(key) {
            return Err(ExportError::Repeated { name: var.name.to_owned(), format });
        }
    }
    Ok(())
}

impl Variable<'_> {
    fn bad_name(&self, format: Format) -> ExportError {
        ExportError::Name { name: self.name.to_owned(), format }
    }

    fn reserved(&self, format: Format) -> ExportError {
        ExportError::Reserved { name: self.name.to_owned(), format }
    }

    fn bad_value(&self, format: Format, why: Why) -> ExportError {
        ExportError::Value { name: self.name.to_owned(), format, why }
    }

    /// `[A-Za-z_][A-Za-z0-9_]*`, the one shape that cannot end a shell's assignment early (POSIX 2017, 3.235).
    fn identifier(&self, format: Format) -> Result<(), ExportError> {
        let starts = self.name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let holds = self.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if starts && holds { Ok(()) } else { Err(self.bad_name(format)) }
    }

    /// `[A-Za-z0-9_.-]+`
    fn dotted(&self, format: Format) -> Result<(), ExportError> {
        let holds = self.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        if holds && !self.name.is_empty() { Ok(()) } else { Err(self.bad_name(format)) }
    }

    /// An environment is C strings (POSIX 2017, 8.1).
    fn no_nul(&self, format: Format) -> Result<(), ExportError> {
        if self.value.contains(&0) { Err(self.bad_value(format, Why::Nul)) } else { Ok(()) }
    }

    fn text(&self, format: Format) -> Result<&str, ExportError> {
        std::str::from_utf8(self.value).map_err(|_| self.bad_value(format, Why::NotUtf8))
    }
}
