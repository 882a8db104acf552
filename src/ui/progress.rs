//! How far a long command has come.
//!
//! Not by a crate: those that draw bars reckon with floating point, whose library every start of a program through
//! `run` would then load as well, a tenth of its time.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What is quicker is done before anyone could read of it.
const PATIENCE: Duration = Duration::from_secs(1);
/// So often a person can read a number.
const PAUSE: Duration = Duration::from_millis(100);

/// A line that says how far a long command has come; shown on a terminal, past the first second, and gone at the end.
pub struct Progress {
    quiet: bool,
    start: Instant,
    /// When the line was last written.
    shown: Mutex<Option<Instant>>,
}

impl Progress {
    /// Starts the clock. Nothing is ever shown when `quiet`.
    pub fn new(quiet: bool) -> Self {
        let quiet = quiet || !io::stderr().is_terminal();
        Self { quiet, start: Instant::now(), shown: Mutex::default() }
    }

    /// So much of `all` is done. May be called from any thread, and as often as one likes.
    pub fn at(&self, done: usize, all: usize) {
        if self.quiet || self.start.elapsed() < PATIENCE {
            return;
        }
        // Another thread is at it.
        let Ok(mut shown) = self.shown.try_lock() else { return };
        if shown.is_none_or(|then| then.elapsed() >= PAUSE) {
            let _ = write!(io::stderr(), "\r{done} of {all} files");
            *shown = Some(Instant::now());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.get_mut().is_ok_and(|shown| shown.is_some()) {
            // Back to the line's start, and the rest of it erased (ECMA-48, EL).
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
