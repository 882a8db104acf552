//! Edits: each changes the bytes of one entry and nothing else, or the whole batch is refused.

use std::ops::Range;

use zeroize::Zeroizing;

use super::document::Document;
use super::mark::Mark;

/// One change to a document. Entries are given by their index in [`Document::entries`].
#[non_exhaustive]
pub enum Edit<'a> {
    /// Puts `source` right of the entry's `=`.
    Source {
        /// The entry.
        entry: usize,
        /// The new source text, quotes included.
        source: &'a [u8],
    },
    /// Marks the entry as plain.
    MarkPlain {
        /// The entry.
        entry: usize,
    },
    /// Takes the plain mark off the entry.
    UnmarkPlain {
        /// The entry.
        entry: usize,
    },
    /// Gives the entry another name.
    Name {
        /// The entry.
        entry: usize,
        /// The new name.
        name: &'a str,
    },
    /// Takes the entry's lines out, comment included.
    Remove {
        /// The entry.
        entry: usize,
    },
    /// Adds `NAME=source` as the last line.
    Append {
        /// The name.
        name: &'a str,
        /// The source text, quotes included.
        source: &'a [u8],
        /// Whether the plain mark goes with it.
        plain: bool,
    },
    /// Adds a comment line and `NAME=source` at the top, behind a byte order mark and a `#!` line.
    Header {
        /// The comment, `#` included.
        comment: &'a str,
        /// The name.
        name: &'a str,
        /// The source text.
        source: &'a [u8],
    },
}

/// Why a batch of edits was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The edited text would be read otherwise than meant: an unbalanced quote or a colon at a line's end
    /// lets one entry reach into the next.
    #[error("line {line} would be read otherwise after the change; look for an unbalanced quote above it")]
    ReadsOtherwise {
        /// The first line, in the text as it stands, that would be affected.
        line: usize,
    },
}

impl Document {
    /// The document with `edits` made. Every byte outside the edited spans stays as it is, and every entry
    /// that is not edited reads as before; else nothing is changed and the line is named. A name is taken as it is:
    /// whether it is one is for the caller.
    ///
    /// # Panics
    ///
    /// Where an edit gives an index that no entry has.
    pub fn edited(&self, edits: &[Edit<'_>]) -> Result<Self, EditError> {
        let mut splices = Vec::with_capacity(edits.len());
        for edit in edits {
            self.splice(edit, &mut splices);
        }
        // Stable: edits at one place keep their order.
        splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
        let added: usize = splices.iter().map(|s| s.text.len()).sum();
        let mut text = Zeroizing::new(Vec::with_capacity(self.as_bytes().len() + added));
        let mut kept = 0;
        for splice in &splices {
            text.extend_from_slice(&self.as_bytes()[kept..splice.range.start]);
            text.extend_from_slice(&splice.text);
            kept = splice.range.end;
        }
        text.extend_from_slice(&self.as_bytes()[kept..]);
        let edited =
            Self::parse(std::mem::take(&mut *text)).map_err(|_| EditError::ReadsOtherwise { line: 1 })?;
        self.verify(&edited, edits)?;
        Ok(edited)
    }

    fn splice(&self, edit: &Edit<'_>, out: &mut Vec<Splice>) {
        let text = self.as_bytes();
        let (range, new) = match *edit {
            Edit::Source { entry, source } => {
                let entry = &self.entries()[entry];
                let mut new = source.to_vec();
                let touches_comment = text.get(entry.value.end) == Some(&b'#');
                if touches_comment && !source.is_empty() {
                    new.push(b' ');
                }
                (entry.value.clone(), new)
            }
            Edit::MarkPlain { entry } => {
                let entry = &self.entries()[entry];
                if Mark::is_plain(self.comment(entry)) {
                    return;
                }
                (entry.end..entry.end, format!(" {}", Mark::PLAIN_COMMENT).into_bytes())
            }
            Edit::UnmarkPlain { entry } => {
                let entry = &self.entries()[entry];
                let Some(comment) = entry.comment.clone() else { return };
                match Mark::without_plain(&text[comment.clone()]) {
                    Some(left) => (comment, left),
                    None => (super::space::trimmed_end(&text[..comment.start], 0)..comment.end, Vec::new()),
                }
            }
            Edit::Name { entry, name } => (self.entries()[entry].name.clone(), name.into()),
            Edit::Remove { entry } => {
                let entry = &self.entries()[entry];
                (entry.start..super::space::past_line_break(text, entry.end), Vec::new())
            }
            Edit::Append { name, source, plain } => {
                let eol = self.line_break();
                let ended = text.is_empty() || text.ends_with(b"\n") || text.ends_with(b"\r");
                let mark = if plain { format!(" {}", Mark::PLAIN_COMMENT) } else { String::new() };
                let (before, after) = if ended { ("", eol) } else { (eol, "") };
                let line =
                    [before.as_bytes(), name.as_bytes(), b"=", source, mark.as_bytes(), after.as_bytes()];
                (text.len()..text.len(), line.concat())
            }
            Edit::Header { comment, name, source } => {
                let at = self.top();
                let eol = self.line_break();
                let gap = if at == text.len() { "" } else { eol };
                let before = if at > 0 && !matches!(text[at - 1], b'\n' | b'\r' | 0xbf) { eol } else { "" };
                let head = format!("{before}{comment}{eol}{name}=");
                (at..at, [head.as_bytes(), source, eol.as_bytes(), gap.as_bytes()].concat())
            }
        };
        out.push(Splice { range, text: Zeroizing::new(new) });
    }

    /// Where a header belongs: behind a byte order mark and a `#!` line.
    fn top(&self) -> usize {
        let text = self.as_bytes();
        let start = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        if text[start..].starts_with(b"#!") {
            super::space::past_line_break(text, super::space::line_end(text, start))
        } else {
            start
        }
    }

    /// Holds the edited document to what the edits mean.
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
            match wanted.get(at) {
                Some((name, source, _)) if edited.name(entry) == *name && edited.source(entry) == *source => {
                }
                Some((.., line)) => return Err(EditError::ReadsOtherwise { line: (*line).min(last_line) }),
                None => return Err(EditError::ReadsOtherwise { line: last_line }),
            }
        }
        if wanted.len() != edited.entries().len() || edited.strays().len() != self.strays().len() {
            return Err(EditError::ReadsOtherwise { line: last_line });
        }
        Ok(())
    }
}

struct Splice {
    range: Range<usize>,
    text: Zeroizing<Vec<u8>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(text: &str, edits: &[Edit<'_>]) -> Result<String, EditError> {
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        document.edited(edits).map(|d| String::from_utf8(d.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn a_source_is_replaced_in_place() {
        let source = |text| edit(text, &[Edit::Source { entry: 0, source: b"new" }]).unwrap();
        assert_eq!(source("  export A = 'x\ny' # c\r\nB=1"), "  export A = new # c\r\nB=1");
        assert_eq!(source("A=\n"), "A=new\n");
        assert_eq!(source("A= # c\n"), "A=new # c\n");
        assert_eq!(source("A=#c\n"), "A=new #c\n");
        assert_eq!(source("A=\n'x'\n"), "A=new\n");
        assert_eq!(source("A: x\n"), "A: new\n");
    }

    #[test]
    fn appending_keeps_a_missing_last_newline_missing() {
        let append = |text| edit(text, &[Edit::Append { name: "N", source: b"v", plain: false }]).unwrap();
        assert_eq!(append(""), "N=v\n");
        assert_eq!(append("A=1\r\n"), "A=1\r\nN=v\r\n");
        assert_eq!(append("A=1"), "A=1\nN=v");
        let plain = edit("A=1\n", &[Edit::Append { name: "N", source: b"v", plain: true }]).unwrap();
        assert_eq!(plain, "A=1\nN=v # envseal: plain\n");
    }

    #[test]
    fn a_header_stands_behind_bom_and_shebang() {
        let header = |text| edit(text, &[Edit::Header { comment: "# h", name: "K", source: b"v" }]).unwrap();
        assert_eq!(header(""), "# h\nK=v\n");
        assert_eq!(header("A=1\r\n"), "# h\r\nK=v\r\n\r\nA=1\r\n");
        assert_eq!(header("\u{feff}#!/bin/sh\nA=1\n"), "\u{feff}#!/bin/sh\n# h\nK=v\n\nA=1\n");
        assert_eq!(header("#!/bin/sh"), "#!/bin/sh\n# h\nK=v\n");
    }

    #[test]
    fn marks_come_and_go() {
        assert_eq!(edit("A=1 # c\n", &[Edit::MarkPlain { entry: 0 }]).unwrap(), "A=1 # c # envseal: plain\n");
        assert_eq!(edit("A=1 # envseal: plain\nB=2", &[Edit::UnmarkPlain { entry: 0 }]).unwrap(), "A=1\nB=2");
        assert_eq!(
            edit("A=1 # c # envseal: plain\n", &[Edit::UnmarkPlain { entry: 0 }]).unwrap(),
            "A=1 # c\n"
        );
    }

    #[test]
    fn a_removal_takes_the_lines_whole() {
        assert_eq!(edit("A=1\n\n  B='x\ny' # c\r\nC=3", &[Edit::Remove { entry: 1 }]).unwrap(), "A=1\n\nC=3");
    }

    #[test]
    fn an_edit_that_another_entry_would_swallow_is_refused() {
        let append = Edit::Append { name: "N", source: b"v", plain: false };
        assert_eq!(edit("A=1\nB:", &[append]), Err(EditError::ReadsOtherwise { line: 1 }));
        // The quotes of B keep A's from reaching the comment.
        let text = "A=\"foo\nB=\"bar\"baz\n# \"\n";
        let replace = Edit::Source { entry: 1, source: b"new" };
        assert_eq!(edit(text, &[replace]), Err(EditError::ReadsOtherwise { line: 1 }));
    }
}
