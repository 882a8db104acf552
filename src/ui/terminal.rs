//! The abilities of the terminal.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};

/// Returns true if a stream shows colours: a terminal unless `NO_COLOR` is set or `TERM` is `dumb`, anything else only with
/// `CLICOLOR_FORCE` (no-color.org, bixense.com/clicolors).
pub(super) fn colours<S: RawStream>(stream: &S) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}

/// Returns true if stdout shows colours and is a terminal that is known to support links.
pub(super) fn links() -> bool {
    colours(&io::stdout()) && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout)
}

/// Returns the number of columns of the terminal at stdout. Returns None if stdout is no terminal.
pub(super) fn width() -> Option<u16> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0).filter(|width| *width > 0)
}

/// Returns the URI of a file (RFC 8089), with this host's name, so that a terminal on another machine does not open its
/// own file.
pub(super) fn file_uri(path: &Path) -> String {
    let mut uri = format!("file://{}", host());
    if !path.as_os_str().as_encoded_bytes().starts_with(b"/") {
        // Windows: a drive letter.
        uri.push('/');
    }
    uri + &uri_path(path)
}

/// Percent-encodes a path for a URI (RFC 3986, section 3.3), except for unreserved characters.
pub(crate) fn uri_path(path: &Path) -> String {
    let mut text = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(char::from(*byte));
            }
            b'\\' if cfg!(windows) => text.push('/'),
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

#[cfg(unix)]
fn host() -> String {
    let name = rustix::system::uname();
    let name = name.nodename().to_string_lossy();
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    if name.chars().all(is_safe) { name.into_owned() } else { String::new() }
}

#[cfg(not(unix))]
fn host() -> String {
    String::new()
}
