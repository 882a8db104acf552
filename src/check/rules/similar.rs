//! Names that may have been mistyped for one another.

use std::ops::Range;

/// The longest name, in bytes, for which two bytes are left out at a time: the remainders grow with its length squared.
const LONG: usize = 32;
/// The longest name that is compared.
const LONGEST: usize = 128;
/// The most names that are compared; bounds the memory for their remainders.
const MOST: usize = 10_000;
/// The most names that may share a remainder. More are a family (`HOST_A`, `HOST_B`, …), and not mistyped.
const FAMILY: usize = 8;

/// Finds similar names.
///
/// Two names that are at most two edits apart become the same once at most two bytes of each are left out. Only names
/// that share such a remainder are compared, so the work grows with the number of names and not with its square.
pub(super) struct SimilarNames<'a> {
    names: &'a [&'a str],
    /// Sorted: the hash of each remainder, and the index of a name that has it. A collision costs one more comparison.
    remainders: Vec<(u32, u32)>,
}

impl<'a> SimilarNames<'a> {
    /// Indexes distinct names, or none if there are more than [`MOST`].
    pub(super) fn new(names: &'a [&'a str]) -> Self {
        let indexed = if names.len() > MOST { &[][..] } else { names };
        let mut found = Vec::new();
        for (at, name) in (0_u32..).zip(indexed) {
            found.extend(remainders(&name.to_lowercase()).into_iter().map(|remainder| (remainder, at)));
        }
        found.sort_unstable();
        Self { names, remainders: found }
    }

    /// Returns the names that `name` may be a typo of, the most similar first, then in their order.
    pub(super) fn of(&self, name: &str) -> Vec<&'a str> {
        let most = (name.len() / 3).clamp(1, 2);
        let lower = name.to_lowercase();
        let distance = |other: &'a str| {
            let there = other.to_lowercase();
            // `HOST_1` and `HOST_2` differ on purpose.
            let is_numbered = there != lower && letters(&there).eq(letters(&lower));
            (name.len() > 2 && !is_numbered).then(|| (strsim::osa_distance(&lower, &there), other))
        };
        let others =
            self.candidates(&lower).into_iter().map(|at| self.names[at]).filter(|other| *other != name);
        let mut found: Vec<_> =
            others.filter_map(distance).filter(|(distance, _)| *distance <= most).collect();
        found.sort_by_key(|(distance, _)| *distance);
        found.into_iter().map(|(_, other)| other).collect()
    }

    /// Returns the indices of the names to compare with a name in lower case.
    fn candidates(&self, lower: &str) -> Vec<usize> {
        let shared = remainders(lower).into_iter().map(|remainder| self.sharing(remainder));
        let few = shared.filter(|sharing| sharing.len() <= FAMILY).flatten();
        let mut places: Vec<_> = few.map(|at| self.remainders[at].1 as usize).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    fn sharing(&self, remainder: u32) -> Range<usize> {
        let start = self.remainders.partition_point(|(other, _)| *other < remainder);
        let end = self.remainders[start..].partition_point(|(other, _)| *other == remainder);
        start..start + end
    }
}

/// Returns the distinct hashes of a name with up to two of its bytes left out.
fn remainders(lower: &str) -> Vec<u32> {
    let bytes = lower.as_bytes();
    let mut found = Vec::new();
    if bytes.len() > LONGEST {
        return found;
    }
    found.push(hash(bytes, [usize::MAX; 2]));
    for first in 0..bytes.len() {
        found.push(hash(bytes, [first; 2]));
        if bytes.len() <= LONG {
            found.extend((first + 1..bytes.len()).map(|second| hash(bytes, [first, second])));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns the 32-bit FNV-1a hash of the bytes, except those at the indices `but`.
fn hash(bytes: &[u8], but: [usize; 2]) -> u32 {
    let kept = bytes.iter().enumerate().filter(|(at, _)| !but.contains(at));
    kept.fold(0x811c_9dc5, |hash, (_, byte)| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| !c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_different_names_and_letters_may_be_mistyped() {
        let names = ["HELLO", "HOST_1", "HOST_2", "hello", "HRLLO", "DATABASE_URL", "URL", "A"];
        let similar = SimilarNames::new(&names);
        assert_eq!(similar.of("HELLO"), ["hello", "HRLLO"]);
        assert_eq!(similar.of("HSOT_1"), ["HOST_1", "HOST_2"]);
        assert_eq!(similar.of("HOST_3"), [""; 0]);
        assert_eq!(similar.of("DATABSE_URLS"), ["DATABASE_URL"]);
        assert_eq!(similar.of("B"), [""; 0]);
    }

    proptest! {
        #[test]
        fn few_names_are_compared_as_if_all_were(
            names in proptest::collection::btree_set("[AB_]{1,7}", 2..FAMILY),
            name in "[AB_]{1,7}",
        ) {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let most = (name.len() / 3).clamp(1, 2);
            let near = |other: &&str| *other != name && strsim::osa_distance(&name, other) <= most;
            let mut wanted: Vec<_> = names.iter().copied().filter(near).filter(|_| name.len() > 2).collect();
            wanted.sort_by_key(|other| strsim::osa_distance(&name, other));
            prop_assert_eq!(SimilarNames::new(&names).of(&name), wanted);
        }
    }

    #[test]
    fn the_work_grows_with_the_names_and_not_with_their_pairs() {
        // A family of names, a typo of each, and names that have nothing to do with each other.
        let word = |at: usize| -> String {
            let letter = |place| char::from(b'A' + u8::try_from(at / 26_usize.pow(place) % 26).unwrap());
            (0..4).map(letter).collect()
        };
        let texts: Vec<_> = (0..2000)
            .flat_map(|at| [format!("HOST_{}", word(at)), format!("HSOT_{}", word(at)), word(at).repeat(5)])
            .collect();
        let names: Vec<_> = texts.iter().map(String::as_str).collect();
        let similar = SimilarNames::new(&names);
        let compared: usize = names.iter().map(|name| similar.candidates(&name.to_lowercase()).len()).sum();
        assert!(compared < 10 * names.len(), "{compared} of {}", names.len() * names.len());
        assert!(similar.of("HSOT_BCBA").contains(&"HOST_BCBA"));
    }
}
