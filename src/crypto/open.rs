//! Decrypting sealed values with a private key.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use thiserror::Error;

use super::{
    KeyId, PlaintextKind, PrivateKey, PublicKey, SealedValue, SecretBytes,
    seal::unpad,
    suite::{self, ReceiverContext, ValueKeys},
};
use cores::{give_way, leave, this_core};

/// The first step of `docs/format.md`, section "Opening", that a structurally valid sealed value fails, in the order of
/// the steps. After [`OpenError::OtherKey`] another key can be tried; every other error is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OpenError {
    #[error("encrypted with another key: {sealed_to}")]
    OtherKey { sealed_to: KeyId },
    /// RFC 9180, section 7.1.4.
    #[error("the sealed value's encapsulated key has low order")]
    ZeroShared,
    /// The commitment does not match: another name, other refs, another key of the same id, or altered.
    #[error("encrypted for another name, or altered")]
    OtherName,
    /// The tag does not match.
    #[error("damaged")]
    Damaged,
    /// The padding is not `0x80 0x00*`, or longer than 32 bytes.
    #[error("malformed padding in the decrypted value")]
    Padding,
    #[error("unknown kind of value")]
    Kind,
    #[error("a literal value with a list of names")]
    RefsWithValue,
}

/// Starting a thread takes about as long as this many X25519 operations.
const FEWEST_FOR_A_THREAD: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedValue {
    pub kind: PlaintextKind,
    pub bytes: SecretBytes,
}

/// Decrypts with one key. Keeps a context for every `enc` it meets, so that a batch of values costs one X25519
/// operation.
pub struct Opener {
    private: PrivateKey,
    key_id: KeyId,
    contexts: HashMap<[u8; 32], ReceiverContext>,
}

impl Opener {
    pub fn new(private: PrivateKey) -> Self {
        Self { key_id: private.public().id(), private, contexts: HashMap::new() }
    }

    pub fn public_key(&self) -> PublicKey {
        self.private.public()
    }

    /// Decrypts `value`, found under the variable `name`.
    pub fn open(&mut self, name: &str, value: &SealedValue) -> Result<OpenedValue, OpenError> {
        if value.key_id() != self.key_id {
            return Err(OpenError::OtherKey { sealed_to: value.key_id() });
        }
        let context = match self.contexts.entry(*value.enc()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let context = suite::setup_receiver(value.enc(), &self.private, suite::INFO);
                new.insert(context.map_err(|_| OpenError::ZeroShared)?)
            }
        };
        let keys = ValueKeys::of(&value.refs().bound_to(name), |bound, out| context.export(bound, out));
        if !keys.commits_to(value.commitment()) {
            return Err(OpenError::OtherName);
        }

        let (ciphertext, tag) = value.ciphertext_and_tag();
        let mut padded = zeroize::Zeroizing::new(ciphertext.to_vec());
        keys.decrypt(&mut padded, tag).map_err(|_| OpenError::Damaged)?;
        let (kind, range) = unpad(&padded)?;
        if kind == PlaintextKind::Value && !value.refs().is_empty() {
            return Err(OpenError::RefsWithValue);
        }

        // Moved within its buffer: no second copy to wipe. Dropping wipes the spare capacity too.
        let len = range.len();
        padded.copy_within(range, 0);
        padded.truncate(len);
        Ok(OpenedValue { kind, bytes: SecretBytes::new(std::mem::take(&mut *padded)) })
    }

    /// Returns true if `value` is from another batch than those before it, so that it takes its own X25519 operation.
    pub fn is_of_another_batch(&self, value: &SealedValue) -> bool {
        !self.contexts.is_empty() && !self.contexts.contains_key(value.enc())
    }

    /// Sets up the contexts for `values`, on all cores if there are many: values that were set one by one take an
    /// X25519 operation each. An invalid value is reported when it is decrypted.
    pub fn prepare(&mut self, values: &[SealedValue]) {
        let all: HashSet<_> = values.iter().map(|value| *value.enc()).collect();
        let new: Vec<_> = all.into_iter().filter(|enc| !self.contexts.contains_key(enc)).collect();
        let contexts = on_all_cores(&new, |enc| {
            Some((*enc, suite::setup_receiver(enc, &self.private, suite::INFO).ok()?))
        });
        self.contexts.extend(contexts.into_iter().flatten());
    }
}

/// Returns the results for all items, in any order, computed on all cores if there are many. An item whose thread
/// panics is left out.
fn on_all_cores<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = match items.len() / FEWEST_FOR_A_THREAD {
        // Asking for the number of cores takes a dozen system calls.
        0 | 1 => 1,
        most => thread::available_parallelism().map_or(1, NonZero::get).min(most),
    };
    let next = AtomicUsize::new(0);
    let work_through = || {
        let item = || items.get(next.fetch_add(1, Ordering::Relaxed));
        std::iter::from_fn(item).map(&work).collect::<Vec<_>>()
    };
    let (core, away) = (this_core(), AtomicUsize::new(0));
    let worker = || {
        leave(core);
        away.fetch_add(1, Ordering::Relaxed);
        work_through()
    };
    thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, worker).ok();
        let others: Vec<_> = (1..threads).filter_map(spawn).collect();
        give_way(|| away.load(Ordering::Relaxed) == others.len());
        let mut results = work_through();
        results.extend(others.into_iter().filter_map(|other| other.join().ok()).flatten());
        results
    })
}

/// Moves threads to other cores. Linux often starts a thread on its parent's core, where it waits, and moves one of the
/// two only milliseconds later, when the work is done. So each thread moves itself, and its parent yields.
#[cfg(target_os = "linux")]
mod cores {
    use rustix::thread::{sched_getaffinity, sched_getcpu, sched_setaffinity};

    /// A few dozen yields are usually enough.
    const MOST_YIELDS: usize = 1000;

    pub(super) fn this_core() -> usize {
        sched_getcpu()
    }

    /// Moves this thread to any other core.
    pub(super) fn leave(core: usize) {
        if let Ok(mut cores) = sched_getaffinity(None) {
            cores.unset(core);
            // Fails if there is no other core.
            let _ = sched_setaffinity(None, &cores);
        }
    }

    /// Yields this core to other threads until they have left it.
    pub(super) fn give_way(are_gone: impl Fn() -> bool) {
        for _ in 0..MOST_YIELDS {
            if are_gone() {
                break;
            }
            std::thread::yield_now();
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod cores {
    pub(super) fn this_core() {}

    pub(super) fn leave((): ()) {}

    pub(super) fn give_way(_: impl Fn() -> bool) {}
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opener({})", self.public_key())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Refs, Sealer};
    use super::*;

    fn seal(public: &PublicKey, name: &str) -> SealedValue {
        Sealer::new(public).unwrap().seal(name, &Refs::none(), PlaintextKind::Value, b"hunter2").unwrap()
    }

    /// For any number of values, with invalid ones among them.
    #[test]
    fn prepared_or_not_the_same_is_opened_and_refused() {
        let private = PrivateKey::generate();
        let good = seal(&private.public(), "A");
        let mut blob = good.blob.clone();
        blob[4..36].fill(0);
        let zero = SealedValue::from_blob(blob, Refs::none());
        for count in [0, 1, FEWEST_FOR_A_THREAD, 50] {
            let mut values: Vec<_> = (0..count).map(|_| seal(&private.public(), "A")).collect();
            values.insert(count / 2, zero.clone());
            values.push(good.clone());
            values.push(good.clone());
            let (mut prepared, mut fresh) = (Opener::new(private.clone()), Opener::new(private.clone()));
            prepared.open("A", &good).unwrap();
            assert!(count == 0 || prepared.is_of_another_batch(&values[0]));
            prepared.prepare(&values);
            assert_eq!(prepared.contexts.len(), count + 1, "one for each enc that is none of low order");
            for value in &values {
                let refused = (*value == zero).then_some(OpenError::ZeroShared);
                assert_eq!(prepared.is_of_another_batch(value), refused.is_some());
                assert_eq!(fresh.open("A", value).err(), refused);
                assert_eq!(prepared.open("A", value), fresh.open("A", value));
                assert_eq!(prepared.open("B", value), fresh.open("B", value));
            }
            assert_eq!(fresh.contexts.len(), count + 1);
        }
    }
}
