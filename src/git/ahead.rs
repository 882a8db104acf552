//! Walking ahead of whoever reads history, so that all cores share in reading its trees.
//!
//! What is read ahead only fills what the [`Picker`]s of all threads know. Whoever asks for a tree that is not known
//! yet reads it then, so that nothing but time depends on who was first.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use git2::Oid;

use super::pick::Picker;
use super::{GitError, Step, Walk};

/// The first batch is this small, for who wants the latest commits only; each one is twice the one before.
const FIRST: usize = 16;

/// So often, that is: the last ones are 256 commits.
const DOUBLED: usize = 4;

/// So many batches are walked before other threads are worth their start.
const ALONE: usize = 4;

/// Beyond, threads wait for each other more than they read.
const THREADS: usize = 8;

/// A walk to all commits before the one that was pushed.
pub struct Ahead {
    crew: Crew,
    threads: usize,
    batches: VecDeque<Batch>,
    walked: usize,
    /// What ended the walk before its end.
    failed: Option<GitError>,
}

struct Batch {
    number: usize,
    steps: VecDeque<Step>,
    ready: bool,
}

impl Ahead {
    /// With as many threads as there are cores.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::with_threads(cores.min(THREADS))
    }

    /// With so many threads, the caller's own included.
    pub(super) fn with_threads(threads: usize) -> Self {
        Self { crew: Crew::default(), threads, batches: VecDeque::new(), walked: 0, failed: None }
    }

    /// The next commit of `walk`, in its order. All parents are pushed; whoever calls this pushes no others, pops
    /// none, and always hands over the same two.
    pub fn next(&mut self, walk: &mut Walk<'_>, picker: &mut Picker<'_>) -> Result<Option<Step>, GitError> {
        loop {
            self.walk_on(walk, picker)?;
            let Some(batch) = self.batches.front_mut() else {
                return self.failed.take().map_or(Ok(None), Err);
            };
            if !batch.ready {
                self.crew.finish(batch.number, picker);
                batch.ready = true;
            }
            if let Some(step) = batch.steps.pop_front() {
                return Ok(Some(step));
            }
            self.batches.pop_front();
        }
    }

    /// Walks until there are batches for all.
    fn walk_on(&mut self, walk: &mut Walk<'_>, picker: &Picker<'_>) -> Result<(), GitError> {
        let wanted = if self.walked < ALONE { 1 } else { 2 * self.threads };
        while self.batches.len() < wanted && self.failed.is_none() {
            let size = FIRST << self.walked.min(DOUBLED);
            let mut steps = VecDeque::with_capacity(size);
            while steps.len() < size
                && let Some(step) = walk.pop()
            {
                if let Err(error) = walk.push_new(&step.parents) {
                    self.failed = Some(error);
                    break;
                }
                steps.push_back(step);
            }
            if steps.is_empty() {
                break;
            }
            let number = self.walked;
            self.walked += 1;
            self.crew.add(number, steps.iter().map(Step::tree).collect());
            self.batches.push_back(Batch { number, steps, ready: false });
            if number == ALONE {
                self.crew.hire(self.threads - 1, picker)?;
            }
        }
        Ok(())
    }
}

impl Default for Ahead {
    fn default() -> Self {
        Self::new()
    }
}

/// The threads that read trees.
#[derive(Default)]
struct Crew {
    board: Arc<Board>,
    threads: Vec<JoinHandle<()>>,
}

/// What is to be done, and what is done.
#[derive(Default)]
struct Board {
    jobs: Mutex<Jobs>,
    changed: Condvar,
    stop: AtomicBool,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<(usize, Vec<Oid>)>,
    running: BTreeSet<usize>,
}

impl Crew {
    fn add(&self, number: usize, trees: Vec<Oid>) {
        self.board.jobs().waiting.push_back((number, trees));
        self.board.changed.notify_one();
    }

    fn hire(&mut self, count: usize, picker: &Picker<'_>) -> Result<(), GitError> {
        for _ in 0..count {
            let (objects, wanted, known) = picker.share()?;
            let board = Arc::clone(&self.board);
            self.threads.push(std::thread::spawn(move || {
                // Without one of its own a thread is no help; the others do its work.
                if let Ok(mut picker) = Picker::sharing(&objects, wanted, known) {
                    board.work(&mut picker);
                }
            }));
        }
        Ok(())
    }

    /// Returns when the job `number` is done, and lends a hand until then.
    fn finish(&self, number: usize, picker: &mut Picker<'_>) {
        let board = &*self.board;
        let mut jobs = board.jobs();
        loop {
            let open = jobs.running.contains(&number) || jobs.waiting.iter().any(|job| job.0 == number);
            if !open {
                return;
            }
            if let Some(job) = jobs.take() {
                drop(jobs);
                board.run(job, picker);
                jobs = board.jobs();
            } else {
                jobs = board.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        {
            let _jobs = self.board.jobs();
            self.board.stop.store(true, Ordering::Relaxed);
        }
        self.board.changed.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Board {
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, picker: &mut Picker<'_>) {
        let mut jobs = self.jobs();
        while !self.stop.load(Ordering::Relaxed) {
            if let Some(job) = jobs.take() {
                drop(jobs);
                self.run(job, picker);
                jobs = self.jobs();
            } else {
                jobs = self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn run(&self, (number, trees): (usize, Vec<Oid>), picker: &mut Picker<'_>) {
        let _done = Done { board: self, number };
        for tree in trees {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            // Whoever needs this tree will meet the error again, and then it is theirs to tell.
            let _ = picker.tree(tree);
        }
    }
}

impl Jobs {
    fn take(&mut self) -> Option<(usize, Vec<Oid>)> {
        let job = self.waiting.pop_front()?;
        self.running.insert(job.0);
        Some(job)
    }
}

/// Takes a job off the board when it is dropped, so that nobody waits for a thread that has panicked.
struct Done<'b> {
    board: &'b Board,
    number: usize,
}

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.board.jobs().running.remove(&self.number);
        self.board.changed.notify_all();
    }
}

#[cfg(test)]
mod tests;
