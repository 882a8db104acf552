//! What `vercel env pull` writes.
//!
//! vercel's CLI (`packages/cli/src/commands/env/pull.ts`): a comment, then `NAME="value"` on a line each. Between the quotes
//! the value stands as it is, `$`, `"`, `#` and backslashes too, for to Vercel it is literal; only a line break is `\n` and a
//! carriage return `\r`. So a backslash before an `n` cannot be told from a line break, and is taken for one.
//!
//! A dotenv reader would expand such a value, or end it at a quote within. Here the text is written anew, each value in
//! quotes that say the same to a dotenv reader.

use zeroize::Zeroizing;

use crate::crypto::claims_to_be_sealed;
use crate::dotenv::{Document, Entry, Found, VarName, expand, quote};

use super::{ImportError, dotenv_text};

/// Reads `text`. Its comments stay where they are, and no value refers to anything.
///
/// Errors: [`ImportError::NotUtf8`]; [`ImportError::Syntax`] for a line that Vercel does not write;
/// [`ImportError::Unquotable`].
pub fn read(text: &[u8]) -> Result<Document, ImportError> {
    let mut dotenv = Zeroizing::new(Vec::with_capacity(2 * text.len()));
    let mut values = Vec::new();
    for (at, line) in super::utf8(text)?.split_terminator('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.trim().is_empty() || line.starts_with('#') {
            extend(&mut dotenv, &[line.as_bytes(), b"\n"]);
            continue;
        }
        let foreign = || ImportError::Syntax {
            line: at + 1,
            why: "is not of the form NAME=\"value\", as vercel env pull writes it".into(),
        };
        let (name, rest) = line.split_once('=').ok_or_else(foreign)?;
        let name = VarName::new(name).map_err(|_| foreign())?;
        let raw = rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(foreign)?;
        let value = Zeroizing::new(raw.replace("\\n", "\n").replace("\\r", "\r"));
        let source = quote(value.as_bytes()).filter(|_| !claims_to_be_sealed(value.as_bytes()));
        let source = source.ok_or_else(|| ImportError::Unquotable { name: name.to_string() })?;
        extend(&mut dotenv, &[name.as_str().as_bytes(), b"=", &source, b"\n"]);
        values.push((name, value));
    }
    let document = dotenv_text(std::mem::take(&mut *dotenv))?;
    // A value that ends in a backslash may read otherwise beside another one.
    let mut entries = document.entries().iter();
    let changed = values.iter().find(|(name, value)| {
        !entries.next().is_some_and(|entry| {
            document.name(entry) == name.as_str() && *literal(&document, entry) == *value.as_bytes()
        })
    });
    match changed {
        None => Ok(document),
        Some((name, _)) => Err(ImportError::Unquotable { name: name.to_string() }),
    }
}

/// A value as it is read where nothing is set that it could refer to.
fn literal(document: &Document, entry: &Entry) -> Zeroizing<Vec<u8>> {
    let (quote, text) = document.value(entry);
    if quote.expands() { expand(&text, &mut |_| Found::Unset).unwrap_or_default() } else { text }
}

/// Adds `parts`; a buffer that is outgrown is wiped.
fn extend(text: &mut Zeroizing<Vec<u8>>, parts: &[&[u8]]) {
    let more: usize = parts.iter().map(|part| part.len()).sum();
    if text.capacity() - text.len() < more {
        let mut larger = Zeroizing::new(Vec::with_capacity(2 * (text.len() + more)));
        larger.extend_from_slice(text);
        *text = larger;
    }
    for part in parts {
        text.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::testing::refused;
    use super::*;

    /// Names and values, as they are read; a reference would show.
    fn values(document: &Document) -> Vec<(String, String)> {
        let value = |entry| String::from_utf8(literal(document, entry).to_vec()).unwrap();
        document.entries().iter().map(|entry| (document.name(entry).to_owned(), value(entry))).collect()
    }

    fn reads(text: &str, expected: &[(&str, &str)]) {
        let document = read(text.as_bytes()).unwrap();
        let expected: Vec<_> = expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        assert_eq!(values(&document), expected, "{text}");
        assert!(document.strays().is_empty());
    }

    #[test]
    fn values_are_literal() {
        reads(
            "# Created by Vercel CLI\nPW=\"pa${ss}w$ord\\n2\"\nE=\"\"\nQ=\"say \"hi\" # no comment\"\nB=\"C:\\dir\\\"\r\n\n\
             K=\"-----BEGIN-----\\r\\nab==\\r\\n\"\nL=\"\\$A\"\n",
            &[
                ("PW", "pa${ss}w$ord\n2"),
                ("E", ""),
                ("Q", "say \"hi\" # no comment"),
                ("B", "C:\\dir\\"),
                ("K", "-----BEGIN-----\r\nab==\r\n"),
                ("L", "\\$A"),
            ],
        );
        let kept = read(b"\xef\xbb\xbf# Created by Vercel CLI\nA=\"x\"\n").unwrap();
        assert_eq!(kept.as_bytes(), b"# Created by Vercel CLI\nA=x\n");
    }

    #[test]
    fn what_vercel_does_not_write_is_refused_by_its_line() {
        for line in [
            "A=hunter2",
            "A='hunter2'",
            "A=\"hunter2",
            "A=\"",
            "export A=\"hunter2\"",
            "hunter2",
            " A=\"hunter2\"",
        ] {
            let told = refused(read(format!("B=\"x\"\n{line}\n").as_bytes()));
            assert_eq!(
                told, "line 2: is not of the form NAME=\"value\", as vercel env pull writes it",
                "{line}"
            );
        }
        assert_eq!(refused(read(b"A=\"envseal:1:x\"")), "A holds a text that no .env file can hold");
        assert_eq!(refused(read(b"A=\"\xff\"")), "line 1: is not UTF-8");
    }

    proptest! {
        /// What the CLI makes of values is read as these, or refused; none refers to anything.
        #[test]
        fn values_come_back(values in vec("[ -~\n\ré]{0,12}|[\"'`\\\\$#{}\nA= ]{0,8}", 1..6)) {
            // What its form cannot tell apart.
            let values: Vec<_> = values.iter().map(|it| it.replace("\\n", "").replace("\\r", "")).collect();
            prop_assume!(!values.iter().any(|it| it.contains("\\n") || it.contains("\\r")));
            let escaped = |value: &str| value.replace('\n', "\\n").replace('\r', "\\r");
            let lines = values.iter().enumerate().map(|(at, it)| format!("V{at}=\"{}\"\n", escaped(it)));
            let text = format!("# Created by Vercel CLI\n{}", lines.collect::<String>());
            match read(text.as_bytes()) {
                Ok(document) => {
                    let read: Vec<_> = super::tests::values(&document).into_iter().map(|(_, value)| value).collect();
                    prop_assert_eq!(read, values);
                    prop_assert!(document.strays().is_empty());
                }
                Err(ImportError::Unquotable { name }) => {
                    let at: usize = name[1..].parse().unwrap();
                    prop_assert!(values[at].ends_with('\\') || quote(values[at].as_bytes()).is_none());
                }
                Err(error) => prop_assert!(false, "{}", error),
            }
        }
    }
}
