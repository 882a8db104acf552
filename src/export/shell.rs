//! `export NAME='value'` for `eval "$(…)"` or `.` in a POSIX shell.
//!
//! Within single quotes every byte stands for itself and only `'` ends them (POSIX 2017, XCU 2.2.2), so values pass
//! as they are, line breaks and bytes that are not UTF-8 included. A NUL cannot be in a shell word.

use zeroize::Zeroizing;

use super::out::sized;
use super::{ExportError, Format, Variable};

/// Names that bash or dash would not give back: read-only, set by the shell itself, or taken for a number.
/// (Bash Reference Manual, 5.2 "Bash Variables"; `OPTIND` is dash's too.)
///
/// zsh's further ones (`GID`, `USERNAME`, `status`, …) are left alone, for bash and dash hold them.
const RESERVED: &[&str] = &[
    "_",
    "BASHOPTS",
    "BASHPID",
    "BASH_ALIASES",
    "BASH_ARGC",
    "BASH_ARGV",
    "BASH_ARGV0",
    "BASH_CMDS",
    "BASH_COMMAND",
    "BASH_LINENO",
    "BASH_SOURCE",
    "BASH_SUBSHELL",
    "BASH_VERSINFO",
    "DIRSTACK",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "GROUPS",
    "HISTCMD",
    "LINENO",
    "OPTIND",
    "PPID",
    "RANDOM",
    "SECONDS",
    "SHELLOPTS",
    "SRANDOM",
    "UID",
];

pub(super) fn write(vars: &[Variable<'_>]) -> Result<Zeroizing<Vec<u8>>, ExportError> {
    for var in vars {
        var.identifier(Format::Shell)?;
        if RESERVED.contains(&var.name) {
            return Err(var.reserved(Format::Shell));
        }
        var.no_nul(Format::Shell)?;
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
