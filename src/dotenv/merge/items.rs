//! A document as a list of items: its statements, and the lines between them.

use std::ops::Range;

use crate::dotenv::document::{Document, is_marker};
use crate::dotenv::space::{line_end, past_line_break};

/// A statement, or one line that is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'a> {
    /// Its text, line break left out.
    pub(super) body: &'a [u8],
    /// Its line break; empty at the end of a file that does not end in one.
    pub(super) eol: &'a [u8],
    /// What the text says, where it is a statement.
    pub(super) statement: Option<Statement<'a>>,
}

/// A statement's parts: `before`, `source` and `after` make up its body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement<'a> {
    pub(super) name: &'a str,
    pub(super) before: &'a [u8],
    pub(super) source: &'a [u8],
    pub(super) after: &'a [u8],
}

impl<'a> Statement<'a> {
    /// All of the body but the value.
    pub(super) fn frame(&self) -> (&'a [u8], &'a [u8]) {
        (self.before, self.after)
    }
}

/// The items of a document, in order: put together, they are its text.
pub(super) fn items(document: &Document) -> Vec<Item<'_>> {
    let text = document.as_bytes();
    let mut items = Vec::new();
    let mut at = 0;
    for entry in document.entries() {
        lines(text, at..entry.start, &mut items);
        at = past_line_break(text, entry.end);
        items.push(Item {
            body: &text[entry.start..entry.end],
            eol: &text[entry.end..at],
            statement: Some(Statement {
                name: document.name(entry),
                before: &text[entry.start..entry.value.start],
                source: document.source(entry),
                after: &text[entry.value.end..entry.end],
            }),
        });
    }
    lines(text, at..text.len(), &mut items);
    items
}

fn lines<'a>(text: &'a [u8], range: Range<usize>, items: &mut Vec<Item<'a>>) {
    let mut at = range.start;
    while at < range.end {
        let end = line_end(text, at);
        let next = past_line_break(text, end);
        items.push(Item { body: &text[at..end], eol: &text[end..next], statement: None });
        at = next;
    }
}

/// Takes the conflicts out of an ancestor: where two histories have met before, git merges their ancestors first and
/// hands over what came of it, markers and all. Returns what is left, and the names that stood in conflict there, of
/// which nobody knows what they were.
pub(super) fn without_conflicts(items: Vec<Item<'_>>) -> (Vec<Item<'_>>, Vec<&str>) {
    let (mut kept, mut unknown) = (Vec::new(), Vec::new());
    let mut inside = false;
    for item in items {
        let marks = |mark: u8| item.body.first() == Some(&mark) && is_marker(item.body, 3);
        match item.statement {
            None if marks(b'<') => inside = true,
            None if marks(b'>') => inside = false,
            Some(statement) if inside => unknown.push(statement.name),
            _ if inside => {}
            _ => kept.push(item),
        }
    }
    (kept, unknown)
}
