//! Three versions of a file merged by name.
//!
//! A file is a list of items: statements, and lines between them (comments, blank lines, strays).
//!
//! **What a name stands for** is settled by the statements alone, wherever they stand. A statement is compared whole:
//! `export`, blanks, quotes and inline comment are part of it, the line break is not. Both sides alike, or only one
//! side changed: that one is taken. Both changed: whoever called may know better (see [`BothChanged`]); else, and where
//! one side took the statement away and the other changed it, it is a conflict, and markers stand around that statement
//! alone. A name that a file holds more than once is settled as a whole; where both sides changed that, the whole file
//! is the conflict.
//!
//! **Where it stands**: the items of each side are aligned with the ancestor's, a statement being known by its name. A
//! statement that one side moved stands where that side put it, and one that both moved where ours has it. What a side
//! added stands behind the item of the ancestor that it stands behind there; where both added at one place, ours come
//! first, and a statement that both added parts what is before it from what is behind it. A statement that ours moved
//! and theirs took away, unchanged, is gone.
//!
//! **Lines** never conflict: one that a side took away is gone, one that a side added is there; changed by both sides, it
//! stands there in both forms. Only lines that both added alike, at one place, are written once.
//!
//! **Line breaks** and the byte order mark are those of the side that changed them.
//!
//! A merged text is read again before it is handed over: every name must stand there with the statements that were
//! chosen for it, and no other name. An unbalanced quote can make that fail. Then, and where a version is in UTF-16 or
//! holds conflict markers already, the whole of both sides stands between markers.

mod align;
mod items;
mod weave;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};

use zeroize::Zeroizing;

use super::document::Document;
use items::{Item, Statement, items, without_conflicts};

/// Marker sizes: below 3 a reader would not take them for markers, and above this nobody wants them.
const MARKER_SIZES: (usize, usize) = (3, 512);
/// The size of markers that are seen wherever they stand, also inside a quoted value.
const SURE_SIZE: usize = 7;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// The three versions of a file.
#[derive(Clone, Copy)]
pub struct Versions<'a> {
    /// What both sides started from; empty where both made the file.
    pub base: &'a [u8],
    /// The version that is merged into.
    pub ours: &'a [u8],
    /// The version that is merged.
    pub theirs: &'a [u8],
}

/// One of the two sides of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The version that is merged into.
    Ours,
    /// The version that is merged.
    Theirs,
}

/// A variable whose source text both sides changed, or added, differently.
pub struct BothChanged<'a> {
    /// Its name.
    pub name: &'a str,
    /// The source text it had; none where both added it, or nobody knows.
    pub base: Option<&'a [u8]>,
    /// Ours.
    pub ours: &'a [u8],
    /// Theirs.
    pub theirs: &'a [u8],
}

/// What is left to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflicts {
    /// Nothing: the merge is clean.
    None,
    /// The statements of these names, in the order of names.
    Names(Vec<String>),
    /// The whole file.
    File,
}

/// A merged text, and what is left to a person.
pub struct Merged {
    /// The text, with conflict markers where there are conflicts.
    pub text: Zeroizing<Vec<u8>>,
    /// The conflicts.
    pub conflicts: Conflicts,
}

/// Merges the versions by name. Conflict markers are `marker_size` characters long, as far as readers then see them.
///
/// `decide` is asked about a variable that both sides changed, and names the side that loses nothing by being taken.
pub fn merge(
    versions: &Versions<'_>,
    marker_size: usize,
    decide: &mut dyn FnMut(&BothChanged<'_>) -> Option<Side>,
) -> Merged {
    let Versions { base, ours, theirs } = *versions;
    let clean = |text: &[u8]| Merged { text: Zeroizing::new(text.to_vec()), conflicts: Conflicts::None };
    if ours == theirs || base == theirs {
        return clean(ours);
    }
    if base == ours {
        return clean(theirs);
    }
    let size = marker_size.clamp(MARKER_SIZES.0, MARKER_SIZES.1);
    by_name(versions, size, decide).unwrap_or_else(|| whole(versions, size))
}

/// None where the whole file is the conflict.
fn by_name(
    versions: &Versions<'_>,
    marker_size: usize,
    decide: &mut dyn FnMut(&BothChanged<'_>) -> Option<Side>,
) -> Option<Merged> {
    let all = [versions.base, versions.ours, versions.theirs];
    let marks = all.map(|text| text.starts_with(BOM));
    let [base, ours, theirs] =
        all.map(|text| Document::parse(text.strip_prefix(BOM).unwrap_or(text).to_vec()).ok());
    let (base, ours, theirs) = (base?, ours?, theirs?);
    if ours.conflict_marker().is_some() || theirs.conflict_marker().is_some() {
        return None;
    }
    let (base_items, unknown) = without_conflicts(items(&base));
    let unknown: HashSet<_> = unknown.into_iter().collect();
    let sides = [base_items, items(&ours), items(&theirs)];
    let Settled { choices, wanted } = settle(&sides, &unknown, decide)?;
    let first = if ours.as_bytes().is_empty() { &theirs } else { &ours };
    let mut text = weave::weave(&sides, &choices, first.line_break(), marker_size);
    if settled(&marks[0], &marks[1], &marks[2]) {
        text.splice(0..0, BOM.iter().copied());
    }
    let open = choices.iter().filter(|(_, choice)| **choice == Choice::Conflict);
    let open: Vec<_> = open.map(|(name, _)| (*name).to_owned()).collect();
    let conflicts = if open.is_empty() { Conflicts::None } else { Conflicts::Names(open) };
    reads_as(&text, &wanted, conflicts != Conflicts::None).then_some(Merged { text, conflicts })
}

/// What one of three versions comes to, one side at least being as the base or as the other.
fn settled<T: Copy + PartialEq>(base: &T, ours: &T, theirs: &T) -> T {
    if ours == base { *theirs } else { *ours }
}

/// What becomes of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// It is as this side has it, which may be gone.
    Take(Side),
    /// A person has to choose.
    Conflict,
}

/// What becomes of every name, and the statements that are to stand under it then.
struct Settled<'a> {
    choices: BTreeMap<&'a str, Choice>,
    wanted: BTreeMap<&'a str, Vec<&'a [u8]>>,
}

/// The statements of one name in one version, each with its body.
type Statements<'a> = Vec<(Statement<'a>, &'a [u8])>;

/// Settles every name; none where that cannot be done name by name.
fn settle<'a>(
    sides: &[Vec<Item<'a>>; 3],
    unknown: &HashSet<&str>,
    decide: &mut dyn FnMut(&BothChanged<'_>) -> Option<Side>,
) -> Option<Settled<'a>> {
    let mut versions: BTreeMap<&'a str, [Statements<'a>; 3]> = BTreeMap::new();
    for (at, items) in sides.iter().enumerate() {
        for item in items {
            if let Some(statement) = item.statement {
                versions.entry(statement.name).or_default()[at].push((statement, item.body));
            }
        }
    }
    let mut settled = Settled { choices: BTreeMap::new(), wanted: BTreeMap::new() };
    for (name, of) in versions {
        let known = !unknown.contains(name);
        let [base, ours, theirs] = of.each_ref().map(|of| of.iter().map(|(_, body)| *body));
        let choice = if ours.clone().eq(theirs.clone()) || (known && base.clone().eq(theirs)) {
            Choice::Take(Side::Ours)
        } else if known && base.eq(ours) {
            Choice::Take(Side::Theirs)
        } else {
            match [&of[0][..], &of[1], &of[2]] {
                [base, [(ours, _)], [(theirs, _)]] if base.len() <= 1 => {
                    let base = base.first().filter(|_| known).map(|(statement, _)| *statement);
                    both_changed(base, *ours, *theirs, decide).map_or(Choice::Conflict, Choice::Take)
                }
                sides if sides.iter().all(|side| side.len() <= 1) => Choice::Conflict,
                _ => return None,
            }
        };
        let (in_ours, in_theirs) = match choice {
            Choice::Take(Side::Ours) => (&of[1][..], &[][..]),
            Choice::Take(Side::Theirs) => (&[][..], &of[2][..]),
            Choice::Conflict => (&of[1][..], &of[2][..]),
        };
        let bodies: Vec<_> = in_ours.iter().chain(in_theirs).map(|(_, body)| *body).collect();
        settled.choices.insert(name, choice);
        if !bodies.is_empty() {
            settled.wanted.insert(name, bodies);
        }
    }
    Some(settled)
}

/// The side to take of a statement that both changed: one whose source text is the right one, if beside that the other
/// changed nothing.
fn both_changed(
    base: Option<Statement<'_>>,
    ours: Statement<'_>,
    theirs: Statement<'_>,
    decide: &mut dyn FnMut(&BothChanged<'_>) -> Option<Side>,
) -> Option<Side> {
    if ours.source == theirs.source {
        return None;
    }
    let (name, base_source) = (ours.name, base.map(|base| base.source));
    let side = decide(&BothChanged { name, base: base_source, ours: ours.source, theirs: theirs.source })?;
    let other = if side == Side::Ours { theirs } else { ours };
    let alike = ours.frame() == theirs.frame();
    (alike || base.is_some_and(|base| base.frame() == other.frame())).then_some(side)
}

/// Whether the text reads as wanted: by name, the statements in their order; and a conflict is seen if there is one.
fn reads_as(text: &[u8], wanted: &BTreeMap<&str, Vec<&[u8]>>, conflict: bool) -> bool {
    let Ok(document) = Document::parse(text.strip_prefix(BOM).unwrap_or(text).to_vec()) else { return false };
    let items = items(&document);
    let mut found: BTreeMap<&str, Vec<&[u8]>> = BTreeMap::new();
    for item in &items {
        if let Some(statement) = item.statement {
            found.entry(statement.name).or_default().push(item.body);
        }
    }
    document.conflict_marker().is_some() == conflict && *wanted == found
}

/// Both sides, whole, between markers.
fn whole(versions: &Versions<'_>, marker_size: usize) -> Merged {
    let written = |size| {
        let mut out = weave::Out::with_room(versions.ours.len() + versions.theirs.len() + 4 * size + 64);
        out.marker(b'<', size, " ours", "\n");
        out.text(versions.ours);
        out.marker(b'=', size, "", "\n");
        out.text(versions.theirs);
        out.marker(b'>', size, " theirs", "\n");
        out.into_text()
    };
    let mut text = written(marker_size);
    let seen = |text: &[u8]| Document::parse(text.to_vec()).is_ok_and(|d| d.conflict_marker().is_some());
    if !seen(&text) {
        text = written(marker_size.max(SURE_SIZE));
    }
    Merged { text, conflicts: Conflicts::File }
}
