//! Merging team files, entry by entry.
//!
//! An entry is a key of a table whose value is no table: one grant, one member, one list of the policy. One that one
//! side changed is taken from that side; one that both changed alike, once. What is left is settled where that loses
//! nothing (see `settle`), and is else a conflict, with markers around that entry alone: the text is then no TOML, and
//! everything refuses it. Ours stays byte for byte where nothing comes from theirs. What theirs has added brings the
//! comments above it, and goes where the order wants it, if the table is in order.

use std::collections::{BTreeMap, BTreeSet};

use super::entries::{Entry, entries};
use super::settle::settle;
use super::weave::weave;

/// As env files have it: below 3 a reader would not take them for markers, and above this nobody wants them.
const MARKER_SIZES: (usize, usize) = (3, 512);

/// A merged team file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MergedTeam {
    /// The text, with conflict markers where there are conflicts.
    pub text: Vec<u8>,
    /// The conflicts.
    pub conflicts: TeamConflicts,
}

/// What could not be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TeamConflicts {
    /// Nothing.
    None,
    /// These entries, as `grants.production.alice`.
    Entries(Vec<String>),
    /// The whole file: a side is no TOML, or the sides write their tables too differently.
    File,
}

/// The keys that lead to an entry.
pub(super) type Path = Vec<String>;

/// Merges three versions of a team file; `base` is empty where both sides made it. Conflict markers are `marker_size`
/// characters long.
pub(crate) fn merge_team(base: &[u8], ours: &[u8], theirs: &[u8], marker_size: usize) -> MergedTeam {
    let clean = |text: &[u8]| MergedTeam { text: text.to_vec(), conflicts: TeamConflicts::None };
    if ours == theirs || base == theirs {
        return clean(ours);
    }
    if base == ours {
        return clean(theirs);
    }
    let size = marker_size.clamp(MARKER_SIZES.0, MARKER_SIZES.1);
    by_entry([base, ours, theirs], size)
        .unwrap_or_else(|| MergedTeam { text: markers(size, ours, theirs), conflicts: TeamConflicts::File })
}

/// None where the whole file is the conflict.
fn by_entry(texts: [&[u8]; 3], size: usize) -> Option<MergedTeam> {
    let [base, ours, theirs] = texts.map(Side::read);
    let sides = [base?, ours?, theirs?];
    let (mut chosen, mut wanted) = (BTreeMap::new(), BTreeMap::new());
    let mut conflicts = Vec::new();
    let paths: BTreeSet<_> = sides.iter().flat_map(|side| side.leaves.keys()).collect();
    for path in paths {
        let leaves = sides.each_ref().map(|side| side.leaves.get(path).copied());
        let settled = match choose(leaves) {
            Choice::Gone => continue,
            Choice::Take(leaf) => Some((leaf.body.to_owned(), leaf.value.to_owned())),
            Choice::Both => settle(path, texts, leaves),
        };
        let body = match settled {
            Some((body, value)) => {
                wanted.insert(path.clone(), value);
                body
            }
            None => {
                conflicts.push(path.join("."));
                let [_, ours, theirs] = leaves.map(|leaf| leaf.map_or("", |leaf| leaf.body).as_bytes());
                String::from_utf8(markers(size, ours, theirs)).expect("made of text")
            }
        };
        let lead = merged_lead(leaves.map(|leaf| leaf.map(|leaf| leaf.lead)));
        chosen.insert(path.clone(), Piece { lead: lead.into(), body });
    }
    let text = weave(&sides, chosen);
    if !conflicts.is_empty() {
        return Some(MergedTeam { text: text.into_bytes(), conflicts: TeamConflicts::Entries(conflicts) });
    }
    // Tables that are written in two ways, as `[a.b]` and as `b = {…}`, do not go together.
    let merged = Side::read(text.as_bytes())?;
    let values = merged.leaves.iter().map(|(path, leaf)| (path.clone(), leaf.value.to_owned()));
    let is_whole = values.collect::<BTreeMap<_, _>>() == wanted;
    is_whole.then(|| MergedTeam { text: text.into_bytes(), conflicts: TeamConflicts::None })
}

/// One side of the merge, taken apart.
pub(super) struct Side<'t> {
    /// What the file begins with: comments that are nobody's.
    pub(super) head: &'t str,
    /// The first is what stands above all headers.
    pub(super) blocks: Vec<Block<'t>>,
    pub(super) leaves: BTreeMap<Path, Leaf<'t>>,
    /// What stands behind the last entry.
    pub(super) tail: &'t str,
}

/// A header and the leaves below it.
pub(super) struct Block<'t> {
    pub(super) path: Path,
    pub(super) header: Option<Leaf<'t>>,
    pub(super) leaves: Vec<Path>,
}

/// An entry's text: what stands above it, its own lines, and its value alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaf<'t> {
    pub(super) lead: &'t str,
    pub(super) body: &'t str,
    pub(super) value: &'t str,
}

/// Text that goes into the result.
pub(super) struct Piece {
    pub(super) lead: String,
    pub(super) body: String,
}

impl<'t> Side<'t> {
    fn read(text: &'t [u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let (mut entries, end) = entries(text).ok()??;
        // What an empty line parts from the first entry, and what stands above the first table.
        let first = entries.first();
        let lead = &text[..first.map_or(text.len(), |entry| entry.lead.end)];
        let head = match lead.rfind("\n\n") {
            Some(at) => at + 1,
            None if first.is_some_and(|entry| !entry.is_header) => 0,
            None => lead.len(),
        };
        if let Some(first) = entries.first_mut() {
            first.lead.start = head;
        }
        let above = Block { path: Path::new(), header: None, leaves: Vec::new() };
        let mut side = Self {
            blocks: vec![above],
            leaves: BTreeMap::new(),
            head: &text[..head],
            tail: &text[end.max(head)..],
        };
        for Entry { path, is_header, lead, body, value } in entries {
            let leaf = Leaf { lead: &text[lead], body: &text[body], value: &text[value] };
            if is_header {
                side.blocks.push(Block { path, header: Some(leaf), leaves: Vec::new() });
            } else {
                side.blocks.last_mut().expect("the first").leaves.push(path.clone());
                side.leaves.insert(path, leaf);
            }
        }
        Some(side)
    }

    pub(super) fn block(&self, path: &Path) -> Option<&Block<'t>> {
        self.blocks.iter().find(|block| block.path == *path)
    }
}

enum Choice<'t> {
    Gone,
    Take(Leaf<'t>),
    /// Both sides changed it.
    Both,
}

/// Of base, ours and theirs.
fn choose<'t>(leaves: [Option<Leaf<'t>>; 3]) -> Choice<'t> {
    let body = |leaf: &Leaf<'t>| leaf.body.trim_end();
    match leaves {
        [_, None, None] => Choice::Gone,
        [None, Some(one), None] | [None, None, Some(one)] => Choice::Take(one),
        [Some(base), Some(one), None] | [Some(base), None, Some(one)] if base.value == one.value => {
            Choice::Gone
        }
        [_, Some(_), None] | [_, None, Some(_)] => Choice::Both,
        [base, Some(ours), Some(theirs)] => {
            // A comment behind a value is the entry's, but does not make a conflict.
            if base.is_some_and(|base| body(&base) == body(&ours)) {
                Choice::Take(theirs)
            } else if base.is_some_and(|base| body(&base) == body(&theirs)) || ours.value == theirs.value {
                Choice::Take(ours)
            } else if base.is_some_and(|base| base.value == ours.value) {
                Choice::Take(theirs)
            } else if base.is_some_and(|base| base.value == theirs.value) {
                Choice::Take(ours)
            } else {
                Choice::Both
            }
        }
    }
}

/// What stands above an entry: the side that changed it, ours where both did.
pub(super) fn merged_lead([base, ours, theirs]: [Option<&str>; 3]) -> &str {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if base == Some(ours) => theirs,
        (Some(lead), _) | (None, Some(lead)) => lead,
        (None, None) => "",
    }
}

fn markers(size: usize, ours: &[u8], theirs: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut part = |mark: &str, label: &str, lines: &[u8]| {
        text.extend_from_slice(mark.repeat(size).as_bytes());
        text.extend_from_slice(label.as_bytes());
        text.extend_from_slice(b"\n");
        text.extend_from_slice(lines);
        if !lines.is_empty() && !lines.ends_with(b"\n") {
            text.push(b'\n');
        }
    };
    part("<", " ours", ours);
    part("=", "", theirs);
    part(">", " theirs", b"");
    text
}

#[cfg(test)]
mod tests;
