//! Writing a value as source text.

use zeroize::Zeroizing;

use super::document::Document;
use super::expand::{references, unescape};

/// Source text that reads as exactly `value` and refers to nothing, or `None` where the dialect has no way to
/// write it.
///
/// The plainest form that works is taken: bare, then the quotes that every dotenv reader treats alike, then
/// those only some unescape. Each candidate is proved by reading it back, before anything that may stand behind it if
/// there is such a form; else before lines without quotes, and it is for who edits a file to see what stands there.
pub fn quote(value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let forms: [Form; 8] = [
        |v| bare(v, |b| b.is_ascii_alphanumeric() || b"_./:@%+,-=".contains(&b)),
        |v| literal(v, b'\''),
        |v| literal(v, b'"'),
        |v| literal(v, b'`'),
        |v| bare(v, |b| b > b' ' && !b"#$'\"`".contains(&b)),
        |v| (!v.contains(&b'"')).then(|| escaped(v, b'"', double_escape)),
        |v| Some(escaped(v, b'\'', |b| (b == b'\'').then_some(b'\''))),
        // A backslash at the end would take a closing quote along.
        |v| bare(v, |b| b >= b' ' && !b"#$".contains(&b)),
    ];
    let proved = |behind: &[u8]| {
        forms.iter().filter_map(|form| form(value)).find(|source| reads_as(source, value, behind))
    };
    proved(QUOTES_BEHIND).or_else(|| proved(NONE_BEHIND))
}

type Form = fn(&[u8]) -> Option<Zeroizing<Vec<u8>>>;

fn bare(value: &[u8], allowed: fn(u8) -> bool) -> Option<Zeroizing<Vec<u8>>> {
    (!value.is_empty() && value.iter().all(|b| allowed(*b))).then(|| Zeroizing::new(value.to_vec()))
}

/// Quoted, nothing escaped: only where no reader could see an end or an escape inside.
fn literal(value: &[u8], quote: u8) -> Option<Zeroizing<Vec<u8>>> {
    (!value.contains(&quote) && !value.ends_with(b"\\")).then(|| escaped(value, quote, |_| None))
}

fn double_escape(byte: u8) -> Option<u8> {
    match byte {
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        b'\t' => Some(b't'),
        b'$' => Some(b'$'),
        _ => None,
    }
}

fn escaped(value: &[u8], quote: u8, escape: fn(u8) -> Option<u8>) -> Zeroizing<Vec<u8>> {
    let mut source = Zeroizing::new(Vec::with_capacity(value.len() * 2 + 2));
    source.push(quote);
    for &byte in value {
        match escape(byte) {
            Some(letter) => source.extend_from_slice(&[b'\\', letter]),
            None => source.push(byte),
        }
    }
    source.push(quote);
    source
}

/// Behind `\"` a value goes on to the next quote that ends a line, if there is one.
const QUOTES_BEHIND: &[u8] = b" # c\nB=1\"\nB=1'\nB=1`\n";
const NONE_BEHIND: &[u8] = b" # c\nB=1\n";

/// Whether `source`, standing in a file before a comment and lines of `B`, reads as `value`.
fn reads_as(source: &[u8], value: &[u8], behind: &[u8]) -> bool {
    let mut text = Zeroizing::new(Vec::with_capacity(source.len() + 2 + behind.len()));
    text.extend_from_slice(b"A=");
    text.extend_from_slice(source);
    text.extend_from_slice(behind);
    let Ok(document) = Document::parse(std::mem::take(&mut *text)) else { return false };
    let [entry, others @ ..] = document.entries() else { return false };
    // A line of the value that looks like a merge conflict would have the whole file refused.
    if document.conflict_marker().is_some() {
        return false;
    }
    let lines = memchr::memchr_iter(b'\n', behind).count();
    let all = others.len() == lines - 1 && others.iter().all(|entry| document.name(entry) == "B");
    if document.source(entry) != source || !all || !document.strays().is_empty() {
        return false;
    }
    let (quote, read) = document.value(entry);
    if quote.expands() {
        references(&read).is_ok_and(|names| names.is_empty()) && *unescape(&read) == value
    } else {
        *read == value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(value: &str) -> Option<String> {
        quote(value.as_bytes()).map(|source| String::from_utf8(source.to_vec()).unwrap())
    }

    #[test]
    fn the_plainest_form_is_taken() {
        assert_eq!(quoted("postgres://u:p@h/db?x=1").unwrap(), "'postgres://u:p@h/db?x=1'");
        assert_eq!(quoted(r"C:\").unwrap(), r"C:\");
        assert_eq!(quoted("8080").unwrap(), "8080");
        assert_eq!(quoted("").unwrap(), "''");
        assert_eq!(quoted("a b#$X").unwrap(), "'a b#$X'");
        assert_eq!(quoted("it's").unwrap(), "\"it's\"");
        assert_eq!(quoted("a\nb").unwrap(), "'a\nb'");
        assert_eq!(quoted("a\r\nb").unwrap(), "\"a\\r\\nb\"");
        assert_eq!(quoted("\"'`").unwrap(), "'\"\\'`'");
    }

    #[test]
    fn a_backslash_at_the_end_takes_no_quote_along() {
        for value in [r"C:\Program Files\", r"it's\", r"a `b` \"] {
            assert_eq!(quoted(value).unwrap(), value);
        }
        // Where there is no other form, it holds before lines without quotes.
        assert_eq!(quoted("l1\nl2\\").unwrap(), "\"l1\\nl2\\\"");
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        assert_eq!(quoted("\r'\"`"), None);
        assert_eq!(quoted("\r\""), None);
    }
}
