//! Folders as they were read last.
//!
//! From one commit to the next a folder changes in an entry or two. What is the same at its front and at its end was
//! looked at already, and comparing bytes is much quicker than reading names.

use std::collections::HashMap;

use super::objects::FileRef;
use super::pick::Picked;
use super::tree::{self, RawEntry};

/// So many bytes of folders are held; then all are forgotten, and held anew.
const LIMIT: usize = 32 << 20;

/// The folders that were read last, by path.
#[derive(Default)]
pub(super) struct SeenFolders {
    by_path: HashMap<Vec<u8>, Seen>,
    held: usize,
}

/// A folder as it was read last.
#[derive(Default)]
pub(super) struct Seen {
    data: Vec<u8>,
    /// Where its entries start.
    starts: Vec<usize>,
    /// The entries that are, or hold, wanted files; in the order of the folder.
    pub(super) kept: Vec<Kept>,
    /// What it boiled down to.
    pub(super) picked: Picked,
}

/// An entry that is, or holds, a wanted file.
pub(super) struct Kept {
    pub(super) start: usize,
    pub(super) name: Vec<u8>,
    pub(super) found: Found,
}

/// What such an entry is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    File(FileRef),
    Folder(Picked),
}

/// Where new entries took the place of old ones; all others are the same, though those behind have moved.
pub(super) struct Replaced {
    head: usize,
    old_tail: usize,
    new_tail: usize,
}

impl SeenFolders {
    pub(super) fn take(&mut self, path: &[u8]) -> Seen {
        let seen = self.by_path.get_mut(path).map(std::mem::take).unwrap_or_default();
        self.held -= seen.data.len();
        seen
    }

    pub(super) fn put(&mut self, path: &[u8], seen: Seen) {
        self.held += seen.data.len();
        if self.held > LIMIT {
            self.by_path.clear();
            self.held = 0;
        } else if let Some(there) = self.by_path.get_mut(path) {
            *there = seen;
        } else {
            self.by_path.insert(path.to_vec(), seen);
        }
    }
}

impl Seen {
    /// Takes over the folder's bytes of another time, and visits the entries that may have changed; none if the
    /// bytes are malformed.
    pub(super) fn update<'d>(
        &mut self,
        data: &'d [u8],
        visit: &mut dyn FnMut(usize, &RawEntry<'d>),
    ) -> Option<Replaced> {
        let head = self.boundary(same_front(&self.data, data));
        let room = self.data.len().min(data.len()) - head;
        let tail = self.tail(same_back(&self.data, data).min(room));
        let found = changed(data, head, data.len() - tail).map(|entries| (head, tail, entries));
        // The bytes at the end may be the same by chance, as part of a longer entry.
        let (head, tail, entries) = found.or_else(|| Some((0, 0, changed(data, 0, data.len())?)))?;
        let replaced = Replaced { head, old_tail: self.data.len() - tail, new_tail: data.len() - tail };
        let [first, last] =
            [replaced.head, replaced.old_tail].map(|at| self.starts.partition_point(|start| *start < at));
        for start in &mut self.starts[last..] {
            *start = *start - replaced.old_tail + replaced.new_tail;
        }
        self.starts.splice(first..last, entries.iter().map(|(start, _)| *start));
        self.data.clear();
        self.data.extend_from_slice(data);
        for (start, entry) in &entries {
            visit(*start, entry);
        }
        Some(replaced)
    }

    /// Puts what was found among the new entries in the place of the old; says whether that made a difference.
    pub(super) fn keep(&mut self, replaced: &Replaced, found: Vec<Kept>) -> bool {
        let at = |at: usize| self.kept.partition_point(|kept| kept.start < at);
        let (first, last) = (at(replaced.head), at(replaced.old_tail));
        for kept in &mut self.kept[last..] {
            kept.start = kept.start - replaced.old_tail + replaced.new_tail;
        }
        let same = |(one, other): (&Kept, &Kept)| one.name == other.name && one.found == other.found;
        let differs = last - first != found.len() || !self.kept[first..last].iter().zip(&found).all(same);
        self.kept.splice(first..last, found);
        differs
    }

    /// The last start, or end, of an entry that is not behind `at`.
    fn boundary(&self, at: usize) -> usize {
        if at >= self.data.len() {
            return self.data.len();
        }
        let behind = self.starts.partition_point(|start| *start <= at);
        behind.checked_sub(1).map_or(0, |last| self.starts[last])
    }

    /// How many of the last `bytes` bytes are whole entries.
    fn tail(&self, bytes: usize) -> usize {
        let from = self.data.len() - bytes;
        let first = self.starts.partition_point(|start| *start < from);
        self.starts.get(first).map_or(0, |start| self.data.len() - start)
    }
}

/// The entries from `head` to `end`, which both must lie between entries.
fn changed(data: &[u8], head: usize, end: usize) -> Option<Vec<(usize, RawEntry<'_>)>> {
    let mut entries = Vec::new();
    let whole = tree::for_each(&data[head..end], &mut |start, entry| entries.push((head + start, *entry)));
    whole.then_some(entries)
}

fn same_front(one: &[u8], other: &[u8]) -> usize {
    let ((strides, _), (others, _)) = (one.as_chunks::<64>(), other.as_chunks::<64>());
    let whole = strides.iter().zip(others).take_while(|(one, other)| one == other).count() * 64;
    let bytes = one[whole..].iter().zip(&other[whole..]);
    whole + bytes.take_while(|(one, other)| one == other).count()
}

fn same_back(one: &[u8], other: &[u8]) -> usize {
    let ((_, strides), (_, others)) = (one.as_rchunks::<64>(), other.as_rchunks::<64>());
    let pairs = strides.iter().rev().zip(others.iter().rev());
    let whole = pairs.take_while(|(one, other)| one == other).count() * 64;
    let (one, other) = (&one[..one.len() - whole], &other[..other.len() - whole]);
    let bytes = one.iter().rev().zip(other.iter().rev());
    whole + bytes.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folder(names: &[(u8, u8)]) -> Vec<u8> {
        let entry = |(name, id): &(u8, u8)| {
            let name = "ab".repeat(usize::from(*name % 4)) + &char::from(b'a' + name % 8).to_string();
            [b"100644 ", name.as_bytes(), &[0], &[*id % 3 * 97; 20][..]].concat()
        };
        names.iter().map(entry).collect::<Vec<_>>().concat()
    }

    fn wanted(entry: &RawEntry<'_>) -> bool {
        entry.name.first() == Some(&b'a')
    }

    proptest! {
        #[test]
        fn reading_what_changed_is_reading_all(
            versions in prop::collection::vec(
                (prop::collection::vec((any::<u8>(), any::<u8>()), 0..12), any::<bool>()), 1..8,
            ),
        ) {
            let mut seen = Seen::default();
            for (names, cut) in versions {
                let mut data = folder(&names);
                if cut {
                    data.truncate(data.len() * 3 / 4);
                }
                let mut kept = Vec::new();
                let replaced = seen.update(&data, &mut |start, entry| {
                    if wanted(entry) {
                        let found = tree_file(entry);
                        kept.push(Kept { start, name: entry.name.to_vec(), found });
                    }
                });
                let mut all = Vec::new();
                let whole = tree::for_each(&data, &mut |start, entry| all.push((start, entry.name.to_vec(), tree_file(entry), wanted(entry))));
                prop_assert_eq!(replaced.is_some(), whole);
                let Some(replaced) = replaced else { continue };
                let before: Vec<_> = seen.kept.iter().map(|kept| (kept.name.clone(), kept.found)).collect();
                let differs = seen.keep(&replaced, kept);
                let after: Vec<_> = seen.kept.iter().map(|kept| (kept.name.clone(), kept.found)).collect();
                prop_assert_eq!(differs, before != after);
                let ours: Vec<_> = seen.kept.iter().map(|kept| (kept.start, kept.name.clone(), kept.found)).collect();
                let expected: Vec<_> = all.iter().filter(|it| it.3).map(|it| (it.0, it.1.clone(), it.2)).collect();
                prop_assert!(ours == expected);
                prop_assert_eq!(&seen.starts, &all.iter().map(|it| it.0).collect::<Vec<_>>());
            }
        }
    }

    fn tree_file(entry: &RawEntry<'_>) -> Found {
        Found::File(super::super::objects::file_ref(entry).unwrap())
    }
}
