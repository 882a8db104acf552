//! The lines of `docker run --env-file`.
//!
//! As docker/cli reads them (`pkg/kvfile`): UTF-8, a byte order mark passed over; white space before a name is dropped,
//! and what then starts with `#` is a comment; a value is all that follows the first `=`, quotes, blanks at its end and
//! `#` included, for there is no quoting. Compose's `env_file` is another format: that one is dotenv's.
//!
//! Two things are refused that docker takes: a name alone, whose value docker looks up in its own environment, and a
//! name that stands twice.

use crate::crypto::SecretBytes;

use super::tree::Items;
use super::{ImportError, Item};

/// Reads `text`. In the order of the source.
///
/// Errors: [`ImportError::Syntax`], [`ImportError::NoValue`], [`ImportError::Name`], [`ImportError::Twice`].
pub fn read(text: &[u8]) -> Result<Vec<Item>, ImportError> {
    let mut items = Items::new();
    for (at, line) in super::utf8(text)?.split('\n').enumerate() {
        let number = at + 1;
        // Go's `bufio.ScanLines` takes one `\r` before a line's end for part of that end.
        let line = line.strip_suffix('\r').unwrap_or(line).trim_start_matches(is_space);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            return Err(ImportError::NoValue { line: number });
        };
        if name.is_empty() {
            return Err(ImportError::Syntax { line: number, why: "there is no name before the =".into() });
        }
        let origin = format!("line {number}");
        items.add(&origin, name, SecretBytes::new(value.as_bytes().to_vec()))?;
    }
    Ok(items.into_items())
}

/// Go's `unicode.IsSpace`, which is Unicode's `White_Space`, as here.
fn is_space(c: char) -> bool {
    c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{pairs, refused};
    use super::*;

    #[test]
    fn values_are_verbatim() {
        let text = "\u{feff}# comment\n  A=1\nB=\"two words\"  \n\n\tC='x' # no comment\r\nD=\nE=a=b\\n$F\n\u{3000}#F=\nG=\r\r\n";
        let expected = [
            ("A", "1"),
            ("B", "\"two words\"  "),
            ("C", "'x' # no comment"),
            ("D", ""),
            ("E", "a=b\\n$F"),
            ("G", "\r"),
        ];
        assert_eq!(
            pairs(read(text.as_bytes()).unwrap()),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert!(read(b"").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_variable_is_refused_by_line() {
        assert_eq!(
            refused(read(b"A=1\nB\n")),
            "line 2: a name without a value, or the rest of the value before it"
        );
        assert_eq!(refused(read(b"=hunter2")), "line 1: there is no name before the =");
        assert_eq!(refused(read(b"A =hunter2")), "line 1 is no name for a variable");
        assert_eq!(refused(read(b"export A=hunter2")), "line 1 is no name for a variable");
        assert_eq!(refused(read(b"A=1\nB=2\nA=1")), "line 1 and line 3 would both be A");
        assert_eq!(refused(read(b"A=1\nB=\xff")), "line 2: is not UTF-8");
    }
}
