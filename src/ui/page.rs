//! What a person reads on stdout: text whose parts have looks, shown where there is a terminal to show them.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::ops::Range;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use zeroize::Zeroizing;

use super::sanitize::{one_line, sanitized};
use super::terminal::{colours, file_uri, links};

/// What a part of a text is, which decides how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// The head of a table or of a paragraph.
    Heading,
    /// What is wrong, or gone.
    Bad,
    /// What may be wrong, or has changed.
    Warning,
    /// What is right, or new.
    Good,
    /// A name or a number that others are found by.
    Id,
    /// What can be done.
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

/// A text in parts. What it holds is wiped, for it may show values. Made safe when it is shown: no part can obey an
/// escape sequence of its own.
#[derive(Default)]
pub(crate) struct Page {
    text: Zeroizing<String>,
    marked: Vec<(Range<usize>, Mark)>,
}

enum Mark {
    Look(Look),
    /// A file that the part names, and that a terminal may open: a `file:` URI.
    Link(String),
}

impl Page {
    /// A text without looks.
    pub(crate) fn plain(text: String) -> Self {
        Self { text: Zeroizing::new(text), marked: Vec::new() }
    }

    /// Adds a part that looks as it is.
    pub(crate) fn add(&mut self, look: Look, words: impl fmt::Display) {
        self.mark(Mark::Look(look), words);
    }

    /// Adds `words`, which name the file at the absolute `path`.
    pub(crate) fn add_link(&mut self, path: &Path, words: impl fmt::Display) {
        self.mark(Mark::Link(file_uri(path)), words);
    }

    /// Adds another text at the end.
    pub(crate) fn append(&mut self, other: Self) {
        let start = self.text.len();
        self.text.push_str(&other.text);
        let moved = |(range, mark): (Range<usize>, _)| (range.start + start..range.end + start, mark);
        self.marked.extend(other.marked.into_iter().map(moved));
    }

    /// As [`Self::print`], to stderr: what is no data, but for a person to decide by.
    pub(crate) fn tell(&self) -> io::Result<()> {
        let stderr = io::stderr();
        let shown = Shown::on(stderr.is_terminal(), colours(&stderr), false);
        let mut out = io::BufWriter::new(stderr.lock());
        self.write(&mut out, shown)?;
        out.flush()
    }

    /// Prints it to stdout: with looks where it is a terminal that has colours, made safe where it is any.
    pub(crate) fn print(&self) -> io::Result<()> {
        let stdout = io::stdout();
        let shown = Shown::on(stdout.is_terminal(), colours(&stdout), links());
        let mut out = io::BufWriter::new(stdout.lock());
        self.write(&mut out, shown)?;
        out.flush()
    }

    /// Writes it for a program that shows it on the terminal in our place.
    pub(crate) fn print_through(&self, pager: &mut impl Write) -> io::Result<()> {
        // Not every pager knows links.
        let shown = Shown { colours: colours(&io::stdout()), links: false, safe: true };
        self.write(pager, shown)?;
        pager.flush()
    }

    #[cfg(test)]
    pub(super) fn shown_plain(&self) -> String {
        self.text.to_string()
    }

    fn mark(&mut self, mark: Mark, words: impl fmt::Display) {
        let start = self.text.len();
        self.push(format_args!("{words}"));
        self.marked.push((start..self.text.len(), mark));
    }

    fn push(&mut self, words: fmt::Arguments<'_>) {
        // Into memory: cannot fail but by a Display that does.
        let _ = fmt::Write::write_fmt(&mut *self.text, words);
    }

    fn write(&self, out: &mut impl Write, shown: Shown) -> io::Result<()> {
        let mut at = 0;
        for (range, mark) in &self.marked {
            shown.part(out, &self.text[at..range.start], None)?;
            shown.part(out, &self.text[range.clone()], Some(mark))?;
            at = range.end;
        }
        shown.part(out, &self.text[at..], None)
    }
}

/// `write!` and `writeln!` add what has no look.
impl fmt::Write for Page {
    fn write_str(&mut self, words: &str) -> fmt::Result {
        self.text.push_str(words);
        Ok(())
    }
}

/// A look for words that are put into a message on stderr: `note:` and the like. None where stderr shows no colours.
pub(super) fn painted(look: Look, words: &str) -> String {
    if !colours(&io::stderr()) {
        return words.to_owned();
    }
    let style = look.style();
    format!("{style}{}{style:#}", one_line(words))
}

/// How much of the looks is shown.
#[derive(Clone, Copy)]
struct Shown {
    colours: bool,
    links: bool,
    safe: bool,
}

impl Shown {
    /// Whoever wants colours elsewhere too has something there that obeys escape sequences.
    fn on(terminal: bool, colours: bool, links: bool) -> Self {
        Self { colours, links, safe: terminal || colours }
    }

    fn part(self, out: &mut impl Write, text: &str, mark: Option<&Mark>) -> io::Result<()> {
        let safe;
        let text = if self.safe {
            safe = Zeroizing::new(sanitized(text).into_owned());
            &safe
        } else {
            text
        };
        match mark {
            Some(Mark::Look(look)) if self.colours => {
                let style = look.style();
                write!(out, "{style}{text}{style:#}")
            }
            // OSC 8: the terminal's own convention for links.
            Some(Mark::Link(uri)) if self.links => {
                write!(out, "\x1b]8;;{uri}\x1b\\{text}\x1b]8;;\x1b\\")
            }
            _ => out.write_all(text.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn page() -> Page {
        let mut page = Page::default();
        page.add(Look::Bad, "error\u{1b}[0m");
        writeln!(page, ": x\u{1b}]8;;http://evil\u{7}").unwrap();
        page.add_link(Path::new("/a b"), "file");
        page
    }

    fn written(colours: bool, links: bool, safe: bool) -> String {
        let mut out = Vec::new();
        page().write(&mut out, Shown { colours, links, safe }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn on_a_terminal_only_our_own_sequences_are_obeyed() {
        let text = written(true, true, true);
        assert!(
            text.starts_with("\u{1b}[1m\u{1b}[31merror\\u{1b}[0m\u{1b}[0m: x\\u{1b}]8;;http://evil\\u{7}\n"),
            "{text:?}"
        );
        assert!(text.contains("/a%20b\u{1b}\\file\u{1b}]8;;\u{1b}\\"), "{text:?}");
    }

    #[test]
    fn elsewhere_it_is_the_text_alone() {
        assert_eq!(written(false, false, false), "error\u{1b}[0m: x\u{1b}]8;;http://evil\u{7}\nfile");
        assert_eq!(written(false, false, true), "error\\u{1b}[0m: x\\u{1b}]8;;http://evil\\u{7}\nfile");
    }

    #[test]
    fn whatever_obeys_our_sequences_obeys_no_others() {
        for (terminal, colours, safe) in
            [(true, true, true), (true, false, true), (false, true, true), (false, false, false)]
        {
            assert_eq!(Shown::on(terminal, colours, false).safe, safe);
        }
    }

    #[test]
    fn what_is_appended_keeps_its_looks() {
        let mut whole = Page::plain("a ".into());
        whole.append(page());
        let mut out = Vec::new();
        whole.write(&mut out, Shown { colours: true, links: false, safe: true }).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), format!("a {}", written(true, false, true)));
    }
}
