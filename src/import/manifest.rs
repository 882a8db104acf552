//! A Kubernetes `v1` `Secret` or `ConfigMap`, of which only the values are taken.
//!
//! A `Secret` holds them in `data`, in base64, and in `stringData`, which counts before it; a `ConfigMap` in `data`, and
//! in `binaryData`, in base64 (kubernetes.io/docs, "Secrets" and "`ConfigMaps`").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::crypto::SecretBytes;

use super::tree::{Items, Node, Object};
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
            Some(Node::Text(text)) => text.expose(),
            _ => b"",
        };
        match (text("apiVersion"), text("kind")) {
            (b"v1", b"Secret") => Some(Self::Secret),
            (b"v1", b"ConfigMap") => Some(Self::ConfigMap),
            _ => None,
        }
    }

    /// The values of `object`, by their names.
    pub(super) fn items(self, mut object: Object) -> Result<Vec<Item>, ImportError> {
        let mut part = |name: &str| match object.take(name) {
            None | Some(Node::Null | Node::Nothing(_)) => Ok(Object::default()),
            Some(Node::Object(part)) => Ok(part),
            Some(_) => Err(ImportError::Unholdable { origin: name.into(), found: "no object" }),
        };
        let (plain, coded) = match self {
            Self::Secret => ("stringData", "data"),
            Self::ConfigMap => ("data", "binaryData"),
        };
        let (plain_part, coded_part) = (part(plain)?, part(coded)?);
        let mut items = Items::new();
        for (name, node) in coded_part.into_entries() {
            if self == Self::Secret && plain_part.get(&name).is_some() {
                continue;
            }
            let origin = format!("{coded}.{name}");
            let Node::Text(text) = node else {
                return Err(ImportError::Unholdable { origin, found: "not base64" });
            };
            items.add(&origin, &name, unbase64(&text, &origin)?)?;
        }
        for (name, node) in plain_part.into_entries() {
            let origin = format!("{plain}.{name}");
            let Node::Text(text) = node else {
                return Err(ImportError::Unholdable { origin, found: "no string" });
            };
            items.add(&origin, &name, text)?;
        }
        Ok(items.into_items())
    }
}

/// Standard base64 (RFC 4648, section 4); line breaks and blanks between the characters are passed over.
pub(super) fn unbase64(text: &SecretBytes, origin: &str) -> Result<SecretBytes, ImportError> {
    let mut packed = Zeroizing::new(Vec::with_capacity(text.len()));
    packed.extend(text.expose().iter().filter(|byte| !byte.is_ascii_whitespace()));
    let mut bytes = Zeroizing::new(vec![0; packed.len()]);
    match STANDARD.decode_slice(&*packed, &mut bytes) {
        Ok(length) => Ok(SecretBytes::new(bytes[..length].to_vec())),
        Err(_) => Err(ImportError::Unholdable { origin: origin.into(), found: "not base64" }),
    }
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
