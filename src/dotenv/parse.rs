//! Finds the statements of a document: dotenv's line pattern, matched by hand in linear time.
//!
//! The pattern of dotenv and dotenvx 2.38 (all line ends read as `\n`):
//!
//! ```text
//! ^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)
//!   (\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$
//! ```
//!
//! `tests/library/reading.rs` compares this module with a regex engine running that pattern. One difference is
//! deliberate: U+2028 and U+2029 are white space here but end no line, so a comment can't hide a statement.

use std::ops::Range;

use super::document::{Entry, Stray};
use super::name::is_name_byte;

/// A text that cannot be read as a document: it starts with a UTF-16 byte order mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file is UTF-16, not UTF-8")]
#[non_exhaustive]
pub struct ParseError;

/// Splits `text` into its statements and the lines that are neither statement, comment nor blank.
pub(super) fn parse(text: &[u8]) -> Result<(Vec<Entry>, Vec<Stray>), ParseError> {
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return Err(ParseError);
    }
    // A sealed value's line is longer than this, so the vector does not grow if most values are sealed.
    let (mut entries, mut strays) = (Vec::with_capacity(text.len() / 128), Vec::new());
    let (mut line, mut counted) = (1, 0);
    let mut line_at = |at| {
        line += line_breaks(text, counted..at);
        counted = at;
        line
    };
    let mut at = 0;
    loop {
        at = skip_space(text, at);
        if at == text.len() {
            return Ok((entries, strays));
        }
        if let Some(entry) = statement(text, at) {
            at = entry.end;
            let line = line_at(entry.name.start);
            entries.push(Entry { line, ..entry });
        } else {
            let end = line_end(text, at);
            if text[at] != b'#' {
                strays.push(Stray { range: at..end, line: line_at(at) });
            }
            at = end;
        }
        at = past_line_break(text, at);
    }
}

/// Matches a statement that starts at `at`, where no white space is. Its line is left to the caller.
fn statement(text: &[u8], at: usize) -> Option<Entry> {
    let after_export = text[at..].strip_prefix(b"export").map(|_| at + b"export".len());
    let exported = after_export
        .filter(|&end| space_len(text, end) > 0)
        .and_then(|end| assignment(text, at, skip_space(text, end)));
    // `export = 1` sets a variable of that name, because the pattern backtracks.
    exported.or_else(|| assignment(text, at, at))
}

fn assignment(text: &[u8], start: usize, name_start: usize) -> Option<Entry> {
    let name_len = text[name_start..].iter().take_while(|b| is_name_byte(**b)).count();
    if name_len == 0 {
        return None;
    }
    let name = name_start..name_start + name_len;
    let equals = skip_space(text, name.end);
    let after = if text.get(equals) == Some(&b'=') {
        equals + 1
    } else if text.get(name.end) == Some(&b':') {
        match space_len(text, name.end + 1) {
            0 => return None,
            len => past_line_break(text, name.end + 1).max(name.end + 1 + len),
        }
    } else {
        return None;
    };
    let value = value(text, after);
    let tail = skip_blanks(text, value.end);
    let end = line_end(text, tail);
    let comment = (text.get(tail) == Some(&b'#')).then_some(tail..end);
    Some(Entry { start: start_of_line(text, start), end, name, value, comment, line: 0 })
}

/// Returns the span of the value's source text: with quotes, without blanks around it.
fn value(text: &[u8], after: usize) -> Range<usize> {
    let first = skip_space(text, after);
    if let Some(end) = quoted(text, first) {
        // A quoted value may start on a later line; the line breaks before it are then part of the source, because
        // without them a replacement would not be read as this variable's value.
        let on_this_line = skip_blanks(text, after) == first;
        return if on_this_line { first..end } else { after..end };
    }
    let stop = memchr::memchr3(b'#', b'\n', b'\r', &text[after..]).map_or(text.len(), |found| after + found);
    let start = skip_space(&text[..stop], after);
    if start == stop {
        return after..after;
    }
    start..trimmed_end(&text[..stop], start)
}

/// Returns the end of the quoted text that opens at `open` if a comment or the line's end follows it.
///
/// The pattern takes the first quote without a backslash before it. If something else follows that one, it falls back
/// to the last escaped quote before it that could close the value.
fn quoted(text: &[u8], open: usize) -> Option<usize> {
    let quote = *text.get(open).filter(|b| matches!(b, b'\'' | b'"' | b'`'))?;
    let mut fallback = None;
    for at in memchr::memchr_iter(quote, &text[open + 1..]).map(|found| open + 1 + found) {
        let closes = ends_statement(text, at + 1);
        if text[at - 1] != b'\\' {
            return if closes { Some(at + 1) } else { fallback };
        }
        if closes {
            fallback = Some(at + 1);
        }
    }
    fallback
}

fn ends_statement(text: &[u8], at: usize) -> bool {
    let tail = skip_blanks(text, at);
    is_line_end(text, tail) || text[tail] == b'#'
}

fn start_of_line(text: &[u8], at: usize) -> usize {
    memchr::memrchr2(b'\n', b'\r', &text[..at]).map_or(0, |found| found + 1)
}

/// Returns the length in bytes of the white-space character that starts at `at`, or 0.
///
/// The set is ECMAScript's `\s` (ECMA-262, `WhiteSpace` and `LineTerminator`), which dotenv's pattern uses; it includes
/// the byte order mark and the no-break space.
pub(super) fn space_len(text: &[u8], at: usize) -> usize {
    match &text[at..] {
        [b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | b' ', ..] => 1,
        [0xc2, 0xa0, ..] => 2,
        [0xe1, 0x9a, 0x80, ..]
        | [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf, ..]
        | [0xe2, 0x81, 0x9f, ..]
        | [0xe3, 0x80, 0x80, ..]
        | [0xef, 0xbb, 0xbf, ..] => 3,
        _ => 0,
    }
}

/// Returns the first position from `at` on that is not white space, which includes line ends.
pub(super) fn skip_space(text: &[u8], mut at: usize) -> usize {
    loop {
        match space_len(text, at) {
            0 => return at,
            len => at += len,
        }
    }
}

/// Like [`skip_space`], but stops at a line end.
pub(super) fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while !is_line_end(text, at) {
        match space_len(text, at) {
            0 => break,
            len => at += len,
        }
    }
    at
}

/// Returns true if `at` is the end of the text or of a line (`\n`, `\r\n` or `\r`).
pub(super) fn is_line_end(text: &[u8], at: usize) -> bool {
    matches!(text.get(at), None | Some(b'\n' | b'\r'))
}

/// Returns the position of the first line break, or the end of the text, from `at` on.
pub(super) fn line_end(text: &[u8], at: usize) -> usize {
    memchr::memchr2(b'\n', b'\r', &text[at..]).map_or(text.len(), |found| at + found)
}

/// Returns the position after the line break at `at`; `at` if there is none.
pub(super) fn past_line_break(text: &[u8], at: usize) -> usize {
    match &text[at..] {
        [b'\r', b'\n', ..] => at + 2,
        [b'\r' | b'\n', ..] => at + 1,
        _ => at,
    }
}

pub(super) fn trim(text: &[u8]) -> &[u8] {
    let start = skip_space(text, 0);
    &text[start..trimmed_end(text, start)]
}

/// Returns the end of `text` without trailing white space; never before `start`.
pub(super) fn trimmed_end(text: &[u8], start: usize) -> usize {
    let mut end = text.len();
    'shrink: while end > start {
        for len in 1..=3 {
            if end - start >= len && space_len(&text[..end], end - len) == len {
                end -= len;
                continue 'shrink;
            }
        }
        break;
    }
    end
}

/// Returns the number of line breaks in a part of `text`. `\r\n` counts where its first byte is.
fn line_breaks(text: &[u8], part: Range<usize>) -> usize {
    let start = part.start;
    let found = memchr::memchr2_iter(b'\n', b'\r', &text[part]).map(|found| start + found);
    found.filter(|&at| !text[..=at].ends_with(b"\r\n")).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dotenv::Document;

    #[track_caller]
    fn reads(text: &str, expected: &[(&str, &str)]) {
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        let pair = |entry| (document.name(entry), std::str::from_utf8(document.source(entry)).unwrap());
        assert_eq!(document.entries().iter().map(pair).collect::<Vec<_>>(), expected, "{text:?}");
    }

    #[test]
    fn names_values_and_quotes() {
        for (text, expected) in [
            ("A=1", &[("A", "1")][..]),
            (" export  A = 1 # c\n", &[("A", "1")]),
            ("A: 1\nB:2\n", &[("A", "1")]),
            ("export = 1", &[("export", "1")]),
            ("exportA=1\nexport-B=2\nexport", &[("exportA", "1"), ("export-B", "2")]),
            ("A\n=1", &[("A", "1")]),
            ("A.b-c=1\nA:\nB=2", &[("A.b-c", "1"), ("A", "B=2")]),
            ("A=\nB=\n", &[("A", ""), ("B", "")]),
            ("A='a\nb'#x", &[("A", "'a\nb'")]),
            ("A=\n 'x'\nB=1", &[("A", "\n 'x'"), ("B", "1")]),
            (r#"A="a"b"#, &[("A", r#""a"b"#)]),
            ("A=\"x\\\"\nB=\"y\" z", &[("A", "\"x\\\""), ("B", "\"y\" z")]),
            ("A=\"open\nB=1", &[("A", "\"open"), ("B", "1")]),
            // A Unicode line separator does not end a comment.
            ("# c\u{2028}B=2\nA=1", &[("A", "1")]),
            ("export A: 'x # y' # c\nB : 1\nC:#1\n", &[("A", "'x # y'")]),
            ("A: # c\nB: \n", &[("A", ""), ("B", "")]),
            ("A:", &[]),
            ("é:\nA:x", &[]),
        ] {
            reads(text, expected);
        }
    }

    #[test]
    fn a_colon_needs_white_space_and_takes_one_line_break() {
        for blank in [" ", "\t", "\u{b}", "\u{a0}", "\u{2003}", "\u{3000}", "\n", "\r", "\r\n"] {
            let document = Document::parse(format!("A:{blank}").into_bytes()).unwrap();
            assert_eq!(document.separator(&document.entries()[0]), format!(":{blank}").as_bytes());
            reads(&format!("A:{blank}B=2\nC=3"), &[("A", "B=2"), ("C", "3")]);
            reads(&format!("A:{blank}\n\nB=2"), &[("A", ""), ("B", "2")]);
        }
    }

    #[test]
    fn lines_are_counted_over_every_kind_of_break() {
        let document = Document::parse(b"\xef\xbb\xbf# c\r\nA='1\r\n2'\rgarbage\n\nB=1".to_vec()).unwrap();
        let lines: Vec<_> = document.entries().iter().map(|e| e.line).collect();
        assert_eq!(lines, [2, 6]);
        assert_eq!(document.strays()[0].line, 4);
    }

    #[test]
    fn trims_what_ecmascript_trims() {
        assert_eq!(trim("\u{feff}\u{a0} a b \u{3000}\r\n".as_bytes()), b"a b");
        assert_eq!(trim(b" \t "), b"");
        // U+4080 ends in 0x80 like U+3000.
        for kept in ["é".as_bytes(), "\u{4080}".as_bytes(), &[b'a', 0xa0]] {
            assert_eq!(trim(kept), kept);
        }
    }
}
