//! Asking a person, and reading what is piped in.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use zeroize::{Zeroize, Zeroizing};

/// Asks for a value on the terminal without showing it.
pub fn hidden(question: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    hidden_line(question)
}

/// Reads a line from the terminal that stdin is, echo off. Ctrl-C and Ctrl-Z end it, give the echo back, and then end
/// this process as they end any other: had the terminal sent the signal, nobody would be left to give it back.
#[cfg(unix)]
fn hidden_line(question: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
    let stdin = io::stdin();
    let shown = tcgetattr(&stdin)?;
    let (interrupt, suspend) =
        (shown.special_codes[SpecialCodeIndex::VINTR], shown.special_codes[SpecialCodeIndex::VSUSP]);
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
    hidden.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON);
    // Without signals these are characters; as line ends they arrive at once (termios(3), VEOL).
    hidden.special_codes[SpecialCodeIndex::VEOL] = interrupt;
    hidden.special_codes[SpecialCodeIndex::VEOL2] = suspend;
    if io::stderr().is_terminal() {
        io::stderr().write_all(question.as_bytes())?;
    } else {
        rustix::io::write(&stdin, question.as_bytes())?;
    }
    tcsetattr(&stdin, OptionalActions::Flush, &hidden)?;
    let answer = read_line(|buffer| Ok(rustix::io::read(&stdin, buffer)?), &[interrupt, suspend]);
    tcsetattr(&stdin, OptionalActions::Now, &shown)?;
    if answer.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {
        let _ = rustix::io::write(&stdin, b"\n");
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::INT)?;
    }
    answer
}

/// A line without its end; interrupted by any of `cancel`.
#[cfg(unix)]
fn read_line(
    mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
    cancel: &[u8],
) -> io::Result<Zeroizing<Vec<u8>>> {
    // More than a terminal hands over as one line, so it never grows.
    let mut line = Zeroizing::new(Vec::with_capacity(64 * 1024));
    let mut chunk = Zeroizing::new([0_u8; 8 * 1024]);
    loop {
        let count = match read(&mut *chunk) {
            Ok(0) if line.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        line.extend_from_slice(&chunk[..count]);
        // A key that is switched off is 0.
        if line.last().is_some_and(|last| *last != 0 && cancel.contains(last)) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if count == 0 || line.last() == Some(&b'\n') {
            line.pop_if(|last| *last == b'\n');
            return Ok(line);
        }
    }
}

#[cfg(not(unix))]
fn hidden_line(question: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    rpassword::prompt_password(question).map(|answer| Zeroizing::new(answer.into_bytes()))
}

/// Asks a yes-or-no question; anything but a yes is a no, and so is a stdin that is no terminal.
pub fn confirm(question: &str) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    write!(io::stderr(), "{} [y/N] ", super::sanitize::one_line(question))?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// What stdin holds, up to its end; none where stdin is a terminal, at which a person would have to be asked.
pub fn stdin_value() -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Ok(None);
    }
    read_wiping(stdin.lock()).map(Some)
}

/// Reads to the end; a buffer that grows wipes the one it leaves behind.
fn read_wiping(mut from: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(64 * 1024));
    let mut chunk = Zeroizing::new([0_u8; 8 * 1024]);
    loop {
        let count = match from.read(&mut *chunk) {
            Ok(0) => return Ok(text),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if text.capacity() - text.len() < count {
            let mut larger = Vec::with_capacity(text.capacity() * 2 + count);
            larger.extend_from_slice(&text);
            text.zeroize();
            text = Zeroizing::new(larger);
        }
        text.extend_from_slice(&chunk[..count]);
    }
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
