//! Asking a person, and reading what is piped in.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use super::progress::aside;
use crate::crypto::SecretText;
use zeroize::Zeroizing;

/// Asks for a value on the terminal without showing it; an interruption is [`io::ErrorKind::Interrupted`].
pub fn hidden(question: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let _deaf = Deaf::new()?;
    aside(|| rpassword::prompt_password(question)).map(|answer| Zeroizing::new(answer.into_bytes()))
}

/// Asks for a passphrase on the terminal without showing it; none where there is no terminal.
pub fn passphrase(question: &str) -> io::Result<Option<SecretText>> {
    match hidden(&super::sanitize::one_line(question)) {
        Ok(mut text) => {
            let text =
                String::from_utf8(std::mem::take(&mut *text)).map_err(|_| io::ErrorKind::InvalidData)?;
            Ok(Some(SecretText::new(text)))
        }
        // What opening the terminal fails with where a process has none (ENXIO), or the system has none at all.
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(6) => Ok(None),
        Err(error) => Err(error),
    }
}

/// While it lives SIGINT does not end the process, so that rpassword, which raises it on Ctrl-C with the terminal
/// still raw, comes back and sets the terminal right.
#[cfg(unix)]
pub struct Deaf {
    hears: std::sync::Arc<std::sync::atomic::AtomicBool>,
    heard_before: bool,
}

#[cfg(unix)]
impl Deaf {
    /// Begins.
    pub fn new() -> io::Result<Self> {
        use std::sync::{Arc, OnceLock, atomic::AtomicBool};
        // One for all prompts: each handler that was registered stays, and those of prompts before would end the process.
        static HEARS: OnceLock<Arc<AtomicBool>> = OnceLock::new();
        if HEARS.get().is_none() {
            let hears = Arc::new(AtomicBool::new(true));
            signal_hook::flag::register_conditional_default(signal_hook::consts::SIGINT, Arc::clone(&hears))?;
            let _ = HEARS.set(hears);
        }
        let hears = Arc::clone(HEARS.get().expect("set just now"));
        let heard_before = hears.swap(false, std::sync::atomic::Ordering::SeqCst);
        Ok(Self { hears, heard_before })
    }
}

#[cfg(unix)]
impl Drop for Deaf {
    fn drop(&mut self) {
        self.hears.store(self.heard_before, std::sync::atomic::Ordering::SeqCst);
    }
}

/// Elsewhere Ctrl-C is left alone.
#[cfg(not(unix))]
pub struct Deaf;

#[cfg(not(unix))]
impl Deaf {
    /// Does nothing; no error.
    #[allow(clippy::unnecessary_wraps, reason = "elsewhere it fails")]
    pub fn new() -> io::Result<Self> {
        Ok(Self)
    }
}

/// Asks a yes-or-no question; anything but a yes is a no, and so is a stdin that is no terminal.
pub fn confirm(question: &str) -> io::Result<bool> {
    if !can_ask() {
        return Ok(false);
    }
    let answer = answer_to(question, "[y/N]")?;
    Ok(is_yes(&answer))
}

/// As [`confirm`], of a person whose stdin is a pipe: asked at the terminal of this process. None where there is none, and
/// where stderr leads elsewhere, so that the question would come out of nowhere.
#[cfg(unix)]
pub fn confirm_beside_pipe(question: &str) -> io::Result<Option<bool>> {
    if !io::stderr().is_terminal() {
        return Ok(None);
    }
    // Where a process has no terminal this fails.
    let Ok(terminal) = crate::fsio::open_terminal() else { return Ok(None) };
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
pub fn go_on(question: &str) -> io::Result<bool> {
    if !can_ask() {
        return Ok(false);
    }
    let answer = answer_to(question, "[Y/n]")?;
    Ok(!answer.is_empty() && !matches!(answer.trim().to_lowercase().as_str(), "n" | "no"))
}

/// Whether a person is at the other end of stdin.
pub fn can_ask() -> bool {
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
pub fn stdin_value() -> io::Result<Option<Zeroizing<Vec<u8>>>> {
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
