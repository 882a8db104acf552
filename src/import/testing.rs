//! For the tests of the readers.

#![cfg(test)]

use super::{ImportError, Item};

/// Names and values, as text.
pub(super) fn pairs(items: Vec<Item>) -> Vec<(String, String)> {
    let text = |item: Item| {
        (item.name.to_string(), String::from_utf8(item.value.expose().to_vec()).expect("tests use UTF-8"))
    };
    items.into_iter().map(text).collect()
}

/// That these names and values were read.
pub(super) fn assert_pairs(read: Result<Vec<Item>, ImportError>, expected: &[(&str, &str)], text: &str) {
    let expected: Vec<_> = expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    assert_eq!(pairs(read.unwrap()), expected, "{text}");
}

/// What an error says.
pub(super) fn refused<T>(result: Result<T, ImportError>) -> String {
    result.err().expect("it is refused").to_string()
}
