//! Making text safe to show: names, comments and paths come from files that others write.

use std::borrow::Cow;

use crate::hint::is_hidden;

/// `text` with control characters, and the characters that reorder text, shown as `\u{…}`; line breaks stay.
pub(super) fn sanitized(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_safe) {
        return Cow::Borrowed(text);
    }
    let show = |c: char| if is_safe(c) { c.to_string() } else { c.escape_unicode().to_string() };
    Cow::Owned(text.chars().map(show).collect())
}

/// As [`sanitized`], and on one line: nothing that is named can add a line of its own, an error or a hint.
pub(super) fn one_line(text: &str) -> String {
    sanitized(text).replace('\n', "\\u{a}")
}

fn is_safe(c: char) -> bool {
    matches!(c, '\n' | '\t') || !is_hidden(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_shown_not_obeyed() {
        assert_eq!(sanitized("a\u{1b}[31mb\u{202e}c\r\n"), "a\\u{1b}[31mb\\u{202e}c\\u{d}\n");
        assert_eq!(sanitized("é ✓\t\n"), "é ✓\t\n");
        assert_eq!(sanitized("\u{61c}\u{2028}\u{9b}"), "\\u{61c}\\u{2028}\\u{9b}");
        assert_eq!(one_line("a\nhint: b"), "a\\u{a}hint: b");
    }
}
