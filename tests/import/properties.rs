//! Properties of every reader: any bytes can be read, names are distinct, errors quote no value, values are preserved.

use envseal::testing::import::{ImportErrorKind, json, yaml};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::fuzz::import::{holds, read_all};

const SOURCES: &[&str] = &[
    "{\"a\": {\"b\": \"x\\u00e9\", \"c\": 1.10}, \"d\": null, \"e\": [1], \"f\": \"\"}",
    "a: &x {b: 'c', d: \"e\\n\"}\nf:\n  <<: *x\n  g: |\n    h\n  i: !!binary aGVsbG8=\nj: ~\nk: *x\n? l\n: m\n",
    "a: one\n---\n- b\n",
    "{\"_public_key\": \"8d8647e2eeb6d2e31228e6df7da3df921ec3b799c3f66a171cd37a1ed3004e7d\", \"environment\": {\"A\": \
     \"EJ[1:KR1IxNZnTZQMP3OR1NdOpDQ1IcLD83FSuE7iVNzINDk=:XnYW1HOxMthBFMnxWULHlnY4scj5mNmX:ls1+kvwwu2ETz5C6apgWE7Q=]\"}}",
    "[DEFAULT]\na = ENC[x]\nb = \"\"\"c\nd\"\"\"\n[sops]\nmac = ENC[y]\n",
    "A=ENC[x]\nsops_mac=ENC[y]\nsops_version=3.11.0\n",
];

proptest! {
    #[test]
    fn random_bytes(text in vec(any::<u8>(), 0..200)) {
        holds(&text);
    }

    #[test]
    fn random_text(text in "[a-zA-Z_0-9\\[\\]{}:,\"'\\\\|>&*!?#=~%@`<\\- \n\t\r\u{feff}\u{2028}é]{0,80}") {
        holds(text.as_bytes());
    }

    #[test]
    fn valid_sources_with_changed_bytes(
        source in select(SOURCES),
        changes in vec((any::<Index>(), any::<u8>(), 0..3_u8), 1..6),
        end in any::<Index>(),
        cut in any::<bool>(),
    ) {
        let mut text = source.as_bytes().to_vec();
        for (at, byte, change) in changes {
            if text.is_empty() {
                break;
            }
            let at = at.index(text.len());
            match change {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                _ => drop(text.remove(at)),
            }
        }
        if cut {
            text.truncate(end.index(text.len() + 1));
        }
        holds(&text);
    }

    #[test]
    fn one_source_inside_another(outer in select(SOURCES), inner in select(SOURCES), at in any::<Index>()) {
        let at = at.index(outer.len());
        holds(&[&outer.as_bytes()[..at], inner.as_bytes(), &outer.as_bytes()[at..]].concat());
    }

    #[test]
    fn no_error_quotes_a_value(source in select(SOURCES), at in any::<Index>(), wrong in "[\\[\\]{}:,\"'\\\\|>&*!?#=~%@` \n]{1,3}") {
        let at = at.index(source.len() + 1);
        prop_assume!(source.is_char_boundary(at));
        let text = format!("{}{wrong}hunter2{}", &source[..at], &source[at..]);
        for error in read_all(text.as_bytes()).into_iter().filter_map(Result::err) {
            // Other errors show names, which come before a colon or an equals sign.
            if let ImportErrorKind::Syntax | ImportErrorKind::NoValue = error.kind {
                prop_assert!(!error.message.contains("hunter"), "{}", error);
            }
        }
    }

    /// JSON is YAML too.
    #[test]
    fn values_come_back(values in vec("\\PC{0,20}|[\"\\\\\n\t:#{}' -]{0,6}", 0..6)) {
        let object: serde_json::Map<String, serde_json::Value> =
            values.iter().enumerate().map(|(n, value)| (format!("V{n}"), value.clone().into())).collect();
        let text = serde_json::to_vec(&object).unwrap();
        for read in [json::read(&text, &|_| true), yaml::read(&text, &|_| true)] {
            let read = read.map_err(|error| TestCaseError::fail(error.to_string()))?;
            let read: Vec<_> = read.iter().map(|item| item.value.expose()).collect();
            prop_assert_eq!(&read, &values.iter().map(String::as_bytes).collect::<Vec<_>>());
        }
    }
}
