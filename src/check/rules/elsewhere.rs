//! Which other programs would read a plain value otherwise than envseal does. A sealed value has no such trouble.
//!
//! What the programs do: dotenv 16 for Node (no expansion), python-dotenv 1.0 (`parser.py`: an unquoted value ends at
//! white space and `#`, all of Python's escapes in double quotes, `${NAME}` alone is expanded), compose's fork of
//! godotenv (as python-dotenv for comments; `$NAME` is expanded, `\` escapes in double quotes), and bash's `source`.

use super::elsewhere::Reader::{Bash, Compose, Node, Python};
use crate::dotenv::{Document, Entry, Quote, references};

/// A program that reads `.env` files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// The npm package `dotenv`.
    Node,
    /// The Python package `python-dotenv`.
    Python,
    /// `docker compose`.
    Compose,
    /// `source .env` in bash.
    Bash,
}

impl Reader {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Node => "Node's dotenv",
            Python => "python-dotenv",
            Compose => "compose",
            Bash => "bash",
        }
    }
}

/// What a shell takes for more than a letter, outside quotes. `$` is looked at on its own.
const SHELL: &[u8] = b" \t;&|<>()'\"`\\*?[]~!{}#";

/// The programs that would read the value of this entry otherwise, and why; each once.
pub(super) fn read_otherwise(document: &Document, entry: &Entry) -> Vec<(Reader, &'static str)> {
    let mut readers: Vec<(Reader, &'static str)> = Vec::new();
    let mut differ = |who: &[Reader], why| {
        for reader in who {
            if !readers.iter().any(|(known, _)| known == reader) {
                readers.push((*reader, why));
            }
        }
    };
    let (name, separator) = (document.name(entry), document.separator(entry));
    let (quote, value) = document.value(entry);
    let source = document.source(entry);
    if !separator.contains(&b'=') {
        differ(&[Python, Bash], "`NAME: value` is no assignment to it");
    } else if separator != b"=" {
        differ(&[Bash], "it wants no blanks around `=`");
    }
    let first = name.bytes().next().unwrap_or(b'0');
    if first.is_ascii_digit() || name.bytes().any(|b| b == b'.' || b == b'-') {
        differ(&[Bash], "the name is none to a shell");
    }
    if document.comment_is_ambiguous(entry) && quote == Quote::None {
        differ(&[Python, Compose, Bash], "to it a `#` that touches the value is part of it");
    }
    let refers = references(&value).map_or(true, |names| !names.is_empty());
    match quote {
        Quote::None => {
            if source.iter().any(|b| SHELL.contains(b)) && !is_braced_only(source) {
                differ(&[Bash], "it wants quotes around such a value");
            }
        }
        Quote::Single if source.windows(2).any(|two| two == br"\'") => {
            differ(&[Compose, Bash], r"to it `\'` ends the value");
        }
        Quote::Single if source.windows(2).any(|two| two == br"\\") => {
            differ(&[Python], r"to it `\\` is one backslash");
        }
        Quote::Single => {}
        Quote::Double => {
            if source.windows(2).any(|two| matches!(two, br"\n" | br"\r" | br"\t")) {
                differ(&[Bash], "it keeps the backslash");
            }
            if source.windows(2).any(|two| two[0] == b'\\' && !matches!(two[1], b'n' | b'r' | b't' | b'$')) {
                differ(&[Python, Compose, Bash], "it takes more backslash escapes");
            }
            if source.contains(&b'`') {
                differ(&[Bash], "it runs what stands in backticks");
            }
        }
        Quote::Backtick => differ(&[Python, Compose, Bash], "backticks are no quotes to it"),
    }
    if quote.expands() && refers {
        differ(&[Node], "it expands no references");
        if has_bare_reference(&value) {
            differ(&[Python], "it expands `${NAME}` only");
        }
    }
    readers
}

/// Whether braces are all that a shell could stumble over, and each is a reference's.
fn is_braced_only(source: &[u8]) -> bool {
    let opened = source.windows(2).filter(|two| *two == b"${").count();
    let count = |byte: u8| memchr::memchr_iter(byte, source).count();
    let others = SHELL.iter().filter(|b| !matches!(b, b'{' | b'}')).any(|b| source.contains(b));
    !others && opened == count(b'{') && opened == count(b'}')
}

/// Whether there is a `$NAME` without braces.
fn has_bare_reference(value: &[u8]) -> bool {
    value.windows(2).any(|two| two[0] == b'$' && (two[1].is_ascii_alphabetic() || two[1] == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readers(line: &str) -> String {
        let document = Document::parse(line.as_bytes().to_vec()).unwrap();
        let found = read_otherwise(&document, &document.entries()[0]);
        found.iter().map(|(reader, _)| reader.as_str()).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn plain_words_are_read_alike() {
        for line in ["A=x", "A=http://x.y:80/a", "A='a b; $(c) `d`'", "A=\"a b\"", "export A=1", "A="] {
            assert_eq!(readers(line), "", "{line}");
        }
    }

    #[test]
    fn each_reader_has_its_ways() {
        for (line, who) in [
            ("A = x", "bash"),
            ("A: x", "python-dotenv, bash"),
            ("A.b=x", "bash"),
            ("A=x#y", "python-dotenv, compose, bash"),
            ("A=a b", "bash"),
            ("A=a&b", "bash"),
            (r"A='it\'s'", "compose, bash"),
            (r#"A="a\nb""#, "bash"),
            (r#"A="a\\b""#, "python-dotenv, compose, bash"),
            ("A=`x`", "python-dotenv, compose, bash"),
            ("A=${B}", "Node's dotenv"),
            ("A=$B", "Node's dotenv, python-dotenv"),
        ] {
            assert_eq!(readers(line), who, "{line}");
        }
    }
}
