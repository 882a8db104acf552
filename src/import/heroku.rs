//! What `heroku config` prints: as a table, with `--json`, with `--shell`.
//!
//! The forms are heroku/cli's (`commands/config/index.ts`, `lib/config/quote.ts`) and its table heroku-cli-util's
//! (`ux/styled-object.ts`): every value starts in one column, two after the longest name's end.
//!
//! The table quotes nothing, so the second line of a value cannot be told from a variable but by chance. A line that
//! does not keep to the column is refused, and so is a blank one between the lines or after them; `--json` has no such
//! trouble. An empty value is refused there too: some releases print `''` for it.
//!
//! `--shell` is not what a shell reads: a line break is `\n`, and single quotes keep `\\` for one backslash. It is read
//! by its own rules, which are those of `heroku config:edit`.

use zeroize::Zeroizing;

use crate::crypto::SecretBytes;
use crate::dotenv::VarName;

use super::tree::Items;
use super::{ImportError, Item, json};

/// Reads `text`, whichever of the three it is. In the order of the source.
///
/// Errors: [`ImportError::Syntax`], [`ImportError::Ambiguous`] (of the table alone), [`ImportError::Name`],
/// [`ImportError::Twice`], and those of [`json::read`].
pub fn read(text: &[u8]) -> Result<Vec<Item>, ImportError> {
    read_wanted(text, &|_| true)
}

/// As [`read`], where of JSON a value whose name is not wanted may be one that no variable can hold.
pub fn read_wanted(text: &[u8], wants: &dyn Fn(&str) -> bool) -> Result<Vec<Item>, ImportError> {
    let utf8 = super::utf8(text)?;
    let start = utf8.trim_start();
    if start.starts_with('{') {
        json::read_wanted(text, wants)
    } else if start.starts_with("===") {
        table(utf8)
    } else {
        shell(utf8)
    }
}

/// Its lines, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_terminator('\n')
        .enumerate()
        .map(|(at, line)| (at + 1, line.strip_suffix('\r').unwrap_or(line)))
}

fn table(text: &str) -> Result<Vec<Item>, ImportError> {
    let header = |(_, line): &(usize, &str)| line.trim().is_empty() || line.starts_with("===");
    let rows: Vec<_> = lines(text).skip_while(header).collect();
    let width =
        rows.iter().filter_map(|(_, row)| Some(row.split_once(':')?.0)).filter(is_name).map(str::len).max();
    let column = width.unwrap_or(0) + 2;
    let mut items = Items::new();
    for (line, row) in rows {
        let ambiguous = || ImportError::Ambiguous { line };
        let (name, rest) = row.split_once(':').filter(|(name, _)| is_name(name)).ok_or_else(ambiguous)?;
        let blanks = column - name.len() - 1;
        let value = rest
            .get(blanks..)
            .filter(|value| rest[..blanks].bytes().all(|b| b == b' ') && !value.is_empty() && *value != "''")
            .ok_or_else(ambiguous)?;
        items.add(name, name, SecretBytes::new(value.as_bytes().to_vec()))?;
    }
    Ok(items.into_items())
}

fn is_name(name: &&str) -> bool {
    VarName::new(name).is_ok()
}

fn shell(text: &str) -> Result<Vec<Item>, ImportError> {
    let mut items = Items::new();
    for (line, row) in lines(text).filter(|(_, row)| !row.is_empty()) {
        let syntax = |why: &str| ImportError::Syntax { line, why: why.into() };
        let (name, quoted) = row.split_once('=').ok_or_else(|| syntax("no NAME=value"))?;
        let value = unquoted(quoted).ok_or_else(|| syntax("a quote does not end, or ends too soon"))?;
        items.add(&format!("line {line}"), name, value)?;
    }
    Ok(items.into_items())
}

/// What `quote` of heroku/cli made this of.
fn unquoted(text: &str) -> Option<SecretBytes> {
    let Some(quote @ (b'"' | b'\'')) = text.bytes().next() else {
        return (!text.contains(['"', '\'', '\\'])).then(|| SecretBytes::new(text.into()));
    };
    let inside = text.get(1..)?.strip_suffix(char::from(quote))?;
    let mut value = Zeroizing::new(Vec::with_capacity(inside.len()));
    let mut bytes = inside.bytes();
    while let Some(byte) = bytes.next() {
        value.push(match byte {
            b'\\' => match bytes.next()? {
                b'\\' => b'\\',
                b'n' if quote == b'"' => b'\n',
                escaped @ (b'"' | b'$' | b'`' | b'!') if quote == b'"' => escaped,
                b'\'' if quote == b'\'' => b'\'',
                _ => return None,
            },
            byte if byte == quote => return None,
            byte => byte,
        });
    }
    Some(SecretBytes::new(std::mem::take(&mut *value)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_pairs, refused};
    use super::*;

    fn reads(text: &str, expected: &[(&str, &str)]) {
        assert_pairs(read(text.as_bytes()), expected, text);
    }

    #[test]
    fn the_table() {
        for header in ["=== app Config Vars", "=== ⬢ app Config Vars", "=== app Config Vars\n"] {
            reads(
                &format!(
                    "{header}\nDATABASE_URL: postgres://u:p@h/db\nA:            a: b \nBB:            x\n"
                ),
                &[("DATABASE_URL", "postgres://u:p@h/db"), ("A", "a: b "), ("BB", " x")],
            );
        }
        reads("=== app Config Vars\r\n\r\nA: 1\r\n", &[("A", "1")]);
        reads("=== app Config Vars\n\n", &[]);
    }

    #[test]
    fn a_table_that_may_be_read_in_two_ways_is_refused() {
        for (rows, line) in [
            ("A: one\nhunter2\nB: x\n", 4),
            ("A: one\n\nB: x\n", 4),
            ("A: one\n\n", 4),
            ("A: one\nhunter: 2\n", 3),
            ("KEY: -----BEGIN-----\nab==\n-----END-----\n", 4),
            ("LONG: x\nA: y\n", 4),
            ("A: one\nB:\n", 4),
            ("A: ''\n", 3),
        ] {
            let text = format!("=== app Config Vars\n\n{rows}");
            assert_eq!(
                refused(read(text.as_bytes())),
                format!("line {line} can be read in more than one way"),
                "{rows}"
            );
        }
    }

    #[test]
    fn shell() {
        reads(
            concat!(
                "A=plain-1./_%+\n",
                "B='two words # $x \\\\ \"q\"'\n",
                "C=\"it's \\$x \\`y\\` \\! \\\"q\\\" \\\\n\\nnext\\n\"\n",
                "D=\nE='a=b'\n"
            ),
            &[
                ("A", "plain-1./_%+"),
                ("B", "two words # $x \\ \"q\""),
                ("C", "it's $x `y` ! \"q\" \\n\nnext\n"),
                ("D", ""),
                ("E", "a=b"),
            ],
        );
        for bad in ["A='x", "A=\"x", "A='", "A=\"x\" y", "A='a'b'", "A=\"\\x\"", "A=\"x\\\"", "A=x'y'"] {
            assert_eq!(
                refused(read(bad.as_bytes())),
                "line 1: a quote does not end, or ends too soon",
                "{bad}"
            );
        }
        assert_eq!(refused(read(b"A=1\nhunter2")), "line 2: no NAME=value");
        assert_eq!(refused(read(b"A=1\nB=2\nA=1")), "line 1 and line 3 would both be A");
    }

    #[test]
    fn json() {
        reads("{\n  \"A\": \"x\\ny\",\n  \"B\": \"\"\n}\n", &[("A", "x\ny"), ("B", "")]);
    }
}
