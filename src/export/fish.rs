//! `set -gx NAME 'value'` for `… | source` in fish.
//!
//! Within single quotes only `\'` and `\\` are escapes (fish documentation, "Quotes"). fish carries bytes that are not
//! UTF-8 through unchanged. `eval (…)` is not the way to read this: fish splits a command's output at line breaks.

use zeroize::Zeroizing;

use super::out::sized;
use super::{ExportError, Format, Variable, Why};

/// Variables that fish refuses to set, or to set globally ("Special variables" in its documentation).
const RESERVED: &[&str] = &[
    "FISH_VERSION",
    "PWD",
    "SHLVL",
    "_",
    "fish_kill_signal",
    "fish_killring",
    "fish_pid",
    "history",
    "hostname",
    "pipestatus",
    "status",
    "status_generation",
    "umask",
    "version",
];

pub(super) fn write(vars: &[Variable<'_>]) -> Result<Zeroizing<Vec<u8>>, ExportError> {
    for var in vars {
        var.identifier(Format::Fish)?;
        if RESERVED.contains(&var.name) {
            return Err(var.reserved(Format::Fish));
        }
        var.no_nul(Format::Fish)?;
        if matches!(var.name, "PATH" | "CDPATH") && var.value.split(|&b| b == b':').any(<[u8]>::is_empty) {
            return Err(var.bad_value(Format::Fish, Why::EmptyEntry));
        }
    }
    Ok(sized(|out| {
        for var in vars {
            out.put("set -gx ");
            out.put(var.name);
            out.put(" '");
            out.put_escaped(var.value, |byte| match byte {
                b'\\' => Some(r"\\"),
                b'\'' => Some(r"\'"),
                _ => None,
            });
            out.put("'\n");
        }
    }))
}
