//! Formats with one line for each variable: POSIX shells, fish, Nushell, `PowerShell` and `docker run --env-file`.

use std::io::Write as _;

use super::{Output, Variable};

/// Names that bash or dash would not keep as set: read-only, set by the shell itself, or converted to a number. (Bash
/// Reference Manual, 5.2 "Bash Variables"; `OPTIND` is dash's too.)
///
/// Names that only zsh reserves (`GID`, `USERNAME`, `status`, …) are allowed, because they work in bash and dash.
#[rustfmt::skip]
pub(super) const RESERVED_BY_SHELLS: &[&str] = &[
    "_", "BASHOPTS", "BASHPID", "BASH_ALIASES", "BASH_ARGC", "BASH_ARGV", "BASH_ARGV0", "BASH_CMDS", "BASH_COMMAND",
    "BASH_LINENO", "BASH_SOURCE", "BASH_SUBSHELL", "BASH_VERSINFO", "DIRSTACK", "EPOCHREALTIME", "EPOCHSECONDS", "EUID",
    "FUNCNAME", "GROUPS", "HISTCMD", "LINENO", "OPTIND", "PPID", "RANDOM", "SECONDS", "SHELLOPTS", "SRANDOM", "UID",
];

/// Variables that fish refuses to set, or to set globally ("Special variables" in its documentation).
#[rustfmt::skip]
pub(super) const RESERVED_BY_FISH: &[&str] = &[
    "FISH_VERSION", "PWD", "SHLVL", "_", "fish_kill_signal", "fish_killring", "fish_pid", "history", "hostname",
    "pipestatus", "status", "status_generation", "umask", "version",
];

/// Returns true for a variable that Nushell maintains: setting one is an error (`automatic_env_var_set_manually`).
pub(super) fn is_reserved_by_nushell(name: &str) -> bool {
    ["CURRENT_FILE", "FILE_PWD", "PWD"].iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
}

/// docker's `bufio.MaxScanTokenSize`, which includes the line break.
pub(super) const DOCKER_LINE: usize = 64 * 1024 - 1;

/// Writes `export NAME='value'` for `eval "$(…)"` or `.` in a POSIX shell.
///
/// In single quotes every byte stands for itself and only `'` ends them (POSIX 2017, XCU 2.2.2), so values pass
/// unchanged, including line breaks and bytes that aren't UTF-8. A shell word has no NUL.
pub(super) fn put_shell(vars: &[Variable<'_>], out: &mut Output) {
    for var in vars {
        out.put("export ");
        out.put(var.name);
        out.put("='");
        out.put_escaped(var.value, |byte| (byte == b'\'').then_some(r"'\''"));
        out.put("'\n");
    }
}

/// Writes `set -gx NAME 'value'` for `… | source` in fish.
///
/// In single quotes only `\'` and `\\` are escapes (fish documentation, "Quotes"). fish keeps bytes that aren't UTF-8.
/// `eval (…)` can't read this: fish splits a command's output at line breaks.
pub(super) fn put_fish(vars: &[Variable<'_>], out: &mut Output) {
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
}

/// Returns true for a search path with an empty entry, which fish would rewrite.
pub(super) fn has_empty_entry(var: &Variable<'_>) -> bool {
    matches!(var.name, "PATH" | "CDPATH") && var.value.split(|&b| b == b':').any(<[u8]>::is_empty)
}

/// Writes a NUON record, `{` `"NAME": "value"` … `}`, for `from nuon | load-env` in Nushell.
///
/// In double quotes a backslash begins an escape, and `\u{…}` holds a code point in hexadecimal (The Nushell Book, "Working
/// with strings"). A `$` or a parenthesis means nothing there. Strings are UTF-8, and an environment has no NUL.
pub(super) fn put_nushell(vars: &[Variable<'_>], out: &mut Output) {
    out.put("{\n");
    for var in vars {
        out.put("  \"");
        out.put(var.name);
        out.put("\": \"");
        out.put_escaped(var.value, |byte| match byte {
            b'"' => Some(r#"\""#),
            b'\\' => Some(r"\\"),
            b'\n' => Some(r"\n"),
            b'\r' => Some(r"\r"),
            b'\t' => Some(r"\t"),
            0x1b => Some(r"\u{1b}"),
            _ => None,
        });
        out.put("\"\n");
    }
    out.put("}\n");
}

/// Writes `$env:NAME = 'value'` for `… | Out-String | Invoke-Expression` in `PowerShell`, Windows' own 5.1 included.
///
/// The output is printable ASCII, one line for each variable, so that it survives a pipe and any code page of the
/// console. In single quotes only a single quote is special, and is doubled; U+2018, U+2019, U+201A and U+201B count as
/// one (`about_Quoting_Rules`; `CharTraits` in the tokenizer). Those, line breaks, control characters and non-ASCII are
/// written as UTF-16 units: `[char]10`. One flat `-join (…)` joins the parts: a chain of `+` would nest per line break.
///
/// Before `PowerShell` 7.5 an empty value removes the variable.
pub(super) fn put_powershell(vars: &[Variable<'_>], out: &mut Output) {
    for var in vars {
        out.put("$env:");
        out.put(var.name);
        out.put(" = ");
        put_powershell_value(var.text(), out);
        out.put("\n");
    }
}

fn put_powershell_value(value: &str, out: &mut Output) {
    if value.chars().all(is_printable_ascii) {
        return put_powershell_text(value, out);
    }
    out.put("-join (");
    let mut rest = value;
    let mut separator = "";
    while let Some(first) = rest.chars().next() {
        out.put(separator);
        separator = ", ";
        if is_printable_ascii(first) {
            let end = rest.find(|c| !is_printable_ascii(c)).unwrap_or(rest.len());
            put_powershell_text(&rest[..end], out);
            rest = &rest[end..];
        } else {
            put_powershell_units(first, out);
            rest = &rest[first.len_utf8()..];
        }
    }
    out.put(")");
}

fn is_printable_ascii(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic()
}

fn put_powershell_text(text: &str, out: &mut Output) {
    out.put("'");
    out.put_escaped(text.as_bytes(), |byte| (byte == b'\'').then_some("''"));
    out.put("'");
}

fn put_powershell_units(c: char, out: &mut Output) {
    let mut separator = "";
    for unit in c.encode_utf16(&mut [0; 2]) {
        write!(out, "{separator}[char]{unit}").expect("the buffer takes every write");
        separator = ", ";
    }
}

/// Writes `NAME=value` for `docker run --env-file`.
///
/// docker (docker/cli, `pkg/kvfile`) splits lines at `\r?\n` with Go's `bufio.Scanner`, requires UTF-8, drops leading white
/// space, skips lines that then start with `#`, and takes everything after the first `=`. It has no quotes, so no way to
/// write a line break. Compose's `env_file` is another format, with quotes and expansion.
pub(super) fn put_docker(vars: &[Variable<'_>], out: &mut Output) {
    for var in vars {
        out.put(var.name);
        out.put("=");
        out.put(var.value);
        out.put("\n");
    }
}
