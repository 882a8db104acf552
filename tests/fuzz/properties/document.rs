//! A document prints the parsed bytes, and an edit changes one entry.

use envseal::testing::dotenv::{CommentMark, Document, Edit};

/// Panics if the property does not hold for these bytes as a file.
pub(crate) fn holds(data: &[u8]) {
    let Ok(document) = Document::parse(data.to_vec()) else { return };
    assert_eq!(document.as_bytes(), data);
    let _ = document.conflict_marker();
    for (at, entry) in document.entries().iter().enumerate() {
        let _ = (document.value(entry), document.comment_is_ambiguous(entry));
        let _ = document
            .comment(entry)
            .map(|comment| (CommentMark::all(comment).count(), CommentMark::without_plain(comment)));
        if let Ok(edited) = document.edited(&[Edit::Source { entry: at, source: b"token" }]) {
            assert_eq!(edited.source(&edited.entries()[at]), b"token");
            for (other, (before, after)) in document.entries().iter().zip(edited.entries()).enumerate() {
                assert!(other == at || document.source(before) == edited.source(after));
            }
            // Undoing the edit restores every byte outside the entry.
            let source = document.source(entry);
            // (Where `#` touched the value, the edit put a space between them.)
            if !source.is_empty() && !document.comment_is_ambiguous(entry) {
                let back = edited.edited(&[Edit::Source { entry: at, source }]).unwrap();
                assert_eq!(back.as_bytes(), data);
            }
        }
    }
}
