//! `NAME=value` lines for `docker run --env-file`.
//!
//! docker's reader (docker/cli, `pkg/kvfile`) splits lines with Go's `bufio.Scanner`, wants UTF-8, drops leading white
//! space, skips lines that then start with `#`, and takes all that follows the first `=` as it stands. It knows no
//! quotes, hence no way to write a line break. Nothing of a value can reach the start of a line, so `#` and leading
//! spaces are safe. Compose's `env_file` is another format, with quotes and expansion; this one is not for it.

use zeroize::Zeroizing;

use super::out::sized;
use super::{ExportError, Format, Variable, Why};

/// `bufio.MaxScanTokenSize`, which has to hold the line's break as well.
const LINE: usize = 64 * 1024 - 1;

pub(super) fn write(vars: &[Variable<'_>]) -> Result<Zeroizing<Vec<u8>>, ExportError> {
    for var in vars {
        var.dotted(Format::Docker)?;
        var.no_nul(Format::Docker)?;
        var.text(Format::Docker)?;
        if let Some(why) = bent(var) {
            return Err(var.bad_value(Format::Docker, why));
        }
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

fn bent(var: &Variable<'_>) -> Option<Why> {
    if var.value.contains(&b'\n') {
        Some(Why::LineBreak)
    } else if var.value.ends_with(b"\r") {
        // `bufio.ScanLines` ends a line at `\r?\n`.
        Some(Why::CarriageReturnAtEnd)
    } else if var.name.len() + 1 + var.value.len() > LINE {
        Some(Why::TooLong(LINE))
    } else {
        None
    }
}
