//! Which items of one list stand for which of another: a patience diff.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;

/// The largest table that is filled in to compare two ranges without a token of their own.
const MAX_TABLE: usize = 1 << 20;

/// For each element of `old`, the equal element of `new` that it became; the pairs do not cross.
///
/// Tokens that stand once in either list are paired first, as many as can be without crossing; what lies between
/// two pairs is then looked at by itself.
pub(super) fn align<T: Copy + Eq + Hash>(old: &[T], new: &[T]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; old.len()];
    // Not by recursion: how deep it would go is for whoever wrote the files to say.
    let mut open = vec![(0..old.len(), 0..new.len())];
    while let Some((mut a, mut b)) = open.pop() {
        while !a.is_empty() && !b.is_empty() && old[a.start] == new[b.start] {
            pairs[a.start] = Some(b.start);
            a.start += 1;
            b.start += 1;
        }
        while !a.is_empty() && !b.is_empty() && old[a.end - 1] == new[b.end - 1] {
            pairs[a.end - 1] = Some(b.end - 1);
            a.end -= 1;
            b.end -= 1;
        }
        if a.is_empty() || b.is_empty() {
            continue;
        }
        let anchors = longest_rising(&unique_in_both(old, new, &a, &b));
        if anchors.is_empty() {
            table(old, new, &a, &b, &mut pairs);
            continue;
        }
        let (mut from_a, mut from_b) = (a.start, b.start);
        for (at_a, at_b) in anchors {
            pairs[at_a] = Some(at_b);
            open.push((from_a..at_a, from_b..at_b));
            (from_a, from_b) = (at_a + 1, at_b + 1);
        }
        open.push((from_a..a.end, from_b..b.end));
    }
    pairs
}

/// Where the tokens stand that each range holds exactly once, in the order of the first.
fn unique_in_both<T: Copy + Eq + Hash>(
    old: &[T],
    new: &[T],
    a: &Range<usize>,
    b: &Range<usize>,
) -> Vec<(usize, usize)> {
    let places = |list: &[T], range: &Range<usize>| {
        let mut places: HashMap<T, Option<usize>> = HashMap::new();
        for at in range.clone() {
            places.entry(list[at]).and_modify(|place| *place = None).or_insert(Some(at));
        }
        places
    };
    let (in_a, in_b) = (places(old, a), places(new, b));
    let mut found: Vec<_> = in_a
        .into_iter()
        .filter_map(|(token, at)| Some((at?, in_b.get(&token).copied().flatten()?)))
        .collect();
    found.sort_unstable();
    found
}

/// The longest part of `pairs`, which rise in their first number, that rises in the second too.
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // For each length, the pair that ends such a part lowest; and for each pair, the one before it.
    let (mut ends, mut before) = (Vec::<usize>::new(), Vec::with_capacity(pairs.len()));
    for (at, (_, value)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *value);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut part: Vec<_> =
        std::iter::successors(ends.last().copied(), |at| before[*at]).map(|at| pairs[at]).collect();
    part.reverse();
    part
}

/// The longest common subsequence of two ranges by the textbook's table; too large ones have nothing in common.
fn table<T: Eq>(old: &[T], new: &[T], a: &Range<usize>, b: &Range<usize>, pairs: &mut [Option<usize>]) {
    let width = b.len() + 1;
    if (a.len() + 1).saturating_mul(width) > MAX_TABLE {
        return;
    }
    let mut longest = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * width + j] = if old[a.start + i] == new[b.start + j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if old[a.start + i] == new[b.start + j] {
            pairs[a.start + i] = Some(b.start + j);
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_moved_is_not_paired_and_the_rest_is() {
        let paired = |old: &str, new: &str| -> String {
            let (old, new): (Vec<_>, Vec<_>) = (old.chars().collect(), new.chars().collect());
            align(&old, &new).iter().map(|to| to.map_or('-', |to| new[to])).collect()
        };
        assert_eq!(paired("abcd", "dabc"), "abc-");
        assert_eq!(paired("a.b.c", "a.x.c"), "a.-.c");
        assert_eq!(paired("....", ".."), "..--");
        assert_eq!(paired("abab", "baba"), "-bab");
        assert_eq!(paired("", "a"), "");
    }

    proptest! {
        #[test]
        fn pairs_are_equal_and_do_not_cross(old in "[ab.x-z]{0,12}", new in "[ab.x-z]{0,12}") {
            let (old, new) = (old.as_bytes(), new.as_bytes());
            let pairs = align(old, new);
            prop_assert_eq!(pairs.len(), old.len());
            let kept: Vec<_> = pairs.iter().flatten().collect();
            prop_assert!(kept.is_sorted() && kept.windows(2).all(|two| two[0] < two[1]));
            for (at, to) in pairs.iter().enumerate() {
                prop_assert!(to.is_none_or(|to| old[at] == new[to]));
            }
            prop_assert_eq!(align(old, old), (0..old.len()).map(Some).collect::<Vec<_>>());
        }
    }
}
