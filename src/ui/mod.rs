//! Talking to a person: data on stdout, messages on stderr, prompts on the terminal.

mod page;
mod progress;
mod prompt;
mod sanitize;
mod table;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc;
use std::time::Duration;

use crate::error::Error;
use crate::hint::Hint;
pub(crate) use page::{Look, Page, uri_path};
pub(crate) use progress::Progress;
pub(crate) use prompt::{
    DefaultAnswer, HeldSignals, can_ask, confirm, confirm_beside_pipe, hidden, passphrase, stdin_value,
    strip_line_end,
};
use sanitize::sanitized_json;
pub(crate) use sanitize::{one_line, sanitized, without_private_keys};
use serde::Serialize;
pub(crate) use table::table;
use zeroize::Zeroizing;

/// A shorter wait needs no explanation.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes messages to stderr, as many as `-q` and `-v` ask for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ui {
    pub quiet: bool,
    pub verbose: bool,
}

impl Ui {
    /// Writes what was done.
    pub(crate) fn say(self, message: impl fmt::Display) {
        if !self.quiet {
            write_line(&message.to_string());
        }
    }

    /// Writes what to do next.
    pub(crate) fn suggest(self, hint: &Hint) {
        if let Some(line) = hint.line() {
            self.say(line);
        }
    }

    /// Writes something a person may want to act on.
    pub(crate) fn note(self, message: impl fmt::Display) {
        if !self.quiet {
            write_labelled("note:", Look::Warning, &message.to_string());
        }
    }

    /// Runs `work`, and shows a spinner on a terminal if it takes long.
    pub(crate) fn working<T>(self, what: &str, work: impl FnOnce() -> T) -> T {
        progress::spin_during(self.quiet, what, work)
    }

    /// Runs `wait`, and notes after two seconds what it waits for.
    pub(crate) fn waiting<T>(self, message: &str, wait: impl FnOnce() -> T) -> T {
        std::thread::scope(|scope| {
            let (end, ended) = mpsc::channel::<()>();
            let clock = move || {
                if ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                    self.note(message);
                }
            };
            // Without a thread there is no note.
            let _ = std::thread::Builder::new().spawn_scoped(scope, clock);
            let done = wait();
            drop(end);
            done
        })
    }

    /// Writes a message that is shown only with `-v`.
    pub(crate) fn detail(self, message: impl fmt::Display) {
        if self.verbose {
            write_line(&message.to_string());
        }
    }
}

/// Writes an error to stderr, its details and its hint.
pub(crate) fn error(error: &Error) {
    write_labelled("error:", Look::Bad, error.message());
    for detail in error.details() {
        write_line(&format!("  {detail}"));
    }
    if let Some(line) = error.command_hint().and_then(Hint::line) {
        write_labelled("hint:", Look::Hint, &line);
    }
}

/// Makes panics report their place and that they are a bug. The message is left out: it could contain a value.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        let text = format!(
            "error: envseal {} failed{place}: this is a bug in envseal\nhint: report it with the line above: {}/issues\n",
            env!("CARGO_PKG_VERSION"),
            env!("CARGO_PKG_REPOSITORY"),
        );
        // Not through `progress::aside`: this thread may hold its lock.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }));
}

pub(crate) fn data(bytes: &[u8]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(Error::io("write to stdout"))
}

/// Writes text from others to stdout. On a terminal, control characters are made visible.
pub(crate) fn text(bytes: &[u8]) -> Result<(), Error> {
    if is_stdout_terminal() {
        data(sanitized(&String::from_utf8_lossy(bytes)).as_bytes())
    } else {
        data(bytes)
    }
}

/// Writes a value to stdout as JSON; see [`json_text`].
pub(crate) fn json(value: &impl Serialize) -> Result<(), Error> {
    let mut text = Zeroizing::new(serde_json::to_string_pretty(value).expect("values of our own"));
    text.push('\n');
    json_text(text.as_bytes())
}

/// Writes JSON, with all characters escaped that a terminal would act on or hide; always, so that the output is the same.
pub(crate) fn json_text(text: &[u8]) -> Result<(), Error> {
    let text = std::str::from_utf8(text).expect("JSON is UTF-8 (RFC 8259, section 8.1)");
    match sanitized_json(text) {
        Cow::Borrowed(text) => data(text.as_bytes()),
        Cow::Owned(text) => data(Zeroizing::new(text).as_bytes()),
    }
}

/// Writes text to stderr unchanged, even with `-q`.
pub(crate) fn stderr_text(text: &str) -> Result<(), Error> {
    io::stderr().lock().write_all(text.as_bytes()).map_err(Error::io("write to stderr"))
}

pub(crate) fn is_stdout_terminal() -> bool {
    io::stdout().is_terminal()
}

pub(crate) fn is_stderr_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Returns `1 value`, `2 values`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Returns `a`, `a and b`, or `a, b and c`.
pub(crate) fn listed(words: impl IntoIterator<Item = impl fmt::Display>) -> String {
    let mut words: Vec<_> = words.into_iter().map(|word| word.to_string()).collect();
    match words.pop() {
        Some(last) if !words.is_empty() => format!("{} and {last}", words.join(", ")),
        only => only.unwrap_or_default(),
    }
}

fn write_line(text: &str) {
    write_stderr(&format!("{}\n", one_line(text)));
}

fn write_labelled(label: &str, look: Look, text: &str) {
    write_stderr(&format!("{} {}\n", page::painted(look, label), one_line(text)));
}

fn write_stderr(text: &str) {
    // If stderr is closed, the failure can't be reported.
    let _ = progress::aside(|| io::stderr().lock().write_all(text.as_bytes()));
}
