//! Prompts, and the value on stdin.

#[cfg(unix)]
mod hidden;

use std::io::{self, BufRead, IsTerminal, Read, Write};

use super::progress::aside;
use super::sanitize::one_line;
use crate::crypto::SecretText;
use crate::error::Error;
use crate::fs::note_change;
#[cfg(unix)]
pub(crate) use hidden::HeldSignals;
use zeroize::Zeroizing;

/// Asks a person, who may change files before the answer.
fn ask<T>(question: impl FnOnce() -> T) -> T {
    let answer = aside(question);
    note_change();
    answer
}

/// Asks for a value on the terminal without showing it. Returns everything typed or pasted, with the newline that ended
/// it; Ctrl-C is [`io::ErrorKind::Interrupted`], Ctrl-D [`io::ErrorKind::UnexpectedEof`].
#[cfg(unix)]
pub(crate) fn hidden(question: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    ask(|| hidden::ask(question))
}

/// Asks for one line without showing it.
#[cfg(not(unix))]
pub(crate) fn hidden(question: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let answer = ask(|| rpassword::prompt_password(question)).map(String::into_bytes).map(Zeroizing::new)?;
    // Unreadable input is returned as U+FFFD.
    let is_text = !String::from_utf8_lossy(&answer).contains('\u{fffd}');
    if is_text { Ok(answer) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Asks for a passphrase on the terminal without showing it. Returns None if there is no terminal.
pub(crate) fn passphrase(question: &str) -> io::Result<Option<SecretText>> {
    match hidden(&one_line(question)) {
        Ok(mut text) => {
            strip_line_end(&mut text);
            if text.contains(&b'\n') {
                let message = "a passphrase is one line, but several were pasted";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            let text =
                String::from_utf8(std::mem::take(&mut *text)).map_err(|_| io::ErrorKind::InvalidData)?;
            Ok(Some(SecretText::new(text)))
        }
        // ENXIO (6): the process has no terminal. Not found: the system has none.
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(6) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes one line end (LF or CRLF) from the end of a text.
pub(crate) fn strip_line_end(text: &mut Zeroizing<Vec<u8>>) {
    let line_end = if text.ends_with(b"\r\n") { 2 } else { usize::from(text.ends_with(b"\n")) };
    let end = text.len() - line_end;
    text.truncate(end);
}

/// Does nothing on other systems.
#[cfg(not(unix))]
pub(crate) struct HeldSignals;

#[cfg(not(unix))]
impl HeldSignals {
    #[allow(clippy::unnecessary_wraps, reason = "elsewhere it fails")]
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self)
    }

    pub(crate) fn again() -> Option<Self> {
        None
    }
}

/// The answer for Enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DefaultAnswer {
    Yes,
    No,
}

impl DefaultAnswer {
    /// Treats an answer that is neither yes nor no as the default, and the end of input as a no.
    fn accepts(self, answer: &str) -> bool {
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => true,
            "n" | "no" => false,
            _ => self == Self::Yes && answer.ends_with('\n'),
        }
    }

    fn ask(self, person: &mut impl BufRead, question: &str) -> Result<bool, Error> {
        let choices = if self == Self::Yes { "[Y/n]" } else { "[y/N]" };
        let mut answer = String::new();
        ask(|| {
            write!(io::stderr(), "{} {choices} ", one_line(question))?;
            person.read_line(&mut answer)?;
            // Ctrl-D does not end the line.
            if answer.ends_with('\n') { Ok(()) } else { writeln!(io::stderr()) }
        })
        .map_err(Error::io("ask on the terminal"))?;
        Ok(self.accepts(&answer))
    }
}

/// Asks a yes-or-no question. Returns false if stdin is no terminal.
pub(crate) fn confirm(question: &str, default: DefaultAnswer) -> Result<bool, Error> {
    if can_ask() { default.ask(&mut io::stdin().lock(), question) } else { Ok(false) }
}

/// Asks a person whose stdin is a pipe, at the terminal. Returns None if there is none, or if stderr is
/// redirected: the question would not be seen.
#[cfg(unix)]
pub(crate) fn confirm_beside_pipe(question: &str) -> Result<Option<bool>, Error> {
    if !io::stderr().is_terminal() {
        return Ok(None);
    }
    // Fails if the process has no terminal.
    let Ok(terminal) = crate::fs::open_terminal() else { return Ok(None) };
    DefaultAnswer::No.ask(&mut io::BufReader::new(terminal), question).map(Some)
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere it fails")]
pub(crate) fn confirm_beside_pipe(_: &str) -> Result<Option<bool>, Error> {
    Ok(None)
}

/// Returns true if a person is at the other end of stdin.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal()
}

/// Reads stdin to its end. Returns None if it is a terminal.
pub(crate) fn stdin_value() -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    if can_ask() {
        return Ok(None);
    }
    read_wiping(io::stdin().lock()).map(Some).map_err(Error::io("read stdin"))
}

/// Reads into chunks and then into one buffer, so that no unwiped copy is left in memory.
fn read_wiping(mut from: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut chunks = Vec::new();
    loop {
        // The chunk never grows, because no more is read than fits.
        let room = if chunks.is_empty() { 64 << 10 } else { 1 << 20 };
        let mut chunk = Zeroizing::new(Vec::with_capacity(room));
        if from.by_ref().take(room as u64).read_to_end(&mut chunk)? == 0 {
            break;
        }
        chunks.push(chunk);
    }
    let mut text = Zeroizing::new(Vec::with_capacity(chunks.iter().map(|chunk| chunk.len()).sum()));
    for chunk in chunks {
        text.extend_from_slice(&chunk);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unclear_answer_counts_as_the_default() {
        for (answer, yes, no) in [
            ("y\n", true, true),
            (" YES \n", true, true),
            ("n\n", false, false),
            ("No\n", false, false),
            ("\n", true, false),
            ("maybe\n", true, false),
            ("", false, false),
        ] {
            assert_eq!(DefaultAnswer::Yes.accepts(answer), yes, "{answer:?}");
            assert_eq!(DefaultAnswer::No.accepts(answer), no, "{answer:?}");
        }
    }

    #[test]
    fn reads_to_the_end_whatever_the_size() {
        let text = b"ab".repeat(100_000);
        assert_eq!(*read_wiping(&text[..]).unwrap(), text);
        assert!(read_wiping(&b""[..]).unwrap().is_empty());
    }
}
