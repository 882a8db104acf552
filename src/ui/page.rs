//! Text with colours and links, which are shown only on a terminal.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::ops::Range;
use std::path::Path;

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use zeroize::Zeroizing;

use super::sanitize::{one_line, sanitized};
use crate::error::Error;

/// The role of a part of a text, which decides its style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// The heading of a table or a paragraph.
    Heading,
    /// Wrong, or removed.
    Bad,
    /// Doubtful, or changed.
    Warning,
    /// Right, or added.
    Good,
    /// A name or a number for looking something up.
    Id,
    Hint,
}

impl Look {
    pub(super) fn style(self) -> Style {
        match self {
            Self::Heading => Style::new().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Id => AnsiColor::Cyan.on_default(),
            Self::Hint => AnsiColor::Cyan.on_default().bold(),
        }
    }
}

/// A text with marked parts. It is wiped when dropped, because it may contain values. Escape sequences in it are made
/// visible when it is printed on a terminal. `write!` adds text without a mark.
#[derive(Default)]
pub(crate) struct Page {
    text: Zeroizing<String>,
    marked: Vec<(Range<usize>, Markup)>,
}

enum Markup {
    Look(Look),
    /// A `file:` URI.
    Link(String),
}

impl Page {
    pub(crate) fn add(&mut self, look: Look, text: impl fmt::Display) {
        self.push(Markup::Look(look), text);
    }

    /// Adds text that links to the file at the absolute `path`.
    pub(crate) fn add_link(&mut self, path: &Path, text: impl fmt::Display) {
        self.push(Markup::Link(file_uri(path)), text);
    }

    pub(crate) fn print(&self) -> Result<(), Error> {
        let stdout = io::stdout();
        let rendering = Rendering::on(stdout.is_terminal(), colours(&stdout), links());
        self.write(&mut io::BufWriter::new(stdout.lock()), rendering).map_err(Error::io("write to stdout"))
    }

    /// Prints it to stderr: it is not data, but information for a person to decide.
    pub(crate) fn print_to_stderr(&self) -> Result<(), Error> {
        let stderr = io::stderr();
        let rendering = Rendering::on(stderr.is_terminal(), colours(&stderr), false);
        self.write(&mut io::BufWriter::new(stderr.lock()), rendering).map_err(Error::io("write to stderr"))
    }

    /// Prints it through a pager, which shows it on the terminal.
    pub(crate) fn print_through(&self, pager: &mut impl Write) -> Result<(), Error> {
        // Not every pager supports links.
        let rendering = Rendering { colours: colours(&io::stdout()), links: false, safe: true };
        self.write(pager, rendering).map_err(Error::io("write to stdout"))
    }

    #[cfg(test)]
    pub(super) fn to_text(&self) -> String {
        self.text.to_string()
    }

    fn push(&mut self, mark: Markup, text: impl fmt::Display) {
        let start = self.text.len();
        // Writing to memory fails only if a Display does.
        let _ = fmt::Write::write_fmt(&mut *self.text, format_args!("{text}"));
        self.marked.push((start..self.text.len(), mark));
    }

    fn write(&self, out: &mut impl Write, rendering: Rendering) -> io::Result<()> {
        let mut at = 0;
        for (range, mark) in &self.marked {
            rendering.write(out, &self.text[at..range.start], None)?;
            rendering.write(out, &self.text[range.clone()], Some(mark))?;
            at = range.end;
        }
        rendering.write(out, &self.text[at..], None)?;
        out.flush()
    }
}

impl fmt::Write for Page {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        Ok(())
    }
}

/// Returns a label for stderr, coloured if stderr shows colours.
pub(super) fn painted(look: Look, label: &str) -> String {
    if !colours(&io::stderr()) {
        return label.to_owned();
    }
    let style = look.style();
    format!("{style}{}{style:#}", one_line(label))
}

#[derive(Clone, Copy)]
struct Rendering {
    colours: bool,
    links: bool,
    /// Makes escape sequences visible.
    safe: bool,
}

impl Rendering {
    /// Escapes text wherever colours are shown: a reader that obeys our escape sequences obeys any.
    fn on(terminal: bool, colours: bool, links: bool) -> Self {
        Self { colours, links, safe: terminal || colours }
    }

    fn write(self, out: &mut impl Write, text: &str, mark: Option<&Markup>) -> io::Result<()> {
        let safe;
        let text = if self.safe {
            safe = Zeroizing::new(sanitized(text).into_owned());
            &safe
        } else {
            text
        };
        match mark {
            Some(Markup::Look(look)) if self.colours => {
                let style = look.style();
                write!(out, "{style}{text}{style:#}")
            }
            // OSC 8, the convention of terminals for links.
            Some(Markup::Link(uri)) if self.links => {
                write!(out, "\x1b]8;;{uri}\x1b\\{text}\x1b]8;;\x1b\\")
            }
            _ => out.write_all(text.as_bytes()),
        }
    }
}

/// Returns true if a stream shows colours: a terminal unless `NO_COLOR` is set or `TERM` is `dumb`, anything else only with
/// `CLICOLOR_FORCE` (no-color.org, bixense.com/clicolors).
fn colours<S: RawStream>(stream: &S) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}

/// Returns true if stdout shows colours and is a terminal that is known to support links.
fn links() -> bool {
    colours(&io::stdout()) && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout)
}

/// Returns the number of columns of the terminal at stdout. Returns None if stdout is no terminal.
pub(super) fn width() -> Option<u16> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0).filter(|width| *width > 0)
}

/// Returns a file's URI (RFC 8089), with this host's name, so that a terminal elsewhere doesn't open its own file.
fn file_uri(path: &Path) -> String {
    let mut uri = format!("file://{}", host());
    if !path.as_os_str().as_encoded_bytes().starts_with(b"/") {
        // Windows: a drive letter.
        uri.push('/');
    }
    uri + &uri_path(path)
}

/// Percent-encodes a path for a URI (RFC 3986, section 3.3), except for unreserved characters.
pub(crate) fn uri_path(path: &Path) -> String {
    let encoded = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
            char::from(*byte).to_string()
        }
        b'\\' if cfg!(windows) => "/".to_owned(),
        _ => format!("%{byte:02X}"),
    };
    path.as_os_str().as_encoded_bytes().iter().map(encoded).collect()
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

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn written(colours: bool, links: bool, safe: bool) -> String {
        let mut page = Page::default();
        page.add(Look::Bad, "error\u{1b}[0m");
        writeln!(page, ": x\u{1b}]8;;http://evil\u{7}").unwrap();
        page.add_link(Path::new("/a b"), "file");
        let mut out = Vec::new();
        page.write(&mut out, Rendering { colours, links, safe }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn on_a_terminal_only_our_own_sequences_are_obeyed() {
        let text = written(true, true, true);
        let start = "\u{1b}[1m\u{1b}[31merror\\u{1b}[0m\u{1b}[0m: x\\u{1b}]8;;http://evil\\u{7}\n";
        assert!(text.starts_with(start), "{text:?}");
        assert!(text.contains("/a%20b\u{1b}\\file\u{1b}]8;;\u{1b}\\"), "{text:?}");
        // Elsewhere it is the text alone.
        assert_eq!(written(false, false, false), "error\u{1b}[0m: x\u{1b}]8;;http://evil\u{7}\nfile");
        assert_eq!(written(false, false, true), "error\\u{1b}[0m: x\\u{1b}]8;;http://evil\\u{7}\nfile");
    }

    #[test]
    fn whatever_obeys_our_sequences_obeys_no_others() {
        for (terminal, colours, safe) in
            [(true, true, true), (true, false, true), (false, true, true), (false, false, false)]
        {
            assert_eq!(Rendering::on(terminal, colours, false).safe, safe);
        }
    }
}
