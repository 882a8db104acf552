//! Asking a person, and reading what is piped in.

#[cfg(unix)]
mod hidden;

use std::io::{self, BufRead, IsTerminal, Read, Write};
#[cfg(unix)]
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
#[cfg(unix)]
use std::sync::{Arc, OnceLock};

use super::progress::aside;
use crate::crypto::SecretText;
#[cfg(unix)]
use zeroize::Zeroize;
use zeroize::Zeroizing;

/// Asks for a value on the terminal without showing it. Returns all that was typed or pasted, with the newline that
/// ended it; Ctrl-C is [`io::ErrorKind::Interrupted`].
#[cfg(unix)]
pub(crate) fn hidden(question: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    aside(|| hidden::ask(question))
}

/// As on Unix, but of one line.
#[cfg(not(unix))]
pub fn hidden(question: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let answer =
        aside(|| rpassword::prompt_password(question)).map(String::into_bytes).map(Zeroizing::new)?;
    // What cannot be read comes as U+FFFD.
    let is_text = !String::from_utf8_lossy(&answer).contains('\u{fffd}');
    if is_text { Ok(answer) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Asks for a passphrase on the terminal without showing it; none where there is no terminal.
pub(crate) fn passphrase(question: &str) -> io::Result<Option<SecretText>> {
    match hidden(&super::sanitize::one_line(question)) {
        Ok(mut text) => {
            drop_line_end(&mut text);
            if text.contains(&b'\n') {
                let message = "several lines were pasted, and a passphrase is one line";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            let text =
                String::from_utf8(std::mem::take(&mut *text)).map_err(|_| io::ErrorKind::InvalidData)?;
            Ok(Some(SecretText::new(text)))
        }
        // What opening the terminal fails with where a process has none (ENXIO), or the system has none at all.
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(6) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes one line end (LF or CRLF), where the text ends with one.
pub(crate) fn drop_line_end(text: &mut Zeroizing<Vec<u8>>) {
    let line_end = if text.ends_with(b"\r\n") { 2 } else { usize::from(text.ends_with(b"\n")) };
    let end = text.len() - line_end;
    text.truncate(end);
}

/// While it lives, a signal that would end the process does not, so that a terminal can be restored first.
#[cfg(unix)]
pub(crate) struct Deaf {
    signals: &'static Signals,
    heard_before: bool,
}

#[cfg(unix)]
struct Signals {
    /// Whether a signal ends the process at once.
    hears: Arc<AtomicBool>,
    /// The last one that did not; 0 for none.
    last: Arc<AtomicUsize>,
}

/// One for all prompts: each handler that was registered stays, and those of prompts before would end the process.
#[cfg(unix)]
static SIGNALS: OnceLock<Signals> = OnceLock::new();

#[cfg(unix)]
impl Deaf {
    /// Begins.
    pub(crate) fn new() -> io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
        use signal_hook::flag::{register_conditional_default, register_usize};
        if SIGNALS.get().is_none() {
            let (hears, last) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
            for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
                register_conditional_default(signal, Arc::clone(&hears))?;
                register_usize(signal, Arc::clone(&last), signal.unsigned_abs() as usize)?;
            }
            let _ = SIGNALS.set(Signals { hears, last });
        }
        Ok(Self::again().expect("set just now"))
    }

    /// As [`Self::new`], where that was called before. None where it was not: then no signal is caught.
    pub(crate) fn again() -> Option<Self> {
        let signals = SIGNALS.get()?;
        signals.last.store(0, SeqCst);
        Some(Self { signals, heard_before: signals.hears.swap(false, SeqCst) })
    }

    /// The signal that came last.
    fn heard(&self) -> Option<i32> {
        i32::try_from(self.signals.last.load(SeqCst)).ok().filter(|signal| *signal != 0)
    }
}

#[cfg(unix)]
impl Drop for Deaf {
    fn drop(&mut self) {
        self.signals.hears.store(self.heard_before, SeqCst);
    }
}

/// Elsewhere signals are left alone.
#[cfg(not(unix))]
pub struct Deaf;

#[cfg(not(unix))]
impl Deaf {
    /// Does nothing; no error.
    #[allow(clippy::unnecessary_wraps, reason = "elsewhere it fails")]
    pub fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Does nothing.
    pub fn again() -> Option<Self> {
        None
    }
}

/// Asks a yes-or-no question; anything but a yes is a no, and so is a stdin that is no terminal.
pub(crate) fn confirm(question: &str) -> io::Result<bool> {
    if !can_ask() {
        return Ok(false);
    }
    let answer = answer_to(question, "[y/N]")?;
    Ok(is_yes(&answer))
}

/// As [`confirm`], of a person whose stdin is a pipe: asked at the terminal of this process. None where there is none, and
/// where stderr leads elsewhere, so that the question would come out of nowhere.
#[cfg(unix)]
pub(crate) fn confirm_beside_pipe(question: &str) -> io::Result<Option<bool>> {
    if !io::stderr().is_terminal() {
        return Ok(None);
    }
    // Where a process has no terminal this fails.
    let Ok(terminal) = crate::fs::open_terminal() else { return Ok(None) };
    let answer = answer_from(&mut io::BufReader::new(terminal), question, "[y/N]")?;
    Ok(Some(is_yes(&answer)))
}

/// Elsewhere there is nobody to ask.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere it fails")]
pub fn confirm_beside_pipe(_: &str) -> io::Result<Option<bool>> {
    Ok(None)
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// Asks whether to go on: anything but a no is a yes. Where there is nobody to ask, and at the end of what they type, it
/// is a no.
pub(crate) fn go_on(question: &str) -> io::Result<bool> {
    if !can_ask() {
        return Ok(false);
    }
    let answer = answer_to(question, "[Y/n]")?;
    Ok(!answer.is_empty() && !matches!(answer.trim().to_lowercase().as_str(), "n" | "no"))
}

/// Whether a person is at the other end of stdin.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal()
}

fn answer_to(question: &str, choices: &str) -> io::Result<String> {
    answer_from(&mut io::stdin().lock(), question, choices)
}

fn answer_from(person: &mut impl BufRead, question: &str, choices: &str) -> io::Result<String> {
    let mut answer = String::new();
    aside(|| {
        write!(io::stderr(), "{} {choices} ", super::sanitize::one_line(question))?;
        person.read_line(&mut answer)
    })?;
    if !answer.ends_with('\n') {
        // Ctrl-D ends no line.
        writeln!(io::stderr())?;
    }
    Ok(answer)
}

/// What stdin holds, up to its end; none where stdin is a terminal, at which a person would have to be asked.
pub(crate) fn stdin_value() -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Ok(None);
    }
    read_wiping(stdin.lock()).map(Some)
}

/// Reads to the end, into chunks and then into one buffer that holds no more than it has to; what is left behind is wiped.
fn read_wiping(mut from: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut chunks = Vec::new();
    loop {
        // With that much room it is never moved.
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

/// Appends; a buffer that has to grow is wiped.
#[cfg(unix)]
fn push(text: &mut Zeroizing<Vec<u8>>, bytes: &[u8]) {
    if text.capacity() - text.len() < bytes.len() {
        let mut larger = Vec::with_capacity(text.capacity() * 2 + bytes.len());
        larger.extend_from_slice(text);
        text.zeroize();
        *text = Zeroizing::new(larger);
    }
    text.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_to_the_end_whatever_the_size() {
        let text = b"ab".repeat(100_000);
        assert_eq!(*read_wiping(&text[..]).unwrap(), text);
        assert!(read_wiping(&b""[..]).unwrap().is_empty());
    }
}
