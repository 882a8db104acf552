//! Other programs that would read a plain value differently. A sealed value has no such problem.
//!
//! The programs: dotenv 16 for Node (no expansion), python-dotenv 1.0 (`parser.py`: an unquoted value ends at
//! white space and `#`, all of Python's escapes in double quotes, `${NAME}` alone is expanded), compose's fork of
//! godotenv (as python-dotenv for comments; `$NAME` is expanded, `\` escapes in double quotes), and bash's `source`.

use crate::dotenv::{Document, Entry, Quote, references};

const NODE: &str = "Node's dotenv";
const PYTHON: &str = "python-dotenv";
const COMPOSE: &str = "compose";
const BASH: &str = "bash";

/// Characters that mean something to a shell outside quotes, apart from `$`.
const SHELL: &[u8] = b" \t;&|<>()'\"`\\*?[]~!{}#";

/// Returns the programs that would read the value of this entry differently, each once, with the reason.
pub(super) fn read_differently(document: &Document, entry: &Entry) -> Vec<(&'static str, &'static str)> {
    let mut readers: Vec<(&str, &str)> = Vec::new();
    let mut differ = |who: &[&'static str], why| {
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
        differ(&[PYTHON, BASH], "`NAME: value` is not an assignment");
    } else if separator != b"=" {
        differ(&[BASH], "it allows no spaces around `=`");
    }
    let first = name.bytes().next().unwrap_or(b'0');
    if first.is_ascii_digit() || name.bytes().any(|b| b == b'.' || b == b'-') {
        differ(&[BASH], "the name is not valid in a shell");
    }
    if document.comment_is_ambiguous(entry) && quote == Quote::None {
        differ(&[PYTHON, COMPOSE, BASH], "it includes a `#` that touches the value");
    }
    let refers = references(&value).map_or(true, |names| !names.is_empty());
    match quote {
        Quote::None => {
            if source.iter().any(|b| SHELL.contains(b)) && !is_braced_only(source) {
                differ(&[BASH], "such a value needs quotes");
            }
        }
        Quote::Single if source.windows(2).any(|two| two == br"\'") => {
            differ(&[COMPOSE, BASH], r"`\'` ends the value");
        }
        Quote::Single if source.windows(2).any(|two| two == br"\\") => {
            differ(&[PYTHON], r"it reads `\\` as one backslash");
        }
        Quote::Single => {}
        Quote::Double => {
            if source.windows(2).any(|two| matches!(two, br"\n" | br"\r" | br"\t")) {
                differ(&[BASH], "it keeps the backslash");
            }
            if source.windows(2).any(|two| two[0] == b'\\' && !matches!(two[1], b'n' | b'r' | b't' | b'$')) {
                differ(&[PYTHON, COMPOSE, BASH], "it knows more backslash escapes");
            }
            if source.contains(&b'`') {
                differ(&[BASH], "it runs text in backticks");
            }
        }
        Quote::Backtick => differ(&[PYTHON, COMPOSE, BASH], "backticks are not quotes"),
    }
    if quote.expands() && refers {
        differ(&[NODE], "it expands no references");
        if value.windows(2).any(|two| two[0] == b'$' && (two[1].is_ascii_alphabetic() || two[1] == b'_')) {
            differ(&[PYTHON], "it expands `${NAME}` only");
        }
    }
    readers
}

/// Returns true if braces are all that a shell could misread, and each belongs to a reference.
fn is_braced_only(source: &[u8]) -> bool {
    let opened = source.windows(2).filter(|two| *two == b"${").count();
    let count = |byte: u8| memchr::memchr_iter(byte, source).count();
    let others = SHELL.iter().filter(|b| !matches!(b, b'{' | b'}')).any(|b| source.contains(b));
    !others && opened == count(b'{') && opened == count(b'}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_differs_in_its_way() {
        for (line, who) in [
            ("A=x", ""),
            ("A=http://x.y:80/a", ""),
            ("A='a b; $(c) `d`'", ""),
            ("A=\"a b\"", ""),
            ("export A=1", ""),
            ("A=", ""),
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
            let document = Document::parse(line.as_bytes().to_vec()).unwrap();
            let found = read_differently(&document, &document.entries()[0]);
            let found: Vec<_> = found.iter().map(|(reader, _)| *reader).collect();
            assert_eq!(found.join(", "), who, "{line}");
        }
    }
}
