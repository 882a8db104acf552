//! Work shared out among all cores, each with the repository opened for itself.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::git::{GitError, Objects};

/// How many items are taken at a time.
const SHARE: usize = 64;

/// What `work` makes of each item, in their order; it is handed an item's place and the item.
pub(super) fn on_every_core<T: Sync, R: Send>(
    objects: &Objects,
    items: &[T],
    work: impl Fn(&Objects, usize, &T) -> Result<R, GitError> + Sync,
) -> Result<Vec<R>, GitError> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = cores.min(items.len().div_ceil(SHARE)).max(1);
    let next = AtomicUsize::new(0);
    let shares = |objects: Objects| {
        let mut done = Vec::new();
        loop {
            let start = next.fetch_add(SHARE, Ordering::Relaxed);
            if start >= items.len() {
                return Ok::<_, GitError>(done);
            }
            for (at, item) in items.iter().enumerate().skip(start).take(SHARE) {
                done.push((at, work(&objects, at, item)?));
            }
        }
    };
    // Opened here: a repository does not move between threads once it is in use.
    let opened = (0..threads).map(|_| objects.reopen()).collect::<Result<Vec<_>, _>>()?;
    let mut done = std::thread::scope(|scope| {
        let running: Vec<_> = opened.into_iter().map(|objects| scope.spawn(|| shares(objects))).collect();
        let mut done = Vec::with_capacity(items.len());
        for thread in running {
            done.extend(thread.join().expect("no thread panics")?);
        }
        Ok::<_, GitError>(done)
    })?;
    done.sort_unstable_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}
