//! How far a long command has come: a bar, or a turning mark where nobody knows how long it will be. Shown on a
//! terminal, past the first second, and gone at the end.

use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is quicker is done before anyone could read of it.
const PATIENCE: Duration = Duration::from_secs(1);
/// So often a person can read a number, a second.
const PACE: u8 = 10;

const TURN: Duration = Duration::from_millis(100);

/// The bar that is on the screen. What else is written there goes above it.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// A bar over so many files. Dropping it clears it away.
pub(crate) struct Progress {
    quiet: bool,
    start: Instant,
}

impl Progress {
    /// Starts the clock. Nothing is ever shown when `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        let quiet = quiet || !io::stderr().is_terminal();
        Self { quiet, start: Instant::now() }
    }

    /// So much of `all` is done. May be called from any thread, and as often as one likes.
    pub(crate) fn at(&self, done: usize, all: usize) {
        if self.quiet || self.start.elapsed() < PATIENCE {
            return;
        }
        // Another thread is at it.
        let Ok(mut shown) = SHOWN.try_lock() else { return };
        let bar = shown.get_or_insert_with(|| bar("{wide_bar} {pos} of {len} files"));
        bar.set_position(done as u64);
        bar.set_length(all as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        clear();
    }
}

/// Says that something is being done, for as long as it lives.
pub(crate) struct Working {
    end: Option<std::sync::mpsc::Sender<()>>,
    clock: Option<std::thread::JoinHandle<()>>,
}

impl Working {
    /// Starts the clock. Nothing is ever shown when `quiet`.
    pub(crate) fn new(quiet: bool, what: &'static str) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self { end: None, clock: None };
        }
        let (end, ended) = std::sync::mpsc::channel();
        let turn = move || {
            let mut wait = PATIENCE;
            while ended.recv_timeout(wait) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                wait = TURN;
                // Not while somebody is being asked.
                let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
                shown.get_or_insert_with(|| bar("{spinner} {msg}").with_message(what)).tick();
            }
        };
        // Without a thread nothing turns.
        Self { end: Some(end), clock: std::thread::Builder::new().spawn(turn).ok() }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(clock) = self.clock.take() {
            let _ = clock.join();
            clear();
        }
    }
}

/// Does something on the terminal while nothing else is drawn there.
pub(super) fn aside<T>(act: impl FnOnce() -> T) -> T {
    let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    match shown.as_ref() {
        Some(bar) => bar.suspend(act),
        None => act(),
    }
}

fn bar(template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("a template of ours");
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(PACE)).with_style(style)
}

fn clear() {
    if let Some(bar) = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).take() {
        bar.finish_and_clear();
    }
}
