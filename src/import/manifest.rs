//! A Kubernetes `v1` `Secret` or `ConfigMap`, of which only the values are taken.
//!
//! A `Secret` holds them in `data`, in base64, and in `stringData`, which counts before it; a `ConfigMap` in `data`, and
//! in `binaryData`, in base64 (kubernetes.io/docs, "Secrets" and "`ConfigMaps`").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::crypto::SecretBytes;
use crate::dotenv::VarName;

use super::tree::{Items, Node, Object, Path};
use super::{ImportError, Item};

/// Which of the two it is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Manifest {
    Secret,
    ConfigMap,
}

impl Manifest {
    /// Whether `object` is one.
    pub(super) fn of(object: &Object) -> Option<Self> {
        let text = |name| match object.get(name) {
            Some(Node::Text(text) | Node::Opened(text)) => text.expose(),
            _ => b"",
        };
        match (text("apiVersion"), text("kind")) {
            (b"v1", b"Secret") => Some(Self::Secret),
            (b"v1", b"ConfigMap") => Some(Self::ConfigMap),
            _ => None,
        }
    }

    /// The values of `object` that are wanted, by their names. One whose name no variable can have, as `tls.crt`, is left
    /// out as it stands there or with `_` for what no variable can have, as in other objects.
    pub(super) fn items(
        self,
        mut object: Object,
        wants: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Item>, ImportError> {
        let mut part = |name: &str| match object.take(name) {
            None | Some(Node::Null | Node::Nothing(_)) => Ok(Object::default()),
            Some(Node::Object(part)) => Ok(part),
            Some(_) => Err(ImportError::Unholdable { origin: name.into(), name: None, found: "no object" }),
        };
        let (plain, coded) = match self {
            Self::Secret => ("stringData", "data"),
            Self::ConfigMap => ("data", "binaryData"),
        };
        let (plain_part, coded_part) = (part(plain)?, part(coded)?);
        let mut items = Items::new();
        let mut add = |part: &str, key: &str, value: Result<(SecretBytes, bool), &'static str>| {
            let path = Path::default().to(key);
            if !wants(key) || !wants(path.name()) {
                return Ok(());
            }
            let (origin, name) = (format!("{part}.{key}"), path.name());
            match value {
                Err(found) => Err(ImportError::Unholdable { origin, name: Some(name.into()), found }),
                Ok(_) if VarName::new(key).is_err() => {
                    Err(ImportError::PathName { origin, name: name.into() })
                }
                Ok((value, was_sealed)) => items.at_path(&origin, name, value, was_sealed),
            }
        };
        for (name, node) in coded_part.into_entries() {
            if self == Self::Secret && plain_part.get(&name).is_some() {
                continue;
            }
            let text = text(node);
            let value = text.and_then(|(text, was_sealed)| Some((unbase64(&text)?, was_sealed)));
            add(coded, &name, value.ok_or(NOT_BASE64))?;
        }
        for (name, node) in plain_part.into_entries() {
            add(plain, &name, text(node).ok_or("no string"))?;
        }
        Ok(items.into_items())
    }
}

/// A text, and whether it was sealed.
fn text(node: Node) -> Option<(SecretBytes, bool)> {
    match node {
        Node::Text(text) => Some((text, false)),
        Node::Opened(text) => Some((text, true)),
        _ => None,
    }
}

/// What is wrong where [`unbase64`] gives nothing.
pub(super) const NOT_BASE64: &str = "not base64";

/// Standard base64 (RFC 4648, section 4); line breaks and blanks between the characters are passed over.
pub(super) fn unbase64(text: &SecretBytes) -> Option<SecretBytes> {
    let mut packed = Zeroizing::new(Vec::with_capacity(text.len()));
    packed.extend(text.expose().iter().filter(|byte| !byte.is_ascii_whitespace()));
    let mut bytes = Zeroizing::new(vec![0; packed.len()]);
    let length = STANDARD.decode_slice(&*packed, &mut bytes).ok()?;
    Some(SecretBytes::new(bytes[..length].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{pairs, refused};
    use super::super::{json, yaml};

    fn reads(text: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        assert_eq!(pairs(yaml::read(text.as_bytes()).unwrap()), expected, "{text}");
    }

    const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, labels: {a: b}}\ntype: Opaque\n\
                          data:\n  A: aGVsbG8=\n  B: |\n    aGVs\n    bG8=\n  c.d: eA==\n\
                          stringData:\n  A: over\n  E: '1'\n";

    #[test]
    fn a_secret() {
        reads(&SECRET.replace("c.d", "C"), &[("B", "hello"), ("C", "x"), ("A", "over"), ("E", "1")]);
        assert_eq!(refused(yaml::read(SECRET.as_bytes())), "data.c.d is no name for a variable");
        let not = "apiVersion: v1\nkind: Secret\ndata: {A: 'hunter2!'}\n";
        assert_eq!(refused(yaml::read(not.as_bytes())), "data.A is not base64, which no variable can hold");
        for empty in ["", "data:\n", "data: {}\nstringData: null\n"] {
            reads(&format!("apiVersion: v1\nkind: Secret\n{empty}"), &[]);
        }
    }

    /// `kubectl create secret tls`, and one password beside it.
    #[test]
    fn what_is_not_wanted_may_be_anything() {
        let text = "apiVersion: v1\nkind: Secret\ndata:\n  tls.crt: eA==\n  BAD: '!'\n  LIST: [x]\n  PW: aGVsbG8=\n\
                    stringData: {1a: x, NUM: [1]}\n";
        let with = |wants: &dyn Fn(&str) -> bool| yaml::read_wanted(text.as_bytes(), wants);
        let all_but = |out: &[&str]| with(&|name| !out.contains(&name));
        let (json, but) =
            (["BAD", "LIST", "1a", "NUM"], |one: &'static str| ["BAD", "LIST", "1a", "NUM", one]);
        for wanted in [with(&|name| name == "PW"), all_but(&but("tls.crt")), all_but(&but("tls_crt"))] {
            assert_eq!(pairs(wanted.unwrap()), [("PW".to_owned(), "hello".to_owned())]);
        }
        assert_eq!(refused(all_but(&json)), "data.tls.crt is no name for a variable");
        // What the error names leaves out what is wrong, so that in the end nothing is.
        let mut out: Vec<String> = Vec::new();
        let left = loop {
            let wants = |name: &str| !out.iter().any(|one| one == name);
            match with(&wants) {
                Ok(items) => break pairs(items),
                Err(error) => out.push(error.variable().unwrap_or_else(|| panic!("{error}")).to_owned()),
            }
        };
        assert_eq!(left, [("PW".to_owned(), "hello".to_owned())]);
        assert_eq!(out, ["tls_crt", "BAD", "LIST", "1a", "NUM"]);
    }

    #[test]
    fn a_config_map() {
        let map = "apiVersion: v1\nkind: ConfigMap\ndata:\n  A: aGVsbG8=\nbinaryData: {B: eA==}\n";
        reads(map, &[("B", "x"), ("A", "aGVsbG8=")]);
    }

    #[test]
    fn as_kubectl_prints_it_in_json() {
        let text = br#"{"apiVersion": "v1", "data": {"A": "aGVsbG8="}, "kind": "Secret", "metadata": {"x": [null]}}"#;
        assert_eq!(pairs(json::read(text).unwrap()), [("A".to_owned(), "hello".to_owned())]);
    }

    #[test]
    fn what_only_looks_like_one_is_read_like_anything() {
        reads("kind: Secret\ndata: {A: aGVsbG8=}\n", &[("kind", "Secret"), ("data_A", "aGVsbG8=")]);
    }
}
