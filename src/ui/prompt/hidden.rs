//! The hidden prompt: reads everything typed or pasted, so that none of it reaches the screen or the shell.
//!
//! Terminals put pasted text between two marks when asked to (bracketed paste, DEC private mode 2004 of xterm). Without
//! marks, text that arrives right after a line belongs to the same paste.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};

use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::{Zeroize, Zeroizing};

use crate::error::Error;
use crate::exec::is_ignored;

const ASK_FOR_MARKS: &[u8] = b"\x1b[?2004h";
const NO_MORE_MARKS: &[u8] = b"\x1b[?2004l";
const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";
/// Tenths of a second that a read waits (VTIME in termios(3)). Later input is not part of a paste.
const MOMENT: u8 = 1;

/// Asks, and reads until a line has ended and nothing follows it.
pub(super) fn ask(question: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let held = HeldSignals::new().map_err(|error| io::Error::other(error.to_string()))?;
    let answer = crate::fs::open_terminal()
        .and_then(HiddenTerminal::new)
        .and_then(|mut terminal| terminal.ask(question, &held));
    // The terminal is restored by now.
    if let Some(signal) = held.last() {
        signal_hook::low_level::emulate_default_handler(signal)?;
    }
    answer
}

/// Holds back the signals that would end the process, so that a terminal or a file can be restored first.
pub(crate) struct HeldSignals {
    signals: &'static SignalFlags,
    was_enabled: bool,
}

struct SignalFlags {
    /// False while a signal is held back.
    enabled: Arc<AtomicBool>,
    /// The last signal held back; 0 for none.
    last: Arc<AtomicUsize>,
}

/// Shared by all prompts: handlers stay registered, and one from an earlier prompt would end the process.
static SIGNALS: OnceLock<SignalFlags> = OnceLock::new();

impl HeldSignals {
    pub(crate) fn new() -> Result<Self, Error> {
        if SIGNALS.get().is_none() {
            let _ = SIGNALS.set(SignalFlags::register().map_err(Error::io("hold back signals"))?);
        }
        Ok(Self::again().expect("set just now"))
    }

    /// Holds back signals again. Returns None if [`Self::new`] was never called: then no signal is caught.
    pub(crate) fn again() -> Option<Self> {
        let signals = SIGNALS.get()?;
        signals.last.store(0, SeqCst);
        Some(Self { signals, was_enabled: signals.enabled.swap(false, SeqCst) })
    }

    fn last(&self) -> Option<i32> {
        i32::try_from(self.signals.last.load(SeqCst)).ok().filter(|signal| *signal != 0)
    }
}

impl SignalFlags {
    fn register() -> io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
        use signal_hook::flag::{register_conditional_default, register_usize};
        let (enabled, last) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT].into_iter().filter(|signal| !is_ignored(*signal)) {
            register_conditional_default(signal, Arc::clone(&enabled))?;
            register_usize(signal, Arc::clone(&last), signal.unsigned_abs() as usize)?;
        }
        Ok(Self { enabled, last })
    }
}

impl Drop for HeldSignals {
    fn drop(&mut self) {
        self.signals.enabled.store(self.was_enabled, SeqCst);
    }
}

/// The terminal of this process, with its echo off until this is dropped.
struct HiddenTerminal<F: AsFd + Write> {
    file: F,
    before: Termios,
    asks_for_marks: bool,
}

impl<F: AsFd + Read + Write> HiddenTerminal<F> {
    fn new(file: F) -> io::Result<Self> {
        let before = tcgetattr(&file)?;
        let terminal = Self { file, before, asks_for_marks: anstyle_query::term_supports_ansi_color() };
        let mut hidden = terminal.before.clone();
        hidden.local_modes -= LocalModes::ECHO
            | LocalModes::ECHONL
            | LocalModes::ICANON
            | LocalModes::IEXTEN
            | LocalModes::ISIG;
        hidden.input_modes -= InputModes::ICRNL | InputModes::INLCR | InputModes::IGNCR | InputModes::IXON;
        hidden.special_codes[SpecialCodeIndex::VMIN] = 0;
        hidden.special_codes[SpecialCodeIndex::VTIME] = MOMENT;
        tcsetattr(&terminal.file, OptionalActions::Now, &hidden)?;
        Ok(terminal)
    }

    fn ask(&mut self, question: &str, held: &HeldSignals) -> io::Result<Zeroizing<Vec<u8>>> {
        if self.asks_for_marks {
            self.file.write_all(ASK_FOR_MARKS)?;
        }
        self.file.write_all(question.as_bytes())?;
        let mut typed = TypedText::default();
        let mut chunk = Zeroizing::new([0; 4096]);
        loop {
            let count = match self.file.read(&mut *chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                count => count?,
            };
            if held.last().is_some() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            if count == 0 {
                // Fails if the terminal is gone.
                tcgetattr(&self.file)?;
                if typed.pause() {
                    return Ok(typed.text);
                }
            }
            for byte in &chunk[..count] {
                if typed.take(*byte)? {
                    return Ok(typed.text);
                }
            }
        }
    }
}

impl<F: AsFd + Write> Drop for HiddenTerminal<F> {
    fn drop(&mut self) {
        let no_more_marks = if self.asks_for_marks { NO_MORE_MARKS } else { b"" };
        // The newline that ended the answer was not shown.
        let _ = self.file.write_all(&[no_more_marks, b"\n"].concat());
        // Input that came too late must not reach the shell, either.
        let _ = tcsetattr(&self.file, OptionalActions::Flush, &self.before);
    }
}

#[derive(Default, PartialEq)]
enum PasteMarks {
    /// No mark yet: a newline may be the Enter key, or pasted.
    #[default]
    None,
    Begun,
    /// A newline now is the Enter key.
    Ended,
}

#[derive(Default)]
struct TypedText {
    text: Zeroizing<Vec<u8>>,
    /// The start of an unfinished escape sequence.
    sequence: Vec<u8>,
    marks: PasteMarks,
    /// True if nothing came during the last read.
    is_quiet: bool,
    after_return: bool,
}

impl TypedText {
    /// Records that nothing came for a moment. Returns true if the answer is complete.
    fn pause(&mut self) -> bool {
        self.is_quiet = true;
        self.sequence.clear();
        self.marks != PasteMarks::Begun && self.text.ends_with(b"\n")
    }

    /// Takes a byte. Returns true if the answer is complete.
    fn take(&mut self, byte: u8) -> io::Result<bool> {
        let was_quiet = std::mem::take(&mut self.is_quiet);
        let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
        let is_paste = self.marks == PasteMarks::Begun;
        match byte {
            // If the end mark of a paste got lost, Ctrl-C must still work.
            0x03 if !is_paste || was_quiet => return Err(io::ErrorKind::Interrupted.into()),
            b'\n' if after_return => {}
            // Terminals send newlines as carriage returns.
            b'\n' | b'\r' if self.marks != PasteMarks::Ended => push(&mut self.text, b"\n"),
            b'\n' | b'\r' => return Ok(true),
            byte if is_paste => {
                push(&mut self.text, &[byte]);
                if self.text.ends_with(PASTE_ENDS) {
                    self.marks = PasteMarks::Ended;
                    self.cut(self.text.len() - PASTE_ENDS.len());
                }
            }
            _ if !self.sequence.is_empty() || byte == 0x1b => self.take_sequence(byte),
            // Ctrl-D.
            0x04 if self.text.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            // Backspace.
            0x7f | 0x08 => {
                let is_start = |byte: &u8| *byte & 0xc0 != 0x80;
                self.cut(self.text.iter().rposition(is_start).unwrap_or(0));
            }
            // Ctrl-U.
            0x15 => self.cut(0),
            // Ctrl-W.
            0x17 => {
                let words = self.text.trim_ascii_end();
                self.cut(words.iter().rposition(u8::is_ascii_whitespace).map_or(0, |space| space + 1));
            }
            b'\t' | b' '.. => push(&mut self.text, &[byte]),
            _ => {}
        }
        Ok(false)
    }

    /// Takes a byte of an escape sequence, such as an arrow key's (ECMA-48, 5.4). Only the mark of a paste counts.
    fn take_sequence(&mut self, byte: u8) {
        self.sequence.push(byte);
        if self.sequence == PASTE_BEGINS {
            self.marks = PasteMarks::Begun;
        }
        let ends = match self.sequence[..] {
            [_] => false,
            [_, introducer] => !matches!(introducer, b'[' | b'O'),
            _ => (0x40..=0x7e).contains(&byte),
        };
        if ends {
            self.sequence.clear();
        }
    }

    fn cut(&mut self, length: usize) {
        self.text[length..].zeroize();
        self.text.truncate(length);
    }
}

/// Appends. If the buffer has to grow, the old one is wiped.
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

    /// Returns the answer for bytes that come at once, or None if it is not complete a moment later.
    fn typed(bytes: &[u8]) -> Option<String> {
        let mut typed = TypedText::default();
        let done = bytes.iter().any(|byte| typed.take(*byte).unwrap()) || typed.pause();
        done.then(|| String::from_utf8(typed.text.to_vec()).unwrap())
    }

    #[test]
    fn takes_what_is_pasted_and_what_is_typed() {
        for (bytes, text) in [
            ("a\r", Some("a\n")),
            ("a", None),
            ("", None),
            ("\r", Some("\n")),
            ("ab\x7fc\x08d\n", Some("ad\n")),
            ("aé\x7fb\n", Some("ab\n")),
            ("\x7f\x17\x15a\n", Some("a\n")),
            ("wrong\x15right\n", Some("right\n")),
            ("one two \x17x\n", Some("one x\n")),
            ("a\x04\x01\x1ab\tc\n", Some("ab\tc\n")),
            ("a\x1b[A\x1bOB\x1bxb\x1b[1;5Cc\n", Some("abc\n")),
            // Without marks.
            ("a\rb\rc\r", Some("a\nb\nc\n")),
            ("a\r\nb\r\n", Some("a\nb\n")),
            ("a\n\nb\n", Some("a\n\nb\n")),
            ("a\rb", None),
            // With marks.
            ("\x1b[200~a\x1b[201~", None),
            ("\x1b[200~a\x1b[201~\r", Some("a")),
            ("\x1b[200~a\r\nb\rc\nd\x1b[201~\r", Some("a\nb\nc\nd")),
            ("\x1b[200~a\rb\r\x1b[201~", Some("a\nb\n")),
            ("\x1b[200~a\rb\r\x1b[201~\r", Some("a\nb\n")),
            ("\x1b[200~a\rb\r", None),
            ("x\x1b[200~a\x03\x04\x15\x7f\x1b[A\tb\x1b[201~y\r", Some("xa\x03\x04\x15\x7f\x1b[A\tby")),
            ("\x1b[200~wrong\rlines\x1b[201~\x15\x1b[200~right\x1b[201~\r", Some("right")),
            ("\x1b[200~a\x1b[201~\x1b[200~b\x1b[201~\r", Some("ab")),
        ] {
            assert_eq!(typed(bytes.as_bytes()).as_deref(), text, "{bytes:?}");
        }
    }

    #[test]
    fn is_interrupted_by_the_person_and_not_by_what_is_pasted() {
        let kind = |bytes: &[u8]| {
            let mut typed = TypedText::default();
            bytes.iter().find_map(|byte| typed.take(*byte).err()).map(|error| error.kind())
        };
        assert_eq!(kind(b"abc\x03"), Some(io::ErrorKind::Interrupted));
        assert_eq!(kind(b"\x04"), Some(io::ErrorKind::UnexpectedEof));
        assert_eq!(kind(b"\x1b[200~a\x03\x04"), None);
        let mut typed = TypedText::default();
        assert!(b"\x1b[200~a".iter().all(|byte| !typed.take(*byte).unwrap()) && !typed.pause());
        assert_eq!(typed.take(0x03).unwrap_err().kind(), io::ErrorKind::Interrupted);
    }
}
