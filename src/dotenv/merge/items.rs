//! A document as a list of items (its statements, and the lines between them), and the alignment of two such lists.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;
use std::ops::Range;

use crate::dotenv::document::{Document, is_marker};
use crate::dotenv::parse::{line_end, past_line_break};

/// A statement, or a line outside the statements.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileItem<'a> {
    /// The text without its line break.
    pub(super) body: &'a [u8],
    /// Empty at the end of a file without a last line break.
    pub(super) eol: &'a [u8],
    pub(super) statement: Option<ItemStatement<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ItemStatement<'a> {
    pub(super) name: &'a str,
    pub(super) source: &'a [u8],
    /// The parts of the body before and after the source.
    pub(super) frame: (&'a [u8], &'a [u8]),
}

/// Returns the items of a document in order; joined, they give its text.
pub(super) fn items(document: &Document) -> Vec<FileItem<'_>> {
    let text = document.as_bytes();
    let mut items = Vec::new();
    let mut at = 0;
    for entry in document.entries() {
        lines(text, at..entry.start, &mut items);
        at = past_line_break(text, entry.end);
        items.push(FileItem {
            body: &text[entry.start..entry.end],
            eol: &text[entry.end..at],
            statement: Some(ItemStatement {
                name: document.name(entry),
                source: document.source(entry),
                frame: (&text[entry.start..entry.value.start], &text[entry.value.end..entry.end]),
            }),
        });
    }
    lines(text, at..text.len(), &mut items);
    items
}

fn lines<'a>(text: &'a [u8], range: Range<usize>, items: &mut Vec<FileItem<'a>>) {
    let mut at = range.start;
    while at < range.end {
        let end = line_end(text, at);
        let next = past_line_break(text, end);
        items.push(FileItem { body: &text[at..end], eol: &text[end..next], statement: None });
        at = next;
    }
}

/// Returns the bodies of each name's statements.
pub(super) fn bodies_by_name<'a>(items: &[FileItem<'a>]) -> BTreeMap<&'a str, Vec<&'a [u8]>> {
    let mut bodies: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for item in items {
        if let Some(statement) = item.statement {
            bodies.entry(statement.name).or_default().push(item.body);
        }
    }
    bodies
}

/// Removes the conflicts from an ancestor: in a criss-cross merge, git merges the ancestors first and passes the
/// result, with conflict markers. Returns what is left, and the names in conflict, whose base is unknown.
pub(super) fn without_conflicts(items: Vec<FileItem<'_>>) -> (Vec<FileItem<'_>>, HashSet<&str>) {
    let (mut kept, mut unknown) = (Vec::new(), HashSet::new());
    let mut inside = false;
    for item in items {
        let marks = |mark: u8| item.body.first() == Some(&mark) && is_marker(item.body, 3);
        match item.statement {
            None if marks(b'<') => inside = true,
            None if marks(b'>') => inside = false,
            Some(statement) if inside => drop(unknown.insert(statement.name)),
            _ if inside => {}
            _ => kept.push(item),
        }
    }
    (kept, unknown)
}

/// The largest table that is filled in to compare two ranges without a unique token.
const MAX_TABLE: usize = 1 << 20;

/// Returns for each element of `old` its equal in `new`, by a patience diff; the pairs do not cross.
///
/// Tokens that are unique in both lists are paired first, as many as possible without crossing; then each gap between
/// two pairs is aligned separately.
pub(super) fn align<T: Copy + Eq + Hash>(old: &[T], new: &[T]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; old.len()];
    // Not recursive: the files' authors would control the depth.
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
            align_by_table(old, new, &a, &b, &mut pairs);
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

/// Returns the positions of the tokens that each range contains exactly once, in the order of the first.
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

/// Returns the longest subsequence of `pairs`, sorted by the first number, that increases in the second, too.
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // For each length, the pair with the lowest end of such a subsequence; for each pair, its predecessor.
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

/// Pairs the longest common subsequence of two ranges by the textbook's table. Ranges that are too large get no pairs.
fn align_by_table<T: Eq>(
    old: &[T],
    new: &[T],
    a: &Range<usize>,
    b: &Range<usize>,
    pairs: &mut [Option<usize>],
) {
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
    fn moved_elements_are_not_paired() {
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

    /// The length of the longest common subsequence.
    fn in_common(old: &[u8], new: &[u8]) -> usize {
        match (old, new) {
            ([a, old @ ..], [b, new @ ..]) if a == b => 1 + in_common(old, new),
            ([_, shorter @ ..], [_, less @ ..]) => in_common(shorter, new).max(in_common(old, less)),
            _ => 0,
        }
    }

    proptest! {
        #[test]
        fn the_table_finds_all_that_is_in_common(old in "x[abc]{0,7}", new in "yy[abc]{0,7}") {
            let (old, new) = (old.as_bytes(), new.as_bytes());
            let mut pairs = vec![None; old.len()];
            align_by_table(old, new, &(1..old.len()), &(2..new.len()), &mut pairs);
            let found: Vec<_> = pairs.iter().enumerate().filter_map(|(at, to)| Some((at, (*to)?))).collect();
            prop_assert!(found.iter().all(|(at, to)| old[*at] == new[*to]));
            prop_assert!(found.windows(2).all(|two| two[0].1 < two[1].1));
            prop_assert_eq!(found.len(), in_common(old, new));
        }

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
