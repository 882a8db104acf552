//! Makes names, comments and paths that others wrote safe to print.

use std::borrow::Cow;

use crate::crypto::PRIVATE_PREFIX;
use crate::hint::is_hidden;

/// Returns `text` with control characters, and characters that reorder text, as `\u{…}`; line breaks stay.
pub(crate) fn sanitized(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c.escape_unicode().to_string())
}

/// Returns JSON with the same characters as `\uXXXX` (RFC 8259, section 7). JSON has them only in strings.
pub(super) fn sanitized_json(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect())
}

fn escaped(text: &str, escape: impl Fn(char) -> String) -> Cow<'_, str> {
    if text.chars().all(is_safe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if is_safe(c) { out.push(c) } else { out.push_str(&escape(c)) }
    }
    Cow::Owned(out)
}

/// Returns `text` sanitized, on one line, so that no name can add one that looks like a hint, and without private keys.
pub(crate) fn one_line(text: &str) -> String {
    without_private_keys(&sanitized(text)).replace('\n', "\\u{a}")
}

/// Returns `text` with each private key replaced with `envseal-sk1-…`, also one that is spelled as a variable's name.
pub(crate) fn without_private_keys(text: &str) -> Cow<'_, str> {
    let Some(at) = text.to_ascii_lowercase().replace('_', "-").find(PRIVATE_PREFIX) else {
        return Cow::Borrowed(text);
    };
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let after = text[at..].trim_start_matches(is_part);
    Cow::Owned(format!("{}{PRIVATE_PREFIX}…{}", &text[..at], without_private_keys(after)))
}

fn is_safe(c: char) -> bool {
    matches!(c, '\n' | '\t') || !is_hidden(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_never_shown() {
        assert_eq!(one_line("a envseal-sk1-Ab_-9: no, envseal-sk1-"), "a envseal-sk1-…: no, envseal-sk1-…");
        assert_eq!(one_line("'envseal-sk1-x'/envseal-pk1-x"), "'envseal-sk1-…'/envseal-pk1-x");
        assert_eq!(one_line("PRIVATE_KEY_ENVSEAL_SK1_X_Y=é"), "PRIVATE_KEY_envseal-sk1-…=é");
    }

    #[test]
    fn escape_sequences_are_shown_not_obeyed() {
        assert_eq!(sanitized("a\u{1b}[31mb\u{202e}c\r\n"), "a\\u{1b}[31mb\\u{202e}c\\u{d}\n");
        assert_eq!(sanitized("é ✓\t\n"), "é ✓\t\n");
        assert_eq!(sanitized("\u{61c}\u{2028}\u{9b}"), "\\u{61c}\\u{2028}\\u{9b}");
        assert_eq!(one_line("a\nhint: b"), "a\\u{a}hint: b");
    }
}
