//! Writes the merged text with every item in its place.

use std::collections::{BTreeMap, HashMap, HashSet};

use zeroize::Zeroizing;

use super::items::{FileItem, align};
use super::{ConflictStyle, MergeSide, MergeVersions, NameChoice, pick_changed};

/// Identifies an item when versions are aligned.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum ItemKey<'a> {
    /// A statement with any value, if its name occurs at most once in each version.
    Name(&'a str),
    /// A line, or a statement of a name that repeats in some version.
    Text(&'a [u8]),
}

/// A version, aligned with the ancestor.
struct AlignedSide<'a> {
    items: &'a [FileItem<'a>],
    keys: Vec<ItemKey<'a>>,
    /// Maps each item of the ancestor to the version's.
    of_base: Vec<Option<usize>>,
    /// Maps each item of the version to the ancestor's.
    in_base: Vec<Option<usize>>,
    /// The positions of the statements.
    names: HashMap<&'a str, usize>,
}

pub(super) fn write_items<'a>(
    sides: &'a [Vec<FileItem<'a>>; 3],
    choices: &'a BTreeMap<&'a str, NameChoice>,
    line_break: &'a str,
    style: &'a ConflictStyle<'a>,
) -> Zeroizing<Vec<u8>> {
    let repeated = repeated_names(sides);
    let base_keys = item_keys(&sides[0], &repeated);
    let [base, ours, theirs] =
        sides.each_ref().map(|items| AlignedSide::new(items, item_keys(items, &repeated), &base_keys));
    let room = sides.iter().flatten().map(|item| item.body.len() + item.eol.len() + 2).sum::<usize>();
    let conflicts = choices.values().filter(|choice| **choice == NameChoice::Conflict).count();
    let out = MergedOutput::with_room(room + conflicts * style.room());
    let mut writer = ItemWriter { base, ours, theirs, choices, line_break, style, out };
    writer.write();
    writer.out.into_text()
}

/// Returns the names that repeat in one of the versions.
fn repeated_names<'a>(sides: &[Vec<FileItem<'a>>; 3]) -> HashSet<&'a str> {
    let mut repeated = HashSet::new();
    for items in sides {
        let mut seen = HashSet::new();
        let names = items.iter().filter_map(|item| item.statement).map(|statement| statement.name);
        repeated.extend(names.filter(|name| !seen.insert(*name)));
    }
    repeated
}

fn item_keys<'a>(items: &[FileItem<'a>], repeated: &HashSet<&str>) -> Vec<ItemKey<'a>> {
    let key = |item: &FileItem<'a>| match item.statement {
        Some(statement) if !repeated.contains(statement.name) => ItemKey::Name(statement.name),
        _ => ItemKey::Text(item.body),
    };
    items.iter().map(key).collect()
}

impl<'a> AlignedSide<'a> {
    fn new(items: &'a [FileItem<'a>], keys: Vec<ItemKey<'a>>, base: &[ItemKey<'a>]) -> Self {
        let of_base = align(base, &keys);
        let mut in_base = vec![None; items.len()];
        for (at, to) in of_base.iter().enumerate() {
            if let Some(to) = to {
                in_base[*to] = Some(at);
            }
        }
        let named = keys.iter().enumerate().filter_map(|(at, key)| match key {
            ItemKey::Name(name) => Some((*name, at)),
            ItemKey::Text(_) => None,
        });
        Self { names: named.collect(), items, keys, of_base, in_base }
    }

    /// Returns the items that the side added or moved, grouped by the ancestor's item that follows them.
    fn added(&self) -> Vec<Vec<usize>> {
        let mut added = vec![Vec::new(); self.of_base.len() + 1];
        let mut before = 0;
        for (at, in_base) in self.in_base.iter().enumerate() {
            match in_base {
                Some(in_base) => before = in_base + 1,
                None => added[before].push(at),
            }
        }
        added
    }

    fn item(&self, name: &str) -> Option<FileItem<'a>> {
        self.names.get(name).map(|at| self.items[*at])
    }
}

struct ItemWriter<'a> {
    base: AlignedSide<'a>,
    ours: AlignedSide<'a>,
    theirs: AlignedSide<'a>,
    choices: &'a BTreeMap<&'a str, NameChoice>,
    line_break: &'a str,
    style: &'a ConflictStyle<'a>,
    out: MergedOutput,
}

impl<'a> ItemWriter<'a> {
    fn write(&mut self) {
        let (ours, theirs) = (self.ours.added(), self.theirs.added());
        for (before, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            self.write_both_added(ours, theirs);
            if before == self.base.items.len() {
                return;
            }
            match (self.base.keys[before], self.ours.of_base[before], self.theirs.of_base[before]) {
                (ItemKey::Name(_), Some(at), _) if self.is_placed_here(MergeSide::Ours, at) => {
                    self.write_item(MergeSide::Ours, at);
                }
                (ItemKey::Name(_), _, Some(at)) => self.write_item(MergeSide::Theirs, at),
                (ItemKey::Text(_), Some(ours), Some(theirs)) => {
                    let (ours, theirs) = (self.ours.items[ours], self.theirs.items[theirs]);
                    let eol = pick_changed(&self.base.items[before].eol, &ours.eol, &theirs.eol);
                    self.out.push_line(ours.body, eol, self.line_break);
                }
                _ => {}
            }
        }
    }

    /// Writes what both sides added in one place. A statement that both added is written once, and separates the rest.
    fn write_both_added(&mut self, ours: &[usize], theirs: &[usize]) {
        let places = theirs.iter().enumerate();
        let places: HashMap<_, _> = places.map(|(at, item)| (self.theirs.keys[*item], at)).collect();
        let (mut from_ours, mut from_theirs) = (0, 0);
        for (at, item) in ours.iter().enumerate() {
            let key = self.ours.keys[*item];
            let common = places.get(&key).filter(|place| **place >= from_theirs);
            if let (ItemKey::Name(_), Some(place)) = (key, common) {
                self.write_in_turn(&ours[from_ours..at], &theirs[from_theirs..*place]);
                self.write_item(MergeSide::Ours, *item);
                (from_ours, from_theirs) = (at + 1, place + 1);
            }
        }
        self.write_in_turn(&ours[from_ours..], &theirs[from_theirs..]);
    }

    fn write_in_turn(&mut self, ours: &[usize], theirs: &[usize]) {
        let in_ours = ours.iter().map(|at| self.ours.items[*at].body);
        let alike = in_ours.eq(theirs.iter().map(|at| self.theirs.items[*at].body));
        for at in ours {
            self.write_item(MergeSide::Ours, *at);
        }
        for at in theirs.iter().filter(|_| !alike) {
            self.write_item(MergeSide::Theirs, *at);
        }
    }

    /// Writes an item of one side. A statement is written in the chosen form, and only if this is its place.
    fn write_item(&mut self, side: MergeSide, at: usize) {
        let of = self.side(side);
        let (item, key) = (of.items[at], of.keys[at]);
        let ItemKey::Name(name) = key else {
            self.out.push_line(item.body, item.eol, self.line_break);
            return;
        };
        if !self.is_placed_here(side, at) {
            return;
        }
        let [base, ours, theirs] = [&self.base, &self.ours, &self.theirs].map(|side| side.item(name));
        match self.choices[name] {
            NameChoice::Take(side) => {
                let Some(item) = (if side == MergeSide::Ours { ours } else { theirs }) else { return };
                let eol = match (base, ours, theirs) {
                    (Some(base), Some(ours), Some(theirs)) => pick_changed(&base.eol, &ours.eol, &theirs.eol),
                    _ => item.eol,
                };
                self.out.push_line(item.body, eol, self.line_break);
            }
            NameChoice::Conflict => {
                let versions = [base, ours, theirs]
                    .map(|item| item.map_or((&b""[..], &b""[..]), |item| (item.body, item.eol)));
                self.out.push_conflict(self.style, self.line_break, versions);
            }
        }
    }

    /// Returns true if the statement at `at` is written where `side` has it. The place is where ours has it, unless
    /// ours lacks it or only theirs moved it.
    fn is_placed_here(&self, side: MergeSide, at: usize) -> bool {
        let ItemKey::Name(name) = self.side(side).keys[at] else { return true };
        let place = match (self.ours.names.get(name), self.theirs.names.get(name)) {
            (Some(ours), Some(theirs))
                if self.ours.in_base[*ours].is_some() && self.theirs.in_base[*theirs].is_none() =>
            {
                MergeSide::Theirs
            }
            (None, _) => MergeSide::Theirs,
            _ => MergeSide::Ours,
        };
        place == side
    }

    fn side(&self, side: MergeSide) -> &AlignedSide<'a> {
        if side == MergeSide::Ours { &self.ours } else { &self.theirs }
    }
}

impl ConflictStyle<'_> {
    /// Returns the most bytes that the markers of one conflict can take.
    pub(super) fn room(&self) -> usize {
        let MergeVersions { base, ours, theirs } = self.labels;
        4 * (self.marker_size + 4) + base.len() + ours.len() + theirs.len() + 8
    }
}

/// The text being written. It may contain plaintext, so it gets its full capacity up front: growth would leave copies.
pub(super) struct MergedOutput(Zeroizing<Vec<u8>>);

impl MergedOutput {
    pub(super) fn with_room(room: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(room)))
    }

    pub(super) fn into_text(self) -> Zeroizing<Vec<u8>> {
        self.0
    }

    /// Writes a line. A last line without a line break gets one if more follows.
    fn push_line(&mut self, body: &[u8], eol: &[u8], line_break: &str) {
        if !matches!(self.0.last(), None | Some(b'\n' | b'\r')) {
            self.0.extend_from_slice(line_break.as_bytes());
        }
        if self.0.ends_with(b"\r") && body.is_empty() && eol == b"\n" {
            // Otherwise the two would be one line break.
            self.0.push(b'\n');
        }
        self.0.extend_from_slice(body);
        self.0.extend_from_slice(eol);
    }

    /// Writes the texts of the versions, each with its line break, between conflict markers.
    pub(super) fn push_conflict(
        &mut self,
        style: &ConflictStyle<'_>,
        line_break: &str,
        [base, ours, theirs]: [(&[u8], &[u8]); 3],
    ) {
        let labels = style.labels;
        let base = style.has_base.then_some((b'|', labels.base, base));
        let parts = [Some((b'<', labels.ours, ours)), base, Some((b'=', b"", theirs))];
        for (mark, label, (body, eol)) in parts.into_iter().flatten() {
            self.push_marker(mark, style.marker_size, label, line_break);
            self.0.extend_from_slice(body);
            self.0.extend_from_slice(eol);
        }
        self.push_marker(b'>', style.marker_size, labels.theirs, line_break);
    }

    /// Writes a conflict marker at a position that every reader takes for the start of a line.
    fn push_marker(&mut self, mark: u8, size: usize, label: &[u8], line_break: &str) {
        if !matches!(self.0.last(), None | Some(b'\n')) {
            self.0.extend_from_slice(line_break.as_bytes());
        }
        let end = self.0.len() + size;
        self.0.resize(end, mark);
        if !label.is_empty() {
            self.0.push(b' ');
            self.0.extend_from_slice(label);
        }
        self.0.extend_from_slice(line_break.as_bytes());
    }
}
