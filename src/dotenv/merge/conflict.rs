//! A text with conflict markers, as git and our merge driver write it, and the resolution of its conflicts.

use std::collections::{BTreeMap, BTreeSet};

use zeroize::Zeroizing;

use super::items::{bodies_by_name, items};
use super::{ConflictStyle, MARKER_SIZES, MergeSide, MergeVersions, by_name};
use crate::dotenv::document::Document;
use crate::dotenv::parse::{line_end, past_line_break};

/// A text with at least one conflict.
pub(crate) struct ConflictedText<'a> {
    parts: Vec<TextPart<'a>>,
}

enum TextPart<'a> {
    Common(&'a [u8]),
    Conflict(MergeVersions<'a>, ConflictStyle<'a>),
}

/// The conflict that is being read: the position in it, and the texts of its versions.
struct OpenConflict<'a> {
    style: ConflictStyle<'a>,
    /// The marker that began the current version.
    mark: u8,
    from: usize,
    versions: MergeVersions<'a>,
}

impl<'a> ConflictedText<'a> {
    /// Splits a text at its conflict markers. Returns None if there are none or they do not form complete conflicts.
    pub(crate) fn read(text: &'a [u8]) -> Option<Self> {
        let (mut parts, mut open) = (Vec::new(), None::<OpenConflict<'a>>);
        let (mut at, mut common) = (0, 0);
        while at < text.len() {
            let (line, next) = (&text[at..line_end(text, at)], past_line_break(text, line_end(text, at)));
            let mark = line.first().copied().unwrap_or_default();
            let marker_size = line.iter().take_while(|byte| **byte == mark).count();
            let label = line[marker_size..].strip_prefix(b" ");
            let is_marker = match mark {
                b'<' | b'>' => label.is_some(),
                b'=' | b'|' => label.is_some() || line.len() == marker_size,
                _ => false,
            };
            let label = label.unwrap_or_default();
            match &mut open {
                None if mark == b'<' && is_marker && marker_size >= MARKER_SIZES.0 => {
                    parts.push(TextPart::Common(&text[common..at]));
                    let labels = MergeVersions { base: b"", ours: label, theirs: b"" };
                    let style = ConflictStyle { marker_size, labels, has_base: false };
                    let versions = MergeVersions { base: b"", ours: b"", theirs: b"" };
                    open = Some(OpenConflict { style, mark, from: next, versions });
                }
                Some(conflict) if is_marker && marker_size == conflict.style.marker_size => {
                    let (style, lines) = (&mut conflict.style, &text[conflict.from..at]);
                    match (conflict.mark, mark) {
                        (b'<', b'|') => {
                            conflict.versions.ours = lines;
                            (style.has_base, style.labels.base) = (true, label);
                        }
                        (b'<', b'=') => conflict.versions.ours = lines,
                        (b'|', b'=') => conflict.versions.base = lines,
                        (b'=', b'>') => {
                            (conflict.versions.theirs, style.labels.theirs) = (lines, label);
                            parts.push(TextPart::Conflict(conflict.versions, *style));
                            common = next;
                        }
                        _ => return None,
                    }
                    (conflict.mark, conflict.from) = (mark, next);
                    if mark == b'>' {
                        open = None;
                    }
                }
                _ => {}
            }
            at = next;
        }
        parts.push(TextPart::Common(&text[common..]));
        (open.is_none() && parts.len() > 1).then_some(Self { parts })
    }

    /// Returns the text with all conflicts resolved to one side.
    pub(crate) fn side(&self, side: MergeSide) -> Zeroizing<Vec<u8>> {
        let part = |part: &TextPart<'a>| match part {
            TextPart::Common(text) => *text,
            TextPart::Conflict(versions, _) => versions.side(side),
        };
        Zeroizing::new(self.parts.iter().map(part).collect::<Vec<_>>().concat())
    }

    /// Returns the names whose statements differ between the sides of any conflict, or all of one whose sides have the same
    /// statements.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for part in &self.parts {
            if let TextPart::Conflict(versions, _) = part {
                let (ours, theirs) = (statements(versions.ours), statements(versions.theirs));
                let all = ours.keys().chain(theirs.keys());
                let differs = |name: &&String| ours == theirs || ours.get(*name) != theirs.get(*name);
                names.extend(all.filter(differs).cloned());
            }
        }
        names
    }

    /// Returns the text with `name` taken from `side`, and each other name of its conflicts in a separate conflict.
    /// Returns None if that would change how anything else is read.
    pub(crate) fn resolved(&self, name: &str, side: MergeSide) -> Option<Zeroizing<Vec<u8>>> {
        let mut text = Vec::new();
        for part in &self.parts {
            match part {
                TextPart::Common(common) => text.push(Zeroizing::new(common.to_vec())),
                TextPart::Conflict(versions, style) => {
                    let has_it = |text| statements(text).contains_key(name);
                    text.push(if has_it(versions.ours) || has_it(versions.theirs) {
                        by_name(versions, style, Some((name, side)), &mut |_| None)?.text
                    } else {
                        super::conflict_text(style, versions)
                    });
                }
            }
        }
        let text = Zeroizing::new(text.iter().map(|part| &part[..]).collect::<Vec<_>>().concat());
        let chosen = statements(&self.side(side)).remove(name);
        let is_chosen = |text: &[u8]| statements(text).remove(name) == chosen;
        let is_resolved =
            both_sides(&text).iter().all(|text| is_chosen(text)) && self.differs_only_in(name, &text);
        is_resolved.then_some(text)
    }

    /// Returns true if `text` has, on either side, the same statements of all names except `name`.
    pub(crate) fn differs_only_in(&self, name: &str, text: &[u8]) -> bool {
        let others = |text: &[u8]| {
            let mut statements = statements(text);
            statements.remove(name);
            statements
        };
        let sides = [self.side(MergeSide::Ours), self.side(MergeSide::Theirs)];
        sides.iter().zip(both_sides(text)).all(|(before, now)| others(before) == others(&now))
    }
}

/// Returns both sides of a text, which are the same if it has no conflict.
fn both_sides(text: &[u8]) -> [Zeroizing<Vec<u8>>; 2] {
    let conflicts = ConflictedText::read(text);
    let side =
        |side| conflicts.as_ref().map_or_else(|| Zeroizing::new(text.to_vec()), |text| text.side(side));
    [side(MergeSide::Ours), side(MergeSide::Theirs)]
}

impl<'a> MergeVersions<'a> {
    fn side(&self, side: MergeSide) -> &'a [u8] {
        if side == MergeSide::Ours { self.ours } else { self.theirs }
    }
}

/// Returns the statements of each name.
fn statements(text: &[u8]) -> BTreeMap<String, Vec<Zeroizing<Vec<u8>>>> {
    let Ok(document) = Document::parse(text.to_vec()) else { return BTreeMap::new() };
    let owned = |body: &[u8]| Zeroizing::new(body.to_vec());
    let named = bodies_by_name(&items(&document)).into_iter();
    named.map(|(name, bodies)| (name.to_owned(), bodies.into_iter().map(owned).collect())).collect()
}
