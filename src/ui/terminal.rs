//! What the terminal can show.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};

/// Whether a stream shows colours: a terminal does unless `NO_COLOR` is set or `TERM` is `dumb`, anything else only by
/// `CLICOLOR_FORCE` (no-color.org, bixense.com/clicolors).
pub(super) fn colours<S: RawStream>(stream: &S) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}

/// Whether stdout is a terminal that is known to make links of files, and shows colours.
pub(super) fn links() -> bool {
    colours(&io::stdout()) && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout)
}

/// How many columns the terminal at stdout has; none where there is no terminal.
pub(super) fn width() -> Option<u16> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0).filter(|width| *width > 0)
}

/// The URI of a file (RFC 8089), with this host's name, so that a terminal on another machine does not open a file of
/// its own.
pub(super) fn file_uri(path: &Path) -> String {
    let mut uri = format!("file://{}", host());
    if !path.as_os_str().as_encoded_bytes().starts_with(b"/") {
        // A drive letter on Windows.
        uri.push('/');
    }
    uri + &uri_path(path)
}

/// A path as the path of a URI (RFC 3986, section 3.3): what is not unreserved is percent-encoded.
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
