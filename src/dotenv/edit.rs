//! Edits: each changes the bytes of one entry and nothing else; otherwise the whole batch is refused.

use std::borrow::Cow;
use std::ops::Range;

use zeroize::Zeroizing;

use super::document::{CommentMark, Document};

/// One change to a document. Entries are given by their index in [`Document::entries`]; a source is the text to the
/// right of `=`, quotes included.
#[non_exhaustive]
#[allow(missing_docs, reason = "the comment of a variant is about its fields")]
pub enum Edit<'a> {
    /// Replaces the entry's source.
    Source { entry: usize, source: &'a [u8] },
    /// Marks the entry as plain.
    MarkPlain { entry: usize },
    /// Removes the plain mark from the entry.
    UnmarkPlain { entry: usize },
    /// Renames the entry.
    Name { entry: usize, name: &'a str },
    /// Removes the entry's lines, comment included.
    Remove { entry: usize },
    /// Adds `NAME=source` as the last line, with the plain mark if `plain`.
    Append { name: &'a str, source: &'a [u8], plain: bool },
    /// Adds a comment line, `#` included, and `NAME=source` at the top, after a byte order mark and a `#!` line.
    Header { comment: &'a str, name: &'a str, source: &'a [u8] },
}

/// A batch of edits that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the comment of a variant is about its field")]
pub enum EditError {
    /// The edited text would be read differently than intended: an unbalanced quote or a colon at the end of a line lets
    /// one entry reach into the next. `line` is the first, in the text as it stands, that would be affected.
    #[error("line {line} would be read differently after the change; look for an unbalanced quote above it")]
    ReadsOtherwise { line: usize },
    /// Edits of one entry, whose name is on `line`, that contradict each other: two of its source, of its name or of its
    /// mark, or any together with its removal.
    #[error("two changes to line {line} contradict each other")]
    Overlap { line: usize },
    /// An edit of an entry that the document does not have.
    #[error("there is no entry {entry}, counted from 0")]
    NoEntry { entry: usize },
}

impl Document {
    /// Returns the document with `edits` made. Every byte outside the edited spans stays as it is, and every other
    /// entry reads as before; otherwise nothing is changed. The caller validates names.
    ///
    /// All edits apply to the original document: their order does not matter, except among appended lines and among
    /// headers. An entry may get one new source, one new name and one change of its mark, or be removed.
    ///
    /// Errors: [`EditError::Overlap`] for an entry with more edits than that, [`EditError::NoEntry`] for an index that no
    /// entry has, [`EditError::ReadsOtherwise`]. The whole batch is refused.
    pub fn edited(&self, edits: &[Edit<'_>]) -> Result<Self, EditError> {
        self.refuse_unclear(edits)?;
        let mut splices: Vec<_> = edits.iter().filter_map(|edit| self.splice(edit)).collect();
        // Stable: splices at one position are in the order of a line's parts, and equal parts keep their order.
        splices.sort_by_key(|splice| (splice.range.start, splice.range.end, splice.part));
        let added: usize = splices.iter().flat_map(|splice| &splice.text).map(|piece| piece.len()).sum();
        let taken: usize = splices.iter().map(|splice| splice.range.len()).sum();
        // No larger than necessary, because all of it is wiped. Saturates if two splices at one position overlap.
        let mut text =
            Zeroizing::new(Vec::with_capacity((self.as_bytes().len() + added).saturating_sub(taken)));
        let mut kept = 0;
        for splice in &splices {
            text.extend_from_slice(&self.as_bytes()[kept..splice.range.start]);
            splice.text.iter().for_each(|piece| text.extend_from_slice(piece));
            kept = splice.range.end;
        }
        text.extend_from_slice(&self.as_bytes()[kept..]);
        let edited =
            Self::parse(std::mem::take(&mut *text)).map_err(|_| EditError::ReadsOtherwise { line: 1 })?;
        self.verify(&edited, edits)?;
        Ok(edited)
    }

    /// Rejects edits of missing entries, and two edits of one part.
    fn refuse_unclear(&self, edits: &[Edit<'_>]) -> Result<(), EditError> {
        let mut asked: Vec<_> = edits.iter().filter_map(|edit| Some((edit.entry()?, edit.part()))).collect();
        asked.sort_unstable();
        if let Some(&(entry, _)) = asked.last().filter(|(entry, _)| *entry >= self.entries().len()) {
            return Err(EditError::NoEntry { entry });
        }
        for pair in asked.windows(2) {
            let ((entry, part), (other, next)) = (pair[0], pair[1]);
            if entry == other && (part == EditPart::Whole || part == next) {
                return Err(EditError::Overlap { line: self.entries()[entry].line });
            }
        }
        Ok(())
    }

    /// Returns None if the mark is as asked already.
    fn splice<'a>(&self, edit: &Edit<'a>) -> Option<Splice<'a>> {
        let text = self.as_bytes();
        let owned = |piece: String| Cow::Owned(piece.into_bytes());
        let (range, new) = match *edit {
            Edit::Source { entry, source } => {
                let entry = &self.entries()[entry];
                let touches_comment = text.get(entry.value.end) == Some(&b'#') && !source.is_empty();
                let gap: &[u8] = if touches_comment { b" " } else { b"" };
                (entry.value.clone(), vec![source.into(), gap.into()])
            }
            Edit::MarkPlain { entry } => {
                let entry = &self.entries()[entry];
                if self.is_marked_plain(entry) {
                    return None;
                }
                (entry.end..entry.end, vec![owned(format!(" {}", CommentMark::PLAIN_COMMENT))])
            }
            Edit::UnmarkPlain { entry } => {
                let entry = &self.entries()[entry];
                let comment = entry.comment.clone()?;
                match CommentMark::without_plain(&text[comment.clone()]) {
                    Some(left) => (comment, vec![left.into()]),
                    // The blank after `NAME:` is not part of the comment, even if the value is empty.
                    None => {
                        let start = super::parse::trimmed_end(&text[..comment.start], entry.value.end);
                        (start..comment.end, Vec::new())
                    }
                }
            }
            Edit::Name { entry, name } => (self.entries()[entry].name.clone(), vec![name.as_bytes().into()]),
            Edit::Remove { entry } => {
                let entry = &self.entries()[entry];
                // A byte order mark belongs to the file.
                let start = entry.start.max(byte_order_mark(text));
                (start..super::parse::past_line_break(text, entry.end), Vec::new())
            }
            Edit::Append { name, source, plain } => {
                let eol = self.line_break();
                let ended = text.is_empty() || text.ends_with(b"\n") || text.ends_with(b"\r");
                let mark = if plain { format!(" {}", CommentMark::PLAIN_COMMENT) } else { String::new() };
                let (before, after) = if ended { ("", eol) } else { (eol, "") };
                let line =
                    vec![owned(format!("{before}{name}=")), source.into(), owned(format!("{mark}{after}"))];
                (text.len()..text.len(), line)
            }
            Edit::Header { comment, name, source } => {
                let at = self.top();
                let eol = self.line_break();
                let gap = if at == text.len() { "" } else { eol };
                let before = if at > 0 && !matches!(text[at - 1], b'\n' | b'\r' | 0xbf) { eol } else { "" };
                let head = owned(format!("{before}{comment}{eol}{name}="));
                (at..at, vec![head, source.into(), owned(format!("{eol}{gap}"))])
            }
        };
        Some(Splice { range, part: edit.part(), text: new })
    }

    /// Returns the position of a header: after a byte order mark and a `#!` line.
    fn top(&self) -> usize {
        let text = self.as_bytes();
        let start = byte_order_mark(text);
        if text[start..].starts_with(b"#!") {
            super::parse::past_line_break(text, super::parse::line_end(text, start))
        } else {
            start
        }
    }

    /// Checks that the edited document reads as the edits say, and that nothing else changed.
    fn verify(&self, edited: &Self, edits: &[Edit<'_>]) -> Result<(), EditError> {
        let mut wanted: Vec<Option<(&str, &[u8], usize)>> =
            self.entries().iter().map(|e| Some((self.name(e), self.source(e), e.line))).collect();
        let (mut first, mut last) = (Vec::new(), Vec::new());
        for edit in edits {
            match *edit {
                Edit::Source { entry, source } => {
                    wanted[entry] = wanted[entry].map(|(name, _, line)| (name, source, line));
                }
                Edit::Name { entry, name } => {
                    wanted[entry] = wanted[entry].map(|(_, source, line)| (name, source, line));
                }
                Edit::Remove { entry } => wanted[entry] = None,
                Edit::Append { name, source, .. } => last.push(Some((name, source, usize::MAX))),
                Edit::Header { name, source, .. } => first.push(Some((name, source, 1))),
                Edit::MarkPlain { .. } | Edit::UnmarkPlain { .. } => {}
            }
        }
        let wanted: Vec<_> = first.into_iter().chain(wanted).chain(last).flatten().collect();
        let last_line = self.entries().last().map_or(1, |e| e.line);
        for (at, entry) in edited.entries().iter().enumerate() {
            let (name, source, line) = wanted.get(at).copied().unwrap_or(("", b"", last_line));
            if edited.name(entry) != name || edited.source(entry) != source {
                return Err(EditError::ReadsOtherwise { line: line.min(last_line) });
            }
        }
        if wanted.len() != edited.entries().len() || edited.strays().len() != self.strays().len() {
            return Err(EditError::ReadsOtherwise { line: last_line });
        }
        Ok(())
    }
}

/// Returns the length of the byte order mark at the start of the text.
fn byte_order_mark(text: &[u8]) -> usize {
    if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

impl Edit<'_> {
    fn entry(&self) -> Option<usize> {
        match *self {
            Self::Source { entry, .. }
            | Self::MarkPlain { entry }
            | Self::UnmarkPlain { entry }
            | Self::Name { entry, .. }
            | Self::Remove { entry } => Some(entry),
            Self::Append { .. } | Self::Header { .. } => None,
        }
    }

    fn part(&self) -> EditPart {
        match self {
            Self::Header { .. } => EditPart::Top,
            Self::Remove { .. } => EditPart::Whole,
            Self::Name { .. } => EditPart::Name,
            Self::Source { .. } => EditPart::Source,
            Self::MarkPlain { .. } | Self::UnmarkPlain { .. } => EditPart::Mark,
            Self::Append { .. } => EditPart::End,
        }
    }
}

/// The part that an edit concerns, in the order of a file; `Whole` before the parts of an entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum EditPart {
    Top,
    Whole,
    Name,
    Source,
    Mark,
    End,
}

struct Splice<'a> {
    range: Range<usize>,
    part: EditPart,
    /// Borrowed, because a source may be large.
    text: Vec<Cow<'a, [u8]>>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(text: &str, edits: &[Edit<'_>]) -> Result<String, EditError> {
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        document.edited(edits).map(|d| String::from_utf8(d.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn an_edit_changes_its_own_bytes_only() {
        let source = || Edit::Source { entry: 0, source: b"new" };
        let append = |plain| Edit::Append { name: "N", source: b"v", plain };
        let header = || Edit::Header { comment: "# h", name: "K", source: b"v" };
        let (mark, unmark) = (|| Edit::MarkPlain { entry: 0 }, || Edit::UnmarkPlain { entry: 0 });
        for (text, made, expected) in [
            ("  export A = 'x\ny' # c\r\nB=1", source(), "  export A = new # c\r\nB=1"),
            ("A=\n", source(), "A=new\n"),
            ("A= # c\n", source(), "A=new # c\n"),
            ("A=#c\n", source(), "A=new #c\n"),
            ("A=\n'x'\n", source(), "A=new\n"),
            ("A: x\n", source(), "A: new\n"),
            // A missing last line break stays missing.
            ("", append(false), "N=v\n"),
            ("A=1\r\n", append(false), "A=1\r\nN=v\r\n"),
            ("A=1", append(false), "A=1\nN=v"),
            ("A=1\n", append(true), "A=1\nN=v # envseal: plain\n"),
            ("", header(), "# h\nK=v\n"),
            ("A=1\r\n", header(), "# h\r\nK=v\r\n\r\nA=1\r\n"),
            ("\u{feff}#!/bin/sh\nA=1\n", header(), "\u{feff}#!/bin/sh\n# h\nK=v\n\nA=1\n"),
            ("#!/bin/sh", header(), "#!/bin/sh\n# h\nK=v\n"),
            ("A=1 # c\n", mark(), "A=1 # c # envseal: plain\n"),
            ("A=1 # envseal: plain\nB=2", unmark(), "A=1\nB=2"),
            ("A=1 # c # envseal: plain\n", unmark(), "A=1 # c\n"),
            ("A=1\n\n  B='x\ny' # c\r\nC=3", Edit::Remove { entry: 1 }, "A=1\n\nC=3"),
        ] {
            assert_eq!(edit(text, &[made]).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn an_edit_that_another_entry_would_swallow_is_refused() {
        let append = Edit::Append { name: "N", source: b"v", plain: false };
        assert_eq!(edit("A=1\nB:", &[append]), Err(EditError::ReadsOtherwise { line: 1 }));
        // B's quotes keep A's quote from reaching the comment.
        let text = "A=\"foo\nB=\"bar\"baz\n# \"\n";
        let replace = Edit::Source { entry: 1, source: b"new" };
        assert_eq!(edit(text, &[replace]), Err(EditError::ReadsOtherwise { line: 1 }));
    }

    #[test]
    fn the_parts_of_an_entry_are_edited_together() {
        let (mark, source) = (|| Edit::MarkPlain { entry: 0 }, || Edit::Source { entry: 0, source: b"x" });
        let edits = [mark(), Edit::Name { entry: 0, name: "N" }, source(), Edit::Remove { entry: 1 }];
        assert_eq!(edit("A=1\nB=2\n", &edits).unwrap(), "N=x # envseal: plain\n");
        let append = Edit::Append { name: "N", source: b"v", plain: false };
        assert_eq!(edit("A=", &[append, mark(), source()]).unwrap(), "A=x # envseal: plain\nN=v");
    }

    /// An edit as owned data.
    type Asked = (u8, usize, bool);

    fn as_edit<'a>((kind, entry, flag): Asked) -> Edit<'a> {
        let source: &[u8] = if flag { b"new" } else { b"" };
        match kind {
            0 => Edit::Source { entry, source },
            1 => Edit::MarkPlain { entry },
            2 => Edit::UnmarkPlain { entry },
            3 => Edit::Name { entry, name: if flag { "N" } else { "LONGER.NAME" } },
            4 => Edit::Remove { entry },
            5 => Edit::Append { name: "LAST", source, plain: flag },
            _ => Edit::Header { comment: "# head", name: "FIRST", source },
        }
    }

    /// Returns true if no edits of one entry contradict each other.
    fn is_clear(asked: &[Asked]) -> bool {
        let of = |entry: usize| asked.iter().filter(move |it| it.0 < 5 && it.1 == entry).map(|it| it.0);
        asked.iter().filter(|it| it.0 < 5).all(|(_, entry, _)| {
            let count = |kinds: &[u8]| of(*entry).filter(|kind| kinds.contains(kind)).count();
            let alone = count(&[4]) == 0 || of(*entry).count() == 1;
            alone && count(&[0]) < 2 && count(&[1, 2]) < 2 && count(&[3]) < 2
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_batch_of_edits_panics_and_each_does_what_it_says(
            lines in prop::collection::vec(prop::sample::select(vec![
                "A=1", "A=", "A = ", "B: x", "B:", "export C='x\ny' # c", "D=\"q", "E=# c", "E= # envseal: plain", "F=`z`#x",
                "G=1 # envseal: plain # why", "H=1 # envseal: plain", "I=#envseal: plain", "stray", "# comment", "", "  J=1  ",
                "#!/bin/sh", "L='", "M: # envseal: plain",
            ]), 0..6),
            line_break in prop::sample::select(vec!["\n", "\r\n", "\r"]),
            (marked, ended) in any::<(bool, bool)>(),
            asked in prop::collection::vec((0_u8..7, 0_usize..5, any::<bool>()), 0..6),
        ) {
            let (order, last) = (if marked { "\u{feff}" } else { "" }, if ended { line_break } else { "" });
            let text = format!("{order}{}{last}", lines.join(line_break));
            let document = Document::parse(text.clone().into_bytes()).unwrap();
            let edits: Vec<_> = asked.iter().copied().map(as_edit).collect();
            let count = document.entries().len();
            let edited = match document.edited(&edits) {
                Err(EditError::NoEntry { entry }) => {
                    prop_assert!(entry >= count && asked.iter().any(|it| it.0 < 5 && it.1 == entry));
                    return Ok(());
                }
                Err(EditError::Overlap { line }) => {
                    let entry = document.entries().iter().position(|entry| entry.line == line).unwrap();
                    let of_entry: Vec<_> = asked.into_iter().filter(|it| it.1 == entry).collect();
                    prop_assert!(!is_clear(&of_entry), "{text:?} {of_entry:?}");
                    return Ok(());
                }
                // Some texts cannot be edited safely.
                Err(EditError::ReadsOtherwise { line }) => {
                    prop_assert!(line > 0);
                    return Ok(());
                }
                Ok(edited) => edited,
            };
            prop_assert!(is_clear(&asked) && asked.iter().all(|it| it.0 > 4 || it.1 < count));
            let has = |kind: u8, entry: usize| asked.iter().any(|it| (it.0, it.1) == (kind, entry));
            let headers = asked.iter().filter(|it| it.0 > 5).count();
            let kept: Vec<_> = (0..count).filter(|entry| !has(4, *entry)).collect();
            for (at, entry) in kept.into_iter().enumerate() {
                let before = &document.entries()[entry];
                let after = &edited.entries()[headers + at];
                let marked = (document.is_marked_plain(before) || has(1, entry)) && !has(2, entry);
                prop_assert_eq!(edited.is_marked_plain(after), marked, "{:?} {:?}", text, asked);
                if !(has(0, entry) || has(1, entry) || has(2, entry) || has(3, entry)) {
                    let own = |document: &Document, entry| {
                        let statement = document.statement(entry);
                        statement[byte_order_mark(statement)..].to_vec()
                    };
                    prop_assert_eq!(own(&document, before), own(&edited, after), "{:?} {:?}", text, asked);
                }
            }
        }
    }
}
