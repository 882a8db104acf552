//! Handles tests that never end, and signals that this process was started to ignore.

use std::collections::HashMap;
use std::sync::{Mutex, Once};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

/// How long a test may go without starting anything.
const LIMIT: Duration = Duration::from_secs(600);

type LastStarts = HashMap<ThreadId, (Instant, String)>;

static LAST_STARTS: Mutex<Option<LastStarts>> = Mutex::new(None);

/// Prepares this process for the tests of programs, once.
pub(super) fn start() {
    static START: Once = Once::new();
    START.call_once(|| {
        restore_signals();
        std::thread::spawn(|| {
            loop {
                std::thread::sleep(Duration::from_secs(5));
                end_if_stuck();
            }
        });
    });
}

/// Records that this thread's test starts a program.
pub(super) fn note() {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or_default().to_owned();
    LAST_STARTS.lock().unwrap().get_or_insert_default().insert(thread.id(), (Instant::now(), name));
}

/// Records that this thread's test may have ended.
pub(super) fn forget() {
    LAST_STARTS.lock().unwrap().get_or_insert_default().remove(&std::thread::current().id());
}

/// Ends all tests if one waits forever, such as for the output of a program that it started in its own way.
fn end_if_stuck() {
    let starts = LAST_STARTS.lock().unwrap();
    for (last, name) in starts.iter().flat_map(HashMap::values) {
        if last.elapsed() > LIMIT {
            eprintln!("{name} has started nothing for {LIMIT:?} and does not end");
            std::process::exit(101);
        }
    }
}

/// Gives every program started from here the default action of each signal, even if nohup(1) or a background shell made
/// this process ignore some: execve(2) resets a signal that is handled, but not one that is ignored.
#[cfg(target_os = "linux")]
fn restore_signals() {
    use signal_hook::consts::{FORBIDDEN, SIGPIPE};
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    // proc(5): a mask in hexadecimal, the lowest bit for signal 1.
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    // std ignores SIGPIPE, and resets it in children.
    let is_left = |signal: &i32| *signal == SIGPIPE || FORBIDDEN.contains(signal);
    for signal in (1..32).filter(|signal| ignored >> (signal - 1) & 1 == 1 && !is_left(signal)) {
        let _ = signal_hook::flag::register(signal, std::sync::Arc::default());
    }
}

#[cfg(not(target_os = "linux"))]
fn restore_signals() {}
