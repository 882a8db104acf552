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

/// What an error says.
pub(super) fn refused<T>(result: Result<T, ImportError>) -> String {
    result.err().expect("it is refused").to_string()
}
