//! A `.env` file, lossless: printing it gives the bytes that were parsed.

use std::ops::Range;

use zeroize::Zeroizing;

use super::parse::{ParseError, line_end, parse, past_line_break, skip_blanks, trimmed_end};
use super::value::{Quote, read};

/// A parsed file: the text as it was read, and the entries as spans of it.
#[derive(Clone)]
pub struct Document {
    text: Zeroizing<Vec<u8>>,
    entries: Vec<Entry>,
    strays: Vec<Stray>,
}

/// A `NAME=value` statement, as spans of the document's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The start of its first line, blanks and `export` included.
    pub(super) start: usize,
    /// The end of its last line, comment included, without the line break.
    pub(super) end: usize,
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
    pub(super) comment: Option<Range<usize>>,
    /// The line of the name, from 1.
    pub line: usize,
}

/// A line that is neither a statement nor a comment nor blank; readers ignore it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// Its bytes in the text, without blanks before it.
    pub range: Range<usize>,
    /// The number of the line, from 1.
    pub line: usize,
}

impl Document {
    /// Parses `text`, which may be anything but UTF-16.
    pub fn parse(text: Vec<u8>) -> Result<Self, ParseError> {
        let text = Zeroizing::new(text);
        let (entries, strays) = parse(&text)?;
        Ok(Self { text, entries, strays })
    }

    /// Returns an empty document.
    pub fn empty() -> Self {
        Self { text: Zeroizing::default(), entries: Vec::new(), strays: Vec::new() }
    }

    /// Returns the text, byte for byte as it was parsed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Returns the statements in the order of the file; names may repeat.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the lines that are neither statement nor comment nor blank.
    pub fn strays(&self) -> &[Stray] {
        &self.strays
    }

    /// Returns the entry's name: `[A-Za-z0-9_.-]+`.
    pub fn name(&self, entry: &Entry) -> &str {
        std::str::from_utf8(&self.text[entry.name.clone()]).expect("a name is ASCII by the pattern")
    }

    /// Returns the text to the right of `=`, with quotes, without blanks around it and without the comment.
    pub fn source(&self, entry: &Entry) -> &[u8] {
        &self.text[entry.value.clone()]
    }

    /// Returns the position of [`Self::source`] in the text.
    pub fn source_start(&self, entry: &Entry) -> usize {
        entry.value.start
    }

    /// Returns the value, unquoted and unescaped, not yet expanded.
    pub fn value(&self, entry: &Entry) -> (Quote, Zeroizing<Vec<u8>>) {
        read(self.source(entry))
    }

    /// Returns the entry's whole lines: from the start of the first one to the end of its comment.
    pub fn statement(&self, entry: &Entry) -> &[u8] {
        &self.text[entry.start..entry.end]
    }

    /// Returns the text of a stray line.
    pub fn stray_text(&self, stray: &Stray) -> &[u8] {
        &self.text[stray.range.clone()]
    }

    /// Returns true if the entry's value seems to continue in the lines below, without quotes: a PEM header without its
    /// end, an opening brace or bracket at the end of the line, or an unclosed quote above a stray line.
    pub fn is_cut_off(&self, entry: &Entry) -> bool {
        let source = self.source(entry).trim_ascii();
        let below = || {
            let at = self.strays.binary_search_by_key(&(entry.line + 1), |stray| stray.line).ok()?;
            Some(self.stray_text(&self.strays[at]))
        };
        match source {
            [] => below().is_some_and(opens),
            [quote @ (b'\'' | b'"' | b'`'), .., last] if quote == last => false,
            [b'\'' | b'"' | b'`', rest @ ..] => opens(rest) || below().is_some(),
            _ => opens(source),
        }
    }

    /// Returns the entry whose value seems to continue in this stray line.
    pub fn cut_off_above(&self, stray: &Stray) -> Option<&Entry> {
        self.entries.iter().rev().filter(|entry| entry.line < stray.line).find(|entry| self.is_cut_off(entry))
    }

    /// Returns the inline comment, `#` included.
    pub fn comment(&self, entry: &Entry) -> Option<&[u8]> {
        entry.comment.clone().map(|range| &self.text[range])
    }

    /// Returns true if the line's comment marks the value as plain.
    pub fn is_marked_plain(&self, entry: &Entry) -> bool {
        self.comment(entry).is_some_and(CommentMark::is_plain)
    }

    /// Returns true if the inline comment touches the text before it (`adm#in`): one reader's comment is another reader's
    /// value, so the end of the secret is uncertain.
    pub fn comment_is_ambiguous(&self, entry: &Entry) -> bool {
        let touches = |comment: &Range<usize>| trimmed_end(&self.text[..comment.start], 0) == comment.start;
        entry.comment.as_ref().is_some_and(touches)
    }

    /// Returns the comment lines: their line numbers, from 1, and their text, starting with `#`.
    pub fn comments(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let mut taken = self.entries.iter().map(|entry| entry.start..entry.end).peekable();
        let (mut at, mut line) = (0, 0);
        std::iter::from_fn(move || {
            while at < self.text.len() {
                let start = at;
                let end = line_end(&self.text, start);
                at = past_line_break(&self.text, end);
                line += 1;
                while taken.next_if(|entry| entry.end < start).is_some() {}
                let inside = taken.peek().is_some_and(|entry| entry.start <= start && start <= entry.end);
                let text = &self.text[skip_blanks(&self.text, start).min(end)..end];
                if !inside && text.starts_with(b"#") {
                    return Some((line, text));
                }
            }
            None
        })
    }

    /// Returns the text between the name and the value: `=` or `:`, and the blanks around it.
    pub fn separator(&self, entry: &Entry) -> &[u8] {
        &self.text[entry.name.end..entry.value.start]
    }

    /// Returns the index of the last entry of that name, whose value counts.
    pub fn last(&self, name: &str) -> Option<usize> {
        self.entries.iter().rposition(|entry| self.name(entry) == name)
    }

    /// Returns the number, from 1, of the first line with a merge-conflict marker, also inside a quoted value.
    pub fn conflict_marker(&self) -> Option<usize> {
        let stray = self.strays.iter().find(|s| is_marker(self.stray_text(s), 3)).map(|s| s.line);
        let starts_line = |at: usize| at == 0 || self.text[at - 1] == b'\n';
        let inside = memchr::memchr2_iter(b'<', b'>', &self.text)
            .find(|at| starts_line(*at) && is_marker(&self.text[*at..], 7))
            .map(|at| memchr::memchr_iter(b'\n', &self.text[..at]).count() + 1);
        stray.into_iter().chain(inside).min()
    }

    /// Returns the line break of the first line, or `\n`.
    pub fn line_break(&self) -> &'static str {
        match memchr::memchr(b'\n', &self.text) {
            Some(at) if at > 0 && self.text[at - 1] == b'\r' => "\r\n",
            _ => "\n",
        }
    }
}

/// Returns true if a line begins a multi-line text: PEM (RFC 7468, section 2), JSON.
fn opens(line: &[u8]) -> bool {
    let has = |part: &str| memchr::memmem::find(line, part.as_bytes()).is_some();
    let pem = has("-----BEGIN ") && !has("-----END ");
    let json = matches!(line.first(), Some(b'{' | b'[')) && matches!(line.last(), Some(b'{' | b'[' | b','));
    pem || json
}

/// Returns true for `at_least` marker characters and a blank, or a divider of seven. Git writes seven, unless the
/// repository sets the attribute `conflict-marker-size` (gitattributes(5)).
pub(super) fn is_marker(line: &[u8], at_least: usize) -> bool {
    let Some((&first, _)) = line.split_first() else { return false };
    let count = line.iter().take_while(|b| **b == first).count();
    match first {
        b'<' | b'>' => count >= at_least && line.get(count) == Some(&b' '),
        b'=' | b'|' => count == 7 && matches!(line.get(7), None | Some(b' ' | b'\r')),
        _ => false,
    }
}

/// envseal's marks in inline comments: `# envseal: plain` and `# envseal: allow RULE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentMark<'a> {
    /// The value is not secret.
    Plain,
    /// A finding of this rule is accepted on this line.
    Allow(&'a str),
}

#[allow(missing_docs, reason = "exported for the tests only")]
impl<'a> CommentMark<'a> {
    pub const PLAIN_COMMENT: &'static str = "# envseal: plain";

    /// Returns the marks in a comment (`#` included), each after its own `#`.
    pub fn all(comment: &'a [u8]) -> impl Iterator<Item = Self> {
        comment.split(|b| *b == b'#').filter_map(Self::parse)
    }

    fn is_plain(comment: &[u8]) -> bool {
        CommentMark::all(comment).any(|mark| mark == CommentMark::Plain)
    }

    /// Returns the comment without its plain mark and the blanks before that, or None if nothing else is left.
    pub fn without_plain(comment: &[u8]) -> Option<Vec<u8>> {
        let parts = comment.split(|b| *b == b'#').skip(1);
        let kept = parts.filter(|part| CommentMark::parse(part) != Some(CommentMark::Plain));
        let text: Vec<u8> = kept.flat_map(|part| [b"#", part].concat()).collect();
        (!text.is_empty()).then(|| text.trim_ascii_end().to_vec())
    }

    fn parse(part: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(part).ok()?.trim().strip_prefix("envseal:")?.trim();
        match text.split_once(char::is_whitespace) {
            None if text == "plain" => Some(Self::Plain),
            Some(("allow", rule)) => Some(Self::Allow(rule.trim())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(text: &str) -> Document {
        Document::parse(text.as_bytes().to_vec()).unwrap()
    }

    /// Returns the lines of the entries for which `is` is true.
    fn lines_where(text: &str, is: fn(&Document, &Entry) -> bool) -> Vec<usize> {
        let document = doc(text);
        document.entries().iter().filter(|entry| is(&document, entry)).map(|entry| entry.line).collect()
    }

    #[test]
    fn a_comment_that_touches_the_value_is_ambiguous() {
        let found =
            lines_where("A=adm#in\nB=adm #in\nC='x'#y\nD=#y\nE= #y\nF='#'\n", Document::comment_is_ambiguous);
        assert_eq!(found, [1, 3, 4]);
    }

    #[test]
    fn the_parts_of_a_line() {
        let document = doc("stray\n export A = 'b'#c\nB:\n");
        let [a, b] = document.entries() else { panic!() };
        assert_eq!(document.statement(a), b" export A = 'b'#c");
        assert_eq!((document.separator(a), document.source(a)), (&b" = "[..], &b"'b'"[..]));
        assert_eq!((document.source_start(a), document.comment(a)), (18, Some(&b"#c"[..])));
        assert_eq!((document.statement(b), document.source_start(b)), (&b"B:\n"[..], 27));
        assert_eq!(document.stray_text(&document.strays()[0]), b"stray");
        let repeated = doc("A=1\nA=2\nB=3\n");
        assert_eq!((repeated.last("A"), repeated.last("C")), (Some(1), None), "the last one is read");
    }

    #[test]
    fn comment_lines_are_those_outside_of_values() {
        let document = doc(
            "\u{feff}# a\r\nA='x\n# no\n' # no\n\t #b\r\r#c\nB=\"\n# no\"\n#d\n  \nstray # no\nC=`# no\n# no`\n#",
        );
        let found: Vec<_> = document.comments().collect();
        assert_eq!(found, [(1, &b"# a"[..]), (5, b"#b"), (7, b"#c"), (10, b"#d"), (15, b"#")]);
        assert_eq!(doc("A=1").comments().count(), 0);
    }

    #[test]
    fn a_value_without_quotes_is_cut_off_where_it_opens_more() {
        let cut = |text: &str| lines_where(text, Document::is_cut_off);
        assert_eq!(cut("A=1\nK=-----BEGIN X-----\nMIIE\nQUJD==\n-----END X-----\nB=1\n"), [2]);
        assert_eq!(cut("K=\n-----BEGIN X-----\nL=\nx/y\n"), [1]);
        assert_eq!(cut("J={\n\"a\": 1,\nb: 2\n}\nL=[\n1\n]\nM={ \"a\": 1,\n\"b\"}\n"), [1, 5, 8]);
        assert_eq!(cut("Q=\"it\nis\"\nR='it\nis me\nS=`it\nis\n"), [3, 5]);
        let whole = "K='-----BEGIN X-----\nM\n-----END X-----'\nJ='{'\nL={}\nN={a}\nE=\nx y\nM=-----BEGIN X-----\\nM-----END X-----\n";
        assert_eq!(cut(whole), [0; 0]);
    }

    #[test]
    fn conflict_markers_are_found_outside_and_inside_values() {
        for (text, line) in [
            ("A=1\n<<<<<<< HEAD\nB=1\n=======\nB=2\n>>>>>>> x\n", 2),
            ("A='1\n>>>>>>> x\n'\n", 2),
            ("=======\n", 1),
            ("A=1\n<<<<<<<<< HEAD\n", 2),
            ("A=1\n>>>> x\n", 2),
        ] {
            assert_eq!(doc(text).conflict_marker(), Some(line), "{text}");
        }
        let texts = "A='title\n=======\n'\n# <<<<<<< no\n|>>>>>>>x\n|>> x\n|======\n|========\n|=======x\n|\
                     A='\n<<<< x\n'\n";
        for text in texts.split('|') {
            assert_eq!(doc(text).conflict_marker(), None, "{text}");
        }
    }

    #[test]
    fn marks_stand_behind_a_hash_of_their_own_and_go_alone() {
        for (comment, plain) in [
            ("# envseal: plain", true),
            ("#envseal:plain", true),
            ("# the port # envseal: plain", true),
            ("# not envseal: plain", false),
            ("# envseal: plainly", false),
        ] {
            assert_eq!(CommentMark::is_plain(comment.as_bytes()), plain, "{comment}");
        }
        let marks: Vec<_> = CommentMark::all(b"# envseal: allow duplicate-name # envseal: plain").collect();
        assert_eq!(marks, [CommentMark::Allow("duplicate-name"), CommentMark::Plain]);
        assert_eq!(CommentMark::without_plain(b"# envseal: plain"), None);
        assert_eq!(CommentMark::without_plain(b"# the port # envseal: plain").unwrap(), b"# the port");
        assert_eq!(CommentMark::without_plain(b"# envseal: plain # why").unwrap(), b"# why");
    }
}
