//! The progress of a long command: a line at the bottom of a terminal, shown after the first second and removed at the end.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Anything quicker could not be read.
const DELAY: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_millis(100);
const SHAPES: [char; 4] = ['|', '/', '-', '\\'];
/// Returns to the start of the line and erases it (ECMA-48, EL).
const ERASE: &str = "\r\x1b[K";

/// The line on the screen, and when it was drawn. Other output goes above it.
static SHOWN: Mutex<Option<(String, Instant)>> = Mutex::new(None);

/// Shows a count of files, which is removed when this is dropped.
pub(crate) struct Progress {
    quiet: bool,
    start: Instant,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet: quiet || !can_draw(), start: Instant::now() }
    }

    /// Shows how many files are done. May be called from any thread, and as often as needed.
    pub(crate) fn at(&self, done: usize, all: usize) {
        if self.quiet || self.start.elapsed() < DELAY {
            return;
        }
        // If another thread is drawing, skips this update.
        let Ok(mut shown) = SHOWN.try_lock() else { return };
        if shown.as_ref().is_none_or(|(_, drawn)| drawn.elapsed() >= INTERVAL) {
            draw(&mut shown, format!("{done} of {all} files"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        clear();
    }
}

/// Runs `work`, and shows a spinner meanwhile.
pub(super) fn spin_during<T>(quiet: bool, what: &str, work: impl FnOnce() -> T) -> T {
    if quiet || !can_draw() {
        return work();
    }
    std::thread::scope(|scope| {
        let (end, ended) = mpsc::channel::<()>();
        let turn = move || {
            let mut wait = DELAY;
            for shape in SHAPES.iter().cycle() {
                if ended.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                wait = INTERVAL;
                // Held while a prompt waits.
                let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
                draw(&mut shown, format!("{shape} {what}"));
            }
        };
        // Without a thread there is no spinner.
        let clock = std::thread::Builder::new().spawn_scoped(scope, turn);
        let done = work();
        drop(end);
        if let Ok(clock) = clock {
            let _ = clock.join();
            clear();
        }
        done
    })
}

/// Runs `act` while nothing else is drawn on the terminal.
pub(super) fn aside<T>(act: impl FnOnce() -> T) -> T {
    let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((line, _)) = shown.as_ref() else { return act() };
    write(ERASE);
    let result = act();
    write(line);
    result
}

/// Returns true if stderr is a terminal that can erase a line.
fn can_draw() -> bool {
    io::stderr().is_terminal() && anstyle_query::term_supports_ansi_color()
}

fn draw(shown: &mut Option<(String, Instant)>, line: String) {
    write(ERASE);
    write(&line);
    *shown = Some((line, Instant::now()));
}

fn clear() {
    if SHOWN.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
        write(ERASE);
    }
}

fn write(text: &str) {
    // A failure to show progress is ignored.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
