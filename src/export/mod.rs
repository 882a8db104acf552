//! Writes decrypted variables as text for other programs. Pure: names and values in, bytes out.
//!
//! A value that a format can't hold is rejected by name, never changed: the reader gets exactly the value, or there is no
//! output.

mod github;
mod k8s;
mod lines;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::io;

use serde::Serializer as _;
use zeroize::Zeroizing;

use crate::error::Error;
pub(crate) use github::masks;

/// A decrypted variable.
#[derive(Clone, Copy)]
pub struct Variable<'a> {
    /// `[A-Za-z0-9_.-]+`, as in an env file.
    pub name: &'a str,
    /// Any bytes.
    pub value: &'a [u8],
}

/// A format to write. `raw` is not a format, and `dotenv` is the env file's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the function or module that writes a format describes it")]
pub enum Format {
    Json,
    Shell,
    Fish,
    Nushell,
    Powershell,
    Docker,
    K8s,
    Github,
}

/// Each format and its name on the command line.
pub(crate) const FORMATS: [(&str, Format); 8] = [
    ("json", Format::Json),
    ("shell", Format::Shell),
    ("fish", Format::Fish),
    ("nushell", Format::Nushell),
    ("powershell", Format::Powershell),
    ("docker", Format::Docker),
    ("k8s", Format::K8s),
    ("github", Format::Github),
];

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORMATS.iter().find(|(_, format)| format == self).map_or("", |(name, _)| name))
    }
}

/// Writes `vars` in `format`, in the order given. `k8s_name` is the `metadata.name` of a [`Format::K8s`] `Secret`.
///
/// The result is allocated once, at its final size, and wiped on drop.
///
/// Errors: the first variable that the format can't hold, or a bad `k8s_name`. Errors name the variable, but contain no
/// byte of its value.
pub fn write(format: Format, vars: &[Variable<'_>], k8s_name: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    refuse_repeated(format, vars)?;
    if format == Format::K8s {
        k8s::check_name(k8s_name)?;
    }
    let mut total = 0;
    for var in vars {
        total += var.value.len();
        var.check(format, total)?;
    }
    Ok(sized(|out| match format {
        Format::Json => put_json(vars, out),
        Format::Shell => lines::put_shell(vars, out),
        Format::Fish => lines::put_fish(vars, out),
        Format::Nushell => lines::put_nushell(vars, out),
        Format::Powershell => lines::put_powershell(vars, out),
        Format::Docker => lines::put_docker(vars, out),
        Format::K8s => k8s::put(vars, k8s_name, out),
        Format::Github => github::put(vars, out),
    }))
}

/// Rejects repeated names: some readers take the first, some the last, and YAML forbids it.
fn refuse_repeated(format: Format, vars: &[Variable<'_>]) -> Result<(), Error> {
    let mut seen = HashSet::with_capacity(vars.len());
    for var in vars {
        // Windows, where PowerShell comes from, ignores letter case in names; Nushell's `$env` does so everywhere.
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

/// Writes one JSON object, names to strings. Strings are Unicode (RFC 8259, section 8.1), so a value must be UTF-8. NUL is
/// `\u0000`.
fn put_json(vars: &[Variable<'_>], out: &mut Output) {
    let members = vars.iter().map(|var| (var.name, var.text()));
    let mut json = serde_json::Serializer::pretty(&mut *out);
    json.collect_map(members).expect("the buffer takes every write");
    out.put("\n");
}

impl Variable<'_> {
    fn error(&self, message: String) -> Error {
        Error::refused(message).with_status(3).with_hint(hint!("leave it out: -x {name}", name = self.name))
    }

    /// Rejects a variable that the format's reader would change or refuse. `total` counts the values' bytes so far.
    fn check(&self, format: Format, total: usize) -> Result<(), Error> {
        let Self { name, value } = *self;
        let is_name = match format {
            Format::Json => true,
            Format::Docker => is_dotted(name),
            Format::K8s => is_dotted(name) && k8s::is_key(name),
            _ => is_identifier(name),
        };
        if !is_name {
            return Err(self.error(format!("{name:?} is not a valid name in the {format} format")));
        }
        // The reader refuses to set these, or sets its own values.
        let is_reserved = match format {
            Format::Shell => lines::RESERVED_BY_SHELLS.contains(&name),
            Format::Fish => lines::RESERVED_BY_FISH.contains(&name),
            Format::Nushell => lines::is_reserved_by_nushell(name),
            Format::Github => github::is_reserved(name),
            _ => false,
        };
        if is_reserved {
            return Err(self.error(format!("{name} is reserved by the reader of the {format} format")));
        }
        // An environment consists of C strings (POSIX 2017, 8.1).
        let holds_nul = matches!(format, Format::Json | Format::K8s);
        let holds_bytes = matches!(format, Format::Shell | Format::Fish | Format::K8s);
        let why: Cow<'_, str> = match format {
            _ if !holds_nul && value.contains(&0) => "has a NUL byte".into(),
            _ if !holds_bytes && std::str::from_utf8(value).is_err() => "is not UTF-8".into(),
            Format::Fish if lines::has_empty_entry(self) => "has an empty entry".into(),
            Format::Docker if value.contains(&b'\n') => "has a line break".into(),
            Format::Docker | Format::Github if value.ends_with(b"\r") => "ends in a carriage return".into(),
            Format::Docker if name.len() + 1 + value.len() > lines::DOCKER_LINE => {
                format!("goes past {} bytes", lines::DOCKER_LINE).into()
            }
            Format::K8s if total > k8s::VALUES => format!("goes past {} bytes", k8s::VALUES).into(),
            _ => return Ok(()),
        };
        Err(self.error(format!("the value of {name} {why}, which the {format} format can't hold")))
    }

    /// Returns the value in a format that holds only UTF-8.
    fn text(&self) -> &str {
        std::str::from_utf8(self.value).expect("others were rejected")
    }
}

/// Returns true for `[A-Za-z_][A-Za-z0-9_]*`, which can't end a shell's assignment early (POSIX 2017, 3.235).
fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Returns true for `[A-Za-z0-9_.-]+`.
fn is_dotted(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

/// The target that a format writes to: first it only counts the length, then it fills a buffer of that length.
#[derive(Default)]
struct Output {
    length: usize,
    buffer: Option<Zeroizing<Vec<u8>>>,
}

/// Runs `emit` twice, so that the buffer is allocated once: growing would leave copies of secrets.
fn sized(emit: impl Fn(&mut Output)) -> Zeroizing<Vec<u8>> {
    let mut count = Output::default();
    emit(&mut count);
    let buffer = Zeroizing::new(Vec::with_capacity(count.length));
    let mut out = Output { length: 0, buffer: Some(buffer) };
    emit(&mut out);
    debug_assert_eq!(out.length, count.length, "emit wrote something else the second time");
    out.buffer.unwrap_or_default()
}

impl Output {
    fn put(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.length += bytes.len();
        if let Some(buffer) = &mut self.buffer {
            buffer.extend_from_slice(bytes);
        }
    }

    /// Writes `value`, and replaces each byte for which `escape` returns a text.
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
