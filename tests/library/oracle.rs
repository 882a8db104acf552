//! dotenvy, an independent reader, reads the same: sealed values verbatim, and plain files in the common part of both
//! dialects.

use envseal::testing::crypto::{PlaintextKind, PrivateKey, Refs, Sealer};
use envseal::testing::dotenv::{Document, ReferenceValue, expand};
use proptest::prelude::*;

fn by_dotenvy(text: &[u8]) -> Vec<(String, String)> {
    dotenvy::from_read_iter(text).map(|item| item.unwrap()).collect()
}

fn by_us(text: &[u8]) -> Vec<(String, String)> {
    let document = Document::parse(text.to_vec()).unwrap();
    let value = |entry| {
        let (quote, value) = document.value(entry);
        let value =
            if quote.expands() { expand(&value, &mut |_| ReferenceValue::Unset).unwrap() } else { value };
        String::from_utf8(value.to_vec()).unwrap()
    };
    document.entries().iter().map(|entry| (document.name(entry).to_owned(), value(entry))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_token_needs_no_quoting(
        values in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..80), any::<bool>()), 1..5),
        around in prop::sample::select(vec![("", ""), (" ", ""), ("", " # comment"), ("'", "'"), ("\"", "\"")]),
    ) {
        let mut sealer = Sealer::new(&PrivateKey::generate().public()).unwrap();
        let (mut text, mut wanted) = (String::new(), Vec::new());
        for (at, (value, refers)) in values.iter().enumerate() {
            let name = format!("NAME_{at}");
            let refs = if *refers { vec!["DB_USER".to_owned(), "DB_PASSWORD".to_owned()] } else { vec![] };
            let kind = if *refers { PlaintextKind::Source } else { PlaintextKind::Value };
            let token = sealer.seal(&name, &Refs::new(refs).unwrap(), kind, value).unwrap().to_string();
            text.extend([&name, "=", around.0, &token, around.1, "\n"]);
            wanted.push((name, token));
        }
        prop_assert_eq!(by_dotenvy(text.as_bytes()), wanted.clone());
        prop_assert_eq!(by_us(text.as_bytes()), wanted);
    }

    #[test]
    fn plain_files_read_alike(lines in prop::collection::vec(
        ("[A-Z][A-Z0-9_]{0,8}", prop_oneof![
            "[a-zA-Z0-9_./:@-]{1,12}",
            "'[ a-zA-Z0-9_./:@$\"#-]{0,12}'",
            "\"[ a-zA-Z0-9_./:@'#-]{0,12}\"",
        ], prop::sample::select(vec!["", " # comment"]), any::<bool>()),
        0..6,
    )) {
        let text: String = lines
            .iter()
            .map(|(name, value, comment, export)| {
                format!("{}{name}={value}{comment}\n", if *export { "export " } else { "" })
            })
            .collect();
        prop_assert_eq!(by_us(text.as_bytes()), by_dotenvy(text.as_bytes()), "{}", text);
    }
}
