//! A value that can be written reads back; expansion ends, whatever the text.

use envseal::testing::dotenv::{Document, ReferenceValue, expand, quote, read, references};
use envseal::testing::team::Policy;

/// Panics if the property does not hold for these bytes as a value.
pub(crate) fn holds(data: &[u8]) {
    let _ = Policy::parse(data);
    let (_, text) = read(data);
    let mut asked = Vec::new();
    let expanded = expand(&text, &mut |name| {
        asked.push(name.to_owned());
        ReferenceValue::Value(b"$A${B:-\\$C}")
    });
    match references(&text) {
        // Every name that the reader asks for was shown to the reviewer.
        Ok(names) => assert!(asked.iter().all(|name| names.contains(name)), "{asked:?} {names:?}"),
        Err(error) => assert_eq!((expanded.err(), asked.len()), (Some(error), 0)),
    }
    let Some(source) = quote(data) else { return };
    let text = [b"Z=0\nA=", &source[..], b"\nB=1\n"].concat();
    let document = Document::parse(text).unwrap();
    assert_eq!(document.entries().len(), 3);
    let (quoting, value) = document.value(&document.entries()[1]);
    let value =
        if quoting.expands() { expand(&value, &mut |_| ReferenceValue::Unset).unwrap() } else { value };
    assert_eq!(&value[..], data);
}
