//! Decrypted variables as text for other programs; pure: names and values in, bytes out.
//!
//! A value that a format can't hold is rejected by name, never changed: the reader gets exactly the value, or there is no
//! output.

mod github;
mod k8s;
mod lines;
mod powershell;

use std::collections::HashSet;
use std::fmt;
use std::io;

use serde::ser::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::error::Error;
pub(crate) use github::masks;

/// A decrypted variable.
#[derive(Clone, Copy)]
pub struct Variable<'a> {
    /// `[A-Za-z0-9_.-]+`, as an env file has it.
    pub name: &'a str,
    /// Any bytes.
    pub value: &'a [u8],
}

/// A format to write. `raw` is none, and `dotenv` is the env file's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object (RFC 8259), names to strings, in the order given.
    Json,
    /// `export` lines for `eval` in a POSIX shell (sh, dash, bash).
    Shell,
    /// `set -gx` lines for `source` in fish.
    Fish,
    /// A record for `from nuon | load-env` in Nushell.
    Nushell,
    /// `$env:` lines for `Out-String | Invoke-Expression` in `PowerShell`.
    Powershell,
    /// A file for `docker run --env-file`.
    Docker,
    /// A Kubernetes `v1` `Secret` manifest.
    K8s,
    /// Lines for the file that `$GITHUB_ENV` names in a GitHub Actions step.
    Github,
}

impl fmt::Display for Format {
    /// Writes the word that the command line has for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "json",
            Self::Shell => "shell",
            Self::Fish => "fish",
            Self::Nushell => "nushell",
            Self::Powershell => "powershell",
            Self::Docker => "docker",
            Self::K8s => "k8s",
            Self::Github => "github",
        })
    }
}

/// Writes `vars` in `format`, in the order given. `k8s_name` is the `metadata.name` of a [`Format::K8s`] `Secret`.
///
/// The result is wiped on drop and was allocated once, at its final size.
///
/// Errors: the first variable that the format can't hold, or a bad `k8s_name`. They name the variable, and show no byte of its
/// value.
pub fn write(format: Format, vars: &[Variable<'_>], k8s_name: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    refuse_repeated(format, vars)?;
    match format {
        Format::Json => write_json(vars),
        Format::Shell => lines::write_shell(vars),
        Format::Fish => lines::write_fish(vars),
        Format::Nushell => lines::write_nushell(vars),
        Format::Powershell => powershell::write(vars),
        Format::Docker => lines::write_docker(vars),
        Format::K8s => k8s::write(vars, k8s_name),
        Format::Github => github::write(vars),
    }
}

/// Rejects repeated names: some readers take the first, some the last, and YAML forbids it.
fn refuse_repeated(format: Format, vars: &[Variable<'_>]) -> Result<(), Error> {
    let mut seen = HashSet::with_capacity(vars.len());
    for var in vars {
        // Windows, PowerShell's home, ignores letter case in names; Nushell's `$env` does everywhere.
        let key = match format {
            Format::Powershell | Format::Nushell => var.name.to_ascii_uppercase(),
            _ => var.name.to_owned(),
        };
        if !seen.insert(key) {
            let name = var.name;
            return Err(
                var.error(format!("{name} appears more than once, which the {format} format can't hold"))
            );
        }
    }
    Ok(())
}

/// Strings are Unicode (RFC 8259, section 8.1), so a value must be UTF-8. NUL is `\u0000`.
fn write_json(vars: &[Variable<'_>]) -> Result<Zeroizing<Vec<u8>>, Error> {
    struct Object<'a>(&'a [(&'a str, &'a str)]);

    impl Serialize for Object<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().copied())
        }
    }

    let texts: Vec<_> =
        vars.iter().map(|var| Ok((var.name, var.text(Format::Json)?))).collect::<Result<_, Error>>()?;
    Ok(sized(|out| {
        serde_json::to_writer_pretty(&mut *out, &Object(&texts)).expect("the buffer takes every write");
        out.put("\n");
    }))
}

impl Variable<'_> {
    fn error(&self, message: String) -> Error {
        Error::refused(message).with_status(3).with_hint(hint!("leave it out: -x {name}", name = self.name))
    }

    fn bad_name(&self, format: Format) -> Error {
        self.error(format!("{:?} is not a valid name in the {format} format", self.name))
    }

    /// Makes an error about a name whose assignment the reader refuses, or for which it has a value of its own.
    fn reserved(&self, format: Format) -> Error {
        self.error(format!("{} is reserved by the reader of the {format} format", self.name))
    }

    /// `why` is a predicate of the value: `has a NUL byte`.
    fn bad_value(&self, format: Format, why: &str) -> Error {
        self.error(format!("the value of {} {why}, which the {format} format can't hold", self.name))
    }

    /// Requires `[A-Za-z_][A-Za-z0-9_]*`, which can't end a shell's assignment early (POSIX 2017, 3.235).
    fn require_identifier(&self, format: Format) -> Result<(), Error> {
        let starts = self.name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let holds = self.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if starts && holds { Ok(()) } else { Err(self.bad_name(format)) }
    }

    /// Requires `[A-Za-z0-9_.-]+`.
    fn require_dotted_name(&self, format: Format) -> Result<(), Error> {
        let holds = self.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        if holds && !self.name.is_empty() { Ok(()) } else { Err(self.bad_name(format)) }
    }

    /// An environment consists of C strings (POSIX 2017, 8.1).
    fn refuse_nul(&self, format: Format) -> Result<(), Error> {
        if self.value.contains(&0) { Err(self.bad_value(format, "has a NUL byte")) } else { Ok(()) }
    }

    fn text(&self, format: Format) -> Result<&str, Error> {
        std::str::from_utf8(self.value).map_err(|_| self.bad_value(format, "is not UTF-8"))
    }
}

/// Where a format writes: first only the length is counted, then a buffer of that size is filled.
enum Output {
    Count(usize),
    Fill(Zeroizing<Vec<u8>>),
}

/// Runs `emit` twice, so that the buffer is allocated once: growing would leave copies of secrets.
fn sized(emit: impl Fn(&mut Output)) -> Zeroizing<Vec<u8>> {
    let mut count = Output::Count(0);
    emit(&mut count);
    let length = match count {
        Output::Count(length) => length,
        Output::Fill(bytes) => bytes.len(),
    };
    let mut out = Output::Fill(Zeroizing::new(Vec::with_capacity(length)));
    emit(&mut out);
    match out {
        Output::Fill(bytes) => {
            debug_assert_eq!(bytes.len(), length, "emit wrote something else the second time");
            bytes
        }
        Output::Count(_) => Zeroizing::default(),
    }
}

impl Output {
    fn put(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        match self {
            Self::Count(length) => *length += bytes.len(),
            Self::Fill(buffer) => buffer.extend_from_slice(bytes),
        }
    }

    /// Puts `value` with each byte replaced for which `escape` returns a text.
    fn put_escaped(&mut self, value: &[u8], escape: impl Fn(u8) -> Option<&'static str>) {
        let mut start = 0;
        for (at, &byte) in value.iter().enumerate() {
            if let Some(text) = escape(byte) {
                self.put(&value[start..at]);
                self.put(text);
                start = at + 1;
            }
        }
        self.put(&value[start..]);
    }
}

/// For `serde_json`; never fails.
impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_never_grows() {
        let bytes = sized(|out| {
            out.put_escaped(b"a'b''", |byte| (byte == b'\'').then_some("[quote]"));
            out.put("!");
        });
        assert_eq!(bytes.as_slice(), b"a[quote]b[quote][quote]!");
        assert_eq!(bytes.capacity(), bytes.len());
    }
}
