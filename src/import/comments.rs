//! dotenv text that sops encrypted as a whole, under a name it does not know.
//!
//! Its comments were sealed, too, and may hold what nobody else is to see: the key of last year, with a `#` before it.
//! envseal seals values and no comments, so they are left behind, and the statements alone go on.

use crate::dotenv::Document;

use super::ImportError;

/// The statements of `document`, in its order; without comments, blank lines, and lines that no reader takes.
///
/// Errors: [`ImportError::Syntax`] where the statements would not read the same on their own: a quote that is not closed
/// where it stands may be closed by what comes next.
pub fn without_comments(document: &Document) -> Result<Document, ImportError> {
    let line_break = document.line_break();
    let room = document.as_bytes().len() + document.entries().len() * (line_break.len() + 1);
    let mut text = Vec::with_capacity(room);
    for entry in document.entries() {
        let statement = document.statement(entry);
        let comment = document.comment(entry).map_or(0, <[u8]>::len);
        let statement = statement[..statement.len() - comment].trim_ascii_start();
        // Of `A: ` without a value, the blank is a part of the statement.
        let statement =
            if document.source(entry).is_empty() { statement } else { statement.trim_ascii_end() };
        text.extend_from_slice(statement.strip_prefix(b"\xef\xbb\xbf").unwrap_or(statement));
        // Of `A:\r` without a value, the lone CR is a line break: an LF behind it would not be another one.
        if text.ends_with(b"\r") {
            text.push(b'\n');
        }
        text.extend_from_slice(line_break.as_bytes());
    }
    let syntax = |why: String| ImportError::Syntax { line: 1, why };
    let bare = Document::parse(text).map_err(|error| syntax(error.to_string()))?;
    let same = bare.entries().len() == document.entries().len()
        && bare.entries().iter().zip(document.entries()).all(|(ours, theirs)| {
            bare.name(ours) == document.name(theirs) && bare.source(ours) == document.source(theirs)
        });
    if same && bare.strays().is_empty() && bare.comments().next().is_none() {
        return Ok(bare);
    }
    Err(syntax("its statements do not read the same without its comments".into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bare(text: &str) -> String {
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        String::from_utf8(without_comments(&document).unwrap().as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn statements_stay_as_they_are() {
        assert_eq!(
            bare(
                "# OLD=hunter2\n\n  export A = 'x # y' # note\nB=\"two\nlines # in\"#note\nC=\nhunter2\n#D=1\nE=adm#in"
            ),
            "export A = 'x # y'\nB=\"two\nlines # in\"\nC=\nE=adm\n"
        );
        assert_eq!(bare("A=1 # x\r\n# y\r\nB=2\r\n"), "A=1\r\nB=2\r\n");
        assert_eq!(bare("\u{feff}A=1\n"), "A=1\n");
        assert_eq!(bare("A=1 # x\rB:\r\r\nC=3\r"), "A=1\r\nB:\r\n\r\nC=3\r\n");
        assert_eq!(bare("B:\r\rC=3"), "B:\r\n\nC=3\n");
        assert_eq!(bare("# nothing\n"), "");
    }

    #[test]
    fn a_quote_that_another_line_would_close_is_refused() {
        let document = Document::parse(b"A=`\n` x\nB=`\n`".to_vec()).unwrap();
        assert!(matches!(without_comments(&document), Err(ImportError::Syntax { .. })));
    }

    proptest! {
        /// Whatever comes out has no comment, and every value it had.
        #[test]
        fn nothing_but_statements_is_left(text in "([A-C]|=|: |#|'|\"|`|\\\\| |\n|\r|\r\n|x|export |\u{feff}|\\$\\{A\\}){0,24}") {
            let document = Document::parse(text.into_bytes()).unwrap();
            let Ok(bare) = without_comments(&document) else {
                let begins_with_quote = |entry| matches!(document.source(entry), [b'\'' | b'"' | b'`', ..]);
                prop_assert!(document.entries().iter().any(begins_with_quote));
                return Ok(());
            };
            let values = |document: &Document| -> Vec<_> {
                document
                    .entries()
                    .iter()
                    .map(|entry| (document.name(entry).to_owned(), document.value(entry).1.to_vec()))
                    .collect()
            };
            prop_assert_eq!(values(&bare), values(&document));
            prop_assert!(bare.entries().iter().all(|entry| bare.comment(entry).is_none()));
        }
    }
}
