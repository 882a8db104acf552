//! A bar for what takes longer than a second.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// What is quicker is done before anyone could read of it.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far a long command has come; shown on a terminal, past the first second, and gone at the end.
pub struct Progress {
    start: Instant,
    quiet: bool,
    bar: OnceLock<ProgressBar>,
}

impl Progress {
    /// Starts the clock. Nothing is ever shown when `quiet`.
    pub fn new(quiet: bool) -> Self {
        Self { start: Instant::now(), quiet, bar: OnceLock::new() }
    }

    /// So much of `all` is done. May be called from any thread, and as often as one likes.
    pub fn at(&self, done: usize, all: usize) {
        if self.quiet || self.start.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_init(|| {
            let style =
                ProgressStyle::with_template("{wide_bar} {pos}/{len} files").expect("a template of ours");
            ProgressBar::new(all as u64).with_style(style)
        });
        bar.set_position(done as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}
