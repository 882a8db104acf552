//! What holds for every reader, whatever it is given: it does not panic, no name comes twice, and no error quotes a value.

#![cfg(test)]

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::crypto::SecretText;

use super::{ImportError, Item, ejson, json, sops, yaml};

const SOURCES: &[&str] = &[
    "{\"a\": {\"b\": \"x\\u00e9\", \"c\": 1.10}, \"d\": null, \"e\": [1], \"f\": \"\"}",
    "a: &x {b: 'c', d: \"e\\n\"}\nf:\n  <<: *x\n  g: |\n    h\n  i: !!binary aGVsbG8=\nj: ~\nk: *x\n? l\n: m\n",
    "a: one
---
- b
",
    "{\"_public_key\": \"8d8647e2eeb6d2e31228e6df7da3df921ec3b799c3f66a171cd37a1ed3004e7d\", \"environment\": {\"A\": \
     \"EJ[1:KR1IxNZnTZQMP3OR1NdOpDQ1IcLD83FSuE7iVNzINDk=:XnYW1HOxMthBFMnxWULHlnY4scj5mNmX:ls1+kvwwu2ETz5C6apgWE7Q=]\"}}",
    "[DEFAULT]\na = ENC[x]\nb = \"\"\"c\nd\"\"\"\n[sops]\nmac = ENC[y]\n",
    "A=ENC[x]\nsops_mac=ENC[y]\nsops_version=3.11.0\n",
];

const KEY: &str = "c5caa31a5b8cb2be0074b37c56775f533b368b81d8fd33b94181f79bd6e47f87";

/// Every reader on `text`.
fn read_all(text: &[u8]) -> Vec<Result<Vec<Item>, ImportError>> {
    let key = |_: &str| Some(SecretText::new(KEY.to_owned()));
    let _ = (sops::Form::of("x.json", text), sops::Form::of("x", text));
    let forms = [sops::Form::Dotenv, sops::Form::Ini, sops::Form::Json, sops::Form::Yaml];
    let of_sops = forms.map(|form| {
        let _ = sops::refuse_documents(form, text);
        sops::read(form, text, text, &|_| true)
    });
    let mut read = Vec::from(of_sops);
    read.extend([json::read(text), yaml::read(text), ejson::read(text, &key).map(|found| found.items)]);
    read
}

fn check(text: &[u8]) -> Result<(), TestCaseError> {
    for result in read_all(text) {
        let Ok(items) = result else { continue };
        let names: HashSet<_> = items.iter().map(|item| item.name.as_str()).collect();
        prop_assert_eq!(names.len(), items.len());
    }
    Ok(())
}

proptest! {
    #[test]
    fn random_bytes(text in vec(any::<u8>(), 0..200)) {
        check(&text)?;
    }

    #[test]
    fn random_text(text in "[a-zA-Z_0-9\\[\\]{}:,\"'\\\\|>&*!?#=~%@`<\\- \n\t\r\u{feff}\u{2028}é]{0,80}") {
        check(text.as_bytes())?;
    }

    #[test]
    fn what_is_right_but_for_some_bytes(
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
                _ => {
                    text.remove(at);
                }
            }
        }
        if cut {
            text.truncate(end.index(text.len() + 1));
        }
        check(&text)?;
    }

    #[test]
    fn two_sources_in_one_another(
        outer in select(SOURCES),
        inner in select(SOURCES),
        at in any::<Index>(),
    ) {
        let at = at.index(outer.len());
        check(&[&outer.as_bytes()[..at], inner.as_bytes(), &outer.as_bytes()[at..]].concat())?;
    }

    /// A value that is the last thing before what is wrong, and one that is wrong itself.
    #[test]
    fn no_error_quotes_a_value(source in select(SOURCES), at in any::<Index>(), wrong in "[\\[\\]{}:,\"'\\\\|>&*!?#=~%@` \n]{1,3}") {
        let at = at.index(source.len() + 1);
        if !source.is_char_boundary(at) {
            return Ok(());
        }
        let text = format!("{}{wrong}hunter2{}", &source[..at], &source[at..]);
        for error in read_all(text.as_bytes()).into_iter().filter_map(Result::err) {
            // Names are shown where the format has them before a colon or an equals sign.
            if let ImportError::Syntax { .. } | ImportError::NoValue { .. } = error {
                prop_assert!(!error.to_string().contains("hunter"), "{}", error);
            }
        }
    }

    /// What is written as JSON comes back, through JSON and, being YAML as well, through YAML.
    #[test]
    fn values_come_back(values in vec("\\PC{0,20}|[\"\\\\\n\t:#{}' -]{0,6}", 0..6)) {
        let object: serde_json::Map<String, serde_json::Value> =
            values.iter().enumerate().map(|(n, value)| (format!("V{n}"), value.clone().into())).collect();
        let text = serde_json::to_vec(&object).unwrap();
        for (reader, read) in [("json", json::read(&text)), ("yaml", yaml::read(&text))] {
            let read = read.map_err(|error| TestCaseError::fail(format!("{reader}: {error}")))?;
            let read: Vec<_> = read.iter().map(|item| item.value.expose()).collect();
            prop_assert_eq!(&read, &values.iter().map(String::as_bytes).collect::<Vec<_>>(), "{}", reader);
        }
    }
}
