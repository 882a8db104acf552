//! Talking to a person: data on stdout, words on stderr, prompts on the terminal.

mod page;
mod pager;
mod progress;
mod prompt;
mod sanitize;
mod table;
mod terminal;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, IsTerminal, Write};

use crate::hint::Hint;
pub(crate) use page::{Look, Page};
pub(crate) use pager::{LESS, LV, pager};
pub(crate) use progress::{Progress, Working};
pub(crate) use prompt::{
    Deaf, can_ask, confirm, confirm_beside_pipe, drop_line_end, go_on, hidden, passphrase, stdin_value,
};
use sanitize::{one_line, sanitized, sanitized_json};
use serde::Serialize;
pub(crate) use table::table;
pub(crate) use terminal::uri_path;
use zeroize::Zeroizing;

/// How much is said on stderr.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ui {
    /// Say nothing but errors.
    pub quiet: bool,
    /// Say more.
    pub verbose: bool,
}

impl Ui {
    /// Says what was done.
    pub(crate) fn say(self, words: impl fmt::Display) {
        if !self.quiet {
            line(&words.to_string());
        }
    }

    /// Says what to do next.
    pub(crate) fn suggest(self, hint: &Hint) {
        if let Some(line) = hint.line() {
            self.say(line);
        }
    }

    /// Says something a person may want to act on.
    pub(crate) fn note(self, words: impl fmt::Display) {
        if !self.quiet {
            labelled("note:", Look::Warning, &words.to_string());
        }
    }

    /// Says on a terminal, while what it returns is kept, that this takes its time.
    pub(crate) fn working(self, what: &'static str) -> Working {
        Working::new(self.quiet, what)
    }

    /// Says how something came about.
    pub(crate) fn detail(self, words: impl fmt::Display) {
        if self.verbose {
            line(&words.to_string());
        }
    }
}

/// Writes an error and the one thing to try next.
pub(crate) fn error(message: &str, details: &[String], hint: Option<&Hint>) {
    labelled("error:", Look::Bad, message);
    for detail in details {
        line(&format!("  {detail}"));
    }
    if let Some(line) = hint.and_then(Hint::line) {
        labelled("hint:", Look::Hint, &line);
    }
}

/// Has a panic say where it happened, and that it is a bug of envseal. What it was about is not said: that could hold a
/// value.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        let text = format!(
            "error: envseal {} failed{place}: this is a bug in envseal\nhint: report it with the line above: {}/issues\n",
            env!("CARGO_PKG_VERSION"),
            env!("CARGO_PKG_REPOSITORY"),
        );
        // Beside whatever is drawn: this thread may hold the lock of that.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }));
}

/// Writes data to stdout, all of it.
pub(crate) fn data(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Writes text that others wrote to stdout; on a terminal with control characters made visible.
pub(crate) fn text(bytes: &[u8]) -> io::Result<()> {
    if io::stdout().is_terminal() {
        data(sanitized(&String::from_utf8_lossy(bytes)).as_bytes())
    } else {
        data(bytes)
    }
}

/// Writes a value to stdout as JSON; see [`json_text`].
pub(crate) fn json(value: &impl Serialize) -> io::Result<()> {
    let mut text = Zeroizing::new(serde_json::to_string_pretty(value).expect("values of our own"));
    text.push('\n');
    json_text(text.as_bytes())
}

/// Writes JSON to stdout, with what a terminal would obey or not show escaped. Always, so that what is seen is what is
/// piped.
pub(crate) fn json_text(text: &[u8]) -> io::Result<()> {
    let text = std::str::from_utf8(text).expect("JSON is UTF-8 (RFC 8259, section 8.1)");
    match sanitized_json(text) {
        Cow::Borrowed(text) => data(text.as_bytes()),
        Cow::Owned(text) => data(Zeroizing::new(text).as_bytes()),
    }
}

/// Text that others wrote, made safe and kept on one line.
pub(crate) fn safe_line(text: &str) -> String {
    one_line(text)
}

/// Whether a person is at the other end of stdout.
pub(crate) fn person_looks() -> bool {
    io::stdout().is_terminal()
}

/// Whether a person is at the other end of stderr.
pub(crate) fn person_reads() -> bool {
    io::stderr().is_terminal()
}

fn line(text: &str) {
    let text = format!("{}\n", one_line(text));
    // Nobody is left to be told when stderr is gone.
    let _ = progress::aside(|| io::stderr().lock().write_all(text.as_bytes()));
}

fn labelled(label: &str, look: Look, text: &str) {
    let text = format!("{} {}\n", page::painted(look, label), one_line(text));
    let _ = progress::aside(|| io::stderr().lock().write_all(text.as_bytes()));
}
