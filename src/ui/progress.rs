//! The progress of a long command: a bar, or a spinner where the end is unknown. Shown on a terminal after the first
//! second, and removed at the end.

use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Nobody could read of anything quicker.
const DELAY: Duration = Duration::from_secs(1);
const REDRAWS_PER_SECOND: u8 = 10;
const SPINNER_INTERVAL: Duration = Duration::from_millis(100);

/// The bar on the screen. Other output goes above it.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// A bar that counts files, removed when this is dropped.
pub(crate) struct Progress {
    quiet: bool,
    start: Instant,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        let quiet = quiet || !io::stderr().is_terminal();
        Self { quiet, start: Instant::now() }
    }

    /// Shows how many files are done. May be called from any thread, and as often as needed.
    pub(crate) fn at(&self, done: usize, all: usize) {
        if self.quiet || self.start.elapsed() < DELAY {
            return;
        }
        // Fails while another thread draws.
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

/// A spinner, removed when this is dropped.
pub(crate) struct Working {
    end: Option<std::sync::mpsc::Sender<()>>,
    clock: Option<std::thread::JoinHandle<()>>,
}

impl Working {
    pub(crate) fn new(quiet: bool, what: &'static str) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self { end: None, clock: None };
        }
        let (end, ended) = std::sync::mpsc::channel();
        let turn = move || {
            let mut wait = DELAY;
            while ended.recv_timeout(wait) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                wait = SPINNER_INTERVAL;
                // Held while a prompt waits.
                let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
                shown.get_or_insert_with(|| bar("{spinner} {msg}").with_message(what)).tick();
            }
        };
        // Without a thread there is no spinner.
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

/// Runs `act` while nothing else is drawn on the terminal.
pub(super) fn aside<T>(act: impl FnOnce() -> T) -> T {
    let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    match shown.as_ref() {
        Some(bar) => bar.suspend(act),
        None => act(),
    }
}

fn bar(template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("a constant template");
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND))
        .with_style(style)
}

fn clear() {
    if let Some(bar) = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).take() {
        bar.finish_and_clear();
    }
}
