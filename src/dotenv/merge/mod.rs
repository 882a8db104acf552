//! Merges three versions of a file by name.
//!
//! A file is a list of items: statements, and lines between them (comments, blank lines, strays).
//!
//! **The value of a name** is decided by the statements alone, wherever they are. Whole statements are compared, with
//! `export`, blanks, quotes and inline comment, but without the line break. If both sides are equal, or only one
//! changed, that one is taken. If both changed, the caller may decide (see [`BothChanged`]). If it doesn't, or if one
//! side removed the statement and the other changed it, that statement alone is a conflict. The statements of a
//! repeated name are decided together; if both sides changed them, the whole file is the conflict.
//!
//! **The place of an item**: the items of each side are aligned with the ancestor's; a statement is identified by its
//! name. A statement that one side moved is written where that side put it, and one that both moved where ours has it.
//! An added item follows the same item of the ancestor as on its side; if both added in one place, ours come first, and
//! a statement that both added separates the items before it from those after it. A statement that ours only moved and
//! theirs removed is gone.
//!
//! **Lines** never conflict: a line that either side removed is gone, a line that either side added is kept, and a line
//! that both changed is kept in both forms. Only equal lines that both added in one place are written once.
//!
//! **Line breaks** and the byte order mark are those of the side that changed them.
//!
//! A merged text is parsed again before it is returned: it must contain the chosen statements of every name, and no
//! other name. An unbalanced quote can make that fail. In that case, or if a version is in UTF-16 or already contains
//! conflict markers, both sides are written whole between markers.

mod conflict;
mod items;
mod write;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};

use zeroize::Zeroizing;

use super::document::Document;
pub(crate) use conflict::ConflictedText;
use items::{FileItem, ItemStatement, bodies_by_name, items, without_conflicts};

/// The shortest marker that readers recognise, and an arbitrary limit.
const MARKER_SIZES: (usize, usize) = (3, 512);
/// The size of markers that are recognised everywhere, also inside a quoted value.
const SURE_SIZE: usize = 7;

const BOM: &[u8] = b"\xef\xbb\xbf";

#[derive(Clone, Copy)]
pub struct MergeVersions<'a> {
    /// The common ancestor; empty if both sides created the file.
    pub base: &'a [u8],
    /// The version that is merged into.
    pub ours: &'a [u8],
    /// The version that is merged.
    pub theirs: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeSide {
    Ours,
    Theirs,
}

/// A variable whose source text both sides changed or added in different ways.
pub struct BothChanged<'a> {
    pub name: &'a str,
    /// None if both added it, or if the ancestor has a conflict in it.
    pub base: Option<&'a [u8]>,
    pub ours: &'a [u8],
    pub theirs: &'a [u8],
}

/// Returns the side that can be taken without loss.
type Decide<'d> = dyn FnMut(&BothChanged<'_>) -> Option<MergeSide> + 'd;

/// The rest of a merge, for a person to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeConflicts {
    None,
    /// In the order of names.
    Names(Vec<String>),
    File,
}

/// How a conflict is written.
#[derive(Clone, Copy)]
pub struct ConflictStyle<'a> {
    /// The length of the markers.
    pub marker_size: usize,
    /// The label of each version on its marker, without a line break.
    pub labels: MergeVersions<'a>,
    /// True if the ancestor's version is written too, as with `merge.conflictStyle` diff3 (git-config(1)).
    pub has_base: bool,
}

impl ConflictStyle<'static> {
    /// Returns the style with markers of this size, without the ancestor's version.
    pub fn of_size(marker_size: usize) -> Self {
        let labels = MergeVersions { base: b"base", ours: b"ours", theirs: b"theirs" };
        Self { marker_size, labels, has_base: false }
    }
}

pub struct MergedText {
    /// Contains markers around the conflicts.
    pub text: Zeroizing<Vec<u8>>,
    pub conflicts: MergeConflicts,
}

/// Merges the versions by name. Conflict markers are as long as the style says, if readers recognise that length.
///
/// `decide` is called for each variable that both sides changed.
pub fn merge(versions: &MergeVersions<'_>, style: &ConflictStyle<'_>, decide: &mut Decide<'_>) -> MergedText {
    merge_parts(versions, style, |style| by_name(versions, style, None, decide))
}

/// Takes the side that changed; if both did, merges with `parts`, which returns None if the whole file is the conflict.
pub(crate) fn merge_parts(
    versions: &MergeVersions<'_>,
    style: &ConflictStyle<'_>,
    parts: impl FnOnce(&ConflictStyle<'_>) -> Option<MergedText>,
) -> MergedText {
    let MergeVersions { base, ours, theirs } = *versions;
    if ours == theirs || base == theirs || base == ours {
        let text = Zeroizing::new(pick_changed(&base, &ours, &theirs).to_vec());
        return MergedText { text, conflicts: MergeConflicts::None };
    }
    let style =
        ConflictStyle { marker_size: style.marker_size.clamp(MARKER_SIZES.0, MARKER_SIZES.1), ..*style };
    parts(&style).unwrap_or_else(|| whole(versions, &style))
}

/// Merges the versions, or returns None if the whole file is the conflict. `chosen` is a name and the side to take for it;
/// the other names are then decided without the ancestor.
fn by_name(
    versions: &MergeVersions<'_>,
    style: &ConflictStyle<'_>,
    chosen: Option<(&str, MergeSide)>,
    decide: &mut Decide<'_>,
) -> Option<MergedText> {
    let all = [versions.base, versions.ours, versions.theirs];
    let marks = all.map(|text| text.starts_with(BOM));
    let [base, ours, theirs] =
        all.map(|text| Document::parse(text.strip_prefix(BOM).unwrap_or(text).to_vec()).ok());
    let (base, ours, theirs) = (base?, ours?, theirs?);
    if ours.conflict_marker().is_some() || theirs.conflict_marker().is_some() {
        return None;
    }
    let (base_items, unknown) = without_conflicts(items(&base));
    let sides = [base_items, items(&ours), items(&theirs)];
    let (choices, wanted) = decide_names(&sides, &unknown, style.has_base, chosen, decide)?;
    let first = if ours.as_bytes().is_empty() { &theirs } else { &ours };
    let mut text = write::write_items(&sides, &choices, first.line_break(), style);
    if pick_changed(&marks[0], &marks[1], &marks[2]) {
        text.splice(0..0, BOM.iter().copied());
    }
    let open = choices.iter().filter(|(_, choice)| **choice == NameChoice::Conflict);
    let open: Vec<_> = open.map(|(name, _)| (*name).to_owned()).collect();
    let conflicts = if open.is_empty() { MergeConflicts::None } else { MergeConflicts::Names(open) };
    reads_as(&text, &wanted, conflicts != MergeConflicts::None).then_some(MergedText { text, conflicts })
}

/// Merges three versions of which at least two are equal.
fn pick_changed<T: Copy + PartialEq>(base: &T, ours: &T, theirs: &T) -> T {
    if ours == base { *theirs } else { *ours }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NameChoice {
    /// Takes this side's statements, of which there may be none.
    Take(MergeSide),
    Conflict,
}

/// The statements of a name in one version, each with its body.
type Statements<'a> = Vec<(ItemStatement<'a>, &'a [u8])>;

/// The choice for every name, and the bodies of its statements in the merged text.
type DecidedNames<'a> = (BTreeMap<&'a str, NameChoice>, BTreeMap<&'a str, Vec<&'a [u8]>>);

/// Decides every name; returns None if that cannot be done name by name.
fn decide_names<'a>(
    sides: &[Vec<FileItem<'a>>; 3],
    unknown: &HashSet<&str>,
    has_base: bool,
    chosen: Option<(&str, MergeSide)>,
    decide: &mut Decide<'_>,
) -> Option<DecidedNames<'a>> {
    let mut versions: BTreeMap<&'a str, [Statements<'a>; 3]> = BTreeMap::new();
    for (at, items) in sides.iter().enumerate() {
        for item in items {
            if let Some(statement) = item.statement {
                versions.entry(statement.name).or_default()[at].push((statement, item.body));
            }
        }
    }
    let (mut choices, mut wanted) = (BTreeMap::new(), BTreeMap::new());
    for (name, of) in versions {
        let known = chosen.is_none() && !unknown.contains(name);
        let [base, ours, theirs] =
            of.each_ref().map(|of| of.iter().map(|(_, body)| *body).collect::<Vec<_>>());
        let choice = if let Some((_, side)) = chosen.filter(|(chosen, _)| *chosen == name) {
            NameChoice::Take(side)
        } else if ours == theirs || (known && base == theirs) {
            NameChoice::Take(MergeSide::Ours)
        } else if known && base == ours {
            NameChoice::Take(MergeSide::Theirs)
        } else {
            match [&of[0][..], &of[1], &of[2]] {
                [base, [(ours, _)], [(theirs, _)]] if base.len() <= 1 => {
                    let base = base.first().filter(|_| known).map(|(statement, _)| *statement);
                    both_changed(base, *ours, *theirs, decide).map_or(NameChoice::Conflict, NameChoice::Take)
                }
                sides if sides.iter().all(|side| side.len() <= 1) => NameChoice::Conflict,
                _ => return None,
            }
        };
        // In the order in which a conflict is written.
        let bodies = match choice {
            NameChoice::Take(MergeSide::Ours) => ours,
            NameChoice::Take(MergeSide::Theirs) => theirs,
            NameChoice::Conflict if has_base => [ours, base, theirs].concat(),
            NameChoice::Conflict => [ours, theirs].concat(),
        };
        choices.insert(name, choice);
        if !bodies.is_empty() {
            wanted.insert(name, bodies);
        }
    }
    Some((choices, wanted))
}

/// Returns the side to take of a statement that both changed: the one with the right source text, if the other changed
/// nothing else.
fn both_changed(
    base: Option<ItemStatement<'_>>,
    ours: ItemStatement<'_>,
    theirs: ItemStatement<'_>,
    decide: &mut Decide<'_>,
) -> Option<MergeSide> {
    if ours.source == theirs.source {
        return None;
    }
    let (name, base_source) = (ours.name, base.map(|base| base.source));
    let side = decide(&BothChanged { name, base: base_source, ours: ours.source, theirs: theirs.source })?;
    let other = if side == MergeSide::Ours { theirs } else { ours };
    (ours.frame == theirs.frame || base.is_some_and(|base| base.frame == other.frame)).then_some(side)
}

/// Returns true if the text has the wanted statements of each name in their order, and a recognisable conflict if there
/// is one.
fn reads_as(text: &[u8], wanted: &BTreeMap<&str, Vec<&[u8]>>, conflict: bool) -> bool {
    let Ok(document) = Document::parse(text.strip_prefix(BOM).unwrap_or(text).to_vec()) else { return false };
    document.conflict_marker().is_some() == conflict && *wanted == bodies_by_name(&items(&document))
}

/// Returns true if the text has a conflict marker, also one without a label.
pub(crate) fn has_markers(text: &[u8]) -> bool {
    Document::parse(text.to_vec()).is_ok_and(|document| document.conflict_marker().is_some())
}

/// Returns both sides, whole, between markers.
fn whole(versions: &MergeVersions<'_>, style: &ConflictStyle<'_>) -> MergedText {
    let mut text = conflict_text(style, versions);
    if !has_markers(&text) {
        let marker_size = style.marker_size.max(SURE_SIZE);
        text = conflict_text(&ConflictStyle { marker_size, ..*style }, versions);
    }
    MergedText { text, conflicts: MergeConflicts::File }
}

/// Returns the texts between conflict markers.
pub(crate) fn conflict_text(style: &ConflictStyle<'_>, versions: &MergeVersions<'_>) -> Zeroizing<Vec<u8>> {
    let MergeVersions { base, ours, theirs } = *versions;
    let mut out = write::MergedOutput::with_room(base.len() + ours.len() + theirs.len() + style.room());
    out.push_conflict(style, "\n", [(base, b""), (ours, b""), (theirs, b"")]);
    out.into_text()
}
