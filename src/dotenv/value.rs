//! Reading a value's source text: trim, unquote, unescape, as dotenvx 2.38 does.

use zeroize::Zeroizing;

use super::space::trim;

/// How a value is quoted, told by its first character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// None: `A=x`.
    None,
    /// `'`: nothing is expanded; `\'` is a quote.
    Single,
    /// `"`: `\n`, `\r` and `\t` are control characters; references are expanded.
    Double,
    /// A backtick: references are expanded.
    Backtick,
}

impl Quote {
    fn of(source: &[u8]) -> Self {
        match source.first() {
            Some(b'\'') => Self::Single,
            Some(b'"') => Self::Double,
            Some(b'`') => Self::Backtick,
            _ => Self::None,
        }
    }

    /// Whether `${…}` and `$NAME` in such a value are references, and `\$` an escaped `$`.
    pub fn expands(self) -> bool {
        self != Self::Single
    }
}

/// Reads source text (what stands right of `=`): the quote, and the value with quotes and escapes resolved
/// and line ends as `\n`. References are left for `expand`.
pub fn read(source: &[u8]) -> (Quote, Zeroizing<Vec<u8>>) {
    let source = trim(source);
    let quote = Quote::of(source);
    let inner = match (quote, source) {
        (Quote::None, _) => source,
        (_, [open, inner @ .., close]) if open == close => inner,
        _ => source,
    };
    if memchr::memchr2(b'\\', b'\r', inner).is_none() {
        return (quote, Zeroizing::new(inner.to_vec()));
    }
    // Never grows past the source, so no copy is left behind.
    let mut value = Zeroizing::new(Vec::with_capacity(inner.len()));
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let resolved = match (byte, quote, bytes.peek()) {
            (b'\r', _, Some(b'\n')) | (b'\\', Quote::Double, Some(b'n')) => Some(b'\n'),
            (b'\\', Quote::Double, Some(b'r')) => Some(b'\r'),
            (b'\\', Quote::Double, Some(b't')) => Some(b'\t'),
            (b'\\', Quote::Single, Some(b'\'')) => Some(b'\''),
            _ => None,
        };
        if let Some(resolved) = resolved {
            bytes.next();
            value.push(resolved);
        } else {
            value.push(if byte == b'\r' { b'\n' } else { byte });
        }
    }
    (quote, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(source: &str) -> String {
        String::from_utf8(read(source.as_bytes()).1.to_vec()).unwrap()
    }

    #[test]
    fn escapes_depend_on_the_quote() {
        assert_eq!(value(r#""a\\nb\tc\"d\q""#), "a\\\nb\tc\\\"d\\q");
        assert_eq!(value(r"'a\'b\n'"), r"a'b\n");
        assert_eq!(value(r"`a\`b\n`"), r"a\`b\n");
        assert_eq!(value(r"a\nb"), r"a\nb");
    }

    #[test]
    fn only_a_matching_pair_of_quotes_is_taken_off() {
        assert_eq!(value(r#""a"b"#), r#""a"b"#);
        assert_eq!(value(r#""a" "b""#), r#"a" "b"#);
        assert_eq!(value("'"), "'");
        assert_eq!(value("''"), "");
    }

    #[test]
    fn line_ends_are_newlines() {
        assert_eq!(value("'a\r\nb\rc'"), "a\nb\nc");
        assert_eq!(value(r#""a\r\nb""#), "a\r\nb");
    }
}
