//! What counts as white space and as a line end.

/// The length in bytes of the white-space character that starts at `at`, or 0.
///
/// The set is ECMAScript's `\s` (ECMA-262, `WhiteSpace` and `LineTerminator`), which dotenv's pattern uses:
/// it holds the byte order mark and the no-break space.
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

/// The first position from `at` on that is not white space; line ends are passed over.
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

/// Whether `at` is the end of the text or stands at a line break (`\n`, `\r\n` or `\r`).
pub(super) fn is_line_end(text: &[u8], at: usize) -> bool {
    matches!(text.get(at), None | Some(b'\n' | b'\r'))
}

/// The position of the line break, or of the end of the text, at or after `at`.
pub(super) fn line_end(text: &[u8], at: usize) -> usize {
    memchr::memchr2(b'\n', b'\r', &text[at..]).map_or(text.len(), |found| at + found)
}

/// The position just past the line break at `at`; `at` itself at the end of the text.
pub(super) fn past_line_break(text: &[u8], at: usize) -> usize {
    match &text[at..] {
        [b'\r', b'\n', ..] => at + 2,
        [b'\r' | b'\n', ..] => at + 1,
        _ => at,
    }
}

/// `text` without white space at either end.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let start = skip_space(text, 0);
    &text[start..trimmed_end(text, start)]
}

/// The end of `text` once trailing white space is left out; never before `start`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trims_what_ecmascript_trims() {
        assert_eq!(trim("\u{feff}\u{a0} a b \u{3000}\r\n".as_bytes()), b"a b");
        assert_eq!(trim(b" \t "), b"");
        assert_eq!(trim("é".as_bytes()), "é".as_bytes());
    }

    #[test]
    fn a_byte_that_only_ends_like_white_space_is_kept() {
        // U+4080 ends in 0x80 as U+3000 does.
        assert_eq!(trim("\u{4080}".as_bytes()), "\u{4080}".as_bytes());
        assert_eq!(trim(&[b'a', 0xa0]), &[b'a', 0xa0]);
    }
}
