//! Every reader of another tool's files accepts any bytes without a panic, and no name occurs twice.

use std::collections::HashSet;

use envseal::testing::crypto::SecretText;
use envseal::testing::dotenv::{Document, Entry};
use envseal::testing::import::sops::{self, SopsFormat, without_comments};
use envseal::testing::import::{ImportError, ImportItem, ejson, json, yaml};

/// A key from ejson's own tests.
const KEY: &str = "c5caa31a5b8cb2be0074b37c56775f533b368b81d8fd33b94181f79bd6e47f87";

/// Returns what each reader makes of these bytes.
pub(crate) fn read_all(data: &[u8]) -> Vec<Result<Vec<ImportItem>, ImportError>> {
    let key = |_: &str| Some(SecretText::new(KEY.to_owned()));
    let formats = [SopsFormat::Dotenv, SopsFormat::Ini, SopsFormat::Json, SopsFormat::Yaml];
    let mut read = Vec::from(formats.map(|format| {
        let _ = sops::refuse_documents(format, data);
        sops::read(format, data, data, &|_| true)
    }));
    read.push(json::read(data, &|_| true));
    read.push(yaml::read(data, &|_| true));
    read.push(ejson::read(data, &key, &|_| true).map(|found| found.items));
    read
}

/// Panics if the property does not hold for these bytes as a source.
pub(crate) fn holds(data: &[u8]) {
    for items in read_all(data).into_iter().flatten() {
        let names: HashSet<_> = items.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(names.len(), items.len());
    }
    let _ = (SopsFormat::detect("x.json", data), SopsFormat::detect("x", data));
    if let Ok(document) = Document::parse(data.to_vec()) {
        match without_comments(&document) {
            Ok(bare) => assert_eq!(statements(&bare), statements(&document)),
            // Without the comments in between, an unclosed quote may be closed by what follows.
            Err(_) => assert!(document.entries().iter().any(|entry| has_open_quote(&document, entry))),
        }
    }
}

fn statements(document: &Document) -> Vec<(&str, &[u8])> {
    document.entries().iter().map(|entry| (document.name(entry), document.source(entry))).collect()
}

/// Returns true if the value begins with a quote but is not a plain quoted text.
fn has_open_quote(document: &Document, entry: &Entry) -> bool {
    match document.source(entry) {
        [quote @ (b'\'' | b'"' | b'`'), inner @ .., last] => quote != last || inner.contains(quote),
        source => matches!(source, [b'\'' | b'"' | b'`']),
    }
}
