//! Formats with one line for each variable: POSIX shells, fish, Nushell and `docker run --env-file`.

use zeroize::Zeroizing;

use super::{Format, Variable, sized};
use crate::error::Error;

/// Names that bash or dash would not give back: read-only, set by the shell itself, or taken for a number.
/// (Bash Reference Manual, 5.2 "Bash Variables"; `OPTIND` is dash's too.)
///
/// zsh's further ones (`GID`, `USERNAME`, `status`, …) are allowed, because bash and dash hold them.
#[rustfmt::skip]
const RESERVED_BY_SHELLS: &[&str] = &[
    "_", "BASHOPTS", "BASHPID", "BASH_ALIASES", "BASH_ARGC", "BASH_ARGV", "BASH_ARGV0", "BASH_CMDS", "BASH_COMMAND",
    "BASH_LINENO", "BASH_SOURCE", "BASH_SUBSHELL", "BASH_VERSINFO", "DIRSTACK", "EPOCHREALTIME", "EPOCHSECONDS", "EUID",
    "FUNCNAME", "GROUPS", "HISTCMD", "LINENO", "OPTIND", "PPID", "RANDOM", "SECONDS", "SHELLOPTS", "SRANDOM", "UID",
];

/// Variables that fish refuses to set, or to set globally ("Special variables" in its documentation).
#[rustfmt::skip]
const RESERVED_BY_FISH: &[&str] = &[
    "FISH_VERSION", "PWD", "SHLVL", "_", "fish_kill_signal", "fish_killring", "fish_pid", "history", "hostname",
    "pipestatus", "status", "status_generation", "umask", "version",
];

/// Variables that Nushell keeps itself: to set one is an error (`automatic_env_var_set_manually`).
const RESERVED_BY_NUSHELL: &[&str] = &["CURRENT_FILE", "FILE_PWD", "PWD"];

/// docker's `bufio.MaxScanTokenSize`, which includes the line's break.
const DOCKER_LINE: usize = 64 * 1024 - 1;

/// Writes `export NAME='value'` for `eval "$(…)"` or `.` in a POSIX shell.
///
/// In single quotes every byte stands for itself and only `'` ends them (POSIX 2017, XCU 2.2.2), so values pass as they are,
/// line breaks and other bytes than UTF-8 included. A shell word has no NUL.
pub(super) fn write_shell(vars: &[Variable<'_>]) -> Result<Zeroizing<Vec<u8>>, Error> {
    for var in vars {
        var.require_identifier(Format::Shell)?;
        if RESERVED_BY_SHELLS.contains(&var.name) {
            return Err(var.reserved(Format::Shell));
        }
        var.refuse_nul(Format::Shell)?;
    }
    Ok(sized(|out| {
        for var in vars {
            out.put("export ");
            out.put(var.name);
            out.put("='");
            out.put_escaped(var.value, |byte| (byte == b'\'').then_some(r"'\''"));
            out.put("'\n");
        }
    }))
}

/// Writes `set -gx NAME 'value'` for `… | source` in fish.
///
/// In single quotes only `\'` and `\\` are escapes (fish documentation, "Quotes"). fish keeps other bytes than UTF-8.
/// `eval (…)` can't read this: fish splits a command's output at line breaks.
pub(super) fn write_fish(vars: &[Variable<'_>]) -> Result<Zeroizing<Vec<u8>>, Error> {
    for var in vars {
        var.require_identifier(Format::Fish)?;
        if RESERVED_BY_FISH.contains(&var.name) {
            return Err(var.reserved(Format::Fish));
        }
        var.refuse_nul(Format::Fish)?;
        if matches!(var.name, "PATH" | "CDPATH") && var.value.split(|&b| b == b':').any(<[u8]>::is_empty) {
            return Err(var.bad_value(Format::Fish, "has an empty entry"));
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

/// Writes a NUON record, `{` `"NAME": "value"` … `}`, for `from nuon | load-env` in Nushell.
///
/// In double quotes a backslash begins an escape, and `\u{…}` holds a code point in hexadecimal (The Nushell Book, "Working
/// with strings"). A `$` or a parenthesis means nothing there. Strings are UTF-8, and an environment has no NUL.
pub(super) fn write_nushell(vars: &[Variable<'_>]) -> Result<Zeroizing<Vec<u8>>, Error> {
    for var in vars {
        var.require_identifier(Format::Nushell)?;
        if RESERVED_BY_NUSHELL.iter().any(|name| var.name.eq_ignore_ascii_case(name)) {
            return Err(var.reserved(Format::Nushell));
        }
        var.refuse_nul(Format::Nushell)?;
        var.text(Format::Nushell)?;
    }
    Ok(sized(|out| {
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
    }))
}

/// Writes `NAME=value` for `docker run --env-file`.
///
/// docker (docker/cli, `pkg/kvfile`) splits lines with Go's `bufio.Scanner`, requires UTF-8, drops leading white space,
/// skips lines that then start with `#`, and takes everything after the first `=`. It has no quotes, so no way to write a
/// line break. Compose's `env_file` is another format, with quotes and expansion.
pub(super) fn write_docker(vars: &[Variable<'_>]) -> Result<Zeroizing<Vec<u8>>, Error> {
    for var in vars {
        var.require_dotted_name(Format::Docker)?;
        var.refuse_nul(Format::Docker)?;
        var.text(Format::Docker)?;
        let why = if var.value.contains(&b'\n') {
            "has a line break"
        } else if var.value.ends_with(b"\r") {
            // `bufio.ScanLines` ends a line at `\r?\n`.
            "ends in a carriage return"
        } else if var.name.len() + 1 + var.value.len() > DOCKER_LINE {
            return Err(var.bad_value(Format::Docker, &format!("goes past {DOCKER_LINE} bytes")));
        } else {
            continue;
        };
        return Err(var.bad_value(Format::Docker, why));
    }
    Ok(sized(|out| {
        for var in vars {
            out.put(var.name);
            out.put("=");
            out.put(var.value);
            out.put("\n");
        }
    }))
}
